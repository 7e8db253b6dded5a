//! The store in one SQLite file.
//!
//! - [`writer`]: the one writer with its group commit; a savepoint a unit.
//! - [`readers`]: a few connections that only read.
//! - [`units`]: what one write does, as SQL. [`sql`] holds the statements, so that tests can ask for their plans.
//! - [`store`], [`reports`]: the ports. [`books`]: money: payments found, entries sealed, prices, what operators did. [`callbacks`]: what MTN posted. [`answers`]: costs, shared and curated answers. [`mod@backup`]: copies while it runs. [`lock`]: one `serve` a file.

mod answers;
mod backup;
mod books;
mod callbacks;
mod checkpoint;
mod leases;
mod lock;
mod open;
mod readers;
mod reports;
pub mod sql;
mod store;
mod units;
mod writer;

pub use backup::{BackupError, backup, restore, verify};
pub use lock::{Lock, LockError};
pub use open::{Access, OpenError};
pub use store::SqliteStore;
