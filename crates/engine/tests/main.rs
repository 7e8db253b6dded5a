//! The engine on a real store, with a world that misbehaves.

mod chaos;
mod sends;
mod stopping;
mod world;
