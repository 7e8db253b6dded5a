//! One store of several, and whether it is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use answerbot_core::circuit::Circuit;
use answerbot_ports::regions::{Depot, Region};
use answerbot_ports::store::StoreError;
use answerbot_ports::world::Clock;
use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// So long somebody waits for a store that is being opened for the first time.
const OPENING: Duration = Duration::from_secs(2);
/// A store that did not open is tried again after so long, twice as long the next time, ...
const AGAIN: Duration = Duration::from_millis(250);
/// ... at most this long.
const AGAIN_MOST: Duration = Duration::from_secs(10);

/// Opens a store that may not be there when the process begins.
#[async_trait]
pub trait Opens: Send + Sync {
    /// Opens it.
    async fn open(&self) -> Result<Arc<dyn Depot>, StoreError>;
}

/// How a region's store is reached.
pub enum Door {
    /// It is open.
    Open(Arc<dyn Depot>),
    /// It is opened when it is first asked, beside the work, and tried again until it opens.
    Later(Arc<dyn Opens>),
}

/// How far a door is open.
enum Opening {
    Shut,
    /// For the first time.
    Tried,
    /// It is tried again; until then nobody waits.
    Failed(String),
    Open(Arc<dyn Depot>),
}

pub(super) struct Site {
    pub name: Region,
    door: Door,
    opening: watch::Sender<Opening>,
    tasks: TaskTracker,
    stopping: CancellationToken,
    circuit: Mutex<Circuit>,
    is_away: AtomicBool,
}

impl Site {
    /// `tasks` opens it, until `stopping`.
    pub fn new(name: Region, door: Door, tasks: TaskTracker, stopping: CancellationToken) -> Self {
        Self {
            name,
            door,
            opening: watch::Sender::new(Opening::Shut),
            tasks,
            stopping,
            circuit: Mutex::new(Circuit::default()),
            is_away: AtomicBool::new(false),
        }
    }

    /// Whether it answered when it was asked last.
    pub fn is_up(&self) -> bool {
        !self.is_away.load(Ordering::Relaxed) && !matches!(&*self.opening.borrow(), Opening::Failed(_))
    }

    async fn depot(&self) -> Result<Arc<dyn Depot>, StoreError> {
        let opens = match &self.door {
            Door::Open(depot) => return Ok(Arc::clone(depot)),
            Door::Later(opens) => opens,
        };
        let is_first = self.opening.send_if_modified(|it| {
            let is_shut = matches!(it, Opening::Shut);
            if is_shut {
                *it = Opening::Tried;
            }
            is_shut
        });
        if is_first {
            let (opens, opening) = (Arc::clone(opens), self.opening.clone());
            let open = open(self.name.clone(), opens, opening);
            self.tasks.spawn(self.stopping.clone().run_until_cancelled_owned(open));
        }
        let mut opening = self.opening.subscribe();
        let tried = opening.wait_for(|it| !matches!(it, Opening::Tried));
        match tokio::time::timeout(OPENING, tried).await {
            Ok(Ok(it)) => match &*it {
                Opening::Open(depot) => Ok(Arc::clone(depot)),
                Opening::Failed(why) => Err(StoreError::Later(why.clone())),
                Opening::Shut | Opening::Tried => Err(self.away()),
            },
            _ => Err(self.away()),
        }
    }

    /// Asks the store, unless its breaker is open. The main store has none: without it nothing goes.
    pub async fn call<T, F>(
        &self,
        clock: &dyn Clock,
        work: impl FnOnce(Arc<dyn Depot>) -> F + Send,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        if !self.name.is_main() && !self.circuit.lock().may_call(clock.monotonic()) {
            return Err(self.away());
        }
        let result = match self.depot().await {
            Ok(depot) => work(depot).await,
            Err(error) => Err(error),
        };
        self.note(result.as_ref().err(), clock);
        result
    }

    /// The same, and no longer than so.
    pub async fn call_within<T, F>(
        &self,
        patience: Duration,
        clock: &dyn Clock,
        work: impl FnOnce(Arc<dyn Depot>) -> F + Send,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let name = self.name.clone();
        let late = move || StoreError::Unavailable(format!("the store of {name} took too long"));
        let work = |depot| async move {
            tokio::time::timeout(patience, work(depot)).await.unwrap_or_else(|_| Err(late()))
        };
        self.call(clock, work).await
    }

    /// Tries one whose breaker is open, so that it is used again soon after it is back; true when it is.
    pub async fn probe(&self, patience: Duration, clock: &dyn Clock) -> bool {
        let may = {
            let mut circuit = self.circuit.lock();
            circuit.is_open() && circuit.may_call_anyway(clock.monotonic())
        };
        if !may {
            return false;
        }
        let ping = async { self.depot().await?.ping().await };
        let late = || StoreError::Unavailable("it took too long".into());
        let result = tokio::time::timeout(patience, ping).await.unwrap_or_else(|_| Err(late()));
        self.note(result.as_ref().err(), clock);
        result.is_ok()
    }

    fn away(&self) -> StoreError {
        match &*self.opening.borrow() {
            Opening::Failed(why) => StoreError::Later(why.clone()),
            _ => StoreError::Later(format!("the store of {} is away", self.name)),
        }
    }

    fn note(&self, error: Option<&StoreError>, clock: &dyn Clock) {
        if self.name.is_main() {
            return;
        }
        let is_away = matches!(error, Some(StoreError::Unavailable(_) | StoreError::Later(_)));
        let is_open = {
            let mut circuit = self.circuit.lock();
            circuit.note(!is_away, clock.monotonic());
            circuit.is_open()
        };
        let is_told = self.is_away.swap(is_open, Ordering::Relaxed);
        match (is_told, is_open, error) {
            (false, true, Some(error)) => tracing::error!(
                region = %self.name, error = %error, "a region's store is away; what comes for its people waits in the directory"
            ),
            (true, false, _) => tracing::info!(region = %self.name, "a region's store is back"),
            _ => {}
        }
    }
}

/// Opens a store, however often it takes.
async fn open(region: Region, opens: Arc<dyn Opens>, opening: watch::Sender<Opening>) {
    let (mut pause, mut failed) = (AGAIN, false);
    loop {
        match opens.open().await {
            Ok(depot) => {
                if failed {
                    tracing::info!(region = %region, "a region's store is open");
                }
                opening.send_replace(Opening::Open(depot));
                return;
            }
            Err(error) => {
                if !failed {
                    tracing::error!(
                        region = %region, error = %error, "a region's store cannot be opened; what comes for its people waits in the directory"
                    );
                }
                failed = true;
                opening.send_replace(Opening::Failed(error.to_string()));
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(AGAIN_MOST);
    }
}
