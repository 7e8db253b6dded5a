//! The menu, and the questions in it that a person answered.

use alloc::string::String;
use alloc::vec::Vec;

use super::desk::Desk;
use super::{AiTurn, Fact};
use crate::contact::effect::Way;
use crate::contact::message::{Button, Message, Tap};
use crate::domain;
use crate::reuse::Key;

/// Curated questions in the menu: with the other buttons not more than a platform shows.
const MENU_QUESTIONS: usize = 8;

impl Desk<'_> {
    pub fn show_menu(&mut self, identity: usize, text: &str) {
        let [status, region, help] = self.texts.menu_buttons;
        let mut buttons = alloc::vec![
            Button::new(status, Tap::Status),
            Button::new(region, Tap::Region),
            Button::new(help, Tap::Help),
        ];
        if self.is_sold() {
            buttons.insert(0, Button::new(self.texts.plans_button, Tap::Subscribe));
        }
        let shelf = self.rules.shelf;
        let questions =
            shelf.menu().take(MENU_QUESTIONS).map(|(title, key)| Button::new(title, Tap::Curated(key)));
        buttons.extend(questions.filter(|_| self.policy.reuse.curated));
        self.reply(identity, Message::with_quick_replies(text, &buttons));
    }

    /// A question of the menu: it costs nothing, as the menu does. One that is not there any more shows today's menu.
    pub fn give_curated(&mut self, key: Key, identity: usize) {
        let shelf = self.rules.shelf;
        let Some(entry) = shelf.named(key) else { return self.show_menu(identity, self.texts.menu) };
        self.contact.more = None;
        let message = self.part(&entry.answer, identity);
        if !self.reply(identity, message) {
            return;
        }
        let asked = entry.questions.first().map_or("", String::as_str);
        self.remember(asked, &entry.answer);
        let ask = self.next_id();
        self.fact(Fact::Turn(AiTurn {
            ask,
            attempt: 1,
            at: self.now,
            paid: self.contact.paying.is_paid_on(self.now.juba_day()),
            domain: domain::of(asked),
            way: Some(Way::Curated),
            key: Some(key),
            spent: Vec::new(),
        }));
    }
}
