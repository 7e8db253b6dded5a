//! `scripts/fleet`: `HAProxy`, two web, two worker, Redis, NATS and MongoDB as processes of this machine, while they die
//! in turn.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use answerbot_ports::conformance::skipped;
use answerbot_sim::World;
use answerbot_sim::clock::{self, Dice};
use answerbot_sim::load::{self, Amount, LoadPlan};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::bot::{Mortal, UNLIMITED, http, where_momo_fits};
use crate::kills::size;
use crate::money_kills::{Sizes, money_and_plans_agree, policy};
use crate::talk::{SOON, agrees, heard};

/// All that can die and come back.
const PARTS: [&str; 7] = ["worker1", "web1", "nats", "redis", "mongodb", "worker2", "web2"];

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts").join(name)
}

/// Eleven processes on two cores: two fleets at once would only measure each other.
static ONE_AT_A_TIME: parking_lot::Mutex<()> = parking_lot::Mutex::new(());

struct Fleet {
    folder: TempDir,
    _alone: parking_lot::MutexGuard<'static, ()>,
    /// Who dies next.
    turn: usize,
}

impl Fleet {
    /// A fleet around `world`; `None`, said so, where its servers cannot be had.
    fn around(world: &World, policy: &str, more: &[(&str, &str)]) -> Option<Self> {
        let alone = ONE_AT_A_TIME.lock();
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        std::fs::create_dir(folder.path().join("fleet")).unwrap();
        let policy_file = folder.path().join("policy.toml");
        std::fs::write(&policy_file, policy).unwrap();
        let (config, account) = (world.config(), &world.config().momo_account);
        let bot_url = format!("http://127.0.0.1:{port}");
        let settings = [
            ("GRAPH_BASE_URL", world.graph_base_url()),
            ("OPENROUTER_BASE_URL", world.openrouter_base_url()),
            ("OPENROUTER_API_KEY", "sim".into()),
            ("PAGE_ACCESS_TOKEN", config.page_access_token.clone()),
            ("FB_APP_SECRET", config.app_secret.clone()),
            ("VERIFY_TOKEN", config.verify_token.clone()),
            ("POLICY_FILE", policy_file.to_str().unwrap().into()),
            ("SWEEP_INTERVAL_MS", "500".into()),
            ("LOG_LEVEL", "warn".into()),
            ("MOMO_BASE_URL", world.momo_base_url()),
            ("MOMO_ENVIRONMENT", account.environment_setting().into()),
            ("MOMO_API_USER_ID", account.api_user.clone()),
            ("MOMO_API_KEY", account.api_key.clone()),
            ("MOMO_SUBSCRIPTION_KEY", account.subscription_key.clone()),
            ("CALLBACK_HOST", bot_url.clone()),
        ];
        let own = settings.iter().map(|(name, value)| (*name, value.as_str()));
        let lines: Vec<String> =
            own.chain(more.iter().copied()).map(|(name, value)| format!("{name}='{value}'")).collect();
        let file = folder.path().join("settings");
        std::fs::write(&file, lines.join("\n") + "\n").unwrap();
        world.set_bot_url(&bot_url);
        let fleet = Self { folder, _alone: alone, turn: 0 };
        let started = fleet
            .command("start", &[])
            .env("ANSWERBOT", env!("CARGO_BIN_EXE_answerbot"))
            .env("SETTINGS", file)
            .env("FLEET_PORT", port.to_string())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&started.stderr).into_owned();
        if !started.status.success()
            && (errors.contains("there is no MongoDB") || errors.contains("cannot be had"))
        {
            skipped(&format!("fleet: {}", errors.trim()));
            return None;
        }
        assert!(started.status.success(), "{errors}");
        fleet.bot(&["prices", "confirm"]);
        Some(fleet)
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("fleet")
    }

    fn command(&self, verb: &str, names: &[&str]) -> Command {
        let mut command = Command::new(script("fleet"));
        command.arg(verb).args(names).arg(self.home());
        command
    }

    async fn does(&self, verb: &str, part: &str) {
        let mut command = self.command(verb, &[part]);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        assert!(output.status.success(), "{verb} {part}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A command with the settings of the fleet.
    fn bot(&self, arguments: &[&str]) -> String {
        let settings = std::fs::read_to_string(self.home().join("settings")).unwrap();
        let settings = settings.lines().filter_map(|line| line.split_once('='));
        let output = Command::new(env!("CARGO_BIN_EXE_answerbot"))
            .args(arguments)
            .envs(settings.map(|(name, value)| (name, value.trim_matches('\''))))
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    /// A counter of all webs and workers together.
    async fn metric(&self, name: &str) -> u64 {
        let lines = self.metrics().await;
        let of_it = |line: &&String| line.starts_with(name) && line[name.len()..].starts_with([' ', '{']);
        lines.iter().filter(of_it).filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// Commands so far on what people wait for: all, and those that read. What is copied for reports is not among them.
    async fn commands(&self) -> (u64, u64) {
        let lines = self.metrics().await;
        let on_the_way = |line: &&String| {
            let on = ["ab_aggregates", "ab_claims", "ab_answers"].map(|it| format!("on=\"{it}\""));
            line.starts_with("mongodb_commands_total") && on.iter().any(|it| line.contains(it))
        };
        lines.iter().filter(on_the_way).fold((0, 0), |(all, reads), line| {
            let count: u64 = line.rsplit(' ').next().unwrap().parse().unwrap();
            (all + count, reads + if line.contains("command=\"find\"") { count } else { 0 })
        })
    }

    /// What all webs and workers that are there tell.
    async fn metrics(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for part in ["web1", "web2", "worker1", "worker2"] {
            let port = std::fs::read_to_string(self.home().join(format!("{part}.port"))).unwrap();
            let url = format!("http://127.0.0.1:{}/metrics", port.trim());
            let Ok(answer) = http().get(url).send().await else { continue };
            lines.extend(answer.text().await.unwrap_or_default().lines().map(String::from));
        }
        lines
    }
}

impl Mortal for Fleet {
    async fn dies_and_rises(&mut self, dice: &Dice) {
        let part = PARTS[self.turn % PARTS.len()];
        self.turn += 1;
        self.does("kill", part).await;
        tokio::time::sleep(Duration::from_millis(200 + dice.roll() % 1_500)).await;
        self.does("revive", part).await;
    }

    fn objects(&self, arguments: &[&str]) -> Vec<Value> {
        let text = self.bot(&[arguments, &["--json"]].concat());
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Fleet {
    #[expect(clippy::print_stdout, reason = "the logs of a test that fails are what is left of it")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            for part in ["web1", "web2", "worker1", "worker2"] {
                let log =
                    std::fs::read_to_string(self.home().join(format!("{part}.log"))).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(15).collect();
                println!("{part}, its last lines first:\n{}", last.join("\n"));
            }
        }
        let _ = self.command("stop", &[]).output();
    }
}

async fn a_world() -> World {
    let world = World::start(where_momo_fits()).await.unwrap();
    world.ai(|ai| {
        ai.delay = Duration::from_millis(200);
        ai.canned = false;
    });
    world
}

fn questions(seed: u64, messages: u64, rate: f64) -> LoadPlan {
    LoadPlan {
        users: u32::try_from(size("FLEET_PEOPLE", 50)).unwrap(),
        rate,
        amount: Amount::Messages(messages),
        answer_wait: Duration::from_secs(200),
        seed,
        ..LoadPlan::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_part_of_a_fleet_may_die_and_nothing_is_lost() {
    let seed = size("SOAK_SEED", clock::fresh_seed());
    let messages = size("FLEET_MESSAGES", 600);
    let world = a_world().await;
    let Some(mut fleet) = Fleet::around(&world, UNLIMITED, &[]) else { return };
    let done = CancellationToken::new();
    let load = async {
        let report = load::run_in(&world, questions(seed, messages, 20.0)).await.unwrap();
        done.cancel();
        report
    };
    let killing = async {
        let dice = Dice::new(seed);
        // Each part dies some times; what a worker had leased when it last died is answered a minute later.
        let most = size("FLEET_KILLS", 21);
        let mut kills = 0;
        while kills < most {
            let pause = 500 + dice.roll() % 2_000;
            tokio::select! {
                () = done.cancelled() => return kills,
                () = tokio::time::sleep(Duration::from_millis(pause)) => {}
            }
            fleet.dies_and_rises(&dice).await;
            kills += 1;
        }
        kills
    };
    let (report, kills) = tokio::join!(load, killing);
    println!("seed {seed}, {kills} kills\n{report:?}");
    assert!(report.is_sound(), "seed {seed}: {report:?}");
    assert_eq!((report.acked, report.answered), (messages, messages), "seed {seed}");
    assert!(kills >= PARTS.len() as u64, "seed {seed}: not everything died once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_part_of_a_fleet_may_die_and_money_agrees() {
    let sizes = Sizes {
        people: usize::try_from(size("FLEET_INTENTS", 40)).unwrap(),
        kills: size("FLEET_MONEY_KILLS", 7),
        ..Sizes::of_a_soak()
    };
    let world = a_world().await;
    let Some(mut fleet) = Fleet::around(&world, &policy(sizes.day_ms), &[]) else { return };
    money_and_plans_agree(&world, &mut fleet, sizes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_queue_is_up_the_sweeper_is_not_needed() {
    let world = a_world().await;
    let hourly = [("SWEEP_INTERVAL_MS", "3600000")];
    let Some(fleet) = Fleet::around(&world, UNLIMITED, &hourly) else { return };
    let messages = size("FLEET_MESSAGES", 400);
    let report = load::run_in(&world, questions(7, messages, 20.0)).await.unwrap();
    println!("{report:?}");
    assert!(report.is_sound() && report.repeated == 0, "{report:?}");
    assert_eq!(report.answered, messages);
    assert_eq!(fleet.metric("rings_lost_total").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_loses_nothing_and_repeats_nothing() {
    let world = a_world().await;
    let Some(fleet) = Fleet::around(&world, UNLIMITED, &[]) else { return };
    let messages = size("FLEET_MESSAGES", 400);
    let rolling = async {
        for part in ["web1", "worker1", "web2", "worker2"] {
            tokio::time::sleep(Duration::from_secs(2)).await;
            fleet.does("restart", part).await;
        }
    };
    let (report, ()) = tokio::join!(load::run_in(&world, questions(11, messages, 20.0)), rolling);
    let report = report.unwrap();
    println!("{report:?}");
    assert!(report.is_sound() && report.repeated == 0, "{report:?}");
    assert_eq!((report.answered, report.retried), (messages, 0), "no webhook met an error: {report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_waited_for_a_slot_is_decided_once() {
    let world = a_world().await;
    let few = [("SWEEP_INTERVAL_MS", "3600000"), ("AI_SLOTS", "1")];
    let Some(fleet) = Fleet::around(&world, UNLIMITED, &few) else { return };
    let people: Vec<String> = (0..20).map(|it| format!("person-{it}")).collect();
    for user in &people {
        agrees(&world, user).await;
    }
    let (leases, stale) =
        (fleet.metric("store_leases_total").await, fleet.metric("commits_stale_total").await);
    let had: Vec<usize> = people.iter().map(|user| world.sent_to(user).len()).collect();
    for user in &people {
        world.say(user, &format!("Why does the maize of {user} turn yellow?")).await.unwrap();
    }
    for (user, had) in people.iter().zip(had) {
        world.wait_for(user, had + 1, SOON).await.unwrap();
    }
    let (leases, stale) = (
        fleet.metric("store_leases_total").await - leases,
        fleet.metric("commits_stale_total").await - stale,
    );
    println!("looks that leased {leases}, stale commits {stale}");
    assert!(leases >= 5, "they waited in the store: {leases}");
    assert!(stale <= 3, "a lease makes no state old: {stale}");
}

/// Each of `people` asks one question and gets its answer; returns commands and reads for one of them.
async fn cost_of_an_answer(world: &World, fleet: &Fleet, people: &[String], question: &str) -> (f64, f64) {
    let before = fleet.commands().await;
    for user in people {
        let had = world.sent_to(user).len();
        let question = question.replace("{}", user);
        assert_eq!(world.say(user, &question).await.unwrap(), 200);
        world.wait_for(user, had + 1, SOON).await.unwrap();
    }
    // That an answer was sent is written after it is there.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let after = fleet.commands().await;
    let one = |before: u64, after: u64| f64::from(u32::try_from(after - before).unwrap()) / PEOPLE;
    (one(before.0, after.0), one(before.1, after.1))
}

const PEOPLE: f64 = 20.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_costs_five_commands_when_warm_and_seven_when_cold() {
    let world = a_world().await;
    let hourly = [("SWEEP_INTERVAL_MS", "3600000")];
    let Some(fleet) = Fleet::around(&world, UNLIMITED, &hourly) else { return };
    let people: Vec<String> = (0..20).map(|it| format!("person-{it}")).collect();
    for user in &people {
        agrees(&world, user).await;
        world.say(user, "What is malaria, tell me please?").await.unwrap();
        heard(&world, user, "Where do you live?").await;
    }
    // Until each web has seen everybody.
    for again in ["Why is my maize small, {}?", "Why is my maize dry, {}?", "Why is my maize wet, {}?"] {
        cost_of_an_answer(&world, &fleet, &people, again).await;
    }
    let mine = cost_of_an_answer(&world, &fleet, &people, "Why does my maize turn yellow, {}?").await;
    // What anybody may ask is looked for among the shared answers: one read more, of a mark and an answer together.
    let anybodys = cost_of_an_answer(&world, &fleet, &people, "What is the capital of {}?").await;
    let warm = (mine.0.max(anybodys.0), mine.1);
    // Nothing remembers anybody.
    fleet.does("kill", "redis").await;
    fleet.does("revive", "redis").await;
    for part in ["web1", "web2", "worker1", "worker2"] {
        fleet.does("restart", part).await;
    }
    let cold = cost_of_an_answer(&world, &fleet, &people, "And why does my sorghum turn yellow, {}?").await;
    println!(
        "commands, and reads among them: warm {mine:?}, of what anybody asks {anybodys:?}, cold {cold:?}"
    );
    // Two workers look every five seconds for what is due, whoever asks: some of those looks are among them.
    let looks = 0.3;
    assert!(warm.0 <= 5.0 + looks && cold.0 <= 7.0 + looks, "warm {warm:?}, cold {cold:?}");
    assert!(warm.1 <= 0.4 * cold.1, "reads: warm {warm:?}, cold {cold:?}");
}
