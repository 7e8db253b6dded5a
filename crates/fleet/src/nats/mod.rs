//! A work queue of rings on NATS JetStream.
//!
//! One stream with work-queue retention, one durable pull consumer. A ring is acknowledged after the commit that it led
//! to; whoever drops it unserved gives it back. Nothing that is in the stream is needed: the store has every envelope,
//! and the sweeper finds whose ring was lost.
//!
//! - [`shape`]: how stream and consumer should be; makes and checks them. [`link`]: whether NATS is there.
//! - [`wire`]: a ring as bytes, its envelopes sealed. [`pull`]: takes rings out. [`receipt`]: gives them back.

mod link;
mod pull;
mod receipt;
mod shape;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use answerbot_ports::codec::Codec;
use answerbot_ports::queue::{Queue, Ring, RingLost, Rung};
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::link::Link;
use self::pull::Taking;
pub use self::shape::{Migrated, check, migrate};
use self::wire::Wire;

/// The stream's name in a deployment.
pub const STREAM: &str = "ANSWERBOT_RINGS";
/// Its subjects are this, a dot, and the kind of aggregate.
const SUBJECTS: &str = "answerbot.rings";
/// How long whoever rings waits for NATS to confirm. A confirmation takes under a millisecond where all is well, so
/// waiting for it costs a webhook nothing and tells the truth about the ring; longer than this, the sweeper is as good.
const CONFIRM: Duration = Duration::from_millis(500);
/// So many rings in a row that nobody confirmed: NATS counts as away, and the next ones cost nothing.
const SILENCES: u32 = 3;
/// How long a start waits for NATS before it goes on without.
const START: Duration = Duration::from_secs(2);
/// How long closing waits for what is under way.
const CLOSE: Duration = Duration::from_secs(3);

/// Where NATS is, and how the stream there should be. It has no `Debug`: the address may carry a password.
#[derive(Clone)]
pub struct NatsSettings {
    /// `nats://user:password@host:4222`; several of one cluster with commas between.
    pub url: String,
    /// Copies of the stream: 1, or 3 in a cluster.
    pub replicas: usize,
    /// The stream; [`STREAM`] but for tests.
    pub stream: String,
    /// What its subjects begin with.
    pub subjects: String,
    /// Most rings in the stream; `None`: as many as its bytes allow.
    pub most_rings: Option<u32>,
    /// How often depth and health are looked up.
    pub refresh: Duration,
}

impl NatsSettings {
    /// Settings of a deployment.
    #[must_use]
    pub fn new(url: impl Into<String>, replicas: usize) -> Self {
        Self {
            url: url.into(),
            replicas: replicas.max(1),
            stream: STREAM.into(),
            subjects: SUBJECTS.into(),
            most_rings: None,
            refresh: Duration::from_secs(5),
        }
    }
}

/// What NATS could not do for us.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// The address is none.
    #[error("NATS_URL is no address of NATS; write nats://host:4222, several with commas between")]
    BadUrl,
    /// Nobody answers.
    #[error("NATS does not answer: {0}")]
    Away(String),
    /// It answered no.
    #[error("NATS did not {what}: {why}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// Its words.
        why: String,
    },
    /// The stream is not as it should be, and could not be made so.
    #[error("the stream in NATS is not as it should be, and NATS cannot change that: {}; delete it (rings alone are lost, the sweeper finds their contacts) and run migrate again", .0.join("; "))]
    Differs(Vec<String>),
}

/// Rings that processes share.
pub struct NatsQueue {
    link: Arc<Link>,
    wire: Wire,
    taking: Arc<Taking>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl NatsQueue {
    /// Connects, and goes on without NATS when it is not there yet: then every ring is lost until it comes. Fails only
    /// on an address that is none.
    pub async fn connect(settings: NatsSettings, codec: Codec) -> Result<Self, NatsError> {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let wire = Wire::new(codec, settings.subjects.clone());
        let link = Arc::new(Link::open(settings).await?);
        let (taking, acknowledge) = Taking::new(Arc::clone(&link), wire.clone(), stop.clone());
        tasks.spawn(Arc::clone(&link).keep(stop.clone()));
        tasks.spawn(acknowledge);
        // A process that is ready should ring at once.
        tokio::time::timeout(START, link.came_up()).await.ok();
        Ok(Self { link, wire, taking: Arc::new(taking), tasks, stop })
    }

    /// Whether NATS is there.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.link.is_up()
    }

    /// Takes no more rings, and gives those back that nobody here has begun, so that another process has them at once.
    /// To be called when the process begins to stop, and again when the engine has stopped: the second call sees the
    /// last acknowledgements off. Rings can still be put in.
    pub async fn close(&self) {
        self.stop.cancel();
        if tokio::time::timeout(CLOSE, self.taking.close()).await.is_err() {
            tracing::warn!("rings could not be given back to NATS in time; they come again elsewhere");
        }
    }
}

impl Drop for NatsQueue {
    fn drop(&mut self) {
        self.stop.cancel();
        self.taking.give_back();
    }
}

#[async_trait]
impl Queue for NatsQueue {
    async fn ring(&self, ring: Ring) -> Result<(), RingLost> {
        if !self.link.is_up() {
            return Err(RingLost);
        }
        let parcel = self.wire.pack(&ring);
        let mut publish = PublishMessage::build().payload(parcel.payload.into());
        if let Some(id) = parcel.id {
            publish = publish.message_id(id);
        }
        let confirmed = async { self.link.context.send_publish(parcel.subject, publish).await?.await };
        match tokio::time::timeout(CONFIRM, confirmed).await {
            Ok(Ok(_)) => {
                self.link.heard();
                return Ok(());
            }
            Ok(Err(error)) => match error.kind() {
                PublishErrorKind::TimedOut => self.link.silent(),
                PublishErrorKind::StreamNotFound | PublishErrorKind::BrokenPipe => {
                    self.link.broken("the stream is not there");
                }
                // It said no: full, or no room on its disk. That was quick, and the next one may be taken.
                _ => tracing::debug!(error = %error, "NATS took no ring"),
            },
            Err(_) => self.link.silent(),
        }
        Err(RingLost)
    }

    async fn next(&self) -> Rung {
        // A process that only rings, such as a web role, must not take rings from those that work.
        if self.taking.begins() {
            self.tasks.spawn(Arc::clone(&self.taking).pull());
        }
        self.taking.next().await
    }

    fn depth(&self) -> usize {
        self.link.pending() + self.taking.buffered()
    }
}
