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
use super::tokens;

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

/// How deep groups are looked for in groups.
const GROUP_DEPTH: usize = 3;

/// How much must come together: a heavy thing counts two, a light one and a call for help one.
const ENOUGH: usize = 4;
/// When so much is told, it is told of somebody even where school or the past is named.
const MUCH: usize = 5;
/// A message with more words of which we know nothing is likely about something else.
const MOST_STRANGE: usize = 2;
/// How much must be told beside a sign where something is asked that is no call for help.
const TOLD_ASKING: usize = 5;

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
    heavy: Vec<Part>,
    light: Vec<Part>,
    not: Option<Part>,
    by_animal: bool,
    kind: Kind,
}

/// Parts that decide whether somebody is in danger.
struct Guard {
    /// School, trade, jokes, and what is over.
    calm: Part,
    avoid: Part,
    /// Words with which a question begins.
    ask: Part,
    /// Words of a question, wherever they stand.
    asking: Part,
    now: Part,
    /// Calls for help: "now" may also be said of an exam.
    urgent: Part,
    help: Part,
    act: Part,
    me: Part,
    victim: Part,
    kin: Part,
    /// Those of them that name somebody, not only "she".
    named: Part,
    child: Part,
    human: Part,
    animal: Part,
    /// Animals that belong to somebody: what bites them is no danger to a person.
    livestock: Part,
}

/// Phrases by their first word: the rest, and what they are.
#[derive(Default)]
struct Phrases(BTreeMap<Unit, Vec<Phrase>>);

/// What follows the first word, and the part or group that the whole is.
type Phrase = (Box<[Unit]>, u16);

/// Where parts were heard, and what else is known of the message.
struct Heard {
    /// For each part where it was heard: first word, word behind the last; by first word.
    spans: Vec<Vec<(usize, usize)>>,
    /// How many words are neither ours nor fillers: what else the message is about.
    strange: usize,
    /// Whether a word is in Arabic letters.
    arabic: bool,
    /// Whether anything is asked.
    asks: bool,
    /// Whether anything was heard.
    any: bool,
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
            let words = self.phrase(entry);
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
                self.phrases.0.entry(*first).or_default().push((rest.into(), part));
            }
        }
        part
    }

    fn sign(&mut self, sign: &str) -> Vec<Part> {
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

impl Listener {
    /// How much a message tells of what only together is danger.
    fn weight(&self, heard: &Heard) -> usize {
        let count = |parts: &[Part]| parts.iter().filter(|part| heard.has(**part)).count();
        2 * count(&self.heavy) + count(&self.light)
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
        let Builder { lexicon, groups, phrases, parts, .. } = builder;
        Self { lexicon, groups, phrases, parts: parts.len(), rules, abuse, guard }
    }

    /// The first rule, by its place in the book, that hears a person in danger.
    pub fn danger(&self, text: &str) -> Option<usize> {
        let words = self.lexicon.split(text, MOST_WORDS);
        let mut heard = self.listen(&words);
        if !heard.any {
            return None;
        }
        heard.asks = heard.has(self.guard.asking) || text.contains(['?', '؟']);
        let long = text.chars().nth(LONG).is_some();
        let told = self.rules.iter().position(|rule| {
            if rule.not.is_some_and(|part| heard.has(part)) || self.is_about_an_animal(&heard, rule.by_animal)
            {
                return false;
            }
            let sure = rule.sure.iter().any(|sign| {
                heard.close(sign).is_some_and(|at| {
                    if long { self.is_long_cry(&heard.around(at)) } else { self.is_meant(&heard, rule.kind) }
                })
            });
            sure || (!long
                && !self.is_lesson(&heard)
                && rule.maybe.iter().any(|sign| heard.close(sign).is_some()))
        });
        if long {
            return told;
        }
        match told {
            Some(rule) if self.is_doubtful(&heard) => {
                // A person who wants to die asks in many ways.
                self.rules.get(rule).is_some_and(|it| it.kind == Kind::SelfHarm).then_some(rule)
            }
            Some(rule) => Some(rule),
            None => self.together(&heard),
        }
    }

    /// Whether a sign stands alone in a question, or among words of something else.
    fn is_doubtful(&self, heard: &Heard) -> bool {
        let weight = self.weight(heard);
        (self.wants_to_know(heard) && weight < TOLD_ASKING) || (heard.strange > MOST_STRANGE && weight < 3)
    }

    /// Whether something is asked, but neither for help nor what to do.
    fn wants_to_know(&self, heard: &Heard) -> bool {
        let guard = &self.guard;
        let asks = heard.asks || heard.begins(guard.ask) || heard.has(guard.avoid);
        asks && !heard.has(guard.act) && !heard.has(guard.now)
    }

    /// How much is told that is harm or adds to it, in the rule that hears the most.
    fn weight(&self, heard: &Heard) -> usize {
        self.rules.iter().map(|rule| rule.weight(heard)).max().unwrap_or(0)
    }

    /// The first rule of which enough things come together on a person, when no sign says it outright.
    fn together(&self, heard: &Heard) -> Option<usize> {
        let guard = &self.guard;
        if heard.begins(guard.ask) && !heard.has(guard.now) {
            return None;
        }
        let urgent = heard.has(guard.now) || heard.has(guard.act);
        // Who tells of somebody tells of something that happened; who asks anything but what to do wants to know.
        let tells = heard.has(guard.kin) || heard.has(guard.child);
        let named = heard.has(guard.named) || heard.has(guard.child);
        let person = tells || heard.has(guard.human) || heard.has(guard.me);
        let asks = heard.asks && !heard.has(guard.act);
        let other = self.rules.iter().filter_map(|rule| rule.not).any(|part| heard.has(part));
        let doubt = usize::from(heard.strange > MOST_STRANGE) + usize::from(!person && heard.asks);
        let enough = |kind| match kind {
            _ if asks => ENOUGH + 1,
            _ if heard.asks => ENOUGH,
            Kind::SelfHarm if person && heard.strange == 0 => ENOUGH - 2,
            Kind::SelfHarm if person => ENOUGH - 1,
            _ if named && heard.strange == 0 && !other => ENOUGH - 2,
            // An Arabic verb says who did it.
            _ if tells || heard.arabic => ENOUGH - 1,
            _ => ENOUGH,
        };
        self.rules.iter().position(|rule| {
            rule.heavy.iter().any(|part| heard.has(*part))
                && rule.weight(heard) + usize::from(urgent) >= enough(rule.kind) + doubt
                && !rule.not.is_some_and(|part| heard.has(part))
                && !self.is_about_an_animal(heard, rule.by_animal)
                && self.is_meant(heard, rule.kind)
        })
    }

    /// The first misuse, by its place in the book.
    pub fn abuse(&self, text: &str) -> Option<usize> {
        let heard = self.listen(&self.lexicon.split(text, MOST_WORDS));
        if !heard.any {
            return None;
        }
        self.abuse.iter().position(|signs| signs.iter().any(|sign| heard.close(sign).is_some()))
    }

    /// A goat that bleeds is for the answer bot, a woman is not; nor is a goat that a dog bit.
    fn is_about_an_animal(&self, heard: &Heard, by_animal: bool) -> bool {
        let animal = if by_animal { self.guard.livestock } else { self.guard.animal };
        heard.has(animal) && !heard.has(self.guard.human)
    }

    /// Whether a sign that says that something happens is meant so.
    fn is_meant(&self, heard: &Heard, kind: Kind) -> bool {
        let guard = &self.guard;
        if heard.has(guard.calm) {
            let tells = (heard.has(guard.kin) || heard.has(guard.child)) && !heard.asks;
            return self.is_cry(heard) || (tells && self.weight(heard) >= MUCH);
        }
        if heard.has(guard.now) {
            return true;
        }
        let (asks, avoids) = (heard.begins(guard.ask), heard.has(guard.avoid));
        if asks && avoids {
            return false;
        }
        let person = [guard.act, guard.victim, guard.kin].iter().any(|part| heard.has(*part));
        person || !(asks || avoids) || (kind == Kind::SelfHarm && heard.has(guard.me))
    }

    /// Whether a sign that may be a lesson is one.
    fn is_lesson(&self, heard: &Heard) -> bool {
        let guard = &self.guard;
        if heard.has(guard.calm) || heard.has(guard.avoid) {
            return !self.is_cry(heard);
        }
        let person = [guard.now, guard.help, guard.kin, guard.victim, guard.me, guard.act];
        heard.begins(guard.ask) && !person.iter().any(|part| heard.has(*part))
    }

    /// Whether somebody calls for help for a person.
    fn is_cry(&self, heard: &Heard) -> bool {
        let guard = &self.guard;
        heard.has(guard.urgent) && (heard.has(guard.victim) || heard.has(guard.kin))
    }

    /// Whether a long text calls for help around a sign.
    fn is_long_cry(&self, heard: &Heard) -> bool {
        let guard = &self.guard;
        let urgent = heard.has(guard.now) || heard.has(guard.help) || heard.has(guard.act);
        let person = heard.has(guard.victim) || heard.has(guard.kin);
        urgent && person && !heard.has(guard.calm)
    }

    fn listen(&self, words: &[String]) -> Heard {
        let mut heard = Heard::new(self.parts);
        let mut units: Vec<Vec<(Unit, usize)>> = Vec::with_capacity(words.len());
        heard.arabic = words.iter().any(|word| tokens::is_arabic(word));
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
        heard.strange =
            units.iter().zip(&fillers).filter(|(units, filler)| units.is_empty() && !**filler).count();
        // A group may stand in a phrase of another group.
        for _ in 0..GROUP_DEPTH {
            let mut found = Vec::new();
            for at in 0..units.len() {
                self.groups.begin(at, &units, &fillers, &mut |group, end| found.push((at, group, end)));
            }
            let mut grown = false;
            for (at, group, end) in found {
                if let Some(here) = units.get_mut(at).filter(|here| !here.contains(&(group, end))) {
                    here.push((group, end));
                    grown = true;
                }
            }
            if !grown {
                break;
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
    fn new(parts: usize) -> Self {
        Self { spans: vec![Vec::new(); parts], strange: 0, arabic: false, asks: false, any: false }
    }

    fn add(&mut self, part: Part, start: usize, end: usize) {
        let Some(spans) = self.spans.get_mut(usize::from(part)) else { return };
        if spans.last() != Some(&(start, end)) {
            spans.push((start, end));
            self.any = true;
        }
    }

    fn spans(&self, part: Part) -> &[(usize, usize)] {
        self.spans.get(usize::from(part)).map_or(&[], Vec::as_slice)
    }

    fn has(&self, part: Part) -> bool {
        !self.spans(part).is_empty()
    }

    /// Whether the message begins with a part, a word of address or two before it.
    fn begins(&self, part: Part) -> bool {
        self.spans(part).first().is_some_and(|(start, _)| *start <= 2)
    }

    /// Where all parts of a sign stand close together.
    fn close(&self, sign: &[Part]) -> Option<usize> {
        if sign.is_empty() || !sign.iter().all(|part| self.has(*part)) {
            return None;
        }
        let near = |part: &Part, from: usize| {
            let spans = self.spans(*part);
            let later = spans.get(spans.partition_point(|(start, _)| *start < from)..).unwrap_or_default();
            let mut reach = later.iter().take_while(|(start, _)| *start <= from + CLOSE);
            reach.any(|(_, end)| *end <= from + CLOSE)
        };
        let starts = sign.iter().flat_map(|part| self.spans(*part)).map(|(start, _)| *start);
        starts.filter(|from| sign.iter().all(|part| near(part, *from))).min()
    }

    /// What was heard around a word.
    fn around(&self, at: usize) -> Self {
        let near = |(start, _): &&(usize, usize)| start + AROUND >= at && *start <= at + AROUND;
        let spans = self.spans.iter().map(|spans| spans.iter().filter(near).copied().collect()).collect();
        Self { spans, strange: self.strange, arabic: self.arabic, asks: self.asks, any: self.any }
    }
}
