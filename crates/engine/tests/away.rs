//! The store does not take what this process has done, or cannot tell it something: nothing is done twice for that, and
//! nobody else waits.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use answerbot_core::contact::effect::Kind;
use answerbot_core::contact::event::{Event, To};
use answerbot_core::{AggregateId, EffectId};
use answerbot_local::MemoryQueue;
use answerbot_ports::conformance::hooked::{Hooked, Hooks};
use answerbot_ports::conformance::want;
use answerbot_ports::queue::{Queue, Receipt, Ring, RingLost, Rung};
use answerbot_ports::store::{Commit, Committed, Store, StoreError};
use answerbot_ports::world::Clock as _;
use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::world::{Delivered, Fate, Machine, Process, Real, address, envelope};

/// What the store does not do.
#[derive(Default)]
struct Trouble {
    /// Whose decisions it does not take.
    refused: Mutex<BTreeSet<AggregateId>>,
    refusals: AtomicUsize,
    /// Looks for effects that are due.
    looks: AtomicUsize,
    /// It cannot read the next one that it opens, and takes its time to say so.
    is_unreadable: AtomicBool,
    opened: AtomicUsize,
}

struct Troubled(Arc<Trouble>);

#[async_trait]
impl Hooks for Troubled {
    async fn before(&self, call: &'static str) -> Result<(), StoreError> {
        if call == "open" {
            self.0.opened.fetch_add(1, Ordering::SeqCst);
            if self.0.is_unreadable.swap(false, Ordering::SeqCst) {
                tokio::time::sleep(SLOW * 2).await;
                return Err(StoreError::Unreadable("scripted".into()));
            }
        }
        Ok(())
    }

    async fn after(&self, call: &'static str) -> Result<(), StoreError> {
        self.0.looks.fetch_add(usize::from(call == "lease_due"), Ordering::SeqCst);
        Ok(())
    }

    async fn commit(&self, inner: &dyn Store, commit: Commit) -> Result<Committed, StoreError> {
        if self.0.refused.lock().contains(&commit.aggregate) {
            self.0.refusals.fetch_add(1, Ordering::SeqCst);
            return Err(StoreError::Unavailable("scripted".into()));
        }
        inner.commit(commit).await
    }
}

/// How long the platform takes for a send.
const SLOW: Duration = Duration::from_millis(500);

struct Case {
    machine: Machine,
    process: Process,
    trouble: Arc<Trouble>,
}

impl Case {
    fn start(queue: Arc<dyn Queue>) -> Self {
        Self::start_with(Machine::new(), queue)
    }

    fn start_with(machine: Machine, queue: Arc<dyn Queue>) -> Self {
        let trouble = Arc::new(Trouble::default());
        let hooks = Troubled(Arc::clone(&trouble));
        let process = machine.start_on(queue, |inner, _| Arc::new(Hooked { inner, hooks }));
        Self { machine, process, trouble }
    }

    fn aggregate(&self, user: &str) -> AggregateId {
        self.process.store.hash_key().whom(&To::Address(address(user))).0
    }

    fn refuse(&self, user: &str) {
        self.trouble.refused.lock().insert(self.aggregate(user));
    }

    fn take_all(&self) {
        self.trouble.refused.lock().clear();
    }

    /// Ann's answer is with her, and the call that sent it is about to hear so.
    async fn answer_on_its_way(&self) -> Delivered {
        let outside = &self.machine.outside;
        self.process.agrees("ann").await;
        outside.slow_platform(u64::try_from(SLOW.as_millis()).unwrap());
        self.process.says("ann", "q1", "What is malaria?").await;
        self.process.answered("ann", "What is malaria?").await;
        outside.delivered_to("ann").into_iter().find(|it| it.text.starts_with("Answer")).unwrap()
    }

    /// Nobody else can have this effect of hers: this process has leased it once more.
    async fn leased_again(&self, effect: EffectId) {
        let looks = || self.trouble.looks.load(Ordering::SeqCst);
        let before = looks();
        until("it is looked for", || looks() > before + 5).await;
        let free = self.process.store.lease_due(&[want(Kind::Send, 9)], Real.now()).await.unwrap();
        assert!(free.iter().all(|it| it.effect.id != effect), "it was not leased");
    }

    /// Ann is served again, and what was sent was sent so often.
    async fn goes_on(&self, sent: EffectId, times: usize) {
        self.machine.outside.slow_platform(0);
        self.process.says("ann", "q9", "And the next question?").await;
        self.process.answered("ann", "And the next question?").await;
        assert_eq!(self.machine.outside.starts_of(sent).len(), times);
    }
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_while_its_lease_ends_before_the_store_takes_that_is_not_sent_again() {
    let case = Case::start(Arc::new(MemoryQueue::new(1_000)));
    let sent = case.answer_on_its_way().await.effect;
    case.refuse("ann");
    let refusals = || case.trouble.refusals.load(Ordering::SeqCst);
    until("its outcome waits for the store", || refusals() > 0).await;
    // The store was away for longer than the lease, and is asked for due effects first when it is back.
    case.process.store.release(vec![(case.aggregate("ann"), sent)]).await.unwrap();
    case.leased_again(sent).await;
    case.take_all();
    case.goes_on(sent, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_have_been_sent_waits_for_its_echo_although_its_lease_ends_before_the_store_knows() {
    let case = Case::start(Arc::new(MemoryQueue::new(1_000)));
    let outside = &case.machine.outside;
    case.process.agrees("ann").await;
    outside.next_fates(&[Fate::AcceptThenHang]);
    case.process.says("ann", "q1", "What is malaria?").await;
    case.process.answered("ann", "What is malaria?").await;
    let sent =
        outside.delivered_to("ann").into_iter().find(|it| it.text.starts_with("Answer")).unwrap().effect;
    case.refuse("ann");
    until("that nobody knows waits for the store", || case.trouble.refusals.load(Ordering::SeqCst) > 0).await;
    case.process.store.release(vec![(case.aggregate("ann"), sent)]).await.unwrap();
    case.leased_again(sent).await;
    assert_eq!(outside.starts_of(sent).len(), 1);
    case.take_all();
    // No echo came: once more, and not at the price of a third time.
    case.goes_on(sent, 2).await;
}

/// Rings without envelopes: whoever is rung looks into the store.
struct Bare(MemoryQueue);

#[async_trait]
impl Queue for Bare {
    async fn ring(&self, ring: Ring) -> Result<(), RingLost> {
        self.0.ring(Ring { envelopes: Vec::new(), ..ring }).await
    }

    async fn next(&self) -> Rung {
        self.0.next().await
    }

    fn depth(&self) -> usize {
        self.0.depth()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_that_comes_while_its_person_cannot_be_read_is_kept() {
    let case = Case::start(Arc::new(Bare(MemoryQueue::new(1_000))));
    let sent = case.answer_on_its_way().await.effect;
    case.trouble.is_unreadable.store(true, Ordering::SeqCst);
    let opened = case.trouble.opened.load(Ordering::SeqCst);
    case.process.says("ann", "q2", "What is a mosquito?").await;
    until("she is looked at", || case.trouble.opened.load(Ordering::SeqCst) > opened).await;
    case.goes_on(sent, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_echo_for_somebody_whose_store_is_away_is_taken_all_the_same() {
    let case = Case::start(Arc::new(MemoryQueue::new(1_000)));
    let sent = case.answer_on_its_way().await;
    case.refuse("ann");
    let echo = Event::OwnEcho { effect: sent.effect, message: sent.mid };
    // It is stored, because nothing else has it yet.
    let taken = case.process.accept(envelope("ann", "echo-1", echo)).await.expect("it hangs").unwrap();
    assert_eq!((taken.new, taken.passed_over), (1, 0));
    case.take_all();
    case.goes_on(sent.effect, 1).await;
}

/// Gives out so many rings at once, as a queue of a fleet does; more only when some were served or given back.
struct Narrow {
    inner: MemoryQueue,
    room: Arc<Semaphore>,
}

const ROOM: usize = 3;

#[async_trait]
impl Queue for Narrow {
    async fn ring(&self, ring: Ring) -> Result<(), RingLost> {
        self.inner.ring(ring).await
    }

    async fn next(&self) -> Rung {
        let permit = Arc::clone(&self.room).acquire_owned().await.unwrap();
        let Rung { ring, .. } = self.inner.next().await;
        Rung { ring, receipt: Receipt::new(move || drop(permit)) }
    }

    fn depth(&self) -> usize {
        self.inner.depth()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_whose_store_is_away_take_no_room_in_the_queue_from_others() {
    let queue = Narrow { inner: MemoryQueue::new(1_000), room: Arc::new(Semaphore::new(ROOM)) };
    // Nobody is found but by a ring.
    let mut machine = Machine::new();
    machine.options.sweep_interval = Duration::from_mins(10);
    let case = Case::start_with(machine, Arc::new(queue));
    let away: Vec<String> = (0..ROOM * 2).map(|person| format!("away-{person}")).collect();
    for user in &away {
        case.process.agrees(user).await;
        case.refuse(user);
        case.process.says(user, &format!("q-{user}"), "What is malaria?").await;
    }
    case.process.agrees("ann").await;
    case.process.says("ann", "q1", "What is a mosquito?").await;
    case.process.answered("ann", "What is a mosquito?").await;
    case.take_all();
    for user in &away {
        case.process.answered(user, "What is malaria?").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_whose_store_is_away_waits_in_the_store_and_not_in_memory() {
    const CROWD: usize = 1_100;
    let case = Case::start(Arc::new(MemoryQueue::new(10_000)));
    let user = |person: usize| format!("p{person}");
    for person in 0..CROWD {
        case.refuse(&user(person));
        case.process.says(&user(person), &format!("m{person}"), "Hello?").await;
    }
    until("all were tried", || case.trouble.refusals.load(Ordering::SeqCst) > CROWD * 2).await;
    until("not all of them wait in memory", || case.process.desks() <= 1_000).await;
    case.take_all();
    until("all are greeted", || case.machine.outside.delivered.lock().len() == CROWD).await;
}
