//! Events that cannot be decided, and handing them back.

use answerbot_core::{AggregateId, EventId, Time};
use answerbot_ports::store::{FAILURES, StoreError};
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::ReturnDocument;

use super::open::named;
use super::{admit, is_here};
use crate::mongo::base::fault::bounded;
use crate::mongo::base::fields::{Fields as _, binary, key_of};
use crate::mongo::base::update::Update;
use crate::mongo::connect::Inner;

impl Inner {
    /// Counts a failure of an envelope; at the last one it is set aside.
    pub async fn failed(&self, aggregate: AggregateId, number: u64, reason: &str) -> Result<u32, StoreError> {
        let Some(found) = self.read(aggregate, doc! { "admitted": 1, "inbox.id": 1 }).await? else {
            return Ok(0);
        };
        let consumed = found.count("admitted")?.saturating_sub(found.length("inbox") as u64);
        let index = usize::try_from(number.saturating_sub(consumed + 1)).unwrap_or(usize::MAX);
        let is_waiting = number > consumed;
        let Some(bad) = found.each("inbox").nth(index).filter(|_| is_waiting) else { return Ok(0) };
        let id = EventId::from_bytes(bad.id("id")?);
        let mut waiting = doc! { "_id": key_of(aggregate), "inbox.id": binary(id.as_bytes()) };
        is_here(&mut waiting);
        let aggregates = self.aggregates();
        let counted = aggregates
            .find_one_and_update(waiting, doc! { "$inc": { "inbox.$[it].failures": 1_i64 } })
            .array_filters([doc! { "it.id": binary(id.as_bytes()) }])
            .projection(doc! { "inbox.id": 1, "inbox.failures": 1 })
            .return_document(ReturnDocument::After);
        let Some(counted) = bounded(counted).await? else { return Ok(0) };
        let failures = counted.each("inbox").find(|it| it.maybe_id("id").as_ref() == Some(id.as_bytes()));
        let failures = failures.map_or(Ok(0), |it| it.short("failures"))?;
        if failures >= FAILURES {
            self.put_aside(aggregate, id, reason).await?;
        }
        Ok(failures)
    }

    /// Sets an envelope aside. It counts as consumed.
    pub async fn put_aside(
        &self,
        aggregate: AggregateId,
        id: EventId,
        reason: &str,
    ) -> Result<(), StoreError> {
        let wanted = doc! { "inbox": { "$elemMatch": named(id) } };
        let Some(found) = self.read(aggregate, wanted).await? else { return Ok(()) };
        let Some(waits) = found.each("inbox").next() else { return Ok(()) };
        let mut aside = waits.clone();
        aside.insert("reason", reason);
        let mut waiting = doc! { "_id": key_of(aggregate), "inbox.id": binary(id.as_bytes()) };
        is_here(&mut waiting);
        let mut update = Update::default();
        update.pull("inbox", named(id)).push("aside", vec![Bson::from(aside)]);
        update.set("stuck", true).add("version", 1);
        bounded(self.aggregates().update_one(waiting, update.build())).await?;
        self.known.invalidate(&aggregate);
        Ok(())
    }

    /// Puts an event that was set aside back into the inbox, behind what waits there.
    pub async fn revive_event(
        &self,
        aggregate: AggregateId,
        id: EventId,
        now: Time,
    ) -> Result<bool, StoreError> {
        let Some(found) = self.read(aggregate, doc! { "aside": { "$elemMatch": named(id) } }).await? else {
            return Ok(false);
        };
        let Some(aside) = found.each("aside").next() else { return Ok(false) };
        let by = aside.maybe_id("by").map(answerbot_core::ContactId::from_bytes);
        let waits: Document = admit::waiting(id, by, aside.bytes("body")?, now);
        let mut filter = doc! { "_id": key_of(aggregate), "aside.id": binary(id.as_bytes()) };
        is_here(&mut filter);
        let mut update = Update::default();
        update.pull("aside", named(id)).push("inbox", vec![Bson::from(waits)]).add("admitted", 1);
        Ok(bounded(self.aggregates().update_one(filter, update.build())).await?.matched_count > 0)
    }
}
