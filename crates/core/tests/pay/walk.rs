//! Every way in which one payment can go: a breadth-first walk over the real transition function, with two workers
//! that lose their leases and die, a MoMo that takes requests late and answers not at all, forged and duplicated
//! callbacks, and a person who cancels. What must always hold is checked in every state.
//!
//! What is told to others goes at once: it is told for ever until it arrives, and changes nothing here.
//! Times are a few points of a week, so that the walk ends. Counters that say nothing about what happens next are
//! left out of what makes two states one.

use std::collections::{BTreeMap, HashMap, VecDeque};

use answerbot_core::contact::effect::{Action, Effect, EffectFault, Retry};
use answerbot_core::contact::event::{Envelope, Event, Input, Numbered, Outcome, To};
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payer::{self, Refusal, Verdict};
use answerbot_core::pay::payment::{self, Charged, Checked, Doing, Failure, News, Payment, Status, What};
use answerbot_core::{EffectId, EventId, PaymentId, Policy, Time};

use super::{START, order};

/// The moments of the walk, after the wish: within two minutes, after them, when the prompt ran out and "no such
/// payment" is believed, on the next day, after the week.
const MOMENTS: [i64; 5] = [0, 150_000, 1_200_000, 80_000_000, 700_000_000];

/// What somebody broke on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    None,
    /// A callback's body is believed.
    TrustsCallbacks,
    /// What the person was told an end of is not asked about any more.
    ForgetsSoftStates,
    /// A second success grants again.
    GrantsTwice,
    /// The books are written after the grant, and a crash comes between.
    BooksLater,
    /// "No such payment" is final although a request may be on its way.
    BelievesMissing,
    /// Each attempt has a reference of its own.
    NewReference,
}

/// What MoMo knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mtn {
    Nothing,
    Pending,
    Paid,
    PaidOtherwise,
    Failed,
}

/// An effect that a worker performed, with what that came to, not yet committed.
#[derive(Clone)]
struct Held {
    effect: Effect,
    outcome: Outcome,
}

#[derive(Clone)]
struct World {
    payment: Payment,
    /// Open effects, and how many leases of each were lost.
    open: BTreeMap<EffectId, (Effect, u32)>,
    inbox: VecDeque<payment::Event>,
    workers: [Option<Held>; 2],
    /// What a worker did whose lease was lost, and tells all the same.
    zombie: Option<Held>,
    mtn: Mtn,
    /// Requests under one reference that MoMo took; more than one charge twice.
    requests: u8,
    /// Requests that left us and have not arrived.
    in_air: u8,
    moment: usize,
    crashes: u8,
    forged: u8,
    cancels: u8,
    grants: u8,
    reviews: u8,
    booked: Vec<(String, i64)>,
    /// The paying number was asked and has not answered.
    asking_payer: bool,
}

fn id() -> PaymentId {
    PaymentId::draw([7; 16])
}

fn fault() -> Outcome {
    Outcome::Failed(EffectFault { retry: Retry::After(0), alert: false, reason: "http 503".into() })
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            payment: Payment::default(),
            open: BTreeMap::new(),
            inbox: VecDeque::new(),
            workers: [None, None],
            zombie: None,
            mtn: Mtn::Nothing,
            requests: 0,
            in_air: 0,
            moment: 0,
            crashes: 2,
            forged: 1,
            cancels: 1,
            grants: 0,
            reviews: 0,
            booked: Vec::new(),
            asking_payer: false,
        };
        world.inbox.push_back(payment::Event::Start(order()));
        world
    }

    fn now(&self) -> Time {
        START.plus(MOMENTS[self.moment])
    }

    fn decide(&mut self, policy: &Policy, input: Input, mutant: Mutant, books: bool) {
        let mut before = self.payment.clone();
        let is_success =
            matches!(&input, Input::Outcome { outcome: Outcome::Checked(Checked::Successful { .. }), .. });
        let is_missing = matches!(&input, Input::Outcome { outcome: Outcome::Checked(Checked::Missing), .. });
        if mutant == Mutant::GrantsTwice && is_success && before.status.has_money() {
            before.status = Status::Pending;
        }
        let mut decision = payment::decide(policy, id(), before, &[input], self.now(), [3; 16]);
        let soft = matches!(
            decision.state.status,
            Status::Failed(_) | Status::Expired | Status::Cancelled | Status::Abandoned
        );
        let forgets = mutant == Mutant::ForgetsSoftStates && soft
            || mutant == Mutant::BelievesMissing && is_missing && !decision.state.status.has_money();
        if forgets && let Some(poll) = decision.state.poll.take() {
            decision.open.retain(|it| it.id != poll.effect);
            decision.settled.push(poll.effect);
            if mutant == Mutant::BelievesMissing {
                decision.state.status = Status::Abandoned;
                // And nothing is asked again.
                if let Some(Doing::Charging(charge)) = decision.state.doing.take() {
                    decision.open.retain(|it| it.id != charge);
                    decision.settled.push(charge);
                }
            }
        }
        for id in &decision.settled {
            self.open.remove(id);
        }
        for effect in decision.open {
            if let Action::Tell { event, .. } = &effect.action {
                self.tell(event);
                continue;
            }
            let lost = self.open.get(&effect.id).map_or(0, |(_, lost)| *lost);
            self.open.insert(effect.id, (effect, lost));
        }
        if books {
            for entry in decision.entries {
                if self.booked.iter().all(|(event, _)| *event != entry.event) {
                    self.booked.push((entry.event, entry.money.minor()));
                }
            }
        }
        self.payment = decision.state;
    }

    fn tell(&mut self, event: &Event) {
        match event {
            Event::Paying(News { what: What::Granted(_), .. }) => self.grants += 1,
            Event::Paying(News { what: What::Review, .. }) => self.reviews += 1,
            Event::Payer(payer::Event::Ask { .. }) => self.asking_payer = true,
            _ => {}
        }
    }

    fn hear(&mut self, policy: &Policy, event: payment::Event, mutant: Mutant) {
        let envelope = Envelope {
            id: EventId::digest("x"),
            to: To::Aggregate(id().into()),
            event: Event::Payment(event),
            sent: None,
        };
        let numbered = Numbered { number: 1, arrived: self.now(), identity: None, envelope };
        self.decide(policy, Input::Envelope(numbered), mutant, true);
    }

    /// What performing an effect can come to, and the world after it.
    fn performed(&self, effect: &Effect, lost: u32, mutant: Mutant) -> Vec<(Self, Outcome)> {
        let stay = |outcome| (self.clone(), outcome);
        match &effect.action {
            Action::Charge(charge) => {
                let unless_lost = |charged| if lost > 0 { Charged::Unknown } else { charged };
                if self.now() >= charge.not_after {
                    return vec![stay(Outcome::Charged(unless_lost(Charged::TooLate)))];
                }
                let mut taken = self.clone();
                taken.take(mutant);
                let mut flies = self.clone();
                flies.in_air = 1;
                let mut all = vec![
                    (taken.clone(), Outcome::Charged(Charged::Taken)),
                    (taken, Outcome::Charged(Charged::Unknown)),
                    (flies, Outcome::Charged(Charged::Unknown)),
                    stay(Outcome::Charged(Charged::Unknown)),
                    stay(Outcome::Charged(unless_lost(Charged::NotSent))),
                ];
                if self.mtn == Mtn::Nothing {
                    all.push(stay(Outcome::Charged(unless_lost(Charged::Rejected(Failure::OurFault)))));
                }
                all
            }
            Action::CheckPayment(_) => {
                let checked = match self.mtn {
                    Mtn::Nothing => Checked::Missing,
                    Mtn::Pending => Checked::Pending,
                    Mtn::Failed => Checked::Failed(Failure::Declined),
                    Mtn::Paid => success(3_000),
                    Mtn::PaidOtherwise => success(30),
                };
                vec![stay(Outcome::Checked(checked)), stay(fault())]
            }
            other => panic!("a payment does not do {other:?}"),
        }
    }

    /// MoMo takes a request; the same reference is the same request.
    fn take(&mut self, mutant: Mutant) {
        if self.mtn == Mtn::Nothing {
            self.mtn = Mtn::Pending;
            self.requests = 1;
        } else if mutant == Mutant::NewReference {
            self.requests += 1;
        }
    }

    fn next(&self, policy: &Policy, mutant: Mutant) -> Vec<Self> {
        let mut all = Vec::new();
        let mut with = |change: &dyn Fn(&mut Self)| {
            let mut after = self.clone();
            change(&mut after);
            all.push(after);
        };
        if !self.inbox.is_empty() {
            with(&|it| {
                if let Some(event) = it.inbox.pop_front() {
                    it.hear(policy, event, mutant);
                }
            });
        }
        if self.in_air > 0 && self.moment <= 2 {
            with(&|it| {
                it.in_air -= 1;
                it.take(mutant);
            });
        }
        // MoMo itself ends a prompt within minutes; days are the model's mercy.
        if self.mtn == Mtn::Pending && self.moment + 1 < MOMENTS.len() {
            for mtn in [Mtn::Paid, Mtn::PaidOtherwise, Mtn::Failed] {
                with(&move |it| it.mtn = mtn);
            }
        }
        // A call ends within its lease: what somebody did is not told hours later.
        let nobody_works = self.workers.iter().chain([&self.zombie]).all(Option::is_none);
        if self.moment < 2 || self.moment + 1 < MOMENTS.len() && nobody_works {
            with(&|it| it.moment += 1);
        }
        if self.forged > 0 && self.payment.order.is_some() {
            with(&|it| {
                it.forged -= 1;
                if mutant == Mutant::TrustsCallbacks {
                    let effect = Effect {
                        id: EffectId::derive(id(), 0, 99),
                        due: it.now(),
                        attempt: 1,
                        paid: true,
                        action: Action::CheckPayment(id()),
                    };
                    let outcome = Outcome::Checked(success(3_000));
                    it.decide(policy, Input::Outcome { effect, outcome }, mutant, true);
                } else {
                    it.hear(policy, payment::Event::Nudge, mutant);
                }
            });
        }
        if self.cancels > 0 && self.payment.order.is_some() {
            with(&|it| {
                it.cancels -= 1;
                it.hear(policy, payment::Event::Cancel, mutant);
            });
        }
        if self.asking_payer {
            for verdict in [Verdict::Allowed, Verdict::Refused(Refusal::Today)] {
                with(&move |it| {
                    it.asking_payer = false;
                    it.inbox.push_back(payment::Event::PayerSays(verdict));
                });
            }
        }
        self.work(policy, mutant, &mut all);
        all
    }

    /// What the two workers can do next, and one whose lease was lost.
    fn work(&self, policy: &Policy, mutant: Mutant, all: &mut Vec<Self>) {
        // The two workers are alike: the first free one takes it.
        if let Some(worker) = self.workers.iter().position(Option::is_none) {
            for (id, (effect, lost)) in &self.open {
                if self.workers.iter().flatten().any(|held| held.effect.id == *id) {
                    continue;
                }
                if let Action::CheckAccount(_) = &effect.action {
                    // Nobody is harmed by this one, so it has no worker.
                    for outcome in [Outcome::Account(true), Outcome::Account(false), fault()] {
                        let mut after = self.clone();
                        after.decide(
                            policy,
                            Input::Outcome { effect: effect.clone(), outcome },
                            mutant,
                            true,
                        );
                        all.push(after);
                    }
                    continue;
                }
                for (mut after, outcome) in self.performed(effect, *lost, mutant) {
                    after.workers[worker] = Some(Held { effect: effect.clone(), outcome });
                    all.push(after);
                }
            }
        }
        for worker in 0..2 {
            let Some(held) = &self.workers[worker] else { continue };
            let input = Input::Outcome { effect: held.effect.clone(), outcome: held.outcome.clone() };
            let mut idle = self.clone();
            idle.workers[worker] = None;
            let mut after = idle.clone();
            after.decide(policy, input.clone(), mutant, true);
            all.push(after);
            if self.crashes == 0 {
                continue;
            }
            if mutant == Mutant::BooksLater {
                idle.crashes -= 1;
                idle.decide(policy, input, mutant, false);
                all.push(idle);
            }
            // It dies, or only lost its lease: another one begins, and it may still tell what it did.
            let mut late = self.clone();
            late.crashes -= 1;
            if let Some((_, lost)) = late.open.get_mut(&held.effect.id) {
                *lost += 1;
            }
            late.zombie = late.workers[worker].take();
            all.push(late);
        }
        if let Some(held) = &self.zombie {
            let input = Input::Outcome { effect: held.effect.clone(), outcome: held.outcome.clone() };
            let mut after = self.clone();
            after.zombie = None;
            after.decide(policy, input, mutant, true);
            all.push(after);
        }
    }

    fn check(&self) -> Option<&'static str> {
        let money = matches!(self.mtn, Mtn::Paid | Mtn::PaidOtherwise);
        let captured = self.booked.iter().any(|(event, _)| event == "captured");
        if self.grants > 1 {
            return Some("P1: granted twice");
        }
        if self.grants == 1 && self.mtn != Mtn::Paid {
            return Some("P2: granted without money");
        }
        if (self.grants + self.reviews == 1) != captured {
            return Some("P4: the grant and the books differ");
        }
        if self.requests > 1 {
            return Some("P5: one wish, two requests");
        }
        if captured && !money {
            return Some("P6: booked without money");
        }
        if self.grants == 1 && self.booked != [("captured".to_string(), 300_000)] {
            return Some("P8: another amount than was ordered");
        }
        let last = self.moment + 1 == MOMENTS.len();
        let idle = self.open.is_empty()
            && self.inbox.is_empty()
            && self.workers.iter().chain([&self.zombie]).all(Option::is_none)
            && !self.asking_payer;
        if last && idle && self.payment.status.is_open() {
            return Some("P10: open after a week, and nobody asks");
        }
        None
    }

    /// Whether the money that came has its place.
    fn is_right(&self) -> bool {
        match self.mtn {
            Mtn::Paid => self.grants == 1,
            Mtn::PaidOtherwise => self.reviews == 1,
            _ => true,
        }
    }

    /// What makes two states one: kinds instead of ids, no counters that only grow.
    fn key(&self) -> Vec<u8> {
        let it = &self.payment;
        let asked = it.asked.map_or(9, |time| MOMENTS.iter().filter(|at| START.plus(**at) <= time).count());
        let is_polled = |effect: &Effect| {
            it.poll.is_some_and(|poll| poll.effect == effect.id && poll.attempt == effect.attempt)
        };
        let kind = |effect: &Effect| match effect.action {
            Action::CheckAccount(_) => 1,
            Action::Charge(_) => 2,
            _ => 3 + u8::from(is_polled(effect)),
        };
        let held = |held: &Held| {
            let is_open = u8::from(self.open.contains_key(&held.effect.id));
            kind(&held.effect) * 32 + outcome_code(&held.outcome) * 2 + is_open
        };
        let mut open: Vec<u8> =
            self.open.values().map(|(effect, lost)| kind(effect) * 2 + u8::from(*lost > 0)).collect();
        open.sort_unstable();
        let mut workers: Vec<u8> = self.workers.iter().flatten().map(held).collect();
        workers.sort_unstable();
        let status = match it.status {
            Status::Created => 0,
            Status::Pending => 1,
            Status::Unknown => 2,
            Status::Success => 3,
            Status::Failed(_) => 4,
            Status::Expired => 5,
            Status::Cancelled => 6,
            Status::Abandoned => 7,
            Status::Review => 8,
            Status::Refunded => 9,
        };
        let doing = match it.doing {
            None => 0,
            Some(Doing::AskingPayer) => 1,
            Some(Doing::CheckingAccount(_)) => 2,
            Some(Doing::Charging(_)) => 3,
        };
        let inbox = self.inbox.iter().map(|event| match event {
            payment::Event::Start(_) => 1,
            payment::Event::PayerSays(Verdict::Allowed) => 2,
            _ => 3,
        });
        let figures = [
            status,
            doing,
            u8::try_from(asked).unwrap(),
            u8::from(it.accepted),
            u8::try_from(it.missing.min(2)).unwrap(),
            u8::from(it.poll.is_some()),
            self.mtn as u8,
            self.requests,
            self.in_air,
            u8::try_from(self.moment).unwrap(),
            self.crashes,
            self.forged,
            self.cancels,
            self.grants,
            self.reviews,
            u8::try_from(self.booked.len()).unwrap(),
            u8::from(self.asking_payer),
            self.zombie.as_ref().map_or(255, held),
        ];
        let lists = inbox.chain([254]).chain(open).chain([254]).chain(workers);
        figures.into_iter().chain(lists).collect()
    }
}

fn outcome_code(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Charged(Charged::Taken) => 0,
        Outcome::Charged(Charged::Unknown) => 1,
        Outcome::Charged(Charged::NotSent) => 2,
        Outcome::Charged(Charged::TooLate) => 3,
        Outcome::Charged(Charged::Rejected(_)) => 4,
        Outcome::Checked(Checked::Missing) => 5,
        Outcome::Checked(Checked::Pending) => 6,
        Outcome::Checked(Checked::Failed(_)) => 7,
        Outcome::Checked(Checked::Successful { money, .. }) => 8 + u8::from(*money == order().price),
        _ => 10,
    }
}

fn success(whole: i32) -> Checked {
    Checked::Successful {
        money: Money::whole(whole, Currency::Ssp),
        payer: Some(order().payer),
        external_id: Some(order().external_id),
        mtn_id: Some("4711".into()),
    }
}

/// What the walk found.
struct Walked {
    states: usize,
    steps: usize,
    broken: Option<&'static str>,
}

fn walk(mutant: Mutant) -> Walked {
    let mut policy = Policy::default();
    policy.paying.missing_polls = 2;
    let mut numbers: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut before: Vec<Vec<u32>> = vec![Vec::new()];
    let mut right: Vec<bool> = vec![true];
    let mut queue = VecDeque::from([(0_usize, World::new())]);
    numbers.insert(World::new().key(), 0);
    let mut steps = 0;
    while let Some((number, world)) = queue.pop_front() {
        for next in world.next(&policy, mutant) {
            steps += 1;
            if let Some(broken) = next.check() {
                return Walked { states: numbers.len(), steps, broken: Some(broken) };
            }
            let fresh = numbers.len();
            let found = *numbers.entry(next.key()).or_insert(fresh);
            if found == fresh {
                before.push(Vec::new());
                right.push(next.is_right());
                queue.push_back((found, next));
            }
            before[found].push(u32::try_from(number).unwrap());
        }
    }
    // P3: from wherever money came, its right place stays within reach.
    let mut reaches = right.clone();
    let mut back: Vec<usize> = (0..right.len()).filter(|it| right[*it]).collect();
    while let Some(number) = back.pop() {
        for earlier in &before[number] {
            let earlier = *earlier as usize;
            if !reaches[earlier] {
                reaches[earlier] = true;
                back.push(earlier);
            }
        }
    }
    let broken = reaches.iter().any(|it| !it).then_some("P3: money without a grant within reach");
    Walked { states: numbers.len(), steps, broken }
}

#[test]
fn in_every_way_a_payment_can_go_money_and_grant_agree() {
    let walked = walk(Mutant::None);
    assert_eq!(walked.broken, None);
    assert!(walked.states > 50_000, "{} states, {} steps", walked.states, walked.steps);
}

#[test]
fn every_mutant_is_caught() {
    let table = [
        (Mutant::TrustsCallbacks, "P2: granted without money"),
        (Mutant::ForgetsSoftStates, "P3: money without a grant within reach"),
        (Mutant::GrantsTwice, "P1: granted twice"),
        (Mutant::BooksLater, "P4: the grant and the books differ"),
        (Mutant::BelievesMissing, "P3: money without a grant within reach"),
        (Mutant::NewReference, "P5: one wish, two requests"),
    ];
    for (mutant, expected) in table {
        assert_eq!(walk(mutant).broken, Some(expected), "{mutant:?}");
    }
}
