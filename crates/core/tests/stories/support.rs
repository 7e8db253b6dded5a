//! What operators do for a person: days given away, and two accounts made one.

use answerbot_core::aggregate::Target;
use answerbot_core::contact::Request;
use answerbot_core::contact::effect::Action;
use answerbot_core::contact::event::{Envelope, Estate, Event, Gift, Input, Numbered, To};
use answerbot_core::contact::message::Tap;
use answerbot_core::decide::Record;
use answerbot_core::pay::days::long_date;
use answerbot_core::pay::ledger::Entry;
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payment::{Granted, News, What};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::Plan;
use answerbot_core::{Address, ContactId, EventId, JubaDay, PaymentId, decide};

use crate::talk::{HOUR, MINUTE, Talk, address, identity};

/// The account that stays.
const STAYS: ContactId = ContactId::from_bytes([8; 16]);
/// How the person is reached in the account that ends.
const OTHER: ContactId = ContactId::from_bytes([5; 16]);

fn payment(number: u8) -> PaymentId {
    PaymentId::draw([number; 16])
}

fn granted(talk: &Talk, number: u8) -> Event {
    let granted = Granted {
        code: "AB7K-3F9Q".into(),
        plan: Plan::Weekly,
        days: 7,
        price: Money::whole(3_000, Currency::Ssp),
        version: 1,
        mtn_id: Some("4711".into()),
        at: talk.now,
        late: false,
        test: false,
        gift: false,
    };
    Event::Paying(News { payment: payment(number), what: What::Granted(granted) })
}

fn pays(talk: &mut Talk, number: u8) {
    let event = granted(talk, number);
    talk.is_told(event);
}

fn gift(number: u8, days: u32) -> Event {
    Event::Gift(Gift { id: payment(number), days, worth: Money::whole(1_000, Currency::Ssp) })
}

fn in_days(talk: &Talk, days: i32) -> JubaDay {
    JubaDay(talk.now.juba_day().0 + days)
}

/// What the books get when a person is told this.
fn booked(talk: &Talk, event: Event) -> Vec<Entry> {
    let envelope =
        Envelope { id: EventId::digest("x"), to: To::Aggregate(identity().into()), event, sent: None };
    let numbered = Numbered { number: 99, arrived: talk.now, identity: None, envelope };
    let inputs = [Input::Envelope(numbered)];
    decide(talk.rules(), identity(), talk.contact.clone(), &inputs, talk.now, [7; 16]).entries
}

#[test]
fn a_gift_adds_days_to_a_running_plan_and_is_told_once() {
    let mut talk = Talk::agreed();
    pays(&mut talk, 1);
    talk.is_told(gift(2, 3));
    let until = in_days(&talk, 10);
    assert_eq!(talk.contact.paying.through(), Some(until));
    assert_eq!(
        talk.heard(),
        format!(
            "Our team gives you 3 days as a gift. Your plan runs until {}. Ask me anything.",
            long_date(until)
        )
    );
    talk.time_passes(HOUR);
    talk.is_told(gift(2, 3));
    assert!(talk.heard_nothing(), "{}", talk.heard());
    assert_eq!(talk.contact.paying.through(), Some(until));
}

#[test]
fn a_gift_is_booked_once_as_goodwill_and_never_as_money() {
    let mut talk = Talk::agreed();
    let entries = booked(&talk, gift(2, 3));
    let named: Vec<_> =
        entries.iter().map(|it| (it.event.as_str(), it.debit.name(), it.credit.name(), it.money)).collect();
    let deferred = format!("liab:deferred:{}", payment(2));
    let worth = Money::whole(1_000, Currency::Ssp);
    assert_eq!(named, [("given", "exp:goodwill".to_owned(), deferred, worth)]);
    talk.is_told(gift(2, 3));
    assert_eq!(booked(&talk, gift(2, 3)), [], "the second time nothing is booked");
}

#[test]
fn what_met_the_limit_is_answered_after_a_gift() {
    let mut talk = Talk::agreed();
    for number in 1..=3 {
        talk.gets_an_answer(&format!("Question {number}, what is it?"));
    }
    talk.asks("What is malaria?");
    talk.is_told(gift(1, 1));
    assert!(talk.heard().starts_with("Our team gives you 1 day as a gift."), "{}", talk.heard());
    assert_eq!(talk.asked().as_deref(), Some("What is malaria?"));
    talk.ai_answers("A disease.");
    assert!(talk.contact.limited.is_empty());
    talk.says("status");
    assert!(talk.heard().contains("29 of 30"), "{}", talk.heard());
}

/// An account of the same person that is reached elsewhere.
fn other_account() -> Talk {
    let mut old = Talk::agreed();
    old.contact.identities[0].key = OTHER;
    old.contact.identities[0].address = Some(Address { user: "3".into(), ..address() });
    old
}

/// Ends an account; what it hands over.
fn merged(old: &mut Talk) -> Estate {
    old.is_told(Event::MergeInto(STAYS));
    handed_over(old).expect("it hands something over")
}

fn handed_over(old: &Talk) -> Option<Estate> {
    let mut told = old.open.values().filter_map(|it| match &it.action {
        Action::Tell { target, event } if *target == Target::Contact(STAYS) => match &**event {
            Event::Merged(estate) => Some((**estate).clone()),
            _ => None,
        },
        _ => None,
    });
    let estate = told.next();
    assert!(told.next().is_none(), "handed over once");
    estate
}

fn inherits(talk: &mut Talk, estate: &Estate) {
    talk.is_told(Event::Merged(Box::new(estate.clone())));
}

#[test]
fn the_account_that_stays_has_the_days_requests_and_counts_of_both() {
    let mut old = other_account();
    pays(&mut old, 1);
    let request = Request {
        payment: payment(1),
        plan: Plan::Weekly,
        price: None,
        stands: answerbot_core::contact::Standing::default(),
        payer: Msisdn::read("0921234567").expect("a number"),
        at: old.now,
        ended: true,
    };
    old.contact.paying.requests.push(request.clone());
    old.contact.paying.used.take(old.now.juba_day(), 30);
    old.contact.identities[0].free.take(old.now.juba_day(), 3);
    let estate = merged(&mut old);

    let mut talk = Talk::agreed();
    talk.gets_an_answer("What is malaria?");
    pays(&mut talk, 2);
    talk.gets_an_answer("What is cholera?");
    inherits(&mut talk, &estate);
    let until = in_days(&talk, 14);
    assert!(talk.heard().contains(&long_date(until)), "{}", talk.heard());
    assert_eq!(talk.contact.paying.through(), Some(until));
    assert_eq!(talk.contact.paying.requests, [request]);
    assert_eq!(talk.contact.paying.used.used, 2, "one of each account");
    let free: Vec<_> = talk.contact.identities.iter().map(|it| (it.key, it.free.used)).collect();
    assert_eq!(free, [(identity(), 1), (OTHER, 1)]);
    assert_eq!(talk.count(Record::Merged), 1);
}

#[test]
fn a_question_that_waited_in_the_account_that_ends_is_answered_by_the_other_and_costs_one() {
    let mut old = other_account();
    // Asked in that account: one is with the AI, one waits.
    old.contact.identities[0].key = identity();
    old.asks("What is malaria?");
    old.asks("What is cholera?");
    old.contact.identities[0].key = OTHER;
    let estate = merged(&mut old);
    let mut talk = Talk::agreed();
    inherits(&mut talk, &estate);
    assert_eq!(talk.asked().as_deref(), Some("What is malaria?"));
    talk.ai_answers("One.");
    assert_eq!(talk.asked().as_deref(), Some("What is cholera?"));
    talk.ai_answers("Two.");
    let free: u32 = talk.contact.identities.iter().map(|it| it.free.used).sum();
    assert_eq!(free, 2, "two questions, two units");
}

#[test]
fn what_is_handed_over_counts_once_however_often_it_is_told() {
    let mut old = other_account();
    pays(&mut old, 1);
    old.contact.paying.used.take(old.now.juba_day(), 30);
    old.contact.identities[0].free.take(old.now.juba_day(), 3);
    let estate = merged(&mut old);
    let mut talk = Talk::agreed();
    inherits(&mut talk, &estate);
    let after = talk.contact.clone();
    inherits(&mut talk, &estate);
    assert!(talk.heard_nothing(), "{}", talk.heard());
    assert_eq!(
        (&talk.contact.paying, &talk.contact.identities),
        (&after.paying, &after.identities),
        "nothing counts twice"
    );
}

#[test]
fn money_that_comes_late_for_the_account_that_ended_reaches_the_other() {
    let mut old = other_account();
    merged(&mut old);
    let late = granted(&old, 3);
    old.is_told(late.clone());
    assert!(old.heard_nothing() && old.contact.paying.grants.is_empty());
    let handed: Vec<_> = old
        .open
        .values()
        .filter_map(|it| match &it.action {
            Action::Tell { target: Target::Contact(STAYS), event } if **event == late => Some(event.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(handed.len(), 1);
    let mut talk = Talk::agreed();
    talk.is_told((*handed[0]).clone());
    assert!(talk.heard().contains("Receipt AB7K-3F9Q"), "{}", talk.heard());
    assert_eq!(talk.contact.paying.through(), Some(in_days(&talk, 7)));
}

#[test]
fn the_account_that_ended_keeps_nothing_and_answers_nothing() {
    let mut old = Talk::agreed();
    pays(&mut old, 1);
    old.asks("What is malaria?");
    merged(&mut old);
    assert!(
        old.contact.paying.grants.is_empty() && old.contact.asking.is_none() && old.contact.memory.is_empty()
    );
    old.time_passes(MINUTE);
    // What was on its way before its address led to the other account.
    old.says("What is cholera?");
    assert!(old.heard_nothing(), "{}", old.heard());
    old.taps(Tap::Agree);
    assert!(old.heard_nothing(), "{}", old.heard());
}

#[test]
fn merging_twice_or_into_itself_changes_nothing() {
    let mut old = other_account();
    pays(&mut old, 1);
    let grants = old.contact.paying.clone();
    old.is_told(Event::MergeInto(identity()));
    assert_eq!((&old.contact.paying, old.contact.merged_into), (&grants, None));
    assert!(handed_over(&old).is_none());

    merged(&mut old);
    let after = old.contact.clone();
    old.is_told(Event::MergeInto(STAYS));
    old.is_told(Event::MergeInto(ContactId::from_bytes([4; 16])));
    assert_eq!(old.contact.merged_into, Some(STAYS));
    assert_eq!(old.contact.identities, after.identities);
    assert!(handed_over(&old).is_some(), "and what it handed over is still told, once");
}

#[test]
fn who_is_erased_on_request_keeps_nothing_and_their_payments_learn_of_it() {
    let mut talk = Talk::agreed();
    pays(&mut talk, 1);
    talk.gets_an_answer("What is malaria?");
    talk.is_told(Event::Erase);
    assert!(talk.contact.paying.grants.is_empty() && talk.contact.memory.is_empty());
    assert!(talk.contact.identities.iter().all(|it| it.address.is_none()));
    let disowned = talk.open.values().filter(|it| {
        matches!(&it.action, Action::Tell { target: Target::Payment(id), event }
            if *id == payment(1) && matches!(**event, Event::Payment(answerbot_core::pay::payment::Event::Disown)))
    });
    assert_eq!(disowned.count(), 1);
    // News that were on their way tell nobody anything.
    let late = granted(&talk, 2);
    talk.heard();
    talk.is_told(late);
    assert!(talk.heard_nothing(), "{}", talk.heard());
}
