//! The cache holds state that was just committed. It may forget anything at any time, and what it
//! remembers may be stale: a commit checks the version. It never holds an inbox.

use std::sync::Arc;

use answerbot_core::{AggregateId, EffectId, State};
use async_trait::async_trait;

/// An aggregate as it was last committed.
#[derive(Clone, Debug, PartialEq)]
pub struct Warm {
    /// The state.
    pub state: Arc<State>,
    /// Its version in the store.
    pub version: u64,
    /// Number of the last envelope that it consumed.
    pub consumed: u64,
}

/// A cache of warm aggregates.
#[async_trait]
pub trait Cache: Send + Sync {
    /// What is remembered of an aggregate.
    async fn recall(&self, aggregate: AggregateId) -> Option<Warm>;

    /// Remembers an aggregate for a while.
    async fn remember(&self, aggregate: AggregateId, warm: Warm);

    /// Forgets an aggregate.
    async fn forget(&self, aggregate: AggregateId);

    /// Whether other processes see it too.
    fn is_shared(&self) -> bool {
        false
    }

    /// Tells other processes that effects are settled; to be called once that is committed. What only one process
    /// sees needs no such word: its engine knows what it did.
    async fn note_settled(&self, _: &[EffectId]) {}

    /// Whether another process said of an effect that it is settled, at most two minutes ago. `false` says nothing.
    async fn is_settled(&self, _: EffectId) -> bool {
        false
    }
}
