//! The way of a question: a curated answer, a shared one, somebody who asks the same just now, a provider.
//!
//! What a provider says is paid for out of a purse: reserved before the call, settled after it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use answerbot_core::contact::effect::{Action, Effect, EffectFault, Hint, Kind, Prompt, Reply, Retry, Way};
use answerbot_core::contact::event::Outcome;
use answerbot_core::domain::Domain;
use answerbot_core::pay::days::at_wall;
use answerbot_core::reuse::curated::Shelf;
use answerbot_core::reuse::kept::{keep_until, may_be_stale, may_keep, wording};
use answerbot_core::reuse::{Kept, Key, Shareable};
use answerbot_core::route::{self, Tier};
use answerbot_core::spend::{Level, MicroUsd, NO_MONEY, NoRoom, Purse, Spent};
use answerbot_core::{AggregateId, JubaDay, prompt};
use answerbot_ports::ai::{Answer, Unanswered};
use answerbot_ports::store::{Booking, StoreError};
use parking_lot::{Mutex, RwLock};

use crate::flights::{Flights, Landed, Seat};
use crate::lead::{self, Led};
use crate::lease::Lease;
use crate::perform::{MARGIN, OUTLIVED, millis};
use crate::slots::Slot;
use crate::{Shared, recheck};

/// Waits so long for a shared answer; then the question is asked like others.
const RECALL: Duration = Duration::from_secs(2);

/// Why nobody was asked just now.
const RESERVED: &str = "calls under way hold what is left of the AI budget";
/// So often, and so long apart, it is tried again before the question is.
const RESERVED_TRIES: u32 = 20;
const RESERVED_MS: i64 = 250;

/// What a process knows of answers and of what they may cost.
pub(crate) struct Ways {
    shelf: RwLock<(u64, Arc<Shelf>)>,
    flights: Flights,
    purse: Mutex<Purse>,
    /// What answers cost at most lately, in micro-dollars; it fades.
    dearest: AtomicU64,
    /// Subjects whose answers are not shared: too many were wrong.
    distrusted: RwLock<BTreeSet<Domain>>,
    /// Of the instructions: an answer made under others is not served.
    pub version: String,
    /// When an answer was last checked again, today.
    pub checked: Mutex<(JubaDay, BTreeSet<Key>)>,
    /// What the owner was told of the free questions' money and of all of it, and when.
    told: Mutex<(JubaDay, [Level; 2])>,
}

impl Ways {
    pub fn new(version: String) -> Self {
        Self {
            shelf: RwLock::default(),
            flights: Flights::default(),
            purse: Mutex::default(),
            dearest: AtomicU64::new(0),
            distrusted: RwLock::default(),
            version,
            checked: Mutex::default(),
            told: Mutex::new((JubaDay::default(), [Level::Open; 2])),
        }
    }

    pub fn shelf(&self) -> Arc<Shelf> {
        Arc::clone(&self.shelf.read().1)
    }

    fn dearest(&self) -> MicroUsd {
        MicroUsd(self.dearest.load(Ordering::Relaxed))
    }

    /// Learns what an answer cost. One that was dear by mistake is forgotten within some hundred answers.
    fn note_cost(&self, spent: MicroUsd) {
        let fade = |was: u64| Some(spent.0.max(was - was.div_ceil(32)));
        // The closure always gives a value, so this cannot fail.
        let _ = self.dearest.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fade);
    }

    fn is_distrusted(&self, domain: Domain) -> bool {
        self.distrusted.read().contains(&domain)
    }
}

/// Reads again what operators and other processes write: curated answers, sums, checks.
pub(crate) async fn refresh(shared: &Arc<Shared>) -> Result<(), StoreError> {
    let (store, ways, policy) = (&shared.ports.store, &shared.ways, &shared.ports.policy);
    let known = ways.shelf.read().0;
    if let Some((change, entries)) = store.curated(known).await? {
        match Shelf::new(entries) {
            Ok(shelf) => {
                tracing::info!(served = shelf.served(), "curated answers were read");
                *ways.shelf.write() = (change, Arc::new(shelf));
            }
            Err(fault) => {
                // The command that wrote them checks the same; only a hand in the database comes here.
                tracing::error!(fault = %fault, "the curated answers do not fit together; the old ones stay");
                ways.shelf.write().0 = change;
            }
        }
    }
    let budget = &policy.ai.budget;
    if budget.day_micro_usd.is_some() || budget.month_micro_usd.is_some() {
        let today = shared.now().juba_day();
        let (day, month) = store.spending(today).await?;
        // Midnight may have passed meanwhile.
        if shared.now().juba_day() == today {
            ways.purse.lock().learn(today, day, month);
        }
        gauge("ai_spent_today_micro_usd", day.free + day.paid);
        gauge("ai_spent_this_month_micro_usd", month.free + month.paid);
    }
    let checks = store.checks(ways.version.clone()).await?;
    let wrong = checks
        .iter()
        .filter(|it| !answerbot_core::reuse::trust::is_trusted(&policy.reuse, it.checked, it.wrong));
    let distrusted: BTreeSet<Domain> = wrong.map(|it| it.domain).collect();
    if *ways.distrusted.read() != distrusted {
        for domain in &distrusted {
            tracing::error!(
                domain = domain.name(),
                "answers of a subject are not shared any more: too many were wrong"
            );
            shared.alarm("answers_not_shared", domain.name().to_owned());
        }
        *ways.distrusted.write() = distrusted;
    }
    Ok(())
}

fn gauge(name: &'static str, sum: MicroUsd) {
    #[expect(clippy::cast_precision_loss, reason = "a figure on a dashboard")]
    metrics::gauge!(name).set(sum.0 as f64);
}

/// A question on its way.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Whose.
    pub aggregate: AggregateId,
    /// The effect that asks.
    pub effect: &'a Effect,
    /// What it asks.
    pub question: &'a Prompt,
    /// How it came here.
    pub lease: Lease,
}

/// Answers a question, and shows typing anew as long as that takes. `slot` is given back while somebody else asks.
pub(crate) async fn ask(shared: &Arc<Shared>, asked: Asked<'_>, slot: &mut Option<Slot>) -> Option<Outcome> {
    let question = asked.question;
    let way = way(shared, asked, slot);
    tokio::pin!(way);
    // A shown "typing" ends by itself; this renews it before it does.
    let every = Duration::from_millis(question.typing.channel.limits().typing_ms * 3 / 4);
    loop {
        tokio::select! {
            outcome = &mut way => return outcome,
            () = tokio::time::sleep(every) => shared.hints.give(Hint::Typing(question.typing.clone())),
        }
    }
}

async fn way(shared: &Arc<Shared>, asked: Asked<'_>, slot: &mut Option<Slot>) -> Option<Outcome> {
    let (ways, question) = (&shared.ways, asked.question);
    if let Some(reply) = curated(shared, question) {
        return Some(Outcome::Answered(reply));
    }
    let knowledge = &shared.ports.policy.reuse.knowledge_version;
    let domain = question.about.domain;
    let shareable = question.about.shared.as_ref().filter(|_| !ways.is_distrusted(domain));
    let found = shareable.map(|it| (it, it.key(domain, &ways.version, knowledge)));
    let mut old = None;
    if let Some((shareable, key)) = found
        && let Ok(Some(recalled)) = tokio::time::timeout(RECALL, shared.ports.answers.recall(key)).await
    {
        let now = shared.now();
        if recalled.kept.is_fresh(now) {
            if !recalled.saved {
                save(shared, key);
            }
            recheck::perhaps(shared, question, key, &recalled.kept);
            return Some(Outcome::Answered(reply(&recalled.kept.text, false, Way::Shared, Some(key))));
        }
        let stale_ms = shared.ports.policy.reuse.stale_ms;
        old = Some(recalled.kept)
            .filter(|it| may_be_stale(domain, &shareable.normal) && it.is_better_than_none(now, stale_ms));
    }
    let outcome = fly(shared, asked, found, slot).await?;
    Some(match (outcome, old, found) {
        (Outcome::Unanswered(fault, spent), Some(old), Some((_, key))) if fault.retry != Retry::Refused => {
            Outcome::Answered(Reply { spent, ..reply(&old.text, false, Way::Stale, Some(key)) })
        }
        (outcome, ..) => outcome,
    })
}

fn reply(text: &str, cut: bool, way: Way, key: Option<Key>) -> Reply {
    metrics::counter!("answers_total", "way" => way.name()).increment(1);
    Reply { text: text.to_owned(), cut, way, key, spent: Vec::new() }
}

/// The answer that a person wrote, in the language in which it is wanted.
fn curated(shared: &Shared, question: &Prompt) -> Option<Reply> {
    let (language, asked) = (question.about.language?, question.lines.last()?);
    if !shared.ports.policy.reuse.curated || !question.about.alone {
        return None;
    }
    let shelf = shared.ways.shelf();
    let entry = shelf.answer(language, &asked.content)?;
    Some(reply(&entry.answer, false, Way::Curated, Some(Key::of_entry(&entry.id))))
}

/// Asks, or waits for the one who asks the same.
async fn fly(
    shared: &Arc<Shared>,
    asked: Asked<'_>,
    found: Option<(&Shareable, Key)>,
    slot: &mut Option<Slot>,
) -> Option<Outcome> {
    let question = asked.question;
    let same = found.map(|(_, key)| key).or_else(|| question.about.alone.then(|| prompt::digest(question)));
    let Some(same) = same.filter(|_| shared.ports.policy.reuse.single_flight) else {
        if !may_begin(shared, asked) {
            return None;
        }
        return Some(outcome(call(shared, asked).await, None));
    };
    loop {
        match shared.ways.flights.board(same) {
            Seat::Leader(leader) => {
                // What is not kept no other process can find.
                let common = found.filter(|(shareable, _)| shareable.keep).map(|(_, key)| key);
                if let Some(key) = common {
                    match lead::take(shared, asked, key, slot).await {
                        Led::Here => {}
                        Led::Elsewhere(kept) => {
                            let said = Ok((Arc::from(kept.text.as_str()), false));
                            leader.land(Landed { said, key: common });
                            return Some(Outcome::Answered(reply(&kept.text, false, Way::Joined, common)));
                        }
                        Led::TooLate => return None,
                    }
                }
                if !may_begin(shared, asked) {
                    if let Some(key) = common {
                        shared.ports.answers.land(key).await;
                    }
                    return None;
                }
                let called = lead::keep(shared, common, call(shared, asked)).await;
                let key = keep(shared, question, found, &called).await;
                match &called {
                    Ok(answer) => {
                        let said = Ok((Arc::from(answer.text.as_str()), answer.cut));
                        leader.land(Landed { said, key });
                    }
                    // Whoever waits may have money left: the next one leads.
                    Err(unanswered) if unanswered.fault.reason == NO_MONEY => {}
                    Err(unanswered) => leader.land(Landed { said: Err(unanswered.fault.clone()), key }),
                }
                if let Some(key) = common {
                    shared.ports.answers.land(key).await;
                }
                return Some(outcome(called, key));
            }
            Seat::Follower(follower) => {
                // Others can be asked about something else meanwhile.
                slot.take();
                let Some(landed) = follower.landed().await else {
                    // This one may lead now. Without a free slot it goes all the same: at most one of each question.
                    *slot = shared.slots.try_take(Kind::Ask);
                    if !may_begin(shared, asked) {
                        return None;
                    }
                    continue;
                };
                return Some(match landed.said {
                    Ok((text, cut)) => Outcome::Answered(reply(&text, cut, Way::Joined, landed.key)),
                    // The leader's alarm is enough.
                    Err(fault) => Outcome::Unanswered(EffectFault { alert: false, ..fault }, Vec::new()),
                });
            }
        }
    }
}

/// Whether a call that begins now ends within its lease: a store that hangs may have held it up.
fn may_begin(shared: &Shared, asked: Asked<'_>) -> bool {
    asked.lease.lets_begin(Kind::Ask, shared.ports.clock.monotonic())
}

fn outcome(called: Result<Answer, Unanswered>, key: Option<Key>) -> Outcome {
    match called {
        Ok(Answer { text, cut, spent }) => {
            Outcome::Answered(Reply { spent, ..reply(&text, cut, Way::Ai, key) })
        }
        Err(Unanswered { fault, spent }) => Outcome::Unanswered(fault, spent),
    }
}

/// Keeps an answer that may serve others; returns its name.
async fn keep(
    shared: &Arc<Shared>,
    question: &Prompt,
    found: Option<(&Shareable, Key)>,
    called: &Result<Answer, Unanswered>,
) -> Option<Key> {
    let ((shareable, key), Ok(answer)) = (found?, called) else { return None };
    let language = question.about.language.unwrap_or(shareable.language);
    let said = Reply { text: answer.text.clone(), cut: answer.cut, ..Reply::default() };
    if !shareable.keep || !may_keep(&said, language, &shared.ports.policy) {
        return None;
    }
    let (now, asked) = (shared.now(), question.lines.last().map_or("", |line| &line.content));
    let kept = Kept {
        text: said.text,
        model: answer.spent.last().map(|it| it.model.clone()).unwrap_or_default(),
        wording: wording(asked),
        made: now,
        until: keep_until(now, question.about.domain, &shareable.normal, key),
    };
    shared.ports.answers.remember(key, kept).await;
    Some(key)
}

fn save(shared: &Arc<Shared>, key: Key) {
    let task = Arc::clone(shared);
    shared.tasks.spawn(async move {
        if let Err(error) = task.ports.answers.save(key).await {
            tracing::warn!(error = %error, "a shared answer could not be saved; the next hit tries again");
        }
    });
}

/// One call that is paid for.
async fn call(shared: &Arc<Shared>, asked: Asked<'_>) -> Result<Answer, Unanswered> {
    let Asked { aggregate, effect, question, lease } = asked;
    let policy = &shared.ports.policy;
    let full = prompt::complete(policy, question);
    let person = aggregate.contact().map(|it| shared.ports.hash_key.pseudonym(it)).unwrap_or_default();
    // A person who waited for a first attempt does not wait as long for the next one before being told.
    let share = if effect.attempt == 1 { policy.ai.deadline_ms } else { policy.ai.deadline_ms / 2 };
    let deadline = millis(share.max(policy.ai.least_ms));
    // The processes that asked before died: what they spent nobody told.
    let mut before: Vec<Spent> = (0..lease.lost).map(|_| unheard(shared, &full)).collect();
    let reserved = match reserve_soon(shared, &full, effect.paid).await {
        Ok(reserved) => reserved,
        Err(fault) => return Err(Unanswered { fault, spent: before }),
    };
    let answer = shared.ports.ai.answer(&full, &person, reserved.tier, deadline);
    let mut called = tokio::time::timeout(deadline + MARGIN, answer).await.unwrap_or_else(|_| {
        let fault = EffectFault { retry: Retry::After(0), alert: true, reason: OUTLIVED.into() };
        Err(Unanswered { fault, spent: vec![unheard(shared, &full)] })
    });
    let spent = match &mut called {
        Ok(answer) => &mut answer.spent,
        Err(unanswered) => &mut unanswered.spent,
    };
    reserved.ticket.settle(spent.iter().map(|it| it.cost).sum());
    before.append(spent);
    *spent = before;
    called
}

/// What a call may have cost whose end nobody heard.
fn unheard(shared: &Shared, full: &Prompt) -> Spent {
    let cost = shared.ports.ai.most(full, Tier::Usual);
    Spent { provider: "unheard".to_owned(), cost, estimated: true, ..Spent::default() }
}

/// Books a call that was cut because the process stops: its effect stays open and is performed again.
pub(crate) async fn book_cut(shared: &Arc<Shared>, effect: &Effect) {
    let Action::Ask(question) = &effect.action else { return };
    let full = prompt::complete(&shared.ports.policy, question);
    let spent = vec![unheard(shared, &full)];
    let (paid, domain) = (effect.paid, question.about.domain);
    let booking = Booking { at: shared.now(), way: "cut", paid, domain, spent };
    if let Err(error) = shared.ports.store.book(booking).await {
        tracing::warn!(error = %error, "what a cut call may have cost is not booked");
    }
}

/// A call that may be made.
pub(crate) struct Reserved {
    /// With the model of this tier.
    pub tier: Tier,
    /// How much is left.
    pub level: Level,
    /// To be settled after it.
    pub ticket: Ticket,
}

/// A reservation. One that nobody settles was spent as a whole.
pub(crate) struct Ticket {
    shared: Arc<Shared>,
    is_paid: bool,
    most: MicroUsd,
    spent: MicroUsd,
}

impl Ticket {
    pub fn settle(mut self, spent: MicroUsd) {
        self.spent = spent;
        self.shared.ways.note_cost(spent);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let today = self.shared.now().juba_day();
        self.shared.ways.purse.lock().settle(today, self.is_paid, self.most, self.spent);
    }
}

/// The same, a little later when calls under way hold what is left: most of them cost less than they might.
async fn reserve_soon(shared: &Arc<Shared>, full: &Prompt, is_paid: bool) -> Result<Reserved, EffectFault> {
    for _ in 0..RESERVED_TRIES {
        match reserve(shared, full, is_paid) {
            Err(fault) if fault.reason == RESERVED => tokio::time::sleep(millis(RESERVED_MS)).await,
            other => return other,
        }
    }
    reserve(shared, full, is_paid)
}

/// Reserves what an answer can cost: with the model that fits the question, else with the cheap one.
pub(crate) fn reserve(shared: &Arc<Shared>, full: &Prompt, is_paid: bool) -> Result<Reserved, EffectFault> {
    let (policy, ways, today) = (&shared.ports.policy, &shared.ways, shared.now().juba_day());
    let tier = |level| route::choose(&policy.ai, full.about.grade, is_paid, level);
    let mut tiers = vec![tier(Level::Open), tier(Level::Empty)];
    tiers.dedup();
    let mut spent = true;
    for wished in tiers {
        // A provider that told more than its price list lets us expect does so again.
        let most = shared.ports.ai.most(full, wished).max(ways.dearest());
        if full.about.left.is_some_and(|left| left.day == today && most > left.amount) {
            continue;
        }
        let level = match ways.purse.lock().reserve(&policy.ai.budget, today, is_paid, most) {
            Ok(level) => level,
            Err(no_room) => {
                spent &= no_room == NoRoom::Spent;
                continue;
            }
        };
        if level == Level::Thrifty {
            tell(shared, today, is_paid, level);
        }
        let ticket = Ticket { shared: Arc::clone(shared), is_paid, most, spent: most };
        let tier = if level == Level::Open { wished } else { tier(level) };
        return Ok(Reserved { tier, level, ticket });
    }
    if !spent {
        return Err(EffectFault { retry: Retry::After(RESERVED_MS), alert: false, reason: RESERVED.into() });
    }
    let is_personal = full
        .about
        .left
        .is_some_and(|left| left.day == today && shared.ports.ai.most(full, Tier::Cheap) > left.amount);
    if !is_personal {
        tell(shared, today, is_paid, Level::Empty);
    }
    metrics::counter!("ai_refused_for_money_total", "paid" => if is_paid { "yes" } else { "no" })
        .increment(1);
    // More is there on the next day, unless the month is used up; then that day says so again.
    let midnight = at_wall(JubaDay(today.0 + 1), 0);
    let wait = midnight.since(shared.now()).max(0);
    Err(EffectFault { retry: Retry::After(wait), alert: false, reason: NO_MONEY.into() })
}

/// Tells the owner once a day that money runs low, and once that it is gone; of the free questions' share and of all.
fn tell(shared: &Arc<Shared>, today: JubaDay, is_paid: bool, level: Level) {
    let mut told = shared.ways.told.lock();
    if told.0 != today {
        *told = (today, [Level::Open; 2]);
    }
    let last = &mut told.1[usize::from(is_paid)];
    if *last >= level {
        return;
    }
    *last = level;
    drop(told);
    let (what, detail) = match (level, is_paid) {
        (Level::Empty, true) => ("ai_budget_used_up", "everybody gets curated and kept answers only"),
        (Level::Empty, false) => ("ai_budget_used_up", "free questions get curated and kept answers only"),
        (_, true) => ("ai_budget_runs_low", "the cheap model answers"),
        (_, false) => {
            ("ai_budget_runs_low", "the share of free questions runs low; the cheap model answers them")
        }
    };
    tracing::warn!(what, detail, "the AI budget");
    shared.alarm(what, detail.to_owned());
}
