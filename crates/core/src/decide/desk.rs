//! The desk a decision is made on: the contact being changed, and what is to be done.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Decision, Fact, Record, Rules};
use crate::address::Address;
use crate::contact::effect::{Action, Effect, Hint, Kind};
use crate::contact::event::Outcome;
use crate::contact::message::{Message, Purpose};
use crate::contact::{BurstTimer, Contact, Outgoing, Unit};
use crate::id::{ContactId, EffectId, PaymentId};
use crate::pay::ledger::Entry;
use crate::policy::Policy;
use crate::texts::{ENGLISH, Texts};
use crate::time::Time;

pub(super) struct Desk<'a> {
    pub rules: Rules<'a>,
    pub policy: &'a Policy,
    pub texts: &'static Texts,
    pub contact: Contact,
    pub now: Time,
    pub seed: [u8; 16],
    id: ContactId,
    next_effect: u32,
    open: Vec<Effect>,
    settled: Vec<EffectId>,
    dead: Vec<(Effect, String)>,
    hints: Vec<Hint>,
    records: Vec<Record>,
    facts: Vec<Fact>,
    entries: Vec<Entry>,
    pub grants: Vec<PaymentId>,
    erase: bool,
}

impl<'a> Desk<'a> {
    pub fn new(rules: Rules<'a>, id: ContactId, mut contact: Contact, now: Time, seed: [u8; 16]) -> Self {
        contact.decisions += 1;
        Self {
            rules,
            policy: rules.policy,
            texts: &ENGLISH,
            contact,
            now,
            seed,
            id,
            next_effect: 0,
            open: Vec::new(),
            settled: Vec::new(),
            dead: Vec::new(),
            hints: Vec::new(),
            records: Vec::new(),
            facts: Vec::new(),
            entries: Vec::new(),
            grants: Vec::new(),
            erase: false,
        }
    }

    /// Whose desk it is.
    pub const fn id(&self) -> ContactId {
        self.id
    }

    pub fn into_decision(self, schema: u32) -> Decision {
        Decision {
            state: self.contact,
            schema,
            open: self.open,
            settled: self.settled,
            dead: self.dead,
            hints: self.hints,
            records: self.records,
            facts: self.facts,
            erase: self.erase,
            entries: self.entries,
            grants: self.grants,
        }
    }

    /// What became of an effect. One that this contact no longer knows as open changes nothing but a count.
    pub fn learn(&mut self, effect: &Effect, outcome: &Outcome) {
        match effect.action.kind() {
            Kind::Ask => self.learn_ask(effect, outcome),
            Kind::Send => self.learn_send(effect, outcome),
            Kind::Timer => self.learn_timer(effect),
            Kind::Alert => self.learn_alert(effect, outcome),
            Kind::Tell => self.learn_tell(effect, outcome),
            // Only payments call MTN.
            Kind::Momo => self.late(effect),
        }
    }

    /// Fills the free places: the next question, the burst's timer, the next message.
    pub fn tidy(&mut self) {
        self.forget_old();
        self.tidy_questions();
        self.tidy_burst_timer();
        self.tidy_outbox();
    }

    /// A new id of this decision.
    pub fn next_id(&mut self) -> EffectId {
        let id = EffectId::derive(self.id, self.contact.decisions, self.next_effect);
        self.next_effect += 1;
        id
    }

    /// Writes an effect down; its id derives from this decision.
    pub fn emit(&mut self, due: Time, action: Action) -> EffectId {
        let id = self.next_id();
        let paid = self.contact.paying.is_paid_on(self.now.juba_day());
        self.open.push(Effect { id, due, attempt: 1, paid, action });
        id
    }

    /// Writes an effect down again as it is, to be performed now.
    pub fn reopen(&mut self, effect: &Effect) {
        self.open.push(Effect { due: self.now, ..effect.clone() });
    }

    /// Gives an effect its next attempt.
    pub fn again(&mut self, effect: &Effect, delay_ms: i64) {
        self.open.push(effect.again(self.now.plus(delay_ms)));
    }

    /// Ends an effect.
    pub fn settle(&mut self, id: EffectId) {
        self.open.retain(|effect| effect.id != id);
        self.settled.push(id);
    }

    /// Erases every effect of this contact that stands so far.
    pub fn erase_all(&mut self) {
        self.open.clear();
        self.settled.clear();
        self.dead.clear();
        self.erase = true;
    }

    /// Ends an effect that never succeeded.
    pub fn bury(&mut self, effect: &Effect, reason: impl Into<String>) {
        self.dead.push((effect.clone(), reason.into()));
    }

    /// Writes into the books.
    pub fn book(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Keeps something for reports.
    pub fn fact(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    pub fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    pub fn hint(&mut self, hint: Hint) {
        if !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
    }

    pub fn address(&self, identity: usize) -> Option<&Address> {
        self.contact.identities.get(identity)?.address.as_ref()
    }

    /// Whether the platform still lets us write to an identity.
    pub fn window_is_open(&self, identity: usize) -> bool {
        let times = &self.policy.time;
        let open_for = times.reply_window_ms - times.reply_margin_ms;
        self.contact.identities.get(identity).is_some_and(|it| self.now.since(it.heard) < open_for)
    }

    /// Queues a reply that costs no unit. After the day's last one there is a note, then silence.
    pub fn reply(&mut self, identity: usize, message: Message) -> bool {
        let may = self.take_free_reply(identity);
        if may {
            self.queue(identity, message, Purpose::Notice, None);
        }
        may
    }

    /// Queues a reply about money: it counts like others, but nothing silences it.
    pub fn reply_money(&mut self, identity: usize, message: Message) {
        if self.contact.free_replies.take(self.now.juba_day(), self.policy.limits.free_replies_per_day) {
            self.record(Record::FreeReply);
        }
        self.queue(identity, message, Purpose::Notice, None);
    }

    /// As [`Desk::reply_money`], with a text alone.
    pub fn say_money(&mut self, identity: usize, text: impl Into<String>) {
        self.reply_money(identity, Message::plain(text));
    }

    /// Takes one of the day's free replies. After the last one there is a note, then silence.
    pub fn take_free_reply(&mut self, identity: usize) -> bool {
        let day = self.now.juba_day();
        let limit = self.policy.limits.free_replies_per_day;
        if self.contact.free_replies.take(day, limit) {
            self.record(Record::FreeReply);
            return true;
        }
        if self.contact.free_replies.take(day, limit.saturating_add(1)) {
            self.queue(identity, Message::plain(self.texts.last_reply), Purpose::Notice, None);
        }
        self.record(Record::Silenced);
        false
    }

    /// Queues what became of a question: it is told even when the day's free replies are used up.
    pub fn tell(&mut self, identity: usize, text: impl Into<String>) {
        self.queue(identity, Message::plain(text), Purpose::Notice, None);
    }

    /// Whether a person of ours speaks in the page's inbox now.
    pub fn human_speaks(&self, at: Time) -> bool {
        self.contact.human_until.is_some_and(|until| at < until)
    }

    /// Lets go of texts that are past their time.
    fn forget_old(&mut self) {
        let (now, times) = (self.now, &self.policy.time);
        let contact = &mut self.contact;
        contact.limited.retain(|question| now.since(question.arrived) < times.limited_question_ms);
        contact.memory.retain(|turn| now.since(turn.at) < self.policy.memory.keep_ms);
        contact.kept.take_if(|kept| now.since(kept.arrived) >= times.kept_question_ms);
        contact.stale.take_if(|stale| now.since(stale.arrived) > times.too_old_ms);
        contact.more.take_if(|more| now >= more.until);
        let (parked, past): (VecDeque<Outgoing>, VecDeque<Outgoing>) =
            core::mem::take(&mut contact.parked).into_iter().partition(|out| {
                let is_young = now.since(contact.heard_from(out.identity)) <= times.too_old_ms;
                is_young || out.purpose == Purpose::Money
            });
        contact.parked = parked;
        for out in past {
            self.drop_message(&out);
        }
    }

    /// As [`Desk::reply`], with a text alone.
    pub fn say(&mut self, identity: usize, text: impl Into<String>) -> bool {
        self.reply(identity, Message::plain(text))
    }

    /// Queues a message behind those that wait.
    pub fn queue(&mut self, identity: usize, message: Message, purpose: Purpose, unit: Option<Unit>) {
        self.contact.outbox.push_back(Outgoing { identity, message, purpose, unit });
    }

    fn learn_timer(&mut self, effect: &Effect) {
        if self.contact.burst_timer.is_none_or(|timer| timer.effect != effect.id) {
            return self.late(effect);
        }
        self.contact.burst_timer = None;
        self.settle(effect.id);
        if self.contact.burst.as_ref().is_some_and(|burst| effect.due >= burst.closes) {
            self.close_burst();
        }
    }

    fn learn_alert(&mut self, effect: &Effect, outcome: &Outcome) {
        match outcome {
            Outcome::Failed(fault) if effect.attempt < crate::retry::ALERT_ATTEMPTS => {
                let _ = fault;
                self.again(effect, crate::retry::alert(effect.attempt, &self.seed));
            }
            Outcome::Failed(fault) => self.bury(effect, fault.reason.clone()),
            _ => self.settle(effect.id),
        }
    }

    /// What is told is told for ever: nothing else would carry it.
    fn learn_tell(&mut self, effect: &Effect, outcome: &Outcome) {
        match outcome {
            Outcome::Failed(_) => self.again(effect, crate::retry::tell(effect.attempt, &self.seed)),
            _ => self.settle(effect.id),
        }
    }

    /// An outcome of an effect that is not open (any more): the row, if there is one, goes.
    pub fn late(&mut self, effect: &Effect) {
        self.record(Record::LateOutcome);
        self.settle(effect.id);
    }

    /// A failure of an attempt that is over while a later one of the same effect is open: it changes nothing.
    pub fn is_repeated(&mut self, effect: &Effect, outcome: &Outcome, ended: u32) -> bool {
        let repeated = effect.attempt <= ended
            && matches!(outcome, Outcome::Failed(_) | Outcome::Unanswered(..) | Outcome::Unknown);
        if repeated {
            self.record(Record::LateOutcome);
        }
        repeated
    }

    fn tidy_burst_timer(&mut self) {
        let closes = self.contact.burst.as_ref().map(|burst| burst.closes);
        match (closes, self.contact.burst_timer) {
            (Some(closes), Some(timer)) if timer.due != closes => {
                self.contact.burst_timer = Some(BurstTimer { due: closes, ..timer });
                let moved =
                    Effect { id: timer.effect, due: closes, attempt: 1, paid: false, action: Action::Timer };
                self.open.retain(|effect| effect.id != timer.effect);
                self.open.push(moved);
            }
            (Some(closes), None) => {
                let effect = self.emit(closes, Action::Timer);
                self.contact.burst_timer = Some(BurstTimer { effect, due: closes });
            }
            (None, Some(timer)) => {
                self.contact.burst_timer = None;
                self.settle(timer.effect);
            }
            _ => {}
        }
    }
}
