//! `/webhook`: who is let in, and what is said when.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};

use crate::world::{
    Mood, OLD_SECRET, SECRET, Telemetry, VERIFY_TOKEN, World, from_address, message, sign, signed,
};

fn hub(mode: &str, token: &str, challenge: &str) -> String {
    format!("/webhook?hub.mode={mode}&hub.verify_token={token}&hub.challenge={challenge}")
}

#[tokio::test]
async fn the_challenge_comes_back_exactly_even_with_the_store_down() {
    let world = World::new();
    *world.intake.mood.lock() = Mood::Down;
    world.store.down.store(true, std::sync::atomic::Ordering::SeqCst);

    let reply = world.get(&hub("subscribe", VERIFY_TOKEN, "1158201444")).await;
    assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, "1158201444"));
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(reply.header("cache-control"), "no-store");

    let reply = world.get(&hub("subscribe", VERIFY_TOKEN, "a%2Bb%3Cc%20d")).await;
    assert_eq!(reply.body, "a+b<c d");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn anything_but_the_right_challenge_is_forbidden() {
    let world = World::new();
    let wrong = [
        hub("subscribe", "wrong", "1"),
        hub("subscribe", "", "1"),
        hub("unsubscribe", VERIFY_TOKEN, "1"),
        format!("/webhook?hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}"),
        format!("/webhook?hub.verify_token={VERIFY_TOKEN}&hub.challenge=1"),
        "/webhook?hub.mode=subscribe&hub.challenge=1".into(),
        format!("{}&hub.mode=subscribe", hub("subscribe", VERIFY_TOKEN, "1")),
        "/webhook?%ff=%zz".into(),
        "/webhook".into(),
    ];
    for path in wrong {
        let reply = world.get(&path).await;
        assert_eq!((reply.status, reply.body.as_str()), (StatusCode::FORBIDDEN, "Forbidden.\n"), "{path}");
    }
    let unset = World::with(|parts| parts.verify_token = String::new());
    assert_eq!(unset.get(&hub("subscribe", "", "1")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn guesses_of_the_token_run_out_and_the_right_one_still_passes() {
    let world = World::new();
    let mut statuses = Vec::new();
    for guess in 0..30 {
        statuses.push(world.get(&hub("subscribe", &guess.to_string(), "1")).await.status);
    }
    assert_eq!(statuses[19], StatusCode::FORBIDDEN);
    assert_eq!(statuses[20], StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(world.get(&hub("subscribe", VERIFY_TOKEN, "7")).await.body, "7");
}

#[tokio::test]
async fn a_signed_message_is_stored_and_acknowledged() {
    let telemetry = Telemetry::new();
    let _metrics = metrics::set_default_local_recorder(&telemetry.metrics);
    let world = World::new();
    let reply = world.post(message("m1", "How deep do I plant sorghum?")).await;
    assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, "EVENT_RECEIVED"));
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(world.texts(), ["How deep do I plant sorghum?"]);

    let metrics = telemetry.rendered();
    for expected in [
        r#"webhook_requests_total{status="200"} 1"#,
        r#"webhook_envelopes_total{result="new"} 1"#,
        "webhook_ack_seconds_count 1",
    ] {
        assert!(metrics.contains(expected), "{expected} in {metrics}");
    }
    assert!(!telemetry.logged().contains("sorghum"), "{}", telemetry.logged());
}

#[tokio::test]
async fn the_old_secret_counts_while_it_is_rotated() {
    let world = World::new();
    let body = message("m1", "Hello");
    let reply = world.post_signed(&sign(OLD_SECRET, body.as_bytes()), body).await;
    assert_eq!(reply.status, StatusCode::OK);
}

/// Meta signs what it sends, with every emoji escaped. Hashing anything but the raw bytes breaks on the first one.
#[tokio::test]
async fn the_signature_is_over_the_raw_bytes_with_escaped_emoji() {
    let world = World::new();
    let raw = message("m1", r"Malaria \ud83e\udd9f in J\u00fcba \/ Wau?");
    let signature = sign(SECRET, raw.as_bytes());
    assert_eq!(world.post_signed(&signature, raw.clone()).await.status, StatusCode::OK);
    assert_eq!(world.texts(), ["Malaria \u{1f99f} in J\u{fc}ba / Wau?"]);

    let rewritten = serde_json::from_str::<serde_json::Value>(&raw).unwrap().to_string();
    assert_eq!(world.post_signed(&signature, rewritten).await.status, StatusCode::FORBIDDEN);
    let unescaped = message("m1", "Malaria \u{1f99f} in J\u{fc}ba / Wau?");
    assert_eq!(world.post_signed(&signature, unescaped).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn forged_and_missing_signatures_are_forbidden_and_leave_no_trace_of_the_body() {
    let telemetry = Telemetry::new();
    let _metrics = metrics::set_default_local_recorder(&telemetry.metrics);
    let world = World::new();
    let body = message("m1", "a private matter");
    let right = sign(SECRET, body.as_bytes());
    let forged = [
        String::new(),
        "sha256=".into(),
        right.replace("sha256=", "sha1="),
        right[..right.len() - 1].to_owned(),
        sign("another secret", body.as_bytes()),
        format!("{right}00"),
    ];
    for signature in &forged {
        let reply = world.post_signed(signature, body.clone()).await;
        assert_eq!(
            (reply.status, reply.body.as_str()),
            (StatusCode::FORBIDDEN, "Forbidden.\n"),
            "{signature}"
        );
    }
    let reply = world.send(from_address(2, Request::post("/webhook"), Body::from(body))).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert!(world.texts().is_empty());

    assert!(telemetry.rendered().contains("webhook_forged_total 7"), "{}", telemetry.rendered());
    let logged = telemetry.logged();
    assert!(logged.contains("without a right signature"), "{logged}");
    assert!(!logged.contains("private"), "{logged}");
    assert_eq!(logged.lines().count(), 1, "a flood must not fill the log: {logged}");
}

#[tokio::test]
async fn a_forged_flood_is_limited_by_address_while_signed_requests_go_through() {
    let world = World::new();
    let forged = |last: u8| {
        let request = Request::post("/webhook").header("x-hub-signature-256", "sha256=00");
        from_address(last, request, Body::from(message("m", "x")))
    };
    let mut refused = 0;
    for number in 0..200 {
        let reply = world.send(forged(1)).await;
        if number < 20 {
            assert_eq!(reply.status, StatusCode::FORBIDDEN);
        } else {
            assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
            assert_eq!(reply.header("retry-after"), "2");
            refused += 1;
        }
        // From the same address, since a proxy may stand in front of both.
        assert_eq!(world.post(message(&format!("m{number}"), "Hi")).await.status, StatusCode::OK);
    }
    assert_eq!((refused, world.texts().len()), (180, 200));
    assert_eq!(world.send(forged(2)).await.status, StatusCode::FORBIDDEN, "another address has its own");
    // One every two seconds comes back.
    world.clock.pass(Duration::from_secs(2));
    assert_eq!(world.send(forged(1)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.send(forged(1)).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn signed_but_not_a_json_object_is_a_bad_request() {
    let world = World::new();
    for body in ["", "hello", "[]", "5", r#"{"object":"page""#, "{\"object\":\"page\"}\u{0}"] {
        let reply = world.post(body).await;
        assert_eq!(
            (reply.status, reply.body.as_str()),
            (StatusCode::BAD_REQUEST, "Not a JSON object.\n"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_nobody_waits_for_is_acknowledged_without_the_store() {
    let telemetry = Telemetry::new();
    let _metrics = metrics::set_default_local_recorder(&telemetry.metrics);
    let world = World::new();
    *world.intake.mood.lock() = Mood::Down;
    let ignored = [
        r#"{"object":"page","entry":[]}"#,
        r#"{"object":"page"}"#,
        r#"{"object":"page","entry":[{"messaging":[{"delivery":{}},{"something":"new"}]}]}"#,
        r#"{"object":"instagram","entry":[{"messaging":[{"mid":"m","text":"x"}]}]}"#,
        r#"{"object":"whatsapp_business_account","entry":[]}"#,
        r#"{"object":["page"]}"#,
        "{}",
    ];
    for body in ignored {
        assert_eq!(world.post(body).await.status, StatusCode::OK, "{body}");
    }
    let metrics = telemetry.rendered();
    assert!(metrics.contains(r#"webhook_ignored_total{kind="delivery"} 1"#), "{metrics}");
    assert!(metrics.contains(r#"webhook_ignored_total{kind="object"} 4"#), "{metrics}");
}

#[tokio::test]
async fn alarms_are_raised() {
    let world = World::new();
    let body = r#"{"object":"page","entry":[{"messaging":[{"policy":{}},{"mid":"m","text":"Hi"}]}]}"#;
    assert_eq!(world.post(body).await.status, StatusCode::OK);
    assert_eq!(*world.alarms.lock(), ["the page was blocked"]);
    assert_eq!(world.texts(), ["Hi"]);
}

#[tokio::test]
async fn a_store_that_is_down_is_503_and_the_repetition_is_stored() {
    let telemetry = Telemetry::new();
    let world = World::new();
    *world.intake.mood.lock() = Mood::Down;
    for _ in 0..50 {
        let reply = world.post(message("m1", "Hello")).await;
        assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"));
    }
    assert_eq!(telemetry.logged().matches("was not stored").count(), 1);

    *world.intake.mood.lock() = Mood::Takes;
    assert_eq!(world.post(message("m1", "Hello")).await.status, StatusCode::OK);
    assert_eq!(world.texts(), ["Hello"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_503_before_the_platform_gives_up() {
    let world = World::new();
    *world.intake.mood.lock() = Mood::Slow(Duration::from_mins(1));
    let started = tokio::time::Instant::now();
    assert_eq!(world.post(message("m1", "Hello")).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn the_content_type_does_not_matter() {
    let world = World::new();
    for kind in ["application/json", "text/plain", "application/x-www-form-urlencoded", "x"] {
        let body = message(kind, "Hi");
        let mut request = signed(&sign(SECRET, body.as_bytes()), body);
        request.headers_mut().insert("content-type", kind.parse().unwrap());
        assert_eq!(world.send(request).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn other_methods_are_refused() {
    let world = World::new();
    for method in ["PUT", "DELETE", "PATCH"] {
        let request = Request::builder().method(method).uri("/webhook");
        let reply = world.send(from_address(1, request, Body::empty())).await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}
