//! Rings, due times and the sweeper: the three ways in which work is found.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use answerbot_core::Time;
use answerbot_core::contact::effect::Kind;
use answerbot_core::time::HOUR;
use answerbot_ports::store::SEEN_FOR_MS;
use parking_lot::Mutex;
use tokio::sync::Notify;

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
        attend::feed(&shared, ring.contact, Pile { envelopes: ring.envelopes, look, ..Pile::default() });
    }
}

/// Leases what is due whenever a slot is freed, a due time comes or the sweeper says so.
pub(crate) async fn lease(shared: Arc<Shared>) {
    loop {
        tokio::select! {
            biased;
            () = shared.stopping.cancelled() => return,
            () = shared.slots.woken() => {}
            () = shared.wakeups.due(&shared) => {}
        }
        lease_due(&shared).await;
    }
}

async fn lease_due(shared: &Arc<Shared>) {
    let mut free: Vec<_> = Kind::ALL.map(|kind| (kind, shared.slots.take_free(kind, LEASE))).into();
    let wanted: Vec<_> = free
        .iter()
        .filter(|(_, slots)| !slots.is_empty())
        .map(|(kind, slots)| (*kind, slots.len()))
        .collect();
    if wanted.is_empty() {
        return;
    }
    let leased = match shared.ports.store.lease_due(&wanted, shared.now()).await {
        Ok(leased) => leased,
        Err(error) => {
            tracing::error!(error = %error, "no effect could be leased; the sweeper tries again");
            return;
        }
    };
    for (kind, most) in wanted {
        let got = leased.iter().filter(|it| it.effect.action.kind() == kind).count();
        // As many as asked for: more may wait.
        shared.slots.set_backlog(kind, got == most);
    }
    for it in leased {
        let kind = it.effect.action.kind();
        let slot = free.iter_mut().find(|(of, _)| *of == kind).and_then(|(_, slots)| slots.pop());
        let Some(slot) = slot else { continue };
        if it.lost > 0 && kind == Kind::Send {
            // It may have been under way when its process died.
            metrics::counter!("sends_possibly_repeated_total").increment(1);
        }
        perform::launch(shared, it.contact, it.effect, slot);
    }
}

/// Serves what dead processes and lost rings left: attends contacts that wait, leases what is due, forgets.
pub(crate) async fn sweep(shared: Arc<Shared>) {
    let mut before = shared.now();
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

async fn sweep_once(shared: &Arc<Shared>, before: Time) -> Result<(), answerbot_ports::store::StoreError> {
    shared.slots.wake();
    let mut after = None;
    loop {
        let contacts = shared.ports.store.unattended(before, after, STEP).await?;
        for contact in &contacts {
            if !shared.desks.is_open(*contact) {
                attend::feed(shared, *contact, Pile { look: true, ..Pile::default() });
            }
        }
        after = contacts.last().copied();
        if contacts.len() < STEP || shared.stopping.is_cancelled() {
            break;
        }
        // Not all of a backlog at once: the store has it, memory need not.
        while shared.desks.busy() > STEP * 2 && !shared.stopping.is_cancelled() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    if shared.ports.store.take("forget_seen", HOUR, shared.now()).await? {
        let forgotten = shared.ports.store.forget_seen(shared.now().plus(-SEEN_FOR_MS)).await?;
        tracing::debug!(events = forgotten, "forgot events that are not redelivered any more");
    }
    metrics::gauge!("queue_depth")
        .set(f64::from(u32::try_from(shared.ports.queue.depth()).unwrap_or(u32::MAX)));
    metrics::gauge!("contacts_busy").set(f64::from(u32::try_from(shared.desks.busy()).unwrap_or(u32::MAX)));
    metrics::gauge!("effects_performing")
        .set(f64::from(u32::try_from(shared.performing.count()).unwrap_or(u32::MAX)));
    Ok(())
}
