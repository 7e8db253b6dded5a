//! What became of a payment, as the person hears it, and the days that it buys.

use answerbot_core::JubaDay;
use answerbot_core::contact::effect::{Kind, Retry};
use answerbot_core::pay::days::long_date;
use answerbot_core::pay::payer::Refusal;
use answerbot_core::pay::payment::{Failure, What};
use answerbot_core::pay::price::Plan;

use crate::buying::{failures, news};
use crate::talk::{DAY, HOUR, MINUTE, Talk};

fn today(talk: &Talk) -> JubaDay {
    talk.now.juba_day()
}

#[test]
fn a_receipt_says_what_was_paid_until_when_and_under_which_numbers() {
    let mut talk = Talk::agreed();
    talk.is_granted(1, Plan::Weekly);
    assert_eq!(
        talk.heard(),
        "Paid. Thank you!\nWeekly plan, 30 questions a day, from 5 Mar to 11 March 2026. The rest of 4 Mar is a gift.\nReceipt AB7K-3F9Q: 3,000 SSP, MTN 4711."
    );
    talk.says("status");
    assert!(talk.heard().contains("30 of 30"), "{}", talk.heard());
    assert!(talk.heard().contains("11 March 2026") && talk.heard().contains("does not renew"));
}

#[test]
fn a_grant_that_is_told_twice_grants_once() {
    let mut talk = Talk::agreed();
    talk.is_granted(1, Plan::Weekly);
    let through = talk.contact.paying.through();
    talk.time_passes(HOUR);
    talk.is_granted(1, Plan::Weekly);
    assert!(talk.heard_nothing());
    assert_eq!(talk.contact.paying.through(), through);
}

#[test]
fn the_rest_of_the_day_is_a_gift_and_plans_add_up() {
    let mut talk = Talk::agreed();
    let day = today(&talk);
    talk.is_granted(1, Plan::Weekly);
    assert_eq!(talk.contact.paying.through(), Some(JubaDay(day.0 + 7)));
    talk.is_granted(2, Plan::Monthly);
    assert_eq!(talk.contact.paying.through(), Some(JubaDay(day.0 + 37)));
    assert!(talk.heard().contains(&long_date(JubaDay(day.0 + 37))), "{}", talk.heard());
}

#[test]
fn what_met_the_limit_is_answered_first_after_paying_oldest_first() {
    let mut talk = Talk::agreed();
    for number in 1..=3 {
        talk.gets_an_answer(&format!("Question {number}, what is it?"));
    }
    talk.asks("What is malaria?");
    talk.asks("What is cholera?");
    assert_eq!(talk.contact.limited.len(), 2);
    talk.is_granted(1, Plan::Weekly);
    assert_eq!(talk.asked().as_deref(), Some("What is malaria?"));
    talk.ai_answers("One.");
    assert_eq!(talk.asked().as_deref(), Some("What is cholera?"));
    talk.ai_answers("Two.");
    assert!(talk.contact.limited.is_empty());
    assert_eq!(talk.contact.paying.used.used, 2, "free questions do not reduce the thirty");
}

#[test]
fn a_paid_day_has_thirty_questions_and_midnight_in_juba_brings_new_ones() {
    let mut talk = Talk::agreed();
    talk.is_granted(1, Plan::Weekly);
    for number in 1..=30 {
        talk.gets_an_answer(&format!("Question {number}, what is it?"));
    }
    talk.asks("What is malaria?");
    assert!(talk.heard().contains("30 questions of today"), "{}", talk.heard());
    talk.midnight_passes();
    talk.gets_an_answer("What is cholera?");
}

#[test]
fn after_its_last_day_a_plan_is_over_and_three_are_free_again() {
    let mut talk = Talk::agreed();
    talk.is_granted(1, Plan::Weekly);
    talk.time_passes(7 * DAY);
    assert!(talk.contact.paying.is_paid_on(today(&talk)), "the seventh day is paid");
    talk.midnight_passes();
    assert!(!talk.contact.paying.is_paid_on(today(&talk)));
    talk.says("status");
    assert!(talk.heard().contains("3 of 3 free"), "{}", talk.heard());
}

#[test]
fn an_answer_that_failed_gives_its_paid_question_back() {
    let mut talk = Talk::agreed();
    talk.is_granted(1, Plan::Weekly);
    talk.asks("What is malaria?");
    assert_eq!(talk.contact.paying.used.used, 1);
    talk.ai_is_down();
    assert_eq!(talk.contact.paying.used.used, 0);
}

#[test]
fn money_given_back_takes_its_days_and_only_those() {
    let mut talk = Talk::agreed();
    let day = today(&talk);
    talk.is_granted(1, Plan::Weekly);
    talk.is_granted(2, Plan::Weekly);
    talk.is_told(news(1, What::Refunded));
    assert!(talk.heard().contains("given back"));
    assert_eq!(talk.contact.paying.through(), Some(JubaDay(day.0 + 7)));
}

#[test]
fn older_news_that_comes_after_the_grant_is_not_told() {
    let mut talk = Talk::agreed();
    talk.is_granted(1, Plan::Weekly);
    for what in [What::Prompted, What::Expired, What::Failed(Failure::Other), What::Abandoned] {
        talk.is_told(news(1, what));
        assert!(talk.heard_nothing(), "{}", talk.heard());
    }
}

#[test]
fn outside_the_window_nothing_is_sent_and_the_next_hello_brings_one_receipt_first() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    talk.time_passes(25 * HOUR);
    talk.ai_answers("A disease.");
    let what = talk.granted(Plan::Weekly, true);
    talk.is_told(news(1, what.clone()));
    talk.is_told(news(1, what));
    assert!(talk.heard_nothing());
    talk.time_passes(9 * DAY);
    talk.says("hi");
    let heard = talk.heard();
    assert!(heard.starts_with("Your payment arrived late, and it counts."), "{heard}");
    assert_eq!(heard.matches("Receipt").count(), 1, "{heard}");
}

#[test]
fn every_end_without_money_has_its_own_words_and_says_what_to_do() {
    let until = Talk::new().now.plus(5 * MINUTE);
    let all = failures(until);
    let mut told = Vec::new();
    for (number, why) in all.into_iter().enumerate() {
        let mut talk = Talk::agreed();
        talk.is_told(news(u8::try_from(number).unwrap(), What::Failed(why)));
        let text = talk.heard();
        assert!(text.len() < 200, "{text}");
        assert!(
            ["subscribe", "try again", "Try again", "Add money"].iter().any(|advice| text.contains(advice)),
            "{text}"
        );
        assert!(!told.contains(&text), "said twice: {text}");
        told.push(text);
    }
}

#[test]
fn the_receipt_comes_again_whenever_it_is_asked_for() {
    let mut talk = Talk::agreed();
    talk.is_granted(1, Plan::Weekly);
    let receipt = talk.heard();
    talk.time_passes(100 * DAY);
    talk.says("receipt");
    assert_eq!(talk.heard(), receipt);
    talk.is_granted(2, Plan::Weekly);
    talk.is_granted(3, Plan::Monthly);
    let last = talk.heard();
    assert!(last.contains("from 20 Jun to 19 July 2026.\n"), "behind the week, without a gift: {last}");
    talk.says("receipt");
    assert_eq!(talk.heard(), last);
    talk.is_told(news(3, What::Refunded));
    talk.says("receipt");
    assert!(
        talk.heard().contains("Weekly plan") && talk.heard().contains("13 Jun to 19 June 2026"),
        "{}",
        talk.heard()
    );
}

#[test]
fn after_stop_answers_and_money_news_go_on() {
    let mut talk = Talk::buyer();
    talk.says("stop");
    let payment = talk.pays_with("0921234567");
    talk.hears_of(payment, What::Prompted);
    assert!(talk.heard().contains("MTN asks for the MoMo PIN"), "{}", talk.heard());
    talk.gets_an_answer("What is malaria?");
    let what = talk.granted(Plan::Weekly, false);
    talk.hears_of(payment, what);
    assert!(talk.heard().contains("Receipt"), "{}", talk.heard());
    assert!(talk.contact.quiet, "and stop stands");
    talk.says("start");
    assert!(!talk.contact.quiet);
}

#[test]
fn the_receipt_comes_before_what_waited_and_that_before_the_new_answer() {
    let mut talk = Talk::agreed();
    for number in 1..=3 {
        talk.asks(&format!("Question {number}, what is it?"));
    }
    talk.time_passes(25 * HOUR);
    for number in 1..=3 {
        talk.ai_answers(&format!("Answer {number}."));
    }
    let what = talk.granted(Plan::Weekly, false);
    talk.is_told(news(1, what));
    assert!(talk.heard_nothing() && talk.open.values().all(|it| it.action.kind() != Kind::Send));
    talk.says("hi");
    let heard = talk.heard();
    let order =
        ["Receipt AB7K-3F9Q", "Answer 1.", "Answer 2.", "Answer 3.", "Hello! What do you want to know?"];
    let places: Vec<_> =
        order.iter().map(|part| heard.find(part).unwrap_or_else(|| panic!("{part}: {heard}"))).collect();
    assert!(places.is_sorted() && talk.heard_count() == 5, "{heard}");
    talk.says("hi");
    assert_eq!(talk.heard_count(), 1, "told once");
}

#[test]
fn money_news_outlive_a_person_who_cannot_be_reached() {
    let mut talk = Talk::agreed();
    talk.platform_is_slow();
    talk.says("help");
    talk.is_granted(1, Plan::Weekly);
    talk.platform_refuses(Retry::Gone);
    assert_eq!(talk.contact.parked.len(), 1, "the receipt waits; help does not");
    talk.says("hi");
    talk.platform_refuses(Retry::Gone);
    assert_eq!(talk.contact.parked.len(), 1, "also when it was the one that was being sent");
    talk.platform_accepts();
    talk.says("hi");
    assert!(talk.heard().starts_with("Paid. Thank you!"), "{}", talk.heard());
}

#[test]
fn a_second_plan_on_a_used_up_day_keeps_what_waits_without_a_word() {
    let mut talk = Talk::agreed();
    talk.policy.quota.paid_per_day = 1;
    talk.is_granted(1, Plan::Weekly);
    talk.gets_an_answer("What is malaria?");
    talk.asks("What is cholera?");
    talk.is_granted(2, Plan::Weekly);
    assert_eq!((talk.heard_count(), talk.asked(), talk.contact.limited.len()), (1, None, 1));
}

#[test]
fn a_number_that_declined_twice_is_left_alone_until_a_time_in_juba() {
    let mut talk = Talk::agreed();
    let until = talk.now.plus(DAY);
    talk.is_told(news(1, What::Failed(Failure::Refused(Refusal::Declined { until }))));
    assert!(
        talk.heard().contains("tomorrow at 10:01") && talk.heard().contains("another MTN number"),
        "{}",
        talk.heard()
    );
    assert!(!talk.heard().contains("still be on the phone"));
    let until = talk.now.plus(5 * HOUR);
    talk.is_told(news(2, What::Failed(Failure::Refused(Refusal::Declined { until }))));
    assert!(talk.heard().contains("today at 15:01"), "{}", talk.heard());
}

#[test]
fn a_refund_that_overtakes_its_grant_leaves_no_day() {
    let mut talk = Talk::buyer();
    talk.is_told(news(1, What::Refunded));
    talk.heard();
    talk.is_granted(1, Plan::Weekly);
    assert_eq!(talk.contact.paying.through(), None);
    assert!(!talk.heard().contains("Receipt"));
}
