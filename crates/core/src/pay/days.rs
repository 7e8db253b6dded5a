//! Paid days: whole days of Juba's calendar, what they earned, and how dates are written.

use alloc::string::{String, ToString};

use jiff::civil::{Date, date};
use jiff::tz::{TimeZone, get};
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::money::Money;
use crate::time::{DAY, HOUR, JubaDay, Time};

/// The days that one payment bought, both included.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Period {
    /// The first paid day. What was left of the day of the payment comes on top, as a gift.
    pub first: JubaDay,
    /// The last paid day.
    pub through: JubaDay,
}

/// The days that `days` paid days add to a plan that is paid `through` a day, bought `today`.
///
/// `max(today, through) + days`: paid days are never lost and never overlap, so weekly then monthly adds up.
/// Saturates at the end of time.
#[must_use]
pub fn extend(today: JubaDay, through: Option<JubaDay>, days: u32) -> Period {
    let base = through.map_or(today, |through| through.max(today));
    Period { first: plus(base, 1), through: plus(base, days) }
}

fn plus(day: JubaDay, days: u32) -> JubaDay {
    JubaDay(day.0.saturating_add_unsigned(days))
}

/// What an amount for `days` days from `first` on has earned until the end of `today`.
///
/// Each day earns the same whole hundredths, and the last one also what is left over, so that the days add
/// up to the amount: 3,000.00 in seven days is six times 428.57 and once 428.58. Computed when read, nothing
/// is posted day by day. An amount for no days is earned on `first`.
#[must_use]
pub fn earned(amount: Money, first: JubaDay, days: u32, today: JubaDay) -> Money {
    let begun = i64::from(today.0) - i64::from(first.0) + 1;
    let days = i64::from(days);
    let minor = if begun <= 0 {
        0
    } else if begun >= days {
        amount.minor()
    } else {
        amount.minor() / days * begun
    };
    Money::from_minor(minor, amount.currency())
}

/// A date for people: "12 December 2026".
#[must_use]
pub fn long_date(day: JubaDay) -> String {
    civil(day).strftime("%-d %B %Y").to_string()
}

/// A short date for people: "12 Dec".
#[must_use]
pub fn short_date(day: JubaDay) -> String {
    civil(day).strftime("%-d %b").to_string()
}

/// A date for operators and files: "2026-12-12". [`parse_day`] reads it back.
#[must_use]
pub fn iso_date(day: JubaDay) -> String {
    civil(day).to_string()
}

/// Reads a date such as "2026-12-12"; `None` when it is none.
#[must_use]
pub fn parse_day(text: &str) -> Option<JubaDay> {
    text.trim().parse().ok().map(day_of)
}

/// The point at which clocks in Juba show `ms` milliseconds after midnight on `day`; 0 is the day's begin.
#[must_use]
pub fn at_wall(day: JubaDay, ms: i64) -> Time {
    static JUBA: TimeZone = get!("Africa/Juba");
    // Beyond jiff's years the offset of today stands in, as in `Time`.
    let wall = i64::from(day.0).saturating_mul(DAY).saturating_add(ms);
    let offset = Timestamp::from_millisecond(wall)
        .and_then(|point| JUBA.to_timestamp(TimeZone::UTC.to_datetime(point)))
        .map_or(2 * HOUR, |point| wall - point.as_millisecond());
    Time::from_millis(wall.saturating_sub(offset))
}

pub(super) fn day_of(day: Date) -> JubaDay {
    let span = day.since(EPOCH).map_or(0, |span| span.get_days());
    JubaDay(span)
}

const EPOCH: Date = date(1970, 1, 1);

/// Saturates at the years -9999 and 9999.
fn civil(day: JubaDay) -> Date {
    let end = if day.0 < 0 { Date::MIN } else { Date::MAX };
    Span::new().try_days(day.0).and_then(|span| EPOCH.checked_add(span)).unwrap_or(end)
}
