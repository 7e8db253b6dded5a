//! What every store must do.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use answerbot_local::SharedAnswers;
use answerbot_ports::conformance;
use mongodb::bson::{Binary, doc, spec::BinarySubtype};

use super::home::Home;

async fn in_time(suite: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_mins(2), suite).await.expect("a case waits for ever");
}

#[tokio::test]
async fn it_is_a_store() {
    let Some(home) = Home::new() else { return };
    in_time(conformance::store(home.store().await)).await;
    home.leave().await;
}

#[tokio::test]
async fn it_keeps_the_books() {
    let Some(home) = Home::new() else { return };
    in_time(conformance::books(home.store().await)).await;
    home.leave().await;
}

#[tokio::test]
async fn it_keeps_shared_answers() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let anew = || SharedAnswers::new(Arc::clone(&store) as _, 100_000);
    in_time(conformance::answers(anew(), anew)).await;
    home.leave().await;
}

#[tokio::test]
async fn it_is_a_directory() {
    let Some(home) = Home::new() else { return };
    in_time(conformance::directory(home.store().await)).await;
    home.leave().await;
}

#[tokio::test]
async fn what_is_parked_and_cannot_be_read_waits_or_is_set_aside() {
    let Some(home) = Home::new() else { return };
    let places = home.raw("ab_places").await;
    let change = |place: usize, change: fn(&mut Vec<u8>)| {
        let places = places.clone();
        async move {
            let some = doc! { "parked.0": { "$exists": true } };
            let found = places.find_one(some.clone()).await.unwrap().unwrap();
            let parked = found.get_array("parked").unwrap()[place].as_document().unwrap();
            let mut bytes = parked.get_binary_generic("body").unwrap().clone();
            change(&mut bytes);
            let body = Binary { subtype: BinarySubtype::Generic, bytes };
            let set = doc! { "$set": { format!("parked.{place}.body"): body } };
            places.update_one(some, set).await.unwrap();
        }
    };
    in_time(conformance::unreadable(home.store().await, change)).await;
    assert_eq!(places.count_documents(doc! {}).await.unwrap(), 0, "nothing is left of it");
    home.leave().await;
}

#[tokio::test]
async fn it_is_the_store_of_a_region() {
    let (Some(main), Some(region)) = (Home::new(), Home::new()) else { return };
    let directory = main.store().await;
    let store = Arc::new(region.member(&directory.hash_key()).await.unwrap());
    in_time(conformance::member(store, directory)).await;
    main.leave().await;
    region.leave().await;
}

#[tokio::test]
async fn the_store_of_a_region_is_a_store() {
    let (Some(main), Some(region)) = (Home::new(), Home::new()) else { return };
    let hash = main.store().await.hash_key();
    in_time(conformance::store(Arc::new(region.member(&hash).await.unwrap()))).await;
    main.leave().await;
    region.leave().await;
}

#[tokio::test]
async fn people_move_between_it_and_a_file() {
    let Some(home) = Home::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let directory = home.store().await;
    let codec =
        answerbot_ports::codec::Codec::new(&super::home::key(1), None, Arc::new(crate::outside::Real));
    let path = folder.path().join("juba.db");
    let access = answerbot_local::Access::Serve;
    let file =
        answerbot_local::SqliteStore::open_member(&path, access, codec, &directory.hash_key()).unwrap();
    in_time(conformance::member(Arc::new(file), directory)).await;
    home.leave().await;
}
