//! What is parked for a person stands in the document of their place, in its order.

use answerbot_core::contact::event::Envelope;
use answerbot_core::{ContactId, EventId};
use answerbot_ports::regions::{Addressed, Parked, Parking, ToPark};
use answerbot_ports::store::{INBOX_BYTES, INBOX_ENVELOPES, StoreError};
use mongodb::bson::{Bson, Document, doc};

use super::directory::{fought_over, name};
use crate::mongo::aggregate::{BODY_SCHEMA, ROUNDS};
use crate::mongo::base::fault::{bounded, pause, unreadable};
use crate::mongo::base::fields::{Fields as _, binary, key_of, whole};
use crate::mongo::connect::Inner;
use crate::mongo::schema::PLACES;

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
        let first = doc! { "parked": { "$slice": most } };
        let found = bounded(self.of(PLACES).find_one(name(of)).projection(first)).await?;
        let Some(found) = found else { return Ok(Vec::new()) };
        found.each("parked").take(limit).map(|it| self.parked_of(it)).collect()
    }

    fn parked_of(&self, it: &Document) -> Result<Parked, StoreError> {
        let id = it.id("id")?;
        let envelope: Envelope = self.codec.open(BODY_SCHEMA, &id, it.bytes("body")?).map_err(unreadable)?;
        let identity = it.maybe_id("by").map(ContactId::from_bytes);
        let addressed = Addressed { aggregate: it.aggregate("aggregate")?, identity, envelope };
        Ok(Parked { addressed, arrived: it.time("at")? })
    }

    pub async fn unpark(&self, of: ContactId, events: &[EventId]) -> Result<(), StoreError> {
        let ids: Vec<Bson> = events.iter().map(|it| binary(it.as_bytes()).into()).collect();
        let pull = doc! { "$pull": { "parked": { "id": { "$in": ids } } } };
        bounded(self.of(PLACES).update_one(name(of), pull)).await?;
        self.tidy_place(of).await
    }
}
