//! What MTN posts, and what is posted in its name: 200 whatever comes.

use std::net::IpAddr;
use std::time::Duration;

use answerbot_core::PaymentId;
use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Request, StatusCode};

use crate::world::{CALLBACK_SECRET, Mood, Reply, Telemetry, World, from_address};

const REFERENCE: &str = "0123abcd-0123-4abc-8abc-0123456789ab";
const KIB: usize = 1024;

fn reference() -> PaymentId {
    "0123abcd01234abc8abc0123456789ab".parse().unwrap()
}

fn path(secret: &str, reference: &str) -> String {
    format!("/momo/callback/{secret}/{reference}")
}

fn own() -> String {
    path(CALLBACK_SECRET, REFERENCE)
}

/// The last part of an address, the method, and the path.
async fn call(world: &World, from: u8, method: Method, path: &str, body: impl Into<Body>) -> Reply {
    let request = Request::builder().method(method).uri(path);
    world.send(from_address(from, request, body.into())).await
}

async fn post(world: &World, path: &str, body: impl Into<Body>) {
    let reply = call(world, 1, Method::POST, path, body).await;
    assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, "OK\n"), "{path}");
}

fn pieces(length: usize, of: usize) -> Body {
    let piece = Bytes::from(vec![b'x'; of]);
    Body::from_stream(stream::iter((0..length / of).map(move |_| Ok::<_, std::io::Error>(piece.clone()))))
}

/// A byte every 700 ms, for ever.
fn drip() -> Body {
    Body::from_stream(stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b"{")), ()))
    }))
}

/// `result` with its count, of all that were counted.
fn counted(telemetry: &Telemetry) -> Vec<(String, u64)> {
    let rendered = telemetry.rendered();
    let lines = rendered.lines().filter_map(|line| line.strip_prefix("momo_callbacks_total{result=\""));
    let mut all: Vec<_> = lines
        .map(|line| line.split_once("\"} ").unwrap())
        .map(|(result, count)| (result.to_owned(), count.parse().unwrap()))
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn post_and_put_of_any_body_are_taken_as_they_came() {
    let world = World::new();
    let bodies: [&[u8]; 5] = [br#"{"status":"SUCCESSFUL"}"#, b"", b"<html>", b"\xff\x00\xfe", b"a=b&c=d"];
    for (number, body) in bodies.into_iter().enumerate() {
        let method = if number % 2 == 0 { Method::POST } else { Method::PUT };
        assert_eq!(call(&world, 1, method, &own(), body).await.status, StatusCode::OK);
        assert_eq!(world.callbacks.came.lock()[number], (Some(reference()), body.to_vec(), false));
    }
    assert_eq!(call(&world, 1, Method::GET, &own(), "").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_reference_is_read_in_every_way_that_a_uuid_is_written_and_nothing_else_is_one() {
    let (upper, plain) = (REFERENCE.to_uppercase(), REFERENCE.replace('-', ""));
    let cases = [
        (own(), Some(reference())),
        (path(CALLBACK_SECRET, &upper), Some(reference())),
        (path(CALLBACK_SECRET, &plain), Some(reference())),
        (format!("{}/", own()), Some(reference())),
        (path(CALLBACK_SECRET, "not-a-uuid"), None),
        (path(CALLBACK_SECRET, &REFERENCE[1..]), None),
        (path(CALLBACK_SECRET, "%ff%2f"), None),
        (format!("{}/more", own()), None),
        (path(CALLBACK_SECRET, ""), None),
        (format!("/momo/callback/{CALLBACK_SECRET}"), None),
        ("/momo/callback".to_owned(), None),
        ("/momo/callback/".to_owned(), None),
    ];
    let world = World::new();
    for (path, expected) in cases {
        post(&world, &path, "x").await;
        assert_eq!(world.callbacks.came.lock().last().unwrap().0, expected, "{path}");
    }
    assert_eq!(world.callbacks.came.lock().len(), 12, "all are kept");
}

#[tokio::test]
async fn a_wrong_secret_is_answered_the_same_and_nothing_is_kept() {
    let telemetry = Telemetry::new();
    let _metrics = metrics::set_default_local_recorder(&telemetry.metrics);
    let world = World::new();
    let (upper, short) = (CALLBACK_SECRET.to_uppercase(), &CALLBACK_SECRET[1..]);
    for secret in ["x", &upper, short, &format!("{CALLBACK_SECRET}0"), "%00", REFERENCE] {
        post(&world, &path(secret, REFERENCE), "x").await;
    }
    post(&world, "/momo/callback/x", "x").await;
    let none = World::with(|parts| parts.callback_secret = String::new());
    post(&none, &path("", REFERENCE), "x").await;
    post(&none, &own(), "x").await;
    assert!(world.callbacks.came.lock().is_empty() && none.callbacks.came.lock().is_empty());
    assert_eq!(counted(&telemetry), [("wrong_secret".to_owned(), 9)]);
}

#[tokio::test]
async fn only_addresses_on_the_list_count_where_there_is_one() {
    let telemetry = Telemetry::new();
    let _metrics = metrics::set_default_local_recorder(&telemetry.metrics);
    let allowed: Vec<IpAddr> = vec!["192.0.2.7".parse().unwrap(), "2001:db8:1:2:3::4".parse().unwrap()];
    let list = allowed.clone();
    let world = World::with(|parts| parts.callback_ips = list);
    for from in [6, 7, 8] {
        assert_eq!(call(&world, from, Method::POST, &own(), "x").await.status, StatusCode::OK);
    }
    assert_eq!(world.callbacks.came.lock().len(), 1);

    let world = World::with(|parts| (parts.callback_ips, parts.proxies) = (allowed, 1));
    for (hop, counts) in [("192.0.2.7", 1), ("2001:db8:1:2:9::9", 2), ("2001:db8:1:3::4", 2), ("6.6.6.6", 2)]
    {
        let request = Request::put(own()).header("x-forwarded-for", hop);
        assert_eq!(world.send(from_address(7, request, hop.into())).await.status, StatusCode::OK);
        assert_eq!(world.callbacks.came.lock().len(), counts, "{hop}");
    }
    assert_eq!(counted(&telemetry), [("foreign_address".to_owned(), 4), ("nudged".to_owned(), 3)]);
}

#[tokio::test]
async fn whoever_knows_the_secret_is_never_limited_and_the_bare_address_writes_little() {
    let telemetry = Telemetry::new();
    let _metrics = metrics::set_default_local_recorder(&telemetry.metrics);
    let world = World::new();
    for _ in 0..51 {
        post(&world, &own(), "x").await;
    }
    for _ in 0..51 {
        post(&world, "/momo/callback", r#"{"externalId":"ab1.x"}"#).await;
    }
    // Of the bare ones an address has twenty, of which the first is new.
    let expected = [("again", 50 + 19), ("no_reference", 1), ("nudged", 1), ("too_many", 31)];
    let expected = expected.map(|(result, count)| (result.to_owned(), count));
    assert_eq!(counted(&telemetry), expected);
}

#[tokio::test]
async fn where_momo_is_not_set_up_it_is_200_too() {
    let world = World::with(|parts| parts.callbacks = None);
    post(&world, &own(), "x").await;
    post(&world, "/momo/callback", "x").await;
    assert!(world.callbacks.came.lock().is_empty());
}

#[tokio::test]
async fn sixty_four_kibibytes_are_kept_and_of_more_the_beginning() {
    let world = World::new();
    let table = [(64, false), (65, true), (1_024, true), (3 * 1_024, true)];
    for (kib, cut) in table {
        for body in [pieces(kib * KIB, KIB), Body::from(vec![b'x'; kib * KIB])] {
            post(&world, &own(), body).await;
            let last = world.callbacks.came.lock().last().unwrap().clone();
            assert_eq!((last.1.len(), last.2), (64 * KIB, cut), "{kib} KiB");
        }
    }
    // It ends although the body does not.
    let piece = Bytes::from(vec![b'x'; 64 * KIB]);
    let endless = || {
        let piece = piece.clone();
        Body::from_stream(stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone())))
    };
    post(&world, &own(), endless()).await;
    post(&world, &path("x", REFERENCE), endless()).await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_is_answered_after_ten_seconds_and_what_came_counts() {
    let world = World::new();
    for path in [own(), path("x", REFERENCE)] {
        let started = tokio::time::Instant::now();
        post(&world, &path, drip()).await;
        assert_eq!(started.elapsed().as_secs(), 10, "{path}");
    }
    let came = world.callbacks.came.lock().clone();
    assert_eq!(came, [(Some(reference()), vec![b'{'; 14], true)], "and of a stranger nothing");
}

#[tokio::test]
async fn a_body_that_breaks_off_counts_as_far_as_it_came() {
    let world = World::new();
    let broken = stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))]);
    post(&world, &own(), Body::from_stream(broken)).await;
    assert_eq!(*world.callbacks.came.lock(), [(Some(reference()), b"{".to_vec(), true)]);
}

/// Thousands who send slowly share a bound of memory, and hurt nobody else.
#[tokio::test(start_paused = true)]
async fn many_slow_clients_keep_nobody_out() {
    let world = World::new();
    let mut slow = tokio::task::JoinSet::new();
    for _ in 0..2_000 {
        // Much at once, then nothing any more.
        let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from(vec![b'y'; 60 * KIB]))]);
        let request = Request::post(own());
        let request = from_address(1, request, Body::from_stream(first.chain(stream::pending())));
        let router = world.router.clone();
        slow.spawn(async move { tower::ServiceExt::oneshot(router, request).await.unwrap().status() });
    }
    // All have sent what they send.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let started = tokio::time::Instant::now();
    post(&world, &own(), r#"{"status":"SUCCESSFUL"}"#).await;
    assert_eq!(started.elapsed(), Duration::ZERO, "others are answered at once");
    let usual = (Some(reference()), br#"{"status":"SUCCESSFUL"}"#.to_vec(), false);
    assert_eq!(world.callbacks.came.lock().last(), Some(&usual));

    assert!(slow.join_all().await.iter().all(|status| *status == StatusCode::OK));
    let kept: usize = world.callbacks.came.lock().iter().map(|it| it.1.len()).sum();
    assert!(kept <= 256 * 64 * KIB + 2_000 * 4 * KIB, "{kept} bytes were in memory");
    assert!(world.callbacks.came.lock().iter().filter(|it| it.1.len() > 4 * KIB).count() == 256);
    post(&world, &own(), pieces(8 * KIB, KIB)).await;
    assert_eq!(world.callbacks.came.lock().last().unwrap().1.len(), 8 * KIB, "there is room again");
}

#[tokio::test]
async fn with_the_store_down_it_is_200_and_no_word_of_a_body_is_logged() {
    let telemetry = Telemetry::new();
    let _metrics = metrics::set_default_local_recorder(&telemetry.metrics);
    let world = World::new();
    *world.callbacks.mood.lock() = Mood::Down;
    for _ in 0..20 {
        post(&world, &own(), r#"{"partyId":"211921234567"}"#).await;
    }
    *world.callbacks.mood.lock() = Mood::Takes;
    post(&world, &own(), r#"{"partyId":"211921234567"}"#).await;
    assert_eq!(counted(&telemetry), [("not_kept".to_owned(), 20), ("nudged".to_owned(), 1)]);
    let logged = telemetry.logged();
    assert_eq!(logged.matches("was not kept").count(), 1, "seldom: {logged}");
    for secret in ["2119", "partyId", CALLBACK_SECRET, REFERENCE] {
        assert!(!logged.contains(secret), "{secret} is in the log: {logged}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_store_does_not_make_mtn_wait() {
    let world = World::new();
    *world.callbacks.mood.lock() = Mood::Slow(Duration::from_mins(1));
    let started = tokio::time::Instant::now();
    post(&world, &own(), "x").await;
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}
