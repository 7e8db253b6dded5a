//! Bodies that are large, slow, broken or garbage.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use http::{Request, StatusCode};

use crate::world::{OLD_SECRET, SECRET, Telemetry, World, from_address, message, sign};

const MIB: usize = 1024 * 1024;

/// A body in pieces, without an announced length.
fn pieces(body: &[u8], length: usize) -> Body {
    let pieces: Vec<Result<Bytes, std::io::Error>> =
        body.chunks(length).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    Body::from_stream(stream::iter(pieces))
}

/// A signed body of exactly `length` bytes with one message in it.
fn padded(length: usize) -> Vec<u8> {
    let mut body = message("m1", "Hi").into_bytes();
    body.resize(length, b' ');
    body
}

#[tokio::test]
async fn a_body_in_pieces_is_the_same_body() {
    let world = World::new();
    let body = padded(200_000);
    let signature = sign(SECRET, &body);
    for length in [1, 7, 4096, 65_536, 150_000, 200_000] {
        let reply = world.post_signed(&signature, pieces(&body, length)).await;
        assert_eq!(reply.status, StatusCode::OK, "pieces of {length}");
    }
    assert_eq!(world.texts().len(), 6);
}

#[tokio::test]
async fn sixteen_mebibytes_are_taken_and_one_byte_more_is_not() {
    let telemetry = Telemetry::new();
    let _metrics = metrics::set_default_local_recorder(&telemetry.metrics);
    let world = World::new();
    let body = padded(16 * MIB);
    let signature = sign(SECRET, &body);
    assert_eq!(world.post_signed(&signature, pieces(&body, 60_000)).await.status, StatusCode::OK);
    assert_eq!(world.post_signed(&signature, body).await.status, StatusCode::OK);
    assert_eq!(world.texts().len(), 2);

    let body = padded(16 * MIB + 1);
    for secret in [SECRET, OLD_SECRET] {
        let signature = sign(secret, &body);
        for body in [Body::from(body.clone()), pieces(&body, 60_000)] {
            let reply = world.post_signed(&signature, body).await;
            assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, "EVENT_RECEIVED"));
        }
    }
    assert_eq!(world.texts().len(), 2, "nothing of it is kept");
    assert_eq!(world.alarms.lock().len(), 4);
    assert!(telemetry.logged().contains("beyond 16 MiB"));
    let metrics = telemetry.rendered();
    assert!(metrics.contains(r#"webhook_oversize_total{signed="true"} 4"#), "{metrics}");
}

#[tokio::test]
async fn too_large_and_not_signed_is_413() {
    let world = World::new();
    let body = padded(17 * MIB);
    for body in [Body::from(body.clone()), pieces(&body, 60_000)] {
        let reply = world.post_signed("sha256=00", body).await;
        assert_eq!((reply.status, reply.body.as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "At most 16 MiB.\n"));
    }
    let unsigned = from_address(1, Request::post("/webhook"), pieces(&body, 60_000));
    assert_eq!(world.send(unsigned).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(world.alarms.lock().is_empty());

    let none = World::with(|parts| parts.oversize = answerbot_web::unchecked());
    let reply = none.post_signed(&sign(SECRET, &body), body).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn even_discarding_has_an_end() {
    let world = World::new();
    let piece = Bytes::from(vec![b' '; MIB]);
    let endless = Body::from_stream(stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone())));
    assert_eq!(world.post_signed("sha256=00", endless).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(start_paused = true)]
async fn a_slow_sender_is_cut_off_after_ten_seconds() {
    let world = World::new();
    for signature in [Some("sha256=00"), None] {
        let drip = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b"{")), ()))
        });
        let mut request = Request::post("/webhook");
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        let started = tokio::time::Instant::now();
        let reply = world.send(from_address(1, request, Body::from_stream(drip))).await;
        assert_eq!(reply.status, StatusCode::REQUEST_TIMEOUT);
        assert_eq!(started.elapsed().as_secs(), 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_giant_is_cut_off_after_thirty_seconds() {
    let world = World::new();
    let giant = stream::iter(0..17)
        .chain(stream::pending())
        .map(|_: i32| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; MIB])));
    let started = tokio::time::Instant::now();
    let reply = world.post_signed("sha256=00", Body::from_stream(giant)).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(started.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_bad_request() {
    let world = World::new();
    let broken = stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))]);
    let reply = world.post_signed("sha256=00", Body::from_stream(broken)).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
}

/// Strangers who announce or send much at once must not fill the memory, nor keep small bodies out.
#[tokio::test]
async fn large_bodies_share_a_bound_of_memory() {
    let world = World::new();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let started = stream::iter(0..15)
            .chain(stream::pending())
            .map(|_: i32| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; MIB])));
        let router = world.router.clone();
        waiting.spawn(async move {
            let request = crate::world::signed("sha256=00", Body::from_stream(started));
            tower::ServiceExt::oneshot(router, request).await.unwrap().status()
        });
    }
    // The last four find no room and are told so at once; the others still send.
    for _ in 0..4 {
        assert_eq!(waiting.join_next().await.unwrap().unwrap(), StatusCode::SERVICE_UNAVAILABLE);
    }
    let large = padded(3 * MIB);
    let signature = sign(SECRET, &large);
    let reply = world.post_signed(&signature, pieces(&large, 60_000)).await;
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"));
    assert_eq!(world.post(message("m1", "Hi")).await.status, StatusCode::OK);

    waiting.shutdown().await;
    assert_eq!(world.post_signed(&signature, pieces(&large, 60_000)).await.status, StatusCode::OK);
}

/// xorshift64*: the same thousand bodies in every run.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    /// Noise, a damaged message, or JSON that nests and repeats oddly.
    fn body(&mut self) -> Vec<u8> {
        match self.below(3) {
            0 => (0..self.below(300)).map(|_| self.next().to_le_bytes()[0]).collect(),
            1 => {
                let mut body = message("m1", r"Hi \ud83d").into_bytes();
                for _ in 0..=self.below(4) {
                    let at = self.below(body.len());
                    body[at] = self.next().to_le_bytes()[0];
                }
                body.truncate(self.below(body.len() * 2).max(1));
                body
            }
            _ => {
                const WORDS: [&str; 12] = [
                    "{",
                    "}",
                    "[",
                    "]",
                    ",",
                    ":",
                    "\"object\"",
                    "\"page\"",
                    "\"entry\"",
                    "null",
                    "1e999",
                    "\"\\ud800\"",
                ];
                let mut body = String::from("{\"object\":\"page\",\"entry\":");
                (0..self.below(60)).for_each(|_| body.push_str(WORDS[self.below(WORDS.len())]));
                body.into_bytes()
            }
        }
    }
}

#[tokio::test]
async fn a_thousand_garbage_bodies_never_make_a_server_error() {
    let world = World::new();
    let mut seeded = Seeded(20_261_124);
    for number in 0..1_000 {
        let body = seeded.body();
        let shown = String::from_utf8_lossy(&body).into_owned();
        let reply = world.post(body.clone()).await;
        assert!(matches!(reply.status, StatusCode::OK | StatusCode::BAD_REQUEST), "{number}: {shown}");
        let reply = world.post_signed("sha256=00", body).await;
        assert!(matches!(reply.status.as_u16(), 403 | 429), "{number}: {shown}");
    }
}
