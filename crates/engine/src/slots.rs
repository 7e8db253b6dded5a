//! How many effects of each kind run at once, and what waits for a slot.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use answerbot_core::contact::effect::Kind;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Alarms at once.
const ALERTS: usize = 4;
/// Tells at once: each is one write.
const TELLS: usize = 32;
/// Calls to MTN at once.
const MOMO: usize = 8;
/// Timers sleep in the process and cost nearly nothing; what does not fit waits in the store.
const TIMERS: usize = 50_000;
/// One in so many slots more may be leased than are free: a slot that is freed need not wait for the store. So few that
/// what is leased here would hardly begin sooner anywhere else.
const IN_LINE: usize = 4;
/// And no more than this of any kind: there is room for many timers.
const LONGEST_LINE: usize = 32;

/// Room to perform one effect; gives it back when dropped.
pub(crate) struct Slot {
    permit: Option<OwnedSemaphorePermit>,
    kind: Kind,
    shared: Arc<Inner>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.permit.take();
        if self.shared.backlog[self.kind as usize].load(Ordering::Acquire) {
            self.shared.wake.notify_one();
        }
    }
}

/// A place in line: an effect is leased, and begins when a slot is freed.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    kind: Kind,
    shared: Arc<Inner>,
}

impl Place {
    /// Waits for a slot; those in line get theirs before anybody else.
    pub async fn slot(self) -> Option<Slot> {
        let free = Arc::clone(&self.shared.free[self.kind as usize]);
        let permit = free.acquire_owned().await.ok()?;
        Some(self.shared.slot(self.kind, permit))
    }
}

struct Inner {
    free: [Arc<Semaphore>; 6],
    /// Places in line, and how many there are in all.
    line: [Arc<Semaphore>; 6],
    places: [usize; 6],
    /// Effects of this kind wait in the store.
    backlog: [AtomicBool; 6],
    wake: Notify,
}

impl Inner {
    fn slot(self: &Arc<Self>, kind: Kind, permit: OwnedSemaphorePermit) -> Slot {
        Slot { permit: Some(permit), kind, shared: Arc::clone(self) }
    }
}

/// As many permits as there are now, at most `most`.
fn take(from: &Arc<Semaphore>, most: usize) -> impl Iterator<Item = OwnedSemaphorePermit> {
    std::iter::from_fn(|| Arc::clone(from).try_acquire_owned().ok()).take(most)
}

pub(crate) struct Slots {
    shared: Arc<Inner>,
}

impl Slots {
    pub fn new(ai: usize, sends: usize) -> Self {
        let sizes = Kind::ALL.map(|kind| match kind {
            Kind::Ask => ai,
            Kind::Send => sends,
            Kind::Timer => TIMERS,
            Kind::Alert => ALERTS,
            Kind::Tell => TELLS,
            Kind::Momo => MOMO,
        });
        let places = sizes.map(|size| (size / IN_LINE).min(LONGEST_LINE));
        let inner = Inner {
            free: sizes.map(|size| Arc::new(Semaphore::new(size.max(1)))),
            line: places.map(|places| Arc::new(Semaphore::new(places))),
            places,
            backlog: Default::default(),
            wake: Notify::new(),
        };
        Self { shared: Arc::new(inner) }
    }

    /// A slot, if one is free. Where effects of the kind wait already, a new one does not overtake them.
    pub fn try_take(&self, kind: Kind) -> Option<Slot> {
        if self.shared.backlog[kind as usize].load(Ordering::Acquire) {
            return None;
        }
        let permit = Arc::clone(&self.shared.free[kind as usize]).try_acquire_owned().ok()?;
        Some(self.shared.slot(kind, permit))
    }

    /// How many slots of a kind are free now.
    pub fn free(&self, kind: Kind) -> usize {
        self.shared.free[kind as usize].available_permits()
    }

    /// All slots of a kind that are free now, at most `most`.
    pub fn take_free(&self, kind: Kind, most: usize) -> Vec<Slot> {
        let permits = take(&self.shared.free[kind as usize], most);
        permits.map(|permit| self.shared.slot(kind, permit)).collect()
    }

    /// The places in line that are left; none unless they are half of all, so that the store is asked for some at once.
    pub fn take_places(&self, kind: Kind) -> Vec<Place> {
        let (line, all) = (&self.shared.line[kind as usize], self.shared.places[kind as usize]);
        let left = line.available_permits();
        let count = if left >= all.div_ceil(2) { left } else { 0 };
        take(line, count)
            .map(|permit| Place { _permit: permit, kind, shared: Arc::clone(&self.shared) })
            .collect()
    }

    /// Says that effects of a kind wait in the store.
    pub fn set_backlog(&self, kind: Kind) {
        self.shared.backlog[kind as usize].store(true, Ordering::Release);
        self.shared.wake.notify_one();
    }

    /// Says so without a wake: the next slot that is freed looks.
    pub fn leave_backlog(&self, kind: Kind) {
        self.shared.backlog[kind as usize].store(true, Ordering::Release);
        if self.shared.free[kind as usize].available_permits() > 0 {
            // Freed in between.
            self.shared.wake.notify_one();
        }
    }

    /// Whether effects of a kind are said to wait; from now on they are not, until somebody says so again. Called
    /// before looking, so that nothing said meanwhile is forgotten.
    pub fn take_backlog(&self, kind: Kind) -> bool {
        self.shared.backlog[kind as usize].swap(false, Ordering::AcqRel)
    }

    /// Waits until somebody should look for due effects.
    pub async fn woken(&self) {
        self.shared.wake.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::{Kind, LONGEST_LINE, Slots};

    #[tokio::test]
    async fn one_in_four_waits_in_line_and_gets_the_next_slot() {
        let slots = Slots::new(8, 3);
        let taken = slots.take_free(Kind::Ask, 99);
        assert_eq!((taken.len(), slots.take_places(Kind::Send).len()), (8, 0), "too few for a line");
        let mut line = slots.take_places(Kind::Ask);
        assert_eq!((line.len(), slots.take_places(Kind::Ask).len()), (2, 0));
        let mut first = Box::pin(line.remove(0).slot());
        assert!((&mut first).now_or_never().is_none(), "none is free");
        drop(taken);
        assert!(first.await.is_some());
        assert_eq!(slots.take_places(Kind::Ask).len(), 1, "half of the line is free again");
        assert_eq!(slots.take_places(Kind::Timer).len(), LONGEST_LINE);
    }
}
