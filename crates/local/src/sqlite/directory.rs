//! Where people live, what is parked for them, and orders to move.

use std::sync::Arc;

use answerbot_core::contact::event::Envelope;
use answerbot_core::{AggregateId, ContactId, EventId, PaymentId, Time};
use answerbot_ports::codec::CodecError;
use answerbot_ports::regions::{
    Addressed, Attempt, Directory, Mark, Order, Parked, Parking, Place, Progress, Region, ToPark, Which, Who,
    payment_key,
};
use answerbot_ports::store::{INBOX_BYTES, INBOX_ENVELOPES, StoreError, alias_key};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::rows::Rows;
use super::sql;
use super::store::{SqliteStore, unreadable};
use super::units::{self, BODY_SCHEMA, id16};
use super::writer::fault;

/// A region's name, which we wrote.
fn region(name: &str) -> rusqlite::Result<Region> {
    name.parse().map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// The number of a try; none where it has none.
pub(super) fn attempt(row: &Row<'_>, index: usize) -> rusqlite::Result<Attempt> {
    Ok(row.get::<_, Option<[u8; 16]>>(index)?.map_or(Attempt::UNNUMBERED, Attempt::from_bytes))
}

/// The same as it is written.
pub(super) fn attempt_column(it: Attempt) -> Option<[u8; 16]> {
    (it != Attempt::UNNUMBERED).then_some(*it.as_bytes())
}

fn find(conn: &Connection, of: ContactId) -> rusqlite::Result<Place> {
    let read = |row: &Row<'_>| {
        let moving_to: Option<String> = row.get(1)?;
        let by = attempt(row, 3)?;
        let before: Vec<(String, Time)> = json(&row.get::<_, String>(2)?)?;
        let overruled: Option<String> = row.get(4)?;
        Ok(Place {
            region: region(&row.get::<_, String>(0)?)?,
            moving_to: moving_to.map(|to| region(&to).map(|to| Mark { to, attempt: by })).transpose()?,
            overruled: overruled.as_deref().map(region).transpose()?,
            parked: 0,
            before: before
                .into_iter()
                .map(|(name, until)| Ok((region(&name)?, until)))
                .collect::<rusqlite::Result<_>>()?,
        })
    };
    let found = conn.prepare_cached(sql::PLACE)?.query_row([of.as_bytes()], read).optional()?;
    let parked = conn.prepare_cached(sql::PARKED_COUNT)?.query_row([of.as_bytes()], |row| row.get(0))?;
    Ok(Place { parked, ..found.unwrap_or_else(Place::main) })
}

/// Writes a place; one that says nothing needs none.
fn put(conn: &Connection, of: ContactId, place: &Place) -> rusqlite::Result<()> {
    let Place { region, moving_to, overruled, parked: _, before } = place;
    if region.is_main() && moving_to.is_none() && overruled.is_none() && before.is_empty() {
        return conn.execute("DELETE FROM place WHERE contact = ?1", [of.as_bytes()]).map(drop);
    }
    let before: Vec<(&str, Time)> = before.iter().map(|(region, until)| (region.name(), *until)).collect();
    let before = serde_json::to_string(&before)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO place (contact, region, moving_to, attempt, overruled, before) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        of.as_bytes(),
        region.name(),
        moving_to.as_ref().map(|it| it.to.name()),
        moving_to.as_ref().and_then(|it| attempt_column(it.attempt)),
        overruled.as_ref().map(Region::name),
        before
    ])
    .map(drop)
}

/// Begins a move, ends one, or takes one over.
fn mark(
    conn: &Connection,
    of: ContactId,
    from: &Region,
    was: Option<&Mark>,
    mark: Option<&Mark>,
) -> rusqlite::Result<bool> {
    let found = find(conn, of)?;
    let is = found.moving_to.as_ref();
    if found.region != *from || (is != was && is != mark) {
        return Ok(false);
    }
    put(conn, of, &Place { moving_to: mark.cloned(), ..found })?;
    Ok(true)
}

fn arrive(
    conn: &Connection,
    of: ContactId,
    mark: &Mark,
    overruled: Option<&Region>,
    now: Time,
) -> rusqlite::Result<bool> {
    let mut found = find(conn, of)?;
    if found.moving_to.as_ref() != Some(mark) {
        return Ok(false);
    }
    if found.region != mark.to {
        // Of two stays in one store the later one counts.
        found.before.retain(|(region, _)| *region != found.region);
        found.before.push((std::mem::replace(&mut found.region, mark.to.clone()), now));
    }
    found.overruled = overruled.cloned();
    put(conn, of, &found)?;
    Ok(true)
}

impl Rows {
    /// What is parked for a contact, up to the first that cannot be read; and that one where it is damaged.
    fn parked(
        &self,
        conn: &Connection,
        of: ContactId,
        limit: usize,
    ) -> Result<(Vec<Parked>, Option<EventId>), StoreError> {
        let mut read = conn.prepare_cached(sql::PARKED).map_err(fault)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = read.query_map(params![of.as_bytes(), limit], |row| {
            let (id, aggregate) = (EventId::from_bytes(id16(row, 0)?), units::aggregate_id(row, 1)?);
            let identity = row.get::<_, Option<[u8; 16]>>(3)?.map(ContactId::from_bytes);
            Ok((id, aggregate, identity, Time::from_millis(row.get(4)?), row.get::<_, Vec<u8>>(5)?))
        });
        let mut all = Vec::new();
        for row in rows.map_err(fault)? {
            let (id, aggregate, identity, arrived, body) = row.map_err(fault)?;
            match self.codec.open::<Envelope>(BODY_SCHEMA, id.as_bytes(), &body) {
                Ok(envelope) => {
                    all.push(Parked { addressed: Addressed { aggregate, identity, envelope }, arrived });
                }
                Err(CodecError::Damaged) => {
                    tracing::error!(event.id = %id, "a parked envelope is damaged; it is set aside");
                    return Ok((all, Some(id)));
                }
                // The right key or the right release can still read it.
                Err(error) if all.is_empty() => return Err(unreadable(error)),
                Err(_) => break,
            }
        }
        Ok((all, None))
    }
}

/// An envelope that is to be parked, sealed.
struct SealedParked {
    aggregate: AggregateId,
    identity: Option<ContactId>,
    id: EventId,
    arrived: Time,
    body: Vec<u8>,
}

impl SealedParked {
    fn park(&self, conn: &Connection, of: ContactId, is_note: bool) -> rusqlite::Result<bool> {
        let row = params![
            of.as_bytes(),
            self.id.as_bytes(),
            self.aggregate.kind().number(),
            self.aggregate.as_bytes(),
            self.identity.as_ref().map(|it| *it.as_bytes()),
            self.arrived.as_millis(),
            self.body,
            is_note
        ];
        Ok(conn.prepare_cached(sql::PARK)?.execute(row)? > 0)
    }
}

fn park(
    conn: &Connection,
    of: ContactId,
    it: &SealedParked,
    note: Option<&SealedParked>,
) -> rusqlite::Result<Parking> {
    if conn.prepare_cached(sql::IS_PARKED)?.exists([it.id.as_bytes()])? {
        return Ok(Parking::Known);
    }
    if let Some(note) = note {
        let (count, bytes): (u64, u64) = conn
            .prepare_cached(sql::PARKED_SIZE)?
            .query_row([of.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if count >= INBOX_ENVELOPES || bytes + it.body.len() as u64 > INBOX_BYTES {
            let last = conn.prepare_cached(sql::PARKED_LAST)?.query_row([of.as_bytes()], |row| row.get(0));
            if !last.optional()?.unwrap_or(false) {
                note.park(conn, of, true)?;
            }
            return Ok(Parking::Full);
        }
    }
    it.park(conn, of, false)?;
    Ok(Parking::New)
}

fn who_text(who: &Who) -> String {
    match who {
        Who::Contact(id) => id.to_string(),
        Who::All(region) => format!("store:{region}"),
        Who::Wished => "wished".into(),
    }
}

fn order(row: &Row<'_>) -> rusqlite::Result<Order> {
    let who: String = row.get(1)?;
    let bad = |error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    let progress: String = row.get(5)?;
    Ok(Order {
        id: EventId::from_bytes(id16(row, 0)?),
        who: match who.strip_prefix("store:") {
            Some(name) => Who::All(region(name)?),
            None if who == "wished" => Who::Wished,
            None => Who::Contact(who.parse().map_err(bad)?),
        },
        to: region(&row.get::<_, String>(2)?)?,
        by: row.get(3)?,
        at: Time::from_millis(row.get(4)?),
        progress: match progress.as_str() {
            "done" => Progress::Done,
            "stopped" => Progress::Stopped,
            _ => Progress::Open,
        },
        moved: row.get(6)?,
        failed: row.get(7)?,
        note: row.get(8)?,
    })
}

const fn progress_text(it: Progress) -> &'static str {
    match it {
        Progress::Open => "open",
        Progress::Done => "done",
        Progress::Stopped => "stopped",
    }
}

fn put_order(conn: &Connection, it: &Order) -> rusqlite::Result<()> {
    conn.execute(
        "INSERT OR IGNORE INTO move_order (id, who, target, by, at, progress, moved, failed, note) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            it.id.as_bytes(),
            who_text(&it.who),
            it.to.name(),
            it.by,
            it.at.as_millis(),
            progress_text(it.progress),
            it.moved,
            it.failed,
            it.note
        ],
    )
    .map(drop)
}

fn orders(conn: &Connection, which: Which, limit: usize) -> rusqlite::Result<Vec<Order>> {
    let (filter, id) = match which {
        Which::All => ("?2 IS NULL", None),
        Which::One(id) => ("id = ?2", Some(*id.as_bytes())),
        Which::Open => ("?2 IS NULL AND progress = 'open'", None),
        Which::OfMany => ("?2 IS NULL AND (who = 'wished' OR who LIKE 'store:%')", None),
    };
    let query = format!(
        "SELECT id, who, target, by, at, progress, moved, failed, note FROM move_order WHERE {filter} ORDER BY at DESC, id LIMIT ?1"
    );
    conn.prepare(&query)?.query_map(params![i64::try_from(limit).unwrap_or(i64::MAX), id], order)?.collect()
}

/// Takes former places out that ended before a time.
fn forget_before(conn: &Connection, before: Time) -> rusqlite::Result<u64> {
    let all: Vec<ContactId> = conn
        .prepare("SELECT contact FROM place WHERE before <> '[]'")?
        .query_map([], |row| id16(row, 0).map(ContactId::from_bytes))?
        .collect::<Result<_, _>>()?;
    let mut forgotten = 0;
    for of in all {
        let mut place = find(conn, of)?;
        let were = place.before.len();
        place.before.retain(|(_, until)| *until >= before);
        if place.before.len() < were {
            forgotten += (were - place.before.len()) as u64;
            put(conn, of, &place)?;
        }
    }
    Ok(forgotten)
}

#[async_trait]
impl Directory for SqliteStore {
    async fn regions(&self) -> Result<Vec<(Region, bool)>, StoreError> {
        let read = |conn: &Connection| -> rusqlite::Result<Vec<(Region, bool)>> {
            let mut named = conn.prepare(sql::REGIONS)?;
            named.query_map([], |row| Ok((region(&row.get::<_, String>(0)?)?, row.get(1)?)))?.collect()
        };
        self.readers.read(move |conn| read(conn).map_err(fault)).await
    }

    async fn owners(&self, identities: &[ContactId]) -> Result<Vec<ContactId>, StoreError> {
        let identities = identities.to_vec();
        let read = move |conn: &Connection| -> rusqlite::Result<Vec<ContactId>> {
            let mut alias = conn.prepare_cached(sql::ALIAS)?;
            let mut owner = |id: &ContactId| {
                let owner = alias.query_row([alias_key(*id)], |row| id16(row, 0)).optional()?;
                Ok(owner.map_or(*id, ContactId::from_bytes))
            };
            identities.iter().map(&mut owner).collect()
        };
        self.readers.read(move |conn| read(conn).map_err(fault)).await
    }

    async fn payers(&self, payments: &[PaymentId]) -> Result<Vec<Option<ContactId>>, StoreError> {
        let payments = payments.to_vec();
        let read = move |conn: &Connection| -> rusqlite::Result<Vec<Option<ContactId>>> {
            let mut claim = conn.prepare_cached(sql::ALIAS)?;
            let mut owner = |id: &PaymentId| {
                let owner = claim.query_row([payment_key(*id)], |row| id16(row, 0)).optional()?;
                Ok(owner.map(ContactId::from_bytes))
            };
            payments.iter().map(&mut owner).collect()
        };
        self.readers.read(move |conn| read(conn).map_err(fault)).await
    }

    async fn places(&self, of: &[ContactId]) -> Result<Vec<Place>, StoreError> {
        let of = of.to_vec();
        let read = move |conn: &Connection| of.iter().map(|id| find(conn, *id)).collect::<Result<_, _>>();
        self.readers.read(move |conn| read(conn).map_err(fault)).await
    }

    async fn mark(
        &self,
        of: ContactId,
        from: &Region,
        was: Option<&Mark>,
        now: Option<&Mark>,
    ) -> Result<bool, StoreError> {
        let (from, was, now) = (from.clone(), was.cloned(), now.cloned());
        self.writer.write(move |tx| mark(tx.conn, of, &from, was.as_ref(), now.as_ref()).map_err(fault)).await
    }

    async fn arrive(
        &self,
        of: ContactId,
        mark: &Mark,
        overruled: Option<&Region>,
        now: Time,
    ) -> Result<bool, StoreError> {
        let (mark, overruled) = (mark.clone(), overruled.cloned());
        self.writer.write(move |tx| arrive(tx.conn, of, &mark, overruled.as_ref(), now).map_err(fault)).await
    }

    async fn moves(
        &self,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<(ContactId, Place)>, StoreError> {
        let read = move |conn: &Connection| -> rusqlite::Result<Vec<(ContactId, Place)>> {
            let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let ids: Vec<ContactId> = conn
                .prepare_cached(sql::MOVES)?
                .query_map(params![after, limit], |row| id16(row, 0).map(ContactId::from_bytes))?
                .collect::<Result<_, _>>()?;
            ids.into_iter().map(|id| Ok((id, find(conn, id)?))).collect()
        };
        self.readers.read(move |conn| read(conn).map_err(fault)).await
    }

    async fn park(&self, envelopes: Vec<ToPark>) -> Result<Vec<Parking>, StoreError> {
        let seal = |it: Parked| {
            let Addressed { aggregate, identity, envelope } = it.addressed;
            let id = envelope.id;
            let body = self.rows.codec.seal(BODY_SCHEMA, id.as_bytes(), &envelope).map_err(unreadable)?;
            Ok(SealedParked { aggregate, identity, id, arrived: it.arrived, body })
        };
        let seal_both = |it: ToPark| Ok((it.of, seal(it.parked)?, it.note.map(seal).transpose()?));
        let rows = envelopes.into_iter().map(seal_both).collect::<Result<Vec<_>, StoreError>>()?;
        let write = move |conn: &Connection| {
            rows.iter().map(|(of, it, note)| park(conn, *of, it, note.as_ref())).collect::<Result<_, _>>()
        };
        self.writer.write(move |tx| write(tx.conn).map_err(fault)).await
    }

    async fn parked(&self, of: ContactId, limit: usize) -> Result<Vec<Parked>, StoreError> {
        loop {
            let rows = Arc::clone(&self.rows);
            let (all, damaged) = self.readers.read(move |conn| rows.parked(conn, of, limit)).await?;
            let Some(id) = damaged else { return Ok(all) };
            let write = move |conn: &Connection| -> rusqlite::Result<()> {
                conn.prepare_cached(sql::PARKED_ASIDE)?.execute([id.as_bytes()])?;
                conn.prepare_cached(sql::UNPARK)?.execute(params![id.as_bytes(), of.as_bytes()]).map(drop)
            };
            self.writer.write(move |tx| write(tx.conn).map_err(fault)).await?;
        }
    }

    async fn unpark(&self, of: ContactId, events: &[EventId]) -> Result<(), StoreError> {
        let events = events.to_vec();
        let write = move |conn: &Connection| -> rusqlite::Result<()> {
            let mut unpark = conn.prepare_cached(sql::UNPARK)?;
            events.iter().try_for_each(|id| unpark.execute(params![id.as_bytes(), of.as_bytes()]).map(drop))
        };
        self.writer.write(move |tx| write(tx.conn).map_err(fault)).await
    }

    async fn waiting(&self, after: Option<ContactId>, limit: usize) -> Result<Vec<ContactId>, StoreError> {
        let read = move |conn: &Connection| -> rusqlite::Result<Vec<ContactId>> {
            let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            conn.prepare_cached(sql::WAITING)?
                .query_map(params![after, limit], |row| id16(row, 0).map(ContactId::from_bytes))?
                .collect()
        };
        self.readers.read(move |conn| read(conn).map_err(fault)).await
    }

    async fn put_order(&self, order: Order) -> Result<(), StoreError> {
        self.writer.write(move |tx| put_order(tx.conn, &order).map_err(fault)).await
    }

    async fn note_order(
        &self,
        id: EventId,
        moved: u64,
        failed: u64,
        note: String,
    ) -> Result<bool, StoreError> {
        let write = move |conn: &Connection| {
            conn.execute(
                "UPDATE move_order SET moved = moved + ?2, failed = ?3, note = ?4 WHERE id = ?1 AND progress = 'open'",
                params![id.as_bytes(), moved, failed, note],
            )
        };
        self.writer.write(move |tx| write(tx.conn).map(|changed| changed > 0).map_err(fault)).await
    }

    async fn end_order(&self, id: EventId, progress: Progress) -> Result<bool, StoreError> {
        let end = "UPDATE move_order SET progress = ?2 WHERE id = ?1 AND progress = 'open'";
        let write =
            move |conn: &Connection| conn.execute(end, params![id.as_bytes(), progress_text(progress)]);
        self.writer.write(move |tx| write(tx.conn).map(|changed| changed > 0).map_err(fault)).await
    }

    async fn orders(&self, which: Which, limit: usize) -> Result<Vec<Order>, StoreError> {
        self.readers.read(move |conn| orders(conn, which, limit).map_err(fault)).await
    }

    async fn forget_places(&self, before: Time) -> Result<u64, StoreError> {
        let forget = move |conn: &Connection| -> rusqlite::Result<u64> {
            let orders = conn.execute(
                "DELETE FROM move_order WHERE progress <> 'open' AND at < ?1 AND who <> 'wished' AND who NOT LIKE 'store:%'",
                [before.as_millis()],
            )? as u64;
            let damaged =
                conn.execute("DELETE FROM parked_aside WHERE arrived < ?1", [before.as_millis()])? as u64;
            Ok(orders + damaged + forget_before(conn, before)?)
        };
        self.writer.write(move |tx| forget(tx.conn).map_err(fault)).await
    }
}
