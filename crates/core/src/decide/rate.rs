//! Whether an answer helped: asked now and then, stored, and a wrong one is given to nobody else.

use super::desk::Desk;
use super::{Fact, Record};
use crate::contact::Rated;
use crate::contact::effect::{Action, Effect, Reply, Way};
use crate::contact::message::{Button, Message, Tap};
use crate::time::DAY;

/// So long after an answer typed words can still be about it.
const RATED_FOR_MS: i64 = DAY;

impl Desk<'_> {
    /// Notes an answer as the one that can be praised or blamed, and asks about it when its turn has come.
    pub fn ask_whether_it_helped(
        &mut self,
        message: &mut Message,
        effect: &Effect,
        reply: &Reply,
        may: bool,
    ) {
        self.contact.answers = self.contact.answers.wrapping_add(1);
        let every = self.policy.reuse.ask_every;
        // The second answer first: the first one is followed by the question where the person lives.
        let due = every > 0 && self.contact.answers % every == 2 % every;
        let asked = may && due;
        if asked {
            let [good, wrong] = self.texts.rate_buttons;
            message.quick_replies =
                [Button::new(good, Tap::RateGood), Button::new(wrong, Tap::RateWrong)].to_vec();
        }
        let key = reply.key.filter(|_| reply.way != Way::Curated);
        self.contact.rated = Some(Rated { ask: effect.id, key, at: self.now, asked });
    }

    /// What typed words say of the last answer.
    pub fn typed_rating(&self, text: &str, is: impl Fn(&str) -> bool) -> Option<Tap> {
        let rated = self.contact.rated.filter(|it| self.now.since(it.at) < RATED_FOR_MS)?;
        let [good, wrong] = self.texts.rate_buttons;
        let thumb = |thumb: &str| rated.asked && text.trim().trim_end_matches(is_skin).trim_end() == thumb;
        if is(good) || thumb("👍") {
            Some(Tap::RateGood)
        } else if is(wrong) || thumb("👎") {
            Some(Tap::RateWrong)
        } else {
            None
        }
    }

    /// Takes a person's word on the last answer; each answer has one.
    pub fn rate(&mut self, good: bool, identity: usize) {
        let mut withdrawn = false;
        if let Some(rated) = self.contact.rated.take() {
            self.record(if good { Record::Praised } else { Record::Blamed });
            self.fact(Fact::Rated { ask: rated.ask, good });
            let (day, most) = (self.now.juba_day(), self.policy.reuse.withdrawals_per_person_per_day);
            if let Some(key) = rated.key.filter(|_| !good)
                && self.contact.withdrawn_today.take(day, most)
            {
                self.emit(self.now, Action::Withdraw(key));
                withdrawn = true;
            }
        }
        let text = match (good, withdrawn) {
            (true, _) => self.texts.rated_good,
            (false, true) => self.texts.rated_wrong_for_all,
            (false, false) => self.texts.rated_wrong,
        };
        self.say(identity, text);
    }
}

/// Skin tones of emoji, and the mark that asks for a picture.
const fn is_skin(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}' | '\u{fe0f}')
}
