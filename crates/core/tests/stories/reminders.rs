//! Reminders that a plan ends: when, how often, and when not.

use answerbot_core::contact::event::Event;
use answerbot_core::contact::message::Tap;
use answerbot_core::contact::{Contact, Request, Standing};
use answerbot_core::pay::days::at_wall;
use answerbot_core::pay::payment::{Failure, What};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::{Plan, Selling};
use answerbot_core::{EventId, JubaDay, Time};

use crate::buying::payment;
use crate::talk::{HOUR, MINUTE, Talk};

/// A person whose plan of 4 March runs: a week until 11 March, a month until 3 April.
fn with(plan: Plan) -> Talk {
    let mut talk = Talk::buyer();
    talk.is_granted(1, plan);
    talk
}

/// Clocks in Juba show this: days after the last paid day, then hours and minutes.
fn wall(talk: &Talk, days: i32, hour: i64, minute: i64) -> Time {
    let through = talk.contact.paying.through().expect("a plan").0;
    at_wall(JubaDay(through + days), hour * HOUR + minute * MINUTE)
}

/// Lets the time pass until Juba's clock shows that, and asks. The reminder behind the answer, if there is one.
fn asks_at(talk: &mut Talk, (days, hour, minute): (i32, i64, i64)) -> Option<String> {
    let at = wall(talk, days, hour, minute);
    asks_when(talk, at)
}

fn asks_when(talk: &mut Talk, at: Time) -> Option<String> {
    assert!(at >= talk.now, "the clock goes on");
    talk.time_passes(at.since(talk.now));
    talk.policy.burst.window_ms = 0;
    talk.asks_now();
    talk.heard().split_once("\n---\n").map(|(_, reminder)| reminder.to_string())
}

impl Talk {
    fn asks_now(&mut self) {
        self.says("What is malaria?");
        self.ai_answers("A disease.");
        assert!(self.heard().starts_with("A disease."), "{}", self.heard());
    }
}

#[test]
fn a_week_is_reminded_of_on_its_last_day_in_its_last_evening_and_at_noon_after_it() {
    let mut talk = with(Plan::Weekly);
    let at = |talk: &mut Talk, when| asks_at(talk, when).is_some();
    // A day before the end is midnight, so the morning; two hours before it is night, so as long before the night.
    assert!(!at(&mut talk, (-1, 20, 59)));
    assert!(!at(&mut talk, (0, 6, 59)));
    assert!(at(&mut talk, (0, 7, 0)));
    assert!(!at(&mut talk, (0, 7, 1)), "once");
    assert!(!at(&mut talk, (0, 18, 59)));
    assert!(at(&mut talk, (0, 19, 0)));
    assert!(!at(&mut talk, (0, 20, 59)));
    assert!(!at(&mut talk, (1, 11, 59)));
    assert!(at(&mut talk, (1, 12, 0)));
    assert!(!at(&mut talk, (1, 13, 0)));
    assert!(!at(&mut talk, (2, 12, 0)), "three and no more");
}

#[test]
fn a_month_is_reminded_of_three_days_and_one_day_before_and_a_day_after() {
    let mut talk = with(Plan::Monthly);
    let at = |talk: &mut Talk, when| asks_at(talk, when).is_some();
    assert!(!at(&mut talk, (-3, 12, 0)));
    assert!(!at(&mut talk, (-2, 6, 59)));
    assert!(at(&mut talk, (-2, 7, 0)));
    assert!(!at(&mut talk, (-1, 12, 0)));
    assert!(at(&mut talk, (0, 7, 0)));
    assert!(!at(&mut talk, (0, 20, 0)));
    assert!(!at(&mut talk, (1, 12, 0)), "a day after the end is the next midnight");
    assert!(!at(&mut talk, (2, 6, 59)));
    assert!(at(&mut talk, (2, 7, 0)));
    assert!(!at(&mut talk, (3, 12, 0)));
}

#[test]
fn it_says_when_the_plan_ends_or_ended_and_that_it_does_not_renew() {
    let mut talk = with(Plan::Weekly);
    let before = asks_at(&mut talk, (0, 12, 0)).expect("a reminder");
    assert!(
        before.contains("ends on 11 March 2026 at midnight") && before.contains("does not renew by itself"),
        "{before}"
    );
    let after = asks_at(&mut talk, (1, 12, 0)).expect("a reminder");
    assert!(
        after.contains("ended on 11 March 2026") && after.contains("does not renew by itself"),
        "{after}"
    );
}

#[test]
fn its_one_button_shows_the_summary_with_the_known_number() {
    let mut talk = with(Plan::Weekly);
    talk.contact.paying.number = Msisdn::read("0921234567");
    asks_at(&mut talk, (0, 12, 0)).expect("a reminder");
    let buttons: Vec<_> = talk.last().buttons.iter().map(|it| (it.title.as_str(), it.tap)).collect();
    assert_eq!(buttons, [("Weekly 3,000 SSP", Tap::PlanIs(Plan::Weekly))]);
    talk.taps(Tap::PlanIs(Plan::Weekly));
    assert!(
        talk.heard().contains("0921234567") && talk.heard().contains("18 March 2026"),
        "{}",
        talk.heard()
    );
    talk.taps(Tap::Pay);
    assert_eq!(talk.orders().len(), 1);
}

#[test]
fn what_found_no_answer_to_ride_on_is_not_made_up_for() {
    let mut talk = with(Plan::Weekly);
    assert!(asks_at(&mut talk, (0, 19, 30)).is_some(), "the latest of two that are due");
    assert!(asks_at(&mut talk, (0, 19, 31)).is_none(), "not the other one behind it");
    let mut talk = with(Plan::Weekly);
    assert!(asks_at(&mut talk, (1, 8, 0)).is_none(), "one of before the end is nothing after it");
    assert!(asks_at(&mut talk, (1, 12, 0)).is_some());
    let mut talk = with(Plan::Weekly);
    assert!(asks_at(&mut talk, (8, 12, 0)).is_none(), "a week later it is past");
}

#[test]
fn in_the_quiet_hours_nobody_is_reminded() {
    for (when, is_reminded) in [
        ((0, 20, 59), true),
        ((0, 21, 0), false),
        ((0, 23, 59), false),
        ((2, 21, 0), false),
        ((2, 6, 59), false),
        ((2, 7, 0), true),
    ] {
        let mut talk = with(Plan::Weekly);
        assert_eq!(asks_at(&mut talk, when).is_some(), is_reminded, "{when:?}");
    }
}

#[test]
fn midnight_in_juba_is_the_end_and_not_midnight_in_london() {
    let mut talk = with(Plan::Weekly);
    talk.policy.paying.quiet_from_hour = 0;
    talk.policy.paying.quiet_to_hour = 0;
    let end = wall(&talk, 1, 0, 0);
    assert_eq!(end, Time::from_millis(1_773_266_400_000), "2026-03-11 22:00 UTC");
    assert!(asks_when(&mut talk, end.plus(-24 * HOUR - 1)).is_none());
    assert!(asks_when(&mut talk, end.plus(-24 * HOUR)).is_some());
    assert!(asks_when(&mut talk, end.plus(-2 * HOUR - 1)).is_none());
    assert!(asks_when(&mut talk, end.plus(-2 * HOUR)).is_some_and(|it| it.contains("ends on")));
    assert!(asks_when(&mut talk, end.plus(12 * HOUR - 1)).is_none());
    assert!(asks_when(&mut talk, end.plus(12 * HOUR)).is_some_and(|it| it.contains("ended on")));
}

#[test]
fn after_stop_nobody_is_reminded_until_start() {
    let mut talk = with(Plan::Weekly);
    talk.says("stop");
    assert!(asks_at(&mut talk, (0, 12, 0)).is_none());
    talk.says("start");
    assert!(asks_at(&mut talk, (0, 12, 1)).is_some());
}

#[test]
fn who_renewed_is_reminded_of_the_new_end_alone() {
    let mut talk = with(Plan::Weekly);
    assert!(asks_at(&mut talk, (0, 12, 0)).is_some());
    talk.is_granted(2, Plan::Monthly);
    assert_eq!(talk.contact.paying.through(), Some(JubaDay(talk.now.juba_day().0 + 30)));
    for days in [-30, -29, -28, -10, -3] {
        assert!(asks_at(&mut talk, (days, 19, 30)).is_none(), "{days}");
    }
    assert!(asks_at(&mut talk, (-2, 12, 0)).is_some());
    assert_eq!(talk.contact.paying.reminded.map(|it| it.count), Some(1), "counted anew");
}

#[test]
fn what_was_due_before_the_plan_was_bought_is_not_told_right_behind_its_receipt() {
    let mut talk = Talk::buyer();
    talk.policy.paying.weekly_before_ms = vec![30 * 24 * HOUR, 24 * HOUR];
    talk.is_granted(1, Plan::Weekly);
    assert!(asks_at(&mut talk, (-7, 15, 0)).is_none());
    assert!(asks_at(&mut talk, (0, 12, 0)).is_some());
}

#[test]
fn at_most_as_many_as_the_policy_says() {
    let mut talk = with(Plan::Weekly);
    talk.policy.paying.max_reminders = 1;
    assert!(asks_at(&mut talk, (0, 12, 0)).is_some());
    assert!(asks_at(&mut talk, (0, 19, 30)).is_none() && asks_at(&mut talk, (1, 12, 0)).is_none());
    let mut talk = with(Plan::Weekly);
    talk.policy.paying.max_reminders = 0;
    assert!(asks_at(&mut talk, (0, 12, 0)).is_none());
}

#[test]
fn nobody_is_reminded_while_a_payment_is_open_or_where_nothing_is_sold() {
    let mut talk = with(Plan::Weekly);
    let at = wall(&talk, 0, 11, 59);
    talk.contact.paying.requests.push(Request {
        payment: payment(2),
        plan: Plan::Weekly,
        price: None,
        payer: Msisdn::read("0921234567").unwrap(),
        at,
        stands: Standing::Prompted,
        ended: false,
    });
    assert!(asks_at(&mut talk, (0, 12, 0)).is_none());
    talk.hears_of(payment(2), What::Failed(Failure::Declined));
    talk.selling = Selling::Off;
    assert!(asks_at(&mut talk, (0, 12, 1)).is_none());
    talk.selling = Selling::Production;
    assert!(asks_at(&mut talk, (0, 12, 2)).is_some());
}

#[test]
fn while_a_human_speaks_and_when_the_window_shut_nobody_is_reminded() {
    let mut talk = with(Plan::Weekly);
    let at = wall(&talk, 0, 12, 0);
    talk.time_passes(at.since(talk.now));
    talk.asks("What is malaria?");
    talk.event(Event::PageEcho { message: EventId::digest("m"), digest: EventId::digest("I am Achol") });
    talk.ai_answers("A disease.");
    assert_eq!(talk.heard(), "A disease.");

    let mut talk = with(Plan::Weekly);
    let at = wall(&talk, -1, 11, 0);
    talk.time_passes(at.since(talk.now));
    talk.asks("What is malaria?");
    talk.time_passes(25 * HOUR);
    talk.ai_answers("A disease.");
    assert!(talk.heard_nothing());
    talk.says("hi");
    assert_eq!(talk.times("renew"), 0, "dropped, not kept for later: {}", talk.script);
    assert_eq!(talk.contact.paying.reminded, None, "and not counted");
    assert!(asks_at(&mut talk, (0, 12, 1)).is_some());
}

#[test]
fn an_answer_with_more_to_come_keeps_its_button_and_the_last_part_carries_the_reminder() {
    let mut talk = with(Plan::Weekly);
    let at = wall(&talk, 0, 12, 0);
    talk.time_passes(at.since(talk.now));
    talk.asks("What is malaria?");
    talk.ai_answers(&"A sentence. ".repeat(250));
    assert_eq!((talk.heard_count(), talk.last().quick_replies.len()), (1, 1));
    talk.says("more");
    assert_eq!(talk.heard_count(), 2);
    assert!(talk.heard().contains("ends on 11 March 2026"), "{}", talk.heard());
}

#[test]
fn the_question_about_the_region_goes_first() {
    let mut talk = with(Plan::Weekly);
    talk.contact.region = answerbot_core::contact::RegionChoice::Unasked;
    let first = asks_at(&mut talk, (0, 12, 0)).expect("a question");
    assert!(first.contains("Where do you live"), "{first}");
    assert!(asks_at(&mut talk, (0, 12, 1)).is_some_and(|it| it.contains("ends on")));
}

#[test]
fn a_free_person_is_never_reminded_and_an_older_state_is_read() {
    let mut talk = Talk::buyer();
    for _ in 0..3 {
        talk.time_passes(5 * HOUR);
        talk.asks("What is malaria?");
        talk.ai_answers("A disease.");
        assert_eq!(talk.heard_count(), 1, "{}", talk.heard());
    }
    let state = with(Plan::Weekly).state();
    assert!(!state.contains("reminded"));
    assert!(serde_json::from_str::<Contact>(&state).is_ok());
}
