//! The binary against a simulated world: as its people, its operator and its platform meet it.

mod bot;
mod commands;
mod edges;
mod kills;
mod talk;
