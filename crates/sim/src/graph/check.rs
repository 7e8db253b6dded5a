//! What the send path accepts: Meta's limits on a body. Pure.

use serde::Deserialize;

use crate::behaviour::GraphFault;
use crate::record::{Button, QuickReply};

const TEXT_UNITS: usize = 2_000;
const TEMPLATE_TEXT: usize = 640;
const TITLE: usize = 20;
const PAYLOAD: usize = 1_000;
const QUICK_REPLIES: usize = 13;
const BUTTONS: usize = 3;
const METADATA: usize = 1_000;

/// A send that Meta would take.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Valid {
    pub(super) user: String,
    pub(super) what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    Action(&'static str),
    Message { text: String, quick_replies: Vec<QuickReply>, buttons: Vec<Button>, metadata: Option<String> },
}

#[derive(Deserialize)]
struct Body {
    recipient: Option<Recipient>,
    messaging_type: Option<String>,
    tag: Option<String>,
    sender_action: Option<String>,
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Recipient {
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
struct Message {
    text: Option<String>,
    attachment: Option<Attachment>,
    #[serde(default)]
    quick_replies: Vec<RawQuickReply>,
    metadata: Option<String>,
}

#[derive(Deserialize)]
struct RawQuickReply {
    content_type: Option<String>,
    title: Option<String>,
    payload: Option<String>,
}

#[derive(Deserialize)]
struct Attachment {
    r#type: String,
    payload: Option<Template>,
}

#[derive(Deserialize)]
struct Template {
    #[serde(rename = "template_type")]
    kind: Option<String>,
    text: Option<String>,
    #[serde(default)]
    buttons: Vec<RawButton>,
}

#[derive(Deserialize)]
struct RawButton {
    r#type: String,
    title: Option<String>,
    payload: Option<String>,
    url: Option<String>,
}

/// Reads and checks the body of a send.
pub(super) fn check(body: &[u8]) -> Result<Valid, GraphFault> {
    let body: Body = serde_json::from_slice(body).map_err(|e| wrong(format!("Invalid parameter: {e}")))?;
    let user = body.recipient.map(|recipient| recipient.id).unwrap_or_default();
    ensure(!user.is_empty(), "The parameter recipient is required")?;
    match body.messaging_type.as_deref() {
        None | Some("RESPONSE" | "UPDATE") => {
            ensure(body.tag.is_none(), "Message tags need messaging_type MESSAGE_TAG")?;
        }
        // Tags were switched off; see the traps in the reference.
        Some("MESSAGE_TAG") => return Err(wrong("Message tags are deprecated")),
        Some(other) => {
            return Err(wrong(format!(
                "Param messaging_type must be one of {{RESPONSE, UPDATE}}, got {other}"
            )));
        }
    }
    let what = match (body.sender_action, body.message) {
        (Some(action), None) => What::Action(sender_action(&action)?),
        (None, Some(message)) => message_of(message)?,
        (Some(_), Some(_)) => return Err(wrong("Only one of sender_action and message may be set")),
        (None, None) => return Err(wrong("Must set either message or sender_action")),
    };
    Ok(Valid { user, what })
}

fn sender_action(name: &str) -> Result<&'static str, GraphFault> {
    ["typing_on", "typing_off", "mark_seen"]
        .into_iter()
        .find(|known| *known == name)
        .ok_or_else(|| wrong("Param sender_action must be one of {MARK_SEEN, TYPING_ON, TYPING_OFF}"))
}

fn message_of(message: Message) -> Result<What, GraphFault> {
    let metadata = message.metadata;
    ensure(
        metadata.as_ref().is_none_or(|m| m.len() <= METADATA),
        "Length of param message[metadata] must be <= 1000",
    )?;
    ensure(message.quick_replies.len() <= QUICK_REPLIES, "Quick replies: at most 13")?;
    let quick_replies = message.quick_replies.into_iter().map(quick_reply).collect::<Result<_, _>>()?;
    let (text, buttons) = match (message.text, message.attachment) {
        (Some(text), None) => {
            ensure(!text.trim().is_empty(), "Param message[text] must be a non-empty UTF-8 encoded string")?;
            // No text has more UTF-16 units than UTF-8 bytes, so most need no counting.
            let fits = text.len() <= TEXT_UNITS || text.encode_utf16().count() <= TEXT_UNITS;
            ensure(fits, "Length of param message[text] must be less than or equal to 2000")?;
            (text, Vec::new())
        }
        (None, Some(attachment)) => template(attachment)?,
        (Some(_), Some(_)) => return Err(wrong("Only one of text and attachment may be set")),
        (None, None) => return Err(wrong("Empty message: message must have text or attachment")),
    };
    Ok(What::Message { text, quick_replies, buttons, metadata })
}

fn quick_reply(raw: RawQuickReply) -> Result<QuickReply, GraphFault> {
    ensure(raw.content_type.as_deref() == Some("text"), "Quick reply: content_type must be text")?;
    let (title, payload) = (raw.title.unwrap_or_default(), raw.payload.unwrap_or_default());
    ensure(
        !title.is_empty() && title.chars().count() <= TITLE,
        "Quick reply: title must have 1 to 20 characters",
    )?;
    ensure(
        !payload.is_empty() && payload.chars().count() <= PAYLOAD,
        "Quick reply: payload must have 1 to 1000 characters",
    )?;
    Ok(QuickReply { title, payload })
}

fn template(attachment: Attachment) -> Result<(String, Vec<Button>), GraphFault> {
    if attachment.r#type != "template" {
        let known = ["image", "audio", "video", "file"].contains(&attachment.r#type.as_str());
        ensure(known, "Attachment type unknown")?;
        return Ok((String::new(), Vec::new()));
    }
    let template = attachment.payload.ok_or_else(|| wrong("Template without payload"))?;
    ensure(template.kind.as_deref() == Some("button"), "The simulator knows template_type button only")?;
    let text = template.text.unwrap_or_default();
    ensure(!text.trim().is_empty(), "Button template: text is required")?;
    ensure(
        text.encode_utf16().count() <= TEMPLATE_TEXT,
        "Button template: text must have at most 640 characters",
    )?;
    ensure((1..=BUTTONS).contains(&template.buttons.len()), "Button template: 1 to 3 buttons")?;
    let buttons = template.buttons.into_iter().map(button).collect::<Result<_, _>>()?;
    Ok((text, buttons))
}

fn button(raw: RawButton) -> Result<Button, GraphFault> {
    let title = raw.title.unwrap_or_default();
    ensure(
        !title.is_empty() && title.chars().count() <= TITLE,
        "Button: title must have 1 to 20 characters",
    )?;
    let payload_fits = raw.payload.as_ref().is_some_and(|p| !p.is_empty() && p.chars().count() <= PAYLOAD);
    match raw.r#type.as_str() {
        "postback" | "phone_number" => {
            ensure(payload_fits, "Button: payload must have 1 to 1000 characters")?;
        }
        "web_url" => ensure(raw.url.is_some(), "Button: url is required")?,
        _ => return Err(wrong("Button: type must be postback, web_url or phone_number")),
    }
    Ok(Button { title, payload: raw.payload, url: raw.url })
}

fn wrong(message: impl Into<String>) -> GraphFault {
    GraphFault::new(400, 100, None).saying(format!("(#100) {}", message.into()))
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), GraphFault> {
    if holds { Ok(()) } else { Err(wrong(otherwise)) }
}
