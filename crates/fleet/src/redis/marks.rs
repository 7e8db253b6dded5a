//! What the store knows of withdrawn answers: under which tag an answer counts now.
//!
//! Redis cannot be trusted to forget: it may be away while an answer is withdrawn, come back with it, fail over to a
//! replica that had not heard of it, or be put back from a copy. So the truth is in the store. Every answer stands under
//! a tag, and a withdrawal draws a new one: whatever was written before, and whatever somebody who did not hear of it
//! still writes, stands under a tag that nobody asks for any more.
//!
//! A mark is a saved answer under a name that no question has, so that every store can keep it.

use answerbot_core::Time;
use answerbot_core::reuse::{Kept, Key};
use answerbot_core::time::DAY;
use answerbot_ports::answers::SavedAnswers;
use answerbot_ports::store::StoreError;
use answerbot_ports::world::Entropy;
use sha2::{Digest, Sha256};

/// An answer that was withdrawn so often ...
const WITHDRAWN_MOST: u32 = 2;
/// ... within this time is not taken again: whoever asks gets one of their own.
const WITHDRAWN_FOR: i64 = 7 * DAY;
/// Longer than any answer is kept: until then one from before could come back.
const OUTLIVES: i64 = 400 * DAY;
/// Says in the store what this is.
const MODEL: &str = "withdrawn";

/// Under which tag an answer counts, and what became of those before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Mark {
    /// 0 where none was ever withdrawn.
    pub tag: u64,
    times: u32,
    last: Time,
}

impl Mark {
    /// What the store says of a question.
    pub async fn read(store: &dyn SavedAnswers, key: Key) -> Result<Self, StoreError> {
        Ok(Self::from(store.saved_answer(name_of(key)).await?))
    }

    /// The same, with the answer that the store has where none was ever withdrawn, in one read.
    pub async fn read_with(store: &dyn SavedAnswers, key: Key) -> Result<(Self, Option<Kept>), StoreError> {
        let mut found = store.saved_answers(&[name_of(key), key]).await?.into_iter();
        let mark = Self::from(found.next().flatten());
        Ok((mark, found.next().flatten().filter(|_| mark.tag == 0)))
    }

    fn from(saved: Option<Kept>) -> Self {
        saved.map_or(Self::default(), |it| Self {
            tag: it.wording,
            times: it.text.parse().unwrap_or(WITHDRAWN_MOST),
            last: it.made,
        })
    }

    /// The one after this: what stands under the old tag is gone. Of two at once either counts.
    pub fn next(self, now: Time, entropy: &dyn Entropy) -> Self {
        let mut drawn = [0; 8];
        entropy.fill(&mut drawn);
        let is_recent = now.since(self.last) < WITHDRAWN_FOR;
        let times = if is_recent { self.times.saturating_add(1) } else { 1 };
        // Nought means never.
        Self { tag: u64::from_be_bytes(drawn).max(1), times, last: now }
    }

    /// Once this returns the old tag is over, for everybody.
    pub async fn write(self, store: &dyn SavedAnswers, key: Key) -> Result<(), StoreError> {
        let Self { tag, times, last } = self;
        let (text, model, until) = (times.to_string(), MODEL.to_owned(), last.plus(OUTLIVES));
        store.save_answer(name_of(key), &Kept { text, model, wording: tag, made: last, until }).await
    }

    /// Whether no answer is taken any more.
    pub fn is_barred(self, now: Time) -> bool {
        self.times >= WITHDRAWN_MOST && now.since(self.last) < WITHDRAWN_FOR
    }

    /// Under which name the store keeps the answer. One that was never withdrawn has the name that it has in a
    /// service without Redis.
    pub fn saved_name(self, key: Key) -> Key {
        if self.tag == 0 { key } else { named(b"answer under a tag", key, self.tag) }
    }
}

fn name_of(key: Key) -> Key {
    named(b"mark of withdrawn answers", key, 0)
}

fn named(what: &[u8], key: Key, tag: u64) -> Key {
    let hash =
        Sha256::new().chain_update(what).chain_update(key.0).chain_update(tag.to_be_bytes()).finalize();
    let mut name = [0; 16];
    name.copy_from_slice(&hash[..16]);
    Key(name)
}
