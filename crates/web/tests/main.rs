//! The routes, against doubles of what lies behind them, and the server over real sockets.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod bodies;
mod callbacks;
mod health;
mod limits;
mod observing;
mod pages;
mod serving;
mod webhook;
mod world;
