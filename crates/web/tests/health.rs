//! What an orchestrator sees.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use http::StatusCode;

use crate::world::World;

#[tokio::test]
async fn alive_means_the_process_only() {
    let world = World::new();
    world.store.down.store(true, SeqCst);
    world.draining.cancel();
    let reply = world.get("/livez").await;
    assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, "ok"));
    let reply = world.get("/health").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.header("cache-control"), "no-store");
    insta::assert_snapshot!(reply.body.replace(env!("CARGO_PKG_VERSION"), "VERSION"), @r#"{"status":"ok","service":"answerbot","version":"VERSION"}"#);
    assert_eq!(world.store.pings.load(SeqCst), 0);
}

#[tokio::test]
async fn ready_follows_the_store_two_seconds_late_and_asks_it_rarely() {
    let world = World::new();
    for _ in 0..100 {
        let reply = world.get("/readyz").await;
        assert_eq!(reply.status, StatusCode::OK);
        insta::allow_duplicates! {
            insta::assert_snapshot!(reply.body, @r#"{"status":"ok","store":"ok","draining":false}"#);
        }
    }
    assert_eq!(world.store.pings.load(SeqCst), 1);

    world.store.down.store(true, SeqCst);
    assert_eq!(world.get("/readyz").await.status, StatusCode::OK);
    world.clock.pass(Duration::from_secs(2));
    let reply = world.get("/readyz").await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    insta::assert_snapshot!(reply.body, @r#"{"status":"unavailable","store":"unavailable","draining":false}"#);

    world.store.down.store(false, SeqCst);
    world.clock.pass(Duration::from_secs(2));
    assert_eq!(world.get("/readyz").await.status, StatusCode::OK);
    assert_eq!(world.store.pings.load(SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_in_half_a_second_is_not_ready() {
    let world = World::new();
    world.store.hangs.store(true, SeqCst);
    let started = tokio::time::Instant::now();
    // Many at once wait for one ping.
    let replies = futures_util::future::join_all((0..10).map(|_| world.get("/readyz"))).await;
    assert!(replies.iter().all(|reply| reply.status == StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(started.elapsed().as_millis(), 500);
    assert_eq!(world.store.pings.load(SeqCst), 1);
}

#[tokio::test]
async fn draining_is_not_ready_at_once() {
    let world = World::new();
    assert_eq!(world.get("/readyz").await.status, StatusCode::OK);
    world.draining.cancel();
    let reply = world.get("/readyz").await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    insta::assert_snapshot!(reply.body, @r#"{"status":"unavailable","store":"ok","draining":true}"#);
    // What still comes is still taken.
    assert_eq!(world.post(crate::world::message("m1", "Hi")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn metrics_are_plain_text_and_not_cached() {
    let reply = World::new().get("/metrics").await;
    assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, "answers_total 42\n"));
    assert_eq!(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(reply.header("cache-control"), "no-store");
}

#[tokio::test]
async fn health_checks_are_never_limited() {
    let world = World::new();
    for path in ["/livez", "/health", "/readyz"] {
        for _ in 0..500 {
            assert_eq!(world.get(path).await.status, StatusCode::OK, "{path}");
        }
    }
}
