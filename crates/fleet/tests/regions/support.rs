//! Three files: a main store, Juba and Wau. Each can be taken away, and a process can die at any call.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use answerbot_core::contact::event::Numbered;
use answerbot_core::contact::{Region as Chosen, RegionChoice, Stage};
use answerbot_core::{Contact, ContactId, EventId, Time};
use answerbot_fleet::regions::{Door, Regional, Setup};
use answerbot_local::{Access, MemoryQueue, SqliteStore};
use answerbot_ports::codec::Codec;
use answerbot_ports::conformance::detour::{Detour, Obstacle};
use answerbot_ports::conformance::{address, commit, mark, region, text};
use answerbot_ports::keys::Key;
use answerbot_ports::queue::Queue;
use answerbot_ports::regions::{Depot, Directory as _, Mark, Member as _, Place, Region, Who};
use answerbot_ports::store::{Admission, Commit, Committed, ContactFacets, Facets, Store as _, StoreError};
use answerbot_ports::world::Clock as _;
use async_trait::async_trait;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::outside::Real;

pub const JUBA: &str = "juba";
pub const WAU: &str = "wau";

/// What stands before a store.
#[derive(Default)]
pub struct Gate {
    /// It is away.
    pub is_down: AtomicBool,
    /// It takes this long to answer, in milliseconds.
    pub hangs_ms: AtomicI64,
    /// The calls that came, of interest to some.
    pub calls: Mutex<Vec<&'static str>>,
}

/// The process dies at its so many-th call, before it is made or after it.
pub struct Fuse {
    left: AtomicI64,
    after: bool,
}

impl Fuse {
    pub fn new(calls: i64, after: bool) -> Arc<Self> {
        Arc::new(Self { left: AtomicI64::new(calls), after })
    }

    pub fn is_blown(&self) -> bool {
        self.left.load(Ordering::SeqCst) < 0
    }

    fn burn(&self) -> Result<(), StoreError> {
        if self.left.fetch_sub(1, Ordering::SeqCst) > 0 {
            return Ok(());
        }
        self.left.store(-1, Ordering::SeqCst);
        Err(StoreError::Unavailable("the process is dead".into()))
    }
}

/// A process is held up before it makes a call for the first time.
pub struct Halt {
    call: &'static str,
    is_reached: Semaphore,
    goes_on: Semaphore,
    is_over: AtomicBool,
}

impl Halt {
    pub fn before(call: &'static str) -> Arc<Self> {
        Arc::new(Self {
            call,
            is_reached: Semaphore::new(0),
            goes_on: Semaphore::new(0),
            is_over: AtomicBool::new(false),
        })
    }

    pub async fn reached(&self) {
        self.is_reached.acquire().await.unwrap().forget();
    }

    pub fn go_on(&self) {
        self.goes_on.add_permits(1);
    }

    async fn hold(&self, call: &'static str) {
        if call == self.call && !self.is_over.swap(true, Ordering::SeqCst) {
            self.is_reached.add_permits(1);
            self.goes_on.acquire().await.unwrap().forget();
        }
    }
}

#[derive(Clone, Default)]
pub struct Way {
    gate: Arc<Gate>,
    fuse: Option<Arc<Fuse>>,
    halt: Option<Arc<Halt>>,
}

#[async_trait]
impl Obstacle for Way {
    async fn before(&self, call: &'static str) -> Result<(), StoreError> {
        let hangs = self.gate.hangs_ms.load(Ordering::SeqCst);
        if hangs > 0 {
            tokio::time::sleep(Duration::from_millis(u64::try_from(hangs).unwrap())).await;
        }
        if self.gate.is_down.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("scripted".into()));
        }
        match &self.fuse {
            // Its last call is made and its answer is not heard.
            Some(fuse) if fuse.is_blown() || !fuse.after => fuse.burn()?,
            _ => {}
        }
        self.gate.calls.lock().push(call);
        if let Some(halt) = &self.halt {
            halt.hold(call).await;
        }
        Ok(())
    }

    async fn after(&self, _: &'static str) -> Result<(), StoreError> {
        match &self.fuse {
            Some(fuse) if fuse.after => fuse.burn(),
            _ => Ok(()),
        }
    }
}

pub struct World {
    folder: TempDir,
    pub main: Arc<SqliteStore>,
    pub juba: Arc<SqliteStore>,
    pub wau: Arc<SqliteStore>,
    pub gates: [Arc<Gate>; 3],
    pub queue: Arc<MemoryQueue>,
}

pub fn codec() -> Codec {
    Codec::new(&Key::from_bytes([7; 32]), None, Arc::new(Real))
}

fn main_at(folder: &Path) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open(&folder.join("main.db"), Access::Serve, codec(), &Real).unwrap())
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let main = main_at(folder.path());
        let member = |name: &str| {
            let path = folder.path().join(format!("{name}.db"));
            Arc::new(SqliteStore::open_member(&path, Access::Serve, codec(), &main.hash_key()).unwrap())
        };
        let (juba, wau) = (member(JUBA), member(WAU));
        Self { folder, main, juba, wau, gates: Default::default(), queue: Arc::new(MemoryQueue::new(1_000)) }
    }

    /// A process over these stores.
    pub fn regional(&self) -> Arc<Regional> {
        self.regional_on(&Way::default())
    }

    /// A process that is held up.
    pub fn regional_held(&self, halt: &Arc<Halt>) -> Arc<Regional> {
        self.regional_on(&Way { halt: Some(Arc::clone(halt)), ..Way::default() })
    }

    /// A process that dies when the fuse blows.
    pub fn regional_until(&self, fuse: &Arc<Fuse>) -> Arc<Regional> {
        self.regional_on(&Way { fuse: Some(Arc::clone(fuse)), ..Way::default() })
    }

    fn regional_on(&self, way: &Way) -> Arc<Regional> {
        let wrap = |store: &Arc<SqliteStore>, gate: &Arc<Gate>| -> Arc<dyn Depot> {
            let obstacle = Way { gate: Arc::clone(gate), ..way.clone() };
            Arc::new(Detour { inner: Arc::clone(store) as Arc<dyn Depot>, obstacle })
        };
        let [main, juba, wau] = &self.gates;
        Arc::new(Regional::new(Setup {
            main: wrap(&self.main, main),
            regions: vec![
                (region(JUBA), Door::Open(wrap(&self.juba, juba))),
                (region(WAU), Door::Open(wrap(&self.wau, wau))),
            ],
            hash_key: self.main.hash_key(),
            clock: Arc::new(Real),
            entropy: Arc::new(Real),
            queue: Some(Arc::clone(&self.queue) as Arc<dyn Queue>),
        }))
    }

    pub fn store(&self, name: &str) -> &Arc<SqliteStore> {
        match name {
            JUBA => &self.juba,
            WAU => &self.wau,
            _ => &self.main,
        }
    }

    /// The file of a store.
    pub fn raw(&self, name: &str) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join(format!("{name}.db"))).unwrap()
    }

    pub fn take_away(&self, name: &str, is_down: bool) {
        let index = [Region::main().name(), JUBA, WAU].iter().position(|it| *it == name).unwrap();
        self.gates[index].is_down.store(is_down, Ordering::SeqCst);
    }

    pub fn who(&self, user: &str) -> ContactId {
        self.main.hash_key().contact(&address(user))
    }

    pub async fn place(&self, of: ContactId) -> Place {
        self.main.places(&[of]).await.unwrap().remove(0)
    }

    /// A process marks somebody to be moved, by its first try.
    pub async fn marks(&self, of: ContactId, from: &str, to: &str) -> Mark {
        let it = mark(&region(to), 1);
        assert!(self.main.mark(of, &region(from), None, Some(&it)).await.unwrap());
        it
    }

    /// The same up to the copy: whoever they are, they are frozen in both stores.
    pub async fn copies(&self, of: ContactId, from: &str, to: &str) -> Mark {
        let it = self.marks(of, from, to).await;
        let by = it.attempt;
        assert!(self.store(from).freeze(of.into(), by).await.unwrap());
        let luggage = self.store(from).pack(of.into(), by).await.unwrap().unwrap();
        self.store(to).unpack(luggage, by).await.unwrap();
        it
    }

    /// Says of somebody who never wrote that they live in a region.
    pub async fn arrives(&self, of: ContactId, to: &Region) {
        let it = self.marks(of, "main", to.name()).await;
        assert!(self.main.arrive(of, &it, None, now()).await.unwrap());
        assert!(self.main.mark(of, to, Some(&it), None).await.unwrap());
    }

    /// The stores in which somebody lives, and all of what is left of them there is sound.
    pub async fn homes(&self, of: ContactId) -> Vec<&'static str> {
        let mut homes = Vec::new();
        for name in ["main", JUBA, WAU] {
            let residents = self.store(name).residents(None, 100_000).await.unwrap();
            if residents.contains(&of) {
                homes.push(name);
            }
        }
        homes
    }

    /// Makes somebody who lives in a store.
    pub async fn settle(&self, regional: &Regional, user: &str, home: &str) -> ContactId {
        let who = self.who(user);
        let admitted = says(regional, user, &format!("{user}-first"), "hello").await;
        assert!(matches!(admitted, Admission::New { .. }), "{admitted:?}");
        let opened = regional.open(who.into()).await.unwrap();
        write(regional, commit(who.into(), opened.version, 1)).await;
        if home != "main" {
            let tally = regional.move_all(&[who], &Region::main(), &region(home)).await;
            assert_eq!((tally.moved, tally.note.as_str()), (1, ""));
        }
        who
    }

    pub async fn waiting(&self, regional: &Regional, of: ContactId) -> Vec<Numbered> {
        regional.open(of.into()).await.unwrap().waiting
    }
}

/// Somebody says where they live.
pub async fn lives(regional: &Regional, of: ContactId, said: Chosen) {
    let opened = regional.open(of.into()).await.unwrap();
    let state = Contact { stage: Stage::Ready, region: RegionChoice::Chosen(said), ..Contact::default() };
    let facets = ContactFacets { stage: "ready", region: Some(said), ..ContactFacets::default() };
    let it = Commit {
        state: Arc::new(state.into()),
        facets: Some(Facets::Contact(facets)),
        ..commit(of.into(), opened.version, opened.consumed)
    };
    assert_eq!(write(regional, it).await, Committed::Done(opened.version + 1));
}

pub fn order_id(name: &str) -> EventId {
    EventId::derive("order", name)
}

/// An operator's order.
pub async fn order(regional: &Regional, name: &str, who: Who, to: &str) {
    regional.order_move(order_id(name), who, region(to), "operator".into()).await.unwrap();
}

pub async fn says(regional: &Regional, user: &str, mid: &str, words: &str) -> Admission {
    regional.admit(vec![text(user, mid, words)], Real.now()).await.unwrap().remove(0)
}

/// Commits what it consumes by its ids too, as the engine does.
pub async fn write(regional: &Regional, it: Commit) -> Committed {
    let waiting = regional.open(it.aggregate).await.unwrap().waiting;
    let taken = waiting.iter().filter(|waits| waits.number <= it.consumed).map(|it| it.envelope.id).collect();
    regional.commit(Commit { taken, ..it }).await.unwrap()
}

pub fn mid(name: &str) -> EventId {
    EventId::derive("messenger", name)
}

pub fn ids(waiting: &[Numbered]) -> Vec<EventId> {
    waiting.iter().map(|it| it.envelope.id).collect()
}

/// The number that an envelope got; 0 where it is parked.
pub fn number(admission: &Admission) -> u64 {
    match admission {
        Admission::New { numbered, .. } => numbered.number,
        other => panic!("not new: {other:?}"),
    }
}

pub fn now() -> Time {
    Real.now()
}
