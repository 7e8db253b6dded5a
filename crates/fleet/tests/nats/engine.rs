//! Engines that share work by NATS: a web role and two workers, as three processes would be, over one store.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::contact::message::Tap;
use answerbot_core::pay::price::Selling;
use answerbot_core::{Address, Channel as Kind, EventId, Policy, Time};
use answerbot_engine::{Engine, Intake as _, Options, Ports};
use answerbot_fleet::nats::{NatsQueue, NatsSettings};
use answerbot_local::{Access, MemoryCache, SharedAnswers, SqliteStore};
use answerbot_ports::store::Store as _;
use tokio::time::Instant;

use super::server::{PATIENCE, Server, codec, process, until};
use crate::outside::{Line, Outside, Real};

const PEOPLE: usize = 40;
const HOUR: Duration = Duration::from_hours(1);

struct Fleet {
    web: Engine,
    workers: Vec<Engine>,
    queues: Vec<Arc<NatsQueue>>,
    outside: Arc<Outside>,
    store: Arc<SqliteStore>,
    _folder: tempfile::TempDir,
}

impl Fleet {
    async fn start(settings: &NatsSettings, sweep_interval: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answerbot.db");
        let store = Arc::new(SqliteStore::open(&path, Access::Serve, codec(1), &Real).unwrap());
        let outside = Arc::new(Outside::default());
        let mut engines = Vec::new();
        let mut queues = Vec::new();
        for work in [false, true, true] {
            let queue = Arc::new(process(settings).await);
            let engine = Engine::new(
                ports(&store, &outside, Arc::clone(&queue)),
                Options { sweep_interval, work, ..Options::default() },
            );
            engine.start();
            engines.push(engine);
            queues.push(queue);
        }
        // The first sweep finds what there is: let it be over, or it would help.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let web = engines.remove(0);
        Self { web, workers: engines, queues, outside, store, _folder: folder }
    }

    async fn hears(&self, person: usize, mid: &str, event: Event) {
        let id = EventId::derive("messenger", &format!("{mid}-{person}"));
        let envelope = Envelope { id, to: To::Address(address(person)), event, sent: None };
        self.web.accept(vec![envelope]).await.unwrap();
    }

    async fn agree(&self) {
        let sent = || self.outside.delivered.lock().values().map(Vec::len).sum::<usize>();
        let before = sent();
        for person in 0..PEOPLE {
            self.hears(person, "agree", Event::Tap(Tap::Agree)).await;
        }
        until("all were greeted", || sent() >= before + PEOPLE).await;
    }

    /// Each asks once; how long each waited for the answer.
    async fn ask(&self, number: usize) -> Vec<Duration> {
        let mut began = Vec::new();
        for person in 0..PEOPLE {
            began.push(Instant::now());
            self.hears(person, &format!("q{number}"), Event::Text(question(person, number))).await;
        }
        let mut waited = vec![None; PEOPLE];
        let mut left = PEOPLE;
        while left > 0 {
            for person in answered(&self.outside, number) {
                if waited[person].is_none() {
                    waited[person] = Some(began[person].elapsed());
                    left -= 1;
                }
            }
            assert!(began[PEOPLE - 1].elapsed() < PATIENCE, "{left} were not answered");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut waited: Vec<Duration> = waited.into_iter().flatten().collect();
        waited.sort_unstable();
        waited
    }

    /// Every question was asked once, and nothing waits.
    async fn nothing_is_lost_or_doubled(&self, rounds: usize) {
        assert_eq!(self.outside.questions_asked().len(), rounds * PEOPLE);
        let later = Time::from_millis(i64::MAX);
        assert_eq!(self.store.unattended(later, None, 10).await.unwrap(), []);
        for person in 0..PEOPLE {
            for number in 0..rounds {
                let answers = answered(&self.outside, number).into_iter().filter(|it| *it == person);
                assert_eq!(answers.count(), 1, "person {person}, question {number}");
            }
        }
    }

    async fn stop(self) {
        for queue in &self.queues {
            queue.close().await;
        }
        for engine in self.workers.iter().chain([&self.web]) {
            engine.stop(Duration::from_secs(1)).await;
        }
        for queue in &self.queues {
            queue.close().await;
        }
    }
}

fn ports(store: &Arc<SqliteStore>, outside: &Arc<Outside>, queue: Arc<NatsQueue>) -> Ports {
    let line = Line { outside: Arc::clone(outside), dead: Arc::default(), deadline: Duration::from_secs(10) };
    let line = Arc::new(line);
    let mut policy = Policy::default();
    policy.burst.window_ms = 0;
    Ports {
        answers: Arc::new(SharedAnswers::new(Arc::clone(store) as _, 1_000_000)),
        store: Arc::clone(store) as _,
        queue,
        cache: Arc::new(MemoryCache::new(1000)),
        channels: vec![Arc::clone(&line) as _],
        ai: Arc::clone(&line) as _,
        alerts: Arc::clone(&line) as _,
        clock: line,
        entropy: Arc::new(Real),
        hash_key: store.hash_key(),
        policy: Arc::new(policy),
        payments: None,
        selling: Selling::Off,
        testers: None,
    }
}

fn address(person: usize) -> Address {
    Address { channel: Kind::Messenger, page: "page".into(), user: user(person) }
}

fn user(person: usize) -> String {
    format!("p{person}")
}

fn question(person: usize, number: usize) -> String {
    format!("Question {number} of person {person}, what is it?")
}

/// Who has the answer to this question, as often as they have it.
fn answered(outside: &Outside, number: usize) -> Vec<usize> {
    let of = |person: usize| {
        let (texts, words) = (outside.texts_to(&user(person)), question(person, number));
        let answers = texts.into_iter().filter(|text| text.contains(&words)).count();
        std::iter::repeat_n(person, answers)
    };
    (0..PEOPLE).flat_map(of).collect()
}

/// No sweep helps: every ring arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_sweep_an_hour_everybody_is_answered_at_once() {
    let Some(server) = Server::any() else { return };
    let fleet = Fleet::start(&server.settings(), HOUR).await;
    fleet.agree().await;
    for number in 0..3 {
        let waited = fleet.ask(number).await;
        println!("one sweep an hour: median {:?}, longest {:?}", waited[PEOPLE / 2], waited[PEOPLE - 1]);
        assert!(waited[PEOPLE - 1] < Duration::from_secs(3), "{waited:?}");
    }
    fleet.nothing_is_lost_or_doubled(3).await;
    fleet.stop().await;
}

/// Before, while and after: the sweeper has what no ring brings.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nats_is_gone_the_sweeper_has_everybody_answered() {
    let Some(mut server) = Server::own() else { return };
    let fleet = Fleet::start(&server.settings(), Duration::from_millis(500)).await;
    fleet.agree().await;
    fleet.ask(0).await;
    server.kill();
    let waited = fleet.ask(1).await;
    println!("without NATS: median {:?}, longest {:?}", waited[PEOPLE / 2], waited[PEOPLE - 1]);
    server.revive();
    until("NATS is there", || fleet.queues.iter().all(|it| it.is_up())).await;
    let waited = fleet.ask(2).await;
    println!("with NATS again: median {:?}, longest {:?}", waited[PEOPLE / 2], waited[PEOPLE - 1]);
    fleet.nothing_is_lost_or_doubled(3).await;
    fleet.stop().await;
}

/// A worker stops in the middle: what it has not begun another has at once, and no sweep is needed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_stops_leaves_its_rings_to_the_other() {
    let Some(server) = Server::any() else { return };
    let mut fleet = Fleet::start(&server.settings(), HOUR).await;
    fleet.agree().await;
    let (engine, queue) = (fleet.workers.remove(0), fleet.queues.remove(1));
    let stop = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        queue.close().await;
        engine.stop(Duration::from_secs(1)).await;
        queue.close().await;
    };
    let (waited, ()) = tokio::join!(fleet.ask(0), stop);
    println!("while a worker stops: median {:?}, longest {:?}", waited[PEOPLE / 2], waited[PEOPLE - 1]);
    assert!(waited[PEOPLE - 1] < Duration::from_secs(5), "{waited:?}");
    fleet.nothing_is_lost_or_doubled(1).await;
    fleet.stop().await;
}
