//! A small outside world: one channel and one AI, both scripted, and a process that can be killed.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use answerbot_core::contact::effect::{Case, EffectFault, Hint, Prompt, Retry};
use answerbot_core::contact::event::{Envelope, Event, Outcome, To};
use answerbot_core::contact::message::{Message, Tap};
use answerbot_core::pay::money::Money;
use answerbot_core::pay::payment::{Charge, Charged, Checked};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::Selling;
use answerbot_core::route::Tier;
use answerbot_core::spend::{MicroUsd, Spent};
use answerbot_core::{Address, Channel as Kind, EffectId, EventId, PaymentId, Policy, Time};
use answerbot_engine::{Callbacks, Engine, Hinted, Intake, Options, Ports, Taken};
use answerbot_local::{Access, MemoryCache, MemoryQueue, SharedAnswers, SqliteStore};
use answerbot_ports::ai::{Ai, Alerts, Answer, Unanswered};
use answerbot_ports::channel::{Channel, NotJson, Parsed};
use answerbot_ports::codec::Codec;
use answerbot_ports::keys::Key;
use answerbot_ports::payments::Payments;
use answerbot_ports::queue::Queue;
use answerbot_ports::store::{Store, StoreError};
use answerbot_ports::world::{Clock, Entropy};
use async_trait::async_trait;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

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
    delivered: Mutex<HashMap<String, Vec<Delivered>>>,
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

/// A machine with one database; processes come and go.
pub struct Machine {
    folder: TempDir,
    pub outside: Arc<Outside>,
    pub policy: Policy,
    pub options: Options,
    pub selling: Selling,
}

/// One process: its tasks run on a runtime of its own, and die with it.
pub struct Process {
    engine: Option<Engine>,
    pub store: Arc<SqliteStore>,
    pub line: Line,
    runtime: Option<Runtime>,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.line.dead.store(true, Ordering::SeqCst);
        self.engine.take();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Machine {
    /// Questions at once, no quota, short waits.
    pub fn new() -> Self {
        let mut policy = Policy::default();
        policy.burst.window_ms = 0;
        policy.quota.free_per_day = 1_000_000;
        policy.limits.free_replies_per_day = 1_000_000;
        policy.limits.ai_calls_per_day = 1_000_000;
        policy.limits.waiting_questions = 1_000;
        policy.time.unknown_send_ms = 600;
        policy.time.send_deadline_ms = 1_000;
        let options = Options { sweep_interval: Duration::from_millis(100), ..Options::default() };
        Self {
            folder: tempfile::tempdir().unwrap(),
            outside: Arc::default(),
            policy,
            options,
            selling: Selling::Off,
        }
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }

    pub fn start(&self) -> Process {
        self.start_with(|store, _| store)
    }

    /// Starts a process whose store is wrapped.
    pub fn start_with(&self, wrap: impl FnOnce(Arc<dyn Store>, &Line) -> Arc<dyn Store>) -> Process {
        self.start_on(Arc::new(MemoryQueue::new(1_000)), wrap)
    }

    /// Starts a process on a queue, whose store is wrapped.
    pub fn start_on(
        &self,
        queue: Arc<dyn Queue>,
        wrap: impl FnOnce(Arc<dyn Store>, &Line) -> Arc<dyn Store>,
    ) -> Process {
        let key = Key::from_bytes([7; 32]);
        let codec = Codec::new(&key, None, Arc::new(Real));
        let path = self.database();
        let store = Arc::new(open_when_free(&path, &codec));
        let deadline = Duration::from_millis(u64::try_from(self.policy.time.send_deadline_ms).unwrap());
        let line = Line { outside: Arc::clone(&self.outside), dead: Arc::default(), deadline };
        let ports = Ports {
            answers: Arc::new(SharedAnswers::new(Arc::clone(&store), 1_000_000)),
            store: wrap(Arc::clone(&store) as Arc<dyn Store>, &line),
            queue,
            cache: Arc::new(MemoryCache::new(1_000)),
            channels: vec![Arc::new(line.clone())],
            ai: Arc::new(line.clone()),
            alerts: Arc::new(line.clone()),
            clock: Arc::new(line.clone()),
            entropy: Arc::new(Real),
            hash_key: store.hash_key(),
            policy: Arc::new(self.policy.clone()),
            payments: Some(Arc::new(line.clone())),
            selling: self.selling,
            testers: None,
        };
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let engine = {
            let _inside = runtime.enter();
            let engine = Engine::new(ports, self.options);
            engine.start();
            engine
        };
        Process { engine: Some(engine), store, line, runtime: Some(runtime) }
    }
}

/// The tasks of a killed process hold its lock a moment longer than a real process would.
fn open_when_free(path: &std::path::Path, codec: &Codec) -> SqliteStore {
    let mut tries = 0;
    loop {
        match SqliteStore::open(path, Access::Serve, codec.clone(), &Real) {
            Ok(store) => return store,
            Err(error) if tries >= 500 => panic!("{error}"),
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
        tries += 1;
    }
}

pub fn address(user: &str) -> Address {
    Address { channel: Kind::Messenger, page: "page".into(), user: user.into() }
}

pub fn envelope(user: &str, mid: &str, event: Event) -> Envelope {
    Envelope { id: EventId::derive("messenger", mid), to: To::Address(address(user)), event, sent: None }
}

impl Process {
    /// As a webhook would, on the process's own runtime; `None` when it died over it.
    pub async fn accept(&self, envelope: Envelope) -> Option<Result<Taken, StoreError>> {
        let engine = self.engine.clone().unwrap();
        let accepted =
            self.runtime.as_ref().unwrap().spawn(async move { engine.accept(vec![envelope]).await });
        tokio::time::timeout(Duration::from_secs(5), accepted).await.ok()?.ok()
    }

    /// As MTN would.
    pub async fn called_back(&self, reference: Option<PaymentId>, body: &str, cut: bool) -> Hinted {
        let (engine, body) = (self.engine.clone().unwrap(), body.as_bytes().to_vec());
        let called = async move { engine.called_back(reference, body, cut).await };
        self.runtime.as_ref().unwrap().spawn(called).await.unwrap().unwrap()
    }

    pub async fn stop(self, grace: Duration) {
        let engine = self.engine.clone().unwrap();
        self.runtime.as_ref().unwrap().spawn(async move { engine.stop(grace).await }).await.unwrap();
    }

    pub async fn says(&self, user: &str, mid: &str, text: &str) {
        self.accept(envelope(user, mid, Event::Text(text.into()))).await.unwrap().unwrap();
    }

    pub async fn agrees(&self, user: &str) {
        let event = Event::Tap(Tap::Agree);
        self.accept(envelope(user, &format!("agree-{user}"), event)).await.unwrap().unwrap();
        self.until(|outside| outside.texts_to(user).iter().any(|it| it.starts_with("Thank you"))).await;
    }

    /// Waits for a state of the outside, not for a time.
    pub async fn until(&self, done: impl Fn(&Outside) -> bool) {
        let waited = tokio::time::timeout(Duration::from_secs(20), async {
            while !done(&self.line.outside) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(waited.await.is_ok(), "it did not come to that: {:?}", self.line.outside.delivered.lock());
    }

    pub async fn answered(&self, user: &str, question: &str) {
        let answer = format!("Answer to {question}.");
        self.until(|outside| outside.texts_to(user).iter().any(|it| it.contains(&answer))).await;
    }
}
