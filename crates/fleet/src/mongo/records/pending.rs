//! A record that stands with its aggregate, sealed.

use answerbot_core::decide::Fact;
use answerbot_core::pay::ledger::Entry;
use answerbot_core::{AggregateId, PaymentId};
use answerbot_ports::codec::{Codec, CodecError};
use answerbot_ports::store::StoreError;
use mongodb::bson::{Document, doc};
use serde::{Deserialize, Serialize};

use crate::mongo::aggregate::BODY_SCHEMA;
use crate::mongo::base::fault::unreadable;
use crate::mongo::base::fields::{Fields as _, binary};

/// Numbers of records: the version of their decision, shifted by this, and their place in it.
pub(in crate::mongo) const VERSION_BITS: u32 = 16;
/// No record of a decision has a smaller number.
pub(in crate::mongo) const FIRST_NUMBER: i64 = 1 << VERSION_BITS;

/// What it says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::mongo) enum Kept {
    /// An entry of the books.
    Entry(Entry),
    /// A payment granted to this contact.
    Grant(PaymentId),
    /// Something for reports.
    Fact(Fact),
    /// What this payment is found by has changed; it stands beside.
    Payment,
    /// This contact was erased.
    Erased,
}

impl Kept {
    /// Whether it is about money, which is copied before a commit returns.
    pub fn is_money(&self) -> bool {
        matches!(self, Self::Entry(_) | Self::Grant(_) | Self::Payment)
    }
}

/// A record with its place in the order of its aggregate.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::mongo) struct Pending {
    /// Rises with every record of an aggregate.
    pub number: i64,
    /// When it was written, by the store's time, in microseconds.
    pub at: i64,
    pub kept: Kept,
}

impl Pending {
    /// As it stands in its aggregate.
    pub fn seal(&self, codec: &Codec, of: AggregateId) -> Result<Document, CodecError> {
        let body = codec.seal(BODY_SCHEMA, &row(of, self.number), &self.kept)?;
        Ok(doc! { "n": self.number, "at": self.at, "body": binary(&body) })
    }

    pub fn open(codec: &Codec, of: AggregateId, record: &Document) -> Result<Self, StoreError> {
        let number = record.long("n")?;
        let kept = codec.open(BODY_SCHEMA, &row(of, number), record.bytes("body")?).map_err(unreadable)?;
        Ok(Self { number, at: record.long("at")?, kept })
    }
}

/// What a record is sealed for.
pub(in crate::mongo) fn row(of: AggregateId, number: i64) -> Vec<u8> {
    [&of.as_bytes()[..], &number.to_be_bytes()[..]].concat()
}
