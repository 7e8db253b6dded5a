//! One test binary: each adapter against the suite of its port.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[cfg(feature = "mongodb")]
mod mongo;
#[cfg(feature = "nats")]
#[path = "nats/mod.rs"]
mod on_nats;
#[cfg(feature = "redis")]
#[path = "redis/mod.rs"]
mod on_redis;

#[path = "../../engine/tests/outside.rs"]
#[expect(dead_code, reason = "the engine's tests need more of it")]
mod outside;
#[cfg(any(feature = "nats", feature = "redis"))]
mod program;
mod regions;

/// The engine's tests break calls at these points; here none breaks.
mod failpoints {
    use crate::outside::Line;

    pub struct Failpoint;

    pub enum Point {
        PostSent,
        TakenUnread,
        StatusRead,
        ReceiptSent,
    }

    impl Line {
        #[expect(clippy::unused_async, reason = "the real one waits")]
        pub async fn reaches(&self, _: Point) -> bool {
            false
        }
    }
}
