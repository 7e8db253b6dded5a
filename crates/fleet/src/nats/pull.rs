//! Takes rings out of NATS: as many as this process can hold, and only while somebody here waits for one.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use answerbot_ports::queue::{Receipt, Ring, Rung};
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::pull::Batch;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::{Mutex, Notify, OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

use super::link::Link;
use super::receipt::{Hands, Held, Word, again};
use super::wire::Wire;

/// Most rings that are asked for at once.
const BATCH: usize = 32;
/// How long NATS keeps a request for rings. Short: nobody may be here any more when they come.
const EXPIRES: Duration = Duration::from_secs(1);
/// Rings that lay here so long with nobody waiting are given back.
const IDLE: Duration = Duration::from_secs(1);
/// Pause after a request that NATS refused; and how much later than NATS we take a request for over.
const PAUSE: Duration = Duration::from_millis(200);

/// The way from NATS to whoever waits for a ring.
pub(super) struct Taking {
    link: Arc<Link>,
    wire: Wire,
    hands: Arc<Hands>,
    stop: CancellationToken,
    begun: AtomicBool,
    buffer: mpsc::Sender<Waiting>,
    waiting: Mutex<mpsc::Receiver<Waiting>>,
    takers: AtomicUsize,
    taker_came: Notify,
    /// Held by the task that pulls, so that closing can wait for its end.
    pulling: Mutex<()>,
}

/// A ring between NATS and a taker.
struct Waiting {
    ring: Ring,
    held: Held,
}

/// Somebody waits for a ring, however that ends.
struct Taker<'a>(&'a Taking);

impl Drop for Taker<'_> {
    fn drop(&mut self) {
        self.0.takers.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Taking {
    pub fn new(
        link: Arc<Link>,
        wire: Wire,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (hands, acknowledge) = Hands::new(link.context.client());
        let (buffer, waiting) = mpsc::channel(BATCH);
        let taking = Self {
            link,
            wire,
            hands,
            stop,
            begun: AtomicBool::new(false),
            buffer,
            waiting: Mutex::new(waiting),
            takers: AtomicUsize::new(0),
            taker_came: Notify::new(),
            pulling: Mutex::new(()),
        };
        (taking, acknowledge)
    }

    /// True once: then the caller starts [`Taking::pull`].
    pub fn begins(&self) -> bool {
        !self.begun.load(Ordering::Relaxed) && !self.begun.swap(true, Ordering::SeqCst)
    }

    pub async fn next(&self) -> Rung {
        self.takers.fetch_add(1, Ordering::SeqCst);
        let _taker = Taker(self);
        self.taker_came.notify_one();
        let Some(Waiting { ring, held }) = self.waiting.lock().await.recv().await else {
            // Cannot happen while `self` holds a sender.
            return std::future::pending().await;
        };
        let receipt = Receipt::new(move || held.served());
        Rung { ring, receipt }
    }

    /// Rings that lie here.
    pub fn buffered(&self) -> usize {
        self.buffer.max_capacity() - self.buffer.capacity()
    }

    /// Gives back what lies here. Who waits for a ring at this moment has it, and there is nothing to give back.
    pub fn give_back(&self) {
        self.hands.leave();
        self.pass_on();
    }

    fn pass_on(&self) {
        if let Ok(mut waiting) = self.waiting.try_lock() {
            while let Ok(Waiting { held, .. }) = waiting.try_recv() {
                held.pass_on();
            }
        }
    }

    /// Ends when nothing is pulled any more, and what was here is given back.
    pub async fn close(&self) {
        self.hands.leave();
        drop(self.pulling.lock().await);
        self.give_back();
        self.hands.told().await;
        self.link.flush().await;
    }

    /// Pulls until it is stopped.
    pub async fn pull(self: Arc<Self>) {
        let _pulling = self.pulling.lock().await;
        while let Some(permits) = self.room().await {
            let mut connections = self.link.connections();
            let Some(batch) = self.ask(permits.num_permits()).await else {
                tokio::select! {
                    () = self.stop.cancelled() => return,
                    () = tokio::time::sleep(PAUSE) => continue,
                }
            };
            let renewed = async {
                connections.changed().await.ok();
            };
            self.empty(batch, permits, renewed).await;
        }
    }

    /// Waits until a taker is here and a hand is free, and takes as many as a batch may bring. `None` when it is over.
    async fn room(&self) -> Option<OwnedSemaphorePermit> {
        while self.takers.load(Ordering::SeqCst) == 0 {
            tokio::select! {
                () = self.stop.cancelled() => return None,
                () = self.taker_came.notified() => {}
                () = tokio::time::sleep(IDLE), if self.buffered() > 0 => self.pass_on(),
            }
        }
        let free = &self.hands.free;
        let mut permits = tokio::select! {
            () = self.stop.cancelled() => return None,
            permit = Arc::clone(free).acquire_owned() => permit.ok()?,
        };
        let more = u32::try_from(free.available_permits().min(BATCH - 1)).unwrap_or(0);
        if let Ok(more) = Arc::clone(free).try_acquire_many_owned(more) {
            permits.merge(more);
        }
        Some(permits)
    }

    async fn ask(&self, most: usize) -> Option<Batch> {
        let consumer = tokio::select! {
            () = self.stop.cancelled() => return None,
            consumer = self.link.consumer() => consumer?,
        };
        match consumer.batch().max_messages(most).expires(EXPIRES).messages().await {
            Ok(batch) => Some(batch),
            Err(error) => {
                tracing::debug!(error = %error, "rings could not be asked for");
                self.link.doubt();
                None
            }
        }
    }

    /// Takes what a request brings, until it is over. On a new connection it is: NATS has forgotten it.
    async fn empty(
        &self,
        mut batch: Batch,
        mut permits: OwnedSemaphorePermit,
        renewed: impl Future<Output = ()>,
    ) {
        let mut renewed = std::pin::pin!(renewed);
        // A server of release 2.9 may forget to say that a request is over until the next ring comes.
        let mut over = std::pin::pin!(tokio::time::sleep(EXPIRES + PAUSE));
        loop {
            let message = tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                message = batch.next() => message,
                () = &mut renewed => break,
                () = &mut over => break,
            };
            match message {
                Some(Ok(message)) => self.put(message, &mut permits).await,
                Some(Err(error)) => {
                    tracing::debug!(error = %error, "a request for rings was refused");
                    self.link.doubt();
                    tokio::select! {
                        () = self.stop.cancelled() => {}
                        () = tokio::time::sleep(PAUSE) => {}
                    }
                    return;
                }
                None => return,
            }
        }
        if self.stop.is_cancelled() {
            // NATS may still send what was asked for; where nobody hears it, it comes again only after its time.
            let rest = async {
                while let Some(Ok(message)) = batch.next().await {
                    self.put(message, &mut permits).await;
                }
            };
            tokio::time::timeout(EXPIRES + PAUSE, rest).await.ok();
        } else {
            while let Some(Some(Ok(message))) = batch.next().now_or_never() {
                self.put(message, &mut permits).await;
            }
        }
    }

    /// Puts a ring before the takers; when it is over, back into NATS.
    async fn put(&self, message: Message, permits: &mut OwnedSemaphorePermit) {
        let deliveries = match message.info() {
            Ok(info) => {
                self.link.note_pending(info.pending);
                info.delivered
            }
            Err(_) => 1,
        };
        let Some(told_at) = message.reply.clone() else { return };
        let Some(mut ring) = self.wire.unpack(&message.payload) else {
            // Perhaps a newer release, whose workers know what it is.
            tracing::debug!("a ring was not understood");
            return self.hands.say(Word::Of(told_at, again(deliveries), None));
        };
        if deliveries > 1 {
            // Something went wrong with it, and others of its contact may be lost: the store knows them all.
            metrics::counter!("rings_redelivered_total").increment(1);
            ring.envelopes.clear();
        }
        let held = self.hands.hold(ring.aggregate, told_at, deliveries, || permits.split(1));
        match self.place().await {
            Some(place) => place.send(Waiting { ring, held }),
            None => held.pass_on(),
        }
    }

    /// A place in the buffer; `None` when nobody will take what is put there.
    async fn place(&self) -> Option<mpsc::Permit<'_, Waiting>> {
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                place = self.buffer.reserve() => return place.ok(),
                () = tokio::time::sleep(IDLE) => {
                    if self.takers.load(Ordering::SeqCst) == 0 {
                        return None;
                    }
                }
            }
        }
    }
}
