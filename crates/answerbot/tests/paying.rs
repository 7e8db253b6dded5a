//! The way to a plan through the real binary, with a simulated MTN: what the person meets, and what MTN is asked.

use std::time::Duration;

use answerbot_sim::World;
use answerbot_sim::momo::{Fate, Scene};

use crate::bot::{Bot, contains};
use crate::payers::{
    NUMBER, PAYER, QUICK, asking_at, heard_times, is_prompted, orders, patient, payer, prompt_of, texts,
    times,
};
use crate::talk::{SOON, agrees, heard};

const LONG: Duration = Duration::from_mins(1);

async fn asks(world: &World, user: &str, question: &str, in_all: usize) {
    world.say(user, question).await.unwrap();
    let asked = world.wait_until(SOON, |world| world.ai_requests().len() == in_all).await;
    assert!(
        asked.is_ok(),
        "{} questions, not {in_all}: {:#?}",
        world.ai_requests().len(),
        texts(world, user)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_way_from_the_free_limit_to_the_paid_one() {
    let (world, bot) = Bot::that_sells(&patient()).await;
    agrees(&world, "amina").await;
    for number in 1..=3 {
        asks(&world, "amina", &format!("What is number {number}?"), number).await;
    }
    world.say("amina", "How do I plant maize?").await.unwrap();
    heard(&world, "amina", "used your 3 free questions").await;

    world.say("amina", "subscribe").await.unwrap();
    let plans = heard(&world, "amina", "With a plan you ask 30 questions a day").await;
    let titles: Vec<String> = plans.buttons.into_iter().map(|it| it.title).collect();
    assert_eq!(titles, ["Weekly 3,000 SSP", "Monthly 6,500 SSP"]);
    world.say("amina", "weekly").await.unwrap();
    heard(&world, "amina", "Which MTN number pays?").await;
    world.say("amina", "my number is +211 92 123 4567").await.unwrap();
    let summary = heard(&world, "amina", "Pay now?").await.text;
    for part in ["Weekly plan for 3,000 SSP", "paid by 0921234567", "does not renew by itself"] {
        assert!(summary.contains(part), "{part}: {summary}");
    }
    assert!(world.momo_posts().is_empty(), "MTN is asked for nothing before the person says so");

    world.say("amina", "yes").await.unwrap();
    let prompt = prompt_of(&world, PAYER).await;
    assert_eq!((prompt.amount.as_str(), prompt.currency.as_str()), ("3000", "SSP"), "exactly what was shown");
    heard(&world, "amina", "Look at the phone of the payer now").await;
    assert!(times(&world, "amina", "Receipt") == 0 && world.ai_requests().len() == 3);

    world.momo_approve(PAYER).unwrap();
    let receipt = heard(&world, "amina", "Receipt").await.text;
    let mtn_id = world.momo_ledger()[0].transaction.clone();
    let until = summary.split("It runs until ").nth(1).unwrap().split(" and does").next().unwrap();
    for part in ["Paid. Thank you!", "3,000 SSP", "30 questions a day", &mtn_id, until] {
        assert!(receipt.contains(part), "{part}: {receipt}");
    }
    world.wait_until(SOON, |world| world.ai_requests().len() == 4).await.unwrap();
    assert_eq!(world.ai_requests()[3].question(), "How do I plant maize?", "the kept question comes first");
    world.say("amina", "status").await.unwrap();
    heard(&world, "amina", "You have 29 of 30 questions left today").await;

    for number in 5..=33 {
        asks(&world, "amina", &format!("What is number {number}?"), number).await;
    }
    world.say("amina", "What is one too many?").await.unwrap();
    heard(&world, "amina", "You have used your 30 questions of today").await;
    assert_eq!(world.ai_requests().len(), 33);
    assert_eq!((world.momo_payments().len(), world.momo_ledger().len()), (1, 1));
    assert_eq!(times(&world, "amina", "Receipt"), 1);
    assert!(!bot.log_text().contains("921234567") && !contains(&bot.files(), "921234567"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_while_the_prompt_is_open_changes_nothing() {
    let (world, mut bot) = Bot::that_sells(&patient()).await;
    let prompt = is_prompted(&world, "ben", NUMBER, PAYER).await;
    assert_eq!(bot.stop(), Some(0));
    world.momo_approve(&prompt.reference).unwrap();
    bot.start().await;
    heard(&world, "ben", "Paid. Thank you!").await;
    world.say("ben", "status").await.unwrap();
    heard(&world, "ben", "You have 30 of 30").await;
    assert_eq!((times(&world, "ben", "Receipt"), world.momo_posts().len()), (1, 1));
}

/// SIGKILL at different moments after "pay" was acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_right_after_pay_the_request_is_made_once() {
    let (world, mut bot) = Bot::that_sells(&patient()).await;
    for (number, pause) in [0, 5, 10, 20, 40, 80].into_iter().enumerate() {
        let user = format!("kim{number}");
        let (typed, its) = payer(number);
        agrees(&world, &user).await;
        orders(&world, &user, &typed).await;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        bot.kill();
        bot.start().await;
        let prompt = prompt_of(&world, &its).await;
        world.momo_approve(&prompt.reference).unwrap();
        heard(&world, &user, "Receipt").await;
    }
    let payments = world.momo_payments();
    assert_eq!(payments.len(), 6, "one request each: {payments:#?}");
    let answers: Vec<_> = world.momo_posts().into_iter().map(|it| it.answer).collect();
    assert!(answers.iter().all(|it| matches!(it, Some(202 | 409) | None)), "{answers:?}");
    let books = bot.objects(&["payments", "books"]).remove(0);
    assert_eq!((&books["well"], &books["grants"]), (&true.into(), &6.into()), "{books}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_after_the_window_and_a_restart_is_late_and_counts_once() {
    let (world, mut bot) = Bot::that_sells(QUICK).await;
    let prompt = is_prompted(&world, "carl", NUMBER, PAYER).await;
    heard(&world, "carl", "Nothing happened on the phone in time").await;
    assert_eq!(bot.stop(), Some(0));
    world.momo_approve(&prompt.reference).unwrap();
    bot.start().await;
    let receipt = heard(&world, "carl", "Receipt").await.text;
    assert!(receipt.contains("Your payment arrived late, and it counts. Thank you!"), "{receipt}");
    bot.well(&["payments", "check", &prompt.reference]);
    world.say("carl", "I paid but nothing").await.unwrap();
    heard(&world, "carl", "You have 30 of 30").await;
    assert_eq!(times(&world, "carl", "Receipt"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_stays_pending_for_long_is_granted_when_mtn_says_so() {
    let (world, _bot) = Bot::that_sells(QUICK).await;
    let scenes = ["CREATED", "ONGOING", "PENDING"].map(|word| Scene::new(Duration::from_millis(1_500), word));
    let mut scenes = scenes.to_vec();
    scenes.push(Scene::new(Duration::from_secs(2), "SUCCESSFUL"));
    world.momo(|knobs| knobs.fate = Fate::Play(scenes));
    agrees(&world, "dora").await;
    orders(&world, "dora", NUMBER).await;
    heard(&world, "dora", "Nothing happened on the phone in time").await;
    heard(&world, "dora", "arrived late, and it counts").await;
    assert_eq!((times(&world, "dora", "Receipt"), world.momo_payments().len()), (1, 1));
}

/// MTN said that it failed, and the money came all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_becomes_money_is_granted() {
    let (world, _bot) = Bot::that_sells(QUICK).await;
    let expired = Scene::failed(Duration::from_millis(800), "EXPIRED");
    let scenes = vec![expired, Scene::new(Duration::from_secs(3), "SUCCESSFUL")];
    world.momo(|knobs| knobs.fate = Fate::Play(scenes));
    agrees(&world, "eva").await;
    orders(&world, "eva", NUMBER).await;
    heard(&world, "eva", "The request ran out before the PIN was entered").await;
    heard(&world, "eva", "arrived late, and it counts").await;
    world.say("eva", "status").await.unwrap();
    heard(&world, "eva", "You have 30 of 30").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_and_tried_again_at_once_is_one_prompt() {
    let (world, _bot) = Bot::that_sells(&patient()).await;
    let prompt = is_prompted(&world, "fay", NUMBER, PAYER).await;
    world.say("fay", "cancel").await.unwrap();
    heard(&world, "fay", "Do not enter your PIN. If you did, it counts.").await;
    orders(&world, "fay", NUMBER).await;
    heard(&world, "fay", "Approve only one. Try again at").await;
    // Another person with the same phone, and the same person with another one.
    agrees(&world, "gil").await;
    orders(&world, "gil", NUMBER).await;
    heard(&world, "gil", "Approve only one. Try again at").await;
    orders(&world, "fay", "0927654321").await;
    heard_times(&world, "fay", "Approve only one. Try again at", 2).await;
    assert_eq!((world.momo_posts().len(), world.momo_prompts().len()), (1, 1));

    world.momo_approve(&prompt.reference).unwrap();
    heard(&world, "fay", "arrived late, and it counts").await;
    world.say("fay", "status").await.unwrap();
    heard(&world, "fay", "You have 30 of 30").await;
    assert_eq!(times(&world, "gil", "Receipt"), 0, "who ordered has the plan, not who else named the number");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_refusal_has_its_own_words_and_none_of_mtns() {
    let (world, _bot) = Bot::that_sells(&patient()).await;
    let at_once = |reason: &str| Fate::Play(vec![Scene::failed(Duration::ZERO, reason)]);
    let cases = [
        ("APPROVAL_REJECTED", "The request was declined on the phone. You were not charged."),
        ("EXPIRED", "The request ran out before the PIN was entered. You were not charged."),
        ("COULD_NOT_PERFORM_TRANSACTION", "The request ran out before the PIN was entered."),
        ("NOT_ENOUGH_FUNDS", "Mostly the balance is too low"),
        ("INTERNAL_PROCESSING_ERROR", "Mostly the balance is too low"),
        ("PAYER_LIMIT_REACHED", "has reached its limit at MTN"),
        ("PAYER_NOT_FOUND", "has no active MoMo account. You were not charged."),
        ("PAYEE_NOT_ALLOWED_TO_RECEIVE", "Something is wrong on our side"),
        ("SERVICE_UNAVAILABLE", "MoMo is having trouble. You have not been charged."),
        ("SOMETHING_UNHEARD_OF", "MTN did not take the payment. You were not charged."),
    ];
    for (number, (reason, words)) in cases.into_iter().enumerate() {
        let user = format!("hal{number}");
        let (typed, its) = payer(number);
        world.momo(|knobs| knobs.fates.insert(its, at_once(reason)));
        agrees(&world, &user).await;
        orders(&world, &user, &typed).await;
        heard(&world, &user, words).await;
        let all = texts(&world, &user).join("\n");
        let of_mtn = ["The payer", "The approval", "Payee does not", "An internal error", "_", "temporarily"];
        assert!(of_mtn.iter().all(|it| !all.contains(it)), "{reason}: {all}");
    }
    // Declined by hand, and a number without an account: MTN is not even asked for the money.
    let prompt = is_prompted(&world, "ian", NUMBER, PAYER).await;
    world.momo_decline(&prompt.reference).unwrap();
    heard(&world, "ian", "The request was declined on the phone").await;
    let posts = world.momo_posts().len();
    world.momo(|knobs| knobs.inactive.insert("211999999999".into()));
    agrees(&world, "jo").await;
    orders(&world, "jo", "099 999 9999").await;
    heard(&world, "jo", "That number has no active MoMo account").await;
    assert_eq!(world.momo_posts().len(), posts);
    assert!(world.momo_ledger().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pin_typed_while_mtn_asks_for_it_is_nowhere() {
    let (world, bot) = Bot::that_sells(&patient()).await;
    is_prompted(&world, "lea", NUMBER, PAYER).await;
    let before = world.sent_to("lea").len();
    let pins = ["4711", "4 7 1 1", "٤٧١١", "486913", "4 8 6 9 1 3", "٤٨٦٩١٣", "۴۸۶۹۱۳"];
    for pin in pins {
        world.say("lea", pin).await.unwrap();
    }
    let told = |text: &String| text.contains("Never send your PIN");
    let all_told = |world: &World| texts(world, "lea")[before..].iter().filter(|it| told(it)).count();
    let waited = world.wait_until(SOON, |world| all_told(world) == pins.len()).await;
    assert!(waited.is_ok(), "{:#?}", texts(&world, "lea"));
    world.momo_approve(PAYER).unwrap();
    heard(&world, "lea", "Receipt").await;
    assert!(world.ai_requests().is_empty());
    let (files, log) = (bot.files(), bot.log_text());
    // Four digits stand in every hexadecimal number sooner or later; what people typed around them does not.
    for pin in ["4 7 1 1", "٤٧١١", "486913", "4 8 6 9 1 3", "٤٨٦٩١٣", "۴۸۶۹۱۳"] {
        assert!(!contains(&files, pin), "{pin} is in the files");
        assert!(!log.contains(pin), "{pin} is in the log");
    }
    let posts = format!("{:?}{:?}", world.momo_posts(), world.momo_payments());
    assert!(!posts.contains("486913"), "MTN's window alone takes it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complaint_about_paying_asks_mtn_and_never_the_ai() {
    let (world, _bot) = Bot::that_sells(&patient()).await;
    let complaints = ["I paid but nothing", "my money is gone you took it"];
    agrees(&world, "mia").await;
    for (number, text) in complaints.into_iter().enumerate() {
        world.say("mia", text).await.unwrap();
        heard_times(&world, "mia", "I see no payment from you", number + 1).await;
    }
    // While MTN asks, each complaint asks MTN; when it is paid, the person hears what is known.
    let prompt = is_prompted(&world, "ned", NUMBER, PAYER).await;
    for (number, text) in complaints.into_iter().enumerate() {
        world.say("ned", text).await.unwrap();
        heard_times(&world, "ned", "I am asking MTN about your payment now", number + 1).await;
    }
    world.momo_approve(&prompt.reference).unwrap();
    heard(&world, "ned", "Receipt").await;
    let pasted = world.money_messages().into_iter().find(|it| it.to == PAYER).unwrap().text;
    for (number, text) in complaints.into_iter().chain([pasted.as_str()]).enumerate() {
        world.say("ned", text).await.unwrap();
        heard_times(&world, "ned", "This is what I know", number + 1).await;
    }
    let last = world.sent_to("ned").pop().unwrap();
    assert_eq!(last.quick_replies[0].title, "Talk to a person");
    assert!(last.text.contains("You have 30 of 30"), "it cost no question: {}", last.text);
    assert!(world.ai_requests().is_empty());
}

/// The person asks before the next look is due, and hears at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complaint_finds_the_money_that_no_poll_was_due_for() {
    let (world, _bot) = Bot::that_sells(&asking_at("polls_ms = [200, 3600000]")).await;
    let prompt = is_prompted(&world, "ola", NUMBER, PAYER).await;
    let looked = |world: &World| world.momo_payment(&prompt.reference).unwrap().status_reads > 0;
    world.wait_until(LONG, looked).await.unwrap();
    world.momo(|knobs| knobs.callbacks.times = 0);
    world.momo_approve(&prompt.reference).unwrap();
    world.say("ola", "I paid but nothing happened in the bot").await.unwrap();
    heard(&world, "ola", "Receipt").await;
}
