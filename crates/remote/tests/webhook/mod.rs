//! What comes in: webhook bodies and the events in them.

mod any;
mod ids;
mod kinds;
mod odd;
mod recorded;

use answerbot_core::EventId;
use answerbot_core::contact::event::Event;
use answerbot_ports::channel::Parsed;
use answerbot_remote::messenger::parse;
use serde_json::{Value, json};

use crate::support::{PAGE, USER};

/// The body of a post with these events of one page.
pub fn post(events: &[Value]) -> Vec<u8> {
    entries(&json!([{ "id": PAGE, "time": 1_700_000_000_500_u64, "messaging": events }]))
}

pub fn entries(entries: &Value) -> Vec<u8> {
    json!({ "object": "page", "entry": entries }).to_string().into_bytes()
}

/// One event of a person.
pub fn event(key: &str, content: &Value) -> Value {
    let mut event =
        json!({ "sender": { "id": USER }, "recipient": { "id": PAGE }, "timestamp": 1_700_000_000_000_u64 });
    event[key] = content.clone();
    event
}

/// A person's message with these fields and an id.
pub fn message(fields: &Value) -> Value {
    let mut content = json!({ "mid": "m_1" });
    content.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    event("message", &content)
}

/// What the page sent.
pub fn echo(fields: &Value) -> Value {
    let mut echo = message(fields);
    echo["message"]["is_echo"] = json!(true);
    echo["sender"]["id"] = json!(PAGE);
    echo["recipient"]["id"] = json!(USER);
    echo
}

pub fn read(body: &[u8]) -> Parsed {
    parse(body, Some(PAGE)).unwrap()
}

pub fn events(parsed: &Parsed) -> Vec<Event> {
    parsed.envelopes.iter().map(|envelope| envelope.event.clone()).collect()
}

pub fn id(provider_id: &str) -> EventId {
    EventId::derive("messenger", provider_id)
}

pub fn says(text: &str) -> Event {
    Event::Text(text.to_owned())
}
