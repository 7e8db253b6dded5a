//! What a person meets, through the real binary.

use std::time::Duration;

use answerbot_sim::{Sent, World, payload};
use tokio::task::JoinSet;

use crate::bot::{Bot, UNLIMITED, contains};

pub const SOON: Duration = Duration::from_secs(20);
const BUILT_IN_AT_ONCE: &str = "[burst]\nwindow_ms = 0\n";

/// Waits until somebody heard something with these words.
pub async fn heard(world: &World, user: &str, words: &str) -> Sent {
    let found = |world: &World| world.sent_to(user).into_iter().find(|sent| sent.text.contains(words));
    if world.wait_until(SOON, |world| found(world).is_some()).await.is_err() {
        let texts: Vec<String> = world.sent_to(user).into_iter().map(|sent| sent.text).collect();
        panic!("{user} never heard \"{words}\", but {texts:#?}");
    }
    found(world).unwrap()
}

pub async fn agrees(world: &World, user: &str) {
    world.say(user, "hello").await.unwrap();
    heard(world, user, "automated assistant").await;
    world.say(user, "yes").await.unwrap();
    heard(world, user, "Thank you").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_first_message_to_the_limit() {
    let (world, bot) = Bot::in_a_world(BUILT_IN_AT_ONCE).await;
    assert_eq!(world.say("amina", "What is malaria?").await.unwrap(), 200);
    let start = heard(&world, "amina", "automated assistant").await;
    assert!(start.text.chars().count() <= 400);
    assert_eq!(start.buttons[0].title, "I agree");
    assert!(world.ai_requests().is_empty(), "the AI sees nothing before consent");

    world.postback("amina", "I_AGREE", "I agree").await.unwrap();
    let answered = |number: usize| move |world: &World| world.ai_requests().len() == number;
    world.wait_until(SOON, answered(1)).await.unwrap();
    assert_eq!(
        world.ai_requests()[0].question(),
        "What is malaria?",
        "asked before consent, answered after it"
    );
    heard(&world, "amina", "Where do you live?").await;

    world.say("amina", "How is it treated?").await.unwrap();
    world.wait_until(SOON, answered(2)).await.unwrap();
    let second = &world.ai_requests()[1];
    assert!(
        second.messages.iter().any(|line| line.content == "What is malaria?"),
        "the turn before is given"
    );

    world.say("amina", "What is the capital of Kenya?").await.unwrap();
    world.wait_until(SOON, answered(3)).await.unwrap();
    let third = &world.ai_requests()[2];
    assert_eq!(third.messages.len(), 2, "a question that stands alone goes without the talk");

    world.say("amina", "How do I plant maize?").await.unwrap();
    heard(&world, "amina", "used your 3 free questions").await;
    world.say("amina", "status").await.unwrap();
    heard(&world, "amina", "New ones come at midnight").await;
    assert_eq!(world.ai_requests().len(), 3);
    let texts: Vec<String> = world.sent_to("amina").into_iter().map(|sent| sent.text).collect();
    assert!(texts.iter().all(|text| !text.contains("**") && !text.contains('#')), "{texts:?}");
    assert!(bot.metric("decided_total").await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_is_one_question_and_typing_shows_at_once() {
    let (world, _bot) = Bot::in_a_world("[burst]\nwindow_ms = 400\n").await;
    agrees(&world, "ben").await;
    for part in ["my goat", "does not eat", "what can I do?"] {
        world.say("ben", part).await.unwrap();
    }
    world.wait_until(SOON, |world| world.ai_requests().len() == 1).await.unwrap();
    assert_eq!(world.ai_requests()[0].question(), "my goat\ndoes not eat\nwhat can I do?");
    assert!(!world.actions_of("ben").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_questions_at_once_with_one_left_are_one_answer() {
    let (world, _bot) = Bot::in_a_world(BUILT_IN_AT_ONCE).await;
    agrees(&world, "carl").await;
    for number in 0..2 {
        world.say("carl", &format!("What is number {number}?")).await.unwrap();
    }
    world.wait_until(SOON, |world| world.ai_requests().len() == 2).await.unwrap();
    let mut senders = JoinSet::new();
    for number in 0..50 {
        let world = world.clone();
        senders.spawn(async move { world.say("carl", &format!("What is thing {number}?")).await.unwrap() });
    }
    assert!(senders.join_all().await.iter().all(|status| *status == 200));
    let notices =
        |world: &World| world.sent_to("carl").iter().filter(|it| it.text.contains("used your 3")).count();
    world.wait_until(SOON, |world| notices(world) == 49).await.unwrap();
    assert_eq!(world.ai_requests().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_odd_event_never_costs_its_neighbours() {
    let (world, _bot) = Bot::in_a_world(UNLIMITED).await;
    agrees(&world, "dora").await;
    let page = world.config().page_id.clone();
    let odd = [
        serde_json::json!(null),
        serde_json::json!({ "sender": null, "message": { "mid": "x", "text": "y" } }),
        serde_json::json!({ "sender": { "id": "dora" }, "message": { "mid": "odd", "text": { "not": "text" } } }),
        serde_json::json!({ "delivery": { "watermark": 1 } }),
        serde_json::json!({ "sender": { "id": 7 }, "unheard_of": [] }),
    ];
    for (number, event) in odd.iter().enumerate() {
        let good = |part: &str| {
            let mid = format!("good-{number}-{part}");
            payload::text(
                &page,
                "dora",
                &mid,
                &format!("What is {part} of {number}?"),
                answerbot_sim::clock::now_ms(),
            )
        };
        let body = payload::batch(&page, &[good("the one before"), event.clone(), good("the one after")], 0);
        assert_eq!(world.send_raw(body).await.unwrap(), 200, "{event}");
    }
    world.wait_until(SOON, |world| world.ai_requests().len() == 10).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_message_is_refused_and_leaves_nothing_behind() {
    let (world, bot) = Bot::in_a_world(UNLIMITED).await;
    let body = payload::batch("p", &[payload::text("p", "eve", "m", "my forged question", 0)], 0);
    let signature = payload::sign("another secret", &body);
    assert_eq!(world.send_forged(body, &signature).await.unwrap(), 403);
    assert!(!contains(&bot.files(), "forged") && !bot.log_text().contains("my forged question"));
    assert_eq!(bot.metric("webhook_forged_total").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pin_is_in_no_file_no_log_and_no_request() {
    let (world, bot) = Bot::in_a_world(UNLIMITED).await;
    agrees(&world, "fay").await;
    for pin in ["48159", "4 8 1 5 9", "٤٨١٥٩"] {
        world.say("fay", pin).await.unwrap();
    }
    let told =
        |world: &World| world.sent_to("fay").iter().filter(|it| it.text.contains("in a sentence")).count();
    world.wait_until(SOON, |world| told(world) == 3).await.unwrap();
    assert!(!contains(&bot.files(), "48159") && !bot.log_text().contains("48159"));
    assert!(world.ai_requests().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_ai_is_down_there_is_one_apology_and_later_the_answer() {
    let (world, _bot) =
        Bot::in_a_world("[burst]\nwindow_ms = 0\n[ai]\ndeadline_ms = 6000\nleast_ms = 1000\n").await;
    agrees(&world, "gil").await;
    world.ai(|ai| ai.error_rate = 1.0);
    world.say("gil", "What is malaria?").await.unwrap();
    heard(&world, "gil", "Sorry, I cannot answer right now").await;
    world.say("gil", "status").await.unwrap();
    heard(&world, "gil", "You have 3 of 3 free questions left").await;
    world.ai(|ai| ai.error_rate = 0.0);
    let answered = |world: &World| {
        world.sent_to("gil").iter().any(|it| it.text.contains("You asked: \"What is malaria?\""))
    };
    world.wait_until(Duration::from_mins(1), answered).await.unwrap();
    let apologies = world.sent_to("gil").iter().filter(|it| it.text.starts_with("Sorry")).count();
    assert_eq!(apologies, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_person_leaves_the_count_and_nothing_else_even_after_the_key_was_rotated() {
    let (world, mut bot) = Bot::in_a_world(BUILT_IN_AT_ONCE).await;
    let key = |fill: &str| fill.repeat(64);
    bot.stop();
    std::fs::remove_dir_all(bot.database().parent().unwrap()).unwrap();
    bot.set("ENCRYPTION_KEY", &key("a"));
    bot.start().await;
    agrees(&world, "hal").await;
    for number in 0..3 {
        world.say("hal", &format!("What is number {number}?")).await.unwrap();
    }
    // An answer between the question and the yes would make the yes mean the answer.
    heard(&world, "hal", "number 2").await;
    world.say("hal", "delete my data").await.unwrap();
    heard(&world, "hal", "Delete all").await;
    world.say("hal", "yes").await.unwrap();
    heard(&world, "hal", "Your data is deleted").await;
    assert_eq!(bot.stop(), Some(0));

    bot.set("ENCRYPTION_KEY", &key("b"));
    bot.set("ENCRYPTION_KEY_OLD", &key("a"));
    bot.start().await;
    let before = world.sent_to("hal").len();
    world.say("hal", "hello").await.unwrap();
    world.wait_until(SOON, |world| world.sent_to("hal").len() > before).await.unwrap();
    assert!(world.sent_to("hal").last().unwrap().text.contains("automated assistant"), "a new person again");
    world.say("hal", "yes").await.unwrap();
    world.wait_until(SOON, |world| world.sent_to("hal").len() > before + 1).await.unwrap();
    world.say("hal", "What is number 4?").await.unwrap();
    heard(&world, "hal", "used your 3 free questions").await;
    assert_eq!(world.ai_requests().len(), 3, "deletion refills nothing");
}
