//! Everything many machines need.
//!
//! - [`regions`]: people live in the store of their region; a directory says where. Over any stores, files too.
//! - `mongo` (feature `mongodb`): the store on a replica set or Atlas.
//! - `redis` (feature `redis`): warm contacts, shared answers and limits that processes have in common.
//! - `nats` (feature `nats`): a work queue of rings.

#[cfg(feature = "mongodb")]
pub mod mongo;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(feature = "redis")]
pub mod redis;
pub mod regions;
