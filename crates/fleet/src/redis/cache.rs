//! Warm states that processes have in common.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::{AggregateId, AggregateKind, EffectId, State};
use answerbot_ports::cache::{Cache, Warm};
use answerbot_ports::codec::{Codec, CodecError};
use async_trait::async_trait;
use serde::Serialize;

use super::link::RedisLink;

/// So long a state is remembered, a fifth more or less.
const KEPT: Duration = Duration::from_mins(5);
const SPREAD: f64 = 0.2;

/// So many seconds it is known of an effect that it is settled: an echo of a send comes within some.
const SETTLED: u64 = 120;

/// The states of the whole fleet, sealed.
///
/// It has nothing of its own in the process: another one may have decided meanwhile, and the commit that learns that
/// costs more than asking here.
pub struct RedisCache {
    link: Arc<RedisLink>,
    codec: Codec,
}

impl RedisCache {
    /// Over a connection. States leave the process sealed by `codec` only.
    #[must_use]
    pub const fn new(link: Arc<RedisLink>, codec: Codec) -> Self {
        Self { link, codec }
    }

    fn name(&self, aggregate: AggregateId) -> String {
        self.link.name(aggregate.kind().name(), aggregate.as_bytes())
    }

    fn seal(&self, aggregate: AggregateId, warm: &Warm) -> Option<Vec<u8>> {
        let mut plain = Vec::with_capacity(1_024);
        plain.extend_from_slice(&warm.version.to_be_bytes());
        plain.extend_from_slice(&warm.consumed.to_be_bytes());
        match &*warm.state {
            State::Contact(it) => write(&mut plain, it),
            State::Payment(it) => write(&mut plain, it),
            State::Payer(it) => write(&mut plain, it),
        }
        .ok()?;
        let schema = State::known_schema(aggregate.kind());
        self.codec.seal_bytes(schema, &row(aggregate), &plain).ok()
    }

    fn open(&self, aggregate: AggregateId, blob: &[u8]) -> Result<Warm, CodecError> {
        let known = State::known_schema(aggregate.kind());
        let plain = self.codec.open_bytes(known, &row(aggregate), blob)?;
        let (version, rest) = number(&plain)?;
        let (consumed, json) = number(rest)?;
        let damaged = |_| CodecError::Damaged;
        let state = match aggregate.kind() {
            AggregateKind::Contact => State::Contact(serde_json::from_slice(json).map_err(damaged)?),
            AggregateKind::Payment => State::Payment(serde_json::from_slice(json).map_err(damaged)?),
            AggregateKind::Payer => State::Payer(serde_json::from_slice(json).map_err(damaged)?),
        };
        Ok(Warm { state: Arc::new(state), version, consumed })
    }
}

/// What a blob is bound to.
fn row(aggregate: AggregateId) -> Vec<u8> {
    [b"warm ", aggregate.kind().name().as_bytes(), aggregate.as_bytes()].concat()
}

fn write(plain: &mut Vec<u8>, state: &impl Serialize) -> serde_json::Result<()> {
    serde_json::to_writer(plain, state)
}

fn number(plain: &[u8]) -> Result<(u64, &[u8]), CodecError> {
    let (number, rest) = plain.split_first_chunk().ok_or(CodecError::Damaged)?;
    Ok((u64::from_be_bytes(*number), rest))
}

#[async_trait]
impl Cache for RedisCache {
    async fn recall(&self, aggregate: AggregateId) -> Option<Warm> {
        let blob: Option<Vec<u8>> = self.link.run(redis::cmd("GET").arg(self.name(aggregate))).await.ok()?;
        // Another key's or a newer release's is none: the store has it, and says what is wrong with it.
        self.open(aggregate, &blob?).ok()
    }

    /// What is said last counts. When two processes decide in one moment the older one may come later: the next commit
    /// is stale then, forgets it and reads the store. A guard here would cost more than that, and would hold on to
    /// higher versions after a copy of the store was put back.
    async fn remember(&self, aggregate: AggregateId, warm: Warm) {
        if !self.link.is_up() {
            return;
        }
        let Some(blob) = self.seal(aggregate, &warm) else { return };
        let mut set = redis::cmd("SET");
        set.arg(self.name(aggregate)).arg(blob).arg("PX").arg(self.link.around(KEPT, SPREAD));
        let _ = self.link.run::<()>(&set).await;
    }

    async fn forget(&self, aggregate: AggregateId) {
        let _ = self.link.run::<()>(redis::cmd("DEL").arg(self.name(aggregate))).await;
    }

    fn is_shared(&self) -> bool {
        self.link.is_up()
    }

    async fn note_settled(&self, effects: &[EffectId]) {
        if effects.is_empty() || !self.link.is_up() {
            return;
        }
        let mut notes = redis::pipe();
        for effect in effects {
            notes.set_ex(self.link.name("settled", effect.as_bytes()), "", SETTLED).ignore();
        }
        let _ = self.link.run_all(&notes).await;
    }

    async fn is_settled(&self, effect: EffectId) -> bool {
        let name = self.link.name("settled", effect.as_bytes());
        self.link.run(redis::cmd("EXISTS").arg(name)).await.unwrap_or(false)
    }
}
