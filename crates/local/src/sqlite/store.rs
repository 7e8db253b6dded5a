//! The `Store` port.

use std::path::Path;
use std::sync::Arc;

use answerbot_core::contact::effect::{Action, Effect, Kind};
use answerbot_core::contact::event::{Envelope, Numbered};
use answerbot_core::pay::price::PriceRow;
use answerbot_core::reuse::curated::Entry;
use answerbot_core::spend::Sums;
use answerbot_core::{AggregateId, AggregateKind, ContactId, EffectId, EventId, JubaDay, State, Time};
use answerbot_ports::codec::{Codec, CodecError};
use answerbot_ports::keys::HashKey;
use answerbot_ports::store::{
    Admission, Booking, Callback, Check, Checks, Commit, Committed, Facets, KeptCallback, Leased,
    MoneyCounts, Opened, Store, StoreError,
};
use answerbot_ports::world::Entropy;
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::answers;
use super::books;
use super::checkpoint::Checkpointer;
use super::lock::Lock;
use super::open::{self, Access, OpenError};
use super::readers::Readers;
use super::sql;
use super::units::{self, BODY_SCHEMA, DueRow, Sealed, SealedCommit};
use super::writer::{SharedWriter, Writer, fault};

/// Connections that read.
const READERS: usize = 2;

/// The store in one file.
pub struct SqliteStore {
    pub(super) writer: SharedWriter,
    pub(super) readers: Arc<Readers>,
    pub(super) rows: Arc<Rows>,
    lost: usize,
    // Dropped in this order: no checkpoint after the lock is gone.
    _checkpointer: Option<Checkpointer>,
    _lock: Option<Lock>,
}

/// Reads sealed rows.
pub(super) struct Rows {
    pub codec: Codec,
    pub hash: HashKey,
}

impl Rows {
    /// An aggregate with its inbox, and the number of an envelope in it that is damaged.
    pub fn open_row(
        &self,
        conn: &Connection,
        aggregate: AggregateId,
    ) -> Result<(Opened, Option<u64>), StoreError> {
        // One snapshot: the inbox must be that of this version.
        let tx = conn.unchecked_transaction().map_err(fault)?;
        let head = |row: &rusqlite::Row<'_>| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, u64>(1)?,
                row.get::<_, u64>(2)?,
                row.get::<_, Option<Vec<u8>>>(3)?,
            ))
        };
        let found = tx
            .prepare_cached(sql::OPEN)
            .and_then(|mut it| it.query_row([aggregate.as_bytes()], head).optional())
            .map_err(fault)?;
        let kind = aggregate.kind();
        let Some((no, version, consumed, state)) = found else {
            let nobody = Opened { state: State::empty(kind), version: 0, consumed: 0, waiting: Vec::new() };
            return Ok((nobody, None));
        };
        let state = match state {
            Some(blob) => self.open_state(aggregate, &blob).map_err(unreadable)?,
            None => State::empty(kind),
        };
        let (waiting, damaged) = self.read_inbox(&tx, no)?;
        Ok((Opened { state, version, consumed, waiting }, damaged))
    }

    pub fn open_state(&self, aggregate: AggregateId, blob: &[u8]) -> Result<State, CodecError> {
        let (known, row) = (State::known_schema(aggregate.kind()), aggregate.as_bytes());
        Ok(match aggregate.kind() {
            AggregateKind::Contact => State::Contact(Box::new(self.codec.open(known, row, blob)?)),
            AggregateKind::Payment => State::Payment(Box::new(self.codec.open(known, row, blob)?)),
            AggregateKind::Payer => State::Payer(Box::new(self.codec.open(known, row, blob)?)),
        })
    }

    fn seal_state(&self, schema: u32, row: &[u8], state: &State) -> Result<Vec<u8>, CodecError> {
        match state {
            State::Contact(it) => self.codec.seal(schema, row, it),
            State::Payment(it) => self.codec.seal(schema, row, it),
            State::Payer(it) => self.codec.seal(schema, row, it),
        }
    }

    fn read_inbox(&self, conn: &Connection, no: i64) -> Result<(Vec<Numbered>, Option<u64>), StoreError> {
        let mut read = conn.prepare_cached(sql::INBOX_READ).map_err(fault)?;
        let rows = read.query_map([no], |row| {
            let id = EventId::from_bytes(units::id16(row, 1)?);
            Ok((row.get::<_, u64>(0)?, id, row.get::<_, i64>(2)?, row.get::<_, Vec<u8>>(3)?))
        });
        let mut waiting = Vec::new();
        for row in rows.map_err(fault)? {
            let (number, id, arrived, body) = row.map_err(fault)?;
            match self.codec.open::<Envelope>(BODY_SCHEMA, id.as_bytes(), &body) {
                Ok(envelope) => waiting.push(Numbered {
                    number,
                    arrived: Time::from_millis(arrived),
                    identity: self.hash.whom(&envelope.to).1,
                    envelope,
                }),
                Err(CodecError::Damaged) => {
                    tracing::error!(event.id = %id, "an envelope is damaged; it is set aside");
                    return Ok((waiting, Some(number)));
                }
                // The right key or the right release can still read it.
                Err(error) => return Err(unreadable(error)),
            }
        }
        Ok((waiting, None))
    }

    fn leased(&self, row: &DueRow) -> Option<Leased> {
        let action: Result<Action, CodecError> = self.codec.open(BODY_SCHEMA, row.id.as_bytes(), &row.body);
        match action {
            Ok(action) => Some(Leased {
                aggregate: row.aggregate,
                effect: Effect { id: row.id, due: row.due, attempt: row.attempt, paid: row.paid, action },
                lost: row.lost,
            }),
            Err(error) => {
                tracing::error!(effect.id = %row.id, error = %error, "an effect cannot be read");
                None
            }
        }
    }
}

impl SqliteStore {
    /// Opens a file, making and migrating it where `access` says so.
    pub fn open(path: &Path, access: Access, codec: Codec, entropy: &dyn Entropy) -> Result<Self, OpenError> {
        let (conn, lock) = open::writer(path, access)?;
        let hash = open::hash_key(&conn, &codec, entropy)?;
        let (lost, dead) = match access {
            Access::Serve => units::void_leases(&conn)?,
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
            rows: Arc::new(Rows { codec, hash }),
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
        let state =
            self.rows.seal_state(commit.schema, aggregate.as_bytes(), &commit.state).map_err(unreadable)?;
        let facets = commit.facets.map(|facets| {
            let payer = match &facets {
                Facets::Payment(it) => it.payer.map(|payer| self.rows.hash.payer(payer)),
                Facets::Contact(_) => None,
            };
            (facets, payer)
        });
        let seal = |effect: &Effect| units::seal_effect(&self.rows.codec, effect);
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
                .map(|(it, leased)| Ok((seal(it)?, *leased)))
                .collect::<Result<_, _>>()?,
            settled: commit.settled,
            dead: commit.dead.into_iter().map(|(it, why)| Ok((seal(&it)?, why))).collect::<Result<_, _>>()?,
            erase: commit.erase,
            facts: commit
                .facts
                .into_iter()
                .map(|fact| answers::seal_fact(&self.rows, fact))
                .collect::<Result<_, _>>()?,
        })
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
            sealed.into_iter().map(|it| units::admit(tx, it, now, &codec)).collect::<Result<Vec<_>, _>>()
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

    async fn lease_due(&self, wanted: &[(Kind, usize)], now: Time) -> Result<Vec<Leased>, StoreError> {
        let wanted = wanted.to_vec();
        metrics::counter!("store_leases_total").increment(1);
        let rows = self.writer.write(move |tx| units::lease_due(tx, &wanted, now)).await?;
        Ok(rows.iter().filter_map(|row| self.rows.leased(row)).collect())
    }

    async fn release(&self, effects: Vec<EffectId>) -> Result<(), StoreError> {
        self.writer.write(move |tx| units::release(tx, &effects)).await
    }

    async fn is_open(&self, effect: EffectId) -> Result<bool, StoreError> {
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
        let kind = units::aggregate_number(aggregate.kind());
        let find = move |conn: &Connection| {
            conn.prepare_cached("SELECT 1 FROM aggregate WHERE external_id = ?1 AND kind = ?2")
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
