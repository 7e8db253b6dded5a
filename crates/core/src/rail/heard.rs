//! What is heard in a message: which parts of signs, and where.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::lexicon::{Lexicon, Unit, Word};

/// How far apart the parts of a sign may stand, in words.
const CLOSE: usize = 16;
/// No more of a text is looked at, in words.
const MOST_WORDS: usize = 400;
/// What surrounds a sign in a long text, in words to each side.
const AROUND: usize = 25;
/// How many fillers may stand between two words of a phrase.
const MOST_FILLERS: usize = 3;
/// How often groups are looked for: a group may stand in a phrase of another.
const ROUNDS: usize = 3;

/// A part of signs, by number.
pub(super) type Part = u16;

/// All that is listened for.
pub(super) struct Ear {
    lexicon: Lexicon,
    groups: Phrases,
    phrases: Phrases,
    parts: usize,
    units: usize,
    /// Parts that calm: their words are not guessed, lest a misspelt cry be silenced.
    firm: Bits,
}

/// Phrases by the number of their first word.
#[derive(Default)]
pub(super) struct Phrases(Vec<Vec<Phrase>>);

struct Phrase {
    /// The words behind the first.
    rest: Box<[Unit]>,
    /// The part or group that the whole is.
    gives: u16,
}

/// Where parts were heard, and what else is known of the message.
pub(super) struct Heard {
    /// A bit for each part, whether it was heard.
    parts: Bits,
    /// What was heard: part, first word, word behind the last; in that order.
    spans: Vec<(Part, usize, usize)>,
    /// How many words are neither ours nor fillers: what else the message is about.
    pub strange: usize,
    /// How many words there are.
    pub words: usize,
    /// Whether a word is in Arabic letters.
    pub arabic: bool,
    /// Whether anything is asked.
    pub asks: bool,
    /// Whether anything was heard.
    pub any: bool,
}

/// A set of small numbers.
struct Bits(Vec<u64>);

impl Bits {
    fn up_to(most: usize) -> Self {
        Self(vec![0; most / 64 + 1])
    }

    fn put(&mut self, number: u16) {
        if let Some(bits) = self.0.get_mut(usize::from(number) / 64) {
            *bits |= 1 << (number % 64);
        }
    }

    fn has(&self, number: u16) -> bool {
        self.0.get(usize::from(number) / 64).is_some_and(|bits| bits & 1 << (number % 64) != 0)
    }
}

/// What the words of a message may be.
struct Said {
    words: Vec<Word>,
    /// For each word the words and groups that begin there, and the word behind them.
    units: Vec<Vec<(Unit, usize)>>,
    /// Those that stand anywhere.
    present: Bits,
}

impl Ear {
    pub fn new(lexicon: Lexicon, groups: Phrases, phrases: Phrases, parts: usize, firm: &[Part]) -> Self {
        let units = lexicon.count();
        let mut bits = Bits::up_to(parts);
        for part in firm {
            bits.put(*part);
        }
        Self { lexicon, groups, phrases, parts, units, firm: bits }
    }

    /// Hears a message.
    pub fn listen(&self, text: &str) -> Heard {
        let words = self.lexicon.read(text, MOST_WORDS);
        let mut heard = Heard {
            parts: Bits::up_to(self.parts),
            spans: Vec::new(),
            strange: words.iter().filter(|word| word.is_strange()).count(),
            words: words.len(),
            arabic: words.iter().any(|word| word.arabic),
            asks: false,
            any: false,
        };
        if words.iter().all(|word| word.units.is_empty()) {
            return heard;
        }
        let mut said =
            Said { units: Vec::with_capacity(words.len()), words, present: Bits::up_to(self.units) };
        for (at, word) in said.words.iter().enumerate() {
            said.units.push(word.units.iter().map(|unit| (*unit, at + 1)).collect());
            for unit in &word.units {
                said.present.put(*unit);
            }
        }
        let mut found = Vec::new();
        for _ in 0..ROUNDS {
            for at in 0..said.units.len() {
                self.groups.begin(at, &said, &mut |group, end| found.push((at, group, end)));
            }
            let mut grown = false;
            for (at, group, end) in found.drain(..) {
                if let Some(here) = said.units.get_mut(at).filter(|here| !here.contains(&(group, end))) {
                    here.push((group, end));
                    said.present.put(group);
                    grown = true;
                }
            }
            if !grown {
                break;
            }
        }
        for at in 0..said.units.len() {
            self.phrases.begin(at, &said, &mut |part, end| {
                if !self.firm.has(part) || !said.guesses(at, end) {
                    heard.add(part, at, end);
                }
            });
        }
        heard.spans.sort_unstable();
        heard.spans.dedup();
        heard
    }
}

impl Phrases {
    pub fn learn(&mut self, first: Unit, rest: &[Unit], gives: u16) {
        let first = usize::from(first);
        if self.0.len() <= first {
            self.0.resize_with(first + 1, Vec::new);
        }
        if let Some(list) = self.0.get_mut(first) {
            list.push(Phrase { rest: rest.into(), gives });
        }
    }

    /// Tells of every phrase that begins at a word.
    fn begin(&self, at: usize, said: &Said, tell: &mut dyn FnMut(u16, usize)) {
        for (unit, end) in said.units.get(at).into_iter().flatten() {
            for phrase in self.0.get(usize::from(*unit)).into_iter().flatten() {
                if phrase.rest.first().is_none_or(|next| said.present.has(*next))
                    && let Some(end) = said.follow(&phrase.rest, *end)
                {
                    tell(phrase.gives, end);
                }
            }
        }
    }
}

impl Said {
    /// Whether a word from here to there is only guessed.
    fn guesses(&self, from: usize, to: usize) -> bool {
        self.words.get(from..to).is_some_and(|words| words.iter().any(|word| word.guessed))
    }

    /// Where the rest of a phrase ends that goes on at a word.
    fn follow(&self, rest: &[Unit], at: usize) -> Option<usize> {
        let Some((first, rest)) = rest.split_first() else { return Some(at) };
        for skipped in 0..=MOST_FILLERS {
            let here = self.units.get(at + skipped)?;
            let ends = here.iter().filter(|(unit, _)| unit == first).map(|(_, end)| *end);
            if let Some(end) = ends.filter_map(|end| self.follow(rest, end)).max() {
                return Some(end);
            }
            if !self.words.get(at + skipped).is_some_and(|word| word.filler) {
                return None;
            }
        }
        None
    }
}

impl Heard {
    fn add(&mut self, part: Part, start: usize, end: usize) {
        self.spans.push((part, start, end));
        self.parts.put(part);
        self.any = true;
    }

    /// Where a part was heard.
    fn spans(&self, part: Part) -> &[(Part, usize, usize)] {
        if !self.has(part) {
            return &[];
        }
        let from = self.spans.partition_point(|(it, ..)| *it < part);
        let rest = self.spans.get(from..).unwrap_or_default();
        rest.get(..rest.partition_point(|(it, ..)| *it == part)).unwrap_or_default()
    }

    pub fn has(&self, part: Part) -> bool {
        self.parts.has(part)
    }

    /// Whether the message begins with a part, a word of address or two before it.
    pub fn begins(&self, part: Part) -> bool {
        self.spans(part).first().is_some_and(|(_, start, _)| *start <= 2)
    }

    /// Where all parts of a sign stand close together.
    pub fn close(&self, sign: &[Part]) -> Option<usize> {
        if sign.is_empty() || !sign.iter().all(|part| self.has(*part)) {
            return None;
        }
        let near = |part: &Part, from: usize| {
            let spans = self.spans(*part);
            let later = spans.get(spans.partition_point(|(_, start, _)| *start < from)..).unwrap_or_default();
            let mut reach = later.iter().take_while(|(_, start, _)| *start <= from + CLOSE);
            reach.any(|(_, _, end)| *end <= from + CLOSE)
        };
        let starts = sign.iter().flat_map(|part| self.spans(*part)).map(|(_, start, _)| *start);
        starts.filter(|from| sign.iter().all(|part| near(part, *from))).min()
    }

    /// What was heard around a word.
    pub fn around(&self, at: usize) -> Self {
        let near = |(_, start, _): &&(Part, usize, usize)| start + AROUND >= at && *start <= at + AROUND;
        let spans: Vec<_> = self.spans.iter().filter(near).copied().collect();
        let mut parts = Bits(vec![0; self.parts.0.len()]);
        for (part, ..) in &spans {
            parts.put(*part);
        }
        Self {
            parts,
            spans,
            strange: self.strange,
            words: self.words,
            arabic: self.arabic,
            asks: self.asks,
            any: self.any,
        }
    }
}
