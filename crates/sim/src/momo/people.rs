//! The names of payers.

use super::knobs::MomoBehaviour;

const GIVEN: [&str; 12] = [
    "Achol", "Deng", "Nyandeng", "Garang", "Ayen", "Lado", "Keji", "Wani", "Nyakim", "Majok", "Poni",
    "Gatluak",
];
const FAMILY: [&str; 11] =
    ["Lual", "Makuei", "Tombe", "Akol", "Riek", "Jada", "Kuol", "Mabior", "Loro", "Bol", "Taban"];

/// Given and family name; the same number has always the same.
pub(super) fn name_of(payer: &str, knobs: &MomoBehaviour) -> (String, String) {
    if let Some(name) = knobs.names.get(payer) {
        return name.clone();
    }
    let number: usize = payer.bytes().fold(7, |sum, b| (sum * 31 + usize::from(b)) % 1_000_003);
    (GIVEN[number % GIVEN.len()].to_owned(), FAMILY[number / GIVEN.len() % FAMILY.len()].to_owned())
}
