//! What every adapter of a port must do, said once. An adapter's tests run the suite of its port on a fresh one.
//!
//! A suite waits for what must come and has no clock of its own: run it under a time-out.

mod answers;
mod books;
mod cache;
pub mod hooked;
mod queue;
mod store;

pub use self::answers::answers;
pub use self::books::{books, captured, nudge, order, payment, payment_commit};
pub use self::cache::cache;
pub use self::queue::queue;
pub use self::store::{address, callback, commit, effect, store, text};
