//! A chat platform: checks and reads what it posts to us, and sends.

use answerbot_core::contact::effect::Hint;
use answerbot_core::contact::event::{Envelope, Outcome};
use answerbot_core::contact::message::Message;
use answerbot_core::{Address, Channel as Kind, EffectId};
use async_trait::async_trait;

/// The body is no JSON object that a platform would send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not JSON")]
pub struct NotJson;

/// What a webhook body holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// Events to admit, in their order.
    pub envelopes: Vec<Envelope>,
    /// Events ignored on purpose, each by its kind, such as `delivery`; counted, never logged in full.
    pub ignored: Vec<&'static str>,
    /// What an operator must hear, such as a policy block; without texts or numbers.
    pub alarms: Vec<String>,
}

/// A chat platform.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Which one.
    fn kind(&self) -> Kind;

    /// Whether `signature` (the value of `X-Hub-Signature-256`) is the platform's over these raw bytes.
    /// Compares in constant time; a missing one is false.
    fn verify(&self, signature: Option<&str>, body: &[u8]) -> bool;

    /// Reads a verified body. Pure; an odd event never costs its neighbours.
    fn parse(&self, body: &[u8]) -> Result<Parsed, NotJson>;

    /// Sends one message once. Gives [`Outcome::Sent`], [`Outcome::Unknown`] or [`Outcome::Failed`], within
    /// the adapter's deadline.
    async fn send(&self, to: &Address, message: &Message, effect: EffectId) -> Outcome;

    /// Does something that is worth trying once; failures are counted by the adapter.
    async fn hint(&self, hint: &Hint);

    /// Asks the platform whether the settings work, for `doctor`: a sentence, or what is wrong.
    async fn check(&self) -> Result<String, String>;
}
