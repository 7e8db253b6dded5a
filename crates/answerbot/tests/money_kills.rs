//! SIGKILL at random moments while people buy and MTN misbehaves: nobody is charged for what was not ordered, nobody
//! who paid is without a plan, nobody has one without money (reliability.md T2).
//!
//! Days of MTN are some seconds here. `scripts/soak` runs the same with its sizes from the environment.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use answerbot_core::pay::days::long_date;
use answerbot_core::{JubaDay, Time};
use answerbot_sim::clock::{self, Dice};
use answerbot_sim::momo::{
    Fate, MomoCall, MomoFault, MomoOutcome, MomoPayment, MomoRate, Scene, StatementOptions,
};
use answerbot_sim::{World, payload};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::bot::{Bot, Mortal, path, where_momo_fits};
use crate::kills::size;
use crate::payers::{payer, texts, times};

/// People on their way at once.
const AT_ONCE: usize = 16;

fn user(number: usize) -> String {
    format!("buyer{number}")
}

fn today() -> JubaDay {
    Time::from_millis(clock::now_ms()).juba_day()
}

/// MTN's seven days are seven times `day_ms`; a request is on the phone for three seconds.
pub fn policy(day_ms: u64) -> String {
    let days = (1..=7).map(|day| day * day_ms);
    let mut polls: Vec<u64> = [200, 400, 700, 1_000, 1_500, 2_000, 3_000]
        .into_iter()
        .chain(days.filter(|it| *it > 3_000))
        .collect();
    polls.dedup();
    let soft: Vec<u64> = [1_000, day_ms, 3 * day_ms, 7 * day_ms].into_iter().collect();
    format!(
        "[burst]\nwindow_ms = 0\n[paying]\nprompt_window_ms = 3000\ncall_deadline_ms = 1000\nnudge_apart_ms = 100\n\
         unheard_poll_ms = 1000\nmissing_after_ms = 3000\npolls_ms = {polls:?}\nsoft_polls_ms = {soft:?}\n"
    )
}

/// What becomes of one person's request: of a hundred 72 are approved soon, 18 fail, 10 are paid late. The lost 202
/// and the 5xx of the request come on top, to anybody.
fn fate(dice: &Dice, day_ms: u64) -> Fate {
    let soon = Duration::from_millis(50 + dice.roll() % 1_500);
    let late = Duration::from_millis(3_500 + dice.roll() % (3 * day_ms));
    let reasons = ["EXPIRED", "INTERNAL_PROCESSING_ERROR", "PAYER_LIMIT_REACHED"];
    match dice.roll() % 100 {
        0..72 => Fate::ApproveAfter(soon),
        72..80 => Fate::DeclineAfter(soon),
        80..90 => Fate::Play(vec![Scene::failed(soon, reasons[usize::try_from(dice.roll() % 3).unwrap()])]),
        // It stays pending beyond the window, or MTN says that it failed, and then the money comes.
        90..95 => Fate::Play(vec![Scene::new(late, "SUCCESSFUL")]),
        _ => Fate::Play(vec![Scene::failed(soon, "EXPIRED"), Scene::new(late, "SUCCESSFUL")]),
    }
}

/// Every other seed MTN never calls back.
fn misbehaves(world: &World, seed: u64) {
    let rate = |call, chance, outcome| MomoRate { call, chance, outcome };
    let unavailable = || MomoOutcome::Fault(MomoFault::unavailable());
    let internal = || MomoOutcome::TakenThenFault(MomoFault::internal());
    world.momo(|knobs| {
        knobs.callbacks.times = u32::from(calls_back(seed));
        knobs.jitter = Duration::from_millis(40);
        knobs.rates = vec![
            rate(MomoCall::RequestToPay, 0.1, MomoOutcome::TakenThenHang),
            rate(MomoCall::RequestToPay, 0.028, unavailable()),
            rate(MomoCall::RequestToPay, 0.029, internal()),
            rate(MomoCall::Status, 0.05, MomoOutcome::Fault(MomoFault::internal())),
            rate(MomoCall::Status, 0.01, MomoOutcome::TokenDies),
        ];
    });
}

fn calls_back(seed: u64) -> bool {
    seed.is_multiple_of(2)
}

/// What a person does reaches the bot as Meta brings it: again until it is acknowledged, with the same id.
async fn does(world: &World, event: Value) {
    let body = payload::batch(&world.config().page_id, &[event], clock::now_ms());
    assert!(world.deliver(body).await.acked);
}

async fn taps(world: &World, user: &str, name: &str) {
    let mid = format!("{user}-{name}");
    does(world, payload::postback(&world.config().page_id, user, &mid, name, name, clock::now_ms())).await;
}

async fn says(world: &World, user: &str, mid: &str, text: &str) {
    let mid = format!("{user}-{mid}");
    does(world, payload::text(&world.config().page_id, user, &mid, text, clock::now_ms())).await;
}

/// Agrees, chooses, gives the number, pays: without waiting for words, as impatient people do.
async fn buys(world: &World, number: usize) {
    let (typed, _) = payer(number);
    let user = user(number);
    taps(world, &user, "I_AGREE").await;
    taps(world, &user, "PLAN_WEEKLY").await;
    says(world, &user, "number", &typed).await;
    taps(world, &user, "PAY").await;
}

/// Everybody buys; `pause` apart.
async fn all_buy(world: &World, people: usize, pause: Duration) {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut buyers = JoinSet::new();
    for number in 0..people {
        let permit = Arc::clone(&room).acquire_owned().await.unwrap();
        let world = world.clone();
        buyers.spawn(async move {
            buys(&world, number).await;
            drop(permit);
        });
        tokio::time::sleep(pause).await;
    }
    buyers.join_all().await;
}

/// Kills and starts until `done`; how often.
async fn kills_until(
    bot: &mut impl Mortal,
    done: &CancellationToken,
    dice: &Dice,
    mean_ms: u64,
    kills: &AtomicU64,
) {
    loop {
        let pause = mean_ms / 2 + dice.roll() % mean_ms;
        tokio::select! {
            () = done.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(pause)) => {}
        }
        bot.dies_and_rises(dice).await;
        kills.fetch_add(1, Ordering::SeqCst);
    }
}

/// Waits until everybody whose money moved was told so and every request has come to an end.
async fn all_is_told(world: &World, people: usize, patience: Duration) -> Result<(), String> {
    let begun = clock::now();
    loop {
        let paid = paid_by(world);
        let waits = (0..people)
            .filter(|number| {
                paid.contains_key(&payer(*number).1) && times(world, &user(*number), "Receipt") == 0
            })
            .count();
        if waits == 0 {
            return Ok(());
        }
        if begun.elapsed() > patience {
            return Err(format!("{waits} people paid and were not told in {patience:?}"));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// The payments whose money moved, by payer.
fn paid_by(world: &World) -> HashMap<String, Vec<MomoPayment>> {
    let mut paid: HashMap<String, Vec<MomoPayment>> = HashMap::new();
    for it in world.momo_payments().into_iter().filter(|it| it.transaction.is_some()) {
        paid.entry(it.payer.clone()).or_default().push(it);
    }
    paid
}

/// Everybody asks how things stand; who has a plan until when, as they are told.
async fn all_ask_for_status(world: &World, people: usize) -> Vec<Option<String>> {
    let mut untils = Vec::with_capacity(people);
    for number in 0..people {
        let user = user(number);
        let is_status =
            |text: &String| text.contains("questions left today") || text.contains("question left today");
        says(world, &user, "status", "status").await;
        let heard = |world: &World| texts(world, &user).iter().any(is_status);
        assert!(
            world.wait_until(Duration::from_mins(1), heard).await.is_ok(),
            "{user}: {:?}",
            texts(world, &user)
        );
        let text = texts(world, &user).into_iter().find(is_status).unwrap();
        let until = text.split("Your plan ends on ").nth(1).and_then(|it| it.split('.').next());
        untils.push(until.map(str::to_owned));
    }
    untils
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_money_and_plans_agree_to_the_last_shilling() {
    let sizes = Sizes::of_a_soak();
    let world = World::start(where_momo_fits()).await.unwrap();
    let mut bot = Bot::new(&world, &policy(sizes.day_ms));
    bot.sells(&world);
    bot.start().await;
    money_and_plans_agree(&world, &mut bot, sizes).await;
}

/// How long and how hard.
pub struct Sizes {
    pub seed: u64,
    pub people: usize,
    pub kills: u64,
    pub day_ms: u64,
    pub kill_ms: u64,
}

impl Sizes {
    pub fn of_a_soak() -> Self {
        Self {
            seed: size("SOAK_SEED", clock::fresh_seed()),
            people: usize::try_from(size("SOAK_INTENTS", 60)).unwrap(),
            kills: size("SOAK_MONEY_KILLS", 5),
            day_ms: size("SOAK_DAY_MS", 2_000),
            kill_ms: size("SOAK_KILL_MS", 1_200),
        }
    }
}

/// People buy from `bot` in `world` while it is killed; then every figure is compared.
#[expect(clippy::print_stdout, reason = "a soak tells its figures")]
pub async fn money_and_plans_agree(world: &World, bot: &mut impl Mortal, sizes: Sizes) {
    let Sizes { seed, people, kills: wanted, day_ms, kill_ms: mean_ms } = sizes;
    let dice = Dice::new(seed);
    world.momo(|knobs| {
        for number in 0..people {
            knobs.fates.insert(payer(number).1, fate(&dice, day_ms));
        }
    });
    misbehaves(world, seed);
    let first_day = today();

    // The buying is spread over the kills.
    let pause = Duration::from_millis(wanted * mean_ms / u64::try_from(people).unwrap());
    let (done, kills) = (CancellationToken::new(), AtomicU64::new(0));
    let buying = async {
        all_buy(world, people, pause).await;
        // The last ones are killed at as well.
        while kills.load(Ordering::SeqCst) < wanted {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        done.cancel();
    };
    tokio::join!(buying, kills_until(bot, &done, &dice, mean_ms, &kills));
    let kills = kills.into_inner();

    // Seven of MTN's days later.
    tokio::time::sleep(Duration::from_millis(3 * day_ms + 3_500)).await;
    let told = all_is_told(world, people, Duration::from_mins(2)).await;
    let untils = all_ask_for_status(world, people).await;
    let books = bot.objects(&["payments", "books"]).remove(0);
    let all = world.momo_payments();
    let paid = paid_by(world);
    let plans = untils.iter().flatten().count();
    let lost = world.momo_posts().iter().filter(|it| it.answer.is_none()).count();
    let reposted = all.iter().filter(|it| it.posts > 1).count();
    let late = (0..people).filter(|it| times(world, &user(*it), "arrived late") > 0).count();
    println!(
        "seed {seed}, {people} intents, {kills} kills: {} requests taken, {} paid, {plans} plans, {late} told late, \
         {lost} answers lost, {reposted} references posted again, callbacks {}; books {books}",
        all.len(),
        paid.len(),
        if calls_back(seed) { "sent" } else { "never" },
    );

    assert!(told.is_ok(), "seed {seed}: money without a grant: {told:?}");
    for (who, payments) in &paid {
        assert_eq!(payments.len(), 1, "seed {seed}: {who} was charged twice for one wish: {payments:#?}");
    }
    let mut payers: Vec<&String> = all.iter().map(|it| &it.payer).collect();
    payers.sort_unstable();
    payers.dedup();
    assert_eq!(payers.len(), all.len(), "seed {seed}: a wish became two requests");
    assert!(all.iter().all(|it| it.amount == "3000" && it.currency == "SSP"), "seed {seed}: another amount");
    let ends: Vec<String> = (first_day.0..=today().0).map(|day| long_date(JubaDay(day + 7))).collect();
    for (number, until) in untils.iter().enumerate() {
        let has_paid = paid.contains_key(&payer(number).1);
        assert_eq!(
            until.is_some(),
            has_paid,
            "seed {seed}: {}: {:#?}",
            user(number),
            texts(world, &user(number))
        );
        let once = until.as_ref().is_none_or(|it| ends.contains(it));
        assert!(once, "seed {seed}: {} has a plan until {until:?}: granted twice?", user(number));
    }
    let count = Value::from(paid.len());
    assert_eq!(books["well"], true, "seed {seed}: {books}");
    assert_eq!(books["balanced"], true, "seed {seed}: {books}");
    for name in ["successes", "grants", "captures"] {
        assert_eq!(books[name], count, "seed {seed}: {name}: {books}");
    }
    let file = bot.folder().join("statement.csv");
    std::fs::write(&file, world.momo_statement(&StatementOptions::default())).unwrap();
    let findings = bot.objects(&["payments", "reconcile", path(&file)]);
    assert_eq!(findings.len(), paid.len(), "seed {seed}");
    assert!(findings.iter().all(|it| it["kind"] == "matched"), "seed {seed}: {findings:#?}");
    // So that a run in which nobody could buy does not pass.
    assert!(paid.len() * 2 >= people && kills >= wanted, "seed {seed}: too little happened");
}
