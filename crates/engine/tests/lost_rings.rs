//! A ring that the queue did not take costs a sweep, never a message.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use answerbot_core::contact::event::Event;
use answerbot_core::contact::message::Tap;
use answerbot_local::MemoryQueue;
use answerbot_ports::queue::{Queue, Ring, RingLost, Rung};
use async_trait::async_trait;

use crate::world::{Machine, Process, envelope};

const PEOPLE: usize = 5;
const QUESTIONS: usize = 3;

/// Takes one ring in so many, and refuses the others as a full queue does.
struct Lossy {
    inner: MemoryQueue,
    /// `None` refuses all.
    takes_one_in: Option<usize>,
    came: AtomicUsize,
    refused: AtomicUsize,
}

impl Lossy {
    fn new(takes_one_in: Option<usize>) -> Arc<Self> {
        let inner = MemoryQueue::new(1_000);
        Arc::new(Self { inner, takes_one_in, came: AtomicUsize::new(0), refused: AtomicUsize::new(0) })
    }

    fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Queue for Lossy {
    async fn ring(&self, ring: Ring) -> Result<(), RingLost> {
        let number = self.came.fetch_add(1, Ordering::SeqCst);
        if self.takes_one_in.is_some_and(|rings| number.is_multiple_of(rings)) {
            return self.inner.ring(ring).await;
        }
        self.refused.fetch_add(1, Ordering::SeqCst);
        Err(RingLost)
    }

    async fn next(&self) -> Rung {
        self.inner.next().await
    }

    fn depth(&self) -> usize {
        self.inner.depth()
    }
}

fn user(person: usize) -> String {
    format!("p{person}")
}

fn question(person: usize, number: usize) -> String {
    format!("Q{number} of person {person}, what is it?")
}

/// Everybody asks question `number`, and each webhook hears that it was taken.
async fn all_ask(process: &Process, number: usize) {
    for person in 0..PEOPLE {
        let user = user(person);
        process.says(&user, &format!("{user}-{number}"), &question(person, number)).await;
    }
}

/// All agree, ask twice at once, and once more when they were answered.
async fn all_talk(process: &Process) {
    for person in 0..PEOPLE {
        let user = user(person);
        let agree = envelope(&user, &format!("agree-{user}"), Event::Tap(Tap::Agree));
        process.accept(agree).await.unwrap().unwrap();
    }
    for number in 0..QUESTIONS - 1 {
        all_ask(process, number).await;
    }
    for person in 0..PEOPLE {
        process.answered(&user(person), &question(person, QUESTIONS - 2)).await;
    }
    // Now everybody is in the cache, which says that nothing waits.
    all_ask(process, QUESTIONS - 1).await;
    for person in 0..PEOPLE {
        process.answered(&user(person), &question(person, QUESTIONS - 1)).await;
    }
}

/// Every question has its answer, in the order of asking, and was asked once.
fn all_were_answered_once_in_order(machine: &Machine) {
    let asked = machine.outside.questions_asked();
    assert_eq!(asked.len(), PEOPLE * QUESTIONS, "{asked:?}");
    for person in 0..PEOPLE {
        let texts = machine.outside.texts_to(&user(person));
        let answers: Vec<&String> = texts.iter().filter(|it| it.contains("Answer to Q")).collect();
        assert_eq!(answers.len(), QUESTIONS, "{answers:?}");
        for (number, answer) in answers.into_iter().enumerate() {
            assert!(
                answer.contains(&question(person, number)),
                "not the answer to question {number}: {answer}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_question_is_answered_although_every_ring_is_refused() {
    let machine = Machine::new();
    let queue = Lossy::new(None);
    let process = machine.start_on(Arc::clone(&queue) as _, |store, _| store);
    all_talk(&process).await;
    all_were_answered_once_in_order(&machine);
    assert_eq!(queue.refused(), PEOPLE * (1 + QUESTIONS), "no ring got through");
}

/// What a ring brings does not follow on what is known when one before it was lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ring_that_comes_after_a_lost_one_skips_nothing() {
    let machine = Machine::new();
    let queue = Lossy::new(Some(2));
    let process = machine.start_on(Arc::clone(&queue) as _, |store, _| store);
    all_talk(&process).await;
    all_were_answered_once_in_order(&machine);
    assert_eq!(queue.refused(), PEOPLE * (1 + QUESTIONS) / 2);
}

/// Its process died between storing and ringing, or its web server's patience ended there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stored_and_not_rung_for_is_rung_for_when_it_is_delivered_again() {
    let mut machine = Machine::new();
    machine.options.sweep_interval = std::time::Duration::from_mins(10);
    let queue = Lossy::new(Some(2));
    let process = machine.start_on(Arc::clone(&queue) as _, |store, _| store);
    process.agrees("ann").await;
    process.says("ann", "q1", "What is malaria?").await;
    assert_eq!(queue.refused(), 1);
    process.says("ann", "q1", "What is malaria?").await;
    process.answered("ann", "What is malaria?").await;
    assert_eq!(machine.outside.questions_asked(), ["What is malaria?"]);
}
