//! What is offered, and where: at the limit, in the menu, in the help.

use answerbot_core::contact::message::Tap;
use answerbot_core::pay::payment::{Failure, What};
use answerbot_core::pay::price::{Plan, Selling};

use crate::talk::Talk;

/// A person who has used up the day's free questions, where plans are sold.
fn at_the_limit() -> Talk {
    let mut talk = Talk::buyer();
    for number in 1..=3 {
        talk.gets_an_answer(&format!("Question {number}, what is it?"));
    }
    talk
}

fn buttons(talk: &Talk) -> Vec<&str> {
    talk.last().buttons.iter().map(|it| it.title.as_str()).collect()
}

#[test]
fn who_meets_the_limit_is_shown_the_plans_and_can_choose_at_once() {
    let mut talk = at_the_limit();
    talk.asks("What is malaria?");
    let heard = talk.heard();
    for part in [
        "3 free questions",
        "midnight",
        "keep this question for a day",
        "answer it first",
        "30 questions a day",
    ] {
        assert!(heard.contains(part), "{part}: {heard}");
    }
    assert!(!heard.contains("soon"), "{heard}");
    assert_eq!(buttons(&talk), ["Weekly 3,000 SSP", "Monthly 6,500 SSP"]);
    talk.says("monthly");
    assert!(talk.heard().contains("Which MTN number pays?"), "{}", talk.heard());
}

#[test]
fn where_nothing_is_sold_the_limit_says_that_paying_comes_soon() {
    let mut talk = at_the_limit();
    for selling in [Selling::Off, Selling::Production] {
        talk.selling = selling;
        talk.testers = Some(Vec::new());
        talk.asks("What is malaria?");
        assert!(talk.heard().contains("comes soon"), "{}", talk.heard());
        assert!(talk.last().buttons.is_empty());
    }
}

#[test]
fn while_a_payment_is_open_the_limit_offers_no_second_one() {
    let mut talk = at_the_limit();
    talk.pays_with("0921234567");
    talk.asks("What is malaria?");
    assert!(talk.heard().contains("when your payment has come"), "{}", talk.heard());
    assert!(talk.last().buttons.is_empty());
    let payment = talk.contact.paying.requests[0].payment;
    talk.hears_of(payment, What::Failed(Failure::Declined));
    talk.asks("What is cholera?");
    assert_eq!(buttons(&talk).len(), 2, "it ended: the plans again");
}

#[test]
fn a_paying_person_at_the_thirty_is_offered_nothing() {
    let mut talk = Talk::buyer();
    talk.policy.quota.paid_per_day = 1;
    talk.is_granted(1, Plan::Weekly);
    talk.gets_an_answer("What is malaria?");
    talk.asks("What is cholera?");
    assert!(talk.heard().contains("midnight") && talk.last().buttons.is_empty(), "{}", talk.heard());
}

#[test]
fn the_way_to_a_plan_is_open_when_the_free_replies_are_used_up() {
    let mut talk = Talk::buyer();
    for _ in 0..70 {
        talk.says("help");
    }
    assert!(talk.heard_nothing());
    talk.says("subscribe");
    assert_eq!(buttons(&talk).len(), 2);
    talk.pays_with("0921234567");
    assert!(talk.heard().contains("asking MTN"), "{}", talk.heard());
    talk.says("receipt");
    assert!(!talk.heard_nothing());
    talk.says("help");
    assert!(talk.heard_nothing());
}

#[test]
fn help_and_menu_name_the_plans_where_they_are_sold() {
    let mut talk = Talk::buyer();
    talk.says("help");
    assert!(
        talk.heard().contains("subscribe, receipt") && !talk.heard().contains("it will be"),
        "{}",
        talk.heard()
    );
    talk.says("menu");
    let titles: Vec<_> = talk.last().quick_replies.iter().map(|it| it.title.as_str()).collect();
    assert_eq!(titles, ["Subscribe", "My status", "My region", "Help"]);
    talk.taps(Tap::Subscribe);
    assert_eq!(buttons(&talk).len(), 2);

    let mut talk = Talk::agreed();
    talk.says("help");
    assert!(!talk.heard().contains("subscribe") && talk.heard().contains("it will be"), "{}", talk.heard());
    talk.says("menu");
    assert_eq!(talk.last().quick_replies.len(), 3);
}
