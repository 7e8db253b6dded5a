//! A message as words in one spelling: small letters, one form of each Arabic letter, no marks, no drawn-out letters.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::words::{folded, is_mark};

/// The words of a text, at most `most` of them. A word is letters and digits; an apostrophe joins.
pub(super) fn words(text: &str, most: usize) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    for c in text.chars().filter(|c| !is_mark(*c)).map(folded).chain([' ']) {
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        } else if c.is_alphanumeric() {
            word.extend(c.to_lowercase().filter(|c| !is_mark(*c)).map(one_form));
        } else if c == '\'' && !word.is_empty() {
            word.push('\'');
        } else if !word.is_empty() {
            let bare = word.trim_end_matches('\'');
            let bare = bare.strip_suffix("'s").unwrap_or(bare);
            let plain = said_once(bare);
            if !plain.is_empty() {
                out.push(plain);
            }
            word.clear();
            if out.len() >= most {
                break;
            }
        }
    }
    out
}

/// One Arabic letter for those that people write for one another, one digit for the digits of all scripts.
fn one_form(c: char) -> char {
    match c {
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' | 'ئ' | 'ی' => 'ي',
        'ؤ' => 'و',
        'ة' => 'ه',
        'ک' => 'ك',
        '\u{660}'..='\u{669}' => char::from_digit(c as u32 - 0x660, 10).unwrap_or(c),
        'à' | 'á' | 'â' | 'ä' => 'a',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ò' | 'ó' | 'ô' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        _ => c,
    }
}

/// A letter drawn out three times and more is said once; apostrophes inside fall away.
fn said_once(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut letters = word.chars().filter(|c| *c != '\'').peekable();
    while let Some(c) = letters.next() {
        let mut run = 1;
        while letters.next_if_eq(&c).is_some() {
            run += 1;
        }
        out.extend(core::iter::repeat_n(c, if run == 2 { 2 } else { 1 }));
    }
    out
}

/// How a Latin word sounds: "ph" as f, "sh" as s, "th" as t, c and q as k, z as s, y as i, double letters once.
pub(super) fn sound(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut letters = word.chars().peekable();
    while let Some(c) = letters.next() {
        let breathed = letters.peek() == Some(&'h');
        let heard = match c {
            'p' if breathed => 'f',
            'k' | 'g' | 's' | 't' | 'd' if breathed => c,
            'c' if !breathed && letters.peek().is_some_and(|next| matches!(next, 'e' | 'i' | 'y')) => 's',
            'c' if !breathed => 'k',
            'q' => 'k',
            'z' => 's',
            'y' => 'i',
            _ => c,
        };
        if breathed && matches!(c, 'p' | 'k' | 'g' | 's' | 't' | 'd') {
            letters.next();
        }
        if !out.ends_with(heard) {
            out.push(heard);
        }
        if c == 'x' {
            out.push('s');
        }
    }
    // "tion" and "sion" are said alike, and a last "e" is not said.
    let out = out.replace("tion", "sion");
    match out.strip_suffix('e') {
        Some(bare) if bare.len() >= 4 => bare.to_string(),
        _ => out,
    }
}

/// The consonants of a word as it sounds, its first letter in front: "brthng" for "breathing".
pub(super) fn bones(heard: &str) -> String {
    let mut out = String::with_capacity(heard.len());
    for (at, c) in heard.chars().enumerate() {
        if (at == 0 || !matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'w')) && !out.ends_with(c) {
            out.push(c);
        }
    }
    out
}

/// Digits that stand for letters in a word of letters: 3 is ayn, 7 is ha, 5 is kha, 0 is o, 1 is i.
pub(super) fn letters_for_digits(word: &str) -> Option<String> {
    let mixed = word.chars().any(|c| c.is_ascii_digit()) && word.chars().any(|c| c.is_ascii_alphabetic());
    mixed.then(|| {
        let mut out = String::with_capacity(word.len() + 2);
        for c in word.chars() {
            match c {
                '3' | '4' => out.push('a'),
                '7' => out.push('h'),
                '5' => out.push_str("kh"),
                '0' => out.push('o'),
                '1' => out.push('i'),
                '0'..='9' => {}
                _ => out.push(c),
            }
        }
        out
    })
}

/// An Arabic word without the small words that are written onto its front.
pub(super) fn arabic_stem(word: &str) -> Option<&str> {
    const FRONTS: &[&str] = &["وال", "بال", "فال", "كال", "ولل", "لل", "ال", "و", "ف", "ب"];
    FRONTS.iter().find_map(|front| {
        let least = if *front == "ب" { 3 } else { 2 };
        word.strip_prefix(front).filter(|rest| rest.chars().count() >= least)
    })
}

/// An Arabic word without what says who does it to whom: "بتنزف", "ينزف" and "نزفت" are all "نزف".
pub(super) fn arabic_roots(word: &str) -> impl Iterator<Item = &str> {
    const FRONTS: &[&str] =
        &["", "بي", "بت", "بن", "حي", "حت", "هي", "هت", "سي", "ست", "ي", "ت", "ن", "ا", "ب", "ل"];
    const BACKS: &[&str] = &[
        "", "ني", "ها", "هم", "نا", "كم", "وها", "وني", "وهم", "تني", "ته", "تها", "وا", "ون", "ين", "ات",
        "ه", "ي", "ك", "و", "ت",
    ];
    FRONTS.iter().filter_map(|front| word.strip_prefix(front)).flat_map(|rest| {
        BACKS.iter().filter_map(|back| rest.strip_suffix(back)).filter(|root| root.chars().count() >= 3)
    })
}

/// An English word without the ending that says when and how often: "chokes" and "choking" are "choke".
pub(super) fn english_roots(word: &str) -> impl Iterator<Item = String> {
    const ENDINGS: &[(&str, &str)] = &[
        ("s", ""),
        ("es", ""),
        ("ies", "y"),
        ("d", ""),
        ("ed", ""),
        ("ied", "y"),
        ("ing", ""),
        ("ing", "e"),
        ("in", ""),
        ("in", "e"),
        ("ly", ""),
        ("er", ""),
        ("er", "e"),
        ("ers", ""),
        ("ers", "e"),
        ("ment", ""),
        ("ments", ""),
        ("ness", ""),
        ("ful", ""),
        ("less", ""),
    ];
    ENDINGS.iter().filter_map(|(ending, instead)| Some((word.strip_suffix(ending)?, *instead))).flat_map(
        |(root, instead)| {
            let whole = (root.len() >= 3).then(|| root.to_string() + instead);
            let mut letters = root.chars().rev();
            let double = instead.is_empty() && letters.next() == letters.next();
            let once = root.char_indices().next_back().filter(|_| double && root.len() >= 4);
            let once = once.and_then(|(last, _)| root.get(..last)).map(ToString::to_string);
            whole.into_iter().chain(once)
        },
    )
}

/// Whether a word is written in Arabic letters.
pub(super) fn is_arabic(word: &str) -> bool {
    word.chars().any(|c| matches!(c, '\u{600}'..='\u{6ff}'))
}
