//! Envelopes: who speaks, and what their words mean here and now.

use alloc::string::ToString;

use super::Record;
use super::desk::Desk;
use crate::contact::effect::{Action, Case, Effect, Hint, Prompt};
use crate::contact::event::{Event, Media, Numbered};
use crate::contact::message::{Button, Message, Purpose, Tap};
use crate::contact::{Asked, DayCount, Extra, Identity, RegionChoice, Stage};
use crate::pay::complaint;
use crate::pay::price::Plan;
use crate::rail;
use crate::words::{self, Said, Word};

impl Desk<'_> {
    /// Folds one envelope in.
    pub fn hear(&mut self, numbered: &Numbered) {
        if self.hand_on(&numbered.envelope.event) {
            return;
        }
        let identity = self.identity_of(numbered);
        match &numbered.envelope.event {
            Event::OwnEcho { effect, message } => self.confirm(*effect, *message),
            Event::PageEcho { message, digest } => self.hear_page(numbered, *message, *digest),
            Event::Overflow => {
                self.record(Record::Overflow);
                self.say(identity, self.texts.overflow);
            }
            Event::Revive(effect) => self.revive(effect, numbered, identity),
            // Taking a message back is no message: the reply window and what waits for it stay as they are.
            Event::Unsent(event) => self.unsend(*event),
            Event::Paying(news) => self.hear_payment(news, identity),
            Event::Erase => self.erase(identity),
            Event::Gift(gift) => self.hear_gift(gift, identity),
            Event::MergeInto(contact) => self.merge_into(*contact),
            Event::Merged(estate) => self.inherit(estate),
            Event::Payment(_) | Event::Payer(_) => self.record(Record::Misplaced),
            _ => self.hear_person(numbered, identity),
        }
    }

    fn hear_person(&mut self, numbered: &Numbered, identity: usize) {
        let said = numbered.said();
        if let Some(speaker) = self.contact.identities.get_mut(identity) {
            speaker.heard = speaker.heard.max(said);
        }
        self.unpark();
        if let Some(address) = self.address(identity).cloned() {
            self.hint(Hint::Seen(address));
        }
        match self.contact.stage {
            Stage::New => self.hear_new(numbered, identity),
            Stage::Ready => self.hear_ready(numbered, identity),
        }
        if !self.is_late(numbered)
            && self.contact.stage == Stage::Ready
            && !self.human_speaks(numbered.arrived)
        {
            self.ask_about_stale(identity);
        }
    }

    fn hear_new(&mut self, numbered: &Numbered, identity: usize) {
        match &numbered.envelope.event {
            Event::Text(text) => match words::read(text) {
                Said::Danger => self.answer_danger(text, identity),
                Said::Word(Word::Subscribe) => self.show_start_again(identity),
                Said::Word(Word::Start) => {
                    self.contact.quiet = false;
                    self.show_start_again(identity);
                }
                Said::Word(word) => self.obey(word, numbered, identity),
                said => {
                    if let Some(tap) = self.typed(said, text) {
                        self.tap(tap, numbered, identity);
                    } else if said == Said::Yes && self.was_welcomed(numbered) {
                        self.agree(identity);
                    } else if said == Said::Yes && self.hold_yes(numbered, identity) {
                        // It counts when the platform says that the start text was sent.
                    } else if complaint::is_about_paying(text) {
                        // They may have paid before they deleted their data.
                        self.answer_complaint(identity);
                    } else if self.human_speaks(numbered.arrived) {
                        // A person of ours talks to them.
                    } else if said == Said::Plain {
                        self.hear_early(numbered, identity, text);
                    } else {
                        self.remind_to_agree(identity);
                    }
                }
            },
            Event::Tap(Tap::Agree) => self.agree(identity),
            Event::Tap(Tap::GetStarted | Tap::Subscribe | Tap::PlanIs(_) | Tap::Pay | Tap::PayOther) => {
                self.show_start_again(identity);
            }
            Event::Tap(tap) if !matches!(tap, Tap::AskAgain | Tap::AskNot) => {
                self.tap(*tap, numbered, identity);
            }
            Event::Digits if self.warn_of_pin(identity) => {}
            _ if self.human_speaks(numbered.arrived) => {}
            _ => self.remind_to_agree(identity),
        }
    }

    /// A question before consent. One that came very late is asked about once the person agreed.
    fn hear_early(&mut self, numbered: &Numbered, identity: usize, text: &str) {
        if self.is_late(numbered) {
            self.keep_stale(numbered, identity, text);
            self.remind_to_agree(identity);
        } else {
            self.keep_question(numbered, identity, text);
        }
    }

    /// Whether a question is too old to be answered unasked.
    fn is_late(&self, numbered: &Numbered) -> bool {
        numbered.arrived.since(numbered.said()) > self.policy.time.ask_again_after_ms
    }

    fn hear_ready(&mut self, numbered: &Numbered, identity: usize) {
        let human_speaks = self.human_speaks(numbered.arrived);
        match &numbered.envelope.event {
            Event::Text(text) => match words::read(text) {
                Said::Danger => {
                    self.answer_danger(text, identity);
                    self.hold_question(numbered, identity, text);
                }
                Said::Word(word) => self.obey(word, numbered, identity),
                said => {
                    if let Some(tap) = self.typed(said, text) {
                        self.tap(tap, numbered, identity);
                    } else if complaint::is_about_paying(text) {
                        self.answer_complaint(identity);
                    } else if self.hear_number(text, identity) {
                        // It was the paying number, or meant to be.
                    } else if !human_speaks {
                        self.hear_talk(said, text, numbered, identity);
                    }
                }
            },
            Event::Tap(tap) => self.tap(*tap, numbered, identity),
            Event::Digits if self.warn_of_pin(identity) => {}
            _ if human_speaks => {}
            Event::Digits => {
                self.move_on();
                self.say(identity, self.texts.digits);
            }
            Event::Media(media) => {
                self.move_on();
                let text = self.media_text(*media);
                self.say(identity, text);
            }
            _ => {}
        }
    }

    fn hear_talk(&mut self, said: Said, text: &str, numbered: &Numbered, identity: usize) {
        if matches!(said, Said::Yes | Said::No) && self.forget_stands() {
            // Something was said in between: what the person means must be clear before anything is erased.
            return self.ask_forget(identity);
        }
        self.move_on();
        let reply = match said {
            Said::Greeting => self.texts.greeting,
            Said::Thanks => self.texts.welcome,
            Said::Yes | Said::No => self.texts.okay,
            Said::Number => self.texts.number_not_needed,
            Said::Nothing => self.texts.nothing,
            Said::Plain | Said::Word(_) | Said::Danger => {
                if self.is_late(numbered) {
                    self.keep_stale(numbered, identity, text);
                } else {
                    self.hear_part(numbered, identity, text);
                }
                return;
            }
        };
        self.say(identity, reply);
    }

    /// What typed words mean as an answer to the question that we asked last.
    fn typed(&self, said: Said, text: &str) -> Option<Tap> {
        if text.len() > 40 {
            return None;
        }
        let alone = words::alone(text);
        let is = |title: &str| words::alone(title) == alone;
        let texts = self.texts;
        if is(texts.menu_buttons[0]) {
            return Some(Tap::Status);
        }
        if is(texts.menu_buttons[1]) {
            return Some(Tap::Region);
        }
        if self.forget_stands() && is(texts.forget_buttons[0]) {
            return Some(Tap::Forget);
        }
        if self.forget_stands() && is(texts.forget_buttons[1]) {
            return Some(Tap::ForgetNot);
        }
        if self.may_pay() && (is(texts.pay_buttons[0]) || alone == "pay") {
            return Some(Tap::Pay);
        }
        if self.may_pay() && is(texts.pay_buttons[1]) {
            return Some(Tap::PayOther);
        }
        if let Some(tap) = self.typed_rating(text, is) {
            return Some(tap);
        }
        match (self.contact.asked?, said) {
            (Asked::Forget, Said::Yes) => Some(Tap::Forget),
            (Asked::Forget, Said::No) => Some(Tap::ForgetNot),
            (Asked::Stale, Said::Yes) => Some(Tap::AskAgain),
            (Asked::Stale, Said::No) => Some(Tap::AskNot),
            (Asked::Plan, _) => {
                let begins = |title: &str| alone.starts_with(&words::alone(title));
                Plan::ALL
                    .into_iter()
                    .zip(texts.plan_titles)
                    .find(|(_, title)| begins(title))
                    .map(|(plan, _)| Tap::PlanIs(plan))
            }
            (Asked::Pay, Said::Yes) => Some(Tap::Pay),
            (Asked::Region, _) => {
                let titles = texts.region_buttons.iter();
                titles.zip(super::options::REGION_TAPS).find(|(title, _)| is(title)).map(|(_, tap)| tap)
            }
            (Asked::Language, _) => {
                let titles = texts.language_buttons.iter();
                titles.zip(super::options::LANGUAGE_TAPS).find(|(title, _)| is(title)).map(|(_, tap)| tap)
            }
            _ => None,
        }
    }

    /// Does what a command says; commands cost nothing and work at any time.
    fn obey(&mut self, word: Word, numbered: &Numbered, identity: usize) {
        if word != Word::Cancel {
            self.move_on();
        }
        match word {
            Word::Help => {
                let quota = &self.policy.quota;
                self.say(identity, (self.texts.help)(quota.free_per_day, quota.paid_per_day, self.is_sold()));
            }
            Word::Menu => self.show_menu(identity, self.texts.menu),
            Word::Status => self.show_status(identity),
            Word::Subscribe => self.show_plans(identity),
            Word::Receipt => self.show_receipt(identity),
            Word::Region => self.ask_region(identity),
            Word::Language => self.ask_language(identity),
            Word::More => self.say_more(identity),
            Word::Human => self.want_human(numbered, identity),
            Word::Cancel => self.cancel(identity),
            Word::Stop => {
                self.contact.quiet = true;
                self.say(identity, self.texts.stopped);
            }
            Word::Start => {
                self.contact.quiet = false;
                self.show_menu(identity, self.texts.started);
            }
            Word::DeleteMyData => {
                self.contact.burst = None;
                self.ask_forget(identity);
            }
        }
    }

    /// Does what a button means. An old button shows what is true today and moves nobody back.
    fn tap(&mut self, tap: Tap, numbered: &Numbered, identity: usize) {
        if !matches!(tap, Tap::Forget | Tap::ForgetNot | Tap::AskAgain | Tap::AskNot) {
            self.move_on();
        }
        match tap {
            Tap::Agree => {
                self.say(identity, self.texts.agreed_already);
            }
            Tap::GetStarted | Tap::Menu => self.show_menu(identity, self.texts.menu),
            Tap::Help => self.obey(Word::Help, numbered, identity),
            Tap::Status => self.show_status(identity),
            Tap::Subscribe => self.obey(Word::Subscribe, numbered, identity),
            Tap::More => self.say_more(identity),
            Tap::Human => self.want_human(numbered, identity),
            Tap::Region => self.ask_region(identity),
            Tap::RegionIs(region) => self.set_region(Some(region), identity),
            Tap::RegionSkip => self.set_region(None, identity),
            Tap::Language => self.ask_language(identity),
            Tap::LanguageIs(language) => self.set_language(language, identity),
            Tap::Forget => self.forget(identity),
            Tap::ForgetNot => self.forget_not(identity),
            Tap::AskAgain => self.answer_stale(true, identity),
            Tap::AskNot => self.answer_stale(false, identity),
            Tap::PlanIs(plan) => self.choose_plan(plan, identity),
            Tap::Pay => self.pay(identity),
            Tap::PayOther => self.other_number(identity),
            Tap::Curated(key) => self.give_curated(key, identity),
            Tap::RateGood => self.rate(true, identity),
            Tap::RateWrong => self.rate(false, identity),
        }
    }

    fn want_human(&mut self, numbered: &Numbered, identity: usize) {
        self.record(Record::HumanWanted);
        let channel = numbered.envelope.address().map_or("operator", |it| it.channel.name()).to_string();
        self.emit(
            self.now,
            Action::Alert(Case { about: "human".to_string(), at: numbered.arrived, channel }),
        );
        self.say(identity, (self.texts.human)(self.policy.service.support_contact.as_deref()));
    }

    fn cancel(&mut self, identity: usize) {
        if self.asked(Asked::Forget) {
            return self.forget_not(identity);
        }
        self.contact.asked = None;
        if !self.cancel_paying(identity) {
            let text = (self.texts.nothing_to_cancel)(self.plan_end().as_deref());
            self.say(identity, text);
        }
    }

    /// A sign of danger is answered at once, whatever else holds.
    fn answer_danger(&mut self, text: &str, identity: usize) {
        self.move_on();
        self.record(Record::Danger);
        let Some(danger) = rail::find(text) else { return };
        let region = match self.contact.region {
            RegionChoice::Chosen(region) => Some(region),
            _ => None,
        };
        let said = rail::answer(&danger, self.texts.danger, region);
        let mut message = Message::plain(said);
        if self.contact.stage == Stage::Ready && !self.human_speaks(self.now) {
            // A question that only sounds like it is one tap away from its answer.
            let button = Button::new(self.texts.no_danger_button, Tap::AskAgain);
            message = Message::with_quick_replies(message.text, &[button]);
        }
        self.queue(identity, message, Purpose::Danger, None);
    }

    /// Keeps what sounded like danger, in case that the person says it was only a question.
    fn hold_question(&mut self, numbered: &Numbered, identity: usize, text: &str) {
        if self.contact.stale.is_none() {
            self.keep_stale(numbered, identity, text);
            self.contact.stale_asked = true;
        }
    }

    fn media_text(&self, media: Media) -> &'static str {
        match media {
            Media::Sticker => self.texts.sticker,
            Media::Image => self.texts.image,
            Media::Voice => self.texts.voice,
            Media::Video => self.texts.video,
            Media::File => self.texts.file,
            Media::Location => self.texts.location,
            Media::Other => self.texts.other_media,
        }
    }

    /// The page wrote. Unless it was one of our own sends, a person of ours speaks now.
    fn hear_page(&mut self, numbered: &Numbered, message: crate::EventId, digest: crate::EventId) {
        if self.contact.sent_ids.contains(&message) {
            return;
        }
        match &self.contact.sending {
            Some(sending) if sending.digest == digest => self.confirm(sending.effect, message),
            // One whose fate we never learned.
            _ if self.contact.sent_ids.contains(&digest) => {}
            _ => {
                let until = numbered.said().plus(self.policy.time.human_silence_ms);
                self.contact.human_until = self.contact.human_until.max(Some(until));
            }
        }
    }

    /// Finds the speaker among the contact's identities, or adds them. What no channel told us concerns the
    /// identity that its effect was for, or else the one that was heard last.
    fn identity_of(&mut self, numbered: &Numbered) -> usize {
        let Some(key) = numbered.identity else { return self.identity_meant(&numbered.envelope.event) };
        let known = self.contact.identities.iter().position(|identity| identity.key == key);
        let index = known.unwrap_or(self.contact.identities.len());
        if known.is_none() {
            self.contact.identities.push(Identity {
                key,
                address: None,
                free: DayCount::default(),
                heard: crate::Time::default(),
                extra: Extra::new(),
            });
        }
        if let Some(identity) = self.contact.identities.get_mut(index)
            && identity.address.is_none()
            && numbered.envelope.event.is_from_person()
        {
            identity.address = numbered.envelope.address().cloned();
        }
        index
    }

    fn identity_meant(&self, event: &Event) -> usize {
        let identities = &self.contact.identities;
        let meant = match event {
            Event::Revive(Effect { action: Action::Send { to, .. }, .. }) => Some(to),
            Event::Revive(Effect { action: Action::Ask(prompt), .. }) => Some(&prompt.typing),
            _ => None,
        };
        let by_address =
            meant.and_then(|to| identities.iter().position(|it| it.address.as_ref() == Some(to)));
        by_address.unwrap_or_else(|| self.heard_last())
    }

    /// The identity that spoke last.
    pub fn heard_last(&self) -> usize {
        let identities = self.contact.identities.iter().enumerate();
        identities.max_by_key(|(_, it)| it.heard).map_or(0, |(index, _)| index)
    }

    /// An operator wants a dead effect tried again: it goes the way of a new one, under today's rules. A refused
    /// one stays dead.
    fn revive(&mut self, effect: &Effect, numbered: &Numbered, identity: usize) {
        if self.is_held(effect) {
            // Its process died too often: nobody told us, its place is still taken.
            self.record(Record::Revived);
            return self.reopen(effect);
        }
        let revived = match &effect.action {
            Action::Ask(prompt) => self.revive_question(prompt, numbered, identity),
            Action::Send { message, .. } => self.revive_send(effect, message, identity),
            Action::Alert(case) => {
                self.emit(self.now, Action::Alert(case.clone()));
                true
            }
            Action::Tell { target, event } => {
                self.emit(self.now, Action::Tell { target: *target, event: event.clone() });
                true
            }
            Action::Withdraw(key) => {
                self.emit(self.now, Action::Withdraw(*key));
                true
            }
            Action::Timer => true,
            // Only payments call MTN.
            Action::CheckAccount(_) | Action::Charge(_) | Action::CheckPayment(_) => false,
        };
        if revived {
            self.settle(effect.id);
            self.record(Record::Revived);
        } else {
            self.record(Record::ReviveRefused);
            // With its next attempt, so that it can be revived another day.
            self.bury(&effect.again(effect.due), "reviving was refused");
        }
    }

    /// Whether the contact still waits for an effect.
    fn is_held(&self, effect: &Effect) -> bool {
        let contact = &self.contact;
        contact.asking.iter().chain(&contact.retrying).any(|asking| asking.effect == effect.id)
            || contact.sending.as_ref().is_some_and(|sending| sending.effect == effect.id)
            || contact.burst_timer.is_some_and(|timer| timer.effect == effect.id)
    }

    fn revive_question(&mut self, prompt: &Prompt, numbered: &Numbered, identity: usize) -> bool {
        let Some(line) = prompt.lines.last() else { return false };
        if self.contact.stage != Stage::Ready || self.address(identity).is_none() {
            return false;
        }
        let Some(unit) = self.reserve(identity) else { return false };
        let mut question =
            super::ask::question(numbered, identity, &line.content, self.policy.limits.question_chars);
        question.unit = Some(unit);
        self.record(Record::QuestionTaken);
        self.contact.waiting.push_back(question);
        true
    }

    fn revive_send(&mut self, effect: &Effect, message: &Message, identity: usize) -> bool {
        if self.address(identity).is_none() {
            return false;
        }
        let was = self.contact.buried.iter().find(|buried| buried.effect == effect.id).copied();
        let mut unit = None;
        if was.is_some_and(|buried| buried.unit) {
            unit = self.reserve(identity);
            if unit.is_none() {
                return false;
            }
        }
        self.contact.buried.retain(|buried| buried.effect != effect.id);
        let purpose = was.map_or(Purpose::Answer, |buried| buried.purpose);
        self.queue(identity, message.clone(), purpose, unit);
        true
    }
}
