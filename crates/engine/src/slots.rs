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

struct Inner {
    free: [Arc<Semaphore>; 6],
    /// Effects of this kind wait in the store.
    backlog: [AtomicBool; 6],
    wake: Notify,
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
        let inner = Inner {
            free: sizes.map(|size| Arc::new(Semaphore::new(size.max(1)))),
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
        Some(self.slot(kind, permit))
    }

    /// How many slots of a kind are free now.
    pub fn free(&self, kind: Kind) -> usize {
        self.shared.free[kind as usize].available_permits()
    }

    /// All slots of a kind that are free now, at most `most`.
    pub fn take_free(&self, kind: Kind, most: usize) -> Vec<Slot> {
        let free = &self.shared.free[kind as usize];
        let permits = std::iter::from_fn(|| Arc::clone(free).try_acquire_owned().ok());
        permits.take(most).map(|permit| self.slot(kind, permit)).collect()
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

    fn slot(&self, kind: Kind, permit: OwnedSemaphorePermit) -> Slot {
        Slot { permit: Some(permit), kind, shared: Arc::clone(&self.shared) }
    }
}
