//! Leases of one process: which effects somebody is performing, and which are due for somebody.

use std::collections::HashMap;
use std::time::Duration;

use answerbot_core::contact::effect::Kind;
use answerbot_core::{AggregateId, EffectId, Time};
use answerbot_ports::store::{StoreError, Want};
use rusqlite::{Row, params};
use tokio::time::Instant;

use super::sql;
use super::units::{aggregate_id, id16};
use super::writer::{Tx, fault};

/// Kept by the writer alone, so that leasing and settling have one order.
#[derive(Default)]
pub(super) struct Leases {
    /// Without an end, or until then: those that came with a move end by themselves, because what ends them may go
    /// to the store of before.
    held: HashMap<EffectId, Option<Instant>>,
    /// Taken by the transaction that is being written; they go if it fails.
    taken: Vec<EffectId>,
    /// Given back by it; they go if it succeeds.
    freed: Vec<EffectId>,
}

impl Leases {
    pub fn is_held(&self, id: EffectId) -> bool {
        self.held.get(&id).is_some_and(|until| until.is_none_or(|until| Instant::now() < until))
    }

    /// What is left of a lease; one without an end has `at_least`. One that was given back in the transaction that is
    /// being written is none.
    pub fn left(&self, id: EffectId, at_least: Duration) -> Option<Duration> {
        if self.freed.contains(&id) {
            return None;
        }
        let until = self.held.get(&id)?;
        let left = until.map_or(at_least, |until| until.saturating_duration_since(Instant::now()));
        Some(left).filter(|left| !left.is_zero())
    }

    /// Holds a lease from now on: a `lease_due` in the same transaction must not see the effect as free.
    pub fn take(&mut self, id: EffectId) {
        self.hold(id, None);
    }

    /// Holds one that came from another store.
    pub fn take_over(&mut self, id: EffectId, left: Duration) {
        self.hold(id, Instant::now().checked_add(left));
    }

    fn hold(&mut self, id: EffectId, until: Option<Instant>) {
        self.freed.retain(|it| *it != id);
        if self.held.insert(id, until).is_none() {
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

/// An effect's row, still sealed.
pub(super) struct DueRow {
    pub id: EffectId,
    pub aggregate: AggregateId,
    pub due: Time,
    pub attempt: u32,
    pub paid: bool,
    pub lost: u32,
    pub body: Vec<u8>,
}

/// Leases due effects that nobody holds; runs in the writer, so that no settled one can be seen as open.
pub(super) fn lease_due(tx: &mut Tx<'_>, wanted: &[Want], now: Time) -> Result<Vec<DueRow>, StoreError> {
    let mut leased = Vec::new();
    for Want { kind, most, others: reserved, .. } in wanted {
        let paying = free_rows(tx, *kind, true, now, *most).map_err(fault)?;
        let others = free_rows(tx, *kind, false, now, *most).map_err(fault)?;
        let for_others = others.len().min((*reserved).max(most.saturating_sub(paying.len())));
        let rows = paying.into_iter().take(most - for_others).chain(others.into_iter().take(for_others));
        leased.extend(rows);
    }
    let mut count = tx.conn.prepare_cached(sql::EFFECT_LEASE).map_err(fault)?;
    for row in &leased {
        tx.leases.take(row.id);
        count.execute([row.id.as_bytes()]).map_err(fault)?;
    }
    Ok(leased)
}

fn free_rows(tx: &Tx<'_>, kind: Kind, paid: bool, now: Time, most: usize) -> rusqlite::Result<Vec<DueRow>> {
    let mut due = tx.conn.prepare_cached(sql::EFFECT_DUE)?;
    let mut read = tx.conn.prepare_cached(sql::EFFECT_READ)?;
    // SQLite reads lazily: rows behind the last one taken are not touched, so no limit is needed.
    let ids = due.query_map(params![kind.number(), paid, now.as_millis()], |row| id16(row, 0))?;
    let is_free = |id: &rusqlite::Result<[u8; 16]>| {
        id.as_ref().map_or(true, |id| !tx.leases.is_held(EffectId::from_bytes(*id)))
    };
    ids.filter(is_free).take(most).map(|id| read.query_row([id?], due_row)).collect()
}

fn due_row(row: &Row<'_>) -> rusqlite::Result<DueRow> {
    Ok(DueRow {
        id: EffectId::from_bytes(id16(row, 0)?),
        aggregate: aggregate_id(row, 1)?,
        due: Time::from_millis(row.get(3)?),
        attempt: row.get(4)?,
        paid: row.get(5)?,
        lost: row.get(6)?,
        body: row.get(7)?,
    })
}

/// All earlier leases are void. Returns the effects whose lease was lost, and those that are dead of it.
pub(super) fn void(conn: &rusqlite::Connection) -> rusqlite::Result<(usize, usize)> {
    let dead = conn.execute(
        "UPDATE effect SET status = 1, reason = 'its process died too often' WHERE status = 0 AND lost >= ?1",
        [answerbot_core::retry::LOST_LEASES],
    )?;
    let lost = "SELECT count(*) FROM effect WHERE status = 0 AND lost > 0";
    let open: i64 = conn.query_row(lost, [], |row| row.get(0))?;
    Ok((usize::try_from(open).unwrap_or_default(), dead))
}

/// Gives leases back for effects that were not begun.
pub(super) fn release(tx: &mut Tx<'_>, effects: &[(AggregateId, EffectId)]) -> Result<(), StoreError> {
    let mut release = tx.conn.prepare_cached(sql::EFFECT_RELEASE).map_err(fault)?;
    for (_, id) in effects {
        tx.leases.free(*id);
        release.execute([id.as_bytes()]).map_err(fault)?;
    }
    Ok(())
}
