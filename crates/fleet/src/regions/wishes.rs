//! People who said where they live are moved there, as long as no operator said otherwise.
//!
//! An order outranks a wish. Whoever was moved elsewhere than they had said stays there until they say something else
//! ([`Place::overruled`](answerbot_ports::regions::Place::overruled)). A region that was emptied is closed: no wish for
//! it is fulfilled until an order of an operator brings people there again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use answerbot_core::{ContactId, Time};
use answerbot_ports::regions::{Depot, Order, Progress, Region, Which, Who};
use answerbot_ports::store::StoreError;

use super::mover::{UNBOUNDED, Why};
use super::site::Site;
use super::{PATIENCE, Regional, Tally};

/// People of one store who are looked at in one step.
const PAGE: usize = 500;

/// Whose wishes are fulfilled.
pub(super) enum Whose<'a> {
    /// Of those whom no order is against.
    Free,
    /// Of everybody who said this region; for the main store: any region.
    Ordered(&'a Region),
}

impl Regional {
    /// Moves people to the region where they said that they live, if it has a store and no order is against it.
    pub async fn fulfil_wishes(&self) -> Result<Tally, StoreError> {
        self.fulfil(&Whose::Free, UNBOUNDED).await
    }

    pub(super) async fn fulfil(&self, whose: &Whose<'_>, until: Time) -> Result<Tally, StoreError> {
        let closed = self.closed().await?;
        let is_asked = |it: &Region| match whose {
            Whose::Ordered(only) if !only.is_main() => it == *only,
            _ => true,
        };
        let mut sum = Tally::default();
        let mut targets = self.sites.iter().filter(|it| !it.name.is_main());
        while let Some(to) = targets.find(|it| is_asked(&it.name) && !closed.contains(&it.name)) {
            for from in self.sites.iter().filter(|it| it.name != to.name) {
                match self.bring_all(from, to, whose, until).await {
                    Ok(tally) => sum.add(tally),
                    // Those of other stores need not wait.
                    Err(error) => sum.note = error.to_string(),
                }
            }
        }
        Ok(sum)
    }

    async fn bring_all(
        &self,
        from: &Site,
        to: &Site,
        whose: &Whose<'_>,
        until: Time,
    ) -> Result<Tally, StoreError> {
        let (mut sum, mut after) = (Tally::default(), None);
        loop {
            let region = to.name.clone();
            let find = move |depot: Arc<dyn Depot>| async move { depot.said(&region, after, PAGE).await };
            let found = from.call_within(PATIENCE, &*self.clock, find).await?;
            let places = if found.is_empty() { Vec::new() } else { self.main.places(&found).await? };
            let wish = found.iter().copied().zip(places).filter(|(_, place)| {
                let is_free = place.overruled.as_ref() != Some(&to.name);
                place.region == from.name && (is_free || matches!(whose, Whose::Ordered(_)))
            });
            let people: Vec<ContactId> = wish.map(|(of, _)| of).collect();
            let tally = self.move_some(&people, &from.name, &to.name, Why::Wish, until).await;
            let is_stuck = tally.failed > 0;
            sum.add(tally);
            after = found.last().copied();
            if found.len() < PAGE || is_stuck || self.is_over(until) {
                return Ok(sum);
            }
        }
    }

    /// Regions that were emptied and not opened again.
    pub async fn closed(&self) -> Result<BTreeSet<Region>, StoreError> {
        Ok(closed(&self.main.orders(Which::OfMany, usize::MAX).await?))
    }
}

/// The newest order that names a region decides, and one that was stopped does not count. Orders come newest first.
fn closed(orders: &[Order]) -> BTreeSet<Region> {
    let mut is_closed = BTreeMap::new();
    for order in orders.iter().filter(|it| it.progress != Progress::Stopped) {
        if let Who::All(from) = &order.who {
            is_closed.entry(from.clone()).or_insert(true);
        } else if order.to.is_main() {
            // Everybody who wished, wherever to.
            break;
        }
        is_closed.entry(order.to.clone()).or_insert(false);
    }
    // Nobody wishes to live in the main store.
    is_closed.into_iter().filter(|(it, is_closed)| *is_closed && !it.is_main()).map(|(it, _)| it).collect()
}
