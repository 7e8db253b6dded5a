//! A message of a few digits: perhaps the PIN.

use answerbot_core::contact::event::Event;
use answerbot_core::contact::{Contact, Stage};
use answerbot_core::pay::payment::{Failure, What};

use crate::talk::{MINUTE, Talk};

const WARNING: &str = "Never send your PIN. Enter it only in MTN's window. Delete that message.";
const ELSE: &str = "Please write it in a sentence.";

fn digits(talk: &mut Talk) -> String {
    talk.event(Event::Digits);
    talk.heard()
}

#[test]
fn while_a_payment_is_open_a_few_digits_are_taken_for_the_pin() {
    let mut talk = Talk::buyer();
    assert_eq!(digits(&mut talk), ELSE);
    let payment = talk.pays_with("0921234567");
    assert_eq!(digits(&mut talk), WARNING, "before MTN has answered");
    talk.hears_of(payment, What::Prompted);
    assert_eq!(digits(&mut talk), WARNING);
    talk.hears_of(payment, What::Cancelled { prompted: true });
    assert_eq!(digits(&mut talk), WARNING, "it may still be on the phone");
    talk.hears_of(payment, What::Failed(Failure::Declined));
    assert_eq!(digits(&mut talk), ELSE);
}

#[test]
fn six_minutes_later_nothing_is_on_the_phone_any_more() {
    let mut talk = Talk::buyer();
    talk.pays_with("0921234567");
    talk.time_passes(6 * MINUTE - 1);
    assert_eq!(digits(&mut talk), WARNING);
    talk.time_passes(1);
    assert_eq!(digits(&mut talk), ELSE);
}

#[test]
fn the_warning_comes_after_the_free_replies_and_before_consent_too() {
    let mut talk = Talk::buyer();
    talk.pays_with("0921234567");
    for _ in 0..70 {
        talk.says("help");
    }
    assert_eq!(digits(&mut talk), WARNING);

    let mut talk = Talk::buyer();
    talk.pays_with("0921234567");
    talk.contact = Contact { stage: Stage::New, consent: None, ..talk.contact };
    assert_eq!(digits(&mut talk), WARNING);
}

#[test]
fn digits_cost_no_question_and_reach_no_ai() {
    let mut talk = Talk::buyer();
    talk.pays_with("0921234567");
    digits(&mut talk);
    talk.time_passes(MINUTE);
    assert_eq!((talk.asked(), talk.used()), (None, 0));
}
