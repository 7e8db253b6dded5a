//! Dates as statements write them.

use jiff::Timestamp;
use jiff::civil::{Date, Time as Clock};

use super::days::{at_wall, day_of};
use crate::time::{SECOND, Time};

/// The day stands before the month, as people in South Sudan write it.
const DATES: &[&str] = &[
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
];

const CLOCKS: &[&str] = &["%H:%M:%S%.f", "%H:%M", "%I:%M:%S %p", "%I:%M %p"];

/// What no statement of ours lies outside of: 2000 until 2100, in milliseconds. A year of two digits does.
const OUR_TIME: core::ops::Range<i64> = 946_684_800_000..4_102_444_800_000;

/// Reads a date with or without a time of day, which clocks in Juba showed; a date alone is its midnight.
/// A time with `Z` or an offset is taken as that point.
pub(super) fn read(text: &str) -> Option<Time> {
    let text = text.trim();
    let time = match text.parse::<Timestamp>() {
        Ok(point) => Time::from_millis(point.as_millisecond()),
        Err(_) => wall(text)?,
    };
    OUR_TIME.contains(&time.as_millis()).then_some(time)
}

fn wall(text: &str) -> Option<Time> {
    let hour = text.find(':').map(|colon| text[..colon].trim_end_matches(|c: char| c.is_ascii_digit()).len());
    let (date, clock) = text.split_at(hour.unwrap_or(text.len()));
    let date = date.trim_end_matches([' ', ',', 'T']);
    let day = DATES.iter().find_map(|it| Date::strptime(it, date).ok())?;
    let clock = if clock.is_empty() {
        Clock::midnight()
    } else {
        CLOCKS.iter().find_map(|it| Clock::strptime(it, clock).ok())?
    };
    let seconds = (i64::from(clock.hour()) * 60 + i64::from(clock.minute())) * 60 + i64::from(clock.second());
    Some(at_wall(day_of(day), seconds * SECOND + i64::from(clock.millisecond())))
}
