//! Packing and unpacking: all of an aggregate but what was seen.

use std::time::Duration;

use answerbot_core::contact::effect::Kind;
use answerbot_core::contact::{Region as Chosen, Stage};
use answerbot_core::{AggregateId, AggregateKind, ContactId, EffectId, EventId, JubaDay, PaymentId, Policy};
use answerbot_ports::regions::{Attempt, Luggage, PackedEffect, PackedEnvelope};
use answerbot_ports::store::{ContactFacets, FAILURES, Facets, StoreError};
use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::Hint;

use super::attempt;
use crate::mongo::aggregate::heads::{Head, Heads, Lease, QUEUES, heads_of, hints, queue};
use crate::mongo::aggregate::{BURIED, FROZEN, FROZEN_BY, commit, facets};
use crate::mongo::base::fault::{bounded, unless_there, unreadable};
use crate::mongo::base::fields::{Fields as _, binary, key_of, limit, whole};
use crate::mongo::base::update::Update;
use crate::mongo::connect::{Inner, Part};
use crate::mongo::records::pending::{Kept, Pending, VERSION_BITS};

/// What an aggregate is, in its document, besides its inbox and what was seen.
const PARTS: [&str; 14] = [
    "state",
    "effects",
    "bodies",
    "dead",
    "aside",
    "next",
    "stuck",
    "pay",
    "stage",
    "reset_day",
    "texts_until",
    "subscription_status",
    "subscription_expiry",
    "region",
];

/// That this try froze it.
fn frozen(of: AggregateId, by: Attempt) -> Document {
    doc! { "_id": key_of(of), "away": FROZEN, FROZEN_BY: attempt::filter(by) }
}

impl Inner {
    pub async fn freeze(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError> {
        let here = doc! { "_id": key_of(of), "away": { "$ne": BURIED } };
        let freeze = doc! {
            "$set": { "away": FROZEN, FROZEN_BY: binary(by.as_bytes()) },
            "$unset": { "begun": "" },
        };
        Ok(bounded(self.aggregates().update_one(here, freeze)).await?.matched_count > 0)
    }

    pub async fn thaw(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError> {
        let thaw = doc! { "$unset": { "away": "", FROZEN_BY: "", "begun": "" } };
        if bounded(self.aggregates().update_one(frozen(of, by), thaw)).await?.matched_count > 0 {
            return Ok(true);
        }
        Ok(self.read(of, doc! { "away": 1 }).await?.is_some_and(|it| !it.contains_key("away")))
    }

    pub async fn bury(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError> {
        let mut update = Update::default();
        for part in PARTS {
            update.unset(part);
        }
        update.unset(FROZEN_BY);
        update.set("inbox", Vec::<Bson>::new()).set("away", BURIED);
        self.known.invalidate(&of);
        if bounded(self.aggregates().update_one(frozen(of, by), update.build())).await?.matched_count > 0 {
            return Ok(true);
        }
        match self.read(of, doc! { "away": 1 }).await? {
            Some(it) if !it.contains_key("away") => {
                Err(StoreError::Unreadable("who lives here is not buried".to_owned()))
            }
            Some(it) => Ok(it.maybe_long("away") == Some(i64::from(BURIED))),
            None => Ok(true),
        }
    }

    pub async fn frozen_by(&self, of: AggregateId) -> Result<Option<Attempt>, StoreError> {
        let found = self.read(of, doc! { "away": 1, FROZEN_BY: 1 }).await?;
        let found = found.filter(|it| it.maybe_long("away") == Some(i64::from(FROZEN)));
        Ok(found.map(|it| attempt::read(&it, FROZEN_BY)))
    }

    /// What is frozen, by id.
    pub async fn all_frozen(
        &self,
        after: Option<AggregateId>,
        most: usize,
    ) -> Result<Vec<(AggregateId, Attempt)>, StoreError> {
        let mut which = doc! { FROZEN_BY: { "$exists": true } };
        if let Some(after) = after {
            which.insert("_id", doc! { "$gt": key_of(after) });
        }
        let aggregates = self.aggregates();
        let found: Vec<Document> = bounded(async {
            let find = aggregates.find(which).projection(doc! { FROZEN_BY: 1 }).sort(doc! { "_id": 1 });
            find.limit(limit(most)).hint(Hint::Name(FROZEN_BY.to_owned())).await?.try_collect().await
        })
        .await?;
        found.iter().map(|it| Ok((it.aggregate("_id")?, attempt::read(it, FROZEN_BY)))).collect()
    }

    /// All of an aggregate that this try froze.
    pub async fn pack(&self, of: AggregateId, by: Attempt) -> Result<Option<Luggage>, StoreError> {
        let unseen = doc! { "seen": 0, "records": 0 };
        let found = bounded(self.aggregates().find_one(frozen(of, by)).projection(unseen)).await?;
        let Some(found) = found else { return Ok(None) };
        let waiting = found.length("inbox") as u64;
        let consumed = found.count("admitted")?.saturating_sub(waiting);
        let state = found.bytes("state").ok().map(<[u8]>::to_vec);
        Ok(Some(Luggage {
            aggregate: of,
            version: found.count("version")?,
            consumed,
            schema: found.short("schema")?,
            created: found.time("created")?,
            home: found.maybe_id("home").map(ContactId::from_bytes),
            facets: self.facets_of(of, &found, state.as_deref())?,
            state,
            envelopes: envelopes(&found, consumed)?,
            effects: self.packed_effects(&found)?,
        }))
    }

    /// What an aggregate is found by.
    fn facets_of(
        &self,
        of: AggregateId,
        found: &Document,
        state: Option<&[u8]>,
    ) -> Result<Option<Facets>, StoreError> {
        match (of.kind(), state) {
            (AggregateKind::Contact, _) => Ok(contact_facets(found).map(Facets::Contact)),
            // A payment is found by what its state says; the policy has no word in it.
            (AggregateKind::Payment, Some(blob)) => {
                let state = self.codec.open_state(of, blob).map_err(unreadable)?;
                Ok(Facets::of(of, &state, &Policy::default()))
            }
            _ => Ok(None),
        }
    }

    /// What a payment here is found by now.
    pub fn payment_facets(&self, of: AggregateId, found: &Document) -> Result<Option<Facets>, StoreError> {
        self.facets_of(of, found, found.bytes("state").ok())
    }

    fn packed_effects(&self, found: &Document) -> Result<Vec<PackedEffect>, StoreError> {
        let time = self.time.now();
        let bodies = found.get_document("bodies").ok();
        let mut all = Vec::new();
        for (id, head) in heads_of(found)? {
            let lease = head.lease.and_then(|it| u64::try_from(it.end.since(time)).ok());
            let body = bodies.map(|it| it.bytes(&id.to_string())).transpose()?.unwrap_or_default();
            let lease = lease.filter(|left| *left > 0).map(Duration::from_millis);
            all.push(packed(id, &head, lease, None, body));
        }
        for (id, remains) in found.get_document("dead").into_iter().flatten() {
            let odd = || StoreError::Unreadable("an effect has no fitting name".to_owned());
            let (id, remains) = (id.parse().map_err(|_| odd())?, remains.as_document().ok_or_else(odd)?);
            let mut head = remains.clone();
            head.insert("lost", 0_i64);
            let reason = remains.text("reason")?.to_owned();
            all.push(packed(id, &Head::read(&head)?, None, Some(reason), remains.bytes("body")?));
        }
        all.sort_by_key(|it| it.id);
        Ok(all)
    }

    /// Takes an aggregate, frozen, in the place of a frozen copy or a tombstone. What was seen there stays known.
    pub async fn unpack(&self, it: Luggage, by: Attempt) -> Result<(), StoreError> {
        let mut parts = self.parts_of(&it)?;
        let admitted = parts.long("admitted")?;
        let mut update = Update::default();
        for part in PARTS {
            update.put(part, parts.remove(part));
        }
        for (field, value) in parts {
            update.set(field, value);
        }
        update.unset("begun").set(FROZEN_BY, binary(by.as_bytes()));
        if let (Part::Region, Some(Facets::Payment(_))) = (self.part, &it.facets) {
            // The main store hears from here what it is found by: what was left where it lived may say no more of it.
            let number = (whole(it.version) << VERSION_BITS) + (1 << VERSION_BITS) - 1;
            let found = Pending { number, at: self.time.moment(), kept: Kept::Payment };
            let record = found.seal(&self.codec, it.aggregate).map_err(unreadable)?;
            update.push("records", vec![record.into()]);
        }
        self.known.invalidate(&it.aggregate);
        let name = doc! { "_id": key_of(it.aggregate) };
        let mut not_here = name.clone();
        // A copy that knows more is newer.
        let older = doc! { "$lte": whole(it.version) };
        let copy = doc! { "away": FROZEN, "version": older, "admitted": { "$lte": admitted } };
        not_here.insert("$or", vec![doc! { "away": BURIED }, copy]);
        let aggregates = self.aggregates();
        let update = update.build();
        let mut done =
            bounded(aggregates.update_one(not_here.clone(), update.clone())).await?.matched_count > 0;
        if !done {
            // A tombstone first: then it is filled like any other.
            let empty = doc! {
                "_id": key_of(it.aggregate),
                "kind": i32::from(it.aggregate.kind().number()),
                "version": 0_i64,
                "admitted": 0_i64,
                "schema": 0_i64,
                "created": it.created.as_millis(),
                "inbox": [],
                "seen": [],
                "away": BURIED,
            };
            unless_there(aggregates.insert_one(empty)).await?;
            done = bounded(aggregates.update_one(not_here, update)).await?.matched_count > 0;
        }
        if !done {
            return Err(StoreError::Unreadable(
                "one that lives here already or knows more is not replaced".to_owned(),
            ));
        }
        match (&it.facets, self.part) {
            (Some(Facets::Payment(found)), Part::Main) => {
                let id = PaymentId::from_bytes(*it.aggregate.as_bytes());
                self.put_payment(id, &facets::payment(found, &self.hash), it.version).await
            }
            _ => Ok(()),
        }
    }

    /// The fields of an aggregate.
    fn parts_of(&self, it: &Luggage) -> Result<Document, StoreError> {
        let mut parts = Document::new();
        if let Some(found) = &it.facets {
            let mut update = Update::default();
            facets::put(&mut update, found, &self.hash);
            parts.extend(update.build().get_document("$set").cloned().unwrap_or_default());
        }
        if let Some(state) = &it.state {
            parts.insert("state", binary(state));
        }
        let (mut inbox, mut aside) = (Vec::new(), Vec::new());
        for envelope in &it.envelopes {
            let mut waits = self.waits(envelope)?;
            match &envelope.aside {
                None => inbox.push(Bson::from(waits)),
                Some(reason) => {
                    waits.insert("reason", reason);
                    aside.push(Bson::from(waits));
                }
            }
        }
        let last = it.envelopes.iter().map(|it| it.number).max().unwrap_or(0);
        parts.insert("admitted", whole(last.max(it.consumed + inbox.len() as u64)));
        parts.insert("inbox", inbox);
        let is_aside = !aside.is_empty();
        if is_aside {
            parts.insert("aside", aside);
        }
        let dead = self.put_packed(&mut parts, &it.effects)?;
        if is_aside || dead {
            parts.insert("stuck", true);
        }
        if let Some(home) = it.home {
            parts.insert("home", binary(home.as_bytes()));
        }
        parts.extend(doc! {
            "version": whole(it.version),
            "schema": i64::from(it.schema),
            "created": it.created.as_millis(),
            "away": FROZEN,
        });
        Ok(parts)
    }

    fn waits(&self, it: &PackedEnvelope) -> Result<Document, StoreError> {
        let mut waits = doc! {
            "id": binary(it.id.as_bytes()),
            "at": it.arrived.as_millis(),
            "bytes": whole(it.body.len() as u64),
            "failures": i64::from(it.failures),
            "body": binary(&it.body),
        };
        // Whose identity spoke stands in the envelope.
        let envelope: answerbot_core::contact::event::Envelope = self
            .codec
            .open(crate::mongo::aggregate::BODY_SCHEMA, it.id.as_bytes(), &it.body)
            .map_err(unreadable)?;
        if let (_, Some(identity)) = self.hash.whom(&envelope.to) {
            waits.insert("by", binary(identity.as_bytes()));
        }
        Ok(waits)
    }

    /// Writes effects; says whether one of them is dead.
    fn put_packed(&self, parts: &mut Document, effects: &[PackedEffect]) -> Result<bool, StoreError> {
        let time = self.time.now();
        let (mut heads, mut bodies, mut dead) = (Heads::new(), Document::new(), Document::new());
        for it in effects {
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == it.kind);
            let kind =
                kind.ok_or_else(|| StoreError::Unreadable("an effect of an unknown kind".to_owned()))?;
            let lease = it.lease.map(|left| Lease {
                end: time.plus(i64::try_from(left.as_millis()).unwrap_or(i64::MAX)),
                // Whoever performs it commits the outcome here; nobody here gives it back.
                by: [0; 8],
            });
            let head =
                Head { queue: queue(kind, it.paid), due: it.due, attempt: it.attempt, lost: it.lost, lease };
            match &it.dead {
                Some(reason) => {
                    dead.insert(it.id.to_string(), commit::remains(&head, reason, &it.body));
                }
                None => {
                    bodies.insert(it.id.to_string(), binary(&it.body));
                    heads.insert(it.id, head);
                }
            }
        }
        let mut next = Document::new();
        for (queue, hint) in hints(&heads).into_iter().enumerate() {
            if let Some(hint) = hint {
                next.insert(format!("q{queue}"), hint);
            }
        }
        let open: Document =
            heads.into_iter().map(|(id, head)| (id.to_string(), Bson::from(head.to_document()))).collect();
        let is_dead = !dead.is_empty();
        parts.extend(doc! { "effects": open, "bodies": bodies, "dead": dead, "next": next });
        Ok(is_dead)
    }
}

fn packed(
    id: EffectId,
    head: &Head,
    lease: Option<Duration>,
    dead: Option<String>,
    body: &[u8],
) -> PackedEffect {
    debug_assert!(head.queue < QUEUES, "we wrote it");
    let kind = Kind::ALL.get(head.queue / 2).map_or("", |kind| kind.name());
    PackedEffect {
        id,
        kind: kind.to_owned(),
        paid: head.queue % 2 == 1,
        due: head.due,
        attempt: head.attempt,
        lost: head.lost,
        lease,
        dead,
        body: body.to_vec(),
    }
}

fn envelopes(found: &Document, consumed: u64) -> Result<Vec<PackedEnvelope>, StoreError> {
    let pack = |it: &Document, number, failures, aside| {
        Ok(PackedEnvelope {
            id: EventId::from_bytes(it.id("id")?),
            number,
            arrived: it.time("at")?,
            failures,
            aside,
            body: it.bytes("body")?.to_vec(),
        })
    };
    let waiting = (consumed + 1..).zip(found.each("inbox"));
    let mut all: Vec<PackedEnvelope> = waiting
        .map(|(number, it)| pack(it, number, it.short("failures")?, None))
        .collect::<Result<_, StoreError>>()?;
    // Those set aside have no place in the order any more.
    let mut aside: Vec<PackedEnvelope> = found
        .each("aside")
        .map(|it| pack(it, 0, FAILURES, Some(it.text("reason")?.to_owned())))
        .collect::<Result<_, StoreError>>()?;
    aside.sort_by_key(|it| it.id);
    all.extend(aside);
    Ok(all)
}

fn contact_facets(found: &Document) -> Option<ContactFacets> {
    let stage = found.get_str("stage").ok()?;
    let stage = if stage == Stage::Ready.name() { Stage::Ready } else { Stage::New };
    let day = |name: &str| found.maybe_long(name).and_then(|day| i32::try_from(day).ok()).map(JubaDay);
    let region = found.get_str("region").ok();
    Some(ContactFacets {
        stage: stage.name(),
        reset_day: day("reset_day"),
        texts_until: day("texts_until"),
        paid_through: day("subscription_expiry"),
        region: Chosen::ALL.into_iter().find(|it| Some(it.name()) == region),
    })
}
