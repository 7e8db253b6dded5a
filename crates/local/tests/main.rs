//! The store in one file: the port's suite, and what only SQLite can do wrong.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod durability;
mod files;
mod keys;
mod plans;
mod support;
