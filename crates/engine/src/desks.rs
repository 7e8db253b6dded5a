//! One desk an aggregate: what came for it, and whether somebody sits there. So one aggregate is decided by one
//! task at a time in this process; between processes the version guards.

use std::collections::HashMap;
use std::sync::Arc;

use answerbot_core::contact::effect::{Effect, Kind};
use answerbot_core::contact::event::{Numbered, Outcome};
use answerbot_core::{AggregateId, EffectId, Time};
use answerbot_ports::queue::Receipt;
use answerbot_ports::store::Raised;
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// How an effect's attempt ended, and who waits for that to be durable.
#[derive(Debug)]
pub(crate) struct Learned {
    pub effect: Arc<Effect>,
    pub outcome: Outcome,
    pub durable: Option<oneshot::Sender<()>>,
    /// How often deciding it panicked.
    pub panics: u32,
    /// What its lease did to the version.
    pub raised: Option<Raised>,
}

/// An effect of a write whose end nobody heard.
#[derive(Debug)]
pub(crate) struct Unheard {
    pub id: EffectId,
    pub kind: Kind,
    pub due: Time,
    /// Where the write was done it is leased to this process, which does not perform it.
    pub is_leased: bool,
}

/// What came for an aggregate since it was last attended.
#[derive(Debug, Default)]
pub(crate) struct Pile {
    /// Envelopes as they were admitted here; the store has them too.
    pub envelopes: Vec<Numbered>,
    pub learned: Vec<Learned>,
    /// They are given back, and looked for, before anything else is written.
    pub unheard: Vec<Unheard>,
    /// Of the rings that brought somebody here.
    pub receipts: Vec<Receipt>,
    /// Look into the store, whatever is known here.
    pub look: bool,
    /// Decide even when nothing came: texts are past their time.
    pub tidy: bool,
}

impl Pile {
    pub fn is_empty(&self) -> bool {
        let has_nothing = self.envelopes.is_empty() && self.learned.is_empty() && self.unheard.is_empty();
        has_nothing && self.receipts.is_empty() && !self.look && !self.tidy
    }

    pub fn add(&mut self, other: Self) {
        self.envelopes.extend(other.envelopes);
        self.learned.extend(other.learned);
        self.unheard.extend(other.unheard);
        self.receipts.extend(other.receipts);
        self.look |= other.look;
        self.tidy |= other.tidy;
    }
}

#[derive(Default)]
pub(crate) struct Desks {
    open: Mutex<HashMap<AggregateId, Pile>>,
}

impl Desks {
    /// Puts something on a desk. True when nobody sits there: the caller must send somebody.
    pub fn put(&self, aggregate: AggregateId, pile: Pile) -> bool {
        let mut open = self.open.lock();
        match open.get_mut(&aggregate) {
            Some(desk) => {
                desk.add(pile);
                false
            }
            None => {
                open.insert(aggregate, pile);
                true
            }
        }
    }

    /// Puts back, in front, what could not be decided.
    pub fn put_back(&self, aggregate: AggregateId, mut pile: Pile) {
        let mut open = self.open.lock();
        let later = std::mem::take(open.entry(aggregate).or_default());
        pile.add(later);
        open.insert(aggregate, pile);
    }

    /// Takes everything from a desk; an empty desk is left for good.
    pub fn take(&self, aggregate: AggregateId) -> Option<Pile> {
        let mut open = self.open.lock();
        let pile = std::mem::take(open.get_mut(&aggregate)?);
        if pile.is_empty() {
            open.remove(&aggregate);
            return None;
        }
        Some(pile)
    }

    /// Leaves a desk with whatever is on it; the store has the envelopes.
    pub fn leave(&self, aggregate: AggregateId) {
        self.open.lock().remove(&aggregate);
    }

    pub fn is_open(&self, aggregate: AggregateId) -> bool {
        self.open.lock().contains_key(&aggregate)
    }

    pub fn busy(&self) -> usize {
        self.open.lock().len()
    }
}
