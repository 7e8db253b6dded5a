//! What the routes need, and where it comes from.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use answerbot_engine::{Callbacks, Intake};
use answerbot_ports::channel::Channel;
use answerbot_ports::limits::Limits;
use answerbot_ports::store::Store;
use answerbot_ports::world::Clock;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::callback::LARGE_BODIES;
use crate::client::countable;
use crate::health::Readiness;
use crate::limiter::ByAddress;
use crate::pages::{Pages, PublicPages};
use crate::secret::Secret;
use crate::seldom::Seldom;
use crate::signature::Oversize;
use crate::webhook::MEMORY_KIB;

/// Gives the metrics in Prometheus' text format.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// Tells an operator something that must not wait; the text holds no message, number or secret. Called from
/// request handlers: must not block.
pub type Alarm = Arc<dyn Fn(&str) + Send + Sync>;

/// What the routes are made of.
pub struct WebParts {
    /// Takes what the webhook parsed.
    pub intake: Arc<dyn Intake>,
    /// The chat platforms, at most one of a kind. All are configured on one app, so its secret signs for all.
    pub channels: Vec<Arc<dyn Channel>>,
    /// Pinged by `/readyz`, and by nothing else.
    pub store: Arc<dyn Store>,
    /// Only its monotonic reading is used, and the wall clock once, to tell this process's request ids apart.
    pub clock: Arc<dyn Clock>,
    /// `VERIFY_TOKEN`; empty refuses every `GET /webhook`.
    pub verify_token: String,
    /// Checks signatures of webhooks beyond 16 MiB while they are thrown away: [`app_secrets`](crate::app_secrets),
    /// or [`unchecked`](crate::unchecked), which answers them all 413.
    pub oversize: Oversize,
    /// Requests slower than this are logged and counted.
    pub slow_request: Duration,
    /// Behind `GET /metrics`.
    pub metrics: RenderMetrics,
    /// Hears what a channel's `Parsed::alarms` say, and webhooks that were too big.
    pub alarm: Alarm,
    /// Cancelled when the process begins to stop: `/readyz` answers 503 from then on, all else goes on.
    pub draining: CancellationToken,
    /// How many proxies stand before us and write `X-Forwarded-For`; 0: nobody's is believed.
    pub proxies: u8,
    /// Allowances of addresses that all processes of a fleet share; `None`: each process counts by itself.
    pub limits: Option<Arc<dyn Limits>>,
    /// Takes what MTN posts; `None` where `MoMo` is not set up: it is answered all the same.
    pub callbacks: Option<Arc<dyn Callbacks>>,
    /// `HashKey::callback_secret`, which stands in the address that MTN is given; empty takes no callback for a
    /// payment.
    pub callback_secret: String,
    /// `MOMO_CALLBACK_IPS`: whose callbacks count; empty: everybody's. Of an IPv6 address its /64 counts.
    pub callback_ips: Vec<IpAddr>,
    /// The words on the public pages.
    pub public: PublicPages,
}

/// What the handlers share; cheap to clone.
#[derive(Clone)]
pub struct WebState(Arc<Shared>);

pub struct Shared {
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) channels: Arc<[Arc<dyn Channel>]>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) verify_token: Secret,
    pub(crate) oversize: Oversize,
    pub(crate) slow_request: Duration,
    pub(crate) metrics: RenderMetrics,
    pub(crate) alarm: Alarm,
    pub(crate) draining: CancellationToken,
    pub(crate) proxies: u8,
    pub(crate) pages: Pages,
    /// How often an address may call the general routes.
    pub(crate) general: ByAddress,
    /// How often an address may post what is not signed, or ask with a wrong verify token.
    pub(crate) unsigned: ByAddress,
    /// Memory for large webhook bodies, in KiB.
    pub(crate) body_memory: Semaphore,
    pub(crate) callbacks: Option<Arc<dyn Callbacks>>,
    pub(crate) callback_secret: Secret,
    pub(crate) callback_ips: Vec<IpAddr>,
    /// How many callbacks at once may be longer than usual.
    pub(crate) callback_bodies: Semaphore,
    pub(crate) readiness: Readiness,
    /// Keeps a store that is down from filling the log.
    pub(crate) store_log: Seldom,
    /// Keeps a flood of forged webhooks from filling the log.
    pub(crate) forged_log: Seldom,
    /// Keeps callbacks that are not stored from filling the log.
    pub(crate) callback_log: Seldom,
}

impl WebState {
    /// Readies the state; renders the public pages.
    #[must_use]
    pub fn new(parts: WebParts) -> Self {
        let clock = parts.clock;
        let log_every = Duration::from_secs(10);
        Self(Arc::new(Shared {
            intake: parts.intake,
            channels: parts.channels.into(),
            store: parts.store,
            verify_token: Secret::new(&parts.verify_token),
            oversize: parts.oversize,
            slow_request: parts.slow_request,
            metrics: parts.metrics,
            alarm: parts.alarm,
            draining: parts.draining,
            proxies: parts.proxies,
            pages: Pages::render(&parts.public),
            general: ByAddress::general(Arc::clone(&clock), parts.limits.clone()),
            unsigned: ByAddress::unsigned(Arc::clone(&clock), parts.limits),
            body_memory: Semaphore::new(MEMORY_KIB as usize),
            callbacks: parts.callbacks,
            callback_secret: Secret::new(&parts.callback_secret),
            callback_ips: parts.callback_ips.into_iter().map(countable).collect(),
            callback_bodies: Semaphore::new(LARGE_BODIES),
            readiness: Readiness::default(),
            store_log: Seldom::new(log_every),
            forged_log: Seldom::new(log_every),
            callback_log: Seldom::new(log_every),
            clock,
        }))
    }
}

impl Deref for WebState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
