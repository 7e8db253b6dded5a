//! Every word that a sign is made of, and how a typed word is taken for one of them.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

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
    /// Written exactly so.
    exact: BTreeMap<String, Unit>,
    /// Those of them that may be misspelt and take endings.
    loose: BTreeSet<String>,
    /// Sounding so.
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
        lexicon.ordinary = ordinary.iter().flat_map(|words| tokens::words(words, 400)).collect();
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
        let unit = self.exact.get(&word).copied().unwrap_or_else(|| self.number());
        self.exact.insert(word.clone(), unit);
        if !strict {
            self.loosen(word, unit);
        }
        Some(unit)
    }

    /// Lets a word be misspelt and take endings.
    fn loosen(&mut self, word: String, unit: Unit) {
        let letters = word.chars().count();
        if letters < 3 || self.loose.contains(&word) {
            return;
        }
        if letters >= SHORTEST {
            let heard = heard(&word);
            let bones = tokens::bones(&heard);
            if bones.chars().count() >= SHORTEST && !tokens::is_arabic(&word) {
                self.bones.entry(bones).or_default().push(unit);
            }
            let letters: Vec<char> = heard.chars().collect();
            if let Some(first) = letters.first() {
                let mask = mask(&letters);
                self.near.entry(door(*first)).or_default().push(Near { letters, mask, unit });
            }
            self.sounds.entry(heard).or_default().push(unit);
        }
        self.loose.insert(word);
    }

    /// The words of a message: short forms written out, glued words taken apart, words that fell apart joined.
    pub fn split(&self, text: &str, most: usize) -> Vec<String> {
        let mut out = Vec::new();
        let words = self.joined(&tokens::words(text, most));
        for word in words {
            if let Some(words) = self.spellings.get(&word) {
                out.extend(words.iter().cloned());
            } else if let Some(words) = self.glued(&word) {
                for word in words {
                    match self.spellings.get(&word) {
                        Some(words) => out.extend(words.iter().cloned()),
                        None => out.push(word),
                    }
                }
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
        if !found.is_empty() || self.is_plain(word) || self.is_plain(stem) {
            return found;
        }
        if tokens::is_arabic(word) {
            for root in tokens::arabic_roots(stem).filter(|root| self.loose.contains(*root)) {
                found.extend(self.exact.get(root).filter(|unit| !found.contains(unit)));
            }
            for word in [stem, word] {
                if found.is_empty() {
                    self.add_near(word, &mut found);
                }
            }
            return found;
        }
        if word.len() < SHORTEST {
            return found;
        }
        let word = tokens::letters_for_digits(word).unwrap_or_else(|| word.to_string());
        self.add_known(&word, &mut found);
        // "bleedin" is "bleeding".
        if word.ends_with("in") {
            self.add_known(&(word.clone() + "g"), &mut found);
        }
        if found.is_empty() {
            // The longest root says what the word is: "based" is "base" and not "bas".
            let mut roots: Vec<String> = tokens::english_roots(&word).collect();
            roots.sort_by_key(|root| core::cmp::Reverse(root.len()));
            for root in roots {
                if self.loose.contains(&root) {
                    found.extend(self.exact.get(&root));
                    break;
                }
                if self.is_plain(&root) {
                    return found;
                }
            }
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

    /// Whether a word is known to be none of ours.
    fn is_plain(&self, word: &str) -> bool {
        self.ordinary.contains(word) || self.fillers.contains(word)
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
            let most = allowed(letters.len().min(near.letters.len()), heard.is_ascii()).min(best);
            if (near.mask ^ mask).count_ones() as usize > 2 * most {
                continue;
            }
            let Some(cost) = tokens::distance(&letters, &near.letters, most) else { continue };
            if cost < best {
                best = cost;
                found.clear();
            }
            found.push(near.unit);
        }
    }

    /// Whether a word stands in any of our lists exactly so.
    fn is_word(&self, word: &str) -> bool {
        self.exact.contains_key(word)
            || self.spellings.contains_key(word)
            || self.fillers.contains(word)
            || self.ordinary.contains(word)
    }

    /// "notbreathing", "mybrotherisbleeding": words of ours without the spaces, when the whole is no word.
    fn glued(&self, word: &str) -> Option<Vec<String>> {
        // "and" and "the" are written onto an Arabic word.
        let word = tokens::arabic_stem(word).unwrap_or(word);
        let ends: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
        let letters = ends.len() - 1;
        if !(5..=LONGEST_GLUED).contains(&letters) || !self.units(word).is_empty() || self.is_plain(word) {
            return None;
        }
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
            parts.push(word.get(*ends.get(start)?..*ends.get(end)?)?.to_string());
            end = start;
        }
        parts.reverse();
        // Crumbs are no words: "bananas" is not "ban an as".
        let crumbs = parts.iter().filter(|part| matches!(part.as_str(), "i" | "u" | "n" | "ما")).count();
        (letters + 2 * crumbs >= 3 * parts.len()).then_some(parts)
    }

    /// Whether letters inside a glued word are one of its words.
    fn is_part(&self, part: &str, letters: usize) -> bool {
        if tokens::is_arabic(part) {
            return part == "ما"
                || letters >= 3
                    && (self.is_word(part)
                        || tokens::arabic_roots(part).any(|root| self.loose.contains(root)));
        }
        part == "i"
            || letters > 1 && self.is_word(part)
            || letters > 4 && self.sounds.contains_key(&tokens::sound(part))
    }

    /// "un conscious", "s n a k e": words that fell apart.
    fn joined(&self, words: &[String]) -> Vec<String> {
        let mut out: Vec<String> = Vec::with_capacity(words.len());
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let rest = words.get(at..).unwrap_or_default();
            let letters = rest.iter().take_while(|word| word.len() == 1).count();
            let spelt: String = rest.iter().take(letters).map(String::as_str).collect();
            if letters >= 4 && self.is_word(&spelt) {
                out.push(spelt);
                at += letters;
                continue;
            }
            let pair = rest.get(1).map(|next| word.clone() + next).filter(|pair| {
                let unknown = |part: &String| part.len() > 1 && part.is_ascii() && !self.is_word(part);
                pair.len() > 6 && self.exact.contains_key(pair) && rest.iter().take(2).any(unknown)
            });
            match pair {
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

/// How far a misspelt word may be from one of ours, by the letters of the shorter; [`tokens::LETTER`] is a whole one.
fn allowed(letters: usize, latin: bool) -> usize {
    match letters {
        0..4 => 0,
        4 => 1,
        5 if !latin => 1,
        5 | 6 => 2,
        _ if !latin => 2,
        7 | 8 => 3,
        _ => 4,
    }
}

/// First letters that are taken for one another.
fn door(first: char) -> char {
    match first {
        'c' | 'q' | 'g' => 'k',
        'z' | 'j' => 's',
        'p' | 'v' | 'f' => 'b',
        'd' => 't',
        'e' | 'i' | 'o' | 'u' | 'y' => 'a',
        _ => first,
    }
}

fn mask(letters: &[char]) -> u64 {
    letters.iter().fold(0, |mask, c| mask | 1 << (*c as u32 % 64))
}
