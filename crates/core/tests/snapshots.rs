//! Whole talks as a person sees them.

use answerbot_core::contact::Region;
use answerbot_core::contact::event::Event;
use answerbot_core::contact::message::Tap;
use answerbot_core::pay::payment::What;
use answerbot_core::pay::price::Plan;

use crate::talk::{DAY, HOUR, MINUTE, Talk};

#[test]
fn a_first_day() {
    let mut talk = Talk::new();
    talk.says("How do I treat malaria?");
    talk.time_passes(MINUTE);
    talk.says("yes");
    talk.ai_answers("**Go to the clinic.** A health worker tests you:\n1. Tell them your signs.\n2. Take all of the medicine.");
    talk.taps(Tap::RegionIs(Region::Wau));
    talk.asks("and in children?");
    talk.ai_answers("Children become ill faster. Go at once.");
    talk.says("thanks");
    talk.asks("When do I plant groundnuts?");
    talk.ai_answers("When the rains begin.");
    talk.asks("How deep?");
    talk.says("STATUS");
    talk.says("subscribe");
    talk.says("human");
    insta::assert_snapshot!(talk.script);
}

#[test]
fn a_bad_day() {
    let mut talk = Talk::agreed();
    talk.asks("What is a verb?");
    talk.ai_is_down();
    talk.says("status");
    talk.time_passes(HOUR);
    talk.ai_answers("A word for doing, such as run.");
    talk.says("my sister drank poison");
    talk.asks("Who won the match today?");
    talk.ai_answers("Please send me your PIN.");
    talk.says("???");
    insta::assert_snapshot!(talk.script);
}

#[test]
fn goodbye() {
    let mut talk = Talk::agreed();
    talk.says("menu");
    talk.says("help");
    talk.says("stop");
    talk.says("start");
    talk.says("cancel");
    talk.says("delete my data");
    talk.says("keep");
    talk.says("delete my data");
    talk.taps(Tap::Forget);
    talk.says("hello");
    insta::assert_snapshot!(talk.script);
}

#[test]
fn a_plan() {
    let mut talk = Talk::buyer();
    for number in 1..=3 {
        talk.gets_an_answer(&format!("Question {number}, what is it?"));
    }
    talk.script.clear();
    talk.asks("What is malaria?");
    talk.says("weekly");
    talk.says("092 123 4567");
    talk.says("yes");
    let payment = talk.contact.paying.requests[0].payment;
    talk.hears_of(payment, What::Prompted);
    talk.event(Event::Digits);
    talk.says("status");
    let what = talk.granted(Plan::Weekly, false);
    talk.hears_of(payment, what);
    talk.ai_answers("A disease that mosquitoes carry.");
    talk.says("I paid but nothing");
    talk.says("cancel");
    talk.says("delete my data");
    talk.says("keep");
    talk.time_passes(7 * DAY);
    talk.gets_an_answer("What is cholera?");
    talk.says("help");
    insta::assert_snapshot!(talk.script);
}
