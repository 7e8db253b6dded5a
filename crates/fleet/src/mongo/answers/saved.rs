//! Shared answers that a restart leaves.

use answerbot_core::reuse::{Kept, Key};
use answerbot_core::time::DAY;
use answerbot_core::{JubaDay, Time};
use answerbot_ports::answers::SavedAnswers;
use answerbot_ports::store::{SHARED_ANSWERS, StoreError, TURNS_FOR_DAYS};
use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};

use crate::mongo::aggregate::BODY_SCHEMA;
use crate::mongo::base::fault::{bounded, unless_there, unreadable};
use crate::mongo::base::fields::{Fields as _, binary, limit};
use crate::mongo::connect::{Inner, MongoStore};
use crate::mongo::schema::ANSWERS;

#[async_trait]
impl SavedAnswers for MongoStore {
    async fn saved_answer(&self, key: Key) -> Result<Option<Kept>, StoreError> {
        let found = bounded(self.inner.of(ANSWERS).find_one(doc! { "_id": binary(&key.0) })).await?;
        let Some(found) = found else { return Ok(None) };
        self.inner.codec.open(BODY_SCHEMA, &key.0, found.bytes("body")?).map(Some).map_err(unreadable)
    }

    async fn saved_answers(&self, keys: &[Key]) -> Result<Vec<Option<Kept>>, StoreError> {
        let names: Vec<_> = keys.iter().map(|key| binary(&key.0)).collect();
        let answers = self.inner.of(ANSWERS);
        let found: Vec<Document> =
            bounded(async { answers.find(doc! { "_id": { "$in": names } }).await?.try_collect().await })
                .await?;
        let read = |key: &Key| {
            let Some(it) = found.iter().find(|it| it.id("_id").ok() == Some(key.0)) else { return Ok(None) };
            self.inner.codec.open(BODY_SCHEMA, &key.0, it.bytes("body")?).map(Some).map_err(unreadable)
        };
        keys.iter().map(read).collect()
    }

    async fn save_answer(&self, key: Key, kept: &Kept) -> Result<(), StoreError> {
        let body = self.inner.codec.seal(BODY_SCHEMA, &key.0, kept).map_err(unreadable)?;
        let row = doc! { "until": kept.until.as_millis(), "body": binary(&body) };
        let (answers, name) = (self.inner.of(ANSWERS), doc! { "_id": binary(&key.0) });
        let put = doc! { "$set": row };
        // Of two that write it first at once, the later one writes over it.
        if unless_there(answers.update_one(name.clone(), put.clone()).upsert(true)).await?.is_none() {
            bounded(answers.update_one(name, put)).await?;
        }
        Ok(())
    }

    async fn delete_answer(&self, key: Key) -> Result<(), StoreError> {
        bounded(self.inner.of(ANSWERS).delete_one(doc! { "_id": binary(&key.0) })).await.map(drop)
    }

    async fn saved_keys(&self) -> Result<Vec<Key>, StoreError> {
        let answers = self.inner.of(ANSWERS);
        let found: Vec<Document> =
            bounded(async { answers.find(doc! {}).projection(doc! { "_id": 1 }).await?.try_collect().await })
                .await?;
        found.iter().map(|it| it.id("_id").map(Key)).collect()
    }
}

impl Inner {
    /// Forgets what reports and shared answers need no longer.
    pub async fn forget_turns(&self, day: JubaDay, now: Time) -> Result<u64, StoreError> {
        let answers = self.of(ANSWERS);
        let mut total = self.forget_turns_before(JubaDay(day.0 - TURNS_FOR_DAYS)).await?;
        total += self.forget_missed(day).await?;
        // Past its time it still serves while no provider answers.
        let old = doc! { "until": { "$lt": now.plus(-DAY * 8).as_millis() } };
        total += bounded(answers.delete_many(old)).await?.deleted_count;
        let crowd = bounded(answers.count_documents(doc! {})).await?.saturating_sub(SHARED_ANSWERS);
        if crowd > 0 {
            // What is nearest to its end makes room.
            let first: Vec<Document> = bounded(async {
                let find = answers.find(doc! {}).projection(doc! { "_id": 1 }).sort(doc! { "until": 1 });
                find.limit(limit(usize::try_from(crowd).unwrap_or(usize::MAX))).await?.try_collect().await
            })
            .await?;
            let ids: Vec<_> = first.iter().filter_map(|it| it.get("_id").cloned()).collect();
            total += bounded(answers.delete_many(doc! { "_id": { "$in": ids } })).await?.deleted_count;
        }
        Ok(total)
    }
}
