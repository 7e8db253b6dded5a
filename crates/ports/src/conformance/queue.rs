//! What every queue must do. An adapter's tests run [`queue`] or [`shared_queue`] on a fresh one.
//!
//! Each case leaves the queue empty, so one queue serves them all.
#![expect(clippy::unwrap_used, reason = "a test suite")]

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use answerbot_core::contact::event::Numbered;
use answerbot_core::{ContactId, Time};

use super::store::text;
use crate::queue::{Queue, Ring, RingLost};

/// Takers that wait at once in a case.
const TAKERS: usize = 3;

type Next<'a> = Pin<Box<dyn Future<Output = Ring> + Send + 'a>>;

/// Which suite runs.
#[derive(Clone, Copy, PartialEq)]
enum Suite {
    /// In the process: what was done is so when the call returns.
    Own,
    /// On a server: room and depth follow within a moment, and a ring that is sent twice may be one.
    Shared,
}

/// Every case for a queue in the process, one after the other. `holds` is how many rings may wait in it: 3 to 200.
///
/// # Panics
///
/// When a case fails, as the other suites do, and when `holds` is out of bounds.
pub async fn queue(queue: &dyn Queue, holds: usize) {
    every_case(queue, holds, Suite::Own).await;
    the_same_ring_twice_is_two(queue).await;
}

/// The same for a queue that processes share, with nobody else on it. Its server refuses rings past `holds`.
///
/// # Panics
///
/// As [`queue`].
pub async fn shared_queue(queue: &dyn Queue, holds: usize) {
    every_case(queue, holds, Suite::Shared).await;
}

async fn every_case(queue: &dyn Queue, holds: usize, suite: Suite) {
    assert!((TAKERS..=200).contains(&holds), "these cases need a queue of {TAKERS} to 200 rings");
    rings_come_out_in_order_with_their_envelopes(queue, holds, suite).await;
    a_full_queue_refuses_at_once_and_forgets_nothing(queue, holds, suite).await;
    depth_is_true(queue, holds, suite).await;
    next_waits_and_is_woken(queue, suite).await;
    several_takers_get_each_ring_once(queue, holds, suite).await;
    a_taker_that_goes_away_takes_nothing_with_it(queue, suite).await;
}

/// The next ring, served at once.
fn next(queue: &dyn Queue) -> Next<'_> {
    Box::pin(async {
        let rung = queue.next().await;
        rung.receipt.served();
        rung.ring
    })
}

/// A ring of a contact of its own, with no, one or two envelopes. Those of another case are later ones: a queue may
/// know a ring that it had.
fn ring(case: u64, number: usize) -> Ring {
    let contact = ContactId::from_bytes([u8::try_from(number).unwrap(); 16]);
    let envelopes = (0..number % 3)
        .map(|index| Numbered {
            number: case * 10 + u64::try_from(index).unwrap() + 1,
            identity: Some(contact),
            arrived: Time::from_millis(1_795_514_400_000),
            envelope: text("ann", &format!("{number}-{index}"), &format!("line {index} of ring {number}")),
        })
        .collect();
    Ring { aggregate: contact.into(), envelopes }
}

async fn rings_come_out_in_order_with_their_envelopes(queue: &dyn Queue, holds: usize, suite: Suite) {
    for number in 0..holds {
        put(queue, ring(1, number), suite).await;
    }
    for number in 0..holds {
        assert_eq!(next(queue).await, ring(1, number), "the one that came first comes out first, unchanged");
    }
    let [earlier, later] = [ring(2, 2), ring(3, 2)];
    put(queue, earlier.clone(), suite).await;
    put(queue, later.clone(), suite).await;
    let both = [next(queue).await, next(queue).await];
    assert_eq!(both, [earlier, later], "two rings for one contact are two");
}

async fn the_same_ring_twice_is_two(queue: &dyn Queue) {
    let suite = Suite::Own;
    let same = ring(1, 2);
    put(queue, same.clone(), suite).await;
    put(queue, same.clone(), suite).await;
    let both = [next(queue).await, next(queue).await];
    assert_eq!(both, [same.clone(), same]);
}

/// There is room. A server may hear a moment later that a ring was served.
async fn put(queue: &dyn Queue, ring: Ring, suite: Suite) {
    while queue.ring(ring.clone()).await.is_err() {
        assert!(suite == Suite::Shared, "there was room");
        let_others_run().await;
    }
}

/// Nobody takes meanwhile: a ring that waited for room would wait for ever.
async fn a_full_queue_refuses_at_once_and_forgets_nothing(queue: &dyn Queue, holds: usize, suite: Suite) {
    let ring = |number| ring(4, number);
    for number in 0..holds {
        put(queue, ring(number), suite).await;
    }
    for number in holds..holds + 3 {
        assert_eq!(queue.ring(ring(number)).await, Err(RingLost), "it holds {holds} rings");
    }
    assert_eq!(next(queue).await, ring(0));
    put(queue, ring(holds + 3), suite).await;
    assert_eq!(queue.ring(ring(holds + 4)).await, Err(RingLost), "there was room for one");
    for number in (1..holds).chain([holds + 3]) {
        assert_eq!(
            next(queue).await,
            ring(number),
            "what was taken comes out, and what was refused does not"
        );
    }
}

async fn depth_is_true(queue: &dyn Queue, holds: usize, suite: Suite) {
    let ring = |number| ring(5, number);
    depth_is(queue, 0, suite).await;
    for number in 0..holds {
        put(queue, ring(number), suite).await;
        if suite == Suite::Own || number < TAKERS {
            depth_is(queue, number + 1, suite).await;
        }
    }
    assert!(queue.ring(ring(holds)).await.is_err());
    depth_is(queue, holds, suite).await;
    for left in (0..holds).rev() {
        next(queue).await;
        if suite == Suite::Own || left < TAKERS {
            depth_is(queue, left, suite).await;
        }
    }
}

/// A server's is looked up from time to time.
async fn depth_is(queue: &dyn Queue, rings: usize, suite: Suite) {
    while suite == Suite::Shared && queue.depth() != rings {
        let_others_run().await;
    }
    assert_eq!(queue.depth(), rings, "rings that wait");
}

async fn next_waits_and_is_woken(queue: &dyn Queue, suite: Suite) {
    let ring = |number| ring(6, number);
    let mut waits = next(queue);
    let bell = Bell::hung().await;
    assert_eq!(bell.poll(&mut waits), Poll::Pending, "nothing is there to be taken");
    put(queue, ring(1), suite).await;
    bell.rung().await;
    assert_eq!(waits.await, ring(1));
}

async fn several_takers_get_each_ring_once(queue: &dyn Queue, holds: usize, suite: Suite) {
    let ring = |number| ring(7, number);
    let mut takers: Vec<Next> = (0..TAKERS).map(|_| next(queue)).collect();
    for taker in &mut takers {
        assert_eq!(poll_once(taker).await, Poll::Pending, "nothing is there to be taken");
    }
    for number in 0..TAKERS {
        put(queue, ring(number), suite).await;
    }
    let mut taken = all(takers).await;
    for number in TAKERS..TAKERS + holds {
        put(queue, ring(number), suite).await;
    }
    // Several at a time, and more of them than once around.
    while taken.len() < TAKERS + holds {
        let left = TAKERS + holds - taken.len();
        taken.extend(all((0..left.min(TAKERS)).map(|_| next(queue)).collect()).await);
    }
    for number in 0..TAKERS + holds {
        let times = taken.iter().filter(|it| **it == ring(number)).count();
        assert_eq!(times, 1, "ring {number} of {taken:?}");
    }
    depth_is(queue, 0, suite).await;
}

/// The engine drops a taker when it stops; another process, or the next taker, has the ring.
async fn a_taker_that_goes_away_takes_nothing_with_it(queue: &dyn Queue, suite: Suite) {
    let ring = |number| ring(8, number);
    let mut before = next(queue);
    assert_eq!(poll_once(&mut before).await, Poll::Pending);
    drop(before);
    put(queue, ring(1), suite).await;
    assert_eq!(next(queue).await, ring(1), "gone before the ring came");
    let mut woken = next(queue);
    assert_eq!(poll_once(&mut woken).await, Poll::Pending);
    let mut behind = next(queue);
    assert_eq!(poll_once(&mut behind).await, Poll::Pending);
    put(queue, ring(2), suite).await;
    drop(woken);
    assert_eq!(behind.await, ring(2), "gone after it was woken");
    let mut halfway = next(queue);
    assert_eq!(poll_once(&mut halfway).await, Poll::Pending);
    put(queue, ring(3), suite).await;
    let taken = match poll_once(&mut halfway).await {
        Poll::Ready(ring) => ring,
        Poll::Pending => {
            drop(halfway);
            next(queue).await
        }
    };
    assert_eq!(taken, ring(3), "gone with more to do after it was woken");
}

async fn let_others_run() {
    let mut ran = false;
    poll_fn(|context| {
        if std::mem::replace(&mut ran, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls a taker once, as its task would.
async fn poll_once(next: &mut Next<'_>) -> Poll<Ring> {
    poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await
}

/// Runs takers side by side to their end.
async fn all(mut takers: Vec<Next<'_>>) -> Vec<Ring> {
    let mut taken = Vec::with_capacity(takers.len());
    poll_fn(|context| {
        takers.retain_mut(|taker| match taker.as_mut().poll(context) {
            Poll::Ready(ring) => {
                taken.push(ring);
                false
            }
            Poll::Pending => true,
        });
        if takers.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    taken
}

/// Tells whether a taker was woken, which awaiting it would not: that polls once more in any case.
struct Bell {
    was_rung: AtomicBool,
    task: Waker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.was_rung.store(true, Ordering::SeqCst);
        self.task.wake_by_ref();
    }
}

impl Bell {
    /// One that also wakes the task that runs the suite.
    async fn hung() -> Arc<Self> {
        let task = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
        Arc::new(Self { was_rung: AtomicBool::new(false), task })
    }

    fn poll(self: &Arc<Self>, next: &mut Next<'_>) -> Poll<Ring> {
        next.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(self))))
    }

    async fn rung(&self) {
        poll_fn(|_| if self.was_rung.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}
