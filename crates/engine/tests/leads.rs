//! Processes of a fleet that are asked the same: one asks, the others look for its answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use answerbot_core::reuse::{Kept, Key};
use answerbot_ports::answers::{Answers, Recalled};
use answerbot_ports::store::StoreError;
use answerbot_ports::world::Clock;
use async_trait::async_trait;
use parking_lot::Mutex;

use crate::world::{Line, Machine, Process, Real};

const OSMOSIS: &str = "What is osmosis?";
const DIFFUSION: &str = "What is diffusion?";

/// What all processes have in common. It can go away, as a server does.
#[derive(Default)]
struct Common {
    kept: Mutex<HashMap<Key, Arc<Kept>>>,
    leads: Mutex<HashMap<Key, (u64, Duration)>>,
    is_away: AtomicBool,
}

/// One process's view of it.
struct Share {
    common: Arc<Common>,
    process: u64,
    line: Line,
}

#[async_trait]
impl Answers for Share {
    async fn recall(&self, key: Key) -> Option<Recalled> {
        self.line.alive().await;
        let kept = if self.is_away() { None } else { self.common.kept.lock().get(&key).cloned() }?;
        Some(Recalled { kept, saved: true })
    }

    async fn remember(&self, key: Key, kept: Kept) {
        self.line.alive().await;
        if !self.is_away() {
            self.common.kept.lock().insert(key, Arc::new(kept));
        }
    }

    async fn save(&self, _: Key) -> Result<(), StoreError> {
        Ok(())
    }

    async fn withdraw(&self, key: Key) -> Result<(), StoreError> {
        self.common.kept.lock().remove(&key);
        Ok(())
    }

    async fn lead(&self, key: Key, most: Duration) -> bool {
        self.line.alive().await;
        let (mut leads, now) = (self.common.leads.lock(), Real.monotonic());
        if self.is_away() {
            return true;
        }
        let is_free = leads.get(&key).is_none_or(|(leader, until)| *leader == self.process || *until <= now);
        if is_free {
            leads.insert(key, (self.process, now + most));
        }
        is_free
    }

    async fn land(&self, key: Key) {
        self.line.alive().await;
        self.common.leads.lock().retain(|it, (leader, _)| *it != key || *leader != self.process);
    }
}

impl Share {
    fn is_away(&self) -> bool {
        self.common.is_away.load(Ordering::SeqCst)
    }
}

/// Two machines of one fleet, with people of their own.
struct Fleet {
    one: Machine,
    two: Machine,
    common: Arc<Common>,
}

impl Fleet {
    fn new() -> Self {
        let (one, mut two) = (Machine::new(), Machine::new());
        two.outside = Arc::clone(&one.outside);
        Self { one, two, common: Arc::default() }
    }

    fn start(&self) -> (Process, Process) {
        let share = |process| {
            let common = Arc::clone(&self.common);
            move |line: &Line| Arc::new(Share { common, process, line: line.clone() }) as Arc<dyn Answers>
        };
        (self.one.start_sharing(share(1)), self.two.start_sharing(share(2)))
    }
}

async fn asks(process: &Process, user: &str, text: &str) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    process.says(user, &format!("{user} {number}"), text).await;
}

async fn people(process: &Process, names: &[&str]) {
    for name in names {
        process.agrees(name).await;
    }
}

/// The question is at the provider.
async fn asked(process: &Process, times: usize) {
    process.until(|outside| outside.questions_asked().len() >= times).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_ask_two_processes_the_same_at_once_cost_one_call() {
    let fleet = Fleet::new();
    let (one, two) = fleet.start();
    let (here, there): (Vec<_>, Vec<_>) =
        (0..30).map(|it| format!("p{it}")).partition(|it| it.ends_with(['0', '2', '4', '6', '8']));
    for (process, names) in [(&one, &here), (&two, &there)] {
        for name in names {
            process.agrees(name).await;
        }
    }
    fleet.one.outside.slow_ai(1_500);
    for (first, second) in here.iter().zip(&there) {
        asks(&one, first, OSMOSIS).await;
        asks(&two, second, OSMOSIS).await;
    }
    for name in here.iter().chain(&there) {
        one.answered(name, OSMOSIS).await;
    }
    assert_eq!(fleet.one.outside.questions_asked(), [OSMOSIS]);
    assert!(fleet.common.leads.lock().is_empty(), "the lead was given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_takes_longer_than_a_lead_is_still_the_only_one() {
    let fleet = Fleet::new();
    let (one, two) = fleet.start();
    people(&one, &["p0"]).await;
    people(&two, &["p1"]).await;
    fleet.one.outside.slow_ai(7_500);
    asks(&one, "p0", OSMOSIS).await;
    asked(&one, 1).await;
    asks(&two, "p1", OSMOSIS).await;
    two.answered("p1", OSMOSIS).await;
    assert_eq!(fleet.one.outside.questions_asked(), [OSMOSIS]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_one_who_asks_dies_another_asks_within_seconds() {
    let fleet = Fleet::new();
    let (one, two) = fleet.start();
    people(&one, &["p0"]).await;
    people(&two, &["p1"]).await;
    fleet.one.outside.slow_ai(3_000);
    asks(&one, "p0", OSMOSIS).await;
    asked(&one, 1).await;
    asks(&two, "p1", OSMOSIS).await;
    drop(one);
    fleet.one.outside.slow_ai(0);
    let began = Real.monotonic();
    two.answered("p1", OSMOSIS).await;
    let waited = Real.monotonic().saturating_sub(began);
    assert!(waited < Duration::from_secs(8), "{waited:?}");
    assert_eq!(fleet.one.outside.questions_asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_another_process_keeps_no_place_from_others() {
    let mut fleet = Fleet::new();
    fleet.two.options.ai_slots = 1;
    let (one, two) = fleet.start();
    people(&one, &["p0"]).await;
    people(&two, &["p1", "p2"]).await;
    fleet.one.outside.slow_ai(3_000);
    asks(&one, "p0", OSMOSIS).await;
    asked(&one, 1).await;
    asks(&two, "p1", OSMOSIS).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    asks(&two, "p2", DIFFUSION).await;
    asked(&two, 2).await;
    assert!(fleet.one.outside.texts_to("p1").iter().all(|it| !it.starts_with("Answer")), "it waits");
    two.answered("p1", OSMOSIS).await;
    two.answered("p2", DIFFUSION).await;
    assert_eq!(fleet.one.outside.questions_asked(), [OSMOSIS, DIFFUSION]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_one_who_asks_gets_no_answer_the_other_asks_itself() {
    let fleet = Fleet::new();
    let (one, two) = fleet.start();
    people(&one, &["p0"]).await;
    people(&two, &["p1"]).await;
    fleet.one.outside.slow_ai(1_000);
    fleet.one.outside.fail_next_ai_calls(1);
    asks(&one, "p0", OSMOSIS).await;
    asked(&one, 1).await;
    asks(&two, "p1", OSMOSIS).await;
    two.answered("p1", OSMOSIS).await;
    assert_eq!(fleet.one.outside.questions_asked()[..2], [OSMOSIS, OSMOSIS]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_what_is_common_goes_away_each_process_asks_by_itself() {
    let fleet = Fleet::new();
    let (one, two) = fleet.start();
    people(&one, &["p0"]).await;
    people(&two, &["p1"]).await;
    fleet.one.outside.slow_ai(2_000);
    asks(&one, "p0", OSMOSIS).await;
    asked(&one, 1).await;
    asks(&two, "p1", OSMOSIS).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(fleet.one.outside.questions_asked().len(), 1, "it waits");
    fleet.common.is_away.store(true, Ordering::SeqCst);
    asked(&two, 2).await;
    one.answered("p0", OSMOSIS).await;
    two.answered("p1", OSMOSIS).await;
}
