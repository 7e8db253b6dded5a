//! Leasing what is due: found by the hints, taken under the version.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use answerbot_core::contact::effect::{Action, Effect, Kind};
use answerbot_core::retry::LOST_LEASES;
use answerbot_core::{AggregateId, AggregateKind, EffectId, State, Time};
use answerbot_ports::store::{Leased, Raised, StoreError, Want};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::bson::{Document, doc};
use mongodb::options::Hint;

use super::commit::remains;
use super::heads::{
    Head, Heads, Hints, Known, Lease, body_field, dead_field, head_field, heads_of, hint, hints, hints_of,
    put_hints, queue,
};
use super::{AT_ONCE, BODY_SCHEMA, is_here};
use crate::mongo::base::fault::{bounded, pause};
use crate::mongo::base::fields::{Fields as _, limit};
use crate::mongo::base::update::Update;
use crate::mongo::connect::Inner;

/// Looks before a call is content with what it got: others may have been faster.
const LOOKS: usize = 5;
/// Rounds in a call that only mend hints: what is behind them must not wait.
const MENDS: usize = 20;
/// Why an effect is dead that no process outlived.
const DIED: &str = "its process died too often";
/// Why an effect is dead that nobody could read for `UNREAD_FOR`.
const UNREADABLE: &str = "no process could read it";
/// How long a due effect waits for a process that can read it, in milliseconds: a key is rotated in less.
const UNREAD_FOR: i64 = 24 * 3_600_000;

/// An aggregate with something due.
struct Found {
    aggregate: AggregateId,
    version: u64,
    heads: Heads,
    hints: Hints,
    bodies: Document,
}

/// What is done to the effects of one aggregate.
#[derive(Default)]
struct Plan {
    lease: Vec<(EffectId, Duration, Action)>,
    /// With the reason.
    bury: Vec<(EffectId, &'static str)>,
}

/// What came of one aggregate.
enum Taken {
    /// These, or nothing that is to be looked for again.
    Leased(Vec<Leased>),
    /// Somebody else was faster: another look may bring more.
    Lost,
    /// What was found is out of the way now: nothing was due of it, or it cannot be read here.
    Mended,
}

impl Inner {
    pub async fn lease_due(&self, wanted: &[Want], now: Time) -> Result<Vec<Leased>, StoreError> {
        let mut leased: Vec<Leased> = Vec::new();
        let (mut looks, mut mends) = (0, 0);
        while looks < LOOKS && mends < MENDS {
            let left: Vec<Want> = wanted
                .iter()
                .map(|it| {
                    let got = leased.iter().filter(|got| got.effect.action.kind() == it.kind);
                    let unpaid = got.clone().filter(|got| !got.effect.paid).count();
                    Want {
                        most: it.most.saturating_sub(got.count()),
                        others: it.others.saturating_sub(unpaid),
                        ..*it
                    }
                })
                .filter(|it| it.most > 0)
                .collect();
            if left.is_empty() {
                break;
            }
            let (mut again, mut mended) = (false, false);
            let mut failed = None;
            for taken in self.look_once(&left, now).await.unwrap_or_else(|error| vec![Err(error)]) {
                match taken {
                    Ok(Taken::Leased(taken)) => leased.extend(taken),
                    Ok(Taken::Lost) => again = true,
                    Ok(Taken::Mended) => mended = true,
                    Err(error) => failed = Some(error),
                }
            }
            self.contended.store(again, Ordering::Relaxed);
            match failed {
                // What was leased is to be performed all the same.
                Some(error) if leased.is_empty() => return Err(error),
                Some(error) => {
                    tracing::warn!(error = %error, "not all that is due could be leased");
                    break;
                }
                None if again => {
                    looks += 1;
                    pause(looks).await;
                }
                None if mended => mends += 1,
                None => break,
            }
        }
        Ok(leased)
    }

    async fn look_once(
        &self,
        wanted: &[Want],
        now: Time,
    ) -> Result<Vec<Result<Taken, StoreError>>, StoreError> {
        // One cheap question first: most looks at many queues find nothing. One kind is looked at when it waits.
        if wanted.len() > 1 && !self.is_any_due(wanted, now).await? {
            return Ok(Vec::new());
        }
        let queues: Vec<(usize, usize)> = wanted
            .iter()
            .flat_map(|it| [(queue(it.kind, true), it.most), (queue(it.kind, false), it.most)])
            .collect();
        let find = |(queue, most): (usize, usize)| async move { self.find_due(queue, most, now).await };
        let found: Vec<Vec<Found>> =
            stream::iter(queues).map(find).buffer_unordered(AT_ONCE).try_collect().await?;
        let mut all: BTreeMap<AggregateId, Found> = BTreeMap::new();
        for it in found.into_iter().flatten() {
            // The same one for two queues: the later look counts.
            let later = all.get(&it.aggregate).is_none_or(|seen| seen.version < it.version);
            if later {
                all.insert(it.aggregate, it);
            }
        }
        let (time, dice) = (self.time.now(), self.entropy.seed());
        let mut plans: BTreeMap<AggregateId, Plan> = BTreeMap::new();
        // Who met another process there leaves it the first ones, every second time: all look at the same list.
        let leaves = self.contended.load(Ordering::Relaxed) && dice[1].is_multiple_of(2);
        let mut is_passed = false;
        for want in wanted {
            is_passed |= self.choose(want, &all, &mut plans, now, time, leaves);
        }
        let mut work: Vec<(Found, Plan)> =
            all.into_iter().map(|(id, it)| (it, plans.remove(&id).unwrap_or_default())).collect();
        // Processes that look at the same moment begin at different ends.
        let first = usize::from(dice[0]) % work.len().max(1);
        work.rotate_left(first);
        let take = |(it, plan): (Found, Plan)| async move { self.take(it, plan, time).await };
        let mut taken: Vec<_> = stream::iter(work).map(take).buffer_unordered(AT_ONCE).collect().await;
        if is_passed {
            taken.push(Ok(Taken::Mended));
        }
        Ok(taken)
    }

    /// Whether anything may be due.
    async fn is_any_due(&self, wanted: &[Want], now: Time) -> Result<bool, StoreError> {
        let until = now.max(self.time.now()).as_millis();
        let queues = wanted.iter().flat_map(|it| [queue(it.kind, true), queue(it.kind, false)]);
        let any: Vec<Document> = queues.map(|it| doc! { hint(it): { "$lte": until } }).collect();
        let aggregates = self.aggregates();
        let found = aggregates.find_one(doc! { "$or": any }).projection(doc! { "_id": 1 });
        Ok(bounded(found).await?.is_some())
    }

    /// Aggregates with something due in a queue, the earliest first.
    async fn find_due(&self, queue: usize, most: usize, now: Time) -> Result<Vec<Found>, StoreError> {
        let field = hint(queue);
        let mut due = doc! { &field: { "$lte": now.max(self.time.now()).as_millis() }, "$or": readable() };
        is_here(&mut due);
        let odd: Vec<Document> = self.odd.iter().map(|(of, at)| Self::at_version(*of, at)).collect();
        if !odd.is_empty() {
            due.insert("$nor", odd);
        }
        let wanted = doc! { "version": 1, "effects": 1, "bodies": 1, "next": 1 };
        let aggregates = self.aggregates();
        let found: Vec<Document> = bounded(async {
            let find = aggregates.find(due).projection(wanted).sort(doc! { &field: 1 });
            // Some more than wanted: others may be faster.
            let find = find.limit(limit(most * 2 + 4)).hint(Hint::Name(field.clone()));
            find.await?.try_collect().await
        })
        .await?;
        found
            .into_iter()
            .map(|it| {
                Ok(Found {
                    aggregate: it.aggregate("_id")?,
                    version: it.count("version")?,
                    heads: heads_of(&it)?,
                    hints: hints_of(&it),
                    bodies: it.get_document("bodies").cloned().unwrap_or_default(),
                })
            })
            .collect()
    }

    /// Leases the effects of one aggregate, buries those that took too many processes along, mends its hints.
    async fn take(&self, it: Found, plan: Plan, time: Time) -> Result<Taken, StoreError> {
        let Found { aggregate, version, heads: before, hints: stored, bodies } = it;
        let mut update = Update::default();
        let mut heads = before.clone();
        let Plan { lease, bury } = plan;
        for (id, lease, _) in &lease {
            let Some(head) = heads.get_mut(id) else { continue };
            let end = time.plus(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
            head.lost += 1;
            head.lease = Some(Lease { end, by: self.holder });
            update.set(head_field(*id), head.to_document());
        }
        for (id, reason) in &bury {
            let Some(head) = heads.remove(id) else { continue };
            let body = bodies.bytes(&id.to_string()).unwrap_or_default();
            update.set(dead_field(*id), remains(&head, reason, body)).set("stuck", true);
            update.unset(head_field(*id)).unset(body_field(*id));
            tracing::error!(effect.id = %id, reason, "an effect is dead; see `effects list`");
        }
        let is_changed = heads != before;
        let fitting = hints(&heads);
        if !is_changed && fitting == stored {
            return Ok(Taken::Leased(Vec::new()));
        }
        put_hints(&mut update, &stored, &fitting);
        if is_changed {
            update.add("version", 1);
        }
        let filter = Self::at_version(aggregate, version);
        let written = bounded(self.aggregates().update_one(filter, update.build())).await;
        if !written.as_ref().is_ok_and(|it| it.matched_count > 0) {
            self.known.invalidate(&aggregate);
            // A lease that nobody knows of ends by itself.
            return written.map(|_| Taken::Lost);
        }
        let raised = Raised { from: version, to: version + u64::from(is_changed) };
        let version = raised.to;
        self.known.insert(aggregate, Arc::new(Known { version, heads }));
        if lease.is_empty() {
            return Ok(Taken::Mended);
        }
        let leased = lease.into_iter().filter_map(|(id, _, action)| {
            let head = before.get(&id)?;
            let effect =
                Effect { id, due: head.due, attempt: head.attempt, paid: head.queue % 2 == 1, action };
            Some(Leased { aggregate, effect, lost: head.lost, raised: Some(raised) })
        });
        Ok(Taken::Leased(leased.collect()))
    }

    /// Chooses among what was found: paying people first, and as many of the others as are wanted. What this process
    /// cannot read is left to one that can and passed over from now on; true if there was some.
    fn choose(
        &self,
        want: &Want,
        all: &BTreeMap<AggregateId, Found>,
        plans: &mut BTreeMap<AggregateId, Plan>,
        now: Time,
        time: Time,
        leaves: bool,
    ) -> bool {
        let mut is_passed = false;
        let mut due = |paid| {
            let queue = queue(want.kind, paid);
            let mut free: Vec<(Time, AggregateId, EffectId)> = Vec::new();
            for (aggregate, found) in all {
                for (id, head) in found.heads.iter().filter(|(_, it)| is_due(it, queue, now, time)) {
                    if head.lost >= LOST_LEASES {
                        plans.entry(*aggregate).or_default().bury.push((*id, DIED));
                    } else {
                        free.push((head.due, *aggregate, *id));
                    }
                }
            }
            free.sort_unstable();
            if leaves && free.len() >= want.most * 2 {
                free.drain(..want.most);
            }
            let mut read = Vec::new();
            for (due, of, id) in free {
                if read.len() == want.most {
                    break;
                }
                let Some(found) = all.get(&of) else { continue };
                let body = found.bodies.bytes(&id.to_string()).unwrap_or_default();
                match self.open_action(id, body) {
                    Some(action) => read.push((of, id, action)),
                    None if now.since(due) > UNREAD_FOR => {
                        plans.entry(of).or_default().bury.push((id, UNREADABLE));
                    }
                    None => {
                        self.odd.insert(of, found.version);
                        is_passed = true;
                    }
                }
            }
            read
        };
        let (paying, others) = (due(true), due(false));
        let for_others = others.len().min(want.others.max(want.most.saturating_sub(paying.len())));
        let chosen =
            paying.into_iter().take(want.most - for_others).chain(others.into_iter().take(for_others));
        for (aggregate, id, action) in chosen {
            plans.entry(aggregate).or_default().lease.push((id, want.lease, action));
        }
        is_passed
    }

    pub fn open_action(&self, id: EffectId, body: &[u8]) -> Option<Action> {
        match self.codec.open(BODY_SCHEMA, id.as_bytes(), body) {
            Ok(action) => Some(action),
            Err(error) => {
                tracing::warn!(effect.id = %id, error = %error, "an effect cannot be read here");
                None
            }
        }
    }
}

/// Aggregates whose state this release can read: what a newer one decided is left to newer processes.
fn readable() -> Vec<Document> {
    AggregateKind::ALL
        .map(|kind| {
            doc! {
                "kind": i32::from(kind.number()),
                "schema": { "$lte": i64::from(State::known_schema(kind)) },
            }
        })
        .to_vec()
}

fn is_due(head: &Head, queue: usize, now: Time, time: Time) -> bool {
    head.queue == queue && head.is_free(now, time)
}

const _: () = assert!(Kind::ALL.len() == 6, "the numbers of queues stand in stored documents");
