//! What operators read.

use answerbot_core::{AggregateId, EffectId, EventId, Time};
use async_trait::async_trait;

use crate::store::{StoreError, Stuck};

/// Counts that show at a glance whether people are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// People known.
    pub contacts: u64,
    /// People who agreed to the terms.
    pub ready: u64,
    /// Envelopes that wait to be decided.
    pub waiting_events: u64,
    /// When the oldest of them was admitted.
    pub oldest_event: Option<Time>,
    /// Effects that are open.
    pub open_effects: u64,
    /// Effects that are dead.
    pub dead_effects: u64,
    /// Events set aside.
    pub set_aside: u64,
}

/// What dashboards, exports and support commands read.
#[async_trait]
pub trait Reports: Send + Sync {
    /// The counts.
    async fn overview(&self) -> Result<Overview, StoreError>;

    /// Dead effects and events set aside, newest first, at most `limit`.
    async fn stuck(&self, limit: usize) -> Result<Vec<Stuck>, StoreError>;

    /// Hands a dead effect back to its aggregate as an event; false when there is none.
    async fn revive_effect(&self, effect: EffectId, now: Time) -> Result<bool, StoreError>;

    /// Puts an event that was set aside back into the inbox; false when there is none.
    async fn revive_event(
        &self,
        aggregate: AggregateId,
        event: EventId,
        now: Time,
    ) -> Result<bool, StoreError>;
}
