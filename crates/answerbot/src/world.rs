//! The real clock and the real randomness: the only places that read them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use answerbot_core::Time;
use answerbot_ports::world::{Clock, Entropy};

/// A clock this far from the store's is set right; below it the difference is the network's.
const APART_MS: i64 = 1_000;
/// Nobody said yet what time it is elsewhere.
const ALONE: i64 = i64::MIN;

/// The clock of the machine. In a fleet it is the store's, which goes on by the monotonic clock: all processes agree,
/// and nobody who sets a machine's clock moves it.
pub struct SystemClock {
    started: Instant,
    /// What to add to the monotonic clock, in milliseconds.
    ahead: AtomicI64,
    /// By how much the machine's clock was said to be wrong.
    told: AtomicI64,
}

impl SystemClock {
    /// Starts counting now.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn new() -> Self {
        Self { started: Instant::now(), ahead: AtomicI64::new(ALONE), told: AtomicI64::new(0) }
    }

    /// Learns what time it is elsewhere. Returns the milliseconds by which the machine's clock is wrong, when that is
    /// news.
    pub fn learn(&self, elsewhere: Time) -> Option<i64> {
        self.learn_at(elsewhere, machine_time(), self.monotonic())
    }

    fn learn_at(&self, elsewhere: Time, machine: Time, monotonic: Duration) -> Option<i64> {
        let is_right = elsewhere.since(machine).abs() < APART_MS;
        let wrong = if is_right { 0 } else { elsewhere.since(machine) };
        let is_alone = self.ahead.load(Ordering::Relaxed) == ALONE;
        if is_alone || elsewhere.since(self.now_at(machine, monotonic)).abs() >= APART_MS {
            let now = if is_right { machine } else { elsewhere };
            self.ahead.store(now.as_millis() - millis(monotonic), Ordering::Relaxed);
        }
        if (wrong - self.told.load(Ordering::Relaxed)).abs() < APART_MS {
            return None;
        }
        self.told.store(wrong, Ordering::Relaxed);
        Some(wrong)
    }

    fn now_at(&self, machine: Time, monotonic: Duration) -> Time {
        match self.ahead.load(Ordering::Relaxed) {
            ALONE => machine,
            ahead => Time::from_millis(ahead + millis(monotonic)),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn machine_time() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(millis(since))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Clock for SystemClock {
    fn now(&self) -> Time {
        self.now_at(machine_time(), self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The randomness of the operating system.
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(
        clippy::disallowed_methods,
        clippy::panic,
        reason = "the one place that draws randomness; without it no key is safe"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system gives no randomness: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Time = Time::from_millis(1_795_514_400_000);
    const HOUR: i64 = 3_600_000;

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn alone_it_is_the_machines_clock() {
        let clock = SystemClock::new();
        assert_eq!(clock.now_at(NOON, after(5)), NOON);
        assert_eq!(clock.now_at(NOON.plus(HOUR), after(6)), NOON.plus(HOUR));
    }

    #[test]
    fn a_clock_that_is_wrong_is_set_right_by_the_stores_and_told_once() {
        let clock = SystemClock::new();
        assert_eq!(clock.learn_at(NOON.plus(400), NOON, after(10)), None, "that is the network");
        assert_eq!(clock.now_at(NOON, after(10)), NOON);
        let clock = SystemClock::new();
        assert_eq!(clock.learn_at(NOON.plus(HOUR), NOON, after(10)), Some(HOUR));
        assert_eq!(clock.now_at(NOON, after(10)), NOON.plus(HOUR));
        assert_eq!(clock.learn_at(NOON.plus(HOUR + 10_300), NOON.plus(10_000), after(20)), None, "no news");
        assert_eq!(clock.now_at(NOON.plus(10_000), after(20)), NOON.plus(HOUR + 10_000), "and it stays");
    }

    #[test]
    fn who_sets_the_machines_clock_moves_nothing_in_a_fleet() {
        let clock = SystemClock::new();
        clock.learn_at(NOON, NOON, after(10));
        assert_eq!(clock.now_at(NOON.plus(2 * HOUR), after(15)), NOON.plus(5_000));
        assert_eq!(clock.learn_at(NOON.plus(5_000), NOON.plus(2 * HOUR), after(15)), Some(5_000 - 2 * HOUR));
        assert_eq!(clock.now_at(NOON.plus(2 * HOUR), after(15)), NOON.plus(5_000));
        assert_eq!(
            clock.learn_at(NOON.plus(20_000), NOON.plus(20_000), after(30)),
            Some(0),
            "it was set right"
        );
    }
}
