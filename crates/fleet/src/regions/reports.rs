//! The `Reports` port over several stores, and answers that are shared, which the main store has.

use std::collections::BTreeMap;
use std::sync::Arc;

use answerbot_core::contact::event::Envelope;
use answerbot_core::domain::Domain;
use answerbot_core::pay::ledger::Entry;
use answerbot_core::pay::payment::Payment;
use answerbot_core::pay::price::PriceRow;
use answerbot_core::reuse::{Kept, Key, curated};
use answerbot_core::spend::MicroUsd;
use answerbot_core::{AggregateId, Contact, ContactId, EffectId, EventId, JubaDay, PaymentId, Time};
use answerbot_ports::answers::SavedAnswers;
use answerbot_ports::regions::Depot;
use answerbot_ports::reports::{AccountSum, Audit, Chain, CostRow, Find, Missed, Overview, Ratings, Reports};
use answerbot_ports::store::{Admission, Store as _, StoreError, Stuck};
use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};

use super::store::or_nothing;
use super::{PATIENCE, Regional};

/// Payments that are opened at once.
const AT_ONCE: usize = 16;

impl Regional {
    /// A payment where it lives; `None` while its store is away.
    async fn payment(&self, id: PaymentId) -> Option<(PaymentId, Payment)> {
        match self.open(id.into()).await {
            Ok(opened) => opened.state.as_payment().map(|it| (id, it.clone())),
            Err(error) => {
                tracing::warn!(payment.id = %id, error = %error, "a payment cannot be shown now");
                None
            }
        }
    }
}

fn when(stuck: &Stuck) -> Time {
    match stuck {
        Stuck::Effect { effect, .. } => effect.due,
        Stuck::Unreadable { due, .. } => *due,
        Stuck::Event { arrived, .. } => *arrived,
    }
}

#[async_trait]
impl Reports for Regional {
    async fn overview(&self) -> Result<Overview, StoreError> {
        let mut sum = Overview::default();
        for site in &self.sites {
            let ask = |depot: Arc<dyn Depot>| async move { depot.overview().await };
            let it = or_nothing(site, site.call_within(PATIENCE, &*self.clock, ask).await)?;
            sum.contacts += it.contacts;
            sum.ready += it.ready;
            sum.waiting_events += it.waiting_events;
            sum.oldest_event = match (sum.oldest_event, it.oldest_event) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            };
            sum.open_effects += it.open_effects;
            sum.dead_effects += it.dead_effects;
            sum.set_aside += it.set_aside;
        }
        Ok(sum)
    }

    async fn stuck(&self, limit: usize) -> Result<Vec<Stuck>, StoreError> {
        let mut all = Vec::new();
        for site in &self.sites {
            let ask = |depot: Arc<dyn Depot>| async move { depot.stuck(limit).await };
            all.extend(or_nothing(site, site.call_within(PATIENCE, &*self.clock, ask).await)?);
        }
        all.sort_by_key(|it| std::cmp::Reverse(when(it)));
        all.truncate(limit);
        Ok(all)
    }

    async fn revive_effect(&self, effect: EffectId, now: Time) -> Result<bool, StoreError> {
        for site in &self.sites {
            let revive = |depot: Arc<dyn Depot>| async move { depot.revive_effect(effect, now).await };
            if or_nothing(site, site.call(&*self.clock, revive).await)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn revive_event(
        &self,
        aggregate: AggregateId,
        event: EventId,
        now: Time,
    ) -> Result<bool, StoreError> {
        let site = self.settled(aggregate).await?;
        site.call(&*self.clock, |depot| async move { depot.revive_event(aggregate, event, now).await }).await
    }

    async fn payments(&self, find: Find, limit: usize) -> Result<Vec<(PaymentId, Payment)>, StoreError> {
        let ids = self.main.find_payments(find, limit).await?;
        let opened = stream::iter(ids).map(|id| self.payment(id)).buffered(AT_ONCE);
        Ok(opened.filter_map(|it| async move { it }).collect().await)
    }

    async fn entries(&self, payment: PaymentId) -> Result<Vec<Entry>, StoreError> {
        self.main.entries(payment).await
    }

    async fn accounts(&self) -> Result<Vec<AccountSum>, StoreError> {
        self.main.accounts().await
    }

    async fn chain(&self) -> Result<Chain, StoreError> {
        self.main.chain().await
    }

    async fn contacts(
        &self,
        paying: bool,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<(ContactId, Contact)>, StoreError> {
        // One who moves just now is in two of them, and one of them is enough.
        let mut all = BTreeMap::new();
        for site in &self.sites {
            let ask = |depot: Arc<dyn Depot>| async move { depot.contacts(paying, after, limit).await };
            all.extend(or_nothing(site, site.call_within(PATIENCE * 3, &*self.clock, ask).await)?);
        }
        Ok(all.into_iter().take(limit).collect())
    }

    async fn audits(&self, limit: usize) -> Result<Vec<Audit>, StoreError> {
        self.main.audits(limit).await
    }

    async fn put_prices(&self, rows: Vec<PriceRow>, audit: Audit) -> Result<(), StoreError> {
        self.main.put_prices(rows, audit).await
    }

    // Not one write over several stores: why comes first, and whoever repeats it hands the same events over.
    async fn hand(&self, envelopes: Vec<Envelope>, audit: Audit) -> Result<usize, StoreError> {
        let now = audit.at;
        self.main.note(audit).await?;
        let admissions = self.admit(envelopes, now).await?;
        Ok(admissions.iter().filter(|it| matches!(it, Admission::New { .. })).count())
    }

    async fn costs(&self, from: JubaDay) -> Result<Vec<CostRow>, StoreError> {
        self.main.costs(from).await
    }

    async fn cost_of(&self, contact: ContactId) -> Result<MicroUsd, StoreError> {
        self.main.cost_of(contact).await
    }

    async fn missed(&self, times: u64, limit: usize) -> Result<Vec<Missed>, StoreError> {
        self.main.missed(times, limit).await
    }

    async fn ratings(&self) -> Result<Vec<Ratings>, StoreError> {
        self.main.ratings().await
    }

    async fn put_curated(&self, entries: Vec<curated::Entry>, audit: Audit) -> Result<(), StoreError> {
        self.main.put_curated(entries, audit).await
    }

    async fn remove_curated(&self, id: String, audit: Audit) -> Result<bool, StoreError> {
        self.main.remove_curated(id, audit).await
    }

    async fn forget_checks(&self, domain: Domain, audit: Audit) -> Result<(), StoreError> {
        self.main.forget_checks(domain, audit).await
    }

    async fn note(&self, audit: Audit) -> Result<(), StoreError> {
        self.main.note(audit).await
    }
}

#[async_trait]
impl SavedAnswers for Regional {
    async fn saved_answer(&self, key: Key) -> Result<Option<Kept>, StoreError> {
        self.main.saved_answer(key).await
    }

    async fn save_answer(&self, key: Key, kept: &Kept) -> Result<(), StoreError> {
        self.main.save_answer(key, kept).await
    }

    async fn delete_answer(&self, key: Key) -> Result<(), StoreError> {
        self.main.delete_answer(key).await
    }

    async fn saved_keys(&self) -> Result<Vec<Key>, StoreError> {
        self.main.saved_keys().await
    }
}
