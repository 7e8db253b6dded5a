//! The engine on a real store, with a world that misbehaves.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod away;
mod callbacks;
mod chaos;
mod failpoints;
mod leads;
mod lost_rings;
mod money;
mod opening;
mod outside;
mod retention;
mod sends;
mod stopping;
mod ways;
mod workers;
mod world;
