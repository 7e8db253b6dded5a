//! Groups of digits in a text, and what keeps them together: the ground on which [`phone`](super::phone) stands.

use alloc::string::String;
use alloc::vec::Vec;

use crate::words;

/// Longest phone number with `00` before it: 15 digits (ITU E.164) and 2.
pub(super) const LONGEST: usize = 17;

/// What stands between a group and the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Something that ends a number: a letter, a comma, a plus, a line end, or nothing at all.
    Apart,
    /// A space, perhaps with dashes, dots or brackets.
    Loose,
    /// Dashes, dots or brackets without a space.
    Tight,
}

/// Digits in a row.
pub(super) struct Group {
    /// As ASCII.
    pub(super) digits: String,
    pub(super) gap: Gap,
    /// Whether a plus leads to it.
    pub(super) plus: bool,
    /// Whether a letter stands directly before or behind it.
    pub(super) touches_letters: bool,
    /// Where it begins and ends in the text, in bytes.
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The value of a digit as ASCII: Latin, Arabic-Indic or Extended Arabic-Indic.
pub(super) fn digit(c: char) -> Option<char> {
    let value = match c {
        '0'..='9' => return Some(c),
        '\u{660}'..='\u{669}' => u32::from(c) - 0x660,
        '\u{6f0}'..='\u{6f9}' => u32::from(c) - 0x6f0,
        _ => return None,
    };
    char::from_digit(value, 10)
}

/// All groups of digits in a text.
pub(super) fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let (mut gap, mut plus) = (Gap::Apart, false);
    let mut before = None;
    for (at, c) in text.char_indices() {
        // Copied numbers carry direction marks, and "1️⃣" is a 1 with a key around it.
        if words::is_mark(c) || c == '\u{20e3}' {
            continue;
        }
        let goes_on = before.and_then(digit).is_some();
        match (digit(c), groups.last_mut()) {
            (Some(digit), Some(group)) if goes_on => {
                group.digits.push(digit);
                group.to = at + c.len_utf8();
            }
            (Some(digit), _) => {
                groups.push(Group {
                    digits: String::from(digit),
                    gap,
                    plus,
                    touches_letters: before.is_some_and(char::is_alphabetic),
                    from: at,
                    to: at + c.len_utf8(),
                });
                (gap, plus) = (Gap::Tight, false);
            }
            (None, last) => {
                if goes_on && let Some(group) = last {
                    group.touches_letters |= c.is_alphabetic();
                }
                match c {
                    '+' | '\u{ff0b}' => (gap, plus) = (Gap::Apart, true),
                    '\n' | '\r' => (gap, plus) = (Gap::Apart, false),
                    '-' | '.' | '(' | ')' | '\u{2010}'..='\u{2015}' | '\u{2212}' => {}
                    _ if c.is_whitespace() => gap = if gap == Gap::Tight { Gap::Loose } else { gap },
                    _ => (gap, plus) = (Gap::Apart, false),
                }
            }
        }
        before = Some(c);
    }
    groups
}

/// Whether the three groups from `at` to at most `end` are a date: 12.12.2026, 2026-12-12, 12-12-26.
pub(super) fn is_date(groups: &[Group], at: usize, end: usize) -> bool {
    let Some([a, b, c]) = groups.get(at..=at + 2).filter(|_| at + 2 <= end) else { return false };
    let day = |it: &Group| it.digits.len() <= 2 && (1..=31).contains(&it.digits.parse().unwrap_or(0));
    let year = |it: &Group| it.digits.len() == 4 && (1900..=2100).contains(&it.digits.parse().unwrap_or(0));
    // "12-12-26 1000": a short year only where the signs say so, because "09 21 23 4567" is a number.
    let short = c.digits.len() == 2
        && b.gap == Gap::Tight
        && c.gap == Gap::Tight
        && groups.get(at + 3).is_none_or(|it| it.gap != Gap::Tight);
    (day(a) && day(b) && (year(c) || short)) || (year(a) && day(b) && day(c))
}

/// Whether digits without a 0 or a plus before them read as an amount: round, or beside a currency.
pub(super) fn is_amount(text: &str, groups: &[Group]) -> bool {
    const MONEY: &[&str] = &[
        "ssp",
        "pound",
        "pounds",
        "eur",
        "euro",
        "euros",
        "usd",
        "dollar",
        "dollars",
        "million",
        "جنيه",
        "دولار",
    ];
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return false };
    let is_money = |word: &str| MONEY.iter().any(|it| word.eq_ignore_ascii_case(it));
    let before = text[..first.from].trim_end_matches(is_blank);
    let rest = before.trim_end_matches(char::is_alphabetic);
    // The currency in "3000 SSP 921234567" belongs to the amount before it.
    let before_word = if rest.trim_end_matches(is_blank).ends_with(|c| digit(c).is_some()) {
        ""
    } else {
        &before[rest.len()..]
    };
    let after = text[last.to..].trim_start_matches(is_blank);
    let after_word = after.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let zeros =
        groups.iter().rev().flat_map(|it| it.digits.chars().rev()).take_while(|it| *it == '0').count();
    zeros >= 5
        || is_money(before_word)
        || is_money(after_word)
        || before.ends_with(is_sign)
        || after.starts_with(is_sign)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || words::is_mark(c)
}

fn is_sign(c: char) -> bool {
    matches!(c, '$' | '\u{20ac}' | '\u{a3}')
}
