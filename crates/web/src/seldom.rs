//! Says when something that happens often may be logged again.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Lets one through per interval, and tells how many it held back before.
pub(crate) struct Seldom {
    every_ms: u64,
    /// Monotonic milliseconds from which on the next one passes.
    next: AtomicU64,
    held_back: AtomicU64,
}

impl Seldom {
    pub(crate) const fn new(every: Duration) -> Self {
        Self { every_ms: millis(every), next: AtomicU64::new(0), held_back: AtomicU64::new(0) }
    }

    /// `Some(how many were held back since the last)` when this one may be logged.
    pub(crate) fn pass(&self, now: Duration) -> Option<u64> {
        let (now, next) = (millis(now), self.next.load(Relaxed));
        // Of several that race only one moves the mark; the others count as held back.
        let won =
            now >= next && self.next.compare_exchange(next, now + self.every_ms, Relaxed, Relaxed).is_ok();
        if won {
            return Some(self.held_back.swap(0, Relaxed));
        }
        self.held_back.fetch_add(1, Relaxed);
        None
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a process does not run for 500 million years")]
const fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}
