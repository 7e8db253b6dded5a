//! Reminders that a plan ends: they ride on answers, and on nothing else.

use answerbot_core::contact::message::Tap;
use answerbot_core::pay::days::{at_wall, long_date};
use answerbot_core::pay::price::Plan;
use answerbot_core::{JubaDay, Time};

use crate::talk::{HOUR, MINUTE, Talk};

/// Somebody with a plan, some time before its end; the clock stands at `hours` from midnight of the day after it.
fn with_plan(plan: Plan, hours: i64) -> (Talk, JubaDay) {
    let mut talk = Talk::buyer();
    talk.contact.region = answerbot_core::contact::RegionChoice::Skipped;
    talk.is_granted(1, plan);
    let through = talk.contact.paying.through().unwrap();
    goes_to(&mut talk, end(through).plus(hours * HOUR));
    (talk, through)
}

fn end(through: JubaDay) -> Time {
    at_wall(JubaDay(through.0 + 1), 0)
}

fn goes_to(talk: &mut Talk, time: Time) {
    let ms = time.since(talk.now);
    talk.time_passes(ms);
}

/// Asks something and says whether a reminder came behind the answer.
fn is_reminded(talk: &mut Talk) -> bool {
    talk.heard();
    talk.gets_an_answer("What is the capital of Kenya?");
    talk.heard().contains("does not renew by itself")
}

#[test]
fn a_weekly_plan_reminds_a_day_before_its_end_once_and_with_one_tap_to_renew() {
    let (mut talk, through) = with_plan(Plan::Weekly, -26);
    assert!(!is_reminded(&mut talk), "not before its time");
    goes_to(&mut talk, end(through).plus(-10 * HOUR));
    talk.gets_an_answer("What is the capital of Kenya?");
    let heard = talk.heard();
    assert!(heard.contains(&format!("ends on {}", long_date(through))), "{heard}");
    assert!(heard.find("does not renew") > heard.find("answer"), "behind the answer");
    assert!(!is_reminded(&mut talk), "once");
    talk.contact.paying.number = answerbot_core::pay::phone::Msisdn::read("0921234567");
    talk.taps(Tap::PlanIs(Plan::Weekly));
    assert!(talk.heard().contains("Pay now?"), "one tap");
}

#[test]
fn a_monthly_plan_reminds_three_days_and_one_day_before_and_a_day_after() {
    let (mut talk, through) = with_plan(Plan::Monthly, -73);
    assert!(!is_reminded(&mut talk));
    for hours in [-62, -14, 25] {
        goes_to(&mut talk, end(through).plus(hours * HOUR));
        // After the end the region of quiet hours is left first.
        while !(7..21).contains(&hour(&talk)) {
            talk.time_passes(HOUR);
        }
        assert!(is_reminded(&mut talk), "{hours} hours");
        assert!(!is_reminded(&mut talk), "{hours} hours, once");
    }
    talk.time_passes(20 * HOUR);
    assert!(!is_reminded(&mut talk), "three are enough");
}

fn hour(talk: &Talk) -> i64 {
    talk.now.since(at_wall(talk.now.juba_day(), 0)) / HOUR
}

#[test]
fn nobody_is_reminded_at_night() {
    for (hours, is_day) in [(-3, false), (-4, true), (-17, true), (-18, false)] {
        let (mut talk, _) = with_plan(Plan::Weekly, hours);
        talk.time_passes(MINUTE);
        assert_eq!(is_reminded(&mut talk), is_day, "{hours} hours from the end, at {}", hour(&talk));
    }
}

#[test]
fn after_the_end_it_is_told_once_more_and_then_left() {
    let (mut talk, through) = with_plan(Plan::Weekly, 13);
    talk.gets_an_answer("What is the capital of Kenya?");
    let heard = talk.heard();
    assert!(heard.contains(&format!("ended on {}", long_date(through))), "{heard}");
    let (mut talk, _) = with_plan(Plan::Weekly, 4 * 24);
    assert!(!is_reminded(&mut talk), "too late to be of use");
}

#[test]
fn a_renewal_a_stop_or_an_open_payment_silences_it() {
    let (mut talk, _) = with_plan(Plan::Weekly, -10);
    talk.is_granted(2, Plan::Monthly);
    assert!(!is_reminded(&mut talk), "renewed");

    let (mut talk, _) = with_plan(Plan::Weekly, -10);
    talk.says("stop");
    assert!(!is_reminded(&mut talk), "stopped");

    let (mut talk, _) = with_plan(Plan::Weekly, -10);
    talk.pays_with("0921234567");
    assert!(!is_reminded(&mut talk), "paying");
}

#[test]
fn where_nothing_is_sold_nobody_is_reminded() {
    let (mut talk, _) = with_plan(Plan::Weekly, -10);
    talk.selling = answerbot_core::pay::price::Selling::Off;
    assert!(!is_reminded(&mut talk));
}
