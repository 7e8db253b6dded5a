//! Texts go when their time is over, also those of people who write no more.

use std::sync::atomic::Ordering;
use std::time::Duration;

use answerbot_core::time::HOUR;
use answerbot_ports::store::Store;

use crate::world::{Machine, address};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_talk_of_a_person_who_writes_no_more_is_gone_after_its_day() {
    let machine = Machine::new();
    let process = machine.start();
    process.agrees("ann").await;
    process.says("ann", "q1", "What is malaria?").await;
    process.answered("ann", "What is malaria?").await;
    let ann = process.store.hash_key().contact(&address("ann")).into();
    process.stop(Duration::from_secs(5)).await;

    // Still there on the same day, and after a restart.
    let process = machine.start();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(process.store.open(ann).await.unwrap().state.as_contact().unwrap().memory.len(), 1);
    process.stop(Duration::from_secs(5)).await;

    machine.outside.clock_ahead_ms.store(49 * HOUR, Ordering::SeqCst);
    let process = machine.start();
    let gone = async {
        while !process.store.open(ann).await.unwrap().state.as_contact().unwrap().memory.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(10), gone).await.is_ok(), "the talk is still kept");
    // Who she is and how many questions she asked stays.
    let kept = process.store.open(ann).await.unwrap().state.as_contact().unwrap().clone();
    assert!(kept.consent.is_some() && kept.identities[0].free.used == 1);
    assert!(process.store.overdue_texts(answerbot_core::JubaDay(i32::MAX), 9).await.unwrap().is_empty());
}
