//! Stores that are away are looked for, and what was parked goes on when they are back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use answerbot_core::time::HOUR;
use answerbot_core::{ContactId, EventId, Time};
use answerbot_ports::queue::Ring;
use answerbot_ports::regions::{Addressed, Depot, Landing, Parked};
use answerbot_ports::store::{Admission, SEEN_FOR_MS, StoreError};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};

use super::PATIENCE;
use super::Regional;
use super::site::Site;

/// How often stores and what is parked are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How long a look at a store that is away may take.
const PROBE: Duration = Duration::from_secs(2);
/// People whose envelopes go on at once.
const AT_ONCE: usize = 32;
/// People looked at in one step, and envelopes of one of them.
const PAGE: usize = 500;
const ENVELOPES: usize = 100;

impl Regional {
    /// Looks after stores and what is parked until the process stops.
    pub(super) async fn watch(&self) {
        let mut failed = false;
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            match self.look_after().await {
                Ok(()) => failed = false,
                Err(error) if !failed => {
                    failed = true;
                    tracing::error!(error = %error, "what is parked could not be looked at; trying again");
                }
                Err(_) => {}
            }
        }
    }

    /// One look: stores that are away are tried, and what is parked for those that are there goes on.
    pub async fn look_after(&self) -> Result<(), StoreError> {
        for site in self.sites.iter().filter(|site| !site.name.is_main()) {
            if site.probe(PROBE, &*self.clock).await
                && let Err(error) = self.bury_leftovers(site).await
            {
                tracing::warn!(region = %site.name, error = %error, "copies of people who moved may be left; they are looked for when it was away again");
            }
            metrics::gauge!("region_up", "region" => site.name.name().to_owned())
                .set(f64::from(u8::from(site.is_up())));
        }
        self.drain_all().await?;
        let now = self.clock.now();
        if self.main.take("forget_places", HOUR, now).await? {
            self.main.forget_places(now.plus(-SEEN_FOR_MS)).await?;
        }
        Ok(())
    }

    async fn drain_all(&self) -> Result<(), StoreError> {
        let mut unreadable = BTreeSet::new();
        let mut after = None;
        loop {
            let waiting = self.main.waiting(after, PAGE).await?;
            let places = if waiting.is_empty() { Vec::new() } else { self.main.places(&waiting).await? };
            let ready = waiting.iter().zip(&places).filter(|(_, place)| {
                place.moving_to.is_none() && self.site(&place.region).is_some_and(Site::is_up)
            });
            let ready: Vec<ContactId> = ready.map(|(contact, _)| *contact).collect();
            let drained: Vec<_> = stream::iter(ready)
                .map(|contact| async move { (contact, self.drain(contact).await) })
                .buffer_unordered(AT_ONCE)
                .collect()
                .await;
            for (contact, drained) in drained {
                if let Err(error) = drained
                    && self.tell(contact, &error)
                {
                    unreadable.insert(contact);
                }
            }
            after = waiting.last().copied();
            if waiting.len() < PAGE || self.stopping.is_cancelled() {
                let count = u32::try_from(unreadable.len()).unwrap_or(u32::MAX);
                metrics::gauge!("parked_unreadable").set(f64::from(count));
                *self.unreadable.lock() = unreadable;
                return Ok(());
            }
        }
    }

    /// Says why what is parked waits on. What cannot be read here needs a hand: that is said once as long as it lasts.
    /// Returns whether it is that.
    fn tell(&self, of: ContactId, error: &StoreError) -> bool {
        let is_unreadable = matches!(error, StoreError::Unreadable(_));
        if is_unreadable && !self.unreadable.lock().contains(&of) {
            tracing::error!(contact.id = %of, error = %error, "what is parked cannot be read here; it waits, and so does what comes behind it");
        } else {
            tracing::debug!(contact.id = %of, error = %error, "what is parked waits on");
        }
        is_unreadable
    }

    /// Brings what is parked for somebody to where they live, in its order.
    ///
    /// Two may do so at once: each offers from the first one on, and what was taken before is known.
    pub(super) async fn drain(&self, of: ContactId) -> Result<(), StoreError> {
        loop {
            let page = self.main.parked(of, ENVELOPES).await?;
            if page.is_empty() {
                return Ok(());
            }
            let place = self.place_of(of).await?;
            if place.moving_to.is_some() {
                return Ok(());
            }
            let site = self.site_of(&place.region)?;
            let mut page = page.into_iter().peekable();
            // Those that arrived together are offered together.
            while let Some(first) = page.next() {
                let arrived = first.arrived;
                let mut together = vec![first];
                while let Some(next) = page.next_if(|it| it.arrived == arrived) {
                    together.push(next);
                }
                if !self.bring(of, site, together, arrived).await? {
                    return Ok(());
                }
            }
        }
    }

    /// False when somebody moved meanwhile: the rest waits on.
    async fn bring(
        &self,
        of: ContactId,
        site: &Site,
        parked: Vec<Parked>,
        arrived: Time,
    ) -> Result<bool, StoreError> {
        let place = self.place_of(of).await?;
        let mut over: Vec<EventId> = Vec::new();
        let mut fresh: Vec<Addressed> = Vec::new();
        let now = self.clock.now();
        let seen = join_all(parked.iter().map(|it| self.was_seen(Some(&place), &it.addressed, now))).await;
        for (Parked { addressed, .. }, seen) in parked.into_iter().zip(seen) {
            if seen {
                over.push(addressed.envelope.id);
            } else {
                fresh.push(addressed);
            }
        }
        let ids: Vec<EventId> = fresh.iter().map(|it| it.envelope.id).collect();
        let admit = |depot: Arc<dyn Depot>| async move { depot.admit_to(fresh, arrived).await };
        let landings = site.call_within(PATIENCE, &*self.clock, admit).await?;
        let mut rings = Vec::new();
        let mut all_here = true;
        for (id, landing) in ids.into_iter().zip(landings) {
            match landing {
                Landing::Here(admission) => {
                    over.push(id);
                    match admission {
                        Admission::New { aggregate, numbered }
                        | Admission::Full(Some((aggregate, numbered))) => {
                            rings.push(Ring { aggregate, envelopes: vec![numbered] });
                        }
                        // Whoever brought it may have died before it rang.
                        Admission::Waits(aggregate) => rings.push(Ring { aggregate, envelopes: Vec::new() }),
                        Admission::Known | Admission::Full(None) => {}
                    }
                }
                // Nothing behind it may overtake it.
                Landing::Moved => {
                    all_here = false;
                    break;
                }
            }
        }
        self.main.unpark(of, &over).await?;
        for ring in rings {
            if let Some(queue) = &self.queue {
                // One that is lost is found by the sweeper.
                let _ = queue.ring(ring).await;
            }
        }
        Ok(all_here)
    }
}
