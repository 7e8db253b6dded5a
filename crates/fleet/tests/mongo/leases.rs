//! Leases by the server's time, and what becomes of those that were lost.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::SCHEMA;
use answerbot_core::contact::effect::Kind;
use answerbot_core::retry::LOST_LEASES;
use answerbot_fleet::mongo::MongoStore;
use answerbot_ports::conformance::{commit, effect, settle, text};
use answerbot_ports::reports::Reports;
use answerbot_ports::store::{Commit, Committed, Leased, Store, Stuck, Want};
use futures_util::TryStreamExt as _;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, doc};
use tokio::task::JoinSet;

use super::home::{Home, NOON, admit};

const SHORT: Duration = Duration::from_millis(300);

async fn lease(store: &MongoStore, lease: Duration) -> Vec<Leased> {
    store.lease_due(&[Want { kind: Kind::Alert, most: 5, others: 1, lease }], NOON).await.unwrap()
}

/// Waits until something is leased.
async fn soon(store: &MongoStore, long: Duration) -> Vec<Leased> {
    for _ in 0..200 {
        let leased = lease(store, long).await;
        if !leased.is_empty() {
            return leased;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nothing was leased");
}

#[tokio::test]
async fn a_lease_ends_by_the_servers_time_and_the_next_one_knows_that_it_was_lost() {
    let Some(home) = Home::new() else { return };
    let (one, two) = (home.store().await, home.store().await);
    assert!(one.time().since(two.time()).abs() < 500, "both know the server's time");
    let (ann, _) = admit(&one, text("ann", "m1", "x")).await;
    let it = effect(ann, 0, Kind::Alert, NOON);
    let born = Commit { open: vec![(it.clone(), Some(SHORT))], ..commit(ann, 0, 0) };
    assert_eq!(one.commit(born).await.unwrap(), Committed::Done(1));
    assert!(lease(&two, SHORT).await.is_empty(), "somebody performs it");
    let leased = soon(&two, SHORT).await;
    assert_eq!((leased[0].effect.id, leased[0].lost), (it.id, 1));
    // Given back it counts no loss; but only by who has it.
    one.release(vec![(ann, it.id)]).await.unwrap();
    assert!(lease(&one, SHORT).await.is_empty(), "it is not his to give");
    two.release(vec![(ann, it.id)]).await.unwrap();
    let leased = lease(&one, SHORT).await;
    assert_eq!(leased[0].lost, 1);
    assert_eq!(one.open(ann).await.unwrap().version, 4, "leasing and giving back move the version");
    settle(&*one, ann, vec![it.id]).await;
    assert!(lease(&two, SHORT).await.is_empty());
    home.leave().await;
}

#[tokio::test]
async fn a_flood_of_decisions_keeps_no_lease_waiting() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let (ann, _) = admit(&store, text("ann", "m1", "x")).await;
    let it = effect(ann, 0, Kind::Alert, NOON);
    store.commit(Commit { open: vec![(it.clone(), None)], ..commit(ann, 0, 0) }).await.unwrap();
    let mut flood = JoinSet::new();
    for _ in 0..400 {
        let store = Arc::clone(&store);
        flood.spawn(async move { store.open(ann).await.unwrap() });
    }
    // Each has asked for a connection by now.
    tokio::task::yield_now().await;
    assert_eq!(lease(&store, SHORT).await.len(), 1);
    let done = std::iter::from_fn(|| flood.try_join_next()).count();
    assert!(done < 300, "it waited for all others: {done} came first");
    flood.join_all().await;
    home.leave().await;
}

#[tokio::test]
async fn an_effect_that_no_process_outlives_is_dead_and_can_be_revived() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let (ann, _) = admit(&store, text("ann", "m1", "x")).await;
    let it = effect(ann, 0, Kind::Alert, NOON);
    store.commit(Commit { open: vec![(it.clone(), None)], ..commit(ann, 0, 0) }).await.unwrap();
    for lost in 0..LOST_LEASES {
        let leased = soon(&store, Duration::ZERO).await;
        assert_eq!(leased[0].lost, lost);
    }
    assert!(lease(&store, Duration::ZERO).await.is_empty());
    let stuck = store.stuck(9).await.unwrap();
    let [Stuck::Effect { aggregate, effect, reason }] = &stuck[..] else { panic!("{stuck:?}") };
    assert_eq!((*aggregate, effect, reason.as_str()), (ann, &it, "its process died too often"));
    let overview = store.overview().await.unwrap();
    assert_eq!((overview.open_effects, overview.dead_effects, overview.waiting_events), (0, 1, 1));
    assert!(store.revive_effect(it.id, NOON).await.unwrap());
    assert!(!store.revive_effect(it.id, NOON).await.unwrap(), "told once");
    assert_eq!(store.open(ann).await.unwrap().waiting.len(), 2);
    let again = vec![(it.again(NOON), None)];
    let version = store.open(ann).await.unwrap().version;
    store.commit(Commit { open: again, ..commit(ann, version, 0) }).await.unwrap();
    assert_eq!(store.stuck(9).await.unwrap(), [], "it is open again");
    assert_eq!(lease(&store, SHORT).await[0].effect.attempt, 2);
    home.leave().await;
}

#[tokio::test]
async fn effects_that_nobody_can_read_stand_in_nobodys_way_and_are_dead_in_the_end() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    // More of them than one look takes along, all due before the one that can be read.
    for number in 0..30 {
        let (odd, _) = admit(&store, text(&format!("odd{number}"), &format!("o{number}"), "x")).await;
        let open = vec![(effect(odd, 0, Kind::Alert, NOON.plus(-1_000)), None)];
        store.commit(Commit { open, ..commit(odd, 0, 0) }).await.unwrap();
    }
    let aggregates = home.raw("ab_aggregates").await;
    let all: Vec<Document> = aggregates.find(doc! {}).await.unwrap().try_collect().await.unwrap();
    for it in all {
        let blank = Binary { subtype: BinarySubtype::Generic, bytes: vec![7; 40] };
        let bodies: Document =
            it.get_document("bodies").unwrap().keys().map(|id| (id.clone(), blank.clone().into())).collect();
        let damage = doc! { "$set": { "bodies": bodies } };
        aggregates.update_one(doc! { "_id": it.get("_id") }, damage).await.unwrap();
    }
    let (ann, _) = admit(&store, text("ann", "m1", "x")).await;
    let open = vec![(effect(ann, 0, Kind::Alert, NOON), None)];
    store.commit(Commit { open, ..commit(ann, 0, 0) }).await.unwrap();
    let leased = lease(&store, SHORT).await;
    assert_eq!(leased.iter().map(|it| it.aggregate).collect::<Vec<_>>(), [ann]);
    settle(&*store, ann, vec![leased[0].effect.id]).await;
    assert!(lease(&store, SHORT).await.is_empty());
    assert_eq!(store.overview().await.unwrap().open_effects, 30, "another process may have their key");
    // Nobody had it for a day; a process finds them that did not pass them over lately.
    let later = NOON.plus(25 * 3_600_000);
    let want = Want { kind: Kind::Alert, most: 5, others: 1, lease: SHORT };
    assert_eq!(home.store().await.lease_due(&[want], later).await.unwrap(), []);
    let stuck = store.stuck(99).await.unwrap();
    assert_eq!(stuck.len(), 30);
    assert!(stuck.iter().all(|it| matches!(it, Stuck::Unreadable { .. })), "{stuck:?}");
    home.leave().await;
}

#[tokio::test]
async fn a_hint_that_nobody_could_mend_is_mended_by_the_next_look() {
    let Some(home) = Home::new() else { return };
    // Who opened nothing does not know what else is open: its hint stays as it was.
    let (one, two) = (home.store().await, home.store().await);
    let (ann, _) = admit(&one, text("ann", "m1", "x")).await;
    let (first, later) =
        (effect(ann, 0, Kind::Alert, NOON), effect(ann, 1, Kind::Alert, NOON.plus(1_000_000_000_000)));
    let open = vec![(first.clone(), None), (later, None)];
    one.commit(Commit { open, ..commit(ann, 0, 0) }).await.unwrap();
    let settled = Commit { settled: vec![first.id], ..commit(ann, 1, 0) };
    assert_eq!(two.commit(settled).await.unwrap(), Committed::Done(2));
    let (three, count) = home.counted().await;
    count.take();
    assert!(lease(&three, SHORT).await.is_empty());
    assert!(count.take().len() > 1);
    assert!(lease(&three, SHORT).await.is_empty());
    assert_eq!(count.take().len(), 2, "now a look at both queues is enough");
    assert_eq!(one.open(ann).await.unwrap().version, 2, "mending moves no version");
    home.leave().await;
}

#[tokio::test]
async fn what_a_newer_release_decided_is_left_to_it() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let (ann, _) = admit(&store, text("ann", "m1", "x")).await;
    let (ben, _) = admit(&store, text("ben", "m2", "x")).await;
    for (of, schema) in [(ann, SCHEMA + 1), (ben, SCHEMA)] {
        let open = vec![(effect(of, 0, Kind::Alert, NOON), None)];
        store.commit(Commit { open, schema, ..commit(of, 0, 0) }).await.unwrap();
    }
    let leased = lease(&store, SHORT).await;
    assert_eq!(leased.iter().map(|it| it.aggregate).collect::<Vec<_>>(), [ben]);
    assert_eq!(store.commit(commit(ann, 1, 0)).await.unwrap(), Committed::Stale);
    assert!(store.open(ann).await.is_err());
    home.leave().await;
}

#[tokio::test]
async fn a_look_that_finds_nothing_is_one_command() {
    let Some(home) = Home::new() else { return };
    let (store, count) = home.counted().await;
    count.take();
    let all = Kind::ALL.map(|kind| Want { kind, most: 5, others: 1, lease: SHORT });
    assert!(store.lease_due(&all, NOON).await.unwrap().is_empty());
    assert_eq!(count.take().len(), 1);
    drop(Arc::clone(&store));
    home.leave().await;
}
