//! What one write does. Each runs inside a savepoint of the writer: all of it, or nothing.

use answerbot_core::contact::effect::{Effect, Kind};
use answerbot_core::contact::event::{Envelope, Event, Numbered};
use answerbot_core::{ContactId, EffectId, EventId, Time};
use answerbot_ports::codec::Codec;
use answerbot_ports::store::{
    Admission, Committed, FAILURES, Facets, INBOX_BYTES, INBOX_ENVELOPES, StoreError,
};
use rusqlite::{OptionalExtension as _, Row, params};

use super::sql;
use super::writer::{Tx, fault};

/// Schema number of envelopes and effects.
pub(super) const BODY_SCHEMA: u32 = 1;

/// An envelope ready to be stored.
pub(super) struct Sealed {
    pub envelope: Envelope,
    pub contact: ContactId,
    pub body: Vec<u8>,
}

/// A commit ready to be stored.
pub(super) struct SealedCommit {
    pub contact: ContactId,
    pub version: u64,
    pub consumed: u64,
    pub schema: u32,
    pub known_schema: u32,
    pub state: Vec<u8>,
    pub facets: Option<Facets>,
    pub open: Vec<(SealedEffect, bool)>,
    pub settled: Vec<EffectId>,
    pub dead: Vec<(SealedEffect, String)>,
    pub erase: bool,
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
    }
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
    let run = || -> rusqlite::Result<Result<(ContactId, i64, u64), Admission>> {
        if conn.prepare_cached(sql::SEE)?.execute(params![id.as_bytes(), now.as_millis()])? == 0 {
            return Ok(Err(Admission::Known));
        }
        let alias = answerbot_ports::store::alias_key(sealed.contact);
        let owner = conn.prepare_cached(sql::ALIAS)?.query_row([alias], |row| id16(row, 0)).optional()?;
        let contact = owner.map_or(sealed.contact, ContactId::from_bytes);
        let head = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, u64>(1)?));
        let known =
            conn.prepare_cached(sql::CONTACT_HEAD)?.query_row([contact.as_bytes()], head).optional()?;
        let (no, consumed) = match known {
            Some(head) => head,
            None => {
                let mut insert = conn.prepare_cached(sql::CONTACT_NEW)?;
                (insert.query_row(params![contact.as_bytes(), now.as_millis()], |row| row.get(0))?, 0)
            }
        };
        let last: Option<u64> = conn.prepare_cached(sql::INBOX_LAST)?.query_row([no], |row| row.get(0))?;
        let number = last.unwrap_or(0).max(consumed) + 1;
        let waiting = number - 1 - consumed;
        let bytes: u64 = match waiting {
            0 => 0,
            _ => conn.prepare_cached(sql::INBOX_BYTES)?.query_row([no], |row| row.get(0))?,
        };
        if waiting >= INBOX_ENVELOPES || bytes + sealed.body.len() as u64 > INBOX_BYTES {
            // The first that does not fit leaves a note in its place; the next ones find it there.
            return Ok(Err(overflow(tx, &sealed, contact, no, number, now, codec)?));
        }
        let row = params![no, number, id.as_bytes(), now.as_millis(), sealed.body];
        conn.prepare_cached(sql::INBOX_PUSH)?.execute(row)?;
        Ok(Ok((contact, no, number)))
    };
    Ok(match run().map_err(fault)? {
        Err(admission) => admission,
        Ok((contact, _, number)) => Admission::New {
            contact,
            numbered: Numbered { number, arrived: now, identity: sealed.contact, envelope: sealed.envelope },
        },
    })
}

fn overflow(
    tx: &Tx<'_>,
    sealed: &Sealed,
    contact: ContactId,
    no: i64,
    number: u64,
    now: Time,
    codec: &Codec,
) -> rusqlite::Result<Admission> {
    let last = EventId::derive("overflow", &format!("{contact}/{}", number - 1));
    let is_noted = "SELECT 1 FROM inbox WHERE contact = ?1 AND number = ?2 AND id = ?3";
    let noted: Option<i64> = tx
        .conn
        .prepare_cached(is_noted)?
        .query_row(params![no, number - 1, last.as_bytes()], |row| row.get(0))
        .optional()?;
    if noted.is_some() {
        return Ok(Admission::Full(None));
    }
    let note = Envelope {
        id: EventId::derive("overflow", &format!("{contact}/{number}")),
        address: sealed.envelope.address.clone(),
        event: Event::Overflow,
        sent: None,
    };
    let body = codec.seal(BODY_SCHEMA, note.id.as_bytes(), &note);
    let body = body.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let row = params![no, number, note.id.as_bytes(), now.as_millis(), body];
    tx.conn.prepare_cached(sql::INBOX_PUSH)?.execute(row)?;
    let numbered = Numbered { number, arrived: now, identity: sealed.contact, envelope: note };
    Ok(Admission::Full(Some((contact, numbered))))
}

/// Writes one decision, guarded by the version.
pub(super) fn commit(tx: &mut Tx<'_>, it: &SealedCommit) -> Result<Committed, StoreError> {
    let conn = tx.conn;
    let guard = params![it.contact.as_bytes(), it.version, it.consumed, it.schema, it.state, it.known_schema];
    let no: Option<i64> = conn
        .prepare_cached(sql::COMMIT)
        .and_then(|mut commit| commit.query_row(guard, |row| row.get(0)).optional())
        .map_err(fault)?;
    let Some(no) = no else { return Ok(Committed::Stale) };
    let write = || -> rusqlite::Result<()> {
        if let Some(facets) = &it.facets {
            let (day, texts) = (facets.reset_day.map(|day| day.0), facets.texts_until.map(|day| day.0));
            conn.prepare_cached(sql::COMMIT_FACETS)?.execute(params![no, facets.stage, day, texts])?;
        }
        conn.prepare_cached(sql::INBOX_PULL)?.execute(params![no, it.consumed])?;
        if it.erase {
            conn.execute("DELETE FROM effect WHERE contact = ?1", [no])?;
            conn.execute("DELETE FROM set_aside WHERE contact = ?1", [no])?;
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
    pub contact: ContactId,
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
        contact: ContactId::from_bytes(id16(row, 1)?),
        due: Time::from_millis(row.get(2)?),
        attempt: row.get(3)?,
        paid: row.get(4)?,
        lost: row.get(5)?,
        body: row.get(6)?,
    })
}

/// Counts a failure of an envelope; at the last one it is set aside.
pub(super) fn failed(
    tx: &mut Tx<'_>,
    contact: ContactId,
    number: u64,
    reason: &str,
) -> Result<u32, StoreError> {
    let conn = tx.conn;
    let run = || -> rusqlite::Result<u32> {
        let (no, _): (i64, u64) = conn
            .prepare_cached(sql::CONTACT_HEAD)?
            .query_row([contact.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let count: Option<u32> = conn
            .query_row(
                "UPDATE inbox SET failures = failures + 1 WHERE contact = ?1 AND number = ?2 RETURNING failures",
                params![no, number],
                |row| row.get(0),
            )
            .optional()?;
        let count = count.unwrap_or(0);
        if count >= FAILURES {
            conn.execute(
                "INSERT OR REPLACE INTO set_aside (contact, id, arrived, reason, body) \
                 SELECT contact, id, arrived, ?3, body FROM inbox WHERE contact = ?1 AND number = ?2",
                params![no, number, reason],
            )?;
            conn.execute("DELETE FROM inbox WHERE contact = ?1 AND number = ?2", params![no, number])?;
            conn.execute(
                "UPDATE contact SET consumed = max(consumed, ?2), version = version + 1 WHERE no = ?1",
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
    contact: ContactId,
    number: u64,
    reason: &str,
) -> Result<(), StoreError> {
    for _ in 0..FAILURES {
        failed(tx, contact, number, reason)?;
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
