//! One payment, step by step: what it does, what it books, what it tells. The walk covers the ways; this the words.

use std::collections::BTreeMap;

use answerbot_core::contact::effect::{Action, Effect, EffectFault, Retry};
use answerbot_core::contact::event::{Envelope, Event, Input, Numbered, Outcome, To};
use answerbot_core::pay::ledger::Entry;
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payer::{self, Payer, Refusal, Verdict};
use answerbot_core::pay::payment::{
    self, Assignment, Charged, Checked, Failure, News, Paid, Payment, Status, What,
};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::Plan;
use answerbot_core::{ContactId, EffectId, EventId, PayerId, PaymentId, Policy, Time};

use super::{START, order};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A payment, and what it does.
struct Story {
    payment: Payment,
    now: Time,
    open: BTreeMap<EffectId, Effect>,
    told: Vec<What>,
    /// When it tells itself to forget who paid.
    scrubs: Vec<Time>,
    /// What the paying number is told of ends: whether it was declined.
    ended: Vec<bool>,
    entries: Vec<Entry>,
}

fn id() -> PaymentId {
    PaymentId::draw([7; 16])
}

fn price() -> Money {
    Money::whole(3_000, Currency::Ssp)
}

fn numbered(event: Event, now: Time) -> Input {
    let to = To::Aggregate(id().into());
    let envelope = Envelope { id: EventId::digest("x"), to, event, sent: None };
    Input::Envelope(Numbered { number: 1, arrived: now, identity: None, envelope })
}

impl Story {
    fn started() -> Self {
        let mut story = Self {
            payment: Payment::default(),
            now: START,
            open: BTreeMap::new(),
            told: Vec::new(),
            scrubs: Vec::new(),
            ended: Vec::new(),
            entries: Vec::new(),
        };
        story.hears(payment::Event::Start(order()));
        story
    }

    /// The prompt is on the phone.
    fn prompted() -> Self {
        let mut story = Self::started();
        story.hears(payment::Event::PayerSays(Verdict::Allowed));
        story.learns(Outcome::Account(true));
        story.learns(Outcome::Charged(Charged::Taken));
        assert_eq!(story.payment.status, Status::Pending);
        story
    }

    fn decides(&mut self, input: Input) {
        let decision =
            payment::decide(&Policy::default(), id(), self.payment.clone(), &[input], self.now, [3; 16]);
        for id in decision.settled {
            self.open.remove(&id);
        }
        for effect in decision.open {
            match &effect.action {
                Action::Tell { event, .. } => match &**event {
                    Event::Paying(News { what, .. }) => self.told.push(what.clone()),
                    Event::Payment(payment::Event::Scrub) => self.scrubs.push(effect.due),
                    Event::Payer(payer::Event::Ended { declined, .. }) => self.ended.push(*declined),
                    _ => {}
                },
                _ => drop(self.open.insert(effect.id, effect)),
            }
        }
        self.entries.extend(decision.entries);
        self.payment = decision.state;
    }

    fn hears(&mut self, event: payment::Event) {
        self.decides(numbered(Event::Payment(event), self.now));
    }

    /// The one open effect comes to this.
    fn learns(&mut self, outcome: Outcome) {
        assert_eq!(self.open.len(), 1, "{:?}", self.open);
        let effect = self.open.values().next().unwrap().clone();
        self.now = self.now.max(effect.due);
        self.decides(Input::Outcome { effect, outcome });
    }

    fn due(&self) -> Option<i64> {
        self.open.values().next().map(|it| it.due.since(START))
    }
}

fn paid(money: Money, payer: &str) -> Outcome {
    Outcome::Checked(Checked::Successful {
        money,
        payer: Msisdn::read(payer),
        external_id: Some("ab1.x.w.1.1".into()),
        mtn_id: Some("4711".into()),
    })
}

fn away() -> Outcome {
    Outcome::Failed(EffectFault { retry: Retry::After(0), alert: false, reason: "http 503".into() })
}

#[test]
fn a_payment_is_asked_about_less_and_less_often_until_day_seven() {
    let mut story = Story::prompted();
    let mut asked = Vec::new();
    while let Some(due) = story.due() {
        asked.push(due);
        story.learns(Outcome::Checked(Checked::Pending));
    }
    let minutes = [2, 3, 4, 5, 6, 10, 30].map(|it| it * MINUTE);
    let hours = [1, 6, 12, 24, 48, 72, 96, 120, 144, 168].map(|it| it * HOUR);
    let seconds = [5, 10, 20, 40, 60].map(|it| it * SECOND);
    assert_eq!(asked, [&seconds[..], &minutes, &hours].concat());
    assert_eq!(story.told, [What::Prompted, What::Expired], "told once that nothing happened");
}

#[test]
fn money_that_comes_a_day_after_the_end_is_granted_with_a_kind_word() {
    let mut story = Story::prompted();
    story.learns(Outcome::Checked(Checked::Failed(Failure::NoFunds)));
    assert_eq!(story.payment.status, Status::Failed(Failure::NoFunds));
    assert_eq!(story.due(), Some(10 * MINUTE), "still asked about");
    story.now = START.plus(DAY);
    story.learns(paid(price(), "0921234567"));
    assert_eq!(story.payment.status, Status::Success);
    assert!(matches!(story.told.last(), Some(What::Granted(it)) if it.late && it.days == 7));
    assert!(story.open.is_empty(), "nothing is asked any more");
}

#[test]
fn what_does_not_fit_goes_to_suspense_and_an_operator_assigns_it() {
    let table = [
        ("another amount", paid(Money::whole(30, Currency::Ssp), "0921234567")),
        ("another currency", paid(Money::whole(3_000, Currency::Eur), "0921234567")),
        ("another payer", paid(price(), "0929999999")),
    ];
    for (label, outcome) in table {
        let mut story = Story::prompted();
        story.learns(outcome);
        assert_eq!(story.payment.status, Status::Review, "{label}");
        assert_eq!(story.told.last(), Some(&What::Review), "{label}");
        assert_eq!(story.entries[0].credit.name(), "liab:suspense", "{label}");
        let friend = ContactId::from_bytes([9; 16]);
        let to = Assignment { to: friend, plan: Plan::Weekly, days: 7, version: 1 };
        story.hears(payment::Event::Assign(to));
        assert_eq!(
            (story.payment.status, story.payment.granted_to),
            (Status::Success, Some(friend)),
            "{label}"
        );
        assert!(matches!(story.told.last(), Some(What::Granted(_))), "{label}");
        assert_eq!(story.entries[1].debit.name(), "liab:suspense", "{label}");
    }
}

#[test]
fn money_given_back_by_hand_turns_the_books_round_once() {
    let mut story = Story::prompted();
    story.learns(paid(price(), "0921234567"));
    for _ in 0..2 {
        story.hears(payment::Event::RefundedByHand("99".into()));
    }
    let names: Vec<_> = story.entries.iter().map(|it| (it.event.as_str(), it.money)).collect();
    assert_eq!(names, [("captured", price()), ("refunded", price())]);
    assert_eq!(story.entries[0].debit, story.entries[1].credit, "what came in went out");
    assert_eq!(story.told.iter().filter(|it| **it == What::Refunded).count(), 1);
}

#[test]
fn nothing_is_sent_two_minutes_after_the_wish() {
    let mut story = Story::started();
    story.now = START.plus(2 * MINUTE);
    story.hears(payment::Event::PayerSays(Verdict::Allowed));
    assert_eq!(story.payment.status, Status::Failed(Failure::NotSent));
    assert!(story.open.is_empty() && story.payment.asked.is_none());

    // And what was tried in vain until then ends the same way.
    let mut story = Story::started();
    story.hears(payment::Event::PayerSays(Verdict::Allowed));
    story.learns(Outcome::Account(true));
    let mut tries = 0;
    while story.payment.status == Status::Created {
        story.learns(Outcome::Charged(Charged::NotSent));
        tries += 1;
    }
    assert!((4..10).contains(&tries), "{tries}");
    assert!(story.now < START.plus(2 * MINUTE));
    assert_eq!(story.told, [What::Failed(Failure::NotSent)]);
}

#[test]
fn a_callback_asks_at_once_but_a_flood_of_them_does_not() {
    let mut story = Story::prompted();
    story.learns(Outcome::Checked(Checked::Pending));
    let checked = story.now;
    for _ in 0..50 {
        story.hears(payment::Event::Nudge);
    }
    assert_eq!(story.open.len(), 1);
    assert_eq!(
        story.due(),
        Some(checked.plus(5 * SECOND).since(START)),
        "five seconds after the last answer"
    );
    assert!(story.told.iter().all(|it| *it == What::Prompted), "and nothing is granted");
}

#[test]
fn when_mtn_cannot_be_asked_the_person_is_told_in_time_and_the_asking_goes_on() {
    let mut story = Story::prompted();
    for _ in 0..60 {
        story.learns(away());
    }
    assert_eq!(story.told, [What::Prompted, What::Expired]);
    assert!(story.now > START.plus(30 * DAY));
    story.learns(paid(price(), "0921234567"));
    assert_eq!(story.payment.status, Status::Success);
}

#[test]
fn a_line_of_the_statement_is_as_good_as_mtns_answer_and_counts_once() {
    let line = Paid { money: price(), payer: None, mtn_id: Some("4711".into()), at: START };
    let mut story = Story::prompted();
    story.hears(payment::Event::Statement(line.clone()));
    story.hears(payment::Event::Statement(line.clone()));
    assert_eq!(story.entries.len(), 1);
    assert_eq!(story.payment.status, Status::Success);

    // Our row is lost: the line names the order.
    let mut story = Story::started();
    story.payment = Payment::default();
    (story.open, story.told) = (BTreeMap::new(), Vec::new());
    for _ in 0..2 {
        let named = Assignment { to: order().contact, plan: Plan::Weekly, days: 7, version: 1 };
        story.hears(payment::Event::Recover(named, line.clone()));
    }
    assert!(matches!(story.told.as_slice(), [What::Granted(_)]), "{:?}", story.told);
}

#[test]
fn what_was_cancelled_before_mtn_was_asked_is_over_and_later_it_is_not() {
    let mut story = Story::started();
    story.hears(payment::Event::Cancel);
    assert_eq!(story.told, [What::Cancelled { prompted: false }]);
    story.hears(payment::Event::PayerSays(Verdict::Allowed));
    assert!(story.open.is_empty(), "nothing is asked of MTN");

    let mut story = Story::prompted();
    story.hears(payment::Event::Cancel);
    assert_eq!(story.told.last(), Some(&What::Cancelled { prompted: true }));
    story.learns(paid(price(), "0921234567"));
    assert_eq!(story.payment.status, Status::Success, "if the PIN was entered, it counts");
}

#[test]
fn once_the_statement_shows_the_money_no_step_that_was_under_way_goes_on() {
    let line = Paid { money: price(), payer: None, mtn_id: Some("4711".into()), at: START };
    for steps in 0..3 {
        let mut story = Story::started();
        if steps > 0 {
            story.hears(payment::Event::PayerSays(Verdict::Allowed));
        }
        if steps > 1 {
            story.learns(Outcome::Account(true));
        }
        story.hears(payment::Event::Statement(line.clone()));
        assert!(story.open.is_empty(), "after {steps} steps nobody is asked to pay again");
        story.now = START.plus(3 * MINUTE);
        story.hears(payment::Event::PayerSays(Verdict::Allowed));
        story.hears(payment::Event::Statement(line.clone()));
        assert_eq!(story.payment.status, Status::Success, "after {steps} steps");
        assert!(matches!(story.told.as_slice(), [What::Granted(_)]), "{:?}", story.told);
    }
}

/// What a paying number answers to a payment at a time.
fn asks(payer: &mut Payer, number: u8, at: i64) -> Verdict {
    let event = payer::Event::Ask { payment: PaymentId::draw([number; 16]), wished: START };
    let verdict = turn(payer, event, at);
    verdict.expect("it answers")
}

fn ends(payer: &mut Payer, number: u8, declined: bool, at: i64) {
    turn(payer, payer::Event::Ended { payment: PaymentId::draw([number; 16]), declined, unsent: false }, at);
}

fn turn(payer: &mut Payer, event: payer::Event, at: i64) -> Option<Verdict> {
    let now = START.plus(at);
    let input = numbered(Event::Payer(event), now);
    let decision = payer::decide(
        &Policy::default(),
        PayerId::from_bytes([5; 16]),
        payer.clone(),
        &[input],
        now,
        [3; 16],
    );
    *payer = decision.state;
    decision.open.iter().find_map(|effect| match &effect.action {
        Action::Tell { event, .. } => match &**event {
            Event::Payment(payment::Event::PayerSays(verdict)) => Some(*verdict),
            _ => None,
        },
        _ => None,
    })
}

#[test]
fn a_number_has_one_prompt_at_a_time_three_a_day_and_peace_after_two_declines() {
    let mut payer = Payer::default();
    assert_eq!(asks(&mut payer, 1, 0), Verdict::Allowed);
    assert_eq!(asks(&mut payer, 1, SECOND), Verdict::Allowed, "the same payment asks again after a crash");
    let until = START.plus(6 * MINUTE);
    assert_eq!(asks(&mut payer, 2, MINUTE), Verdict::Refused(Refusal::Open { until }));
    assert_eq!(
        asks(&mut payer, 2, 6 * MINUTE),
        Verdict::Allowed,
        "six minutes later it is no longer in the way"
    );
    ends(&mut payer, 2, false, 7 * MINUTE);
    assert_eq!(asks(&mut payer, 3, 8 * MINUTE), Verdict::Allowed);
    ends(&mut payer, 3, false, 9 * MINUTE);
    assert_eq!(asks(&mut payer, 4, 10 * MINUTE), Verdict::Refused(Refusal::Today));

    let mut payer = Payer::default();
    for number in 1..=2 {
        assert_eq!(asks(&mut payer, number, i64::from(number) * MINUTE), Verdict::Allowed);
        ends(&mut payer, number, true, i64::from(number) * MINUTE + SECOND);
    }
    let until = START.plus(2 * MINUTE + SECOND + DAY);
    assert_eq!(asks(&mut payer, 3, 3 * MINUTE), Verdict::Refused(Refusal::Declined { until }));
    assert_eq!(asks(&mut payer, 3, 2 * DAY), Verdict::Allowed);
}

#[test]
fn the_schedule_does_not_ask_again_right_behind_a_callback() {
    let mut story = Story::prompted();
    // A callback comes just before the poll of the fifth second.
    story.now = story.now.plus(4_900);
    story.hears(payment::Event::Nudge);
    story.learns(Outcome::Checked(Checked::Pending));
    let checked = story.now;
    assert!(story.due().is_some_and(|due| START.plus(due) >= checked.plus(5 * SECOND)), "{:?}", story.due());
}

#[test]
fn late_money_of_somebody_who_deleted_their_data_waits_in_suspense_and_nobody_is_told() {
    let mut story = Story::prompted();
    story.told.clear();
    story.hears(payment::Event::Disown);
    story.hears(payment::Event::Disown);
    assert_eq!(story.scrubs.len(), 1, "its number goes later, once");
    story.learns(paid(price(), "0921234567"));
    assert_eq!(story.payment.status, Status::Review);
    assert_eq!(story.entries[0].credit.name(), "liab:suspense");
    assert!(story.told.is_empty(), "{:?}", story.told);
    // An operator finds out whose it is.
    let to = Assignment { to: ContactId::from_bytes([9; 16]), plan: Plan::Weekly, days: 7, version: 1 };
    story.hears(payment::Event::Assign(to));
    assert!(matches!(story.told.as_slice(), [What::Granted(_)]), "{:?}", story.told);
}

#[test]
fn seven_days_later_no_number_and_no_person_is_left_and_the_amount_is() {
    for is_paid in [false, true] {
        let mut story = Story::prompted();
        if is_paid {
            story.learns(paid(price(), "0921234567"));
        }
        story.hears(payment::Event::Scrub);
        assert!(story.payment.order.is_some(), "not without its reason");
        story.hears(payment::Event::Disown);
        let due = story.scrubs[0];
        assert!(due.since(START) > 7 * DAY, "money can come so long");
        story.now = due;
        story.hears(payment::Event::Scrub);
        let text = serde_json::to_string(&story.payment).unwrap();
        assert!(!text.contains("921234567") && !text.contains("ab1."), "{text}");
        assert_eq!(story.payment.price(), Some(price()));
        assert!(story.payment.poll.is_none() && story.payment.doing.is_none());
    }
}

#[test]
fn the_statement_names_mtns_number_where_its_answer_did_not() {
    let mut story = Story::prompted();
    let mut answer = paid(price(), "0921234567");
    if let Outcome::Checked(Checked::Successful { mtn_id, .. }) = &mut answer {
        *mtn_id = None;
    }
    story.learns(answer);
    assert_eq!(story.payment.status, Status::Success);
    let line = Paid { money: price(), payer: None, mtn_id: Some("4711".into()), at: START };
    story.hears(payment::Event::Statement(line));
    assert_eq!(story.payment.paid.as_ref().unwrap().mtn_id.as_deref(), Some("4711"));
    assert_eq!(story.entries.len(), 1);
}

#[test]
fn money_under_no_name_or_another_one_is_not_this_order() {
    for other in [None, Some("ab1.y.w.1.1".to_string())] {
        let mut story = Story::prompted();
        let mut answer = paid(price(), "0921234567");
        if let Outcome::Checked(Checked::Successful { external_id, .. }) = &mut answer {
            external_id.clone_from(&other);
        }
        story.learns(answer);
        assert_eq!(story.payment.status, Status::Review, "{other:?}");
    }
}

#[test]
fn mtn_that_does_not_answer_is_not_asked_more_often_for_all_the_callbacks() {
    let mut story = Story::prompted();
    story.learns(away());
    let asked = story.now;
    for _ in 0..50 {
        story.hears(payment::Event::Nudge);
    }
    assert!(story.due().is_some_and(|due| START.plus(due) >= asked.plus(5 * SECOND)), "{:?}", story.due());
}

#[test]
fn a_cancel_that_overtakes_its_order_ends_it_before_mtn_is_asked() {
    let mut story = Story::started();
    story.payment = Payment::default();
    (story.open, story.told) = (BTreeMap::new(), Vec::new());
    story.hears(payment::Event::Cancel);
    story.hears(payment::Event::Start(order()));
    assert_eq!(story.told, [What::Cancelled { prompted: false }]);
    assert!(story.open.is_empty() && story.payment.doing.is_none());
}

#[test]
fn a_poll_that_died_is_begun_anew_by_a_callback() {
    let mut story = Story::prompted();
    story.now = story.now.plus(HOUR);
    let dead = story.due();
    story.hears(payment::Event::Nudge);
    assert!(story.due() > dead, "it is due now, with a row of its own");
}

#[test]
fn declining_after_a_cancel_is_what_we_asked_for_and_no_refusal() {
    let mut story = Story::prompted();
    story.hears(payment::Event::Cancel);
    story.ended.clear();
    story.learns(Outcome::Checked(Checked::Failed(Failure::Declined)));
    assert_eq!(story.ended, [false], "not declined");
    let mut story = Story::prompted();
    story.learns(Outcome::Checked(Checked::Failed(Failure::Declined)));
    assert_eq!(story.ended.last(), Some(&true));
}
