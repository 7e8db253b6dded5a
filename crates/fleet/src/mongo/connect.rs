//! Connecting: the driver's settings, the keys, and what runs beside.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use answerbot_core::{AggregateId, ContactId, Time};
use answerbot_ports::codec::Codec;
use answerbot_ports::keys::HashKey;
use answerbot_ports::store::StoreError;
use answerbot_ports::world::Entropy;
use moka::sync::Cache;
use mongodb::bson::Document;
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;
use mongodb::options::{
    Acknowledgment, ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern,
};
use mongodb::{Client, Collection, Database};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::aggregate::heads::Known;
use super::base::fault::fault;
use super::base::time::StoreTime;
use super::records::copier;
use super::schema;

/// The database where the address names none.
const DATABASE: &str = "answerbot";
/// Connections of one process at most, where the address does not say (the plan's `maxPoolSize`).
const CONNECTIONS: u32 = 20;
/// How often the server is asked for its time.
const LOOK: Duration = Duration::from_secs(30);
/// How long it is believed who has an address. What comes to a contact that was merged is handed on.
const OWNERS_FOR: Duration = Duration::from_mins(5);
/// Addresses whose owners are remembered.
const OWNERS: u64 = 100_000;
/// Aggregates whose open effects are remembered.
const KNOWN: u64 = 20_000;
/// Aggregates that are passed over, because what is due of them cannot be read here: a filter names them all.
const ODD: u64 = 1_000;
/// How long they are.
const ODD_FOR: Duration = Duration::from_mins(10);
/// Aggregates whose records wait to be copied; the sweep copies those of others.
const COPIES: usize = 4_096;

/// How the store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `serve`, `migrate`: makes collections and indexes where they are missing.
    Serve,
    /// Another command: a store that was not set up is refused.
    Beside,
}

/// What the store is in a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The main store: it has the books and reports, and copies the records of its decisions there.
    Main,
    /// A region's: records stay with their aggregates until the main store has taken them.
    Region,
}

/// Where the store is and what it is told.
#[derive(Clone)]
pub struct MongoConfig {
    /// `mongodb://` or `mongodb+srv://`, as the deployment names it. Its database is used, or `answerbot`.
    pub uri: String,
    /// What the server's logs call us.
    pub app_name: String,
    /// Hears of every command; for tests and metrics.
    pub commands: Option<EventHandler<CommandEvent>>,
}

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address cannot be read.
    #[error(
        "MONGODB_URI cannot be read; it looks like mongodb+srv://USER:PASSWORD@HOST/answerbot or mongodb://HOST:27017/answerbot"
    )]
    Uri,
    /// The server is away, or does not take us.
    #[error("the database cannot be opened")]
    Store(#[from] StoreError),
    /// A newer release wrote it, and says that this one must not.
    #[error(
        "the database needs a newer release (it needs {needs}, this one knows {known}); use that release"
    )]
    Newer {
        /// What it needs.
        needs: i64,
        /// What we know.
        known: i64,
    },
    /// It is not set up, and this command does not do it.
    #[error(
        "the database is not set up (schema {found} of {known}); run `answerbot migrate`, or `answerbot serve` once"
    )]
    Older {
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The hash key cannot be opened: the encryption key is another one.
    #[error(
        "the database was sealed under another ENCRYPTION_KEY; set that one, or name it as ENCRYPTION_KEY_OLD"
    )]
    Key(#[source] answerbot_ports::codec::CodecError),
    /// It finds its people by another key than the main store.
    #[error(
        "the database belongs to another service: its people are found by another key; give the region a database of its own"
    )]
    OtherPeople,
}

/// The store on one MongoDB cluster.
pub struct MongoStore {
    pub(super) inner: Arc<Inner>,
    warnings: Vec<String>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What all parts share.
pub(super) struct Inner {
    pub db: Database,
    pub codec: Codec,
    pub hash: HashKey,
    pub time: StoreTime,
    pub entropy: Arc<dyn Entropy>,
    pub part: Part,
    /// Names this process in its leases.
    pub holder: [u8; 8],
    /// Who has an address, as far as somebody looked lately.
    pub owners: Cache<ContactId, ContactId>,
    /// The open effects of aggregates, each at a version.
    pub known: Cache<AggregateId, Arc<Known>>,
    /// Aggregates with due effects that this process cannot read, at those versions: the next looks pass them over.
    pub odd: Cache<AggregateId, u64>,
    /// Takes aggregates whose records wait to be copied.
    pub copies: mpsc::Sender<AggregateId>,
    /// As many as may decide at once. A flood of decisions leaves some connections for leases and all else: without
    /// them nothing is performed while people write.
    deciding: Semaphore,
    /// Whether the last look for due effects met another process at the same ones.
    pub contended: AtomicBool,
}

impl Inner {
    /// A collection of ours.
    pub fn of(&self, name: &str) -> Collection<Document> {
        self.db.collection(name)
    }

    /// Waits until one more may decide.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.deciding.acquire().await.ok()
    }

    /// The aggregates.
    pub fn aggregates(&self) -> Collection<Document> {
        self.of(schema::AGGREGATES)
    }
}

impl MongoStore {
    /// Connects, and sets the store up where `access` says so. `entropy` draws the hash key when there is none yet.
    pub async fn connect(
        config: MongoConfig,
        codec: Codec,
        entropy: Arc<dyn Entropy>,
        access: Access,
    ) -> Result<Self, ConnectError> {
        Self::start(config, codec, entropy, access, None).await
    }

    /// Connects to the store of a region. Its people are found by the hash key of the main store; what their decisions
    /// leave for books and reports waits here for the main store.
    pub async fn connect_member(
        config: MongoConfig,
        codec: Codec,
        entropy: Arc<dyn Entropy>,
        access: Access,
        hash_key: &HashKey,
    ) -> Result<Self, ConnectError> {
        Self::start(config, codec, entropy, access, Some(hash_key)).await
    }

    async fn start(
        config: MongoConfig,
        codec: Codec,
        entropy: Arc<dyn Entropy>,
        access: Access,
        main: Option<&HashKey>,
    ) -> Result<Self, ConnectError> {
        let (uri, warnings) = fitting(&config.uri);
        let options = ClientOptions::parse(&uri).await.map_err(|_| ConnectError::Uri)?;
        let options = with_ours(options, &config);
        // None at all means without a bound.
        let connections = options.max_pool_size.filter(|it| *it > 0).unwrap_or(CONNECTIONS);
        let client = Client::with_options(options).map_err(|_| ConnectError::Uri)?;
        let db = client.default_database().unwrap_or_else(|| client.database(DATABASE));
        let time = StoreTime::learn(&db).await?;
        schema::open(&db, access).await?;
        let hash = schema::meta::hash_key(&db, &codec, &*entropy, main).await?;
        let mut holder = [0; 8];
        entropy.fill(&mut holder);
        let (copies, waiting) = mpsc::channel(COPIES);
        let inner = Arc::new(Inner {
            db,
            codec,
            hash,
            time,
            entropy,
            part: if main.is_some() { Part::Region } else { Part::Main },
            holder,
            owners: Cache::builder().max_capacity(OWNERS).time_to_live(OWNERS_FOR).build(),
            known: Cache::builder().max_capacity(KNOWN).build(),
            odd: Cache::builder().max_capacity(ODD).time_to_live(ODD_FOR).build(),
            copies,
            contended: AtomicBool::new(false),
            deciding: Semaphore::new((connections as usize * 3 / 4).max(1)),
        });
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(stop.clone().run_until_cancelled_owned(keep_time(Arc::clone(&inner))));
        tasks.spawn(stop.clone().run_until_cancelled_owned(copier::run(Arc::clone(&inner), waiting)));
        tasks.close();
        Ok(Self { inner, warnings, tasks, stop })
    }

    /// What is odd about the settings; for the log, once.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The key that addresses are hashed with.
    #[must_use]
    pub fn hash_key(&self) -> HashKey {
        self.inner.hash.clone()
    }

    /// What the server's clock shows now: the one clock of a fleet.
    #[must_use]
    pub fn time(&self) -> Time {
        self.inner.time.now()
    }

    /// Makes what is missing of collections and indexes; may be repeated.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        schema::migrate(&self.inner.db).await
    }

    /// What the store lacks, in words; nothing when all is there.
    pub async fn check(&self) -> Result<Vec<String>, StoreError> {
        schema::check(&self.inner.db).await
    }

    /// How writes are kept, for `doctor`.
    #[must_use]
    pub fn durability(&self) -> String {
        "write concern majority with journal, read concern majority, primary".to_owned()
    }

    /// Ends what runs beside, and waits for it. What was not copied yet is copied after the next start.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for MongoStore {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn keep_time(inner: Arc<Inner>) {
    let mut every = tokio::time::interval(LOOK);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    every.tick().await;
    loop {
        every.tick().await;
        if let Err(error) = inner.time.look(&inner.db).await {
            tracing::warn!(error = %error, "the time of the database is not known; going on with our own pace");
        }
    }
}

/// The address without what the driver does not know, and what to say of it.
fn fitting(uri: &str) -> (String, Vec<String>) {
    let Some((head, query)) = uri.split_once('?') else { return (uri.to_owned(), Vec::new()) };
    let is_odd = |option: &&str| {
        option.split('=').next().is_some_and(|name| name.eq_ignore_ascii_case("socketTimeoutMS"))
    };
    let (odd, kept): (Vec<&str>, Vec<&str>) = query.split('&').partition(is_odd);
    if odd.is_empty() {
        return (uri.to_owned(), Vec::new());
    }
    let warning = "socketTimeoutMS in MONGODB_URI is not used: each operation ends after 45 s".to_owned();
    let uri = if kept.is_empty() { head.to_owned() } else { format!("{head}?{}", kept.join("&")) };
    (uri, vec![warning])
}

/// What the address leaves open, and what must be so whatever it says: writes are on the journals of a majority.
fn with_ours(mut options: ClientOptions, config: &MongoConfig) -> ClientOptions {
    let seconds = Duration::from_secs;
    options.app_name.get_or_insert_with(|| config.app_name.clone());
    options.max_pool_size.get_or_insert(CONNECTIONS);
    options.min_pool_size.get_or_insert(2);
    options.server_selection_timeout.get_or_insert(seconds(5));
    options.connect_timeout.get_or_insert(seconds(5));
    options.max_idle_time.get_or_insert(seconds(60));
    options.retry_reads.get_or_insert(true);
    options.retry_writes.get_or_insert(true);
    let concern = WriteConcern::builder().w(Acknowledgment::Majority).journal(true).w_timeout(seconds(5));
    options.write_concern = Some(concern.build());
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    options.command_event_handler.clone_from(&config.commands);
    options
}

impl From<mongodb::error::Error> for ConnectError {
    fn from(error: mongodb::error::Error) -> Self {
        Self::Store(fault(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::fitting;

    #[test]
    fn an_option_that_the_driver_does_not_know_is_taken_out_and_told() {
        let table = [
            ("mongodb://h/db", "mongodb://h/db", false),
            ("mongodb://h/db?w=1", "mongodb://h/db?w=1", false),
            ("mongodb://h/db?socketTimeoutMS=5", "mongodb://h/db", true),
            ("mongodb://h/?w=1&sockettimeoutms=5&ssl=true", "mongodb://h/?w=1&ssl=true", true),
        ];
        for (uri, expected, is_told) in table {
            let (kept, warnings) = fitting(uri);
            assert_eq!((kept.as_str(), !warnings.is_empty()), (expected, is_told), "{uri}");
        }
    }
}
