//! People in the stores of their regions, through the real binary; the regions are files.

use std::time::Duration;

use answerbot_sim::{World, clock, payload};

use crate::bot::{Bot, UNLIMITED};
use crate::talk::{SOON, agrees, heard};

async fn with_regions(policy: &str) -> (World, Bot) {
    let world = World::start(crate::bot::where_momo_fits()).await.unwrap();
    let mut bot = Bot::new(&world, policy);
    bot.set("REGION_JUBA_URL", "sqlite:data/juba.db");
    bot.set("REGION_WAU_URL", "sqlite:data/wau.db");
    bot.start().await;
    (world, bot)
}

async fn asks(world: &World, user: &str, question: &str) {
    assert_eq!(world.say(user, question).await.unwrap(), 200);
    let asked = |world: &World| world.ai_requests().iter().any(|it| it.question() == question);
    world.wait_until(SOON, asked).await.unwrap();
}

/// What an operator sees of where people live.
fn lives_in(bot: &Bot, user: &str) -> String {
    lives_in_unless_moving(bot, user).unwrap()
}

/// The same; `None` while they are being moved, when an operator is told to ask later.
fn lives_in_unless_moving(bot: &Bot, user: &str) -> Option<String> {
    let show = ["user", "show", user, "--json"];
    let output = bot.run(&show);
    let errors = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(1) && errors.contains("not now: it is being moved") {
        return None;
    }
    assert_eq!(output.status.code(), Some(0), "{show:?}: {errors}");
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    Some(shown["region_store"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_says_where_they_live_is_moved_there_and_talks_on() {
    let (world, bot) = with_regions(UNLIMITED).await;
    agrees(&world, "ann").await;
    asks(&world, "ann", "What is malaria, tell me please?").await;
    heard(&world, "ann", "Where do you live?").await;
    assert_eq!(lives_in(&bot, "ann"), "main");
    world.postback("ann", "REGION_JUBA", "Juba").await.unwrap();
    let moved = async {
        while lives_in_unless_moving(&bot, "ann").as_deref() != Some("juba") {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), moved).await.expect("the wish was not fulfilled");
    asks(&world, "ann", "And how is it treated, tell me?").await;
    let follow = world.ai_requests().pop().unwrap();
    assert!(
        follow.messages.iter().any(|line| line.content.contains("What is malaria")),
        "the talk moved along: {follow:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_outranks_a_wish_and_undoes_a_move() {
    let (world, bot) = with_regions(UNLIMITED).await;
    agrees(&world, "ann").await;
    asks(&world, "ann", "What is malaria, tell me please?").await;
    heard(&world, "ann", "Where do you live?").await;
    world.postback("ann", "REGION_JUBA", "Juba").await.unwrap();
    bot.well(&["user", "move", "--wished", "--to", "juba"]);
    assert_eq!(lives_in(&bot, "ann"), "juba");
    bot.well(&["drill", "evacuate", "juba", "--to", "wau", "--traffic"]);
    assert_eq!(lives_in(&bot, "ann"), "wau");
    let told = bot.well(&["user", "move", "--orders"]);
    assert!(told.contains("closed     juba was emptied"), "{told}");
    // Wishes are looked at once a minute.
    tokio::time::sleep(Duration::from_secs(75)).await;
    assert_eq!(lives_in(&bot, "ann"), "wau");
    bot.well(&["user", "move", "ann", "--undo"]);
    assert_eq!(lives_in(&bot, "ann"), "juba");
    asks(&world, "ann", "And how is it treated, tell me?").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_that_is_away_concerns_its_own_people_and_they_are_answered_in_order_after_its_return() {
    let (world, mut bot) = with_regions(UNLIMITED).await;
    for user in ["ann", "ben"] {
        agrees(&world, user).await;
    }
    bot.well(&["user", "move", "ann", "--to", "wau"]);
    assert_eq!(lives_in(&bot, "ann"), "wau");
    assert_eq!(bot.stop(), Some(0));
    // Its disk is gone for a while.
    rename(&bot, "wau.db", "away.db");
    let in_its_place = bot.folder.path().join("data/wau.db");
    std::fs::create_dir(&in_its_place).unwrap();
    bot.start().await;

    let page = &world.config().page_id;
    let now = clock::now_ms();
    let batch = [
        payload::text(page, "ann", "a1", "First question of Ann, what is it?", now),
        payload::text(page, "ben", "b1", "A question of Ben, what is it?", now),
    ];
    assert!(world.deliver(payload::batch(page, &batch, now)).await.acked, "of a live and a dead region");
    assert_eq!(world.say("ann", "Second question of Ann, what is it?").await.unwrap(), 200);
    let asked =
        |world: &World, words: &str| world.ai_requests().iter().any(|it| it.question().contains(words));
    world.wait_until(SOON, |world| asked(world, "question of Ben")).await.unwrap();
    assert!(!asked(&world, "question of Ann"), "her region is away");
    // Meta brings it again.
    assert!(world.deliver(payload::batch(page, &batch, now)).await.acked);

    std::fs::remove_dir(in_its_place).unwrap();
    rename(&bot, "away.db", "wau.db");
    world.wait_until(Duration::from_secs(40), |world| asked(world, "Second question of Ann")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let order: Vec<String> = world
        .ai_requests()
        .iter()
        .map(|it| it.question().to_owned())
        .filter(|it| it.contains("of Ann") || it.contains("of Ben"))
        .collect();
    assert_eq!(
        order,
        [
            "A question of Ben, what is it?",
            "First question of Ann, what is it?",
            "Second question of Ann, what is it?"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_has_the_regions_beside_it() {
    let (world, mut bot) = with_regions(UNLIMITED).await;
    agrees(&world, "ann").await;
    bot.well(&["user", "move", "ann", "--to", "wau"]);
    let copied = bot.well(&["backup", "copy.db"]);
    assert_eq!(bot.stop(), Some(0));
    assert!(bot.folder.path().join("copy.wau.db").exists(), "{copied}");
    rename(&bot, "wau.db", "gone.db");
    let told = bot.well(&["restore", "copy.db"]);
    assert!(told.contains("copy.wau.db"), "{told}");
    bot.start().await;
    assert_eq!(lives_in(&bot, "ann"), "wau");
    asks(&world, "ann", "What is malaria, tell me please?").await;
}

fn rename(bot: &Bot, from: &str, to: &str) {
    let data = bot.folder.path().join("data");
    for end in ["-wal", "-shm", ""] {
        let (from, to) = (data.join(format!("{from}{end}")), data.join(format!("{to}{end}")));
        let _ = std::fs::remove_file(&to);
        if from.exists() {
            std::fs::rename(from, to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_or_a_setting_that_is_lost_makes_strangers_of_nobody_and_loses_nothing() {
    let (world, mut bot) = with_regions(UNLIMITED).await;
    for user in ["ann", "ben"] {
        agrees(&world, user).await;
    }
    bot.well(&["user", "move", "ann", "--to", "wau"]);
    assert_eq!(bot.stop(), Some(0));
    // The disk is not mounted: an empty file would be made in its place.
    rename(&bot, "wau.db", "away.db");
    let migrated = bot.run(&["migrate"]);
    let told = String::from_utf8_lossy(&migrated.stderr).into_owned();
    assert!(
        migrated.status.success() && told.contains("people live there"),
        "no release waits for it: {told}"
    );
    bot.start().await;
    assert_eq!(world.say("ann", "First question of Ann, what is it?").await.unwrap(), 200);
    asks(&world, "ben", "First question of Ben, what is it?").await;
    let told = String::from_utf8_lossy(&bot.run(&["doctor"]).stdout).into_owned();
    assert!(told.contains("people live there"), "{told}");
    assert_eq!(bot.stop(), Some(0));
    // A deploy without the settings.
    bot.unset("REGION_WAU_URL");
    bot.unset("REGION_JUBA_URL");
    bot.start().await;
    assert_eq!(world.say("ann", "Second question of Ann, what is it?").await.unwrap(), 200);
    asks(&world, "ben", "Second question of Ben, what is it?").await;
    assert_eq!(bot.stop(), Some(0));

    rename(&bot, "away.db", "wau.db");
    bot.set("REGION_WAU_URL", "sqlite:data/wau.db");
    bot.set("REGION_JUBA_URL", "sqlite:data/juba.db");
    bot.start().await;
    let asked =
        |world: &World, words: &str| world.ai_requests().iter().any(|it| it.question().contains(words));
    world.wait_until(Duration::from_secs(40), |world| asked(world, "Second question of Ann")).await.unwrap();
    let asked: Vec<String> = world.ai_requests().iter().map(|it| it.question().to_owned()).collect();
    let of_ann: Vec<&String> = asked.iter().filter(|it| it.contains("of Ann")).collect();
    assert_eq!(of_ann, ["First question of Ann, what is it?", "Second question of Ann, what is it?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_is_evacuated_while_its_people_write() {
    let (world, bot) = with_regions(UNLIMITED).await;
    world.ai(|ai| {
        ai.delay = Duration::from_secs(2);
        ai.canned = false;
    });
    let people: Vec<String> = (0..30).map(|number| format!("p{number}")).collect();
    for user in &people {
        agrees(&world, user).await;
    }
    bot.well(&["user", "move", "--everybody-in", "main", "--to", "juba"]);
    assert_eq!(lives_in(&bot, "p7"), "juba");
    // Each has a question at the AI when they are moved.
    for user in &people {
        let question = format!("What is the work of {user}, tell me?");
        assert_eq!(world.say(user, &question).await.unwrap(), 200);
    }
    world.wait_until(SOON, |world| world.ai_requests().len() == 30).await.unwrap();
    let told = bot.well(&["drill", "evacuate", "juba", "--to", "wau", "--traffic"]);
    assert!(told.contains("Nothing is lost and nothing is there twice."), "{told}");
    let answers = |world: &World| {
        people
            .iter()
            .map(|user| world.sent_to(user).iter().filter(|it| it.text.contains("the work of")).count())
            .collect::<Vec<_>>()
    };
    world.wait_until(SOON, |world| answers(world).iter().all(|it| *it > 0)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(answers(&world), vec![1; 30], "each was answered once");
    assert_eq!(world.ai_requests().len(), 30, "and nothing was asked twice");
    assert!(people.iter().all(|user| lives_in(&bot, user) == "wau"));
}
