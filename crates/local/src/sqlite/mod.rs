//! The store in one SQLite file.
//!
//! - [`writer`]: the one writer with its group commit; a savepoint a unit.
//! - [`readers`]: a few connections that only read.
//! - [`units`]: what one write does, as SQL. [`leases`]: what is being performed. [`rows`]: what is sealed is opened. [`sql`] holds the statements, so that tests can ask for their plans.
//! - [`store`], [`reports`]: the ports. [`books`]: money: payments found, entries sealed, prices, what operators did. [`callbacks`]: what MTN posted. [`answers`]: costs, shared and curated answers. [`mod@backup`]: copies while it runs. [`lock`]: one `serve` a file.
//! - [`directory`]: where people live, what is parked for them, orders to move. [`member`]: one store of several. [`records`]: what a region leaves for the main store.

mod answers;
mod backup;
mod books;
mod callbacks;
mod checkpoint;
mod directory;
mod leases;
mod lock;
mod member;
mod open;
mod readers;
mod records;
mod reports;
mod rows;
pub mod sql;
mod store;
mod units;
mod writer;

pub use backup::{BackupError, backup, restore, verify};
pub use lock::{Lock, LockError};
pub use open::{Access, OpenError};
pub use store::SqliteStore;
