//! Writing a decision: one update under the version.

use std::collections::BTreeMap;
use std::sync::Arc;

use answerbot_core::contact::effect::Effect;
use answerbot_core::{AggregateId, EffectId, State, Time};
use answerbot_ports::store::{Commit, Committed, Facets, StoreError};
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::ReturnDocument;

use super::heads::{
    self, Head, Heads, Known, Lease, body_field, dead_field, head_field, heads_of, hints, put_hints,
};
use super::{BODY_SCHEMA, facets};
use crate::mongo::base::fault::{bounded, unreadable};
use crate::mongo::base::fields::{binary, whole};
use crate::mongo::base::update::Update;
use crate::mongo::connect::{Inner, Part};
use crate::mongo::records::pending::{Kept, Pending, VERSION_BITS};

/// What a commit makes of an effect.
enum Fate {
    Gone,
    Open(Head, Vec<u8>),
    Dead(Document),
}

impl Inner {
    pub async fn commit(&self, it: Commit) -> Result<Committed, StoreError> {
        let Commit { aggregate, version, .. } = it;
        let time = self.time.now();
        let mut filter = Self::at_version(aggregate, version);
        filter.insert("schema", doc! { "$lte": i64::from(State::known_schema(aggregate.kind())) });
        let mut update = Update::default();
        let state = self.codec.seal_state(it.schema, aggregate.as_bytes(), &it.state).map_err(unreadable)?;
        update.set("state", binary(&state)).set("schema", i64::from(it.schema)).add("version", 1);
        if let Some(facets) = &it.facets {
            facets::put(&mut update, facets, &self.hash);
        }
        if !it.taken.is_empty() {
            let taken: Vec<Bson> = it.taken.iter().map(|id| binary(id.as_bytes()).into()).collect();
            update.pull("inbox", doc! { "id": { "$in": taken } });
        }
        let mut heads = self.put_effects(&mut update, &it, time)?;
        let pending = pending(&it, self.time.moment());
        let sealed = pending.iter().map(|it| it.seal(&self.codec, aggregate));
        let sealed: Vec<Bson> =
            sealed.map(|it| it.map(Bson::from)).collect::<Result<_, _>>().map_err(unreadable)?;
        update.push("records", sealed);
        let aggregates = self.aggregates();
        let written = if heads.is_some() {
            let updated = bounded(aggregates.update_one(filter, update.build())).await;
            updated.map(|it| it.matched_count > 0)
        } else {
            // Learned in the same command: the next decisions on it then leave no hint behind.
            let updated = aggregates
                .find_one_and_update(filter, update.build())
                .projection(doc! { "effects": 1 })
                .return_document(ReturnDocument::After);
            let found = bounded(updated).await;
            heads = found.as_ref().ok().and_then(|it| heads_of(it.as_ref()?).ok());
            found.map(|it| it.is_some())
        };
        if !written.as_ref().is_ok_and(|it| *it) {
            self.known.invalidate(&aggregate);
            written?;
            return self.refused(aggregate).await;
        }
        match heads {
            Some(heads) => self.known.insert(aggregate, Arc::new(Known { version: version + 1, heads })),
            None => self.known.invalidate(&aggregate),
        }
        if self.part == Part::Main {
            self.copy_after(aggregate, version + 1, it.facets.as_ref(), &pending).await;
        }
        Ok(Committed::Done(version + 1))
    }

    async fn refused(&self, aggregate: AggregateId) -> Result<Committed, StoreError> {
        let found = self.read(aggregate, doc! { "away": 1 }).await?;
        let is_away = found.is_some_and(|it| it.contains_key("away"));
        Ok(if is_away { Committed::Moved } else { Committed::Stale })
    }

    /// Writes effects and hints. Returns the open effects after it, where those before are known.
    fn put_effects(&self, update: &mut Update, it: &Commit, time: Time) -> Result<Option<Heads>, StoreError> {
        let fates = self.fates(it, time)?;
        if it.erase {
            return Ok(Some(put_anew(update, fates)));
        }
        let before = match it.version {
            // Nothing was decided before.
            0 => Some(Heads::new()),
            version => {
                self.known.get(&it.aggregate).filter(|it| it.version == version).map(|it| it.heads.clone())
            }
        };
        let mut after = before.clone();
        for (id, fate) in fates {
            match fate {
                Fate::Open(head, body) => {
                    update.set(head_field(id), head.to_document());
                    update.set(body_field(id), binary(&body)).unset(dead_field(id));
                    match &mut after {
                        Some(after) => drop(after.insert(id, head)),
                        // Too early rather than too late: what is settled now may have been the first.
                        None => drop(update.at_most(heads::hint(head.queue), head.at().as_millis())),
                    }
                    continue;
                }
                Fate::Dead(remains) => {
                    update.set(dead_field(id), remains).set("stuck", true);
                }
                Fate::Gone => {
                    update.unset(dead_field(id));
                }
            }
            update.unset(head_field(id)).unset(body_field(id));
            if let Some(after) = &mut after {
                after.remove(&id);
            }
        }
        if let (Some(before), Some(after)) = (&before, &after) {
            put_hints(update, &hints(before), &hints(after));
        }
        Ok(after)
    }

    /// What becomes of each effect; one that is named twice gets the later word.
    fn fates(&self, it: &Commit, time: Time) -> Result<BTreeMap<EffectId, Fate>, StoreError> {
        let mut fates: BTreeMap<_, _> = it.settled.iter().map(|id| (*id, Fate::Gone)).collect();
        for (effect, lease) in &it.open {
            let lease = lease.map(|lease| {
                let end = time.plus(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
                Lease { end, by: self.holder }
            });
            fates.insert(effect.id, Fate::Open(Head::of(effect, lease), self.seal_effect(effect)?));
        }
        for (effect, reason) in &it.dead {
            let head = Head::of(effect, None);
            fates.insert(effect.id, Fate::Dead(remains(&head, reason, &self.seal_effect(effect)?)));
        }
        Ok(fates)
    }

    fn seal_effect(&self, effect: &Effect) -> Result<Vec<u8>, StoreError> {
        self.codec.seal(BODY_SCHEMA, effect.id.as_bytes(), &effect.action).map_err(unreadable)
    }
}

/// A dead effect, for operators.
pub(in crate::mongo) fn remains(head: &Head, reason: &str, body: &[u8]) -> Document {
    doc! {
        "q": i32::try_from(head.queue).unwrap_or_default(),
        "due": head.due.as_millis(),
        "attempt": i64::from(head.attempt),
        "reason": reason,
        "body": binary(body),
    }
}

/// Only what this decision opens stays: everything else of the aggregate is erased.
fn put_anew(update: &mut Update, fates: BTreeMap<EffectId, Fate>) -> Heads {
    let (mut heads, mut open, mut bodies, mut dead) =
        (Heads::new(), Document::new(), Document::new(), Document::new());
    for (id, fate) in fates {
        match fate {
            Fate::Gone => {}
            Fate::Open(head, body) => {
                open.insert(id.to_string(), head.to_document());
                bodies.insert(id.to_string(), binary(&body));
                heads.insert(id, head);
            }
            Fate::Dead(remains) => drop(dead.insert(id.to_string(), remains)),
        }
    }
    let mut next = Document::new();
    for (queue, hint) in hints(&heads).into_iter().enumerate() {
        if let Some(hint) = hint {
            next.insert(format!("q{queue}"), hint);
        }
    }
    update.put("stuck", (!dead.is_empty()).then_some(true));
    update.set("effects", open).set("bodies", bodies).set("dead", dead).set("next", next).unset("aside");
    heads
}

/// What the commit leaves for books and reports.
fn pending(it: &Commit, at: i64) -> Vec<Pending> {
    let is_payment = matches!(it.facets, Some(Facets::Payment(_)));
    let kept = it.entries.iter().cloned().map(Kept::Entry);
    let kept = kept.chain(it.grants.iter().copied().map(Kept::Grant));
    let kept = kept.chain(is_payment.then_some(Kept::Payment));
    let kept = kept.chain(it.facts.iter().cloned().map(Kept::Fact));
    let kept = kept.chain((it.erase && it.aggregate.contact().is_some()).then_some(Kept::Erased));
    // A version and a place: numbers rise, and none is used twice.
    let first = whole(it.version + 1) << VERSION_BITS;
    (first..).zip(kept).map(|(number, kept)| Pending { number, at, kept }).collect()
}
