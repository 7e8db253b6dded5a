//! The server over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use answerbot_web::{Limits, serve_with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::world::{Mood, SECRET, World, message, sign};

const SOON: Duration = Duration::from_secs(5);

struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(world: &World, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let serving = serve_with(listener, world.router.clone(), shutdown.clone(), limits);
        let task = TaskTracker::new().spawn(serving);
        Self { address, shutdown, task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn stopped(self) {
        timeout(SOON, self.task).await.unwrap().unwrap();
    }
}

/// One answer with a `content-length`.
async fn answer(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            if body.len() >= length.parse().unwrap() {
                return text;
            }
        }
        let mut buffer = [0; 4096];
        let count = timeout(SOON, stream.read(&mut buffer)).await.expect("an answer in time").unwrap();
        if count == 0 {
            return text;
        }
        read.extend_from_slice(&buffer[..count]);
    }
}

/// How long it takes until the server closes.
async fn closed(stream: &mut TcpStream) -> Duration {
    let started = Instant::now();
    let mut rest = Vec::new();
    let _ = timeout(SOON, stream.read_to_end(&mut rest)).await.expect("the server closes");
    started.elapsed()
}

fn webhook(text: &str) -> String {
    let body = message("m1", text);
    let signature = sign(SECRET, body.as_bytes());
    format!(
        "POST /webhook HTTP/1.1\r\nhost: bot\r\nx-hub-signature-256: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn quick() -> Limits {
    Limits { head: Duration::from_millis(300), idle: Duration::from_millis(900), ..Limits::default() }
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other_and_closes_when_idle() {
    let world = World::new();
    let server = Server::start(&world, quick()).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(webhook("Hi").as_bytes()).await.unwrap();
        assert!(answer(&mut stream).await.ends_with("EVENT_RECEIVED"));
        // Longer than a head may take: an idle connection has more time.
        sleep(Duration::from_millis(400)).await;
    }
    // Two at once, as proxies do.
    stream.write_all(webhook("Hi").repeat(2).as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.contains("EVENT_RECEIVED"));
    let waited = closed(&mut stream).await;
    assert!(waited > Duration::from_millis(600), "{waited:?}");
    assert_eq!(world.texts().len(), 5);
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_cut_off() {
    let world = World::new();
    let server = Server::start(&world, quick()).await;
    for earlier in [false, true] {
        let mut stream = server.connect().await;
        if earlier {
            stream.write_all(webhook("Hi").as_bytes()).await.unwrap();
            answer(&mut stream).await;
        }
        let started = Instant::now();
        for byte in "GET /livez HTTP/1.1\r\nx-a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".bytes() {
            if stream.write_all(&[byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        closed(&mut stream).await;
        assert!(started.elapsed() < Duration::from_millis(1_500), "{:?}", started.elapsed());
    }
    // Nor may a connection say nothing at all.
    let mut stream = server.connect().await;
    let waited = closed(&mut stream).await;
    assert!(waited < Duration::from_millis(800), "{waited:?}");
}

#[tokio::test]
async fn heads_are_bounded() {
    let world = World::new();
    let server = Server::start(&world, Limits::default()).await;
    let mut stream = server.connect().await;
    let large = format!("GET /livez HTTP/1.1\r\nhost: bot\r\nx-large: {}\r\n\r\n", "a".repeat(20_000));
    stream.write_all(large.as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 431 "));

    let mut stream = server.connect().await;
    let many = format!("GET /livez HTTP/1.1\r\nhost: bot\r\n{}\r\n", "a: b\r\n".repeat(200));
    stream.write_all(many.as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 431 "));

    let mut stream = server.connect().await;
    stream.write_all(b"\x16\x03\x01 this is TLS\r\n\r\n").await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 400 "));

    let mut stream = server.connect().await;
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: bot\r\n\r\n").await.unwrap();
    assert!(answer(&mut stream).await.ends_with("ok"));
}

#[tokio::test]
async fn an_oversize_post_is_read_to_its_end_so_that_the_sender_sees_the_answer() {
    let world = World::new();
    let server = Server::start(&world, Limits::default()).await;
    let body = vec![b' '; 17 * 1024 * 1024];
    for (signature, expected) in
        [(sign(SECRET, &body), "HTTP/1.1 200 "), ("sha256=00".into(), "HTTP/1.1 413 ")]
    {
        let mut stream = server.connect().await;
        let head = format!(
            "POST /webhook HTTP/1.1\r\nhost: bot\r\nx-hub-signature-256: {signature}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        assert!(answer(&mut stream).await.starts_with(expected));
    }
}

#[tokio::test]
async fn further_connections_wait_for_room() {
    let world = World::new();
    let server = Server::start(&world, Limits { connections: 2, ..Limits::default() }).await;
    let (first, _second) = (server.connect().await, server.connect().await);
    sleep(Duration::from_millis(50)).await;
    let mut third = server.connect().await;
    third.write_all(webhook("Hi").as_bytes()).await.unwrap();
    let mut byte = [0];
    assert!(timeout(Duration::from_millis(200), third.read(&mut byte)).await.is_err(), "no room yet");
    drop(first);
    assert!(answer(&mut third).await.ends_with("EVENT_RECEIVED"));
}

#[tokio::test]
async fn stopping_finishes_what_is_under_way_and_takes_nothing_new() {
    let world = World::new();
    *world.intake.mood.lock() = Mood::Slow(Duration::from_millis(500));
    let server = Server::start(&world, Limits::default()).await;
    let mut slow = server.connect().await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET /livez HTTP/1.1\r\nhost: bot\r\n\r\n").await.unwrap();
    answer(&mut idle).await;
    slow.write_all(webhook("under way").as_bytes()).await.unwrap();
    sleep(Duration::from_millis(100)).await;

    server.shutdown.cancel();
    assert!(closed(&mut idle).await < Duration::from_millis(300), "an idle connection closes at once");
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
    assert!(answer(&mut slow).await.ends_with("EVENT_RECEIVED"));
    closed(&mut slow).await;
    assert_eq!(world.texts(), ["under way"]);
    server.stopped().await;
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let world = World::new();
    *world.intake.mood.lock() = Mood::Slow(Duration::from_mins(1));
    let grace = Duration::from_millis(300);
    let server = Server::start(&world, Limits { grace, ..Limits::default() }).await;
    let mut slow = server.connect().await;
    slow.write_all(webhook("too slow").as_bytes()).await.unwrap();
    // A connection that never said anything.
    let _silent = server.connect().await;
    sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    server.shutdown.cancel();
    assert_eq!(answer(&mut slow).await, "", "cut");
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(world.texts().is_empty(), "and nothing was acknowledged");
    server.stopped().await;
}
