//! The normal form of English.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::lists::{
    AFTER_LETTER, CONTRACTIONS, ENGLISH, LETTER_OWNERS, PLURAL_OF, SHORT, SINGULAR, SPELLED_LETTERS,
};
use super::normal::{Piece, ungrouped};
use super::numbers::in_digits;
use super::speech::strip;

/// A word on its way to the normal form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Word<'a> {
    /// The word.
    pub text: Cow<'a, str>,
    /// Whether punctuation followed.
    pub ends: bool,
}

/// The pieces as normal words.
pub(super) fn normal<'a>(pieces: &[Piece<'a>]) -> Vec<Cow<'a, str>> {
    let mut words = spelled_out(pieces);
    in_digits(&mut words);
    let mut words: Vec<Cow<'a, str>> = words.into_iter().map(|word| singular(word.text)).collect();
    without_articles(&mut words);
    spell_letters(&mut words);
    strip(&mut words, &ENGLISH);
    words
}

/// The words with contractions and short forms written out.
pub(super) fn spelled_out<'a>(pieces: &[Piece<'a>]) -> Vec<Word<'a>> {
    let mut out = Vec::with_capacity(pieces.len() + 2);
    for piece in pieces {
        let (first, second) = spelled(piece.word);
        let ends = piece.ends && second.is_none();
        out.push(Word { text: first, ends });
        if let Some(second) = second {
            out.push(Word { text: Cow::Borrowed(second), ends: piece.ends });
        }
    }
    out
}

fn spelled(word: &str) -> (Cow<'_, str>, Option<&'static str>) {
    if let Some((_, first, second)) = CONTRACTIONS.iter().find(|(short, _, _)| *short == word) {
        return (Cow::Borrowed(first), Some(second));
    }
    if let Some((_, long)) = SHORT.iter().find(|(short, _)| *short == word) {
        return (Cow::Borrowed(long), None);
    }
    if word.contains('\'') {
        // "'d" is had or would, and "'s" is mostly of somebody: both stay.
        for (end, long) in [("n't", "not"), ("'re", "are"), ("'ll", "will"), ("'ve", "have"), ("'m", "am")] {
            if let Some(base) = word.strip_suffix(end).filter(|base| !base.is_empty()) {
                return (Cow::Borrowed(base), Some(long));
            }
        }
    }
    (ungrouped(word), None)
}

/// A plural with s as its singular, where the two mean the same.
fn singular(word: Cow<'_, str>) -> Cow<'_, str> {
    if word.len() < 4 || !word.ends_with('s') || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word;
    }
    if let Some((_, one)) = PLURAL_OF.iter().find(|(many, _)| *many == word) {
        return Cow::Borrowed(one);
    }
    let never = ["ss", "us", "is", "ves", "ics"];
    if never.iter().any(|end| word.ends_with(end)) || SINGULAR.contains(&&*word) {
        return word;
    }
    let two = ["sses", "xes", "ches", "shes", "oes"];
    if two.iter().any(|end| word.ends_with(end)) && !word.ends_with("aches") {
        return cut(word, 2);
    }
    match word.strip_suffix("ies").filter(|base| base.len() > 1) {
        Some(base) => Cow::Owned(alloc::format!("{base}y")),
        None => cut(word, 1),
    }
}

fn cut(word: Cow<'_, str>, letters: usize) -> Cow<'_, str> {
    match word {
        Cow::Borrowed(word) => Cow::Borrowed(&word[..word.len() - letters]),
        Cow::Owned(mut word) => {
            word.truncate(word.len() - letters);
            Cow::Owned(word)
        }
    }
}

fn is_article(word: &str) -> bool {
    matches!(word, "a" | "an" | "the")
}

/// Takes articles away, but no letter: vitamin A, from A to Z, when to use "the" before a noun.
fn without_articles(words: &mut Vec<Cow<'_, str>>) {
    // From behind, so that the next word is one that stays.
    for at in (0..words.len()).rev() {
        if !is_article(&words[at]) {
            continue;
        }
        let owned = at > 0 && LETTER_OWNERS.contains(&&*words[at - 1]);
        let spoken_of =
            words.get(at + 1).is_none_or(|next| is_article(next) || AFTER_LETTER.contains(&&**next));
        if !(spoken_of || (owned && words[at] == "a")) {
            words.remove(at);
        }
    }
}

/// "u" and "r" as words, where they are no letters.
fn spell_letters(words: &mut [Cow<'_, str>]) {
    for at in 0..words.len() {
        let long = match &*words[at] {
            "u" => "you",
            "r" => "are",
            _ => continue,
        };
        let letter = at > 0 && LETTER_OWNERS.contains(&&*words[at - 1])
            || words.get(at + 1).is_some_and(|next| SPELLED_LETTERS.contains(&&**next));
        if !letter {
            words[at] = Cow::Borrowed(long);
        }
    }
}
