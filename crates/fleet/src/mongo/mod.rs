//! The store on MongoDB: a replica set or Atlas.
//!
//! One document holds all that is decided as one. It has two owners: [`aggregate::admit`] pushes its inbox and never
//! moves its version; [`aggregate::commit`] and [`aggregate::lease`] change the rest under `{_id, version}` and move
//! it. Each is one update with operators: nothing is replaced, nothing needs a transaction.
//!
//! - [`connect`]: the driver's settings, and what runs beside: the server's time, the copying of records.
//! - [`schema`]: collections, indexes, what this release knows; the wrapped hash key; sealing anew.
//! - [`aggregate`]: admitting, opening, deciding, leasing. [`records`]: what decisions leave for books and reports is
//!   written with them and copied to its places after them, all of it, after any crash.
//! - [`books`], [`answers`]: money, and what questions cost and are answered with. [`places`]: regions.
//! - [`store`], [`reports`]: the ports.

mod aggregate;
mod answers;
mod base;
mod books;
mod connect;
mod places;
mod records;
mod reports;
mod schema;
mod store;

pub use connect::{Access, ConnectError, MongoConfig, MongoStore};
pub use mongodb::event::EventHandler;
pub use mongodb::event::command::CommandEvent;
pub use schema::hot;

/// What a command works on: its collection, or `copying` for what takes records off their aggregate, which no person
/// waits for.
#[must_use]
pub fn works_on(event: &mongodb::event::command::CommandStartedEvent) -> String {
    if records::copier::is_copying(&event.command) {
        return "copying".into();
    }
    event.command.get_str(&event.command_name).unwrap_or_default().into()
}
