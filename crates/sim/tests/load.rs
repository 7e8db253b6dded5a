use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use answerbot_sim::load::{Amount, LoadPlan, LoadReport, run_in};
use answerbot_sim::{Events, World};
use parking_lot::Mutex;

use crate::bot::{Bot, client, graph_send, text_to, world_with};

/// What the fake bot does with a question.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Good,
    /// Every fifth question is acknowledged and forgotten.
    Forgetful,
    /// Every duplicate is answered again.
    Repeating,
    /// More than two questions of a person meet a limit.
    Limited,
}

/// Makes the fake bot answer through the AI and Graph, one question of a person after the other.
fn answering(bot: &Bot, world: &World, manner: Manner) {
    let queues: Arc<Mutex<HashMap<String, tokio::sync::mpsc::UnboundedSender<String>>>> = Arc::default();
    let seen: Mutex<HashSet<String>> = Mutex::default();
    let (world, tasks) = (world.clone(), bot.tasks.clone());
    bot.on_post(move |post| {
        let event = post.event();
        let (user, text) = (event["sender"]["id"].as_str(), event["message"]["text"].as_str());
        let (Some(user), Some(text), Some(mid)) = (user, text, event["message"]["mid"].as_str()) else {
            return 200;
        };
        if !seen.lock().insert(mid.to_owned()) && manner != Manner::Repeating {
            return 200;
        }
        let mut queues = queues.lock();
        let queue = queues.entry(user.to_owned()).or_insert_with(|| {
            let (tell, mut hear) = tokio::sync::mpsc::unbounded_channel::<String>();
            let (world, user) = (world.clone(), user.to_owned());
            tasks.spawn(async move {
                let mut questions = 0;
                while let Some(text) = hear.recv().await {
                    questions += u32::from(text.starts_with("Q-"));
                    let _ = answer(&world, &user, &text, manner, questions).await;
                }
            });
            tell
        });
        let _ = queue.send(text.to_owned());
        200
    });
}

async fn answer(world: &World, user: &str, text: &str, manner: Manner, questions: u32) -> anyhow::Result<()> {
    if !text.starts_with("Q-") {
        graph_send(world, &text_to(user, "You may ask three free questions a day. Do you agree?")).await?;
        return Ok(());
    }
    if manner == Manner::Forgetful && questions.is_multiple_of(5) {
        return Ok(());
    }
    if manner == Manner::Limited && questions > 2 {
        graph_send(world, &text_to(user, "You have used your free questions of today.")).await?;
        return Ok(());
    }
    let body = serde_json::json!({ "model": "m", "messages": [{ "role": "user", "content": text }] });
    let url = format!("{}/chat/completions", world.openrouter_base_url());
    let answer: serde_json::Value =
        client()?.post(url).bearer_auth("sim").json(&body).send().await?.json().await?;
    let answer = answer["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned();
    graph_send(world, &text_to(user, &answer)).await?;
    Ok(())
}

async fn load(manner: Manner, change: impl FnOnce(&mut LoadPlan)) -> anyhow::Result<LoadReport> {
    let (world, bot) = world_with(|config| {
        config.record = false;
        config.events = Events::none();
    })
    .await?;
    answering(&bot, &world, manner);
    let mut plan = LoadPlan {
        users: 5,
        rate: 200.0,
        amount: Amount::Messages(50),
        answer_wait: Duration::from_secs(2),
        ..LoadPlan::default()
    };
    change(&mut plan);
    let report = run_in(&world, plan).await?;
    world.stop().await;
    Ok(report)
}

#[tokio::test]
async fn a_good_bot_gets_a_sound_report_even_with_duplicates() -> anyhow::Result<()> {
    let report = load(Manner::Good, |plan| plan.deliveries = 3).await?;
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.asked, report.acked, report.answered, report.not_agreed), (50, 50, 50, 0));
    assert_eq!((report.ai_min, report.ai_max, report.ai_none, report.ai_many), (1, 1, 0, 0));
    assert_eq!((report.repeated, report.lost, report.unacked), (0, 0, 0));
    assert!(report.ack.p50_ms > 0.0 && report.answer.max_ms >= report.answer.p50_ms);
    Ok(())
}

#[tokio::test]
async fn a_forgotten_question_is_reported_as_lost() -> anyhow::Result<()> {
    let report = load(Manner::Forgetful, |_| {}).await?;
    assert_eq!((report.acked, report.lost), (50, 10), "{report:?}");
    assert!(!report.is_sound() && report.examples[0].ends_with("lost"));
    Ok(())
}

#[tokio::test]
async fn a_bot_that_answers_duplicates_is_caught() -> anyhow::Result<()> {
    let report = load(Manner::Repeating, |plan| plan.deliveries = 2).await?;
    assert!(report.repeated > 0 && report.ai_many > 0, "{report:?}");
    Ok(())
}

#[tokio::test]
async fn a_limit_notice_is_not_a_loss() -> anyhow::Result<()> {
    let report = load(Manner::Limited, |_| {}).await?;
    assert_eq!((report.answered, report.limited, report.lost), (10, 40, 0), "{report:?}");
    Ok(())
}

#[tokio::test]
async fn a_bot_that_moves_in_the_middle_loses_nothing() -> anyhow::Result<()> {
    // The hook takes the bot away for a while, as a kill and a restart would.
    let (gone, back) = (Mutex::new(false), Mutex::new(false));
    let home = Mutex::new(String::new());
    let report = load(Manner::Good, |plan| {
        plan.rate = 50.0;
        plan.hook = Some(Arc::new(move |world, progress| {
            if progress.asked > 10 && !std::mem::replace(&mut *gone.lock(), true) {
                *home.lock() = world.bot_url();
                world.set_bot_url("http://127.0.0.1:1");
            } else if progress.asked > 25 && !std::mem::replace(&mut *back.lock(), true) {
                world.set_bot_url(&home.lock());
            }
        }));
    })
    .await?;
    assert!(report.is_sound() && report.retried > 0, "{report:?}");
    assert_eq!((report.asked, report.answered), (50, 50));
    Ok(())
}

#[tokio::test]
async fn a_plan_without_sense_is_refused() {
    assert!(load(Manner::Good, |plan| plan.rate = 0.0).await.is_err());
    assert!(load(Manner::Good, |plan| plan.users = 0).await.is_err());
}
