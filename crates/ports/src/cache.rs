//! The cache holds contact state that was just committed. It may forget anything at any time, and what it
//! remembers may be stale: a commit checks the version. It never holds an inbox.

use std::sync::Arc;

use answerbot_core::{Contact, ContactId};
use async_trait::async_trait;

/// A contact as it was last committed.
#[derive(Clone, Debug, PartialEq)]
pub struct Warm {
    /// The state.
    pub contact: Arc<Contact>,
    /// Its version in the store.
    pub version: u64,
    /// Number of the last envelope that it consumed.
    pub consumed: u64,
}

/// A cache of warm contacts.
#[async_trait]
pub trait Cache: Send + Sync {
    /// What is remembered of a contact.
    async fn recall(&self, contact: ContactId) -> Option<Warm>;

    /// Remembers a contact for a while.
    async fn remember(&self, contact: ContactId, warm: Warm);

    /// Forgets a contact.
    async fn forget(&self, contact: ContactId);
}
