//! Answers that people wrote.

use answerbot_core::reuse::curated::Entry;
use answerbot_ports::reports::Audit;
use answerbot_ports::store::StoreError;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};

use crate::mongo::base::fault::bounded;
use crate::mongo::base::fields::Fields as _;
use crate::mongo::connect::Inner;
use crate::mongo::schema::{CURATED, META};

/// The document that counts changes.
const CHANGES: &str = "curated";

impl Inner {
    pub async fn curated(&self, known: u64) -> Result<Option<(u64, Vec<Entry>)>, StoreError> {
        // The number first: entries newer than it are read again, older ones never stay.
        let changes = bounded(self.of(META).find_one(doc! { "_id": CHANGES })).await?;
        // Nought is "nothing known"; before the first change there are none.
        let now = changes.map_or(Ok(0), |it| it.count("changes"))? + 1;
        if now == known {
            return Ok(None);
        }
        let curated = self.of(CURATED);
        let found: Vec<Document> =
            bounded(async { curated.find(doc! {}).sort(doc! { "_id": 1 }).await?.try_collect().await })
                .await?;
        // One that another release wrote must not take the others along.
        let told =
            |error: &serde_json::Error| tracing::error!(error = %error, "a curated answer cannot be read");
        let bodies = found.iter().filter_map(|it| it.get_str("body").ok());
        let entries = bodies.filter_map(|body| serde_json::from_str(body).inspect_err(told).ok());
        Ok(Some((now, entries.collect())))
    }

    pub async fn put_curated(&self, entries: Vec<Entry>, audit: Audit) -> Result<(), StoreError> {
        let line = |entry: &Entry| serde_json::to_string(entry).map(|body| (entry.id.clone(), body));
        let lines = entries.iter().map(line).collect::<Result<Vec<_>, _>>();
        let lines = lines.map_err(|error| StoreError::Unreadable(error.to_string()))?;
        self.note(audit).await?;
        for (id, body) in lines {
            let put = doc! { "$set": { "body": body } };
            bounded(self.of(CURATED).update_one(doc! { "_id": id }, put).upsert(true)).await?;
        }
        self.curated_changed().await
    }

    pub async fn remove_curated(&self, id: &str, audit: Audit) -> Result<bool, StoreError> {
        let name = doc! { "_id": id };
        if bounded(self.of(CURATED).find_one(name.clone())).await?.is_none() {
            return Ok(false);
        }
        self.note(audit).await?;
        let removed = bounded(self.of(CURATED).delete_one(name)).await?.deleted_count > 0;
        self.curated_changed().await?;
        Ok(removed)
    }

    async fn curated_changed(&self) -> Result<(), StoreError> {
        let next = doc! { "$inc": { "changes": 1_i64 } };
        bounded(self.of(META).update_one(doc! { "_id": CHANGES }, next).upsert(true)).await.map(drop)
    }
}
