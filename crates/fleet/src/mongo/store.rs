//! The `Store` port.

use answerbot_core::contact::event::{Envelope, To};
use answerbot_core::pay::price::PriceRow;
use answerbot_core::reuse::curated::Entry;
use answerbot_core::spend::Sums;
use answerbot_core::{AggregateId, ContactId, EffectId, JubaDay, Time};
use answerbot_ports::regions::Landing;
use answerbot_ports::store::{
    Admission, Booking, Callback, Check, Checks, Commit, Committed, KeptCallback, Leased, MoneyCounts,
    Opened, Store, StoreError, Want,
};
use async_trait::async_trait;
use mongodb::bson::doc;

use super::base::fault::{bounded, unless_there};
use super::connect::{Inner, MongoStore};
use super::schema::JOBS;

fn count_write(kind: &'static str) {
    metrics::counter!("store_writes_total", "kind" => kind).increment(1);
}

impl Inner {
    async fn take_job(&self, job: &str, for_ms: i64, now: Time) -> Result<bool, StoreError> {
        let (jobs, until) = (self.of(JOBS), now.plus(for_ms).as_millis());
        let over = doc! { "_id": job, "until": { "$lte": now.as_millis() } };
        if bounded(jobs.update_one(over, doc! { "$set": { "until": until } })).await?.matched_count > 0 {
            return Ok(true);
        }
        if bounded(jobs.find_one(doc! { "_id": job })).await?.is_some() {
            return Ok(false);
        }
        Ok(unless_there(jobs.insert_one(doc! { "_id": job, "until": until })).await?.is_some())
    }
}

/// What became of an envelope here, for those who know of no other place.
pub(super) fn here(landing: Landing) -> Result<Admission, StoreError> {
    match landing {
        Landing::Here(admission) => Ok(admission),
        Landing::Moved => Err(StoreError::Moved),
    }
}

#[async_trait]
impl Store for MongoStore {
    async fn admit(&self, envelopes: Vec<Envelope>, now: Time) -> Result<Vec<Admission>, StoreError> {
        count_write("admit");
        let addressed = self.inner.address(envelopes).await?;
        self.inner.land(addressed, now).await?.into_iter().map(here).collect()
    }

    async fn open(&self, aggregate: AggregateId) -> Result<Opened, StoreError> {
        let _turn = self.inner.turn().await;
        self.inner.open(aggregate).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        count_write("commit");
        let _turn = self.inner.turn().await;
        self.inner.commit(commit).await
    }

    async fn lease_due(&self, wanted: &[Want], now: Time) -> Result<Vec<Leased>, StoreError> {
        metrics::counter!("store_leases_total").increment(1);
        self.inner.lease_due(wanted, now).await
    }

    async fn release(&self, effects: Vec<(AggregateId, EffectId)>) -> Result<(), StoreError> {
        self.inner.release(effects).await
    }

    async fn is_open(&self, of: &To, effect: EffectId) -> Result<bool, StoreError> {
        let places = self.inner.places_of(of).await?;
        self.inner.is_open(&places, effect).await
    }

    async fn unattended(
        &self,
        before: Time,
        after: Option<AggregateId>,
        limit: usize,
    ) -> Result<Vec<AggregateId>, StoreError> {
        self.inner.unattended(before, after, limit).await
    }

    async fn knows(&self, aggregate: AggregateId) -> Result<bool, StoreError> {
        self.inner.knows(aggregate).await
    }

    async fn overdue_texts(&self, day: JubaDay, limit: usize) -> Result<Vec<AggregateId>, StoreError> {
        self.inner.overdue_texts(day, limit).await
    }

    async fn failed(&self, aggregate: AggregateId, number: u64, reason: String) -> Result<u32, StoreError> {
        self.inner.failed(aggregate, number, &reason).await
    }

    async fn claim(
        &self,
        key: String,
        owner: ContactId,
        from: Option<ContactId>,
    ) -> Result<bool, StoreError> {
        self.inner.claim(key, owner, from).await
    }

    async fn unclaim(&self, key: String, owner: ContactId) -> Result<(), StoreError> {
        self.inner.unclaim(key, owner).await
    }

    async fn take(&self, job: &'static str, for_ms: i64, now: Time) -> Result<bool, StoreError> {
        self.inner.take_job(job, for_ms, now).await
    }

    async fn catch_up(&self) -> Result<u64, StoreError> {
        self.inner.catch_up().await
    }

    async fn forget_seen(&self, before: Time) -> Result<u64, StoreError> {
        self.inner.forget_seen(before).await
    }

    async fn prices(&self) -> Result<Vec<PriceRow>, StoreError> {
        self.inner.prices().await
    }

    async fn seal_entries(&self, limit: usize) -> Result<usize, StoreError> {
        self.inner.seal_entries(limit).await
    }

    async fn money_counts(&self, before: Time) -> Result<MoneyCounts, StoreError> {
        self.inner.catch_up().await?;
        self.inner.money_counts(before).await
    }

    async fn spending(&self, day: JubaDay) -> Result<(Sums, Sums), StoreError> {
        self.inner.spending(day).await
    }

    async fn curated(&self, known: u64) -> Result<Option<(u64, Vec<Entry>)>, StoreError> {
        self.inner.curated(known).await
    }

    async fn book(&self, booking: Booking) -> Result<(), StoreError> {
        self.inner.book(&booking).await
    }

    async fn note_check(&self, check: Check) -> Result<(), StoreError> {
        self.inner.note_check(&check).await
    }

    async fn checks(&self, version: String) -> Result<Vec<Checks>, StoreError> {
        self.inner.checks(&version).await
    }

    async fn forget_turns(&self, day: JubaDay, now: Time) -> Result<u64, StoreError> {
        self.inner.forget_turns(day, now).await
    }

    async fn keep_callback(&self, callback: Callback, now: Time) -> Result<KeptCallback, StoreError> {
        self.inner.keep_callback(callback, now).await
    }

    async fn forget_callbacks(&self, before: Time) -> Result<u64, StoreError> {
        self.inner.forget_callbacks(before).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let touched = doc! { "$set": { "until": 0_i64 } };
        let jobs = self.inner.of(JOBS);
        // Of two that make it at once, one is told that it is there.
        unless_there(jobs.update_one(doc! { "_id": "ping" }, touched).upsert(true)).await.map(drop)
    }
}
