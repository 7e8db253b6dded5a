//! `migrate` makes stream and consumer, mends them, and says what it cannot mend.

use std::time::Duration;

use answerbot_fleet::nats::{Migrated, NatsError, NatsSettings, check, migrate};
use answerbot_ports::queue::{Queue as _, RingLost};
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};

use super::server::{Server, next, process, ring};

#[tokio::test]
async fn migrate_makes_what_is_missing_and_changes_what_differs() {
    let Some(server) = Server::any() else { return };
    let settings = server.settings();
    let missing = check(&settings).await.unwrap();
    assert_eq!(missing, [format!("the stream {} is not there", settings.stream)]);
    assert_eq!(migrate(&settings).await.unwrap(), Migrated { made: true, changed: Vec::new() });
    assert_eq!(migrate(&settings).await.unwrap(), Migrated::default());
    assert_eq!(check(&settings).await.unwrap(), Vec::<String>::new());

    let context = server.client().await;
    let mut stream = context.get_stream(&settings.stream).await.unwrap();
    let config = stream.info().await.unwrap().config.clone();
    assert_eq!(config.retention, RetentionPolicy::WorkQueue);
    assert_eq!(config.discard, DiscardPolicy::New);
    assert_eq!(config.storage, StorageType::File);
    assert_eq!((config.max_bytes, config.duplicate_window), (256 << 20, Duration::from_mins(2)));
    context
        .update_stream(Config { max_bytes: 1 << 20, discard: DiscardPolicy::Old, ..config })
        .await
        .unwrap();
    let consumer = pull::Config {
        durable_name: Some("workers".into()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: Duration::from_secs(5),
        max_ack_pending: 1,
        ..pull::Config::default()
    };
    stream.create_consumer(consumer).await.unwrap();
    let found = check(&settings).await.unwrap();
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(migrate(&settings).await.unwrap().changed, found);
    assert_eq!(check(&settings).await.unwrap(), Vec::<String>::new());

    stream.delete_consumer("workers").await.unwrap();
    assert_eq!(check(&settings).await.unwrap(), ["the consumer workers is not there"]);
    assert!(migrate(&settings).await.unwrap().made);
}

#[tokio::test]
async fn migrate_says_what_it_cannot_change() {
    let Some(server) = Server::any() else { return };
    let settings = server.settings();
    let context = server.client().await;
    let wrong = Config {
        name: settings.stream.clone(),
        subjects: vec![format!("{}.*", settings.subjects)],
        storage: StorageType::Memory,
        ..Config::default()
    };
    context.create_stream(wrong).await.unwrap();
    let Err(NatsError::Differs(told)) = migrate(&settings).await else { panic!("it is of another kind") };
    let told = told.join("\n");
    assert!(told.contains("storage is Memory, not File"), "{told}");
    assert!(told.contains("retention is Limits, not WorkQueue"), "{told}");
}

#[tokio::test]
async fn migrate_says_that_nobody_answers() {
    let error = migrate(&NatsSettings::new("nats://127.0.0.1:1", 1)).await.err();
    assert!(matches!(error, Some(NatsError::Away(_))), "{error:?}");
}

/// A paying majority or a flood fills it: whoever rings hears it at once, and what is in it stays.
#[tokio::test]
async fn a_full_stream_refuses_and_keeps_what_it_has() {
    let Some(server) = Server::any() else { return };
    let settings = NatsSettings { most_rings: Some(5), ..server.settings() };
    let queue = process(&settings).await;
    for number in 1..=5 {
        queue.ring(ring(number, 1)).await.unwrap();
    }
    for number in 6..20 {
        assert_eq!(queue.ring(ring(number, 1)).await, Err(RingLost));
    }
    assert!(queue.is_up(), "full is not away");
    for number in 1..=5 {
        let rung = next(&queue).await;
        assert_eq!(rung.ring, ring(number, 1));
        rung.receipt.served();
    }
}
