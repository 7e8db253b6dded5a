//! Answers that serve more than one person. Losing any of them costs a call to a provider and nothing else.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::reuse::{Kept, Key};
use async_trait::async_trait;

use crate::store::StoreError;

/// An answer that was found.
#[derive(Clone, Debug)]
pub struct Recalled {
    /// It, fresh or not.
    pub kept: Arc<Kept>,
    /// Whether a restart leaves it.
    pub saved: bool,
}

/// The answers that are kept.
#[async_trait]
pub trait Answers: Send + Sync {
    /// What is kept under a key, fresh or not. One that cannot be read is none.
    async fn recall(&self, key: Key) -> Option<Recalled>;

    /// Keeps an answer, in the place of the one before. It may be forgotten at any time, and is not taken at all
    /// when those before it were said to be wrong again and again.
    async fn remember(&self, key: Key, kept: Kept);

    /// Writes an answer down so that a restart leaves it: it was used a second time.
    async fn save(&self, key: Key) -> Result<(), StoreError>;

    /// Forgets an answer that is said to be wrong. Nobody gets it any more when this returns.
    async fn withdraw(&self, key: Key) -> Result<(), StoreError>;

    /// Whether this process asks for everybody who asks this: true takes the lead for so long, or keeps it for so long
    /// from now on; false: another process has it, and its answer can be looked for. One process alone always leads, and
    /// so does one that cannot ask the others.
    async fn lead(&self, _key: Key, _most: Duration) -> bool {
        true
    }

    /// Whether a look may be worth what it costs: asked often by those who wait for another process.
    async fn may_have(&self, _key: Key) -> bool {
        true
    }

    /// Gives the lead back, after the answer was remembered or when there is none.
    async fn land(&self, _key: Key) {}
}

/// Answers that a restart leaves, in the store.
#[async_trait]
pub trait SavedAnswers: Send + Sync {
    /// Reads one.
    async fn saved_answer(&self, key: Key) -> Result<Option<Kept>, StoreError>;

    /// Reads several at once.
    async fn saved_answers(&self, keys: &[Key]) -> Result<Vec<Option<Kept>>, StoreError> {
        let mut all = Vec::with_capacity(keys.len());
        for key in keys {
            all.push(self.saved_answer(*key).await?);
        }
        Ok(all)
    }

    /// Writes one in the place of the one before.
    async fn save_answer(&self, key: Key, kept: &Kept) -> Result<(), StoreError>;

    /// Deletes one.
    async fn delete_answer(&self, key: Key) -> Result<(), StoreError>;

    /// The names of all.
    async fn saved_keys(&self) -> Result<Vec<Key>, StoreError>;
}
