//! A Redis of one's own that can be killed and revived, and what the adapters need besides.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use answerbot_core::reuse::Kept;
use answerbot_core::time::DAY;
use answerbot_fleet::redis::{RedisAnswers, RedisLink, RedisSettings};
use answerbot_local::{Access, SqliteStore};
use answerbot_ports::world::Clock as _;
use tempfile::TempDir;

pub use crate::outside::Real;
pub use crate::program::codec;
use crate::program::{Program, free_port};

/// A server that dies with its test. What it holds outlives a kill.
pub struct Server {
    pub port: u16,
    pub folder: TempDir,
    program: Program,
    arguments: Vec<String>,
}

impl Server {
    /// `None`, and a line that says so, where there is no `redis-server`.
    pub fn start() -> Option<Self> {
        Self::start_with(|_| Vec::new())
    }

    pub fn start_with(arguments: impl FnOnce(&Self) -> Vec<String>) -> Option<Self> {
        if !Program::is_there("redis", "redis-server") {
            return None;
        }
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self { port, folder, program: Program::default(), arguments: Vec::new() };
        server.arguments = arguments(&server);
        server.revive();
        Some(server)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub fn revive(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--appendonly", "yes"]);
        command.args(["--save", "", "--dir"]).arg(self.folder.path()).args(&self.arguments);
        self.program.start(&mut command);
    }

    pub fn kill(&mut self) {
        self.program.kill();
    }

    pub fn signal(&self, name: &str) {
        self.program.signal(name);
    }
}

/// A connection that works; each has names of its own unless `prefix` says otherwise.
pub async fn link_to(url: &str, prefix: &str) -> Arc<RedisLink> {
    let link = link_anyway(url, prefix);
    assert!(link.wait_until_up(Duration::from_secs(10)).await, "Redis does not answer");
    link
}

pub fn link_anyway(url: &str, prefix: &str) -> Arc<RedisLink> {
    let settings = RedisSettings { prefix: prefix.to_owned(), ..RedisSettings::new(url) };
    Arc::new(RedisLink::open(&settings, Arc::new(Real)).unwrap())
}

/// A connection that never works: nobody listens there.
pub fn dead_link() -> Arc<RedisLink> {
    link_anyway("redis://127.0.0.1:1/", "dead:")
}

/// A store for saved answers.
pub struct Saved {
    _folder: TempDir,
    pub store: Arc<SqliteStore>,
}

impl Saved {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answerbot.db");
        let store = SqliteStore::open(&path, Access::Serve, codec(1), &Real).unwrap();
        Self { _folder: folder, store: Arc::new(store) }
    }

    /// Another process on the same store.
    pub fn answers(&self, link: &Arc<RedisLink>) -> RedisAnswers {
        RedisAnswers::new(Arc::clone(link), Arc::clone(&self.store) as _, codec(1), Arc::new(Real), 7 * DAY)
    }
}

pub fn kept(text: &str) -> Kept {
    let now = Real.now();
    Kept { text: text.into(), model: "one".into(), wording: 7, made: now, until: now.plus(30 * DAY) }
}

/// Waits for a state, at most so long; how long it took.
pub async fn until<F: Future<Output = bool>>(most: Duration, done: impl Fn() -> F) -> Duration {
    let began = Real.monotonic();
    while !done().await {
        let waited = Real.monotonic().saturating_sub(began);
        assert!(waited < most, "not after {waited:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Real.monotonic().saturating_sub(began)
}
