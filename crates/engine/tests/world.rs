//! A machine with a store, and processes on it that can be killed; `outside` is what they meet.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::contact::message::Tap;
use answerbot_core::pay::price::Selling;
use answerbot_core::{Address, Channel as Kind, EventId, PaymentId, Policy};
use answerbot_engine::{Callbacks, Engine, Hinted, Intake, Options, Ports, Taken};
use answerbot_local::{Access, MemoryCache, MemoryQueue, SharedAnswers, SqliteStore};
use answerbot_ports::answers::Answers;
use answerbot_ports::cache::Cache;
use answerbot_ports::codec::Codec;
use answerbot_ports::conformance::unlimited;
use answerbot_ports::keys::Key;
use answerbot_ports::queue::Queue;
use answerbot_ports::store::{Store, StoreError};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

pub use crate::outside::{Delivered, Fate, Line, Outside, Real};

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
        let mut policy = unlimited();
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
        self.process(self.store(), queue, Arc::new(MemoryCache::new(1_000)), wrap, shared)
    }

    /// Starts a process that shares its answers with others.
    pub fn start_sharing(&self, answers: impl FnOnce(&Line) -> Arc<dyn Answers>) -> Process {
        let (queue, cache) = (Arc::new(MemoryQueue::new(1_000)), Arc::new(MemoryCache::new(1_000)));
        self.process(self.store(), queue, cache, |store, _| store, |_, line| answers(line))
    }

    /// Starts several processes on one store, as in a fleet: a ring goes to any of them.
    pub fn fleet(&self, processes: usize, cache: impl Fn() -> Arc<dyn Cache>) -> Vec<Process> {
        let (store, queue) = (self.store(), Arc::new(MemoryQueue::new(10_000)));
        let start =
            |_| self.process(Arc::clone(&store), Arc::clone(&queue) as _, cache(), |store, _| store, shared);
        (0..processes).map(start).collect()
    }

    fn store(&self) -> Arc<SqliteStore> {
        let codec = Codec::new(&Key::from_bytes([7; 32]), None, Arc::new(Real));
        Arc::new(open_when_free(&self.database(), &codec))
    }

    fn process(
        &self,
        store: Arc<SqliteStore>,
        queue: Arc<dyn Queue>,
        cache: Arc<dyn Cache>,
        wrap: impl FnOnce(Arc<dyn Store>, &Line) -> Arc<dyn Store>,
        answers: impl FnOnce(Arc<SqliteStore>, &Line) -> Arc<dyn Answers>,
    ) -> Process {
        let deadline = Duration::from_millis(u64::try_from(self.policy.time.send_deadline_ms).unwrap());
        let line = Line { outside: Arc::clone(&self.outside), dead: Arc::default(), deadline };
        let ports = Ports {
            answers: answers(Arc::clone(&store), &line),
            store: wrap(Arc::clone(&store) as Arc<dyn Store>, &line),
            queue,
            cache,
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

/// The answers of a process that shares them with nobody.
fn shared(store: Arc<SqliteStore>, _: &Line) -> Arc<dyn Answers> {
    Arc::new(SharedAnswers::new(store, 1_000_000))
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

    /// How many people somebody sits down for.
    pub fn desks(&self) -> usize {
        self.engine.as_ref().unwrap().load().0
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
