//! Region, language, deletion, and questions that came too late.

use alloc::vec::Vec;

use super::Record;
use super::desk::Desk;
use crate::contact::effect::Action;
use crate::contact::event::Numbered;
use crate::contact::message::{Button, Message, Purpose, Tap};
use crate::contact::{
    AnswerLanguage, Asked, Contact, Identity, Paying, Question, Region, RegionChoice, Request, Sending,
};
use crate::id::{EventId, PaymentId};
use crate::pay::payment;
use crate::time::DAY;

/// In the order of `Texts::region_buttons`.
pub(super) const REGION_TAPS: [Tap; 5] = [
    Tap::RegionIs(Region::Juba),
    Tap::RegionIs(Region::Wau),
    Tap::RegionIs(Region::Malakal),
    Tap::RegionIs(Region::Elsewhere),
    Tap::RegionSkip,
];

/// In the order of `Texts::language_buttons`.
pub(super) const LANGUAGE_TAPS: [Tap; 4] = [
    Tap::LanguageIs(None),
    Tap::LanguageIs(Some(AnswerLanguage::English)),
    Tap::LanguageIs(Some(AnswerLanguage::Arabic)),
    Tap::LanguageIs(Some(AnswerLanguage::JubaArabic)),
];

impl Desk<'_> {
    /// Whether we asked this last, so that "yes" answers it.
    pub fn asked(&self, what: Asked) -> bool {
        self.contact.asked == Some(what)
    }

    pub fn ask_region(&mut self, identity: usize) {
        let titles = self.texts.region_buttons;
        let buttons = core::array::from_fn::<_, 5, _>(|i| Button::new(titles[i], REGION_TAPS[i]));
        if self.reply(identity, Message::with_quick_replies(self.texts.region_ask, &buttons)) {
            self.contact.asked = Some(Asked::Region);
            if self.contact.region == RegionChoice::Unasked {
                self.contact.region = RegionChoice::Asked;
            }
        }
    }

    pub fn set_region(&mut self, region: Option<Region>, identity: usize) {
        self.contact.asked = None;
        let [juba, wau, malakal, ..] = self.texts.region_buttons;
        let name = match region {
            Some(Region::Juba) => juba,
            Some(Region::Wau) => wau,
            Some(Region::Malakal) => malakal,
            Some(Region::Elsewhere) | None => {
                self.contact.region = region.map_or(RegionChoice::Skipped, RegionChoice::Chosen);
                self.say(identity, self.texts.region_skipped);
                return;
            }
        };
        self.contact.region = region.map_or(RegionChoice::Skipped, RegionChoice::Chosen);
        self.say(identity, (self.texts.region_set)(name));
    }

    pub fn ask_language(&mut self, identity: usize) {
        let titles = self.texts.language_buttons;
        let buttons = core::array::from_fn::<_, 4, _>(|i| Button::new(titles[i], LANGUAGE_TAPS[i]));
        if self.reply(identity, Message::with_quick_replies(self.texts.language_ask, &buttons)) {
            self.contact.asked = Some(Asked::Language);
        }
    }

    pub fn set_language(&mut self, language: Option<AnswerLanguage>, identity: usize) {
        self.contact.asked = None;
        self.contact.answer_language = language;
        self.say(identity, self.texts.language_set);
    }

    pub fn ask_forget(&mut self, identity: usize) {
        let [delete, keep] = self.texts.forget_buttons;
        let buttons = [Button::new(delete, Tap::Forget), Button::new(keep, Tap::ForgetNot)];
        let is_asked = self.disowned().any(|it| self.now.since(it.at) < 7 * DAY);
        let text = (self.texts.forget_ask)(self.plan_end().as_deref(), is_asked);
        if self.reply(identity, Message::with_buttons(text, &buttons)) {
            self.contact.asked = Some(Asked::Forget);
            self.contact.forget_asked = Some(self.now);
        }
    }

    /// Whether "Delete my data?" stands, so that it can still be confirmed.
    pub fn forget_stands(&self) -> bool {
        self.contact.forget_asked.is_some_and(|at| self.now.since(at) <= self.policy.time.forget_confirm_ms)
    }

    /// The talk goes on to something else: a "yes" after it no longer answers what we asked before.
    pub fn move_on(&mut self) {
        self.contact.asked.take_if(|asked| matches!(asked, Asked::Forget | Asked::Stale | Asked::Pay));
    }

    pub fn forget_not(&mut self, identity: usize) {
        let stood = self.contact.forget_asked.take().is_some();
        if self.asked(Asked::Forget) {
            self.contact.asked = None;
        }
        if stood {
            self.say(identity, self.texts.forget_cancelled);
        }
    }

    /// Erases the person, if that was asked not long ago.
    pub fn forget(&mut self, identity: usize) {
        if !self.forget_stands() {
            return self.ask_forget(identity);
        }
        if self.address(identity).is_some() {
            self.erase(identity);
        }
    }

    /// Erases the person. What stays is no name, number or text: the keyed hash of each identity with its count, so
    /// that deletion refills nothing. Their payments are told: money that still comes is nobody's we know.
    pub fn erase(&mut self, identity: usize) {
        let to = self.address(identity).cloned();
        self.erase_all();
        self.record(Record::Forgotten);
        let old = core::mem::take(&mut self.contact);
        self.contact = Contact {
            decisions: old.decisions,
            free_replies: old.free_replies,
            ai_calls: old.ai_calls,
            ai_spent: old.ai_spent,
            kept_today: old.kept_today,
            withdrawn_today: old.withdrawn_today,
            merged_into: old.merged_into,
            identities: old.identities.into_iter().map(Identity::nameless).collect(),
            // The count alone: MTN's statement must not carry one name for two orders.
            paying: Paying { orders: old.paying.orders, ..Paying::default() },
            ..Contact::default()
        };
        let granted = old.paying.grants.into_iter().filter(|(_, it)| !it.granted.gift).map(|(id, _)| id);
        let mut payments: Vec<PaymentId> = old.paying.requests.iter().map(|it| it.payment).collect();
        payments.extend(granted);
        payments.sort_unstable();
        payments.dedup();
        for payment in payments {
            self.tell_payment(payment, payment::Event::Disown);
        }
        let Some(to) = to else { return };
        let message = Message::plain(self.texts.forgotten);
        let digest = EventId::digest(&message.text);
        let effect = self.emit(self.now, Action::Send { to, message });
        self.contact.sending = Some(Sending {
            effect,
            identity,
            purpose: Purpose::Notice,
            unit: None,
            digest,
            refused: 0,
            down: 0,
            unknown: 0,
        });
    }

    /// The requests that brought no days: what they may still bring is nobody's once the person is erased.
    fn disowned(&self) -> impl Iterator<Item = &Request> {
        let paying = &self.contact.paying;
        paying.requests.iter().filter(|it| !paying.grants.contains_key(&it.payment))
    }

    /// A question that came too late to be answered unasked: it is asked about at the next message.
    pub fn keep_stale(&mut self, numbered: &Numbered, identity: usize, text: &str) {
        let room = self.policy.limits.question_chars;
        let question = super::ask::question(numbered, identity, text, room);
        match &mut self.contact.stale {
            Some(stale) => {
                super::ask::append(stale, &question, room);
            }
            None => self.contact.stale = Some(question),
        }
        self.contact.stale_asked = false;
    }

    pub fn ask_about_stale(&mut self, identity: usize) {
        let Some(stale) = &self.contact.stale else { return };
        if self.contact.stale_asked || self.now.since(stale.arrived) > self.policy.time.too_old_ms {
            return;
        }
        let quote = super::ask::quote(&stale.text, self.policy.answers.quote_chars);
        let [yes, no] = self.texts.still_want_buttons;
        let buttons = [Button::new(yes, Tap::AskAgain), Button::new(no, Tap::AskNot)];
        if self.reply(identity, Message::with_buttons((self.texts.still_want)(&quote), &buttons)) {
            self.contact.asked = Some(Asked::Stale);
            self.contact.stale_asked = true;
        }
    }

    pub fn answer_stale(&mut self, wanted: bool, identity: usize) {
        if self.asked(Asked::Stale) {
            self.contact.asked = None;
        }
        self.contact.stale_asked = false;
        match self.contact.stale.take() {
            Some(stale) if wanted => self.take_question(Question { arrived: self.now, ..stale }),
            Some(_) => {
                self.say(identity, self.texts.dropped);
            }
            None => {}
        }
    }

    /// A message was taken back: what it said goes, where it still stands alone.
    pub fn unsend(&mut self, event: EventId) {
        let only_this = |question: &Question| question.events == [event];
        if self.contact.burst.as_ref().is_some_and(|burst| only_this(&burst.question)) {
            self.contact.burst = None;
        }
        for slot in [&mut self.contact.kept, &mut self.contact.stale] {
            if slot.as_ref().is_some_and(only_this) {
                *slot = None;
            }
        }
        self.contact.limited.retain(|question| !only_this(question));
        if let Some(index) = self.contact.waiting.iter().position(only_this)
            && let Some(question) = self.contact.waiting.remove(index)
        {
            self.give_back(question.unit);
        }
    }
}
