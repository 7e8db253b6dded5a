//! The AI that answers, and the alarm that calls the owner.

use std::time::Duration;

use answerbot_core::contact::effect::{Case, EffectFault, Prompt, Reply};
use async_trait::async_trait;

/// An answer with what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The answer.
    pub reply: Reply,
    /// What it cost, as the provider says or by its price list.
    pub spent: Spent,
}

/// What a call cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// The provider's name in the settings.
    pub provider: String,
    /// The model that answered; the price follows it.
    pub model: String,
    /// Tokens read.
    pub tokens_in: u64,
    /// Tokens written.
    pub tokens_out: u64,
    /// Billionths of a US dollar; `None` where neither the provider nor a price list says.
    pub nano_usd: Option<u64>,
}

/// An AI, behind it one or more providers in order.
#[async_trait]
pub trait Ai: Send + Sync {
    /// Answers within `deadline`, or says why not. Each provider is tried once, in order.
    ///
    /// `person` is a stable pseudonym for abuse reports: never a name, number or platform id.
    async fn answer(&self, prompt: &Prompt, person: &str, deadline: Duration) -> Result<Answer, EffectFault>;

    /// Asks each provider whether its key works, for `doctor`: name and a sentence, or what is wrong.
    async fn check(&self) -> Vec<(String, Result<String, String>)>;
}

/// Posts alarms and cases to the owner.
#[async_trait]
pub trait Alerts: Send + Sync {
    /// Posts one case. Without a configured address it is only logged, and that is enough.
    async fn file(&self, case: &Case) -> Result<(), EffectFault>;

    /// Raises an alarm about the service itself; `what` is a short name, repeated ones are held back.
    async fn alarm(&self, what: &'static str, detail: &str);
}
