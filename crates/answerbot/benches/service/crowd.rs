//! With 100,000 people in the store: how long a person waits for an acknowledgement, the reply to a command, and an
//! answer that others asked for before.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use answerbot_sim::{Happening, clock};

use crate::child::{Service, lean_world};
use crate::generator::{self, Latencies};
use crate::{answers, figure};

const PEOPLE: usize = 100_000;
/// Of one run; each from another person.
const MESSAGES: usize = 6_000;
const A_SECOND: f64 = 200.0;
const KNOWN: &str = "How can I keep maize dry in the rain?";

/// What the message of this number asks for. One in four is a question that only the AI can answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Command,
    Known,
    New,
}

fn asked(number: usize) -> Asked {
    [Asked::Command, Asked::Known, Asked::Command, Asked::New][number % 4]
}

fn text(number: usize) -> String {
    match asked(number) {
        Asked::Command => "help".into(),
        Asked::Known => KNOWN.into(),
        Asked::New => format!("Question {number}: how deep do I plant sorghum?"),
    }
}

pub async fn crowded() {
    let world = lean_world(Duration::from_millis(800)).await;
    let (service, _) = Service::start(&world, &[], &[]).await;
    let config = world.config();
    answers::agree(&world, service.port, PEOPLE).await;
    figure("memory_with_100000_people", service.memory("VmRSS"), "MB", None);
    // Everybody has written once, long ago as the cache sees it; one of them asked what others will.
    let last = |_| PEOPLE - 1;
    let first = generator::texts(&config.app_secret, &config.page_id, "known", 1, last, |_| KNOWN.into());
    generator::flood(service.port, Arc::new(first), 1).await;
    answers::sent(&world, PEOPLE as u64 + 1).await;

    let mut heard = world.observe(None, 4 * MESSAGES);
    let asked_before = world.counts().ai_requests;
    // Far apart, so that no page of the store is warm because a neighbour was.
    let person = |number| number * 13 % (PEOPLE - 1);
    let requests = generator::texts(&config.app_secret, &config.page_id, "crowd", MESSAGES, person, text);
    let began = clock::now();
    let listen = async {
        let mut first: HashMap<String, Instant> = HashMap::new();
        while first.len() < MESSAGES {
            let Ok(Some(happening)) = tokio::time::timeout(Duration::from_secs(20), heard.recv()).await
            else {
                panic!("{} of {MESSAGES} got a reply", first.len())
            };
            if let Happening::Sent(user, _) = happening {
                first.entry(user.to_string()).or_insert_with(clock::now);
            }
        }
        first
    };
    let (acks, first) = tokio::join!(generator::pace(service.port, Arc::new(requests), A_SECOND), listen);
    let waited = |wanted: Asked| {
        let numbers = (0..MESSAGES).filter(|number| asked(*number) == wanted);
        Latencies::of(numbers.map(|number| {
            let due = began + Duration::from_secs_f64(number as f64 / A_SECOND);
            first[&generator::user(person(number))].saturating_duration_since(due)
        }))
    };
    assert!(
        world.counts().ai_requests - asked_before <= MESSAGES as u64 / 4 + 1,
        "a known question was asked"
    );
    figure("crowd_ack_p99", acks.percentile(99), "ms", Some(200.0));
    figure("crowd_command_p50", waited(Asked::Command).percentile(50), "ms", None);
    figure("crowd_command_p99", waited(Asked::Command).percentile(99), "ms", Some(200.0));
    figure("crowd_known_answer_p50", waited(Asked::Known).percentile(50), "ms", None);
    figure("crowd_known_answer_p99", waited(Asked::Known).percentile(99), "ms", Some(200.0));
    figure("crowd_new_answer_p99", waited(Asked::New).percentile(99), "ms", None);
}
