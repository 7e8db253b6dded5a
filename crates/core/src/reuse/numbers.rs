//! Numbers in words as digits: "three thousand" is 3000.

use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::english::Word;

#[rustfmt::skip]
const SMALL: &[&str] = &[
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
];
const TENS: &[&str] = &["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES: &[(&str, u64)] = &[("thousand", 1_000), ("million", 1_000_000), ("billion", 1_000_000_000)];

/// "no one" is nobody, not number 1; and "which one" is asked of things, not of numbers.
const BEFORE_ONE: &[&str] = &["no", "any", "some", "every", "each", "which", "this", "that", "number"];

/// Writes every number in digits.
pub(super) fn in_digits(words: &mut Vec<Word<'_>>) {
    let mut at = 0;
    while at < words.len() {
        let pronoun = words[at].text == "one" && at > 0 && BEFORE_ONE.contains(&&*words[at - 1].text);
        if let Some((value, used)) = number(&words[at..]).filter(|_| !pronoun) {
            let ends = words[at + used - 1].ends;
            words.splice(at..at + used, [Word { text: Cow::Owned(value.to_string()), ends }]);
        }
        at += 1;
    }
}

/// The number that the words begin with, and how many words it takes.
fn number(words: &[Word]) -> Option<(u64, usize)> {
    let (mut value, mut used) = hundreds(words)?;
    let mut limit = u64::MAX;
    let mut total: u64 = 0;
    // Each scale smaller than the one before: "two million three thousand", never "three thousand two million".
    while let Some(scale) = next(words, used).and_then(scale).filter(|scale| *scale < limit) {
        total = total.checked_add(value.checked_mul(scale)?)?;
        (value, limit, used) = (0, scale, used + 1);
        if words[used - 1].ends {
            break;
        }
        let Some((more, taken)) = words.get(used..).and_then(in_words).filter(|(more, _)| *more < limit)
        else {
            break;
        };
        (value, used) = (more, used + taken);
    }
    Some((total.checked_add(value)?, used))
}

/// The word at a place, unless punctuation stands before it.
fn next<'a>(words: &'a [Word], at: usize) -> Option<&'a str> {
    let joined = at == 0 || !words.get(at - 1)?.ends;
    words.get(at).filter(|_| joined).map(|word| &*word.text)
}

/// A figure before a scale ("5 million"), or hundreds in words.
fn hundreds(words: &[Word]) -> Option<(u64, usize)> {
    let first = &*words.first()?.text;
    let figure = first.len() <= 6 && !first.starts_with('0') && first.bytes().all(|b| b.is_ascii_digit());
    if figure {
        // Alone it is in digits already.
        next(words, 1).and_then(scale)?;
        return Some((first.parse().ok()?, 1));
    }
    in_words(words)
}

fn in_words(words: &[Word]) -> Option<(u64, usize)> {
    let (value, used) = below_hundred(words)?;
    if next(words, used) != Some("hundred") || value == 0 || value > 9 {
        return Some((value, used));
    }
    let used = used + 1;
    let more = if words[used - 1].ends { None } else { words.get(used..).and_then(below_hundred) };
    match more {
        Some((more, taken)) => Some((value * 100 + more, used + taken)),
        None => Some((value * 100, used)),
    }
}

fn below_hundred(words: &[Word]) -> Option<(u64, usize)> {
    let word = &*words.first()?.text;
    if let Some((ten, unit)) = word.split_once('-') {
        return Some((tens(ten)? + unit_of(unit)?, 1));
    }
    if let Some(ten) = tens(word) {
        return Some(match next(words, 1).and_then(unit_of) {
            Some(unit) => (ten + unit, 2),
            None => (ten, 1),
        });
    }
    place(SMALL, word).map(|value| (value, 1))
}

fn unit_of(word: &str) -> Option<u64> {
    place(SMALL, word).filter(|value| (1..=9).contains(value))
}

fn tens(word: &str) -> Option<u64> {
    place(TENS, word).map(|at| (at + 2) * 10)
}

fn place(list: &[&str], word: &str) -> Option<u64> {
    list.iter().position(|name| *name == word).and_then(|at| u64::try_from(at).ok())
}

fn scale(word: &str) -> Option<u64> {
    SCALES.iter().find(|(name, _)| *name == word).map(|(_, scale)| *scale)
}
