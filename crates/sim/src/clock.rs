//! The one place in the simulator that reads a clock or makes numbers up.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01 UTC, as Messenger writes them.
#[must_use]
pub fn now_ms() -> i64 {
    i64::try_from(since_1970().as_millis()).unwrap_or(i64::MAX)
}

/// A monotonic instant for measuring latency.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the simulator's one reader of the clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// A seed that differs at every start, for programs that were given none.
#[must_use]
pub fn fresh_seed() -> u64 {
    let since = since_1970();
    mix(since.as_secs() ^ (u64::from(since.subsec_nanos()) << 32))
}

#[expect(clippy::disallowed_methods, reason = "the simulator's one reader of the clock")]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A clock that runs with the real one, but may be moved.
#[derive(Debug, Default)]
pub struct WorldClock {
    ahead_ms: AtomicI64,
}

impl WorldClock {
    /// Milliseconds since 1970-01-01 UTC on this clock.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        now_ms().saturating_add(self.ahead_ms.load(Ordering::Acquire))
    }

    /// Moves it on.
    pub fn skip(&self, time: Duration) {
        let ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.ahead_ms.fetch_add(ms, Ordering::AcqRel);
    }

    /// Makes it show `ms` now.
    pub fn set(&self, ms: i64) {
        self.ahead_ms.store(ms.saturating_sub(now_ms()), Ordering::Release);
    }
}

/// Seeded randomness (`SplitMix64`) that many tasks may draw from without a lock. The sequence of draws depends only
/// on the seed; which task gets which draw depends on the scheduler.
#[derive(Debug)]
pub struct Dice(AtomicU64);

impl Dice {
    /// Dice whose draws follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next 64 bits.
    pub fn roll(&self) -> u64 {
        const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;
        mix(self.0.fetch_add(GAMMA, Ordering::Relaxed).wrapping_add(GAMMA))
    }

    /// A number in 0..1.
    pub fn fraction(&self) -> f64 {
        f64::from((self.roll() >> 32) as u32) / (f64::from(u32::MAX) + 1.0)
    }

    /// True with probability `p` (0..=1). Draws nothing when `p` is 0, so that unused knobs cost nothing.
    pub fn chance(&self, p: f64) -> bool {
        p > 0.0 && self.fraction() < p
    }

    /// A duration from zero up to (not including) `most`.
    pub fn up_to(&self, most: Duration) -> Duration {
        if most.is_zero() { most } else { most.mul_f64(self.fraction()) }
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_seed_gives_the_same_draws() {
        let (a, b) = (Dice::new(7), Dice::new(7));
        assert!((0..100).all(|_| a.roll() == b.roll()));
    }

    #[test]
    fn a_chance_is_met_about_as_often_as_it_says() {
        let dice = Dice::new(1);
        let hits = (0..10_000).filter(|_| dice.chance(0.25)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!(!dice.chance(0.0) && dice.chance(1.0));
    }
}
