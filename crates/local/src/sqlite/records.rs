//! What decisions in a region's store leave for books and reports, until the main store has it.

use std::collections::BTreeSet;

use answerbot_core::decide::Fact;
use answerbot_core::pay::ledger::Entry;
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::{AggregateId, ContactId, PaymentId, Time};
use answerbot_ports::regions::Record;
use answerbot_ports::store::{Commit, Facets, PaymentFacets, StoreError};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::answers::{self, SealedFact};
use super::rows::Rows;
use super::sql;
use super::store::{payer, unreadable};
use super::units::{self, BODY_SCHEMA};
use super::writer::fault;

/// What goes into the seal of every record.
const ROW: &[u8] = b"record";
/// `Status::name` of every status.
const STATUSES: [&str; 10] = [
    "created",
    "pending",
    "unknown",
    "success",
    "failed",
    "expired",
    "cancelled",
    "abandoned",
    "review",
    "refunded",
];

/// A record as it is kept.
#[derive(Serialize, Deserialize)]
enum Kept {
    Entry(Entry),
    Grant(PaymentId),
    Fact(Fact),
    Payment(KeptFacets),
    Erased,
}

#[derive(Serialize, Deserialize)]
struct KeptFacets {
    contact: Option<ContactId>,
    status: String,
    payer: Option<Msisdn>,
    code: String,
    external_id: Option<String>,
    mtn_id: Option<String>,
    wished: Time,
    test: bool,
    /// 0 in a record from the time before it was told.
    #[serde(default)]
    version: u64,
}

impl From<&Record> for Kept {
    fn from(record: &Record) -> Self {
        match record {
            Record::Entry(it) => Self::Entry(it.clone()),
            Record::Grant(it) => Self::Grant(*it),
            Record::Fact(it) => Self::Fact(it.clone()),
            Record::Payment { facets: it, version } => Self::Payment(KeptFacets {
                contact: it.contact,
                status: it.status.to_owned(),
                payer: it.payer,
                code: it.code.clone(),
                external_id: it.external_id.clone(),
                mtn_id: it.mtn_id.clone(),
                wished: it.wished,
                test: it.test,
                version: *version,
            }),
            Record::Erased => Self::Erased,
        }
    }
}

impl Kept {
    /// `None` for a status that only a newer release knows.
    fn record(self) -> Option<Record> {
        Some(match self {
            Self::Entry(it) => Record::Entry(it),
            Self::Grant(it) => Record::Grant(it),
            Self::Fact(it) => Record::Fact(it),
            Self::Payment(it) => Record::Payment {
                version: it.version,
                facets: Box::new(PaymentFacets {
                    contact: it.contact,
                    status: STATUSES.into_iter().find(|status| *status == it.status)?,
                    payer: it.payer,
                    code: it.code,
                    external_id: it.external_id,
                    mtn_id: it.mtn_id,
                    wished: it.wished,
                    test: it.test,
                }),
            },
            Self::Erased => Record::Erased,
        })
    }
}

/// Takes out of a commit what the main store keeps.
pub(super) fn leave(commit: &mut Commit) -> Vec<Record> {
    let entries = std::mem::take(&mut commit.entries).into_iter().map(Record::Entry);
    let grants = std::mem::take(&mut commit.grants).into_iter().map(Record::Grant);
    let facts = std::mem::take(&mut commit.facts).into_iter().map(Record::Fact);
    let mut all: Vec<Record> = entries.chain(grants).chain(facts).collect();
    if let Some(Facets::Payment(facets)) = &commit.facets {
        all.push(Record::Payment { facets: facets.clone(), version: commit.version + 1 });
    }
    if commit.erase && commit.aggregate.contact().is_some() {
        all.push(Record::Erased);
    }
    all
}

impl Rows {
    pub(super) fn seal_record(&self, record: &Record) -> Result<Vec<u8>, StoreError> {
        self.codec.seal(BODY_SCHEMA, ROW, &Kept::from(record)).map_err(unreadable)
    }
}

/// Records that an aggregate left, by their numbers.
pub(super) type Left = (AggregateId, Vec<(u64, Record)>);

/// The oldest records of at most `limit` aggregates; of each up to the first that cannot be read.
pub(super) fn read(conn: &Connection, rows: &Rows, limit: usize) -> Result<Vec<Left>, StoreError> {
    let mut all: Vec<Left> = Vec::new();
    let mut odd = BTreeSet::new();
    let mut read = conn.prepare_cached(sql::RECORDS).map_err(fault)?;
    let mut found = read.query([0]).map_err(fault)?;
    while let Some(row) = found.next().map_err(fault)? {
        let columns = || Ok((row.get::<_, u64>(0)?, units::aggregate_id(row, 1)?, row.get::<_, Vec<u8>>(3)?));
        let (number, of, body) = columns().map_err(fault)?;
        if odd.contains(&of) {
            continue;
        }
        let newer = || StoreError::Unreadable("a payment's status is of a newer release".into());
        let opened = rows.codec.open(BODY_SCHEMA, ROW, &body).map_err(unreadable);
        let record = match opened.and_then(|it: Kept| it.record().ok_or_else(newer)) {
            Ok(record) => (number, record),
            Err(error) => {
                tracing::error!(aggregate = %of, error = %error, "a record cannot be read; it stays with its aggregate");
                odd.insert(of);
                continue;
            }
        };
        match all.iter().position(|(it, _)| *it == of) {
            Some(index) => all[index].1.push(record),
            // What lies behind comes when these are forgotten.
            None if all.len() >= limit => break,
            None => all.push((of, vec![record])),
        }
    }
    Ok(all)
}

/// A record ready to be written in the main store.
pub(super) enum Sealed {
    Record(Record),
    Fact(SealedFact),
}

pub(super) fn seal(rows: &Rows, record: Record) -> Result<Sealed, StoreError> {
    Ok(match record {
        Record::Fact(fact) => Sealed::Fact(answers::seal_fact(rows, fact)?),
        other => Sealed::Record(other),
    })
}

/// Keeps records of an aggregate that lives elsewhere, in the main store.
pub(super) fn keep(
    conn: &Connection,
    rows: &Rows,
    of: AggregateId,
    records: &[Sealed],
) -> rusqlite::Result<()> {
    let no = match units::head(conn, of)? {
        Some(head) => head.no,
        None => {
            // Books and reports point at it.
            let no = units::new(conn, of, Time::from_millis(0), None)?;
            conn.prepare_cached("UPDATE aggregate SET away = ?2 WHERE no = ?1")?
                .execute([no, units::GONE])?;
            no
        }
    };
    for record in records {
        match record {
            Sealed::Fact(fact) => answers::write_fact(conn, no, fact)?,
            Sealed::Record(Record::Entry(entry)) => units::add_entry(conn, entry)?,
            Sealed::Record(Record::Grant(payment)) => units::add_grant(conn, *payment, no)?,
            Sealed::Record(Record::Payment { facets, version }) => {
                let facets = Facets::Payment(facets.clone());
                units::put_facets(conn, no, *version, &facets, payer(&rows.hash, &facets))?;
            }
            Sealed::Record(Record::Erased) => units::erase(conn, no)?,
            Sealed::Record(Record::Fact(_)) => {}
        }
    }
    Ok(())
}
