//! What was posted to us in MTN's name: sealed, once a body, and bounded whoever posts.

use answerbot_core::{PaymentId, Time};
use answerbot_ports::store::{
    CALLBACK_BYTES, CALLBACKS, CALLBACKS_OF_ONE, Callback, KeptCallback, StoreError,
};
use mongodb::bson::doc;

use crate::mongo::aggregate::BODY_SCHEMA;
use crate::mongo::base::fault::{bounded, unless_there, unreadable};
use crate::mongo::base::fields::{Fields as _, binary, whole};
use crate::mongo::connect::Inner;
use crate::mongo::schema::{self, META};

/// The document that says how many there are, so that a full collection is known without counting it.
const TOTAL: &str = "callbacks";

impl Inner {
    pub async fn keep_callback(&self, it: Callback, now: Time) -> Result<KeptCallback, StoreError> {
        let reference = it.reference.as_ref().map_or([0; 16], |it: &PaymentId| *it.as_bytes());
        let name = [&reference[..], &it.digest[..]].concat();
        let callbacks = self.of(schema::CALLBACKS);
        let again = doc! { "$inc": { "times": 1_i64 }, "$max": { "last": now.as_millis() } };
        let known = doc! { "_id": binary(&name) };
        if bounded(callbacks.update_one(known.clone(), again.clone())).await?.matched_count > 0 {
            return Ok(KeptCallback::Again);
        }
        let body = self.codec.seal_bytes(BODY_SCHEMA, &name, &it.body).map_err(unreadable)?;
        let of_one =
            callbacks.count_documents(doc! { "reference": binary(&reference) }).limit(CALLBACKS_OF_ONE);
        if bounded(of_one).await? >= CALLBACKS_OF_ONE || !self.make_room(body.len() as u64).await? {
            return Ok(KeptCallback::Full);
        }
        let new = doc! {
            "_id": binary(&name),
            "reference": binary(&reference),
            "first": now.as_millis(),
            "last": now.as_millis(),
            "times": 1_i64,
            "cut": it.cut,
            "bytes": whole(body.len() as u64),
            "body": binary(&body),
        };
        if unless_there(callbacks.insert_one(new)).await?.is_some() {
            return Ok(KeptCallback::New);
        }
        bounded(callbacks.update_one(known, again)).await?;
        Ok(KeptCallback::Again)
    }

    /// Reserves room for one more. What is reserved and then not used is counted anew at the next forgetting.
    async fn make_room(&self, bytes: u64) -> Result<bool, StoreError> {
        let meta = self.of(META);
        loop {
            let fits = doc! {
                "_id": TOTAL,
                "rows": { "$lt": whole(CALLBACKS) },
                "bytes": { "$lte": whole(CALLBACK_BYTES.saturating_sub(bytes)) },
            };
            let one_more = doc! { "$inc": { "rows": 1_i64, "bytes": whole(bytes) } };
            if bounded(meta.update_one(fits, one_more)).await?.matched_count > 0 {
                return Ok(true);
            }
            if bounded(meta.find_one(doc! { "_id": TOTAL })).await?.is_some() {
                return Ok(false);
            }
            unless_there(meta.insert_one(doc! { "_id": TOTAL, "rows": 0_i64, "bytes": 0_i64 })).await?;
        }
    }

    /// Forgets callbacks that came last before `before`.
    pub async fn forget_callbacks(&self, before: Time) -> Result<u64, StoreError> {
        let old = doc! { "last": { "$lt": before.as_millis() } };
        let forgotten = bounded(self.of(schema::CALLBACKS).delete_many(old)).await?.deleted_count;
        let pipeline =
            [doc! { "$group": { "_id": null, "rows": { "$sum": 1 }, "bytes": { "$sum": "$bytes" } } }];
        let left = self.grouped(schema::CALLBACKS, pipeline).await?;
        let (rows, bytes) = match left.first() {
            Some(it) => (it.long("rows")?, it.long("bytes")?),
            None => (0, 0),
        };
        let anew = doc! { "$set": { "rows": rows, "bytes": bytes } };
        bounded(self.of(META).update_one(doc! { "_id": TOTAL }, anew).upsert(true)).await?;
        Ok(forgotten)
    }
}
