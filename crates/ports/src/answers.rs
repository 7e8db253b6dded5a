//! Answers that serve more than one person. Losing any of them costs a call to a provider and nothing else.

use std::sync::Arc;

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
}
