//! What is parked for a person stands in the document of their place, in its order.

use answerbot_core::contact::event::Envelope;
use answerbot_core::{AggregateId, ContactId, EventId, Time};
use answerbot_ports::codec::CodecError;
use answerbot_ports::regions::{Addressed, Parked, Parking, ToPark};
use answerbot_ports::store::{INBOX_BYTES, INBOX_ENVELOPES, StoreError};
use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, doc};

use super::directory::{fought_over, name};
use crate::mongo::aggregate::{BODY_SCHEMA, ROUNDS};
use crate::mongo::base::fault::{bounded, pause, unreadable};
use crate::mongo::base::fields::{Fields as _, binary, key_of, whole};
use crate::mongo::connect::Inner;
use crate::mongo::schema::PLACES;

/// Those that are damaged stand beside the others, so that the next ones go on.
pub(in crate::mongo) const PARKED_ASIDE: &str = "parked_aside";
pub(in crate::mongo) const PARKED_ASIDE_AT: &str = "parked_aside.at";
/// A document has 16 MB: what does not come from outside, and is told only once, gets this much of it.
const MOST_BYTES: u64 = 12 * 1024 * 1024;

impl Inner {
    pub async fn park(&self, it: &ToPark) -> Result<Parking, StoreError> {
        let of = it.of;
        let (parked, size) = self.to_parked(&it.parked)?;
        let id = binary(it.parked.addressed.envelope.id.as_bytes());
        let most = if it.note.is_some() { INBOX_BYTES } else { MOST_BYTES };
        for round in 0..ROUNDS {
            pause(round).await;
            let mut room = name(of);
            let left = whole(most.saturating_sub(size));
            room.insert("parked.id", doc! { "$ne": id.clone() });
            room.insert("$expr", doc! { "$lte": [{ "$sum": "$parked.bytes" }, left] });
            if it.note.is_some() {
                room.insert(format!("parked.{}", INBOX_ENVELOPES - 1), doc! { "$exists": false });
            }
            let push = doc! { "$push": { "parked": parked.clone() } };
            if bounded(self.of(PLACES).update_one(room, push)).await?.matched_count > 0 {
                return Ok(Parking::New);
            }
            let heads = doc! { "parked.id": 1, "parked.bytes": 1, "parked.note": 1 };
            let found = bounded(self.of(PLACES).find_one(name(of)).projection(heads)).await?;
            let Some(found) = found else {
                if self.new_place(of, doc! { "parked": [parked.clone()] }).await? {
                    return Ok(Parking::New);
                }
                continue;
            };
            let id = it.parked.addressed.envelope.id;
            if found.each("parked").any(|it| it.maybe_id("id") == Some(*id.as_bytes())) {
                return Ok(Parking::Known);
            }
            let bytes: u64 = found.each("parked").map(|it| it.count("bytes").unwrap_or_default()).sum();
            let count = found.length("parked") as u64;
            let is_full = bytes + size > most || (it.note.is_some() && count >= INBOX_ENVELOPES);
            match &it.note {
                // Something changed in between.
                _ if !is_full => {}
                None => return Err(StoreError::Unavailable("there is no room left to park".to_owned())),
                Some(_) if found.each("parked").last().is_some_and(|it| it.flag("note")) => {
                    return Ok(Parking::Full);
                }
                Some(note) => {
                    if self.leave_note(of, note, count).await? {
                        return Ok(Parking::Full);
                    }
                }
            }
        }
        Err(fought_over())
    }

    /// Says that there was no room; false when what is parked changed meanwhile.
    async fn leave_note(&self, of: ContactId, note: &Parked, count: u64) -> Result<bool, StoreError> {
        let (mut parked, _) = self.to_parked(note)?;
        parked.insert("note", true);
        let mut same = name(of);
        same.insert("parked", doc! { "$size": i32::try_from(count).unwrap_or(i32::MAX) });
        let push = doc! { "$push": { "parked": parked } };
        Ok(bounded(self.of(PLACES).update_one(same, push)).await?.matched_count > 0)
    }

    /// An envelope as it is parked, and its bytes.
    fn to_parked(&self, it: &Parked) -> Result<(Document, u64), StoreError> {
        let Addressed { aggregate, identity, envelope } = &it.addressed;
        let body = self.codec.seal(BODY_SCHEMA, envelope.id.as_bytes(), envelope).map_err(unreadable)?;
        let size = body.len() as u64;
        let mut parked = doc! {
            "id": binary(envelope.id.as_bytes()),
            "aggregate": key_of(*aggregate),
            "at": it.arrived.as_millis(),
            "bytes": whole(size),
            "body": binary(&body),
        };
        if let Some(identity) = identity {
            parked.insert("by", binary(identity.as_bytes()));
        }
        Ok((parked, size))
    }

    pub async fn parked(&self, of: ContactId, limit: usize) -> Result<Vec<Parked>, StoreError> {
        let most = i32::try_from(limit).unwrap_or(i32::MAX);
        loop {
            let first = doc! { "parked": { "$slice": most } };
            let found = bounded(self.of(PLACES).find_one(name(of)).projection(first)).await?;
            let Some(found) = found else { return Ok(Vec::new()) };
            match self.read_parked(found.each("parked").take(limit))? {
                Ok(all) => return Ok(all),
                Err(damaged) => self.put_parked_aside(of, damaged).await?,
            }
        }
    }

    /// Those that can be read, up to the first that cannot; or one that is damaged.
    fn read_parked<'a>(
        &self,
        found: impl Iterator<Item = &'a Document>,
    ) -> Result<Result<Vec<Parked>, &'a Document>, StoreError> {
        let mut all = Vec::new();
        for it in found {
            let id = EventId::from_bytes(it.id("id")?);
            match self.codec.open::<Envelope>(BODY_SCHEMA, id.as_bytes(), it.bytes("body")?) {
                Ok(envelope) => {
                    let identity = it.maybe_id("by").map(ContactId::from_bytes);
                    let addressed = Addressed { aggregate: it.aggregate("aggregate")?, identity, envelope };
                    all.push(Parked { addressed, arrived: it.time("at")? });
                }
                Err(CodecError::Damaged) => {
                    tracing::error!(event.id = %id, "a parked envelope is damaged; it is set aside");
                    return Ok(Err(it));
                }
                // The right key or the right release can still read it.
                Err(error) if all.is_empty() => return Err(unreadable(error)),
                Err(_) => break,
            }
        }
        Ok(Ok(all))
    }

    async fn put_parked_aside(&self, of: ContactId, damaged: &Document) -> Result<(), StoreError> {
        let id = binary(&damaged.id("id")?);
        let mut waits = name(of);
        waits.insert("parked.id", id.clone());
        let update = doc! { "$pull": { "parked": { "id": id } }, "$push": { PARKED_ASIDE: damaged.clone() } };
        bounded(self.of(PLACES).update_one(waits, update)).await.map(drop)
    }

    /// Damaged ones, with what they were parked for.
    pub async fn parked_aside(&self) -> Result<Vec<(AggregateId, EventId, Time)>, StoreError> {
        let some = doc! { PARKED_ASIDE_AT: { "$gt": i64::MIN } };
        let named = ["id", "aggregate", "at"].map(|it| (format!("{PARKED_ASIDE}.{it}"), Bson::from(1)));
        let places = self.of(PLACES);
        let found: Vec<Document> = bounded(async {
            places.find(some).projection(Document::from_iter(named)).await?.try_collect().await
        })
        .await?;
        let aside = found.iter().flat_map(|it| it.each(PARKED_ASIDE));
        aside
            .map(|it| Ok((it.aggregate("aggregate")?, EventId::from_bytes(it.id("id")?), it.time("at")?)))
            .collect()
    }

    /// Forgets damaged ones that arrived before.
    pub async fn forget_damaged(&self, before: Time) -> Result<u64, StoreError> {
        let old = doc! { PARKED_ASIDE_AT: { "$lt": before.as_millis() } };
        let people = self.find_places(old, usize::MAX).await?;
        for of in people.keys() {
            let pull = doc! { "$pull": { PARKED_ASIDE: { "at": { "$lt": before.as_millis() } } } };
            bounded(self.of(PLACES).update_one(name(*of), pull)).await?;
            self.tidy_place(*of).await?;
        }
        Ok(people.len() as u64)
    }

    /// Of somebody who was erased.
    pub async fn forget_parked_aside(&self, of: ContactId) -> Result<(), StoreError> {
        bounded(self.of(PLACES).update_one(name(of), doc! { "$unset": { PARKED_ASIDE: "" } })).await?;
        self.tidy_place(of).await
    }

    pub async fn unpark(&self, of: ContactId, events: &[EventId]) -> Result<(), StoreError> {
        let ids: Vec<Bson> = events.iter().map(|it| binary(it.as_bytes()).into()).collect();
        let pull = doc! { "$pull": { "parked": { "id": { "$in": ids } } } };
        bounded(self.of(PLACES).update_one(name(of), pull)).await?;
        self.tidy_place(of).await
    }
}
