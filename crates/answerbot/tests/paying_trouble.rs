//! MTN misbehaves: nobody is charged twice, nothing that was paid is lost, and what does not fit grants nothing.

use std::time::Duration;

use answerbot_sim::World;
use answerbot_sim::momo::{MomoCall, MomoFault, MomoOutcome, Shown};

use crate::bot::Bot;
use crate::payers::{NUMBER, PAYER, QUICK, is_prompted, orders, patient, payer, prompt_of, times};
use crate::talk::{agrees, heard};

/// The person has ordered; MTN's prompt comes in the end, is approved, and is the only one.
async fn pays_once(world: &World, bot: &Bot, user: &str) {
    let prompt = prompt_of(world, PAYER).await;
    world.momo_approve(&prompt.reference).unwrap();
    heard(world, user, "Receipt").await;
    world.say(user, "status").await.unwrap();
    heard(world, user, "You have 30 of 30").await;
    let payments = world.momo_payments();
    assert_eq!(payments.len(), 1, "one wish, one request: {payments:#?}");
    assert_eq!((world.momo_ledger().len(), times(world, user, "Receipt")), (1, 1));
    assert!(
        world.momo_posts().iter().all(|it| it.reference == prompt.reference),
        "one reference for all tries"
    );
    let books = bot.objects(&["payments", "books"]).remove(0);
    assert_eq!((&books["well"], &books["captures"]), (&true.into(), &1.into()), "{books}");
}

/// The 202 is lost, MTN shows the payment only later, and is asked again meanwhile: 409.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reference_that_mtn_has_already_is_no_second_request() {
    let (world, bot) = Bot::that_sells(&patient()).await;
    world.momo(|knobs| knobs.visible_after = Duration::from_millis(1_500));
    world.script_momo(MomoCall::RequestToPay, MomoOutcome::TakenThenFault(MomoFault::internal()), 1);
    agrees(&world, "amina").await;
    orders(&world, "amina", NUMBER).await;
    heard(&world, "amina", "Look at the phone of the payer now").await;
    pays_once(&world, &bot, "amina").await;
    let answers: Vec<_> = world.momo_posts().into_iter().map(|it| it.answer).collect();
    assert_eq!(answers, [Some(500), Some(409)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_mtn_at_the_request_and_at_the_status_cost_time_and_nothing_else() {
    let (world, bot) = Bot::that_sells(&patient()).await;
    world.script_momo(MomoCall::RequestToPay, MomoOutcome::Fault(MomoFault::unavailable()), 1);
    world.script_momo(MomoCall::RequestToPay, MomoOutcome::Fault(MomoFault::bare(502)), 1);
    agrees(&world, "ben").await;
    orders(&world, "ben", NUMBER).await;
    prompt_of(&world, PAYER).await;
    for fault in [MomoFault::internal(), MomoFault::throttled(), MomoFault::bare(503)] {
        world.script_momo(MomoCall::Status, MomoOutcome::Fault(fault), 1);
    }
    pays_once(&world, &bot, "ben").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_whose_answer_is_lost_is_asked_about_and_not_made_anew() {
    let (world, bot) = Bot::that_sells(&patient()).await;
    world.script_momo(MomoCall::RequestToPay, MomoOutcome::TakenThenHang, 1);
    agrees(&world, "carl").await;
    orders(&world, "carl", NUMBER).await;
    pays_once(&world, &bot, "carl").await;
    assert_eq!(world.momo_posts().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_dies_in_flight_is_fetched_anew() {
    let (world, bot) = Bot::that_sells(&patient()).await;
    world.script_momo(MomoCall::RequestToPay, MomoOutcome::TokenDies, 1);
    world.script_momo(MomoCall::Status, MomoOutcome::TokenDies, 2);
    agrees(&world, "dora").await;
    orders(&world, "dora", NUMBER).await;
    prompt_of(&world, PAYER).await;
    world.forget_momo_tokens();
    pays_once(&world, &bot, "dora").await;
    let log = bot.log_text();
    assert!(
        !log.contains("sim-") && !log.contains(&world.config().momo_account.api_key),
        "a secret is in the log"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_does_not_fit_the_order_grants_nothing_and_is_looked_at() {
    let (world, bot) = Bot::that_sells(&patient()).await;
    let some = |text: &str| Some(text.to_owned());
    let cases = [
        ("less", Shown { amount: some("2999.99"), ..Shown::default() }),
        ("more", Shown { amount: some("30000"), ..Shown::default() }),
        ("another currency", Shown { currency: some("EUR"), ..Shown::default() }),
        ("another payer", Shown { payer: some("211929999999"), ..Shown::default() }),
        ("another order", Shown { external_id: some("ab1.x.w.1.9"), ..Shown::default() }),
    ];
    let count = cases.len();
    for (number, (what, shown)) in cases.into_iter().enumerate() {
        let user = format!("eva{number}");
        let (typed, its) = payer(number);
        world.momo(|knobs| knobs.shown = Shown::default());
        let prompt = is_prompted(&world, &user, &typed, &its).await;
        world.momo(|knobs| knobs.shown = shown);
        world.momo_approve(&prompt.reference).unwrap();
        let told = heard(&world, &user, "Money came that does not fit the order").await.text;
        assert!(told.contains("Nothing is lost"), "{what}");
        world.say(&user, "status").await.unwrap();
        heard(&world, &user, "You have 3 of 3 free questions left").await;
        assert_eq!(times(&world, &user, "Receipt"), 0, "{what}");
        let shown = bot.objects(&["payments", "show", &prompt.reference]).remove(0);
        assert_eq!(shown["status"], "review", "{what}: {shown}");
        assert_eq!(shown["entries"][0]["credit"], "liab:suspense", "{what}: {shown}");
    }
    let waiting = bot.objects(&["payments", "list", "--status", "review"]);
    assert_eq!(waiting.len(), count);
    let books = bot.objects(&["payments", "books"]).remove(0);
    assert_eq!(
        (&books["in_review"], &books["grants"], &books["balanced"]),
        (&count.into(), &0.into(), &true.into()),
        "{books}"
    );
}

/// Whatever is tried, nothing arrives, and soon the wish is too old to be sent again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_mtn_knows_nothing_of_is_told_as_not_charged() {
    let policy = QUICK.replace("missing_after_ms = 10000", "missing_after_ms = 2000\nsend_within_ms = 1500");
    let (world, _bot) = Bot::that_sells(&policy).await;
    world.script_momo(MomoCall::RequestToPay, MomoOutcome::Fault(MomoFault::unavailable()), 100);
    agrees(&world, "fay").await;
    orders(&world, "fay", NUMBER).await;
    heard(&world, "fay", "MTN has no such payment. You were not charged.").await;
    assert!(world.momo_payments().is_empty() && times(&world, "fay", "Receipt") == 0);
}
