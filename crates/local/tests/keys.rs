//! Sealing, rotation of the encryption key, and the hash key that never changes.

use answerbot_core::AggregateId;
use std::sync::Arc;

use answerbot_core::Contact;
use answerbot_core::contact::Turn;
use answerbot_core::contact::event::Event;
use answerbot_local::{Access, SqliteStore};
use answerbot_ports::codec::{Codec, CodecError};
use answerbot_ports::conformance::{address, commit, text};
use answerbot_ports::keys::Key;
use answerbot_ports::store::{Commit, Store};

use crate::support::{Home, NOON, Random, key};

#[tokio::test]
async fn no_text_and_no_platform_id_stands_in_the_file() {
    let home = Home::new();
    let store = home.store();
    store.admit(vec![text("psid-4711", "mid-0815", "my secret question")], NOON).await.unwrap();
    let id: AggregateId = store.hash_key().contact(&address("psid-4711")).into();
    let turn = Turn { question: "my secret question".into(), answer: "my secret answer".into(), at: NOON };
    let state = Contact { memory: [turn].into(), ..Contact::default() };
    store.commit(Commit { state: Arc::new(state.into()), ..commit(id, 0, 0) }).await.unwrap();
    store.close();
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(home.database().parent().unwrap()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    for secret in ["my secret question", "my secret answer", "psid-4711", "mid-0815"] {
        assert!(!bytes.windows(secret.len()).any(|it| it == secret.as_bytes()), "{secret} is readable");
    }
}

#[tokio::test]
async fn after_the_key_was_rotated_old_texts_are_read_and_people_are_found() {
    let home = Home::new();
    let store = home.store_with(&key(1), None);
    store.admit(vec![text("ann", "a1", "before")], NOON).await.unwrap();
    let before: AggregateId = store.hash_key().contact(&address("ann")).into();
    drop(store);

    let store = home.store_with(&key(2), Some(&key(1)));
    assert_eq!(AggregateId::from(store.hash_key().contact(&address("ann"))), before);
    store.admit(vec![text("ann", "a2", "after")], NOON).await.unwrap();
    let waiting = store.open(before).await.unwrap().waiting;
    assert_eq!(waiting.len(), 2);
    assert_eq!(waiting[0].envelope.event, Event::Text("before".into()));
    assert!(store.reseal().await.unwrap() > 0);
    assert_eq!(store.reseal().await.unwrap(), 0);
    drop(store);

    let store = home.store_with(&key(2), None);
    assert_eq!(store.open(before).await.unwrap().waiting.len(), 2, "the old key is not needed any more");
}

#[test]
fn another_key_is_refused_at_the_start() {
    let home = Home::new();
    drop(home.store_with(&key(1), None));
    let codec = Codec::new(&key(9), None, Arc::new(Random));
    let refused = SqliteStore::open(&home.database(), Access::Serve, codec, &Random);
    assert!(refused.err().unwrap().to_string().contains("ENCRYPTION_KEY_OLD"));
}

#[test]
fn a_blob_that_was_changed_moved_or_cut_does_not_open() {
    let codec = Codec::new(&key(1), None, Arc::new(Random));
    let blob = codec.seal(1, b"row 1", &"text").unwrap();
    assert_eq!(codec.open::<String>(1, b"row 1", &blob).unwrap(), "text");
    assert_eq!(codec.open::<String>(1, b"row 2", &blob), Err(CodecError::Damaged));
    assert_eq!(codec.open::<String>(0, b"row 1", &blob), Err(CodecError::Newer { found: 1, known: 0 }));
    for cut in 0..blob.len() {
        assert!(codec.open::<String>(1, b"row 1", &blob[..cut]).is_err());
    }
    for at in 6..blob.len() {
        let mut changed = blob.clone();
        changed[at] ^= 1;
        assert_eq!(codec.open::<String>(1, b"row 1", &changed), Err(CodecError::Damaged));
    }
}

#[test]
fn a_key_is_read_from_base64_and_hex_and_never_shown() {
    let hex = "00".repeat(31) + "ff";
    let base64 = Key::parse(&hex).unwrap().to_base64();
    assert_eq!(Key::parse(&hex).unwrap(), Key::parse(&base64).unwrap());
    assert!(Key::parse("short").is_err());
    assert!(Key::parse(&"zz".repeat(32)).is_err());
    assert!(!format!("{:?}", key(255)).contains("255"));
}
