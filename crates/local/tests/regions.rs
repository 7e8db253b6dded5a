//! Files as the stores of regions.

use std::sync::Arc;

use answerbot_core::{ContactId, EventId, PaymentId};
use answerbot_local::{Access, SqliteStore};
use answerbot_ports::codec::Codec;
use answerbot_ports::conformance::{self, commit, text};
use answerbot_ports::keys::HashKey;
use answerbot_ports::regions::{Directory as _, Member as _, Parked, Record, ToPark};
use answerbot_ports::reports::Reports as _;
use answerbot_ports::store::{Commit, Store as _, StoreError, Stuck};

use crate::support::{Home, NOON, Random, key};

/// A region's file beside the main one.
fn member(home: &Home, hash: &HashKey) -> Result<SqliteStore, answerbot_local::sqlite::OpenError> {
    let codec = Codec::new(&key(1), None, Arc::new(Random));
    SqliteStore::open_member(&home.folder.path().join("juba.db"), Access::Serve, codec, hash)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_a_directory() {
    conformance::directory(Home::new().store()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_a_member() {
    let home = Home::new();
    let main = home.store();
    let store = Arc::new(member(&home, &main.hash_key()).unwrap());
    conformance::member(store, main).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_regions_file_is_a_store() {
    let home = Home::new();
    let hash = home.store().hash_key();
    conformance::store(Arc::new(member(&home, &hash).unwrap())).await;
}

#[tokio::test]
async fn a_file_that_finds_other_people_is_refused_and_says_so() {
    let home = Home::new();
    let hash = home.store().hash_key();
    let store = member(&home, &hash).unwrap();
    assert_eq!(store.hash_key().key(), hash.key());
    drop(store);
    drop(member(&home, &hash).unwrap());
    let other = Home::new().store().hash_key();
    let refused = member(&home, &other).err().unwrap().to_string();
    assert!(refused.contains("another service"), "{refused}");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_keeps_only_its_own_person_back() {
    let home = Home::new();
    let store = member(&home, &home.store().hash_key()).unwrap();
    for user in ["ann", "ben"] {
        let of = store.hash_key().contact(&conformance::address(user)).into();
        store.admit(vec![text(user, user, "1")], NOON).await.unwrap();
        for version in 0..2 {
            let grants = vec![PaymentId::draw([u8::try_from(version).unwrap(); 16])];
            store.commit(Commit { grants, ..commit(of, version, 1) }).await.unwrap();
        }
    }
    let whole = store.records(9).await.unwrap();
    assert_eq!(whole.iter().map(|(_, records)| records.len()).collect::<Vec<_>>(), [2, 2]);
    let raw = rusqlite::Connection::open(home.folder.path().join("juba.db")).unwrap();
    raw.execute("UPDATE record SET body = x'00' WHERE no = (SELECT min(no) FROM record)", []).unwrap();
    assert_eq!(store.records(9).await.unwrap(), whole[1..]);
}

/// Parks texts for Ann, in this order.
async fn park(store: &SqliteStore, texts: &[&str]) -> ContactId {
    let ann = store.hash_key().contact(&conformance::address("ann"));
    for mid in texts {
        let parked = Parked { addressed: conformance::addressed(ann, mid, mid), arrived: NOON };
        store.park(vec![ToPark { of: ann, parked, note: None }]).await.unwrap();
    }
    ann
}

/// The ids of what is parked.
async fn parked(store: &SqliteStore, of: ContactId) -> Vec<EventId> {
    store.parked(of, 9).await.unwrap().iter().map(|it| it.addressed.envelope.id).collect()
}

#[tokio::test]
async fn a_damaged_envelope_that_was_parked_is_set_aside_and_listed_and_the_next_ones_go_on() {
    let home = Home::new();
    let store = home.store();
    let ann = park(&store, &["p1", "p2", "p3"]).await;
    let [p1, p2, p3] = ["p1", "p2", "p3"].map(|mid| EventId::derive("messenger", mid));
    let damage = "UPDATE parked SET body = substr(body, 1, 40) WHERE id = ?1";
    home.raw().execute(damage, [p2.as_bytes()]).unwrap();
    assert_eq!(parked(&store, ann).await, [p1, p3]);
    assert_eq!(store.places(&[ann]).await.unwrap()[0].parked, 2);
    let stuck = store.stuck(9).await.unwrap();
    assert!(
        matches!(&stuck[..], [Stuck::Event { aggregate, id, arrived: NOON, .. }] if *id == p2 && *aggregate == ann.into()),
        "{stuck:?}"
    );
    assert_eq!(store.overview().await.unwrap().set_aside, 1);
    store.forget_places(NOON).await.unwrap();
    assert_eq!(store.stuck(9).await.unwrap().len(), 1);
    // She asks to be forgotten; where she lives makes no difference.
    store.keep_records(ann.into(), vec![Record::Erased]).await.unwrap();
    assert_eq!(store.stuck(9).await.unwrap(), []);
    assert_eq!(parked(&store, ann).await, [p1, p3]);
}

#[tokio::test]
async fn a_damaged_envelope_that_was_parked_is_forgotten_in_time() {
    let home = Home::new();
    let store = home.store();
    let ann = park(&store, &["p1", "p2"]).await;
    home.raw().execute("UPDATE parked SET body = substr(body, 1, 40)", []).unwrap();
    assert_eq!(parked(&store, ann).await, []);
    assert_eq!(store.forget_places(NOON.plus(1)).await.unwrap(), 2);
    assert_eq!(store.stuck(9).await.unwrap(), []);
}

#[tokio::test]
async fn what_was_parked_under_another_key_waits_for_it_and_nothing_overtakes_it() {
    let home = Home::new();
    let store = home.store();
    let ann = park(&store, &["p1", "p2", "p3"]).await;
    let [p1, p2, p3] = ["p1", "p2", "p3"].map(|mid| EventId::derive("messenger", mid));
    let body: Vec<u8> = home
        .raw()
        .query_row("SELECT body FROM parked WHERE id = ?1", [p2.as_bytes()], |row| row.get(0))
        .unwrap();
    let put = |body: &[u8]| {
        let put = "UPDATE parked SET body = ?2 WHERE id = ?1";
        home.raw().execute(put, rusqlite::params![p2.as_bytes(), body]).unwrap();
    };
    // The key's id stands behind the schema.
    let mut other = body.clone();
    other[2] ^= 1;
    put(&other);
    assert_eq!(parked(&store, ann).await, [p1]);
    store.unpark(ann, &[p1]).await.unwrap();
    assert!(matches!(store.parked(ann, 9).await, Err(StoreError::Unreadable(_))));
    assert_eq!(store.stuck(9).await.unwrap(), []);
    put(&body);
    assert_eq!(parked(&store, ann).await, [p2, p3]);
}

#[tokio::test]
async fn who_lives_elsewhere_is_known_to() {
    let home = Home::new();
    let main = home.store();
    assert_eq!(main.regions().await.unwrap(), []);
    let admitted = main.admit(vec![text("ann", "a1", "1")], NOON).await.unwrap();
    assert_eq!(admitted.len(), 1);
    let ann = main.hash_key().contact(&conformance::address("ann"));
    let juba = answerbot_ports::conformance::region("juba");
    let here = answerbot_ports::regions::Region::main();
    let mark = answerbot_ports::conformance::mark(&juba, 1);
    main.mark(ann, &here, None, Some(&mark)).await.unwrap();
    assert_eq!(main.regions().await.unwrap(), [(juba.clone(), false)], "on the way");
    assert!(main.arrive(ann, &mark, None, NOON).await.unwrap());
    assert_eq!(main.regions().await.unwrap(), [(juba, true)]);
}
