//! Files as the stores of regions.

use std::sync::Arc;

use answerbot_core::PaymentId;
use answerbot_local::{Access, SqliteStore};
use answerbot_ports::codec::Codec;
use answerbot_ports::conformance::{self, commit, text};
use answerbot_ports::keys::HashKey;
use answerbot_ports::regions::{Directory as _, Member as _};
use answerbot_ports::store::{Commit, Store as _};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_parked_and_cannot_be_read_waits_or_is_set_aside() {
    let home = Home::new();
    let change = |place: usize, change: fn(&mut Vec<u8>)| {
        let raw = home.raw();
        let one = "SELECT no, body FROM parked ORDER BY no LIMIT 1 OFFSET ?1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?));
        let (no, mut body) = raw.query_row(one, [i64::try_from(place).unwrap()], read).unwrap();
        change(&mut body);
        raw.execute("UPDATE parked SET body = ?2 WHERE no = ?1", rusqlite::params![no, body]).unwrap();
        std::future::ready(())
    };
    conformance::unreadable(home.store(), change).await;
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
