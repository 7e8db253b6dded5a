use answerbot_core::contact::message::Tap;
use answerbot_core::decide::Fact;
use answerbot_core::reuse::curated::{Entry, Shelf};
use answerbot_core::reuse::{Key, Language};

use crate::talk::Talk;

fn entry(id: &str, menu: Option<&str>, approved: bool) -> Entry {
    Entry {
        id: id.into(),
        questions: vec![format!("What is {id}?")],
        answer: format!("This is {id}."),
        language: Language::English,
        source: "a book".into(),
        checked_on: "2026-11-25".into(),
        approved_by: approved.then(|| "A teacher".into()),
        menu: menu.map(Into::into),
    }
}

fn with_a_shelf() -> Talk {
    let entries = vec![
        entry("osmosis", Some("What is osmosis"), true),
        entry("erosion", None, true),
        entry("gravity", Some("What is gravity"), false),
    ];
    let mut talk = Talk::agreed();
    talk.shelf = Shelf::new(entries).expect("they fit together");
    talk
}

fn titles(talk: &Talk) -> Vec<String> {
    talk.last().quick_replies.iter().map(|it| it.title.clone()).collect()
}

#[test]
fn the_menu_has_the_questions_that_a_person_answered_and_approved() {
    let mut talk = with_a_shelf();
    talk.says("menu");
    assert_eq!(titles(&talk).last().map(String::as_str), Some("What is osmosis"));
    talk.policy.reuse.curated = false;
    talk.says("menu");
    assert!(!titles(&talk).contains(&"What is osmosis".to_owned()));
}

#[test]
fn one_of_them_is_answered_at_once_costs_nothing_and_joins_the_talk() {
    let mut talk = with_a_shelf();
    talk.taps(Tap::Curated(Key::of_entry("osmosis")));
    assert_eq!((talk.heard().as_str(), talk.used()), ("This is osmosis.", 0));
    assert!(talk.asked().is_none(), "the AI is not asked");
    assert!(
        talk.facts
            .iter()
            .any(|it| matches!(it, Fact::Turn(turn) if turn.key == Some(Key::of_entry("osmosis"))))
    );
    talk.asks("Why does it happen?");
    let prompt = talk.prompt().expect("it is asked");
    assert!(prompt.lines.iter().any(|line| line.content == "This is osmosis."));
}

#[test]
fn a_question_that_is_gone_or_was_never_approved_shows_todays_menu() {
    for id in ["gravity", "never"] {
        let mut talk = with_a_shelf();
        talk.taps(Tap::Curated(Key::of_entry(id)));
        assert!(titles(&talk).contains(&"What is osmosis".to_owned()), "{id}: {}", talk.heard());
    }
}

#[test]
fn its_button_is_read_back_and_garbage_is_not() {
    let tap = Tap::Curated(Key([0xab; 16]));
    assert_eq!(Tap::from_payload(&tap.payload()), Some(tap));
    for garbage in
        ["CURATED_", "CURATED_abc", "CURATED_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "CURATED_ééééééééééééééé12"]
    {
        assert_eq!(Tap::from_payload(garbage), None, "{garbage}");
    }
}

#[test]
fn a_title_that_no_button_takes_is_refused() {
    use answerbot_core::reuse::curated::check;
    assert!(check(&entry("osmosis", Some("exactly twenty chars"), true)).is_ok());
    for title in ["", "  ", "one letter more than 20"] {
        assert!(check(&entry("osmosis", Some(title), true)).is_err(), "{title:?}");
    }
}
