//! Answers as an operator meets them: `ask`, `answers`, caps, and what a person's day cost.

use std::time::Duration;

use answerbot_sim::{Provider, World};

use crate::bot::{Bot, UNLIMITED};

const OSMOSIS: &str = "What is osmosis?";

/// A person who has agreed.
async fn agrees(world: &World, user: &str) {
    world.say(user, "hello").await.unwrap();
    world.wait_for(user, 1, Duration::from_secs(20)).await.unwrap();
    world.say(user, "yes").await.unwrap();
    hears(world, user, "ask me anything").await;
}

async fn hears(world: &World, user: &str, text: &str) {
    let has = |world: &World| world.sent_to(user).iter().any(|it| it.text.contains(text));
    let waited = world.wait_until(Duration::from_secs(20), has).await;
    assert!(waited.is_ok(), "{text}: {:?}", world.sent_to(user));
}

async fn gets(world: &World, user: &str, question: &str, answer: &str) {
    world.say(user, question).await.unwrap();
    hears(world, user, answer).await;
}

fn questions_asked(world: &World) -> usize {
    world.ai_requests().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ask_tells_the_answer_the_way_and_the_cost() {
    let (world, bot) = Bot::in_a_world(UNLIMITED).await;
    let text = bot.well(&["ask", OSMOSIS]);
    for part in [
        "About \"What is osmosis?\"",
        "openrouter, cheap model",
        "academic, looks easy",
        "may be shared (en)",
        "US dollars",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let asked = world.ai_requests().pop().unwrap();
    assert_eq!(asked.model, "openai/gpt-4.1-nano");
    let paid = bot.objects(&["ask", "--paid", OSMOSIS]).remove(0);
    assert_eq!(
        (&paid["model"], &paid["domain"], &paid["shareable"]),
        (&"openai/gpt-4o-mini".into(), &"academic".into(), &true.into())
    );
    assert!(paid["cost_micro_usd"].as_u64().unwrap() > 0);
    let before = questions_asked(&world);
    let danger = bot.well(&["ask", "a snake has bitten my son"]);
    assert!(
        danger.contains("hospital") && danger.contains("danger") && danger.contains("0.000000"),
        "{danger}"
    );
    assert_eq!(questions_asked(&world), before, "danger asks nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_in_vain_is_listed_answered_by_a_person_approved_and_given() {
    let (world, bot) = Bot::in_a_world(UNLIMITED).await;
    for user in ["ann", "ben", "cem"] {
        agrees(&world, user).await;
        gets(&world, user, "whats osmosis", "About \"whats osmosis\"").await;
    }
    let misses = bot.objects(&["answers", "misses"]);
    assert_eq!((&misses[0]["question"], &misses[0]["times"]), (&"what is osmosis".into(), &3.into()));
    let add = |more: &[&str]| {
        let mut arguments = vec![
            "answers",
            "add",
            "--id",
            "osmosis",
            "--question",
            OSMOSIS,
            "--answer",
            "Water moves to salt.",
            "--source",
            "a book",
        ];
        arguments.extend(more);
        bot.run(&arguments)
    };
    assert!(add(&[]).status.success());
    assert!(!add(&[]).status.success(), "an id is never given to another answer");
    assert!(bot.well(&["answers", "list"]).contains("not approved"));
    assert!(
        bot.well(&["answers", "approve", "osmosis", "--by", "A teacher"]).contains("Approved 1 by A teacher")
    );
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = questions_asked(&world);
    gets(&world, "ann", "please tell me what is osmosis", "Water moves to salt.").await;
    assert_eq!(questions_asked(&world), before);
    assert!(bot.well(&["ask", OSMOSIS]).contains("curated: osmosis"));
    let listed = bot.objects(&["answers", "list"]).remove(0);
    assert_eq!((&listed["given"], &listed["entry"]["approved_by"]), (&1.into(), &"A teacher".into()));
    // There and back.
    let file = bot.folder.path().join("answers.jsonl");
    bot.well(&["answers", "export", file.to_str().unwrap()]);
    bot.well(&["answers", "remove", "osmosis"]);
    assert!(bot.objects(&["answers", "list"]).is_empty());
    assert!(bot.well(&["answers", "import", file.to_str().unwrap()]).contains("Imported 1; 1 are approved"));
    std::fs::write(&file, "{\"id\": \"x\"}\n").unwrap();
    let refused = bot.run(&["answers", "import", file.to_str().unwrap()]);
    assert!(
        !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("line 1"),
        "{refused:?}"
    );
    assert!(bot.well(&["user", "audit"]).contains("answers approve"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_answers_cost_is_told_by_way_and_by_person() {
    let (world, bot) = Bot::in_a_world(UNLIMITED).await;
    for user in ["ann", "ben"] {
        agrees(&world, user).await;
        gets(&world, user, OSMOSIS, "About \"What is osmosis?\"").await;
    }
    let rows = bot.objects(&["answers", "costs"]);
    let of = |way: &str| rows.iter().find(|it| it["way"] == way).unwrap();
    assert_eq!((&of("ai")["answers"], &of("ai")["calls"]), (&1.into(), &1.into()));
    assert_eq!((&of("shared")["answers"], &of("shared")["cost_micro_usd"]), (&1.into(), &0.into()));
    let cost = of("ai")["cost_micro_usd"].as_u64().unwrap();
    assert!(cost > 0);
    let ann = bot.objects(&["user", "show", "ann"]).remove(0);
    let ben = bot.objects(&["user", "show", "ben"]).remove(0);
    assert_eq!((&ann["ai_cost_micro_usd"], &ben["ai_cost_micro_usd"]), (&cost.into(), &0.into()));
    assert!(bot.well(&["answers", "costs"]).contains("an answer"));
    assert_eq!(bot.metric("answers_cost_micro_usd_total").await, cost);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_of_nought_asks_nobody_and_a_cap_that_is_no_number_stops_the_start() {
    // Close before midnight in Juba it would be tried again without a word, close after it given up at once.
    let at_any_hour = format!("{UNLIMITED}[time]\nreply_window_ms = 172800000\n[ai]\ndeadline_ms = 4000\n");
    let (world, mut bot) = Bot::in_a_world(&at_any_hour).await;
    agrees(&world, "ann").await;
    bot.stop();
    bot.set("AI_DAILY_BUDGET_USD", "0");
    bot.start().await;
    gets(&world, "ann", OSMOSIS, "I cannot answer right now").await;
    assert_eq!(questions_asked(&world), 0);
    bot.stop();
    let refused = bot.run(&["ask", OSMOSIS]);
    assert!(!refused.status.success());
    for wrong in ["five", "-1", "NaN"] {
        bot.set("AI_DAILY_BUDGET_USD", wrong);
        let refused = bot.run(&["serve"]);
        assert!(
            String::from_utf8_lossy(&refused.stderr).contains("AI_DAILY_BUDGET_USD"),
            "{wrong}: {refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn providers_from_the_file_have_three_models_each_and_their_prices() {
    let (world, mut bot) = Bot::in_a_world(UNLIMITED).await;
    bot.stop();
    let file = |prices: &str| {
        format!(
            "[[ai.providers]]\nname = \"own\"\nbase_url = \"{}\"\napi_key = \"sim\"\nmodel = \"mini\"\ncheap_model = \"nano\"\n\
             better_model = \"large\"\nusd_in = 1.0\nusd_out = 2.0\n{prices}",
            world.openai_base_url()
        )
    };
    let write = |text: String| std::fs::write(bot.folder.path().join("answerbot.toml"), text).unwrap();
    write(file("cheap_usd_in = 0.1\n"));
    let refused = bot.run(&["ask", OSMOSIS]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("both prices"), "{refused:?}");
    write(file("cheap_usd_in = 0.1\ncheap_usd_out = 0.2\n"));
    for (question, paid, model) in [
        (OSMOSIS, false, "nano"),
        ("How do I plant sorghum?", false, "mini"),
        ("Solve 2x + 5 = 11", false, "large"),
        (OSMOSIS, true, "large"),
    ] {
        let mut arguments = vec!["ask", question];
        if paid {
            arguments.push("--paid");
        }
        let told = bot.objects(&arguments).remove(0);
        assert_eq!(world.ai_requests().pop().unwrap().model, model, "{question}: {told}");
    }
    assert!(world.ai_requests().iter().all(|it| it.provider == Provider::OpenAi));
}
