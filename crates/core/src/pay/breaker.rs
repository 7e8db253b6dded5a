//! Whether a service is worth calling: five failures in the last eight calls open the breaker.
//!
//! At our volume a share of the last minutes would be two or three calls; the last eight are what can be counted.

use alloc::collections::VecDeque;
use core::time::Duration;

/// Calls that are remembered.
const REMEMBERED: usize = 8;
/// So many failures among them open it.
const FAILURES: usize = 5;
/// After so long one call may try.
const REST: Duration = Duration::from_mins(1);

/// The breaker of one kind of call. Times are monotonic.
#[derive(Clone, Debug, Default)]
pub struct Breaker {
    /// Whether each of the last calls failed, oldest first.
    failed: VecDeque<bool>,
    opened: Option<Duration>,
    /// A probe is under way since.
    probing: Option<Duration>,
}

impl Breaker {
    /// Whether a call may be made now. While it is open one call in a minute may: its probe.
    pub fn may_call(&mut self, now: Duration) -> bool {
        let Some(opened) = self.opened else { return true };
        let rested = |since: Duration| now.saturating_sub(since) >= REST;
        // A probe that never told how it ended is over after a while too.
        let may = rested(opened) && self.probing.is_none_or(rested);
        if may {
            self.probing = Some(now);
        }
        may
    }

    /// Says how a call ended: whether the service did its work, whatever it answered.
    pub fn note(&mut self, worked: bool, now: Duration) {
        if self.probing.take().is_some() {
            self.opened = if worked { None } else { Some(now) };
            self.failed.clear();
            return;
        }
        self.failed.push_back(!worked);
        if self.failed.len() > REMEMBERED {
            self.failed.pop_front();
        }
        if self.failed.iter().filter(|failed| **failed).count() >= FAILURES {
            self.opened = self.opened.or(Some(now));
        }
    }

    /// Whether it is open.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.opened.is_some()
    }
}
