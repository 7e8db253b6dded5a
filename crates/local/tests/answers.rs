//! Shared answers, turns and their sums, curated answers and misses, in the file.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::effect::Way;
use answerbot_core::decide::{AiTurn, Fact};
use answerbot_core::domain::Domain;
use answerbot_core::reuse::{Kept, Key, Language};
use answerbot_core::spend::{MicroUsd, Spent, Sums};
use answerbot_core::time::DAY;
use answerbot_core::{AggregateId, ContactId, EffectId, JubaDay};
use answerbot_local::{SharedAnswers, SqliteStore};
use answerbot_ports::answers::Answers as _;
use answerbot_ports::conformance::{self, commit};
use answerbot_ports::reports::Reports;
use answerbot_ports::store::{Commit, Committed, Store, TURNS_FOR_DAYS};

use crate::support::{Home, NOON};

#[tokio::test]
async fn it_keeps_shared_answers() {
    let home = Home::new();
    let store = home.store();
    let anew = || SharedAnswers::new(Arc::clone(&store) as _, 100_000);
    let suite = conformance::answers(anew(), anew);
    tokio::time::timeout(Duration::from_secs(20), suite).await.expect("a case waits for ever");
}

/// A fleet without a shared cache: what one process withdrew another one must not give on.
#[tokio::test]
async fn without_room_no_answer_is_shared() {
    let home = Home::new();
    let answers = SharedAnswers::new(home.store(), 0);
    let text = "An answer.".to_owned();
    let kept = Kept { text, model: "m".into(), wording: 1, made: NOON, until: NOON.plus(DAY) };
    answers.remember(Key([1; 16]), kept).await;
    answers.save(Key([1; 16])).await.unwrap();
    assert_eq!(answers.recall(Key([1; 16])).await.map(|it| it.kept), None);
}

fn person() -> AggregateId {
    ContactId::from_bytes([5; 16]).into()
}

fn turn(attempt: u32, paid: bool, way: Option<Way>, costs: &[u64]) -> Fact {
    let call = |cost: &u64| Spent {
        provider: "one".into(),
        model: "m".into(),
        cost: MicroUsd(*cost),
        ..Spent::default()
    };
    Fact::Turn(AiTurn {
        ask: EffectId::derive(person(), 1, 0),
        attempt,
        at: NOON,
        paid,
        domain: Domain::Health,
        way,
        key: None,
        spent: costs.iter().map(call).collect(),
    })
}

async fn known(store: &SqliteStore) {
    store.admit(vec![conformance::text("ann", "m1", "hello")], NOON).await.unwrap();
}

#[tokio::test]
async fn a_turn_is_counted_once_however_often_it_is_written_and_its_sums_agree() {
    let home = Home::new();
    let store = home.store();
    known(&store).await;
    let id = store.unattended(NOON.plus(1), None, 1).await.unwrap()[0];
    let facts = || {
        vec![
            turn(1, false, None, &[40]),
            turn(2, false, Some(Way::Ai), &[5, 60]),
            turn(3, true, Some(Way::Shared), &[]),
        ]
    };
    for version in 0..3 {
        let write = Commit { facts: facts(), ..commit(id, version, 0) };
        assert!(matches!(store.commit(write).await.unwrap(), Committed::Done(_)));
    }
    let stale = Commit { facts: vec![turn(9, false, Some(Way::Ai), &[1_000])], ..commit(id, 0, 0) };
    assert!(matches!(store.commit(stale).await.unwrap(), Committed::Stale));
    let costs = store.costs(JubaDay(0)).await.unwrap();
    let found: Vec<_> =
        costs.iter().map(|it| (it.way.as_str(), it.paid, it.answers, it.calls, it.cost.0)).collect();
    assert_eq!(found, [("ai", false, 1, 2, 65), ("none", false, 0, 1, 40), ("shared", true, 1, 0, 0)]);
    let sums = Sums { free: MicroUsd(105), paid: MicroUsd(0) };
    assert_eq!(store.spending(NOON.juba_day()).await.unwrap(), (sums, sums));
    let tomorrow = JubaDay(NOON.juba_day().0 + 1);
    assert_eq!(
        store.spending(tomorrow).await.unwrap(),
        (Sums::default(), sums),
        "a day is over, its month is not"
    );
}

#[tokio::test]
async fn turns_go_after_their_time_and_their_sums_stay() {
    let home = Home::new();
    let store = home.store();
    known(&store).await;
    let AggregateId::Contact(id) = store.unattended(NOON.plus(1), None, 1).await.unwrap()[0] else {
        panic!("no contact")
    };
    let write = Commit { facts: vec![turn(1, false, Some(Way::Ai), &[40])], ..commit(id.into(), 0, 0) };
    store.commit(write).await.unwrap();
    let after = |days: i32| (JubaDay(NOON.juba_day().0 + days), NOON.plus(i64::from(days) * DAY));
    let (day, now) = after(TURNS_FOR_DAYS);
    store.forget_turns(day, now).await.unwrap();
    assert_eq!(store.cost_of(id).await.unwrap(), MicroUsd(40));
    let (day, now) = after(TURNS_FOR_DAYS + 1);
    assert!(store.forget_turns(day, now).await.unwrap() > 0);
    assert_eq!(store.cost_of(id).await.unwrap(), MicroUsd(0));
    assert_eq!(store.costs(JubaDay(0)).await.unwrap()[0].cost, MicroUsd(40));
}

#[tokio::test]
async fn what_one_person_asks_again_and_again_counts_once_and_no_word_of_it_can_be_read() {
    let home = Home::new();
    let store = home.store();
    known(&store).await;
    let ann = store.unattended(NOON.plus(1), None, 1).await.unwrap()[0];
    store.admit(vec![conformance::text("ben", "m2", "hello")], NOON).await.unwrap();
    let ben = *store.unattended(NOON.plus(1), None, 5).await.unwrap().iter().find(|it| **it != ann).unwrap();
    let missed = || Fact::Missed {
        day: NOON.juba_day(),
        language: Language::English,
        normal: "what is osmosis".into(),
    };
    for (who, version) in [(ann, 0), (ann, 1), (ben, 0), (ann, 2)] {
        store.commit(Commit { facts: vec![missed()], ..commit(who, version, 0) }).await.unwrap();
    }
    let found = store.missed(1, 10).await.unwrap();
    assert_eq!((found[0].times, found[0].question.as_str()), (3, "what is osmosis"));
    assert!(store.missed(4, 10).await.unwrap().is_empty());
    store.close();
    for file in std::fs::read_dir(home.database().parent().unwrap()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(7).any(|it| it == b"osmosis"));
    }
}
