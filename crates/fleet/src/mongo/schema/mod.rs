//! Collections, indexes, and what a release must know to use them.

pub(super) mod indexes;
pub(super) mod meta;
pub(super) mod reseal;

use std::collections::BTreeSet;

use answerbot_ports::store::StoreError;
use mongodb::Database;
use mongodb::bson::doc;
use mongodb::options::IndexOptions;
use mongodb::{Collection, IndexModel};

use super::base::fault::{bounded, fault};
use super::base::fields::Fields as _;
use super::connect::{Access, ConnectError};

// Ours begin with `ab_`; what stood in the database before is never written.

/// Whatever is decided as one: people, payments, paying numbers.
pub(super) const AGGREGATES: &str = "ab_aggregates";
/// What must be unique across contacts.
pub(super) const CLAIMS: &str = "ab_claims";
/// Periodic jobs.
pub(super) const JOBS: &str = "ab_jobs";
/// A few named values.
pub(super) const META: &str = "ab_meta";
/// The books.
pub(super) const LEDGER: &str = "ab_ledger";
/// Their chain.
pub(super) const SEALS: &str = "ab_ledger_seals";
/// Payments as contacts say they were granted.
pub(super) const GRANTS: &str = "ab_grants";
/// What payments are found by, wherever they live.
pub(super) const PAYMENTS: &str = "ab_payments";
/// Prices.
pub(super) const PRICES: &str = "ab_prices";
/// What operators did.
pub(super) const AUDITS: &str = "ab_audits";
/// What MTN posted.
pub(super) const CALLBACKS: &str = "ab_callbacks";
/// Each call to a provider.
pub(super) const TURNS: &str = "ab_turns";
/// The same in sums.
pub(super) const AI_DAYS: &str = "ab_ai_days";
/// The same in one sum a day.
pub(super) const AI_TOTALS: &str = "ab_ai_totals";
/// Questions that no curated answer was there for.
pub(super) const MISSED: &str = "ab_missed";
/// Shared answers.
pub(super) const ANSWERS: &str = "ab_answers";
/// Answers that people wrote.
pub(super) const CURATED: &str = "ab_curated";
/// Hits on shared answers that were asked again.
pub(super) const CHECKS: &str = "ab_checks";
/// Where people live who do not live in the main store, and what is parked for them.
pub(super) const PLACES: &str = "ab_places";
/// Orders to move people.
pub(super) const ORDERS: &str = "ab_orders";

/// The index that finds what waits.
pub(super) const INBOX_AT: &str = "inbox.at";

/// What this release writes.
const KNOWN: i64 = 1;
/// What a release must at least know to use what this one writes.
const NEEDS: i64 = 1;

/// Refuses a store that this release must not use, and sets it up where that is wanted.
pub(super) async fn open(db: &Database, access: Access) -> Result<(), ConnectError> {
    let found = bounded(meta(db).find_one(doc! { "_id": "schema" })).await?.unwrap_or_default();
    let number = found.maybe_long("number").unwrap_or(0);
    let needs = found.maybe_long("needs").unwrap_or(0);
    // A newer one alone is fine: while a fleet is upgraded, both are at work.
    if needs > KNOWN {
        return Err(ConnectError::Newer { needs, known: KNOWN });
    }
    match access {
        Access::Serve if number < KNOWN => Ok(migrate(db).await?),
        Access::Beside if number < KNOWN => Err(ConnectError::Older { found: number, known: KNOWN }),
        _ => Ok(()),
    }
}

fn meta(db: &Database) -> Collection<mongodb::bson::Document> {
    db.collection(META)
}

/// Makes what is missing; checks that it is there; notes that it is.
pub(super) async fn migrate(db: &Database) -> Result<(), StoreError> {
    for (collection, all) in indexes::by_collection() {
        let models = all.iter().map(|it| {
            let unique = it.unique.then_some(true);
            let sparse = it.sparse.then_some(true);
            let options = IndexOptions::builder().name(it.name.clone()).unique(unique).sparse(sparse).build();
            IndexModel::builder().keys(it.keys.clone()).options(options).build()
        });
        // Without a bound: building one over many documents takes its time.
        let collection: Collection<mongodb::bson::Document> = db.collection(collection);
        collection.create_indexes(models).await.map_err(|error| fault(&error))?;
    }
    let missing = check_indexes(db).await?;
    if !missing.is_empty() {
        return Err(StoreError::Unavailable(missing.join("; ")));
    }
    let number = doc! { "$max": { "number": KNOWN, "needs": NEEDS } };
    bounded(meta(db).update_one(doc! { "_id": "schema" }, number).upsert(true)).await?;
    Ok(())
}

/// What the store lacks, in words.
pub(super) async fn check(db: &Database) -> Result<Vec<String>, StoreError> {
    let mut missing = check_indexes(db).await?;
    let found = bounded(meta(db).find_one(doc! { "_id": "schema" })).await?.unwrap_or_default();
    let number = found.maybe_long("number").unwrap_or(0);
    if number < KNOWN {
        missing.push(format!("the schema is {number} of {KNOWN}; run `answerbot migrate`"));
    }
    Ok(missing)
}

async fn check_indexes(db: &Database) -> Result<Vec<String>, StoreError> {
    let mut missing = Vec::new();
    for (name, all) in indexes::by_collection() {
        let collection: Collection<mongodb::bson::Document> = db.collection(name);
        let found: BTreeSet<String> = bounded(collection.list_index_names()).await?.into_iter().collect();
        let lost = all.iter().filter(|it| !found.contains(&it.name));
        missing.extend(lost.map(|it| format!("{name} has no index {}; run `answerbot migrate`", it.name)));
    }
    Ok(missing)
}

/// The filters that run for every message or every sweep, each with its collection and the index that must serve it:
/// tests ask a real server for the plan of these.
#[must_use]
pub fn hot() -> Vec<(&'static str, mongodb::bson::Document, String)> {
    indexes::hot()
}
