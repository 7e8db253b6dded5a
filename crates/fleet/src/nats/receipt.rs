//! What a process has of the queue: rings that it holds until they are served or given back.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use answerbot_core::AggregateId;
use async_nats::jetstream::AckKind;
use async_nats::{Client, Subject};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Most rings that one process holds. A commit takes some milliseconds, so this is thousands a second.
pub(super) const MOST_HELD: usize = 64;
/// Most rings of one contact that are held at once. Its further ones are acknowledged as they come, so that it leaves
/// room for others; one that is held answers for them: it is acknowledged when they are served too.
const MOST_OF_ONE: usize = 8;
/// A ring that was dropped unserved comes again after so long, twice as long the next time, ...
const AGAIN: Duration = Duration::from_secs(5);
/// ... at most this long ...
const AGAIN_MOST: Duration = Duration::from_mins(1);
/// ... and no more after so many times: what nobody could serve is the sweeper's, and must not take room from others.
const MOST_DELIVERIES: i64 = 8;

/// Something to tell NATS about a ring, or a mark behind all that was to be told before.
pub(super) enum Word {
    /// Where it is told, what, and the room that the ring took until then.
    Of(Subject, AckKind, Option<OwnedSemaphorePermit>),
    Mark(oneshot::Sender<()>),
}

/// Rings of one contact.
#[derive(Default)]
struct OfOne {
    held: usize,
    /// Acknowledged and not served yet.
    covered: usize,
    /// Served, and not acknowledged because of those.
    answers: Option<Told>,
    /// One of those was not served: a held one must come again.
    is_left: bool,
}

/// Where a ring is acknowledged, how often it was delivered, and the room that it takes until then.
struct Told {
    at: Subject,
    deliveries: i64,
    permit: Option<OwnedSemaphorePermit>,
}

/// The rings that this process holds.
pub(super) struct Hands {
    pub free: Arc<Semaphore>,
    of: Mutex<HashMap<AggregateId, OfOne>>,
    /// Without a bound, but what is in it is: by `free`, and by what NATS sends.
    words: mpsc::UnboundedSender<Word>,
    leaving: AtomicBool,
}

impl Hands {
    /// With the task that tells NATS; it ends when all hands are gone.
    pub fn new(client: Client) -> (Arc<Self>, impl Future<Output = ()> + Send + 'static) {
        let (words, told) = mpsc::unbounded_channel();
        let hands = Self {
            free: Arc::new(Semaphore::new(MOST_HELD)),
            of: Mutex::new(HashMap::new()),
            words,
            leaving: AtomicBool::new(false),
        };
        (Arc::new(hands), tell(client, told))
    }

    /// Takes a ring into hand. Where enough of this contact's are, it is acknowledged already and takes no room.
    pub fn hold(
        self: &Arc<Self>,
        aggregate: AggregateId,
        told_at: Subject,
        deliveries: i64,
        permit: impl FnOnce() -> Option<OwnedSemaphorePermit>,
    ) -> Held {
        let mut of = self.of.lock();
        let one = of.entry(aggregate).or_default();
        let is_held = one.held < MOST_OF_ONE;
        if is_held {
            one.held += 1;
        } else {
            one.covered += 1;
        }
        drop(of);
        let told = if is_held {
            Some(Told { at: told_at, deliveries, permit: permit() })
        } else {
            self.say(Word::Of(told_at, AckKind::Ack, None));
            None
        };
        Held { hands: Arc::clone(self), aggregate, told, end: End::Unserved }
    }

    /// From now on what is dropped unserved comes again elsewhere at once.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Ends when all that was said before is on its way.
    pub async fn told(&self) {
        let (mark, passed) = oneshot::channel();
        self.say(Word::Mark(mark));
        passed.await.ok();
    }

    pub fn say(&self, word: Word) {
        // Nobody listens only when the runtime ends.
        self.words.send(word).ok();
    }
}

/// A ring in hand.
pub(super) struct Held {
    hands: Arc<Hands>,
    aggregate: AggregateId,
    /// `None` for one that another one answers for. Taken when it is dropped.
    told: Option<Told>,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Served,
    /// Nobody here has looked at it.
    Untouched,
    Unserved,
}

impl Held {
    pub fn served(mut self) {
        self.end = End::Served;
    }

    /// Another process should have it at once.
    pub fn pass_on(mut self) {
        self.end = End::Untouched;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut of = self.hands.of.lock();
        let Some(one) = of.get_mut(&self.aggregate) else { return };
        let mut end = self.end;
        let told = match self.told.take() {
            Some(told) => {
                one.held -= 1;
                if std::mem::take(&mut one.is_left) {
                    end = End::Unserved;
                }
                if end == End::Served && one.covered > 0 && one.answers.is_none() {
                    one.answers = Some(told);
                    None
                } else {
                    Some(told)
                }
            }
            None => {
                one.covered -= 1;
                if end == End::Served {
                    one.answers.take_if(|_| one.covered == 0)
                } else {
                    one.is_left = one.answers.is_none();
                    one.answers.take()
                }
            }
        };
        if one.held == 0 && one.covered == 0 {
            of.remove(&self.aggregate);
        }
        drop(of);
        let Some(Told { at, deliveries, permit }) = told else { return };
        let kind = match end {
            End::Served => AckKind::Ack,
            End::Untouched => AckKind::Nak(None),
            End::Unserved if self.hands.leaving.load(Ordering::Relaxed) => AckKind::Nak(None),
            End::Unserved => again(deliveries),
        };
        self.hands.say(Word::Of(at, kind, permit));
    }
}

/// What becomes of a ring that was delivered so often and not served.
pub(super) fn again(deliveries: i64) -> AckKind {
    if deliveries >= MOST_DELIVERIES {
        metrics::counter!("rings_given_up_total").increment(1);
        return AckKind::Ack;
    }
    let doublings = u32::try_from(deliveries.clamp(1, 16) - 1).unwrap_or(0);
    AckKind::Nak(Some(AGAIN.saturating_mul(1 << doublings).min(AGAIN_MOST)))
}

/// A word that is lost with the connection does no harm: the ring comes again when its time is over, and is looked at.
async fn tell(client: Client, mut words: mpsc::UnboundedReceiver<Word>) {
    while let Some(word) = words.recv().await {
        match word {
            Word::Of(told_at, kind, permit) => {
                if client.publish(told_at, kind.into()).await.is_err() {
                    tracing::debug!("NATS could not be told about a ring");
                }
                drop(permit);
            }
            Word::Mark(passed) => {
                passed.send(()).ok();
            }
        }
    }
}
