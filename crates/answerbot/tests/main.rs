//! The binary against a simulated world: as its people, its operator and its platform meet it.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod answers;
mod bot;
mod commands;
mod edges;
#[cfg(feature = "fleet")]
mod fleet;
mod kills;
mod money_kills;
mod outages;
mod payers;
mod paying;
mod paying_desk;
mod paying_trouble;
mod regions;
mod talk;
