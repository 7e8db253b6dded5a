//! A word that whoever calls must know, compared without telling anything of it.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The digest of such a word; of an empty one, nothing that matches.
pub(crate) struct Secret(Option<[u8; 32]>);

impl Secret {
    pub(crate) fn new(word: &str) -> Self {
        Self((!word.is_empty()).then(|| Sha256::digest(word).into()))
    }

    /// In constant time: digests have one length, so not even the length of the word shows.
    pub(crate) fn matches(&self, offered: &str) -> bool {
        let offered: [u8; 32] = Sha256::digest(offered).into();
        self.0.is_some_and(|word| word.ct_eq(&offered).into())
    }
}
