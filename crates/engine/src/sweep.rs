//! Rings, due times and the sweeper: the three ways in which work is found.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use answerbot_core::Time;
use answerbot_core::contact::effect::Kind;
use answerbot_core::time::HOUR;
use answerbot_ports::queue::Rung;
use answerbot_ports::store::{CALLBACKS_FOR_MS, SEEN_FOR_MS, StoreError, Want};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::attend::{LONGEST_PAUSE, PAUSE};
use crate::desks::{CROWD, Pile};
use crate::lease::{self, Lease};
use crate::slots::{Place, Slot};
use crate::{Shared, attend, perform};

/// Contacts looked at in one step of a sweep.
const STEP: usize = 500;
/// Effects leased at once: so few that the first need not wait long for the last.
const LEASE: usize = 32;
/// So often effects are looked for that other processes left behind, also where a sweep is rare: an idle look is one
/// read. After a sweep that failed the next one comes as soon.
const LOOK: Duration = Duration::from_secs(5);
/// So soon at first after a look that found some: another process may have more to do than it has slots for, and tells
/// nobody.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
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

    /// Whether something is due; forgets what is.
    fn take_due(&self, now: Time) -> bool {
        let mut times = self.times.lock();
        let before = times.len();
        while times.peek().is_some_and(|Reverse(first)| *first <= now) {
            times.pop();
        }
        times.len() < before
    }

    /// Waits until something is due.
    async fn due(&self, shared: &Shared) {
        loop {
            let now = shared.now();
            let first = self.times.lock().peek().map(|Reverse(first)| *first);
            let left = match first {
                Some(first) if first <= now => return,
                Some(first) => u64::try_from(first.since(now)).unwrap_or(0),
                None => u64::MAX,
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
        let Rung { ring, receipt } = tokio::select! {
            biased;
            () = shared.stopping.cancelled() => return,
            rung = shared.ports.queue.next() => rung,
        };
        let look = ring.envelopes.is_empty();
        let pile = Pile { envelopes: ring.envelopes, receipts: vec![receipt], look, ..Pile::default() };
        attend::feed(&shared, ring.aggregate, pile);
    }
}

/// Why effects are looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// A slot was freed, and some wait for it.
    Slot,
    /// Some were to be due now.
    Due,
    /// Other processes may have left some.
    Others,
}

/// Leases what is due: of kinds that wait for a slot whenever one is freed, of all kinds when a due time comes and
/// on a timer of its own, which finds what dead and busy processes left.
pub(crate) async fn lease(shared: Arc<Shared>) {
    let longest = shared.options.sweep_interval.min(LOOK);
    let (mut rest, mut next) = (longest, Instant::now());
    let mut pause = PAUSE;
    let mut shares = Shares::default();
    loop {
        // None goes before another: with a backlog a slot is freed at almost every moment.
        let why = tokio::select! {
            () = shared.stopping.cancelled() => return,
            () = shared.slots.woken() => Why::Slot,
            () = shared.wakeups.due(&shared) => Why::Due,
            () = tokio::time::sleep_until(next) => Why::Others,
        };
        let is_due = shared.wakeups.take_due(shared.now());
        match lease_due(&shared, is_due || why != Why::Slot, &mut shares).await {
            Ok(found) => {
                pause = PAUSE;
                let anew = match why {
                    Why::Slot | Why::Others if found > 0 => Some(LOOK_AGAIN),
                    Why::Others => Some(rest * 2),
                    Why::Slot | Why::Due => None,
                };
                if let Some(anew) = anew {
                    rest = anew.min(longest);
                    next = Instant::now() + rest;
                }
            }
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

/// Of each kind, the slots since the last that was kept for people who do not pay.
#[derive(Default)]
struct Shares([usize; Kind::ALL.len()]);

impl Shares {
    /// How many of so many slots are for people who do not pay: one in four, over all calls.
    fn of(&mut self, kind: Kind, slots: usize) -> usize {
        let since = &mut self.0[kind as usize];
        *since += slots;
        let others = *since / 4;
        *since %= 4;
        others
    }
}

/// Where a leased effect begins: now, or when a slot is freed.
enum Room {
    Slot(Slot),
    Place(Place),
}

/// Leases and begins what there is room for. Returns how many effects that was.
async fn lease_due(shared: &Arc<Shared>, all_kinds: bool, shares: &mut Shares) -> Result<usize, StoreError> {
    let mut free = Vec::with_capacity(Kind::ALL.len());
    for kind in Kind::ALL {
        let waits = shared.slots.take_backlog(kind);
        if !(waits || all_kinds) {
            continue;
        }
        // A look for its own sake leaves slots for what is committed meanwhile.
        let most = if waits { LEASE } else { shared.slots.free(kind).div_ceil(2).min(LEASE) };
        let slots = shared.slots.take_free(kind, most).into_iter().map(Room::Slot);
        let places = if waits { shared.slots.take_places(kind) } else { Vec::new() };
        let room: Vec<Room> = slots.chain(places.into_iter().map(Room::Place)).collect();
        if room.is_empty() {
            // Something of this kind may be due: the next slot that is freed looks.
            shared.slots.leave_backlog(kind);
        } else {
            free.push((kind, room.into_iter()));
        }
    }
    let want = |(kind, room): &(Kind, std::vec::IntoIter<Room>)| Want {
        kind: *kind,
        most: room.len(),
        others: shares.of(*kind, room.len()),
        lease: lease::of_kind(&shared.ports.policy, *kind),
    };
    let wanted: Vec<Want> = free.iter().map(want).collect();
    if wanted.is_empty() {
        return Ok(0);
    }
    let since = shared.ports.clock.monotonic();
    let leased = match shared.ports.store.lease_due(&wanted, shared.now()).await {
        Ok(leased) => leased,
        Err(error) => {
            for want in wanted {
                shared.slots.set_backlog(want.kind);
            }
            return Err(error);
        }
    };
    let found = leased.len();
    if shared.stopping.is_cancelled() {
        let given_back = leased.iter().map(|it| (it.aggregate, it.effect.id)).collect();
        return shared.ports.store.release(given_back).await.map(|()| found);
    }
    for Want { kind, most, .. } in wanted {
        let got = leased.iter().filter(|it| it.effect.action.kind() == kind).count();
        if got == most {
            // As many as asked for: more may wait.
            shared.slots.set_backlog(kind);
        }
    }
    for it in leased {
        let kind = it.effect.action.kind();
        let room = free.iter_mut().find(|(of, _)| *of == kind).and_then(|(_, room)| room.next());
        let Some(room) = room else { continue };
        let lease = Lease { lost: it.lost, since, raised: it.raised };
        let effect = Arc::new(it.effect);
        match room {
            Room::Slot(slot) => perform::launch(shared, it.aggregate, effect, lease, slot),
            Room::Place(place) => perform::launch_soon(shared, it.aggregate, effect, lease, place),
        }
    }
    Ok(found)
}

/// Serves what dead processes and lost rings left: attends contacts that wait, leases what is due, forgets.
pub(crate) async fn sweep(shared: Arc<Shared>) {
    // At first whatever is there, also what a clock ahead of ours has stamped.
    let mut before = Time::from_millis(i64::MAX);
    loop {
        let mut pause = shared.options.sweep_interval;
        let is_done = match sweep_once(&shared, before).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(error = %error, "the sweep failed; it is tried again");
                pause = pause.min(LOOK);
                false
            }
        };
        tokio::select! {
            () = shared.stopping.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        if is_done {
            before = shared.now().plus(-YOUNG_MS);
        }
    }
}

async fn sweep_once(shared: &Arc<Shared>, before: Time) -> Result<(), StoreError> {
    for aggregate in shared.desks.left(STEP.min(CROWD.saturating_sub(shared.desks.busy()))) {
        attend::feed(shared, aggregate, Pile { look: true, ..Pile::default() });
    }
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
        // Not all of a backlog at once.
        for _ in 0..STEP {
            if shared.desks.busy() <= CROWD || shared.stopping.is_cancelled() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    shared.ports.store.catch_up().await?;
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
