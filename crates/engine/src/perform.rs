//! Performing an effect: once, under a deadline. Its outcome goes back to its contact.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::effect::{Action, Effect, EffectFault, Kind, Retry};
use answerbot_core::contact::event::{Envelope, Event, Outcome, To};
use answerbot_core::pay::payment::Charged;
use answerbot_core::{AggregateId, EffectId, EventId, Target};
use futures_util::FutureExt as _;
use parking_lot::Mutex;

use crate::desks::{Learned, Pile};
use crate::lease::Lease;
use crate::slots::{Place, Slot};
use crate::{Shared, attend, intake, momo, ways};

/// Settled effects that are remembered, so that their echoes need no read.
const REMEMBERED: usize = 50_000;

/// An adapter keeps its own deadline; this much later its call is dropped all the same.
pub(crate) const MARGIN: Duration = Duration::from_secs(5);
/// Why such a call failed.
pub(crate) const OUTLIVED: &str = "the call outlived its deadline";

/// What this process is performing.
#[derive(Default)]
pub(crate) struct Performing {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    open: HashMap<EffectId, (AggregateId, Arc<Effect>, u64)>,
    /// The last attempt that is over. One that another process revives comes back with a later one.
    over: HashMap<EffectId, u32>,
    order: VecDeque<EffectId>,
    turns: u64,
}

impl Inner {
    fn is_over(&self, effect: &Effect) -> bool {
        self.over.get(&effect.id).is_some_and(|last| *last >= effect.attempt)
    }

    /// Whether this attempt is performed here, or its outcome is not written yet. A timer or a poll that is set anew
    /// keeps its attempt and has another due time.
    fn is_at_work(&self, effect: &Effect) -> bool {
        let is_this = |it: &Effect| (it.attempt, it.due) == (effect.attempt, effect.due);
        self.open.get(&effect.id).is_some_and(|(_, it, _)| it.attempt > effect.attempt || is_this(it))
    }

    fn end(&mut self, effect: EffectId, last: u32) {
        self.open.remove(&effect);
        if self.over.insert(effect, last).is_none() {
            self.order.push_back(effect);
            if self.order.len() > REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.over.remove(&oldest);
            }
        }
    }
}

impl Performing {
    /// Begins an attempt; its number tells it from a later one of the same effect. `None` when the effect was
    /// settled in the moment between its lease and now, or is at work here: a lease ends too while the store does not
    /// take what a call came to.
    fn begin(&self, aggregate: AggregateId, effect: &Arc<Effect>) -> Option<u64> {
        let mut inner = self.inner.lock();
        if inner.is_over(effect) || inner.is_at_work(effect) {
            return None;
        }
        inner.turns += 1;
        let turn = inner.turns;
        inner.open.insert(effect.id, (aggregate, Arc::clone(effect), turn));
        Some(turn)
    }

    /// The effect was opened anew: a dead one that was revived.
    pub fn reopen(&self, effect: EffectId) {
        self.inner.lock().over.remove(&effect);
    }

    /// Whether this attempt is still the one that counts.
    fn is_current(&self, effect: EffectId, turn: u64) -> bool {
        self.inner.lock().open.get(&effect).is_some_and(|(.., current)| *current == turn)
    }

    /// The effect was set anew, and that is committed: what a call of before still brings is too late. One that began
    /// since then counts.
    pub fn set_anew(&self, effect: &Effect) {
        let mut inner = self.inner.lock();
        if !inner.is_at_work(effect) {
            inner.open.remove(&effect.id);
        }
    }

    /// The effect waits for somebody to perform it: what its call still brings is too late.
    pub fn put_off(&self, effect: EffectId) {
        self.inner.lock().open.remove(&effect);
    }

    /// The effect is over for good.
    pub fn settled(&self, effect: EffectId) {
        self.inner.lock().end(effect, u32::MAX);
    }

    /// The effect is dead, unless somebody revives it.
    pub fn buried(&self, effect: &Effect) {
        self.inner.lock().end(effect.id, effect.attempt);
    }

    pub fn get(&self, effect: EffectId) -> Option<(AggregateId, Arc<Effect>)> {
        self.inner.lock().open.get(&effect).map(|(aggregate, effect, _)| (*aggregate, Arc::clone(effect)))
    }

    /// Whether this attempt is over.
    pub fn is_over(&self, effect: &Effect) -> bool {
        self.inner.lock().is_over(effect)
    }

    /// Whether all attempts are over for good.
    pub fn was_settled(&self, effect: EffectId) -> bool {
        self.inner.lock().over.get(&effect) == Some(&u32::MAX)
    }

    pub fn count(&self) -> usize {
        self.inner.lock().open.len()
    }
}

/// Performs a leased effect in a task of its own.
///
/// Nothing begins that could outlast its lease: a process that was stopped meanwhile gives it back.
pub(crate) fn launch(
    shared: &Arc<Shared>,
    aggregate: AggregateId,
    effect: Arc<Effect>,
    lease: Lease,
    slot: Slot,
) {
    let Some(turn) = shared.performing.begin(aggregate, &effect) else { return };
    shared.tasks.spawn(run(Arc::clone(shared), aggregate, effect, lease, slot, turn));
}

/// The same as soon as a slot is free; given back when the process stops before. In line it is at work already.
pub(crate) fn launch_soon(
    shared: &Arc<Shared>,
    aggregate: AggregateId,
    effect: Arc<Effect>,
    lease: Lease,
    place: Place,
) {
    let Some(turn) = shared.performing.begin(aggregate, &effect) else { return };
    let task = Arc::clone(shared);
    shared.tasks.spawn(async move {
        let slot = tokio::select! {
            slot = place.slot() => slot,
            () = task.stopping.cancelled() => None,
        };
        if !task.performing.is_current(effect.id, turn) {
            // Its echo came, or it was set anew.
            return;
        }
        match slot {
            Some(slot) => run(task, aggregate, effect, lease, slot, turn).await,
            None => {
                task.performing.put_off(effect.id);
                // Where that fails, its lease ends by itself.
                let _ = task.ports.store.release(vec![(aggregate, effect.id)]).await;
            }
        }
    });
}

/// Performs an attempt that has begun, and takes its outcome to its contact.
async fn run(
    shared: Arc<Shared>,
    aggregate: AggregateId,
    effect: Arc<Effect>,
    lease: Lease,
    slot: Slot,
    turn: u64,
) {
    // A panic of an adapter is a failure like others: the contact must not wait for it for ever.
    let mut slot = Some(slot);
    let performed = perform(&shared, aggregate, &effect, lease, &mut slot);
    let outcome = AssertUnwindSafe(performed).catch_unwind().await;
    drop(slot);
    let outcome = outcome.unwrap_or_else(|_| Some(panicked(&effect)));
    if !shared.performing.is_current(effect.id, turn) {
        metrics::counter!("outcomes_late_total", "kind" => effect.action.kind().name()).increment(1);
        return;
    }
    let Some(outcome) = outcome else {
        // Cut while stopping, or its lease is over: the effect stays open and somebody else performs it.
        shared.performing.put_off(effect.id);
        if shared.cut.is_cancelled() {
            ways::book_cut(&shared, &effect).await;
        }
        let _ = shared.ports.store.release(vec![(aggregate, effect.id)]).await;
        // Nobody else is told of it: whoever has a slot here looks.
        shared.slots.leave_backlog(effect.action.kind());
        return;
    };
    alarm(&shared, &effect, &outcome);
    let learned = Learned { effect, outcome, durable: None, panics: 0, raised: lease.raised };
    attend::feed(&shared, aggregate, Pile { learned: vec![learned], ..Pile::default() });
}

fn panicked(effect: &Effect) -> Outcome {
    metrics::counter!("effects_panicked_total", "kind" => effect.action.kind().name()).increment(1);
    match effect.action {
        // It may have been sent.
        Action::Send { .. } => Outcome::Unknown,
        // And this may have been taken.
        Action::Charge(_) => Outcome::Charged(Charged::Unknown),
        _ => failed(true, "the adapter panicked"),
    }
}

pub(crate) fn failed(alert: bool, reason: &str) -> Outcome {
    Outcome::Failed(EffectFault { retry: Retry::After(0), alert, reason: reason.into() })
}

/// `None` when it was cut because the process stops, or was not begun because its lease is nearly over.
async fn perform(
    shared: &Arc<Shared>,
    aggregate: AggregateId,
    effect: &Effect,
    lease: Lease,
    slot: &mut Option<Slot>,
) -> Option<Outcome> {
    let lost = lease.lost;
    let kind = effect.action.kind().name();
    if !lease.lets_begin(effect.action.kind(), shared.ports.clock.monotonic()) {
        metrics::counter!("leases_outlived_total", "kind" => kind).increment(1);
        return None;
    }
    if lost > 0 && effect.action.kind() == Kind::Send {
        // It may have been under way when its process died.
        metrics::counter!("sends_possibly_repeated_total").increment(1);
    }
    metrics::counter!("effects_performed_total", "kind" => kind).increment(1);
    match &effect.action {
        Action::Ask(question) => tokio::select! {
            outcome = ways::ask(shared, ways::Asked { aggregate, effect, question, lease }, slot) => outcome,
            () = shared.cut.cancelled() => None,
        },
        Action::Send { to, message } => Some(match shared.channel(to.channel) {
            Some(channel) => {
                let call = channel.send(to, message, effect.id);
                let bound = millis(shared.ports.policy.time.send_deadline_ms) + MARGIN;
                tokio::time::timeout(bound, call).await.unwrap_or(Outcome::Unknown)
            }
            None => Outcome::Failed(EffectFault {
                retry: Retry::ChannelDown,
                alert: true,
                reason: "the channel is switched off".into(),
            }),
        }),
        Action::Timer => {
            let left = millis(effect.due.since(shared.now()));
            tokio::select! {
                () = tokio::time::sleep(left) => Some(Outcome::Done),
                // Its time has not come: the next process takes it.
                () = shared.stopping.cancelled() => None,
            }
        }
        Action::Alert(case) => Some(match shared.ports.alerts.file(case).await {
            Ok(()) => Outcome::Done,
            Err(fault) => Outcome::Failed(fault),
        }),
        Action::Tell { target, event } => Some(tell(shared, effect.id, *target, event).await),
        Action::Withdraw(key) => Some(match shared.ports.answers.withdraw(*key).await {
            Ok(()) => Outcome::Done,
            Err(error) => {
                tracing::warn!(effect.id = %effect.id, error = %error, "a wrong answer could not be withdrawn yet");
                failed(false, "the store is away")
            }
        }),
        Action::CheckAccount(_) | Action::Charge(_) | Action::CheckPayment(_) => {
            Some(momo::perform(shared, &effect.action, lost).await)
        }
    }
}

/// Tells another aggregate: an envelope there, whose id derives from the effect, so it is one however often it is
/// told.
async fn tell(shared: &Arc<Shared>, effect: EffectId, target: Target, event: &Event) -> Outcome {
    let to = To::Aggregate(shared.ports.hash_key.target(target));
    let envelope = Envelope { id: EventId::told(effect), to, event: event.clone(), sent: None };
    match intake::admit(shared, vec![envelope]).await {
        Ok(_) => Outcome::Done,
        Err(error) => {
            tracing::warn!(effect.id = %effect, error = %error, "another aggregate could not be told yet");
            failed(false, "the store is away")
        }
    }
}

/// Tells the owner of a failure that needs a hand, beside the work.
fn alarm(shared: &Arc<Shared>, effect: &Effect, outcome: &Outcome) {
    if let Outcome::Failed(fault) | Outcome::Unanswered(fault, _) = outcome {
        let kind = effect.action.kind().name();
        metrics::counter!("effects_failed_total", "kind" => kind).increment(1);
        tracing::warn!(effect.id = %effect.id, effect.kind = kind, reason = fault.reason, "an effect failed");
        if fault.alert {
            shared.alarm("effect_failed", fault.reason.clone());
        }
    }
}

pub(crate) fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
