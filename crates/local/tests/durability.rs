//! What is acknowledged is in the file; what fails changes nothing and recovers without a restart.

use answerbot_core::AggregateId;
use std::sync::Arc;

use answerbot_core::contact::effect::Kind;
use answerbot_core::contact::event::To;
use answerbot_core::retry::LOST_LEASES;
use answerbot_ports::conformance::{LEASED, commit, effect, text, want};
use answerbot_ports::reports::Reports as _;
use answerbot_ports::store::{Admission, Commit, Committed, Store, StoreError, Stuck};
use tokio::task::JoinSet;

use crate::support::{Home, NOON};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_a_store() {
    let home = Home::new();
    answerbot_ports::conformance::store(home.store()).await;
}

#[tokio::test]
async fn an_acknowledged_message_is_in_the_file_at_once() {
    let home = Home::new();
    let store = home.store();
    store.admit(vec![text("ann", "a1", "What is malaria?")], NOON).await.unwrap();
    // As after SIGKILL: nothing is closed, another connection reads what is on disk.
    let waiting: i64 = home.raw().query_row("SELECT count(*) FROM inbox", [], |row| row.get(0)).unwrap();
    assert_eq!(waiting, 1);
    std::mem::forget(store);
}

#[tokio::test]
async fn commits_wait_for_the_disk() {
    let home = Home::new();
    let durability = home.store().durability().await.unwrap();
    assert_eq!(durability, "journal wal, synchronous full");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_failed_unit_leaves_its_neighbours_alone() {
    let home = Home::new();
    let store = home.store();
    let id: AggregateId = store.hash_key().contact(&answerbot_ports::conformance::address("bad")).into();
    // A trigger makes every effect of one attempt fail, in the midst of its unit.
    home.raw()
        .execute_batch(
            "CREATE TRIGGER no_thirteen BEFORE INSERT ON effect WHEN NEW.attempt = 13 BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
        .unwrap();
    store.admit(vec![text("bad", "b1", "1"), text("good", "g1", "1")], NOON).await.unwrap();
    let unlucky = answerbot_core::contact::effect::Effect { attempt: 13, ..effect(id, 0, Kind::Send, NOON) };
    let failing = Commit { open: vec![(unlucky, LEASED)], ..commit(id, 0, 1) };
    let other: AggregateId = store.hash_key().contact(&answerbot_ports::conformance::address("good")).into();
    let (bad, good) = tokio::join!(store.commit(failing), store.commit(commit(other, 0, 1)));
    assert!(matches!(bad, Err(StoreError::Unavailable(_))));
    assert_eq!(good.unwrap(), Committed::Done(1));
    let opened = store.open(id).await.unwrap();
    assert_eq!((opened.version, opened.waiting.len()), (0, 1), "the failed unit left nothing behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_recovers_without_a_restart() {
    let home = Home::new();
    let store = home.store();
    store.admit(vec![text("ann", "before", "1")], NOON).await.unwrap();
    // A trigger that says what SQLite says when the disk is full, for every admission.
    home.raw()
        .execute_batch("CREATE TRIGGER full BEFORE INSERT ON inbox BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END")
        .unwrap();
    let mut many = JoinSet::new();
    for i in 0..20 {
        let store = Arc::clone(&store);
        many.spawn(async move { store.admit(vec![text("ann", &format!("m{i}"), "x")], NOON).await });
    }
    for refused in many.join_all().await {
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "nobody hears success");
    }
    home.raw().execute_batch("DROP TRIGGER full").unwrap();
    let admitted = store.admit(vec![text("ann", "m3", "x")], NOON).await.unwrap();
    assert!(matches!(admitted[0], Admission::New { .. }), "what was refused is not known");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_database_refuses_after_its_patience_and_recovers() {
    let home = Home::new();
    let store = home.store();
    store.admit(vec![text("ann", "a0", "1")], NOON).await.unwrap();
    let other = home.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = store.admit(vec![text("ann", "a1", "1")], NOON).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    other.execute_batch("ROLLBACK").unwrap();
    store.admit(vec![text("ann", "a1", "1")], NOON).await.unwrap();
}

#[tokio::test]
async fn leases_are_void_after_a_restart_and_their_loss_is_counted() {
    let home = Home::new();
    let store = home.store();
    store.admit(vec![text("ann", "a1", "1")], NOON).await.unwrap();
    let ann: AggregateId = store.hash_key().contact(&answerbot_ports::conformance::address("ann")).into();
    let held = effect(ann, 0, Kind::Send, NOON);
    store.commit(Commit { open: vec![(held.clone(), LEASED)], ..commit(ann, 0, 1) }).await.unwrap();
    assert!(store.lease_due(&[want(Kind::Send, 9)], NOON).await.unwrap().is_empty());
    drop(store);
    for lost in 1..LOST_LEASES {
        let store = home.store();
        let leased = store.lease_due(&[want(Kind::Send, 9)], NOON).await.unwrap();
        assert_eq!((leased[0].effect.id, leased[0].lost), (held.id, lost));
    }
    let store = home.store();
    assert!(
        store.lease_due(&[want(Kind::Send, 9)], NOON).await.unwrap().is_empty(),
        "dead after twenty lost leases"
    );
    assert!(!store.is_open(&To::Aggregate(ann), held.id).await.unwrap());
}

#[tokio::test]
async fn a_restart_alone_loses_no_lease() {
    let home = Home::new();
    let store = home.store();
    store.admit(vec![text("ann", "a1", "1")], NOON).await.unwrap();
    let ann: AggregateId = store.hash_key().contact(&answerbot_ports::conformance::address("ann")).into();
    let waiting = effect(ann, 0, Kind::Send, NOON);
    store.commit(Commit { open: vec![(waiting.clone(), None)], ..commit(ann, 0, 1) }).await.unwrap();
    drop(store);
    for _ in 0..=LOST_LEASES {
        let store = home.store();
        let leased = store.lease_due(&[want(Kind::Send, 9)], NOON).await.unwrap();
        assert_eq!(leased[0].lost, 0, "given back each time, so never lost");
        store.release(vec![(ann, waiting.id)]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_whose_caller_went_away_comes_back() {
    let home = Home::new();
    let store = home.store();
    let ann: AggregateId = store.hash_key().contact(&answerbot_ports::conformance::address("ann")).into();
    for _ in 0..50 {
        let read = store.open(ann);
        // Dropped in the midst of it, as a webhook that ran out of time.
        let _ = tokio::time::timeout(std::time::Duration::ZERO, read).await;
    }
    store.open(ann).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_envelope_is_set_aside_and_the_next_ones_go_on() {
    let home = Home::new();
    let store = home.store();
    store.admit(vec![text("ann", "a1", "1"), text("ann", "a2", "2")], NOON).await.unwrap();
    home.raw().execute("UPDATE inbox SET body = substr(body, 1, 40) WHERE number = 1", []).unwrap();
    let ann: AggregateId = store.hash_key().contact(&answerbot_ports::conformance::address("ann")).into();
    let opened = store.open(ann).await.unwrap();
    assert_eq!((opened.consumed, opened.waiting.len()), (1, 1));
}

#[tokio::test]
async fn a_dead_effect_that_cannot_be_read_is_listed_all_the_same() {
    let home = Home::new();
    let store = home.store();
    store.admit(vec![text("ann", "a1", "1")], NOON).await.unwrap();
    let ann: AggregateId = store.hash_key().contact(&answerbot_ports::conformance::address("ann")).into();
    let it = effect(ann, 0, Kind::Alert, NOON);
    let dead = vec![(it.clone(), "graph 100".into())];
    store.commit(Commit { dead, ..commit(ann, 0, 0) }).await.unwrap();
    home.raw().execute("UPDATE effect SET body = substr(body, 1, 40)", []).unwrap();
    let stuck = store.stuck(9).await.unwrap();
    assert_eq!(stuck, [Stuck::Unreadable { aggregate: ann, effect: it.id, due: NOON }]);
    assert!(!store.revive_effect(it.id, NOON).await.unwrap());
}
