//! One desk an aggregate: what came for it, and whether somebody sits there. So one aggregate is decided by one
//! task at a time in this process; between processes the version guards.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use answerbot_core::contact::effect::{Effect, Kind};
use answerbot_core::contact::event::{Numbered, Outcome};
use answerbot_core::{AggregateId, EffectId, Time};
use answerbot_ports::queue::Receipt;
use answerbot_ports::store::Raised;
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// With more desks than this none waits for a store that does not answer, unless an outcome is on it; and looking waits
/// with setting up more. The store has the backlog, memory need not.
pub(crate) const CROWD: usize = 1_000;

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

/// Where somebody sits.
#[derive(Debug, Default)]
struct Desk {
    pile: Pile,
    /// What was there could not be decided, and is tried again after a pause.
    pauses: bool,
}

#[derive(Default)]
pub(crate) struct Desks {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    open: HashMap<AggregateId, Desk>,
    /// Of desks that were left: whoever sits down there next gives these effects back first.
    unheard: BTreeMap<AggregateId, Vec<Unheard>>,
    /// The last of those that was sent somebody.
    sent_to: Option<AggregateId>,
}

impl Desks {
    /// Puts something on a desk. True when nobody sits there: the caller must send somebody.
    pub fn put(&self, aggregate: AggregateId, mut pile: Pile) -> bool {
        let mut inner = self.inner.lock();
        match inner.open.get_mut(&aggregate) {
            Some(desk) => {
                // Given back at once, so that a pause takes no room in the queue from others.
                let unserved = if desk.pauses { std::mem::take(&mut pile.receipts) } else { Vec::new() };
                desk.pile.add(pile);
                drop(inner);
                drop(unserved);
                false
            }
            None => {
                pile.unheard.extend(inner.unheard.remove(&aggregate).unwrap_or_default());
                inner.open.insert(aggregate, Desk { pile, pauses: false });
                true
            }
        }
    }

    /// Puts back, in front, what could not be decided. The store has its envelopes and is looked into, so its rings are
    /// given back: nobody's trouble takes the queue's room from others.
    pub fn put_back(&self, aggregate: AggregateId, mut pile: Pile) {
        let mut inner = self.inner.lock();
        let desk = inner.open.entry(aggregate).or_default();
        pile.add(std::mem::take(&mut desk.pile));
        pile.look = true;
        pile.envelopes = Vec::new();
        let unserved = std::mem::take(&mut pile.receipts);
        *desk = Desk { pile, pauses: true };
        drop(inner);
        drop(unserved);
    }

    /// Takes everything from a desk; an empty desk is left for good.
    pub fn take(&self, aggregate: AggregateId) -> Option<Pile> {
        let mut inner = self.inner.lock();
        let desk = inner.open.get_mut(&aggregate)?;
        desk.pauses = false;
        let pile = std::mem::take(&mut desk.pile);
        if pile.is_empty() {
            inner.open.remove(&aggregate);
            return None;
        }
        Some(pile)
    }

    /// Leaves a desk with whatever is on it; the store has the envelopes. Returns the outcomes that go with it.
    pub fn leave(&self, aggregate: AggregateId) -> Vec<Learned> {
        self.inner.lock().open.remove(&aggregate).map(|desk| desk.pile.learned).unwrap_or_default()
    }

    /// Leaves a desk with whatever is on it, unless an outcome came, which nothing else knows. False when it did.
    pub fn leave_unless_learned(&self, aggregate: AggregateId) -> bool {
        let mut inner = self.inner.lock();
        if inner.open.get(&aggregate).is_some_and(|desk| !desk.pile.learned.is_empty()) {
            return false;
        }
        if let Some(Desk { pile, .. }) = inner.open.remove(&aggregate)
            && !pile.unheard.is_empty()
        {
            inner.unheard.insert(aggregate, pile.unheard);
        }
        true
    }

    /// Some desks that were left although effects are to be given back; others the next time.
    pub fn left(&self, most: usize) -> Vec<AggregateId> {
        if most == 0 {
            return Vec::new();
        }
        let mut inner = self.inner.lock();
        let from = inner.sent_to.map_or(Bound::Unbounded, Bound::Excluded);
        let all: Vec<AggregateId> =
            inner.unheard.range((from, Bound::Unbounded)).take(most).map(|(it, _)| *it).collect();
        inner.sent_to = all.last().filter(|_| all.len() == most).copied();
        all
    }

    pub fn is_open(&self, aggregate: AggregateId) -> bool {
        self.inner.lock().open.contains_key(&aggregate)
    }

    pub fn busy(&self) -> usize {
        self.inner.lock().open.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use answerbot_core::contact::effect::Kind;
    use answerbot_core::{AggregateId, ContactId, EffectId, Time};

    use super::{Desks, Pile, Receipt, Unheard};

    /// A ring's room in the queue, while it is held.
    fn ring(room: &Arc<()>) -> Pile {
        let held = Arc::clone(room);
        Pile { receipts: vec![Receipt::new(move || drop(held))], ..Pile::default() }
    }

    /// An effect of a write whose end nobody heard.
    fn unheard() -> Pile {
        let (id, due) = (EffectId::from_bytes([2; 16]), Time::from_millis(0));
        let it = Unheard { id, kind: Kind::Send, due, is_leased: true };
        Pile { unheard: vec![it], ..Pile::default() }
    }

    #[test]
    fn who_cannot_be_attended_holds_no_room_in_the_queue() {
        let (desks, room) = (Desks::default(), Arc::new(()));
        let held = || Arc::strong_count(&room) - 1;
        let somebody = AggregateId::from(ContactId::from_bytes([1; 16]));
        assert!(desks.put(somebody, ring(&room)));
        let pile = desks.take(somebody).unwrap();
        assert!(!desks.put(somebody, ring(&room)), "it comes while the first is attended");
        assert_eq!(held(), 2);
        desks.put_back(somebody, pile);
        assert_eq!(held(), 0, "neither is served soon");
        assert!(!desks.put(somebody, ring(&room)), "it comes in the pause");
        assert_eq!(held(), 0);
        let pile = desks.take(somebody).unwrap();
        assert!(pile.look, "the store has what rang");
        assert!(!desks.put(somebody, ring(&room)), "it is tried again");
        assert_eq!(held(), 1);
    }

    #[test]
    fn what_was_not_heard_of_is_given_back_by_whoever_sits_down_next() {
        let desks = Desks::default();
        let somebody = AggregateId::from(ContactId::from_bytes([1; 16]));
        desks.put(somebody, unheard());
        let pile = desks.take(somebody).unwrap();
        desks.put_back(somebody, pile);
        assert!(desks.leave_unless_learned(somebody));
        assert_eq!((desks.busy(), desks.left(9)), (0, vec![somebody]), "the sweeper sends somebody");
        assert!(desks.put(somebody, Pile { look: true, ..Pile::default() }));
        assert_eq!(desks.take(somebody).unwrap().unheard.len(), 1);
        assert_eq!(desks.left(9), []);
    }

    #[test]
    fn everybody_who_was_left_is_sent_somebody_in_turn() {
        let desks = Desks::default();
        let all = [1, 2, 3].map(|it| AggregateId::from(ContactId::from_bytes([it; 16])));
        for somebody in all {
            desks.put(somebody, unheard());
            desks.leave_unless_learned(somebody);
        }
        // Their store is still away: they are left again.
        assert_eq!([desks.left(2), desks.left(2), desks.left(2)], [&all[..2], &all[2..], &all[..2]]);
    }
}
