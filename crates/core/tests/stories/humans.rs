use answerbot_core::EventId;
use answerbot_core::contact::effect::{Action, Kind};
use answerbot_core::contact::event::{Event, Media};
use answerbot_core::contact::message::Tap;

use answerbot_core::pay::payment::{self, What};
use answerbot_core::pay::price::Plan;

use crate::talk::{DAY, HOUR, MINUTE, SECOND, Talk};

fn a_human_writes(talk: &mut Talk) {
    let echo = Event::PageEcho {
        message: EventId::derive("messenger", "human"),
        digest: EventId::digest("I am Achol"),
    };
    talk.event(echo);
}

#[test]
fn a_human_in_the_inbox_silences_the_bot_for_an_hour() {
    let mut talk = Talk::agreed();
    a_human_writes(&mut talk);
    for text in ["What is malaria?", "hello", "thanks", "yes", "??", "0921234567"] {
        talk.asks(text);
        assert!(talk.heard_nothing(), "{text}: {}", talk.heard());
    }
    talk.shares(Media::Image);
    talk.event(Event::Digits);
    assert!(talk.heard_nothing());
    assert_eq!((talk.used(), talk.asked()), (0, None), "questions meanwhile cost nothing");
    talk.says("status");
    assert!(talk.heard().contains("3 of 3"), "commands are answered");
    talk.says("my brother was bitten by a snake");
    assert!(talk.heard().contains("nearest hospital"), "danger too");
    talk.time_passes(HOUR);
    assert_eq!(talk.asked(), None, "they are not answered later");
    talk.gets_an_answer("What is cholera?");
}

#[test]
fn each_line_of_the_human_starts_the_hour_anew() {
    let mut talk = Talk::agreed();
    a_human_writes(&mut talk);
    talk.time_passes(50 * MINUTE);
    let echo =
        Event::PageEcho { message: EventId::derive("messenger", "human 2"), digest: EventId::digest("Yes") };
    talk.event(echo);
    talk.time_passes(50 * MINUTE);
    talk.asks("What is malaria?");
    assert!(talk.asked().is_none());
}

#[test]
fn before_consent_a_human_silences_too() {
    let mut talk = Talk::new();
    talk.says("hi");
    a_human_writes(&mut talk);
    talk.time_passes(MINUTE);
    talk.says("What is malaria?");
    assert!(talk.heard_nothing(), "{}", talk.heard());
    assert!(talk.contact.kept.is_none());
    talk.says("help");
    assert!(!talk.heard_nothing());
    talk.taps(Tap::Agree);
    assert!(talk.heard().contains("Now ask me anything"));
}

#[test]
fn the_bot_asks_nothing_unasked_while_a_human_speaks() {
    let mut talk = Talk::agreed();
    talk.says_at("What is malaria?", talk.now.plus(-2 * DAY));
    a_human_writes(&mut talk);
    talk.says("hello");
    assert!(talk.heard_nothing(), "{}", talk.heard());
    talk.time_passes(HOUR + SECOND);
    talk.says("hello");
    assert!(talk.heard().contains("Still want this?"));
}

#[test]
fn who_wants_a_human_files_a_case() {
    let mut talk = Talk::agreed();
    talk.says("human");
    assert!(talk.heard().contains("told our team"));
    let alert = talk.open.values().find(|it| it.action.kind() == Kind::Alert).expect("a case").clone();
    let Action::Alert(case) = &alert.action else { panic!("no case") };
    assert_eq!((case.about.as_str(), case.at, case.channel.as_str()), ("human", talk.now, "messenger"));
    talk.learn(&alert, crate::talk::failed(answerbot_core::contact::effect::Retry::After(0)));
    assert_eq!(talk.open[&alert.id].attempt, 2);
    talk.policy.service.support_contact = Some("help@answerbot.example".into());
    talk.taps(Tap::Human);
    assert!(talk.heard().contains("help@answerbot.example"));
}

/// Somebody who may buy, while a person of ours writes.
fn a_buyer_with_a_human() -> Talk {
    let mut talk = Talk::buyer();
    a_human_writes(&mut talk);
    talk
}

#[test]
fn while_a_human_writes_the_whole_way_to_a_plan_works() {
    let mut talk = a_buyer_with_a_human();
    talk.says("subscribe");
    talk.says("weekly");
    assert!(talk.heard().contains("Which MTN number pays?"), "{}", talk.heard());
    talk.says("it is 0921234567");
    assert!(talk.heard().contains("Pay now?"), "{}", talk.heard());
    talk.says("yes");
    assert!(talk.heard().contains("asking MTN"), "{}", talk.heard());
    talk.event(Event::Digits);
    assert!(talk.heard().contains("Never send your PIN"), "{}", talk.heard());
    talk.asks("What is malaria?");
    assert!(talk.heard_nothing() && talk.asked().is_none());
}

#[test]
fn while_a_human_writes_money_news_go_out_and_complaints_are_answered() {
    let mut talk = a_buyer_with_a_human();
    let payment = talk.pays_with("0921234567");
    talk.hears_of(payment, What::Prompted);
    assert!(talk.heard().contains("MTN asks for the MoMo PIN"), "{}", talk.heard());
    talk.says("I paid but nothing");
    assert!(talk.heard().contains("I am asking MTN"), "{}", talk.heard());
    assert!(talk.payments_are_told().contains(&payment::Event::Nudge));
    let what = talk.granted(Plan::Weekly, false);
    talk.hears_of(payment, what);
    assert!(talk.heard().contains("Receipt"), "{}", talk.heard());
    talk.event(Event::Digits);
    assert!(talk.heard_nothing(), "no payment is open any more: {}", talk.heard());
}

#[test]
fn what_met_the_limit_before_the_human_wrote_is_answered_after_paying() {
    let mut talk = Talk::buyer();
    for number in 1..=3 {
        talk.gets_an_answer(&format!("Question {number}, what is it?"));
    }
    talk.asks("What is malaria?");
    a_human_writes(&mut talk);
    talk.asks("What is cholera?");
    talk.is_granted(1, Plan::Weekly);
    assert_eq!(talk.asked().as_deref(), Some("What is malaria?"));
    talk.ai_answers("A disease.");
    assert_eq!(talk.asked(), None, "what was asked meanwhile is not answered later");
}

#[test]
fn what_only_sounds_like_danger_is_one_tap_away_from_its_answer() {
    let mut talk = Talk::agreed();
    talk.says("my brother was bitten by a snake help");
    assert!(talk.heard().contains("nearest hospital"));
    assert_eq!(talk.contact.identities[0].free.used, 0, "it costs nothing");
    talk.taps(answerbot_core::contact::message::Tap::AskAgain);
    assert_eq!(talk.asked().as_deref(), Some("my brother was bitten by a snake help"));
    talk.ai_answers("Keep him calm.");
    assert_eq!(talk.contact.identities[0].free.used, 1);
}
