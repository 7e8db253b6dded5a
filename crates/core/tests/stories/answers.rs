use answerbot_core::contact::effect::{Kind, Reply, Retry, Role};
use answerbot_core::contact::event::Outcome;
use answerbot_core::decide::Record;
use answerbot_core::shape::units;

use crate::talk::{DAY, HOUR, MINUTE, SECOND, Talk, failed};

#[test]
fn an_answer_comes_as_plain_text() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    talk.ai_answers("**Malaria** is a disease.\n\n- fever\n- chills\n\nCall 0921234567.");
    assert_eq!(talk.heard(), "Malaria is a disease.\n\n• fever\n• chills\n\nCall [number removed].");
    assert_eq!((talk.count(Record::AnswerSent), talk.used()), (1, 1));
}

#[test]
fn a_failing_ai_is_tried_again_silently() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    talk.ai_fails();
    assert!(talk.heard_nothing());
    assert_eq!(talk.asked(), None, "not before the pause is over");
    talk.time_passes(SECOND);
    talk.ai_answers("A disease.");
    assert_eq!(talk.heard(), "A disease.");
    assert_eq!(talk.count(Record::Apology), 0);
}

#[test]
fn one_apology_then_a_late_answer_that_costs_nothing() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    talk.ai_is_down();
    assert_eq!(talk.times("Sorry"), 1);
    assert_eq!(talk.used(), 0, "the unit is given back");
    let again = talk.open.values().find(|it| it.action.kind() == Kind::Ask).expect("it is tried again").due;
    assert!((30 * SECOND..=36 * SECOND).contains(&again.since(talk.now)), "{}", again.since(talk.now));
    for _ in 0..3 {
        talk.time_passes(20 * MINUTE);
        talk.ai_fails();
        assert!(talk.heard_nothing(), "no second apology");
    }
    talk.time_passes(20 * MINUTE);
    talk.ai_answers("A disease.");
    assert!(talk.heard().starts_with("You asked: \"What is malaria?\"\n\nA disease."), "{}", talk.heard());
    assert_eq!((talk.used(), talk.times("Sorry")), (0, 1), "\"It costs you no question\"");
}

#[test]
fn a_late_answer_after_the_apology_always_quotes() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    talk.ai_is_down();
    talk.time_passes(40 * SECOND);
    talk.ai_answers("A disease.");
    assert!(talk.heard().contains("You asked"), "{}", talk.heard());
}

#[test]
fn the_next_question_does_not_wait_for_one_that_is_tried_again() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    talk.ai_is_down();
    talk.asks("What is cholera?");
    assert_eq!(talk.asked().as_deref(), Some("What is cholera?"));
    talk.ai_answers("Bad water.");
    assert_eq!(talk.used(), 1);
}

#[test]
fn an_apology_comes_even_when_the_free_replies_are_used_up() {
    let mut talk = Talk::agreed();
    for _ in 0..70 {
        talk.says("help");
    }
    talk.asks("What is malaria?");
    talk.ai_is_down();
    assert_eq!(talk.times("Sorry"), 1);
}

#[test]
fn a_question_whose_window_shuts_is_given_up() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    talk.ai_is_down();
    for _ in 0..60 {
        if talk.contact.retrying.is_empty() {
            break;
        }
        talk.time_passes(2 * HOUR);
        if talk.prompt().is_some() {
            talk.ai_fails();
        }
    }
    assert!(talk.contact.retrying.is_empty());
    assert_eq!((talk.count(Record::GivenUp), talk.dead.len(), talk.used()), (1, 1, 0));
}

#[test]
fn a_long_answer_is_cut_and_more_gives_the_rest() {
    let mut talk = Talk::agreed();
    let sentence = "This is a sentence about maize. ";
    talk.asks("Tell me everything about maize please now?");
    talk.ai_answers(&sentence.repeat(150));
    assert_eq!(talk.heard_count(), 1, "no region question on top of the rest's button");
    assert!(talk.heard().ends_with("about maize.\n\n(Type MORE for the rest.)"));
    assert_eq!(talk.last().quick_replies[0].title, "More");
    assert!(units(&talk.heard()) <= 1_900);
    talk.says("more");
    assert!(talk.heard().starts_with("This is a sentence"));
    talk.says("MORE");
    talk.says("more");
    assert!(talk.heard().contains("whole answer"), "{}", talk.heard());
    let whole: usize =
        talk.got.iter().map(|it| it.text.matches("This is a sentence about maize.").count()).sum();
    assert_eq!(whole, 150, "nothing is lost between the parts");
    assert_eq!(talk.used(), 1, "`more` costs nothing");
}

#[test]
fn more_lasts_until_the_next_answer_or_a_day() {
    let long = "This is a sentence about maize. ".repeat(100);
    let mut talk = Talk::agreed();
    talk.asks("Tell me everything about maize please now?");
    talk.ai_answers(&long);
    talk.time_passes(DAY + SECOND);
    talk.says("more");
    assert!(talk.heard().contains("whole answer"));
    talk.asks("Tell me everything about maize please now?");
    talk.ai_answers(&long);
    talk.gets_an_answer("What is a cow?");
    talk.says("more");
    assert!(talk.heard().contains("whole answer"));
}

#[test]
fn an_answer_over_two_minutes_late_quotes_its_question() {
    for (wait, quotes) in [(100 * SECOND, false), (130 * SECOND, true)] {
        let mut talk = Talk::agreed();
        talk.asks("What is malaria?");
        talk.time_passes(wait);
        talk.ai_answers("A disease.");
        assert_eq!(talk.heard().contains("You asked: \"What is malaria?\""), quotes);
    }
    let mut talk = Talk::agreed();
    talk.asks(&"What is malaria and how ".repeat(20));
    talk.time_passes(HOUR);
    talk.ai_answers("A disease.");
    assert!(talk.heard().lines().next().expect("a line").chars().count() < 100);
}

#[test]
fn an_answer_cut_by_the_model_ends_with_a_sentence() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    let ask = talk.open.values().find(|it| it.action.kind() == Kind::Ask).expect("asked").clone();
    let reply = Reply { text: "It is a disease. It comes".into(), cut: true, ..Reply::default() };
    talk.learn(&ask, Outcome::Answered(reply));
    assert_eq!(talk.last().text, "It is a disease.");
}

#[test]
fn the_talk_so_far_goes_along_where_the_question_refers_back() {
    let mut talk = Talk::agreed();
    talk.gets_an_answer("What is malaria?");
    talk.asks("How is it treated?");
    let roles: Vec<Role> = talk.prompt().expect("asked").lines.iter().map(|line| line.role).collect();
    assert_eq!(roles, [Role::System, Role::User, Role::Assistant, Role::User]);
    talk.ai_answers("With medicine from the clinic.");
    talk.asks("What is photosynthesis?");
    assert_eq!(talk.prompt().expect("asked").lines.len(), 2);
    talk.ai_answers("Plants make food.");
    talk.time_passes(DAY + HOUR);
    talk.asks("Give me an example");
    assert_eq!(talk.prompt().expect("asked").lines.len(), 2, "after a day nothing is remembered");
    assert!(!talk.state().contains("photosynthesis"));
}

#[test]
fn the_language_follows_the_script_and_the_choice_wins() {
    let system = |talk: &Talk| talk.prompt().expect("asked").lines[0].content.clone();
    let mut talk = Talk::agreed();
    talk.asks("ما هي الملاريا؟");
    assert!(system(&talk).contains("Arabic script"));
    talk.ai_answers("مرض.");
    talk.says("language");
    talk.says("Juba Arabic");
    talk.asks("What is malaria?");
    assert!(system(&talk).contains("Juba Arabic"));
}

#[test]
fn an_outcome_that_comes_twice_changes_nothing() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    let ask = talk.open.values().find(|it| it.action.kind() == Kind::Ask).expect("asked").clone();
    talk.learn(&ask, failed(Retry::After(0)));
    let state = talk.contact.clone();
    talk.learn(&ask, failed(Retry::After(0)));
    assert_eq!(talk.contact.asking, state.asking);
    assert_eq!(talk.count(Record::LateOutcome), 1);
    talk.time_passes(2 * SECOND);
    talk.ai_answers("A disease.");
    talk.learn(&ask, failed(Retry::After(0)));
    talk.learn(&ask, failed(Retry::Refused));
    assert_eq!((talk.used(), talk.times("A disease."), talk.times("cannot help")), (1, 1, 0));
}
