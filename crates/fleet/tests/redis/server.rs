//! A Redis of one's own that can be killed and revived, and what the adapters need besides.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use answerbot_core::Time;
use answerbot_core::reuse::Kept;
use answerbot_core::time::DAY;
use answerbot_fleet::redis::{RedisAnswers, RedisLink, RedisSettings};
use answerbot_local::{Access, SqliteStore};
use answerbot_ports::codec::Codec;
use answerbot_ports::keys::Key;
use answerbot_ports::world::{Clock, Entropy};
use tempfile::TempDir;

/// The world's clock and randomness.
pub struct Real;

impl Entropy for Real {
    #[expect(clippy::disallowed_methods, reason = "a test's randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

impl Clock for Real {
    #[expect(clippy::disallowed_methods, reason = "a test's clock")]
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Time::from_millis(i64::try_from(since.as_millis()).unwrap())
    }

    #[expect(clippy::disallowed_methods, reason = "a test's clock")]
    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}

/// A server that dies with its test. What it holds outlives a kill.
pub struct Server {
    pub port: u16,
    pub folder: TempDir,
    child: Option<Child>,
    arguments: Vec<String>,
}

impl Server {
    /// `None`, and a line that says so, where there is no `redis-server`.
    pub fn start() -> Option<Self> {
        Self::start_with(|_| Vec::new())
    }

    pub fn start_with(arguments: impl FnOnce(&Self) -> Vec<String>) -> Option<Self> {
        let is_there = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
        if is_there.is_err() {
            answerbot_ports::conformance::skipped("redis: there is no redis-server");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self { port, folder, child: None, arguments: Vec::new() };
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
        self.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// `STOP`: it takes connections and says nothing. `CONT`: it goes on.
    pub fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn codec(fill: u8) -> Codec {
    Codec::new(&Key::from_bytes([fill; 32]), None, Arc::new(Real))
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
