//! The public pages.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};

use crate::world::{CALLBACK_SECRET, Mood, SECRET, VERIFY_TOKEN, World, from_address, message, sign, signed};

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

/// A proxy or a CDN before us must never answer for us: a kept webhook, callback or health check would be a lie.
#[tokio::test]
async fn nothing_but_the_public_pages_may_be_kept_by_anybody() {
    let world = World::new();
    let challenge =
        |token: &str| format!("/webhook?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1");
    let callback = format!("/momo/callback/{CALLBACK_SECRET}/0123abcd-0123-4abc-8abc-0123456789ab");
    let request = |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path);
        from_address(1, request, Body::from("{}"))
    };
    let webhook = |mid: &str| {
        let body = message(mid, "hello");
        signed(&sign(SECRET, body.as_bytes()), body)
    };
    let cases = [
        ("alive", request("GET", "/livez"), StatusCode::OK),
        ("ready", request("GET", "/readyz"), StatusCode::OK),
        ("health", request("GET", "/health"), StatusCode::OK),
        ("metrics", request("GET", "/metrics"), StatusCode::OK),
        ("challenge", request("GET", &challenge(VERIFY_TOKEN)), StatusCode::OK),
        ("wrong challenge", request("GET", &challenge("wrong")), StatusCode::FORBIDDEN),
        ("webhook", webhook("m1"), StatusCode::OK),
        ("forged webhook", request("POST", "/webhook"), StatusCode::FORBIDDEN),
        ("callback", request("POST", &callback), StatusCode::OK),
        ("callback by PUT", request("PUT", &callback), StatusCode::OK),
        ("forged callback", request("POST", "/momo/callback"), StatusCode::OK),
        ("dashboard", request("GET", "/admin"), StatusCode::NOT_FOUND),
        ("wrong method on a page", request("POST", "/terms"), StatusCode::METHOD_NOT_ALLOWED),
        ("wrong method", request("DELETE", "/webhook"), StatusCode::METHOD_NOT_ALLOWED),
    ];
    for (name, request, status) in cases {
        let reply = world.send(request).await;
        assert_eq!((reply.status, reply.header("cache-control")), (status, "no-store"), "{name}");
    }
    *world.intake.mood.lock() = Mood::Down;
    let reply = world.send(webhook("m2")).await;
    assert_eq!((reply.status, reply.header("cache-control")), (StatusCode::SERVICE_UNAVAILABLE, "no-store"));
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
    let world = World::with(|parts| parts.proxies = 1);
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
async fn figures_are_for_who_asks_the_process_itself() {
    let world = World::with(|parts| parts.proxies = 1);
    let through = Request::get("/metrics").header("x-forwarded-for", "203.0.113.1");
    let reply = world.send(from_address(1, through, Body::empty())).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get("/metrics").await.status, StatusCode::OK);
}

#[tokio::test]
async fn other_routes_take_only_small_bodies() {
    let world = World::new();
    let large = Request::get("/").header("content-length", "70000");
    let reply = world.send(from_address(1, large, Body::from(vec![b'x'; 70_000]))).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}
