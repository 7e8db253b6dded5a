//! What questions took and cost, answers that are shared, answers that people wrote.

use std::sync::Arc;

use answerbot_core::decide::{AiTurn, Fact};
use answerbot_core::domain::Domain;
use answerbot_core::reuse::curated::Entry;
use answerbot_core::reuse::{Kept, Key};
use answerbot_core::spend::{MicroUsd, Spent, Sums, first_of_month};
use answerbot_core::{ContactId, JubaDay, Time};
use answerbot_ports::answers::SavedAnswers;
use answerbot_ports::reports::{Audit, CostRow, Missed, Ratings};
use answerbot_ports::store::{
    Booking, Check, Checks, MISSED_FOR_DAYS, MISSED_ONCE_FOR_DAYS, SHARED_ANSWERS, StoreError, TURNS_FOR_DAYS,
};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::books;
use super::rows::Rows;
use super::sql;
use super::store::{SqliteStore, unreadable};
use super::units::{BODY_SCHEMA, id16};
use super::writer::fault;

/// Rows that one write forgets: other writes go between.
const CHUNK: u32 = 500;
/// The row that counts the changes of curated answers.
const CURATED_CHANGES: &str = "curated_changes";

/// A fact ready to be written.
pub(super) enum SealedFact {
    Turn(AiTurn),
    Rated { ask: [u8; 16], good: bool },
    Missed { key: [u8; 16], day: JubaDay, body: Vec<u8> },
}

/// Seals what a person said.
pub(super) fn seal_fact(rows: &Rows, fact: Fact) -> Result<SealedFact, StoreError> {
    Ok(match fact {
        Fact::Turn(turn) => SealedFact::Turn(turn),
        Fact::Rated { ask, good } => SealedFact::Rated { ask: *ask.as_bytes(), good },
        Fact::Missed { day, language, normal } => {
            let key = rows.hash.question(language, &normal);
            let body = rows.codec.seal(BODY_SCHEMA, &key, &(language, normal)).map_err(unreadable)?;
            SealedFact::Missed { key, day, body }
        }
    })
}

/// Writes a fact of a contact.
pub(super) fn write_fact(conn: &Connection, contact: i64, fact: &SealedFact) -> rusqlite::Result<()> {
    match fact {
        SealedFact::Turn(turn) => write_turn(conn, contact, turn),
        SealedFact::Rated { ask, good } => {
            conn.prepare_cached(sql::RATE)?.execute(params![ask, good]).map(drop)
        }
        SealedFact::Missed { key, day, body } => {
            conn.prepare_cached(sql::MISSED)?.execute(params![key, contact, day.0, body]).map(drop)
        }
    }
}

/// Takes a person out: what they alone asked is gone, and nothing says who asked the rest.
pub(super) fn erase(conn: &Connection, contact: i64) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM ai_turn WHERE contact = ?1", [contact])?;
    conn.execute("DELETE FROM missed WHERE last_by = ?1 AND times = 1", [contact])?;
    conn.execute("UPDATE missed SET last_by = 0 WHERE last_by = ?1", [contact]).map(drop)
}

fn write_turn(conn: &Connection, contact: i64, turn: &AiTurn) -> rusqlite::Result<()> {
    let nobody = [Spent::default()];
    let calls = if turn.spent.is_empty() { &nobody[..] } else { &turn.spent[..] };
    let (day, domain) = (turn.at.juba_day().0, turn.domain.name());
    let way = turn.way.map_or("none", |way| way.name());
    for (call, spent) in calls.iter().enumerate() {
        let row = params![
            turn.ask.as_bytes(),
            turn.attempt,
            i64::try_from(call).unwrap_or(i64::MAX),
            contact,
            turn.at.as_millis(),
            day,
            turn.paid,
            domain,
            way,
            spent.provider,
            spent.model,
            whole(spent.tokens_in),
            whole(spent.tokens_out),
            whole(spent.cost.0),
            spent.estimated,
            turn.key.map(|key| key.0),
        ];
        if conn.prepare_cached(sql::TURN_ADD)?.execute(row)? == 0 {
            continue;
        }
        // The answer counts with the call that brought it: the last one.
        let answers = i64::from(turn.way.is_some() && call + 1 == calls.len());
        add_to_day(conn, turn.at.juba_day(), (turn.paid, domain, way), spent, answers)?;
    }
    Ok(())
}

/// Adds a call to the sums of its day: whether of people who paid, the subject, and where answers came from.
fn add_to_day(
    conn: &Connection,
    day: JubaDay,
    (paid, domain, way): (bool, &str, &str),
    spent: &Spent,
    answers: i64,
) -> rusqlite::Result<()> {
    conn.prepare_cached(sql::AI_DAY_ADD)?
        .execute(params![
            day.0,
            paid,
            domain,
            way,
            spent.provider,
            spent.model,
            answers,
            i64::from(!spent.provider.is_empty()),
            whole(spent.tokens_in),
            whole(spent.tokens_out),
            whole(spent.cost.0),
        ])
        .map(drop)
}

/// SQLite's integers are signed.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn micro(row: &Row<'_>, index: usize) -> rusqlite::Result<MicroUsd> {
    row.get::<_, u64>(index).map(MicroUsd)
}

pub(super) fn spending(conn: &Connection, day: JubaDay) -> rusqlite::Result<(Sums, Sums)> {
    let mut sums = conn.prepare_cached(
        "SELECT paid, coalesce(sum(micro_usd), 0) FROM ai_day WHERE day BETWEEN ?1 AND ?2 GROUP BY paid",
    )?;
    let mut between = |from: JubaDay| -> rusqlite::Result<Sums> {
        let mut all = Sums::default();
        let mut rows = sums.query(params![from.0, day.0])?;
        while let Some(row) = rows.next()? {
            let sum = micro(row, 1)?;
            if row.get(0)? {
                all.paid = sum;
            } else {
                all.free = sum;
            }
        }
        Ok(all)
    };
    Ok((between(day)?, between(first_of_month(day))?))
}

fn changes(conn: &Connection) -> rusqlite::Result<u64> {
    let found = conn
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([CURATED_CHANGES], |row| row.get::<_, Vec<u8>>(0))
        .optional()?;
    Ok(found.and_then(|it| it.try_into().ok()).map_or(0, u64::from_be_bytes))
}

fn changed(conn: &Connection) -> rusqlite::Result<()> {
    let next = changes(conn)?.wrapping_add(1).to_be_bytes();
    conn.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)", params![CURATED_CHANGES, next])
        .map(drop)
}

pub(super) fn curated(conn: &Connection, known: u64) -> Result<Option<(u64, Vec<Entry>)>, StoreError> {
    // One snapshot: the entries must be those of this change.
    let tx = conn.unchecked_transaction().map_err(fault)?;
    // Nought is "nothing known"; before the first change there are none.
    let now = changes(&tx).map_err(fault)?.saturating_add(1);
    if now == known {
        return Ok(None);
    }
    let mut read = tx.prepare_cached("SELECT body FROM curated ORDER BY id").map_err(fault)?;
    let bodies: Vec<String> =
        read.query_map([], |row| row.get(0)).and_then(Iterator::collect).map_err(fault)?;
    // One that another release wrote must not take the others along.
    let told = |error: &serde_json::Error| tracing::error!(error = %error, "a curated answer cannot be read");
    let entries = bodies.iter().filter_map(|body| serde_json::from_str(body).inspect_err(told).ok());
    Ok(Some((now, entries.collect())))
}

pub(super) fn put_curated(
    conn: &Connection,
    entries: &[(String, String)],
    audit: &Audit,
) -> rusqlite::Result<()> {
    for (id, body) in entries {
        conn.execute("INSERT OR REPLACE INTO curated (id, body) VALUES (?1, ?2)", params![id, body])?;
    }
    changed(conn)?;
    books::note(conn, audit)
}

pub(super) fn remove_curated(conn: &Connection, id: &str, audit: &Audit) -> rusqlite::Result<bool> {
    if conn.execute("DELETE FROM curated WHERE id = ?1", [id])? == 0 {
        return Ok(false);
    }
    changed(conn)?;
    books::note(conn, audit)?;
    Ok(true)
}

pub(super) fn costs(conn: &Connection, from: JubaDay) -> rusqlite::Result<Vec<CostRow>> {
    conn.prepare_cached(
        "SELECT day, paid, domain, way, provider, model, answers, calls, tokens_in, tokens_out, micro_usd \
         FROM ai_day WHERE day >= ?1 ORDER BY day, paid, domain, way, provider, model",
    )?
    .query_map([from.0], |row| {
        Ok(CostRow {
            day: JubaDay(row.get(0)?),
            paid: row.get(1)?,
            domain: row.get(2)?,
            way: row.get(3)?,
            provider: row.get(4)?,
            model: row.get(5)?,
            answers: row.get(6)?,
            calls: row.get(7)?,
            tokens_in: row.get(8)?,
            tokens_out: row.get(9)?,
            cost: micro(row, 10)?,
        })
    })?
    .collect()
}

pub(super) fn cost_of(conn: &Connection, contact: ContactId) -> rusqlite::Result<MicroUsd> {
    conn.prepare_cached(
        "SELECT coalesce(sum(micro_usd), 0) FROM ai_turn \
         WHERE contact = (SELECT no FROM aggregate WHERE external_id = ?1)",
    )?
    .query_row([contact.as_bytes()], |row| micro(row, 0))
}

pub(super) fn ratings(conn: &Connection) -> rusqlite::Result<Vec<Ratings>> {
    conn.prepare_cached(
        "SELECT source, count(DISTINCT ask), count(DISTINCT CASE good WHEN 1 THEN ask END), \
         count(DISTINCT CASE good WHEN 0 THEN ask END) FROM ai_turn \
         WHERE source IS NOT NULL AND way <> 'none' GROUP BY source",
    )?
    .query_map([], |row| {
        Ok(Ratings { source: Key(id16(row, 0)?), given: row.get(1)?, good: row.get(2)?, wrong: row.get(3)? })
    })?
    .collect()
}

pub(super) fn note_check(conn: &Connection, check: &Check) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT INTO reuse_check (version, domain, checked, wrong) VALUES (?1, ?2, 1, ?3) \
         ON CONFLICT (version, domain) DO UPDATE SET checked = checked + 1, wrong = wrong + ?3",
    )?
    .execute(params![check.version, check.domain.name(), check.wrong])
    .map(drop)
}

pub(super) fn book(conn: &Connection, it: &Booking) -> rusqlite::Result<()> {
    let of = (it.paid, it.domain.name(), it.way);
    it.spent.iter().try_for_each(|spent| add_to_day(conn, it.at.juba_day(), of, spent, 0))
}

pub(super) fn checks(conn: &Connection, version: &str) -> rusqlite::Result<Vec<Checks>> {
    let mut read =
        conn.prepare_cached("SELECT domain, checked, wrong FROM reuse_check WHERE version = ?1")?;
    let rows = read.query_map([version], |row| {
        let name: String = row.get(0)?;
        Ok(Domain::named(&name).map(|domain| (domain, row.get(1), row.get(2))))
    })?;
    let mut all = Vec::new();
    for row in rows {
        if let Some((domain, checked, wrong)) = row? {
            all.push(Checks { domain, checked: checked?, wrong: wrong? });
        }
    }
    Ok(all)
}

pub(super) fn forget_checks(conn: &Connection, domain: Domain, audit: &Audit) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM reuse_check WHERE domain = ?1", [domain.name()])?;
    books::note(conn, audit)
}

#[async_trait]
impl SavedAnswers for SqliteStore {
    async fn saved_answer(&self, key: Key) -> Result<Option<Kept>, StoreError> {
        let rows = Arc::clone(&self.rows);
        let read = move |conn: &Connection| {
            let body: Option<Vec<u8>> = conn
                .prepare_cached(sql::SHARED_READ)
                .and_then(|mut it| it.query_row([key.0], |row| row.get(0)).optional())
                .map_err(fault)?;
            body.map(|body| rows.codec.open(BODY_SCHEMA, &key.0, &body).map_err(unreadable)).transpose()
        };
        self.readers.read(read).await
    }

    async fn save_answer(&self, key: Key, kept: &Kept) -> Result<(), StoreError> {
        let body = self.rows.codec.seal(BODY_SCHEMA, &key.0, kept).map_err(unreadable)?;
        let until = kept.until.as_millis();
        let write = move |conn: &Connection| {
            conn.prepare_cached(sql::SHARED_SAVE)?.execute(params![key.0, until, body])
        };
        self.writer.write(move |tx| write(tx.conn).map(drop).map_err(fault)).await
    }

    async fn delete_answer(&self, key: Key) -> Result<(), StoreError> {
        let write =
            move |conn: &Connection| conn.execute("DELETE FROM shared_answer WHERE key = ?1", [key.0]);
        self.writer.write(move |tx| write(tx.conn).map(drop).map_err(fault)).await
    }

    async fn saved_keys(&self) -> Result<Vec<Key>, StoreError> {
        let read = |conn: &Connection| -> rusqlite::Result<Vec<Key>> {
            conn.prepare("SELECT key FROM shared_answer")?
                .query_map([], |row| id16(row, 0).map(Key))?
                .collect()
        };
        self.readers.read(move |conn| read(conn).map_err(fault)).await
    }
}

impl SqliteStore {
    pub(super) async fn read_missed(&self, times: u64, limit: usize) -> Result<Vec<Missed>, StoreError> {
        let rows = Arc::clone(&self.rows);
        let read = move |conn: &Connection| -> Result<Vec<Missed>, StoreError> {
            let mut most = conn.prepare_cached(sql::MISSED_MOST).map_err(fault)?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut found = most.query(params![whole(times), limit]).map_err(fault)?;
            let mut all = Vec::new();
            while let Some(row) = found.next().map_err(fault)? {
                let columns =
                    || Ok((id16(row, 0)?, row.get(1)?, JubaDay(row.get(2)?), row.get::<_, Vec<u8>>(3)?));
                let (key, times, last, body) = columns().map_err(fault)?;
                let (language, question) = rows.codec.open(BODY_SCHEMA, &key, &body).map_err(unreadable)?;
                all.push(Missed { times, last, language, question });
            }
            Ok(all)
        };
        self.readers.read(read).await
    }

    pub(super) async fn forget_answers(&self, day: JubaDay, now: Time) -> Result<u64, StoreError> {
        let old = |days: i32| i64::from(day.0 - days);
        let all = [
            (
                "DELETE FROM ai_turn WHERE (ask, attempt, call) IN \
                 (SELECT ask, attempt, call FROM ai_turn WHERE day < ?1 LIMIT ?2)",
                old(TURNS_FOR_DAYS),
            ),
            (
                "DELETE FROM missed WHERE key IN (SELECT key FROM missed WHERE times = 1 AND last < ?1 LIMIT ?2)",
                old(MISSED_ONCE_FOR_DAYS),
            ),
            (
                "DELETE FROM missed WHERE key IN (SELECT key FROM missed WHERE last < ?1 LIMIT ?2)",
                old(MISSED_FOR_DAYS),
            ),
            (
                "DELETE FROM shared_answer WHERE key IN (SELECT key FROM shared_answer WHERE until < ?1 LIMIT ?2)",
                // Past its time it still serves while no provider answers.
                now.plus(-answerbot_core::time::DAY * 8).as_millis(),
            ),
        ];
        let mut total = 0;
        for (statement, before) in all {
            total += self.forget_some(statement, before, CHUNK).await?;
        }
        // What is nearest to its end makes room.
        let crowd = move |conn: &Connection| {
            conn.execute(
                "DELETE FROM shared_answer WHERE key IN (SELECT key FROM shared_answer ORDER BY until \
                 LIMIT max(0, (SELECT count(*) FROM shared_answer) - ?1))",
                [whole(SHARED_ANSWERS)],
            )
        };
        Ok(total + self.writer.write(move |tx| crowd(tx.conn).map_err(fault)).await? as u64)
    }
}
