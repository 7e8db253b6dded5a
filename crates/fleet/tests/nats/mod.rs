//! NATS: the suite of the queue, what becomes of rings that nobody serves, and what happens while NATS is away. Needs
//! `nats-server`, or `TEST_NATS_URL` for what can do without killing one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test stops where it fails, and says what it skips"
)]

mod away;
mod engine;
mod fairness;
mod measure;
mod receipts;
mod server;
mod stream;
mod suite;
