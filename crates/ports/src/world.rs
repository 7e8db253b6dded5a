//! Time and randomness, which come in as arguments everywhere else.

use std::time::Duration;

use answerbot_core::Time;

/// Reads the time.
pub trait Clock: Send + Sync {
    /// The wall clock: may jump.
    fn now(&self) -> Time;

    /// Time elapsed since some fixed moment: never goes back. Leases are judged by it.
    fn monotonic(&self) -> Duration;
}

/// Draws randomness fit for keys.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);

    /// Sixteen bytes: the seed of a decision.
    fn seed(&self) -> [u8; 16] {
        let mut seed = [0; 16];
        self.fill(&mut seed);
        seed
    }
}
