//! A seeded world in which every call to the store may fail before or after it was done, or be the last one of
//! the process. Whatever happens, each question is answered, in order, and asked at the AI again only when a
//! process died or an outcome was lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use answerbot_core::contact::event::{Envelope, Event};
use answerbot_core::contact::message::Tap;
use answerbot_ports::conformance::hooked::{Hooked, Hooks};
use answerbot_ports::store::{Commit, Committed, Store, StoreError};
use async_trait::async_trait;
use tokio::task::JoinSet;

use crate::world::{Line, Machine, envelope};

/// A store that fails at random, by the seed.
struct Chaos {
    line: Line,
    seed: AtomicU64,
    /// In a thousand calls.
    fails: u64,
    kills: u64,
    /// How long the reply to a commit is on its way.
    late: Duration,
}

impl Chaos {
    fn roll(&self) -> u64 {
        // SplitMix64: neighbouring seeds share nothing.
        let mut z = self.seed.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % 1_000
    }

    /// What may happen at any await.
    async fn step(&self) -> Result<(), StoreError> {
        self.line.alive().await;
        let roll = self.roll();
        if roll < self.kills {
            self.line.dead.store(true, Ordering::SeqCst);
            self.line.alive().await;
        }
        if roll < self.kills + self.fails {
            return Err(StoreError::Unavailable("chaos".into()));
        }
        if roll.is_multiple_of(3) {
            tokio::time::sleep(Duration::from_millis(roll % 7)).await;
        }
        Ok(())
    }
}

/// Calls that may fail at their end too. A lease that was given and not heard of is lost until the next process: it
/// is not tried here.
const TRIED: [&str; 6] = ["admit", "open", "commit", "is_open", "unattended", "overdue_texts"];

#[async_trait]
impl Hooks for Chaos {
    async fn before(&self, call: &'static str) -> Result<(), StoreError> {
        if TRIED.contains(&call) || ["keep_callback", "lease_due"].contains(&call) {
            self.step().await
        } else {
            Ok(())
        }
    }

    async fn after(&self, call: &'static str) -> Result<(), StoreError> {
        if TRIED.contains(&call) || call == "keep_callback" { self.step().await } else { Ok(()) }
    }

    async fn commit(&self, inner: &dyn Store, commit: Commit) -> Result<Committed, StoreError> {
        let committed = inner.commit(commit).await;
        tokio::time::sleep(self.late).await;
        committed
    }
}

const PEOPLE: usize = 6;
const QUESTIONS: usize = 8;

fn question(person: usize, number: usize) -> String {
    format!("Q{number} of person {person}, what is it?")
}

/// Runs processes one after the other until every question is acknowledged, then one calm one.
async fn run(seed: u64) {
    let machine = Machine::new();
    let calm = machine.start();
    for person in 0..PEOPLE {
        calm.agrees(&format!("p{person}")).await;
    }
    calm.stop(Duration::from_secs(5)).await;
    let before = machine.outside.questions_asked().len();
    assert_eq!(before, 0);

    let mut waiting: Vec<Envelope> = (0..QUESTIONS)
        .flat_map(|number| (0..PEOPLE).map(move |person| (person, number)))
        .map(|(person, number)| {
            let user = format!("p{person}");
            envelope(&user, &format!("{user}-{number}"), Event::Text(question(person, number)))
        })
        .collect();
    let mut deaths = 0_u64;
    for life in 0..40 {
        if waiting.is_empty() {
            break;
        }
        let process = machine.start_with(|inner, line| {
            let seed = AtomicU64::new((seed * 1_000 + life).wrapping_mul(0xd134_2543_de82_ef95));
            let hooks = Chaos { line: line.clone(), seed, fails: 30, kills: 6, late: Duration::ZERO };
            Arc::new(Hooked { inner, hooks })
        });
        while !waiting.is_empty() {
            // The platform keeps what is not acknowledged, in order, and delivers some of it twice.
            let envelope = waiting[0].clone();
            match process.accept(envelope).await {
                Some(Ok(_)) => drop(waiting.remove(0)),
                Some(Err(_)) => {}
                None => break,
            }
            if process.line.dead.load(Ordering::SeqCst) {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
        deaths += 1;
        drop(process);
    }
    assert!(waiting.is_empty(), "seed {seed}: not all was acknowledged");

    let calm = machine.start();
    for person in 0..PEOPLE {
        for number in 0..QUESTIONS {
            calm.answered(&format!("p{person}"), &question(person, number)).await;
        }
    }
    let asked = machine.outside.questions_asked();
    let mut repeats = 0;
    for person in 0..PEOPLE {
        let user = format!("p{person}");
        let answers: Vec<String> =
            machine.outside.texts_to(&user).into_iter().filter(|it| it.contains("Answer to Q")).collect();
        let mut once = answers.clone();
        once.dedup();
        repeats += answers.len() - once.len();
        let wanted: Vec<String> =
            (0..QUESTIONS).map(|n| format!("Answer to {}.", question(person, n))).collect();
        assert_eq!(once, wanted, "seed {seed}: the answers of {user} are not in order");
        for number in 0..QUESTIONS {
            let calls = asked.iter().filter(|it| **it == question(person, number)).count();
            assert!(
                calls >= 1 && calls as u64 <= 1 + deaths,
                "seed {seed}: {user} {number} was asked {calls} times"
            );
        }
    }
    // One send a person can be in flight when its process dies.
    assert!(repeats as u64 <= deaths * PEOPLE as u64, "seed {seed}: {repeats} repeats in {deaths} deaths");
    calm.stop(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_question_is_answered_in_order_whatever_fails_and_whoever_dies() {
    #[expect(clippy::disallowed_methods, reason = "the size of a soak comes from its script")]
    let seeds = std::env::var("SOAK_CHAOS").ok().and_then(|it| it.parse().ok()).unwrap_or(4);
    for seed in 1..=seeds {
        run(seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_too_few_slots_nobody_is_forgotten() {
    let mut machine = Machine::new();
    machine.options.send_slots = 2;
    machine.options.ai_slots = 2;
    machine.outside.slow_platform(4);
    let process = Arc::new(machine.start_with(late_by(Duration::ZERO)));
    let mut senders = JoinSet::new();
    for person in 0..100 {
        let process = Arc::clone(&process);
        senders.spawn(async move {
            let user = format!("p{person}");
            let agree = envelope(&user, &format!("agree-{user}"), Event::Tap(Tap::Agree));
            process.accept(agree).await.unwrap().unwrap();
            process.says(&user, &format!("q-{user}"), "What is malaria?").await;
        });
    }
    senders.join_all().await;
    for person in 0..100 {
        process.answered(&format!("p{person}"), "What is malaria?").await;
    }
}

/// A calm store whose reply to a commit is so long on its way.
fn late_by(late: Duration) -> impl FnOnce(Arc<dyn Store>, &Line) -> Arc<dyn Store> {
    move |inner, line| {
        let hooks = Chaos { line: line.clone(), seed: AtomicU64::new(7), fails: 0, kills: 0, late };
        Arc::new(Hooked { inner, hooks })
    }
}

/// The first attempt fails. The second one is due in a second, when the reply to the commit that wrote it is still
/// on its way; so it is leased and under way by the time the reply comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_that_began_before_its_commit_was_heard_of_counts() {
    let machine = Machine::new();
    let process = machine.start();
    process.agrees("ann").await;
    process.stop(Duration::from_secs(5)).await;
    machine.outside.fail_next_ai_calls(1);
    machine.outside.slow_ai(900);
    let process = machine.start_with(late_by(Duration::from_millis(1_500)));
    process.says("ann", "q1", "What is malaria?").await;
    process.answered("ann", "What is malaria?").await;
    assert_eq!(machine.outside.questions_asked().len(), 2);
}
