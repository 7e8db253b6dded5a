//! Whether an AI provider is worth asking: five failures one after the other, or half of at least ten in half a
//! minute, open its circuit. It opens for longer each time, and one probe closes it.

use alloc::collections::VecDeque;
use core::time::Duration;

/// Failures one after the other that open it.
const IN_A_ROW: u32 = 5;
/// From so many calls within [`WINDOW`] on, half of them failing opens it.
const CALLS: usize = 10;
const WINDOW: Duration = Duration::from_secs(30);
/// How long it opens the first time; twice as long each further time, up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(15);
const LONGEST: Duration = Duration::from_mins(5);
/// One whose circuit is open, and besides whom there is nobody, is asked so often.
const LAST_RESORT: Duration = Duration::from_millis(500);
/// Calls that are remembered at most.
const REMEMBERED: usize = 64;

/// The circuit of one provider. Times are monotonic.
#[derive(Clone, Debug, Default)]
pub struct Circuit {
    in_a_row: u32,
    /// When each of the last calls ended, and whether it failed; oldest first.
    recent: VecDeque<(Duration, bool)>,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    until: Duration,
    lasted: Duration,
    /// A probe is under way since.
    probing: Option<Duration>,
}

impl Circuit {
    /// Whether a call would be let through now.
    #[must_use]
    pub fn would_call(&self, now: Duration) -> bool {
        // A probe that never told how it ended is over after a while too.
        self.open.is_none_or(|it| {
            now >= it.until && it.probing.is_none_or(|since| now.saturating_sub(since) >= FIRST)
        })
    }

    /// Lets a call through, or not. While it is open one call may go after its rest: the probe.
    pub fn may_call(&mut self, now: Duration) -> bool {
        let may = self.would_call(now);
        if let Some(open) = self.open.as_mut().filter(|_| may) {
            open.probing = Some(now);
        }
        may
    }

    /// A call goes all the same, for want of anybody else: it is a probe as well, at most one in [`LAST_RESORT`].
    pub fn may_call_anyway(&mut self, now: Duration) -> bool {
        let Some(open) = self.open.as_mut() else { return true };
        if open.probing.is_some_and(|since| now.saturating_sub(since) < LAST_RESORT) {
            return false;
        }
        open.probing = Some(now);
        true
    }

    /// Says how a call ended. One that worked and took too long has failed.
    pub fn note(&mut self, worked: bool, now: Duration) {
        if let Some(open) = self.open {
            // Calls that were under way when it opened tell nothing new.
            if open.probing.is_some() {
                self.open = if worked { None } else { Some(opened(now, open.lasted.saturating_mul(2))) };
            }
            return;
        }
        self.in_a_row = if worked { 0 } else { self.in_a_row.saturating_add(1) };
        self.recent.push_back((now, !worked));
        while self.recent.len() > REMEMBERED
            || self.recent.front().is_some_and(|(at, _)| now.saturating_sub(*at) > WINDOW)
        {
            self.recent.pop_front();
        }
        let failed = self.recent.iter().filter(|(_, failed)| *failed).count();
        let is_half = self.recent.len() >= CALLS && failed * 2 >= self.recent.len();
        if self.in_a_row >= IN_A_ROW || is_half {
            self.open = Some(opened(now, FIRST));
            self.in_a_row = 0;
            self.recent.clear();
        }
    }

    /// Whether it is open.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

fn opened(now: Duration, lasts: Duration) -> Open {
    let lasted = lasts.min(LONGEST);
    Open { until: now.saturating_add(lasted), lasted, probing: None }
}
