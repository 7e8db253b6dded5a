//! The directory: where people live, and what is parked for them.
//!
//! A person who lives in the main store, and lately did not live elsewhere, has no document. What is parked stands in
//! its person's document: one read tells the place and the count, one update parks in order and once.

use std::collections::BTreeMap;

use answerbot_core::{ContactId, EventId, PaymentId, Time};
use answerbot_ports::regions::{
    Directory, Mark, Order, Parked, Parking, Place, Progress, Region, ToPark, Which, payment_key,
};
use answerbot_ports::store::StoreError;
use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, doc};

use super::attempt;
use super::parked::PARKED_ASIDE;
use crate::mongo::aggregate::ROUNDS;
use crate::mongo::base::fault::{bounded, pause, unless_there};
use crate::mongo::base::fields::{Fields as _, binary, limit};
use crate::mongo::connect::{Inner, MongoStore};
use crate::mongo::schema::PLACES;

/// A region's name, which we wrote.
pub(super) fn region_of(name: &str) -> Result<Region, StoreError> {
    name.parse().map_err(|_| StoreError::Unreadable("a region has an odd name".to_owned()))
}

fn place_of(it: &Document) -> Result<Place, StoreError> {
    let before = it.each("before");
    let mark = |to| Ok(Mark { to: region_of(to)?, attempt: attempt::read(it, "attempt") });
    Ok(Place {
        region: region_of(it.text("region")?)?,
        moving_to: it.get_str("moving_to").ok().map(mark).transpose()?,
        overruled: it.get_str("overruled").ok().map(region_of).transpose()?,
        parked: it.length("parked") as u64,
        before: before
            .map(|it| Ok((region_of(it.text("region")?)?, it.time("until")?)))
            .collect::<Result<_, StoreError>>()?,
    })
}

/// That a place bears this mark.
fn bears(mark: Option<&Mark>) -> Document {
    match mark {
        None => doc! { "moving_to": { "$exists": false } },
        Some(Mark { to, attempt }) => {
            doc! { "moving_to": to.name(), "attempt": attempt::filter(*attempt) }
        }
    }
}

pub(super) fn name(of: ContactId) -> Document {
    doc! { "_id": binary(of.as_bytes()) }
}

pub(super) fn fought_over() -> StoreError {
    StoreError::Unavailable("a place is fought over".to_owned())
}

impl Inner {
    pub async fn find_places(
        &self,
        filter: Document,
        most: usize,
    ) -> Result<BTreeMap<ContactId, Place>, StoreError> {
        let places = self.of(PLACES);
        let wanted =
            doc! { "region": 1, "moving_to": 1, "attempt": 1, "overruled": 1, "before": 1, "parked.id": 1 };
        let found: Vec<Document> = bounded(async {
            let find = places.find(filter).projection(wanted).sort(doc! { "_id": 1 }).limit(limit(most));
            find.await?.try_collect().await
        })
        .await?;
        found.iter().map(|it| Ok((ContactId::from_bytes(it.id("_id")?), place_of(it)?))).collect()
    }

    async fn place(&self, of: ContactId) -> Result<Option<Place>, StoreError> {
        Ok(self.find_places(name(of), 1).await?.remove(&of))
    }

    /// A document for somebody who had none. False when somebody else was first.
    pub async fn new_place(&self, of: ContactId, fields: Document) -> Result<bool, StoreError> {
        let mut new = doc! { "_id": binary(of.as_bytes()), "region": "main", "before": [], "parked": [] };
        new.extend(fields);
        Ok(unless_there(self.of(PLACES).insert_one(new)).await?.is_some())
    }

    /// Takes the document away where it says nothing any more.
    pub async fn tidy_place(&self, of: ContactId) -> Result<(), StoreError> {
        let mut nothing = name(of);
        nothing.extend(doc! {
            "region": "main",
            "moving_to": { "$exists": false },
            "overruled": { "$exists": false },
            "before": { "$size": 0 },
            "parked": { "$size": 0 },
            format!("{PARKED_ASIDE}.0"): { "$exists": false },
        });
        bounded(self.of(PLACES).delete_one(nothing)).await.map(drop)
    }

    async fn mark(
        &self,
        of: ContactId,
        from: &Region,
        was: Option<&Mark>,
        mark: Option<&Mark>,
    ) -> Result<bool, StoreError> {
        for round in 0..ROUNDS {
            pause(round).await;
            let mut fitting = name(of);
            fitting.insert("region", from.name());
            fitting.extend(bears(was));
            let fields = mark.map(|it| {
                doc! { "moving_to": it.to.name(), "attempt": binary(it.attempt.as_bytes()) }
            });
            let update = match fields.clone() {
                None => doc! { "$unset": { "moving_to": "", "attempt": "" } },
                Some(fields) => doc! { "$set": fields },
            };
            if bounded(self.of(PLACES).update_one(fitting, update)).await?.matched_count > 0 {
                if mark.is_none() {
                    self.tidy_place(of).await?;
                }
                return Ok(true);
            }
            let found = self.place(of).await?;
            let is_new = found.is_none();
            let place = found.unwrap_or_else(Place::main);
            if place.region != *from {
                return Ok(false);
            }
            if place.moving_to.as_ref() == mark {
                return Ok(true);
            }
            if place.moving_to.as_ref() != was {
                return Ok(false);
            }
            // Else something changed in between.
            if let Some(fields) = fields.filter(|_| is_new)
                && self.new_place(of, fields).await?
            {
                return Ok(true);
            }
        }
        Err(fought_over())
    }

    async fn arrive(
        &self,
        of: ContactId,
        mark: &Mark,
        overruled: Option<&Region>,
        now: Time,
    ) -> Result<bool, StoreError> {
        for round in 0..ROUNDS {
            pause(round).await;
            let Some(mut place) = self.place(of).await? else { return Ok(false) };
            if place.moving_to.as_ref() != Some(mark) {
                return Ok(false);
            }
            let mut still = name(of);
            still.insert("region", place.region.name());
            still.extend(bears(Some(mark)));
            if place.region != mark.to {
                let left = place.region;
                // Of two stays in one store the later one counts.
                place.before.retain(|(region, _)| *region != left);
                place.before.push((left, now));
            }
            let before = place.before.iter().map(|(region, until)| {
                Bson::from(doc! { "region": region.name(), "until": until.as_millis() })
            });
            let mut arrived = doc! { "region": mark.to.name(), "before": before.collect::<Vec<_>>() };
            let mut update = Document::new();
            match overruled {
                Some(said) => drop(arrived.insert("overruled", said.name())),
                None => drop(update.insert("$unset", doc! { "overruled": "" })),
            }
            update.insert("$set", arrived);
            if bounded(self.of(PLACES).update_one(still, update)).await?.matched_count > 0 {
                return Ok(true);
            }
        }
        Err(fought_over())
    }

    async fn forget_places(&self, before: Time) -> Result<u64, StoreError> {
        let mut forgotten = self.forget_orders(before).await? + self.forget_damaged(before).await?;
        let old = doc! { "before.until": { "$lt": before.as_millis() } };
        for (of, place) in self.find_places(old, usize::MAX).await? {
            let over = place.before.iter().filter(|(_, until)| *until < before).count();
            let pull = doc! { "$pull": { "before": { "until": { "$lt": before.as_millis() } } } };
            bounded(self.of(PLACES).update_one(name(of), pull)).await?;
            self.tidy_place(of).await?;
            forgotten += over as u64;
        }
        Ok(forgotten)
    }
}

/// A filter of documents behind a contact's.
fn behind(mut filter: Document, after: Option<ContactId>) -> Document {
    if let Some(after) = after {
        filter.insert("_id", doc! { "$gt": binary(after.as_bytes()) });
    }
    filter
}

#[async_trait]
impl Directory for MongoStore {
    async fn regions(&self) -> Result<Vec<(Region, bool)>, StoreError> {
        let places = self.inner.of(PLACES);
        let (lived_in, on_the_way) = tokio::try_join!(
            bounded(places.distinct("region", doc! {})),
            bounded(places.distinct("moving_to", doc! { "moving_to": { "$exists": true } })),
        )?;
        let named = |all: Vec<Bson>, lives: bool| all.into_iter().map(move |it| (it, lives));
        let mut regions: Vec<(Region, bool)> = Vec::new();
        for (name, lives) in named(lived_in, true).chain(named(on_the_way, false)) {
            let region = region_of(name.as_str().unwrap_or_default())?;
            if !region.is_main() && regions.iter().all(|(known, _)| *known != region) {
                regions.push((region, lives));
            }
        }
        Ok(regions)
    }

    async fn owners(&self, identities: &[ContactId]) -> Result<Vec<ContactId>, StoreError> {
        self.inner.owners_of(identities).await
    }

    async fn payers(&self, payments: &[PaymentId]) -> Result<Vec<Option<ContactId>>, StoreError> {
        let keys: Vec<String> = payments.iter().map(|it| payment_key(*it)).collect();
        self.inner.read_claims(&keys).await
    }

    async fn places(&self, of: &[ContactId]) -> Result<Vec<Place>, StoreError> {
        let ids: Vec<_> = of.iter().map(|it| binary(it.as_bytes())).collect();
        let found = self.inner.find_places(doc! { "_id": { "$in": ids } }, of.len()).await?;
        Ok(of.iter().map(|it| found.get(it).cloned().unwrap_or_else(Place::main)).collect())
    }

    async fn mark(
        &self,
        of: ContactId,
        from: &Region,
        was: Option<&Mark>,
        mark: Option<&Mark>,
    ) -> Result<bool, StoreError> {
        self.inner.mark(of, from, was, mark).await
    }

    async fn arrive(
        &self,
        of: ContactId,
        mark: &Mark,
        overruled: Option<&Region>,
        now: Time,
    ) -> Result<bool, StoreError> {
        self.inner.arrive(of, mark, overruled, now).await
    }

    async fn moves(
        &self,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<(ContactId, Place)>, StoreError> {
        let moving = behind(doc! { "moving_to": { "$exists": true } }, after);
        Ok(self.inner.find_places(moving, limit).await?.into_iter().collect())
    }

    async fn park(&self, envelopes: Vec<ToPark>) -> Result<Vec<Parking>, StoreError> {
        let mut all = Vec::with_capacity(envelopes.len());
        for it in &envelopes {
            all.push(self.inner.park(it).await?);
        }
        Ok(all)
    }

    async fn parked(&self, of: ContactId, limit: usize) -> Result<Vec<Parked>, StoreError> {
        self.inner.parked(of, limit).await
    }

    async fn unpark(&self, of: ContactId, events: &[EventId]) -> Result<(), StoreError> {
        self.inner.unpark(of, events).await
    }

    async fn waiting(&self, after: Option<ContactId>, limit: usize) -> Result<Vec<ContactId>, StoreError> {
        let parked = behind(doc! { "parked.at": { "$gt": i64::MIN } }, after);
        Ok(self.inner.find_places(parked, limit).await?.into_keys().collect())
    }

    async fn put_order(&self, order: Order) -> Result<(), StoreError> {
        self.inner.put_order(order).await
    }

    async fn note_order(
        &self,
        id: EventId,
        moved: u64,
        failed: u64,
        note: String,
    ) -> Result<bool, StoreError> {
        self.inner.note_order(id, moved, failed, note).await
    }

    async fn end_order(&self, id: EventId, progress: Progress) -> Result<bool, StoreError> {
        self.inner.end_order(id, progress).await
    }

    async fn orders(&self, which: Which, limit: usize) -> Result<Vec<Order>, StoreError> {
        self.inner.orders(which, limit).await
    }

    async fn forget_places(&self, before: Time) -> Result<u64, StoreError> {
        self.inner.forget_places(before).await
    }
}
