//! Why a provider gave no answer, and what follows: for this question, for the provider, for the operator.

use std::time::Duration;

use answerbot_core::contact::effect::{EffectFault, Retry};
use serde_json::Value;

use crate::http::{Answer, NoAnswer};

/// A provider that refuses our key is left alone so long.
const KEY_REST: Duration = Duration::from_mins(10);
/// A provider where our credit is used up is left alone so long.
const CREDIT_REST: Duration = Duration::from_hours(1);
/// Longest wait that a body may ask for, in seconds.
const WAIT_MOST: f64 = 3_600.0;

/// Names of errors about the content of the question or answer.
const REFUSALS: [&str; 4] = ["content_policy_violation", "content_filter", "refusal", "moderation"];
/// Names of errors about our credit.
const CREDITS: [&str; 4] =
    ["insufficient_quota", "payment_required", "billing_hard_limit_reached", "billing_not_active"];

/// The kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The content was refused.
    Refused,
    /// Our key, our country or our rights (401, 403).
    Key,
    /// Our credit (402).
    Credit,
    /// No such model for us (404).
    Model,
    /// The request itself (other 4xx): a wrong setting, or a text too long for the model.
    Request,
    /// Overloaded, throttled or broken (429, 5xx, an error inside a 200).
    Busy,
    /// Nothing that could be an answer: no text, no JSON.
    Rubbish,
    /// No answer at all.
    Silent(NoAnswer),
}

impl Why {
    /// The name in metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Key => "key",
            Self::Credit => "credit",
            Self::Model => "model",
            Self::Request => "request",
            Self::Busy => "busy",
            Self::Rubbish => "rubbish",
            Self::Silent(why) => why.name(),
        }
    }
}

/// A failed attempt.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) why: Why,
    /// Short, without a word of the body, such as `http 503`.
    pub(super) reason: String,
    /// What the provider asks us to wait, in milliseconds.
    pub(super) wait_ms: Option<i64>,
    /// The model answers only with reasoning on.
    pub(super) wants_reasoning: bool,
    /// The provider was at work when we left it: so many tokens were written by then, and may cost.
    pub(super) wrote: Option<u64>,
}

impl Failure {
    /// A failure without more to say about it.
    pub(super) fn new(why: Why, reason: impl Into<String>) -> Self {
        Self { why, reason: reason.into(), wait_ms: None, wants_reasoning: false, wrote: None }
    }

    /// The same of a call that was under way when it ended.
    pub(super) fn after(self, wrote: u64) -> Self {
        Self { wrote: Some(wrote), ..self }
    }

    /// No answer.
    pub(super) fn silent(why: NoAnswer) -> Self {
        let reason = match why {
            NoAnswer::NotSent => "no connection",
            NoAnswer::TimedOut => "timeout",
            NoAnswer::Broken => "connection broke",
        };
        Self::new(Why::Silent(why), reason)
    }

    /// How long the provider is left alone.
    pub(super) fn rest(&self) -> Option<Duration> {
        match self.why {
            Why::Key => Some(KEY_REST),
            Why::Credit => Some(CREDIT_REST),
            _ => None,
        }
    }

    /// How long the provider forbids another call.
    pub(super) fn wait(&self) -> Option<Duration> {
        let wait_ms = self.wait_ms.filter(|_| self.why == Why::Busy)?;
        u64::try_from(wait_ms).ok().map(Duration::from_millis)
    }

    /// Whether it says that the provider is in trouble; a throttle that names its end and what is wrong with us or
    /// with the question say nothing of the kind.
    pub(super) fn is_trouble(&self) -> bool {
        match self.why {
            Why::Busy => self.wait_ms.is_none(),
            Why::Rubbish | Why::Silent(_) => true,
            Why::Refused | Why::Key | Why::Credit | Why::Model | Why::Request => false,
        }
    }

    /// Whether an operator must do something.
    fn needs_a_person(&self) -> bool {
        matches!(self.why, Why::Key | Why::Credit | Why::Model | Why::Request)
    }
}

/// What an error means: `error` is the object (or text) that tells it, wherever it stood.
pub(super) fn of_error(answer: &Answer, error: &Value) -> Failure {
    let metadata = error.get("metadata");
    let names: Vec<&str> = [
        error.get("code"),
        error.get("type"),
        error.get("error_type"),
        metadata.and_then(|metadata| metadata.get("error_type")),
    ]
    .into_iter()
    .flatten()
    .filter_map(Value::as_str)
    .collect();
    let is_named = |list: &[&str]| names.iter().any(|name| list.contains(name));
    let code = [error.get("code"), error.get("http_status"), error.get("status")]
        .into_iter()
        .flatten()
        .find_map(status)
        .unwrap_or(if answer.is_success() { 0 } else { answer.status });
    // Moderation of one person's words comes as 403 too: it must not switch the provider off for all.
    let is_flagged = ["reasons", "patterns", "flagged_input"]
        .iter()
        .any(|name| metadata.and_then(|metadata| metadata.get(name)).is_some_and(|found| !found.is_null()));
    let why = match code {
        _ if is_named(&CREDITS) => Why::Credit,
        _ if is_named(&REFUSALS) || is_flagged => Why::Refused,
        402 => Why::Credit,
        401 | 403 => Why::Key,
        404 => Why::Model,
        408 | 409 | 425 | 429 => Why::Busy,
        400..500 => Why::Request,
        _ => Why::Busy,
    };
    let reason = match (answer.is_success(), code) {
        (true, 0) => "error in http 200".to_owned(),
        (true, code) => format!("error {code} in http 200"),
        (false, _) => format!("http {}", answer.status),
    };
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    Failure {
        wait_ms: answer.retry_after_ms().or_else(|| wait_of(error)),
        wants_reasoning: why == Why::Request && message.contains("reasoning"),
        ..Failure::new(why, reason)
    }
}

/// An HTTP status given as a number or as its digits.
fn status(value: &Value) -> Option<u16> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    u16::try_from(number).ok().filter(|code| (100..600).contains(code))
}

/// `availability.retry_after` of `OpenRouter`, in seconds.
fn wait_of(error: &Value) -> Option<i64> {
    let seconds = error.get("availability")?.get("retry_after")?.as_f64()?;
    #[expect(clippy::cast_possible_truncation, reason = "the range is bounded")]
    Some((seconds.clamp(0.0, WAIT_MOST) * 1e3) as i64)
}

/// Nobody may be asked for so long.
pub(super) fn all_wait(wait_ms: i64) -> EffectFault {
    EffectFault {
        retry: Retry::After(wait_ms),
        alert: false,
        reason: "all AI providers asked us to wait".into(),
    }
}

/// What the failures of all attempts come to.
pub(super) fn fault(failures: &[(&str, Failure)]) -> EffectFault {
    let reasons: Vec<String> =
        failures.iter().map(|(provider, failure)| format!("{provider} {}", failure.reason)).collect();
    let mut answered =
        failures.iter().filter(|(_, failure)| !matches!(failure.why, Why::Silent(_))).peekable();
    let is_refused = answered.peek().is_some() && answered.all(|(_, failure)| failure.why == Why::Refused);
    let retry = if is_refused {
        Retry::Refused
    } else {
        // The first who may be asked again decides when there is hope.
        let others = failures.iter().filter(|(_, failure)| failure.why != Why::Refused);
        Retry::After(others.map(|(_, failure)| failure.wait_ms.unwrap_or(0)).min().unwrap_or(0))
    };
    let reason = if reasons.is_empty() { "no AI provider was asked".to_owned() } else { reasons.join("; ") };
    EffectFault { retry, alert: failures.iter().any(|(_, failure)| failure.needs_a_person()), reason }
}
