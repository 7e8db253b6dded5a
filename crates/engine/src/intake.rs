//! From the webhook to the store.

use answerbot_core::contact::event::{Envelope, Event, Outcome};
use answerbot_core::{EffectId, EventId};
use answerbot_ports::queue::Ring;
use answerbot_ports::store::{Admission, StoreError};
use async_trait::async_trait;
use tokio::sync::oneshot;

use crate::desks::{Learned, Pile};
use crate::{Engine, Shared, attend};

/// What became of a batch of envelopes, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Stored now.
    pub new: usize,
    /// Known before, too old, or without consequence.
    pub passed_over: usize,
}

/// Takes what a channel parsed.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Stores the envelopes and rings for their contacts. When it returns `Ok`, nothing of it can be lost;
    /// on an error the platform must deliver again.
    async fn accept(&self, envelopes: Vec<Envelope>) -> Result<Taken, StoreError>;
}

#[async_trait]
impl Intake for Engine {
    async fn accept(&self, envelopes: Vec<Envelope>) -> Result<Taken, StoreError> {
        let shared = &self.shared;
        let now = shared.now();
        let mut taken = Taken::default();
        let mut fresh = Vec::with_capacity(envelopes.len());
        let mut echoes = Vec::new();
        for envelope in envelopes {
            let too_old =
                envelope.sent.is_some_and(|sent| now.since(sent) > shared.ports.policy.time.too_old_ms);
            if too_old && envelope.event.is_chat() {
                metrics::counter!("events_too_old_total").increment(1);
                taken.passed_over += 1;
            } else if let Event::OwnEcho { effect, message } = envelope.event {
                echoes.push((effect, message, envelope));
            } else {
                fresh.push(envelope);
            }
        }
        // The messages first: an echo may have to wait for a commit.
        add(&mut taken, admit(shared, fresh).await?);
        for (effect, message, envelope) in echoes {
            if needs_admission(shared, effect, message).await? {
                add(&mut taken, admit(shared, vec![envelope]).await?);
            } else {
                taken.passed_over += 1;
            }
        }
        Ok(taken)
    }
}

fn add(taken: &mut Taken, more: Taken) {
    taken.new += more.new;
    taken.passed_over += more.passed_over;
}

/// Stores envelopes and rings for whom they concern.
pub(crate) async fn admit(
    shared: &std::sync::Arc<Shared>,
    envelopes: Vec<Envelope>,
) -> Result<Taken, StoreError> {
    let mut taken = Taken::default();
    if envelopes.is_empty() {
        return Ok(taken);
    }
    let admissions = shared.ports.store.admit(envelopes, shared.now()).await?;
    for admission in admissions {
        let (aggregate, numbered) = match admission {
            Admission::New { aggregate, numbered } => (aggregate, numbered),
            Admission::Full(note) => {
                metrics::counter!("inbox_full_total").increment(1);
                match note {
                    Some(note) => note,
                    None => continue,
                }
            }
            Admission::Known => {
                metrics::counter!("events_known_total").increment(1);
                taken.passed_over += 1;
                continue;
            }
        };
        taken.new += 1;
        let ring = Ring { aggregate, envelopes: vec![numbered] };
        if shared.ports.queue.ring(ring).await.is_err() {
            metrics::counter!("rings_lost_total").increment(1);
            tracing::warn!(contact.id = %aggregate, "a ring was lost; the sweeper will find the contact");
        }
    }
    Ok(taken)
}

/// An echo of our own send matters only while that send is open.
///
/// One that this process performs is settled by it at once, in the write that the call's own answer would
/// have made; one that was settled here lately needs nothing. Only for an unknown one the store is asked.
async fn needs_admission(
    shared: &std::sync::Arc<Shared>,
    effect: EffectId,
    message: EventId,
) -> Result<bool, StoreError> {
    if shared.performing.was_settled(effect) {
        return Ok(false);
    }
    let Some((aggregate, performed)) = shared.performing.get(effect) else {
        return shared.ports.store.is_open(effect).await;
    };
    let (durable, settled) = oneshot::channel();
    let learned =
        Learned { effect: performed, outcome: Outcome::Sent(message), durable: Some(durable), panics: 0 };
    attend::feed(shared, aggregate, Pile { learned: vec![learned], ..Pile::default() });
    settled.await.map_err(|_| StoreError::Unavailable("the echo was not settled".into()))?;
    Ok(false)
}
