//! The body of a send, within the limits of `Channel::limits`.

use answerbot_core::contact::message::{Button, Message};
use answerbot_core::{Channel, EffectId, shape};
use serde_json::{Value, json};

/// The body that sends `message` to `user`; `effect` comes back with its echo.
///
/// What exceeds a limit is cut and counted in `messenger_cut_total`: the core keeps the limits, so a count above
/// zero is a fault of ours.
pub(super) fn message(user: &str, message: &Message, effect: EffectId) -> Value {
    let limits = Channel::Messenger.limits();
    let fits_template =
        message.buttons.len() <= limits.buttons && shape::units(&message.text) <= limits.button_text;
    let (content, chips) = if fits_template && !message.buttons.is_empty() {
        (template(message), message.quick_replies.iter().collect())
    } else {
        // A long text has no room for buttons that stay; as quick replies they can be tapped all the same.
        let chips: Vec<&Button> = message.buttons.iter().chain(&message.quick_replies).collect();
        (json!({ "text": text(&message.text) }), chips)
    };
    let mut content = content;
    if !chips.is_empty() {
        content["quick_replies"] = chips_of(&chips);
    }
    content["metadata"] = json!(effect);
    json!({ "recipient": { "id": user }, "messaging_type": "RESPONSE", "message": content })
}

/// The body that shows `action` to `user`.
pub(super) fn action(user: &str, action: &str) -> Value {
    json!({ "recipient": { "id": user }, "sender_action": action })
}

fn template(message: &Message) -> Value {
    let buttons = message.buttons.iter();
    let buttons: Vec<Value> = buttons
        .map(|button| json!({ "type": "postback", "title": title(&button.title), "payload": button.tap.payload() }))
        .collect();
    let payload = json!({ "template_type": "button", "text": message.text, "buttons": buttons });
    json!({ "attachment": { "type": "template", "payload": payload } })
}

fn chips_of(chips: &[&Button]) -> Value {
    let most = Channel::Messenger.limits().quick_replies;
    if chips.len() > most {
        count_cut("quick_replies");
    }
    let chip = |button: &&Button| json!({ "content_type": "text", "title": title(&button.title), "payload": button.tap.payload() });
    chips.iter().take(most).map(chip).collect()
}

fn text(text: &str) -> &str {
    let (first, rest) = shape::cut(text, Channel::Messenger.limits().text);
    if !rest.is_empty() {
        count_cut("text");
    }
    first
}

fn title(title: &str) -> &str {
    match title.char_indices().nth(Channel::Messenger.limits().title) {
        Some((end, _)) => {
            count_cut("title");
            &title[..end]
        }
        None => title,
    }
}

fn count_cut(what: &'static str) {
    metrics::counter!("messenger_cut_total", "what" => what).increment(1);
}
