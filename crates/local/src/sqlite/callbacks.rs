//! What was posted to us in MTN's name: sealed, once a body, and bounded whoever posts.

use answerbot_core::{PaymentId, Time};
use answerbot_ports::store::{
    CALLBACK_BYTES, CALLBACKS, CALLBACKS_OF_ONE, Callback, KeptCallback, StoreError,
};
use rusqlite::{Connection, params};

use super::sql;
use super::store::{SqliteStore, unreadable};
use super::units::BODY_SCHEMA;
use super::writer::fault;

/// Callbacks that one write forgets: other writes go between.
const CHUNK: u32 = 200;

/// The columns of a callback, its body sealed.
struct Row {
    reference: [u8; 16],
    digest: [u8; 32],
    cut: bool,
    body: Vec<u8>,
}

impl SqliteStore {
    pub(super) async fn keep(&self, callback: Callback, now: Time) -> Result<KeptCallback, StoreError> {
        let Callback { reference, digest, body, cut } = callback;
        let reference = reference.as_ref().map_or([0; 16], |it: &PaymentId| *it.as_bytes());
        let name = [&reference[..], &digest[..]].concat();
        let body = self.rows.codec.seal_bytes(BODY_SCHEMA, &name, &body).map_err(unreadable)?;
        let row = Row { reference, digest, cut, body };
        self.writer.write(move |tx| keep(tx.conn, &row, now).map_err(fault)).await
    }

    pub(super) async fn forget(&self, before: Time) -> Result<u64, StoreError> {
        self.forget_some(sql::CALLBACK_FORGET, before.as_millis(), CHUNK).await
    }
}

fn keep(conn: &Connection, row: &Row, now: Time) -> rusqlite::Result<KeptCallback> {
    let again = params![row.reference, row.digest, now.as_millis()];
    if conn.prepare_cached(sql::CALLBACK_AGAIN)?.execute(again)? > 0 {
        return Ok(KeptCallback::Again);
    }
    let of_one: u64 =
        conn.prepare_cached(sql::CALLBACKS_OF_ONE)?.query_row([row.reference], |it| it.get(0))?;
    let (rows, bytes): (u64, u64) =
        conn.prepare_cached(sql::CALLBACK_TOTAL)?.query_row([], |it| Ok((it.get(0)?, it.get(1)?)))?;
    let fits = bytes.saturating_add(row.body.len() as u64) <= CALLBACK_BYTES;
    if of_one >= CALLBACKS_OF_ONE || rows >= CALLBACKS || !fits {
        return Ok(KeptCallback::Full);
    }
    let new = params![row.reference, row.digest, now.as_millis(), row.cut, row.body];
    conn.prepare_cached(sql::CALLBACK_KEEP)?.execute(new)?;
    Ok(KeptCallback::New)
}
