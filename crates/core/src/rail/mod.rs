//! The rail: a person in danger gets a fixed, free text at once, written and signed by people.
//!
//! The rules are data (`data/rail.json`), so that a nurse can read, change and sign them; `docs/rail.md` tells how.
//! A rule that nobody signed is heard all the same, and answered with the built-in text that is never wrong: go
//! to the nearest hospital now. [`unreviewed`] names such rules.

mod build;
mod heard;
mod lexicon;
mod matcher;
mod near;
pub mod rules;
mod table;
mod tokens;

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use once_cell::race::OnceBox;

use crate::contact::Region;
use matcher::Matcher;
pub use rules::{Abuse, Book, Kind};

/// What a message tells of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Danger {
    /// Id of the rule that heard it.
    pub rule: &'static str,
    /// What it is about.
    pub kind: Kind,
    /// The rule's own text, if it was reviewed.
    pub text: Option<&'static str>,
}

struct Rail {
    book: Book,
    matcher: Matcher,
}

/// The book as it is built in.
pub const DATA: &str = include_str!("../../data/rail.json");

/// Without its book the rail still hears these; a test keeps the book readable.
const LAST_RESORT: &[&str] = &[
    "snake bite",
    "bitten by",
    "poison",
    "kill myself",
    "want to die",
    "suicide",
    "not breathing",
    "breathe",
    "unconscious",
    "bleeding",
    "convuls",
    "rape",
    "لدغ",
    "انتحار",
    "نزيف",
];

fn rail() -> Option<&'static Rail> {
    static READ: OnceBox<Option<Rail>> = OnceBox::new();
    let read = || {
        let book = Book::read(DATA).ok()?;
        let matcher = Matcher::new(&book);
        Some(Rail { book, matcher })
    };
    READ.get_or_init(|| Box::new(read())).as_ref()
}

/// Whether a message tells of a person in danger. When in doubt it does.
#[must_use]
pub fn find(text: &str) -> Option<Danger> {
    let Some(rail) = rail() else { return last_resort(text) };
    let rule = rail.book.rules.get(rail.matcher.danger(text)?)?;
    let text = rule.reviewed_by.is_some().then_some(rule.text);
    Some(Danger { rule: rule.id, kind: rule.kind, text })
}

/// What [`find`] hears without its book.
#[must_use]
pub fn last_resort(text: &str) -> Option<Danger> {
    let lower = text.get(..400).unwrap_or(text).to_lowercase();
    let heard = text.len() <= 400 && LAST_RESORT.iter().any(|words| lower.contains(words));
    heard.then_some(Danger { rule: "last-resort", kind: Kind::Body, text: None })
}

/// Whether a message tries to turn the bot, or insults it. Such a message needs no AI.
#[must_use]
pub fn abuse(text: &str) -> Option<Abuse> {
    let rail = rail()?;
    Some(rail.book.abuse.get(rail.matcher.abuse(text)?)?.kind)
}

/// Ids of the rules that nobody signed yet, for `doctor`.
#[must_use]
pub fn unreviewed() -> Vec<&'static str> {
    let rules = rail().into_iter().flat_map(|rail| &rail.book.rules);
    rules.filter(|rule| rule.reviewed_by.is_none()).map(|rule| rule.id).collect()
}

/// The book, if it can be read.
#[must_use]
pub fn book() -> Option<&'static Book> {
    rail().map(|rail| &rail.book)
}

/// Name of the hospital in a region.
#[must_use]
pub fn place(region: Region) -> Option<&'static str> {
    let places = &rail()?.book.places;
    match region {
        Region::Juba => Some(places.juba),
        Region::Wau => Some(places.wau),
        Region::Malakal => Some(places.malakal),
        Region::Elsewhere => None,
    }
}

/// What is said: the reviewed text or else `general`, a careful word where a person did it, and the hospital.
#[must_use]
pub fn answer(danger: &Danger, general: &str, region: Option<Region>) -> String {
    let mut text = danger.text.unwrap_or(general).to_string();
    let careful = match danger.kind {
        _ if danger.text.is_some() => "",
        Kind::Body => "",
        Kind::SelfHarm => " Tell someone you trust how you feel and ask them to stay with you.",
        Kind::Violence => {
            " It is not your fault. If you can, go first to a safe place and to people you trust."
        }
    };
    text.push_str(careful);
    if let Some(place) = region.and_then(place) {
        text.push_str(" Near you: ");
        text.push_str(place);
        text.push('.');
    }
    text
}
