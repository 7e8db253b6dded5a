//! Questions for everybody that no curated answer was there for.

use answerbot_core::reuse::Language;
use answerbot_core::{AggregateId, EventId, JubaDay};
use answerbot_ports::reports::Missed;
use answerbot_ports::store::{MISSED_FOR_DAYS, MISSED_ONCE_FOR_DAYS, StoreError};
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};

use crate::mongo::aggregate::{BODY_SCHEMA, ROUNDS};
use crate::mongo::base::fault::{bounded, pause, unless_there, unreadable};
use crate::mongo::base::fields::{Fields as _, binary, limit, whole};
use crate::mongo::connect::Inner;
use crate::mongo::records::pending::FIRST_NUMBER;
use crate::mongo::schema::MISSED;

/// Who asked lately, so that what is copied twice counts once.
const LATELY: i32 = 50;

impl Inner {
    /// Counts one; a person who asks again and again counts once. `number` is that of its record; those that another
    /// store handed over have small ones, and are told apart by their day.
    pub async fn miss(
        &self,
        of: AggregateId,
        number: i64,
        day: JubaDay,
        (language, normal): (Language, String),
    ) -> Result<(), StoreError> {
        let key = self.hash.question(language, &normal);
        let body = self.codec.seal(BODY_SCHEMA, &key, &(language, normal)).map_err(unreadable)?;
        let (key, body, by) = (binary(&key), binary(&body), binary(of.as_bytes()));
        // A record that is copied twice counts once; the name tells nobody whose it is.
        let which = if number < FIRST_NUMBER { i64::from(day.0) } else { number };
        let once = binary(EventId::digest(&format!("{of} missed {which}")).as_bytes());
        let missed = self.of(MISSED);
        for round in 0..ROUNDS {
            pause(round).await;
            let new = doc! { "_id": key.clone(), "lately": { "$ne": once.clone() }, "last_by": { "$ne": by.clone() } };
            let counted = doc! {
                "$inc": { "times": 1_i64 },
                "$set": { "last_by": by.clone(), "body": body.clone() },
                "$max": { "last": day.0 },
                "$push": { "lately": { "$each": [once.clone()], "$slice": -LATELY } },
            };
            if bounded(missed.update_one(new, counted)).await?.matched_count > 0 {
                return Ok(());
            }
            let known = doc! { "_id": key.clone() };
            if bounded(missed.update_one(known, doc! { "$max": { "last": day.0 } })).await?.matched_count > 0
            {
                return Ok(());
            }
            let first = doc! {
                "_id": key.clone(),
                "times": 1_i64,
                "last": day.0,
                "last_by": by.clone(),
                "lately": [once.clone()],
                "body": body.clone(),
            };
            if unless_there(missed.insert_one(first)).await?.is_some() {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("a question is fought over".to_owned()))
    }

    /// The most frequent ones.
    pub async fn missed(&self, times: u64, most: usize) -> Result<Vec<Missed>, StoreError> {
        let missed = self.of(MISSED);
        let often = doc! { "times": { "$gte": whole(times.max(1)) } };
        let found: Vec<Document> = bounded(async {
            let find = missed.find(often).sort(doc! { "times": -1, "last": -1 }).limit(limit(most));
            find.await?.try_collect().await
        })
        .await?;
        let read = |it: &Document| {
            let key = it.id("_id")?;
            let (language, question) =
                self.codec.open(BODY_SCHEMA, &key, it.bytes("body")?).map_err(unreadable)?;
            let last = JubaDay(i32::try_from(it.long("last")?).unwrap_or(i32::MAX));
            Ok(Missed { times: it.count("times")?, last, language, question })
        };
        found.iter().take(most).map(read).collect()
    }

    pub async fn forget_missed(&self, day: JubaDay) -> Result<u64, StoreError> {
        let old = doc! { "$or": [
            { "times": { "$lte": 1 }, "last": { "$lt": day.0 - MISSED_ONCE_FOR_DAYS } },
            { "last": { "$lt": day.0 - MISSED_FOR_DAYS } },
        ] };
        Ok(bounded(self.of(MISSED).delete_many(old)).await?.deleted_count)
    }
}
