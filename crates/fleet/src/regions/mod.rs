//! People live in the store of their region; a directory says where.
//!
//! [`Regional`] is a store like any other, over a main store, which is the directory, and a store for each region. The
//! engine and the commands need not know.
//!
//! - `site`: one store, and whether it is there. `places`: who lives where. `admit`: envelopes go to the store of
//!   their person, or wait in the directory, in order, while that store is away or the person moves.
//! - `store`, `reports`: the ports. `records`: what regions leave for the books of the main store.
//! - `drain`: what was parked goes on. `mover`: one person moves. `copies`: what a move leaves frozen is thawed or buried.
//!   `orders`: who moves, and when. `wishes`: people who said where they live.
//! - [`census`]: what is counted before and after an evacuation. [`drill`]: an evacuation that is measured.
//!
//! **Architecture invariant:** a store that is away concerns its own people only. Whatever asks all stores passes over
//! those that are away.

mod admit;
pub mod census;
mod copies;
mod drain;
pub mod drill;
mod mover;
mod orders;
mod places;
mod records;
mod reports;
mod site;
mod store;
mod wishes;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use answerbot_core::{AggregateId, ContactId, PaymentId};
use answerbot_ports::keys::HashKey;
use answerbot_ports::queue::Queue;
use answerbot_ports::regions::{Depot, Region};
use answerbot_ports::store::StoreError;
use answerbot_ports::world::{Clock, Entropy};
use moka::sync::Cache;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use mover::Tally;
pub use orders::Ordered;
pub use site::{Door, Opens};

use site::Site;

/// How long it is taken for true where somebody lives; a commit that comes too late hears it.
const PLACE_FOR: Duration = Duration::from_secs(5);
/// Places and owners that are remembered.
const REMEMBERED: u64 = 100_000;
/// A call that everybody waits for takes no longer at one store.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a store over several is made of.
pub struct Setup {
    /// The directory, and the store of everybody who does not live in a region.
    pub main: Arc<dyn Depot>,
    /// The regions' stores.
    pub regions: Vec<(Region, Door)>,
    /// The main store's, which all share.
    pub hash_key: HashKey,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Draws the numbers of tries to move somebody.
    pub entropy: Arc<dyn Entropy>,
    /// Rung for what was parked; without one the sweeper finds it.
    pub queue: Option<Arc<dyn Queue>>,
}

/// The store over the main store and the regions.
pub struct Regional {
    main: Arc<dyn Depot>,
    /// The main store first.
    sites: Vec<Site>,
    hash: HashKey,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    queue: Option<Arc<dyn Queue>>,
    places: Cache<ContactId, Region>,
    payers: Cache<PaymentId, ContactId>,
    /// The store that is asked first for due effects.
    turn: AtomicUsize,
    /// Where a look for those who wait goes on: the last one it named, and its site.
    looked: Mutex<Option<(AggregateId, usize)>>,
    copying: tokio::sync::Mutex<()>,
    /// Those for whom something is parked that cannot be read here.
    unreadable: Mutex<BTreeSet<ContactId>>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Regional {
    /// A store over several. Nothing is moved and nothing that is parked goes on before [`Regional::start`].
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let Setup { main, regions, hash_key, clock, entropy, queue } = setup;
        let (tasks, stopping) = (TaskTracker::new(), CancellationToken::new());
        let first = (Region::main(), Door::Open(Arc::clone(&main)));
        let sites = std::iter::once(first).chain(regions.into_iter().filter(|(name, _)| !name.is_main()));
        let sites = sites.map(|(name, door)| Site::new(name, door, tasks.clone(), stopping.clone()));
        Self {
            sites: sites.collect(),
            main,
            hash: hash_key,
            clock,
            entropy,
            queue,
            places: Cache::builder().max_capacity(REMEMBERED).time_to_live(PLACE_FOR).build(),
            payers: Cache::new(REMEMBERED),
            turn: AtomicUsize::new(0),
            looked: Mutex::new(None),
            copying: tokio::sync::Mutex::new(()),
            unreadable: Mutex::default(),
            tasks,
            stopping,
        }
    }

    /// Starts to look after stores that are away, what is parked, and who is to be moved.
    pub fn start(self: &Arc<Self>) {
        let (watch, carry) = (Arc::clone(self), Arc::clone(self));
        self.tasks.spawn(async move { watch.watch().await });
        self.tasks.spawn(async move { carry.carry_out_orders().await });
    }

    /// Ends what [`Regional::start`] began; a move under way is done or taken back first.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Asks each region's store whether it is there, and opens it where it is not open; waits for none longer than any
    /// call does.
    pub async fn reach(&self) -> Vec<(Region, Result<(), StoreError>)> {
        let regions = self.sites.iter().filter(|it| !it.name.is_main());
        futures_util::future::join_all(regions.map(|site| self.reach_one(site))).await
    }

    async fn reach_one(&self, site: &Site) -> (Region, Result<(), StoreError>) {
        let ping = |depot: Arc<dyn Depot>| async move { depot.ping().await };
        (site.name.clone(), site.call_within(PATIENCE, &*self.clock, ping).await)
    }

    /// The names of all stores, the main one first, and whether each is there.
    #[must_use]
    pub fn stores(&self) -> Vec<(Region, bool)> {
        self.sites.iter().map(|it| (it.name.clone(), it.is_up())).collect()
    }

    /// Whether people can be moved there.
    #[must_use]
    pub fn has(&self, region: &Region) -> bool {
        self.site(region).is_some()
    }

    fn site(&self, region: &Region) -> Option<&Site> {
        self.sites.iter().find(|it| it.name == *region)
    }

    /// The store of a region; one that is not configured is away.
    fn site_of(&self, region: &Region) -> Result<&Site, StoreError> {
        self.site(region).ok_or_else(|| {
            StoreError::Unavailable(format!(
                "the region {region} has no store here; set {}",
                region.setting()
            ))
        })
    }
}
