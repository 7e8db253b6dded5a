//! The outside of a process: clock, randomness, one channel, one AI and MoMo, all scripted. It outlives the process.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use answerbot_core::contact::effect::{Case, EffectFault, Hint, Prompt, Retry};
use answerbot_core::contact::event::Outcome;
use answerbot_core::contact::message::Message;
use answerbot_core::pay::days::at_wall;
use answerbot_core::pay::money::Money;
use answerbot_core::pay::payment::{Charge, Charged, Checked};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::route::Tier;
use answerbot_core::spend::{MicroUsd, Spent};
use answerbot_core::time::HOUR;
use answerbot_core::{Address, Channel as Kind, EffectId, EventId, PaymentId, Time};
use answerbot_ports::ai::{Ai, Alerts, Answer, Unanswered};
use answerbot_ports::channel::{Channel, NotJson, Parsed};
use answerbot_ports::payments::Payments;
use answerbot_ports::world::{Clock, Entropy};
use async_trait::async_trait;
use parking_lot::Mutex;

use crate::failpoints::{Failpoint, Point};

pub struct Real;

impl Entropy for Real {
    #[expect(clippy::disallowed_methods, reason = "a test's randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

impl Clock for Real {
    #[expect(clippy::disallowed_methods, reason = "a test's clock")]
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Time::from_millis(i64::try_from(since.as_millis()).unwrap())
    }

    #[expect(clippy::disallowed_methods, reason = "a test's clock")]
    fn monotonic(&self) -> Duration {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}

/// What the platform does with a send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    Accept,
    /// Refused for now.
    Busy,
    /// Taken, but the answer never comes: the call ends as unknown after its deadline.
    AcceptThenHang,
    /// Not taken, and no answer.
    Hang,
    /// Refused for good.
    Refuse,
}

#[derive(Clone, Debug)]
pub struct Delivered {
    pub text: String,
    pub effect: EffectId,
    pub mid: EventId,
}

/// What the outside remembers; it outlives every process of ours.
#[derive(Default)]
pub struct Outside {
    pub delivered: Mutex<HashMap<String, Vec<Delivered>>>,
    asked: Mutex<Vec<String>>,
    fates: Mutex<Vec<Fate>>,
    started: Mutex<Vec<(EffectId, Duration)>>,
    ai_faults: AtomicU64,
    ai_panics: AtomicBool,
    send_delay_ms: AtomicU64,
    ai_delay_ms: AtomicU64,
    /// What the AI says to a question that contains a text.
    ai_says: Mutex<Vec<(String, String)>>,
    /// What each AI call costs, in micro-dollars.
    ai_costs: AtomicU64,
    /// What it may cost at most, where that is more.
    pub ai_most: AtomicU64,
    /// Requests for money that MoMo took, and what it says of all of them.
    pub momo: Mutex<(Vec<Charge>, Option<Checked>)>,
    /// What MoMo says of one of them.
    pub momo_says: Mutex<HashMap<PaymentId, Checked>>,
    /// When MoMo was asked how a payment stands; monotonic.
    pub momo_asked: Mutex<Vec<(PaymentId, Duration)>>,
    /// References of all requests for money that were begun, taken or not.
    pub momo_posts: Mutex<Vec<PaymentId>>,
    /// Where a call breaks next, and how.
    pub failpoint: Mutex<Option<Failpoint>>,
    /// How far the clock of the next processes is ahead.
    pub clock_ahead_ms: AtomicI64,
    /// Sends that were begun and whose end the process did not live to see, or was told nothing about.
    pub in_doubt: AtomicU64,
    mids: AtomicU64,
}

impl Outside {
    pub fn delivered_to(&self, user: &str) -> Vec<Delivered> {
        self.delivered.lock().get(user).cloned().unwrap_or_default()
    }

    pub fn texts_to(&self, user: &str) -> Vec<String> {
        self.delivered_to(user).into_iter().map(|it| it.text).collect()
    }

    pub fn questions_asked(&self) -> Vec<String> {
        self.asked.lock().clone()
    }

    /// The fates of the next sends, in order; then all are accepted.
    pub fn next_fates(&self, fates: &[Fate]) {
        self.fates.lock().extend(fates);
    }

    pub fn fates_left(&self) -> usize {
        self.fates.lock().len()
    }

    pub fn starts_of(&self, effect: EffectId) -> Vec<Duration> {
        self.started.lock().iter().filter(|(it, _)| *it == effect).map(|(_, at)| *at).collect()
    }

    pub fn fail_next_ai_calls(&self, calls: u64) {
        self.ai_faults.store(calls, Ordering::SeqCst);
    }

    /// The AI says this whenever it is asked something that contains `about`.
    pub fn ai_says(&self, about: &str, text: &str) {
        self.ai_says.lock().push((about.to_owned(), text.to_owned()));
    }

    /// Sets the clock of the next processes to noon in Juba: what is capped by the day must not meet its end.
    pub fn set_to_noon(&self) {
        let now = Real.now();
        let noon = at_wall(now.juba_day(), 12 * HOUR);
        self.clock_ahead_ms.store(noon.since(now), Ordering::SeqCst);
    }

    pub fn price_of_an_answer(&self, micro_usd: u64) {
        self.ai_costs.store(micro_usd, Ordering::SeqCst);
    }

    pub fn slow_platform(&self, ms: u64) {
        self.send_delay_ms.store(ms, Ordering::SeqCst);
    }

    pub fn panic_at_next_ai_call(&self) {
        self.ai_panics.store(true, Ordering::SeqCst);
    }

    pub fn slow_ai(&self, ms: u64) {
        self.ai_delay_ms.store(ms, Ordering::SeqCst);
    }
}

/// One process's view of the outside: once it is dead, none of its calls returns.
#[derive(Clone)]
pub struct Line {
    pub outside: Arc<Outside>,
    pub dead: Arc<AtomicBool>,
    pub deadline: Duration,
}

impl Line {
    /// Where a killed process stops.
    pub async fn alive(&self) {
        if self.dead.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }
}

impl Clock for Line {
    fn now(&self) -> Time {
        Real.now().plus(self.outside.clock_ahead_ms.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Real.monotonic()
    }
}

#[async_trait]
impl Channel for Line {
    fn kind(&self) -> Kind {
        Kind::Messenger
    }

    fn verify(&self, _: Option<&str>, _: &[u8]) -> bool {
        true
    }

    fn parse(&self, _: &[u8]) -> Result<Parsed, NotJson> {
        Ok(Parsed::default())
    }

    async fn send(&self, to: &Address, message: &Message, effect: EffectId) -> Outcome {
        self.alive().await;
        let now = Real.monotonic();
        self.outside.started.lock().push((effect, now));
        let fate = {
            let mut fates = self.outside.fates.lock();
            if fates.is_empty() { Fate::Accept } else { fates.remove(0) }
        };
        let mid =
            EventId::derive("messenger", &format!("m{}", self.outside.mids.fetch_add(1, Ordering::SeqCst)));
        if matches!(fate, Fate::Accept | Fate::AcceptThenHang) {
            let it = Delivered { text: message.text.clone(), effect, mid };
            self.outside.delivered.lock().entry(to.user.clone()).or_default().push(it);
        }
        if message.text.contains("Receipt") && self.reaches(Point::ReceiptSent).await {
            return Outcome::Unknown;
        }
        if self.dead.load(Ordering::SeqCst) {
            self.outside.in_doubt.fetch_add(1, Ordering::SeqCst);
        }
        self.alive().await;
        let failed = |retry| Outcome::Failed(EffectFault { retry, alert: false, reason: "scripted".into() });
        tokio::time::sleep(Duration::from_millis(self.outside.send_delay_ms.load(Ordering::SeqCst))).await;
        match fate {
            Fate::Accept => Outcome::Sent(mid),
            Fate::Busy => failed(Retry::After(0)),
            Fate::Refuse => failed(Retry::Refused),
            Fate::Hang | Fate::AcceptThenHang => {
                tokio::time::sleep(self.deadline).await;
                Outcome::Unknown
            }
        }
    }

    async fn hint(&self, _: &Hint) {}

    async fn check(&self) -> Result<String, String> {
        Ok("fine".into())
    }
}

#[async_trait]
impl Ai for Line {
    async fn answer(&self, prompt: &Prompt, _: &str, _: Tier, _: Duration) -> Result<Answer, Unanswered> {
        self.alive().await;
        let question = prompt.lines.last().unwrap().content.clone();
        self.outside.asked.lock().push(question.clone());
        assert!(!self.outside.ai_panics.swap(false, Ordering::SeqCst), "scripted");
        tokio::time::sleep(Duration::from_millis(self.outside.ai_delay_ms.load(Ordering::SeqCst))).await;
        self.alive().await;
        let fails =
            self.outside.ai_faults.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |it| it.checked_sub(1));
        if fails.is_ok() {
            let fault = EffectFault { retry: Retry::After(0), alert: false, reason: "scripted".into() };
            return Err(Unanswered { fault, spent: Vec::new() });
        }
        let cost = MicroUsd(self.outside.ai_costs.load(Ordering::SeqCst));
        let spent = vec![Spent { provider: "line".into(), model: "one".into(), cost, ..Spent::default() }];
        let said = self.outside.ai_says.lock().iter().find(|(about, _)| question.contains(about)).cloned();
        let text = said.map_or_else(|| format!("Answer to {question}."), |(_, text)| text);
        Ok(Answer { text, cut: false, spent })
    }

    fn most(&self, _: &Prompt, _: Tier) -> MicroUsd {
        let (cost, most) = (&self.outside.ai_costs, &self.outside.ai_most);
        MicroUsd(cost.load(Ordering::SeqCst).max(most.load(Ordering::SeqCst)))
    }

    async fn check(&self) -> Vec<(String, Result<String, String>)> {
        Vec::new()
    }
}

#[async_trait]
impl Alerts for Line {
    async fn file(&self, _: &Case) -> Result<(), EffectFault> {
        Ok(())
    }

    async fn alarm(&self, _: &'static str, _: &str) {}
}

#[async_trait]
impl Payments for Line {
    async fn request(&self, charge: &Charge, _: Duration) -> Charged {
        self.alive().await;
        self.outside.momo_posts.lock().push(charge.reference);
        if self.reaches(Point::PostSent).await {
            return Charged::Unknown;
        }
        {
            let mut momo = self.outside.momo.lock();
            if momo.0.iter().all(|it| it.reference != charge.reference) {
                momo.0.push(charge.clone());
            }
        }
        if self.reaches(Point::TakenUnread).await {
            return Charged::Unknown;
        }
        Charged::Taken
    }

    async fn status(&self, payment: PaymentId, _: Duration) -> Result<Checked, EffectFault> {
        self.alive().await;
        self.outside.momo_asked.lock().push((payment, Real.monotonic()));
        if let Some(said) = self.outside.momo_says.lock().get(&payment) {
            return Ok(said.clone());
        }
        let (is_known, said) = {
            let momo = self.outside.momo.lock();
            (momo.0.iter().any(|it| it.reference == payment), momo.1.clone())
        };
        if !is_known {
            return Ok(Checked::Missing);
        }
        if self.reaches(Point::StatusRead).await {
            return Err(EffectFault { retry: Retry::After(0), alert: false, reason: "scripted".into() });
        }
        Ok(said.unwrap_or(Checked::Pending))
    }

    async fn payable(&self, _: Msisdn, _: Duration) -> Result<bool, EffectFault> {
        Ok(true)
    }

    async fn balance(&self, _: Duration) -> Result<Money, String> {
        Err("not asked".into())
    }

    async fn check(&self) -> Result<String, String> {
        Ok("fine".into())
    }
}
