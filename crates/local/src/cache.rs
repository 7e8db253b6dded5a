//! Warm contacts in the process.

use answerbot_core::AggregateId;
use answerbot_ports::cache::{Cache, Warm};
use async_trait::async_trait;
use moka::sync::Cache as Moka;

/// Remembers the contacts that were decided last, each for ten minutes after its last use.
pub struct MemoryCache {
    warm: Moka<AggregateId, Warm>,
}

impl MemoryCache {
    /// Remembers at most `contacts` of them; a warm contact takes one to three kilobytes.
    #[must_use]
    pub fn new(contacts: u64) -> Self {
        let idle = std::time::Duration::from_mins(10);
        Self { warm: Moka::builder().max_capacity(contacts).time_to_idle(idle).build() }
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn recall(&self, aggregate: AggregateId) -> Option<Warm> {
        self.warm.get(&aggregate)
    }

    async fn remember(&self, aggregate: AggregateId, warm: Warm) {
        self.warm.insert(aggregate, warm);
    }

    async fn forget(&self, aggregate: AggregateId) {
        self.warm.invalidate(&aggregate);
    }
}
