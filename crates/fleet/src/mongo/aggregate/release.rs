//! Giving leases back for effects that were not begun.

use std::collections::BTreeMap;
use std::sync::Arc;

use answerbot_core::{AggregateId, EffectId};
use answerbot_ports::store::StoreError;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::bson::doc;

use super::heads::{Known, head_field, heads_of, hints, hints_of, put_hints};
use super::{AT_ONCE, ROUNDS};
use crate::mongo::base::fault::{bounded, pause};
use crate::mongo::base::fields::Fields as _;
use crate::mongo::base::update::Update;
use crate::mongo::connect::Inner;

impl Inner {
    pub async fn release(&self, effects: Vec<(AggregateId, EffectId)>) -> Result<(), StoreError> {
        let mut groups: BTreeMap<AggregateId, Vec<EffectId>> = BTreeMap::new();
        for (aggregate, effect) in effects {
            groups.entry(aggregate).or_default().push(effect);
        }
        let release = |(aggregate, effects): (AggregateId, Vec<EffectId>)| async move {
            self.free(aggregate, &effects).await
        };
        stream::iter(groups).map(release).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn free(&self, aggregate: AggregateId, effects: &[EffectId]) -> Result<(), StoreError> {
        for round in 0..ROUNDS {
            pause(round).await;
            let wanted = doc! { "version": 1, "effects": 1, "next": 1, "away": 1 };
            let Some(found) = self.read(aggregate, wanted).await? else { return Ok(()) };
            let version = found.count("version")?;
            let mut heads = heads_of(&found)?;
            let mut update = Update::default();
            let mut is_held = false;
            for id in effects {
                // A lease that ran out may be somebody else's by now.
                let head =
                    heads.get_mut(id).filter(|it| it.lease.is_some_and(|lease| lease.by == self.holder));
                let Some(head) = head else { continue };
                head.lost = head.lost.saturating_sub(1);
                head.lease = None;
                update.set(head_field(*id), head.to_document());
                is_held = true;
            }
            // Where it moves, the lease runs out there.
            if !is_held || found.contains_key("away") {
                return Ok(());
            }
            put_hints(&mut update, &hints_of(&found), &hints(&heads));
            update.add("version", 1);
            let filter = Self::at_version(aggregate, version);
            if bounded(self.aggregates().update_one(filter, update.build())).await?.matched_count > 0 {
                self.known.insert(aggregate, Arc::new(Known { version: version + 1, heads }));
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("an aggregate is fought over".to_owned()))
    }
}
