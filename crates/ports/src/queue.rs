//! The queue distributes work. Losing a ring costs a sweep interval, never a message.

use std::fmt;

use answerbot_core::AggregateId;
use answerbot_core::contact::event::Numbered;
use async_trait::async_trait;

/// "This one has something waiting."
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// Whom to attend.
    pub aggregate: AggregateId,
    /// The envelopes themselves, so that a warm one needs no read; none = look into the store.
    pub envelopes: Vec<Numbered>,
}

/// A ring that was taken out of the queue.
#[derive(Debug)]
pub struct Rung {
    /// It.
    pub ring: Ring,
    /// To be given back once what waited is committed.
    pub receipt: Receipt,
}

/// Tells the queue that a ring was served. One that is dropped unserved comes again where the queue can do that; a
/// queue in the process needs none, for the store has what waits.
pub struct Receipt(Option<Box<dyn FnOnce() + Send>>);

impl Receipt {
    /// For a queue that forgets a ring when it is taken.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Calls `served` when the ring was served. It must not block.
    #[must_use]
    pub fn new(served: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(served)))
    }

    /// What waited is committed, or there was nothing.
    pub fn served(self) {
        if let Some(served) = self.0 {
            served();
        }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Receipt" } else { "no receipt" })
    }
}

impl From<Ring> for Rung {
    /// A ring that needs no receipt.
    fn from(ring: Ring) -> Self {
        Self { ring, receipt: Receipt::none() }
    }
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
    async fn next(&self) -> Rung;

    /// Rings that wait.
    fn depth(&self) -> usize;
}
