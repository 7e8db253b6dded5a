//! Whether an English question needs what was said before.

use alloc::borrow::Cow;

use super::gate_lists::{EXPLETIVE, FUNCTION, GENERIC, LEANS, OPENERS, POINTERS, POINTS_BACK};
use super::lists::LETTER_OWNERS;

/// Words of a question, contractions written out.
pub(super) type Words<'a> = [Cow<'a, str>];

/// Whether a phrase of the list, in whole words, is in the question.
pub(super) fn says(words: &Words, phrases: &[&str]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let first = word.as_bytes().first();
        let is = |phrase: &&str| {
            phrase.as_bytes().first() == first
                && phrase
                    .strip_prefix(&**word)
                    .is_some_and(|rest| rest.is_empty() || goes_on(words, at + 1, rest))
        };
        phrases.iter().any(is)
    })
}

fn goes_on(words: &Words, at: usize, rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix(' ') else { return false };
    let mut more = words.get(at..).unwrap_or_default().iter();
    rest.split(' ').all(|word| more.next().is_some_and(|next| **next == *word))
}

/// Whether a word of the list is in the question.
pub(super) fn has(words: &Words, list: &[&str]) -> bool {
    words.iter().any(|word| is_one_of(word, list))
}

/// Whether the word is in the list. Looks at the first letter first: that settles most of a list without a call.
pub(super) fn is_one_of(word: &str, list: &[&str]) -> bool {
    let first = word.as_bytes().first();
    list.iter().any(|other| other.as_bytes().first() == first && *other == word)
}

/// Whether the question cannot be understood alone.
pub(super) fn needs(words: &Words) -> bool {
    leans(words) || points(words) || !has_subject(words) || is_unfinished(words)
}

/// "and for goats?", "what about maize", "you said ...".
fn leans(words: &Words) -> bool {
    let first = words.first().map_or("", |word| &**word);
    matches!(
        first,
        "and" | "or" | "but" | "so" | "also" | "because" | "then" | "if" | "for" | "with" | "yes" | "no"
    ) || says(words, LEANS)
        || matches!(words.last().map_or("", |word| &**word), "too" | "instead" | "again" | "also" | "else")
}

/// A word that stands for something named before.
fn points(words: &Words) -> bool {
    let at = |place: usize| words.get(place).map_or("", |word| &**word);
    words.iter().enumerate().any(|(place, word)| {
        let before = if place == 0 { "" } else { at(place - 1) };
        match &**word {
            "it" => !is_expletive(words, place),
            // "the disease", "the first one" speak of what was named; so does a bare "one".
            "one" | "ones" => {
                matches!(before, "which" | "this" | "that" | "another" | "other" | "first" | "last")
            }
            "that" => {
                matches!(
                    before,
                    "" | "is"
                        | "was"
                        | "does"
                        | "do"
                        | "of"
                        | "about"
                        | "for"
                        | "in"
                        | "like"
                        | "to"
                        | "after"
                        | "by"
                        | "with"
                        | "why"
                        | "how"
                        | "than"
                ) || place + 1 == words.len()
            }
            "more" => {
                matches!(before, "" | "me" | "explain" | "say" | "some" | "any" | "give")
                    || matches!(at(place + 1), "details" | "detail" | "examples" | "information")
            }
            "first" | "second" | "third" | "last" => {
                matches!(at(place + 1), "" | "point" | "option" | "step" | "part" | "question" | "answer")
            }
            "there" => place + 1 == words.len() && !matches!(before, "is" | "are"),
            word if POINTS_BACK.contains(&word) => before == "the",
            word => POINTERS.contains(&word),
        }
    })
}

/// "how long does it take to", "is it safe to": the subject follows.
fn is_expletive(words: &Words, place: usize) -> bool {
    let word = |at: usize| words.get(at).map_or("", |word| &**word);
    let before = if place == 0 { "" } else { word(place - 1) };
    let follows = words.get(place + 2..).unwrap_or_default();
    let subject = follows.len() > 1 && follows.iter().any(|word| matches!(&**word, "to" | "that"));
    let ends_in_it = matches!(follows.last().map_or("", |word| &**word), "to" | "that");
    let pointed = follows.iter().any(|word| **word == *"it");
    let shape = match before {
        "is" | "was" => EXPLETIVE.contains(&word(place + 1)),
        "does" | "did" | "will" | "would" => matches!(word(place + 1), "take" | "feel" | "mean" | "matter"),
        _ => false,
    };
    shape && subject && !ends_in_it && !pointed
}

/// Whether the question names what it is about.
fn has_subject(words: &Words) -> bool {
    let content = |word: &&Cow<str>| !is_one_of(word, FUNCTION);
    let (all, own) = words
        .iter()
        .filter(content)
        .fold((0, 0), |(all, own), word| (all + 1, own + usize::from(!is_one_of(word, GENERIC))));
    // One word can be the whole subject, but then the rest of the sentence has to ask for it: "what is malaria".
    let opens = words.first().is_some_and(|word| is_one_of(word, OPENERS)) || words.len() > 3;
    own > 0 && (all > 1 || (opens && words.len() > 1)) && words.len() > 1
}

/// Stops before its subject: "what is the", "the difference between".
fn is_unfinished(words: &Words) -> bool {
    let before = words.iter().rev().nth(1).map_or("", |word| &**word);
    match words.last().map_or("", |word| &**word) {
        "a" => !LETTER_OWNERS.contains(&before),
        "the" | "an" | "and" | "or" | "between" | "is" | "are" | "my" | "your" | "if" | "because" => true,
        "of" => !matches!(before, "made" | "consist" | "composed" | "think" | "die" | "afraid" | "up"),
        _ => false,
    }
}
