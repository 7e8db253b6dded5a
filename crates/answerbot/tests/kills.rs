//! SIGKILL at random moments, and everything delivered three times: nothing is lost, order is kept.
//!
//! `scripts/soak` runs the same with its sizes from the environment; here they are short.

use std::time::Duration;

use answerbot_sim::clock::Dice;
use answerbot_sim::load::{self, Amount, LoadPlan, LoadReport};
use answerbot_sim::{Config, World};
use tokio_util::sync::CancellationToken;

use crate::bot::{Bot, UNLIMITED};

/// A size from the environment, or the short one.
#[expect(clippy::disallowed_methods, reason = "the sizes of a soak come from its script")]
pub fn size(name: &str, short: u64) -> u64 {
    std::env::var(name).ok().and_then(|it| it.parse().ok()).unwrap_or(short)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_it_loses_nothing_and_keeps_each_persons_order() {
    let seed = size("SOAK_SEED", answerbot_sim::clock::fresh_seed());
    let messages = size("SOAK_MESSAGES", 500);
    let world =
        World::start(Config { retry_pause: Duration::from_millis(200), ..Config::default() }).await.unwrap();
    world.ai(|ai| {
        ai.delay = Duration::from_millis(200);
        ai.canned = false;
    });
    let mut bot = Bot::new(&world, UNLIMITED);
    bot.start().await;
    let plan = LoadPlan {
        users: u32::try_from(size("SOAK_PEOPLE", 50)).unwrap(),
        rate: f64::from(u32::try_from(size("SOAK_RATE", 50)).unwrap()),
        amount: Amount::Messages(messages),
        answer_wait: Duration::from_secs(90),
        seed,
        ..LoadPlan::default()
    };
    let done = CancellationToken::new();
    let load = {
        let (world, done) = (world.clone(), done.clone());
        async move {
            let report = load::run_in(&world, plan).await.unwrap();
            done.cancel();
            report
        }
    };
    let killing = async {
        let dice = Dice::new(seed);
        let (mut kills, mut at_work) = (0, 0);
        let mut repeated = 0;
        loop {
            let pause = 500 + dice.roll() % 2_500;
            tokio::select! {
                () = done.cancelled() => return (kills, at_work, repeated + bot.metric("sends_possibly_repeated_total").await),
                () = tokio::time::sleep(Duration::from_millis(pause)) => {}
            }
            let busy = bot.metric("effects_performed_total").await;
            repeated += bot.metric("sends_possibly_repeated_total").await;
            bot.kill();
            kills += 1;
            at_work += u32::from(busy > 0);
            bot.start().await;
        }
    };
    let (report, (kills, at_work, possible)): (LoadReport, _) = tokio::join!(load, killing);
    println!("seed {seed}, {kills} kills, {at_work} of them at work, {possible} sends possibly repeated");
    println!("{report:?}");
    assert!(report.is_sound(), "seed {seed}: {report:?}");
    assert_eq!(report.acked, messages, "seed {seed}");
    assert_eq!(report.answered, messages, "seed {seed}");
    assert!(report.repeated <= possible, "seed {seed}: more repeats than were counted");
    assert!(kills > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn delivered_three_times_shuffled_each_question_is_answered_once() {
    let (world, bot) = Bot::in_a_world(UNLIMITED).await;
    let plan = LoadPlan {
        users: 40,
        rate: 200.0,
        amount: Amount::Messages(size("SOAK_TRIPLES", 400)),
        deliveries: 3,
        seed: 7,
        ..LoadPlan::default()
    };
    let messages = size("SOAK_TRIPLES", 400);
    let report = load::run_in(&world, plan).await.unwrap();
    assert!(report.is_sound() && report.repeated == 0, "{report:?}");
    assert_eq!(report.answered, messages);
    assert_eq!(bot.metric("events_known_total").await, 2 * messages, "{report:?}");
}
