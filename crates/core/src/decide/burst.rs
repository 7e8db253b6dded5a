//! Bursts: messages sent one after the other that make one question.

use super::desk::Desk;
use crate::contact::Burst;
use crate::contact::event::Numbered;
use crate::pay::complaint;
use crate::words;

impl Desk<'_> {
    /// A part of a question, or a whole one.
    pub fn hear_part(&mut self, numbered: &Numbered, identity: usize, text: &str) {
        let rules = &self.policy.burst;
        let room = self.policy.limits.question_chars;
        let mut lost = text.chars().count() > room;
        let question = super::ask::question(numbered, identity, text, room);
        if rules.window_ms <= 0 {
            self.close_burst();
            self.tell_lost(lost, identity, room);
            return self.take_question(question);
        }
        let factor =
            if words::is_complete(text, rules.complete_words) { 1 } else { rules.short_factor.max(1) };
        let wait_ms = rules.window_ms.saturating_mul(factor);
        let said = numbered.said();
        match self.contact.burst.take() {
            Some(mut burst) if joins(&burst, numbered, identity) => {
                lost = super::ask::append(&mut burst.question, &question, room);
                burst.question.arrived = numbered.arrived;
                burst.closes = numbered.arrived.plus(wait_ms).min(burst.opened.plus(rules.total_ms));
                burst.wait_ms = wait_ms;
                burst.said = said;
                self.contact.burst = Some(burst);
            }
            other => {
                self.contact.burst = other;
                self.close_burst();
                self.contact.burst = Some(Burst {
                    opened: numbered.arrived,
                    closes: numbered.arrived.plus(wait_ms.min(rules.total_ms)),
                    wait_ms,
                    said,
                    question,
                });
            }
        }
        self.tell_lost(lost, identity, room);
        self.show_typing(identity);
    }

    /// Says that a question was longer than what is read.
    pub fn tell_lost(&mut self, lost: bool, identity: usize, room: usize) {
        if lost {
            let note = (self.texts.cut_question)(room);
            self.say(identity, note);
        }
    }

    /// The burst is over: it becomes a question and takes its unit.
    pub fn close_burst(&mut self) {
        let Some(burst) = self.contact.burst.take() else { return };
        if complaint::is_about_paying(&burst.question.text) {
            // No line alone said so, all of them together do.
            self.answer_complaint(burst.question.identity);
        } else {
            self.take_question(burst.question);
        }
    }
}

/// Both the arrival and the platform's time lie within the wait that is running, from the same identity.
fn joins(burst: &Burst, numbered: &Numbered, identity: usize) -> bool {
    let apart = numbered.said().since(burst.said).abs();
    burst.question.identity == identity && numbered.arrived <= burst.closes && apart <= burst.wait_ms
}
