//! From the webhook to the store.

use answerbot_core::contact::event::Envelope;
use answerbot_ports::store::StoreError;
use async_trait::async_trait;

/// What became of a batch of envelopes, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Stored now.
    pub new: usize,
    /// Known before, too old, or without consequence.
    pub passed_over: usize,
}

/// Takes what a channel parsed.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Stores the envelopes and rings for their contacts. When it returns `Ok`, nothing of it can be lost;
    /// on an error the platform must deliver again.
    async fn accept(&self, envelopes: Vec<Envelope>) -> Result<Taken, StoreError>;
}
