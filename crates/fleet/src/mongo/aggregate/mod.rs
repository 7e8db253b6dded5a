//! What is decided as one, in one document.

pub(super) mod admit;
pub(super) mod commit;
pub(super) mod facets;
pub(super) mod failed;
pub(super) mod heads;
pub(super) mod lease;
pub(super) mod open;
pub(super) mod owners;
pub(super) mod release;
pub(super) mod seen;

/// Schema number of envelopes and effects.
pub(super) const BODY_SCHEMA: u32 = 1;
/// Rounds of "read, then write if nothing changed" before giving up for now.
pub(super) const ROUNDS: usize = 20;
/// Aggregates that one call works on at once.
pub(super) const AT_ONCE: usize = 8;

/// `away`: it is being moved; nothing is decided or leased here meanwhile.
pub(super) const FROZEN: i32 = 1;
/// The try that froze it.
pub(super) const FROZEN_BY: &str = "frozen_by";
/// `away`: it lives elsewhere; what was seen here stays known.
pub(super) const BURIED: i32 = 2;

/// The condition that an aggregate lives here and stays: neither frozen nor buried.
pub(super) fn is_here(filter: &mut mongodb::bson::Document) {
    filter.insert("away", mongodb::bson::doc! { "$exists": false });
}
