use answerbot_ports::channel::{NotJson, Parsed};
use answerbot_remote::messenger::parse;
use serde_json::{Value, json};

use super::{echo, entries, event, events, message, post, read, says};
use crate::support::{PAGE, USER};

#[test]
fn what_says_nothing_to_us_is_counted_by_its_kind() {
    let mut guest = event("postback", &json!({ "payload": "GET_STARTED" }));
    guest["sender"] = json!({ "user_ref": 99 });
    let mut own = message(&json!({ "text": "hi" }));
    own["sender"]["id"] = json!(PAGE);
    let without = |part: &str| {
        let mut event = message(&json!({ "text": "hi" }));
        event.as_object_mut().unwrap().remove(part);
        event
    };
    let null = |part: &str| {
        let mut event = message(&json!({ "text": "hi" }));
        event[part] = Value::Null;
        event
    };
    let table = [
        ("a delivery", event("delivery", &json!({ "mids": ["m_1"], "watermark": 1 })), "delivery"),
        ("a read", event("read", &json!({ "watermark": 1 })), "read"),
        ("a reaction", event("reaction", &json!({ "mid": "m_1", "action": "react" })), "reaction"),
        (
            "an edit",
            event("message_edit", &json!({ "mid": "m_1", "text": "other", "num_edit": "1" })),
            "edit",
        ),
        ("an account linked", event("account_linking", &json!({ "status": "linked" })), "account_linking"),
        ("roles", event("app_roles", &json!({ "1": ["primary_receiver"] })), "app_roles"),
        ("control passed", event("pass_thread_control", &json!({})), "pass_thread_control"),
        ("control taken", event("take_thread_control", &json!({})), "take_thread_control"),
        ("control asked for", event("request_thread_control", &json!({})), "request_thread_control"),
        (
            "a thumb below an answer",
            event("response_feedback", &json!({ "feedback": "Good" })),
            "response_feedback",
        ),
        ("a kind of tomorrow", event("hologram", &json!({})), "unknown"),
        ("nothing but who and when", event("x", &json!(null)), "unknown"),
        ("a guest without an id", guest, "guest"),
        ("the page speaking to itself", own, "own"),
        ("the page taking its message back", echo(&json!({ "is_deleted": true })), "echo_unsent"),
        (
            "an unknown button without a title",
            event("postback", &json!({ "payload": "FAQ_7" })),
            "unknown_payload",
        ),
        (
            "an unknown button with an empty title",
            event("postback", &json!({ "payload": "FAQ_7", "title": "" })),
            "unknown_payload",
        ),
        (
            "an unknown quick reply without a title",
            message(&json!({ "quick_reply": { "payload": "X" } })),
            "unknown_payload",
        ),
        ("no sender", without("sender"), "odd"),
        ("a null sender", null("sender"), "odd"),
        ("a null message", null("message"), "unknown"),
        ("a null event", Value::Null, "odd"),
        ("a number for an event", json!(7), "odd"),
        ("a list for an event", json!([[[]]]), "odd"),
        ("a list for a message", event("message", &json!([])), "odd"),
        ("a text for a button", event("postback", &json!("GET_STARTED")), "odd"),
        ("a text that is a number", message(&json!({ "text": 42 })), "odd"),
        ("a text that is a list", message(&json!({ "text": ["hi"] })), "odd"),
        ("an empty text", message(&json!({ "text": "" })), "odd"),
        ("an empty message", message(&json!({})), "odd"),
        ("attachments that are no list", message(&json!({ "attachments": { "type": "image" } })), "odd"),
        ("a message taken back without an id", event("message", &json!({ "is_deleted": true })), "odd"),
        ("an echo without an id", event("message", &json!({ "is_echo": true, "text": "hi" })), "odd"),
    ];
    for (label, event, kind) in table {
        let good = message(&json!({ "text": "a neighbour" }));
        let parsed = read(&post(&[good.clone(), event, good]));
        assert_eq!(parsed.ignored, [kind], "{label}");
        assert_eq!(events(&parsed), [says("a neighbour"), says("a neighbour")], "{label}");
    }
}

#[test]
fn an_odd_entry_costs_only_itself() {
    let good = json!({ "id": PAGE, "messaging": [message(&json!({ "text": "hi" }))] });
    let other_page = json!({ "id": "1009", "messaging": [
        { "sender": { "id": USER }, "recipient": { "id": "1009" }, "message": { "mid": "m_9", "text": "hi" } }
    ] });
    let standby = json!({ "id": PAGE, "standby": [message(&json!({ "text": "not for us" })), echo(&json!({ "text": "x" }))] });
    let table: [(&str, Value, &[&str]); 12] = [
        ("a null entry", json!(null), &["odd"]),
        ("a number", json!(1), &["odd"]),
        ("an empty entry", json!({}), &["odd"]),
        ("no events", json!({ "id": PAGE, "time": 1 }), &["odd"]),
        ("null events", json!({ "id": PAGE, "messaging": null }), &["odd"]),
        ("events that are no list", json!({ "id": PAGE, "messaging": { "0": {} } }), &["odd"]),
        ("an empty list of events", json!({ "id": PAGE, "messaging": [] }), &[]),
        (
            "changes of the page",
            json!({ "id": PAGE, "changes": [{ "field": "feed" }, { "field": "feed", "value": {} }] }),
            &["changes", "changes"],
        ),
        ("what another app answers", standby, &["standby", "standby"]),
        ("changes that are no list", json!({ "id": PAGE, "changes": 1 }), &["odd"]),
        ("another page", other_page, &["other_page"]),
        (
            "no page at all",
            json!({ "messaging": [{ "sender": { "id": USER }, "message": { "mid": "m", "text": "hi" } }] }),
            &["odd"],
        ),
    ];
    for (label, entry, kinds) in table {
        let parsed = read(&entries(&json!([good, entry, good])));
        assert_eq!(parsed.ignored, kinds, "{label}");
        assert_eq!(events(&parsed), [says("hi"), says("hi")], "{label}");
    }
}

#[test]
fn only_what_is_no_json_is_an_error() {
    for body in ["", " ", "{", "hello", "{\"object\":\"page\",}", "{} {}", "{\"a\":\"\n\"}"] {
        assert_eq!(parse(body.as_bytes(), None), Err(NotJson), "{body:?}");
    }
    for body in ["null", "true", "7", "\"page\"", "[]", "[[{}]]", " [{\"object\":\"page\"}] "] {
        assert_eq!(parse(body.as_bytes(), None), Ok(Parsed::default()), "{body}");
    }
    for body in [
        "{}",
        r#"{"object":"instagram","entry":[{}]}"#,
        r#"{"object":"whatsapp_business_account"}"#,
        r#"{"object":7}"#,
    ] {
        let parsed = parse(body.as_bytes(), None).unwrap();
        assert_eq!((parsed.ignored, parsed.envelopes.len()), (vec!["other_object"], 0), "{body}");
    }
    for body in
        [r#"{"object":"page"}"#, r#"{"object":"page","entry":null}"#, r#"{"object":"page","entry":{}}"#]
    {
        assert_eq!(parse(body.as_bytes(), None).unwrap().ignored, ["odd"], "{body}");
    }
    assert_eq!(parse(br#"{"object":"page","entry":[]}"#, None), Ok(Parsed::default()));
}

#[test]
fn what_json_allows_and_few_readers_take_costs_nothing() {
    let good = message(&json!({ "text": "a neighbour" }));
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let table = [
        (
            "nested without end beside a text",
            format!(r#"{{"mid":"m","text":"hi","nlp":{deep}}}"#),
            Some("hi"),
        ),
        ("nested without end as a text", format!(r#"{{"mid":"m","text":{deep}}}"#), None),
        ("a number beyond every range", r#"{"mid":"m","text":"hi","seq":1e999999}"#.to_owned(), Some("hi")),
        ("half an emoji in the text", r#"{"mid":"m","text":"hi \ud83d"}"#.to_owned(), Some("hi \u{fffd}")),
        ("half an emoji beside the text", r#"{"mid":"m","text":"hi","x":"\ude00"}"#.to_owned(), Some("hi")),
        ("a name in escapes", r#"{"\u006did":"m","te\u0078t":"hi"}"#.to_owned(), Some("hi")),
        ("a field twice", r#"{"mid":"m","text":"first","text":"hi"}"#.to_owned(), Some("hi")),
        ("a zero byte", r#"{"mid":"m","text":"h\u0000i"}"#.to_owned(), Some("h\0i")),
    ];
    for (label, content, expected) in table {
        let event =
            format!(r#"{{"sender":{{"id":"{USER}"}},"recipient":{{"id":"{PAGE}"}},"message":{content}}}"#);
        let body =
            format!(r#"{{"object":"page","entry":[{{"id":"{PAGE}","messaging":[{good},{event},{good}]}}]}}"#);
        let mut wanted = vec![says("a neighbour"), says("a neighbour")];
        if let Some(text) = expected {
            wanted.insert(1, says(text));
        }
        assert_eq!(events(&read(body.as_bytes())), wanted, "{label}");
    }
    let mut broken = post(&[good]);
    let at = broken.windows(9).position(|window| window == b"neighbour").unwrap();
    broken[at] = 0xff;
    assert_eq!(events(&read(&broken)), [says("a \u{fffd}eighbour")], "a byte that is no UTF-8");
}
