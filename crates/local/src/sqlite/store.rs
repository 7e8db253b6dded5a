//! The `Store` port.

use std::path::Path;
use std::sync::Arc;

use answerbot_core::contact::effect::Effect;
use answerbot_core::contact::event::{Envelope, To};
use answerbot_core::pay::price::PriceRow;
use answerbot_core::reuse::curated::Entry;
use answerbot_core::spend::Sums;
use answerbot_core::{AggregateId, ContactId, EffectId, JubaDay, PayerId, State, Time};
use answerbot_ports::codec::{Codec, CodecError};
use answerbot_ports::keys::HashKey;
use answerbot_ports::store::{
    Admission, Booking, Callback, Check, Checks, Commit, Committed, Facets, KeptCallback, Leased,
    MoneyCounts, Opened, Store, StoreError, Want,
};
use answerbot_ports::world::Entropy;
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::answers;
use super::books;
use super::checkpoint::Checkpointer;
use super::leases;
use super::lock::Lock;
use super::open::{self, Access, OpenError};
use super::readers::Readers;
use super::records;
use super::rows::Rows;
use super::sql;
use super::units::{self, BODY_SCHEMA, Sealed, SealedCommit};
use super::writer::{SharedWriter, Writer, fault};

/// Connections that read.
const READERS: usize = 2;

/// The store in one file.
pub struct SqliteStore {
    pub(super) writer: SharedWriter,
    pub(super) readers: Arc<Readers>,
    pub(super) rows: Arc<Rows>,
    pub(super) is_member: bool,
    lost: usize,
    // Dropped in this order: no checkpoint after the lock is gone.
    _checkpointer: Option<Checkpointer>,
    _lock: Option<Lock>,
}

impl SqliteStore {
    /// Opens a file, making and migrating it where `access` says so.
    pub fn open(path: &Path, access: Access, codec: Codec, entropy: &dyn Entropy) -> Result<Self, OpenError> {
        let (conn, lock) = open::writer(path, access)?;
        let hash = open::hash_key(&conn, &codec, entropy)?;
        Self::start(path, access, (conn, lock), Rows { codec, hash }, false)
    }

    /// Opens the file of a region. Its people are found by the hash key of the main store; what their decisions leave
    /// for books and reports waits here for the main store.
    pub fn open_member(
        path: &Path,
        access: Access,
        codec: Codec,
        hash_key: &HashKey,
    ) -> Result<Self, OpenError> {
        let (conn, lock) = open::writer(path, access)?;
        open::share_hash_key(&conn, &codec, hash_key)?;
        Self::start(path, access, (conn, lock), Rows { codec, hash: hash_key.clone() }, true)
    }

    fn start(
        path: &Path,
        access: Access,
        (conn, lock): (Connection, Option<Lock>),
        rows: Rows,
        is_member: bool,
    ) -> Result<Self, OpenError> {
        let (lost, dead) = match access {
            Access::Serve => leases::void(&conn)?,
            Access::Beside => (0, 0),
        };
        if dead > 0 {
            tracing::error!(
                effects = dead,
                "effects were open in too many processes that died; see `effects list`"
            );
        }
        let readers = (0..READERS).map(|_| open::reader(path)).collect::<Result<Vec<_>, _>>()?;
        let writer = Writer::start(conn).map_err(|_| rusqlite::Error::InvalidQuery)?;
        let checkpointer = match access {
            Access::Serve => Some(Checkpointer::start(path)?),
            Access::Beside => None,
        };
        Ok(Self {
            writer: Arc::new(writer),
            readers: Arc::new(Readers::new(readers)),
            rows: Arc::new(rows),
            is_member,
            lost,
            _checkpointer: checkpointer,
            _lock: lock,
        })
    }

    /// The key that addresses are hashed with.
    #[must_use]
    pub fn hash_key(&self) -> HashKey {
        self.rows.hash.clone()
    }

    /// Effects that were open when an earlier process died.
    #[must_use]
    pub fn lost_leases(&self) -> usize {
        self.lost
    }

    /// How the writing connection keeps its promise, for `doctor`: `journal wal, synchronous full`.
    pub async fn durability(&self) -> Result<String, StoreError> {
        let ask = |conn: &Connection| -> rusqlite::Result<String> {
            let journal: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            let synchronous: i64 = conn.pragma_query_value(None, "synchronous", |row| row.get(0))?;
            let name = match synchronous {
                0 => "off",
                1 => "normal",
                2 => "full",
                _ => "extra",
            };
            Ok(format!("journal {journal}, synchronous {name}"))
        };
        self.writer.write(move |tx| ask(tx.conn).map_err(fault)).await
    }

    /// Deletes what lies before `before`, `chunk` rows a write: other writes go between. `statement` takes both.
    pub(super) async fn forget_some(
        &self,
        statement: &'static str,
        before: i64,
        chunk: u32,
    ) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let some =
                move |conn: &Connection| conn.prepare_cached(statement)?.execute(params![before, chunk]);
            let gone = self.writer.write(move |tx| some(tx.conn).map_err(fault)).await? as u64;
            total += gone;
            if gone < u64::from(chunk) {
                return Ok(total);
            }
        }
    }

    /// Writes what waits and stops the writer. Later calls fail.
    pub fn close(&self) {
        self.writer.close();
    }

    pub(super) fn seal_envelopes(&self, envelopes: Vec<Envelope>) -> Result<Vec<Sealed>, StoreError> {
        let seal = |envelope: Envelope| {
            let body = self.rows.codec.seal(BODY_SCHEMA, envelope.id.as_bytes(), &envelope);
            let (aggregate, identity) = self.rows.hash.whom(&envelope.to);
            Ok(Sealed { body: body.map_err(unreadable)?, envelope, aggregate, identity })
        };
        envelopes.into_iter().map(seal).collect()
    }

    fn seal_commit(&self, commit: Commit) -> Result<SealedCommit, StoreError> {
        let aggregate = commit.aggregate;
        let state = self
            .rows
            .codec
            .seal_state(commit.schema, aggregate.as_bytes(), &commit.state)
            .map_err(unreadable)?;
        let seal = |effect: &Effect| units::seal_effect(&self.rows.codec, effect);
        let mut commit = commit;
        let records = if self.is_member {
            records::leave(&mut commit)
                .iter()
                .map(|it| self.rows.seal_record(it))
                .collect::<Result<_, _>>()?
        } else {
            Vec::new()
        };
        // A region's payments are found in the main store.
        let facets =
            commit.facets.take().filter(|it| !self.is_member || matches!(it, Facets::Contact(_))).map(|it| {
                let payer = payer(&self.rows.hash, &it);
                (it, payer)
            });
        Ok(SealedCommit {
            aggregate,
            version: commit.version,
            consumed: commit.consumed,
            schema: commit.schema,
            known_schema: State::known_schema(aggregate.kind()),
            state,
            facets,
            entries: commit.entries,
            grants: commit.grants,
            open: commit
                .open
                .iter()
                .map(|(it, lease)| Ok((seal(it)?, lease.is_some())))
                .collect::<Result<_, _>>()?,
            settled: commit.settled,
            dead: commit.dead.into_iter().map(|(it, why)| Ok((seal(&it)?, why))).collect::<Result<_, _>>()?,
            erase: commit.erase,
            facts: commit
                .facts
                .into_iter()
                .map(|fact| answers::seal_fact(&self.rows, fact))
                .collect::<Result<_, _>>()?,
            records,
        })
    }
}

/// The keyed hash of who pays.
pub(super) fn payer(hash: &HashKey, facets: &Facets) -> Option<PayerId> {
    match facets {
        Facets::Payment(it) => it.payer.map(|payer| hash.payer(payer)),
        Facets::Contact(_) => None,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(super) fn unreadable(error: CodecError) -> StoreError {
    StoreError::Unreadable(error.to_string())
}

fn count_write(kind: &'static str) {
    metrics::counter!("store_writes_total", "kind" => kind).increment(1);
}

#[async_trait]
impl Store for SqliteStore {
    async fn admit(&self, envelopes: Vec<Envelope>, now: Time) -> Result<Vec<Admission>, StoreError> {
        let sealed = self.seal_envelopes(envelopes)?;
        count_write("admit");
        let codec = self.rows.codec.clone();
        let all = move |tx: &mut super::writer::Tx<'_>| {
            sealed.into_iter().map(|it| units::admit_here(tx, it, now, &codec)).collect::<Result<Vec<_>, _>>()
        };
        self.writer.write(all).await
    }

    async fn open(&self, aggregate: AggregateId) -> Result<Opened, StoreError> {
        loop {
            let rows = Arc::clone(&self.rows);
            let (opened, damaged) = self.readers.read(move |conn| rows.open_row(conn, aggregate)).await?;
            let Some(number) = damaged else { return Ok(opened) };
            self.writer.write(move |tx| units::set_aside(tx, aggregate, number, "it cannot be read")).await?;
        }
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let sealed = self.seal_commit(commit)?;
        count_write("commit");
        self.writer.write(move |tx| units::commit(tx, &sealed)).await
    }

    async fn lease_due(&self, wanted: &[Want], now: Time) -> Result<Vec<Leased>, StoreError> {
        let wanted = wanted.to_vec();
        metrics::counter!("store_leases_total").increment(1);
        let rows = self.writer.write(move |tx| leases::lease_due(tx, &wanted, now)).await?;
        Ok(rows.iter().filter_map(|row| self.rows.leased(row)).collect())
    }

    async fn release(&self, effects: Vec<(AggregateId, EffectId)>) -> Result<(), StoreError> {
        self.writer.write(move |tx| leases::release(tx, &effects)).await
    }

    async fn is_open(&self, _of: &To, effect: EffectId) -> Result<bool, StoreError> {
        let found = move |conn: &Connection| {
            conn.prepare_cached(sql::EFFECT_IS_OPEN)
                .and_then(|mut it| it.exists([effect.as_bytes()]))
                .map_err(fault)
        };
        self.readers.read(found).await
    }

    async fn unattended(
        &self,
        before: Time,
        after: Option<AggregateId>,
        limit: usize,
    ) -> Result<Vec<AggregateId>, StoreError> {
        let find = move |conn: &Connection| -> rusqlite::Result<Vec<AggregateId>> {
            let from: i64 = match after {
                Some(aggregate) => conn
                    .prepare_cached(sql::HEAD)?
                    .query_row([aggregate.as_bytes()], |row| row.get(0))
                    .optional()?
                    .unwrap_or(0),
                None => 0,
            };
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            conn.prepare_cached(sql::UNATTENDED)?
                .query_map(params![from, before.as_millis(), limit], |row| units::aggregate_id(row, 0))?
                .collect()
        };
        self.readers.read(move |conn| find(conn).map_err(fault)).await
    }

    async fn knows(&self, aggregate: AggregateId) -> Result<bool, StoreError> {
        let kind = aggregate.kind().number();
        let find = move |conn: &Connection| {
            conn.prepare_cached(
                "SELECT 1 FROM aggregate WHERE external_id = ?1 AND kind = ?2 AND (away IS NULL OR away = 1)",
            )
            .and_then(|mut it| it.exists(params![aggregate.as_bytes(), kind]))
            .map_err(fault)
        };
        self.readers.read(find).await
    }

    async fn overdue_texts(&self, day: JubaDay, limit: usize) -> Result<Vec<AggregateId>, StoreError> {
        let find = move |conn: &Connection| -> rusqlite::Result<Vec<AggregateId>> {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            conn.prepare_cached(sql::OVERDUE_TEXTS)?
                .query_map(params![day.0, limit], |row| {
                    units::id16(row, 0).map(|id| ContactId::from_bytes(id).into())
                })?
                .collect()
        };
        self.readers.read(move |conn| find(conn).map_err(fault)).await
    }

    async fn failed(&self, aggregate: AggregateId, number: u64, reason: String) -> Result<u32, StoreError> {
        self.writer.write(move |tx| units::failed(tx, aggregate, number, &reason)).await
    }

    async fn claim(
        &self,
        key: String,
        owner: ContactId,
        from: Option<ContactId>,
    ) -> Result<bool, StoreError> {
        let claim = move |conn: &Connection| -> rusqlite::Result<bool> {
            let held = conn
                .query_row("SELECT owner FROM claim WHERE key = ?1", [&key], |row| units::id16(row, 0))
                .optional()?;
            let may = held.is_none_or(|held| {
                &held == owner.as_bytes() || from.is_some_and(|it| it.as_bytes() == &held)
            });
            if may {
                conn.execute(
                    "INSERT OR REPLACE INTO claim (key, owner) VALUES (?1, ?2)",
                    params![key, owner.as_bytes()],
                )?;
            }
            Ok(may)
        };
        self.writer.write(move |tx| claim(tx.conn).map_err(fault)).await
    }

    async fn unclaim(&self, key: String, owner: ContactId) -> Result<(), StoreError> {
        let unclaim = move |conn: &Connection| {
            conn.execute("DELETE FROM claim WHERE key = ?1 AND owner = ?2", params![key, owner.as_bytes()])
                .map(drop)
        };
        self.writer.write(move |tx| unclaim(tx.conn).map_err(fault)).await
    }

    async fn take(&self, job: &'static str, for_ms: i64, now: Time) -> Result<bool, StoreError> {
        let take = move |conn: &Connection| {
            conn.execute(
                "INSERT INTO job (name, until) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET until = ?2 WHERE until <= ?3",
                params![job, now.plus(for_ms).as_millis(), now.as_millis()],
            )
        };
        self.writer.write(move |tx| take(tx.conn).map(|changed| changed > 0).map_err(fault)).await
    }

    async fn forget_seen(&self, before: Time) -> Result<u64, StoreError> {
        const CHUNK: usize = 500;
        let old = move |conn: &Connection| -> rusqlite::Result<Vec<[u8; 16]>> {
            conn.prepare("SELECT id FROM seen WHERE at < ?1")?
                .query_map([before.as_millis()], |row| units::id16(row, 0))?
                .collect()
        };
        let ids = self.readers.read(move |conn| old(conn).map_err(fault)).await?;
        for chunk in ids.chunks(CHUNK) {
            let chunk = chunk.to_vec();
            let delete = move |conn: &Connection| -> rusqlite::Result<()> {
                let mut delete = conn.prepare_cached("DELETE FROM seen WHERE id = ?1")?;
                chunk.iter().try_for_each(|id| delete.execute([id]).map(drop))
            };
            self.writer.write(move |tx| delete(tx.conn).map_err(fault)).await?;
        }
        Ok(ids.len() as u64)
    }

    async fn prices(&self) -> Result<Vec<PriceRow>, StoreError> {
        self.readers.read(|conn| books::prices(conn).map_err(fault)).await
    }

    async fn seal_entries(&self, limit: usize) -> Result<usize, StoreError> {
        self.writer.write(move |tx| books::seal(tx.conn, limit).map_err(fault)).await
    }

    async fn money_counts(&self, before: Time) -> Result<MoneyCounts, StoreError> {
        self.readers.read(move |conn| books::counts(conn, before).map_err(fault)).await
    }

    async fn spending(&self, day: JubaDay) -> Result<(Sums, Sums), StoreError> {
        self.readers.read(move |conn| answers::spending(conn, day).map_err(fault)).await
    }

    async fn curated(&self, known: u64) -> Result<Option<(u64, Vec<Entry>)>, StoreError> {
        self.readers.read(move |conn| answers::curated(conn, known)).await
    }

    async fn book(&self, booking: Booking) -> Result<(), StoreError> {
        self.writer.write(move |tx| answers::book(tx.conn, &booking).map_err(fault)).await
    }

    async fn note_check(&self, check: Check) -> Result<(), StoreError> {
        self.writer.write(move |tx| answers::note_check(tx.conn, &check).map_err(fault)).await
    }

    async fn checks(&self, version: String) -> Result<Vec<Checks>, StoreError> {
        self.readers.read(move |conn| answers::checks(conn, &version).map_err(fault)).await
    }

    async fn forget_turns(&self, day: JubaDay, now: Time) -> Result<u64, StoreError> {
        self.forget_answers(day, now).await
    }

    async fn keep_callback(&self, callback: Callback, now: Time) -> Result<KeptCallback, StoreError> {
        self.keep(callback, now).await
    }

    async fn forget_callbacks(&self, before: Time) -> Result<u64, StoreError> {
        self.forget(before).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let touch = |conn: &Connection| {
            conn.execute(
                "INSERT INTO job (name, until) VALUES ('ping', 0) ON CONFLICT (name) DO UPDATE SET until = 0",
                [],
            )
        };
        self.writer.write(move |tx| touch(tx.conn).map(drop).map_err(fault)).await
    }
}
