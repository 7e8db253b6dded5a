//! Behind a flip or a move that was taken back: what lives is thawed, what is left elsewhere is buried.
//!
//! Whatever is frozen without a mark is what somebody left who died, was too late, or met a store that was away. It is
//! looked for everywhere once a minute: those who live there are thawed, all else is buried.

use std::collections::BTreeSet;
use std::sync::Arc;

use answerbot_core::{AggregateId, ContactId, Time};
use answerbot_ports::regions::{Attempt, Depot, Mark};
use answerbot_ports::store::StoreError;

use super::Regional;
use super::mover::UNBOUNDED;
use super::site::Site;

/// Frozen copies read at once.
const PAGE: usize = 500;

impl Regional {
    /// The last steps, for somebody who lives at `home` and bears this mark. A copy at `other` is buried; where that is
    /// away, or the copy is of another try, it is found later.
    pub(super) async fn finish(
        &self,
        of: ContactId,
        all: &[AggregateId],
        home: &Site,
        other: Option<&Site>,
        mark: &Mark,
    ) -> Result<(), StoreError> {
        let mut awake = Vec::with_capacity(all.len());
        // The payments first: their contact may ask for them at once.
        for aggregate in all.iter().rev().copied() {
            if self.wake(of, home, aggregate, mark).await? {
                awake.push(aggregate);
            }
        }
        let is_gone = all.contains(&of.into()) && !awake.contains(&of.into());
        if let Some(other) = other.filter(|it| it.name != home.name) {
            if is_gone
                && self.at(other, move |it| async move { it.frozen_by(of.into()).await }).await?.is_some()
            {
                tracing::error!(region = %home.name, left = %other.name, contact.id = %of, "somebody is not where they live; what is left of them elsewhere is kept");
            }
            // Only what lives at home is buried elsewhere; the contact first, as it was frozen first.
            for aggregate in awake.into_iter().rev() {
                if let Err(error) = self.leave(of, other, aggregate, mark).await {
                    tracing::warn!(region = %other.name, contact.id = %of, error = %error, "a copy is left behind until it is found");
                    break;
                }
            }
        }
        self.main.mark(of, &home.name, Some(mark), None).await?;
        self.places.invalidate(&of);
        if let Err(error) = self.drain(of).await {
            tracing::debug!(contact.id = %of, error = %error, "what came during a move waits on");
        }
        Ok(())
    }

    /// The same for all that they have at home.
    pub(super) async fn finish_at(
        &self,
        of: ContactId,
        home: &Site,
        other: Option<&Site>,
        mark: &Mark,
    ) -> Result<(), StoreError> {
        let mut all = vec![AggregateId::from(of)];
        let payments = self.at(home, move |it| async move { it.payments_of(of).await }).await?;
        all.extend(payments.into_iter().map(AggregateId::from));
        self.finish(of, &all, home, other, mark).await
    }

    /// Thaws, whichever try froze it; false when there is none.
    async fn wake(
        &self,
        of: ContactId,
        home: &Site,
        it: AggregateId,
        mark: &Mark,
    ) -> Result<bool, StoreError> {
        let thaw = |by| move |depot: Arc<dyn Depot>| async move { depot.thaw(it, by).await };
        if self.at(home, thaw(mark.attempt)).await? {
            return Ok(true);
        }
        match self.frozen_before(of, home, it, mark).await? {
            Some(other) => self.at(home, thaw(other)).await,
            None => Ok(false),
        }
    }

    /// Buries what is frozen elsewhere, whichever try froze it.
    async fn leave(
        &self,
        of: ContactId,
        other: &Site,
        it: AggregateId,
        mark: &Mark,
    ) -> Result<(), StoreError> {
        let bury = |by| move |depot: Arc<dyn Depot>| async move { depot.bury(it, by).await };
        if self.at(other, bury(mark.attempt)).await? {
            return Ok(());
        }
        if let Some(found) = self.frozen_before(of, other, it, mark).await? {
            self.at(other, bury(found)).await?;
        }
        Ok(())
    }

    /// By which try of before this mark one is frozen. The mark is read after it: as long as that stands no later try
    /// has begun.
    async fn frozen_before(
        &self,
        of: ContactId,
        site: &Site,
        it: AggregateId,
        mark: &Mark,
    ) -> Result<Option<Attempt>, StoreError> {
        let found = self.at(site, move |depot| async move { depot.frozen_by(it).await }).await?;
        if found.is_some() && self.place_of(of).await?.moving_to.as_ref() != Some(mark) {
            return Err(StoreError::Unavailable("somebody else took the move over".into()));
        }
        Ok(found)
    }

    /// Puts right what is frozen of somebody at a store although nobody moves them. With a mark of our own meanwhile, so
    /// that nobody begins.
    pub(super) async fn put_right(&self, of: ContactId, at: &Site) -> Result<(), StoreError> {
        let place = self.place_of(of).await?;
        let home = self.site_of(&place.region)?;
        let mark = self.new_mark(home);
        // Who is being moved is put right by whoever moves them.
        if !home.is_up()
            || place.moving_to.is_some()
            || !self.main.mark(of, &home.name, None, Some(&mark)).await?
        {
            return Ok(());
        }
        self.finish_at(of, home, Some(at), &mark).await
    }

    /// Looks for what is frozen at a store although nobody moves it.
    pub(super) async fn bury_leftovers(&self, site: &Site) -> Result<(), StoreError> {
        self.put_all_right(site, UNBOUNDED).await
    }

    async fn put_all_right(&self, site: &Site, until: Time) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let frozen = self.at(site, move |it| async move { it.frozen(after, PAGE).await }).await?;
            let mut people = BTreeSet::new();
            for (aggregate, _) in &frozen {
                people.extend(self.home(*aggregate).await?);
            }
            for of in people {
                if self.is_over(until) {
                    return Ok(());
                }
                if let Err(error) = self.put_right(of, site).await {
                    tracing::warn!(region = %site.name, contact.id = %of, error = %error, "a copy that was left could not be put right yet");
                }
            }
            after = frozen.last().map(|(it, _)| *it);
            if frozen.len() < PAGE {
                return Ok(());
            }
        }
    }

    /// Looks for it at all stores that are there.
    pub async fn put_right_everywhere(&self, until: Time) {
        for site in self.sites.iter().filter(|it| it.is_up()) {
            if let Err(error) = self.put_all_right(site, until).await {
                tracing::warn!(region = %site.name, error = %error, "what is left of moves could not be looked for");
            }
        }
    }
}
