//! AI providers that speak OpenAI's chat completions, tried in order.
//!
//! Facts: OpenAI's and OpenRouter's references of chat completions, errors and usage.

mod answer;
mod check;
mod failure;
mod request;
mod stream;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use answerbot_core::circuit::Circuit;
use answerbot_core::contact::effect::Prompt;
use answerbot_core::route::Tier;
use answerbot_core::silence::Silence;
use answerbot_core::spend::{self, MicroUsd, Price, Spent};
use answerbot_ports::ai::{Ai, Answer, Unanswered};
use answerbot_ports::world::Clock;
use async_trait::async_trait;
use parking_lot::Mutex;
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use self::answer::Said;
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

/// The settings of one provider.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// The name in metrics, logs and reasons, such as `openrouter`.
    pub name: String,
    /// Such as `https://openrouter.ai/api/v1`; a slash at its end does not matter.
    pub base_url: String,
    /// The key; sent as a bearer token only.
    pub api_key: SecretString,
    /// The usual model.
    pub model: String,
    /// The model for easy questions and when money runs low.
    pub cheap_model: Option<String>,
    /// The model for hard questions and for people who paid.
    pub better_model: Option<String>,
    /// Models that `OpenRouter` may use instead, at most three, best first. Ignored for other kinds.
    pub fallback_models: Vec<String>,
    /// What models cost, by name, where the provider does not say so itself.
    pub prices: BTreeMap<String, Price>,
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
    /// It is better left alone until then: milliseconds of [`Clock::monotonic`].
    rests_until: AtomicU64,
    /// It said that it must not be asked before: the same.
    not_before: AtomicU64,
    /// Opens when it fails again and again, or is slow.
    circuit: Mutex<Circuit>,
    /// Calls under way, and whether they say nothing.
    silence: Mutex<Silence>,
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
            not_before: AtomicU64::new(0),
            circuit: Mutex::default(),
            silence: Mutex::default(),
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

    /// Those that do not rest, whose circuit is closed and who are not silent; when there is none, all that did not
    /// forbid it: an answer that may come beats one that cannot. `Err` is how long all forbid it.
    fn awake(&self) -> Result<Vec<&Provider>, i64> {
        let now = self.clock.monotonic();
        let allowed: Vec<&Provider> = self.in_order.iter().filter(|it| it.waits_ms(now) == 0).collect();
        if allowed.is_empty() && !self.in_order.is_empty() {
            let least = self.in_order.iter().map(|it| it.waits_ms(now)).min().unwrap_or(0);
            return Err(i64::try_from(least).unwrap_or(i64::MAX));
        }
        let awake: Vec<&Provider> = allowed.iter().copied().filter(|it| it.is_awake(now)).collect();
        Ok(if awake.is_empty() { allowed } else { awake })
    }
}

#[async_trait]
impl Ai for Providers {
    async fn answer(
        &self,
        prompt: &Prompt,
        person: &str,
        tier: Tier,
        deadline: Duration,
    ) -> Result<Answer, Unanswered> {
        let started = Instant::now();
        let awake = match self.awake() {
            Ok(awake) => awake,
            Err(wait_ms) => return Err(Unanswered { fault: failure::all_wait(wait_ms), spent: Vec::new() }),
        };
        let mut failures = Vec::new();
        let mut spent = Vec::new();
        for (index, provider) in awake.iter().enumerate() {
            // Another question may have taken the one probe meanwhile.
            let is_last = index + 1 == awake.len();
            let now = self.clock.monotonic();
            let may = {
                let mut circuit = provider.circuit.lock();
                circuit.may_call(now) || (is_last && circuit.may_call_anyway(now))
            };
            if !may {
                continue;
            }
            let left = deadline.saturating_sub(started.elapsed());
            let Some(slot) = self.limits.slot(left, is_last) else { break };
            let begun = Instant::now();
            let call = Call { config: &provider.config, model: provider.config.model_of(tier), prompt };
            let (said, cost) = provider.ask(self, &call, person, slot).await;
            spent.extend(cost);
            match said {
                Ok(said) => {
                    // Slow is not well: people wait, and the next question would too.
                    provider.note(begun.elapsed() <= self.limits.slow, self.clock.monotonic());
                    return Ok(Answer { text: said.text, cut: said.cut, spent });
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
        Err(Unanswered { fault: failure::fault(&failures), spent })
    }

    fn most(&self, prompt: &Prompt, tier: Tier) -> MicroUsd {
        let cost = |it: &Provider| {
            let config = &it.config;
            // OpenRouter may answer with another one of them.
            let falls_back = config.kind == ProviderKind::OpenRouter;
            let models = config.fallback_models.iter().chain([&config.model]).filter(|_| falls_back);
            let call = Call { config, model: config.model_of(tier), prompt };
            let price = |model: &str| config.price(model).of(call.tokens_in(), u64::from(prompt.max_tokens));
            let known = models.filter(|model| config.prices.contains_key(*model)).map(|model| price(model));
            known.chain([price(call.model)]).max().unwrap_or_default()
        };
        // One that breaks off costs, and so does the next one.
        self.in_order.iter().map(cost).sum()
    }

    async fn check(&self) -> Vec<(String, Result<String, String>)> {
        let mut found = Vec::new();
        for provider in &self.in_order {
            found.push((provider.config.name.clone(), check::check(&provider.config, &self.client).await));
        }
        found
    }
}

/// One call: whom, for which model, what.
#[derive(Clone, Copy)]
struct Call<'a> {
    config: &'a ProviderConfig,
    model: &'a str,
    prompt: &'a Prompt,
}

impl Call<'_> {
    /// About how many tokens are read: each line has a few of its own.
    fn tokens_in(&self) -> u64 {
        self.prompt.lines.iter().map(|line| spend::tokens(&line.content) + 4).sum()
    }

    /// What a call that was left under way may cost.
    fn left_at(&self, tokens_out: u64) -> Spent {
        let tokens_in = self.tokens_in();
        Spent {
            provider: self.config.name.clone(),
            model: self.model.to_owned(),
            tokens_in,
            tokens_out,
            cost: self.config.price(self.model).of(tokens_in, tokens_out),
            estimated: true,
        }
    }
}

/// Ends a call's silence, whatever becomes of it: a question that is cut must not count as waiting for ever.
struct Listening<'a> {
    provider: &'a Provider,
    clock: &'a dyn Clock,
    number: u64,
    well: bool,
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.provider.silence.lock().end(self.number, self.well, self.clock.monotonic());
    }
}

impl Provider {
    async fn ask(
        &self,
        providers: &Providers,
        call: &Call<'_>,
        person: &str,
        slot: Duration,
    ) -> (Result<Said, Failure>, Option<Spent>) {
        let (config, limits, clock) = (&self.config, &providers.limits, &providers.clock);
        let must_reason = self.must_reason.load(Ordering::Relaxed);
        let body = request::body(call, self.limit_name, person, must_reason);
        let client = &providers.client;
        let request = client.post(&self.url).bearer_auth(config.api_key.expose_secret()).json(&body);
        let started = Instant::now();
        let patience = Patience { whole: slot, first: limits.first, idle: limits.idle };
        let number = self.silence.lock().begin(clock.monotonic());
        let mut listening = Listening { provider: self, clock: &**clock, number, well: false };
        let on_words = || self.silence.lock().words(number, clock.monotonic());
        let called = stream::call(&config.name, request, patience, on_words).await;
        let (said, spent) = match called {
            Ok(answer) => answer::read(call, &answer),
            Err(failure) => {
                let spent = failure.wrote.map(|wrote| call.left_at(wrote));
                (Err(failure), spent)
            }
        };
        listening.well = said.is_ok();
        let outcome = match &said {
            Ok(said) if said.cut => "cut",
            Ok(_) => "answered",
            Err(failure) => failure.why.name(),
        };
        let provider = || config.name.clone();
        metrics::counter!("ai_calls_total", "provider" => provider(), "outcome" => outcome).increment(1);
        metrics::histogram!("ai_seconds", "provider" => provider()).record(started.elapsed().as_secs_f64());
        if let Some(spent) = &spent {
            count(spent);
        }
        (said, spent)
    }

    /// Milliseconds until it may be asked again.
    fn waits_ms(&self, now: Duration) -> u64 {
        self.not_before.load(Ordering::Relaxed).saturating_sub(millis(now))
    }

    fn is_awake(&self, now: Duration) -> bool {
        self.rests_until.load(Ordering::Relaxed) <= millis(now)
            && self.circuit.lock().would_call(now)
            && !self.silence.lock().is_silent(now)
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
        if let Some(wait) = failure.wait() {
            self.not_before.fetch_max(now_ms.saturating_add(millis(wait)), Ordering::Relaxed);
        }
        if failure.wants_reasoning {
            self.must_reason.store(true, Ordering::Relaxed);
        }
    }
}

fn count(spent: &Spent) {
    let provider = || spent.provider.clone();
    let tokens = |direction: &'static str, count| {
        metrics::counter!("ai_tokens_total", "provider" => provider(), "direction" => direction)
            .increment(count);
    };
    tokens("in", spent.tokens_in);
    tokens("out", spent.tokens_out);
    let model = spent.model.clone();
    metrics::counter!("ai_micro_usd_total", "provider" => provider(), "model" => model)
        .increment(spent.cost.0);
}

impl ProviderConfig {
    fn model_of(&self, tier: Tier) -> &str {
        let other = match tier {
            Tier::Cheap => &self.cheap_model,
            Tier::Usual => &None,
            Tier::Better => &self.better_model,
        };
        other.as_ref().unwrap_or(&self.model)
    }

    /// The price of a model by its name, or by the longest name that it begins with: what answers may call itself
    /// after the day on which it was made.
    fn price(&self, model: &str) -> Price {
        if let Some(price) = self.prices.get(model) {
            return *price;
        }
        let bare = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
        let named = bare(model);
        let fitting = self.prices.iter().filter(|(name, _)| named.starts_with(&bare(name)));
        fitting.max_by_key(|(name, _)| bare(name).len()).map_or(Price::UNKNOWN, |(_, price)| *price)
    }

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
