//! What Graph's errors mean, as a table.
//!
//! Facts: Meta's references of Graph API and Messenger Platform error codes.

use answerbot_core::contact::effect::{EffectFault, Retry};
use serde_json::Value;

/// After a throttle nothing is tried for at least so long, in milliseconds.
const SLOW_MS: i64 = 30_000;

/// What follows from an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Too many calls: wait.
    Slow,
    /// Temporary: the usual pace.
    Again,
    /// The reply window is shut.
    Shut,
    /// This person cannot be reached.
    Gone,
    /// Token, permission or policy: nothing goes out for anybody.
    Down,
    /// This message is wrong, and will be.
    Wrong,
    /// Not in the table: the usual pace, and somebody should look.
    Unknown,
}

/// A code (`None`: any) with a subcode (`None`: any), and what it means. The first row that fits counts.
const TABLE: &[(Option<i64>, Option<i64>, Meaning)] = &[
    // The window; the second is Instagram's.
    (Some(10), Some(2_018_278), Meaning::Shut),
    (Some(10), Some(2_534_022), Meaning::Shut),
    // Blocked us, left, or belongs to another page. Their subcodes come under several codes.
    (None, Some(2_018_108), Meaning::Gone),
    (None, Some(1_545_041), Meaning::Gone),
    (Some(100), Some(2_018_001), Meaning::Gone),
    (Some(551), None, Meaning::Gone),
    (Some(1_545_041), None, Meaning::Gone),
    (Some(2_018_108), None, Meaning::Gone),
    // Token.
    (Some(190), None, Meaning::Down),
    (Some(102), None, Meaning::Down),
    (Some(2_500), None, Meaning::Down),
    // Policy.
    (Some(368), None, Meaning::Down),
    (Some(341), None, Meaning::Down),
    // Permission, app not live, wrong page. 100/33 is how Graph words "no such page for this token".
    (Some(10), None, Meaning::Down),
    (Some(200), None, Meaning::Down),
    (Some(3), None, Meaning::Down),
    (Some(33), None, Meaning::Down),
    (Some(803), None, Meaning::Down),
    (Some(100), Some(33), Meaning::Down),
    // Our own fault.
    (Some(100), None, Meaning::Wrong),
    (Some(36_000), None, Meaning::Wrong),
    (Some(546), None, Meaning::Wrong),
    (Some(2_018_047), None, Meaning::Wrong),
    // Temporary.
    (Some(1), None, Meaning::Again),
    (Some(2), None, Meaning::Again),
    (Some(1_200), None, Meaning::Again),
];

/// Codes of a throttle; 2018022 is seen as a subcode too.
const THROTTLES: &[i64] = &[4, 17, 32, 613, 80_006, 2_018_022];

/// The parts of `error` that decide.
#[derive(Debug, Default)]
pub(super) struct GraphError {
    code: Option<i64>,
    subcode: Option<i64>,
    is_transient: bool,
    /// Code 10 without a subcode is told from a missing permission by its words only.
    says_outside: bool,
}

impl GraphError {
    /// The error in an answer's body, which may come even with HTTP 200.
    pub(super) fn of(body: &Value) -> Option<Self> {
        let error = body.get("error").filter(|error| !error.is_null())?;
        let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
        Some(Self {
            code: number(error.get("code")),
            subcode: number(error.get("error_subcode")),
            is_transient: error.get("is_transient").and_then(Value::as_bool).unwrap_or_default(),
            says_outside: message.to_lowercase().contains("outside"),
        })
    }

    /// Whether the token itself is refused.
    pub(super) fn is_token(&self) -> bool {
        matches!(self.code, Some(190 | 102 | 2_500))
    }

    /// A short name, such as `graph 190/463`.
    pub(super) fn name(&self) -> String {
        match (self.code, self.subcode) {
            (Some(code), Some(subcode)) => format!("graph {code}/{subcode}"),
            (Some(code), None) => format!("graph {code}"),
            (None, _) => "graph error without a code".to_owned(),
        }
    }

    fn meaning(&self, status: u16) -> Meaning {
        let is_throttle = |code: Option<i64>| code.is_some_and(|code| THROTTLES.contains(&code));
        if status == 429 || is_throttle(self.code) || self.subcode == Some(2_018_022) {
            return Meaning::Slow;
        }
        if self.is_transient {
            return Meaning::Again;
        }
        if self.code == Some(10) && self.says_outside {
            return Meaning::Shut;
        }
        let fits = |given: Option<i64>, row: Option<i64>| row.is_none() || row == given;
        let row =
            TABLE.iter().find(|(code, subcode, _)| fits(self.code, *code) && fits(self.subcode, *subcode));
        match row {
            Some((_, _, meaning)) => *meaning,
            None if status >= 500 => Meaning::Again,
            None => Meaning::Unknown,
        }
    }

    /// What follows from this error; `retry_after_ms` is the answer's `Retry-After`.
    pub(super) fn fault(&self, status: u16, retry_after_ms: Option<i64>) -> EffectFault {
        fault(self.meaning(status), self.name(), retry_after_ms)
    }
}

/// What follows from an answer without a readable `error`.
pub(super) fn bare(status: u16, retry_after_ms: Option<i64>) -> EffectFault {
    let meaning = match status {
        429 => Meaning::Slow,
        401 | 403 => Meaning::Down,
        408 | 500.. => Meaning::Again,
        _ => Meaning::Unknown,
    };
    fault(meaning, format!("http {status}"), retry_after_ms)
}

fn fault(meaning: Meaning, reason: String, retry_after_ms: Option<i64>) -> EffectFault {
    let floor = retry_after_ms.unwrap_or(0);
    let (retry, alert) = match meaning {
        Meaning::Slow => (Retry::After(floor.max(SLOW_MS)), false),
        Meaning::Again => (Retry::After(floor), false),
        Meaning::Unknown => (Retry::After(floor), true),
        Meaning::Shut => (Retry::WindowShut, false),
        Meaning::Gone => (Retry::Gone, false),
        Meaning::Down => (Retry::ChannelDown, true),
        Meaning::Wrong => (Retry::Refused, true),
    };
    EffectFault { retry, alert, reason }
}

/// A number, also one written as a text.
fn number(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
