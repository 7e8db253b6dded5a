//! Attending an aggregate: open, decide, commit, and let the effects go.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::effect::{Effect, Kind};
use answerbot_core::contact::event::{Input, Numbered};
use answerbot_core::decide::{Fact, Record};
use answerbot_core::spend::MicroUsd;
use answerbot_core::{AggregateId, Decision, Rules, State, Time, decide_any};
use answerbot_ports::cache::Warm;
use answerbot_ports::queue::Receipt;
use answerbot_ports::store::{Commit, Committed, FAILURES, Facets, Raised, StoreError};
use futures_util::FutureExt as _;

use crate::desks::{CROWD, Learned, Pile, Unheard};
use crate::lease::{self, Lease};
use crate::slots::Slot;
use crate::{Shared, perform};

/// Pauses while the store is away: 50 ms, 100 ms, 200 ms, ... up to 5 s.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Puts something on an aggregate's desk and sends somebody there if nobody sits at it.
pub(crate) fn feed(shared: &Arc<Shared>, aggregate: AggregateId, pile: Pile) {
    if shared.desks.put(aggregate, pile) {
        shared.tasks.spawn(attend(Arc::clone(shared), aggregate));
    }
}

/// Whoever sits at a desk leaves it, whatever happens: nobody else would ever sit down there.
struct Seat<'a>(&'a Shared, AggregateId);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            give_up(self.0, self.1, Vec::new());
        }
    }
}

/// Leaves a desk with outcomes that are not written: their effects are open in the store and are performed again.
fn give_up(shared: &Shared, aggregate: AggregateId, mut unwritten: Vec<Learned>) {
    unwritten.extend(shared.desks.leave(aggregate));
    // An echo's call may still be under way, and tells its own outcome.
    for learned in unwritten.iter().filter(|it| it.durable.is_none()) {
        shared.performing.put_off(learned.effect.id);
    }
}

async fn attend(shared: Arc<Shared>, aggregate: AggregateId) {
    let _seat = Seat(&shared, aggregate);
    let mut pause = PAUSE;
    while let Some(mut pile) = shared.desks.take(aggregate) {
        // What was learned must not go with an adapter that panics: nothing else knows it.
        let attended = AssertUnwindSafe(attend_once(&shared, aggregate, &mut pile)).catch_unwind().await;
        match attended.unwrap_or_else(|_| Err(StoreError::Unavailable("it panicked".into()))) {
            Ok(()) => {
                pause = PAUSE;
                pile.receipts.into_iter().for_each(Receipt::served);
            }
            Err(error) => {
                metrics::counter!("attend_failed_total").increment(1);
                match error {
                    StoreError::Later(_) => {
                        tracing::debug!(contact.id = %aggregate, error = %error, "a contact waits");
                    }
                    _ => {
                        tracing::error!(contact.id = %aggregate, error = %error, "a contact could not be attended; trying again");
                    }
                }
                if shared.stopping.is_cancelled() {
                    return give_up(&shared, aggregate, pile.learned);
                }
                shared.desks.put_back(aggregate, pile);
                if may_leave(&shared, &error) && shared.desks.leave_unless_learned(aggregate) {
                    return;
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Whether nobody need sit there until it can be decided: the store has the envelopes, and whoever can read them, the
/// queue or the sweeper comes back to them.
fn may_leave(shared: &Shared, error: &StoreError) -> bool {
    matches!(error, StoreError::Unreadable(_)) || shared.desks.busy() > CROWD
}

/// What a decision is made on.
struct Basis {
    state: Arc<State>,
    version: u64,
    consumed: u64,
    envelopes: Vec<Numbered>,
}

/// Decides what is on the pile and commits it. What it could not take is left on the pile.
async fn attend_once(
    shared: &Arc<Shared>,
    aggregate: AggregateId,
    pile: &mut Pile,
) -> Result<(), StoreError> {
    if !pile.unheard.is_empty() {
        // One that was leased here since is at work.
        let at_work = |id| shared.performing.get(id).is_some();
        let leased = pile.unheard.iter().filter(|it| it.is_leased && !at_work(it.id));
        shared.ports.store.release(leased.map(|it| (aggregate, it.id)).collect()).await?;
        for it in pile.unheard.drain(..) {
            leave(shared, it.kind, it.due);
        }
    }
    loop {
        let basis = basis(shared, aggregate, pile).await?;
        // An outcome that came twice, such as an echo and then the call's own answer, needs no decision.
        let (over, open) = std::mem::take(&mut pile.learned)
            .into_iter()
            .partition(|learned| shared.performing.is_over(&learned.effect));
        pile.learned = open;
        tell_durable(over);
        if basis.envelopes.is_empty() && pile.learned.is_empty() && !pile.tidy {
            return Ok(());
        }
        let Some((decision, consumed)) = decided(shared, aggregate, &basis, pile).await? else { continue };
        if commit(shared, aggregate, &basis, decision, consumed, &mut pile.unheard).await? {
            tell_durable(std::mem::take(&mut pile.learned));
            pile.envelopes.clear();
            (pile.look, pile.tidy) = (false, false);
            return Ok(());
        }
        // Somebody else decided first.
        metrics::counter!("commits_stale_total").increment(1);
        shared.ports.cache.forget(aggregate).await;
        pile.look = true;
    }
}

/// The warm state, when the envelopes at hand follow on it without a gap; else what the store has.
async fn basis(shared: &Shared, aggregate: AggregateId, pile: &mut Pile) -> Result<Basis, StoreError> {
    if !pile.look
        && let Some(warm) = shared.ports.cache.recall(aggregate).await
    {
        pile.envelopes.retain(|numbered| numbered.number > warm.consumed);
        pile.envelopes.sort_by_key(|numbered| numbered.number);
        let follows = pile.envelopes.iter().zip(warm.consumed + 1..).all(|(it, number)| it.number == number);
        if follows {
            let Warm { state, version, consumed } = warm;
            let version = raised(version, &pile.learned);
            return Ok(Basis { state, version, consumed, envelopes: pile.envelopes.clone() });
        }
    }
    let opened = shared.ports.store.open(aggregate).await?;
    Ok(Basis {
        state: Arc::new(opened.state),
        version: opened.version,
        consumed: opened.consumed,
        envelopes: opened.waiting,
    })
}

/// The version that a state has by now whose effects were leased since.
fn raised(version: u64, learned: &[Learned]) -> u64 {
    let mut steps: Vec<Raised> = learned.iter().filter_map(|it| it.raised).collect();
    steps.sort_unstable();
    steps.into_iter().fold(version, |version, it| if it.from == version { it.to } else { version })
}

/// Decides everything at once; when that panics, one input after the other, so that only the bad one stays.
/// `None` when that one was dealt with and the rest should be looked at anew.
async fn decided(
    shared: &Arc<Shared>,
    aggregate: AggregateId,
    basis: &Basis,
    pile: &mut Pile,
) -> Result<Option<(Decision<State>, u64)>, StoreError> {
    let mut inputs: Vec<Input> = basis.envelopes.iter().cloned().map(Input::Envelope).collect();
    inputs.extend(
        pile.learned
            .iter()
            .map(|it| Input::Outcome { effect: (*it.effect).clone(), outcome: it.outcome.clone() }),
    );
    let last = basis.envelopes.last().map_or(basis.consumed, |it| it.number);
    if let Some(decision) = try_decide(shared, aggregate, basis, &inputs) {
        return Ok(Some((decision, last)));
    }
    // The good ones before the bad one are committed as they are; then the bad one stands alone.
    let good = (0..inputs.len())
        .take_while(|end| try_decide(shared, aggregate, basis, &inputs[..=*end]).is_some())
        .count();
    if good > 0 {
        let envelopes = good.min(basis.envelopes.len());
        let consumed = envelopes.checked_sub(1).map_or(basis.consumed, |index| basis.envelopes[index].number);
        let Some(decision) = try_decide(shared, aggregate, basis, &inputs[..good]) else { return Ok(None) };
        if commit(shared, aggregate, basis, decision, consumed, &mut pile.unheard).await? {
            tell_durable(pile.learned.drain(..good - envelopes).collect());
        }
        pile.look = true;
        return Ok(None);
    }
    pile.look = true;
    match basis.envelopes.first() {
        Some(bad) => {
            let failures =
                shared.ports.store.failed(aggregate, bad.number, "deciding it failed".into()).await?;
            if failures >= FAILURES {
                shared.ports.cache.forget(aggregate).await;
                shared.alarm("event_set_aside", aggregate.to_string());
            }
        }
        None => bury_bad_outcome(shared, aggregate, basis, pile).await?,
    }
    Ok(None)
}

/// An outcome that cannot be decided ends its effect as dead, so that the contact goes on.
async fn bury_bad_outcome(
    shared: &Shared,
    aggregate: AggregateId,
    basis: &Basis,
    pile: &mut Pile,
) -> Result<(), StoreError> {
    let Some(bad) = pile.learned.first_mut() else { return Ok(()) };
    bad.panics += 1;
    if bad.panics < FAILURES {
        return Ok(());
    }
    let effect = Arc::clone(&bad.effect);
    let commit = Commit {
        aggregate,
        version: basis.version,
        consumed: basis.consumed,
        taken: Vec::new(),
        state: Arc::clone(&basis.state),
        schema: State::known_schema(aggregate.kind()),
        facets: None,
        open: Vec::new(),
        settled: Vec::new(),
        dead: vec![((*effect).clone(), "its outcome could not be decided".into())],
        erase: false,
        entries: Vec::new(),
        grants: Vec::new(),
        facts: Vec::new(),
    };
    if let Committed::Done(_) = shared.ports.store.commit(commit).await? {
        shared.performing.buried(&effect);
        pile.learned.remove(0);
    }
    shared.ports.cache.forget(aggregate).await;
    Ok(())
}

fn try_decide(
    shared: &Shared,
    aggregate: AggregateId,
    basis: &Basis,
    inputs: &[Input],
) -> Option<Decision<State>> {
    let seed = shared.ports.entropy.seed();
    let state = (*basis.state).clone();
    let market = shared.market();
    let shelf = shared.ways.shelf();
    let rules = Rules {
        shelf: &shelf,
        policy: &shared.ports.policy,
        prices: &market.prices,
        selling: market.selling,
        testers: shared.ports.testers.as_deref(),
    };
    let run = || decide_any(rules, aggregate, state, inputs, shared.now(), seed);
    let result = catch_unwind(AssertUnwindSafe(run));
    if result.is_err() {
        metrics::counter!("decide_panics_total").increment(1);
    }
    result.ok().flatten()
}

/// Commits a decision and lets its effects go. False when somebody else decided first. Where the end of the write is
/// not heard of, `unheard` keeps the effects that were born leased in it.
async fn commit(
    shared: &Arc<Shared>,
    aggregate: AggregateId,
    basis: &Basis,
    decision: Decision<State>,
    consumed: u64,
    unheard: &mut Vec<Unheard>,
) -> Result<bool, StoreError> {
    let (now, since) = (shared.now(), shared.ports.clock.monotonic());
    let mut slots: Vec<Option<Slot>> = Vec::with_capacity(decision.open.len());
    for effect in &decision.open {
        // Timers are born leased and sleep here; everything else only when it is due.
        let here = effect.action.kind() == Kind::Timer || effect.due <= now;
        let may = here && !shared.stopping.is_cancelled();
        slots.push(if may { shared.slots.try_take(effect.action.kind()) } else { None });
    }
    let state = Arc::new(decision.state);
    let facets = Facets::of(aggregate, &state, &shared.ports.policy);
    let taken = basis.envelopes.iter().take_while(|it| it.number <= consumed);
    let lease = |effect: &Effect, slot: &Option<Slot>| {
        slot.as_ref().map(|_| lease::of_effect(&shared.ports.policy, effect, now))
    };
    let write = Commit {
        aggregate,
        version: basis.version,
        consumed,
        taken: taken.map(|it| it.envelope.id).collect(),
        state: Arc::clone(&state),
        schema: decision.schema,
        facets: facets.filter(|it| {
            basis.version == 0
                || Some(it) != Facets::of(aggregate, &basis.state, &shared.ports.policy).as_ref()
        }),
        open: decision.open.iter().zip(&slots).map(|(it, slot)| (it.clone(), lease(it, slot))).collect(),
        settled: decision.settled.clone(),
        dead: decision.dead.clone(),
        erase: decision.erase,
        entries: decision.entries,
        grants: decision.grants,
        facts: decision.facts.clone(),
    };
    // Once they are committed anybody may lease them: that an earlier attempt was over must be forgotten before.
    decision.open.iter().for_each(|effect| shared.performing.reopen(effect.id));
    unheard.extend(write.open.iter().map(|(it, lease)| Unheard {
        id: it.id,
        kind: it.action.kind(),
        due: it.due,
        is_leased: lease.is_some(),
    }));
    let committed = shared.ports.store.commit(write).await?;
    unheard.clear();
    let version = match committed {
        Committed::Done(version) => version,
        Committed::Stale | Committed::Moved => return Ok(false),
    };
    tokio::join!(
        shared.ports.cache.remember(aggregate, Warm { state, version, consumed }),
        shared.ports.cache.note_settled(&decision.settled),
    );
    decision.settled.iter().for_each(|id| shared.performing.settled(*id));
    decision.dead.iter().for_each(|(effect, _)| shared.performing.buried(effect));
    for (effect, slot) in decision.open.into_iter().zip(slots) {
        shared.performing.set_anew(&effect);
        release(shared, aggregate, effect, slot, since);
    }
    for (effect, reason) in &decision.dead {
        let kind = effect.action.kind().name();
        metrics::counter!("effects_dead_total", "kind" => kind).increment(1);
        tracing::error!(contact.id = %aggregate, effect.id = %effect.id, effect.kind = kind, reason, "an effect is dead");
        shared.alarm("effect_dead", reason.clone());
    }
    for hint in decision.hints {
        shared.hints.give(hint);
    }
    count(&decision.records);
    count_cost(&decision.facts);
    if decision.records.contains(&Record::PaymentReview) {
        shared.alarm("money_in_suspense", aggregate.to_string());
    }
    Ok(true)
}

/// An effect that waits in the store is looked for when a slot is free, or when it is due.
fn leave(shared: &Shared, kind: Kind, due: Time) {
    if due <= shared.now() {
        shared.slots.set_backlog(kind);
    } else {
        shared.wakeups.at(due);
    }
}

/// A committed effect: performed here, or left in the store until it is due or a slot is free.
fn release(
    shared: &Arc<Shared>,
    aggregate: AggregateId,
    effect: Effect,
    slot: Option<Slot>,
    since: Duration,
) {
    match slot {
        Some(slot) => {
            let lease = Lease { lost: 0, since, raised: None };
            perform::launch(shared, aggregate, Arc::new(effect), lease, slot);
        }
        None => leave(shared, effect.action.kind(), effect.due),
    }
}

/// Tells those who wait for it that an outcome is in the store.
fn tell_durable(learned: Vec<Learned>) {
    for durable in learned.into_iter().filter_map(|it| it.durable) {
        // An echo's webhook that went away has nobody to tell.
        let _ = durable.send(());
    }
}

fn count(records: &[Record]) {
    for record in records {
        metrics::counter!("decided_total", "what" => record.name()).increment(1);
    }
}

/// What answers cost, for people who paid and for the others.
fn count_cost(facts: &[Fact]) {
    for fact in facts {
        if let Fact::Turn(turn) = fact {
            let cost: MicroUsd = turn.spent.iter().map(|it| it.cost).sum();
            let paid = if turn.paid { "yes" } else { "no" };
            let (way, domain) = (turn.way.map_or("none", |way| way.name()), turn.domain.name());
            metrics::counter!("answers_cost_micro_usd_total", "paid" => paid, "way" => way, "domain" => domain)
                .increment(cost.0);
            metrics::counter!("answers_by_subject_total", "paid" => paid, "way" => way, "domain" => domain)
                .increment(1);
            // No answer costs more than some thousand dollars.
            let micro = u32::try_from(cost.0).unwrap_or(u32::MAX);
            metrics::histogram!("answer_cost_micro_usd", "paid" => paid).record(f64::from(micro));
        }
    }
}
