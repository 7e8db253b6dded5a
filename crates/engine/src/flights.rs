//! Who asks what somebody is asking just now waits for that answer.

use std::collections::HashMap;
use std::sync::Arc;

use answerbot_core::contact::effect::EffectFault;
use answerbot_core::reuse::Key;
use parking_lot::Mutex;
use tokio::sync::watch;

/// What one call brought for all who wait.
#[derive(Clone, Debug)]
pub(crate) struct Landed {
    /// The text and whether it was cut, or why there is none.
    pub said: Result<(Arc<str>, bool), EffectFault>,
    /// The answer is kept under this name.
    pub key: Option<Key>,
}

type Waiters = watch::Receiver<Option<Landed>>;

/// The questions at the providers, by what they ask.
#[derive(Clone, Default)]
pub(crate) struct Flights {
    under_way: Arc<Mutex<HashMap<Key, Waiters>>>,
}

/// What somebody who asks has to do.
pub(crate) enum Seat {
    /// Ask; the others wait.
    Leader(Leader),
    /// Wait.
    Follower(Follower),
}

/// Asks for all. Dropped without an answer, the next one leads.
pub(crate) struct Leader {
    flights: Flights,
    key: Key,
    landing: watch::Sender<Option<Landed>>,
}

/// Waits for the one who asks.
pub(crate) struct Follower(Waiters);

impl Flights {
    /// Takes a seat among those who ask this.
    pub fn board(&self, key: Key) -> Seat {
        let mut under_way = self.under_way.lock();
        if let Some(waiters) = under_way.get(&key) {
            return Seat::Follower(Follower(waiters.clone()));
        }
        let (landing, waiters) = watch::channel(None);
        under_way.insert(key, waiters);
        Seat::Leader(Leader { flights: self.clone(), key, landing })
    }
}

impl Leader {
    /// Tells everybody who waits.
    pub fn land(self, landed: Landed) {
        self.landing.send_replace(Some(landed));
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.flights.under_way.lock().remove(&self.key);
    }
}

impl Follower {
    /// What the leader brought; `None` when it went away without an answer.
    pub async fn landed(mut self) -> Option<Landed> {
        let landed = self.0.wait_for(Option::is_some).await.ok()?;
        landed.clone()
    }
}
