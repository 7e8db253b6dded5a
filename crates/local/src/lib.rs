//! Everything one machine needs, and no server: the SQLite store with its reports and its backup, the cache
//! of warm contacts and the queue in the process.
//!
//! All writes pass through one thread ([`sqlite`]'s writer) that commits whatever waits as one transaction, so
//! ten thousand acknowledgements a second share a few hundred fsyncs.

pub mod answers;
pub mod cache;
pub mod queue;
pub mod sqlite;

pub use answers::SharedAnswers;
pub use cache::MemoryCache;
pub use queue::{MemoryQueue, NoQueue};
pub use sqlite::{Access, SqliteStore};
