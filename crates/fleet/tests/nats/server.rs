//! A NATS of one's own that can be killed and revived, and what the tests need besides.

use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use answerbot_core::contact::event::Numbered;
use answerbot_core::{ContactId, Time};
use answerbot_fleet::nats::{NatsQueue, NatsSettings};
use answerbot_ports::conformance::text;
use answerbot_ports::queue::{Queue as _, Ring, Rung};
use tempfile::TempDir;
use tokio::time::Instant;

pub use crate::program::codec;
use crate::program::{Program, free_port};

/// More than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A server that dies with its test. What it holds outlives a kill.
pub struct Server {
    pub url: String,
    pub folder: TempDir,
    port: u16,
    program: Program,
}

impl Server {
    /// Any server: `TEST_NATS_URL`, else one of its own.
    #[expect(clippy::disallowed_methods, reason = "a test's setting")]
    pub fn any() -> Option<Self> {
        match std::env::var("TEST_NATS_URL") {
            Ok(url) => {
                Some(Self { url, folder: tempfile::tempdir().unwrap(), port: 0, program: Program::default() })
            }
            Err(_) => Self::own(),
        }
    }

    /// `None`, and a line that says so, where there is no `nats-server`.
    pub fn own() -> Option<Self> {
        if !Program::is_there("nats", "nats-server") {
            return None;
        }
        let port = free_port();
        let url = format!("nats://127.0.0.1:{port}");
        let mut server =
            Self { url, folder: tempfile::tempdir().unwrap(), port, program: Program::default() };
        server.revive();
        server.listens();
        Some(server)
    }

    pub fn revive(&mut self) {
        let mut command = Command::new("nats-server");
        command.args(["-a", "127.0.0.1", "-p", &self.port.to_string(), "-js", "-sd"]).arg(self.folder.path());
        self.program.start(&mut command);
    }

    /// It takes connections.
    fn listens(&self) {
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn kill(&mut self) {
        self.program.kill();
    }

    pub fn signal(&self, name: &str) {
        self.program.signal(name);
    }

    /// Settings of a stream of one's own.
    pub fn settings(&self) -> NatsSettings {
        static STREAMS: AtomicU64 = AtomicU64::new(0);
        let number = STREAMS.fetch_add(1, Ordering::Relaxed);
        let name = format!("T{}x{number}", std::process::id());
        NatsSettings {
            subjects: format!("{name}.rings"),
            stream: name,
            refresh: Duration::from_millis(50),
            ..NatsSettings::new(&self.url, 1)
        }
    }

    pub async fn client(&self) -> async_nats::jetstream::Context {
        async_nats::jetstream::new(async_nats::connect(&self.url).await.unwrap())
    }
}

/// A process on the queue, with NATS there.
pub async fn process(settings: &NatsSettings) -> NatsQueue {
    let queue = NatsQueue::connect(settings.clone(), codec(1)).await.unwrap();
    until("NATS is there", || queue.is_up()).await;
    queue
}

pub fn contact(number: u64) -> ContactId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    ContactId::from_bytes(bytes)
}

/// The ring of a contact's envelope with this number.
pub fn ring(of: u64, number: u64) -> Ring {
    said(of, number, &format!("line {number} of {of}"))
}

pub fn said(of: u64, number: u64, words: &str) -> Ring {
    let numbered = Numbered {
        number,
        identity: Some(contact(of)),
        arrived: Time::from_millis(1_795_514_400_000),
        envelope: text("ann", &format!("{of}-{number}"), words),
    };
    Ring { aggregate: contact(of).into(), envelopes: vec![numbered] }
}

pub fn look(of: u64) -> Ring {
    Ring { aggregate: contact(of).into(), envelopes: Vec::new() }
}

pub async fn next(queue: &NatsQueue) -> Rung {
    tokio::time::timeout(PATIENCE, queue.next()).await.expect("no ring came")
}

/// No ring comes for so long.
pub async fn silence(queue: &NatsQueue, long: Duration) {
    if let Ok(rung) = tokio::time::timeout(long, queue.next()).await {
        panic!("a ring came: {:?}", rung.ring);
    }
}

/// Waits for a state; how long it took.
pub async fn until(what: &str, done: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "not so: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    began.elapsed()
}
