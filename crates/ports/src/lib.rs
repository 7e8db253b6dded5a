//! How the engine sees the world.
//!
//! A port is the smallest useful set of calls; an adapter implements it for one technology and stays dull.
//! What correctness needs is in [`store::Store`] alone: the queue distributes work, the cache may forget.
//!
//! To add an adapter: implement the trait in `local`, `fleet` or `remote`, run the port's suite from
//! `conformance` in its tests (feature `conformance`), and choose it in `answerbot::assemble`.

pub mod ai;
pub mod answers;
pub mod cache;
pub mod channel;
pub mod codec;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod keys;
pub mod limits;
pub mod payments;
pub mod queue;
pub mod regions;
pub mod reports;
pub mod store;
pub mod world;
