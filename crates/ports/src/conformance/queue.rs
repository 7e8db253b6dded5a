//! What every queue must do. An adapter's tests run [`queue`] on a fresh one.
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

/// Every case, one after the other. `holds` is how many rings may wait in the queue: 3 to 200.
///
/// # Panics
///
/// When a case fails, as the other suites do, and when `holds` is out of bounds.
pub async fn queue(queue: &dyn Queue, holds: usize) {
    assert!((TAKERS..=200).contains(&holds), "these cases need a queue of {TAKERS} to 200 rings");
    rings_come_out_in_order_with_their_envelopes(queue, holds).await;
    a_full_queue_refuses_at_once_and_forgets_nothing(queue, holds).await;
    depth_is_true(queue, holds).await;
    next_waits_and_is_woken(queue).await;
    several_takers_get_each_ring_once(queue, holds).await;
    a_taker_that_goes_away_takes_nothing_with_it(queue).await;
}

/// A ring of a contact of its own, with no, one or two envelopes.
fn ring(number: usize) -> Ring {
    let contact = ContactId::from_bytes([u8::try_from(number).unwrap(); 16]);
    let envelopes = (0..number % 3)
        .map(|index| Numbered {
            number: u64::try_from(index).unwrap() + 1,
            identity: Some(contact),
            arrived: Time::from_millis(1_795_514_400_000),
            envelope: text("ann", &format!("{number}-{index}"), &format!("line {index} of ring {number}")),
        })
        .collect();
    Ring { aggregate: contact.into(), envelopes }
}

async fn rings_come_out_in_order_with_their_envelopes(queue: &dyn Queue, holds: usize) {
    for number in 0..holds {
        queue.ring(ring(number)).await.unwrap();
    }
    for number in 0..holds {
        assert_eq!(queue.next().await, ring(number), "the one that came first comes out first, unchanged");
    }
    let same = ring(2);
    queue.ring(same.clone()).await.unwrap();
    queue.ring(same.clone()).await.unwrap();
    let both = [queue.next().await, queue.next().await];
    assert_eq!(both, [same.clone(), same], "two rings for one contact are two");
}

/// Nobody takes meanwhile: a ring that waited for room would wait for ever.
async fn a_full_queue_refuses_at_once_and_forgets_nothing(queue: &dyn Queue, holds: usize) {
    for number in 0..holds {
        queue.ring(ring(number)).await.unwrap();
    }
    for number in holds..holds + 3 {
        assert_eq!(queue.ring(ring(number)).await, Err(RingLost), "it holds {holds} rings");
    }
    assert_eq!(queue.next().await, ring(0));
    queue.ring(ring(holds + 3)).await.unwrap();
    assert_eq!(queue.ring(ring(holds + 4)).await, Err(RingLost), "there was room for one");
    for number in (1..holds).chain([holds + 3]) {
        assert_eq!(
            queue.next().await,
            ring(number),
            "what was taken comes out, and what was refused does not"
        );
    }
}

async fn depth_is_true(queue: &dyn Queue, holds: usize) {
    assert_eq!(queue.depth(), 0, "the cases before took all that they put in");
    for number in 0..holds {
        queue.ring(ring(number)).await.unwrap();
        assert_eq!(queue.depth(), number + 1);
    }
    assert!(queue.ring(ring(holds)).await.is_err());
    assert_eq!(queue.depth(), holds, "a refused ring does not wait");
    for left in (0..holds).rev() {
        queue.next().await;
        assert_eq!(queue.depth(), left);
    }
}

async fn next_waits_and_is_woken(queue: &dyn Queue) {
    let mut next = queue.next();
    let bell = Bell::hung().await;
    assert_eq!(bell.poll(&mut next), Poll::Pending, "nothing is there to be taken");
    queue.ring(ring(1)).await.unwrap();
    bell.rung().await;
    assert_eq!(next.await, ring(1));
}

async fn several_takers_get_each_ring_once(queue: &dyn Queue, holds: usize) {
    let mut takers: Vec<Next> = (0..TAKERS).map(|_| queue.next()).collect();
    for taker in &mut takers {
        assert_eq!(poll_once(taker).await, Poll::Pending, "nothing is there to be taken");
    }
    for number in 0..TAKERS {
        queue.ring(ring(number)).await.unwrap();
    }
    let mut taken = all(takers).await;
    for number in TAKERS..TAKERS + holds {
        queue.ring(ring(number)).await.unwrap();
    }
    // Several at a time, and more of them than once around.
    while taken.len() < TAKERS + holds {
        let left = TAKERS + holds - taken.len();
        taken.extend(all((0..left.min(TAKERS)).map(|_| queue.next()).collect()).await);
    }
    for number in 0..TAKERS + holds {
        let times = taken.iter().filter(|it| **it == ring(number)).count();
        assert_eq!(times, 1, "ring {number} of {taken:?}");
    }
    assert_eq!(queue.depth(), 0);
}

/// The engine drops a taker when it stops; another process, or the next taker, has the ring.
async fn a_taker_that_goes_away_takes_nothing_with_it(queue: &dyn Queue) {
    let mut before = queue.next();
    assert_eq!(poll_once(&mut before).await, Poll::Pending);
    drop(before);
    queue.ring(ring(1)).await.unwrap();
    assert_eq!(queue.next().await, ring(1), "gone before the ring came");
    let mut woken = queue.next();
    assert_eq!(poll_once(&mut woken).await, Poll::Pending);
    let mut behind = queue.next();
    assert_eq!(poll_once(&mut behind).await, Poll::Pending);
    queue.ring(ring(2)).await.unwrap();
    drop(woken);
    assert_eq!(behind.await, ring(2), "gone after it was woken");
    let mut halfway = queue.next();
    assert_eq!(poll_once(&mut halfway).await, Poll::Pending);
    queue.ring(ring(3)).await.unwrap();
    let taken = match poll_once(&mut halfway).await {
        Poll::Ready(ring) => ring,
        Poll::Pending => {
            drop(halfway);
            queue.next().await
        }
    };
    assert_eq!(taken, ring(3), "gone with more to do after it was woken");
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
