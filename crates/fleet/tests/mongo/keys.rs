//! Keys, releases, and events set aside.

use answerbot_core::contact::effect::Kind;
use answerbot_core::contact::event::Event;
use answerbot_fleet::mongo::{Access, ConnectError};
use answerbot_ports::conformance::{LEASED, address, commit, effect, text, want};
use answerbot_ports::regions::{Addressed, Directory as _, Parked, Parking, ToPark};
use answerbot_ports::reports::Reports;
use answerbot_ports::store::{Commit, FAILURES, Store, StoreError, Stuck};
use mongodb::bson::{Binary, doc, spec::BinarySubtype};

use super::home::{Home, NOON, admit, key};

#[tokio::test]
async fn a_rotated_key_opens_what_was_sealed_and_sealing_anew_needs_the_old_one_no_more() {
    let Some(home) = Home::new() else { return };
    let store = home.connect_with(&key(1), None, Access::Serve).await.unwrap();
    let (ann, _) = admit(&store, text("ann", "m1", "hello")).await;
    let open = vec![(effect(ann, 0, Kind::Alert, NOON), LEASED)];
    store.commit(Commit { open, ..commit(ann, 0, 0) }).await.unwrap();
    let envelope = text("ben", "m1", "hello");
    let ben = store.hash_key().contact(&address("ben"));
    let addressed = Addressed { aggregate: ben.into(), identity: Some(ben), envelope };
    let to_park = ToPark { of: ben, parked: Parked { addressed, arrived: NOON }, note: None };
    assert_eq!(store.park(vec![to_park]).await.unwrap(), [Parking::New]);
    let hash = store.hash_key();
    let refused = home.connect_with(&key(2), None, Access::Serve).await.err().unwrap();
    assert!(matches!(refused, ConnectError::Key(_)), "{refused}");
    let store = home.connect_with(&key(2), Some(&key(1)), Access::Serve).await.unwrap();
    assert_eq!(store.hash_key().key(), hash.key(), "people are found as before");
    assert_eq!(store.open(ann).await.unwrap().waiting.len(), 1);
    assert_eq!(store.reseal().await.unwrap(), 4, "a state, two envelopes, an effect");
    assert_eq!(store.reseal().await.unwrap(), 0);
    let store = home.connect_with(&key(2), None, Access::Serve).await.unwrap();
    let opened = store.open(ann).await.unwrap();
    assert_eq!(opened.waiting[0].envelope.event, Event::Text("hello".into()));
    home.leave().await;
}

#[tokio::test]
async fn a_store_that_needs_a_newer_release_is_refused_and_a_newer_one_alone_is_not() {
    let Some(home) = Home::new() else { return };
    let beside = home.connect_with(&key(1), None, Access::Beside).await.err().unwrap();
    assert!(matches!(beside, ConnectError::Older { found: 0, .. }), "{beside}");
    let store = home.store().await;
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    store.migrate().await.unwrap();
    home.connect_with(&key(1), None, Access::Beside).await.unwrap();
    let meta = home.raw("ab_meta").await;
    let set = |number: i64, needs: i64| doc! { "$set": { "number": number, "needs": needs } };
    meta.update_one(doc! { "_id": "schema" }, set(99, 1)).await.unwrap();
    home.connect_with(&key(1), None, Access::Serve).await.unwrap();
    assert_eq!(
        meta.find_one(doc! { "_id": "schema" }).await.unwrap().unwrap().get_i64("number").unwrap(),
        99
    );
    meta.update_one(doc! { "_id": "schema" }, set(99, 99)).await.unwrap();
    let refused = home.connect_with(&key(1), None, Access::Serve).await.err().unwrap();
    assert!(matches!(refused, ConnectError::Newer { needs: 99, .. }), "{refused}");
    home.leave().await;
}

#[tokio::test]
async fn several_that_start_at_once_agree_on_the_hash_key() {
    let Some(home) = Home::new() else { return };
    let (one, two, three) = tokio::join!(home.store(), home.store(), home.store());
    assert_eq!(one.hash_key().key(), two.hash_key().key());
    assert_eq!(one.hash_key().key(), three.hash_key().key());
    home.leave().await;
}

#[tokio::test]
async fn a_database_that_finds_other_people_is_refused_as_a_region() {
    let (Some(home), Some(other)) = (Home::new(), Home::new()) else { return };
    let hash = home.store().await.hash_key();
    other.store().await;
    let refused = other.member(&hash).await.err().unwrap();
    assert!(matches!(refused, ConnectError::OtherPeople), "{refused}");
    home.leave().await;
    other.leave().await;
}

#[tokio::test]
async fn a_damaged_envelope_is_set_aside_and_the_next_ones_go_on() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let (ann, first) = admit(&store, text("ann", "m1", "one")).await;
    admit(&store, text("ann", "m2", "two")).await;
    let raw = home.raw("ab_aggregates").await;
    let garbage = Binary { subtype: BinarySubtype::Generic, bytes: vec![0; 60] };
    let blob = raw.find_one(doc! {}).await.unwrap().unwrap();
    let mut bytes = blob.get_array("inbox").unwrap()[0]
        .as_document()
        .unwrap()
        .get_binary_generic("body")
        .unwrap()
        .clone();
    *bytes.last_mut().unwrap() ^= 1;
    let damaged = Binary { bytes, ..garbage };
    raw.update_one(doc! {}, doc! { "$set": { "inbox.0.body": damaged } }).await.unwrap();
    let opened = store.open(ann).await.unwrap();
    assert_eq!(opened.waiting.iter().map(|it| it.number).collect::<Vec<_>>(), [2]);
    let stuck = store.stuck(9).await.unwrap();
    assert!(matches!(&stuck[..], [Stuck::Event { id, .. }] if *id == first.envelope.id), "{stuck:?}");
    home.leave().await;
}

/// A release that knows more kinds of events ran beside this one.
#[tokio::test]
async fn an_event_of_another_release_waits_for_one_that_knows_it() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let (ann, first) = admit(&store, text("ann", "m1", "one")).await;
    let codec = answerbot_ports::codec::Codec::new(&key(1), None, std::sync::Arc::new(crate::outside::Real));
    let novel = codec.seal(1, first.envelope.id.as_bytes(), &"something new").unwrap();
    let body = Binary { subtype: BinarySubtype::Generic, bytes: novel };
    let raw = home.raw("ab_aggregates").await;
    raw.update_one(doc! {}, doc! { "$set": { "inbox.0.body": body } }).await.unwrap();
    assert!(matches!(store.open(ann).await, Err(StoreError::Unreadable(_))));
    assert_eq!(store.overview().await.unwrap().set_aside, 0);
    home.leave().await;
}

/// The key was changed, and this process was started before.
#[tokio::test]
async fn an_effect_that_cannot_be_read_here_is_left_to_who_can() {
    let Some(home) = Home::new() else { return };
    let old = home.store().await;
    let new = home.connect_with(&key(2), Some(&key(1)), Access::Serve).await.unwrap();
    let new = std::sync::Arc::new(new);
    let (ann, _) = admit(&new, text("ann", "m1", "one")).await;
    let it = effect(ann, 0, Kind::Alert, NOON);
    new.commit(Commit { open: vec![(it.clone(), None)], ..commit(ann, 0, 1) }).await.unwrap();
    for _ in 0..3 {
        assert_eq!(old.lease_due(&[want(Kind::Alert, 5)], NOON).await.unwrap(), []);
    }
    let leased = new.lease_due(&[want(Kind::Alert, 5)], NOON).await.unwrap();
    assert_eq!(leased.iter().map(|it| (it.effect.id, it.lost)).collect::<Vec<_>>(), [(it.id, 0)]);
    home.leave().await;
}

#[tokio::test]
async fn an_event_that_was_set_aside_goes_back_behind_what_waits() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let (ann, bad) = admit(&store, text("ann", "m1", "bad")).await;
    admit(&store, text("ann", "m2", "good")).await;
    for _ in 0..FAILURES {
        store.failed(ann, 1, "it panicked".into()).await.unwrap();
    }
    assert_eq!(store.failed(ann, 1, "again".into()).await.unwrap(), 0, "it waits no more");
    assert_eq!(store.overview().await.unwrap().set_aside, 1);
    assert!(store.revive_event(ann, bad.envelope.id, NOON).await.unwrap());
    assert!(!store.revive_event(ann, bad.envelope.id, NOON).await.unwrap());
    let waiting = store.open(ann).await.unwrap().waiting;
    let found: Vec<_> = waiting.iter().map(|it| (it.number, &it.envelope.event)).collect();
    assert_eq!(found, [(2, &Event::Text("good".into())), (3, &Event::Text("bad".into()))]);
    assert_eq!(store.overview().await.unwrap().set_aside, 0);
    home.leave().await;
}

#[tokio::test]
async fn a_server_that_is_away_is_told_as_such() {
    let codec = answerbot_ports::codec::Codec::new(&key(1), None, std::sync::Arc::new(crate::outside::Real));
    let config = answerbot_fleet::mongo::MongoConfig {
        uri: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200&socketTimeoutMS=5".into(),
        app_name: "answerbot-test".into(),
        commands: None,
    };
    let entropy = std::sync::Arc::new(crate::outside::Real);
    let refused = answerbot_fleet::mongo::MongoStore::connect(config, codec, entropy, Access::Serve).await;
    let refused = refused.err().unwrap();
    assert!(matches!(refused, ConnectError::Store(StoreError::Unavailable(_))), "{refused}");
}
