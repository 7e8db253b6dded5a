use answerbot_core::contact::effect::{Action, Effect, Reply, Way};
use answerbot_core::contact::message::Tap;
use answerbot_core::decide::{Fact, Record};
use answerbot_core::domain::Domain;
use answerbot_core::reuse::Key;
use answerbot_core::spend::{MicroUsd, Spent};

use crate::talk::{DAY, Talk};

const KEY: Key = Key([3; 16]);

fn answered(talk: &mut Talk, way: Way) {
    talk.asks("What is osmosis?");
    talk.ai_gives(Reply { text: "Water moves.".into(), way, key: Some(KEY), ..Reply::default() });
}

/// A person whose second answer has just come, with the question whether it helped.
fn asked_about(way: Way) -> Talk {
    let mut talk = Talk::agreed();
    answered(&mut talk, Way::Ai);
    answered(&mut talk, way);
    talk
}

fn withdrawn(talk: &Talk) -> Vec<&Effect> {
    talk.open.values().filter(|it| matches!(it.action, Action::Withdraw(_))).collect()
}

#[test]
fn every_fifth_answer_asks_whether_it_helped_and_the_others_do_not() {
    let mut talk = Talk::agreed();
    talk.policy.quota.free_per_day = 100;
    let asks: Vec<bool> = (0..12)
        .map(|_| {
            answered(&mut talk, Way::Ai);
            !talk.last().quick_replies.is_empty()
        })
        .collect();
    let asked: Vec<usize> = (1..=12).filter(|number| asks[number - 1]).collect();
    assert_eq!(asked, [2, 7, 12]);
    assert_eq!(talk.last().quick_replies[1].title, "Wrong answer");
}

#[test]
fn a_wrong_answer_is_noted_once_and_taken_from_everybody() {
    let mut talk = asked_about(Way::Shared);
    talk.taps(Tap::RateWrong);
    assert!(talk.heard().contains("Nobody else gets that answer"), "{}", talk.heard());
    assert_eq!(withdrawn(&talk).len(), 1);
    let rated =
        |talk: &Talk| talk.facts.iter().filter(|it| matches!(it, Fact::Rated { good: false, .. })).count();
    assert_eq!((rated(&talk), talk.count(Record::Blamed)), (1, 1));
    talk.taps(Tap::RateWrong);
    assert_eq!((rated(&talk), talk.count(Record::Blamed)), (1, 1), "each answer has one word");
}

#[test]
fn what_a_person_wrote_is_noted_and_stays() {
    let mut talk = asked_about(Way::Curated);
    talk.taps(Tap::RateWrong);
    assert_eq!((withdrawn(&talk).len(), talk.count(Record::Blamed)), (0, 1));
}

#[test]
fn one_person_takes_five_answers_a_day_from_everybody_and_no_more() {
    let mut talk = Talk::agreed();
    talk.policy.quota.free_per_day = 100;
    for _ in 0..8 {
        answered(&mut talk, Way::Shared);
        talk.taps(Tap::RateWrong);
    }
    assert_eq!((withdrawn(&talk).len(), talk.count(Record::Blamed)), (5, 8));
}

#[test]
fn buttons_and_thumbs_can_be_typed() {
    for (typed, record) in [
        ("good answer", Record::Praised),
        ("Wrong answer!", Record::Blamed),
        ("👍", Record::Praised),
        ("👍🏾", Record::Praised),
        ("👎", Record::Blamed),
    ] {
        let mut talk = asked_about(Way::Ai);
        let used = talk.used();
        talk.says(typed);
        assert_eq!((talk.count(record), talk.used()), (1, used), "{typed}");
    }
}

#[test]
fn a_day_later_the_words_are_about_nothing() {
    let mut talk = asked_about(Way::Ai);
    talk.time_passes(DAY);
    talk.says("wrong answer");
    assert_eq!(talk.count(Record::Blamed), 0);
}

#[test]
fn a_thumb_that_nobody_asked_for_is_a_sticker_as_ever() {
    let mut talk = Talk::agreed();
    answered(&mut talk, Way::Ai);
    talk.says("👎");
    assert_eq!(talk.count(Record::Blamed), 0);
}

#[test]
fn each_attempt_is_booked_with_what_it_cost_whatever_became_of_it() {
    use answerbot_core::contact::effect::{EffectFault, Kind, Retry};
    use answerbot_core::contact::event::Outcome;
    let spent = |cost| Spent { provider: "one".into(), cost: MicroUsd(cost), ..Spent::default() };
    let mut talk = Talk::agreed();
    talk.asks("How do I plant sorghum?");
    let ask = talk.open.values().find(|it| it.action.kind() == Kind::Ask).cloned();
    let fault = EffectFault { retry: Retry::After(0), alert: false, reason: "cut".into() };
    talk.learn(&ask.expect("it was asked"), Outcome::Unanswered(fault, vec![spent(40)]));
    talk.time_passes(1_100);
    talk.ai_gives(Reply {
        text: "In the rain.".into(),
        spent: vec![spent(5), spent(60)],
        ..Reply::default()
    });
    let turns: Vec<_> = talk
        .facts
        .iter()
        .filter_map(|it| if let Fact::Turn(turn) = it { Some(turn) } else { None })
        .collect();
    let costs = |way| {
        turns
            .iter()
            .filter(|it| it.way == way)
            .flat_map(|it| &it.spent)
            .map(|it| it.cost.0)
            .collect::<Vec<_>>()
    };
    assert_eq!((costs(None), costs(Some(Way::Ai))), (vec![40], vec![5, 60]));
    assert!(turns.iter().all(|it| it.domain == Domain::Agriculture));
    assert_eq!(talk.contact.ai_spent.on(talk.now.juba_day()), MicroUsd(105));
    assert!(
        talk.facts
            .iter()
            .any(|it| matches!(it, Fact::Missed { normal, .. } if normal == "how do i plant sorghum"))
    );
}
