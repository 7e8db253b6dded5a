//! What one write does. Each runs inside a savepoint of the writer: all of it, or nothing.

use answerbot_core::contact::effect::{Effect, Kind};
use answerbot_core::contact::event::{Envelope, Event, Numbered};
use answerbot_core::pay::ledger::Entry;
use answerbot_core::pay::payment;
use answerbot_core::{AggregateId, AggregateKind, ContactId, EffectId, EventId, PayerId, PaymentId, Time};
use answerbot_ports::codec::Codec;
use answerbot_ports::store::{
    Admission, Committed, FAILURES, Facets, INBOX_BYTES, INBOX_ENVELOPES, StoreError,
};
use rusqlite::{OptionalExtension as _, Row, params};

use super::answers::{self, SealedFact};
use super::sql;
use super::writer::{Tx, fault};

/// Schema number of envelopes and effects.
pub(super) const BODY_SCHEMA: u32 = 1;

/// An envelope ready to be stored.
pub(super) struct Sealed {
    pub envelope: Envelope,
    pub aggregate: AggregateId,
    pub identity: Option<ContactId>,
    pub body: Vec<u8>,
}

/// A commit ready to be stored.
pub(super) struct SealedCommit {
    pub aggregate: AggregateId,
    pub version: u64,
    pub consumed: u64,
    pub schema: u32,
    pub known_schema: u32,
    pub state: Vec<u8>,
    pub facets: Option<(Facets, Option<PayerId>)>,
    pub entries: Vec<Entry>,
    pub grants: Vec<PaymentId>,
    pub open: Vec<(SealedEffect, bool)>,
    pub settled: Vec<EffectId>,
    pub dead: Vec<(SealedEffect, String)>,
    pub erase: bool,
    pub facts: Vec<SealedFact>,
}

pub(super) struct SealedEffect {
    pub id: EffectId,
    pub kind: Kind,
    pub paid: bool,
    pub due: Time,
    pub attempt: u32,
    pub body: Vec<u8>,
}

pub(super) const fn kind_number(kind: Kind) -> i64 {
    match kind {
        Kind::Ask => 0,
        Kind::Send => 1,
        Kind::Timer => 2,
        Kind::Alert => 3,
        Kind::Tell => 4,
        Kind::Momo => 5,
    }
}

pub(super) const fn aggregate_number(kind: AggregateKind) -> i64 {
    match kind {
        AggregateKind::Contact => 0,
        AggregateKind::Payment => 1,
        AggregateKind::Payer => 2,
    }
}

/// An aggregate's id from its kind and bytes, which stand side by side.
pub(super) fn aggregate_id(row: &Row<'_>, index: usize) -> rusqlite::Result<AggregateId> {
    let kind = match row.get::<_, i64>(index)? {
        0 => AggregateKind::Contact,
        1 => AggregateKind::Payment,
        2 => AggregateKind::Payer,
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(index, other)),
    };
    Ok(AggregateId::from_parts(kind, id16(row, index + 1)?))
}

pub(super) fn id16(row: &Row<'_>, index: usize) -> rusqlite::Result<[u8; 16]> {
    row.get(index)
}

/// Stores one envelope, numbered within its contact.
pub(super) fn admit(
    tx: &mut Tx<'_>,
    sealed: Sealed,
    now: Time,
    codec: &Codec,
) -> Result<Admission, StoreError> {
    let id = sealed.envelope.id;
    let conn = tx.conn;
    let run = || -> rusqlite::Result<Result<(AggregateId, u64), Admission>> {
        if conn.prepare_cached(sql::SEE)?.execute(params![id.as_bytes(), now.as_millis()])? == 0 {
            return Ok(Err(Admission::Known));
        }
        // What one aggregate tells another is for that one itself, also where its addresses belong to somebody else.
        let aggregate = match sealed.identity {
            Some(_) => owner(conn, sealed.aggregate)?,
            None => sealed.aggregate,
        };
        let head = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, u64>(1)?));
        let known = conn.prepare_cached(sql::HEAD)?.query_row([aggregate.as_bytes()], head).optional()?;
        let (no, consumed) = match known {
            Some(head) => head,
            None => {
                let new = params![aggregate.as_bytes(), aggregate_number(aggregate.kind()), now.as_millis()];
                (conn.prepare_cached(sql::NEW)?.query_row(new, |row| row.get(0))?, 0)
            }
        };
        let last: Option<u64> = conn.prepare_cached(sql::INBOX_LAST)?.query_row([no], |row| row.get(0))?;
        let number = last.unwrap_or(0).max(consumed) + 1;
        let waiting = number - 1 - consumed;
        let bytes: u64 = match waiting {
            0 => 0,
            _ => conn.prepare_cached(sql::INBOX_BYTES)?.query_row([no], |row| row.get(0))?,
        };
        // What another aggregate or an operator tells is told once and never again: only what comes from outside is
        // bounded, and so is a hint.
        let is_hint = matches!(&sealed.envelope.event, Event::Payment(payment::Event::Nudge));
        let is_bounded = sealed.identity.is_some() || is_hint;
        let is_full = waiting >= INBOX_ENVELOPES || bytes + sealed.body.len() as u64 > INBOX_BYTES;
        if is_bounded && is_full {
            // The first that does not fit leaves a note in its place; the next ones find it there.
            return Ok(Err(overflow(tx, &sealed, aggregate, no, number, now, codec)?));
        }
        let row = params![no, number, id.as_bytes(), now.as_millis(), sealed.body];
        conn.prepare_cached(sql::INBOX_PUSH)?.execute(row)?;
        Ok(Ok((aggregate, number)))
    };
    Ok(match run().map_err(fault)? {
        Err(admission) => admission,
        Ok((aggregate, number)) => Admission::New {
            aggregate,
            numbered: Numbered { number, arrived: now, identity: sealed.identity, envelope: sealed.envelope },
        },
    })
}

/// Who has this address now: another contact, where one claimed it.
fn owner(conn: &rusqlite::Connection, aggregate: AggregateId) -> rusqlite::Result<AggregateId> {
    let Some(contact) = aggregate.contact() else { return Ok(aggregate) };
    let alias = answerbot_ports::store::alias_key(contact);
    let owner = conn.prepare_cached(sql::ALIAS)?.query_row([alias], |row| id16(row, 0)).optional()?;
    Ok(owner.map_or(contact, ContactId::from_bytes).into())
}

fn overflow(
    tx: &Tx<'_>,
    sealed: &Sealed,
    aggregate: AggregateId,
    no: i64,
    number: u64,
    now: Time,
    codec: &Codec,
) -> rusqlite::Result<Admission> {
    let last = EventId::derive("overflow", &format!("{aggregate}/{}", number - 1));
    let is_noted = "SELECT 1 FROM inbox WHERE aggregate = ?1 AND number = ?2 AND id = ?3";
    let noted: Option<i64> = tx
        .conn
        .prepare_cached(is_noted)?
        .query_row(params![no, number - 1, last.as_bytes()], |row| row.get(0))
        .optional()?;
    if noted.is_some() {
        return Ok(Admission::Full(None));
    }
    let note = Envelope {
        id: EventId::derive("overflow", &format!("{aggregate}/{number}")),
        to: sealed.envelope.to.clone(),
        event: Event::Overflow,
        sent: None,
    };
    let body = codec.seal(BODY_SCHEMA, note.id.as_bytes(), &note);
    let body = body.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let row = params![no, number, note.id.as_bytes(), now.as_millis(), body];
    tx.conn.prepare_cached(sql::INBOX_PUSH)?.execute(row)?;
    let numbered = Numbered { number, arrived: now, identity: sealed.identity, envelope: note };
    Ok(Admission::Full(Some((aggregate, numbered))))
}

/// Writes one decision, guarded by the version.
pub(super) fn commit(tx: &mut Tx<'_>, it: &SealedCommit) -> Result<Committed, StoreError> {
    let conn = tx.conn;
    let guard =
        params![it.aggregate.as_bytes(), it.version, it.consumed, it.schema, it.state, it.known_schema];
    let no: Option<i64> = conn
        .prepare_cached(sql::COMMIT)
        .and_then(|mut commit| commit.query_row(guard, |row| row.get(0)).optional())
        .map_err(fault)?;
    let Some(no) = no else { return Ok(Committed::Stale) };
    let write = || -> rusqlite::Result<()> {
        if let Some((facets, payer)) = &it.facets {
            put_facets(conn, no, facets, *payer)?;
        }
        for entry in &it.entries {
            add_entry(conn, entry)?;
        }
        for payment in &it.grants {
            conn.prepare_cached(sql::GRANT_ADD)?.execute(params![payment.as_bytes(), no])?;
        }
        for fact in &it.facts {
            answers::write_fact(conn, no, fact)?;
        }
        conn.prepare_cached(sql::INBOX_PULL)?.execute(params![no, it.consumed])?;
        if it.erase {
            answers::erase(conn, no)?;
            conn.execute("DELETE FROM effect WHERE aggregate = ?1", [no])?;
            conn.execute("DELETE FROM set_aside WHERE aggregate = ?1", [no])?;
        }
        for id in &it.settled {
            conn.prepare_cached(sql::EFFECT_SETTLE)?.execute([id.as_bytes()])?;
        }
        for (effect, leased) in &it.open {
            put(conn, no, effect, Status::Open { leased: *leased })?;
        }
        for (effect, reason) in &it.dead {
            put(conn, no, effect, Status::Dead(reason))?;
        }
        Ok(())
    };
    write().map_err(fault)?;
    for id in it.settled.iter().chain(it.dead.iter().map(|(effect, _)| &effect.id)) {
        tx.leases.free(*id);
    }
    for (effect, leased) in &it.open {
        if *leased {
            tx.leases.take(effect.id);
        } else {
            tx.leases.free(effect.id);
        }
    }
    Ok(Committed::Done(it.version + 1))
}

fn put_facets(
    conn: &rusqlite::Connection,
    no: i64,
    facets: &Facets,
    payer: Option<PayerId>,
) -> rusqlite::Result<()> {
    match facets {
        Facets::Contact(it) => {
            let (day, texts) = (it.reset_day.map(|day| day.0), it.texts_until.map(|day| day.0));
            let through = it.paid_through.map(|day| day.0);
            // Whether it has ended is seen by the expiry: a day that passes writes nothing.
            let status = through.map(|_| "paid");
            let row = params![no, it.stage, day, texts, status, through];
            conn.prepare_cached(sql::CONTACT_FACETS)?.execute(row)?;
        }
        Facets::Payment(it) => {
            let payer = payer.as_ref().map(|id| *id.as_bytes());
            conn.prepare_cached(sql::PAYMENT_FACETS)?.execute(params![
                no,
                it.contact.as_ref().map(|id| *id.as_bytes()),
                it.status,
                payer,
                it.code,
                it.external_id,
                it.mtn_id,
                it.wished.as_millis(),
                it.test
            ])?;
        }
    }
    Ok(())
}

fn add_entry(conn: &rusqlite::Connection, it: &Entry) -> rusqlite::Result<()> {
    conn.prepare_cached(sql::LEDGER_ADD)?.execute(params![
        it.payment.as_bytes(),
        it.event,
        it.at.as_millis(),
        it.money.minor(),
        it.money.currency().code(),
        it.debit.name(),
        it.credit.name(),
        it.test
    ])?;
    Ok(())
}

#[derive(Clone, Copy)]
enum Status<'a> {
    Open { leased: bool },
    Dead(&'a str),
}

fn put(
    conn: &rusqlite::Connection,
    no: i64,
    effect: &SealedEffect,
    status: Status<'_>,
) -> rusqlite::Result<()> {
    let (number, lost, reason) = match status {
        // Born leased: if this process dies before it is settled, that lease was lost.
        Status::Open { leased } => (0, i64::from(leased), None),
        Status::Dead(reason) => (1, 0, Some(reason)),
    };
    let row = params![
        effect.id.as_bytes(),
        no,
        kind_number(effect.kind),
        effect.paid,
        number,
        effect.due.as_millis(),
        effect.attempt,
        lost,
        reason,
        effect.body
    ];
    conn.prepare_cached(sql::EFFECT_PUT)?.execute(row)?;
    Ok(())
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
pub(super) fn lease_due(
    tx: &mut Tx<'_>,
    wanted: &[(Kind, usize)],
    now: Time,
) -> Result<Vec<DueRow>, StoreError> {
    let mut leased = Vec::new();
    for (kind, most) in wanted {
        // One in four goes to free people, whatever waits of the paying ones.
        let reserved = most.div_ceil(4);
        let paying = free_rows(tx, *kind, true, now, *most).map_err(fault)?;
        let others = free_rows(tx, *kind, false, now, *most).map_err(fault)?;
        let for_others = others.len().min(reserved.max(most.saturating_sub(paying.len())));
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
    let ids = due.query_map(params![kind_number(kind), paid, now.as_millis()], |row| id16(row, 0))?;
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

/// Counts a failure of an envelope; at the last one it is set aside.
pub(super) fn failed(
    tx: &mut Tx<'_>,
    aggregate: AggregateId,
    number: u64,
    reason: &str,
) -> Result<u32, StoreError> {
    let conn = tx.conn;
    let run = || -> rusqlite::Result<u32> {
        let (no, _): (i64, u64) = conn
            .prepare_cached(sql::HEAD)?
            .query_row([aggregate.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let count: Option<u32> = conn
            .query_row(
                "UPDATE inbox SET failures = failures + 1 WHERE aggregate = ?1 AND number = ?2 RETURNING failures",
                params![no, number],
                |row| row.get(0),
            )
            .optional()?;
        let count = count.unwrap_or(0);
        if count >= FAILURES {
            conn.execute(
                "INSERT OR REPLACE INTO set_aside (aggregate, id, arrived, reason, body) \
                 SELECT aggregate, id, arrived, ?3, body FROM inbox WHERE aggregate = ?1 AND number = ?2",
                params![no, number, reason],
            )?;
            conn.execute("DELETE FROM inbox WHERE aggregate = ?1 AND number = ?2", params![no, number])?;
            conn.execute(
                "UPDATE aggregate SET consumed = max(consumed, ?2), version = version + 1 WHERE no = ?1",
                params![no, number],
            )?;
        }
        Ok(count)
    };
    run().map_err(fault)
}

/// All earlier leases are void. Returns the effects whose lease was lost, and those that are dead of it.
pub(super) fn void_leases(conn: &rusqlite::Connection) -> rusqlite::Result<(usize, usize)> {
    let dead = conn.execute(
        "UPDATE effect SET status = 1, reason = 'its process died too often' WHERE status = 0 AND lost >= ?1",
        [answerbot_core::retry::LOST_LEASES],
    )?;
    let lost = "SELECT count(*) FROM effect WHERE status = 0 AND lost > 0";
    let open: i64 = conn.query_row(lost, [], |row| row.get(0))?;
    Ok((usize::try_from(open).unwrap_or_default(), dead))
}

/// Gives leases back for effects that were not begun.
pub(super) fn release(tx: &mut Tx<'_>, effects: &[EffectId]) -> Result<(), StoreError> {
    let mut release = tx.conn.prepare_cached(sql::EFFECT_RELEASE).map_err(fault)?;
    for id in effects {
        tx.leases.free(*id);
        release.execute([id.as_bytes()]).map_err(fault)?;
    }
    Ok(())
}

/// Puts an envelope that cannot be read aside, so that what follows it goes on.
pub(super) fn set_aside(
    tx: &mut Tx<'_>,
    aggregate: AggregateId,
    number: u64,
    reason: &str,
) -> Result<(), StoreError> {
    for _ in 0..FAILURES {
        failed(tx, aggregate, number, reason)?;
    }
    Ok(())
}

/// Seals an effect's action.
pub(super) fn seal_effect(codec: &Codec, effect: &Effect) -> Result<SealedEffect, StoreError> {
    let body = codec
        .seal(BODY_SCHEMA, effect.id.as_bytes(), &effect.action)
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    Ok(SealedEffect {
        id: effect.id,
        kind: effect.action.kind(),
        paid: effect.paid,
        due: effect.due,
        attempt: effect.attempt,
        body,
    })
}
