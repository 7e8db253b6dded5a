//! What MTN posts: a hint. It is kept, and makes us ask MTN; nothing in it is believed.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::pay::payment;
use answerbot_core::{EventId, PaymentId};
use answerbot_ports::store::{Callback, KeptCallback, StoreError};
use async_trait::async_trait;
use parking_lot::Mutex;

use crate::{Engine, Shared, intake};

/// Most payments that callbacks make us ask about within any one second. Whoever forges them gains nothing, and
/// what is passed over is asked about when its turn comes.
const NUDGES: usize = 20;

/// What became of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hinted {
    /// MTN is asked about the payment.
    Nudged,
    /// The same had come for this payment before: nothing new to ask about.
    Again,
    /// It names no payment, or none that we know. Kept for a human.
    Unknown,
    /// More came at once than we ask MTN about; the payment is asked about at its next poll.
    PassedOver,
}

/// Takes what MTN posts.
#[async_trait]
pub trait Callbacks: Send + Sync {
    /// Keeps the callback and has its payment ask MTN. `reference` is what its address named, `cut` says that there
    /// was more of the body. On an error nothing may have been kept or asked; polls find out all the same.
    async fn called_back(
        &self,
        reference: Option<PaymentId>,
        body: Vec<u8>,
        cut: bool,
    ) -> Result<Hinted, StoreError>;
}

#[async_trait]
impl Callbacks for Engine {
    async fn called_back(
        &self,
        reference: Option<PaymentId>,
        body: Vec<u8>,
        cut: bool,
    ) -> Result<Hinted, StoreError> {
        let shared = &self.shared;
        let store = &shared.ports.store;
        let digest = shared.ports.hash_key.callback_digest(&body);
        let kept = store.keep_callback(Callback { reference, digest, body, cut }, shared.now()).await?;
        match kept {
            KeptCallback::New => {}
            KeptCallback::Again => return Ok(Hinted::Again),
            // There is no room for it, but what it hints at may be true.
            KeptCallback::Full => metrics::counter!("callbacks_not_kept_total").increment(1),
        }
        let Some(payment) = reference else { return Ok(Hinted::Unknown) };
        // Admitting makes an aggregate of whatever is named: only of what we made ourselves.
        if !store.knows(payment.into()).await? {
            return Ok(Hinted::Unknown);
        }
        if !shared.nudges.take(shared.ports.clock.monotonic()) {
            return Ok(Hinted::PassedOver);
        }
        nudge(shared, payment, &digest).await
    }
}

/// One body nudges once, also when it was not kept.
async fn nudge(shared: &Arc<Shared>, payment: PaymentId, digest: &[u8; 32]) -> Result<Hinted, StoreError> {
    let mut key = format!("{payment}/");
    for byte in digest {
        let _ = write!(key, "{byte:02x}");
    }
    let envelope = Envelope {
        id: EventId::derive("callback", &key),
        to: To::Aggregate(payment.into()),
        event: Event::Payment(payment::Event::Nudge),
        sent: None,
    };
    let taken = intake::admit(shared, vec![envelope]).await?;
    Ok(if taken.new > 0 { Hinted::Nudged } else { Hinted::Again })
}

/// The times of the last [`NUDGES`] nudges, on the monotonic clock.
#[derive(Default)]
pub(crate) struct Allowance(Mutex<VecDeque<Duration>>);

impl Allowance {
    /// Takes one, unless so many were taken within the second before `now`.
    fn take(&self, now: Duration) -> bool {
        let mut taken = self.0.lock();
        if taken.len() >= NUDGES {
            // Of calls that race one may carry the earlier reading: it counts as the same moment.
            let since = taken.front().map_or(Duration::MAX, |first| now.saturating_sub(*first));
            if since < Duration::from_secs(1) {
                return false;
            }
            taken.pop_front();
        }
        taken.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_any_second_so_many_and_no_more() {
        let allowance = Allowance::default();
        let at = |ms| allowance.take(Duration::from_millis(ms));
        assert!((0..15).all(|_| at(5_000)));
        assert!((0..5).all(|_| at(5_900)));
        assert!(!at(5_900) && !at(5_999), "the second is used up");
        assert!(!at(4_000), "an earlier reading is no way around it");
        assert!((0..15).all(|_| at(6_000)), "those of a second ago count no more");
        assert!(!at(6_000) && !at(6_899), "but the later ones do");
        assert!((0..5).all(|_| at(6_900)));
        assert!(!at(6_999));
    }

    #[test]
    fn a_flood_of_a_minute_gets_as_many_as_the_seconds_allow() {
        let allowance = Allowance::default();
        let taken = (0..60_000).filter(|ms| allowance.take(Duration::from_millis(*ms))).count();
        assert_eq!(taken, NUDGES * 60);
    }
}
