//! The `Reports` port.

mod stuck;

use answerbot_core::contact::event::Envelope;
use answerbot_core::domain::Domain;
use answerbot_core::pay::ledger::Entry;
use answerbot_core::pay::payment::Payment;
use answerbot_core::pay::price::PriceRow;
use answerbot_core::reuse::curated;
use answerbot_core::spend::MicroUsd;
use answerbot_core::{AggregateId, Contact, ContactId, EffectId, EventId, JubaDay, PaymentId, Time};
use answerbot_ports::reports::{AccountSum, Audit, Chain, CostRow, Find, Missed, Overview, Ratings, Reports};
use answerbot_ports::store::{Admission, StoreError, Stuck};
use async_trait::async_trait;

use super::connect::MongoStore;
use super::store::here;

// What commits have left with their aggregates is copied before anything is read: whoever asks sees what was decided.

#[async_trait]
impl Reports for MongoStore {
    async fn overview(&self) -> Result<Overview, StoreError> {
        self.inner.overview().await
    }

    async fn stuck(&self, limit: usize) -> Result<Vec<Stuck>, StoreError> {
        self.inner.stuck(limit).await
    }

    async fn revive_effect(&self, effect: EffectId, now: Time) -> Result<bool, StoreError> {
        self.inner.revive_effect(effect, now).await
    }

    async fn revive_event(
        &self,
        aggregate: AggregateId,
        event: EventId,
        now: Time,
    ) -> Result<bool, StoreError> {
        self.inner.revive_event(aggregate, event, now).await
    }

    async fn payments(&self, find: Find, limit: usize) -> Result<Vec<(PaymentId, Payment)>, StoreError> {
        self.inner.catch_up().await?;
        self.inner.payments(find, limit).await
    }

    async fn entries(&self, payment: PaymentId) -> Result<Vec<Entry>, StoreError> {
        self.inner.catch_up().await?;
        self.inner.entries(payment).await
    }

    async fn accounts(&self) -> Result<Vec<AccountSum>, StoreError> {
        self.inner.catch_up().await?;
        self.inner.accounts().await
    }

    async fn chain(&self) -> Result<Chain, StoreError> {
        self.inner.catch_up().await?;
        self.inner.chain().await
    }

    async fn contacts(
        &self,
        paying: bool,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<(ContactId, Contact)>, StoreError> {
        self.inner.contacts(paying, after, limit).await
    }

    async fn audits(&self, limit: usize) -> Result<Vec<Audit>, StoreError> {
        self.inner.audits(limit).await
    }

    async fn put_prices(&self, rows: Vec<PriceRow>, audit: Audit) -> Result<(), StoreError> {
        self.inner.put_prices(rows, audit).await
    }

    async fn hand(&self, envelopes: Vec<Envelope>, audit: Audit) -> Result<usize, StoreError> {
        let at = audit.at;
        self.inner.note(audit).await?;
        let addressed = self.inner.address(envelopes).await?;
        let landed = self.inner.land(addressed, at).await?;
        let mut new = 0;
        for landing in landed {
            new += usize::from(matches!(here(landing)?, Admission::New { .. }));
        }
        Ok(new)
    }

    async fn costs(&self, from: JubaDay) -> Result<Vec<CostRow>, StoreError> {
        self.inner.catch_up().await?;
        self.inner.costs(from).await
    }

    async fn cost_of(&self, contact: ContactId) -> Result<MicroUsd, StoreError> {
        self.inner.catch_up().await?;
        self.inner.cost_of(contact).await
    }

    async fn missed(&self, times: u64, limit: usize) -> Result<Vec<Missed>, StoreError> {
        self.inner.catch_up().await?;
        self.inner.missed(times, limit).await
    }

    async fn ratings(&self) -> Result<Vec<Ratings>, StoreError> {
        self.inner.catch_up().await?;
        self.inner.ratings().await
    }

    async fn put_curated(&self, entries: Vec<curated::Entry>, audit: Audit) -> Result<(), StoreError> {
        self.inner.put_curated(entries, audit).await
    }

    async fn remove_curated(&self, id: String, audit: Audit) -> Result<bool, StoreError> {
        self.inner.remove_curated(&id, audit).await
    }

    async fn forget_checks(&self, domain: Domain, audit: Audit) -> Result<(), StoreError> {
        self.inner.forget_checks(domain, audit).await
    }

    async fn note(&self, audit: Audit) -> Result<(), StoreError> {
        self.inner.note(audit).await
    }
}
