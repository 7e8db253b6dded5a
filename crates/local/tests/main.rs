//! The store in one file: the port's suite, and what only SQLite can do wrong.

mod durability;
mod files;
mod keys;
mod plans;
mod support;
