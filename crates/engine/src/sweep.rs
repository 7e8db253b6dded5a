//! Rings, due times and the sweeper: the three ways in which work is found.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use answerbot_core::Time;
use answerbot_core::contact::effect::Kind;
use answerbot_core::time::HOUR;
use answerbot_ports::store::{CALLBACKS_FOR_MS, SEEN_FOR_MS, StoreError};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

use crate::attend::{LONGEST_PAUSE, PAUSE};
use crate::desks::Pile;
use crate::{Shared, attend, perform};

/// Contacts looked at in one step of a sweep.
const STEP: usize = 500;
/// Effects leased at once.
const LEASE: usize = 256;
/// Envelopes younger than this are on their way through the queue.
const YOUNG_MS: i64 = 2_000;

/// When effects become due that wait in the store.
#[derive(Default)]
pub(crate) struct Wakeups {
    times: Mutex<BinaryHeap<Reverse<Time>>>,
    sooner: Notify,
}

impl Wakeups {
    pub fn at(&self, due: Time) {
        let mut times = self.times.lock();
        let is_first = times.peek().is_none_or(|Reverse(first)| due < *first);
        times.push(Reverse(due));
        drop(times);
        if is_first {
            self.sooner.notify_one();
        }
    }

    /// Waits until something is due, and forgets what is.
    async fn due(&self, shared: &Shared) {
        loop {
            let now = shared.now();
            let left = {
                let mut times = self.times.lock();
                match times.peek() {
                    Some(Reverse(first)) if *first <= now => {
                        while times.peek().is_some_and(|Reverse(first)| *first <= now) {
                            times.pop();
                        }
                        return;
                    }
                    Some(Reverse(first)) => u64::try_from(first.since(now)).unwrap_or(0),
                    None => u64::MAX,
                }
            };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left.min(3_600_000))) => {}
                () = self.sooner.notified() => {}
            }
        }
    }
}

/// Takes rings and sends somebody to each contact.
pub(crate) async fn dispatch(shared: Arc<Shared>) {
    loop {
        let ring = tokio::select! {
            biased;
            () = shared.stopping.cancelled() => return,
            ring = shared.ports.queue.next() => ring,
        };
        let look = ring.envelopes.is_empty();
        attend::feed(&shared, ring.aggregate, Pile { envelopes: ring.envelopes, look, ..Pile::default() });
    }
}

/// Leases what is due: of kinds that wait for a slot whenever one is freed, of all kinds when a due time comes and
/// on a timer of its own, which finds what dead processes left.
pub(crate) async fn lease(shared: Arc<Shared>) {
    let mut every = tokio::time::interval(shared.options.sweep_interval);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pause = PAUSE;
    loop {
        let all_kinds = tokio::select! {
            biased;
            () = shared.stopping.cancelled() => return,
            () = shared.slots.woken() => false,
            () = shared.wakeups.due(&shared) => true,
            _ = every.tick() => true,
        };
        match lease_due(&shared, all_kinds).await {
            Ok(()) => pause = PAUSE,
            Err(error) => {
                tracing::error!(error = %error, "no effect could be leased; trying again");
                tokio::select! {
                    () = shared.stopping.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

async fn lease_due(shared: &Arc<Shared>, all_kinds: bool) -> Result<(), StoreError> {
    let mut free = Vec::with_capacity(Kind::ALL.len());
    for kind in Kind::ALL {
        let waits = shared.slots.take_backlog(kind);
        if !(waits || all_kinds) {
            continue;
        }
        // A look for its own sake leaves slots for what is committed meanwhile.
        let most = if waits { LEASE } else { shared.slots.free(kind).div_ceil(2).min(LEASE) };
        let slots = shared.slots.take_free(kind, most);
        if slots.is_empty() {
            // Something of this kind may be due: the next slot that is freed looks.
            shared.slots.leave_backlog(kind);
        } else {
            free.push((kind, slots));
        }
    }
    let wanted: Vec<(Kind, usize)> = free.iter().map(|(kind, slots)| (*kind, slots.len())).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let leased = match shared.ports.store.lease_due(&wanted, shared.now()).await {
        Ok(leased) => leased,
        Err(error) => {
            for (kind, _) in wanted {
                shared.slots.set_backlog(kind);
            }
            return Err(error);
        }
    };
    if shared.stopping.is_cancelled() {
        return shared.ports.store.release(leased.iter().map(|it| it.effect.id).collect()).await;
    }
    for (kind, most) in wanted {
        let got = leased.iter().filter(|it| it.effect.action.kind() == kind).count();
        if got == most {
            // As many as asked for: more may wait.
            shared.slots.set_backlog(kind);
        }
    }
    for it in leased {
        let kind = it.effect.action.kind();
        let slot = free.iter_mut().find(|(of, _)| *of == kind).and_then(|(_, slots)| slots.pop());
        let Some(slot) = slot else { continue };
        if it.lost > 0 && kind == Kind::Send {
            // It may have been under way when its process died.
            metrics::counter!("sends_possibly_repeated_total").increment(1);
        }
        perform::launch(shared, it.aggregate, Arc::new(it.effect), it.lost, slot);
    }
    Ok(())
}

/// Serves what dead processes and lost rings left: attends contacts that wait, leases what is due, forgets.
pub(crate) async fn sweep(shared: Arc<Shared>) {
    // At first whatever is there, also what a clock ahead of ours has stamped.
    let mut before = Time::from_millis(i64::MAX);
    loop {
        if let Err(error) = sweep_once(&shared, before).await {
            tracing::error!(error = %error, "the sweep failed; the next one comes");
        }
        tokio::select! {
            () = shared.stopping.cancelled() => return,
            () = tokio::time::sleep(shared.options.sweep_interval) => {}
        }
        before = shared.now().plus(-YOUNG_MS);
    }
}

async fn sweep_once(shared: &Arc<Shared>, before: Time) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let waiting = shared.ports.store.unattended(before, after, STEP).await?;
        for aggregate in &waiting {
            if !shared.desks.is_open(*aggregate) {
                attend::feed(shared, *aggregate, Pile { look: true, ..Pile::default() });
            }
        }
        after = waiting.last().copied();
        if waiting.len() < STEP || shared.stopping.is_cancelled() {
            break;
        }
        // Not all of a backlog at once: the store has it, memory need not.
        for _ in 0..STEP {
            if shared.desks.busy() <= STEP * 2 || shared.stopping.is_cancelled() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    if shared.ports.store.take("forget_seen", HOUR, shared.now()).await? {
        let forgotten = shared.ports.store.forget_seen(shared.now().plus(-SEEN_FOR_MS)).await?;
        tracing::debug!(events = forgotten, "forgot events that are not redelivered any more");
    }
    if shared.ports.store.take("forget_callbacks", HOUR, shared.now()).await? {
        let forgotten = shared.ports.store.forget_callbacks(shared.now().plus(-CALLBACKS_FOR_MS)).await?;
        tracing::debug!(callbacks = forgotten, "forgot callbacks whose time is over");
    }
    if shared.ports.store.take("forget_turns", HOUR, shared.now()).await? {
        let forgotten = shared.ports.store.forget_turns(shared.now().juba_day(), shared.now()).await?;
        tracing::debug!(rows = forgotten, "forgot turns and shared answers whose time is over");
    }
    if shared.ports.store.take("overdue_texts", HOUR, shared.now()).await? {
        let today = shared.now().juba_day();
        // What one look does not bring, the next hour's does.
        for contact in shared.ports.store.overdue_texts(today, STEP * 10).await? {
            attend::feed(shared, contact, Pile { look: true, tidy: true, ..Pile::default() });
        }
    }
    metrics::gauge!("queue_depth")
        .set(f64::from(u32::try_from(shared.ports.queue.depth()).unwrap_or(u32::MAX)));
    metrics::gauge!("contacts_busy").set(f64::from(u32::try_from(shared.desks.busy()).unwrap_or(u32::MAX)));
    metrics::gauge!("effects_performing")
        .set(f64::from(u32::try_from(shared.performing.count()).unwrap_or(u32::MAX)));
    Ok(())
}
