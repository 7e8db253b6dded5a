//! The simulated world, seen from a bot: a tiny fake one stands in for Answer Bot AI.

mod bot;

mod ai;
mod graph;
mod load;
mod momo;
mod people;
mod phone;
