//! Whether NATS is there. A dead one costs whoever rings nothing: that is known before they ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::context::{Context, ContextBuilder};
use async_nats::{Event, ServerAddr};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::{CONFIRM, NatsError, NatsSettings, SILENCES, shape};

/// How often it is looked whether NATS is back.
const RETRY: Duration = Duration::from_millis(500);
/// How long a look may take.
const LOOK: Duration = Duration::from_secs(2);
/// After silence NATS is not tried again for so long, or each try would cost a webhook [`CONFIRM`].
const HOLD: Duration = Duration::from_secs(1);
/// Looks in a row without an answer, on a connection that seems to stand: it is made anew.
const SILENT_LOOKS: u32 = 3;
/// Longest pause between two attempts to connect.
const RECONNECT: Duration = Duration::from_secs(1);
/// Rings under way at once; more wait for their turn, within [`CONFIRM`].
const IN_FLIGHT: usize = 1024;

/// The connection and what is known of it.
pub(super) struct Link {
    pub context: Context,
    pulse: Arc<Pulse>,
    settings: NatsSettings,
    consumer: watch::Sender<Option<PullConsumer>>,
    pending: AtomicUsize,
    /// Rings in a row that nobody confirmed.
    silences: AtomicU32,
}

/// What the connection tells.
struct Pulse {
    up: AtomicBool,
    /// What was said last: each change is said once.
    said: Mutex<Option<bool>>,
    came_up: Notify,
    look: Notify,
    hold: AtomicBool,
    /// Connections made so far.
    connections: watch::Sender<u64>,
}

impl Pulse {
    fn tell(&self, event: &Event) {
        match event {
            Event::Connected => {
                self.connections.send_modify(|it| *it += 1);
                self.look.notify_one();
            }
            Event::Disconnected | Event::Closed => {
                self.down("the connection broke");
                self.look.notify_one();
            }
            Event::SlowConsumer(_) => tracing::warn!("NATS sends faster than this process reads"),
            Event::ServerError(error) => tracing::debug!(error = %error, "NATS tells of an error"),
            Event::ClientError(error) => {
                tracing::debug!(error = %error, "the client of NATS tells of an error");
            }
            _ => {}
        }
    }

    fn down(&self, why: &str) {
        let mut said = self.said.lock();
        self.up.store(false, Ordering::Relaxed);
        if said.replace(false) != Some(false) {
            metrics::gauge!("nats_up").set(0.0);
            tracing::warn!(reason = why, "NATS is away: rings are lost, and the sweeper finds who waits");
        }
    }

    fn up(&self) {
        let mut said = self.said.lock();
        self.up.store(true, Ordering::Relaxed);
        if said.replace(true) != Some(true) {
            metrics::gauge!("nats_up").set(1.0);
            tracing::info!("NATS is there");
        }
        drop(said);
        self.came_up.notify_waiters();
    }
}

/// Whether these are addresses of NATS.
pub(super) fn readable(addresses: &[String]) -> Result<(), NatsError> {
    let all = addresses.iter().all(|it| !it.is_empty() && it.parse::<ServerAddr>().is_ok());
    if all { Ok(()) } else { Err(NatsError::BadUrl) }
}

impl Link {
    /// Begins to connect, and never stops trying.
    pub async fn open(settings: NatsSettings) -> Result<Self, NatsError> {
        let pulse = Arc::new(Pulse {
            up: AtomicBool::new(false),
            said: Mutex::new(None),
            came_up: Notify::new(),
            look: Notify::new(),
            hold: AtomicBool::new(false),
            connections: watch::Sender::new(0),
        });
        let (addresses, options) = shape::options(&settings);
        readable(&addresses)?;
        let told = Arc::clone(&pulse);
        let client = options
            .retry_on_initial_connect()
            .max_reconnects(None)
            .reconnect_delay_callback(|attempts| {
                let attempts = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
                Duration::from_millis(50).saturating_mul(attempts).min(RECONNECT)
            })
            .event_callback(move |event| {
                told.tell(&event);
                std::future::ready(())
            })
            .connect(addresses)
            .await
            .map_err(|error| NatsError::Away(error.to_string()))?;
        let context = ContextBuilder::new()
            .timeout(LOOK)
            .ack_timeout(CONFIRM)
            .max_ack_inflight(IN_FLIGHT)
            .build(client);
        Ok(Self {
            context,
            pulse,
            settings,
            consumer: watch::Sender::new(None),
            pending: AtomicUsize::new(0),
            silences: AtomicU32::new(0),
        })
    }

    pub fn is_up(&self) -> bool {
        self.pulse.up.load(Ordering::Relaxed)
    }

    /// Ends when NATS is there.
    pub async fn came_up(&self) {
        let came_up = self.pulse.came_up.notified();
        if !self.is_up() {
            came_up.await;
        }
    }

    /// A ring was confirmed.
    pub fn heard(&self) {
        self.silences.store(0, Ordering::Relaxed);
    }

    /// A ring was not confirmed in time.
    pub fn silent(&self) {
        if self.silences.fetch_add(1, Ordering::Relaxed) + 1 >= SILENCES {
            self.broken("it does not confirm what it is given");
        }
    }

    /// Nothing is given to NATS until it was looked at.
    pub fn broken(&self, why: &str) {
        self.silences.store(0, Ordering::Relaxed);
        self.pulse.hold.store(true, Ordering::Relaxed);
        self.pulse.down(why);
        self.pulse.look.notify_one();
    }

    /// Something was odd: looks soon.
    pub fn doubt(&self) {
        self.pulse.look.notify_one();
    }

    /// Changes whenever a connection was made.
    pub fn connections(&self) -> watch::Receiver<u64> {
        self.pulse.connections.subscribe()
    }

    /// Where rings are pulled from, as soon as that is known.
    pub async fn consumer(&self) -> Option<PullConsumer> {
        let mut consumer = self.consumer.subscribe();
        consumer.wait_for(Option::is_some).await.ok()?.clone()
    }

    /// Rings that no worker has yet, as was last heard.
    pub fn pending(&self) -> usize {
        self.pending.load(Ordering::Relaxed)
    }

    pub fn note_pending(&self, pending: u64) {
        self.pending.store(usize::try_from(pending).unwrap_or(usize::MAX), Ordering::Relaxed);
    }

    /// Sees the last words off.
    pub async fn flush(&self) {
        if self.is_up() && self.context.client().flush().await.is_err() {
            tracing::debug!("the connection to NATS was gone at the end");
        }
    }

    /// Looks at NATS again and again: whether it is there, whether stream and consumer are, and how much waits.
    pub async fn keep(self: Arc<Self>, stop: CancellationToken) {
        // The first connection is on its way.
        tokio::select! {
            () = stop.cancelled() => return,
            () = self.pulse.look.notified() => {}
            () = tokio::time::sleep(HOLD) => {}
        }
        let (mut compared, mut silent, mut missing) = (0, 0, false);
        loop {
            let connection = *self.pulse.connections.borrow();
            match tokio::time::timeout(LOOK, self.look(compared != connection, &mut missing)).await {
                Ok(Ok(())) => {
                    (compared, silent) = (connection, 0);
                    self.pulse.up();
                }
                Ok(Err(error)) => self.pulse.down(&error.to_string()),
                Err(_) => {
                    self.pulse.down("it does not answer");
                    silent += 1;
                }
            }
            if silent >= SILENT_LOOKS {
                silent = 0;
                self.context.client().force_reconnect().await.ok();
            }
            let pause = if self.is_up() { self.settings.refresh } else { RETRY };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.pulse.look.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
            if self.pulse.hold.swap(false, Ordering::Relaxed) {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(HOLD) => {}
                }
            }
        }
    }

    async fn look(&self, compare: bool, missing: &mut bool) -> Result<(), NatsError> {
        if self.context.client().connection_state() != State::Connected {
            return Err(NatsError::Away("there is no connection".into()));
        }
        let consumer = match shape::consumer(&self.context, &self.settings).await? {
            Some(consumer) => {
                *missing = false;
                consumer
            }
            None if !*missing => {
                // Perhaps it is being deleted: a server of release 2.9 then loses the new one's files with the old ones.
                *missing = true;
                return Err(NatsError::Away("the stream of rings is not there".into()));
            }
            None => {
                // `migrate` makes them; a server that lost its disk is no reason to be slow until somebody does.
                *missing = false;
                shape::make_missing(&self.context, &self.settings).await?;
                tracing::warn!(stream = self.settings.stream, "the stream of rings was not there; made it");
                let made = shape::consumer(&self.context, &self.settings).await?;
                made.ok_or_else(|| NatsError::Away("the consumer vanished".into()))?
            }
        };
        if compare {
            for difference in shape::differences(&self.context, &self.settings).await? {
                tracing::warn!(
                    difference,
                    "the stream of rings is not as it should be; run `answerbot migrate`"
                );
            }
        }
        self.note_pending(consumer.cached_info().num_pending);
        self.consumer.send_replace(Some(consumer));
        Ok(())
    }
}
