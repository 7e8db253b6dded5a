//! The `Reports` port.

use std::sync::Arc;

use answerbot_core::contact::effect::{Action, Effect};
use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::domain::Domain;
use answerbot_core::pay::ledger::Entry;
use answerbot_core::pay::payment::Payment;
use answerbot_core::pay::price::PriceRow;
use answerbot_core::reuse::curated;
use answerbot_core::spend::MicroUsd;
use answerbot_core::{AggregateId, Contact, ContactId, EffectId, EventId, JubaDay, PaymentId, Time};
use answerbot_ports::regions::DAMAGED;
use answerbot_ports::reports::{AccountSum, Audit, Chain, CostRow, Find, Missed, Overview, Ratings, Reports};
use answerbot_ports::store::{Admission, StoreError, Stuck};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::store::{SqliteStore, unreadable};
use super::units::{self, BODY_SCHEMA};
use super::writer::fault;
use super::{answers, books};

const STUCK_EFFECTS: &str = "SELECT e.id, a.kind, a.external_id, e.due, e.attempt, e.paid, e.reason, e.body FROM effect e \
     JOIN aggregate a ON a.no = e.aggregate WHERE e.status = 1 ORDER BY e.due DESC LIMIT ?1";
const STUCK_EVENTS: &str = "SELECT s.id, a.kind, a.external_id, s.arrived AS at, s.reason FROM set_aside s \
     JOIN aggregate a ON a.no = s.aggregate \
     UNION ALL SELECT id, kind, aggregate, arrived, ?2 FROM parked_aside \
     ORDER BY at DESC LIMIT ?1";

fn overview(conn: &Connection) -> rusqlite::Result<Overview> {
    let count = |statement: &str| conn.query_row(statement, [], |row| row.get::<_, u64>(0));
    Ok(Overview {
        contacts: count("SELECT count(*) FROM contact")?,
        ready: count("SELECT count(*) FROM contact WHERE stage = 'ready'")?,
        waiting_events: count("SELECT count(*) FROM inbox")?,
        oldest_event: conn
            .query_row("SELECT min(arrived) FROM inbox", [], |row| row.get::<_, Option<i64>>(0))?
            .map(Time::from_millis),
        open_effects: count("SELECT count(*) FROM effect WHERE status = 0")?,
        dead_effects: count("SELECT count(*) FROM effect WHERE status = 1")?,
        set_aside: count("SELECT (SELECT count(*) FROM set_aside) + (SELECT count(*) FROM parked_aside)")?,
    })
}

#[async_trait]
impl Reports for SqliteStore {
    async fn overview(&self) -> Result<Overview, StoreError> {
        self.readers.read(|conn| overview(conn).map_err(fault)).await
    }

    async fn stuck(&self, limit: usize) -> Result<Vec<Stuck>, StoreError> {
        let rows = Arc::clone(&self.rows);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let read = move |conn: &Connection| -> rusqlite::Result<Vec<Stuck>> {
            let mut all = Vec::new();
            let mut effects = conn.prepare(STUCK_EFFECTS)?;
            let mut found = effects.query([limit])?;
            while let Some(row) = found.next()? {
                let id = EffectId::from_bytes(units::id16(row, 0)?);
                let (aggregate, due) = (units::aggregate_id(row, 1)?, Time::from_millis(row.get(3)?));
                let body: Vec<u8> = row.get(7)?;
                let Ok(action) = rows.codec.open::<Action>(BODY_SCHEMA, id.as_bytes(), &body) else {
                    all.push(Stuck::Unreadable { aggregate, effect: id, due });
                    continue;
                };
                all.push(Stuck::Effect {
                    aggregate,
                    effect: Effect { id, due, attempt: row.get(4)?, paid: row.get(5)?, action },
                    reason: row.get::<_, Option<String>>(6)?.unwrap_or_default(),
                });
            }
            let mut events = conn.prepare(STUCK_EVENTS)?;
            let mut found = events.query(params![limit, DAMAGED])?;
            while let Some(row) = found.next()? {
                all.push(Stuck::Event {
                    id: EventId::from_bytes(units::id16(row, 0)?),
                    aggregate: units::aggregate_id(row, 1)?,
                    arrived: Time::from_millis(row.get(3)?),
                    reason: row.get(4)?,
                });
            }
            Ok(all)
        };
        self.readers.read(move |conn| read(conn).map_err(fault)).await
    }

    async fn revive_effect(&self, effect: EffectId, now: Time) -> Result<bool, StoreError> {
        let stuck = self.stuck(usize::MAX).await?;
        let found = stuck.into_iter().find_map(|it| match it {
            Stuck::Effect { aggregate, effect: dead, .. } if dead.id == effect => Some((aggregate, dead)),
            _ => None,
        });
        let Some((aggregate, dead)) = found else { return Ok(false) };
        let key = format!("revive:{}:{}", dead.id, dead.attempt);
        let envelope = Envelope {
            id: EventId::derive("operator", &key),
            to: To::Aggregate(aggregate),
            event: Event::Revive(dead),
            sent: None,
        };
        let admitted = answerbot_ports::store::Store::admit(self, vec![envelope], now).await?;
        Ok(matches!(admitted.as_slice(), [answerbot_ports::store::Admission::New { .. }]))
    }

    async fn revive_event(
        &self,
        aggregate: AggregateId,
        event: EventId,
        now: Time,
    ) -> Result<bool, StoreError> {
        let move_back = move |conn: &Connection| -> rusqlite::Result<bool> {
            let aside = "SELECT s.aggregate, a.consumed, s.body FROM set_aside s JOIN aggregate a ON a.no = s.aggregate \
                         WHERE a.external_id = ?1 AND s.id = ?2";
            let head = |row: &rusqlite::Row<'_>| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, u64>(1)?, row.get::<_, Vec<u8>>(2)?))
            };
            let found =
                conn.query_row(aside, params![aggregate.as_bytes(), event.as_bytes()], head).optional()?;
            let Some((no, consumed, body)) = found else { return Ok(false) };
            let last: Option<u64> = conn.query_row(super::sql::INBOX_LAST, [no], |row| row.get(0))?;
            let number = last.unwrap_or(0).max(consumed) + 1;
            let row = params![no, number, event.as_bytes(), now.as_millis(), body];
            conn.execute(super::sql::INBOX_PUSH, row)?;
            conn.execute(
                "DELETE FROM set_aside WHERE aggregate = ?1 AND id = ?2",
                params![no, event.as_bytes()],
            )?;
            Ok(true)
        };
        self.writer.write(move |tx| move_back(tx.conn).map_err(fault)).await
    }

    async fn payments(&self, find: Find, limit: usize) -> Result<Vec<(PaymentId, Payment)>, StoreError> {
        let rows = Arc::clone(&self.rows);
        self.readers.read(move |conn| books::payments(conn, &rows, find, limit)).await
    }

    async fn entries(&self, payment: PaymentId) -> Result<Vec<Entry>, StoreError> {
        self.readers.read(move |conn| books::entries(conn, payment).map_err(fault)).await
    }

    async fn accounts(&self) -> Result<Vec<AccountSum>, StoreError> {
        self.readers.read(|conn| books::accounts(conn).map_err(fault)).await
    }

    async fn chain(&self) -> Result<Chain, StoreError> {
        self.readers.read(|conn| books::chain(conn).map_err(fault)).await
    }

    async fn contacts(
        &self,
        paying: bool,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<(ContactId, Contact)>, StoreError> {
        let rows = Arc::clone(&self.rows);
        self.readers.read(move |conn| books::contacts(conn, &rows, paying, after, limit)).await
    }

    async fn audits(&self, limit: usize) -> Result<Vec<Audit>, StoreError> {
        self.readers.read(move |conn| books::audits(conn, limit).map_err(fault)).await
    }

    async fn put_prices(&self, rows: Vec<PriceRow>, audit: Audit) -> Result<(), StoreError> {
        self.writer.write(move |tx| books::put_prices(tx.conn, &rows, &audit).map_err(fault)).await
    }

    async fn hand(&self, envelopes: Vec<Envelope>, audit: Audit) -> Result<usize, StoreError> {
        let sealed = self.seal_envelopes(envelopes)?;
        let codec = self.rows.codec.clone();
        let hand = move |tx: &mut super::writer::Tx<'_>| -> Result<usize, StoreError> {
            let mut new = 0;
            for it in sealed {
                let admission = units::admit_here(tx, it, audit.at, &codec)?;
                new += usize::from(matches!(admission, Admission::New { .. }));
            }
            books::note(tx.conn, &audit).map_err(fault)?;
            Ok(new)
        };
        self.writer.write(hand).await
    }

    async fn costs(&self, from: JubaDay) -> Result<Vec<CostRow>, StoreError> {
        self.readers.read(move |conn| answers::costs(conn, from).map_err(fault)).await
    }

    async fn cost_of(&self, contact: ContactId) -> Result<MicroUsd, StoreError> {
        self.readers.read(move |conn| answers::cost_of(conn, contact).map_err(fault)).await
    }

    async fn missed(&self, times: u64, limit: usize) -> Result<Vec<Missed>, StoreError> {
        self.read_missed(times, limit).await
    }

    async fn ratings(&self) -> Result<Vec<Ratings>, StoreError> {
        self.readers.read(|conn| answers::ratings(conn).map_err(fault)).await
    }

    async fn put_curated(&self, entries: Vec<curated::Entry>, audit: Audit) -> Result<(), StoreError> {
        let line = |entry: &curated::Entry| serde_json::to_string(entry).map(|body| (entry.id.clone(), body));
        let lines = entries.iter().map(line).collect::<Result<Vec<_>, _>>();
        let lines = lines.map_err(|error| StoreError::Unreadable(error.to_string()))?;
        self.writer.write(move |tx| answers::put_curated(tx.conn, &lines, &audit).map_err(fault)).await
    }

    async fn remove_curated(&self, id: String, audit: Audit) -> Result<bool, StoreError> {
        self.writer.write(move |tx| answers::remove_curated(tx.conn, &id, &audit).map_err(fault)).await
    }

    async fn forget_checks(&self, domain: Domain, audit: Audit) -> Result<(), StoreError> {
        self.writer.write(move |tx| answers::forget_checks(tx.conn, domain, &audit).map_err(fault)).await
    }

    async fn note(&self, audit: Audit) -> Result<(), StoreError> {
        self.writer.write(move |tx| books::note(tx.conn, &audit).map_err(fault)).await
    }
}

impl SqliteStore {
    /// Seals anew whatever is not sealed under the current key, a few rows at a time; returns how many rows.
    /// After it the old key is needed only for backups.
    pub async fn reseal(&self) -> Result<u64, StoreError> {
        const CHUNK: i64 = 200;
        const TABLES: [(&str, &str, &str); 9] = [
            ("aggregate", "no", "external_id"),
            ("inbox", "id", "id"),
            ("effect", "id", "id"),
            ("set_aside", "id", "id"),
            ("shared_answer", "key", "key"),
            ("missed", "key", "key"),
            ("parked", "id", "id"),
            ("record", "no", "CAST('record' AS BLOB)"),
            // `||` alone makes a text of two blobs.
            ("callback", "no", "CAST(reference || digest AS BLOB)"),
        ];
        let mut total = 0;
        for (table, key, row_name) in TABLES {
            let column = if table == "aggregate" { "state" } else { "body" };
            loop {
                let rows = Arc::clone(&self.rows);
                let work = move |tx: &mut super::writer::Tx<'_>| -> Result<u64, StoreError> {
                    let find = format!(
                        "SELECT {key}, {row_name}, {column} FROM {table} WHERE {column} IS NOT NULL \
                         AND substr({column}, 3, 4) <> ?1 LIMIT {CHUNK}"
                    );
                    let put = format!("UPDATE {table} SET {column} = ?2 WHERE {key} = ?1");
                    let mut found = tx.conn.prepare(&find).map_err(fault)?;
                    let current = rows.codec.key_id();
                    let old = found
                        .query_map([&current[..]], |row| {
                            Ok((
                                row.get::<_, rusqlite::types::Value>(0)?,
                                row.get::<_, Vec<u8>>(1)?,
                                row.get::<_, Vec<u8>>(2)?,
                            ))
                        })
                        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                        .map_err(fault)?;
                    for (key, name, blob) in &old {
                        let schema = u32::from(u16::from_be_bytes([blob[0], blob[1]]));
                        let plain = rows.codec.open_bytes(schema, name, blob).map_err(unreadable)?;
                        let sealed = rows.codec.seal_bytes(schema, name, &plain).map_err(unreadable)?;
                        tx.conn.execute(&put, params![key, sealed]).map_err(fault)?;
                    }
                    Ok(old.len() as u64)
                };
                let done = self.writer.write(work).await?;
                total += done;
                if done == 0 {
                    break;
                }
            }
        }
        Ok(total)
    }
}
