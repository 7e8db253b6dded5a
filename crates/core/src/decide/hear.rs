//! Envelopes: who speaks, and what their words mean here and now.

use alloc::string::ToString;

use super::Record;
use super::desk::Desk;
use crate::contact::effect::{Action, Case, Effect, Hint};
use crate::contact::event::{Event, Media, Numbered};
use crate::contact::message::{Button, Message, Purpose, Tap};
use crate::contact::{Asked, DayCount, Extra, Identity, Stage};
use crate::words::{self, Said, Word};

impl Desk<'_> {
    /// Folds one envelope in.
    pub fn hear(&mut self, numbered: &Numbered) {
        let identity = self.identity_of(numbered);
        match &numbered.envelope.event {
            Event::OwnEcho { effect, message } => self.confirm(*effect, *message),
            Event::PageEcho { message, digest } => self.hear_page(numbered, *message, *digest),
            Event::Overflow => {
                self.record(Record::Overflow);
                self.say(identity, self.texts.overflow);
            }
            Event::Revive(effect) => self.revive(effect, numbered, identity),
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
        let late = numbered.arrived.since(said) > self.policy.time.ask_again_after_ms;
        if !late {
            self.ask_about_stale(identity);
        }
    }

    fn hear_new(&mut self, numbered: &Numbered, identity: usize) {
        match &numbered.envelope.event {
            Event::Text(text) => match words::read(text) {
                Said::Danger => self.answer_danger(identity),
                Said::Word(Word::Subscribe | Word::Start) => self.show_start_again(identity),
                Said::Word(word) => self.obey(word, numbered, identity),
                Said::Yes if self.asked(Asked::Forget) => self.forget(identity),
                Said::No if self.asked(Asked::Forget) => self.forget_not(identity),
                Said::Yes if self.was_welcomed() => self.agree(identity),
                Said::Plain if self.forget_typed(text, identity) => {}
                Said::Plain => self.keep_question(numbered, identity, text),
                _ => self.remind_to_agree(identity),
            },
            Event::Tap(Tap::Agree) => self.agree(identity),
            Event::Tap(Tap::GetStarted | Tap::Subscribe) => self.show_start_again(identity),
            Event::Tap(tap @ (Tap::Help | Tap::Human | Tap::Status | Tap::Forget | Tap::ForgetNot)) => {
                self.tap(*tap, numbered, identity);
            }
            Event::Unsent(event) => self.unsend(*event),
            _ => self.remind_to_agree(identity),
        }
    }

    fn hear_ready(&mut self, numbered: &Numbered, identity: usize) {
        let human_speaks = self.contact.human_until.is_some_and(|until| numbered.arrived < until);
        match &numbered.envelope.event {
            Event::Text(text) => match words::read(text) {
                Said::Danger => self.answer_danger(identity),
                Said::Word(word) => self.obey(word, numbered, identity),
                said => {
                    if let Some(tap) = self.typed(said, text) {
                        self.tap(tap, numbered, identity);
                    } else if !human_speaks {
                        self.hear_talk(said, text, numbered, identity);
                    }
                }
            },
            Event::Tap(tap) => self.tap(*tap, numbered, identity),
            Event::Unsent(event) => self.unsend(*event),
            _ if human_speaks => {}
            Event::Digits => {
                self.say(identity, self.texts.digits);
            }
            Event::Media(media) => {
                let text = self.media_text(*media);
                self.say(identity, text);
            }
            _ => {}
        }
    }

    fn hear_talk(&mut self, said: Said, text: &str, numbered: &Numbered, identity: usize) {
        let reply = match said {
            Said::Greeting => self.texts.greeting,
            Said::Thanks | Said::Yes | Said::No => self.texts.welcome,
            Said::Number => self.texts.number_not_needed,
            Said::Nothing => self.texts.nothing,
            Said::Plain | Said::Word(_) | Said::Danger => {
                if numbered.arrived.since(numbered.said()) > self.policy.time.ask_again_after_ms {
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
        match (self.contact.asked?, said) {
            (Asked::Forget, Said::Yes) => Some(Tap::Forget),
            (Asked::Forget, Said::No) => Some(Tap::ForgetNot),
            (Asked::Forget, _) if is(texts.forget_buttons[0]) => Some(Tap::Forget),
            (Asked::Stale, Said::Yes) => Some(Tap::AskAgain),
            (Asked::Stale, Said::No) => Some(Tap::AskNot),
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
        match word {
            Word::Help => {
                let quota = &self.policy.quota;
                self.say(identity, (self.texts.help)(quota.free_per_day, quota.paid_per_day));
            }
            Word::Menu => self.show_menu(identity, self.texts.menu),
            Word::Status => self.show_status(identity),
            Word::Subscribe | Word::Receipt => {
                self.say(identity, self.texts.paying_soon);
            }
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
            Word::DeleteMyData => self.ask_forget(identity),
        }
    }

    /// Does what a button means. An old button shows what is true today and moves nobody back.
    fn tap(&mut self, tap: Tap, numbered: &Numbered, identity: usize) {
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
        }
    }

    fn show_menu(&mut self, identity: usize, text: &str) {
        let [status, region, help] = self.texts.menu_buttons;
        let buttons =
            [Button::new(status, Tap::Status), Button::new(region, Tap::Region), Button::new(help, Tap::Help)];
        self.reply(identity, Message::with_quick_replies(text, &buttons));
    }

    fn show_status(&mut self, identity: usize) {
        let limit = self.policy.quota.free_per_day;
        let day = self.now.juba_day();
        let used = self.contact.identities.get(identity).map_or(0, |it| it.free.on(day));
        let mut text = (self.texts.status_free)(limit.saturating_sub(used), limit);
        let waiting =
            self.contact.waiting.len() + self.contact.retrying.len() + usize::from(self.contact.asking.is_some());
        if waiting > 0 {
            text.push(' ');
            text.push_str(&(self.texts.status_waiting)(waiting));
        }
        self.say(identity, text);
    }

    fn want_human(&mut self, numbered: &Numbered, identity: usize) {
        self.record(Record::HumanWanted);
        let channel = numbered.envelope.address.channel.name().to_string();
        self.emit(self.now, Action::Alert(Case { about: "human".to_string(), at: numbered.arrived, channel }));
        self.say(identity, (self.texts.human)(self.policy.service.support_contact.as_deref()));
    }

    fn cancel(&mut self, identity: usize) {
        if self.asked(Asked::Forget) {
            return self.forget_not(identity);
        }
        self.contact.asked = None;
        self.say(identity, self.texts.nothing_to_cancel);
    }

    fn answer_danger(&mut self, identity: usize) {
        self.record(Record::Danger);
        self.queue(identity, Message::plain(self.texts.danger), Purpose::Danger, None);
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
            _ => {
                let until = numbered.said().plus(self.policy.time.human_silence_ms);
                self.contact.human_until = self.contact.human_until.max(Some(until));
            }
        }
    }

    /// Finds the speaker among the contact's identities, or adds them.
    fn identity_of(&mut self, numbered: &Numbered) -> usize {
        let key = numbered.identity;
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
            identity.address = Some(numbered.envelope.address.clone());
        }
        index
    }

    /// An operator wants a dead effect tried again: it goes the way of a new one, under today's rules.
    fn revive(&mut self, effect: &Effect, numbered: &Numbered, identity: usize) {
        self.settle(effect.id);
        self.record(Record::Revived);
        match &effect.action {
            Action::Ask(prompt) => {
                if let Some(line) = prompt.lines.last() {
                    let room = self.policy.limits.question_chars;
                    self.take_question(super::ask::question(numbered, identity, &line.content, room));
                }
            }
            Action::Send { message, .. } => self.queue(identity, message.clone(), Purpose::Answer, None),
            Action::Alert(case) => {
                self.emit(self.now, Action::Alert(case.clone()));
            }
            Action::Timer => {}
        }
    }
}
