use answerbot_core::contact::Stage;
use answerbot_core::contact::effect::Retry;
use answerbot_core::contact::event::{Event, Media};
use answerbot_core::contact::message::Tap;
use answerbot_core::decide::Record;

use crate::talk::{DAY, HOUR, MINUTE, SECOND, Talk};

#[test]
fn the_first_message_gets_one_start_text_with_the_button() {
    let mut talk = Talk::new();
    talk.says("What is malaria?");
    assert_eq!(talk.heard_count(), 1);
    assert!(talk.heard().contains("automated assistant"));
    assert_eq!(talk.last().buttons.iter().map(|it| it.title.as_str()).collect::<Vec<_>>(), ["I agree"]);
    talk.says("and dengue?");
    assert!(talk.heard_nothing(), "a second line needs no second text: {}", talk.heard());
    talk.time_passes(MINUTE);
    assert_eq!(talk.asked(), None, "the AI sees nothing before consent");
    talk.says("hello?");
    assert!(talk.heard().contains("tap \"I agree\""));
}

#[test]
fn the_button_answers_what_was_asked_at_once() {
    let mut talk = Talk::new();
    talk.says("What is malaria?");
    talk.says("I mean in children");
    talk.time_passes(MINUTE);
    talk.taps(Tap::Agree);
    assert_eq!(talk.asked().as_deref(), Some("What is malaria?\nI mean in children"));
    assert_eq!(talk.used(), 1, "what was kept is one question");
    let consent = talk.contact.consent.expect("consent is stored");
    assert_eq!((consent.terms, consent.at), (1, talk.now));
    talk.ai_answers("A disease.");
    assert!(talk.heard().contains("A disease."));
}

#[test]
fn typed_words_agree_too() {
    for word in ["yes", "OK", "agree", "1", "I agree", "Yes!", "نعم"] {
        let mut talk = Talk::new();
        talk.says("hi");
        talk.says(word);
        assert_eq!(talk.contact.stage, Stage::Ready, "{word}");
        assert!(talk.heard().contains("Now ask me anything"), "{word}");
    }
    let mut talk = Talk::new();
    talk.says("hi");
    talk.says("no");
    talk.says("yes or no?");
    assert_eq!(talk.contact.stage, Stage::New);
}

#[test]
fn a_yes_before_the_start_text_was_sent_does_not_count() {
    let mut talk = Talk::new();
    talk.says("yes");
    assert_eq!(talk.contact.stage, Stage::New, "as the first word");
    assert!(talk.heard().contains("automated assistant"));

    let mut talk = Talk::new();
    talk.says_at_once(&["hi", "yes"]);
    assert_eq!(talk.contact.stage, Stage::New, "in the same breath");

    let mut talk = Talk::new();
    talk.platform_is_slow();
    talk.says("hi");
    talk.says("yes");
    assert_eq!(talk.contact.stage, Stage::New, "while it is still being sent");
    talk.platform_accepts();
    assert_eq!(talk.times("automated assistant"), 1);
    assert_eq!(talk.contact.stage, Stage::Ready, "it counts as soon as the platform says so");
}

#[test]
fn a_yes_that_was_written_long_before_the_start_text_does_not_count() {
    let mut talk = Talk::new();
    let earlier = talk.now.plus(-HOUR);
    talk.says_at("hi", earlier);
    talk.says_at("yes", earlier.plus(SECOND));
    assert_eq!(talk.contact.stage, Stage::New);
    talk.says("yes");
    assert_eq!(talk.contact.stage, Stage::Ready);
}

#[test]
fn a_start_text_that_may_have_arrived_can_be_answered() {
    let mut talk = Talk::new();
    talk.platform_is_slow();
    talk.says("hi");
    talk.platform_times_out();
    talk.says("yes");
    assert_eq!(talk.contact.stage, Stage::Ready);
}

#[test]
fn a_start_text_that_never_arrived_is_shown_again() {
    let mut talk = Talk::new();
    talk.platform_is_slow();
    talk.says("hi");
    talk.platform_refuses(Retry::Refused);
    talk.says("yes");
    assert_eq!(talk.contact.stage, Stage::New);
    talk.platform_accepts();
    assert!(talk.heard().contains("automated assistant"));

    let mut talk = Talk::new();
    talk.says_at("What is malaria?", talk.now.plus(-30 * HOUR));
    assert!(talk.heard_nothing(), "the reply window is shut");
    talk.says("hello");
    assert!(talk.heard().contains("automated assistant"), "{}", talk.heard());
}

#[test]
fn a_kept_question_lives_a_day() {
    let mut talk = Talk::new();
    talk.says("What is malaria?");
    talk.time_passes(DAY + MINUTE);
    talk.taps(Tap::Agree);
    assert_eq!(talk.asked(), None);
    assert!(talk.heard().contains("Now ask me anything"));
    assert_eq!(talk.used(), 0);
    assert!(!talk.state().contains("malaria"));

    let mut talk = Talk::new();
    talk.says("What is malaria?");
    talk.time_passes(DAY - MINUTE);
    talk.taps(Tap::Agree);
    assert_eq!(talk.asked().as_deref(), Some("What is malaria?"));
}

#[test]
fn a_question_that_was_a_day_late_before_consent_is_asked_about_after_it() {
    let mut talk = Talk::new();
    talk.says_at("What is malaria?", talk.now.plus(-30 * HOUR));
    talk.says("hello");
    talk.taps(Tap::AskAgain);
    assert_eq!(talk.asked(), None, "an old button asks nothing before consent");
    talk.taps(Tap::Agree);
    assert!(talk.heard().contains("Still want this?"), "{}", talk.heard());
    talk.says("yes");
    assert_eq!(talk.asked().as_deref(), Some("What is malaria?"));
}

#[test]
fn subscribe_and_start_show_the_start_text_again() {
    for word in ["subscribe", "START"] {
        let mut talk = Talk::new();
        talk.says("hi");
        talk.says(word);
        assert_eq!(talk.times("automated assistant"), 2, "{word}");
        talk.says("yes");
        assert_eq!(talk.contact.stage, Stage::Ready, "{word}");
    }
    let mut talk = Talk::new();
    talk.says("stop");
    talk.says("start");
    assert!(!talk.contact.quiet);
}

#[test]
fn commands_and_danger_work_before_consent() {
    let mut talk = Talk::new();
    talk.says("help");
    assert!(talk.heard().contains("questions a day are free"));
    talk.says("status");
    assert!(talk.heard().contains("3 of 3"));
    talk.says("My brother was bitten by a snake");
    assert!(talk.heard().contains("nearest hospital"));
    assert_eq!(talk.count(Record::Danger), 1);
    talk.says("region");
    talk.says("Juba");
    assert!(talk.heard().contains("keep Juba in mind"), "{}", talk.heard());
    assert_eq!((talk.contact.stage, talk.asked()), (Stage::New, None));
}

#[test]
fn a_yes_to_the_start_text_deletes_nothing() {
    let mut talk = Talk::new();
    talk.says("hi");
    talk.says("delete my data");
    talk.time_passes(MINUTE);
    talk.says("What is malaria?");
    talk.says("ok");
    assert_eq!(talk.count(Record::Forgotten), 0);
    assert_eq!(talk.contact.stage, Stage::Ready);
}

#[test]
fn media_and_openings_before_consent_get_the_start_text() {
    for event in [Event::Media(Media::Sticker), Event::Opened, Event::Digits, Event::Tap(Tap::GetStarted)] {
        let mut talk = Talk::new();
        talk.event(event.clone());
        assert!(talk.heard().contains("automated assistant"), "{event:?}");
    }
}

#[test]
fn an_old_agree_button_moves_nobody_back() {
    let mut talk = Talk::agreed();
    let consent = talk.contact.consent;
    talk.time_passes(DAY);
    talk.taps(Tap::Agree);
    assert!(talk.heard().contains("already agreed"));
    assert_eq!(talk.contact.consent, consent);
}
