//! What every adapter of a port must do, said once. An adapter's tests run the suite of its port on a fresh one.
//!
//! A suite waits for what must come and has no clock of its own: run it under a time-out.

mod answers;
mod books;
mod cache;
pub mod detour;
mod directory;
pub mod hooked;
mod limits;
mod policy;
mod queue;
mod regions;
mod skipped;
mod store;

pub use self::answers::answers;
pub use self::books::{books, captured, nudge, order, payment, payment_commit};
pub use self::cache::cache;
pub use self::directory::{directory, unreadable};
pub use self::limits::limits;
pub use self::policy::unlimited;
pub use self::queue::{queue, shared_queue};
pub use self::regions::{addressed, attempt, mark, member, region};
pub use self::skipped::skipped;
pub use self::store::{LEASED, address, callback, commit, effect, settle, store, text, want, write};
