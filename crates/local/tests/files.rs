//! The lock, copies and putting one back.

use answerbot_core::AggregateId;
use answerbot_local::sqlite::{BackupError, Lock, backup, restore, verify};
use answerbot_local::{Access, SqliteStore};
use answerbot_ports::codec::Codec;
use answerbot_ports::conformance::{address, text};
use answerbot_ports::store::{Admission, Store};

use crate::support::{Home, NOON, Random, key};

#[test]
fn a_second_serve_is_refused_and_another_command_is_not() {
    let home = Home::new();
    let _first = home.store();
    let codec = || Codec::new(&key(1), None, std::sync::Arc::new(Random));
    let second = SqliteStore::open(&home.database(), Access::Serve, codec(), &Random);
    assert!(second.err().unwrap().to_string().contains("in use"));
    SqliteStore::open(&home.database(), Access::Beside, codec(), &Random).unwrap();
}

#[test]
fn the_lock_is_free_again_when_its_holder_is_gone() {
    let home = Home::new();
    drop(home.store());
    drop(Lock::take(&home.database()).unwrap());
    drop(home.store());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_while_it_runs_can_be_put_back() {
    let home = Home::new();
    let store = home.store();
    store.admit(vec![text("ann", "a1", "before the copy")], NOON).await.unwrap();
    let copy = home.folder.path().join("copy.db");
    backup(&home.database(), &copy).unwrap();
    store.admit(vec![text("ann", "a2", "after the copy")], NOON).await.unwrap();
    assert!(
        matches!(restore(&copy, &home.database()), Err(BackupError::Lock(_))),
        "not under a running serve"
    );
    drop(store);

    let kept = restore(&copy, &home.database()).unwrap().unwrap();
    let store = home.store();
    let ann: AggregateId = store.hash_key().contact(&address("ann")).into();
    assert_eq!(store.open(ann).await.unwrap().waiting.len(), 1);
    let again = store.admit(vec![text("ann", "a2", "after the copy")], NOON).await.unwrap();
    assert!(matches!(again[0], Admission::New { .. }), "what the copy lacks can come again");
    verify(&kept).unwrap();
    assert!(matches!(backup(&home.database(), &copy), Err(BackupError::Exists(_))));
}

#[test]
fn a_damaged_copy_is_refused_and_changes_nothing() {
    let home = Home::new();
    drop(home.store());
    let bad = home.folder.path().join("bad.db");
    std::fs::write(&bad, b"no database at all, but long enough to be read as one").unwrap();
    assert!(restore(&bad, &home.database()).is_err());
    let mut torn = std::fs::read(home.database()).unwrap();
    torn.truncate(torn.len() / 2);
    std::fs::write(&bad, torn).unwrap();
    assert!(restore(&bad, &home.database()).is_err());
    drop(home.store());
}

#[test]
fn a_copy_can_be_put_in_the_place_of_a_ruin_while_somebody_reads_it() {
    let home = Home::new();
    drop(home.store());
    let copy = home.folder.path().join("copy.db");
    backup(&home.database(), &copy).unwrap();
    let _reader = home.raw();
    std::fs::write(home.database(), b"a ruin").unwrap();
    let kept = restore(&copy, &home.database()).unwrap().unwrap();
    assert_eq!(std::fs::read(kept).unwrap(), b"a ruin");
    drop(home.store());
}

#[test]
fn a_database_of_a_newer_release_is_not_touched() {
    let home = Home::new();
    drop(home.store());
    home.raw().pragma_update(None, "user_version", 99).unwrap();
    let codec = Codec::new(&key(1), None, std::sync::Arc::new(Random));
    let refused = SqliteStore::open(&home.database(), Access::Serve, codec, &Random);
    assert!(refused.err().unwrap().to_string().contains("newer release"));
}
