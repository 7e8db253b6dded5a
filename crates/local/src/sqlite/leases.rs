//! Leases of one process: which effects somebody is performing.

use std::collections::HashSet;

use answerbot_core::EffectId;

/// Kept by the writer alone, so that leasing and settling have one order.
#[derive(Default)]
pub(super) struct Leases {
    held: HashSet<EffectId>,
    /// Taken by the transaction that is being written; they go if it fails.
    taken: Vec<EffectId>,
    /// Given back by it; they go if it succeeds.
    freed: Vec<EffectId>,
}

impl Leases {
    pub fn is_held(&self, id: EffectId) -> bool {
        self.held.contains(&id)
    }

    /// Holds a lease from now on: a `lease_due` in the same transaction must not see the effect as free.
    pub fn take(&mut self, id: EffectId) {
        self.freed.retain(|it| *it != id);
        if self.held.insert(id) {
            self.taken.push(id);
        }
    }

    /// Frees a lease once the transaction is durable.
    pub fn free(&mut self, id: EffectId) {
        self.freed.push(id);
    }

    pub fn mark(&self) -> (usize, usize) {
        (self.taken.len(), self.freed.len())
    }

    /// Undoes what a unit did that was rolled back.
    pub fn undo_to(&mut self, mark: (usize, usize)) {
        for id in self.taken.drain(mark.0..) {
            self.held.remove(&id);
        }
        self.freed.truncate(mark.1);
    }

    /// The transaction is durable.
    pub fn committed(&mut self) {
        // What was taken again in the same transaction stays taken.
        for id in self.freed.drain(..) {
            if !self.taken.contains(&id) {
                self.held.remove(&id);
            }
        }
        self.taken.clear();
    }
}
