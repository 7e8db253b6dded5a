//! Numbers of tries to move somebody, as they stand in documents.

use answerbot_ports::regions::Attempt;
use mongodb::bson::{Bson, Document};

use crate::mongo::base::fields::{Fields as _, binary};

/// The number in a field; none where it is missing.
pub(super) fn read(it: &Document, field: &str) -> Attempt {
    it.maybe_id(field).map_or(Attempt::UNNUMBERED, Attempt::from_bytes)
}

/// What a field with this number is, or is not there.
pub(super) fn filter(it: Attempt) -> Bson {
    if it == Attempt::UNNUMBERED {
        return Bson::from(mongodb::bson::doc! { "$in": [Bson::Null, binary(it.as_bytes())] });
    }
    binary(it.as_bytes()).into()
}
