//! The way to a plan, and what never happens on it.

use answerbot_core::contact::message::Tap;
use answerbot_core::pay::payment::{self, Failure, What};
use answerbot_core::pay::price::{Plan, Selling};

use crate::talk::{DAY, MINUTE, Talk};

#[test]
fn a_plan_a_number_a_summary_and_exactly_that_is_ordered() {
    let mut talk = Talk::buyer();
    talk.says("subscribe");
    let titles: Vec<_> = talk.last().buttons.iter().map(|it| it.title.clone()).collect();
    assert_eq!(titles, ["Weekly 3,000 SSP", "Monthly 6,500 SSP"]);
    talk.says("weekly");
    assert!(talk.heard().contains("Which MTN number pays?"), "{}", talk.heard());
    talk.says("my number is +211 92 123 4567");
    let heard = talk.heard();
    for part in ["Weekly plan for 3,000 SSP", "0921234567", "11 March 2026", "does not renew"] {
        assert!(heard.contains(part), "{part}: {heard}");
    }
    assert!(talk.orders().is_empty(), "nothing before the person says so");
    talk.says("yes");
    let orders = talk.orders();
    assert_eq!(orders.len(), 1);
    assert_eq!((orders[0].price.to_momo().as_str(), orders[0].days), ("3000", 7));
    assert_eq!(orders[0].payer.digits(), "211921234567");
    talk.says("yes");
    assert_eq!(talk.orders().len(), 1, "a second yes pays nothing");
}

#[test]
fn nothing_is_sold_before_the_owner_has_confirmed_the_prices() {
    let mut talk = Talk::agreed();
    talk.selling = Selling::Production;
    for step in ["subscribe", "weekly"] {
        talk.says(step);
    }
    talk.taps(Tap::PlanIs(Plan::Weekly));
    assert!(talk.heard().contains("comes soon"), "{}", talk.heard());
    assert!(talk.contact.paying.step.is_none());
}

#[test]
fn with_a_list_of_testers_nobody_else_is_sold_anything() {
    let mut talk = Talk::buyer();
    talk.testers = Some(vec!["somebody else".to_owned()]);
    talk.says("subscribe");
    assert!(talk.heard().contains("comes soon"), "{}", talk.heard());
    talk.taps(Tap::PlanIs(Plan::Weekly));
    assert!(talk.heard().contains("comes soon") && talk.contact.paying.step.is_none());
    talk.testers.as_mut().unwrap().push(crate::talk::address().user);
    talk.pays_with("0921234567");
    assert_eq!(talk.orders().len(), 1);
    talk.testers = Some(Vec::new());
    talk.taps(Tap::Pay);
    assert_eq!(talk.orders().len(), 1, "who is on the list no more buys no more");
}

#[test]
fn a_question_on_the_way_is_answered_and_the_way_stands() {
    let mut talk = Talk::buyer();
    talk.taps(Tap::PlanIs(Plan::Monthly));
    talk.gets_an_answer("How many days has February in 2028?");
    talk.says("0921234567");
    assert!(talk.heard().contains("Monthly plan for 6,500 SSP"), "{}", talk.heard());
    talk.gets_an_answer("What is malaria?");
    talk.says("yes");
    assert!(talk.orders().is_empty(), "a yes after something else pays nothing");
    talk.taps(Tap::Pay);
    assert_eq!(talk.orders().len(), 1);
}

#[test]
fn another_network_and_no_number_are_told_so() {
    let mut talk = Talk::buyer();
    talk.taps(Tap::PlanIs(Plan::Weekly));
    talk.says("0911234567");
    assert!(talk.heard().contains("This is not MTN"), "{}", talk.heard());
    talk.says("12345678");
    assert!(talk.heard().contains("not a phone number of South Sudan"), "{}", talk.heard());
    talk.says("0991234567");
    assert!(talk.heard().contains("0991234567"), "{}", talk.heard());
}

#[test]
fn an_old_summary_shows_todays_price_and_asks_again() {
    let mut talk = Talk::buyer();
    talk.taps(Tap::PlanIs(Plan::Weekly));
    talk.says("0921234567");
    talk.time_passes(16 * MINUTE);
    talk.taps(Tap::Pay);
    assert!(talk.orders().is_empty() && talk.heard().contains("Pay now?"), "{}", talk.heard());
    talk.taps(Tap::Pay);
    assert_eq!(talk.orders().len(), 1);
}

#[test]
fn a_second_request_waits_until_the_first_cannot_be_on_the_phone_any_more() {
    let mut talk = Talk::buyer();
    talk.pays_with("0921234567");
    let first = talk.contact.paying.requests[0].payment;
    talk.says("cancel");
    talk.pays_with("0921234567");
    assert!(talk.heard().contains("Approve only one. Try again at 10:0"), "{}", talk.heard());
    assert_eq!(talk.orders().len(), 1);
    talk.hears_of(first, What::Failed(Failure::Declined));
    talk.taps(Tap::Pay);
    assert_eq!(talk.orders().len(), 2);
    talk.time_passes(6 * MINUTE);
    talk.pays_with("0921234567");
    assert_eq!(talk.orders().len(), 3, "six minutes later without any news");
    let names: Vec<_> = talk.orders().into_iter().map(|it| it.external_id).collect();
    assert!(names.iter().enumerate().all(|(at, name)| !names[..at].contains(name)), "{names:?}");
}

#[test]
fn three_numbers_a_week_and_not_a_fourth() {
    let mut talk = Talk::buyer();
    for number in ["0921111111", "0922222222", "0923333333", "0924444444"] {
        talk.time_passes(DAY);
        talk.taps(Tap::PlanIs(Plan::Weekly));
        talk.taps(Tap::PayOther);
        talk.says(number);
        talk.taps(Tap::Pay);
    }
    assert_eq!(talk.orders().len(), 3);
    assert!(talk.heard().contains("several numbers"), "{}", talk.heard());
}

#[test]
fn cancel_leaves_the_way_and_tells_an_open_request() {
    let mut talk = Talk::buyer();
    talk.taps(Tap::PlanIs(Plan::Weekly));
    talk.says("cancel");
    assert!(talk.heard().contains("Nothing was charged") && talk.contact.paying.step.is_none());
    talk.says("0921234567");
    assert!(talk.heard().contains("do not need your phone number"), "{}", talk.heard());
    talk.pays_with("0921234567");
    talk.says("cancel");
    assert!(talk.payments_are_told().contains(&payment::Event::Cancel));
}

#[test]
fn the_names_of_an_order_lead_back_to_it() {
    let mut talk = Talk::buyer();
    talk.pays_with("0921234567");
    let order = talk.orders().remove(0);
    let named = answerbot_core::pay::order::read(&order.external_id.to_uppercase()).unwrap();
    assert_eq!((named.contact, named.plan, named.version, named.seq), (order.contact, Plan::Weekly, 1, 1));
    assert!(order.external_id.chars().all(|c| c.is_ascii_alphanumeric() || c == '.'));
    assert_eq!(order.code.len(), 9);
    for wrong in ["", "ab1", "ab1.x.w.1.1", "ab2.00.w.1.1", &format!("{}.9", order.external_id)] {
        assert_eq!(answerbot_core::pay::order::read(wrong), None, "{wrong}");
    }
}

#[test]
fn a_complaint_about_paying_asks_mtn_and_never_the_ai() {
    for text in [
        "I paid but nothing",
        "my money is gone you took it",
        "Y'ello. You have paid SSP 3,000. Transaction Id: 4711",
    ] {
        let mut talk = Talk::buyer();
        talk.pays_with("0921234567");
        talk.says(text);
        assert!(talk.heard().contains("I am asking MTN about your payment now"), "{}", talk.heard());
        assert_eq!(talk.last().quick_replies[0].title, "Talk to a person");
        assert!(talk.payments_are_told().contains(&payment::Event::Nudge), "{text}");
        talk.time_passes(MINUTE);
        assert_eq!((talk.asked(), talk.used()), (None, 0), "{text}");
    }
    let mut talk = Talk::buyer();
    talk.says("I paid but nothing");
    assert!(talk.heard().contains("I see no payment from you"), "{}", talk.heard());
}

#[test]
fn a_complaint_in_two_lines_and_one_before_consent_reach_no_ai_either() {
    let mut talk = Talk::buyer();
    talk.pays_with("0921234567");
    talk.says("I paid");
    talk.says("nothing came to my phone");
    talk.time_passes(MINUTE);
    assert!(talk.times("I am asking MTN about your payment now") > 0 && talk.asked().is_none());
    assert_eq!(talk.used(), 0);

    let mut talk = Talk::new();
    talk.says("I paid you but nothing");
    assert!(talk.heard().contains("I see no payment from you"), "{}", talk.heard());
    talk.taps(Tap::Agree);
    assert_eq!(talk.asked(), None);
}

#[test]
fn a_complaint_about_what_is_paid_shows_it_and_asks_nobody() {
    let mut talk = Talk::buyer();
    let payment = talk.pays_with("0921234567");
    let what = talk.granted(Plan::Weekly, false);
    talk.hears_of(payment, what);
    talk.says("I paid but nothing");
    let heard = talk.heard();
    assert!(heard.contains("This is what I know.") && heard.contains("paid, receipt AB7K-3F9Q"), "{heard}");
    assert!(!talk.payments_are_told().contains(&payment::Event::Nudge));
}
