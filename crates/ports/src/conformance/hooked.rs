//! A store with something in its way: tests break it where they want.

use std::sync::Arc;

use answerbot_core::contact::event::{Envelope, To};
use answerbot_core::pay::price::PriceRow;
use answerbot_core::reuse::curated::Entry;
use answerbot_core::spend::Sums;
use answerbot_core::{AggregateId, ContactId, EffectId, JubaDay, Time};
use async_trait::async_trait;

use crate::store::{
    Admission, Booking, Callback, Check, Checks, Commit, Committed, KeptCallback, Leased, MoneyCounts,
    Opened, Store, StoreError, Want,
};

/// What stands in the way. Each does the real thing unless it is told otherwise.
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Before a call, named by its method.
    async fn before(&self, _call: &'static str) -> Result<(), StoreError> {
        Ok(())
    }

    /// After a call that went well, before its caller hears of it.
    async fn after(&self, _call: &'static str) -> Result<(), StoreError> {
        Ok(())
    }

    /// Stores envelopes.
    async fn admit(
        &self,
        inner: &dyn Store,
        envelopes: Vec<Envelope>,
        now: Time,
    ) -> Result<Vec<Admission>, StoreError> {
        inner.admit(envelopes, now).await
    }

    /// Writes a decision.
    async fn commit(&self, inner: &dyn Store, commit: Commit) -> Result<Committed, StoreError> {
        inner.commit(commit).await
    }
}

/// A store behind hooks.
pub struct Hooked<H> {
    /// The real one.
    pub inner: Arc<dyn Store>,
    /// What stands in its way.
    pub hooks: H,
}

macro_rules! hooked {
    ($self:ident, $name:literal, $call:expr) => {{
        $self.hooks.before($name).await?;
        let result = $call.await?;
        $self.hooks.after($name).await?;
        Ok(result)
    }};
}

#[async_trait]
impl<H: Hooks> Store for Hooked<H> {
    async fn admit(&self, envelopes: Vec<Envelope>, now: Time) -> Result<Vec<Admission>, StoreError> {
        hooked!(self, "admit", self.hooks.admit(&*self.inner, envelopes, now))
    }

    async fn open(&self, aggregate: AggregateId) -> Result<Opened, StoreError> {
        hooked!(self, "open", self.inner.open(aggregate))
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        hooked!(self, "commit", self.hooks.commit(&*self.inner, commit))
    }

    async fn lease_due(&self, wanted: &[Want], now: Time) -> Result<Vec<Leased>, StoreError> {
        hooked!(self, "lease_due", self.inner.lease_due(wanted, now))
    }

    async fn release(&self, effects: Vec<(AggregateId, EffectId)>) -> Result<(), StoreError> {
        hooked!(self, "release", self.inner.release(effects))
    }

    async fn is_open(&self, of: &To, effect: EffectId) -> Result<bool, StoreError> {
        hooked!(self, "is_open", self.inner.is_open(of, effect))
    }

    async fn unattended(
        &self,
        before: Time,
        after: Option<AggregateId>,
        limit: usize,
    ) -> Result<Vec<AggregateId>, StoreError> {
        hooked!(self, "unattended", self.inner.unattended(before, after, limit))
    }

    async fn knows(&self, aggregate: AggregateId) -> Result<bool, StoreError> {
        hooked!(self, "knows", self.inner.knows(aggregate))
    }

    async fn overdue_texts(&self, day: JubaDay, limit: usize) -> Result<Vec<AggregateId>, StoreError> {
        hooked!(self, "overdue_texts", self.inner.overdue_texts(day, limit))
    }

    async fn failed(&self, aggregate: AggregateId, number: u64, reason: String) -> Result<u32, StoreError> {
        hooked!(self, "failed", self.inner.failed(aggregate, number, reason))
    }

    async fn claim(
        &self,
        key: String,
        owner: ContactId,
        from: Option<ContactId>,
    ) -> Result<bool, StoreError> {
        hooked!(self, "claim", self.inner.claim(key, owner, from))
    }

    async fn unclaim(&self, key: String, owner: ContactId) -> Result<(), StoreError> {
        hooked!(self, "unclaim", self.inner.unclaim(key, owner))
    }

    async fn take(&self, job: &'static str, for_ms: i64, now: Time) -> Result<bool, StoreError> {
        hooked!(self, "take", self.inner.take(job, for_ms, now))
    }

    async fn catch_up(&self) -> Result<u64, StoreError> {
        hooked!(self, "catch_up", self.inner.catch_up())
    }

    async fn forget_seen(&self, before: Time) -> Result<u64, StoreError> {
        hooked!(self, "forget_seen", self.inner.forget_seen(before))
    }

    async fn prices(&self) -> Result<Vec<PriceRow>, StoreError> {
        hooked!(self, "prices", self.inner.prices())
    }

    async fn seal_entries(&self, limit: usize) -> Result<usize, StoreError> {
        hooked!(self, "seal_entries", self.inner.seal_entries(limit))
    }

    async fn money_counts(&self, before: Time) -> Result<MoneyCounts, StoreError> {
        hooked!(self, "money_counts", self.inner.money_counts(before))
    }

    async fn spending(&self, day: JubaDay) -> Result<(Sums, Sums), StoreError> {
        hooked!(self, "spending", self.inner.spending(day))
    }

    async fn curated(&self, known: u64) -> Result<Option<(u64, Vec<Entry>)>, StoreError> {
        hooked!(self, "curated", self.inner.curated(known))
    }

    async fn book(&self, booking: Booking) -> Result<(), StoreError> {
        hooked!(self, "book", self.inner.book(booking))
    }

    async fn note_check(&self, check: Check) -> Result<(), StoreError> {
        hooked!(self, "note_check", self.inner.note_check(check))
    }

    async fn checks(&self, version: String) -> Result<Vec<Checks>, StoreError> {
        hooked!(self, "checks", self.inner.checks(version))
    }

    async fn forget_turns(&self, day: JubaDay, now: Time) -> Result<u64, StoreError> {
        hooked!(self, "forget_turns", self.inner.forget_turns(day, now))
    }

    async fn keep_callback(&self, callback: Callback, now: Time) -> Result<KeptCallback, StoreError> {
        hooked!(self, "keep_callback", self.inner.keep_callback(callback, now))
    }

    async fn forget_callbacks(&self, before: Time) -> Result<u64, StoreError> {
        hooked!(self, "forget_callbacks", self.inner.forget_callbacks(before))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        hooked!(self, "ping", self.inner.ping())
    }
}
