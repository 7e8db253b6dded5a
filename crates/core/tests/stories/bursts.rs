use answerbot_core::Policy;
use answerbot_core::contact::effect::Hint;
use answerbot_core::contact::event::Event;

use crate::talk::{MINUTE, SECOND, Talk};

#[test]
fn a_complete_message_waits_one_window() {
    for text in ["What is malaria?", "tell me how to plant good maize"] {
        let mut talk = Talk::agreed();
        talk.says(text);
        talk.time_passes(1_499);
        assert_eq!(talk.asked(), None);
        talk.time_passes(1);
        assert_eq!(talk.asked().as_deref(), Some(text));
    }
}

#[test]
fn a_short_one_waits_four_and_each_line_anew() {
    let mut talk = Talk::agreed();
    talk.says("tell me");
    talk.time_passes(5_900);
    talk.says("about maize");
    talk.time_passes(5_900);
    talk.says("in Wau");
    talk.time_passes(5_999);
    assert_eq!(talk.asked(), None);
    talk.time_passes(1);
    assert_eq!(talk.asked().as_deref(), Some("tell me\nabout maize\nin Wau"));
    assert_eq!(talk.used(), 1, "a burst is one unit");
}

#[test]
fn a_complete_line_ends_the_wait_sooner() {
    let mut talk = Talk::agreed();
    talk.says("tell me");
    talk.time_passes(SECOND);
    talk.says("what is maize?");
    talk.time_passes(1_500);
    assert_eq!(talk.asked().as_deref(), Some("tell me\nwhat is maize?"));
}

#[test]
fn twenty_seconds_are_the_end() {
    let mut talk = Talk::agreed();
    for _ in 0..4 {
        talk.says("and");
        talk.time_passes(5 * SECOND - 1);
    }
    assert_eq!(talk.asked(), None);
    talk.time_passes(4);
    assert!(talk.asked().is_some());
}

#[test]
fn lines_far_apart_for_the_platform_do_not_join() {
    let mut talk = Talk::agreed();
    let earlier = talk.now.plus(-MINUTE);
    talk.says_at("What is malaria?", earlier);
    talk.says_at("What is cholera?", earlier.plus(30 * SECOND));
    talk.time_passes(2 * SECOND);
    assert_eq!(talk.asked().as_deref(), Some("What is malaria?"));
    assert_eq!(talk.used(), 2);
}

#[test]
fn lines_that_arrive_far_apart_do_not_join() {
    let mut talk = Talk::agreed();
    let said = talk.now;
    talk.says_at("What is malaria?", said);
    talk.time_passes(1_501);
    talk.says_at("What is cholera?", said);
    talk.time_passes(2 * SECOND);
    assert_eq!(talk.used(), 2);
}

#[test]
fn a_line_that_arrives_after_the_wait_does_not_join_though_the_timer_is_late() {
    let mut talk = Talk::agreed();
    talk.says("What is malaria?");
    let said = talk.now;
    talk.now = talk.now.plus(3 * SECOND);
    talk.says_at("What is cholera?", said);
    assert_eq!(talk.asked().as_deref(), Some("What is malaria?"));
    talk.time_passes(2 * SECOND);
    assert_eq!(talk.used(), 2);
}

#[test]
fn a_command_between_the_lines_neither_joins_nor_closes() {
    for word in ["status", "thanks", "hi", "0921234567", "help"] {
        let mut talk = Talk::agreed();
        talk.says("tell me");
        talk.time_passes(SECOND);
        talk.says(word);
        assert_eq!(talk.heard_count(), 1, "{word} is answered first");
        assert_eq!(talk.asked(), None);
        talk.time_passes(SECOND);
        talk.says("about maize");
        talk.time_passes(6 * SECOND);
        assert_eq!(talk.asked().as_deref(), Some("tell me\nabout maize"), "{word}");
        assert_eq!(talk.used(), 1);
    }
    let mut talk = Talk::agreed();
    talk.says("tell me");
    talk.event(Event::Digits);
    talk.says("my brother is not breathing");
    assert!(talk.heard().contains("nearest hospital"));
    talk.time_passes(6 * SECOND);
    assert_eq!(talk.asked().as_deref(), Some("tell me"));
}

#[test]
fn delete_my_data_discards_the_burst() {
    let mut talk = Talk::agreed();
    talk.says("tell me");
    talk.says("delete my data");
    talk.time_passes(MINUTE);
    assert_eq!((talk.asked(), talk.used()), (None, 0));
}

#[test]
fn without_a_window_each_message_stands_for_itself() {
    let mut policy = Policy::default();
    policy.burst.window_ms = 0;
    let mut talk = Talk::agreed_with(policy);
    talk.says("tell me");
    assert_eq!(talk.asked().as_deref(), Some("tell me"));
    talk.says("about maize");
    assert_eq!(talk.used(), 2);
}

#[test]
fn a_question_meanwhile_waits_its_turn() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    talk.asks("What is cholera?");
    assert_eq!(talk.asked().as_deref(), Some("What is malaria?"));
    assert_eq!(talk.used(), 2, "its unit is taken when the burst closes");
    talk.ai_answers("A fever.");
    assert_eq!(talk.asked().as_deref(), Some("What is cholera?"));
    talk.ai_answers("A sickness of bad water.");
    assert!(talk.heard().contains("bad water"));
}

#[test]
fn typing_shows_at_once() {
    let mut talk = Talk::agreed();
    talk.says("tell me");
    assert!(talk.hints.iter().any(|hint| matches!(hint, Hint::Typing(_))));
    assert!(talk.hints.iter().any(|hint| matches!(hint, Hint::Seen(_))));
}

#[test]
fn what_is_too_long_is_cut_and_told_once() {
    let mut policy = Policy::default();
    policy.limits.question_chars = 30;
    let mut talk = Talk::agreed_with(policy);
    talk.says("one two three four");
    talk.says("five six seven eight");
    assert!(talk.heard().contains("first 30 letters"), "{}", talk.heard());
    talk.says("nine ten");
    assert!(talk.heard_nothing(), "{}", talk.heard());
    talk.time_passes(7 * SECOND);
    assert_eq!(talk.asked().as_deref(), Some("one two three four\nfive six se"));
    talk.says(&"word ".repeat(20));
    assert_eq!(talk.heard_count(), 1);
}
