//! What MTN posted, in the file: sealed, counted, bounded.

use std::sync::Arc;

use answerbot_ports::codec::Codec;
use answerbot_ports::conformance::callback;
use answerbot_ports::store::{CALLBACK_BYTES, CALLBACKS, Callback, KeptCallback, Store};

use crate::support::{Home, NOON, Random, key};

/// Reference, digest, times, whether it was cut, and the sealed body.
type Row = ([u8; 16], [u8; 32], i64, bool, Vec<u8>);

fn rows(home: &Home) -> Vec<Row> {
    home.raw()
        .prepare("SELECT reference, digest, times, cut, body FROM callback ORDER BY no")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn total(home: &Home) -> (i64, i64) {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    home.raw().query_row("SELECT rows, bytes FROM callback_total", [], read).unwrap()
}

fn set_total(home: &Home, rows: u64, bytes: u64) {
    home.raw().execute("UPDATE callback_total SET rows = ?1, bytes = ?2", [rows, bytes]).unwrap();
}

#[tokio::test]
async fn fifty_one_times_the_same_is_one_row_and_no_word_of_it_can_be_read() {
    let home = Home::new();
    let store = home.store();
    let body = br#"{"payer":{"partyId":"211921234567"},"amount":"3000","status":"SUCCESSFUL"}"#;
    let it = Callback { body: body.to_vec(), cut: true, ..callback(1, 1) };
    for _ in 0..51 {
        store.keep_callback(it.clone(), NOON).await.unwrap();
    }
    let [(reference, digest, times, cut, sealed)] = &rows(&home)[..] else { panic!("{:?}", rows(&home)) };
    assert_eq!((*times, *cut), (51, true));
    let codec = Codec::new(&key(1), None, Arc::new(Random));
    let name = [&reference[..], &digest[..]].concat();
    assert_eq!(codec.open_bytes(1, &name, sealed).unwrap(), body, "its beginning and end are as they came");
    store.close();
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(home.database().parent().unwrap()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    for secret in ["211921234567", "SUCCESSFUL", "partyId"] {
        assert!(!bytes.windows(secret.len()).any(|it| it == secret.as_bytes()), "{secret} is readable");
    }
}

#[tokio::test]
async fn callbacks_are_sealed_anew_when_the_key_was_rotated() {
    let home = Home::new();
    let store = home.store_with(&key(1), None);
    for payment in 0..3 {
        store.keep_callback(callback(payment, 7), NOON).await.unwrap();
    }
    drop(store);
    let store = home.store_with(&key(2), Some(&key(1)));
    assert_eq!(store.reseal().await.unwrap(), 3);
    assert_eq!(store.reseal().await.unwrap(), 0);
    let codec = Codec::new(&key(2), None, Arc::new(Random));
    for (reference, digest, _, _, sealed) in rows(&home) {
        let name = [&reference[..], &digest[..]].concat();
        assert_eq!(codec.open_bytes(1, &name, &sealed).unwrap(), callback(0, 7).body);
    }
}

#[tokio::test]
async fn no_more_are_kept_than_there_is_room_for_whoever_posts() {
    let home = Home::new();
    let store = home.store();
    let keep = |payment, body| {
        let store = Arc::clone(&store);
        async move { store.keep_callback(callback(payment, body), NOON).await.unwrap() }
    };
    assert_eq!(keep(1, 1).await, KeptCallback::New);
    let size = i64::try_from(rows(&home)[0].4.len()).unwrap();
    assert_eq!(total(&home), (1, size));

    set_total(&home, CALLBACKS - 1, 0);
    assert_eq!(keep(2, 2).await, KeptCallback::New);
    assert_eq!(keep(3, 3).await, KeptCallback::Full, "by their number");
    assert_eq!(keep(2, 2).await, KeptCallback::Again, "what is there is still counted");

    set_total(&home, 0, CALLBACK_BYTES - u64::try_from(size).unwrap());
    assert_eq!(keep(4, 4).await, KeptCallback::New);
    assert_eq!(keep(5, 5).await, KeptCallback::Full, "by their bytes");
    assert_eq!(rows(&home).len(), 3);
}

#[tokio::test]
async fn what_is_forgotten_is_counted_no_more() {
    let home = Home::new();
    let store = home.store();
    // More than one write forgets.
    for number in 0..450_u32 {
        let payment = u8::try_from(1 + number % 20).unwrap();
        let after = i64::from(number >= 430);
        store.keep_callback(callback(payment, number), NOON.plus(after)).await.unwrap();
    }
    assert_eq!(total(&home).0, 450);
    assert_eq!(store.forget_callbacks(NOON.plus(1)).await.unwrap(), 430);
    assert_eq!((total(&home).0, rows(&home).len()), (20, 20));
    assert_eq!(store.forget_callbacks(NOON.plus(2)).await.unwrap(), 20);
    assert_eq!((total(&home), rows(&home)), ((0, 0), Vec::new()));
}

#[test]
fn the_secret_in_the_address_is_the_stores_own_and_stays() {
    let (home, other) = (Home::new(), Home::new());
    let secret = home.store().hash_key().callback_secret();
    assert!(secret.len() == 32 && secret.bytes().all(|it| it.is_ascii_hexdigit()), "{secret}");
    let after = home.store_with(&key(2), Some(&key(1))).hash_key();
    assert_eq!(after.callback_secret(), secret, "also after the encryption key was rotated");
    assert_ne!(other.store().hash_key().callback_secret(), secret);
    assert_ne!(after.callback_digest(b"one"), after.callback_digest(b"two"));
    assert_ne!(after.callback_digest(b"one"), other.store().hash_key().callback_digest(b"one"));
}
