use answerbot_core::Policy;
use answerbot_core::contact::event::{Event, Media};
use answerbot_core::contact::message::Tap;
use answerbot_core::decide::Record;

use crate::talk::{MINUTE, SECOND, Talk};

#[test]
fn sixty_free_replies_then_one_note_then_silence() {
    let mut talk = Talk::new();
    talk.says("hi");
    talk.says("yes");
    for n in 3..=60 {
        talk.says("help");
        assert!(talk.heard().contains("Words you can type"), "{n}");
    }
    talk.says("help");
    assert!(talk.heard().contains("until midnight"), "{}", talk.heard());
    for _ in 0..5 {
        talk.says("help");
        assert!(talk.heard_nothing());
    }
    talk.says("I want to die");
    assert!(talk.heard().contains("nearest hospital"));
    talk.gets_an_answer("What is malaria?");
    talk.midnight_passes();
    talk.says("help");
    assert!(!talk.heard_nothing());
}

#[test]
fn the_note_comes_before_consent_too() {
    let mut talk = Talk::new();
    for _ in 0..70 {
        talk.says("start");
    }
    assert_eq!((talk.got.len(), talk.times("until midnight")), (61, 1));
}

#[test]
fn every_kind_of_media_gets_its_sentence() {
    let mut talk = Talk::agreed();
    for (media, text) in [
        (Media::Sticker, "Thank you"),
        (Media::Image, "pictures"),
        (Media::Voice, "voice notes"),
        (Media::Video, "videos"),
        (Media::File, "files"),
        (Media::Location, "maps"),
        (Media::Other, "only read text"),
    ] {
        talk.shares(media);
        assert!(talk.heard().contains(text), "{media:?}");
    }
    talk.event(Event::Digits);
    assert_eq!(talk.heard(), "Please write it in a sentence.");
    talk.event(Event::Opened);
    assert!(talk.heard_nothing());
    assert_eq!(talk.used(), 0);
}

#[test]
fn more_than_twenty_waiting_questions_are_told_once() {
    let mut policy = Policy::default();
    policy.quota.free_per_day = 100;
    let mut talk = Talk::agreed_with(policy);
    for n in 0..21 {
        talk.asks(&format!("What is the number {n}?"));
        assert!(talk.heard_nothing(), "{n}");
    }
    talk.asks("What is one more?");
    assert!(talk.heard().contains("many questions waiting"));
    talk.asks("What is yet another one?");
    assert!(talk.heard_nothing(), "told once");
    assert_eq!((talk.used(), talk.contact.waiting.len()), (21, 20));
    talk.ai_answers("Zero.");
    talk.asks("What is a good one?");
    assert_eq!(talk.contact.waiting.len(), 20);
    talk.asks("What is too much again?");
    assert!(talk.heard().contains("many questions waiting"));
}

#[test]
fn an_overflow_is_told() {
    let mut talk = Talk::agreed();
    talk.event(Event::Overflow);
    assert!(talk.heard().contains("more messages than I can keep"));
    assert_eq!(talk.count(Record::Overflow), 1);
}

#[test]
fn the_ai_is_called_so_often_a_day_and_no_more() {
    let mut policy = Policy::default();
    policy.quota.free_per_day = 100;
    policy.limits.ai_calls_per_day = 5;
    let mut talk = Talk::agreed_with(policy);
    for n in 0..5 {
        talk.gets_an_answer(&format!("What is the number {n}?"));
    }
    talk.asks("What is the number 6?");
    assert!(talk.heard().contains("asked very often"));
    assert_eq!(talk.used(), 5);
}

#[test]
fn words_of_paying_answer_that_it_comes_soon() {
    let mut talk = Talk::agreed();
    for word in ["subscribe", "receipt"] {
        talk.says(word);
        assert!(talk.heard().contains("comes soon"), "{word}");
    }
    talk.taps(Tap::Subscribe);
    assert!(talk.heard().contains("comes soon"));
    talk.says("cancel");
    assert!(talk.heard().contains("Nothing to cancel. We never take money by ourselves."));
    talk.time_passes(MINUTE + SECOND);
    assert_eq!(talk.used(), 0);
}
