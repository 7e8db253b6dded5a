//! Opening the store, or the stores: one, or a main one and one a region behind a router.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use answerbot_fleet::regions::{Door, Opens, Regional, Setup};
use answerbot_local::{Access, SqliteStore};
use answerbot_ports::codec::Codec;
use answerbot_ports::keys::{HashKey, Key};
use answerbot_ports::queue::Queue;
use answerbot_ports::regions::{Depot, FullStore, Region};
use answerbot_ports::store::StoreError;
use answerbot_ports::world::{Clock, Entropy as _};
use anyhow::Context as _;
use async_trait::async_trait;
use parking_lot::Mutex;

use crate::assemble::World;
use crate::config::Database;
use crate::world::{OsEntropy, SystemClock};

/// A store that is asked for in so many seconds and does not open is away.
const OPEN_TRIES: u32 = 10;
/// How often a fleet's clocks are compared.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// One store that was opened.
#[derive(Clone)]
enum Opened {
    File(Arc<SqliteStore>),
    #[cfg(feature = "mongodb")]
    Mongo(Arc<answerbot_fleet::mongo::MongoStore>),
}

impl Opened {
    fn depot(&self) -> Arc<dyn Depot> {
        match self {
            Self::File(it) => Arc::clone(it) as _,
            #[cfg(feature = "mongodb")]
            Self::Mongo(it) => Arc::clone(it) as _,
        }
    }

    fn hash_key(&self) -> HashKey {
        match self {
            Self::File(it) => it.hash_key(),
            #[cfg(feature = "mongodb")]
            Self::Mongo(it) => it.hash_key(),
        }
    }

    /// Makes what is missing, also where its number says that nothing is.
    #[cfg_attr(not(feature = "mongodb"), expect(clippy::unused_async, reason = "MongoDB is asked"))]
    async fn migrate(&self) -> Result<(), StoreError> {
        match self {
            // A file is brought up to date by opening it.
            Self::File(_) => Ok(()),
            #[cfg(feature = "mongodb")]
            Self::Mongo(it) => it.migrate().await,
        }
    }

    async fn reseal(&self) -> Result<u64, StoreError> {
        match self {
            Self::File(it) => it.reseal().await,
            #[cfg(feature = "mongodb")]
            Self::Mongo(it) => it.reseal().await,
        }
    }

    #[cfg_attr(not(feature = "mongodb"), expect(clippy::unused_async, reason = "MongoDB is waited for"))]
    async fn close(&self) {
        match self {
            Self::File(it) => it.close(),
            #[cfg(feature = "mongodb")]
            Self::Mongo(it) => it.close().await,
        }
    }
}

/// What was opened.
pub struct Stores {
    /// What the engine and the commands see.
    pub all: Arc<dyn FullStore>,
    /// The key that addresses are hashed with.
    pub hash: HashKey,
    /// Seals what leaves the process.
    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "Redis gets sealed states"))]
    pub codec: Codec,
    /// The router over several; `None` where there is one.
    pub regional: Option<Arc<Regional>>,
    main: Opened,
    /// Stores of regions, as far as they were opened.
    regions: Arc<Mutex<Vec<Opened>>>,
}

impl Stores {
    /// Effects that were open when an earlier process died.
    pub fn lost_leases(&self) -> usize {
        match &self.main {
            Opened::File(it) => it.lost_leases(),
            #[cfg(feature = "mongodb")]
            Opened::Mongo(_) => 0,
        }
    }

    /// How the main store keeps its promise, for `doctor`.
    pub async fn durability(&self) -> anyhow::Result<String> {
        match &self.main {
            Opened::File(it) => Ok(it.durability().await?),
            #[cfg(feature = "mongodb")]
            Opened::Mongo(it) => {
                let lacks = it.check().await?;
                anyhow::ensure!(lacks.is_empty(), "{}; run `answerbot migrate`", lacks.join("; "));
                Ok(it.durability())
            }
        }
    }

    /// What time it is for the whole fleet; `None` where one process is all.
    pub fn time(&self) -> Option<answerbot_core::Time> {
        match &self.main {
            Opened::File(_) => None,
            #[cfg(feature = "mongodb")]
            Opened::Mongo(it) => Some(it.time()),
        }
    }

    /// Sets the clock right by the store's as long as it is awaited; never returns.
    pub async fn keep_time(&self, clock: &SystemClock) {
        while let Some(time) = self.time() {
            if let Some(wrong_ms) = clock.learn(time) {
                tracing::warn!(wrong_ms, "this machine's clock is not the store's; the store's counts");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        std::future::pending::<()>().await;
    }

    /// Writes what waits. Later calls fail.
    pub async fn close(&self) {
        if let Some(regional) = &self.regional {
            regional.stop().await;
        }
        let regions = self.regions.lock().clone();
        for it in regions.iter().chain([&self.main]) {
            it.close().await;
        }
    }

    /// Opens every region's store that is not open yet.
    pub async fn open_all(&self) -> anyhow::Result<()> {
        let away = self.open_most().await;
        let told: Vec<String> = away.iter().map(|(region, error)| format!("{region}: {error}")).collect();
        anyhow::ensure!(told.is_empty(), "{}", told.join("; "));
        Ok(())
    }

    /// The same, as far as they are there. Says which are not, and why.
    async fn open_most(&self) -> Vec<(Region, StoreError)> {
        let mut tries = 0;
        loop {
            let reached = self.reach().await.into_iter();
            let away: Vec<_> = reached.filter_map(|(region, it)| Some((region, it.err()?))).collect();
            tries += 1;
            if away.is_empty() || tries == OPEN_TRIES {
                return away;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// How each region's store is.
    pub async fn reach(&self) -> Vec<(Region, Result<(), StoreError>)> {
        match &self.regional {
            Some(regional) => regional.reach().await,
            None => Vec::new(),
        }
    }

    /// Opens every store that is there and makes what each lacks. Says which regions' are not: `serve` brings those up
    /// to date when they come back, so that one that is down holds up no release.
    pub async fn migrate(&self) -> anyhow::Result<Vec<(Region, StoreError)>> {
        let away = self.open_most().await;
        let regions = self.regions.lock().clone();
        for it in regions.iter().chain([&self.main]) {
            it.migrate().await?;
        }
        Ok(away)
    }

    /// Seals anew what is still under the old key; returns how many rows.
    pub async fn reseal(&self) -> anyhow::Result<u64> {
        let regions = self.regions.lock().clone();
        let mut rows = 0;
        for it in regions.iter().chain([&self.main]) {
            rows += it.reseal().await?;
        }
        Ok(rows)
    }
}

/// Opens the store of a region, when it is there.
struct RegionDoor {
    region: Region,
    database: Database,
    access: Access,
    codec: Codec,
    hash: HashKey,
    main: Arc<dyn Depot>,
    opened: Arc<Mutex<Vec<Opened>>>,
}

/// The door of a region in which people live and that no setting names.
struct NoDoor(Region);

#[async_trait]
impl Opens for NoDoor {
    async fn open(&self) -> Result<Arc<dyn Depot>, StoreError> {
        Err(StoreError::Unavailable(format!(
            "people live in {}, and {} is not set",
            self.0,
            self.0.setting()
        )))
    }
}

impl RegionDoor {
    async fn open_now(&self) -> anyhow::Result<Arc<dyn Depot>> {
        let opened = open(&self.database, self.access, self.codec.clone(), Some(&self.hash))
            .await
            .with_context(|| format!("the store of {}, {}", self.region, self.database))?;
        // A disk that is not there, or another address, must not make strangers of people who have paid.
        let is_empty = opened.depot().residents(None, 1).await?.is_empty();
        if is_empty && self.main.regions().await?.contains(&(self.region.clone(), true)) {
            opened.close().await;
            anyhow::bail!(
                "the store of {}, {}, is empty, and people live there: look whether its disk and its address are right, or restore its copy",
                self.region,
                self.database
            );
        }
        self.opened.lock().push(opened.clone());
        Ok(opened.depot())
    }
}

#[async_trait]
impl Opens for RegionDoor {
    async fn open(&self) -> Result<Arc<dyn Depot>, StoreError> {
        self.open_now().await.map_err(|error| StoreError::Unavailable(format!("{error:#}")))
    }
}

/// Counts what the driver asks the servers.
#[cfg(feature = "mongodb")]
fn count(event: answerbot_fleet::mongo::CommandEvent) {
    if let answerbot_fleet::mongo::CommandEvent::Started(it) = event {
        let on = answerbot_fleet::mongo::works_on(&it);
        metrics::counter!("mongodb_commands_total", "command" => it.command_name, "on" => on).increment(1);
    }
}

/// Opens one store; a region's with the hash key of the main one.
async fn open(
    database: &Database,
    access: Access,
    codec: Codec,
    shared: Option<&HashKey>,
) -> anyhow::Result<Opened> {
    match database {
        Database::Sqlite(path) => {
            let (path, shared) = (path.clone(), shared.cloned());
            let open = move || match shared {
                None => SqliteStore::open(&path, access, codec, &OsEntropy),
                Some(hash) => SqliteStore::open_member(&path, access, codec, &hash),
            };
            Ok(Opened::File(Arc::new(tokio::task::spawn_blocking(open).await??)))
        }
        #[cfg(feature = "mongodb")]
        Database::Mongo(uri) => {
            use answerbot_fleet::mongo;
            let config = mongo::MongoConfig {
                uri: uri.clone(),
                app_name: "answerbot".into(),
                commands: Some(mongo::EventHandler::callback(count)),
            };
            let access = match access {
                Access::Serve => mongo::Access::Serve,
                Access::Beside => mongo::Access::Beside,
            };
            let entropy = Arc::new(OsEntropy);
            let store = match shared {
                None => mongo::MongoStore::connect(config, codec, entropy, access).await?,
                Some(hash) => mongo::MongoStore::connect_member(config, codec, entropy, access, hash).await?,
            };
            for warning in store.warnings() {
                tracing::warn!("{warning}");
            }
            Ok(Opened::Mongo(Arc::new(store)))
        }
        #[cfg(not(feature = "mongodb"))]
        Database::Mongo(_) => anyhow::bail!("the driver of MongoDB is not in this build"),
    }
}

impl World {
    /// The main store's file; `None` where it is no file.
    pub fn file(&self) -> Option<&Path> {
        match &self.settings.database {
            Database::Sqlite(path) => Some(path),
            Database::Mongo(_) => None,
        }
    }

    /// Whether there is a store already: one that is no file answers for itself.
    pub fn has_store(&self) -> bool {
        self.file().is_none_or(Path::exists)
    }

    /// Seals and opens; makes a key beside the file for development where none is set.
    pub fn codec(&self) -> anyhow::Result<Codec> {
        let key = match (&self.settings.key, self.file()) {
            (Some(key), _) => key.clone(),
            (None, Some(path)) => development_key(path)?,
            (None, None) => anyhow::bail!("ENCRYPTION_KEY is missing"),
        };
        Ok(Codec::new(&key, self.settings.old_key.as_ref(), Arc::new(OsEntropy)))
    }

    /// Opens the store, with regions the stores.
    pub async fn store(&self, access: Access) -> anyhow::Result<Stores> {
        self.store_that_rings(access, None).await
    }

    /// The same; `queue` is rung for what waited for a region's return.
    pub async fn store_that_rings(
        &self,
        access: Access,
        queue: Option<Arc<dyn Queue>>,
    ) -> anyhow::Result<Stores> {
        let settings = &self.settings;
        let codec = self.codec()?;
        let main = open(&settings.database, access, codec.clone(), None)
            .await
            .with_context(|| format!("the store {}", settings.database))?;
        let (hash, opened) = (main.hash_key(), Arc::<Mutex<Vec<Opened>>>::default());
        // Also where a setting was lost: what comes for people there waits for it.
        let named = main.depot().regions().await?;
        let is_set = |name: &Region| settings.regions.iter().any(|(set, _)| set == name);
        let lost: Vec<Region> = named.into_iter().map(|(name, _)| name).filter(|it| !is_set(it)).collect();
        if settings.regions.is_empty() && lost.is_empty() {
            let all = match &main {
                Opened::File(it) => Arc::clone(it) as _,
                #[cfg(feature = "mongodb")]
                Opened::Mongo(it) => Arc::clone(it) as _,
            };
            return Ok(Stores { all, hash, codec, regional: None, main, regions: opened });
        }
        let door = |(region, database): &(Region, Database)| {
            let door = RegionDoor {
                region: region.clone(),
                database: database.clone(),
                access,
                codec: codec.clone(),
                hash: hash.clone(),
                main: main.depot(),
                opened: Arc::clone(&opened),
            };
            (region.clone(), Door::Later(Arc::new(door)))
        };
        let no_door = |region: Region| (region.clone(), Door::Later(Arc::new(NoDoor(region)) as _));
        let setup = Setup {
            main: main.depot(),
            regions: settings.regions.iter().map(door).chain(lost.into_iter().map(no_door)).collect(),
            hash_key: hash.clone(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            entropy: Arc::new(OsEntropy),
            queue,
        };
        let regional = Arc::new(Regional::new(setup));
        let all = Arc::clone(&regional) as _;
        Ok(Stores { all, hash, codec, regional: Some(regional), main, regions: opened })
    }
}

/// A key for development, made once beside the database. The real platform refuses to start without a set one.
fn development_key(database: &Path) -> anyhow::Result<Key> {
    let folder =
        database.parent().filter(|it| !it.as_os_str().is_empty()).map_or(PathBuf::from("."), Path::to_owned);
    let path = folder.join("development.key");
    match std::fs::read_to_string(&path) {
        Ok(text) => Key::parse(&text).with_context(|| format!("the key file {}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            std::fs::create_dir_all(&folder).with_context(|| format!("the folder {}", folder.display()))?;
            let mut bytes = [0; 32];
            OsEntropy.fill(&mut bytes);
            let key = Key::from_bytes(bytes);
            write_private(&path, &key.to_base64())
                .with_context(|| format!("the key file {}", path.display()))?;
            Ok(key)
        }
        Err(error) => Err(error).with_context(|| format!("the key file {}", path.display())),
    }
}

/// Readable by its owner alone, and on disk before anything is sealed under it.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
