//! What a ring costs. Figures, not a test: `cargo test --release -p answerbot-fleet --features nats measure -- --ignored
//! --nocapture`.

use std::sync::Arc;
use std::time::Duration;

use answerbot_ports::queue::Queue as _;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::server::{Server, next, process, ring};

const RINGS: u64 = 20_000;

fn told(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |part: usize| took[(took.len() - 1) * part / 1000];
    println!("{what}: p50 {:?}, p99 {:?}, p99.9 {:?}", at(500), at(990), at(999));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn measure_what_a_ring_costs() {
    let Some(server) = Server::any() else { return };
    let settings = server.settings();
    let (web, worker) = (Arc::new(process(&settings).await), process(&settings).await);

    // One after the other: what a webhook waits, and how long until a worker has it.
    let (mut confirmed, mut taken) = (Vec::new(), Vec::new());
    for number in 0..3_000 {
        let began = Instant::now();
        let put = async {
            web.ring(ring(number, 1)).await.unwrap();
            began.elapsed()
        };
        let take = async {
            let rung = next(&worker).await;
            let took = began.elapsed();
            rung.receipt.served();
            took
        };
        let (put, take) = tokio::join!(put, take);
        confirmed.push(put);
        taken.push(take);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    told("quiet, ring confirmed", confirmed);
    told("quiet, ring to next", taken);

    // At a steady 500 a second.
    let (put, mut taken) = (Arc::clone(&web), Vec::new());
    let sender = async move {
        let mut tick = tokio::time::interval(Duration::from_millis(2));
        for number in 0..5_000 {
            tick.tick().await;
            put.ring(ring(100_000 + number, 1)).await.unwrap();
        }
    };
    let taker = async {
        let mut tick = tokio::time::interval(Duration::from_millis(2));
        for _ in 0..5_000 {
            tick.tick().await;
            let began = Instant::now();
            next(&worker).await.receipt.served();
            taken.push(began.elapsed());
        }
    };
    tokio::join!(sender, taker);
    told("500 a second, wait in next (half of a period and more is idle)", taken);

    let mut stream = server.client().await.get_stream(&settings.stream).await.unwrap();
    // As fast as it goes: 64 rings under way, one taker.
    let room = Arc::new(Semaphore::new(64));
    let began = Instant::now();
    let put = Arc::clone(&web);
    let sender = async move {
        let mut all = tokio::task::JoinSet::new();
        for number in 0..RINGS {
            let (put, permit) = (Arc::clone(&put), Arc::clone(&room).acquire_owned().await.unwrap());
            all.spawn(async move {
                put.ring(ring(1_000_000 + number, 1)).await.unwrap();
                drop(permit);
            });
        }
        all.join_all().await;
        began.elapsed()
    };
    let taker = async {
        for _ in 0..RINGS {
            next(&worker).await.receipt.served();
        }
        // Acknowledged is what NATS has crossed out.
        while stream.info().await.unwrap().state.messages > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        began.elapsed()
    };
    let (sent, served) = tokio::join!(sender, taker);
    for (what, took) in [("confirmed", sent), ("taken and acknowledged", served)] {
        let rate = u128::from(RINGS) * 1000 / took.as_millis();
        println!("flood: {rate} rings a second {what}");
    }
}
