//! Request ids, panics and slow requests.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};

use crate::world::{Mood, SECRET, Telemetry, World, from_address, message, sign, signed};

#[tokio::test]
async fn every_answer_names_its_request() {
    let world = World::new();
    let with_id =
        |id: &str| from_address(1, Request::get("/livez").header("x-request-id", id), Body::empty());

    assert_eq!(world.send(with_id("abc-123.DEF:4_5")).await.header("x-request-id"), "abc-123.DEF:4_5");
    assert_eq!(world.send(with_id(&"a".repeat(64))).await.header("x-request-id"), "a".repeat(64));

    let mut made = Vec::new();
    for odd in [String::new(), "a".repeat(65), "a b".into(), "a\"b".into(), "<x>".into()] {
        made.push(world.send(with_id(&odd)).await.header("x-request-id").to_owned());
    }
    made.push(world.get("/nothing").await.header("x-request-id").to_owned());
    assert!(made.iter().all(|id| (5..=64).contains(&id.len())), "{made:?}");
    made.sort();
    made.dedup();
    assert_eq!(made.len(), 6);
}

#[tokio::test]
async fn a_panicking_handler_is_answered_500_and_counted_and_the_next_one_is_served() {
    let telemetry = Telemetry::new();
    let _metrics = metrics::set_default_local_recorder(&telemetry.metrics);
    let world = World::new();
    *world.intake.mood.lock() = Mood::Panics;
    let reply = world.post(message("m1", "Hi")).await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!reply.header("x-request-id").is_empty());
    assert!(!reply.body.contains("person"));

    let logged = telemetry.logged();
    assert!(logged.contains("a handler panicked") && logged.contains("route=\"/webhook\""), "{logged}");
    assert!(!logged.contains("text of a person"), "{logged}");
    assert!(telemetry.rendered().contains("http_panics_total 1"));

    *world.intake.mood.lock() = Mood::Takes;
    assert_eq!(world.post(message("m1", "Hi")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn slow_requests_are_logged_with_what_helps_to_find_them() {
    let telemetry = Telemetry::new();
    let _metrics = metrics::set_default_local_recorder(&telemetry.metrics);
    let world = World::new();
    let request = || {
        let body = message("m1", "a private matter");
        let mut request = signed(&sign(SECRET, body.as_bytes()), body);
        request.headers_mut().insert("user-agent", "facebookplatform/1.0 ".repeat(20).parse().unwrap());
        request.headers_mut().insert("x-request-id", "slow-one".parse().unwrap());
        request
    };
    *world.intake.mood.lock() = Mood::Lets(Duration::from_secs(1));
    world.send(request()).await;
    assert_eq!(telemetry.logged(), "", "at the limit is not beyond it");

    *world.intake.mood.lock() = Mood::Lets(Duration::from_millis(1_234));
    world.send(request()).await;
    insta::assert_snapshot!(telemetry.logged().trim());
    assert!(telemetry.rendered().contains("http_slow_requests_total 1"));
}

#[tokio::test]
async fn a_webhook_slower_than_the_promise_is_counted() {
    let telemetry = Telemetry::new();
    let _metrics = metrics::set_default_local_recorder(&telemetry.metrics);
    let world = World::new();
    *world.intake.mood.lock() = Mood::Lets(Duration::from_millis(201));
    world.post(message("m1", "Hi")).await;
    assert!(telemetry.rendered().contains("webhook_ack_slow_total 1"), "{}", telemetry.rendered());
}
