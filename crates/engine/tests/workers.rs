//! Several processes on one store: whoever takes a message and whoever is rung, each person's order is kept and nothing
//! is decided or performed twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use answerbot_core::AggregateId;
use answerbot_core::contact::effect::{Action, Effect};
use answerbot_core::contact::event::Event;
use answerbot_core::contact::message::Message;
use answerbot_local::MemoryCache;
use answerbot_ports::cache::{Cache, Warm};
use answerbot_ports::conformance;
use answerbot_ports::reports::Reports as _;
use answerbot_ports::store::{Commit, Committed, Store as _, Stuck};
use async_trait::async_trait;
use parking_lot::Mutex;

use crate::world::{Fate, Machine, Process, address, envelope};

const PEOPLE: usize = 500;
const QUESTIONS: usize = 3;

/// Numbers that a seed gives again.
struct Dice(AtomicU64);

impl Dice {
    fn roll(&self, below: usize) -> usize {
        let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % below as u64).unwrap()
    }
}

/// Remembers every state there ever was, and gives any of them.
struct Stale {
    states: Mutex<HashMap<AggregateId, Vec<Warm>>>,
    dice: Dice,
    swapped: Arc<AtomicU64>,
}

#[async_trait]
impl Cache for Stale {
    async fn recall(&self, aggregate: AggregateId) -> Option<Warm> {
        let states = self.states.lock();
        let all = states.get(&aggregate)?;
        let chosen = self.dice.roll(all.len());
        self.swapped.fetch_add(u64::from(chosen + 1 < all.len()), Ordering::SeqCst);
        all.get(chosen).cloned()
    }

    async fn remember(&self, aggregate: AggregateId, warm: Warm) {
        self.states.lock().entry(aggregate).or_default().push(warm);
    }

    async fn forget(&self, _: AggregateId) {}
}

fn question(person: usize, number: usize) -> String {
    format!("Q{number} of person {person}, what is it?")
}

/// The messages of all people, shuffled among the people and not within one, each taken by any process.
async fn asked_by_all(processes: &[Process], seed: u64) {
    let dice = Dice(AtomicU64::new(seed));
    for person in 0..PEOPLE {
        let process = &processes[dice.roll(processes.len())];
        let user = format!("p{person}");
        let tap = Event::Tap(answerbot_core::contact::message::Tap::Agree);
        process.accept(envelope(&user, &format!("agree-{user}"), tap)).await.unwrap().unwrap();
    }
    let mut left: Vec<(usize, usize)> = (0..PEOPLE).map(|person| (person, 0)).collect();
    while !left.is_empty() {
        let at = dice.roll(left.len());
        let (person, number) = left[at];
        let user = format!("p{person}");
        let process = &processes[dice.roll(processes.len())];
        process.says(&user, &format!("{user}-{number}"), &question(person, number)).await;
        if number + 1 == QUESTIONS {
            left.swap_remove(at);
        } else {
            left[at].1 += 1;
        }
    }
}

/// Each person has each answer once, in the order of the questions.
async fn all_are_answered_once_in_order(processes: &[Process]) {
    let outside = &processes[0].line.outside;
    let answers = |person: usize| -> Vec<String> {
        let texts = outside.texts_to(&format!("p{person}"));
        texts.into_iter().filter(|it| it.contains("Answer to Q")).collect()
    };
    let done = async {
        while !(0..PEOPLE).all(|person| answers(person).len() >= QUESTIONS) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_mins(1), done).await;
    assert!(waited.is_ok(), "somebody was not answered");
    tokio::time::sleep(Duration::from_millis(500)).await;
    for person in 0..PEOPLE {
        let told = answers(person);
        assert_eq!(told.len(), QUESTIONS, "{told:?}");
        for (number, text) in told.iter().enumerate() {
            assert!(text.contains(&question(person, number)), "person {person} got {told:?}");
        }
    }
    assert_eq!(outside.questions_asked().len(), PEOPLE * QUESTIONS, "a question was asked twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_share_the_work_of_a_store_and_each_person_is_served_in_order() {
    let machine = Machine::new();
    let processes = machine.fleet(4, || Arc::new(MemoryCache::new(1_000)));
    asked_by_all(&processes, 11).await;
    all_are_answered_once_in_order(&processes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_states_in_the_cache_change_nothing() {
    let machine = Machine::new();
    let (number, swapped) = (AtomicU64::new(0), Arc::new(AtomicU64::new(0)));
    let processes = machine.fleet(3, || {
        let dice = Dice(AtomicU64::new(number.fetch_add(1, Ordering::SeqCst)));
        Arc::new(Stale { states: Mutex::default(), dice, swapped: Arc::clone(&swapped) })
    });
    asked_by_all(&processes, 12).await;
    all_are_answered_once_in_order(&processes).await;
    let swapped = swapped.load(Ordering::SeqCst);
    assert!(swapped > 500, "only {swapped} old states were given");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_died_here_and_is_revived_elsewhere_can_be_performed_here() {
    let machine = Machine::new();
    let here = machine.start();
    here.agrees("ann").await;
    let store = &here.store;
    machine.outside.next_fates(&[Fate::Refuse]);
    here.says("ann", "m1", "Why is the sky blue, tell me?").await;
    let stuck = async {
        while store.overview().await.unwrap().dead_effects == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        store.stuck(9).await.unwrap().remove(0)
    };
    let stuck = tokio::time::timeout(Duration::from_secs(20), stuck).await.expect("nothing died");
    let Stuck::Effect { aggregate, effect, .. } = stuck else { panic!("no effect: {stuck:?}") };
    // As a decision of another process does: the next attempt, free for anybody.
    let to = address("ann");
    let action = Action::Send { to, message: Message::plain("Here it is at last.") };
    let again = Effect { attempt: effect.attempt + 1, action, ..effect };
    loop {
        let opened = store.open(aggregate).await.unwrap();
        let commit = Commit {
            state: Arc::new(opened.state),
            open: vec![(again.clone(), None)],
            ..conformance::commit(aggregate, opened.version, opened.consumed)
        };
        // The process may decide something of its own meanwhile.
        if store.commit(commit).await.unwrap() != Committed::Stale {
            break;
        }
    }
    here.until(|outside| outside.texts_to("ann").iter().any(|it| it == "Here it is at last.")).await;
}
