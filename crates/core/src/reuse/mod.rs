//! When an answer may be used again: for everyone who asks the same.
//!
//! - [`gate`](gate()): whether a question may be answered from, or stored in, what is shared at all.
//! - [`normal`](normal()): one form for the ways in which people write one question.
//! - [`key()`]: the name of an answer: its question in that form, and everything else the answer depends on.
//! - [`curated`]: answers that a person wrote and another approved.
//! - [`keep_ms`]: how long an answer stays true. [`kept`]: what is kept of it, and what may be.
//! - [`trust`]: a sample is asked again; too many wrong ones end the sharing.
//!
//! Two questions have one key only where the same answer is right for both. A question that finds nothing costs
//! a fraction of a cent; a wrong answer costs a harvest. So each rule here takes away only what never carries
//! meaning, and what is in doubt stays.

pub mod curated;
mod english;
mod gate;
mod gate_lists;
mod history;
pub mod kept;
mod lists;
mod normal;
mod numbers;
mod speech;
pub mod trust;

pub use gate::{Ineligible, gate};
pub use kept::{Kept, Shareable, keep_ms};
pub use normal::normal;

use alloc::string::{String, ToString};
use core::fmt::{Debug, Display, Formatter};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::Domain;
use crate::id;

/// Moves when the normaliser or the gate changes: what was stored under older rules is then never found.
pub const SCHEMA: u16 = 1;

/// A language in which questions are recognised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[serde(rename = "en")]
    English,
    /// Arabic in Arabic script.
    #[serde(rename = "ar")]
    Arabic,
    /// Juba Arabic in Latin letters.
    #[serde(rename = "pga")]
    JubaArabic,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::English, Self::Arabic, Self::JubaArabic];

    /// Its code: ISO 639.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Arabic => "ar",
            Self::JubaArabic => "pga",
        }
    }
}

/// Everything besides the question that an answer depends on. What differs in one field shares nothing.
///
/// Whatever else goes into the instructions of the AI (the language to answer in, the person's region, the
/// length) belongs into `format`, or must not go into the instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scope<'a> {
    /// The rules of this module: [`SCHEMA`].
    pub schema: u16,
    /// The language of the question, as [`gate()`] gives it.
    pub language: Language,
    /// Version of the instructions; a digest of them will do.
    pub prompt_version: &'a str,
    /// Version of the facts that the AI is given.
    pub knowledge_version: &'a str,
    /// What the question is about; it sets how long the answer is kept.
    pub domain: Domain,
    /// What the answer is shaped for: language, region, length.
    pub format: &'a str,
}

/// The name of a shared answer. Tells nothing about who asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(pub [u8; 16]);

impl Display for Key {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.write_str(id::hex(&self.0, &mut [0; 32]))
    }
}

impl Debug for Key {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        write!(f, "Key({self})")
    }
}

impl Key {
    /// The name of a curated answer.
    #[must_use]
    pub fn of_entry(id: &str) -> Self {
        Self::of(Sha256::new().chain_update(b"curated").chain_update(id.as_bytes()))
    }

    /// The name of what was hashed.
    pub(crate) fn of(hash: Sha256) -> Self {
        let mut key = [0; 16];
        key.copy_from_slice(&hash.finalize()[..16]);
        Self(key)
    }

    /// Reads [`Key::to_hex`].
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        id::parse(text).ok().map(Self)
    }

    /// The key in 32 hexadecimal digits, as caches with text keys want it.
    #[must_use]
    pub fn to_hex(self) -> String {
        self.to_string()
    }
}

/// The key of a question.
#[must_use]
pub fn key(scope: &Scope, text: &str) -> Key {
    key_of_normal(scope, &normal(text, scope.language))
}

/// The key of a question that is in its normal form already.
#[must_use]
pub fn key_of_normal(scope: &Scope, normal: &str) -> Key {
    let mut hash = Sha256::new();
    hash.update(scope.schema.to_be_bytes());
    for field in [
        scope.language.code(),
        scope.prompt_version,
        scope.knowledge_version,
        scope.domain.name(),
        scope.format,
        normal,
    ] {
        // With its length in front, so that no field can run into the next.
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field.as_bytes());
    }
    Key::of(hash)
}
