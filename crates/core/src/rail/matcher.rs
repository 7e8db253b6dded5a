//! Hears the signs of the book in a message.
//!
//! A sign is parts joined by `+`; all of them must stand close together, in any order. A part is phrases joined by
//! `/`, a phrase is words in their order, with nothing but fillers between them; `@name` is any word of a group.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::lexicon::{Lexicon, Unit};
use super::rules::{Book, Kind};

/// How far apart the parts of a sign may stand, in words.
const CLOSE: usize = 16;
/// A longer text is an essay, or a cry for help only when everything says so, in letters.
const LONG: usize = 400;
/// No more of a text is looked at, in words.
const MOST_WORDS: usize = 400;
/// What surrounds a sign in a long text, in words to each side.
const AROUND: usize = 25;
/// How many fillers may stand between two words of a phrase.
const MOST_FILLERS: usize = 3;

type Part = u16;

/// The book, ready to listen.
pub(super) struct Matcher {
    lexicon: Lexicon,
    groups: Phrases,
    phrases: Phrases,
    parts: usize,
    rules: Vec<Listener>,
    abuse: Vec<Vec<Vec<Part>>>,
    guard: Guard,
}

struct Listener {
    sure: Vec<Vec<Part>>,
    maybe: Vec<Vec<Part>>,
    not: Option<Part>,
    by_animal: bool,
    kind: Kind,
}

/// Parts that decide whether somebody is in danger.
struct Guard {
    school: Part,
    avoid: Part,
    ask: Part,
    now: Part,
    help: Part,
    victim: Part,
    kin: Part,
    me: Part,
    human: Part,
    animal: Part,
    act: Part,
}

/// Phrases by their first word: the rest, and what they are.
#[derive(Default)]
struct Phrases(BTreeMap<Unit, Vec<Phrase>>);

/// What follows the first word, and the part or group that the whole is.
type Phrase = (Box<[Unit]>, u16);

/// Where parts were heard: part, first word, word behind the last.
struct Heard {
    bits: Vec<u64>,
    spans: Vec<(Part, usize, usize)>,
}

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
        for entry in self.flat(entries, 3) {
            let words: Option<Vec<Unit>> =
                entry.split_whitespace().map(|word| self.lexicon.learn(word)).collect();
            if let Some((first, rest)) = words.as_deref().and_then(<[Unit]>::split_first) {
                self.groups.0.entry(*first).or_default().push((rest.into(), unit));
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

    fn part<'b>(&mut self, name: &str, phrases: impl Iterator<Item = &'b str>) -> Part {
        if let Some(part) = self.parts.get(name) {
            return *part;
        }
        let part = Part::try_from(self.parts.len()).unwrap_or(Part::MAX);
        self.parts.insert(name.to_string(), part);
        for phrase in phrases {
            let units: Option<Vec<Unit>> = phrase
                .split_whitespace()
                .map(|word| match word.strip_prefix('@') {
                    Some(name) => self.group(name),
                    None => self.lexicon.learn(word),
                })
                .collect();
            if let Some((first, rest)) = units.as_deref().and_then(<[Unit]>::split_first) {
                self.phrases.0.entry(*first).or_default().push((rest.into(), part));
            }
        }
        part
    }

    fn sign(&mut self, sign: &str) -> Vec<Part> {
        sign.split('+').map(str::trim).map(|part| self.part(part, part.split('/'))).collect()
    }

    fn list(&mut self, name: &str, phrases: &[&str]) -> Part {
        self.part(name, phrases.iter().copied())
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
        let mut group = |name: &str| builder.list(name, &[name]);
        let (now, help, victim, kin) = (group("@now"), group("@help"), group("@victim"), group("@kin"));
        let (me, human, animal, act) = (group("@me"), group("@human"), group("@animal"), group("@act"));
        let guard = Guard {
            school: builder.list("#school", &book.learning.school),
            avoid: builder.list("#avoid", &book.learning.avoid),
            ask: builder.list("#ask", &book.learning.ask),
            now,
            help,
            victim,
            kin,
            me,
            human,
            animal,
            act,
        };
        let mut rules = Vec::with_capacity(book.rules.len());
        for rule in &book.rules {
            rules.push(Listener {
                sure: rule.sure.all().map(|sign| builder.sign(sign)).collect(),
                maybe: rule.maybe.all().map(|sign| builder.sign(sign)).collect(),
                not: (!rule.not.is_empty()).then(|| builder.list(&format!("#not {}", rule.id), &rule.not)),
                by_animal: rule.by_animal,
                kind: rule.kind,
            });
        }
        let abuse = book.abuse.iter();
        let abuse =
            abuse.map(|misuse| misuse.signs.iter().map(|sign| builder.sign(sign)).collect()).collect();
        let Builder { lexicon, groups, phrases, parts, .. } = builder;
        Self { lexicon, groups, phrases, parts: parts.len(), rules, abuse, guard }
    }

    /// The first rule, by its place in the book, that hears a person in danger.
    pub fn danger(&self, text: &str) -> Option<usize> {
        let words = self.lexicon.split(text, MOST_WORDS);
        let heard = self.listen(&words);
        if heard.spans.is_empty() {
            return None;
        }
        let long = text.chars().nth(LONG).is_some();
        self.rules.iter().position(|rule| {
            if rule.not.is_some_and(|part| heard.has(part)) {
                return false;
            }
            if !rule.by_animal && self.is_about_an_animal(&heard) {
                return false;
            }
            let sure = rule.sure.iter().any(|sign| {
                heard.close(sign).is_some_and(|at| {
                    if long { self.is_cry(&heard.around(at)) } else { self.is_meant(&heard, rule.kind) }
                })
            });
            sure || (!long
                && !self.is_lesson(&heard)
                && rule.maybe.iter().any(|sign| heard.close(sign).is_some()))
        })
    }

    /// The first misuse, by its place in the book.
    pub fn abuse(&self, text: &str) -> Option<usize> {
        let heard = self.listen(&self.lexicon.split(text, MOST_WORDS));
        if heard.spans.is_empty() {
            return None;
        }
        self.abuse.iter().position(|signs| signs.iter().any(|sign| heard.close(sign).is_some()))
    }

    /// A goat that bleeds is for the answer bot, a woman is not.
    fn is_about_an_animal(&self, heard: &Heard) -> bool {
        heard.has(self.guard.animal) && !heard.has(self.guard.human)
    }

    /// Whether a sign that says that something happens is meant so.
    fn is_meant(&self, heard: &Heard, kind: Kind) -> bool {
        let guard = &self.guard;
        if heard.has(guard.school) {
            return heard.has(guard.now);
        }
        if heard.has(guard.now) || heard.has(guard.victim) || heard.has(guard.kin) || heard.has(guard.act) {
            return true;
        }
        let general = heard.has(guard.avoid) || heard.begins(guard.ask);
        !general || (kind == Kind::SelfHarm && heard.has(guard.me))
    }

    /// Whether a sign that may be a lesson is one.
    fn is_lesson(&self, heard: &Heard) -> bool {
        let guard = &self.guard;
        if heard.has(guard.school) || heard.has(guard.avoid) {
            return !heard.has(guard.now);
        }
        let person = [guard.now, guard.help, guard.kin, guard.victim, guard.me, guard.act];
        heard.begins(guard.ask) && !person.iter().any(|part| heard.has(*part))
    }

    /// Whether a long text calls for help around a sign.
    fn is_cry(&self, heard: &Heard) -> bool {
        let guard = &self.guard;
        let urgent = heard.has(guard.now) || heard.has(guard.help) || heard.has(guard.act);
        let person = heard.has(guard.victim) || heard.has(guard.kin);
        urgent && person && !heard.has(guard.school)
    }

    fn listen(&self, words: &[String]) -> Heard {
        let mut heard = Heard { bits: vec![0; self.parts / 64 + 1], spans: Vec::new() };
        let mut units: Vec<Vec<(Unit, usize)>> = Vec::with_capacity(words.len());
        let mut any = false;
        for (at, word) in words.iter().enumerate() {
            let found = self.lexicon.units(word);
            any |= !found.is_empty();
            units.push(found.into_iter().map(|unit| (unit, at + 1)).collect());
        }
        if !any {
            return heard;
        }
        let fillers: Vec<bool> = words.iter().map(|word| self.lexicon.is_filler(word)).collect();
        let mut found = Vec::new();
        for at in 0..units.len() {
            self.groups.begin(at, &units, &fillers, &mut |group, end| found.push((at, group, end)));
        }
        for (at, group, end) in found {
            if let Some(here) = units.get_mut(at).filter(|here| !here.contains(&(group, end))) {
                here.push((group, end));
            }
        }
        for at in 0..units.len() {
            self.phrases.begin(at, &units, &fillers, &mut |part, end| heard.add(part, at, end));
        }
        heard
    }
}

impl Phrases {
    /// Tells of every phrase that begins at a word.
    fn begin(
        &self,
        at: usize,
        units: &[Vec<(Unit, usize)>],
        fillers: &[bool],
        tell: &mut dyn FnMut(u16, usize),
    ) {
        for (unit, end) in units.get(at).into_iter().flatten() {
            for (rest, gives) in self.0.get(unit).into_iter().flatten() {
                if let Some(end) = follow(rest, *end, units, fillers) {
                    tell(*gives, end);
                }
            }
        }
    }
}

/// Where the rest of a phrase ends that goes on at a word.
fn follow(rest: &[Unit], at: usize, units: &[Vec<(Unit, usize)>], fillers: &[bool]) -> Option<usize> {
    let Some((first, rest)) = rest.split_first() else { return Some(at) };
    for skipped in 0..=MOST_FILLERS {
        let here = units.get(at + skipped)?;
        let ends = here.iter().filter(|(unit, _)| unit == first).map(|(_, end)| *end);
        if let Some(end) = ends.filter_map(|end| follow(rest, end, units, fillers)).max() {
            return Some(end);
        }
        if !fillers.get(at + skipped).copied().unwrap_or(false) {
            return None;
        }
    }
    None
}

impl Heard {
    fn add(&mut self, part: Part, start: usize, end: usize) {
        if let Some(bits) = self.bits.get_mut(usize::from(part) / 64) {
            *bits |= 1 << (part % 64);
        }
        self.spans.push((part, start, end));
    }

    fn has(&self, part: Part) -> bool {
        self.bits.get(usize::from(part) / 64).is_some_and(|bits| bits & (1 << (part % 64)) != 0)
    }

    /// Whether the message begins with a part, a word of address or two before it.
    fn begins(&self, part: Part) -> bool {
        self.spans.iter().any(|(it, start, _)| *it == part && *start <= 2)
    }

    /// Where all parts of a sign stand close together.
    fn close(&self, sign: &[Part]) -> Option<usize> {
        if sign.is_empty() || !sign.iter().all(|part| self.has(*part)) {
            return None;
        }
        let starts = self.spans.iter().filter(|(part, ..)| sign.contains(part)).map(|(_, start, _)| *start);
        starts.clone().find(|from| {
            let near = |part: &Part| {
                self.spans.iter().any(|(it, start, end)| it == part && start >= from && *end <= from + CLOSE)
            };
            sign.iter().all(near)
        })
    }

    /// What was heard around a word.
    fn around(&self, at: usize) -> Self {
        let mut heard = Self { bits: vec![0; self.bits.len()], spans: Vec::new() };
        for (part, start, end) in &self.spans {
            if *start + AROUND >= at && *start <= at + AROUND {
                heard.add(*part, *start, *end);
            }
        }
        heard
    }
}
