//! Answers: how many a second, what each costs, and what stands in memory meanwhile.

use std::sync::Arc;
use std::time::Duration;

use answerbot_sim::World;

use crate::child::{Service, lean_world};
use crate::{figure, generator};

const PEOPLE: usize = 500;

/// Everybody agrees; what is sent for that is over before anything is measured.
pub async fn agree(world: &World, port: u16, people: usize) {
    let config = world.config();
    let taps = generator::taps(&config.app_secret, &config.page_id, "I_AGREE", people);
    generator::flood(port, Arc::new(taps), 64).await;
    sent(world, people as u64).await;
}

/// Waits until the world accepted so many messages.
pub async fn sent(world: &World, count: u64) {
    // A world that records nothing tells nobody of its changes, so this looks.
    let done = async {
        while world.counts().sent < count {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_mins(2), done).await.is_ok(),
        "{:?} of {count}",
        world.counts()
    );
}

/// The first answer of each person is followed by the question where they live; this gets it out of the way.
pub async fn warm_up(world: &World, port: u16, people: usize) {
    let config = world.config();
    let first = generator::questions(&config.app_secret, &config.page_id, "first", people, people);
    let before = world.counts().sent;
    generator::flood(port, Arc::new(first), 32).await;
    sent(world, before + 2 * people as u64).await;
}

pub async fn idle() {
    let world = lean_world(Duration::ZERO).await;
    let (service, ready) = Service::start(&world, &[], &[]).await;
    figure("ready_after", ready.as_secs_f64(), "s", Some(0.2));
    tokio::time::sleep(Duration::from_secs(1)).await;
    figure("memory_idle", service.memory("VmRSS"), "MB", Some(30.0));
}

/// Durable writes and reads of an answered question, one at a time for warm people.
pub async fn counted() {
    const QUESTIONS: usize = 200;
    let world = lean_world(Duration::ZERO).await;
    let (service, _) = Service::start(&world, &[], &[]).await;
    agree(&world, service.port, PEOPLE).await;
    warm_up(&world, service.port, PEOPLE).await;
    let config = world.config();
    let requests = generator::questions(&config.app_secret, &config.page_id, "counted", PEOPLE, QUESTIONS);
    let (writes, reads) =
        (service.metric("store_writes_total").await, service.metric("store_reads_total").await);
    let before = world.counts().sent;
    generator::pace(service.port, Arc::new(requests), 100.0).await;
    sent(&world, before + QUESTIONS as u64).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let writes = service.metric("store_writes_total").await - writes;
    // The sweeper reads on its timer, whatever people do.
    let reads = service.metric("store_reads_total").await - reads;
    figure("writes_per_answer_warm", writes / QUESTIONS as f64, "writes", Some(4.0));
    figure("reads_per_answer_warm", reads / QUESTIONS as f64, "reads", Some(0.0));
}

/// The whole pipeline as fast as it goes, with an AI that answers at once.
pub async fn saturated() {
    const QUESTIONS: usize = 20_000;
    let world = lean_world(Duration::ZERO).await;
    let (service, _) = Service::start(&world, &[], &[]).await;
    agree(&world, service.port, PEOPLE).await;
    warm_up(&world, service.port, PEOPLE).await;
    let config = world.config();
    let requests = generator::questions(&config.app_secret, &config.page_id, "all", PEOPLE, QUESTIONS);
    let (before, cpu, actions) = (world.counts().sent, service.cpu(), world.counts().actions);
    let began = answerbot_sim::clock::now();
    let flood = generator::flood(service.port, Arc::new(requests), 64);
    tokio::join!(flood, sent(&world, before + QUESTIONS as u64));
    let seconds = began.elapsed().as_secs_f64();
    figure("answers_a_second", QUESTIONS as f64 / seconds, "1/s", Some(4_000.0));
    let cpu = service.cpu().saturating_sub(cpu).as_secs_f64() * 1e3 / QUESTIONS as f64;
    figure("cpu_per_answer_at_saturation", cpu, "ms", Some(0.3));
    let hints = (world.counts().actions - actions) as f64 / QUESTIONS as f64;
    figure("hints_per_answer_at_saturation", hints, "calls", None);
}

/// How long an acknowledgement takes while the workers are at work.
pub async fn acks_under_work() {
    let world = lean_world(Duration::ZERO).await;
    let (service, _) = Service::start(&world, &[], &[]).await;
    agree(&world, service.port, PEOPLE).await;
    warm_up(&world, service.port, PEOPLE).await;
    let config = world.config();
    let requests = generator::questions(&config.app_secret, &config.page_id, "work", PEOPLE, 15_000);
    let cpu = service.cpu();
    let latencies = generator::pace(service.port, Arc::new(requests), 1_500.0).await;
    figure("ack_p50_at_1500_a_second_workers_running", latencies.percentile(50), "ms", None);
    figure("ack_p99_at_1500_a_second_workers_running", latencies.percentile(99), "ms", Some(20.0));
    let cpu = service.cpu().saturating_sub(cpu).as_secs_f64() * 1e3 / 15_000.0;
    figure("cpu_per_answer_at_1500_a_second", cpu, "ms", None);
}

/// A thousand answers in flight, 0.8 s each.
pub async fn in_flight() {
    let world = lean_world(Duration::from_millis(800)).await;
    let (service, _) = Service::start(&world, &[], &[("AI_SLOTS", "1100")]).await;
    let config = world.config();
    // As many people as answers: one contact has one question at the AI at a time.
    let people = 12_000;
    agree(&world, service.port, people).await;
    let requests = generator::questions(&config.app_secret, &config.page_id, "flight", people, people);
    let pace = generator::pace(service.port, Arc::new(requests), 1_250.0);
    let watch = async {
        let mut most = (0.0_f64, 0.0_f64);
        for _ in 0..40 {
            tokio::time::sleep(Duration::from_millis(230)).await;
            most.0 = most.0.max(service.memory("VmRSS"));
            most.1 =
                most.1.max(world.counts().ai_requests as f64 - world.counts().sent as f64 + people as f64);
        }
        most.0
    };
    let (_, memory) = tokio::join!(pace, watch);
    figure("memory_at_1000_answers_in_flight", memory, "MB", Some(100.0));
}
