//! What is parked and cannot be read.

use answerbot_core::{ContactId, EventId};
use answerbot_fleet::mongo::MongoStore;
use answerbot_ports::conformance::{address, addressed};
use answerbot_ports::regions::{Directory as _, Member as _, Parked, Record, ToPark};
use answerbot_ports::reports::Reports as _;
use answerbot_ports::store::{StoreError, Stuck};
use mongodb::bson::{Binary, doc, spec::BinarySubtype};

use super::home::{Home, NOON};

/// Parks texts for Ann, in this order.
async fn park(store: &MongoStore, texts: &[&str]) -> ContactId {
    let ann = store.hash_key().contact(&address("ann"));
    for mid in texts {
        let parked = Parked { addressed: addressed(ann, mid, mid), arrived: NOON };
        store.park(vec![ToPark { of: ann, parked, note: None }]).await.unwrap();
    }
    ann
}

/// The ids of what is parked.
async fn parked(store: &MongoStore, of: ContactId) -> Vec<EventId> {
    store.parked(of, 9).await.unwrap().iter().map(|it| it.addressed.envelope.id).collect()
}

/// Changes the body of one of them.
async fn change(home: &Home, index: usize, change: impl Fn(&mut Vec<u8>)) {
    let places = home.raw("ab_places").await;
    let place = places.find_one(doc! {}).await.unwrap().unwrap();
    let parked = place.get_array("parked").unwrap()[index].as_document().unwrap();
    let mut bytes = parked.get_binary_generic("body").unwrap().clone();
    change(&mut bytes);
    let body = Binary { subtype: BinarySubtype::Generic, bytes };
    places.update_one(doc! {}, doc! { "$set": { format!("parked.{index}.body"): body } }).await.unwrap();
}

#[tokio::test]
async fn a_damaged_envelope_that_was_parked_is_set_aside_and_listed_and_the_next_ones_go_on() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let ann = park(&store, &["p1", "p2", "p3"]).await;
    let [p1, p2, p3] = ["p1", "p2", "p3"].map(|mid| EventId::derive("messenger", mid));
    change(&home, 1, |body| body.truncate(40)).await;
    assert_eq!(parked(&store, ann).await, [p1, p3]);
    assert_eq!(store.places(&[ann]).await.unwrap()[0].parked, 2);
    let stuck = store.stuck(9).await.unwrap();
    assert!(
        matches!(&stuck[..], [Stuck::Event { aggregate, id, arrived: NOON, .. }] if *id == p2 && *aggregate == ann.into()),
        "{stuck:?}"
    );
    assert_eq!(store.overview().await.unwrap().set_aside, 1);
    // It stays listed when all else has gone on.
    store.unpark(ann, &[p1, p3]).await.unwrap();
    assert_eq!(store.waiting(None, 9).await.unwrap(), []);
    assert_eq!(store.stuck(9).await.unwrap(), stuck);
    store.forget_places(NOON).await.unwrap();
    assert_eq!(store.stuck(9).await.unwrap().len(), 1);
    // She asks to be forgotten; where she lives makes no difference.
    store.keep_records(ann.into(), vec![Record::Erased]).await.unwrap();
    assert_eq!(store.stuck(9).await.unwrap(), []);
    assert_eq!(home.raw("ab_places").await.count_documents(doc! {}).await.unwrap(), 0);
    home.leave().await;
}

#[tokio::test]
async fn a_damaged_envelope_that_was_parked_is_forgotten_in_time() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let ann = park(&store, &["p1"]).await;
    change(&home, 0, |body| body.truncate(40)).await;
    assert_eq!(parked(&store, ann).await, []);
    assert_eq!(store.forget_places(NOON.plus(1)).await.unwrap(), 1);
    assert_eq!(store.stuck(9).await.unwrap(), []);
    assert_eq!(home.raw("ab_places").await.count_documents(doc! {}).await.unwrap(), 0);
    home.leave().await;
}

#[tokio::test]
async fn what_was_parked_under_another_key_waits_for_it_and_nothing_overtakes_it() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let ann = park(&store, &["p1", "p2", "p3"]).await;
    let [p1, p2, p3] = ["p1", "p2", "p3"].map(|mid| EventId::derive("messenger", mid));
    // The key's id stands behind the schema.
    let other_key = |body: &mut Vec<u8>| body[2] ^= 1;
    change(&home, 1, other_key).await;
    assert_eq!(parked(&store, ann).await, [p1]);
    store.unpark(ann, &[p1]).await.unwrap();
    assert!(matches!(store.parked(ann, 9).await, Err(StoreError::Unreadable(_))));
    assert_eq!(store.stuck(9).await.unwrap(), []);
    change(&home, 0, other_key).await;
    assert_eq!(parked(&store, ann).await, [p2, p3]);
    home.leave().await;
}
