//! Makes the book ready: signs become parts, parts become phrases, words become numbers.
//!
//! A sign is parts joined by `+`; all of them must stand close together, in any order. A part is phrases joined by
//! `/`, a phrase is words in their order, with nothing but fillers between them; `@name` is any word of a group.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::heard::{Ear, Part, Phrases};
use super::lexicon::{Lexicon, Unit};
use super::matcher::{Guard, Listener, Matcher, Sign};
use super::rules::Book;

/// How deep groups are written out in groups.
const GROUP_DEPTH: usize = 3;

struct Builder<'a> {
    lexicon: Lexicon,
    book: &'a Book,
    group_units: BTreeMap<&'static str, Unit>,
    groups: Phrases,
    phrases: Phrases,
    parts: BTreeMap<String, Part>,
}

impl Builder<'_> {
    /// The unit of a group; its phrases are learnt when it is first named.
    fn group(&mut self, name: &str) -> Option<Unit> {
        if let Some(unit) = self.group_units.get(name) {
            return Some(*unit);
        }
        let (name, entries) = self.book.groups.get_key_value(name)?;
        let unit = self.lexicon.number();
        self.group_units.insert(name, unit);
        for entry in self.flat(entries, GROUP_DEPTH) {
            let words = self.phrase(entry);
            if let Some((first, rest)) = words.as_deref().and_then(<[Unit]>::split_first) {
                self.groups.learn(*first, rest, unit);
            }
        }
        Some(unit)
    }

    /// Entries with the groups in them written out.
    fn flat(&self, entries: &[&'static str], depth: usize) -> Vec<&'static str> {
        let mut out = Vec::new();
        for entry in entries {
            match entry.strip_prefix('@').and_then(|name| self.book.groups.get(name)) {
                Some(inner) if depth > 0 => out.extend(self.flat(inner, depth - 1)),
                Some(_) => {}
                None => out.push(*entry),
            }
        }
        out
    }

    /// The words and groups of a phrase.
    fn phrase(&mut self, phrase: &str) -> Option<Vec<Unit>> {
        let unit = |word: &str| match word.strip_prefix('@') {
            Some(name) => self.group(name),
            None => self.lexicon.learn(word),
        };
        phrase.split_whitespace().map(unit).collect()
    }

    fn part<'b>(&mut self, name: &str, phrases: impl Iterator<Item = &'b str>) -> Part {
        if let Some(part) = self.parts.get(name) {
            return *part;
        }
        let part = Part::try_from(self.parts.len()).unwrap_or(Part::MAX);
        self.parts.insert(name.to_string(), part);
        for phrase in phrases {
            let units = self.phrase(phrase);
            if let Some((first, rest)) = units.as_deref().and_then(<[Unit]>::split_first) {
                self.phrases.learn(*first, rest, part);
            }
        }
        part
    }

    fn sign(&mut self, sign: &str) -> Sign {
        sign.split('+').map(str::trim).map(|part| self.part(part, part.split('/'))).collect()
    }

    fn each(&mut self, parts: &[&str]) -> Vec<Part> {
        parts.iter().map(|part| self.part(part.trim(), part.split('/'))).collect()
    }

    fn list(&mut self, name: &str, phrases: &[&str]) -> Part {
        self.part(name, phrases.iter().copied())
    }
}

impl Guard {
    fn new(builder: &mut Builder<'_>) -> Self {
        let learning = &builder.book.learning;
        let calm: Vec<&str> = learning.school.iter().chain(&learning.past).copied().collect();
        let mut group = |name: &str| builder.list(name, &[name]);
        Self {
            asking: group("@asking"),
            now: group("@now"),
            urgent: group("@urgent"),
            help: group("@help"),
            act: group("@act"),
            me: group("@me"),
            victim: group("@victim"),
            kin: group("@kin"),
            named: group("@kinname"),
            child: group("@child"),
            human: group("@human"),
            animal: group("@animal"),
            livestock: group("@livestock"),
            calm: builder.list("#calm", &calm),
            avoid: builder.list("#avoid", &learning.avoid),
            ask: builder.list("#ask", &learning.ask),
        }
    }
}

impl Matcher {
    /// Makes the book ready.
    pub fn new(book: &Book) -> Self {
        let mut builder = Builder {
            lexicon: Lexicon::new(&book.spellings, &book.fillers, &book.ordinary),
            book,
            group_units: BTreeMap::new(),
            groups: Phrases::default(),
            phrases: Phrases::default(),
            parts: BTreeMap::new(),
        };
        let guard = Guard::new(&mut builder);
        let mut rules = Vec::with_capacity(book.rules.len());
        for rule in &book.rules {
            rules.push(Listener {
                sure: rule.sure.all().map(|sign| builder.sign(sign)).collect(),
                maybe: rule.maybe.all().map(|sign| builder.sign(sign)).collect(),
                heavy: builder.each(&rule.together.heavy),
                light: builder.each(&rule.together.light),
                not: (!rule.not.is_empty()).then(|| builder.list(&format!("#not {}", rule.id), &rule.not)),
                by_animal: rule.by_animal,
                kind: rule.kind,
            });
        }
        let abuse = book.abuse.iter();
        let abuse =
            abuse.map(|misuse| misuse.signs.iter().map(|sign| builder.sign(sign)).collect()).collect();
        let mut firm: Vec<Part> = rules.iter().filter_map(|rule: &Listener| rule.not).collect();
        firm.extend([guard.calm, guard.avoid, guard.ask, guard.asking]);
        let Builder { lexicon, groups, phrases, parts, .. } = builder;
        Self { ear: Ear::new(lexicon, groups, phrases, parts.len(), &firm), rules, abuse, guard }
    }
}
