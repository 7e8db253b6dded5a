//! Runs a load: agreeing, asking on schedule, waiting for answers.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio_util::task::TaskTracker;

use super::tally::Tally;
use super::{Amount, LoadPlan, LoadProgress, LoadReport, Phase};
use crate::clock::{self, Dice};
use crate::payload;
use crate::record::Happening;
use crate::world::World;

/// People who agree at the same time.
const AGREEING_AT_ONCE: usize = 64;
/// How long the bot may take to be there at all.
const START_WAIT: Duration = Duration::from_secs(15);
/// How long one person's agreeing may take.
const AGREE_WAIT: Duration = Duration::from_mins(1);
/// Questions on their way at once; past it the schedule waits, which its latencies then show.
const MOST_IN_FLIGHT: usize = 20_000;
/// Happenings that may wait for the bookkeeper.
const BOOKS_CAPACITY: usize = 1_000_000;
const TICK: Duration = Duration::from_millis(200);
/// User ids of one run: a time-dependent base, then one number each.
const MOST_USERS: u32 = 1_000_000;

const TOPICS: [&str; 12] = [
    "keep a bicycle in good order",
    "save a little money each month",
    "learn ten new words a day",
    "repair a leaking roof",
    "prepare for a school examination",
    "store sorghum so that it stays dry",
    "write a letter to a landlord",
    "make a lesson plan for a class of sixty",
    "cook with less charcoal",
    "speak well in front of people",
    "plan a long journey by river",
    "build a strong fence",
];

/// What the parts of a running load share.
struct Load {
    world: World,
    tally: Mutex<Tally>,
    phase: Mutex<Phase>,
    /// Rung at each text, so that waiting people look again.
    text_came: Notify,
    start: Instant,
    base: u64,
    plan: LoadPlan,
}

/// Runs a load against the bot at `plan.config.bot_url`, in a world of its own that lives as long as the load.
pub async fn run(plan: LoadPlan) -> anyhow::Result<LoadReport> {
    let world = World::start(plan.config.clone()).await?;
    let report = run_in(&world, plan).await;
    world.stop().await;
    report
}

/// Runs a load in a world that is there already.
pub async fn run_in(world: &World, plan: LoadPlan) -> anyhow::Result<LoadReport> {
    ensure!((1..=MOST_USERS).contains(&plan.users), "users must be 1 to {MOST_USERS}, e.g. 100");
    ensure!(plan.rate > 0.0 && plan.rate.is_finite(), "rate must be over 0, e.g. 50 questions a second");
    ensure!(plan.deliveries >= 1, "deliveries must be at least 1");
    until_bot_answers(world).await?;
    let run = u64::try_from(clock::now_ms()).unwrap_or_default() % 1_000_000_000;
    let load = Arc::new(Load {
        world: world.clone(),
        tally: Mutex::new(Tally::new(&plan)),
        phase: Mutex::new(Phase::Agreeing),
        text_came: Notify::new(),
        start: clock::now(),
        base: 5_000_000_000_000_000 + run * u64::from(MOST_USERS),
        plan,
    });
    let before = world.counts();
    let hear = world.observe(None, BOOKS_CAPACITY);
    let (work, background) = (TaskTracker::new(), TaskTracker::new());
    let end = world.inner.stop.child_token();
    let books = background.spawn(keep_books(Arc::clone(&load), hear, end.clone()));
    let ticking = Arc::clone(&load);
    background.spawn(end.clone().run_until_cancelled_owned(async move { ticking.tick().await }));

    let not_agreed = if load.plan.agree { load.agree().await } else { 0 };
    if not_agreed == load.plan.users {
        end.cancel();
        anyhow::bail!(
            "none of {not_agreed} people got an answer to \"hello\" and \"yes\": has the bot the right settings?"
        );
    }
    *load.phase.lock() = Phase::Asking;
    let asking = clock::now();
    load.ask(&work).await;
    let asking_seconds = asking.elapsed().as_secs_f64();
    *load.phase.lock() = Phase::Waiting;
    work.close();
    end.run_until_cancelled(work.wait()).await;
    load.wait_for_answers().await;
    end.cancel();
    let blind = books.await.unwrap_or(true);
    background.close();
    background.wait().await;

    load.hook();
    let tally = std::mem::replace(&mut *load.tally.lock(), Tally::new(&LoadPlan::default()));
    let mut report = LoadReport { not_agreed, asking_seconds, blind, ..tally.report() };
    let asked = f64::from(u32::try_from(report.asked).unwrap_or(u32::MAX));
    report.asked_per_second = asked / asking_seconds.max(0.001);
    let after = world.counts();
    report.retried = (after.posts - after.posts_acked).saturating_sub(before.posts - before.posts_acked);
    Ok(report)
}

/// A bot that is still starting is waited for; one that is not there would only make a long, useless run.
async fn until_bot_answers(world: &World) -> anyhow::Result<()> {
    let url = format!("{}/webhook", world.bot_url());
    let tries = async {
        while world.inner.postman.client().get(&url).send().await.is_err() {
            tokio::time::sleep(TICK).await;
        }
    };
    let answered = tokio::time::timeout(START_WAIT, tries).await;
    answered.map_err(|_| anyhow::anyhow!("the bot does not answer at {url}; start it first"))
}

/// Enters everything that happens until the end. True if something was missed.
async fn keep_books(
    load: Arc<Load>,
    mut hear: mpsc::Receiver<Happening>,
    end: tokio_util::sync::CancellationToken,
) -> bool {
    while let Some(happening) = end.run_until_cancelled(hear.recv()).await {
        let Some(happening) = happening else { return true };
        load.enter(&happening);
    }
    // What came before the end still counts.
    while let Ok(happening) = hear.try_recv() {
        load.enter(&happening);
    }
    false
}

impl Load {
    fn enter(&self, happening: &Happening) {
        match happening {
            Happening::Asked(request) => self.tally.lock().ai(request.question()),
            Happening::Acted(..) => {}
            Happening::Sent(user, sent) => {
                if let Some(user) = self.number_of(user) {
                    self.tally.lock().text(user, &sent.text, self.now());
                    self.text_came.notify_waiters();
                }
            }
        }
    }

    /// Microseconds since the start.
    fn now(&self) -> u64 {
        self.micros(clock::now())
    }

    fn micros(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.start).as_micros()).unwrap_or(u64::MAX)
    }

    fn id_of(&self, user: usize) -> String {
        (self.base + user as u64).to_string()
    }

    fn number_of(&self, id: &str) -> Option<usize> {
        usize::try_from(id.parse::<u64>().ok()?.checked_sub(self.base)?).ok()
    }

    fn text_from(&self, user: usize, text: &str) -> Bytes {
        let event =
            payload::text(self.world.page(), &self.id_of(user), &self.world.mid(), text, clock::now_ms());
        self.world.body_of(event)
    }

    async fn tick(&self) {
        loop {
            self.hook();
            tokio::time::sleep(TICK).await;
        }
    }

    fn hook(&self) {
        let Some(hook) = &self.plan.hook else { return };
        let progress = {
            let tally = self.tally.lock();
            LoadProgress {
                phase: *self.phase.lock(),
                users: self.plan.users,
                ready: tally.ready,
                asked: tally.asked,
                planned: match self.plan.amount {
                    Amount::Messages(n) => Some(n),
                    Amount::For(_) => None,
                },
                acked: tally.acked,
                answered: tally.answered,
                elapsed_ms: self.now() / 1_000,
            }
        };
        hook(&self.world, &progress);
    }

    /// Every user says hello, reads the terms and says yes. How many did not get that far.
    async fn agree(&self) -> u32 {
        let users = usize::try_from(self.plan.users).unwrap_or_default();
        let agreed =
            stream::iter(0..users).map(|user| self.agree_one(user)).buffer_unordered(AGREEING_AT_ONCE);
        let agreed = agreed.filter(|agreed| std::future::ready(*agreed)).count().await;
        u32::try_from(users - agreed).unwrap_or(u32::MAX)
    }

    async fn agree_one(&self, user: usize) -> bool {
        let steps = async {
            self.world.deliver(self.text_from(user, "hello")).await;
            self.texts(user, 1).await;
            self.world.deliver(self.text_from(user, "yes")).await;
            self.texts(user, 2).await;
        };
        let agreed =
            tokio::time::timeout(AGREE_WAIT, self.until_stop(steps)).await.is_ok_and(|done| done.is_some());
        self.tally.lock().ready += u32::from(agreed);
        agreed
    }

    async fn until_stop<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.world.inner.stop.run_until_cancelled(work).await
    }

    /// Waits until this person got at least `n` texts.
    async fn texts(&self, user: usize, n: u32) {
        loop {
            let came = self.text_came.notified();
            tokio::pin!(came);
            came.as_mut().enable();
            if self.tally.lock().texts(user) >= n {
                return;
            }
            came.await;
        }
    }

    /// Sends the questions when they are due, however slow the bot is.
    async fn ask(self: &Arc<Self>, work: &TaskTracker) {
        let dice = Dice::new(self.plan.seed);
        let order = shuffled(usize::try_from(self.plan.users).unwrap_or_default(), &dice);
        let in_flight = Arc::new(Semaphore::new(MOST_IN_FLIGHT));
        let begin = clock::now();
        let mut due = begin;
        for user in order.iter().copied().cycle() {
            // Exponential gaps: people do not wait for each other.
            due += Duration::from_secs_f64(-(1.0 - dice.fraction()).ln() / self.plan.rate);
            let enough = match self.plan.amount {
                Amount::Messages(most) => self.tally.lock().asked >= most,
                Amount::For(time) => due.saturating_duration_since(begin) > time,
            };
            let on_time = tokio::time::sleep_until(due.into());
            if enough || self.until_stop(on_time).await.is_none() {
                return;
            }
            let Ok(slot) = Arc::clone(&in_flight).acquire_owned().await else { return };
            let number = self.tally.lock().ask(user, self.micros(due), self.now());
            let topic = TOPICS[number.wrapping_add(user) % TOPICS.len()];
            let body = self.text_from(user, &format!("Q-{user}-{number} what is the best way to {topic}?"));
            let pause = dice.up_to(Duration::from_millis(500));
            let load = Arc::clone(self);
            work.spawn(async move {
                load.deliver(user, number, body, pause).await;
                drop(slot);
            });
        }
    }

    /// Posts one question as often as planned: the first two at the same time, the others later.
    async fn deliver(&self, user: usize, number: usize, body: Bytes, pause: Duration) {
        let post = || async {
            if self.world.deliver(body.clone()).await.acked {
                self.tally.lock().ack(user, number, self.now());
            }
        };
        if self.plan.deliveries == 1 {
            return post().await;
        }
        tokio::join!(post(), post());
        for _ in 2..self.plan.deliveries {
            tokio::time::sleep(pause).await;
            post().await;
        }
    }

    async fn wait_for_answers(&self) {
        let settled = async {
            while !self.tally.lock().settled() {
                // Looking is linear in the questions, so it is done on a beat and not at each text.
                tokio::time::sleep(TICK).await;
            }
            // Late repetitions would come now.
            tokio::time::sleep(TICK * 2).await;
        };
        let _ = tokio::time::timeout(self.plan.answer_wait, self.until_stop(settled)).await;
    }
}

fn shuffled(n: usize, dice: &Dice) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        let j = usize::try_from(dice.roll() % (i as u64 + 1)).unwrap_or_default();
        order.swap(i, j);
    }
    order
}
