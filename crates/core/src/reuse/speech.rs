//! Greetings and politeness around a question.

use alloc::borrow::Cow;
use alloc::vec::Vec;

/// How a language greets and asks.
pub(super) struct Manners {
    /// Said before a question; goes where one of `starters` follows.
    pub greetings: &'static [&'static str],
    /// Asks for an answer; goes where a question word follows.
    pub requests: &'static [&'static str],
    /// Said after a question ...
    pub endings: &'static [&'static str],
    /// ... but after one of these it is what the question is about: "how do I say thanks".
    pub speaks_of: &'static [&'static str],
    /// Words that ask.
    pub questions: &'static [&'static str],
    /// Words besides those with which a question begins. "hello in Dinka" is about the word.
    pub starters: &'static [&'static str],
}

/// Takes greetings and politeness away from both ends.
pub(super) fn strip(words: &mut Vec<Cow<'_, str>>, manners: &Manners) {
    let mut from = 0;
    loop {
        let rest = words.get(from..).unwrap_or_default();
        let length = greeting(rest, manners).or_else(|| request(rest, manners)).unwrap_or(0);
        if length == 0 {
            break;
        }
        from += length;
    }
    words.drain(..from);
    while let Some(length) = ending(words, manners) {
        words.truncate(words.len() - length);
    }
}

/// The run of greetings that stands before a question.
fn greeting(words: &[Cow<str>], manners: &Manners) -> Option<usize> {
    let mut length = 0;
    while let Some(more) = longest(words.get(length..)?, manners.greetings) {
        length += more;
    }
    let next = words.get(length)?;
    let asks = manners.questions.contains(&&**next) || manners.starters.contains(&&**next);
    (length > 0 && asks).then_some(length)
}

fn request(words: &[Cow<str>], manners: &Manners) -> Option<usize> {
    let length = longest(words, manners.requests)?;
    let next = words.get(length)?;
    manners.questions.contains(&&**next).then_some(length)
}

fn ending(words: &[Cow<str>], manners: &Manners) -> Option<usize> {
    let fits = |phrase: &&&str| {
        let length = count(phrase);
        words.len() > length && is(&words[words.len() - length..], phrase)
    };
    let length = manners.endings.iter().filter(fits).map(|phrase| count(phrase)).max()?;
    let before = words.get(words.len() - length - 1)?;
    (!manners.speaks_of.contains(&&**before)).then_some(length)
}

/// Length in words of the longest phrase with which the words begin.
fn longest(words: &[Cow<str>], phrases: &[&str]) -> Option<usize> {
    // Most phrases end at their first letter.
    let first = words.first()?.as_bytes().first();
    let fits = |phrase: &&&str| {
        phrase.as_bytes().first() == first
            && words.get(..count(phrase)).is_some_and(|start| is(start, phrase))
    };
    phrases.iter().filter(fits).map(|phrase| count(phrase)).max()
}

fn count(phrase: &str) -> usize {
    phrase.split(' ').count()
}

fn is(words: &[Cow<str>], phrase: &str) -> bool {
    phrase.split(' ').eq(words.iter().map(|word| &**word))
}
