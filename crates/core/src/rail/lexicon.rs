//! Every word that a sign is made of, and how a typed word is taken for one of them.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::near::Near;
use super::table::Table;
use super::tokens;

/// A word of the signs, or a group of words, by number.
pub(super) type Unit = u16;

/// Typed words shorter than this are never taken for a misspelt one, in letters.
const SHORTEST: usize = 4;
/// The longest word that is taken apart, in letters.
const LONGEST_GLUED: usize = 40;
/// How many words may be glued into one.
const MOST_GLUED: usize = 8;

/// The words, and the ways in which people write them.
#[derive(Default)]
pub(super) struct Lexicon {
    /// Words of every list, written exactly so.
    words: Table<Entry>,
    /// Sounding so.
    sounds: Table<Vec<Unit>>,
    /// With these letters when the vowels are left out; only where four and more are left.
    bones: Table<Vec<Unit>>,
    /// Beginning so.
    beginnings: BTreeMap<char, Vec<(String, Unit)>>,
    /// Spelt nearly so.
    near: Near,
    next: Unit,
}

/// What is known of a word.
#[derive(Default)]
struct Entry {
    /// The word itself, if signs name it.
    exact: Option<Unit>,
    /// Whether it may be misspelt and take endings.
    loose: bool,
    /// What it is short for.
    spelling: Option<Vec<String>>,
    filler: bool,
    ordinary: bool,
}

/// A word of a message.
#[expect(clippy::struct_excessive_bools, reason = "plain facts, each of its own")]
pub(super) struct Word {
    /// What it may be.
    pub units: Vec<Unit>,
    /// Whether it may stand between the words of a sign.
    pub filler: bool,
    /// Whether it is in Arabic letters.
    pub arabic: bool,
    /// Whether it is only spelt nearly so.
    pub guessed: bool,
    /// Whether it is an hour, an age or another small number: "9am". Money and telephone numbers are long.
    numbers: bool,
}

impl Word {
    /// Whether nothing is known of it: it is none of ours and no small number.
    pub fn is_strange(&self) -> bool {
        self.units.is_empty() && !self.filler && !self.numbers
    }
}

/// What a typed word may be.
struct Units {
    units: Vec<Unit>,
    guessed: bool,
}

impl Lexicon {
    /// Takes the lists of the book that are about spelling.
    pub fn new(spellings: &BTreeMap<&str, Vec<&str>>, fillers: &[&str], ordinary: &[&str]) -> Self {
        let mut lexicon = Self::default();
        for (word, forms) in spellings {
            let words = tokens::words(word, 8);
            for form in forms.iter().flat_map(|form| tokens::words(form, 1)) {
                lexicon.words.entry(&form).spelling = Some(words.clone());
            }
        }
        for word in fillers.iter().flat_map(|word| tokens::words(word, 1)) {
            lexicon.words.entry(&word).filler = true;
        }
        for word in ordinary.iter().flat_map(|words| tokens::words(words, 400)) {
            lexicon.words.entry(&word).ordinary = true;
        }
        lexicon
    }

    /// A number that no word has yet.
    pub fn number(&mut self) -> Unit {
        self.next = self.next.saturating_add(1);
        self.next
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        usize::from(self.next)
    }

    /// The unit of a word as a sign writes it: `word`, `=word` for no misspelling, `word*` for a beginning.
    pub fn learn(&mut self, written: &str) -> Option<Unit> {
        let strict = written.starts_with('=');
        let begins = written.ends_with('*');
        let word = tokens::words(written, 1).pop()?;
        let first = word.chars().next()?;
        if begins {
            let known = self.beginnings.get(&first).and_then(|list| list.iter().find(|(it, _)| *it == word));
            if let Some((_, unit)) = known {
                return Some(*unit);
            }
            let unit = self.number();
            self.beginnings.entry(first).or_default().push((word, unit));
            return Some(unit);
        }
        let unit = match self.words.get(&word).and_then(|entry| entry.exact) {
            Some(unit) => unit,
            None => self.number(),
        };
        let entry = self.words.entry(&word);
        entry.exact = Some(unit);
        if !strict && !entry.loose {
            self.loosen(&word, unit);
        }
        Some(unit)
    }

    /// Lets a word be misspelt and take endings.
    fn loosen(&mut self, word: &str, unit: Unit) {
        let letters = word.chars().count();
        if letters < 3 {
            return;
        }
        if letters >= SHORTEST {
            let heard = heard(word);
            let bones = tokens::bones(&heard);
            if bones.chars().count() >= SHORTEST && !tokens::is_arabic(word) {
                self.bones.entry(&bones).push(unit);
            }
            self.near.learn(&heard, unit);
            self.sounds.entry(&heard).push(unit);
        }
        self.words.entry(word).loose = true;
    }

    /// The words of a message: short forms written out, glued words taken apart, words that fell apart joined.
    pub fn read(&self, text: &str, most: usize) -> Vec<Word> {
        let words = self.joined(&tokens::words(text, most));
        let mut out = Vec::with_capacity(words.len());
        for word in words {
            if self.write_out(&word, &mut out) {
                continue;
            }
            let units = self.units(&word);
            match self.glued(&word, &units.units) {
                Some(parts) => {
                    for part in parts {
                        if !self.write_out(part, &mut out) {
                            out.push(self.word(part, self.units(part)));
                        }
                    }
                }
                None => out.push(self.word(&word, units)),
            }
        }
        out
    }

    /// Adds the words that a short form stands for, if it is one.
    fn write_out(&self, word: &str, out: &mut Vec<Word>) -> bool {
        let words = self.words.get(word).and_then(|entry| entry.spelling.as_ref());
        out.extend(words.into_iter().flatten().map(|word| self.word(word, self.units(word))));
        words.is_some()
    }

    fn word(&self, word: &str, Units { units, guessed }: Units) -> Word {
        let filler = self.words.get(word).is_some_and(|entry| entry.filler);
        let numbers = (1..=2).contains(&word.chars().filter(|c| c.is_numeric()).count());
        Word { units, filler, arabic: tokens::is_arabic(word), guessed, numbers }
    }

    /// What a typed word may be.
    fn units(&self, word: &str) -> Units {
        let mut units = Vec::new();
        let guessed = self.add_units(word, &mut units);
        Units { units, guessed }
    }

    /// Adds what a typed word may be, and tells whether that is only guessed.
    fn add_units(&self, word: &str, found: &mut Vec<Unit>) -> bool {
        self.add_known(word, found);
        let stem = tokens::arabic_stem(word).unwrap_or(word);
        if stem != word {
            self.add_known(stem, found);
        }
        if !found.is_empty() || self.is_plain(word) || self.is_plain(stem) {
            return false;
        }
        if tokens::is_arabic(word) {
            for root in tokens::arabic_roots(stem) {
                found.extend(self.loose(root).filter(|unit| !found.contains(unit)));
            }
            let guessed = found.is_empty();
            for word in [stem, word] {
                if found.is_empty() {
                    self.near.add(word, found);
                }
            }
            return guessed;
        }
        if word.len() < SHORTEST {
            return false;
        }
        let word = tokens::letters_for_digits(word).unwrap_or_else(|| word.to_string());
        self.add_known(&word, found);
        // "bleedin" is "bleeding".
        if word.ends_with("in") {
            self.add_known(&(word.clone() + "g"), found);
        }
        if found.is_empty() {
            // The longest root says what the word is: "based" is "base" and not "bas".
            let mut roots: Vec<String> = tokens::english_roots(&word).collect();
            roots.sort_by_key(|root| core::cmp::Reverse(root.len()));
            for root in roots {
                if let Some(unit) = self.loose(&root) {
                    found.push(unit);
                    break;
                }
                if self.is_plain(&root) {
                    return false;
                }
            }
        }
        let heard = tokens::sound(&word);
        if let Some(units) = self.sounds.get(&heard) {
            found.extend(units);
        }
        let guessed = found.is_empty();
        if found.is_empty() {
            self.near.add(&heard, found);
        }
        if found.is_empty() {
            found.extend(self.bones.get(&tokens::bones(&heard)).into_iter().flatten());
        }
        guessed
    }

    /// Whether a word is known to be none of ours.
    fn is_plain(&self, word: &str) -> bool {
        self.words.get(word).is_some_and(|entry| entry.ordinary || entry.filler)
    }

    /// A word that may take endings.
    fn loose(&self, word: &str) -> Option<Unit> {
        self.words.get(word).filter(|entry| entry.loose)?.exact
    }

    fn add_known(&self, word: &str, found: &mut Vec<Unit>) {
        found.extend(self.words.get(word).and_then(|entry| entry.exact));
        let list = word.chars().next().and_then(|first| self.beginnings.get(&first));
        let begins = list.into_iter().flatten().filter(|(beginning, _)| word.starts_with(beginning.as_str()));
        found.extend(begins.map(|(_, unit)| unit));
    }

    /// Whether a word stands in any of our lists exactly so.
    fn is_word(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// "notbreathing", "mybrotherisbleeding": words of ours without the spaces, when the whole is no word.
    fn glued<'w>(&self, whole: &'w str, units: &[Unit]) -> Option<Vec<&'w str>> {
        // "and" and "the" are written onto an Arabic word.
        let word = tokens::arabic_stem(whole).unwrap_or(whole);
        let known =
            if word.len() == whole.len() { !units.is_empty() } else { !self.units(word).units.is_empty() };
        if known || self.is_plain(word) {
            return None;
        }
        let letters = word.chars().count();
        if !(5..=LONGEST_GLUED).contains(&letters) {
            return None;
        }
        let ends: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
        if tokens::english_roots(word).any(|root| self.is_plain(&root)) {
            return None;
        }
        // For each end, how few words lead there and where the last of them begins.
        let mut ways: Vec<Option<(usize, usize)>> = alloc::vec![None; letters + 1];
        *ways.first_mut()? = Some((0, 0));
        for end in 1..=letters {
            let mut best: Option<(usize, usize)> = None;
            for start in end.saturating_sub(16)..end {
                let Some((before, _)) = ways.get(start).copied().flatten() else { continue };
                if before >= MOST_GLUED || best.is_some_and(|(count, _)| count <= before + 1) {
                    continue;
                }
                let part = word.get(*ends.get(start)?..*ends.get(end)?)?;
                if self.is_part(part, end - start) {
                    best = Some((before + 1, start));
                }
            }
            *ways.get_mut(end)? = best;
        }
        let mut parts = Vec::new();
        let mut end = letters;
        while end > 0 {
            let (_, start) = ways.get(end).copied().flatten()?;
            parts.push(word.get(*ends.get(start)?..*ends.get(end)?)?);
            end = start;
        }
        parts.reverse();
        // Crumbs are no words: "bananas" is not "ban an as".
        let crumbs = parts.iter().filter(|part| matches!(**part, "i" | "u" | "n" | "ما")).count();
        (letters + 2 * crumbs >= 3 * parts.len()).then_some(parts)
    }

    /// Whether letters inside a glued word are one of its words.
    fn is_part(&self, part: &str, letters: usize) -> bool {
        if tokens::is_arabic(part) {
            return part == "ما"
                || letters >= 3
                    && (self.is_word(part)
                        || tokens::arabic_roots(part).any(|root| self.loose(root).is_some()));
        }
        part == "i"
            || letters > 1 && self.is_word(part)
            || letters > 4 && self.sounds.contains(&tokens::sound(part))
    }

    /// "un conscious", "s n a k e": words that fell apart.
    fn joined(&self, words: &[String]) -> Vec<String> {
        let known: Vec<bool> = words.iter().map(|word| self.is_word(word)).collect();
        let mut out: Vec<String> = Vec::with_capacity(words.len());
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let rest = words.get(at..).unwrap_or_default();
            let letters = rest.iter().take_while(|word| word.len() == 1).count();
            if letters >= 4 {
                let spelt: String = rest.iter().take(letters).map(String::as_str).collect();
                if self.is_word(&spelt) {
                    out.push(spelt);
                    at += letters;
                    continue;
                }
            }
            let unknown = |at: usize| {
                let word = words.get(at).filter(|word| word.len() > 1 && word.is_ascii());
                word.is_some() && !known.get(at).copied().unwrap_or(true)
            };
            let pair =
                rest.get(1).filter(|next| word.len() + next.len() > 6 && (unknown(at) || unknown(at + 1)));
            let pair = pair.map(|next| word.clone() + next);
            let is_ours = |pair: &String| self.words.get(pair).is_some_and(|entry| entry.exact.is_some());
            match pair.filter(is_ours) {
                Some(pair) => {
                    out.push(pair);
                    at += 2;
                }
                None => {
                    out.push(word.clone());
                    at += 1;
                }
            }
        }
        out
    }
}

/// A word as it is compared: Latin letters by their sound.
fn heard(word: &str) -> String {
    if tokens::is_arabic(word) { word.to_string() } else { tokens::sound(word) }
}
