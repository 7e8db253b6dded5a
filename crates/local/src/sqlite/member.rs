//! One store of several: people who move in and out, and what it leaves for the main store.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::{Region as Chosen, Stage};
use answerbot_core::{
    AggregateId, AggregateKind, ContactId, EffectId, EventId, JubaDay, PaymentId, Policy, State, Time,
};
use answerbot_ports::regions::{
    Addressed, Attempt, Landing, Luggage, Member, PackedEffect, PackedEnvelope, Record, Region,
};
use answerbot_ports::reports::Find;
use answerbot_ports::store::{ContactFacets, FAILURES, Facets, StoreError};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::directory::{attempt, attempt_column};
use super::rows::Rows;
use super::store::{SqliteStore, payer, unreadable};
use super::units::{self, BODY_SCHEMA, FROZEN, GONE, Sealed, id16};
use super::writer::{Tx, fault};
use super::{books, records, sql};

/// Leases here have no end while their process lives; on the way they get one that is longer than any call.
const LEASE: Duration = Duration::from_mins(5);
/// The effects of one aggregate are found by it only where people move.
const INDEX: &str = "CREATE INDEX IF NOT EXISTS effect_aggregate ON effect (aggregate)";
/// An open effect that nobody leases, because its aggregate moves.
const HELD: i64 = 2;

fn freeze(conn: &Connection, of: AggregateId, by: Attempt) -> rusqlite::Result<bool> {
    conn.prepare_cached(INDEX)?.execute([])?;
    let freeze = "UPDATE aggregate SET away = ?2, frozen_by = ?3 WHERE external_id = ?1 AND (away IS NULL OR away = ?2) RETURNING no";
    let no: Option<i64> = conn
        .prepare_cached(freeze)?
        .query_row(params![of.as_bytes(), FROZEN, attempt_column(by)], |row| row.get(0))
        .optional()?;
    let Some(no) = no else { return Ok(false) };
    conn.prepare_cached("UPDATE effect SET status = ?2 WHERE aggregate = ?1 AND status = 0")?
        .execute([no, HELD])?;
    Ok(true)
}

fn frozen_by(conn: &Connection, of: AggregateId) -> rusqlite::Result<Option<Attempt>> {
    conn.prepare_cached("SELECT frozen_by FROM aggregate WHERE external_id = ?1 AND away = ?2")?
        .query_row(params![of.as_bytes(), FROZEN], |row| attempt(row, 0))
        .optional()
}

fn thaw(conn: &Connection, of: AggregateId, by: Attempt) -> rusqlite::Result<bool> {
    let thaw = "UPDATE aggregate SET away = NULL, frozen_by = NULL WHERE external_id = ?1 AND away = ?2 AND frozen_by IS ?3 RETURNING no";
    let no: Option<i64> = conn
        .prepare_cached(thaw)?
        .query_row(params![of.as_bytes(), FROZEN, attempt_column(by)], |row| row.get(0))
        .optional()?;
    let Some(no) = no else {
        return Ok(units::head(conn, of)?.is_some_and(|head| head.away.is_none()));
    };
    conn.prepare_cached("UPDATE effect SET status = 0 WHERE aggregate = ?1 AND status = ?2")?
        .execute([no, HELD])?;
    Ok(true)
}

/// Takes out what an aggregate has besides its row. What books and reports know of it stays.
fn clear(tx: &mut Tx<'_>, no: i64) -> rusqlite::Result<()> {
    let conn = tx.conn;
    let mut effects = conn.prepare_cached("DELETE FROM effect WHERE aggregate = ?1 RETURNING id")?;
    for id in effects.query_map([no], |row| id16(row, 0))? {
        tx.leases.free(EffectId::from_bytes(id?));
    }
    for table in [
        "DELETE FROM inbox WHERE aggregate = ?1",
        "DELETE FROM set_aside WHERE aggregate = ?1",
        "DELETE FROM contact WHERE no = ?1",
    ] {
        conn.prepare_cached(table)?.execute([no])?;
    }
    Ok(())
}

fn bury(tx: &mut Tx<'_>, of: AggregateId, by: Attempt) -> Result<bool, StoreError> {
    let Some(head) = units::head(tx.conn, of).map_err(fault)? else { return Ok(true) };
    match head.away {
        Some(FROZEN) if frozen_by(tx.conn, of).map_err(fault)? != Some(by) => return Ok(false),
        Some(FROZEN) => {}
        Some(_) => return Ok(true),
        None => return Err(StoreError::Unreadable("who lives here is not buried".into())),
    }
    clear(tx, head.no).map_err(fault)?;
    tx.conn
        .prepare_cached("UPDATE aggregate SET away = ?2, frozen_by = NULL, state = NULL WHERE no = ?1")
        .and_then(|mut it| it.execute([head.no, GONE]))
        .map(|_| true)
        .map_err(fault)
}

/// The row of an aggregate as it is packed.
struct Packing {
    no: i64,
    luggage: Luggage,
}

fn pack(tx: &mut Tx<'_>, rows: &Rows, of: AggregateId, by: Attempt) -> Result<Option<Luggage>, StoreError> {
    let found = tx
        .conn
        .prepare_cached(
            "SELECT no, version, consumed, schema, created, home, state FROM aggregate WHERE external_id = ?1 AND away = ?2 AND frozen_by IS ?3",
        )
        .and_then(|mut it| {
            let one = params![of.as_bytes(), FROZEN, attempt_column(by)];
            it.query_row(one, |row| packing(row, of)).optional()
        })
        .map_err(fault)?;
    let Some(Packing { no, mut luggage }) = found else { return Ok(None) };
    let facets = contact_facets(tx.conn, no).map_err(fault)?;
    luggage.facets = match (&luggage.state, of.kind()) {
        (_, AggregateKind::Contact) => facets.map(Facets::Contact),
        // A payment is found by what its state says; the policy has no word in it.
        (Some(blob), AggregateKind::Payment) => {
            let state: State = rows.codec.open_state(of, blob).map_err(unreadable)?;
            Facets::of(of, &state, &Policy::default())
        }
        _ => None,
    };
    luggage.envelopes = envelopes(tx.conn, no).map_err(fault)?;
    luggage.effects = effects(tx, no).map_err(fault)?;
    Ok(Some(luggage))
}

fn packing(row: &Row<'_>, of: AggregateId) -> rusqlite::Result<Packing> {
    let home: Option<[u8; 16]> = row.get(5)?;
    let luggage = Luggage {
        aggregate: of,
        version: row.get(1)?,
        consumed: row.get(2)?,
        schema: row.get(3)?,
        created: Time::from_millis(row.get(4)?),
        home: home.map(ContactId::from_bytes),
        state: row.get(6)?,
        facets: None,
        envelopes: Vec::new(),
        effects: Vec::new(),
    };
    Ok(Packing { no: row.get(0)?, luggage })
}

fn contact_facets(conn: &Connection, no: i64) -> rusqlite::Result<Option<ContactFacets>> {
    let read = |row: &Row<'_>| {
        let (stage, region): (String, Option<String>) = (row.get(0)?, row.get(4)?);
        let stage = if stage == Stage::Ready.name() { Stage::Ready } else { Stage::New };
        let day = |index| row.get::<_, Option<i32>>(index).map(|day| day.map(JubaDay));
        Ok(ContactFacets {
            stage: stage.name(),
            reset_day: day(1)?,
            texts_until: day(2)?,
            paid_through: day(3)?,
            region: Chosen::ALL.into_iter().find(|it| Some(it.name()) == region.as_deref()),
        })
    };
    conn.prepare_cached(
        "SELECT stage, reset_day, texts_until, subscription_expiry, region FROM contact WHERE no = ?1",
    )?
    .query_row([no], read)
    .optional()
}

fn envelopes(conn: &Connection, no: i64) -> rusqlite::Result<Vec<PackedEnvelope>> {
    let envelope = |row: &Row<'_>| {
        Ok(PackedEnvelope {
            id: EventId::from_bytes(id16(row, 0)?),
            number: row.get(1)?,
            arrived: Time::from_millis(row.get(2)?),
            failures: row.get(3)?,
            aside: row.get(4)?,
            body: row.get(5)?,
        })
    };
    let waiting =
        "SELECT id, number, arrived, failures, NULL, body FROM inbox WHERE aggregate = ?1 ORDER BY number";
    let mut all: Vec<PackedEnvelope> =
        conn.prepare_cached(waiting)?.query_map([no], envelope)?.collect::<Result<_, _>>()?;
    // Those set aside have no place in the order any more.
    let aside = "SELECT id, 0, arrived, ?2, reason, body FROM set_aside WHERE aggregate = ?1 ORDER BY id";
    for row in conn.prepare_cached(aside)?.query_map(params![no, FAILURES], envelope)? {
        all.push(row?);
    }
    Ok(all)
}

fn effects(tx: &Tx<'_>, no: i64) -> rusqlite::Result<Vec<PackedEffect>> {
    let effect = |row: &Row<'_>| {
        let kind: i64 = row.get(1)?;
        let id = EffectId::from_bytes(id16(row, 0)?);
        let reason: Option<String> = row.get(7)?;
        let is_dead = row.get::<_, i64>(6)? == 1;
        Ok(PackedEffect {
            id,
            kind: units::kind_name(kind).unwrap_or_default().to_owned(),
            paid: row.get(2)?,
            due: Time::from_millis(row.get(3)?),
            attempt: row.get(4)?,
            lost: row.get(5)?,
            lease: tx.leases.left(id, LEASE),
            dead: is_dead.then(|| reason.unwrap_or_default()),
            body: row.get(8)?,
        })
    };
    tx.conn
        .prepare_cached(
            "SELECT id, kind, paid, due, attempt, lost, status, reason, body FROM effect WHERE aggregate = ?1 ORDER BY id",
        )?
        .query_map([no], effect)?
        .collect()
}

fn unpack(
    tx: &mut Tx<'_>,
    rows: &Rows,
    is_member: bool,
    it: &Luggage,
    by: Attempt,
) -> Result<(), StoreError> {
    tx.conn.prepare_cached(INDEX).and_then(|mut it| it.execute([])).map_err(fault)?;
    let known = units::head(tx.conn, it.aggregate).map_err(fault)?;
    let no = match known {
        Some(head) if head.away.is_none() => {
            return Err(StoreError::Unreadable("one that lives here already is not replaced".into()));
        }
        Some(head) => {
            if head.away == Some(FROZEN) && is_newer(tx.conn, head.no, it).map_err(fault)? {
                return Err(StoreError::Unreadable("an older copy does not replace a newer one".into()));
            }
            head.no
        }
        None => units::new(tx.conn, it.aggregate, it.created, it.home).map_err(fault)?,
    };
    clear(tx, no).map_err(fault)?;
    fill(tx, rows, is_member, no, it).map_err(fault)?;
    freeze(tx.conn, it.aggregate, by).map_err(fault)?;
    for effect in &it.effects {
        match effect.lease {
            Some(left) => tx.leases.take_over(effect.id, left),
            None => tx.leases.free(effect.id),
        }
    }
    Ok(())
}

/// Whether what is here knows more than the luggage: whoever packed that was overtaken by another move.
fn is_newer(conn: &Connection, no: i64, it: &Luggage) -> rusqlite::Result<bool> {
    let version: u64 = conn
        .prepare_cached("SELECT version FROM aggregate WHERE no = ?1")?
        .query_row([no], |row| row.get(0))?;
    let last: Option<u64> = conn.prepare_cached(sql::INBOX_LAST)?.query_row([no], |row| row.get(0))?;
    let packed = it.envelopes.iter().filter(|it| it.aside.is_none()).map(|it| it.number).max();
    Ok(version > it.version || last.unwrap_or(0) > packed.unwrap_or(0).max(it.consumed))
}

fn fill(tx: &Tx<'_>, rows: &Rows, is_member: bool, no: i64, it: &Luggage) -> rusqlite::Result<()> {
    let conn = tx.conn;
    conn.prepare_cached(
        "UPDATE aggregate SET version = ?2, consumed = ?3, schema = ?4, created = ?5, home = ?6, state = ?7, away = ?8 WHERE no = ?1",
    )?
    .execute(params![
        no,
        it.version,
        it.consumed,
        it.schema,
        it.created.as_millis(),
        it.home.as_ref().map(|it| *it.as_bytes()),
        it.state,
        FROZEN
    ])?;
    match &it.facets {
        // A region's payments are found in the main store.
        Some(Facets::Payment(_)) if is_member => {}
        Some(facets) => units::put_facets(conn, no, it.version, facets, payer(&rows.hash, facets))?,
        None => {}
    }
    for envelope in &it.envelopes {
        let (id, arrived) = (envelope.id.as_bytes(), envelope.arrived.as_millis());
        match &envelope.aside {
            None => conn
                .prepare_cached("INSERT INTO inbox (aggregate, number, id, arrived, failures, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
                .execute(params![no, envelope.number, id, arrived, envelope.failures, envelope.body])?,
            Some(reason) => conn
                .prepare_cached("INSERT INTO set_aside (aggregate, id, arrived, reason, body) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![no, id, arrived, reason, envelope.body])?,
        };
    }
    for effect in &it.effects {
        let Some(kind) = units::kind_named(&effect.kind) else {
            return Err(rusqlite::Error::InvalidParameterName(effect.kind.clone()));
        };
        conn.prepare_cached(sql::EFFECT_PUT)?.execute(params![
            effect.id.as_bytes(),
            no,
            kind.number(),
            effect.paid,
            if effect.dead.is_some() { 1 } else { HELD },
            effect.due.as_millis(),
            effect.attempt,
            effect.lost,
            effect.dead,
            effect.body
        ])?;
    }
    Ok(())
}

#[async_trait]
impl Member for SqliteStore {
    async fn admit_to(&self, envelopes: Vec<Addressed>, arrived: Time) -> Result<Vec<Landing>, StoreError> {
        let seal = |it: Addressed| {
            let body = self.rows.codec.seal(BODY_SCHEMA, it.envelope.id.as_bytes(), &it.envelope);
            let Addressed { aggregate, identity, envelope } = it;
            Ok(Sealed { envelope, aggregate, identity, body: body.map_err(unreadable)? })
        };
        let sealed = envelopes.into_iter().map(seal).collect::<Result<Vec<_>, StoreError>>()?;
        let codec = self.rows.codec.clone();
        metrics::counter!("store_writes_total", "kind" => "admit").increment(1);
        let all = move |tx: &mut Tx<'_>| {
            sealed
                .into_iter()
                .map(|it| units::admit(tx, it, arrived, &codec, true))
                .collect::<Result<Vec<_>, _>>()
        };
        self.writer.write(all).await
    }

    // Ids of events are unique in all the world, so nothing is looked up by aggregate.
    async fn saw(&self, _aggregate: AggregateId, events: &[EventId]) -> Result<Vec<bool>, StoreError> {
        let events = events.to_vec();
        let read = move |conn: &Connection| -> rusqlite::Result<Vec<bool>> {
            let mut saw = conn.prepare_cached("SELECT 1 FROM seen WHERE id = ?1")?;
            events.iter().map(|id| saw.exists([id.as_bytes()])).collect()
        };
        self.readers.read(move |conn| read(conn).map_err(fault)).await
    }

    async fn payments_of(&self, contact: ContactId) -> Result<Vec<PaymentId>, StoreError> {
        let read = move |conn: &Connection| -> rusqlite::Result<Vec<PaymentId>> {
            conn.prepare_cached(sql::PAYMENTS_OF)?
                .query_map([contact.as_bytes()], |row| id16(row, 0).map(PaymentId::from_bytes))?
                .collect()
        };
        self.readers.read(move |conn| read(conn).map_err(fault)).await
    }

    async fn residents(&self, after: Option<ContactId>, limit: usize) -> Result<Vec<ContactId>, StoreError> {
        let read = move |conn: &Connection| -> rusqlite::Result<Vec<ContactId>> {
            let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
            conn.prepare_cached(sql::RESIDENTS)?
                .query_map(params![after, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                    id16(row, 0).map(ContactId::from_bytes)
                })?
                .collect()
        };
        self.readers.read(move |conn| read(conn).map_err(fault)).await
    }

    async fn said(
        &self,
        region: &Region,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<ContactId>, StoreError> {
        let region = region.clone();
        let read = move |conn: &Connection| -> rusqlite::Result<Vec<ContactId>> {
            let (after, limit) = (after.map(|id| *id.as_bytes()), i64::try_from(limit).unwrap_or(i64::MAX));
            conn.prepare_cached(sql::SAID)?
                .query_map(params![region.name(), after, limit], |row| {
                    id16(row, 0).map(ContactId::from_bytes)
                })?
                .collect()
        };
        self.readers.read(move |conn| read(conn).map_err(fault)).await
    }

    async fn freeze(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError> {
        self.writer.write(move |tx| freeze(tx.conn, of, by).map_err(fault)).await
    }

    async fn thaw(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError> {
        self.writer.write(move |tx| thaw(tx.conn, of, by).map_err(fault)).await
    }

    // In the writer, which alone knows what is leased.
    async fn pack(&self, of: AggregateId, by: Attempt) -> Result<Option<Luggage>, StoreError> {
        let rows = Arc::clone(&self.rows);
        self.writer.write(move |tx| pack(tx, &rows, of, by)).await
    }

    async fn unpack(&self, luggage: Luggage, by: Attempt) -> Result<(), StoreError> {
        let (rows, is_member) = (Arc::clone(&self.rows), self.is_member);
        self.writer.write(move |tx| unpack(tx, &rows, is_member, &luggage, by)).await
    }

    async fn bury(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError> {
        self.writer.write(move |tx| bury(tx, of, by)).await
    }

    async fn frozen(
        &self,
        after: Option<AggregateId>,
        limit: usize,
    ) -> Result<Vec<(AggregateId, Attempt)>, StoreError> {
        let read = move |conn: &Connection| -> rusqlite::Result<Vec<(AggregateId, Attempt)>> {
            let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
            conn.prepare_cached(sql::FROZEN)?
                .query_map(params![after, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                    Ok((units::aggregate_id(row, 0)?, attempt(row, 2)?))
                })?
                .collect()
        };
        self.readers.read(move |conn| read(conn).map_err(fault)).await
    }

    async fn frozen_by(&self, of: AggregateId) -> Result<Option<Attempt>, StoreError> {
        self.readers.read(move |conn| frozen_by(conn, of).map_err(fault)).await
    }

    async fn records(&self, limit: usize) -> Result<Vec<(AggregateId, Vec<(u64, Record)>)>, StoreError> {
        let rows = Arc::clone(&self.rows);
        self.readers.read(move |conn| records::read(conn, &rows, limit)).await
    }

    async fn forget_records(&self, _of: AggregateId, numbers: &[u64]) -> Result<(), StoreError> {
        let numbers = numbers.to_vec();
        let forget = move |conn: &Connection| -> rusqlite::Result<()> {
            let mut forget = conn.prepare_cached(sql::RECORD_FORGET)?;
            numbers.iter().try_for_each(|number| forget.execute([number]).map(drop))
        };
        self.writer.write(move |tx| forget(tx.conn).map_err(fault)).await
    }

    async fn keep_records(&self, of: AggregateId, records: Vec<Record>) -> Result<(), StoreError> {
        let rows = Arc::clone(&self.rows);
        let sealed = records.into_iter().map(|it| records::seal(&rows, it)).collect::<Result<Vec<_>, _>>()?;
        self.writer.write(move |tx| records::keep(tx.conn, &rows, of, &sealed).map_err(fault)).await
    }

    async fn find_payments(&self, find: Find, limit: usize) -> Result<Vec<PaymentId>, StoreError> {
        let rows = Arc::clone(&self.rows);
        self.readers.read(move |conn| books::find_payments(conn, &rows, find, limit).map_err(fault)).await
    }
}
