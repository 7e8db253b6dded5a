//! Questions: the quota, the AI's turn, its answer or an apology.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::desk::Desk;
use super::{AiTurn, Fact, Record};
use crate::contact::effect::{Action, Effect, Hint, Reply, Retry, Way};
use crate::contact::event::{Numbered, Outcome};
use crate::contact::message::{Button, Message, Purpose, Tap};
use crate::contact::{Asked, Asking, Extra, More, Question, RegionChoice, Turn, Unit};
use crate::{guard, prompt, retry, shape, spend};

/// A question made of one message; what exceeds `room` characters is dropped.
pub(super) fn question(numbered: &Numbered, identity: usize, text: &str, room: usize) -> Question {
    Question {
        text: text.chars().take(room).collect(),
        events: vec![numbered.envelope.id],
        identity,
        arrived: numbered.arrived,
        unit: None,
        extra: Extra::new(),
    }
}

/// The beginning of a text, for quoting it in one line.
pub(super) fn quote(text: &str, chars: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= chars {
        return line;
    }
    let mut short: String = line.chars().take(chars.saturating_sub(3)).collect();
    short.push_str("...");
    short
}

/// Adds a part to a question as far as there is room; whether some of it was lost for the first time.
pub(super) fn append(question: &mut Question, part: &Question, room: usize) -> bool {
    let left = room.saturating_sub(question.text.chars().count());
    if left > 1 {
        question.text.push('\n');
        question.text.extend(part.text.chars().take(left - 1));
    }
    question.events.extend_from_slice(&part.events);
    left > 1 && part.text.chars().count() > left - 1
}

impl Desk<'_> {
    /// Takes a question: reserves its unit and puts it in line, or says why not.
    pub fn take_question(&mut self, mut question: Question) {
        let identity = question.identity;
        if !question.text.chars().any(char::is_alphanumeric) {
            self.say(identity, self.texts.nothing);
            return;
        }
        if self.contact.waiting.len() + self.contact.retrying.len() >= self.policy.limits.waiting_questions {
            if !self.contact.told_full {
                self.contact.told_full = self.say(identity, self.texts.too_many_waiting);
            }
            return;
        }
        self.contact.told_full = false;
        let Some(unit) = self.reserve(identity) else { return self.meet_limit(question) };
        question.unit = Some(unit);
        self.record(Record::QuestionTaken);
        self.contact.waiting.push_back(question);
    }

    /// Starts the next question when the AI's place is free.
    pub fn tidy_questions(&mut self) {
        while self.contact.asking.is_none() {
            let Some(question) = self.contact.waiting.pop_front() else { return };
            let Some(typing) = self.address(question.identity).cloned() else {
                self.give_back(question.unit);
                continue;
            };
            let day = self.now.juba_day();
            if !self.contact.ai_calls.take(day, self.policy.limits.ai_calls_per_day) {
                self.give_back(question.unit);
                self.tell(question.identity, self.texts.ai_limit);
                continue;
            }
            self.hint(Hint::Typing(typing.clone()));
            let prompt = prompt::build(self.policy, &self.contact, &question.text, self.now, typing);
            let effect = self.emit(self.now, Action::Ask(prompt));
            self.contact.asking =
                Some(Asking { effect, question, since: self.now, failed: 0, apologised: 0 });
        }
    }

    /// What the AI's turn came to.
    pub fn learn_ask(&mut self, effect: &Effect, outcome: &Outcome) {
        let in_front = self.contact.asking.as_ref().is_some_and(|asking| asking.effect == effect.id);
        let behind = self.contact.retrying.iter().position(|asking| asking.effect == effect.id);
        let asking = match behind {
            _ if in_front => self.contact.asking.take(),
            Some(index) => Some(self.contact.retrying.remove(index)),
            None => None,
        };
        self.account(effect, outcome, asking.is_some());
        let Some(asking) = asking else { return self.late(effect) };
        if self.is_repeated(effect, outcome, asking.failed) {
            if in_front {
                self.contact.asking = Some(asking);
            } else {
                self.contact.retrying.push(asking);
            }
            return;
        }
        match outcome {
            // After an apology its unit is gone for good: "it costs you no question".
            Outcome::Answered(reply) => {
                self.settle(effect.id);
                self.answer(&asking, effect, reply);
            }
            Outcome::Failed(fault) | Outcome::Unanswered(fault, _) if fault.retry == Retry::Refused => {
                self.settle(effect.id);
                self.refuse(&asking.question);
            }
            Outcome::Failed(fault) | Outcome::Unanswered(fault, _) => {
                let floor = if let Retry::After(floor) = fault.retry { floor } else { 0 };
                self.ask_again(asking, effect, in_front, (floor, &fault.reason));
            }
            _ => self.ask_again(asking, effect, in_front, (0, "no answer")),
        }
    }

    /// Tries again: first silently, then after one apology, and at last not any more. Never before `floor`.
    fn ask_again(
        &mut self,
        mut asking: Asking,
        effect: &Effect,
        in_front: bool,
        (floor, reason): (i64, &str),
    ) {
        asking.failed += 1;
        let waited = self.now.since(asking.since);
        let identity = asking.question.identity;
        let soon = retry::ask_soon(asking.failed)
            .map(|delay| delay.max(floor))
            .filter(|delay| waited + delay + self.policy.ai.least_ms <= self.policy.ai.deadline_ms);
        let calls_left = self.contact.ai_calls.on(self.now.juba_day()) < self.policy.limits.ai_calls_per_day;
        if let Some(delay) = soon.filter(|_| in_front && calls_left) {
            self.contact.ai_calls.take(self.now.juba_day(), u32::MAX);
            self.ask_then(effect, delay);
            self.contact.asking = Some(asking);
            return;
        }
        self.give_back(asking.question.unit.take());
        asking.apologised += 1;
        let delay = retry::ask_later(asking.apologised, &self.seed).max(retry::after(floor, &self.seed));
        if !calls_left || !self.window_is_open_in(identity, delay) {
            if reason == spend::NO_MONEY {
                // Nothing that an operator could revive but by spending more.
                self.settle(effect.id);
            } else {
                self.bury(effect, reason);
            }
            self.record(Record::GivenUp);
            let text = (self.texts.gave_up)(&quote(&asking.question.text, self.policy.answers.quote_chars));
            self.tell(identity, text);
            return;
        }
        if in_front {
            self.record(Record::Apology);
            self.tell(identity, self.texts.apology);
        }
        self.contact.ai_calls.take(self.now.juba_day(), u32::MAX);
        self.ask_then(effect, delay);
        self.contact.retrying.push(asking);
    }

    /// The next attempt at a question, with what its person may still spend by now.
    fn ask_then(&mut self, effect: &Effect, delay: i64) {
        let mut effect = effect.clone();
        if let Action::Ask(prompt) = &mut effect.action {
            prompt.about.left = prompt::left(self.policy, &self.contact, self.now);
        }
        self.again(&effect, delay);
    }

    /// Books what an attempt cost, whatever became of it. Of a person who is gone no word is kept.
    fn account(&mut self, effect: &Effect, outcome: &Outcome, is_known: bool) {
        let Action::Ask(prompt) = &effect.action else { return };
        let (way, key, spent) = match outcome {
            Outcome::Answered(reply) => (Some(reply.way), reply.key, &reply.spent),
            Outcome::Unanswered(_, spent) if !spent.is_empty() => (None, None, spent),
            _ => return,
        };
        let about = &prompt.about;
        let day = self.now.juba_day();
        self.contact.ai_spent.add(day, spent.iter().map(|it| it.cost).sum());
        if let Some(shared) = about.shared.as_ref().filter(|_| is_known) {
            if way == Some(Way::Ai) && shared.keep {
                self.contact.kept_today.take(day, u32::MAX);
            }
            if way.is_some_and(|way| way != Way::Curated) {
                self.fact(Fact::Missed { day, language: shared.language, normal: shared.normal.clone() });
            }
        }
        self.fact(Fact::Turn(AiTurn {
            ask: effect.id,
            attempt: effect.attempt,
            at: self.now,
            paid: effect.paid,
            domain: about.domain,
            way,
            key,
            spent: spent.clone(),
        }));
    }

    fn answer(&mut self, asking: &Asking, effect: &Effect, reply: &Reply) {
        let question = &asking.question;
        let whole = shape::answer(&reply.text, reply.cut);
        let guarded = guard::check(&whole, &self.policy.guard, self.texts);
        if guarded.changed {
            self.record(Record::Guarded);
        }
        if guarded.text.is_empty() || prompt::recites(self.policy, &guarded.text) {
            return self.refuse(question);
        }
        self.record(Record::Answered);
        let identity = question.identity;
        self.remember(&question.text, &guarded.text);
        let rules = &self.policy.answers;
        let mut text = guarded.text;
        if asking.apologised > 0 || self.now.since(question.arrived) > rules.quote_after_ms {
            text = format!("{}\n\n{text}", (self.texts.quote)(&quote(&question.text, rules.quote_chars)));
        }
        if reply.way == Way::Stale {
            text = format!("{text}\n\n{}", self.texts.older_answer);
        }
        self.contact.more = None;
        let mut message = self.part(&text, identity);
        let is_whole = message.quick_replies.is_empty();
        // "Ok" may be said about the answer from now on, so it deletes nothing.
        if self.asked(Asked::Forget) {
            self.contact.asked = None;
        }
        // The quick reply for the rest would vanish under another message.
        let may_ask =
            is_whole && !self.asked(Asked::Stale) && !self.contact.quiet && !self.human_speaks(self.now);
        let asks_region = may_ask && self.contact.region == RegionChoice::Unasked;
        let may_rate = may_ask && !asks_region && !self.is_reminder_due(identity);
        self.ask_whether_it_helped(&mut message, effect, reply, may_rate);
        self.queue(identity, message, Purpose::Answer, question.unit);
        if asks_region {
            self.ask_region(identity);
        } else if is_whole {
            self.remind(identity);
        }
    }

    /// `more`: the next part of the last answer.
    pub fn say_more(&mut self, identity: usize) {
        match self.contact.more.take() {
            Some(more) if self.now < more.until => {
                let message = self.part(&more.text, identity);
                let is_last = message.quick_replies.is_empty();
                self.queue(identity, message, Purpose::Answer, None);
                if is_last {
                    self.remind(identity);
                }
            }
            _ => {
                self.say(identity, self.texts.no_more);
            }
        }
    }

    /// As much of `text` as one message takes; the rest waits for `more`.
    pub fn part(&mut self, text: &str, identity: usize) -> Message {
        let rules = &self.policy.answers;
        let channel = self.address(identity).map_or(rules.max_units, |to| to.channel.limits().text);
        let most = rules.max_units.min(channel);
        if shape::units(text) <= most {
            return Message::plain(text);
        }
        let hint = self.texts.more_hint;
        let (first, rest) = shape::cut(text, most.saturating_sub(shape::units(hint) + 2));
        self.contact.more = Some(More { text: rest.to_string(), until: self.now.plus(rules.more_for_ms) });
        let button = Button::new(self.texts.more_button, Tap::More);
        Message::with_quick_replies(format!("{first}\n\n{hint}"), &[button])
    }

    pub fn remember(&mut self, question: &str, answer: &str) {
        let rules = &self.policy.memory;
        let short = |text: &str| text.chars().take(rules.answer_chars).collect::<String>();
        let turn = Turn { question: short(question), answer: short(answer), at: self.now };
        self.contact.memory.push_back(turn);
        while self.contact.memory.len() > rules.turns {
            self.contact.memory.pop_front();
        }
    }

    /// Takes a unit of today, or `None` when none is left.
    pub fn reserve(&mut self, identity: usize) -> Option<Unit> {
        let day = self.now.juba_day();
        if self.contact.paying.is_paid_on(day) {
            let used = &mut self.contact.paying.used;
            return used.take(day, self.policy.quota.paid_per_day).then_some(Unit::Paid { day: used.day });
        }
        let limit = self.policy.quota.free_per_day;
        let speaker = self.contact.identities.get_mut(identity)?;
        speaker.free.take(day, limit).then_some(Unit::Free { identity, day: speaker.free.day })
    }

    /// Gives a unit back: its question was not answered.
    pub fn give_back(&mut self, unit: Option<Unit>) {
        match unit {
            Some(Unit::Free { identity, day }) => {
                if let Some(speaker) = self.contact.identities.get_mut(identity) {
                    speaker.free.give_back(day);
                }
            }
            Some(Unit::Paid { day }) => self.contact.paying.used.give_back(day),
            None => {}
        }
    }

    fn meet_limit(&mut self, question: Question) {
        self.record(Record::LimitNotice);
        let identity = question.identity;
        let (now, keep_ms) = (self.now, self.policy.time.limited_question_ms);
        self.contact.limited.retain(|kept| now.since(kept.arrived) < keep_ms);
        self.contact.limited.push_back(question);
        while self.contact.limited.len() > self.policy.time.limited_questions {
            self.contact.limited.pop_front();
        }
        let quota = &self.policy.quota;
        let (free, paid) = (quota.free_per_day, quota.paid_per_day);
        let mut buttons = Vec::new();
        let text = if self.contact.paying.is_paid_on(now.juba_day()) {
            (self.texts.limit_paid)(paid)
        } else if self.open_request().is_some() {
            (self.texts.limit_paying)(free)
        } else if self.is_sold() {
            buttons = self.plan_buttons();
            (self.texts.limit_offer)(free, paid)
        } else {
            (self.texts.limit)(free)
        };
        let offered = !buttons.is_empty();
        if self.reply(identity, Message::with_buttons(text, &buttons)) && offered {
            self.contact.asked = Some(Asked::Plan);
        }
    }

    fn refuse(&mut self, question: &Question) {
        self.record(Record::Refused);
        self.give_back(question.unit);
        self.tell(question.identity, self.texts.refusal);
    }

    pub fn show_typing(&mut self, identity: usize) {
        if let Some(address) = self.address(identity).cloned() {
            self.hint(Hint::Typing(address));
        }
    }
}
