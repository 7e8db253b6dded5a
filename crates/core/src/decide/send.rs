//! The outbox: one message of a contact at a time, in order.

use super::Record;
use super::desk::Desk;
use crate::contact::effect::{Action, Effect, EffectFault, Retry};
use crate::contact::event::Outcome;
use crate::contact::message::Purpose;
use crate::contact::{Buried, Outgoing, Sending, Stage};
use crate::id::{EffectId, EventId};
use crate::retry;

/// Platform ids of our sends that are kept to know echoes by.
const KNOWN_SENDS: usize = 30;

impl Desk<'_> {
    /// Sends the next message when none is being sent.
    pub fn tidy_outbox(&mut self) {
        while self.contact.sending.is_none() {
            let Some(out) = self.contact.outbox.pop_front() else { return };
            let Some(to) = self.address(out.identity).cloned() else {
                // Money news for somebody whom a restored copy does not know waits until they write; for somebody
                // who deleted their data there is nobody to tell.
                if self.contact.identities.is_empty() && out.purpose == Purpose::Money {
                    self.park(out);
                } else {
                    self.drop_message(&out);
                }
                continue;
            };
            if !self.window_is_open(out.identity) {
                self.park(out);
                continue;
            }
            let digest = EventId::digest(&out.message.text);
            let effect = self.emit(self.now, Action::Send { to, message: out.message });
            self.contact.sending = Some(Sending {
                effect,
                identity: out.identity,
                purpose: out.purpose,
                unit: out.unit,
                digest,
                refused: 0,
                down: 0,
                unknown: 0,
            });
        }
    }

    /// What became of a send.
    pub fn learn_send(&mut self, effect: &Effect, outcome: &Outcome) {
        let open = self.contact.sending.take_if(|sending| sending.effect == effect.id);
        let Some(mut sending) = open else { return self.late(effect) };
        if self.is_repeated(effect, outcome, sending.refused + sending.down + sending.unknown) {
            self.contact.sending = Some(sending);
            return;
        }
        match outcome {
            Outcome::Sent(message) => self.accepted(&sending, *message),
            Outcome::Failed(fault) => self.not_sent(sending, effect, fault),
            Outcome::Unknown if sending.unknown == 0 => {
                // Its echo settles it; without one it is sent once more.
                self.record(Record::UnknownSend);
                self.know(sending.digest);
                self.welcome_sent(sending.purpose);
                sending.unknown += 1;
                self.contact.sending = Some(sending);
                self.again(effect, self.policy.time.unknown_send_ms);
            }
            _ => {
                // Twice without a word: it may well have arrived twice. An operator decides.
                self.record(Record::UnknownSend);
                self.record(Record::PossibleRepeat);
                self.give_up(&sending, effect, "unknown twice");
            }
        }
    }

    /// The platform's own echo says that a send was accepted.
    pub fn confirm(&mut self, effect: EffectId, message: EventId) {
        if let Some(sending) = self.contact.sending.take_if(|sending| sending.effect == effect) {
            self.accepted(&sending, message);
        }
    }

    /// Answers whose window shut go out first, now that the person wrote again.
    pub fn unpark(&mut self) {
        while let Some(out) = self.contact.parked.pop_back() {
            self.contact.outbox.push_front(out);
        }
    }

    /// Whether the reply window will still be open in `ms` milliseconds.
    pub fn window_is_open_in(&self, identity: usize, ms: i64) -> bool {
        let times = &self.policy.time;
        let open_for = times.reply_window_ms - times.reply_margin_ms;
        self.contact.identities.get(identity).is_some_and(|it| self.now.plus(ms).since(it.heard) < open_for)
    }

    fn accepted(&mut self, sending: &Sending, message: EventId) {
        self.settle(sending.effect);
        if sending.purpose == Purpose::Answer {
            self.record(Record::AnswerSent);
        }
        if sending.unknown > 0 {
            self.record(Record::PossibleRepeat);
        }
        self.welcome_sent(sending.purpose);
        self.know(message);
    }

    /// Remembers a message of ours by its platform id, or by its digest where that id is not known.
    fn know(&mut self, message: EventId) {
        self.contact.sent_ids.push_back(message);
        while self.contact.sent_ids.len() > KNOWN_SENDS {
            self.contact.sent_ids.pop_front();
        }
    }

    /// A start text that was sent, or may have been, can be answered by a typed yes.
    fn welcome_sent(&mut self, purpose: Purpose) {
        if purpose == Purpose::Start
            && let Some(welcome) = &mut self.contact.welcomed
        {
            welcome.sent = true;
            let yes = welcome.yes.take();
            if let Some(identity) = yes.filter(|_| self.contact.stage == Stage::New) {
                self.agree(identity);
            }
        }
    }

    /// Ends a send that never succeeded.
    fn give_up(&mut self, sending: &Sending, effect: &Effect, reason: &str) {
        self.give_back(sending.unit);
        self.bury(effect, reason);
        let (purpose, unit) = (sending.purpose, sending.unit.is_some());
        self.contact.buried.push_back(Buried { effect: effect.id, purpose, unit });
        while self.contact.buried.len() > KNOWN_SENDS {
            self.contact.buried.pop_front();
        }
    }

    fn not_sent(&mut self, mut sending: Sending, effect: &Effect, fault: &EffectFault) {
        let identity = sending.identity;
        match fault.retry {
            Retry::After(_) | Retry::ChannelDown => {
                let floor = if let Retry::After(floor) = fault.retry {
                    sending.refused += 1;
                    floor
                } else {
                    sending.down += 1;
                    0
                };
                if sending.refused >= retry::SEND_ATTEMPTS {
                    return self.give_up(&sending, effect, &fault.reason);
                }
                let delay = retry::send(sending.refused + sending.down, &self.seed).max(floor);
                if self.window_is_open_in(identity, delay) {
                    self.contact.sending = Some(sending);
                    self.again(effect, delay);
                } else {
                    self.park_sent(&sending, effect);
                }
            }
            Retry::WindowShut => {
                if let Some(listener) = self.contact.identities.get_mut(identity) {
                    // As if it had just shut by our own reckoning.
                    let shut = self.now.plus(-self.policy.time.reply_window_ms);
                    listener.heard = listener.heard.min(shut);
                }
                self.park_sent(&sending, effect);
            }
            Retry::Gone => self.lose(&sending, effect),
            Retry::Refused => self.give_up(&sending, effect, &fault.reason),
        }
    }

    /// The person cannot be reached any more. News of money waits for them all the same: they may come back.
    fn lose(&mut self, sending: &Sending, effect: &Effect) {
        if sending.purpose == Purpose::Money {
            self.park_sent(sending, effect);
        } else {
            self.settle(effect.id);
            self.give_back(sending.unit);
            self.record(Record::Dropped);
        }
        for out in core::mem::take(&mut self.contact.outbox) {
            match out.purpose {
                _ if out.identity != sending.identity => self.contact.outbox.push_back(out),
                Purpose::Money => self.park(out),
                _ => self.drop_message(&out),
            }
        }
    }

    fn park_sent(&mut self, sending: &Sending, effect: &Effect) {
        self.settle(effect.id);
        if let Action::Send { message, .. } = &effect.action {
            self.park(Outgoing {
                identity: sending.identity,
                message: message.clone(),
                purpose: sending.purpose,
                unit: sending.unit,
            });
        }
    }

    /// Keeps an answer for the person's next message; notices are worth nothing by then.
    fn park(&mut self, out: Outgoing) {
        match out.purpose {
            // Before the answers, behind earlier news.
            Purpose::Money => {
                self.record(Record::Parked);
                let is_money = |it: &Outgoing| it.purpose == Purpose::Money;
                let behind = self.contact.parked.iter().take_while(|it| is_money(it)).count();
                self.contact.parked.insert(behind, out);
                return;
            }
            Purpose::Answer => {}
            _ => return self.drop_message(&out),
        }
        self.record(Record::Parked);
        self.contact.parked.push_back(out);
        let answers = self.contact.parked.iter().filter(|it| it.purpose == Purpose::Answer).count();
        if answers > self.policy.time.parked_answers
            && let Some(oldest) = self.contact.parked.iter().position(|it| it.purpose == Purpose::Answer)
            && let Some(oldest) = self.contact.parked.remove(oldest)
        {
            self.drop_message(&oldest);
        }
    }

    pub fn drop_message(&mut self, out: &Outgoing) {
        self.record(Record::Dropped);
        self.give_back(out.unit);
    }
}
