use answerbot_core::contact::effect::{Action, Kind, Retry};
use answerbot_core::contact::event::{Event, Outcome};
use answerbot_core::contact::message::Purpose;
use answerbot_core::decide::Record;
use answerbot_core::{EventId, retry};

use crate::talk::{DAY, HOUR, MINUTE, SECOND, Talk};

/// A talk whose answer is being sent.
fn answering() -> Talk {
    let mut talk = Talk::agreed();
    talk.platform_is_slow();
    talk.asks("What is malaria?");
    talk.ai_answers("A disease.");
    talk
}

#[test]
fn one_message_at_a_time_in_order() {
    let mut talk = Talk::agreed();
    talk.platform_is_slow();
    talk.says("help");
    talk.says("status");
    talk.says("menu");
    assert_eq!(talk.contact.outbox.len(), 2);
    talk.platform_accepts();
    let heard = talk.heard();
    let place = |text: &str| heard.find(text).expect(text);
    assert!(place("Words you can type") < place("3 of 3") && place("3 of 3") < place("What do you need"));
}

#[test]
fn an_answer_whose_window_shut_comes_first_at_the_next_message() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    talk.time_passes(DAY - 9 * MINUTE);
    talk.ai_answers("A disease.");
    assert!(talk.heard_nothing());
    assert_eq!((talk.contact.parked.len(), talk.used()), (1, 0), "its unit is of yesterday");
    talk.says("hello");
    assert!(talk.heard().starts_with("You asked: \"What is malaria?\"\n\nA disease."), "{}", talk.heard());
    assert!(talk.heard().ends_with("What do you want to know?"));
}

#[test]
fn the_window_ends_ten_minutes_early() {
    for (age, open) in [(DAY - 11 * MINUTE, true), (DAY - 9 * MINUTE, false)] {
        let mut talk = Talk::agreed();
        talk.asks("What is malaria?");
        talk.time_passes(age - 7 * SECOND);
        talk.ai_answers("A disease.");
        assert_eq!(talk.heard().contains("A disease."), open, "{age}");
    }
}

#[test]
fn the_platform_says_that_the_window_is_shut() {
    let mut talk = answering();
    talk.platform_refuses(Retry::WindowShut);
    assert_eq!((talk.contact.parked.len(), talk.dead.len()), (1, 0));
    talk.says("hi");
    talk.platform_accepts();
    assert!(talk.heard().starts_with("A disease."), "{}", talk.heard());
    assert_eq!(talk.count(Record::AnswerSent), 1);
}

#[test]
fn three_answers_are_kept_and_notices_are_dropped() {
    let mut talk = Talk::agreed();
    for n in 1..=3 {
        talk.asks(&format!("What is the number {n}?"));
    }
    talk.midnight_passes();
    talk.asks("What is the number 4?");
    talk.platform_is_slow();
    talk.says("help");
    talk.time_passes(DAY);
    for n in 1..=4 {
        talk.ai_answers(&format!("It is {n}."));
    }
    talk.platform_refuses(Retry::WindowShut);
    talk.platform_accepts();
    assert!(talk.heard_nothing());
    talk.says("hello");
    assert_eq!(talk.times("It is 1."), 0);
    for n in 2..=4 {
        assert_eq!(talk.times(&format!("It is {n}.")), 1, "{}", talk.heard());
    }
    assert!(!talk.heard().contains("Words you can type"));
    let order: Vec<usize> = (2..=4).map(|n| talk.heard().find(&format!("It is {n}.")).unwrap()).collect();
    assert!(order.is_sorted(), "oldest first");
}

#[test]
fn an_echo_settles_a_send_that_timed_out() {
    let mut talk = answering();
    let send = talk.sending();
    talk.platform_times_out();
    assert_eq!(talk.open.values().next().expect("it stays open").due, talk.now.plus(MINUTE));
    talk.event(Event::OwnEcho { effect: send.id, message: EventId::derive("messenger", "echo") });
    assert_eq!((talk.contact.sending.is_none(), talk.used()), (true, 1));
    assert_eq!((talk.count(Record::AnswerSent), talk.dead.len()), (1, 0));
}

#[test]
fn without_an_echo_it_is_sent_once_more() {
    let mut talk = answering();
    let send = talk.sending();
    talk.platform_times_out();
    talk.time_passes(59 * SECOND);
    assert!(talk.open.values().all(|it| it.due > talk.now || it.action.kind() != Kind::Send));
    talk.time_passes(SECOND);
    assert_eq!(talk.sending().id, send.id, "a retry is the same effect");
    assert_eq!(talk.sending().attempt, 2);
    talk.platform_accepts_one();
    assert_eq!((talk.count(Record::PossibleRepeat), talk.count(Record::AnswerSent)), (1, 1));
}

#[test]
fn twice_unknown_is_dead_and_gives_its_unit_back() {
    let mut talk = answering();
    talk.platform_times_out();
    talk.time_passes(MINUTE);
    talk.platform_times_out();
    assert_eq!((talk.dead.len(), talk.used()), (1, 0));
    talk.platform_accepts();
    assert_eq!(talk.times("A disease."), 0, "never a third time");
    assert!(
        talk.heard().contains("Where do you live") || talk.contact.outbox.is_empty(),
        "what follows goes on"
    );
}

#[test]
fn a_refused_send_gives_its_unit_back() {
    let mut talk = answering();
    assert_eq!(talk.used(), 1);
    talk.platform_refuses(Retry::Refused);
    assert_eq!((talk.used(), talk.dead.len()), (0, 1));
}

#[test]
fn a_send_refused_for_now_is_tried_twenty_times() {
    let mut talk = answering();
    for _ in 1..retry::SEND_ATTEMPTS {
        talk.platform_refuses(Retry::After(0));
        assert_eq!(talk.dead.len(), 0);
        talk.time_passes(20 * MINUTE);
    }
    talk.platform_refuses(Retry::After(0));
    assert_eq!((talk.dead.len(), talk.used()), (1, 0));
}

#[test]
fn the_platform_may_ask_for_a_longer_pause() {
    let mut talk = answering();
    talk.platform_refuses(Retry::After(HOUR));
    let due = talk.open.values().next().expect("open").due;
    assert_eq!(due, talk.now.plus(HOUR));
}

#[test]
fn a_channel_that_is_down_counts_nothing() {
    let mut talk = answering();
    for _ in 0..50 {
        talk.platform_refuses(Retry::ChannelDown);
        talk.time_passes(18 * MINUTE);
    }
    talk.platform_refuses(Retry::After(0));
    assert!(talk.dead.is_empty());
    talk.time_passes(20 * MINUTE);
    talk.platform_accepts();
    assert!(talk.heard().contains("A disease."));
}

#[test]
fn a_person_who_is_gone_gets_nothing_more() {
    let mut talk = Talk::agreed();
    talk.platform_is_slow();
    talk.asks("What is malaria?");
    talk.ai_answers("A disease.");
    talk.says("help");
    talk.platform_refuses(Retry::Gone);
    assert!(talk.contact.sending.is_none() && talk.contact.outbox.is_empty());
    assert_eq!((talk.used(), talk.dead.len()), (0, 0));
}

#[test]
fn a_late_outcome_of_a_send_changes_nothing() {
    let mut talk = answering();
    let send = talk.sending();
    talk.platform_refuses(Retry::After(0));
    talk.learn(&send, crate::talk::failed(Retry::After(0)));
    talk.learn(&send, Outcome::Unknown);
    let sending = talk.contact.sending.as_ref().expect("still open");
    assert_eq!((sending.refused, sending.unknown), (1, 0));
    talk.time_passes(2 * SECOND);
    talk.platform_accepts();
    talk.learn(&send, crate::talk::failed(Retry::Refused));
    assert_eq!((talk.used(), talk.dead.len()), (1, 0));
}

#[test]
fn our_own_echo_is_no_human() {
    // Known by its digest while it is being sent ...
    let mut talk = answering();
    let send = talk.sending();
    let Action::Send { message, .. } = &send.action else { panic!("no send") };
    let digest = EventId::digest(&message.text);
    talk.event(Event::PageEcho { message: EventId::derive("messenger", "e1"), digest });
    assert_eq!((talk.contact.human_until, talk.count(Record::AnswerSent)), (None, 1));
    // ... by its id afterwards ...
    talk.platform_accepts();
    let known = talk.contact.sent_ids.back().copied().expect("an id");
    talk.event(Event::PageEcho { message: known, digest: EventId::digest("x") });
    assert_eq!(talk.contact.human_until, None);
    // ... and by its digest when its fate was never known.
    let mut talk = answering();
    talk.platform_times_out();
    talk.time_passes(MINUTE);
    talk.platform_times_out();
    talk.event(Event::PageEcho { message: EventId::derive("messenger", "e2"), digest });
    assert_eq!(talk.contact.human_until, None);
}

#[test]
fn purposes_tell_what_is_kept() {
    let mut talk = Talk::agreed();
    talk.platform_is_slow();
    talk.says("my child is not breathing");
    assert_eq!(talk.contact.sending.as_ref().map(|it| it.purpose), Some(Purpose::Danger));
}
