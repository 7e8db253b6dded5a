//! One form for the ways in which people write one question.
//!
//! Taken away: case, quotes and punctuation at edges, spaces, greetings and politeness, articles, the plural s,
//! short forms, the two ways of writing a number. Kept, because they carry meaning: order, prepositions,
//! negation, pronouns, symbols. No stemming ("product" is no "production"), no bag of words, no spelling.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use unicode_normalization::UnicodeNormalization;

use super::lists::{ARABIC, JUBA};
use super::speech::strip;
use super::{Language, english};
use crate::words::is_mark;

/// A rule may open the way for another, as when a greeting hides an article; more rounds are never needed.
const ROUNDS: usize = 8;

/// The question in the form under which answers are found: words with one space between.
///
/// The form of a form is itself.
#[must_use]
pub fn normal(text: &str, language: Language) -> String {
    let mut form = once(text, language);
    for _ in 0..ROUNDS {
        let next = once(&form, language);
        if next == form {
            break;
        }
        form = next;
    }
    form
}

fn once(text: &str, language: Language) -> String {
    let folded = fold(text);
    let pieces = pieces(&folded);
    let words = match language {
        Language::English => english::normal(&pieces),
        Language::Arabic => plain(&pieces, |words| strip(words, &ARABIC)),
        Language::JubaArabic => plain(&pieces, |words| strip(words, &JUBA)),
    };
    words.join(" ")
}

fn plain<'a>(pieces: &[Piece<'a>], strip: impl Fn(&mut Vec<Cow<'a, str>>)) -> Vec<Cow<'a, str>> {
    let mut words = pieces.iter().map(|piece| ungrouped(piece.word)).collect();
    strip(&mut words);
    words
}

/// A piece of the text between spaces, without punctuation at its edges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Piece<'a> {
    /// What remains.
    pub word: &'a str,
    /// Whether punctuation followed: "twenty, five" is no 25.
    pub ends: bool,
}

/// Lower case, one sign for the forms in which keyboards write it, ASCII digits; compatibility forms composed.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.chars().map(|c| sign(c.to_ascii_lowercase())).collect();
    }
    let raised = raised(text);
    let letters = raised.nfkc().flat_map(char::to_lowercase);
    letters.filter(|c| !is_mark(*c) && *c != '\u{670}').map(sign).collect()
}

/// Sets apart what NFKC would run together: 10² is not 102, nor is 1½ eleven halves.
fn raised(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    for c in text.chars() {
        let after_digit = out.ends_with(char::is_numeric);
        match c {
            '²' | '³' | '¹' | '\u{2070}'..='\u{207f}' => out.push('^'),
            '\u{2080}'..='\u{208e}' if after_digit => out.push('_'),
            '¼'..='¾' | '\u{2150}'..='\u{215f}' if after_digit => out.push(' '),
            _ => {}
        }
        out.push(c);
    }
    out
}

fn sign(c: char) -> char {
    let digit = |zero: u32| char::from_digit((c as u32).saturating_sub(zero), 10).unwrap_or(c);
    match c {
        '’' | '‘' | '`' | '´' | 'ʼ' | '′' => '\'',
        '“' | '”' | '„' | '«' | '»' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '−' => '-',
        '؟' => '?',
        '،' | '٬' => ',',
        '؛' => ';',
        '٫' => '.',
        '٪' => '%',
        '\u{660}'..='\u{669}' => digit(0x660),
        '\u{6f0}'..='\u{6f9}' => digit(0x6f0),
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' => 'ي',
        'ة' => 'ه',
        _ if c.is_whitespace() || c.is_control() => ' ',
        _ => c,
    }
}

/// The pieces of a folded text.
pub(super) fn pieces(folded: &str) -> Vec<Piece<'_>> {
    let text = folded.trim();
    // A whole message in quotes.
    let inside = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let text = inside.filter(|inside| !inside.contains('"')).unwrap_or(text);
    // In sums brackets say what comes first.
    let counts = text.contains(|c: char| c.is_numeric() || matches!(c, '+' | '*' | '=' | '^'));
    let mut out = Vec::with_capacity(16);
    for chunk in text.split(' ') {
        let mut rest = chunk;
        while let Some((at, next)) = join(rest) {
            push(&mut out, &rest[..at], true, counts);
            rest = &rest[next..];
        }
        push(&mut out, rest, false, counts);
    }
    out
}

/// Where punctuation stands between two letters without a space: "hello,what".
fn join(chunk: &str) -> Option<(usize, usize)> {
    let mut before = false;
    for (at, c) in chunk.char_indices() {
        let next = at + c.len_utf8();
        if before && matches!(c, ',' | '?' | '!' | ';') && chunk[next..].starts_with(char::is_alphabetic) {
            return Some((at, next));
        }
        before = c.is_alphabetic();
    }
    None
}

fn push<'a>(out: &mut Vec<Piece<'a>>, chunk: &'a str, ends: bool, counts: bool) {
    let word = trimmed(chunk, counts);
    if word.is_empty() {
        if let (Some(last), false) = (out.last_mut(), chunk.is_empty()) {
            last.ends = true;
        }
        return;
    }
    let ends = ends || !chunk.ends_with(word);
    out.push(Piece { word, ends });
}

fn trimmed(chunk: &str, counts: bool) -> &str {
    let edge = |c: char| {
        matches!(c, '"' | '\'' | '?' | '!' | ',' | ';' | ':' | '.' | '¿' | '¡')
            || (!counts && matches!(c, '(' | ')' | '[' | ']'))
    };
    let start = chunk.trim_start_matches(edge);
    // ".5" is not 5, and ".net" is not a net.
    let dot = start.len() + 1 == chunk.len() && chunk.starts_with('.') && !start.is_empty();
    let mut word = if dot { chunk } else { start };
    while let Some(last) = word.chars().next_back().filter(|c| edge(*c)) {
        let before = &word[..word.len() - last.len_utf8()];
        // 5! and 5" and 5' are other numbers than 5.
        if matches!(last, '!' | '"' | '\'') && before.ends_with(char::is_numeric) {
            break;
        }
        word = before;
    }
    word
}

/// "3,000" as "3000"; everything else as it is.
pub(super) fn ungrouped(word: &str) -> Cow<'_, str> {
    if !word.contains(',') {
        return Cow::Borrowed(word);
    }
    let figure = word.trim_matches(|c: char| matches!(c, '$' | '£' | '€' | '%' | '-'));
    let whole = figure.split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    let digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    let first = groups.next().unwrap_or_default();
    let starts = (1..=3).contains(&first.len()) && !first.starts_with('0') && digits(first);
    let fraction = figure.get(whole.len()..).unwrap_or_default().trim_start_matches('.');
    if starts && groups.all(|group| group.len() == 3 && digits(group)) && digits(fraction) {
        Cow::Owned(word.chars().filter(|c| *c != ',').collect())
    } else {
        Cow::Borrowed(word)
    }
}
