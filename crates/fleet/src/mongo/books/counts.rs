//! Whether money and grants agree.
//!
//! The names of all payments with money are read and compared here: a join in the server would be no smaller, and
//! servers differ about joins.

use std::collections::{BTreeMap, BTreeSet};

use answerbot_core::{PaymentId, Time};
use answerbot_ports::store::{MoneyCounts, StoreError};
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};

use crate::mongo::base::fault::bounded;
use crate::mongo::base::fields::{Fields as _, id16, limit};
use crate::mongo::connect::Inner;
use crate::mongo::schema::{GRANTS, LEDGER, PAYMENTS};

/// Payments that are named when money and grants do not agree.
const NAMED: usize = 20;

/// Money that came for a payment.
struct Captured {
    at: Time,
    test: bool,
}

impl Inner {
    pub async fn money_counts(&self, before: Time) -> Result<MoneyCounts, StoreError> {
        let granted: BTreeSet<[u8; 16]> = self.names(GRANTS, doc! {}).await?;
        let success = self.names(PAYMENTS, doc! { "test": false, "status": "success" }).await?;
        let refunded = self.names(PAYMENTS, doc! { "test": false, "status": "refunded" }).await?;
        let deferred = self.deferred(&refunded).await?;
        // Last: money is in the books before its grant and its status are, also while others write.
        let captured = self.captured().await?;
        let in_time = |id: &[u8; 16]| captured.get(id).is_some_and(|it| it.at <= before);
        let is_real = |id: &[u8; 16]| captured.get(id).is_some_and(|it| !it.test && it.at <= before);
        let count = |all: usize| all as u64;

        let mut unmatched: BTreeSet<[u8; 16]> = BTreeSet::new();
        // Granted without money in the books, or with it and the contact does not say so.
        unmatched.extend(
            success.iter().filter(|id| !captured.contains_key(*id) || in_time(id) && !granted.contains(*id)),
        );
        unmatched.extend(granted.iter().filter(|id| !captured.contains_key(*id)));
        unmatched.extend(self.shared_numbers().await?);
        let balance: i64 = self.accounts().await?.iter().map(|it| it.minor).sum();
        Ok(MoneyCounts {
            successes: count(success.iter().chain(&deferred).filter(|id| in_time(id)).count()),
            grants: count(granted.iter().filter(|id| is_real(id)).count()),
            captures: count(captured.keys().filter(|id| is_real(id)).count()),
            unmatched: unmatched.into_iter().take(NAMED).map(PaymentId::from_bytes).collect(),
            in_review: bounded(self.of(PAYMENTS).count_documents(doc! { "status": "review", "test": false }))
                .await?,
            is_balanced: balance == 0,
        })
    }

    async fn names(&self, collection: &str, filter: Document) -> Result<BTreeSet<[u8; 16]>, StoreError> {
        let collection = self.of(collection);
        let found: Vec<Document> = bounded(async {
            collection.find(filter).projection(doc! { "_id": 1 }).await?.try_collect().await
        })
        .await?;
        found.iter().map(|it| it.id("_id")).collect()
    }

    async fn captured(&self) -> Result<BTreeMap<[u8; 16], Captured>, StoreError> {
        let ledger = self.of(LEDGER);
        let wanted = doc! { "payment": 1, "at": 1, "test": 1 };
        let found: Vec<Document> = bounded(async {
            ledger.find(doc! { "event": "captured" }).projection(wanted).await?.try_collect().await
        })
        .await?;
        let read =
            |it: &Document| Ok((it.id("payment")?, Captured { at: it.time("at")?, test: it.flag("test") }));
        found.iter().map(read).collect()
    }

    /// Those of these payments that were granted before their money was given back.
    async fn deferred(&self, payments: &BTreeSet<[u8; 16]>) -> Result<BTreeSet<[u8; 16]>, StoreError> {
        let ids: Vec<_> = payments.iter().map(|id| crate::mongo::base::fields::binary(id)).collect();
        let ledger = self.of(LEDGER);
        let found: Vec<Document> = bounded(async {
            let of = doc! { "payment": { "$in": ids } };
            ledger.find(of).projection(doc! { "payment": 1, "credit": 1 }).await?.try_collect().await
        })
        .await?;
        let is_deferred =
            |it: &&Document| it.get_str("credit").is_ok_and(|it| it.starts_with("liab:deferred:"));
        found.iter().filter(is_deferred).map(|it| it.id("payment")).collect()
    }

    /// Payments that share one number of MTN's.
    async fn shared_numbers(&self) -> Result<Vec<[u8; 16]>, StoreError> {
        let pipeline = [
            doc! { "$match": { "mtn_id": { "$exists": true }, "test": false } },
            doc! { "$group": { "_id": "$mtn_id", "count": { "$sum": 1 }, "all": { "$push": "$_id" } } },
            doc! { "$match": { "count": { "$gt": 1 } } },
            doc! { "$limit": limit(NAMED) },
        ];
        let found = self.grouped(PAYMENTS, pipeline).await?;
        Ok(found.iter().flat_map(|it| it.get_array("all").into_iter().flatten()).filter_map(id16).collect())
    }
}
