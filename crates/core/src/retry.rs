//! The one retry loop's delays, written out. Adapters try once.

use crate::time::{HOUR, MINUTE, SECOND};

/// Delays between the attempts of a send that the platform refused for now:
/// 1 s, 2 s, 5 s, 10 s, 30 s, 1 min, 2 min, 5 min, 10 min, then every 15 min.
const SEND: &[i64] = &[
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
];

/// Delays of a question while the person still waits for it, before the apology: 1 s, 3 s, 6 s.
const ASK_SOON: &[i64] = &[SECOND, 3 * SECOND, 6 * SECOND];

/// Delays of a question after the apology: 30 s, 1 min, 2 min, 5 min, 10 min, 20 min, 30 min, then hourly.
const ASK_LATER: &[i64] =
    &[30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, HOUR];

/// Delays of an alarm: 5 s, 30 s, 2 min, 10 min, then every 30 min.
const ALERT: &[i64] = &[5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE];

/// Delays of what one aggregate tells another: 200 ms, 1 s, 5 s, 30 s, then every minute, for ever.
const TELL: &[i64] = &[200, SECOND, 5 * SECOND, 30 * SECOND, MINUTE];

/// Delays of a request for money that did not reach MTN: 2 s, 5 s, 10 s, 20 s, then every 30 s.
const CHARGE: &[i64] = &[2 * SECOND, 5 * SECOND, 10 * SECOND, 20 * SECOND, 30 * SECOND];

/// A send is given up after so many refusals; what was never sent by then is dead.
pub const SEND_ATTEMPTS: u32 = 20;
/// An alarm is given up after so many attempts.
pub const ALERT_ATTEMPTS: u32 = 50;
/// An effect whose process died this often while it was open is dead.
pub const LOST_LEASES: u32 = 20;

/// Milliseconds before the next attempt of a send; `attempt` counts from 1.
#[must_use]
pub fn send(attempt: u32, seed: &[u8; 16]) -> i64 {
    jitter(nth(SEND, attempt), seed)
}

/// Milliseconds before a question is tried again silently, or `None` when it is time for the apology.
#[must_use]
pub fn ask_soon(attempt: u32) -> Option<i64> {
    ASK_SOON.get(attempt.saturating_sub(1) as usize).copied()
}

/// Milliseconds before a question that was apologised for is tried again.
#[must_use]
pub fn ask_later(attempt: u32, seed: &[u8; 16]) -> i64 {
    jitter(nth(ASK_LATER, attempt), seed)
}

/// A wait that was asked for, and up to a tenth more, at most ten minutes: those who wait for the same moment must not
/// all come in it.
#[must_use]
pub fn after(floor: i64, seed: &[u8; 16]) -> i64 {
    let most = (floor / 10).clamp(0, 10 * MINUTE);
    floor.saturating_add(most * i64::from(u16::from_be_bytes([seed[2], seed[3]])) / i64::from(u16::MAX))
}

/// Milliseconds before an alarm is posted again.
#[must_use]
pub fn alert(attempt: u32, seed: &[u8; 16]) -> i64 {
    jitter(nth(ALERT, attempt), seed)
}

/// Milliseconds before another aggregate is told again.
#[must_use]
pub fn tell(attempt: u32, seed: &[u8; 16]) -> i64 {
    jitter(nth(TELL, attempt), seed)
}

/// Milliseconds before a request for money that did not reach MTN is made again.
#[must_use]
pub fn charge(attempt: u32, seed: &[u8; 16]) -> i64 {
    jitter(nth(CHARGE, attempt), seed)
}

fn nth(table: &[i64], attempt: u32) -> i64 {
    let index = (attempt.max(1) as usize - 1).min(table.len() - 1);
    table[index]
}

/// Up to a fifth more, so that what failed together does not come back together.
fn jitter(delay: i64, seed: &[u8; 16]) -> i64 {
    let part = i64::from(u16::from_be_bytes([seed[0], seed[1]]));
    delay + delay * part / (5 * i64::from(u16::MAX))
}
