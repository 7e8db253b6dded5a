//! The Messenger channel, against a server that answers by a script.

mod errors;
mod profile;
mod send;
mod signature;

use answerbot_core::EffectId;
use answerbot_core::contact::effect::Retry;
use answerbot_core::contact::event::Outcome;
use answerbot_core::contact::message::Message;
use answerbot_ports::channel::Channel;
use serde_json::{Value, json};

use crate::stub::{Reply, Stub, json as answer};
use crate::support::{USER, messenger, person};

pub const EFFECT: &str = "0123456789abcdef0123456789abcdef";

/// Tries again at the usual pace.
pub const AGAIN: Retry = Retry::After(0);
/// Tries again when a throttle may be over.
pub const SLOW: Retry = Retry::After(30_000);

pub fn effect() -> EffectId {
    EFFECT.parse().unwrap()
}

pub async fn send(graph: &str, message: &Message) -> Outcome {
    messenger(graph).send(&person(), message, effect()).await
}

pub async fn outcome_of(reply: Reply) -> Outcome {
    send(&Stub::new([reply]).url, &Message::plain("hi")).await
}

pub fn taken() -> Reply {
    answer(200, &json!({ "recipient_id": USER, "message_id": "m_9" }))
}

/// The message that reached Graph.
pub async fn sent(message: &Message) -> Value {
    let stub = Stub::new([taken()]);
    send(&stub.url, message).await;
    stub.the_request().body["message"].clone()
}
