//! What one event says: a text, a tap, a picture, an echo. Pure.

use answerbot_core::contact::event::{Event, Media};
use answerbot_core::contact::message::Tap;
use answerbot_core::{Channel, EffectId, EventId, words};

use super::fields::Fields;

/// Longest text that is taken, in characters; the rest is cut off.
const TEXT_CHARS: usize = 16_000;

/// Why an event makes no envelope.
pub(super) enum Skip {
    /// It is counted under this name.
    Ignored(&'static str),
    /// An operator must hear of it.
    Alarm(String),
}

/// What an event's own part says, once it is known who sent it.
pub(super) struct Content {
    /// What happened.
    pub(super) event: Event,
    /// The platform's message id, or what else tells this event from all others of this sender.
    pub(super) key: Key,
}

/// What an event is known by when it is delivered again.
pub(super) enum Key {
    /// The platform's id of it.
    Provider(String),
    /// It has none: sender, time and this.
    Made(String),
}

const ODD: Skip = Skip::Ignored("odd");

/// A person's message.
pub(super) fn message(message: &Fields<'_>) -> Result<Content, Skip> {
    let mid = message.id("mid");
    if message.flag("is_deleted") {
        let mid = mid.ok_or(ODD)?;
        let key = Key::Provider(format!("unsent:{mid}"));
        return Ok(Content { event: Event::Unsent(event_id(&mid)), key });
    }
    let event = said(message)?;
    let key = mid.map_or_else(|| Key::Made(fingerprint("message", &event, message)), Key::Provider);
    Ok(Content { event, key })
}

fn said(message: &Fields<'_>) -> Result<Event, Skip> {
    let text = message.text("text");
    if let Some(reply) = message.object("quick_reply")
        && let Some(payload) = reply.text("payload")
    {
        return tapped(&payload, text.or_else(|| reply.text("title")));
    }
    if let Some(text) = text {
        return Ok(text_event(text));
    }
    let attachments = message.list("attachments").unwrap_or_default();
    if message.raw("sticker_id").is_some() {
        return Ok(Event::Media(Media::Sticker));
    }
    if let Some(first) = attachments.first() {
        return Ok(Event::Media(Fields::of(first).map_or(Media::Other, |first| media(&first))));
    }
    if message.flag("is_unsupported") { Ok(Event::Media(Media::Other)) } else { Err(ODD) }
}

fn media(attachment: &Fields<'_>) -> Media {
    let sticker = attachment.object("payload").and_then(|payload| payload.raw("sticker_id"));
    match attachment.text("type").as_deref() {
        _ if sticker.is_some() => Media::Sticker,
        Some("like_heart") => Media::Sticker,
        Some("image") => Media::Image,
        Some("audio") => Media::Voice,
        Some("video" | "reel" | "ig_reel") => Media::Video,
        Some("file") => Media::File,
        Some("location") => Media::Location,
        _ => Media::Other,
    }
}

/// What the page itself sent: by us, by another app, or by a person in its inbox.
pub(super) fn echo(message: &Fields<'_>) -> Result<Content, Skip> {
    // Without an id it can be compared with nothing that we sent.
    let mid = message.id("mid").ok_or(ODD)?;
    if message.flag("is_deleted") {
        return Err(Skip::Ignored("echo_unsent"));
    }
    let effect = message.text("metadata").and_then(|metadata| metadata.parse::<EffectId>().ok());
    let id = event_id(&mid);
    let event = if let Some(effect) = effect {
        Event::OwnEcho { effect, message: id }
    } else {
        let text = message.text("text").unwrap_or_default();
        Event::PageEcho { message: id, digest: EventId::digest(&text) }
    };
    Ok(Content { event, key: Key::Provider(format!("echo:{mid}")) })
}

/// An event that is no message.
pub(super) fn other(event: &Fields<'_>) -> Result<Content, Skip> {
    if event.raw("message").is_some() {
        return Err(ODD);
    }
    if let Some(postback) = event.object("postback") {
        let payload = postback.text("payload").unwrap_or_default();
        let event = tapped(&payload, postback.text("title"))?;
        let made = || Key::Made(format!("postback:{}", EventId::digest(&payload)));
        return Ok(Content { event, key: postback.id("mid").map_or_else(made, Key::Provider) });
    }
    for name in ["referral", "optin"] {
        if let Some(opened) = event.object(name) {
            let key = Key::Made(fingerprint(name, &Event::Opened, &opened));
            return Ok(Content { event: Event::Opened, key });
        }
    }
    let is_known = ["postback", "referral", "optin"].iter().any(|name| event.raw(name).is_some());
    Err(if is_known { ODD } else { Skip::Ignored("unknown") })
}

/// A button: its payload where we know it, else what was written on it.
fn tapped(payload: &str, title: Option<String>) -> Result<Event, Skip> {
    match (Tap::from_payload(payload), title) {
        (Some(tap), _) => Ok(Event::Tap(tap)),
        (None, Some(title)) => Ok(text_event(title)),
        (None, None) => Err(Skip::Ignored("unknown_payload")),
    }
}

fn text_event(mut text: String) -> Event {
    if words::is_only_pin(&text) || words::names_pin(&text) {
        return Event::Digits;
    }
    if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS) {
        text.truncate(end);
    }
    Event::Text(text)
}

fn event_id(mid: &str) -> EventId {
    EventId::derive(Channel::Messenger.name(), mid)
}

/// Tells events without an id apart. Digits that may be a PIN leave no trace in it: six digits are found from
/// any digest of them.
fn fingerprint(kind: &str, event: &Event, content: &Fields<'_>) -> String {
    match event {
        Event::Digits => format!("{kind}:digits"),
        _ => format!("{kind}:{}", EventId::digest(&content.joined())),
    }
}
