//! Every word that a sign is made of, and how a typed word is taken for one of them.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::tokens;

/// A word of the signs, or a group of words, by number.
pub(super) type Unit = u16;

/// Typed words shorter than this are never taken for a misspelt one, in letters.
const SHORTEST: usize = 4;

/// The words, and the ways in which people write them.
#[derive(Default)]
pub(super) struct Lexicon {
    /// Written exactly so.
    exact: BTreeMap<String, Unit>,
    /// Sounding so; only words of five letters and more.
    sounds: BTreeMap<String, Vec<Unit>>,
    /// With these letters when the vowels are left out; only where four and more are left.
    bones: BTreeMap<String, Vec<Unit>>,
    /// Beginning so.
    beginnings: BTreeMap<char, Vec<(String, Unit)>>,
    /// Spelt nearly so, by first letter.
    near: BTreeMap<char, Vec<Near>>,
    spellings: BTreeMap<String, Vec<String>>,
    fillers: BTreeSet<String>,
    ordinary: BTreeSet<String>,
    next: Unit,
}

struct Near {
    letters: Vec<char>,
    /// A bit for each letter in it: two words that differ in many bits are far apart.
    mask: u64,
    most: usize,
    unit: Unit,
}

impl Lexicon {
    /// Takes the lists of the book that are about spelling.
    pub fn new(spellings: &BTreeMap<&str, Vec<&str>>, fillers: &[&str], ordinary: &[&str]) -> Self {
        let mut lexicon = Self::default();
        for (word, forms) in spellings {
            let words = tokens::words(word, 8);
            for form in forms.iter().flat_map(|form| tokens::words(form, 1)) {
                lexicon.spellings.insert(form, words.clone());
            }
        }
        lexicon.fillers = fillers.iter().flat_map(|word| tokens::words(word, 1)).collect();
        lexicon.ordinary = ordinary.iter().flat_map(|word| tokens::words(word, 1)).collect();
        lexicon
    }

    /// A number that no word has yet.
    pub fn number(&mut self) -> Unit {
        self.next = self.next.saturating_add(1);
        self.next
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
        if let Some(unit) = self.exact.get(&word) {
            return Some(*unit);
        }
        let unit = self.number();
        let letters = word.chars().count();
        if !strict && letters > SHORTEST {
            let (heard, most) = if tokens::is_arabic(&word) {
                (word.clone(), usize::from(letters > 5))
            } else {
                (tokens::sound(&word), if letters >= 8 { 2 } else { 1 })
            };
            let bones = tokens::bones(&heard);
            if bones.len() >= SHORTEST && most > 0 {
                self.bones.entry(bones).or_default().push(unit);
            }
            self.sounds.entry(heard.clone()).or_default().push(unit);
            let letters: Vec<char> = heard.chars().collect();
            if most > 0 {
                self.near.entry(door(first)).or_default().push(Near {
                    mask: mask(&letters),
                    letters,
                    most,
                    unit,
                });
            }
        }
        self.exact.insert(word, unit);
        Some(unit)
    }

    /// The words of a message, with short forms written out and glued words taken apart.
    pub fn split(&self, text: &str, most: usize) -> Vec<String> {
        let mut out = Vec::new();
        for word in tokens::words(text, most) {
            if let Some(words) = self.spellings.get(&word) {
                out.extend(words.iter().cloned());
            } else if let Some((left, right)) = self.glued(&word) {
                out.push(left);
                out.push(right);
            } else {
                out.push(word);
            }
        }
        out
    }

    /// Whether a word may stand between the words of a sign.
    pub fn is_filler(&self, word: &str) -> bool {
        self.fillers.contains(word)
    }

    /// What a typed word may be.
    pub fn units(&self, word: &str) -> Vec<Unit> {
        let mut found = Vec::new();
        self.add_known(word, &mut found);
        let stem = tokens::arabic_stem(word).unwrap_or(word);
        if stem != word {
            self.add_known(stem, &mut found);
        }
        let ordinary = |word| self.ordinary.contains(word) || self.fillers.contains(word);
        if !found.is_empty() || ordinary(word) || ordinary(stem) {
            return found;
        }
        if tokens::is_arabic(word) {
            self.add_near(stem, &mut found);
            if found.is_empty() {
                self.add_near(word, &mut found);
            }
            return found;
        }
        if word.len() < SHORTEST {
            return found;
        }
        let word = tokens::letters_for_digits(word).unwrap_or_else(|| word.to_string());
        self.add_known(&word, &mut found);
        // "bleedin" is "bleeding".
        if found.is_empty() && word.ends_with("in") {
            self.add_known(&format!("{word}g"), &mut found);
        }
        let heard = tokens::sound(&word);
        if let Some(units) = self.sounds.get(&heard) {
            found.extend(units);
        }
        if found.is_empty() {
            self.add_near(&heard, &mut found);
        }
        if found.is_empty() {
            found.extend(self.bones.get(&tokens::bones(&heard)).into_iter().flatten());
        }
        found
    }

    fn add_known(&self, word: &str, found: &mut Vec<Unit>) {
        found.extend(self.exact.get(word));
        let list = word.chars().next().and_then(|first| self.beginnings.get(&first));
        let begins = list.into_iter().flatten().filter(|(beginning, _)| word.starts_with(beginning.as_str()));
        found.extend(begins.map(|(_, unit)| unit));
    }

    /// The words that are nearest, when they are near enough.
    fn add_near(&self, heard: &str, found: &mut Vec<Unit>) {
        let letters: Vec<char> = heard.chars().take(25).collect();
        let Some(list) = letters.first().and_then(|first| self.near.get(&door(*first))) else { return };
        let mask = mask(&letters);
        let mut best = usize::MAX;
        for near in list {
            // Two edits in a short word leave too little of it.
            let most = if letters.len() < 6 { near.most.min(1) } else { near.most };
            if (near.mask ^ mask).count_ones() as usize > 2 * most {
                continue;
            }
            let Some(cost) = tokens::distance(&letters, &near.letters, most) else { continue };
            if cost < best {
                best = cost;
                found.clear();
            }
            if cost == best {
                found.push(near.unit);
            }
        }
    }

    /// "notbreathing", "snakebite": two words of ours without the space, when the whole is no word.
    fn glued(&self, word: &str) -> Option<(String, String)> {
        if !word.is_ascii() || word.len() < 5 || !self.units(word).is_empty() || self.ordinary.contains(word)
        {
            return None;
        }
        let known = |part: &str| {
            self.exact.contains_key(part)
                || (part.len() > SHORTEST && self.sounds.contains_key(&tokens::sound(part)))
        };
        let cuts = 1..word.len().min(24).saturating_sub(2);
        cuts.rev().filter_map(|at| word.split_at_checked(at)).find_map(|(left, right)| {
            let fits = left.len() > 1 || left == "i";
            (fits && known(left) && known(right)).then(|| (left.to_string(), right.to_string()))
        })
    }
}

/// First letters that are taken for one another.
fn door(first: char) -> char {
    match first {
        'c' | 'q' => 'k',
        'z' => 's',
        'e' | 'i' | 'o' | 'u' | 'y' => 'a',
        _ => first,
    }
}

fn mask(letters: &[char]) -> u64 {
    letters.iter().fold(0, |mask, c| mask | 1 << (*c as u32 % 64))
}
