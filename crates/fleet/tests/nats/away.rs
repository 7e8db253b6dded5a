//! NATS dies, says nothing, or loses what it had.

use std::time::Duration;

use answerbot_fleet::nats::{NatsError, NatsQueue, NatsSettings};
use answerbot_ports::queue::{Queue as _, RingLost};
use tokio::time::Instant;

use super::server::{Server, codec, next, process, ring, silence, until};

/// Long enough for a test's machine, and far from any time-out.
const AT_ONCE: Duration = Duration::from_millis(100);

#[tokio::test]
async fn it_dies_and_comes_back_and_rings_flow_again() {
    let Some(mut server) = Server::own() else { return };
    let settings = server.settings();
    let (web, worker) = (process(&settings).await, process(&settings).await);
    web.ring(ring(1, 1)).await.unwrap();
    next(&worker).await.receipt.served();
    for round in 2..4 {
        web.ring(ring(9, round)).await.unwrap();
        let held = next(&worker).await;
        server.kill();
        until("its death is known", || !web.is_up() && !worker.is_up()).await;
        let began = Instant::now();
        for number in 0..100 {
            assert_eq!(web.ring(ring(1, 1000 * round + number)).await, Err(RingLost));
        }
        println!("a hundred rings for a dead NATS took {:?}", began.elapsed());
        assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
        silence(&worker, Duration::from_secs(1)).await;
        server.revive();
        let began = Instant::now();
        while web.ring(ring(2, round)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut rung = next(&worker).await;
        while rung.ring != ring(2, round) {
            // It died before it wrote down that these were delivered, even served. Nothing that was refused comes.
            let before = [ring(1, 1), ring(2, 2), ring(9, 2), ring(9, 3)];
            assert!(before.contains(&rung.ring), "{:?}", rung.ring);
            rung.receipt.served();
            rung = next(&worker).await;
        }
        println!("rings flow {:?} after NATS was started again", began.elapsed());
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        rung.receipt.served();
        // What was taken before is served with the new one.
        held.receipt.served();
    }
    until("nothing is left", || web.depth() == 0).await;
}

#[tokio::test]
async fn a_start_without_nats_goes_on_and_finds_it_later() {
    let Some(mut server) = Server::own() else { return };
    server.kill();
    let began = Instant::now();
    let queue = NatsQueue::connect(server.settings(), codec(1)).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(queue.ring(ring(1, 1)).await, Err(RingLost));
    server.revive();
    until("NATS is there", || queue.is_up()).await;
    queue.ring(ring(1, 2)).await.unwrap();
    next(&queue).await.receipt.served();
}

/// A partition, or a leader that is being elected: connections stand and nothing is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_says_nothing_costs_few_webhooks_a_moment_and_the_others_nothing() {
    let Some(server) = Server::own() else { return };
    let settings = server.settings();
    let (web, worker) = (process(&settings).await, process(&settings).await);
    web.ring(ring(1, 1)).await.unwrap();
    next(&worker).await.receipt.served();
    server.signal("STOP");
    let began = Instant::now();
    let mut slow = 0;
    for number in 2..2000 {
        let began = Instant::now();
        assert_eq!(web.ring(ring(1, number)).await, Err(RingLost));
        assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
        slow += u32::from(began.elapsed() > AT_ONCE);
    }
    println!("2000 rings for a silent NATS took {:?}, {slow} of them long", began.elapsed());
    assert!(slow <= 4, "{slow} waited");
    server.signal("CONT");
    until("NATS is there", || web.is_up()).await;
    let began = Instant::now();
    while web.ring(ring(2, 1)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut rung = next(&worker).await;
    while rung.ring.aggregate != ring(2, 1).aggregate {
        // Those that were on their way when it stopped.
        rung.receipt.served();
        rung = next(&worker).await;
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    rung.receipt.served();
}

/// Its disk was not kept: nobody has to run `migrate` for rings to flow.
#[tokio::test]
async fn a_stream_that_is_gone_is_made_again() {
    let Some(server) = Server::any() else { return };
    let settings = server.settings();
    let (web, worker) = (process(&settings).await, process(&settings).await);
    web.ring(ring(1, 1)).await.unwrap();
    next(&worker).await.receipt.served();
    server.client().await.delete_stream(&settings.stream).await.unwrap();
    let began = Instant::now();
    while web.ring(ring(2, 1)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let rung = next(&worker).await;
    assert_eq!(rung.ring, ring(2, 1));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    rung.receipt.served();
}

#[tokio::test]
async fn an_address_that_is_none_is_told_without_its_words() {
    for url in ["", "nats://host:port", "nats://a:4222,,nats://b:4222"] {
        let error = NatsQueue::connect(NatsSettings::new(url, 1), codec(1)).await.err();
        assert!(matches!(error, Some(NatsError::BadUrl)), "{url}: {error:?}");
    }
}
