//! `delete my data` of somebody who paid or asked to pay: what is said, and where late money goes.

use answerbot_core::contact::effect::{Action, Kind};
use answerbot_core::contact::event::{Envelope, Event, Input, Numbered, Outcome, To};
use answerbot_core::contact::message::Tap;
use answerbot_core::decide::Decision;
use answerbot_core::pay::ledger::Account;
use answerbot_core::pay::payer::Verdict;
use answerbot_core::pay::payment::{self, Charged, Checked, Failure, Payment, Status, What};
use answerbot_core::pay::price::Plan;
use answerbot_core::{EventId, PaymentId};

use crate::talk::{DAY, HOUR, MINUTE, Talk};

fn deletes(talk: &mut Talk) {
    talk.says("delete my data");
    talk.taps(Tap::Forget);
    assert!(talk.heard().contains("Your data is deleted"), "{}", talk.heard());
}

/// A payment beside the talk.
struct Beside {
    id: PaymentId,
    payment: Payment,
    last: Decision<Payment>,
}

impl Beside {
    fn decides(&mut self, talk: &Talk, input: Input) {
        let before = self.payment.clone();
        self.last = payment::decide(&talk.policy, self.id, before, &[input], talk.now, [3; 16]);
        self.payment = self.last.state.clone();
    }

    fn hears(&mut self, talk: &Talk, event: payment::Event) {
        let to = To::Aggregate(self.id.into());
        let envelope = Envelope { id: EventId::digest("x"), to, event: Event::Payment(event), sent: None };
        let numbered = Numbered { number: 1, arrived: talk.now, identity: None, envelope };
        self.decides(talk, Input::Envelope(numbered));
    }

    /// The effect that the last decision opened for MTN comes to this.
    fn learns(&mut self, talk: &Talk, outcome: Outcome) {
        let effect =
            self.last.open.iter().find(|it| it.action.kind() == Kind::Momo).expect("MTN is asked").clone();
        self.decides(talk, Input::Outcome { effect, outcome });
    }

    /// What the last decision tells the contact.
    fn tells_the_person(&self) -> bool {
        let event = |action: &Action| matches!(action, Action::Tell { event, .. } if matches!(**event, Event::Paying(_)));
        self.last.open.iter().any(|it| event(&it.action))
    }
}

/// A person with a prompt on the phone, and the payment.
fn prompted() -> (Talk, Beside) {
    let mut talk = Talk::buyer();
    let id = talk.pays_with("0921234567");
    let order = talk.orders().remove(0);
    let mut beside = Beside { id, payment: Payment::default(), last: Decision::of(1) };
    beside.hears(&talk, payment::Event::Start(order));
    beside.hears(&talk, payment::Event::PayerSays(Verdict::Allowed));
    beside.learns(&talk, Outcome::Account(true));
    beside.learns(&talk, Outcome::Charged(Charged::Taken));
    assert_eq!(beside.payment.status, Status::Pending);
    talk.hears_of(id, What::Prompted);
    (talk, beside)
}

#[test]
fn the_question_says_what_is_lost() {
    let mut talk = Talk::buyer();
    talk.says("delete my data");
    assert!(talk.heard().contains("Paid days would be lost too.") && !talk.heard().contains("7 days"));
    talk.says("keep");
    talk.is_granted(1, Plan::Weekly);
    talk.says("delete my data");
    assert!(talk.heard().contains("Your paid days until 11 March 2026 would be lost"), "{}", talk.heard());
    assert!(!talk.heard().contains("7 days"));
    talk.says("keep");
    talk.pays_with("0921234567");
    talk.says("delete my data");
    assert!(talk.heard().contains("You asked to pay in the last 7 days"), "{}", talk.heard());
    talk.says("keep");
    talk.time_passes(7 * DAY);
    talk.says("delete my data");
    assert!(!talk.heard().contains("You asked to pay"), "{}", talk.heard());
}

#[test]
fn what_is_paid_for_and_who_paid_is_gone_and_the_payments_are_told() {
    let mut talk = Talk::buyer();
    let paid = talk.pays_with("0921234567");
    let what = talk.granted(Plan::Weekly, false);
    talk.hears_of(paid, what);
    let failed = talk.pays_with("0921234567");
    talk.hears_of(failed, What::Failed(Failure::Declined));
    deletes(&mut talk);
    assert_eq!(
        talk.payments_are_told(),
        [payment::Event::Disown, payment::Event::Disown],
        "each forgets who paid, after all else is erased"
    );
    let state = talk.state();
    for gone in ["921234567", "grants", "requests", "AB7K", "step"] {
        assert!(!state.contains(gone), "{gone}: {state}");
    }
    assert_eq!(talk.contact.paying.through(), None);
    assert_eq!(talk.contact.paying.orders, 2, "no later order has the name of an earlier one");
}

#[test]
fn money_that_comes_after_deletion_goes_to_suspense_and_nobody_is_told() {
    let (mut talk, mut beside) = prompted();
    deletes(&mut talk);
    for event in talk.payments_are_told() {
        beside.hears(&talk, event);
    }
    assert!(beside.payment.disowned && !beside.tells_the_person());
    assert_eq!(beside.payment.status, Status::Cancelled, "and MTN is still asked");
    talk.time_passes(2 * DAY);
    let order = beside.payment.order.clone().unwrap();
    let paid = payment::Paid {
        money: order.price,
        payer: Some(order.payer),
        mtn_id: Some("4711".into()),
        at: talk.now,
    };
    beside.hears(&talk, payment::Event::Statement(paid));
    assert_eq!(beside.payment.status, Status::Review);
    assert_eq!(beside.last.entries.len(), 1);
    assert_eq!(beside.last.entries[0].credit, Account::Suspense);
    assert!(!beside.tells_the_person() && beside.payment.granted_to.is_none());
    beside.hears(&talk, payment::Event::RefundedByHand("4712".into()));
    assert_eq!(beside.payment.status, Status::Refunded);
    assert!(!beside.tells_the_person(), "not of its refund either");
}

#[test]
fn what_was_not_asked_of_mtn_when_the_person_left_is_never_asked() {
    let mut talk = Talk::buyer();
    let id = talk.pays_with("0921234567");
    let order = talk.orders().remove(0);
    deletes(&mut talk);
    for disown_first in [true, false] {
        let mut beside = Beside { id, payment: Payment::default(), last: Decision::of(1) };
        let start = payment::Event::Start(order.clone());
        let events =
            if disown_first { [payment::Event::Disown, start] } else { [start, payment::Event::Disown] };
        for event in events {
            beside.hears(&talk, event);
        }
        beside.hears(&talk, payment::Event::PayerSays(Verdict::Allowed));
        assert!(beside.payment.asked.is_none() && beside.payment.doing.is_none());
        assert!(beside.last.open.iter().all(|it| it.action.kind() != Kind::Momo), "{:?}", beside.last.open);
    }
}

#[test]
fn a_prompt_that_runs_out_after_deletion_tells_nobody() {
    let (mut talk, mut beside) = prompted();
    let prompted = beside.last.clone();
    deletes(&mut talk);
    beside.hears(&talk, payment::Event::Disown);
    talk.time_passes(HOUR);
    beside.last = prompted;
    let effect = beside.last.open.iter().find(|it| it.action.kind() == Kind::Momo).unwrap().clone();
    beside.decides(
        &talk,
        Input::Outcome { effect, outcome: Outcome::Checked(Checked::Failed(Failure::Declined)) },
    );
    assert!(!beside.tells_the_person(), "{:?}", beside.last.open);
}

#[test]
fn news_that_was_under_way_reaches_an_erased_person_without_a_word_and_leaves_no_text() {
    let (mut talk, _) = prompted();
    let id = talk.contact.paying.requests[0].payment;
    let grant = talk.granted(Plan::Weekly, false);
    deletes(&mut talk);
    for what in [What::Expired, What::Failed(Failure::Other), What::Review, grant, What::Refunded] {
        talk.hears_of(id, what);
        assert!(talk.heard_nothing(), "{}", talk.heard());
        assert!(talk.contact.parked.is_empty() && talk.contact.outbox.is_empty());
    }
    assert!(talk.contact.paying.grants.contains_key(&id), "its days stay under the keyed hash");
    talk.time_passes(MINUTE);
    talk.says("hello");
    assert!(talk.heard().contains("automated assistant") && talk.heard_count() == 1, "{}", talk.heard());
}
