//! The first message and consent.

use super::Record;
use super::desk::Desk;
use crate::contact::event::Numbered;
use crate::contact::message::{Button, Message, Purpose, Tap};
use crate::contact::{Consent, Question, Stage, Welcome};

impl Desk<'_> {
    /// Answers a message that is no question, before consent.
    pub fn remind_to_agree(&mut self, identity: usize) {
        let long_ago = |at| self.now.since(at) > crate::time::DAY;
        if self.contact.welcomed.is_none_or(|welcome| !welcome.sent || long_ago(welcome.at)) {
            self.show_start_again(identity);
        } else if !self.shown_a_moment_ago() {
            self.contact.asked = None;
            let message = Message::with_buttons(self.texts.agree_first, &[self.agree_button()]);
            self.reply(identity, message);
        }
    }

    /// Shows the start text, unless it is on its way already.
    pub fn show_start_again(&mut self, identity: usize) {
        let queued = self.contact.outbox.iter().any(|out| out.purpose == Purpose::Start)
            || self.contact.sending.as_ref().is_some_and(|sending| sending.purpose == Purpose::Start);
        if queued {
            return;
        }
        let text = (self.texts.start)(self.policy.service.terms_url.as_deref());
        let message = Message::with_buttons(text, &[self.agree_button()]);
        if self.take_free_reply(identity) {
            self.queue(identity, message, Purpose::Start, None);
            let sent = self.contact.welcomed.is_some_and(|before| before.sent);
            self.contact.welcomed =
                Some(Welcome { decision: self.contact.decisions, at: self.now, sent, yes: None });
            // A yes now answers the start text.
            self.contact.asked = None;
        }
    }

    /// Whether a typed yes counts: the start text was sent, and the yes was not written long before it.
    pub fn was_welcomed(&self, numbered: &Numbered) -> bool {
        // The platform's clock and ours may differ a little.
        let not_before = |welcome: Welcome| numbered.said().plus(crate::time::MINUTE) >= welcome.at;
        self.contact.welcomed.is_some_and(|welcome| welcome.sent && not_before(welcome))
    }

    /// Keeps a typed yes while the start text is being sent: a quick person, or a quick test, answers before the
    /// platform's own answer is known here. False when there is nothing on its way that it could mean.
    pub fn hold_yes(&mut self, numbered: &Numbered, identity: usize) -> bool {
        let is_sending =
            self.contact.sending.as_ref().is_some_and(|sending| sending.purpose == Purpose::Start);
        let decisions = self.contact.decisions;
        match &mut self.contact.welcomed {
            Some(welcome) if is_sending && welcome.decision < decisions && numbered.arrived >= welcome.at => {
                welcome.yes = Some(identity);
                true
            }
            _ => false,
        }
    }

    /// A message before consent: kept, unseen by the AI, as one question.
    pub fn keep_question(&mut self, numbered: &Numbered, identity: usize, text: &str) {
        let fresh = |kept: &Question| self.now.since(kept.arrived) < self.policy.time.kept_question_ms;
        let room = self.policy.limits.question_chars;
        let question = super::ask::question(numbered, identity, text, room);
        let lost = if let Some(mut kept) = self.contact.kept.take().filter(fresh) {
            let lost = super::ask::append(&mut kept, &question, room);
            kept.arrived = numbered.arrived;
            self.contact.kept = Some(kept);
            lost
        } else {
            self.contact.kept = Some(question);
            text.chars().count() > room
        };
        self.tell_lost(lost, identity, room);
        self.remind_to_agree(identity);
    }

    /// The person agrees; what was asked before is answered at once.
    pub fn agree(&mut self, identity: usize) {
        self.contact.consent = Some(Consent { terms: self.policy.service.terms_version, at: self.now });
        self.contact.stage = Stage::Ready;
        self.record(Record::Consented);
        let kept_for = self.policy.time.kept_question_ms;
        match self.contact.kept.take() {
            Some(kept) if self.now.since(kept.arrived) < kept_for => self.take_question(kept),
            _ => {
                self.say(identity, self.texts.agreed);
            }
        }
    }

    /// A second message on the heels of the first needs no second reminder.
    fn shown_a_moment_ago(&self) -> bool {
        const MOMENT: i64 = 20_000;
        self.contact.welcomed.is_some_and(|welcome| self.now.since(welcome.at) < MOMENT)
    }

    fn agree_button(&self) -> Button {
        Button::new(self.texts.agree_button, Tap::Agree)
    }
}
