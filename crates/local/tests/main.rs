//! Each adapter through its port's suite, and what only SQLite can do wrong.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod answers;
mod books;
mod callbacks;
mod durability;
mod files;
mod keys;
mod memory;
mod plans;
mod regions;
mod support;
mod workers;
