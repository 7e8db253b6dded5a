//! `status` and `cancel`: how the person's payments stand, in words.

use answerbot_core::contact::Contact;
use answerbot_core::pay::payment::{Failure, What};
use answerbot_core::pay::price::Plan;

use crate::buying::{failures, news};
use crate::talk::{DAY, HOUR, MINUTE, Talk};

/// The lines of payments in `status`.
fn payments(talk: &mut Talk) -> Vec<String> {
    talk.says("status");
    let heard = talk.heard();
    heard
        .lines()
        .skip_while(|line| !line.starts_with("Your payments of the last 7 days"))
        .skip(1)
        .map(str::to_string)
        .collect()
}

#[test]
fn each_way_a_payment_can_stand_has_its_own_line() {
    let until = Talk::new().now.plus(5 * MINUTE);
    let failed = failures(until);
    let mut all: Vec<Option<What>> = failed.into_iter().map(|why| Some(What::Failed(why))).collect();
    let cancelled = |prompted| Some(What::Cancelled { prompted });
    all.extend([None, Some(What::Prompted), Some(What::Expired), cancelled(true), cancelled(false)]);
    all.extend([Some(What::Abandoned), Some(What::Review)]);
    let mut seen = Vec::new();
    for what in all {
        let mut talk = Talk::buyer();
        let payment = talk.pays_with("0921234567");
        if let Some(what) = &what {
            talk.hears_of(payment, what.clone());
        }
        let lines = payments(&mut talk);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("4 Mar Weekly 3,000 SSP: ") && lines[0].len() < 100, "{lines:?}");
        assert!(!talk.heard().contains("921234567"), "no number of a payer");
        assert!(!seen.contains(&lines[0]), "{what:?} stands like another: {lines:?}");
        seen.extend(lines);
    }
}

#[test]
fn a_request_without_news_waits_for_six_minutes_and_then_a_late_approval_counts() {
    let mut talk = Talk::buyer();
    let payment = talk.pays_with("0921234567");
    assert_eq!(payments(&mut talk), ["4 Mar Weekly 3,000 SSP: I am asking MTN."]);
    talk.hears_of(payment, What::Prompted);
    assert_eq!(payments(&mut talk), ["4 Mar Weekly 3,000 SSP: waiting for the PIN on the phone."]);
    talk.time_passes(6 * MINUTE);
    assert_eq!(
        payments(&mut talk),
        ["4 Mar Weekly 3,000 SSP: nothing happened yet; a late approval still counts."]
    );
    let what = talk.granted(Plan::Weekly, true);
    talk.hears_of(payment, what);
    assert_eq!(payments(&mut talk), ["4 Mar Weekly 3,000 SSP: paid, receipt AB7K-3F9Q."]);
    talk.hears_of(payment, What::Refunded);
    assert_eq!(payments(&mut talk), ["4 Mar Weekly 3,000 SSP: given back."]);
}

#[test]
fn the_newest_five_of_seven_days_are_told_the_newest_first_also_those_without_a_request() {
    let mut talk = Talk::buyer();
    talk.is_granted(1, Plan::Monthly);
    for _ in 0..6 {
        talk.time_passes(DAY);
        let payment = talk.pays_with("0921234567");
        talk.hears_of(payment, What::Failed(Failure::Declined));
    }
    let lines = payments(&mut talk);
    let days: Vec<&str> = lines.iter().filter_map(|line| line.split(" Weekly").next()).collect();
    assert_eq!(days, ["10 Mar", "9 Mar", "8 Mar", "7 Mar", "6 Mar"]);
    let mut talk = Talk::buyer();
    talk.is_granted(1, Plan::Monthly);
    assert_eq!(payments(&mut talk), ["4 Mar Monthly 6,500 SSP: paid, receipt AB7K-3F9Q."]);
    talk.time_passes(7 * DAY);
    assert!(payments(&mut talk).is_empty(), "{}", talk.heard());
    assert!(talk.heard().contains("Your plan ends on 3 April 2026"));
}

#[test]
fn news_that_was_overtaken_is_not_told() {
    let mut talk = Talk::buyer();
    let payment = talk.pays_with("0921234567");
    talk.hears_of(payment, What::Expired);
    talk.hears_of(payment, What::Prompted);
    assert!(talk.heard_nothing(), "{}", talk.heard());
    assert!(payments(&mut talk)[0].contains("nothing happened yet"));
}

#[test]
fn a_request_of_an_older_release_is_read_and_told() {
    let mut talk = Talk::buyer();
    talk.pays_with("0921234567");
    let mut state: serde_json::Value = serde_json::from_str(&talk.state()).unwrap();
    let request = state["paying"]["requests"][0].as_object_mut().unwrap();
    assert!(request.remove("price").is_some() && request.remove("stands").is_some());
    talk.contact = serde_json::from_value::<Contact>(state).unwrap();
    assert_eq!(payments(&mut talk), ["4 Mar Weekly: I am asking MTN."]);
}

#[test]
fn status_is_told_after_the_free_replies_where_money_is_in_it() {
    let mut talk = Talk::buyer();
    for _ in 0..70 {
        talk.says("help");
    }
    talk.says("status");
    assert!(talk.heard_nothing());
    talk.is_told(news(1, What::Expired));
    talk.is_granted(1, Plan::Weekly);
    talk.time_passes(HOUR);
    assert_eq!(payments(&mut talk).len(), 1);
}

#[test]
fn cancel_with_nothing_open_says_so_and_when_the_plan_ends() {
    let mut talk = Talk::buyer();
    talk.says("cancel");
    assert_eq!(talk.heard(), "Nothing to cancel. We never take money by ourselves.");
    talk.is_granted(1, Plan::Weekly);
    talk.says("cancel");
    assert_eq!(
        talk.heard(),
        "Nothing to cancel. We never take money by ourselves. Your plan ends on 11 March 2026."
    );
    talk.time_passes(8 * DAY);
    talk.says("cancel");
    assert!(!talk.heard().contains("plan"), "it is over: {}", talk.heard());
}

#[test]
fn cancel_with_an_open_payment_warns_of_the_pin_however_often_it_is_typed() {
    let mut talk = Talk::buyer();
    let payment = talk.pays_with("0921234567");
    talk.hears_of(payment, What::Prompted);
    talk.says("cancel");
    assert!(talk.heard_nothing(), "the payment itself tells: {}", talk.heard());
    talk.hears_of(payment, What::Cancelled { prompted: true });
    assert_eq!(talk.heard(), "Cancelled. Do not enter your PIN. If you did, it counts.");
    talk.says("cancel");
    assert!(talk.heard().contains("Do not enter your PIN. If you did, it counts."), "{}", talk.heard());
    talk.time_passes(6 * MINUTE);
    talk.says("cancel");
    assert!(talk.heard().contains("Nothing to cancel"), "{}", talk.heard());
}
