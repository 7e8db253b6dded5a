//! Whatever comes in, nothing panics and no neighbour is lost.

use answerbot_core::contact::event::Event;
use answerbot_remote::messenger::parse;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::post;
use crate::support::{PAGE, USER};

/// Names that mean something, so that the parser is led deep.
const NAMES: [&str; 24] = [
    "object",
    "entry",
    "id",
    "messaging",
    "standby",
    "changes",
    "sender",
    "recipient",
    "timestamp",
    "message",
    "mid",
    "text",
    "attachments",
    "type",
    "payload",
    "sticker_id",
    "quick_reply",
    "is_echo",
    "is_deleted",
    "metadata",
    "postback",
    "referral",
    "policy-enforcement",
    "user_ref",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["page", PAGE, USER, "MENU", "image", "1234"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        let name =
            prop_oneof![4 => prop::sample::select(&NAMES[..]).prop_map(str::to_owned), 1 => "\\PC{0,6}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6)
                .prop_map(|fields| Value::Object(Map::from_iter(fields))),
        ]
    })
}

fn good(mid: &str) -> Value {
    json!({ "sender": { "id": USER }, "recipient": { "id": PAGE }, "message": { "mid": mid, "text": "a neighbour" } })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes, None);
        let _ = parse(&bytes, Some(PAGE));
    }

    #[test]
    fn any_json_is_read(json in any_json()) {
        prop_assert!(parse(json.to_string().as_bytes(), None).is_ok());
        let page = json!({ "object": "page", "entry": json });
        prop_assert!(parse(page.to_string().as_bytes(), None).is_ok());
    }

    #[test]
    fn a_good_message_beside_any_event_is_read(odd in any_json()) {
        let parsed = parse(&post(&[good("m_1"), odd, good("m_2")]), Some(PAGE)).unwrap();
        let neighbour = Event::Text("a neighbour".to_owned());
        prop_assert_eq!(parsed.envelopes.first().map(|envelope| &envelope.event), Some(&neighbour));
        prop_assert_eq!(parsed.envelopes.last().map(|envelope| &envelope.event), Some(&neighbour));
        prop_assert!(parsed.envelopes.len() + parsed.ignored.len() + parsed.alarms.len() == 3);
    }

    #[test]
    fn a_text_arrives_as_it_was_written(text in "\\PC{1,40}") {
        prop_assume!(!answerbot_core::words::is_only_pin(&text) && !answerbot_core::words::names_pin(&text));
        let mut event = good("m_1");
        event["message"]["text"] = json!(text);
        let parsed = parse(&post(&[event]), Some(PAGE)).unwrap();
        prop_assert_eq!(&parsed.envelopes[0].event, &Event::Text(text));
    }

    #[test]
    fn a_cut_or_flipped_body_never_panics(at in 0_usize..200, flip in any::<u8>()) {
        let mut body = post(&[good("m_1"), good("m_2")]);
        let at = at.min(body.len() - 1);
        let _ = parse(&body[..at], Some(PAGE));
        body[at] ^= flip;
        let _ = parse(&body, Some(PAGE));
    }
}
