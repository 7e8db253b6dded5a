//! Words that are spelt nearly as another, and how nearly.
//!
//! Most words are far apart, and which letters stand in them shows it: only what passes that is measured.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::lexicon::Unit;

/// What a whole letter costs that is added, dropped or changed.
const LETTER: usize = 2;
/// Longer words are never compared, in letters.
const LONGEST: usize = 24;

/// Words as they are heard, by their first letter.
#[derive(Default)]
pub(super) struct Near {
    doors: BTreeMap<char, Vec<Word>>,
    letters: Vec<Letter>,
}

struct Word {
    /// Which letters stand in it, and how often; see [`outline`].
    outline: u64,
    /// Its letters, in the letters of all.
    at: usize,
    count: usize,
    unit: Unit,
}

impl Near {
    pub fn learn(&mut self, heard: &str, unit: Unit) {
        let Some(first) = heard.chars().next() else { return };
        let at = self.letters.len();
        self.letters.extend(heard.chars().map(Letter::new));
        let count = self.letters.len() - at;
        self.doors.entry(door(first)).or_default().push(Word { outline: outline(heard), at, count, unit });
    }

    /// Adds the words that are nearest, when they are near enough.
    pub fn add(&self, heard: &str, found: &mut Vec<Unit>) {
        let Some(list) = heard.chars().next().and_then(|first| self.doors.get(&door(first))) else { return };
        let mut letters = [Letter(0); LONGEST];
        let mut count = 0;
        for c in heard.chars() {
            let Some(letter) = letters.get_mut(count) else { return };
            *letter = Letter::new(c);
            count += 1;
        }
        let letters = &letters[..count];
        let latin = heard.is_ascii();
        let outline = outline(heard);
        let mut best = allowed(count, latin);
        let mut any = false;
        for word in list {
            if (word.outline ^ outline).count_ones() as usize > best || word.count.abs_diff(count) > best {
                continue;
            }
            let most = allowed(count.min(word.count), latin).min(best);
            let Some(other) = self.letters.get(word.at..word.at + word.count) else { continue };
            let Some(cost) = distance(letters, other, most) else { continue };
            if cost < best || !any {
                best = cost;
                any = true;
                found.clear();
            }
            found.push(word.unit);
        }
    }
}

/// How far a misspelt word may be from one of ours, by the letters of the shorter; [`LETTER`] is a whole one.
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

/// A bit for each time that a letter, or one that sounds alike, stands in a word.
///
/// Each bit in which two words differ costs at least one: a changed letter costs two and changes two bits, one that
/// is heard for another changes none.
fn outline(word: &str) -> u64 {
    word.chars().fold(0, |outline, c| {
        // Where the bits of the letter stand, and how many there are.
        let (from, most) = match c {
            'a' | 'e' | 'i' | 'o' | 'u' => (0, 6),
            'b' | 'p' | 'f' | 'v' => (6, 3),
            's' | 'c' | 'j' | 'g' | 'k' => (9, 4),
            't' | 'd' => (13, 3),
            'l' | 'r' => (16, 3),
            'm' | 'n' => (19, 3),
            'h' => (22, 2),
            'w' => (24, 2),
            'ت' | 'ط' => (32, 2),
            'س' | 'ص' | 'ث' => (34, 2),
            'د' | 'ض' | 'ذ' | 'ظ' | 'ز' => (36, 2),
            'ق' | 'غ' | 'ك' => (38, 2),
            'ه' | 'ا' | 'ء' | 'ح' => (40, 4),
            'و' => (44, 2),
            'ي' => (46, 2),
            'ل' => (48, 2),
            'م' => (50, 2),
            'ن' => (52, 2),
            'ر' => (54, 2),
            'ب' => (56, 2),
            'ع' => (58, 2),
            'ف' => (60, 1),
            'ج' => (61, 1),
            'ش' => (62, 1),
            'خ' => (63, 1),
            _ => (26, 6),
        };
        let next = (outline >> from).trailing_ones();
        if next < most { outline | 1 << (from + next) } else { outline }
    })
}

/// A letter with what it is taken for: the letter, whether it comes and goes, and a bit for each set that it is in.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Letter(u64);

impl Letter {
    /// Vowels, h and w come and go.
    const COMES_OR_GOES: u64 = 1 << 31;
    const SETS: u64 = Self::COMES_OR_GOES - 1;

    fn new(c: char) -> Self {
        let sets = ALIKE.iter().enumerate().filter(|(_, set)| set.contains(&c));
        let mut letter = sets.fold(u64::from(u32::from(c)) << 32, |letter, (at, _)| letter | 1 << at);
        if matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'h' | 'w' | 'ا' | 'و' | 'ي' | 'ه') {
            letter |= Self::COMES_OR_GOES;
        }
        Self(letter)
    }

    /// What it costs to hear one letter for another: half a letter for two that sound alike.
    fn change(self, other: Self) -> usize {
        match self.0 & other.0 & Self::SETS {
            _ if self == other => 0,
            0 => LETTER,
            _ => 1,
        }
    }

    /// What it costs to add or drop the letter.
    fn come_or_go(self) -> usize {
        if self.0 & Self::COMES_OR_GOES == 0 { LETTER } else { 1 }
    }
}

/// Letters that people of our languages hear and write for one another.
const ALIKE: &[&[char]] = &[
    &['a', 'e', 'i', 'o', 'u'],
    &['b', 'p'],
    &['f', 'v', 'p'],
    &['s', 'c', 'j'],
    &['t', 'd'],
    &['k', 'g'],
    &['l', 'r'],
    &['m', 'n'],
    &['j', 'g'],
    &['ت', 'ط'],
    &['س', 'ص', 'ث'],
    &['د', 'ض', 'ذ', 'ظ'],
    &['ز', 'ذ', 'ظ'],
    &['ق', 'غ', 'ك'],
    &['ه', 'ا'],
    &['ء', 'ا'],
    &['ح', 'ه'],
];

/// What it costs to make `b` out of `a`, if that is at most `most`; a swap with the neighbour costs one letter.
fn distance(a: &[Letter], b: &[Letter], most: usize) -> Option<usize> {
    if a.len() > LONGEST || b.len() > LONGEST || a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before = [0_usize; LONGEST + 1];
    let mut last = [0_usize; LONGEST + 1];
    for (at, y) in b.iter().enumerate() {
        last[at + 1] = last[at] + y.come_or_go();
    }
    for (row, x) in a.iter().enumerate() {
        let mut next = [0_usize; LONGEST + 1];
        next[0] = last[0] + x.come_or_go();
        let mut least = next[0];
        for (column, y) in b.iter().enumerate() {
            let changed = last[column] + x.change(*y);
            let mut cost = changed.min(last[column + 1] + x.come_or_go()).min(next[column] + y.come_or_go());
            if row > 0 && column > 0 && *x == b[column - 1] && a[row - 1] == *y {
                cost = cost.min(before[column - 1] + LETTER);
            }
            next[column + 1] = cost;
            least = least.min(cost);
        }
        if least > most {
            return None;
        }
        before = last;
        last = next;
    }
    Some(last[b.len()]).filter(|cost| *cost <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_outline_puts_aside_is_far_apart_indeed() {
        const WORDS: &[&str] = &[
            "breathing",
            "bredin",
            "bleeding",
            "bliding",
            "pregnant",
            "plegnand",
            "snake",
            "sneik",
            "whele",
            "hwel",
            "convulsing",
            "konfalsin",
            "xylofon",
            "baby",
            "papi",
            "aaaaaaaaa",
            "نزيف",
            "نظيف",
            "ثعبان",
            "صعبان",
            "تعبان",
            "حامل",
            "هامل",
            "نائم",
            "يتنفس",
            "بيتنفسو",
            "t3ban",
            "7ayya",
        ];
        for a in WORDS {
            for b in WORDS {
                let [x, y] = [a, b].map(|word| word.chars().map(Letter::new).collect::<Vec<_>>());
                let apart = (outline(a) ^ outline(b)).count_ones() as usize;
                for most in 0..12 {
                    if let Some(cost) = distance(&x, &y, most) {
                        assert!(apart <= cost, "{a} {b}: {apart} bits, {cost}");
                    }
                }
            }
        }
    }
}
