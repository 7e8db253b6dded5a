//! AI providers that speak OpenAI's chat completions, tried in order.
//!
//! Facts: OpenAI's and OpenRouter's references of chat completions, errors and usage.

mod answer;
mod check;
mod failure;
mod request;
mod stream;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use answerbot_core::circuit::Circuit;
use answerbot_core::contact::effect::{EffectFault, Prompt};
use answerbot_ports::ai::{Ai, Answer};
use answerbot_ports::world::Clock;
use async_trait::async_trait;
use parking_lot::Mutex;
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use self::failure::Failure;
use self::stream::Patience;

/// How a provider differs from the common shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    /// `OpenRouter`: takes fallback models and routing wishes, tells the cost.
    OpenRouter,
    /// `OpenAI`, and everything else that speaks its API (local models, proxies).
    OpenAi,
}

/// What a provider costs where it does not say so itself: millionths of a US dollar for a million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// For tokens read.
    pub input: u64,
    /// For tokens written.
    pub output: u64,
}

/// The settings of one provider.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// The name in metrics, logs and reasons, such as `openrouter`.
    pub name: String,
    /// Such as `https://openrouter.ai/api/v1`; a slash at its end does not matter.
    pub base_url: String,
    /// The key; sent as a bearer token only.
    pub api_key: SecretString,
    /// The model.
    pub model: String,
    /// Models that `OpenRouter` may use instead, at most three, best first. Ignored for other kinds.
    pub fallback_models: Vec<String>,
    /// For a cost where the provider tells none.
    pub price: Option<Price>,
    /// Which dialect.
    pub kind: ProviderKind,
}

/// How long one provider may take. Connecting is bounded by the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest attempt at one provider.
    pub attempt: Duration,
    /// No attempt starts with less time left, and so much is left for the next provider.
    pub least: Duration,
    /// The first words come within this time.
    pub first: Duration,
    /// Between two pieces of an answer passes no more than this.
    pub idle: Duration,
    /// An answer that took longer counts against its provider.
    pub slow: Duration,
}

impl Limits {
    /// How long an attempt may take with `left` until the deadline; `None` when it is too late to start one.
    fn slot(&self, left: Duration, is_last: bool) -> Option<Duration> {
        if left < self.least {
            return None;
        }
        // A tenth more than the next one needs: a timer that rings late must not cost it its turn.
        let for_the_next = if is_last { Duration::ZERO } else { self.least + self.least / 10 };
        let slot = left.saturating_sub(for_the_next);
        // Two attempts too short for an answer are worth less than one that is long enough.
        let slot = if slot < self.least { left } else { slot };
        Some(slot.min(self.attempt))
    }
}

/// One or more providers, tried in order.
pub struct Providers {
    in_order: Vec<Provider>,
    client: Client,
    limits: Limits,
    clock: Arc<dyn Clock>,
}

/// A provider and what was learned of it.
struct Provider {
    config: ProviderConfig,
    /// It is left alone until then: milliseconds of [`Clock::monotonic`].
    rests_until: AtomicU64,
    /// Opens when it fails again and again, or is slow.
    circuit: Mutex<Circuit>,
    /// Its model refuses to answer without reasoning; only the refusal tells.
    must_reason: AtomicBool,
    url: String,
    /// What it calls the longest answer.
    limit_name: &'static str,
}

impl Providers {
    /// The providers in the order in which they are tried, over the shared client of
    /// [`http::client`](crate::http::client).
    #[must_use]
    pub fn new(
        providers: Vec<ProviderConfig>,
        client: Client,
        limits: Limits,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let provider = |config: ProviderConfig| Provider {
            rests_until: AtomicU64::new(0),
            circuit: Mutex::default(),
            must_reason: AtomicBool::new(false),
            url: config.url("chat/completions"),
            limit_name: config.limit_name(),
            config,
        };
        Self { in_order: providers.into_iter().map(provider).collect(), client, limits, clock }
    }

    fn now_ms(&self) -> u64 {
        millis(self.clock.monotonic())
    }

    /// Those that do not rest and whose circuit is closed; all of them when there is none, for an answer that may
    /// come beats one that cannot.
    fn awake(&self) -> Vec<&Provider> {
        let now = self.clock.monotonic();
        let awake: Vec<&Provider> = self.in_order.iter().filter(|it| it.is_awake(now)).collect();
        if awake.is_empty() { self.in_order.iter().collect() } else { awake }
    }
}

#[async_trait]
impl Ai for Providers {
    async fn answer(&self, prompt: &Prompt, person: &str, deadline: Duration) -> Result<Answer, EffectFault> {
        let started = Instant::now();
        let awake = self.awake();
        let mut failures = Vec::new();
        for (index, provider) in awake.iter().enumerate() {
            // Another question may have taken the one probe meanwhile.
            let is_last = index + 1 == awake.len();
            if !provider.circuit.lock().may_call(self.clock.monotonic()) && !is_last {
                continue;
            }
            let left = deadline.saturating_sub(started.elapsed());
            let Some(slot) = self.limits.slot(left, is_last) else { break };
            let begun = Instant::now();
            match provider.ask(&self.client, prompt, person, slot, &self.limits).await {
                Ok(answer) => {
                    // Slow is not well: people wait, and the next question would too.
                    provider.note(begun.elapsed() <= self.limits.slow, self.clock.monotonic());
                    return Ok(answer);
                }
                Err(failure) => {
                    provider.learn(&failure, self.now_ms());
                    if failure.is_trouble() {
                        provider.note(false, self.clock.monotonic());
                    }
                    failures.push((provider.config.name.as_str(), failure));
                }
            }
        }
        Err(failure::fault(&failures))
    }

    async fn check(&self) -> Vec<(String, Result<String, String>)> {
        let mut found = Vec::new();
        for provider in &self.in_order {
            found.push((provider.config.name.clone(), check::check(&provider.config, &self.client).await));
        }
        found
    }
}

impl Provider {
    async fn ask(
        &self,
        client: &Client,
        prompt: &Prompt,
        person: &str,
        slot: Duration,
        limits: &Limits,
    ) -> Result<Answer, Failure> {
        let config = &self.config;
        let must_reason = self.must_reason.load(Ordering::Relaxed);
        let body = request::body(config, self.limit_name, prompt, person, must_reason);
        let request = client.post(&self.url).bearer_auth(config.api_key.expose_secret()).json(&body);
        let started = Instant::now();
        let patience = Patience { whole: slot, first: limits.first, idle: limits.idle };
        let called = stream::call(&config.name, request, patience).await;
        let answer = called.and_then(|answer| answer::read(config, &answer));
        let outcome = match &answer {
            Ok(answer) if answer.reply.cut => "cut",
            Ok(_) => "answered",
            Err(failure) => failure.why.name(),
        };
        let provider = || config.name.clone();
        metrics::counter!("ai_calls_total", "provider" => provider(), "outcome" => outcome).increment(1);
        metrics::histogram!("ai_seconds", "provider" => provider()).record(started.elapsed().as_secs_f64());
        answer
    }

    fn is_awake(&self, now: Duration) -> bool {
        self.rests_until.load(Ordering::Relaxed) <= millis(now) && self.circuit.lock().would_call(now)
    }

    fn note(&self, worked: bool, now: Duration) {
        let mut circuit = self.circuit.lock();
        let was_open = circuit.is_open();
        circuit.note(worked, now);
        let is_open = circuit.is_open();
        drop(circuit);
        if is_open != was_open {
            let provider = self.config.name.as_str();
            tracing::warn!(provider, is_open, "the circuit of an AI provider changed");
            metrics::gauge!("ai_circuit_open", "provider" => provider.to_owned()).set(u8::from(is_open));
        }
    }

    fn learn(&self, failure: &Failure, now_ms: u64) {
        tracing::warn!(provider = self.config.name, reason = failure.reason, "an AI provider did not answer");
        if let Some(rest) = failure.rest() {
            self.rests_until.store(now_ms.saturating_add(millis(rest)), Ordering::Relaxed);
        }
        if failure.wants_reasoning {
            self.must_reason.store(true, Ordering::Relaxed);
        }
    }
}

impl ProviderConfig {
    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base_url.trim_end_matches('/'))
    }

    /// The newer models of `OpenAI` itself refuse the old name, and others who speak its API do not know the new one.
    fn limit_name(&self) -> &'static str {
        if self.is_openai_itself() { "max_completion_tokens" } else { "max_tokens" }
    }

    /// Whether this is `OpenAI` itself, not only somebody who speaks its API.
    fn is_openai_itself(&self) -> bool {
        let url = reqwest::Url::parse(&self.base_url).ok();
        url.as_ref().and_then(reqwest::Url::host_str) == Some("api.openai.com")
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Limits;

    #[test]
    fn every_attempt_is_long_enough_and_leaves_the_next_one_its_time() {
        let second = Duration::from_secs(1);
        let limits = Limits {
            attempt: 15 * second,
            least: 4 * second,
            first: 8 * second,
            idle: 5 * second,
            slow: 10 * second,
        };
        let table = [
            ("the first of two", 25_000, false, Some(15_000)),
            ("the last with what the first left", 10_000, true, Some(10_000)),
            ("the next one keeps its time and a little more", 12_000, false, Some(7_600)),
            ("just enough for two", 8_400, false, Some(4_000)),
            ("not enough for two, so one gets it all", 8_399, false, Some(8_399)),
            ("just enough for one", 4_000, true, Some(4_000)),
            ("too late", 3_999, true, None),
            ("too late for any", 3_999, false, None),
        ];
        for (label, left, is_last, expected) in table {
            let slot = limits.slot(Duration::from_millis(left), is_last);
            assert_eq!(slot, expected.map(Duration::from_millis), "{label}");
        }
    }
}
