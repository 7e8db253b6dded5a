//! Envelopes go to the store of their person, or wait in the directory, in order, while that store is away or the
//! person moves.

use std::collections::BTreeMap;
use std::sync::Arc;

use answerbot_core::contact::event::{Envelope, Event, Numbered};
use answerbot_core::pay::payment;
use answerbot_core::{AggregateId, ContactId, EventId, PaymentId, Time};
use answerbot_ports::regions::{
    Addressed, Depot, Landing, Parked, Parking, Place, Region, ToPark, home_of, payment_key,
};
use answerbot_ports::store::{Admission, SEEN_FOR_MS, StoreError};
use futures_util::future::join_all;

use super::{PATIENCE, Regional};

/// Somebody who moves and moves again is looked for so often before their envelopes are parked.
const ROUNDS: usize = 3;

/// An envelope on its way to a store.
pub(super) struct Item {
    /// Its place in the answer.
    index: usize,
    /// With whom its aggregate lives; `None` for what always lives in the main store.
    contact: Option<ContactId>,
    addressed: Addressed,
}

impl Regional {
    /// Stores envelopes where their people live. What cannot be stored there is parked.
    pub(super) async fn admit_all(
        &self,
        envelopes: Vec<Envelope>,
        now: Time,
    ) -> Result<Vec<Admission>, StoreError> {
        let mut answers: Vec<Admission> = vec![Admission::Known; envelopes.len()];
        let mut left = self.address(envelopes).await?;
        for _ in 0..ROUNDS {
            if left.is_empty() {
                return Ok(answers);
            }
            left = self.admit_round(left, now, &mut answers).await?;
        }
        self.park_all(left, now, &mut answers).await?;
        Ok(answers)
    }

    /// Finds whose the envelopes are: two reads, and one more where payments are among them.
    async fn address(&self, envelopes: Vec<Envelope>) -> Result<Vec<Item>, StoreError> {
        let whom: Vec<_> = envelopes.iter().map(|it| self.hash.whom(&it.to)).collect();
        let identities: Vec<ContactId> = whom.iter().filter_map(|(_, identity)| *identity).collect();
        let mut owners =
            if identities.is_empty() { Vec::new() } else { self.main.owners(&identities).await? }.into_iter();
        let mut items = Vec::with_capacity(envelopes.len());
        for (index, (envelope, (aggregate, identity))) in envelopes.into_iter().zip(whom).enumerate() {
            // What one aggregate tells another is for that one itself, whoever has its addresses now.
            let owner = identity.and_then(|_| owners.next());
            let aggregate = owner.map_or(aggregate, AggregateId::from);
            let contact = match aggregate {
                AggregateId::Contact(id) => Some(id),
                AggregateId::Payment(id) => self.claimed(id, &envelope.event).await?,
                AggregateId::Payer(_) => None,
            };
            items.push(Item { index, contact, addressed: Addressed { aggregate, identity, envelope } });
        }
        Ok(items)
    }

    /// Whose a payment is. It is claimed before its first event is stored anywhere, so whoever names it later finds it.
    async fn claimed(&self, payment: PaymentId, event: &Event) -> Result<Option<ContactId>, StoreError> {
        let known = self.home(payment.into()).await?;
        let Some(contact) = known.is_none().then(|| home_of(event)).flatten() else { return Ok(known) };
        // One from the time before there were regions lives in the main store until its contact moves.
        if self.main.knows(payment.into()).await? {
            return Ok(None);
        }
        if self.main.claim(payment_key(payment), contact, None).await? {
            self.payers.insert(payment, contact);
            return Ok(Some(contact));
        }
        self.home(payment.into()).await
    }

    /// Offers each to the store of its place, all stores at once. Returns those whose aggregates moved meanwhile.
    async fn admit_round(
        &self,
        items: Vec<Item>,
        now: Time,
        answers: &mut [Admission],
    ) -> Result<Vec<Item>, StoreError> {
        let places = self.places_of(&items).await?;
        let mut parked = Vec::new();
        let mut stores: BTreeMap<Region, Vec<Item>> = BTreeMap::new();
        for item in items {
            let place = item.contact.and_then(|contact| places.get(&contact));
            match place {
                Some(place) if place.moving_to.is_some() || place.parked > 0 => parked.push(item),
                Some(place) => stores.entry(place.region.clone()).or_default().push(item),
                None => stores.entry(Region::main()).or_default().push(item),
            }
        }
        let offers = stores.into_iter().map(|(region, items)| self.offer(region, items, &places, now));
        let mut moved = Vec::new();
        for offered in join_all(offers).await {
            let Offered { landed, gone, refused } = offered?;
            for (index, admission) in landed {
                answers[index] = admission;
            }
            moved.extend(gone);
            parked.extend(refused);
        }
        parked.sort_by_key(|item| item.index);
        self.park_all(parked, now, answers).await?;
        moved.sort_by_key(|item| item.index);
        Ok(moved)
    }

    async fn places_of(&self, items: &[Item]) -> Result<BTreeMap<ContactId, Place>, StoreError> {
        let mut contacts: Vec<ContactId> = items.iter().filter_map(|item| item.contact).collect();
        contacts.sort_unstable();
        contacts.dedup();
        if contacts.is_empty() {
            return Ok(BTreeMap::new());
        }
        let places = self.main.places(&contacts).await?;
        for (contact, place) in contacts.iter().zip(&places) {
            self.places.insert(*contact, place.region.clone());
        }
        Ok(contacts.into_iter().zip(places).collect())
    }

    async fn offer(
        &self,
        region: Region,
        items: Vec<Item>,
        places: &BTreeMap<ContactId, Place>,
        now: Time,
    ) -> Result<Offered, StoreError> {
        let mut offered = Offered::default();
        let mut fresh = Vec::with_capacity(items.len());
        let place_of = |item: &Item| item.contact.and_then(|contact| places.get(&contact));
        // All at once: whoever hangs keeps nobody waiting for long.
        let seen = join_all(items.iter().map(|it| self.was_seen(place_of(it), &it.addressed, now))).await;
        for (item, seen) in items.into_iter().zip(seen) {
            if seen {
                offered.landed.push((item.index, Admission::Known));
            } else {
                fresh.push(item);
            }
        }
        let envelopes: Vec<Addressed> = fresh.iter().map(|item| item.addressed.clone()).collect();
        if envelopes.is_empty() {
            return Ok(offered);
        }
        let admit = |depot: Arc<dyn Depot>| async move { depot.admit_to(envelopes, now).await };
        let landings = match self.site_of(&region) {
            // It has nobody to park for: without it nothing goes.
            Ok(site) if region.is_main() => site.call(&*self.clock, admit).await?,
            Ok(site) => match site.call_within(PATIENCE, &*self.clock, admit).await {
                Ok(landings) => landings,
                Err(error) => {
                    tracing::debug!(region = %region, error = %error, "envelopes are parked");
                    return Ok(Offered { refused: fresh, ..offered });
                }
            },
            Err(_) => return Ok(Offered { refused: fresh, ..offered }),
        };
        for (item, landing) in fresh.into_iter().zip(landings) {
            match landing {
                Landing::Here(admission) => offered.landed.push((item.index, admission)),
                Landing::Moved => offered.gone.push(item),
            }
        }
        Ok(offered)
    }

    /// Whether an envelope came before its person moved here. A store of before that is away has seen nothing.
    pub(super) async fn was_seen(&self, place: Option<&Place>, it: &Addressed, now: Time) -> bool {
        let Some(place) = place else { return false };
        for (region, until) in &place.before {
            if *region == place.region || now.since(*until) > SEEN_FOR_MS {
                continue;
            }
            let (of, event) = (it.aggregate, it.envelope.id);
            let seen =
                match self.site_of(region) {
                    Ok(site) => {
                        site.call_within(PATIENCE, &*self.clock, |depot| async move {
                            depot.saw(of, &[event]).await
                        })
                        .await
                    }
                    Err(error) => Err(error),
                };
            match seen {
                Ok(seen) if seen.first() == Some(&true) => return true,
                Ok(_) => {}
                Err(error) => tracing::warn!(
                    region = %region, error = %error, "whether an event came before its person moved is not known; it counts as new"
                ),
            }
        }
        false
    }

    /// Parks envelopes in their order. Nothing is acknowledged that is not in the directory.
    async fn park_all(
        &self,
        items: Vec<Item>,
        now: Time,
        answers: &mut [Admission],
    ) -> Result<(), StoreError> {
        if items.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::with_capacity(items.len());
        for item in &items {
            let Some(of) = item.contact else { return Err(StoreError::Moved) };
            let addressed = item.addressed.clone();
            let note = is_bounded(&addressed).then(|| {
                let envelope = overflow(&addressed);
                Parked { addressed: Addressed { envelope, ..addressed.clone() }, arrived: now }
            });
            rows.push(ToPark { of, parked: Parked { addressed, arrived: now }, note });
        }
        metrics::counter!("envelopes_parked_total").increment(rows.len() as u64);
        let parked = self.main.park(rows).await?;
        for (item, parked) in items.into_iter().zip(parked) {
            answers[item.index] = match parked {
                Parking::New => waits(item.addressed, now),
                Parking::Known => Admission::Known,
                Parking::Full => Admission::Full(None),
            };
        }
        Ok(())
    }
}

/// What became of envelopes that were offered to a store.
#[derive(Default)]
struct Offered {
    landed: Vec<(usize, Admission)>,
    gone: Vec<Item>,
    /// The store is away.
    refused: Vec<Item>,
}

/// What another aggregate or an operator tells is told once and never again: only what comes from outside is bounded.
fn is_bounded(it: &Addressed) -> bool {
    it.identity.is_some() || matches!(it.envelope.event, Event::Payment(payment::Event::Nudge))
}

fn overflow(it: &Addressed) -> Envelope {
    let name = format!("{}/parked/{}", it.aggregate, it.envelope.id);
    let id = EventId::derive("overflow", &name);
    Envelope { id, to: it.envelope.to.clone(), event: Event::Overflow, sent: None }
}

/// Taken, and nobody need be rung.
fn waits(it: Addressed, now: Time) -> Admission {
    let numbered = Numbered { number: 0, arrived: now, identity: it.identity, envelope: it.envelope };
    Admission::New { aggregate: it.aggregate, numbered }
}
