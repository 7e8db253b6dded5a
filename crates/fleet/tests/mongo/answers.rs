//! Turns and their sums, words on answers, what was missed, who was erased.

use answerbot_core::contact::effect::Way;
use answerbot_core::decide::{AiTurn, Fact};
use answerbot_core::domain::Domain;
use answerbot_core::reuse::{Key, Language};
use answerbot_core::spend::{MicroUsd, Spent, Sums};
use answerbot_core::time::DAY;
use answerbot_core::{AggregateId, ContactId, EffectId, JubaDay};
use answerbot_fleet::mongo::MongoStore;
use answerbot_ports::conformance::{commit, text};
use answerbot_ports::reports::{Audit, Ratings, Reports};
use answerbot_ports::store::{Booking, Commit, Committed, Store, TURNS_FOR_DAYS};
use mongodb::bson::doc;

use super::home::{Home, NOON, admit};

pub fn spent(cost: u64) -> Spent {
    Spent { provider: "one".into(), model: "m".into(), cost: MicroUsd(cost), ..Spent::default() }
}

pub fn turn(of: AggregateId, attempt: u32, paid: bool, way: Option<Way>, costs: &[u64]) -> Fact {
    Fact::Turn(AiTurn {
        ask: EffectId::derive(of, 1, 0),
        attempt,
        at: NOON,
        paid,
        domain: Domain::Health,
        way,
        key: None,
        spent: costs.iter().map(|cost| spent(*cost)).collect(),
    })
}

async fn person(store: &MongoStore, name: &str) -> (AggregateId, ContactId) {
    let (of, _) = admit(store, text(name, name, "hello")).await;
    (of, of.contact().unwrap())
}

async fn write(store: &MongoStore, of: AggregateId, version: u64, facts: Vec<Fact>) {
    let it = Commit { facts, ..commit(of, version, 0) };
    assert_eq!(store.commit(it).await.unwrap(), Committed::Done(version + 1));
}

#[tokio::test]
async fn a_turn_is_counted_once_however_often_it_is_written_and_its_sums_agree() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let (ann, id) = person(&store, "ann").await;
    let facts = || {
        vec![
            turn(ann, 1, false, None, &[40]),
            turn(ann, 2, false, Some(Way::Ai), &[5, 60]),
            turn(ann, 3, true, Some(Way::Shared), &[]),
        ]
    };
    for version in 0..3 {
        write(&store, ann, version, facts()).await;
    }
    let stale = Commit { facts: vec![turn(ann, 9, false, Some(Way::Ai), &[1_000])], ..commit(ann, 0, 0) };
    assert_eq!(store.commit(stale).await.unwrap(), Committed::Stale);
    let costs = store.costs(JubaDay(0)).await.unwrap();
    let found: Vec<_> =
        costs.iter().map(|it| (it.way.as_str(), it.paid, it.answers, it.calls, it.cost.0)).collect();
    assert_eq!(found, [("ai", false, 1, 2, 65), ("none", false, 0, 1, 40), ("shared", true, 1, 0, 0)]);
    let sums = Sums { free: MicroUsd(105), paid: MicroUsd(0) };
    let today = NOON.juba_day();
    assert_eq!(store.spending(today).await.unwrap(), (sums, sums));
    let tomorrow = JubaDay(today.0 + 1);
    assert_eq!(store.spending(tomorrow).await.unwrap(), (Sums::default(), sums), "its month is not over");
    // Calls that belong to no turn.
    let booking =
        Booking { at: NOON, way: "check", paid: true, domain: Domain::Health, spent: vec![spent(7)] };
    store.book(booking).await.unwrap();
    store.catch_up().await.unwrap();
    let sums = Sums { free: MicroUsd(105), paid: MicroUsd(7) };
    assert_eq!(store.spending(today).await.unwrap(), (sums, sums));
    assert_eq!(store.cost_of(id).await.unwrap(), MicroUsd(105));
    home.leave().await;
}

#[tokio::test]
async fn turns_go_after_their_time_and_their_sums_stay() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let (ann, id) = person(&store, "ann").await;
    write(&store, ann, 0, vec![turn(ann, 1, false, Some(Way::Ai), &[40])]).await;
    let after = |days: i32| (JubaDay(NOON.juba_day().0 + days), NOON.plus(i64::from(days) * DAY));
    let (day, now) = after(TURNS_FOR_DAYS);
    store.catch_up().await.unwrap();
    store.forget_turns(day, now).await.unwrap();
    assert_eq!(store.cost_of(id).await.unwrap(), MicroUsd(40));
    let (day, now) = after(TURNS_FOR_DAYS + 1);
    assert!(store.forget_turns(day, now).await.unwrap() > 0);
    assert_eq!(store.cost_of(id).await.unwrap(), MicroUsd(0));
    assert_eq!(store.costs(JubaDay(0)).await.unwrap()[0].cost, MicroUsd(40));
    home.leave().await;
}

fn missed(words: &str) -> Fact {
    Fact::Missed { day: NOON.juba_day(), language: Language::English, normal: words.into() }
}

#[tokio::test]
async fn what_one_person_asks_again_and_again_counts_once_and_no_word_of_it_can_be_read() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let (ann, _) = person(&store, "ann").await;
    let (ben, _) = person(&store, "ben").await;
    for (who, version) in [(ann, 0), (ann, 1), (ben, 0), (ann, 2)] {
        write(&store, who, version, vec![missed("what is osmosis")]).await;
        store.catch_up().await.unwrap();
    }
    let found = store.missed(1, 10).await.unwrap();
    assert_eq!((found[0].times, found[0].question.as_str()), (3, "what is osmosis"));
    assert!(store.missed(4, 10).await.unwrap().is_empty());
    for collection in ["ab_missed", "ab_aggregates"] {
        let raw = home.raw(collection).await;
        let mut rows = raw.find(doc! {}).await.unwrap();
        while rows.advance().await.unwrap() {
            assert!(!rows.current().as_bytes().windows(7).any(|it| it == b"osmosis"));
        }
    }
    home.leave().await;
}

#[tokio::test]
async fn a_word_on_an_answer_counts_once_a_question() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let source = Key([7; 16]);
    for (name, word) in [("ann", Some(true)), ("ben", Some(false)), ("cat", None)] {
        let (of, _) = person(&store, name).await;
        let Fact::Turn(it) = turn(of, 1, false, Some(Way::Curated), &[1, 2]) else { unreachable!() };
        write(&store, of, 0, vec![Fact::Turn(AiTurn { key: Some(source), ..it })]).await;
        if let Some(good) = word {
            let rated = Fact::Rated { ask: EffectId::derive(of, 1, 0), good };
            write(&store, of, 1, vec![rated]).await;
        }
    }
    let expected = Ratings { source, given: 3, good: 1, wrong: 1 };
    assert_eq!(store.ratings().await.unwrap(), [expected]);
    home.leave().await;
}

#[tokio::test]
async fn nothing_says_who_asked_after_they_were_erased_and_the_sums_stay() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let (ann, id) = person(&store, "ann").await;
    let (ben, _) = person(&store, "ben").await;
    write(&store, ben, 0, vec![missed("asked by two")]).await;
    store.catch_up().await.unwrap();
    let facts =
        vec![turn(ann, 1, false, Some(Way::Ai), &[40]), missed("asked by ann alone"), missed("asked by two")];
    write(&store, ann, 0, facts).await;
    assert_eq!(store.commit(Commit { erase: true, ..commit(ann, 1, 0) }).await.unwrap(), Committed::Done(2));
    assert_eq!(store.cost_of(id).await.unwrap(), MicroUsd(0));
    assert_eq!(
        store.costs(JubaDay(0)).await.unwrap()[0].cost,
        MicroUsd(40),
        "the sums say nothing of anybody"
    );
    let found = store.missed(1, 10).await.unwrap();
    assert_eq!(found.iter().map(|it| it.question.as_str()).collect::<Vec<_>>(), ["asked by two"]);
    let hers = mongodb::bson::Binary {
        subtype: mongodb::bson::spec::BinarySubtype::Generic,
        bytes: id.as_bytes().to_vec(),
    };
    for (collection, field) in [("ab_turns", "contact"), ("ab_missed", "last_by")] {
        let left = home.raw(collection).await.count_documents(doc! { field: hers.clone() }).await.unwrap();
        assert_eq!(left, 0, "{collection}");
    }
    home.leave().await;
}

#[tokio::test]
async fn curated_answers_are_read_again_only_after_a_change() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let audit = || Audit {
        at: NOON,
        who: "ann".into(),
        what: "answers add".into(),
        subject: "a".into(),
        detail: String::new(),
    };
    let entry = answerbot_core::reuse::curated::Entry {
        id: "a".into(),
        questions: vec!["What is osmosis?".into()],
        answer: "Water moves.".into(),
        language: Language::English,
        source: "a book".into(),
        checked_on: "2026-11-25".into(),
        approved_by: Some("ben".into()),
        menu: None,
    };
    let (first, none) = store.curated(0).await.unwrap().unwrap();
    assert!(none.is_empty());
    assert_eq!(store.curated(first).await.unwrap(), None);
    store.put_curated(vec![entry.clone()], audit()).await.unwrap();
    let (second, all) = store.curated(first).await.unwrap().unwrap();
    assert_eq!(all, [entry]);
    assert_eq!(store.curated(second).await.unwrap(), None);
    assert!(store.remove_curated("a".into(), audit()).await.unwrap());
    assert!(!store.remove_curated("a".into(), audit()).await.unwrap());
    assert_eq!(store.curated(second).await.unwrap().unwrap().1, []);
    assert_eq!(store.audits(9).await.unwrap().len(), 2);
    home.leave().await;
}
