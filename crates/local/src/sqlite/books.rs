//! Money in the file: payments found, entries sealed and checked, prices, what operators did.

use answerbot_core::pay::ledger::{Account, Entry};
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payment::Payment;
use answerbot_core::pay::price::{Plan, PriceRow};
use answerbot_core::{AggregateId, Contact, ContactId, JubaDay, PaymentId, State, Time};
use answerbot_ports::reports::{AccountSum, Audit, Chain, Find};
use answerbot_ports::store::{MoneyCounts, StoreError};
use rusqlite::types::{FromSqlError, Type, Value};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::rows::Rows;
use super::store::unreadable;
use super::units::id16;
use super::writer::fault;

/// Payments that are named when money and grants do not agree.
const NAMED: u32 = 20;

fn odd(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(FromSqlError::InvalidType))
}

fn money(row: &Row<'_>, minor: usize, currency: usize) -> rusqlite::Result<Money> {
    let name: String = row.get(currency)?;
    // A code that people could write in another way was not written by us.
    let known = [Currency::Ssp, Currency::Eur].into_iter().find(|it| it.code() == name);
    Ok(Money::from_minor(row.get(minor)?, known.ok_or_else(|| odd(currency))?))
}

pub(super) fn prices(conn: &Connection) -> rusqlite::Result<Vec<PriceRow>> {
    let read = |row: &Row<'_>| {
        let plan: String = row.get(0)?;
        Ok(PriceRow {
            plan: plan.parse::<Plan>().map_err(|_| odd(0))?,
            version: row.get(1)?,
            amount: money(row, 2, 3)?,
            from: JubaDay(row.get(4)?),
            confirmed: row.get(5)?,
        })
    };
    conn.prepare_cached(
        "SELECT plan, version, minor, currency, from_day, confirmed FROM price ORDER BY plan, version",
    )?
    .query_map([], read)?
    .collect()
}

/// Adds prices; of one that is there only the confirmation can change.
pub(super) fn put_prices(conn: &Connection, rows: &[PriceRow], audit: &Audit) -> rusqlite::Result<()> {
    for row in rows {
        let written = conn.execute(
            "INSERT INTO price (plan, version, minor, currency, from_day, confirmed) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT (plan, version) DO UPDATE SET confirmed = max(confirmed, excluded.confirmed) \
             WHERE minor = excluded.minor AND from_day = excluded.from_day",
            params![
                row.plan.name(),
                row.version,
                row.amount.minor(),
                row.amount.currency().code(),
                row.from.0,
                row.confirmed
            ],
        )?;
        if written == 0 {
            // Somebody added another one meanwhile.
            return Err(rusqlite::Error::StatementChangedRows(0));
        }
    }
    note(conn, audit)
}

pub(super) fn note(conn: &Connection, it: &Audit) -> rusqlite::Result<()> {
    let row = params![it.at.as_millis(), it.who, it.what, it.subject, it.detail];
    conn.execute("INSERT INTO audit (at, who, what, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5)", row)?;
    Ok(())
}

pub(super) fn audits(conn: &Connection, limit: usize) -> rusqlite::Result<Vec<Audit>> {
    let read = |row: &Row<'_>| {
        Ok(Audit {
            at: Time::from_millis(row.get(0)?),
            who: row.get(1)?,
            what: row.get(2)?,
            subject: row.get(3)?,
            detail: row.get(4)?,
        })
    };
    conn.prepare("SELECT at, who, what, subject, detail FROM audit ORDER BY no DESC LIMIT ?1")?
        .query_map([i64::try_from(limit).unwrap_or(i64::MAX)], read)?
        .collect()
}

const ENTRY: &str = "l.no, l.payment, l.event, l.at, l.minor, l.currency, l.debit, l.credit, l.test";

fn entry(row: &Row<'_>) -> rusqlite::Result<(u64, Entry)> {
    let account = |column: usize| {
        let name: String = row.get(column)?;
        Account::read(&name).ok_or_else(|| odd(column))
    };
    let entry = Entry {
        payment: PaymentId::from_bytes(id16(row, 1)?),
        event: row.get(2)?,
        at: Time::from_millis(row.get(3)?),
        money: money(row, 4, 5)?,
        debit: account(6)?,
        credit: account(7)?,
        test: match row.get::<_, i64>(8)? {
            0 => false,
            1 => true,
            other => return Err(rusqlite::Error::IntegralValueOutOfRange(8, other)),
        },
    };
    Ok((row.get(0)?, entry))
}

pub(super) fn entries(conn: &Connection, payment: PaymentId) -> rusqlite::Result<Vec<Entry>> {
    conn.prepare(&format!("SELECT {ENTRY} FROM ledger l WHERE l.payment = ?1 ORDER BY l.no"))?
        .query_map([payment.as_bytes()], |row| entry(row).map(|(_, entry)| entry))?
        .collect()
}

/// Seals the entries behind the last sealed one.
pub(super) fn seal(conn: &Connection, limit: usize) -> rusqlite::Result<usize> {
    let last = conn
        .prepare_cached("SELECT no, hash FROM ledger_seal ORDER BY no DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get::<_, u64>(0)?, row.get::<_, [u8; 32]>(1)?)))
        .optional()?;
    let (no, mut hash) = last.unwrap_or((0, [0; 32]));
    let open: Vec<(u64, Entry)> = conn
        .prepare_cached(&format!("SELECT {ENTRY} FROM ledger l WHERE l.no > ?1 ORDER BY l.no LIMIT ?2"))?
        .query_map(params![no, i64::try_from(limit).unwrap_or(i64::MAX)], entry)?
        .collect::<Result<_, _>>()?;
    let mut put = conn.prepare_cached("INSERT INTO ledger_seal (no, hash) VALUES (?1, ?2)")?;
    for (no, entry) in &open {
        hash = entry.seal(*no, &hash);
        put.execute(params![no, hash])?;
    }
    Ok(open.len())
}

/// Checks the chain from its begin. A row that cannot be read breaks it.
pub(super) fn chain(conn: &Connection) -> rusqlite::Result<Chain> {
    let count = |statement: &str| conn.query_row(statement, [], |row| row.get::<_, u64>(0));
    let mut chain = Chain {
        sealed: count("SELECT count(*) FROM ledger_seal")?,
        unsealed: count(
            "SELECT count(*) FROM ledger WHERE no > (SELECT coalesce(max(no), 0) FROM ledger_seal)",
        )?,
        broken_at: None,
    };
    let mut hash = [0; 32];
    let mut next = 1;
    let mut all = conn.prepare(&format!(
        "SELECT {ENTRY}, s.hash FROM ledger l LEFT JOIN ledger_seal s ON s.no = l.no \
         WHERE l.no <= (SELECT coalesce(max(no), 0) FROM ledger_seal) ORDER BY l.no"
    ))?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let sealed = entry(row).map(|(no, entry)| (no, entry.seal(no, &hash)));
        let stored = row.get::<_, [u8; 32]>(9);
        match (sealed, stored) {
            (Ok((no, expected)), Ok(stored)) if no == next && expected == stored => hash = stored,
            _ => {
                chain.broken_at = Some(next);
                return Ok(chain);
            }
        }
        next += 1;
    }
    if next != chain.sealed + 1 {
        chain.broken_at = Some(next);
    }
    Ok(chain)
}

pub(super) fn accounts(conn: &Connection) -> rusqlite::Result<Vec<AccountSum>> {
    let statement = "SELECT CASE WHEN name LIKE 'liab:deferred:%' THEN 'liab:deferred' ELSE name END AS account, currency, \
         sum(minor) FROM (SELECT debit AS name, currency, minor FROM ledger WHERE test = 0 \
         UNION ALL SELECT credit, currency, -minor FROM ledger WHERE test = 0) GROUP BY account, currency ORDER BY account";
    let read = |row: &Row<'_>| {
        let sum = money(row, 2, 1)?;
        Ok(AccountSum { account: row.get(0)?, currency: sum.currency(), minor: sum.minor() })
    };
    conn.prepare(statement)?.query_map([], read)?.collect()
}

/// Whether money and grants agree.
pub(super) fn counts(conn: &Connection, before: Time) -> rusqlite::Result<MoneyCounts> {
    let before = before.as_millis();
    let count = |statement: &str| conn.query_row(statement, [before], |row| row.get::<_, u64>(0));
    let unmatched = format!(
        "SELECT a.external_id FROM payment p JOIN aggregate a ON a.no = p.no \
         LEFT JOIN ledger l ON l.payment = a.external_id AND l.event = 'captured' \
         WHERE p.status = 'success' AND p.test = 0 AND (l.at IS NULL OR (l.at <= ?1 \
         AND NOT EXISTS (SELECT 1 FROM payment_grant g WHERE g.payment = a.external_id))) \
         UNION SELECT a.external_id FROM payment p JOIN aggregate a ON a.no = p.no WHERE p.mtn_id IN \
         (SELECT mtn_id FROM payment WHERE mtn_id IS NOT NULL AND test = 0 GROUP BY mtn_id HAVING count(*) > 1) \
         UNION SELECT g.payment FROM payment_grant g LEFT JOIN ledger l \
         ON l.payment = g.payment AND l.event = 'captured' WHERE l.at IS NULL LIMIT {NAMED}"
    );
    let balance: i64 = accounts(conn)?.iter().map(|it| it.minor).sum();
    Ok(MoneyCounts {
        successes: count(
            "SELECT count(*) FROM payment p JOIN aggregate a ON a.no = p.no JOIN ledger l ON l.payment = a.external_id \
             AND l.event = 'captured' WHERE p.test = 0 AND l.at <= ?1 AND (p.status = 'success' OR p.status = 'refunded' \
             AND EXISTS (SELECT 1 FROM ledger d WHERE d.payment = l.payment AND d.credit LIKE 'liab:deferred:%'))",
        )?,
        grants: count(
            "SELECT count(*) FROM payment_grant g JOIN ledger l ON l.payment = g.payment AND l.event = 'captured' \
             WHERE l.test = 0 AND l.at <= ?1",
        )?,
        captures: count("SELECT count(*) FROM ledger WHERE event = 'captured' AND test = 0 AND at <= ?1")?,
        unmatched: conn
            .prepare(&unmatched)?
            .query_map([before], |row| id16(row, 0).map(PaymentId::from_bytes))?
            .collect::<Result<_, _>>()?,
        in_review: conn.query_row(
            "SELECT count(*) FROM payment WHERE status = 'review' AND test = 0",
            [],
            |row| row.get(0),
        )?,
        is_balanced: balance == 0,
    })
}

/// The ids of payments, the newest first, wherever they live; with their sealed states where they live here.
fn found(
    conn: &Connection,
    rows: &Rows,
    find: Find,
    limit: usize,
) -> rusqlite::Result<Vec<(PaymentId, Option<Vec<u8>>)>> {
    let blob = |bytes: &[u8; 16]| Value::Blob(bytes.to_vec());
    let (column, value) = match find {
        Find::All => ("1", Value::Integer(1)),
        Find::Status(status) => ("p.status", Value::Text(status)),
        Find::Id(id) => ("a.external_id", blob(id.as_bytes())),
        Find::Code(code) => ("p.code", Value::Text(code)),
        Find::ExternalId(id) => ("p.external_id", Value::Text(id)),
        Find::MtnId(id) => ("p.mtn_id", Value::Text(id)),
        Find::Payer(number) => ("p.payer", blob(rows.hash.payer(number).as_bytes())),
        Find::Contact(id) => ("p.contact", blob(id.as_bytes())),
    };
    let statement = format!(
        "SELECT a.external_id, a.state FROM payment p JOIN aggregate a ON a.no = p.no WHERE {column} = ?1 \
         ORDER BY p.wished DESC LIMIT ?2"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let row = |row: &Row<'_>| Ok((PaymentId::from_bytes(id16(row, 0)?), row.get(1)?));
    conn.prepare(&statement)?.query_map(params![value, limit], row)?.collect()
}

/// The ids of payments, the newest first, wherever they live.
pub(super) fn find_payments(
    conn: &Connection,
    rows: &Rows,
    find: Find,
    limit: usize,
) -> rusqlite::Result<Vec<PaymentId>> {
    Ok(found(conn, rows, find, limit)?.into_iter().map(|(id, _)| id).collect())
}

/// Payments that live here, the newest first.
pub(super) fn payments(
    conn: &Connection,
    rows: &Rows,
    find: Find,
    limit: usize,
) -> Result<Vec<(PaymentId, Payment)>, StoreError> {
    let mut all = Vec::new();
    for (id, blob) in found(conn, rows, find, limit).map_err(fault)? {
        let Some(blob) = blob else { continue };
        if let State::Payment(payment) =
            rows.codec.open_state(AggregateId::Payment(id), &blob).map_err(unreadable)?
        {
            all.push((id, *payment));
        }
    }
    Ok(all)
}

/// People by id; with `paying` only those who ever paid.
pub(super) fn contacts(
    conn: &Connection,
    rows: &Rows,
    paying: bool,
    after: Option<ContactId>,
    limit: usize,
) -> Result<Vec<(ContactId, Contact)>, StoreError> {
    let read = || -> rusqlite::Result<Vec<([u8; 16], Vec<u8>)>> {
        let found = |row: &Row<'_>| Ok((id16(row, 0)?, row.get::<_, Vec<u8>>(1)?));
        conn.prepare(
            "SELECT a.external_id, a.state FROM contact c JOIN aggregate a ON a.no = c.no \
             WHERE a.state IS NOT NULL AND (?3 = 0 OR c.subscription_status IS NOT NULL) AND a.external_id > ?1 \
             ORDER BY a.external_id LIMIT ?2",
        )?
        .query_map(
            params![
                after.map_or_else(Vec::new, |id| id.as_bytes().to_vec()),
                i64::try_from(limit).unwrap_or(i64::MAX),
                paying
            ],
            found,
        )?
        .collect()
    };
    let mut all = Vec::new();
    for (id, blob) in read().map_err(fault)? {
        let id = ContactId::from_bytes(id);
        if let State::Contact(contact) =
            rows.codec.open_state(AggregateId::Contact(id), &blob).map_err(unreadable)?
        {
            all.push((id, *contact));
        }
    }
    Ok(all)
}
