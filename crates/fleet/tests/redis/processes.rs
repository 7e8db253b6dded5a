//! Engines over Redis: a stale state that is put into it on purpose, one call of a whole fleet, and Redis killed again and
//! again while people ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::contact::message::Tap;
use answerbot_core::pay::price::Selling;
use answerbot_core::{Address, AggregateId, Channel as Kind, EffectId, EventId, Policy};
use answerbot_engine::{Engine, Intake, Options, Ports};
use answerbot_fleet::redis::{RedisAnswers, RedisCache, RedisLink};
use answerbot_local::{Access, MemoryCache, MemoryQueue, SharedAnswers, SqliteStore};
use answerbot_ports::answers::Answers;
use answerbot_ports::cache::{Cache, Warm};
use answerbot_ports::conformance::unlimited;
use answerbot_ports::store::Store;
use async_trait::async_trait;

use super::server::{Real, Server, codec, link_to, until};
use crate::outside::{Line, Outside};

const ANN: &str = "ann";

/// Counts what is forgotten: a stale commit does that.
struct Counted {
    cache: RedisCache,
    forgotten: AtomicUsize,
}

#[async_trait]
impl Cache for Counted {
    async fn recall(&self, aggregate: AggregateId) -> Option<Warm> {
        self.cache.recall(aggregate).await
    }

    async fn remember(&self, aggregate: AggregateId, warm: Warm) {
        self.cache.remember(aggregate, warm).await;
    }

    async fn forget(&self, aggregate: AggregateId) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.cache.forget(aggregate).await;
    }

    fn is_shared(&self) -> bool {
        self.cache.is_shared()
    }

    async fn note_settled(&self, effects: &[EffectId]) {
        self.cache.note_settled(effects).await;
    }

    async fn is_settled(&self, effect: EffectId) -> bool {
        self.cache.is_settled(effect).await
    }
}

/// A process over a store in memory and a cache.
struct Process {
    engine: Engine,
    store: Arc<SqliteStore>,
    cache: Arc<dyn Cache>,
    outside: Arc<Outside>,
    ann: AggregateId,
    _folder: tempfile::TempDir,
}

impl Process {
    /// Alone but for its cache.
    fn start(cache: Arc<dyn Cache>) -> Self {
        Self::start_in(Arc::default(), cache, |store| Arc::new(SharedAnswers::new(store, 1_000_000)))
    }

    /// One of a fleet.
    fn start_on(link: &Arc<RedisLink>, outside: &Arc<Outside>) -> Self {
        let cache = Arc::new(RedisCache::new(Arc::clone(link), codec(1)));
        let answers = |store| {
            RedisAnswers::new(
                Arc::clone(link),
                store,
                codec(1),
                Arc::new(Real),
                Policy::default().reuse.stale_ms,
            )
        };
        Self::start_in(Arc::clone(outside), cache, |store| Arc::new(answers(store)))
    }

    fn start_in(
        outside: Arc<Outside>,
        cache: Arc<dyn Cache>,
        answers: impl FnOnce(Arc<SqliteStore>) -> Arc<dyn Answers>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answerbot.db");
        let store = Arc::new(SqliteStore::open(&path, Access::Serve, codec(1), &Real).unwrap());
        let line =
            Line { outside: Arc::clone(&outside), dead: Arc::default(), deadline: Duration::from_secs(15) };
        let line = Arc::new(line);
        let ports = Ports {
            answers: answers(Arc::clone(&store)),
            store: Arc::clone(&store) as _,
            queue: Arc::new(MemoryQueue::new(100)),
            cache: Arc::clone(&cache),
            channels: vec![Arc::clone(&line) as _],
            ai: Arc::clone(&line) as _,
            alerts: line,
            clock: Arc::new(Real),
            entropy: Arc::new(Real),
            hash_key: store.hash_key(),
            policy: Arc::new(unlimited()),
            payments: None,
            selling: Selling::Off,
            testers: None,
        };
        let engine = Engine::new(ports, Options::default());
        engine.start();
        let ann = store.hash_key().contact(&address()).into();
        Self { engine, store, cache, outside, ann, _folder: folder }
    }

    async fn accepts(&self, mid: &str, event: Event) {
        let id = EventId::derive("messenger", mid);
        let envelope = Envelope { id, to: To::Address(address()), event, sent: None };
        self.engine.accept(vec![envelope]).await.unwrap();
    }

    /// Hears something, and waits until all that follows from it is over.
    async fn hears(&self, mid: &str, event: Event) {
        let before = self.outside.texts_to(ANN).len();
        self.accepts(mid, event).await;
        until(Duration::from_secs(10), || async {
            let opened = self.store.open(self.ann).await.unwrap();
            let contact = opened.state.as_contact().unwrap();
            let is_over = contact.asking.is_none() && contact.sending.is_none() && contact.outbox.is_empty();
            // What is committed is remembered a moment later.
            let warm = self.cache.recall(self.ann).await;
            let is_over = is_over && warm.is_none_or(|it| it.version >= opened.version);
            opened.waiting.is_empty() && is_over && self.outside.texts_to(ANN).len() > before
        })
        .await;
    }

    async fn warm(&self) -> Warm {
        self.cache.recall(self.ann).await.unwrap()
    }

    /// What was sent and asked, the version, and what is left of today's questions.
    async fn result(&self) -> (Vec<String>, Vec<String>, u64, u64) {
        let opened = self.store.open(self.ann).await.unwrap();
        let decisions = opened.state.as_contact().unwrap().decisions;
        (self.outside.texts_to(ANN), self.outside.questions_asked(), opened.version, decisions)
    }
}

fn address() -> Address {
    Address { channel: Kind::Messenger, page: "page".into(), user: ANN.into() }
}

/// Tells the same story to a process; `between` is called before each new question.
async fn story(process: &Process, between: impl AsyncFn(Warm)) {
    process.hears("m0", Event::Tap(Tap::Agree)).await;
    let first = process.warm().await;
    for (mid, question) in
        [("m1", "What is osmosis?"), ("m2", "What is diffusion?"), ("m3", "What is a cell?")]
    {
        between(first.clone()).await;
        process.hears(mid, Event::Text(question.into())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_state_that_is_put_into_redis_changes_nothing() {
    let Some(server) = Server::start() else { return };
    let undisturbed = Process::start(Arc::new(MemoryCache::new(100)));
    story(&undisturbed, async |_| {}).await;

    let link = link_to(&server.url(), "a:").await;
    let counted =
        Arc::new(Counted { cache: RedisCache::new(link, codec(1)), forgotten: AtomicUsize::new(0) });
    let process = Process::start(Arc::clone(&counted) as _);
    story(&process, async |first| {
        let consumed = process.warm().await.consumed;
        // It seems to be the latest, so that it is decided on.
        process.cache.remember(process.ann, Warm { consumed, ..first }).await;
    })
    .await;
    assert!(counted.forgotten.load(Ordering::SeqCst) >= 2, "else this test proves nothing");
    let (result, expected) = (process.result().await, undisturbed.result().await);
    assert_eq!(result, expected);
    assert_eq!(result.1.len(), 3, "each question was asked once: {result:?}");
    assert_eq!(process.warm().await.version, result.2, "the cache has the latest again");
}

/// How often an answer was sent.
fn answered(outside: &Outside, question: &str) -> usize {
    let answer = format!("Answer to {question}.");
    outside.texts_to(ANN).iter().filter(|it| it.contains(&answer)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_that_are_asked_the_same_at_once_ask_once() {
    const OSMOSIS: &str = "What is osmosis?";
    const CELL: &str = "What is a cell?";
    let Some(mut server) = Server::start() else { return };
    let outside: Arc<Outside> = Arc::default();
    outside.slow_ai(1_000);
    let (one, two) = (link_to(&server.url(), "a:").await, link_to(&server.url(), "a:").await);
    let processes = [Process::start_on(&one, &outside), Process::start_on(&two, &outside)];
    for process in &processes {
        process.hears("m0", Event::Tap(Tap::Agree)).await;
        process.accepts("m1", Event::Text(OSMOSIS.into())).await;
    }
    until(Duration::from_secs(10), || async { answered(&outside, OSMOSIS) == 2 }).await;
    assert_eq!(outside.questions_asked(), [OSMOSIS]);

    // When Redis goes while one asks, the other asks by itself at once.
    for process in &processes {
        process.accepts("m2", Event::Text(CELL.into())).await;
    }
    until(Duration::from_secs(5), || async { outside.questions_asked().len() == 2 }).await;
    server.kill();
    until(Duration::from_secs(10), || async { answered(&outside, CELL) == 2 }).await;
    assert_eq!(outside.questions_asked(), [OSMOSIS, CELL, CELL]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_killed_again_and_again_every_question_is_answered_once() {
    let Some(mut server) = Server::start() else { return };
    let link = link_to(&server.url(), "a:").await;
    let outside = Arc::default();
    let process = Process::start_on(&link, &outside);
    process.hears("m0", Event::Tap(Tap::Agree)).await;
    let questions: Vec<String> = (0..60).map(|it| format!("My goat number {it} coughs, why?")).collect();
    for (number, question) in questions.iter().enumerate() {
        match number % 20 {
            5 => server.kill(),
            13 => server.revive(),
            18 => assert!(link.wait_until_up(Duration::from_secs(3)).await),
            _ => {}
        }
        process.hears(&format!("q{number}"), Event::Text(question.clone())).await;
    }
    assert_eq!(outside.questions_asked(), questions);
    for question in &questions {
        assert_eq!(answered(&outside, question), 1, "{question}");
    }
}
