use answerbot_core::contact::effect::{Kind, Retry};
use answerbot_core::contact::event::Event;
use answerbot_core::decide::Record;

use crate::talk::{MINUTE, Talk};

/// A talk with a dead answer.
fn with_a_dead_answer() -> Talk {
    let mut talk = Talk::agreed();
    talk.platform_is_slow();
    talk.asks("What is malaria?");
    talk.ai_answers("A disease.");
    talk.platform_refuses(Retry::Refused);
    talk.platform_accepts();
    assert_eq!((talk.used(), talk.dead.len()), (0, 1));
    talk
}

fn revive(talk: &mut Talk) {
    let (dead, _) = talk.dead[0].clone();
    talk.event_at(Event::Revive(dead), None);
}

#[test]
fn a_revived_answer_takes_its_unit_anew() {
    let mut talk = with_a_dead_answer();
    revive(&mut talk);
    assert_eq!(talk.heard(), "A disease.");
    assert_eq!((talk.used(), talk.dead.len(), talk.count(Record::Revived)), (1, 0, 1));
}

#[test]
fn at_the_limit_reviving_is_refused_and_possible_another_day() {
    let mut talk = with_a_dead_answer();
    for n in 1..=3 {
        talk.gets_an_answer(&format!("What is the number {n}?"));
    }
    let attempt = talk.dead[0].0.attempt;
    revive(&mut talk);
    assert!(talk.heard_nothing());
    assert_eq!((talk.count(Record::ReviveRefused), talk.dead.len(), talk.used()), (1, 1, 3));
    assert_eq!(talk.dead[0].0.attempt, attempt + 1, "so that the next try is another event");
    talk.midnight_passes();
    talk.says("hi");
    revive(&mut talk);
    assert_eq!((talk.heard().as_str(), talk.used()), ("A disease.", 1));
}

#[test]
fn a_revived_question_is_asked_again_or_refused_at_the_limit() {
    for limit in [1, 0] {
        let mut talk = Talk::agreed();
        talk.policy.limits.ai_calls_per_day = 1;
        talk.asks("What is malaria?");
        talk.ai_fails();
        assert_eq!((talk.dead.len(), talk.used()), (1, 0));
        assert_eq!(talk.times("could not answer \"What is malaria?\""), 1);
        talk.policy.limits.ai_calls_per_day = 100;
        talk.policy.quota.free_per_day = limit;
        revive(&mut talk);
        assert_eq!(talk.asked().is_some(), limit == 1);
        assert_eq!(talk.dead.is_empty(), limit == 1);
        assert!(talk.heard_nothing(), "an operator's try bothers nobody");
    }
}

#[test]
fn after_deletion_nothing_is_revived() {
    let mut talk = with_a_dead_answer();
    let (dead, _) = talk.dead[0].clone();
    talk.says("delete my data");
    talk.says("yes");
    talk.event_at(Event::Revive(dead), None);
    assert!(talk.heard_nothing());
    assert_eq!(talk.count(Record::ReviveRefused), 1);
}

#[test]
fn an_effect_whose_process_died_too_often_goes_on_when_it_is_revived() {
    let mut talk = Talk::agreed();
    talk.asks("What is malaria?");
    let ask = talk.open.values().find(|it| it.action.kind() == Kind::Ask).expect("asked").clone();
    // The store buries it without a decision.
    talk.open.remove(&ask.id);
    talk.event_unchecked(Event::Revive(ask));
    talk.ai_answers("A disease.");
    assert_eq!((talk.heard().as_str(), talk.used()), ("A disease.", 1));
    talk.time_passes(MINUTE);
}
