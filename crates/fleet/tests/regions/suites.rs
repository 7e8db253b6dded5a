//! A store over several is a store like any other, wherever its people live.

use std::sync::Arc;

use answerbot_fleet::regions::{Door, Opens, Regional, Setup};
use answerbot_ports::conformance::region;
use answerbot_ports::regions::Depot;
use answerbot_ports::store::{Store as _, StoreError};
use async_trait::async_trait;
use parking_lot::Mutex;

use super::support::{JUBA, World, number, says};
use crate::outside::Real;

/// Everybody of the suites lives in Juba before they write.
async fn all_in_juba(world: &World) {
    let users = [
        "ann", "ben", "carl", "dora", "eve", "fay", "gil", "hal", "ida", "jon", "kim", "lea", "max", "nia",
        "ole", "ole2", "pat", "rob", "sue", "vic", "wim", "xia", "yan", "zoe", "abe",
    ];
    for user in users {
        let (who, juba) = (world.who(user), region(JUBA));
        world.arrives(who, &juba).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_a_store_with_everybody_in_the_main_one() {
    answerbot_ports::conformance::store(World::new().regional()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_a_store_with_everybody_in_a_region() {
    let world = World::new();
    all_in_juba(&world).await;
    answerbot_ports::conformance::store(world.regional()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_books_are_books() {
    answerbot_ports::conformance::books(World::new().regional()).await;
}

/// A region whose store is not there when the process begins.
struct Late(Mutex<Option<Arc<dyn Depot>>>);

#[async_trait]
impl Opens for Late {
    async fn open(&self) -> Result<Arc<dyn Depot>, StoreError> {
        let depot = self.0.lock().clone();
        depot.ok_or_else(|| StoreError::Unavailable("there is no such file yet".into()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_may_be_opened_later() {
    let world = World::new();
    all_in_juba(&world).await;
    let late = Arc::new(Late(Mutex::new(None)));
    let regional = Arc::new(Regional::new(Setup {
        main: Arc::clone(&world.main) as Arc<dyn Depot>,
        regions: vec![(region(JUBA), Door::Later(Arc::clone(&late) as Arc<dyn Opens>))],
        hash_key: world.main.hash_key(),
        clock: Arc::new(Real),
        entropy: Arc::new(Real),
        queue: None,
    }));
    assert_eq!(number(&says(&regional, "ann", "a1", "1").await), 0);
    regional.look_after().await.unwrap();
    assert!(regional.open(world.who("ann").into()).await.is_err());
    *late.0.lock() = Some(Arc::clone(&world.juba) as Arc<dyn Depot>);
    let opened = async {
        while regional.open(world.who("ann").into()).await.map_or(0, |it| it.waiting.len()) != 1 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            regional.look_after().await.unwrap();
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), opened).await.expect("what was parked goes on");
}
