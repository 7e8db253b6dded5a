//! What operators do for a person: days given away, two accounts made one.

use alloc::boxed::Box;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::Record;
use super::desk::Desk;
use crate::aggregate::Target;
use crate::contact::effect::Action;
use crate::contact::event::{Estate, Event, Gift};
use crate::contact::message::{Message, Purpose};
use crate::contact::{Contact, DayCount, Grant, Identity, Outgoing, Question};
use crate::id::ContactId;
use crate::pay::days::long_date;
use crate::pay::ledger::{Account, Entry};
use crate::pay::order;
use crate::pay::payment::Granted;
use crate::pay::price::Plan;

impl Desk<'_> {
    /// Days as a gift: they add up with paid ones, and the books say that nobody paid them.
    pub fn hear_gift(&mut self, gift: &Gift, identity: usize) {
        if self.contact.paying.grants.contains_key(&gift.id) {
            return;
        }
        let granted = Granted {
            code: order::code(gift.id),
            plan: Plan::Weekly,
            days: gift.days,
            price: gift.worth,
            version: 0,
            mtn_id: None,
            at: self.now,
            late: false,
            test: false,
            gift: true,
        };
        self.contact.paying.grants.insert(gift.id, Grant { granted, refunded: false });
        self.book(Entry {
            payment: gift.id,
            event: "given".to_string(),
            at: self.now,
            money: gift.worth,
            debit: Account::Goodwill,
            credit: Account::Deferred(gift.id),
            test: false,
        });
        let until = self.contact.paying.through().map(long_date).unwrap_or_default();
        let text = (self.texts.pay_gift)(gift.days, &until);
        self.queue(identity, Message::plain(text), Purpose::Money, None);
        self.answer_limited();
    }

    /// What still comes for a contact that was merged goes to the one that stayed. True when it was handed on.
    pub fn hand_on(&mut self, event: &Event) -> bool {
        let Some(to) = self.contact.merged_into else { return false };
        if matches!(event, Event::MergeInto(_) | Event::Erase | Event::Revive(_)) {
            return false;
        }
        // What the platform says of our own sends concerns nobody any more; what the person said before the address
        // led to the other contact is heard there.
        if !event.is_chat() || event.is_from_person() {
            self.emit(self.now, Action::Tell { target: Target::Contact(to), event: Box::new(event.clone()) });
        }
        true
    }

    /// This contact ends; everything that the person can miss goes to the other one. Its addresses were made
    /// aliases of the other one before, so nothing that is written later comes here.
    pub fn merge_into(&mut self, to: ContactId) {
        if to == self.id() || self.contact.merged_into.is_some() {
            return;
        }
        self.end_talk();
        // The other contact takes a unit for each question that it takes over.
        let under_way = self.contact.asking.iter().map(|it| it.question.unit);
        let units: Vec<_> = under_way.chain(self.contact.waiting.iter().map(|it| it.unit)).collect();
        for unit in units {
            self.give_back(unit);
        }
        let old = core::mem::take(&mut self.contact);
        let asked = old.asking.into_iter().chain(old.retrying).map(|it| it.question);
        let unasked = old.burst.map(|it| it.question).into_iter().chain(old.kept);
        let questions: Vec<Question> = asked.chain(old.waiting).chain(unasked).chain(old.limited).collect();
        let estate = Estate {
            from: self.id(),
            identities: old.identities.clone(),
            paying: old.paying,
            questions: questions.into_iter().map(|it| Question { unit: None, ..it }).collect(),
            messages: old.parked.into_iter().chain(old.outbox).collect(),
        };
        self.contact = Contact {
            decisions: old.decisions,
            merged_into: Some(to),
            identities: old.identities.into_iter().map(Identity::nameless).collect(),
            ..Contact::default()
        };
        let event = Box::new(Event::Merged(Box::new(estate)));
        self.emit(self.now, Action::Tell { target: Target::Contact(to), event });
    }

    /// Ends what would be said and asked from here; what others are told goes on.
    fn end_talk(&mut self) {
        let contact = &self.contact;
        let mut over: Vec<_> = contact.asking.iter().chain(&contact.retrying).map(|it| it.effect).collect();
        over.extend(contact.sending.as_ref().map(|it| it.effect));
        over.extend(contact.burst_timer.map(|it| it.effect));
        for effect in over {
            self.settle(effect);
        }
    }

    /// Takes over what another contact of the same person had.
    pub fn inherit(&mut self, estate: &Estate) {
        if self.contact.merged_from.contains(&estate.from) {
            return;
        }
        self.contact.merged_from.push(estate.from);
        let places: Vec<usize> = estate.identities.iter().map(|it| self.place_of(it)).collect();
        let place = |old: usize| places.get(old).copied();
        let paying = &mut self.contact.paying;
        for (id, grant) in &estate.paying.grants {
            paying.grants.entry(*id).or_insert_with(|| grant.clone());
        }
        for request in &estate.paying.requests {
            if !paying.requests.iter().any(|it| it.payment == request.payment) {
                paying.requests.push(request.clone());
            }
        }
        paying.requests.sort_by_key(|it| it.at);
        paying.used = sum(paying.used, estate.paying.used);
        paying.number = paying.number.or(estate.paying.number);
        let messages = estate
            .messages
            .iter()
            .filter_map(|it| Some(Outgoing { identity: place(it.identity)?, unit: None, ..it.clone() }));
        self.contact.outbox.extend(messages);
        let until = self.contact.paying.through().filter(|it| *it >= self.now.juba_day()).map(long_date);
        let identity = self.heard_last();
        let text = (self.texts.merged)(until.as_deref());
        self.queue(identity, Message::plain(text), Purpose::Money, None);
        self.record(Record::Merged);
        for question in &estate.questions {
            if let Some(identity) = place(question.identity) {
                self.take_question(Question { identity, arrived: self.now, ..question.clone() });
            }
        }
    }

    /// Where an identity of another contact stands among ours from now on.
    fn place_of(&mut self, it: &Identity) -> usize {
        let identities = &mut self.contact.identities;
        match identities.iter_mut().position(|known| known.key == it.key) {
            Some(index) => {
                let known = &mut identities[index];
                known.free = sum(known.free, it.free);
                known.heard = known.heard.max(it.heard);
                known.address = known.address.take().or_else(|| it.address.clone());
                index
            }
            None => {
                identities.push(it.clone());
                identities.len() - 1
            }
        }
    }
}

/// Both counts where they are of one day, else the later one.
fn sum(a: DayCount, b: DayCount) -> DayCount {
    match a.day.cmp(&b.day) {
        core::cmp::Ordering::Equal => DayCount { day: a.day, used: a.used.saturating_add(b.used) },
        core::cmp::Ordering::Greater => a,
        core::cmp::Ordering::Less => b,
    }
}
