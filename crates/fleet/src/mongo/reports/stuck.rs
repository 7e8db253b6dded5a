//! What waits, what is open, and what an operator should see.

use answerbot_core::contact::effect::Effect;
use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::{AggregateId, EffectId, EventId, Time};
use answerbot_ports::regions::{Addressed, DAMAGED, Landing};
use answerbot_ports::reports::Overview;
use answerbot_ports::store::{Admission, StoreError, Stuck};
use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, doc};

use crate::mongo::aggregate::heads::{QUEUES, dead_field, hint};
use crate::mongo::base::fault::bounded;
use crate::mongo::base::fields::Fields as _;
use crate::mongo::connect::Inner;
use crate::mongo::schema::AGGREGATES;

impl Inner {
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        let waiting = [
            doc! { "$match": { "inbox.at": { "$gt": i64::MIN } } },
            doc! { "$project": { "count": { "$size": "$inbox" }, "first": { "$min": "$inbox.at" } } },
            doc! { "$group": { "_id": null, "count": { "$sum": "$count" }, "first": { "$min": "$first" } } },
        ];
        // Whoever has an open effect has a hint.
        let any: Vec<Document> = (0..QUEUES).map(|it| doc! { hint(it): { "$gt": i64::MIN } }).collect();
        let effects = [
            doc! { "$match": { "$or": any } },
            doc! { "$project": { "count": { "$size": { "$objectToArray": "$effects" } } } },
            doc! { "$group": { "_id": null, "count": { "$sum": "$count" } } },
        ];
        let aggregates = self.aggregates();
        let waiting = self.grouped(AGGREGATES, waiting).await?;
        let open = self.grouped(AGGREGATES, effects).await?;
        let count = |of: &[Document]| of.first().and_then(|it| it.count("count").ok()).unwrap_or(0);
        let (mut dead_effects, mut set_aside) = (0, 0);
        for it in self.read_stuck().await? {
            dead_effects += it.get_document("dead").map_or(0, |it| it.len() as u64);
            set_aside += it.length("aside") as u64;
        }
        set_aside += self.parked_aside().await?.len() as u64;
        Ok(Overview {
            contacts: bounded(aggregates.count_documents(doc! { "stage": { "$gt": "" } })).await?,
            ready: bounded(aggregates.count_documents(doc! { "stage": "ready" })).await?,
            waiting_events: count(&waiting),
            oldest_event: waiting.first().and_then(|it| it.time("first").ok()),
            open_effects: count(&open),
            dead_effects,
            set_aside,
        })
    }

    /// Aggregates with something that an operator should see. Those that had something once are marked no more.
    async fn read_stuck(&self) -> Result<Vec<Document>, StoreError> {
        let aggregates = self.aggregates();
        let wanted = doc! { "version": 1, "dead": 1, "aside": 1 };
        let found: Vec<Document> = bounded(async {
            aggregates.find(doc! { "stuck": true }).projection(wanted).await?.try_collect().await
        })
        .await?;
        let (stuck, over): (Vec<Document>, Vec<Document>) = found
            .into_iter()
            .partition(|it| it.length("aside") > 0 || it.get_document("dead").is_ok_and(|it| !it.is_empty()));
        for it in over {
            let same = doc! { "_id": it.get("_id"), "version": it.get("version") };
            bounded(aggregates.update_one(same, doc! { "$unset": { "stuck": "" } })).await?;
        }
        Ok(stuck)
    }

    /// Dead effects and events set aside, newest first.
    pub async fn stuck(&self, most: usize) -> Result<Vec<Stuck>, StoreError> {
        let (mut effects, mut events) = (Vec::new(), Vec::new());
        for it in self.read_stuck().await? {
            let aggregate = it.aggregate("_id")?;
            for (id, remains) in it.get_document("dead").into_iter().flatten() {
                let Some((id, remains)) = id.parse().ok().zip(remains.as_document()) else { continue };
                let stuck = match self.dead_effect(id, remains) {
                    Some((effect, reason)) => Stuck::Effect { aggregate, effect, reason },
                    None => Stuck::Unreadable { aggregate, effect: id, due: remains.time("due")? },
                };
                effects.push((remains.time("due")?, stuck));
            }
            for aside in it.each("aside") {
                let arrived = aside.time("at")?;
                let id = EventId::from_bytes(aside.id("id")?);
                let reason = aside.text("reason")?.to_owned();
                events.push((arrived, Stuck::Event { aggregate, id, arrived, reason }));
            }
        }
        for (aggregate, id, arrived) in self.parked_aside().await? {
            events.push((arrived, Stuck::Event { aggregate, id, arrived, reason: DAMAGED.to_owned() }));
        }
        let newest = |mut all: Vec<(Time, Stuck)>| {
            all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
            all.into_iter().take(most).map(|(_, it)| it)
        };
        Ok(newest(effects).chain(newest(events)).collect())
    }

    fn dead_effect(&self, id: EffectId, remains: &Document) -> Option<(Effect, String)> {
        let action = self.open_action(id, remains.bytes("body").ok()?)?;
        let effect = Effect {
            id,
            due: remains.time("due").ok()?,
            attempt: remains.short("attempt").ok()?,
            paid: remains.long("q").ok()? % 2 == 1,
            action,
        };
        Some((effect, remains.get("reason").and_then(Bson::as_str).unwrap_or_default().to_owned()))
    }

    /// Hands a dead effect back to its aggregate as an event.
    pub async fn revive_effect(&self, effect: EffectId, now: Time) -> Result<bool, StoreError> {
        let aggregates = self.aggregates();
        let field = dead_field(effect);
        let has = doc! { "stuck": true, &field: { "$exists": true } };
        let found = bounded(aggregates.find_one(has).projection(doc! { &field: 1 })).await?;
        let Some(found) = found else { return Ok(false) };
        let aggregate: AggregateId = found.aggregate("_id")?;
        let remains = found.get_document("dead").ok().and_then(|it| it.get_document(effect.to_string()).ok());
        let Some((dead, _)) = remains.and_then(|it| self.dead_effect(effect, it)) else { return Ok(false) };
        let envelope = Envelope {
            id: EventId::derive("operator", &format!("revive:{}:{}", dead.id, dead.attempt)),
            to: To::Aggregate(aggregate),
            event: Event::Revive(dead),
            sent: None,
        };
        let landed = self.land(vec![Addressed { aggregate, identity: None, envelope }], now).await?;
        Ok(matches!(landed.as_slice(), [Landing::Here(Admission::New { .. })]))
    }
}
