//! Signed webhooks over plain sockets: as little work a request as can be, for it shares the processor.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use answerbot_sim::clock;
use answerbot_sim::payload;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Ready requests, one message each, going round among `people`.
pub fn questions(secret: &str, page: &str, tag: &str, people: usize, count: usize) -> Vec<Vec<u8>> {
    let text = |number| format!("Question {tag} {number}: how do I store maize so that it stays dry?");
    texts(secret, page, tag, count, |number| number % people, text)
}

/// Ready requests, one message each: who writes, and what.
pub fn texts(
    secret: &str,
    page: &str,
    tag: &str,
    count: usize,
    person: impl Fn(usize) -> usize,
    text: impl Fn(usize) -> String,
) -> Vec<Vec<u8>> {
    let one = |number: usize| {
        let mid = format!("m_{tag}_{number}");
        let event = payload::text(page, &user(person(number)), &mid, &text(number), clock::now_ms());
        request(secret, &payload::batch(page, &[event], clock::now_ms()))
    };
    (0..count).map(one).collect()
}

/// The platform's id of a person.
pub fn user(number: usize) -> String {
    format!("person-{number}")
}

/// The same for a button.
pub fn taps(secret: &str, page: &str, payload_name: &str, people: usize) -> Vec<Vec<u8>> {
    let one = |number: usize| {
        let mid = format!("tap-{number}");
        let event = payload::postback(page, &user(number), &mid, "tap", payload_name, clock::now_ms());
        request(secret, &payload::batch(page, &[event], clock::now_ms()))
    };
    (0..people).map(one).collect()
}

fn request(secret: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /webhook HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nX-Hub-Signature-256: {}\r\n\
         Content-Length: {}\r\n\r\n",
        payload::sign(secret, body),
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Latencies, sorted.
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn of(latencies: impl IntoIterator<Item = Duration>) -> Self {
        let mut all: Vec<Duration> = latencies.into_iter().collect();
        all.sort();
        Self(all)
    }

    pub fn percentile(&self, percent: usize) -> f64 {
        let index = (self.0.len() * percent / 100).min(self.0.len() - 1);
        self.0[index].as_secs_f64() * 1_000.0
    }
}

/// Sends all requests over `senders` connections, each as fast as it is acknowledged. Returns the seconds taken.
pub async fn flood(port: u16, requests: Arc<Vec<Vec<u8>>>, senders: usize) -> f64 {
    let next = Arc::new(AtomicUsize::new(0));
    let began = clock::now();
    let mut tasks = JoinSet::new();
    for _ in 0..senders {
        let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
        tasks.spawn(async move {
            let mut socket = connect(port).await;
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = requests.get(index) else { return };
                exchange(&mut socket, request).await;
            }
        });
    }
    tasks.join_all().await;
    began.elapsed().as_secs_f64()
}

/// Sends at a fixed rate, whether acknowledged or not; latencies count from the scheduled time.
pub async fn pace(port: u16, requests: Arc<Vec<Vec<u8>>>, per_second: f64) -> Latencies {
    const SENDERS: usize = 128;
    let began = clock::now();
    let mut tasks = JoinSet::new();
    for sender in 0..SENDERS {
        let requests = Arc::clone(&requests);
        tasks.spawn(async move {
            let mut socket = connect(port).await;
            let mut latencies = Vec::new();
            for (index, request) in requests.iter().enumerate().skip(sender).step_by(SENDERS) {
                let scheduled = began + Duration::from_secs_f64(index as f64 / per_second);
                tokio::time::sleep_until(scheduled.into()).await;
                // A proxy ends connections that were idle.
                if per_second < SENDERS as f64 {
                    socket = connect(port).await;
                }
                exchange(&mut socket, request).await;
                latencies.push(clock::now().saturating_duration_since(scheduled));
            }
            latencies
        });
    }
    Latencies::of(tasks.join_all().await.into_iter().flatten())
}

async fn connect(port: u16) -> TcpStream {
    let socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

async fn exchange(socket: &mut TcpStream, request: &[u8]) {
    socket.write_all(request).await.unwrap();
    let mut answer = [0; 2_048];
    let mut read = 0;
    loop {
        let got = socket.read(&mut answer[read..]).await.unwrap();
        assert!(got > 0, "the connection was closed");
        read += got;
        let text = std::str::from_utf8(&answer[..read]).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() >= length.parse::<usize>().unwrap() {
                return;
            }
        }
    }
}
