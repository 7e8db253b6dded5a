//! Carries events to `decide` and effects away from it.
//!
//! ```text
//! Intake::accept ──admit──► Store ──ring──► Queue ──► attend: open ─ decide ─ commit ──► perform ──► outcome
//!                                                        ▲                                             │
//!                                                        └─────────────────────────────────────────────┘
//! ```
//!
//! - [`intake`]: what a channel parsed goes into the store; an echo settles the send it confirms.
//! - [`callback`]: what MTN posts is kept and makes a payment ask; it proves nothing.
//! - [`attend`]: one aggregate (a contact, a payment, a paying number) at a time: what waits for it is decided and committed.
//! - [`perform`]: an effect is done once, under a deadline; its outcome goes back to its aggregate.
//! - [`ways`]: a question is answered by a curated answer, a shared one, somebody who asks the same, or a provider;
//!   [`flights`]: who asks what somebody is asking just now waits; [`lead`]: in a fleet one process asks. [`recheck`]: shared answers are tried again.
//! - [`money`]: prices read again, the books sealed, money and grants counted.
//! - [`sweep`]: what dead processes and lost rings left behind is found by looking, on a timer.
//!
//! **Architecture invariant:** no decision is made here, and nothing is performed that was not committed.

mod attend;
mod callback;
mod desks;
mod flights;
mod hints;
mod intake;
mod lead;
mod lease;
mod momo;
mod money;
mod perform;
mod recheck;
mod slots;
mod sweep;
mod ways;

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::pay::price::{PriceBook, Selling};
use answerbot_core::{Channel as ChannelKind, Policy, Time, prompt};
use answerbot_ports::ai::{Ai, Alerts};
use answerbot_ports::answers::Answers;
use answerbot_ports::cache::Cache;
use answerbot_ports::channel::Channel;
use answerbot_ports::keys::HashKey;
use answerbot_ports::payments::Payments;
use answerbot_ports::queue::Queue;
use answerbot_ports::store::Store;
use answerbot_ports::world::{Clock, Entropy};
use parking_lot::RwLock;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use callback::{Callbacks, Hinted};
pub use intake::{Intake, Taken};

/// The world as the engine sees it.
pub struct Ports {
    /// The truth.
    pub store: Arc<dyn Store>,
    /// Distributes rings.
    pub queue: Arc<dyn Queue>,
    /// Warm aggregates.
    pub cache: Arc<dyn Cache>,
    /// The chat platforms.
    pub channels: Vec<Arc<dyn Channel>>,
    /// Answers questions.
    pub ai: Arc<dyn Ai>,
    /// Answers that serve more than one person.
    pub answers: Arc<dyn Answers>,
    /// Calls the owner.
    pub alerts: Arc<dyn Alerts>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Makes pseudonyms.
    pub hash_key: HashKey,
    /// Every figure.
    pub policy: Arc<Policy>,
    /// Mobile money; `None` while paying is not set up.
    pub payments: Option<Arc<dyn Payments>>,
    /// Whether, and for what money, anything is sold.
    pub selling: Selling,
    /// Channel ids of those who may buy; `None` = everybody.
    pub testers: Option<Vec<String>>,
}

/// What is sold, as it was last read.
#[derive(Clone, Debug)]
pub struct Market {
    /// The prices.
    pub prices: PriceBook,
    /// Whether, and for what money.
    pub selling: Selling,
}

/// Figures of one process.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// AI calls at once.
    pub ai_slots: usize,
    /// Sends at once.
    pub send_slots: usize,
    /// How often the sweeper looks.
    pub sweep_interval: Duration,
    /// False pauses the workers: events are taken and stored, none is decided. For measuring.
    pub work: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { ai_slots: 64, send_slots: 64, sweep_interval: Duration::from_secs(5), work: true }
    }
}

/// One process's engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub ports: Ports,
    pub options: Options,
    pub desks: desks::Desks,
    pub slots: slots::Slots,
    pub performing: perform::Performing,
    pub hints: hints::Hints,
    pub wakeups: sweep::Wakeups,
    pub nudges: callback::Allowance,
    pub ways: ways::Ways,
    pub tasks: TaskTracker,
    market: RwLock<Arc<Market>>,
    /// Start nothing new.
    pub stopping: CancellationToken,
    /// Cut what is still at the AI.
    pub cut: CancellationToken,
}

impl Engine {
    /// An engine that is not running yet; [`Intake`] and [`Callbacks`] work already.
    #[must_use]
    pub fn new(ports: Ports, options: Options) -> Self {
        let tasks = TaskTracker::new();
        let stopping = CancellationToken::new();
        let hints = hints::Hints::start(&ports.channels, &tasks, &stopping);
        let shared = Shared {
            ways: ways::Ways::new(prompt::version(&ports.policy)),
            slots: slots::Slots::new(options.ai_slots, options.send_slots),
            market: RwLock::new(Arc::new(Market { prices: PriceBook::built_in(), selling: ports.selling })),
            ports,
            options,
            desks: desks::Desks::default(),
            performing: perform::Performing::default(),
            hints,
            wakeups: sweep::Wakeups::default(),
            nudges: callback::Allowance::default(),
            tasks,
            stopping,
            cut: CancellationToken::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Starts the dispatcher and the sweeper, which first looks for what an earlier process left.
    pub fn start(&self) {
        if !self.shared.options.work {
            return;
        }
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            // An order that waits must not meet the built-in book.
            if money::read_first(&shared).await {
                shared.tasks.spawn(sweep::dispatch(Arc::clone(&shared)));
                shared.tasks.spawn(sweep::lease(Arc::clone(&shared)));
                shared.tasks.spawn(sweep::sweep(Arc::clone(&shared)));
                shared.tasks.spawn(money::keep(Arc::clone(&shared)));
            }
        });
    }

    /// Stops: starts nothing new, awaits sends, lets AI calls run `ai_grace` more and then cuts them, and
    /// releases what was not begun. Returns within about `ai_grace` and seven seconds.
    pub async fn stop(&self, ai_grace: Duration) {
        let shared = &self.shared;
        shared.stopping.cancel();
        shared.tasks.close();
        if tokio::time::timeout(ai_grace, shared.tasks.wait()).await.is_err() {
            shared.cut.cancel();
            let rest = Duration::from_secs(7);
            if tokio::time::timeout(rest, shared.tasks.wait()).await.is_err() {
                tracing::warn!(
                    "stopped with calls under way; their effects stay open and are performed again"
                );
            }
        }
    }

    /// Where tasks are spawned that stopping should wait for.
    #[must_use]
    pub fn tasks(&self) -> TaskTracker {
        self.shared.tasks.clone()
    }

    /// Aggregates being attended, effects being performed.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        (self.shared.desks.busy(), self.shared.performing.count())
    }
}

impl Shared {
    pub fn now(&self) -> Time {
        self.ports.clock.now()
    }

    /// Takes prices over that were read anew.
    pub fn set_prices(&self, prices: PriceBook) {
        let selling = self.ports.selling;
        *self.market.write() = Arc::new(Market { prices, selling });
    }

    /// What is sold now.
    pub fn market(&self) -> Arc<Market> {
        Arc::clone(&self.market.read())
    }

    /// Raises an alarm without making anybody wait for it.
    pub fn alarm(self: &Arc<Self>, what: &'static str, detail: String) {
        let shared = Arc::clone(self);
        self.tasks.spawn(async move { shared.ports.alerts.alarm(what, &detail).await });
    }

    pub fn channel(&self, kind: ChannelKind) -> Option<&Arc<dyn Channel>> {
        self.ports.channels.iter().find(|channel| channel.kind() == kind)
    }
}
