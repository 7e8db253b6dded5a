//! The AI that answers, and the alarm that calls the owner.

use std::time::Duration;

use answerbot_core::contact::effect::{Case, EffectFault, Prompt};
use answerbot_core::route::Tier;
use answerbot_core::spend::{MicroUsd, Spent};
use async_trait::async_trait;

/// An answer with what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The text as it came: Markdown and all, never empty.
    pub text: String,
    /// The provider stopped at `max_tokens`: the last sentence may be cut.
    pub cut: bool,
    /// The calls that it took, those that failed and cost all the same included.
    pub spent: Vec<Spent>,
}

/// No answer, and what that cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// Why, and what follows.
    pub fault: EffectFault,
    /// The calls that cost something.
    pub spent: Vec<Spent>,
}

/// An AI, behind it one or more providers in order.
#[async_trait]
pub trait Ai: Send + Sync {
    /// Answers within `deadline`, or says why not. Each provider is tried once, in order, with its model of `tier`.
    ///
    /// `person` is a stable pseudonym for abuse reports: never a name, number or platform id.
    async fn answer(
        &self,
        prompt: &Prompt,
        person: &str,
        tier: Tier,
        deadline: Duration,
    ) -> Result<Answer, Unanswered>;

    /// What an answer to a prompt can cost at most: a call to each of the providers, the last one brings it.
    fn most(&self, prompt: &Prompt, tier: Tier) -> MicroUsd;

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
