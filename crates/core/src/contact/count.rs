//! What is counted by the day of Juba.

use serde::{Deserialize, Serialize};

use crate::spend::MicroUsd;
use crate::time::JubaDay;

/// A count that belongs to a day of Juba; another day starts at nought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    /// The day.
    pub day: JubaDay,
    /// How many on that day.
    pub used: u32,
}

impl DayCount {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    pub(super) fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// How many on `day`.
    #[must_use]
    pub fn on(self, day: JubaDay) -> u32 {
        // A clock that jumped back must not refill anything.
        if self.day >= day { self.used } else { 0 }
    }

    /// Takes one of `limit` on `day`; false, and nothing taken, when none is left.
    pub fn take(&mut self, day: JubaDay, limit: u32) -> bool {
        let used = self.on(day);
        if used >= limit {
            return false;
        }
        *self = Self { day: day.max(self.day), used: used + 1 };
        true
    }

    /// Gives one of `day` back; a later day has nothing to give back.
    pub fn give_back(&mut self, day: JubaDay) {
        if self.day == day {
            self.used = self.used.saturating_sub(1);
        }
    }
}

/// What was spent on a day of Juba; another day starts at nought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySum {
    /// The day.
    pub day: JubaDay,
    /// So much.
    pub sum: MicroUsd,
}

impl DaySum {
    pub(super) fn is_empty(&self) -> bool {
        self.sum.0 == 0
    }

    /// How much on `day`.
    #[must_use]
    pub fn on(self, day: JubaDay) -> MicroUsd {
        // A clock that jumped back must not refill anything.
        if self.day >= day { self.sum } else { MicroUsd::default() }
    }

    /// Adds to what was spent on `day`.
    pub fn add(&mut self, day: JubaDay, amount: MicroUsd) {
        if amount.0 == 0 {
            return;
        }
        *self = Self { day: day.max(self.day), sum: self.on(day) + amount };
    }
}
