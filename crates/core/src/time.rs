//! Points in time and days in Juba.

use alloc::format;
use alloc::string::String;
use core::fmt;

use jiff::Timestamp;
use jiff::tz::{TimeZone, get};
use serde::{Deserialize, Serialize};

/// South Sudan's zone: UTC+3 until 2021-01-31 21:00 UTC, UTC+2 since, no summer time (IANA tz, `africa`).
static JUBA: TimeZone = get!("Africa/Juba");

/// One second in milliseconds.
pub const SECOND: i64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// One day in milliseconds.
pub const DAY: i64 = 24 * HOUR;

/// A point in time: milliseconds since 1970-01-01 UTC. Comes in as an argument everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(i64);

impl Time {
    /// The point `ms` milliseconds after the epoch; any value is taken.
    #[must_use]
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This point moved by `ms` milliseconds, saturating at the ends.
    #[must_use]
    pub const fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this point; negative when it lies before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The calendar day in Juba, whose midnight is 22:00 UTC.
    #[must_use]
    pub fn juba_day(self) -> JubaDay {
        let day = self.juba_wall_millis().div_euclid(DAY);
        JubaDay(i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX }))
    }

    /// The time of day in Juba, such as `14:05`.
    #[must_use]
    pub fn juba_clock(self) -> String {
        let minutes = self.juba_wall_millis().rem_euclid(DAY) / MINUTE;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// The hour of the day in Juba, 0 to 23.
    #[must_use]
    pub fn juba_hour(self) -> u32 {
        u32::try_from(self.juba_wall_millis().rem_euclid(DAY) / HOUR).unwrap_or(0)
    }

    fn juba_wall_millis(self) -> i64 {
        // A point outside jiff's range (years -9999 to 9999) gets today's offset.
        let offset =
            Timestamp::from_millisecond(self.0).map_or(2 * 3600, |point| JUBA.to_offset(point).seconds());
        self.0.saturating_add(i64::from(offset) * SECOND)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_millisecond(self.0) {
            Ok(point) => write!(f, "{point}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

/// A day of Juba's calendar: days since 1970-01-01 there. Quotas compare days, nothing resets them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JubaDay(pub i32);
