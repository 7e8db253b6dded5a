//! What all parts of the store stand on: faults, the fields of documents, the store's time, updates.

pub(super) mod fault;
pub(super) mod fields;
pub(super) mod time;
pub(super) mod update;
