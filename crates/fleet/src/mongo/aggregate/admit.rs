//! Admitting: the one write that never moves a version.
//!
//! Each envelope is one update. Its filter asks all there is to ask (is it known, is there room, does the aggregate
//! live here), so a redelivered one matches nothing, and no key is ever found twice. What waits is numbered to the
//! last one admitted, without a gap.

use answerbot_core::contact::event::{Envelope, Event, Numbered};
use answerbot_core::pay::payment;
use answerbot_core::{AggregateId, AggregateKind, ContactId, EventId, Time};
use answerbot_ports::regions::{Addressed, Landing, home_of};
use answerbot_ports::store::{Admission, INBOX_BYTES, INBOX_ENVELOPES, StoreError};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::ReturnDocument;

use super::seen::SEEN;
use super::{AT_ONCE, BODY_SCHEMA, FROZEN, ROUNDS, is_here};
use crate::mongo::base::fault::{bounded, pause, unless_there, unreadable};
use crate::mongo::base::fields::{Fields as _, binary, key_of, whole};
use crate::mongo::base::update::Update;
use crate::mongo::connect::Inner;

/// An envelope ready to be stored.
struct Offer {
    aggregate: AggregateId,
    identity: Option<ContactId>,
    envelope: Envelope,
    body: Vec<u8>,
}

/// What an aggregate looks like to an envelope that was not taken.
struct Look {
    admitted: u64,
    waiting: Vec<EventId>,
    bytes: u64,
    is_known: bool,
    is_away: bool,
    /// It was made just now, and its contact was not looked at yet: that one.
    begun_for: Option<ContactId>,
}

impl Inner {
    /// Finds whom envelopes concern.
    pub async fn address(&self, envelopes: Vec<Envelope>) -> Result<Vec<Addressed>, StoreError> {
        let whom: Vec<_> = envelopes.iter().map(|it| self.hash.whom(&it.to)).collect();
        let identities: Vec<ContactId> = whom.iter().filter_map(|(_, identity)| *identity).collect();
        let mut owners = self.owners_of(&identities).await?.into_iter();
        let addressed = envelopes.into_iter().zip(whom).map(|(envelope, (aggregate, identity))| {
            // What one aggregate tells another is for that one itself, also where its addresses belong to somebody
            // else.
            let aggregate = match identity {
                Some(_) => owners.next().map_or(aggregate, AggregateId::from),
                None => aggregate,
            };
            Addressed { aggregate, identity, envelope }
        });
        Ok(addressed.collect())
    }

    /// Stores envelopes whose aggregates were found: those of one aggregate in their order, several aggregates at once.
    pub async fn land(&self, envelopes: Vec<Addressed>, now: Time) -> Result<Vec<Landing>, StoreError> {
        let mut groups: Vec<(AggregateId, Vec<(usize, Offer)>)> = Vec::new();
        for (place, it) in envelopes.into_iter().enumerate() {
            let Addressed { aggregate, identity, envelope } = it;
            let body = self.codec.seal(BODY_SCHEMA, envelope.id.as_bytes(), &envelope).map_err(unreadable)?;
            let offer = Offer { aggregate, identity, envelope, body };
            match groups.iter_mut().find(|(of, _)| *of == aggregate) {
                Some((_, group)) => group.push((place, offer)),
                None => groups.push((aggregate, vec![(place, offer)])),
            }
        }
        let admit = |(_, group): (AggregateId, Vec<(usize, Offer)>)| async move {
            let mut landed = Vec::with_capacity(group.len());
            let mut has_moved = false;
            for (place, offer) in group {
                // It may be thawed by now: none goes before one that is brought again.
                let landing = if has_moved { Landing::Moved } else { self.offer(offer, now).await? };
                has_moved = landing == Landing::Moved;
                landed.push((place, landing));
            }
            Ok::<_, StoreError>(landed)
        };
        let landed: Vec<_> = stream::iter(groups).map(admit).buffer_unordered(AT_ONCE).try_collect().await?;
        let mut landed: Vec<(usize, Landing)> = landed.into_iter().flatten().collect();
        landed.sort_by_key(|(place, _)| *place);
        Ok(landed.into_iter().map(|(_, landing)| landing).collect())
    }

    async fn offer(&self, it: Offer, now: Time) -> Result<Landing, StoreError> {
        if let Some(own) = it.identity
            && it.aggregate != own.into()
            && self.has_seen(own.into(), it.envelope.id).await?
        {
            // It came before its address led to somebody else.
            return Ok(Landing::Here(Admission::Known));
        }
        // What another aggregate or an operator tells is told once and never again: only what comes from outside is
        // bounded, and so is a hint.
        let is_hint = matches!(&it.envelope.event, Event::Payment(payment::Event::Nudge));
        let is_bounded = it.identity.is_some() || is_hint;
        for round in 0..ROUNDS {
            pause(round).await;
            let number = match self.push(&it, now, is_bounded).await? {
                Some(number) => Some(number),
                None => match self.look(&it).await? {
                    None => match (self.create(&it, now).await?, home(&it)) {
                        (true, Some(home)) if !self.begin(it.aggregate, home).await? => {
                            return Ok(Landing::Moved);
                        }
                        (is_new, _) => is_new.then_some(1),
                    },
                    Some(Look { begun_for: Some(home), .. }) => {
                        if !self.begin(it.aggregate, home).await? {
                            return Ok(Landing::Moved);
                        }
                        None
                    }
                    Some(look) if look.is_away => return Ok(Landing::Moved),
                    Some(look) if look.waiting.contains(&it.envelope.id) => {
                        return Ok(Landing::Here(Admission::Waits(it.aggregate)));
                    }
                    Some(look) if look.is_known => return Ok(Landing::Here(Admission::Known)),
                    Some(look) if is_bounded && is_full(&look, it.body.len()) => {
                        match self.overflow(&it, &look, now).await? {
                            Some(admission) => return Ok(Landing::Here(admission)),
                            None => None,
                        }
                    }
                    // Something changed in between.
                    Some(_) => None,
                },
            };
            if let Some(number) = number {
                let numbered =
                    Numbered { number, arrived: now, identity: it.identity, envelope: it.envelope };
                return Ok(Landing::Here(Admission::New { aggregate: it.aggregate, numbered }));
            }
        }
        Err(StoreError::Unavailable("an inbox is fought over".to_owned()))
    }

    /// Puts an envelope into the inbox, where it is new and fits. Returns its number: what was admitted last is last.
    async fn push(&self, it: &Offer, now: Time, is_bounded: bool) -> Result<Option<u64>, StoreError> {
        let id = binary(it.envelope.id.as_bytes());
        let mut new =
            doc! { "_id": key_of(it.aggregate), "inbox.id": { "$ne": id.clone() }, "seen.id": { "$ne": id } };
        is_here(&mut new);
        if is_bounded {
            let left = INBOX_BYTES.saturating_sub(it.body.len() as u64);
            new.insert(format!("inbox.{}", INBOX_ENVELOPES - 1), doc! { "$exists": false });
            new.insert("$expr", doc! { "$lte": [{ "$sum": "$inbox.bytes" }, whole(left)] });
        }
        let mut update = Update::default();
        update.push("inbox", vec![waiting(it.envelope.id, it.identity, &it.body, now).into()]);
        see(&mut update, it.envelope.id, now);
        self.number(new, update).await
    }

    async fn number(&self, filter: Document, mut update: Update) -> Result<Option<u64>, StoreError> {
        update.add("admitted", 1);
        let aggregates = self.aggregates();
        let pushed = aggregates
            .find_one_and_update(filter, update.build())
            .projection(doc! { "admitted": 1 })
            .return_document(ReturnDocument::After);
        bounded(pushed).await?.map(|it| it.count("admitted")).transpose()
    }

    async fn look(&self, it: &Offer) -> Result<Option<Look>, StoreError> {
        let id = it.envelope.id;
        let seen = doc! { "$elemMatch": { "id": binary(id.as_bytes()) } };
        let wanted = doc! { "admitted": 1, "inbox.id": 1, "inbox.bytes": 1, "away": 1, "begun": 1, "home": 1, "seen": seen };
        let aggregates = self.aggregates();
        let found =
            bounded(aggregates.find_one(doc! { "_id": key_of(it.aggregate) }).projection(wanted)).await?;
        let Some(found) = found else { return Ok(None) };
        let waiting: Vec<EventId> =
            found.each("inbox").map(|it| it.id("id").map(EventId::from_bytes)).collect::<Result<_, _>>()?;
        Ok(Some(Look {
            admitted: found.count("admitted")?,
            bytes: found.each("inbox").map(|it| it.count("bytes").unwrap_or(0)).sum(),
            is_known: found.length("seen") > 0,
            is_away: found.contains_key("away"),
            begun_for: found.maybe_id("home").filter(|_| found.flag("begun")).map(ContactId::from_bytes),
            waiting,
        }))
    }

    /// The first envelope of an aggregate. False when somebody else was first.
    async fn create(&self, it: &Offer, now: Time) -> Result<bool, StoreError> {
        let id = it.envelope.id;
        let mut new = doc! {
            "_id": key_of(it.aggregate),
            "kind": i32::from(it.aggregate.kind().number()),
            "version": 0_i64,
            "admitted": 1_i64,
            "schema": 0_i64,
            "created": now.as_millis(),
            "inbox": [waiting(id, it.identity, &it.body, now)],
            "seen": [seen(id, now)],
            "seen_from": now.as_millis(),
        };
        if let Some(home) = home(it) {
            // Nothing is decided before its contact was looked at.
            new.extend(doc! { "home": binary(home.as_bytes()), "away": FROZEN, "begun": true });
        }
        let aggregates = self.aggregates();
        Ok(unless_there(aggregates.insert_one(new)).await?.is_some())
    }

    /// Lets a payment begin, unless its contact moves or lives elsewhere: then there is none, and that is false. A mover
    /// freezes the contact first and looks for payments then, so either it finds this one, or we find it at work.
    async fn begin(&self, payment: AggregateId, home: ContactId) -> Result<bool, StoreError> {
        let contact = self.read(home.into(), doc! { "away": 1 }).await?;
        let begun = doc! { "_id": key_of(payment), "begun": true };
        let aggregates = self.aggregates();
        if contact.is_some_and(|it| it.contains_key("away")) {
            // Where a mover has found it, it goes along.
            return Ok(bounded(aggregates.delete_one(begun)).await?.deleted_count == 0);
        }
        let free = doc! { "$unset": { "away": "", "begun": "" } };
        bounded(aggregates.update_one(begun, free)).await?;
        Ok(true)
    }

    /// The first that does not fit leaves a note in its place; the next ones find it there. All are known from now
    /// on. `None` when something changed in between.
    async fn overflow(&self, it: &Offer, look: &Look, now: Time) -> Result<Option<Admission>, StoreError> {
        let note_of = |number| EventId::derive("overflow", &format!("{}/{number}", it.aggregate));
        let id = it.envelope.id;
        let mut full = doc! {
            "_id": key_of(it.aggregate),
            "admitted": whole(look.admitted),
            "inbox": { "$size": i32::try_from(look.waiting.len()).unwrap_or(i32::MAX) },
            "seen.id": { "$ne": binary(id.as_bytes()) },
        };
        is_here(&mut full);
        let mut update = Update::default();
        see(&mut update, id, now);
        if look.waiting.last() == Some(&note_of(look.admitted)) {
            let noted = bounded(self.aggregates().update_one(full, update.build())).await?;
            return Ok((noted.matched_count > 0).then_some(Admission::Full(None)));
        }
        let number = look.admitted + 1;
        let to = it.envelope.to.clone();
        let note = Envelope { id: note_of(number), to, event: Event::Overflow, sent: None };
        let body = self.codec.seal(BODY_SCHEMA, note.id.as_bytes(), &note).map_err(unreadable)?;
        update.push("inbox", vec![waiting(note.id, it.identity, &body, now).into()]);
        let numbered = Numbered { number, arrived: now, identity: it.identity, envelope: note };
        let noted = self.number(full, update).await?;
        Ok(noted.map(|_| Admission::Full(Some((it.aggregate, numbered)))))
    }
}

/// The contact that a payment lives with, where this begins one.
fn home(it: &Offer) -> Option<ContactId> {
    home_of(&it.envelope.event).filter(|_| it.aggregate.kind() == AggregateKind::Payment)
}

fn is_full(look: &Look, more: usize) -> bool {
    look.waiting.len() as u64 >= INBOX_ENVELOPES || look.bytes + more as u64 > INBOX_BYTES
}

/// An envelope as it waits.
pub(in crate::mongo) fn waiting(
    id: EventId,
    identity: Option<ContactId>,
    body: &[u8],
    now: Time,
) -> Document {
    let mut waiting = doc! {
        "id": binary(id.as_bytes()),
        "at": now.as_millis(),
        "bytes": whole(body.len() as u64),
        "failures": 0_i64,
        "body": binary(body),
    };
    if let Some(identity) = identity {
        waiting.insert("by", binary(identity.as_bytes()));
    }
    waiting
}

fn seen(id: EventId, now: Time) -> Document {
    doc! { "id": binary(id.as_bytes()), "at": now.as_millis() }
}

/// Marks an event as seen.
fn see(update: &mut Update, id: EventId, now: Time) {
    update.push_last("seen", Bson::from(seen(id, now)), SEEN).at_most("seen_from", now.as_millis());
}
