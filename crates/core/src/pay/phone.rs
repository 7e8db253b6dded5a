//! Phone numbers: the one who pays, found in whatever way people write it.
//!
//! South Sudan's numbers have nine digits after the country code 211 or the 0. Mobile ones begin with 12 or
//! with 91, 92, 95, 97, 98, 99; MTN's are 92 and 99 (Google's libphonenumber, July 2026).

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::digits::{Gap, Group, LONGEST, digit, groups, is_amount, is_date};
use crate::words::{self, Said};

/// A phone number with its country code.
///
/// Its `Debug` shows the last two digits only, and it has no `Display`, so that none gets into a log by chance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Msisdn(u64);

/// A text that is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a phone number is 8 to 15 digits with its country code and without a plus, such as 211921234567")]
pub struct BadMsisdn;

const COUNTRY: u64 = 211_000_000_000;
const NATIONAL: u64 = 1_000_000_000;

impl Msisdn {
    /// A number of South Sudan by its nine national digits.
    fn of_nine(digits: &str) -> Option<Self> {
        // Neither a second 0 nor a country code may lead.
        let well = digits.len() == 9 && !digits.starts_with('0');
        digits.parse().ok().filter(|_| well).map(|national: u64| Self(COUNTRY + national))
    }

    /// Reads one number as files and operators write it: "211921234567", "+211 92 123 4567", "0921234567",
    /// "FRI:211921234567/MSISDN". Numbers of other countries are taken with their country code.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("FRI:").unwrap_or(text);
        let text = text.strip_suffix("/MSISDN").unwrap_or(text);
        let mut digits = String::new();
        for (at, c) in text.char_indices() {
            match digit(c) {
                Some(it) => digits.push(it),
                None if c == ' ' || c == '-' || c == '(' || c == ')' || (c == '+' && at == 0) => {}
                None => return None,
            }
        }
        nine(&digits).and_then(Self::of_nine).or_else(|| without_00(&digits).parse().ok())
    }

    /// All digits with the country code and without a plus, as MTN wants them: "211921234567".
    #[must_use]
    pub fn digits(self) -> String {
        self.0.to_string()
    }

    /// As people write it: "0921234567"; a number of another country as "+46733123450".
    #[must_use]
    pub fn national(self) -> String {
        match self.nine() {
            Some(national) => format!("0{national:09}"),
            None => format!("+{}", self.0),
        }
    }

    /// For people who know it: "092*****67".
    #[must_use]
    pub fn masked(self) -> String {
        let full = self.national();
        let hidden = 3..full.len() - 2;
        full.char_indices().map(|(at, c)| if hidden.contains(&at) { '*' } else { c }).collect()
    }

    /// Whether it is MTN's in South Sudan. `prefixes` are the first national digits, such as "92".
    #[must_use]
    pub fn is_mtn(self, prefixes: &[String]) -> bool {
        let Some(national) = self.nine().map(|it| format!("{it:09}")) else { return false };
        // "092" in a policy means "92"; an empty one means nothing.
        let mut prefixes = prefixes.iter().map(|it| it.trim_start_matches('0')).filter(|it| !it.is_empty());
        prefixes.any(|it| national.starts_with(it))
    }

    /// Whether a phone can have it in South Sudan.
    fn is_mobile(self) -> bool {
        let first = self.nine().map(|it| it / 10_000_000);
        matches!(first, Some(12 | 91 | 92 | 95 | 97 | 98 | 99))
    }

    /// Whether MTN's sandbox answers for it in a special way, as its testing page says.
    const fn is_magic(self) -> bool {
        matches!(self.0, 46_733_123_450..=46_733_123_464 | 56_733_123_453)
    }

    fn nine(self) -> Option<u64> {
        (self.0 / NATIONAL == COUNTRY / NATIONAL).then_some(self.0 % NATIONAL)
    }
}

impl fmt::Debug for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Msisdn(*{:02})", self.0 % 100)
    }
}

impl FromStr for Msisdn {
    type Err = BadMsisdn;

    /// Reads what [`Msisdn::digits`] writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, BadMsisdn> {
        let well = (8..=15).contains(&text.len())
            && !text.starts_with('0')
            && text.bytes().all(|it| it.is_ascii_digit());
        text.parse().ok().filter(|_| well).map(Self).ok_or(BadMsisdn)
    }
}

impl Serialize for Msisdn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.digits())
    }
}

impl<'de> Deserialize<'de> for Msisdn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// What [`find`] saw in a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// No mobile number of South Sudan.
    None,
    /// A number that can pay.
    Mtn(Msisdn),
    /// A number of another network.
    NotMtn(Msisdn),
}

/// Whether a message is nothing but a phone number, well written or not.
#[must_use]
pub fn is_only_number(text: &str) -> bool {
    words::read_calm(text) == Said::Number
}

/// Finds a mobile number of South Sudan anywhere in a text: 092…, 92…, +211 92…, 00211 92…, in groups, in a
/// sentence, in Arabic digits. Of several the first of MTN, else the first.
///
/// `mtn_prefixes` are the first national digits of MTN's numbers, as in the policy. With `sandbox` the numbers
/// that MTN's sandbox answers in special ways count as MTN's.
///
/// Amounts, dates, PINs, order numbers and numbers of other countries are none. Digits that stand where a
/// number could, but read as well as something else, are none either: the person is asked again, which is
/// better than a stranger's phone that rings.
#[must_use]
pub fn find(text: &str, mtn_prefixes: &[String], sandbox: bool) -> Found {
    let groups = groups(text);
    let mut found = Found::None;
    let mut at = 0;
    while at < groups.len() {
        let Some((number, end)) = number_at(text, &groups, at, mtn_prefixes, sandbox) else {
            at = foreign_end(&groups, at).unwrap_or(at + 1);
            continue;
        };
        if number.is_mtn(mtn_prefixes) || (sandbox && number.is_magic()) {
            return Found::Mtn(number);
        }
        if found == Found::None {
            found = Found::NotMtn(number);
        }
        at = end;
    }
    found
}

/// The number that begins with the group `at`, and the group behind it.
fn number_at(
    text: &str,
    groups: &[Group],
    at: usize,
    prefixes: &[String],
    sandbox: bool,
) -> Option<(Msisdn, usize)> {
    let plus = groups[at].plus;
    let mut digits = String::new();
    for end in at..groups.len() {
        if end > at && groups[end].gap == Gap::Apart {
            return None;
        }
        digits.push_str(&groups[end].digits);
        if digits.len() > LONGEST {
            return None;
        }
        let magic = without_00(&digits).parse().ok().filter(|it: &Msisdn| sandbox && it.is_magic());
        // "+92…" is Pakistan.
        let ours = nine(&digits).filter(|_| !(plus && digits.len() == 9)).and_then(Msisdn::of_nine);
        let known = magic.or(ours.filter(|it| it.is_mobile() || it.is_mtn(prefixes)));
        // Without a 0 or a plus it may as well be an amount or a part of something longer.
        let is_bare = magic.is_none() && !plus && !digits.starts_with('0');
        if let Some(number) = known.filter(|_| stands_alone(text, groups, at, end, is_bare)) {
            return Some((number, end + 1));
        }
    }
    None
}

/// The nine national digits in any form of a number of South Sudan: 92…, 092…, 21192…, 0021192…, and with the
/// 0 that people write although the country code stands before it.
fn nine(digits: &str) -> Option<&str> {
    let national = without_00(digits).strip_prefix("211").unwrap_or(digits);
    let national = national.strip_prefix('0').unwrap_or(national);
    (national.len() == 9).then_some(national)
}

/// Without what is dialled for the plus.
fn without_00(digits: &str) -> &str {
    digits.strip_prefix("00").unwrap_or(digits)
}

/// Whether the groups `at` to `end` are a number for themselves, and no part of something else.
fn stands_alone(text: &str, groups: &[Group], at: usize, end: usize, is_bare: bool) -> bool {
    let parts = &groups[at..=end];
    let before = (parts[0].gap != Gap::Apart).then(|| &groups[at - 1]);
    let after = groups.get(end + 1).filter(|it| it.gap != Gap::Apart);
    // "2026-0921234567" is an order; "0921234567-0927654321" are two numbers.
    let tight = |gap: Gap, other: &Group| gap == Gap::Tight && other.digits.len() < 9;
    if before.is_some_and(|it| tight(parts[0].gap, it)) || after.is_some_and(|it| tight(it.gap, it)) {
        return false;
    }
    let is_grouped = parts.len() > 1;
    // "092 123 4567 8" has a digit too many.
    if is_grouped && after.is_some_and(|it| it.digits.len() <= 2) {
        return false;
    }
    // "09.12.2026 10" is a date and something.
    if !parts[0].plus && (at..end).any(|it| is_date(groups, it, end)) {
        return false;
    }
    if !is_bare {
        return true;
    }
    if is_amount(text, parts) {
        return false;
    }
    if is_grouped {
        // "921 234 567", but not "249 921 234 567" and not the marks "92 85 77 64 1".
        let most = if parts[0].digits == "211" { 4 } else { 3 };
        return parts.len() <= most && before.is_none() && after.is_none();
    }
    // "256 921234567" is Uganda's; "3000 921234567" and "3.00 921234567" are an amount and a number;
    // "TX921234567" is an order.
    let is_country = |it: &Group| it.digits.len() <= 3 && it.gap != Gap::Tight;
    !before.is_some_and(is_country) && !parts[0].touches_letters
}

/// The group behind a number of another country, which begins with the group `at`: what looks like a number of
/// ours inside "+249 92 123 4567" is somebody else's phone.
fn foreign_end(groups: &[Group], at: usize) -> Option<usize> {
    let mut digits = groups[at].digits.clone();
    let mut end = at + 1;
    while let Some(group) = groups.get(end) {
        // With eleven digits it may be complete, and a space may begin something new.
        let is_over = group.gap == Gap::Apart || (group.gap == Gap::Loose && digits.len() >= 11);
        if is_over || digits.len() + group.digits.len() > LONGEST {
            break;
        }
        digits.push_str(&group.digits);
        end += 1;
    }
    // "3.00 092…" and "000" begin no number.
    let is_dialled = digits.starts_with("00")
        && groups[at].digits.len() >= 2
        && groups[at].gap != Gap::Tight
        && digits[2..].starts_with(|it| it != '0');
    (groups[at].plus || is_dialled).then_some(end)
}
