//! A database of its own for each test.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use answerbot_core::contact::event::Envelope;
use answerbot_core::contact::event::Numbered;
use answerbot_core::{AggregateId, Time};
use answerbot_fleet::mongo::{
    Access, CommandEvent, ConnectError, EventHandler, MongoConfig, MongoStore, works_on,
};
use answerbot_ports::codec::Codec;
use answerbot_ports::keys::{HashKey, Key};
use answerbot_ports::store::{Admission, Store};
use answerbot_ports::world::Entropy as _;
use mongodb::bson::Document;
use mongodb::{Client, Collection, Database};

use crate::outside::Real;

pub const NOON: Time = Time::from_millis(1_795_514_400_000);

pub fn key(fill: u8) -> Key {
    Key::from_bytes([fill; 32])
}

/// Commands that a store sent, by name, and those that failed.
#[derive(Default)]
pub struct Count {
    started: parking_lot::Mutex<Vec<String>>,
    failed: AtomicUsize,
}

impl Count {
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.started.lock())
    }

    pub fn failed(&self) -> usize {
        self.failed.load(Ordering::SeqCst)
    }

    fn hear(&self, event: &CommandEvent) {
        match event {
            // What is copied is counted apart; so is the time.
            CommandEvent::Started(it) if it.command_name != "hello" && works_on(it) != "copying" => {
                self.started.lock().push(format!("{} {}", it.command_name, works_on(it)));
            }
            // A write that was refused is a reply that went well.
            CommandEvent::Succeeded(it) if it.reply.contains_key("writeErrors") => {
                self.failed.fetch_add(1, Ordering::SeqCst);
            }
            CommandEvent::Failed(_) => {
                self.failed.fetch_add(1, Ordering::SeqCst);
            }
            _ => {}
        }
    }
}

/// A database.
pub struct Home {
    uri: String,
    name: String,
    pub is_real: bool,
}

impl Home {
    /// A fresh one; `None` where there is no server, which is said.
    #[expect(clippy::disallowed_methods, reason = "where the server is, is told by the environment")]
    pub fn new() -> Option<Self> {
        let real = std::env::var("TEST_MONGODB_URI").ok();
        let is_real = real.is_some();
        let Some(uri) = real.or_else(|| std::env::var("TEST_MONGODB_STANDIN_URI").ok()) else {
            answerbot_ports::conformance::skipped(
                "mongodb: set TEST_MONGODB_URI or run scripts/services start",
            );
            return None;
        };
        let mut drawn = [0; 8];
        Real.fill(&mut drawn);
        let name = format!("answerbot_test_{:016x}", u64::from_be_bytes(drawn));
        Some(Self { uri: with_database(&uri, &name), name, is_real })
    }

    pub async fn store(&self) -> Arc<MongoStore> {
        Arc::new(self.connect(None).await.unwrap())
    }

    /// A store whose records stay where they are written: as if its process died before it copied them. It is that of
    /// a region, too.
    pub async fn member(&self, hash: &HashKey) -> Result<MongoStore, ConnectError> {
        let codec = Codec::new(&key(1), None, Arc::new(Real));
        MongoStore::connect_member(self.config(None), codec, Arc::new(Real), Access::Serve, hash).await
    }

    pub async fn counted(&self) -> (Arc<MongoStore>, Arc<Count>) {
        let count = Arc::new(Count::default());
        let heard = Arc::clone(&count);
        let commands = EventHandler::callback(move |event| heard.hear(&event));
        let store = Arc::new(self.connect(Some(commands)).await.unwrap());
        (store, count)
    }

    pub async fn connect(
        &self,
        commands: Option<EventHandler<CommandEvent>>,
    ) -> Result<MongoStore, ConnectError> {
        let codec = Codec::new(&key(1), None, Arc::new(Real));
        MongoStore::connect(self.config(commands), codec, Arc::new(Real), Access::Serve).await
    }

    pub async fn connect_with(
        &self,
        current: &Key,
        old: Option<&Key>,
        access: Access,
    ) -> Result<MongoStore, ConnectError> {
        let codec = Codec::new(current, old, Arc::new(Real));
        MongoStore::connect(self.config(None), codec, Arc::new(Real), access).await
    }

    fn config(&self, commands: Option<EventHandler<CommandEvent>>) -> MongoConfig {
        MongoConfig { uri: self.uri.clone(), app_name: "answerbot-test".into(), commands }
    }

    /// The database behind the store.
    pub async fn raw(&self, collection: &str) -> Collection<Document> {
        self.database().await.collection(collection)
    }

    pub async fn database(&self) -> Database {
        self.client().await.database(&self.name)
    }

    async fn client(&self) -> Client {
        Client::with_uri_str(&self.uri).await.unwrap()
    }

    /// Takes the database away.
    pub async fn leave(self) {
        self.database().await.drop().await.unwrap();
    }
}

fn with_database(uri: &str, name: &str) -> String {
    let (head, query) = uri.split_once('?').unwrap_or((uri, ""));
    let (scheme, rest) = head.split_once("://").unwrap();
    let hosts = rest.split('/').next().unwrap();
    let mut query = query.to_owned();
    if hosts.contains('@') && !query.to_ascii_lowercase().contains("authsource") {
        query = format!("{query}&authSource=admin");
    }
    format!("{scheme}://{hosts}/{name}?{}", query.trim_start_matches('&'))
}

/// Admits one that is new.
pub async fn admit(store: &MongoStore, envelope: Envelope) -> (AggregateId, Numbered) {
    match store.admit(vec![envelope], NOON).await.unwrap().remove(0) {
        Admission::New { aggregate, numbered } => (aggregate, numbered),
        other => panic!("not new: {other:?}"),
    }
}
