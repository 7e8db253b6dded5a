//! The `Store` port over several stores.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use answerbot_core::contact::event::{Envelope, To};
use answerbot_core::pay::price::PriceRow;
use answerbot_core::reuse::curated::Entry;
use answerbot_core::spend::Sums;
use answerbot_core::{AggregateId, ContactId, EffectId, JubaDay, Time};
use answerbot_ports::regions::Depot;
use answerbot_ports::store::{
    Admission, Booking, Callback, Check, Checks, Commit, Committed, KeptCallback, Leased, MoneyCounts,
    Opened, Store, StoreError, Want,
};
use async_trait::async_trait;
use tokio::sync::oneshot;

use super::places::moving;
use super::site::Site;
use super::{PATIENCE, Regional};

/// How often somebody is looked for who moves while they are looked for.
const TRIES: usize = 3;

/// What another store than the main one answered; one that is away has answered nothing.
pub(super) fn or_nothing<T: Default>(site: &Site, result: Result<T, StoreError>) -> Result<T, StoreError> {
    match result {
        Err(error) if !site.name.is_main() => {
            match error {
                // That it is away is told once.
                StoreError::Later(_) | StoreError::Unavailable(_) => {
                    tracing::debug!(region = %site.name, error = %error, "a store was passed over");
                }
                _ => tracing::error!(region = %site.name, error = %error, "a store was passed over"),
            }
            Ok(T::default())
        }
        other => other,
    }
}

/// Less of each kind by what was leased.
fn less(wanted: &mut Vec<Want>, leased: &[Leased]) {
    for want in wanted.iter_mut() {
        let taken = leased.iter().filter(|it| it.effect.action.kind() == want.kind);
        want.others = want.others.saturating_sub(taken.clone().filter(|it| !it.effect.paid).count());
        want.most = want.most.saturating_sub(taken.count());
    }
    wanted.retain(|want| want.most > 0);
}

impl Regional {
    /// Leases at one store. Whoever waits has patience for so long; what comes later is given back.
    async fn lease_at(&self, site: &Site, wanted: Vec<Want>, now: Time) -> Result<Vec<Leased>, StoreError> {
        let tasks = self.tasks.clone();
        let lease = |depot: Arc<dyn Depot>| async move {
            let (sender, receiver) = oneshot::channel();
            tasks.spawn(async move {
                let leased = depot.lease_due(&wanted, now).await;
                if let Err(Ok(unheard)) = sender.send(leased) {
                    let effects = unheard.iter().map(|it| (it.aggregate, it.effect.id)).collect();
                    let _ = depot.release(effects).await;
                }
            });
            receiver.await.map_err(|_| StoreError::Unavailable("leasing panicked".into()))?
        };
        site.call_within(PATIENCE, &*self.clock, lease).await
    }

    /// Those who wait at one store.
    async fn unattended_at(
        &self,
        site: &Site,
        before: Time,
        after: Option<AggregateId>,
        limit: usize,
    ) -> Result<Vec<AggregateId>, StoreError> {
        let look = |depot: Arc<dyn Depot>| async move { depot.unattended(before, after, limit).await };
        or_nothing(site, site.call_within(PATIENCE, &*self.clock, look).await)
    }

    /// The store at which a look goes on behind `after`.
    async fn looks_on(&self, after: AggregateId) -> Result<usize, StoreError> {
        if let Some((last, index)) = *self.looked.lock()
            && last == after
        {
            return Ok(index);
        }
        let region = self.lately(after).await?;
        Ok(self.sites.iter().position(|site| site.name == region).unwrap_or(0))
    }

    /// Adds up what every store forgets.
    async fn forget_everywhere<F>(
        &self,
        forget: impl Fn(Arc<dyn Depot>) -> F + Send + Sync,
    ) -> Result<u64, StoreError>
    where
        F: Future<Output = Result<u64, StoreError>> + Send,
    {
        let mut total = 0;
        for site in &self.sites {
            total += or_nothing(site, site.call_within(PATIENCE * 10, &*self.clock, &forget).await)?;
        }
        Ok(total)
    }
}

#[async_trait]
impl Store for Regional {
    async fn admit(&self, envelopes: Vec<Envelope>, now: Time) -> Result<Vec<Admission>, StoreError> {
        self.admit_all(envelopes, now).await
    }

    // The place is read anew: an old copy must not be taken for all there is.
    async fn open(&self, aggregate: AggregateId) -> Result<Opened, StoreError> {
        for _ in 0..TRIES {
            let site = self.settled(aggregate).await?;
            match site.call(&*self.clock, |depot| async move { depot.open(aggregate).await }).await {
                Err(StoreError::Moved) => {}
                other => return other,
            }
        }
        Err(moving())
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let aggregate = commit.aggregate;
        let tried = self.lately(aggregate).await?;
        let site = self.site_of(&tried)?;
        let committed = site.call(&*self.clock, |depot| async move { depot.commit(commit).await }).await?;
        if committed != Committed::Moved {
            return Ok(committed);
        }
        metrics::counter!("commits_moved_total").increment(1);
        // Read anew, and remembered.
        let place = self.place(aggregate).await?;
        if place.moving_to.is_none() && place.region != tried {
            return Ok(Committed::Moved);
        }
        // It is decided again when it has arrived; trying at once would only find it frozen.
        Err(moving())
    }

    async fn lease_due(&self, wanted: &[Want], now: Time) -> Result<Vec<Leased>, StoreError> {
        let mut wanted = wanted.to_vec();
        let mut all = Vec::new();
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for step in 0..self.sites.len() {
            let site = &self.sites[first.wrapping_add(step) % self.sites.len()];
            let leased = match or_nothing(site, self.lease_at(site, wanted.clone(), now).await) {
                Ok(leased) => leased,
                // What others gave is to be performed all the same.
                Err(error) if !all.is_empty() => {
                    tracing::warn!(error = %error, "the main store leased nothing");
                    continue;
                }
                Err(error) => return Err(error),
            };
            less(&mut wanted, &leased);
            all.extend(leased);
            if wanted.is_empty() {
                break;
            }
        }
        Ok(all)
    }

    async fn release(&self, effects: Vec<(AggregateId, EffectId)>) -> Result<(), StoreError> {
        let mut released = Ok(());
        for (aggregate, effect) in effects {
            let give = |depot: Arc<dyn Depot>| async move { depot.release(vec![(aggregate, effect)]).await };
            let given = match self.settled(aggregate).await {
                Ok(site) => site.call_within(PATIENCE, &*self.clock, give).await,
                Err(error) => Err(error),
            };
            // The others are given back all the same.
            released = released.and(given);
        }
        released
    }

    async fn is_open(&self, of: &To, effect: EffectId) -> Result<bool, StoreError> {
        let (aggregate, identity) = self.hash.whom(of);
        let aggregate = match identity {
            Some(identity) => {
                self.main.owners(&[identity]).await?.first().map_or(aggregate, |owner| (*owner).into())
            }
            None => aggregate,
        };
        let place = self.place(aggregate).await?;
        // An echo for somebody whose store cannot be asked is kept: it may be open.
        if place.moving_to.is_some() {
            return Ok(true);
        }
        let Ok(site) = self.site_of(&place.region) else { return Ok(true) };
        let of = To::Aggregate(aggregate);
        let ask = |depot: Arc<dyn Depot>| async move { depot.is_open(&of, effect).await };
        match site.call_within(PATIENCE, &*self.clock, ask).await {
            Err(_) if !site.name.is_main() => Ok(true),
            other => other,
        }
    }

    async fn unattended(
        &self,
        before: Time,
        after: Option<AggregateId>,
        limit: usize,
    ) -> Result<Vec<AggregateId>, StoreError> {
        let (mut index, mut after) = match after {
            Some(after) => (self.looks_on(after).await?, Some(after)),
            None => (0, None),
        };
        let mut all = Vec::new();
        while let Some(site) = self.sites.get(index).filter(|_| all.len() < limit) {
            let found = self.unattended_at(site, before, after.take(), limit - all.len()).await?;
            if let Some(last) = found.last() {
                *self.looked.lock() = Some((*last, index));
            }
            all.extend(found);
            if all.len() < limit {
                index += 1;
            }
        }
        Ok(all)
    }

    async fn knows(&self, aggregate: AggregateId) -> Result<bool, StoreError> {
        match aggregate {
            AggregateId::Payment(_) => match self.home(aggregate).await? {
                // It was claimed before it was stored: its store need not be asked.
                Some(_) => Ok(true),
                None => self.main.knows(aggregate).await,
            },
            AggregateId::Contact(contact) => {
                let place = self.place_of(contact).await?;
                Ok(!place.region.is_main() || place.moving_to.is_some() || self.main.knows(aggregate).await?)
            }
            AggregateId::Payer(_) => self.main.knows(aggregate).await,
        }
    }

    async fn overdue_texts(&self, day: JubaDay, limit: usize) -> Result<Vec<AggregateId>, StoreError> {
        let mut all = Vec::new();
        for site in &self.sites {
            let left = limit.saturating_sub(all.len());
            let find = |depot: Arc<dyn Depot>| async move { depot.overdue_texts(day, left).await };
            all.extend(or_nothing(site, site.call_within(PATIENCE, &*self.clock, find).await)?);
        }
        Ok(all)
    }

    async fn failed(&self, aggregate: AggregateId, number: u64, reason: String) -> Result<u32, StoreError> {
        let site = self.settled(aggregate).await?;
        site.call(&*self.clock, |depot| async move { depot.failed(aggregate, number, reason).await }).await
    }

    async fn claim(
        &self,
        key: String,
        owner: ContactId,
        from: Option<ContactId>,
    ) -> Result<bool, StoreError> {
        self.main.claim(key, owner, from).await
    }

    async fn unclaim(&self, key: String, owner: ContactId) -> Result<(), StoreError> {
        self.main.unclaim(key, owner).await
    }

    async fn take(&self, job: &'static str, for_ms: i64, now: Time) -> Result<bool, StoreError> {
        self.main.take(job, for_ms, now).await
    }

    async fn catch_up(&self) -> Result<u64, StoreError> {
        // Its own first: a main store may leave records with its aggregates too.
        let own = self.main.catch_up().await?;
        Ok(own + self.copy_records().await?)
    }

    async fn forget_seen(&self, before: Time) -> Result<u64, StoreError> {
        self.forget_everywhere(|depot| async move { depot.forget_seen(before).await }).await
    }

    async fn prices(&self) -> Result<Vec<PriceRow>, StoreError> {
        self.main.prices().await
    }

    async fn seal_entries(&self, limit: usize) -> Result<usize, StoreError> {
        self.main.seal_entries(limit).await
    }

    async fn money_counts(&self, before: Time) -> Result<MoneyCounts, StoreError> {
        self.main.money_counts(before).await
    }

    async fn spending(&self, day: JubaDay) -> Result<(Sums, Sums), StoreError> {
        self.main.spending(day).await
    }

    async fn curated(&self, known: u64) -> Result<Option<(u64, Vec<Entry>)>, StoreError> {
        self.main.curated(known).await
    }

    async fn book(&self, booking: Booking) -> Result<(), StoreError> {
        self.main.book(booking).await
    }

    async fn note_check(&self, check: Check) -> Result<(), StoreError> {
        self.main.note_check(check).await
    }

    async fn checks(&self, version: String) -> Result<Vec<Checks>, StoreError> {
        self.main.checks(version).await
    }

    async fn forget_turns(&self, day: JubaDay, now: Time) -> Result<u64, StoreError> {
        self.main.forget_turns(day, now).await
    }

    async fn keep_callback(&self, callback: Callback, now: Time) -> Result<KeptCallback, StoreError> {
        self.main.keep_callback(callback, now).await
    }

    async fn forget_callbacks(&self, before: Time) -> Result<u64, StoreError> {
        self.main.forget_callbacks(before).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.main.ping().await
    }
}
