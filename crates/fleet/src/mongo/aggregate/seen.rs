//! What was admitted is known for ten days.

use answerbot_core::{AggregateId, EventId, Time};
use answerbot_ports::store::StoreError;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::bson::{Bson, Document, doc};

use super::AT_ONCE;
use crate::mongo::base::fault::{bounded, pause};
use crate::mongo::base::fields::{Fields as _, binary, id16, key_of};
use crate::mongo::base::update::Update;
use crate::mongo::connect::Inner;

/// Most events that one aggregate remembers.
pub(in crate::mongo) const SEEN: i32 = 5_000;
/// Aggregates that are read at once when events are forgotten.
const PAGE: i64 = 200;

impl Inner {
    /// Whether an event was ever admitted for this one, as far as that is remembered.
    pub async fn has_seen(&self, aggregate: AggregateId, event: EventId) -> Result<bool, StoreError> {
        let id = binary(event.as_bytes());
        let any = doc! { "_id": key_of(aggregate), "$or": [{ "seen.id": id.clone() }, { "inbox.id": id }] };
        let aggregates = self.aggregates();
        Ok(bounded(aggregates.find_one(any).projection(doc! { "_id": 1 })).await?.is_some())
    }

    /// The same for several.
    pub async fn saw(&self, aggregate: AggregateId, events: &[EventId]) -> Result<Vec<bool>, StoreError> {
        let ids: Vec<Bson> = events.iter().map(|it| binary(it.as_bytes()).into()).collect();
        let any = doc! { "_id": key_of(aggregate), "$or": [
            { "seen.id": { "$in": ids.clone() } },
            { "inbox.id": { "$in": ids } },
        ] };
        let aggregates = self.aggregates();
        let found =
            bounded(aggregates.find_one(any).projection(doc! { "seen.id": 1, "inbox.id": 1 })).await?;
        let Some(found) = found else { return Ok(vec![false; events.len()]) };
        let known: Vec<[u8; 16]> = found
            .each("seen")
            .chain(found.each("inbox"))
            .filter_map(|it| it.get("id").and_then(id16))
            .collect();
        Ok(events.iter().map(|it| known.contains(it.as_bytes())).collect())
    }

    /// Forgets events seen before `before`; returns how many.
    pub async fn forget_seen(&self, before: Time) -> Result<u64, StoreError> {
        let (mut total, mut lost) = (0, 0);
        loop {
            pause(lost).await;
            let old = doc! { "seen_from": { "$lt": before.as_millis() } };
            let wanted = doc! { "seen_from": 1, "seen.at": 1 };
            let aggregates = self.aggregates();
            let found: Vec<Document> = bounded(async {
                aggregates.find(old).projection(wanted).limit(PAGE).await?.try_collect().await
            })
            .await?;
            if found.is_empty() {
                return Ok(total);
            }
            let forget = |it: Document| async move { self.forget_in(&it, before).await };
            let forgotten: Vec<u64> =
                stream::iter(found).map(forget).buffer_unordered(AT_ONCE).try_collect().await?;
            lost = if forgotten.iter().all(|it| *it == 0) { lost + 1 } else { 0 };
            total += forgotten.iter().sum::<u64>();
        }
    }

    async fn forget_in(&self, found: &Document, before: Time) -> Result<u64, StoreError> {
        let times: Vec<i64> = found.each("seen").filter_map(|it| it.maybe_long("at")).collect();
        let kept = times.iter().copied().filter(|at| *at >= before.as_millis()).min();
        let mut filter = doc! { "_id": found.get("_id"), "seen_from": found.get("seen_from") };
        let mut update = Update::default();
        update.pull("seen", doc! { "at": { "$lt": before.as_millis() } }).put("seen_from", kept);
        if kept.is_none() {
            // What came since the read must stay findable.
            let later = doc! { "$elemMatch": { "at": { "$gte": before.as_millis() } } };
            filter.insert("seen", doc! { "$not": later });
        }
        let done = bounded(self.aggregates().update_one(filter, update.build())).await?;
        let forgotten = times.iter().filter(|at| **at < before.as_millis()).count() as u64;
        Ok(if done.matched_count > 0 { forgotten } else { 0 })
    }
}
