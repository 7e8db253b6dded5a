//! A ring as bytes: whom it concerns in plain sight, its envelopes sealed.
//!
//! Layout: one letter for the kind of aggregate, its 16 bytes, then a blob of the codec, or nothing.

use std::borrow::Cow;

use answerbot_core::aggregate::AggregateKind;
use answerbot_core::contact::event::{Envelope, Numbered};
use answerbot_core::{AggregateId, ContactId, Time};
use answerbot_ports::codec::{Codec, CodecError};
use answerbot_ports::queue::Ring;
use serde::{Deserialize, Serialize};

/// Schema of the blob. A newer one is not opened: the worker looks into the store.
const SCHEMA: u32 = 1;
/// Longer blobs stay out: a look into the store is cheaper than carrying them twice.
const MOST_BYTES: usize = 16 * 1024;
const HEAD: usize = 1 + 16;

/// Packs and unpacks rings.
#[derive(Clone)]
pub(super) struct Wire {
    codec: Codec,
    subjects: String,
}

/// A ring, ready to be sent.
pub(super) struct Parcel {
    pub subject: String,
    /// By which NATS knows that it has this ring already: contact and last envelope, so a later ring is another one.
    /// A ring without envelopes asks for a look, and is never the same as another.
    pub id: Option<String>,
    pub payload: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    number: u64,
    arrived: Time,
    identity: Option<ContactId>,
    envelope: Cow<'a, Envelope>,
}

impl<'a> Line<'a> {
    fn of(it: &'a Numbered) -> Self {
        let envelope = Cow::Borrowed(&it.envelope);
        Self { number: it.number, arrived: it.arrived, identity: it.identity, envelope }
    }
}

impl Wire {
    pub fn new(codec: Codec, subjects: String) -> Self {
        Self { codec, subjects }
    }

    pub fn pack(&self, ring: &Ring) -> Parcel {
        let kind = ring.aggregate.kind();
        let mut payload = Vec::with_capacity(HEAD);
        payload.push(letter(kind));
        payload.extend_from_slice(ring.aggregate.as_bytes());
        if let Some(blob) = self.seal(ring, &payload) {
            payload.extend_from_slice(&blob);
        }
        let last = ring.envelopes.iter().map(|it| it.number).max();
        Parcel {
            subject: format!("{}.{}", self.subjects, kind.name()),
            id: last.map(|number| format!("{}-{number}", ring.aggregate).replace(' ', "-")),
            payload,
        }
    }

    fn seal(&self, ring: &Ring, head: &[u8]) -> Option<Vec<u8>> {
        if ring.envelopes.is_empty() {
            return None;
        }
        let lines: Vec<Line> = ring.envelopes.iter().map(Line::of).collect();
        self.codec.seal(SCHEMA, head, &lines).ok().filter(|blob| blob.len() <= MOST_BYTES)
    }

    /// The ring; without envelopes where they cannot be read (another key, a newer release): then the worker looks into
    /// the store. `None` when not even the aggregate is known.
    pub fn unpack(&self, payload: &[u8]) -> Option<Ring> {
        let (head, blob) = payload.split_at_checked(HEAD)?;
        let bytes = <[u8; 16]>::try_from(&head[1..]).ok()?;
        let aggregate = AggregateId::from_parts(kind(head[0])?, bytes);
        let lines = if blob.is_empty() { Ok(Vec::new()) } else { self.open(head, blob) };
        let envelopes = lines.unwrap_or_else(|error| {
            metrics::counter!("rings_unreadable_total").increment(1);
            tracing::debug!(error = %error, "a ring's envelopes cannot be read here; the store has them");
            Vec::new()
        });
        Some(Ring { aggregate, envelopes })
    }

    fn open(&self, head: &[u8], blob: &[u8]) -> Result<Vec<Numbered>, CodecError> {
        let lines: Vec<Line> = self.codec.open(SCHEMA, head, blob)?;
        let numbered = |it: Line| Numbered {
            number: it.number,
            arrived: it.arrived,
            identity: it.identity,
            envelope: it.envelope.into_owned(),
        };
        Ok(lines.into_iter().map(numbered).collect())
    }
}

const fn letter(kind: AggregateKind) -> u8 {
    match kind {
        AggregateKind::Contact => b'c',
        AggregateKind::Payment => b'm',
        AggregateKind::Payer => b'p',
    }
}

const fn kind(letter: u8) -> Option<AggregateKind> {
    match letter {
        b'c' => Some(AggregateKind::Contact),
        b'm' => Some(AggregateKind::Payment),
        b'p' => Some(AggregateKind::Payer),
        _ => None,
    }
}
