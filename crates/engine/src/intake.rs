//! From the webhook to the store.

use std::time::Duration;

use answerbot_core::contact::event::{Envelope, Event, Outcome, To};
use answerbot_core::{EffectId, EventId};
use answerbot_ports::queue::Ring;
use answerbot_ports::store::{Admission, StoreError};
use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::desks::{Learned, Pile};
use crate::{Engine, Shared, attend};

/// So long an echo waits for the process that sends: an echo that is stored costs two writes more.
const ECHO_PATIENCE: Duration = Duration::from_millis(60);

/// So long all echoes of a request wait together for the commits that settle their sends: a store that is away keeps no
/// webhook waiting until the platform gives up. Then they are stored as well.
const SETTLING: Duration = Duration::from_secs(2);

/// Echoes of one request that are looked at together.
const ECHOES_AT_ONCE: usize = 64;

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
        // All at once: some may have to wait.
        let (told, until) = (echoes.len(), Instant::now() + SETTLING);
        let needed = echoes.into_iter().map(|(effect, message, envelope)| async move {
            let is_needed = needs_admission(shared, &envelope.to, effect, message, until).await?;
            Ok::<_, StoreError>(is_needed.then_some(envelope))
        });
        let needed: Vec<Option<Envelope>> =
            stream::iter(needed).buffered(ECHOES_AT_ONCE).try_collect().await?;
        let needed: Vec<Envelope> = needed.into_iter().flatten().collect();
        taken.passed_over += told - needed.len();
        add(&mut taken, admit(shared, needed).await?);
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
            known @ (Admission::Known | Admission::Waits(_)) => {
                metrics::counter!("events_known_total").increment(1);
                taken.passed_over += 1;
                if let Admission::Waits(aggregate) = known {
                    // Whoever stored it may have died before it rang.
                    ring(shared, Ring { aggregate, envelopes: Vec::new() }).await;
                }
                continue;
            }
        };
        taken.new += 1;
        // Without a number it waits in the directory; whoever brings it to its store rings.
        if numbered.number > 0 {
            ring(shared, Ring { aggregate, envelopes: vec![numbered] }).await;
        }
    }
    Ok(taken)
}

async fn ring(shared: &Shared, ring: Ring) {
    let aggregate = ring.aggregate;
    if shared.ports.queue.ring(ring).await.is_err() {
        metrics::counter!("rings_lost_total").increment(1);
        tracing::warn!(contact.id = %aggregate, "a ring was lost; the sweeper will find the contact");
    }
}

/// An echo of our own send matters only while that send is open.
///
/// One that this process performs is settled by it at once, in the write that the call's own answer would have made,
/// unless that takes too long; one that was settled lately, here or in another process, needs nothing. Only for an
/// unknown one the store is asked.
async fn needs_admission(
    shared: &std::sync::Arc<Shared>,
    of: &To,
    effect: EffectId,
    message: EventId,
    until: Instant,
) -> Result<bool, StoreError> {
    if shared.performing.was_settled(effect) {
        return Ok(false);
    }
    let Some((aggregate, performed)) = shared.performing.get(effect) else {
        if shared.ports.cache.is_settled(effect).await {
            return Ok(false);
        }
        if shared.ports.cache.is_shared() {
            // Who performs it may be about to commit what the call answered.
            tokio::time::sleep(ECHO_PATIENCE).await;
            if shared.ports.cache.is_settled(effect).await {
                return Ok(false);
            }
        }
        return shared.ports.store.is_open(of, effect).await;
    };
    let (durable, settled) = oneshot::channel();
    let learned = Learned {
        effect: performed,
        outcome: Outcome::Sent(message),
        durable: Some(durable),
        panics: 0,
        raised: None,
    };
    attend::feed(shared, aggregate, Pile { learned: vec![learned], ..Pile::default() });
    let is_settled = matches!(tokio::time::timeout_at(until, settled).await, Ok(Ok(())));
    Ok(!is_settled)
}
