//! What one write does. Each runs inside a savepoint of the writer: all of it, or nothing.

use answerbot_core::contact::Region;
use answerbot_core::contact::effect::{Effect, Kind};
use answerbot_core::contact::event::{Envelope, Event, Numbered};
use answerbot_core::pay::ledger::Entry;
use answerbot_core::pay::payment;
use answerbot_core::{AggregateId, AggregateKind, ContactId, EffectId, EventId, PayerId, PaymentId, Time};
use answerbot_ports::codec::Codec;
use answerbot_ports::regions::{Landing, home_of};
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
    /// What a region leaves for the main store, in the place of entries, grants and facts.
    pub records: Vec<Vec<u8>>,
}

pub(super) struct SealedEffect {
    pub id: EffectId,
    pub kind: Kind,
    pub paid: bool,
    pub due: Time,
    pub attempt: u32,
    pub body: Vec<u8>,
}

/// The kind with this name.
pub(super) fn kind_named(name: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|it| it.name() == name)
}

/// The name of the kind with this number.
pub(super) fn kind_name(number: i64) -> Option<&'static str> {
    Kind::ALL.into_iter().find(|it| i64::from(it.number()) == number).map(Kind::name)
}

/// An aggregate's id from its kind and bytes, which stand side by side.
pub(super) fn aggregate_id(row: &Row<'_>, index: usize) -> rusqlite::Result<AggregateId> {
    let number = row.get::<_, u8>(index)?;
    let odd = rusqlite::Error::IntegralValueOutOfRange(index, number.into());
    let kind = AggregateKind::numbered(number).ok_or(odd)?;
    Ok(AggregateId::from_parts(kind, id16(row, index + 1)?))
}

pub(super) fn id16(row: &Row<'_>, index: usize) -> rusqlite::Result<[u8; 16]> {
    row.get(index)
}

/// Stores one envelope, numbered within its contact. With `is_found` its aggregate is its owner already.
pub(super) fn admit(
    tx: &mut Tx<'_>,
    sealed: Sealed,
    now: Time,
    codec: &Codec,
    is_found: bool,
) -> Result<Landing, StoreError> {
    let id = sealed.envelope.id;
    let conn = tx.conn;
    let run = || -> rusqlite::Result<Result<(AggregateId, u64), Landing>> {
        // What one aggregate tells another is for that one itself, also where its addresses belong to somebody else.
        let aggregate = match sealed.identity {
            Some(_) if !is_found => owner(conn, sealed.aggregate)?,
            _ => sealed.aggregate,
        };
        let known = head(conn, aggregate)?;
        let home = home_of(&sealed.envelope.event).filter(|_| aggregate.kind() == AggregateKind::Payment);
        // Looked at before it is marked as seen: it is not seen where nothing came of it.
        let is_away = match (&known, home) {
            (Some(head), _) => head.away.is_some(),
            (None, Some(home)) => self::head(conn, home.into())?.is_some_and(|it| it.away.is_some()),
            (None, None) => false,
        };
        if is_away {
            return Ok(Err(Landing::Moved));
        }
        if conn.prepare_cached(sql::SEE)?.execute(params![id.as_bytes(), now.as_millis()])? == 0 {
            let waits = match &known {
                Some(head) => conn.prepare_cached(sql::INBOX_HAS)?.exists(params![head.no, id.as_bytes()])?,
                None => false,
            };
            let admission = if waits { Admission::Waits(aggregate) } else { Admission::Known };
            return Ok(Err(Landing::Here(admission)));
        }
        let (no, consumed) = match known {
            Some(head) => (head.no, head.consumed),
            None => (new(conn, aggregate, now, home)?, 0),
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
            return Ok(Err(Landing::Here(overflow(tx, &sealed, aggregate, no, number, now, codec)?)));
        }
        let row = params![no, number, id.as_bytes(), now.as_millis(), sealed.body];
        conn.prepare_cached(sql::INBOX_PUSH)?.execute(row)?;
        Ok(Ok((aggregate, number)))
    };
    Ok(match run().map_err(fault)? {
        Err(landing) => landing,
        Ok((aggregate, number)) => Landing::Here(Admission::New {
            aggregate,
            numbered: Numbered { number, arrived: now, identity: sealed.identity, envelope: sealed.envelope },
        }),
    })
}

/// The same where nothing moves: in a store that is the only one.
pub(super) fn admit_here(
    tx: &mut Tx<'_>,
    sealed: Sealed,
    now: Time,
    codec: &Codec,
) -> Result<Admission, StoreError> {
    match admit(tx, sealed, now, codec, false)? {
        Landing::Here(admission) => Ok(admission),
        Landing::Moved => Err(StoreError::Moved),
    }
}

/// An aggregate's row.
pub(super) struct Head {
    pub no: i64,
    pub consumed: u64,
    /// [`FROZEN`] or [`GONE`]; `None` when it lives here.
    pub away: Option<i64>,
}

/// It moves.
pub(super) const FROZEN: i64 = 1;
/// It lives in another store.
pub(super) const GONE: i64 = 2;

pub(super) fn head(conn: &rusqlite::Connection, of: AggregateId) -> rusqlite::Result<Option<Head>> {
    let read = |row: &Row<'_>| Ok(Head { no: row.get(0)?, consumed: row.get(1)?, away: row.get(2)? });
    conn.prepare_cached(sql::HEAD)?.query_row([of.as_bytes()], read).optional()
}

/// A row for a new aggregate.
pub(super) fn new(
    conn: &rusqlite::Connection,
    of: AggregateId,
    now: Time,
    home: Option<ContactId>,
) -> rusqlite::Result<i64> {
    let home = home.as_ref().map(|it| *it.as_bytes());
    let row = params![of.as_bytes(), of.kind().number(), now.as_millis(), home];
    conn.prepare_cached(sql::NEW)?.query_row(row, |row| row.get(0))
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
    let Some(no) = no else {
        let is_away = head(conn, it.aggregate).map_err(fault)?.is_some_and(|head| head.away.is_some());
        return Ok(if is_away { Committed::Moved } else { Committed::Stale });
    };
    let write = || -> rusqlite::Result<()> {
        if let Some((facets, payer)) = &it.facets {
            put_facets(conn, no, it.version + 1, facets, *payer)?;
        }
        for body in &it.records {
            conn.prepare_cached(sql::RECORD_LEAVE)?.execute(params![no, body])?;
        }
        for entry in &it.entries {
            add_entry(conn, entry)?;
        }
        for payment in &it.grants {
            add_grant(conn, *payment, no)?;
        }
        for fact in &it.facts {
            answers::write_fact(conn, no, fact)?;
        }
        conn.prepare_cached(sql::INBOX_PULL)?.execute(params![no, it.consumed])?;
        if it.erase {
            erase(conn, no)?;
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

/// What the main store has of a contact beside its aggregate: nothing says any more what they wrote.
pub(super) fn erase(conn: &rusqlite::Connection, no: i64) -> rusqlite::Result<()> {
    answers::erase(conn, no)?;
    let parked = "DELETE FROM parked_aside WHERE contact = (SELECT external_id FROM aggregate WHERE no = ?1)";
    conn.execute(parked, [no]).map(drop)
}

pub(super) fn add_grant(conn: &rusqlite::Connection, payment: PaymentId, no: i64) -> rusqlite::Result<()> {
    conn.prepare_cached(sql::GRANT_ADD)?.execute(params![payment.as_bytes(), no]).map(drop)
}

/// Notes what an aggregate is found by since `version`; a payment's not where a later one is known.
pub(super) fn put_facets(
    conn: &rusqlite::Connection,
    no: i64,
    version: u64,
    facets: &Facets,
    payer: Option<PayerId>,
) -> rusqlite::Result<()> {
    match facets {
        Facets::Contact(it) => {
            let (day, texts) = (it.reset_day.map(|day| day.0), it.texts_until.map(|day| day.0));
            let through = it.paid_through.map(|day| day.0);
            // Whether it has ended is seen by the expiry: a day that passes writes nothing.
            let status = through.map(|_| "paid");
            let region = it.region.map(Region::name);
            let row = params![no, it.stage, day, texts, status, through, region];
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
                it.test,
                version
            ])?;
        }
    }
    Ok(())
}

pub(super) fn add_entry(conn: &rusqlite::Connection, it: &Entry) -> rusqlite::Result<()> {
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
        effect.kind.number(),
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

/// Counts a failure of an envelope; at the last one it is set aside.
pub(super) fn failed(
    tx: &mut Tx<'_>,
    aggregate: AggregateId,
    number: u64,
    reason: &str,
) -> Result<u32, StoreError> {
    let conn = tx.conn;
    let run = || -> rusqlite::Result<u32> {
        let Some(Head { no, away: None, .. }) = head(conn, aggregate)? else { return Ok(0) };
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
