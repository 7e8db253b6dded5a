//! The public pages.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};

use crate::world::{World, from_address};

#[tokio::test]
async fn the_pages_read_as_agreed() {
    let world = World::new();
    for (name, path) in [("home", "/"), ("privacy", "/privacy"), ("terms", "/terms")] {
        let reply = world.get(path).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
        assert!(reply.body.len() < 6 * 1024, "{path} has {} bytes", reply.body.len());
        // One tag a line reads better in a review.
        insta::assert_snapshot!(name, reply.body.replace("><", ">\n<"));
    }
}

#[tokio::test]
async fn pages_are_cached_and_locked_down() {
    let world = World::new();
    let reply = world.get("/privacy").await;
    assert_eq!(
        reply.header("cache-control"),
        "public, max-age=300, s-maxage=3600, stale-while-revalidate=86400, stale-if-error=604800"
    );
    insta::assert_snapshot!(reply.header("content-security-policy"));
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    assert!(!reply.body.contains("style="), "inline attributes would be blocked");
}

#[tokio::test]
async fn settings_are_shown_as_text_never_as_markup() {
    let world = World::with(|parts| parts.public.support = Some("<script>alert(1)</script>".into()));
    let reply = world.get("/").await;
    assert!(!reply.body.contains("<script"), "{}", reply.body);
    let world = World::with(|parts| parts.public.support = None);
    assert!(world.get("/").await.body.contains("Talk to a person: write <strong>human</strong>"));
}

#[tokio::test]
async fn head_has_the_headers_without_the_page() {
    let reply = World::new().send(from_address(1, Request::head("/terms"), Body::empty())).await;
    assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, ""));
    assert!(reply.header("cache-control").starts_with("public"));
}

#[tokio::test]
async fn everything_else_is_not_found() {
    let world = World::new();
    for path in ["/admin", "/.env", "/webhook/", "/favicon.ico", "/privacy/../terms", "/%00"] {
        let reply = world.get(path).await;
        assert_eq!((reply.status, reply.body.as_str()), (StatusCode::NOT_FOUND, "Not found.\n"), "{path}");
        assert_eq!(reply.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn the_general_tier_counts_by_address() {
    let world = World::new();
    let paths = ["/", "/nothing", "/metrics"];
    for number in 0..30 {
        let reply = world.get(paths[number % 3]).await;
        assert_ne!(reply.status, StatusCode::TOO_MANY_REQUESTS, "{number}");
    }
    let reply = world.get("/").await;
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "1"));
    assert_eq!(reply.header("cache-control"), "no-store", "a refusal must not be cached");
    let other = world.send(from_address(2, Request::get("/"), Body::empty())).await;
    assert_eq!(other.status, StatusCode::OK);
    world.clock.pass(Duration::from_secs(1));
    assert_eq!(world.get("/").await.status, StatusCode::OK);
    assert_eq!(world.get("/").await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn behind_a_trusted_proxy_its_last_hop_counts() {
    let world = World::with(|parts| parts.trust_proxy = true);
    let via = |hop: String| {
        let request = Request::get("/").header("x-forwarded-for", format!("10.9.9.9, {hop}"));
        from_address(1, request, Body::empty())
    };
    for number in 0..100 {
        assert_eq!(world.send(via(format!("203.0.113.{number}"))).await.status, StatusCode::OK);
    }
    let mut last = StatusCode::OK;
    for _ in 0..40 {
        last = world.send(via("198.51.100.1".into())).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn other_routes_take_only_small_bodies() {
    let world = World::new();
    let large = Request::get("/").header("content-length", "70000");
    let reply = world.send(from_address(1, large, Body::from(vec![b'x'; 70_000]))).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}
