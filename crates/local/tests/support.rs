//! A store in a temporary folder.

use std::path::PathBuf;
use std::sync::Arc;

use answerbot_core::Time;
use answerbot_local::{Access, SqliteStore};
use answerbot_ports::codec::Codec;
use answerbot_ports::keys::Key;
use answerbot_ports::world::Entropy;
use tempfile::TempDir;

pub const NOON: Time = Time::from_millis(1_795_514_400_000);

pub struct Random;

impl Entropy for Random {
    #[expect(clippy::disallowed_methods, reason = "a test's randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

pub fn key(fill: u8) -> Key {
    Key::from_bytes([fill; 32])
}

pub struct Home {
    pub folder: TempDir,
}

impl Home {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("data/answerbot.db")
    }

    pub fn store(&self) -> Arc<SqliteStore> {
        self.store_with(&key(1), None)
    }

    pub fn store_with(&self, current: &Key, old: Option<&Key>) -> Arc<SqliteStore> {
        let codec = Codec::new(current, old, Arc::new(Random));
        Arc::new(SqliteStore::open(&self.database(), Access::Serve, codec, &Random).unwrap())
    }

    pub fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.database()).unwrap()
    }
}
