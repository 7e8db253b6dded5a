//! Reading rows: opening what is sealed in them.

use answerbot_core::contact::effect::{Action, Effect};
use answerbot_core::contact::event::{Envelope, Numbered};
use answerbot_core::{AggregateId, EventId, State, Time};
use answerbot_ports::codec::{Codec, CodecError};
use answerbot_ports::keys::HashKey;
use answerbot_ports::store::{Leased, Opened, StoreError};
use rusqlite::{Connection, OptionalExtension as _};

use super::leases::DueRow;
use super::sql;
use super::store::unreadable;
use super::units::{self, BODY_SCHEMA};
use super::writer::fault;

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
                row.get::<_, Option<i64>>(4)?,
            ))
        };
        let found = tx
            .prepare_cached(sql::OPEN)
            .and_then(|mut it| it.query_row([aggregate.as_bytes()], head).optional())
            .map_err(fault)?;
        let kind = aggregate.kind();
        let Some((no, version, consumed, state, away)) = found else {
            let nobody = Opened { state: State::empty(kind), version: 0, consumed: 0, waiting: Vec::new() };
            return Ok((nobody, None));
        };
        if away == Some(units::GONE) {
            return Err(StoreError::Moved);
        }
        let state = match state {
            Some(blob) => self.codec.open_state(aggregate, &blob).map_err(unreadable)?,
            None => State::empty(kind),
        };
        let (waiting, damaged) = self.read_inbox(&tx, no)?;
        if damaged.is_some() && away.is_some() {
            return Err(StoreError::Unavailable("it is being moved".into()));
        }
        Ok((Opened { state, version, consumed, waiting }, damaged))
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

    pub fn leased(&self, row: &DueRow) -> Option<Leased> {
        let action: Result<Action, CodecError> = self.codec.open(BODY_SCHEMA, row.id.as_bytes(), &row.body);
        match action {
            Ok(action) => Some(Leased {
                aggregate: row.aggregate,
                effect: Effect { id: row.id, due: row.due, attempt: row.attempt, paid: row.paid, action },
                lost: row.lost,
                raised: None,
            }),
            Err(error) => {
                tracing::error!(effect.id = %row.id, error = %error, "an effect cannot be read");
                None
            }
        }
    }
}
