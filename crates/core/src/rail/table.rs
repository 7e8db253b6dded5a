//! Words and what is known of each, found by one hash and no allocation. It is built once and walked in no order.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// A table by word. Only words of the book are put in, so that nobody can fill it with like hashes.
#[derive(Default)]
pub(super) struct Table<T> {
    /// Hash and place of an entry; as many as a power of two, at most half of them taken.
    slots: Vec<Option<(u32, u32)>>,
    entries: Vec<(Box<str>, T)>,
}

impl<T: Default> Table<T> {
    pub fn get(&self, word: &str) -> Option<&T> {
        let hash = hash(word);
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        while let Some((known, entry)) = (*self.slots.get(at)?).as_ref() {
            if *known == hash {
                let entry = self.entries.get(*entry as usize).filter(|(it, _)| **it == *word);
                if let Some((_, value)) = entry {
                    return Some(value);
                }
            }
            at = (at + 1) & mask;
        }
        None
    }

    pub fn contains(&self, word: &str) -> bool {
        self.get(word).is_some()
    }

    /// What is known of a word, to be changed; at first nothing is.
    pub fn entry(&mut self, word: &str) -> &mut T {
        if self.slots.len() < 2 * (self.entries.len() + 1) {
            self.grow();
        }
        let hash = hash(word);
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        let place = loop {
            match self.slots[at] {
                Some((known, entry)) if known == hash && *self.entries[entry as usize].0 == *word => {
                    break entry as usize;
                }
                Some(_) => at = (at + 1) & mask,
                None => {
                    let place = self.entries.len();
                    self.slots[at] = Some((hash, u32::try_from(place).unwrap_or(u32::MAX)));
                    self.entries.push((word.into(), T::default()));
                    break place;
                }
            }
        };
        &mut self.entries[place].1
    }

    fn grow(&mut self) {
        let size = (4 * self.entries.len()).next_power_of_two().max(64);
        let old = core::mem::replace(&mut self.slots, alloc::vec![None; size]);
        for slot in old.into_iter().flatten() {
            let mut at = slot.0 as usize & (size - 1);
            while self.slots[at].is_some() {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = Some(slot);
        }
    }
}

/// FNV-1a, its halves folded into one.
fn hash(word: &str) -> u32 {
    let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    #[expect(clippy::cast_possible_truncation, reason = "the upper half is folded in")]
    let half = (hash ^ (hash >> 32)) as u32;
    half
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn what_was_put_in_is_found_and_nothing_else() {
        let mut table = Table::default();
        assert_eq!(table.get("a"), None);
        for n in 0..1000 {
            *table.entry(&format!("w{n}")) += n;
        }
        *table.entry("w7") += 1;
        assert_eq!((table.get("w7"), table.get("w999"), table.get("w1000")), (Some(&8), Some(&999), None));
    }
}
