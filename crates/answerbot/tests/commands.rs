//! What an operator meets.

use std::time::Duration;

use answerbot_sim::{Config, GraphFault, Outcome, World};

use crate::bot::{Bot, UNLIMITED, path};

fn printed(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_settings_are_told_one_by_one_and_no_secret_is_shown() {
    let world = World::start(Config::default()).await.unwrap();
    let mut bot = Bot::new(&world, "");
    for name in ["VERIFY_TOKEN", "FB_APP_SECRET", "OPENROUTER_API_KEY"] {
        bot.unset(name);
    }
    bot.set("PAGE_ACCESS_TOKEN", "hush-hush");
    bot.set("GRAPH_BASE_URL", "http://graph.example.org");
    bot.set("AI_SLOTS", "many");
    let refused = bot.run(&["serve"]);
    assert_eq!(refused.status.code(), Some(1));
    let text = printed(&refused);
    for name in [
        "VERIFY_TOKEN",
        "FB_APP_SECRET",
        "OPENROUTER_API_KEY",
        "GRAPH_BASE_URL",
        "AI_SLOTS",
        "ENCRYPTION_KEY",
    ] {
        assert_eq!(
            text.lines().filter(|line| line.starts_with(&format!("- {name}"))).count(),
            1,
            "{name}: {text}"
        );
    }
    assert!(!text.contains("hush-hush"));
    assert!(!printed(&bot.run(&["config"])).contains("hush-hush"));
    assert_eq!(bot.run(&["no-such-command"]).status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_are_printed_in_columns() {
    let world = World::start(Config::default()).await.unwrap();
    let mut bot = Bot::new(&world, "");
    bot.set("LOG_LEVEL", "warn");
    bot.set("REGION_JUBA_URL", "sqlite:data/juba.db");
    std::fs::write(bot.folder.path().join(".env"), "SUPPORT_CONTACT=0912\n").unwrap();
    std::fs::write(bot.folder.path().join("answerbot.toml"), "slow_request_ms = 900\n").unwrap();
    let output = bot.run(&["config"]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    let text = printed(&output);
    // One line of each origin; the origins are words of different lengths.
    let lines = [
        ("LOG_LEVEL", "environment", "error, warn, info"),
        ("SUPPORT_CONTACT", ".env", "what a person who wants"),
        ("SLOW_REQUEST_MS", "answerbot.toml", "requests slower than"),
        ("GRAPH_VERSION", "default", "version of the Graph API"),
        ("PAGE_ACCESS_TOKEN", "environment", "access token of the"),
    ];
    let columns = lines.map(|(name, origin, meaning)| {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
        (line.find(&format!(" {origin} ")).unwrap(), line.find(meaning).unwrap())
    });
    assert!(columns.iter().all(|it| *it == columns[0]), "{columns:?}:\n{text}");
    assert!(text.contains("the store of people in juba"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_with_an_unknown_figure_is_refused_and_all_figures_are_printed() {
    let world = World::start(Config::default()).await.unwrap();
    let bot = Bot::new(&world, "[quota]\nfree_per_week = 3\n");
    assert!(printed(&bot.run(&["serve"])).contains("free_per_week"));
    let bot = Bot::new(&world, "[quota]\nfree_per_day = 5\n");
    let figures = printed(&bot.run(&["config", "--policy"]));
    assert!(figures.contains("free_per_day = 5") && figures.contains("paid_per_day = 30"), "{figures}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_says_what_is_wrong_and_what_to_do() {
    let (world, mut bot) = Bot::in_a_world(UNLIMITED).await;
    let well = bot.run(&["doctor"]);
    assert_eq!(well.status.code(), Some(0), "{}", printed(&well));
    assert!(printed(&well).contains("synchronous full"), "{}", printed(&well));
    bot.set("PAGE_ACCESS_TOKEN", "expired");
    let ill = bot.run(&["doctor"]);
    assert_eq!(ill.status.code(), Some(1));
    assert!(printed(&ill).contains("WRONG messenger"), "{}", printed(&ill));
    drop(world);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_serve_is_refused_while_copies_can_be_made() {
    let (_world, mut bot) = Bot::in_a_world(UNLIMITED).await;
    let second = bot.run(&["serve"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(printed(&second).contains("in use by another answerbot process"), "{}", printed(&second));
    let copy = bot.folder.path().join("copy.db");
    let made = bot.run(&["backup", path(&copy)]);
    assert_eq!(made.status.code(), Some(0), "{}", printed(&made));
    assert_eq!(bot.run(&["restore", path(&copy)]).status.code(), Some(1), "not under a running serve");
    assert_eq!(bot.stop(), Some(0));
    let restored = bot.run(&["restore", path(&copy)]);
    assert_eq!(restored.status.code(), Some(0), "{}", printed(&restored));
    bot.start().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_effect_is_listed_and_revived_while_the_service_runs() {
    let (world, bot) = Bot::in_a_world(UNLIMITED).await;
    world.script("ann", Outcome::Refuse(GraphFault::new(400, 100, None)));
    world.say("ann", "hello").await.unwrap();
    let mut listed = String::new();
    for _ in 0..200 {
        listed = printed(&bot.run(&["effects", "list"]));
        if listed.contains("graph 100") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let id = listed.split_whitespace().next().unwrap().to_owned();
    assert!(listed.contains("send"), "{listed}");
    let retried = bot.run(&["effects", "retry", &id]);
    assert_eq!(retried.status.code(), Some(0), "{}", printed(&retried));
    world.wait_for("ann", 1, Duration::from_secs(10)).await.unwrap();
    assert!(printed(&bot.run(&["effects", "list"])).contains("Nothing is stuck"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_awaits_the_answer_under_way_and_ends_well() {
    let (world, mut bot) = Bot::in_a_world(UNLIMITED).await;
    world.say("ann", "hello").await.unwrap();
    world.wait_for("ann", 1, Duration::from_secs(10)).await.unwrap();
    world.say("ann", "yes").await.unwrap();
    world.wait_for("ann", 2, Duration::from_secs(10)).await.unwrap();
    world.ai(|ai| ai.delay = Duration::from_millis(1_500));
    world.say("ann", "What is malaria?").await.unwrap();
    world.wait_until(Duration::from_secs(10), |world| world.counts().ai_requests > 0).await.unwrap();
    assert_eq!(bot.stop(), Some(0));
    bot.start().await;
    world.wait_for("ann", 3, Duration::from_secs(10)).await.unwrap();
    assert_eq!(world.ai_requests().len(), 1, "asked once, although the process was stopped meanwhile");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_set_up() {
    let (_world, bot) = Bot::in_a_world(UNLIMITED).await;
    let set = bot.run(&["messenger", "setup"]);
    assert_eq!(set.status.code(), Some(0), "{}", printed(&set));
    assert!(printed(&set).contains("greeting"), "{}", printed(&set));
}
