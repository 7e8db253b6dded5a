//! Redis: the suites of its ports, and what happens while it is away. Needs `redis-server`, or `TEST_REDIS_URL` for what
//! can do without killing one.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where it fails")]

mod away;
mod processes;
mod server;
mod suites;
mod tls;
