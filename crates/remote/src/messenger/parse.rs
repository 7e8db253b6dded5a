//! Reads the body of a webhook post. Pure, and tolerant event by event: an odd one is counted and never costs
//! its neighbours.
//!
//! Facts: Meta's reference of Messenger webhook events.

use answerbot_core::contact::event::{Envelope, To};
use answerbot_core::{Address, Channel, EventId, Time};
use answerbot_ports::channel::{NotJson, Parsed};
use serde_json::value::RawValue;

use super::content::{self, Key, Skip};
use super::fields::Fields;

/// Kinds of events that say nothing to us, by their key and the name they are counted under.
const IGNORED: &[(&str, &str)] = &[
    ("delivery", "delivery"),
    ("read", "read"),
    ("reaction", "reaction"),
    // The question was taken as it was first written.
    ("message_edit", "edit"),
    ("account_linking", "account_linking"),
    ("app_roles", "app_roles"),
    ("pass_thread_control", "pass_thread_control"),
    ("take_thread_control", "take_thread_control"),
    ("request_thread_control", "request_thread_control"),
    ("response_feedback", "response_feedback"),
];

/// 2001-09-09 in milliseconds, and at the same time the largest number of seconds that anybody means.
const EARLIEST_MS: f64 = 1e12;
/// The year 2100.
const LATEST_MS: f64 = 4.102e12;

/// Reads a verified body. With `page` given, events of other pages are ignored.
///
/// JSON of another shape than Messenger's holds nothing; only what is no JSON at all is an error.
pub fn parse(body: &[u8], page: Option<&str>) -> Result<Parsed, NotJson> {
    let text = String::from_utf8_lossy(body);
    let raw: &RawValue = serde_json::from_str(&text).map_err(|_| NotJson)?;
    let mut parsed = Parsed::default();
    let Some(top) = Fields::of(raw) else { return Ok(parsed) };
    if top.text("object").as_deref() != Some("page") {
        parsed.ignored.push("other_object");
        return Ok(parsed);
    }
    for entry in list(&top, "entry", &mut parsed) {
        match Fields::of(entry) {
            Some(entry) => read_entry(&entry, page, &mut parsed),
            None => parsed.ignored.push("odd"),
        }
    }
    Ok(parsed)
}

fn read_entry(entry: &Fields<'_>, page: Option<&str>, parsed: &mut Parsed) {
    // What another app answers, and what happens to the page itself.
    for name in ["standby", "changes"] {
        if entry.raw(name).is_some() {
            let count = list(entry, name, parsed).len();
            parsed.ignored.extend(std::iter::repeat_n(name, count));
        }
    }
    if entry.raw("messaging").is_none() && (entry.raw("standby").is_some() || entry.raw("changes").is_some())
    {
        return;
    }
    for event in list(entry, "messaging", parsed) {
        let read = Fields::of(event).ok_or(Skip::Ignored("odd"));
        match read.and_then(|event| read_event(&event, entry, page)) {
            Ok(envelope) => parsed.envelopes.push(envelope),
            Err(Skip::Ignored(kind)) => parsed.ignored.push(kind),
            Err(Skip::Alarm(alarm)) => parsed.alarms.push(alarm),
        }
    }
}

/// The items of a list that should be there; anything else in its place is one odd event.
fn list<'a>(fields: &Fields<'a>, name: &str, parsed: &mut Parsed) -> Vec<&'a RawValue> {
    fields.list(name).unwrap_or_else(|| {
        parsed.ignored.push("odd");
        Vec::new()
    })
}

fn read_event(event: &Fields<'_>, entry: &Fields<'_>, configured: Option<&str>) -> Result<Envelope, Skip> {
    let sender = event.object("sender");
    let from = sender.as_ref().and_then(|sender| sender.id("id"));
    let to = event.object("recipient").and_then(|recipient| recipient.id("id"));
    let message = event.object("message");
    let is_echo = message.as_ref().is_some_and(|message| message.flag("is_echo"));
    let page = entry.id("id").or_else(|| if is_echo { from.clone() } else { to.clone() });
    if configured.is_some_and(|configured| page.as_deref() != Some(configured)) {
        return Err(Skip::Ignored(if page.is_some() { "other_page" } else { "odd" }));
    }
    // Meta's pages show both spellings.
    let policy = event.object("policy-enforcement").or_else(|| event.object("policy_enforcement"));
    if let Some(policy) = policy {
        return Err(Skip::Alarm(policy_alarm(&policy)));
    }
    if let Some((_, kind)) = IGNORED.iter().find(|(key, _)| event.raw(key).is_some()) {
        return Err(Skip::Ignored(kind));
    }
    let page = page.ok_or(Skip::Ignored("odd"))?;
    // In an echo the page is the sender, but recorded samples name the person there.
    let user =
        if is_echo && (from.as_ref() == Some(&page) || to.as_ref() != Some(&page)) { to } else { from };
    let Some(user) = user else {
        let is_guest = sender.is_some_and(|sender| sender.raw("user_ref").is_some());
        return Err(Skip::Ignored(if is_guest { "guest" } else { "odd" }));
    };
    if user == page {
        return Err(Skip::Ignored("own"));
    }
    let content = match message {
        Some(message) if is_echo => content::echo(&message),
        Some(message) => content::message(&message),
        None => content::other(event),
    }?;
    let id = match content.key {
        Key::Provider(id) => id,
        Key::Made(what) => {
            let when = event.raw("timestamp").or_else(|| entry.raw("time")).map_or("", RawValue::get);
            format!("made:{page}:{user}:{when}:{what}")
        }
    };
    Ok(Envelope {
        id: EventId::derive(Channel::Messenger.name(), &id),
        to: To::Address(Address { channel: Channel::Messenger, page, user }),
        event: content.event,
        sent: event.raw("timestamp").and_then(time),
    })
}

fn policy_alarm(policy: &Fields<'_>) -> String {
    let action = match policy.text("action").as_deref() {
        Some("block") => "block",
        Some("unblock") => "unblock",
        _ => "something unknown",
    };
    format!("messenger policy enforcement: {action}; see the page's Support Inbox")
}

/// A time in milliseconds, or in seconds where it is too small for those; also written as a text.
fn time(raw: &RawValue) -> Option<Time> {
    let number: f64 = raw.get().trim_matches('"').parse().ok()?;
    let ms = if number < EARLIEST_MS { number * 1e3 } else { number };
    // In this range every millisecond is exact in an f64.
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    (EARLIEST_MS..=LATEST_MS).contains(&ms).then_some(Time::from_millis(ms as i64))
}
