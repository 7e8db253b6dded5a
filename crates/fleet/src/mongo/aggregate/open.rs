//! Reading an aggregate: one document, so what is read was true at one moment.

use std::sync::Arc;

use answerbot_core::contact::event::{Envelope, Numbered};
use answerbot_core::{AggregateId, ContactId, EffectId, EventId, JubaDay, State, Time};
use answerbot_ports::codec::CodecError;
use answerbot_ports::store::{Opened, StoreError};
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use mongodb::options::Hint;

use super::heads::{Known, head_field, heads_of};
use super::{BODY_SCHEMA, BURIED, is_here};
use crate::mongo::base::fault::{bounded, unreadable};
use crate::mongo::base::fields::{Fields as _, binary, key_of, limit};
use crate::mongo::connect::Inner;
use crate::mongo::schema::INBOX_AT;

impl Inner {
    pub async fn open(&self, aggregate: AggregateId) -> Result<Opened, StoreError> {
        let wanted = doc! { "version": 1, "admitted": 1, "state": 1, "inbox": 1, "effects": 1, "away": 1 };
        loop {
            let aggregates = self.aggregates();
            let found =
                bounded(aggregates.find_one(doc! { "_id": key_of(aggregate) }).projection(wanted.clone()))
                    .await?;
            let Some(found) = found else {
                let state = State::empty(aggregate.kind());
                return Ok(Opened { state, version: 0, consumed: 0, waiting: Vec::new() });
            };
            let away = found.maybe_long("away");
            if away == Some(i64::from(BURIED)) {
                return Err(StoreError::Moved);
            }
            let version = found.count("version")?;
            let state = match found.bytes("state") {
                Ok(blob) => self.codec.open_state(aggregate, blob).map_err(unreadable)?,
                Err(_) => State::empty(aggregate.kind()),
            };
            self.known.insert(aggregate, Arc::new(Known { version, heads: heads_of(&found)? }));
            match self.read_inbox(&found)? {
                Ok((consumed, waiting)) => return Ok(Opened { state, version, consumed, waiting }),
                Err(_) if away.is_some() => {
                    return Err(StoreError::Unavailable("it is being moved".to_owned()));
                }
                Err(damaged) => {
                    self.put_aside(aggregate, damaged, "it cannot be read").await?;
                }
            }
        }
    }

    /// The number of the last envelope consumed and those that wait; or one that is damaged.
    fn read_inbox(&self, found: &Document) -> Result<Result<(u64, Vec<Numbered>), EventId>, StoreError> {
        let consumed = found.count("admitted")?.saturating_sub(found.length("inbox") as u64);
        let mut waiting = Vec::new();
        for (number, it) in (consumed + 1..).zip(found.each("inbox")) {
            let id = EventId::from_bytes(it.id("id")?);
            match self.codec.open::<Envelope>(BODY_SCHEMA, id.as_bytes(), it.bytes("body")?) {
                Ok(envelope) => waiting.push(Numbered {
                    number,
                    arrived: it.time("at")?,
                    identity: it.maybe_id("by").map(ContactId::from_bytes),
                    envelope,
                }),
                Err(CodecError::Damaged) => {
                    tracing::error!(event.id = %id, "an envelope is damaged; it is set aside");
                    return Ok(Err(id));
                }
                // The right key or the right release can still read it.
                Err(error) => return Err(unreadable(error)),
            }
        }
        Ok(Ok((consumed, waiting)))
    }

    pub async fn is_open(&self, places: &[AggregateId], effect: EffectId) -> Result<bool, StoreError> {
        let keys: Vec<_> = places.iter().map(|it| key_of(*it)).collect();
        let open = doc! { "_id": { "$in": keys }, head_field(effect): { "$exists": true } };
        let aggregates = self.aggregates();
        Ok(bounded(aggregates.find_one(open).projection(doc! { "_id": 1 })).await?.is_some())
    }

    /// Whether there is such an aggregate here.
    pub async fn knows(&self, aggregate: AggregateId) -> Result<bool, StoreError> {
        let known = doc! { "_id": key_of(aggregate), "away": { "$ne": BURIED } };
        let aggregates = self.aggregates();
        Ok(bounded(aggregates.find_one(known).projection(doc! { "_id": 1 })).await?.is_some())
    }

    /// Aggregates with envelopes that were admitted before `before`, by id.
    pub async fn unattended(
        &self,
        before: Time,
        after: Option<AggregateId>,
        most: usize,
    ) -> Result<Vec<AggregateId>, StoreError> {
        let mut waiting = doc! { "inbox.at": { "$lt": before.as_millis() } };
        if let Some(after) = after {
            waiting.insert("_id", doc! { "$gt": key_of(after) });
        }
        is_here(&mut waiting);
        self.ids(waiting, doc! { "_id": 1 }, most, INBOX_AT).await
    }

    /// Contacts all of whose kept texts were past their time before `day`.
    pub async fn overdue_texts(&self, day: JubaDay, most: usize) -> Result<Vec<AggregateId>, StoreError> {
        let mut overdue = doc! { "texts_until": { "$lt": day.0 } };
        is_here(&mut overdue);
        self.ids(overdue, doc! { "texts_until": 1 }, most, "texts_until").await
    }

    /// The names of some aggregates, found by an index.
    pub async fn ids(
        &self,
        filter: Document,
        order: Document,
        most: usize,
        index: &str,
    ) -> Result<Vec<AggregateId>, StoreError> {
        let aggregates = self.aggregates();
        let found: Vec<Document> = bounded(async {
            let find = aggregates.find(filter).projection(doc! { "_id": 1 }).sort(order).limit(limit(most));
            find.hint(Hint::Name(index.to_owned())).await?.try_collect().await
        })
        .await?;
        found.iter().map(|it| it.aggregate("_id")).collect()
    }

    /// A named document of an aggregate with these fields.
    pub async fn read(
        &self,
        aggregate: AggregateId,
        wanted: Document,
    ) -> Result<Option<Document>, StoreError> {
        let aggregates = self.aggregates();
        bounded(aggregates.find_one(doc! { "_id": key_of(aggregate) }).projection(wanted)).await
    }

    /// The condition that an aggregate is still at this version and lives here.
    pub fn at_version(aggregate: AggregateId, version: u64) -> Document {
        let mut filter =
            doc! { "_id": key_of(aggregate), "version": crate::mongo::base::fields::whole(version) };
        is_here(&mut filter);
        filter
    }
}

/// What stands for an id in a list of ids.
pub(in crate::mongo) fn named(id: EventId) -> Document {
    doc! { "id": binary(id.as_bytes()) }
}
