//! The open effects of an aggregate without their bodies, and the hints by which due ones are found.
//!
//! Effects stand in a map by id, so that one update can add some and take others away. No index reaches into a map:
//! each document also says, for each of twelve queues (a kind, paid or not), the earliest moment at which one of its
//! effects may be leased. A hint may be too early, which costs a look in vain; it is never too late.

use std::collections::BTreeMap;

use answerbot_core::contact::effect::{Effect, Kind};
use answerbot_core::{EffectId, Time};
use answerbot_ports::store::StoreError;
use mongodb::bson::{Document, doc};

use crate::mongo::base::fields::{Fields, binary};
use crate::mongo::base::update::Update;

/// Kinds, each for people who paid and for the others.
pub(in crate::mongo) const QUEUES: usize = Kind::ALL.len() * 2;

/// A queue of a kind.
pub(in crate::mongo) const fn queue(kind: Kind, paid: bool) -> usize {
    kind.number() as usize * 2 + paid as usize
}

/// The field of a queue's hint.
pub(in crate::mongo) fn hint(queue: usize) -> String {
    format!("next.q{queue}")
}

/// The field of an effect's head ...
pub(in crate::mongo) fn head_field(id: EffectId) -> String {
    format!("effects.{id}")
}

/// ... of its sealed action ...
pub(in crate::mongo) fn body_field(id: EffectId) -> String {
    format!("bodies.{id}")
}

/// ... and of its remains.
pub(in crate::mongo) fn dead_field(id: EffectId) -> String {
    format!("dead.{id}")
}

/// Somebody performs an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mongo) struct Lease {
    /// Until then, by the store's time.
    pub end: Time,
    /// The process.
    pub by: [u8; 8],
}

/// An open effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mongo) struct Head {
    pub queue: usize,
    pub due: Time,
    pub attempt: u32,
    /// Leases that were not ended by an outcome.
    pub lost: u32,
    pub lease: Option<Lease>,
}

pub(in crate::mongo) type Heads = BTreeMap<EffectId, Head>;

/// The open effects of an aggregate at one of its versions.
pub(in crate::mongo) struct Known {
    pub version: u64,
    pub heads: Heads,
}

impl Head {
    /// Of a new effect.
    pub fn of(effect: &Effect, lease: Option<Lease>) -> Self {
        Self {
            queue: queue(effect.action.kind(), effect.paid),
            due: effect.due,
            attempt: effect.attempt,
            // Born leased: if its process dies before it is settled, that lease was lost.
            lost: u32::from(lease.is_some()),
            lease,
        }
    }

    /// When it may be leased.
    pub fn at(&self) -> Time {
        self.lease.map_or(self.due, |lease| lease.end)
    }

    /// Whether it may be leased now. `time` is the store's.
    pub fn is_free(&self, now: Time, time: Time) -> bool {
        self.due <= now && self.lease.is_none_or(|lease| lease.end <= time)
    }

    pub fn to_document(self) -> Document {
        let mut head = doc! {
            "q": i32::try_from(self.queue).unwrap_or_default(),
            "due": self.due.as_millis(),
            "attempt": i64::from(self.attempt),
            "lost": i64::from(self.lost),
        };
        if let Some(Lease { end, by }) = self.lease {
            head.insert("end", end.as_millis());
            head.insert("by", binary(&by));
        }
        head
    }

    pub fn read(head: &Document) -> Result<Self, StoreError> {
        let by = head.bytes("by").ok().and_then(|it| it.try_into().ok()).unwrap_or_default();
        Ok(Self {
            queue: usize::try_from(head.long("q")?).unwrap_or(usize::MAX),
            due: head.time("due")?,
            attempt: head.short("attempt")?,
            lost: head.short("lost")?,
            lease: head.maybe_long("end").map(|end| Lease { end: Time::from_millis(end), by }),
        })
    }
}

/// The open effects in a document.
pub(in crate::mongo) fn heads_of(aggregate: &Document) -> Result<Heads, StoreError> {
    let Ok(effects) = aggregate.get_document("effects") else { return Ok(Heads::new()) };
    let odd = || StoreError::Unreadable("an effect has no fitting name".to_owned());
    effects
        .iter()
        .map(|(id, head)| {
            let id = id.parse().map_err(|_| odd())?;
            Ok((id, Head::read(head.as_document().ok_or_else(odd)?)?))
        })
        .collect()
}

/// When the first effect of each queue may be leased.
pub(in crate::mongo) type Hints = [Option<i64>; QUEUES];

/// The hints that fit these effects.
pub(in crate::mongo) fn hints(heads: &Heads) -> Hints {
    let mut hints = [None; QUEUES];
    for head in heads.values() {
        let Some(hint) = hints.get_mut(head.queue) else { continue };
        let at = head.at().as_millis();
        *hint = Some(hint.map_or(at, |first: i64| first.min(at)));
    }
    hints
}

/// The hints in a document.
pub(in crate::mongo) fn hints_of(aggregate: &Document) -> Hints {
    let next = aggregate.get_document("next").ok();
    std::array::from_fn(|queue| next.and_then(|it| it.maybe_long(&format!("q{queue}"))))
}

/// Makes the hints those of `after` where `before` was another one.
pub(in crate::mongo) fn put_hints(update: &mut Update, before: &Hints, after: &Hints) {
    for (queue, (before, after)) in before.iter().zip(after).enumerate() {
        if before != after {
            update.put(hint(queue), *after);
        }
    }
}
