//! Curated answers: written by a person, approved by another, and found by the normal form of their questions.
//!
//! A file is JSON lines, one entry a line; empty lines and lines that begin with `//` are passed over. An entry
//! whose `approved_by` is null is read and checked, but never served.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Ineligible, Key, Language, gate, normal};

/// One answer with all wordings of its question.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name, for people and menus; never given to another entry.
    pub id: String,
    /// Wordings of the one question; each finds the answer.
    pub questions: Vec<String>,
    /// The answer, in plain text.
    pub answer: String,
    /// The language of questions and answer.
    pub language: Language,
    /// Where a reader can check it.
    pub source: String,
    /// The day it was last checked: `2026-11-25`.
    pub checked_on: String,
    /// Who approved it; without a name it is not served.
    pub approved_by: Option<String>,
    /// Its title in the menu, at most [`TITLE`] characters; without one it is not shown there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu: Option<String>,
}

/// Longest title in the menu, in characters: what a quick reply takes.
pub const TITLE: usize = 20;

/// What is wrong with a file of entries, for the person who wrote it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// A line that is no entry.
    #[error("line {line} is no entry: {why}")]
    Unreadable {
        /// Its number, from 1.
        line: usize,
        /// What the reader found.
        why: String,
    },
    /// A field that has to be filled.
    #[error("entry {id:?}: {field} is empty or not in its form")]
    Field {
        /// The entry.
        id: String,
        /// The field.
        field: &'static str,
    },
    /// Two entries with one id.
    #[error("two entries have the id {id:?}; give one of them another")]
    SameId {
        /// The id.
        id: String,
    },
    /// One question with two answers.
    #[error("{question:?} in {second:?} is already a question of {first:?}; each question has one answer")]
    SameQuestion {
        /// The wording, as it stands in the second entry.
        question: String,
        /// The entry that has it.
        first: String,
        /// The entry that has it again.
        second: String,
    },
    /// A wording that means something else to the next person.
    #[error("{question:?} in {id:?} cannot be answered for everybody ({}); write it so that it stands alone", why.name())]
    NotForAll {
        /// The wording.
        question: String,
        /// The entry.
        id: String,
        /// Why.
        why: Ineligible,
    },
}

/// Reads and checks a file of entries.
pub fn parse(text: &str) -> Result<Vec<Entry>, Fault> {
    let mut entries = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line_text = line.trim();
        if line_text.is_empty() || line_text.starts_with("//") {
            continue;
        }
        let entry: Entry = serde_json::from_str(line_text)
            .map_err(|error| Fault::Unreadable { line: at + 1, why: error.to_string() })?;
        check(&entry)?;
        entries.push(entry);
    }
    Ok(entries)
}

/// Checks one entry.
pub fn check(entry: &Entry) -> Result<(), Fault> {
    let fault = |field| Err(Fault::Field { id: entry.id.clone(), field });
    if entry.id.trim().is_empty() {
        return fault("id");
    }
    if entry.questions.is_empty() || entry.questions.iter().any(|it| normal(it, entry.language).is_empty()) {
        return fault("questions");
    }
    if entry.answer.trim().is_empty() {
        return fault("answer");
    }
    if entry.source.trim().is_empty() {
        return fault("source");
    }
    if entry.checked_on.parse::<jiff::civil::Date>().is_err() {
        return fault("checked_on");
    }
    if entry.approved_by.as_ref().is_some_and(|name| name.trim().is_empty()) {
        return fault("approved_by");
    }
    let fits = |title: &String| !title.trim().is_empty() && title.chars().count() <= TITLE;
    if !entry.menu.as_ref().is_none_or(fits) {
        return fault("menu");
    }
    entry.questions.iter().try_for_each(|question| stands_alone(entry, question))
}

/// Doses and the law are what curated answers are for; what only one person can mean is not.
fn stands_alone(entry: &Entry, question: &str) -> Result<(), Fault> {
    match gate(question) {
        Err(
            why @ (Ineligible::NeedsHistory
            | Ineligible::Personal
            | Ineligible::Injection
            | Ineligible::Contact
            | Ineligible::Empty
            | Ineligible::TooLong),
        ) => Err(Fault::NotForAll { question: question.to_string(), id: entry.id.clone(), why }),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Approved entries, found by any wording of their question.
#[derive(Clone, Default, Debug)]
pub struct Shelf {
    entries: Vec<Entry>,
    places: BTreeMap<(Language, String), usize>,
}

impl Shelf {
    /// Puts entries on a shelf. Those that nobody approved are checked against the others, and not found.
    pub fn new(entries: Vec<Entry>) -> Result<Self, Fault> {
        let mut ids = BTreeSet::new();
        let mut places: BTreeMap<(Language, String), usize> = BTreeMap::new();
        for (at, entry) in entries.iter().enumerate() {
            if !ids.insert(&entry.id) {
                return Err(Fault::SameId { id: entry.id.clone() });
            }
            for question in &entry.questions {
                let other = places.insert((entry.language, normal(question, entry.language)), at);
                if let Some(first) = other.filter(|other| *other != at).and_then(|other| entries.get(other)) {
                    return Err(Fault::SameQuestion {
                        question: question.clone(),
                        first: first.id.clone(),
                        second: entry.id.clone(),
                    });
                }
            }
        }
        places.retain(|_, at| entries.get(*at).is_some_and(|entry| entry.approved_by.is_some()));
        Ok(Self { entries, places })
    }

    /// The approved answer to a question.
    #[must_use]
    pub fn find(&self, language: Language, text: &str) -> Option<&Entry> {
        self.places.get(&(language, normal(text, language))).and_then(|at| self.entries.get(*at))
    }

    /// The approved answer to a question that is to be answered in a language. Latin letters may be Juba Arabic.
    #[must_use]
    pub fn answer(&self, wanted: Language, text: &str) -> Option<&Entry> {
        let kin = (wanted == Language::English).then_some(Language::JubaArabic);
        [Some(wanted), kin].into_iter().flatten().find_map(|language| self.find(language, text))
    }

    /// The approved answer with this name.
    #[must_use]
    pub fn named(&self, key: Key) -> Option<&Entry> {
        self.approved().find(|entry| Key::of_entry(&entry.id) == key)
    }

    /// Titles of the menu with the names of their answers, in the order of their ids.
    pub fn menu(&self) -> impl Iterator<Item = (&str, Key)> {
        self.approved().filter_map(|entry| Some((entry.menu.as_deref()?, Key::of_entry(&entry.id))))
    }

    fn approved(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.approved_by.is_some())
    }

    /// How many entries are served.
    #[must_use]
    pub fn served(&self) -> usize {
        self.approved().count()
    }
}
