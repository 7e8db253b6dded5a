//! Ids as documents keep them, and fields read back.

use answerbot_core::{AggregateId, AggregateKind, ContactId, Time};
use answerbot_ports::store::StoreError;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document};

/// Bytes.
pub(in crate::mongo) fn binary(bytes: &[u8]) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() }
}

/// The name of an aggregate's document: its kind, then its id, so that each kind is one range.
pub(in crate::mongo) fn key_of(id: AggregateId) -> Binary {
    key(id.kind().number(), id.as_bytes())
}

/// The name of a contact's document.
pub(in crate::mongo) fn contact_key(id: ContactId) -> Binary {
    key_of(AggregateId::Contact(id))
}

fn key(kind: u8, id: &[u8; 16]) -> Binary {
    let mut bytes = Vec::with_capacity(17);
    bytes.push(kind);
    bytes.extend_from_slice(id);
    binary(&bytes)
}

/// The first name of a kind; that of the next kind ends its range.
pub(in crate::mongo) fn first_of(kind: u8) -> Binary {
    key(kind, &[0; 16])
}

fn lacks(name: &str) -> StoreError {
    StoreError::Unreadable(format!("a document has no fitting field {name:?}"))
}

/// A number, however wide the server sent it.
pub(in crate::mongo) fn number(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int64(it) => Some(*it),
        Bson::Int32(it) => Some(i64::from(*it)),
        #[expect(clippy::cast_possible_truncation, reason = "what we write is whole and below 2^53")]
        Bson::Double(it) => Some(*it as i64),
        _ => None,
    }
}

/// Sixteen bytes.
pub(in crate::mongo) fn id16(value: &Bson) -> Option<[u8; 16]> {
    match value {
        Bson::Binary(it) => it.bytes.as_slice().try_into().ok(),
        _ => None,
    }
}

/// A count as the server keeps it: its integers are signed.
pub(in crate::mongo) fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A limit as the driver takes it; nought would be none.
pub(in crate::mongo) fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX).max(1)
}

/// Reads fields that we wrote.
pub(in crate::mongo) trait Fields {
    /// A number.
    fn long(&self, name: &str) -> Result<i64, StoreError>;
    /// A number that may be missing.
    fn maybe_long(&self, name: &str) -> Option<i64>;
    /// A count.
    fn count(&self, name: &str) -> Result<u64, StoreError>;
    /// A short count.
    fn short(&self, name: &str) -> Result<u32, StoreError>;
    /// A point in time.
    fn time(&self, name: &str) -> Result<Time, StoreError>;
    /// Bytes.
    fn bytes(&self, name: &str) -> Result<&[u8], StoreError>;
    /// An id.
    fn id(&self, name: &str) -> Result<[u8; 16], StoreError>;
    /// An id that may be missing.
    fn maybe_id(&self, name: &str) -> Option<[u8; 16]>;
    /// A text.
    fn text(&self, name: &str) -> Result<&str, StoreError>;
    /// Yes or no; missing is no.
    fn flag(&self, name: &str) -> bool;
    /// The aggregate that a document, or what speaks of one, belongs to.
    fn aggregate(&self, name: &str) -> Result<AggregateId, StoreError>;
    /// The documents in a list; none where there is no list.
    fn each(&self, name: &str) -> impl Iterator<Item = &Document>;
    /// The length of a list.
    fn length(&self, name: &str) -> usize;
}

impl Fields for Document {
    fn long(&self, name: &str) -> Result<i64, StoreError> {
        self.maybe_long(name).ok_or_else(|| lacks(name))
    }

    fn maybe_long(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(number)
    }

    fn count(&self, name: &str) -> Result<u64, StoreError> {
        u64::try_from(self.long(name)?).map_err(|_| lacks(name))
    }

    fn short(&self, name: &str) -> Result<u32, StoreError> {
        u32::try_from(self.long(name)?).map_err(|_| lacks(name))
    }

    fn time(&self, name: &str) -> Result<Time, StoreError> {
        self.long(name).map(Time::from_millis)
    }

    fn bytes(&self, name: &str) -> Result<&[u8], StoreError> {
        match self.get(name) {
            Some(Bson::Binary(it)) => Ok(&it.bytes),
            _ => Err(lacks(name)),
        }
    }

    fn id(&self, name: &str) -> Result<[u8; 16], StoreError> {
        self.maybe_id(name).ok_or_else(|| lacks(name))
    }

    fn maybe_id(&self, name: &str) -> Option<[u8; 16]> {
        self.get(name).and_then(id16)
    }

    fn text(&self, name: &str) -> Result<&str, StoreError> {
        self.get_str(name).map_err(|_| lacks(name))
    }

    fn flag(&self, name: &str) -> bool {
        self.get_bool(name).unwrap_or(false)
    }

    fn aggregate(&self, name: &str) -> Result<AggregateId, StoreError> {
        let (kind, id) = self.bytes(name)?.split_first().ok_or_else(|| lacks(name))?;
        let kind = AggregateKind::numbered(*kind).ok_or_else(|| lacks(name))?;
        Ok(AggregateId::from_parts(kind, id.try_into().map_err(|_| lacks(name))?))
    }

    fn each(&self, name: &str) -> impl Iterator<Item = &Document> {
        self.get_array(name).into_iter().flatten().filter_map(Bson::as_document)
    }

    fn length(&self, name: &str) -> usize {
        self.get_array(name).map_or(0, Vec::len)
    }
}
