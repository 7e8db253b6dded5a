//! The transition function: what follows from what happened to a payment.

use alloc::boxed::Box;

use super::{
    Charge, Charged, Checked, Doing, Event, Failure, News, Order, Paid, Payment, Poll, Remains, SCHEMA,
    Status, What,
};
use crate::aggregate::Target;
use crate::contact::effect::{Action, Effect};
use crate::contact::event::{Event as AnyEvent, Input, Outcome};
use crate::decide::{Decision, Record};
use crate::id::{ContactId, EffectId, PaymentId};
use crate::pay::payer;
use crate::policy::Policy;
use crate::retry;
use crate::time::{DAY, MINUTE, Time};

/// A call that began so long ago has ended, whatever became of it.
const OVERDUE_MS: i64 = 10 * MINUTE;
/// So long after the wish money can still come; a little longer than MTN is asked.
const YOUNG_MS: i64 = 7 * DAY + 10 * MINUTE;

/// Decides what follows from `inputs` for the payment `id`, all of which are consumed. Pure; as
/// [`decide`](crate::decide::decide).
#[must_use]
pub fn decide(
    policy: &Policy,
    id: PaymentId,
    mut payment: Payment,
    inputs: &[Input],
    now: Time,
    seed: [u8; 16],
) -> Decision<Payment> {
    payment.decisions += 1;
    let mut till = Till { policy, id, it: payment, now, seed, out: Decision::of(SCHEMA), next_effect: 0 };
    for input in inputs {
        match input {
            Input::Envelope(numbered) => match &numbered.envelope.event {
                AnyEvent::Payment(event) => till.hear(event),
                AnyEvent::Revive(effect) => till.revive(effect),
                _ => till.out.records.push(Record::Misplaced),
            },
            Input::Outcome { effect, outcome } => till.learn(effect, outcome),
        }
    }
    let Till { it, mut out, .. } = till;
    out.state = it;
    out
}

/// Where a decision is made.
pub(super) struct Till<'a> {
    policy: &'a Policy,
    pub id: PaymentId,
    pub it: Payment,
    pub now: Time,
    seed: [u8; 16],
    pub out: Decision<Payment>,
    next_effect: u32,
}

impl Till<'_> {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Start(order) => self.start(order),
            Event::Recover(assignment, paid) => self.recover(*assignment, paid),
            Event::Unclaimed(paid) => self.unclaimed(paid),
            Event::Assign(assignment) => self.assign(*assignment),
            Event::RefundedByHand(mtn_id) => self.refunded(mtn_id),
            Event::Statement(paid) => self.state(paid),
            // Also before the order, which it may overtake.
            Event::Disown => self.disown(),
            // So may this: the order it overtakes is not begun.
            Event::Cancel if self.it.order.is_none() && self.it.paid.is_none() => {
                self.it.status = Status::Cancelled;
            }
            _ if self.it.order.is_none() => self.out.records.push(Record::Misplaced),
            Event::PayerSays(verdict) => self.hear_payer(*verdict),
            Event::Nudge => self.nudge(),
            Event::Cancel => self.cancel(),
            Event::Scrub => self.scrub(),
        }
    }

    /// The person deleted their data. Money can still come for a week, so that long the order stays.
    fn disown(&mut self) {
        if core::mem::replace(&mut self.it.disowned, true) {
            return;
        }
        self.cancel();
        let Some(order) = &self.it.order else { return };
        let due = order.wished.plus(YOUNG_MS).max(self.now);
        let event = Box::new(AnyEvent::Payment(Event::Scrub));
        self.emit(due, Action::Tell { target: Target::Payment(self.id), event });
    }

    /// Nothing is kept of who wanted it and who paid; what the books need stays.
    fn scrub(&mut self) {
        let Some(order) = self.it.order.take_if(|_| self.it.disowned) else { return };
        self.it.remains = Some(Remains { price: order.price, wished: order.wished, test: order.test });
        self.stop_asking();
        if let Some(paid) = &mut self.it.paid {
            paid.payer = None;
        }
    }

    fn start(&mut self, order: &Order) {
        if self.it.order.is_some() || self.it.paid.is_some() || self.it.disowned {
            return;
        }
        self.it.order = Some(order.clone());
        if self.it.status == Status::Cancelled {
            return self.tell(What::Cancelled { prompted: false });
        }
        self.it.doing = Some(Doing::AskingPayer);
        self.tell_payer(payer::Event::Ask { payment: self.id, wished: order.wished });
    }

    fn hear_payer(&mut self, verdict: payer::Verdict) {
        if self.it.doing != Some(Doing::AskingPayer) {
            // It was cancelled meanwhile: the number is free again.
            if verdict == payer::Verdict::Allowed {
                self.tell_payer_unsent();
            }
            return;
        }
        self.it.doing = None;
        match verdict {
            payer::Verdict::Refused(why) => self.never_charged(Failure::Refused(why)),
            payer::Verdict::Allowed if self.is_too_late() => self.never_charged(Failure::NotSent),
            payer::Verdict::Allowed => {
                let Some(order) = &self.it.order else { return };
                let action = Action::CheckAccount(order.payer);
                let effect = self.emit(self.now, action);
                self.it.doing = Some(Doing::CheckingAccount(effect));
            }
        }
    }

    /// Whether the person's wish is too old for a prompt.
    fn is_too_late(&self) -> bool {
        self.it.order.as_ref().is_none_or(|it| self.now >= it.wished.plus(self.policy.paying.send_within_ms))
    }

    fn cancel(&mut self) {
        if !self.it.status.is_open() && self.it.status != Status::Expired {
            return;
        }
        let prompted = self.it.asked.is_some() || matches!(self.it.doing, Some(Doing::Charging(_)));
        if let Some(Doing::CheckingAccount(effect)) = self.it.doing {
            self.settle(effect);
        }
        if !prompted {
            // Nothing was asked of MTN, so nothing can come of it.
            self.it.doing = None;
            self.tell_payer_unsent();
        }
        self.it.status = Status::Cancelled;
        self.tell(What::Cancelled { prompted });
    }

    fn nudge(&mut self) {
        if self.it.status.has_money() || self.it.asked.is_none() {
            return;
        }
        let apart = self.policy.paying.nudge_apart_ms;
        let due = self.it.checked.map_or(self.now, |at| at.plus(apart)).max(self.now);
        match self.it.poll {
            // Under way; one that is long past its end is dead, and begins anew.
            Some(poll) if poll.due <= due && self.now.since(poll.due) < OVERDUE_MS => {}
            Some(poll) => self.set_poll(poll.effect, due, poll.attempt),
            None => self.first_poll(due),
        }
    }

    fn learn(&mut self, effect: &Effect, outcome: &Outcome) {
        match &effect.action {
            Action::Tell { .. } => self.learn_tell(effect, outcome),
            Action::CheckAccount(_) => self.learn_account(effect, outcome),
            Action::Charge(_) => self.learn_charge(effect, outcome),
            Action::CheckPayment(_) => self.learn_check(effect, outcome),
            _ => self.late(effect),
        }
    }

    /// What is told is told for ever: nothing else would carry it.
    fn learn_tell(&mut self, effect: &Effect, outcome: &Outcome) {
        match outcome {
            Outcome::Failed(_) => self.again(effect, retry::tell(effect.attempt, &self.seed)),
            _ => self.settle(effect.id),
        }
    }

    fn learn_account(&mut self, effect: &Effect, outcome: &Outcome) {
        if self.it.doing != Some(Doing::CheckingAccount(effect.id)) {
            return self.late(effect);
        }
        self.settle(effect.id);
        self.it.doing = None;
        match outcome {
            Outcome::Account(false) => self.never_charged(Failure::NoAccount),
            _ if self.is_too_late() => self.never_charged(Failure::NotSent),
            // The check is a courtesy; where it fails the request itself will tell.
            _ => self.charge(),
        }
    }

    fn charge(&mut self) {
        let Some(order) = &self.it.order else { return };
        let request = Charge {
            reference: self.id,
            money: order.price,
            payer: order.payer,
            external_id: order.external_id.clone(),
            code: order.code.clone(),
            not_after: order.wished.plus(self.policy.paying.send_within_ms),
        };
        let effect = self.emit(self.now, Action::Charge(request));
        self.it.doing = Some(Doing::Charging(effect));
    }

    fn learn_charge(&mut self, effect: &Effect, outcome: &Outcome) {
        let charged = match outcome {
            Outcome::Charged(charged) => charged.clone(),
            // The call itself broke: it may have been taken.
            _ => Charged::Unknown,
        };
        if self.it.doing != Some(Doing::Charging(effect.id)) {
            // Somebody who lost his lease comes late. What he may have brought about is asked about all the same.
            if matches!(charged, Charged::Taken | Charged::Unknown) && !self.it.status.has_money() {
                self.it.accepted |= charged == Charged::Taken;
                self.asked_now();
            }
            return self.late(effect);
        }
        if charged == Charged::NotSent
            && let Some(delay) = self.tries_again(effect.attempt)
        {
            return self.again(effect, delay);
        }
        self.settle(effect.id);
        self.it.doing = None;
        match charged {
            Charged::Taken => {
                self.it.accepted = true;
                self.asked_now();
                if matches!(self.it.status, Status::Created | Status::Unknown) {
                    self.it.status = Status::Pending;
                    self.tell(What::Prompted);
                }
            }
            Charged::Unknown => {
                self.asked_now();
                if self.it.status == Status::Created {
                    self.it.status = Status::Unknown;
                }
            }
            Charged::Rejected(why) => self.uncharged(why),
            Charged::NotSent | Charged::TooLate => self.uncharged(Failure::NotSent),
        }
    }

    /// How long until a request that did not reach MTN is made again, where there is still time for it.
    fn tries_again(&self, attempt: u32) -> Option<i64> {
        let delay = retry::charge(attempt, &self.seed);
        let until = self.it.order.as_ref()?.wished.plus(self.policy.paying.send_within_ms);
        (self.it.status == Status::Created && self.now.plus(delay) < until).then_some(delay)
    }

    /// This attempt brought MTN nothing, as far as the one knows who made it. Another one, made by somebody whose
    /// lease was lost, may have: so it is asked about all the same.
    fn uncharged(&mut self, why: Failure) {
        let is_first = self.it.asked.is_none();
        if is_first && self.it.status == Status::Cancelled {
            self.tell_payer_unsent();
        } else if is_first {
            self.never_charged(why);
        }
        self.asked_now();
    }

    /// MTN has nothing: this is the end for the person.
    fn never_charged(&mut self, why: Failure) {
        self.it.status = Status::Failed(why);
        self.tell(What::Failed(why));
        if !matches!(why, Failure::Refused(_)) {
            self.tell_payer_unsent();
        }
    }

    fn asked_now(&mut self) {
        self.it.asked = self.it.asked.or(Some(self.now));
        if self.it.poll.is_none() {
            self.poll_next(1, None);
        }
    }

    fn learn_check(&mut self, effect: &Effect, outcome: &Outcome) {
        let is_expected =
            self.it.poll.is_some_and(|it| it.effect == effect.id && it.attempt == effect.attempt);
        match outcome {
            // Success counts whenever and by whichever call it comes.
            Outcome::Checked(Checked::Successful { money, payer, external_id, mtn_id })
                if money.is_positive() =>
            {
                let paid = Paid { money: *money, payer: *payer, mtn_id: mtn_id.clone(), at: self.now };
                // MTN says whose it is with every answer; without that it is nobody's that we know.
                let order = self.it.order.as_ref();
                let is_ours = order.is_some_and(|it| Some(&it.external_id) == external_id.as_ref());
                self.settle(effect.id);
                self.it.poll.take_if(|it| it.effect == effect.id);
                return self.paid(&paid, is_ours);
            }
            _ if !is_expected => return self.late(effect),
            Outcome::Checked(Checked::Pending) => {
                self.it.checked = Some(self.now);
                self.it.missing = 0;
                self.it.accepted = true;
                self.expire();
            }
            Outcome::Checked(Checked::Failed(why)) => {
                self.it.checked = Some(self.now);
                self.it.accepted = true;
                self.failed(*why);
            }
            Outcome::Checked(Checked::Missing) => {
                self.it.checked = Some(self.now);
                self.it.missing += 1;
                self.is_missing();
            }
            // MTN cannot be asked now, or calls a payment of nothing well. That is no answer, so the asking does not
            // end with it.
            _ => {
                self.it.checked = Some(self.now);
                self.expire();
                return self.poll_next(effect.attempt + 1, Some(self.policy.paying.unheard_poll_ms));
            }
        }
        self.poll_next(effect.attempt + 1, None);
    }

    /// Nothing final in time: the person is told, and it is still asked about.
    fn expire(&mut self) {
        let waited =
            self.it.asked.is_some_and(|at| self.now.since(at) >= self.policy.paying.prompt_window_ms);
        if waited {
            self.run_out();
        }
    }

    fn run_out(&mut self) {
        if matches!(self.it.status, Status::Pending | Status::Unknown) {
            self.it.status = Status::Expired;
            self.tell(What::Expired);
            self.tell_payer_end(false);
        }
    }

    fn failed(&mut self, why: Failure) {
        // Who was told an end already is not told another one.
        let is_awaited = self.it.status.is_open();
        // Who cancelled was told not to enter the PIN: that is no refusal of the payer's.
        let declined = why == Failure::Declined && self.it.status != Status::Cancelled;
        if is_awaited || matches!(self.it.status, Status::Expired | Status::Cancelled | Status::Abandoned) {
            self.it.status = Status::Failed(why);
            if is_awaited {
                self.tell(What::Failed(why));
            }
            self.tell_payer_end(declined);
        }
    }

    /// MTN says that it knows nothing. It is believed only after a while, and never while a request is under way.
    fn is_missing(&mut self) {
        let charging = matches!(self.it.doing, Some(Doing::Charging(_)));
        if !self.it.accepted && self.it.status == Status::Unknown && !charging && !self.is_too_late() {
            return self.charge();
        }
        let waited = self.it.asked.map_or(0, |at| self.now.since(at));
        let believed = self.it.missing >= self.policy.paying.missing_polls
            && waited >= self.policy.paying.missing_after_ms
            && !charging
            && !self.it.accepted;
        match self.it.status {
            Status::Unknown | Status::Expired if believed => {
                self.it.status = Status::Abandoned;
                self.tell(What::Abandoned);
                self.tell_payer_end(false);
            }
            Status::Cancelled if believed => self.it.status = Status::Abandoned,
            _ => self.expire(),
        }
    }

    /// Sets the next time MTN is asked: the schedule's next, or else `then` from now; or none when there is nothing
    /// left to learn.
    fn poll_next(&mut self, attempt: u32, then: Option<i64>) {
        let Some(asked) = self.it.asked else { return };
        let after = match self.it.status {
            Status::Success | Status::Review | Status::Refunded => &[][..],
            Status::Failed(_) | Status::Abandoned => &self.policy.paying.soft_polls_ms,
            _ => &self.policy.paying.polls_ms,
        };
        let elapsed = self.now.since(asked);
        let next = after.iter().copied().find(|offset| *offset > elapsed).or(then.map(|ms| elapsed + ms));
        // A callback may have made us ask a moment ago: not again at once because the schedule says so.
        let apart = self.policy.paying.nudge_apart_ms;
        let earliest = self.it.checked.map_or(asked, |at| at.plus(apart));
        let due = next.map(|offset| asked.plus(offset).max(earliest));
        match (due, self.it.poll) {
            (Some(due), Some(poll)) => self.set_poll(poll.effect, due, attempt),
            (Some(due), None) => self.first_poll(due),
            (None, _) => {
                self.stop_polls();
                // A week is over. What MTN never ended is over for us; an operator can still ask.
                self.run_out();
            }
        }
    }

    fn first_poll(&mut self, due: Time) {
        let effect = self.emit(due, Action::CheckPayment(self.id));
        self.it.poll = Some(Poll { effect, due, attempt: 1 });
    }

    fn set_poll(&mut self, effect: EffectId, due: Time, attempt: u32) {
        self.it.poll = Some(Poll { effect, due, attempt });
        self.put(Effect { id: effect, due, attempt, paid: true, action: Action::CheckPayment(self.id) });
    }

    /// Money has come, by whatever way: nothing more is asked of anybody for it.
    pub fn stop_asking(&mut self) {
        self.stop_polls();
        if let Some(Doing::CheckingAccount(effect) | Doing::Charging(effect)) = self.it.doing.take() {
            self.settle(effect);
        }
    }

    pub fn stop_polls(&mut self) {
        if let Some(poll) = self.it.poll.take() {
            self.settle(poll.effect);
        }
    }

    /// An operator wants a dead effect tried again; nothing here dies for good but what was revived in vain.
    fn revive(&mut self, effect: &Effect) {
        self.put(effect.again(self.now));
        self.out.records.push(Record::Revived);
    }

    pub fn tell(&mut self, what: What) {
        let order = self.it.order.as_ref().filter(|_| !self.it.disowned);
        if let Some(contact) = order.map(|it| it.contact) {
            self.tell_contact(contact, what);
        }
    }

    pub fn tell_contact(&mut self, contact: ContactId, what: What) {
        let news = News { payment: self.id, what };
        let target = Target::Contact(contact);
        self.emit(self.now, Action::Tell { target, event: Box::new(AnyEvent::Paying(news)) });
    }

    fn tell_payer(&mut self, event: payer::Event) {
        let Some(order) = &self.it.order else { return };
        let target = Target::PayerOf(order.payer);
        self.emit(self.now, Action::Tell { target, event: Box::new(AnyEvent::Payer(event)) });
    }

    pub fn tell_payer_end(&mut self, declined: bool) {
        self.tell_payer(payer::Event::Ended { payment: self.id, declined, unsent: false });
    }

    /// No prompt of it was on the phone: it counts for nothing there.
    fn tell_payer_unsent(&mut self) {
        self.tell_payer(payer::Event::Ended { payment: self.id, declined: false, unsent: true });
    }

    fn emit(&mut self, due: Time, action: Action) -> EffectId {
        let id = EffectId::derive(self.id, self.it.decisions, self.next_effect);
        self.next_effect += 1;
        self.put(Effect { id, due, attempt: 1, paid: true, action });
        id
    }

    fn again(&mut self, effect: &Effect, delay_ms: i64) {
        self.put(effect.again(self.now.plus(delay_ms)));
    }

    fn put(&mut self, effect: Effect) {
        self.out.open.retain(|it| it.id != effect.id);
        self.out.settled.retain(|it| *it != effect.id);
        self.out.open.push(effect);
    }

    fn settle(&mut self, id: EffectId) {
        self.out.open.retain(|it| it.id != id);
        self.out.settled.push(id);
    }

    fn late(&mut self, effect: &Effect) {
        self.out.records.push(Record::LateOutcome);
        // A poll that was set anew meanwhile keeps its row.
        if self.it.poll.is_none_or(|it| it.effect != effect.id) {
            self.settle(effect.id);
        }
    }
}
