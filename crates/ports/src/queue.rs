//! The queue distributes work. Losing a ring costs a sweep interval, never a message.

use answerbot_core::AggregateId;
use answerbot_core::contact::event::Numbered;
use async_trait::async_trait;

/// "This one has something waiting."
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// Whom to attend.
    pub aggregate: AggregateId,
    /// In one process the envelopes themselves, so that a warm one needs no read.
    pub envelopes: Vec<Numbered>,
}

/// The ring was not taken: the queue is full or away. The sweeper finds the contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue took no ring")]
pub struct RingLost;

/// A queue of rings.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Puts a ring in; never waits for room.
    async fn ring(&self, ring: Ring) -> Result<(), RingLost>;

    /// Waits for the next ring.
    async fn next(&self) -> Ring;

    /// Rings that wait.
    fn depth(&self) -> usize;
}
