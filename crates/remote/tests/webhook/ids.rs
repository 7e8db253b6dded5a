use answerbot_remote::messenger::parse;
use serde_json::{Value, json};

use super::{echo, entries, event, id, message, post, read};
use crate::support::{PAGE, USER};

#[test]
fn ids_are_taken_as_texts_and_as_numbers() {
    let body = br#"{"object":"page","entry":[{"id":1001,"messaging":[
        {"sender":{"id":98765432109876543210},"recipient":{"id":1001},"timestamp":1700000000000,
         "message":{"mid":"m_1","text":"hi"}}]}]}"#;
    let parsed = read(body);
    let address = parsed.envelopes[0].address().unwrap();
    assert_eq!((address.page.as_str(), address.user.as_str()), ("1001", "98765432109876543210"));
}

#[test]
fn the_page_is_named_by_the_entry_or_else_by_the_recipient() {
    let event = json!({ "sender": { "id": USER }, "recipient": { "id": "77" }, "message": { "mid": "m", "text": "hi" } });
    let page = |entry: Value| {
        parse(&entries(&json!([entry])), None).unwrap().envelopes[0].address().unwrap().page.clone()
    };
    assert_eq!(page(json!({ "id": "88", "messaging": [event] })), "88");
    assert_eq!(page(json!({ "messaging": [event] })), "77");
}

#[test]
fn an_echo_belongs_to_the_person_wherever_it_names_him() {
    let user = |from: &str, to: &str| {
        let mut event = echo(&json!({ "text": "hi" }));
        event["sender"]["id"] = json!(from);
        event["recipient"]["id"] = json!(to);
        let parsed = read(&post(&[event]));
        parsed.envelopes.first().map(|envelope| envelope.address().unwrap().user.clone())
    };
    assert_eq!(user(PAGE, USER).as_deref(), Some(USER), "as it is documented");
    assert_eq!(user(USER, PAGE).as_deref(), Some(USER), "as it was recorded");
    assert_eq!(user("3003", USER).as_deref(), Some(USER), "sent by a third one");
    assert_eq!(user(PAGE, PAGE), None, "nobody");
}

#[test]
fn a_redelivery_has_the_same_id_and_everything_else_another() {
    let first = |event: &Value| read(&post(std::slice::from_ref(event))).envelopes[0].id;
    let text = |mid: &str| event("message", &json!({ "mid": mid, "text": "hi" }));
    assert_eq!(first(&text("m_1")), id("m_1"));
    assert_ne!(first(&text("m_1")), first(&text("m_2")));
    assert_eq!(
        first(&message(&json!({ "is_deleted": true }))),
        id("unsent:m_1"),
        "taking back is an event of its own"
    );
    assert_eq!(first(&echo(&json!({ "text": "hi" }))), id("echo:m_1"), "so is the echo");

    let changed = |change: &dyn Fn(&mut Value)| {
        let mut event = event("postback", &json!({ "payload": "MENU", "title": "Menu" }));
        change(&mut event);
        first(&event)
    };
    let same = changed(&|_| ());
    assert_eq!(
        same,
        changed(&|event| event["postback"]["title"] = json!("Menü")),
        "a button is known by its payload"
    );
    assert_ne!(same, changed(&|event| event["postback"]["payload"] = json!("HELP")));
    assert_ne!(same, changed(&|event| event["sender"]["id"] = json!("2003")));
    assert_ne!(same, changed(&|event| event["timestamp"] = json!(1_700_000_000_001_u64)));
    assert_eq!(changed(&|event| event["postback"]["mid"] = json!("m_5")), id("m_5"));

    let placed = |page: &str, time: u64| {
        let tap = json!({ "sender": { "id": USER }, "postback": { "payload": "MENU" } });
        let body = entries(&json!([{ "id": page, "time": time, "messaging": [tap] }]));
        parse(&body, None).unwrap().envelopes[0].id
    };
    assert_eq!(placed("1001", 5), placed("1001", 5));
    assert_ne!(placed("1001", 5), placed("1002", 5), "a person's id means nothing on another page");
    assert_ne!(placed("1001", 5), placed("1001", 6), "without a time of its own it has its entry's");

    let unnamed = |text: &str| first(&event("message", &json!({ "text": text })));
    assert_eq!(unnamed("hi"), unnamed("hi"));
    assert_ne!(unnamed("hi"), unnamed("ho"));
    assert_eq!(unnamed("1234"), unnamed("987654"), "an id tells nothing of digits that may be a PIN");
}
