//! One of two providers misbehaves: people are answered all the same, soon, and nearly nobody is asked twice.
//!
//! `scripts/soak providers` runs the same for longer.

use std::time::Duration;

use answerbot_sim::load::{self, Amount, LoadPlan};
use answerbot_sim::{AiBehaviour, AiFault, Config, Provider, World};

use crate::bot::{Bot, UNLIMITED};
use crate::kills::size;

/// How the first provider misbehaves, and within how many milliseconds the other one has to have answered.
struct Outage {
    name: &'static str,
    breaks: fn(&mut AiBehaviour),
    within_ms: f64,
}

/// The second provider's own time.
const ANSWERS_IN: Duration = Duration::from_millis(300);
/// On a busy machine, and with the sending of the answer.
const SLACK_MS: f64 = 700.0;

const OUTAGES: [Outage; 8] = [
    Outage { name: "hangs", breaks: |ai| ai.hang_rate = 1.0, within_ms: 9_000.0 },
    Outage { name: "half an answer, then silence", breaks: |ai| ai.half_rate = 1.0, within_ms: 9_000.0 },
    Outage { name: "cuts", breaks: |ai| ai.cut_rate = 1.0, within_ms: 1_000.0 },
    Outage { name: "answers 500", breaks: |ai| ai.error_rate = 1.0, within_ms: 1_000.0 },
    Outage { name: "an error in 200", breaks: |ai| ai.error_in_200_rate = 1.0, within_ms: 1_000.0 },
    Outage { name: "nothing", breaks: |ai| ai.empty_rate = 1.0, within_ms: 1_000.0 },
    Outage {
        name: "refuses the key",
        breaks: |ai| {
            ai.error_rate = 1.0;
            ai.error = AiFault::new(401, "authentication", "no");
        },
        within_ms: 1_000.0,
    },
    // Slower than anybody waits for: the first words come after twelve seconds.
    Outage { name: "is slow", breaks: |ai| ai.delay = Duration::from_secs(12), within_ms: 9_000.0 },
];

#[expect(clippy::print_stdout, reason = "the figures of a soak")]
async fn survives(outage: &Outage) {
    let questions = size("SOAK_QUESTIONS", 100);
    let world = World::start(Config::default()).await.unwrap();
    world.ai(|ai| {
        ai.delay = ANSWERS_IN;
        ai.canned = false;
    });
    let mut bot = Bot::new(&world, UNLIMITED);
    bot.set("OPENAI_BASE_URL", &world.openai_base_url());
    bot.set("OPENAI_API_KEY", "sim");
    bot.start().await;
    world.ai_of(Provider::OpenRouter, |ai| (outage.breaks)(ai));
    let plan = LoadPlan {
        users: 60,
        rate: 20.0,
        amount: Amount::Messages(questions),
        answer_wait: Duration::from_mins(1),
        ..LoadPlan::default()
    };
    let before = world.counts().ai_requests;
    let report = load::run_in(&world, plan).await.unwrap();
    let calls = world.counts().ai_requests - before;
    let name = outage.name;
    println!(
        "{name}: {} of {} answered, {calls} calls, answer {:?}",
        report.answered, report.asked, report.answer
    );
    assert!(report.is_sound(), "{name}: {report:#?}");
    assert_eq!((report.answered, report.apologised), (report.asked, 0), "{name}: {report:#?}");
    assert!(report.answer.max_ms < 25_000.0, "{name}: {:?}", report.answer);
    let fell_over = report.answer.max_ms - 300.0 - SLACK_MS;
    assert!(fell_over < outage.within_ms, "{name}: {:?}", report.answer);
    // In a short run the few calls that show the outage weigh more.
    if questions >= 1_000 {
        assert!(calls * 10 <= report.asked * 11, "{name}: {calls} calls for {} questions", report.asked);
    } else {
        assert!(calls <= report.asked + 55, "{name}: {calls} calls for {} questions", report.asked);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_one_provider_does_everybody_is_answered_and_hardly_a_call_is_lost() {
    for outage in &OUTAGES {
        survives(outage).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_people_who_ask_the_same_in_one_second_cost_one_call() {
    const OSMOSIS: &str = "What is osmosis?";
    let people = size("SOAK_SAME", 1_000);
    let (world, _bot) = Bot::in_a_world(UNLIMITED).await;
    world.ai(|ai| ai.delay = Duration::from_millis(500));
    for (text, heard) in [("hello", "automated"), ("yes", "ask me anything")] {
        all_say(&world, people, text).await;
        all_heard(&world, people, heard).await;
    }
    let began = tokio::time::Instant::now();
    all_say(&world, people, OSMOSIS).await;
    let asked_within = began.elapsed();
    all_heard(&world, people, "osmosis").await;
    println!("{people} asked within {asked_within:?}, all answered within {:?}", began.elapsed());
    let asked = world.ai_requests().into_iter().filter(|it| it.question() == OSMOSIS).count();
    assert_eq!(asked, 1);
}

fn same(number: u64) -> String {
    format!("same{number}")
}

/// Waits until everybody got a message with this text.
async fn all_heard(world: &World, people: u64, text: &str) {
    let has = |world: &World, number| world.sent_to(&same(number)).iter().any(|it| it.text.contains(text));
    let all = |world: &World| (0..people).all(|number| has(world, number));
    let waited = world.wait_until(Duration::from_mins(1), all).await;
    let not: Vec<u64> = (0..people).filter(|number| !has(world, *number)).collect();
    assert!(waited.is_ok(), "{text}: {} did not hear it, such as {:?}", not.len(), not.first());
}

/// Everybody says the same at once, and it is acknowledged.
async fn all_say(world: &World, people: u64, text: &'static str) {
    let mut saying = tokio::task::JoinSet::new();
    for number in 0..people {
        let world = world.clone();
        saying.spawn(async move { world.say(&same(number), text).await.unwrap() });
        if saying.len() >= 100 {
            assert_eq!(saying.join_next().await.unwrap().unwrap(), 200);
        }
    }
    while let Some(status) = saying.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
}
