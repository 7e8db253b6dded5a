//! Every index, by collection.
//!
//! Sparse ones have only the documents with their field. None is partial: an index with a condition is one that
//! servers differ about.

use mongodb::bson::{Document, doc};

use super::{
    AGGREGATES, AI_DAYS, ANSWERS, AUDITS, CALLBACKS, CHECKS, CLAIMS, INBOX_AT, LEDGER, MISSED, ORDERS,
    PAYMENTS, PLACES, SEALS, TURNS,
};
use crate::mongo::aggregate::FROZEN_BY;
use crate::mongo::aggregate::heads::{QUEUES, hint};
use crate::mongo::base::fields::first_of;
use crate::mongo::places::parked::PARKED_ASIDE_AT;

/// The index of where people say they live.
pub(in crate::mongo) const SAID: &str = "said";

/// An index.
pub(in crate::mongo) struct Index {
    pub name: String,
    pub keys: Document,
    pub unique: bool,
    pub sparse: bool,
}

/// An index of one field; of those documents that have it.
fn sparse(field: &str) -> Index {
    Index { name: field.to_owned(), keys: doc! { field: 1 }, unique: false, sparse: true }
}

/// An index of a field and what its rows are sorted by.
fn sorted(field: &str, by: &str) -> Index {
    Index { name: field.to_owned(), keys: doc! { field: 1, by: 1 }, unique: false, sparse: false }
}

fn plain(field: &str) -> Index {
    Index { name: field.to_owned(), keys: doc! { field: 1 }, unique: false, sparse: false }
}

fn unique(field: &str) -> Index {
    Index { name: field.to_owned(), keys: doc! { field: 1 }, unique: true, sparse: false }
}

fn aggregates() -> Vec<Index> {
    // With `_id` the six of the owner's plan.
    let plan = ["phone", "subscription_status", "subscription_expiry", "stage", "reset_day"].map(sparse);
    // Ours: where people say they live, texts past their time, what was seen, records to be copied, what an operator
    // should see, the payments that live with a contact, what is frozen.
    let ours = ["texts_until", "seen_from", "records.at", "stuck", "home", FROZEN_BY].map(sparse);
    let said = Index { name: SAID.to_owned(), ..sorted("region", "_id") };
    let queues = (0..QUEUES).map(|queue| sparse(&hint(queue)));
    plan.into_iter().chain(ours).chain(queues).chain([said, sorted(INBOX_AT, "_id")]).collect()
}

fn places() -> Vec<Index> {
    let some = ["moving_to", "parked.at", PARKED_ASIDE_AT, "before.until"].map(sparse);
    some.into_iter().chain([plain("region")]).collect()
}

/// All of them.
pub(in crate::mongo) fn by_collection() -> Vec<(&'static str, Vec<Index>)> {
    let payments = ["contact", "status", "payer", "code", "external_id", "mtn_id"];
    let mut payments: Vec<Index> = payments.into_iter().map(|it| sorted(it, "wished")).collect();
    payments.push(plain("wished"));
    vec![
        (AGGREGATES, aggregates()),
        (LEDGER, vec![plain("payment"), sorted("event", "at"), sparse("open"), sparse("no")]),
        (SEALS, vec![unique("entry")]),
        (PAYMENTS, payments),
        (TURNS, vec![sorted("contact", "day"), plain("day"), sparse("open"), plain("ask")]),
        (AI_DAYS, vec![plain("day")]),
        (MISSED, vec![sorted("times", "last"), sparse("last_by"), plain("last")]),
        (ANSWERS, vec![plain("until")]),
        (CALLBACKS, vec![plain("reference"), plain("last")]),
        (CHECKS, vec![plain("version"), plain("domain")]),
        (AUDITS, vec![plain("at")]),
        (PLACES, places()),
        (ORDERS, vec![plain("at")]),
    ]
}

/// The filters of every message and every sweep, with the index that serves them.
pub(in crate::mongo) fn hot() -> Vec<(&'static str, Document, String)> {
    let id = "_id_".to_owned();
    let one = first_of(0);
    let by = |field: &str| (AGGREGATES, doc! { field: { "$lt": 0 } }, field.to_owned());
    let mut all = vec![
        (
            AGGREGATES,
            doc! { "_id": one.clone(), "inbox.id": { "$ne": 1 }, "seen.id": { "$ne": 1 } },
            id.clone(),
        ),
        (AGGREGATES, doc! { "_id": one, "version": 1_i64, "away": { "$exists": false } }, id.clone()),
        (CLAIMS, doc! { "_id": { "$in": ["address:00"] } }, id),
    ];
    all.extend(["texts_until", "seen_from", "records.at", INBOX_AT].map(by));
    all.extend((0..QUEUES).map(|queue| by(&hint(queue))));
    all
}
