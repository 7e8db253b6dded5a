use answerbot_core::contact::event::{Event, Media};
use answerbot_core::contact::message::Tap;
use answerbot_core::{EffectId, EventId, Time};
use serde_json::{Value, json};

use super::{echo, event, events, id, message, post, read, says};
use crate::support::{PAGE, USER};

const EFFECT: &str = "0123456789abcdef0123456789abcdef";

/// This event alone is heard as this, from the person, with its time.
fn assert_heard(label: &str, event: Value, expected: &Event) {
    let parsed = read(&post(&[event]));
    assert_eq!(events(&parsed), std::slice::from_ref(expected), "{label}");
    assert_eq!((parsed.ignored.len(), parsed.alarms.len()), (0, 0), "{label}");
    let envelope = &parsed.envelopes[0];
    assert_eq!(
        (envelope.address().unwrap().page.as_str(), envelope.address().unwrap().user.as_str()),
        (PAGE, USER),
        "{label}"
    );
    assert_eq!(envelope.sent, Some(Time::from_millis(1_700_000_000_000)), "{label}");
}

#[test]
fn a_text_is_heard_as_it_was_written() {
    let table = [
        ("a question", json!({ "text": "When do I plant maize?" }), "When do I plant maize?"),
        ("spaces around", json!({ "text": "  hi \n" }), "  hi \n"),
        ("emoji", json!({ "text": "\u{1f33d} ?" }), "\u{1f33d} ?"),
        ("with language findings", json!({ "text": "hi", "nlp": { "entities": {} } }), "hi"),
        (
            "a reply to an older message",
            json!({ "text": "and goats?", "reply_to": { "mid": "m_0" } }),
            "and goats?",
        ),
        (
            "with a picture",
            json!({ "text": "what is this?", "attachments": [{ "type": "image" }] }),
            "what is this?",
        ),
        ("with a link's preview", json!({ "text": "see", "attachments": [{ "type": "fallback" }] }), "see"),
        ("from an ad", json!({ "text": "hi", "referral": { "source": "ADS" } }), "hi"),
        ("a sum", json!({ "text": "12*34" }), "12*34"),
        ("a phone number", json!({ "text": "0921234567" }), "0921234567"),
        (
            "a quick reply that we never sent",
            json!({ "text": "Blue", "quick_reply": { "payload": "BLUE" } }),
            "Blue",
        ),
        (
            "the same with its title only",
            json!({ "quick_reply": { "payload": "BLUE", "title": "Blue" } }),
            "Blue",
        ),
        ("a quick reply without a payload", json!({ "text": "Blue", "quick_reply": {} }), "Blue"),
    ];
    for (label, fields, text) in table {
        assert_heard(label, message(&fields), &says(text));
    }
    let button = event("postback", &json!({ "mid": "m_1", "title": "What is HIV?", "payload": "FAQ_7" }));
    assert_heard("a button that we never sent", button, &says("What is HIV?"));
}

#[test]
fn digits_that_may_be_a_pin_are_dropped_wherever_they_stand() {
    let table = [
        ("four", message(&json!({ "text": "1234" }))),
        ("six in Arabic script, with spaces", message(&json!({ "text": " ١٢٣ ٤٥٦ " }))),
        ("a quick reply", message(&json!({ "text": "4711", "quick_reply": { "payload": "4711" } }))),
        ("a button's title", event("postback", &json!({ "title": "12345", "payload": "X" }))),
    ];
    for (label, event) in table {
        assert_heard(label, event, &Event::Digits);
    }
}

#[test]
fn a_button_is_heard_as_what_it_means() {
    let quick = |payload: &str| message(&json!({ "text": "x", "quick_reply": { "payload": payload } }));
    let button =
        |payload: &str| event("postback", &json!({ "mid": "m_1", "title": "x", "payload": payload }));
    let linked = event("postback", &json!({ "payload": "GET_STARTED", "referral": { "ref": "poster" } }));
    let table = [
        ("a quick reply", quick("REGION_SKIP"), Tap::RegionSkip),
        (
            "a quick reply without a text",
            message(&json!({ "quick_reply": { "payload": "MORE" } })),
            Tap::More,
        ),
        ("a button", button("I_AGREE"), Tap::Agree),
        ("the page's own start button", button("GET_STARTED"), Tap::GetStarted),
        ("the start button behind a link", linked, Tap::GetStarted),
    ];
    for (label, event, tap) in table {
        assert_heard(label, event, &Event::Tap(tap));
    }
}

#[test]
fn what_is_no_text_is_heard_by_its_kind() {
    let one = |kind: &str, payload: Value| json!({ "attachments": [{ "type": kind, "payload": payload }] });
    let several = json!({ "attachments": [{ "type": "image" }, { "type": "image" }, { "type": "video" }] });
    let thumb = json!({ "sticker_id": 3_692, "attachments": [{ "type": "image", "payload": { "sticker_id": 3_692 } }] });
    let table = [
        ("a picture", one("image", json!({ "url": "https://x" })), Media::Image),
        ("a voice note", one("audio", json!({ "url": "https://x" })), Media::Voice),
        ("a video", one("video", json!({ "url": "https://x" })), Media::Video),
        ("a reel", one("reel", json!({})), Media::Video),
        ("a document", one("file", json!({ "url": "https://x" })), Media::File),
        ("a place", one("location", json!({ "coordinates": { "lat": 4.8, "long": 31.5 } })), Media::Location),
        ("a link without words", one("fallback", Value::Null), Media::Other),
        ("a product", one("template", json!({ "product": {} })), Media::Other),
        ("a kind of tomorrow", one("hologram", json!({})), Media::Other),
        ("an attachment that is null", json!({ "attachments": [null] }), Media::Other),
        ("what the platform cannot pass on", json!({ "is_unsupported": true }), Media::Other),
        ("the thumbs-up", thumb, Media::Sticker),
        ("a sticker by its payload only", one("image", json!({ "sticker_id": 12 })), Media::Sticker),
        ("a sticker by its message only", json!({ "sticker_id": 12 }), Media::Sticker),
        ("a heart", one("like_heart", Value::Null), Media::Sticker),
        ("several at once", several, Media::Image),
    ];
    for (label, fields, media) in table {
        assert_heard(label, message(&fields), &Event::Media(media));
    }
}

#[test]
fn what_the_page_sent_is_told_from_what_we_sent() {
    let (effect, sent): (EffectId, EventId) = (EFFECT.parse().unwrap(), id("m_1"));
    let page = |text: &str| Event::PageEcho { message: sent, digest: EventId::digest(text) };
    let ours = json!({ "text": "Plant in May.", "app_id": 7, "metadata": EFFECT });
    assert_heard("our own message", echo(&ours), &Event::OwnEcho { effect, message: sent });
    assert_heard("a person in the inbox", echo(&json!({ "text": "I am Mary." })), &page("I am Mary."));
    let other = json!({ "text": "Sale!", "app_id": 8, "metadata": "campaign 4" });
    assert_heard("another app", echo(&other), &page("Sale!"));
    assert_heard("a picture", echo(&json!({ "attachments": [{ "type": "image" }] })), &page(""));
}

#[test]
fn opening_the_talk_and_taking_a_message_back_are_events() {
    let link = event("referral", &json!({ "ref": "poster", "source": "SHORTLINK", "type": "OPEN_THREAD" }));
    assert_heard("a link to the page", link, &Event::Opened);
    assert_heard("an opt-in", event("optin", &json!({ "ref": "plugin" })), &Event::Opened);
    let back = message(&json!({ "is_deleted": true }));
    assert_heard("a message taken back", back, &Event::Unsent(id("m_1")));
}

#[test]
fn digits_that_may_be_a_pin_are_nowhere() {
    let parsed =
        read(&post(&[message(&json!({ "text": "4711" })), event("message", &json!({ "text": "4711" }))]));
    assert_eq!(events(&parsed), [Event::Digits, Event::Digits]);
    assert!(!format!("{parsed:?}").contains("4711"));
}

#[test]
fn a_long_text_is_cut_between_characters() {
    let long = "\u{1f33d}".repeat(16_001);
    let parsed = read(&post(&[message(&json!({ "text": long }))]));
    assert_eq!(events(&parsed), [says(&"\u{1f33d}".repeat(16_000))]);
}

#[test]
fn times_are_milliseconds_or_seconds_or_nothing() {
    let table = [
        (json!(1_700_000_000_123_u64), Some(1_700_000_000_123)),
        (json!(1_700_000_000), Some(1_700_000_000_000)),
        (json!("1700000000123"), Some(1_700_000_000_123)),
        (json!(1_700_000_000_123.0), Some(1_700_000_000_123)),
        (json!(0), None),
        (json!(-1_700_000_000_123_i64), None),
        (json!(12_341), None),
        (json!(u64::MAX), None),
        (json!("NaN"), None),
        (json!("inf"), None),
        (json!("yesterday"), None),
        (json!([1]), None),
        (json!(null), None),
    ];
    for (timestamp, expected) in table {
        let mut event = message(&json!({ "text": "hi" }));
        event["timestamp"] = timestamp.clone();
        let sent = read(&post(&[event])).envelopes[0].sent;
        assert_eq!(sent, expected.map(Time::from_millis), "{timestamp}");
    }
}

#[test]
fn a_policy_block_is_an_alarm_without_its_words() {
    let table = [
        ("policy-enforcement", json!("block"), "block"),
        ("policy_enforcement", json!("unblock"), "unblock"),
        ("policy-enforcement", json!("dance"), "unknown"),
    ];
    for (key, action, said) in table {
        // It names no sender.
        let mut event = json!({ "recipient": { "id": PAGE }, "timestamp": 1 });
        event[key] = json!({ "action": action, "reason": "spam about +211921234567" });
        let parsed = read(&post(&[event, message(&json!({ "text": "hi" }))]));
        assert_eq!(parsed.alarms.len(), 1);
        assert!(parsed.alarms[0].contains(said) && !parsed.alarms[0].contains("spam"), "{:?}", parsed.alarms);
        assert_eq!(events(&parsed), [says("hi")]);
    }
}

#[test]
fn many_events_of_one_post_keep_their_order() {
    let many: Vec<Value> = (0..1_000)
        .map(|n| event("message", &json!({ "mid": format!("m_{n}"), "text": format!("{n}") })))
        .collect();
    let texts: Vec<Event> = (0..1_000).map(|n| says(&format!("{n}"))).collect();
    // Four digits alone may be a PIN; none of these has more than three.
    assert_eq!(events(&read(&post(&many))), texts);
}
