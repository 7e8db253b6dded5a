//! What is kept of an answer, for how long, and which answers may be kept.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::lists::ABOUT_GOVERNMENT;
use super::{Key, Language, SCHEMA, Scope, gate, key_of_normal, normal};
use crate::contact::effect::Reply;
use crate::domain::Domain;
use crate::policy::Policy;
use crate::prompt::{self, is_arabic};
use crate::texts::ENGLISH;
use crate::time::{DAY, Time};
use crate::{guard, shape};

/// A question whose answer may serve everyone who asks the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shareable {
    /// Its language.
    pub language: Language,
    /// Its normal form: what is left of it is all that the answer may depend on.
    pub normal: String,
    /// What goes into the instructions besides: language of the answer, region, length.
    pub format: String,
    /// Whether a new answer may be kept: one person fills only so much of what all share.
    pub keep: bool,
}

impl Shareable {
    /// A question that passes the gate.
    #[must_use]
    pub fn of(question: &str, format: String, keep: bool) -> Option<Self> {
        let language = gate(question).ok()?;
        Some(Self { language, normal: normal(question, language), format, keep })
    }

    /// The name of its answer under these instructions.
    #[must_use]
    pub fn key(&self, domain: Domain, prompt_version: &str, knowledge_version: &str) -> Key {
        let scope = Scope {
            schema: SCHEMA,
            language: self.language,
            prompt_version,
            knowledge_version,
            domain,
            format: &self.format,
        };
        key_of_normal(&scope, &self.normal)
    }
}

/// An answer that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The answer as the model gave it.
    pub text: String,
    /// The model, so that its answers can be found and thrown away.
    pub model: String,
    /// The wording that it was made from, as [`wording`]: whoever asks in the same words cannot get a wrong one.
    pub wording: u64,
    /// When it was made.
    pub made: Time,
    /// Fresh until then.
    pub until: Time,
}

impl Kept {
    /// Whether it is served like a new one.
    #[must_use]
    pub fn is_fresh(&self, now: Time) -> bool {
        now < self.until
    }

    /// Whether it is better than none, when no provider answers.
    #[must_use]
    pub fn is_better_than_none(&self, now: Time, stale_ms: i64) -> bool {
        now < self.until.plus(stale_ms)
    }
}

/// Whether an answer may be given past its time at all: what is said of health and of offices may not.
#[must_use]
pub fn may_be_stale(domain: Domain, normal: &str) -> bool {
    domain != Domain::Health && !is_of_government(normal)
}

fn is_of_government(normal: &str) -> bool {
    normal.split(' ').any(|word| ABOUT_GOVERNMENT.contains(&word))
}

/// How long the answer to a question in its normal form stays true, in milliseconds, before jitter. Nobody approved
/// what an AI says of health, so it is not kept for longer than a day.
#[must_use]
pub fn keep_ms(domain: Domain, normal: &str) -> i64 {
    if is_of_government(normal) {
        return 7 * DAY;
    }
    match domain {
        Domain::Academic => 180 * DAY,
        Domain::Business | Domain::Agriculture | Domain::General => 30 * DAY,
        Domain::Health => DAY,
    }
}

/// The same, up to a tenth longer or shorter, so that what was made together does not end together. `seed` is the
/// answer's key.
#[must_use]
pub fn keep_until(now: Time, domain: Domain, normal: &str, seed: Key) -> Time {
    let whole = keep_ms(domain, normal);
    let fifth = whole / 5;
    let part = i64::from(u16::from_be_bytes([seed.0[0], seed.0[1]]));
    now.plus(whole - fifth / 2 + fifth * part / i64::from(u16::MAX))
}

/// A question as its letters alone, in 64 bits: equal for the same words in other case or punctuation.
#[must_use]
pub fn wording(question: &str) -> u64 {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for word in question.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        hash.update(word.to_lowercase());
        hash.update([0]);
    }
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// Longest answer that is kept, in characters: six times what is asked for.
const LONGEST: usize = 4_000;
/// Shortest; less is no answer to a question.
const SHORTEST: usize = 8;

/// How a model says that it does not answer.
#[rustfmt::skip]
const EXCUSES: &[&str] = &[
    "i cannot", "i can't", "i can not", "i'm sorry", "i am sorry", "sorry,", "as an ai", "i'm unable", "i am unable", "i don't know",
    "i do not know", "i'm not able", "i am not able", "i won't", "please provide", "could you", "can you clarify", "لا أستطيع",
    "لا يمكنني", "آسف", "لا أعرف", "عذرا", "عذراً",
];

/// What an answer to everybody never speaks of: one person's plan and money.
const OURS: &[&str] =
    &["your plan", "your payment", "questions left", "your subscription", "send money", "your account"];

/// Whether the last sentence has its end, or stands in a list.
fn is_finished(text: &str) -> bool {
    let last = text.trim_end().lines().next_back().unwrap_or_default().trim();
    let is_item = last.starts_with(['-', '*', '•', '·']) || last.starts_with(|c: char| c.is_numeric());
    is_item || last.ends_with(['.', '!', '?', '؟', '。', ')', '"', '”', '*', ':', '»'])
}

/// Whether an answer may serve others: whole, in the language asked for, no excuse, and nothing in it that the guard
/// takes out (numbers, links, requests for a PIN).
#[must_use]
pub fn may_keep(reply: &Reply, language: Language, policy: &Policy) -> bool {
    let length = reply.text.chars().count();
    if reply.cut || !(SHORTEST..=LONGEST).contains(&length) {
        return false;
    }
    let lower: Vec<char> = reply.text.chars().take(160).flat_map(char::to_lowercase).collect();
    let beginning: String = lower.into_iter().map(|c| if c == '’' { '\'' } else { c }).collect();
    if EXCUSES.iter().any(|excuse| beginning.contains(excuse)) {
        return false;
    }
    if is_arabic(&reply.text) != (language == Language::Arabic) {
        return false;
    }
    let whole = reply.text.to_lowercase();
    if OURS.iter().any(|words| whole.contains(words)) || !is_finished(&reply.text) {
        return false;
    }
    !guard::check(&shape::plain(&reply.text), &policy.guard, &ENGLISH).changed
        && !prompt::recites(policy, &reply.text)
}
