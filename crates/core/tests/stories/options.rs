use answerbot_core::contact::message::Tap;
use answerbot_core::contact::{AnswerLanguage, Region, RegionChoice, Stage};
use answerbot_core::decide::Record;

use crate::talk::{DAY, HOUR, MINUTE, SECOND, Talk};

fn fresh() -> Talk {
    let mut talk = Talk::new();
    talk.says("hi");
    talk.says("yes");
    talk
}

#[test]
fn the_region_is_asked_once_after_the_first_answer() {
    let mut talk = fresh();
    assert_eq!(talk.times("Where do you live"), 0);
    talk.gets_an_answer("What is malaria?");
    assert!(talk.heard().ends_with("Then my answers fit your place better."));
    let titles: Vec<&str> = talk.last().quick_replies.iter().map(|it| it.title.as_str()).collect();
    assert_eq!(titles, ["Juba", "Wau", "Malakal", "Elsewhere", "Skip"]);
    talk.gets_an_answer("What is cholera?");
    assert_eq!(talk.times("Where do you live"), 1);
}

#[test]
fn a_typed_region_is_taken() {
    for (typed, region) in [
        ("Juba", RegionChoice::Chosen(Region::Juba)),
        ("wau!", RegionChoice::Chosen(Region::Wau)),
        ("MALAKAL", RegionChoice::Chosen(Region::Malakal)),
        ("elsewhere", RegionChoice::Chosen(Region::Elsewhere)),
        ("skip", RegionChoice::Skipped),
    ] {
        let mut talk = fresh();
        talk.gets_an_answer("What is malaria?");
        talk.says(typed);
        assert_eq!((talk.contact.region, talk.heard_count()), (region, 1), "{typed}");
    }
    let mut talk = fresh();
    talk.gets_an_answer("What is malaria?");
    talk.says("Juba");
    talk.asks("Where can I buy maize?");
    assert!(talk.prompt().expect("asked").lines[0].content.contains("in or near Juba"));
    talk.says("My region");
    assert!(talk.heard().contains("Where do you live"), "a menu button, typed");
    talk.taps(Tap::RegionIs(Region::Wau));
    assert_eq!(talk.contact.region, RegionChoice::Chosen(Region::Wau), "it can be changed");
}

#[test]
fn stop_and_start() {
    let mut talk = fresh();
    talk.says("stop");
    assert!(talk.heard().contains("START"));
    talk.gets_an_answer("What is malaria?");
    assert_eq!(talk.heard_count(), 1, "no region question unasked");
    talk.says("start");
    assert!(!talk.contact.quiet);
    assert_eq!(talk.last().quick_replies.len(), 3, "it shows the menu");
}

#[test]
fn the_language_of_answers() {
    let mut talk = Talk::agreed();
    talk.says("language");
    talk.taps(Tap::LanguageIs(Some(AnswerLanguage::Arabic)));
    assert_eq!(talk.contact.answer_language, Some(AnswerLanguage::Arabic));
    talk.says("language");
    talk.says("Same as my question");
    assert_eq!(talk.contact.answer_language, None);
}

#[test]
fn deletion_is_asked_once_and_confirmed_by_button() {
    let mut talk = Talk::agreed();
    talk.gets_an_answer("What is the secret of goats?");
    talk.says("delete my data");
    assert!(talk.heard().contains("Paid days would be lost"));
    assert_eq!(talk.count(Record::Forgotten), 0);
    talk.taps(Tap::Forget);
    assert!(talk.heard().contains("Your data is deleted"));
    let state = talk.state();
    for gone in ["goats", "answer", "\"user\"", "consent"] {
        assert!(!state.contains(gone), "{gone} in {state}");
    }
    assert_eq!((talk.contact.stage, talk.used()), (Stage::New, 1), "the day's count stays");
    assert!(talk.open.is_empty());
    talk.says("hello");
    assert!(talk.heard().contains("automated assistant"));
    talk.says("yes");
    talk.says("status");
    assert!(talk.heard().contains("2 of 3"));
}

#[test]
fn deletion_is_confirmed_by_typing() {
    for word in ["yes", "Delete all", "DELETE ALL!", "نعم", "ok"] {
        let mut talk = Talk::agreed();
        talk.says("delete my data");
        talk.says(word);
        assert_eq!(talk.count(Record::Forgotten), 1, "{word}");
    }
    for word in ["no", "keep", "cancel", "Keep"] {
        let mut talk = Talk::agreed();
        talk.says("delete my data");
        talk.says(word);
        assert!(talk.heard().contains("nothing was deleted"), "{word}");
        talk.says("yes");
        assert_eq!(talk.count(Record::Forgotten), 0, "{word}");
    }
    let mut talk = Talk::new();
    talk.says("delete my data");
    talk.says("yes");
    assert_eq!(talk.count(Record::Forgotten), 1, "before consent as well");
}

#[test]
fn ok_to_something_else_deletes_nothing() {
    let mut talk = Talk::agreed();
    talk.says("delete my data");
    talk.asks("What is malaria?");
    talk.ai_answers("A disease.");
    talk.says("ok");
    assert_eq!(talk.count(Record::Forgotten), 0);
    assert!(talk.heard().contains("Delete all your data?"), "it is asked again: {}", talk.heard());

    for word in ["help", "hello", "thanks", "0921234567", "my son is not breathing", "??"] {
        let mut talk = Talk::agreed();
        talk.says("delete my data");
        talk.says(word);
        talk.says("ok");
        assert_eq!(talk.count(Record::Forgotten), 0, "{word}");
    }

    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    talk.says("delete my data");
    talk.ai_answers("A disease.");
    talk.says("ok");
    assert_eq!(talk.count(Record::Forgotten), 0, "the answer came in between");
    talk.says("delete all");
    assert_eq!(talk.count(Record::Forgotten), 1, "the title is never unclear");
}

#[test]
fn an_old_delete_button_asks_again() {
    let mut talk = Talk::agreed();
    talk.taps(Tap::Forget);
    assert!(talk.heard().contains("Delete all your data?"), "never asked");
    talk.time_passes(HOUR + MINUTE);
    talk.taps(Tap::Forget);
    assert_eq!(talk.count(Record::Forgotten), 0);
    assert!(talk.heard().contains("Delete all your data?"));
    talk.taps(Tap::ForgetNot);
    talk.taps(Tap::ForgetNot);
    assert!(talk.heard_nothing());
}

#[test]
fn deletion_is_told_even_when_the_platform_stumbles() {
    use answerbot_core::contact::effect::Retry;
    let mut talk = Talk::agreed();
    talk.says("delete my data");
    talk.platform_is_slow();
    talk.taps(Tap::Forget);
    talk.platform_refuses(Retry::After(0));
    talk.time_passes(2 * SECOND);
    talk.platform_accepts();
    assert!(talk.heard().contains("Your data is deleted"));
}

#[test]
fn deletion_drops_what_is_under_way() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    let ask = talk.open.values().next().expect("asked").clone();
    talk.says("What is cholera?");
    talk.says("delete my data");
    talk.says("yes");
    talk.learn(&ask, crate::talk::failed(answerbot_core::contact::effect::Retry::After(0)));
    talk.time_passes(MINUTE);
    assert_eq!((talk.open.len(), talk.used()), (0, 1));
}

#[test]
fn a_question_a_day_old_is_asked_about_at_the_next_message() {
    for (answer, asked) in [("yes", true), ("no", false)] {
        let mut talk = Talk::agreed();
        talk.time_passes(3 * DAY);
        talk.says_at("What is malaria?", talk.now.plus(-25 * HOUR));
        talk.time_passes(MINUTE);
        assert_eq!((talk.asked(), talk.used()), (None, 0));
        talk.says("hello");
        assert!(talk.heard().contains("\"What is malaria?\" Still want this?"), "{}", talk.heard());
        talk.says(answer);
        assert_eq!(talk.asked().is_some(), asked, "{answer}");
        assert!(talk.contact.stale.is_none());
    }
    let mut talk = Talk::agreed();
    talk.time_passes(3 * DAY);
    talk.says_at("What is malaria?", talk.now.plus(-23 * HOUR));
    talk.time_passes(MINUTE);
    assert_eq!(talk.asked().as_deref(), Some("What is malaria?"), "a younger one is taken");
}

#[test]
fn it_is_asked_about_once_and_the_buttons_stay() {
    let mut talk = Talk::agreed();
    talk.time_passes(3 * DAY);
    talk.says_at("What is malaria?", talk.now.plus(-25 * HOUR));
    talk.says("hello");
    talk.says("help");
    talk.gets_an_answer("What is cholera?");
    talk.says("ok");
    assert_eq!(talk.asked(), None, "\"ok\" after an answer asks nothing");
    assert_eq!(talk.times("Still want this?"), 1);
    talk.taps(Tap::AskAgain);
    assert_eq!(talk.asked().as_deref(), Some("What is malaria?"));
    talk.taps(Tap::AskAgain);
    talk.taps(Tap::AskNot);
    assert!(talk.heard_nothing());
}

#[test]
fn a_message_taken_back_is_not_answered() {
    let mut talk = Talk::agreed();
    talk.says("What is malaria?");
    talk.unsends_the_last();
    talk.time_passes(MINUTE);
    assert_eq!((talk.asked(), talk.used()), (None, 0));

    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    talk.says("What is cholera?");
    let second = answerbot_core::contact::event::Event::Unsent(talk.last_event());
    talk.time_passes(7 * SECOND);
    assert_eq!((talk.used(), talk.contact.waiting.len()), (2, 1));
    talk.event(second);
    assert_eq!((talk.used(), talk.contact.waiting.len()), (1, 0), "one that waits gives its unit back");

    let mut talk = Talk::new();
    talk.says("What is malaria?");
    talk.unsends_the_last();
    talk.taps(Tap::Agree);
    assert_eq!(talk.asked(), None);
}

#[test]
fn taking_a_message_back_opens_no_window() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    talk.time_passes(DAY);
    talk.ai_answers("A disease.");
    talk.unsends_the_last();
    assert!(talk.heard_nothing());
    assert_eq!(talk.contact.parked.len(), 1);
}
