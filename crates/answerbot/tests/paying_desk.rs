//! What an operator does with money while the service runs, and after a copy was put back.

use answerbot_core::pay::days::iso_date;
use answerbot_core::{JubaDay, Time};
use answerbot_sim::clock;
use answerbot_sim::momo::{Shown, StatementOptions};
use serde_json::{Value, json};

use crate::bot::{Bot, path};
use crate::payers::{
    NUMBER, PAYER, has_paid, heard_times, is_prompted, orders, patient, payer, prompt_of, texts, times,
};
use crate::talk::{SOON, agrees, heard};

fn today() -> JubaDay {
    Time::from_millis(clock::now_ms()).juba_day()
}

fn books(bot: &Bot) -> Value {
    bot.objects(&["payments", "books"]).remove(0)
}

/// Hundredths in an account: debited less credited.
fn account(books: &Value, name: &str) -> i64 {
    let accounts = books["accounts"].as_array().unwrap();
    accounts.iter().find(|it| it["account"] == name).map_or(0, |it| it["minor"].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_found_by_number_receipt_and_mtn_id() {
    let (world, bot) = Bot::that_sells(&patient()).await;
    let mtn_id = has_paid(&world, "amina", NUMBER, PAYER).await;
    let (typed, its) = payer(7);
    let waiting = is_prompted(&world, "ben", &typed, &its).await;
    let paid = bot.objects(&["payments", "show", &mtn_id]).remove(0);
    let (reference, code) = (paid["reference"].as_str().unwrap(), paid["code"].as_str().unwrap());
    assert!(heard(&world, "amina", "Receipt").await.text.contains(code));
    assert_eq!(
        (&paid["status"], &paid["paid"], &paid["mtn_id"]),
        (&"success".into(), &"3000".into(), &json!(mtn_id))
    );
    let loose = code.to_lowercase().replace('-', " ");
    let external_id = paid["external_id"].as_str().unwrap().to_uppercase();
    let names = [
        "0921234567",
        "092 123 4567",
        "+211 92 123 4567",
        "00211921234567",
        "211921234567",
        "921234567",
        reference,
        code,
        &loose,
        &mtn_id,
        &external_id,
        "amina",
    ];
    for name in names {
        let found = bot.objects(&["payments", "list", name]);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert_eq!(found[0]["reference"], reference, "{name}");
        assert!(bot.well(&["payments", "list", name]).contains(code), "{name}");
    }
    assert_eq!(bot.objects(&["payments", "list"]).len(), 2);
    let pending = bot.objects(&["payments", "list", "--status", "pending"]);
    assert_eq!((pending.len(), &pending[0]["reference"]), (1, &json!(waiting.reference)));
    assert!(!bot.well(&["payments", "list", "--json"]).contains("921234567"), "numbers are masked");

    let shown = bot.well(&["payments", "show", code]);
    assert!(shown.contains("captured") && shown.contains("092*****67"), "{shown}");
    let nobody = bot.run(&["payments", "show", "4711"]);
    assert_eq!(nobody.status.code(), Some(1), "{nobody:?}");
    assert!(bot.objects(&["payments", "list", "4711"]).is_empty());

    // Asked now, and heard before the command ends.
    world.momo(|knobs| knobs.callbacks.times = 0);
    world.momo_approve(&waiting.reference).unwrap();
    bot.well(&["payments", "check", &waiting.reference]);
    heard(&world, "ben", "Receipt").await;
    assert!(bot.well(&["payments", "check", &waiting.reference]).contains("has its money"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_by_hand_takes_the_days_back_once() {
    let (world, bot) = Bot::that_sells(&patient()).await;
    let mtn_id = has_paid(&world, "amina", NUMBER, PAYER).await;
    for _ in 0..2 {
        bot.well(&["payments", "refund", &mtn_id, "--by-hand", "998877"]);
    }
    heard(&world, "amina", "Your money was given back").await;
    world.say("amina", "status").await.unwrap();
    heard(&world, "amina", "You have 3 of 3 free questions left").await;
    let shown = bot.objects(&["payments", "show", &mtn_id]).remove(0);
    assert_eq!((&shown["status"], &shown["refund"]), (&"refunded".into(), &"998877".into()));
    let books = books(&bot);
    assert_eq!((account(&books, "assets:momo:clearing"), &books["balanced"]), (0, &true.into()), "{books}");
    assert_eq!(times(&world, "amina", "Your money was given back"), 1);
    let (typed, its) = payer(1);
    let open = is_prompted(&world, "ben", &typed, &its).await;
    let refused = bot.run(&["payments", "refund", &open.reference, "--by-hand", "1"]);
    assert_eq!(refused.status.code(), Some(1), "there is no money to give back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_in_suspense_is_assigned_once_and_to_one() {
    let (world, bot) = Bot::that_sells(&patient()).await;
    let prompt = is_prompted(&world, "amina", NUMBER, PAYER).await;
    let shown = Shown { payer: Some("211929999999".into()), ..Shown::default() };
    world.momo(|knobs| knobs.shown = shown);
    world.momo_approve(PAYER).unwrap();
    heard(&world, "amina", "Money came that does not fit").await;
    assert_eq!(account(&books(&bot), "liab:suspense"), -300_000);
    let nobody = bot.run(&["payments", "assign", &prompt.reference, "nobody at all"]);
    assert_eq!(nobody.status.code(), Some(1));
    bot.well(&["payments", "assign", &prompt.reference, "amina"]);
    heard(&world, "amina", "Receipt").await;
    let again = bot.run(&["payments", "assign", &prompt.reference, "amina"]);
    assert_eq!(again.status.code(), Some(1), "it waits no more");
    let books = books(&bot);
    assert_eq!((account(&books, "liab:suspense"), &books["well"]), (0, &true.into()), "{books}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prices_are_dated_rows_and_nothing_is_sold_before_they_are_confirmed() {
    let world = answerbot_sim::World::start(crate::bot::where_momo_fits()).await.unwrap();
    let mut bot = Bot::new(&world, &patient());
    bot.sells(&world);
    std::fs::remove_file(bot.database()).unwrap();
    bot.start().await;
    agrees(&world, "amina").await;
    world.say("amina", "subscribe").await.unwrap();
    heard(&world, "amina", "comes soon").await;
    let confirmed =
        |bot: &Bot| bot.objects(&["prices", "list"]).iter().filter(|it| it["confirmed"] == true).count();
    assert_eq!(confirmed(&bot), 0);
    assert!(bot.well(&["prices", "confirm"]).contains("3,000 SSP"));
    assert!(bot.well(&["prices", "confirm"]).contains("confirmed already"));
    assert_eq!(confirmed(&bot), 2);
    // A running service learns of it by itself.
    let sells = |world: &answerbot_sim::World| times(world, "amina", "With a plan you ask") > 0;
    for _ in 0..100 {
        world.say("amina", "subscribe").await.unwrap();
        if world.wait_until(std::time::Duration::from_millis(300), sells).await.is_ok() {
            break;
        }
    }
    assert!(sells(&world), "{:#?}", texts(&world, "amina"));

    let yesterday = iso_date(JubaDay(today().0 - 1));
    let later = iso_date(JubaDay(today().0 + 10));
    for bad in [["weekly", "3500", &yesterday], ["weekly", "0", &later]] {
        let refused = bot.run(&["prices", "add", bad[0], bad[1], "--from", bad[2]]);
        assert_eq!(refused.status.code(), Some(1), "{bad:?}");
    }
    for wrong in [["daily", "3500", &later], ["weekly", "3500", "soon"]] {
        let refused = bot.run(&["prices", "add", wrong[0], wrong[1], "--from", wrong[2]]);
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}");
    }
    bot.well(&["prices", "add", "weekly", "3500", "--from", &later]);
    let rows = bot.objects(&["prices", "list"]);
    let weekly: Vec<_> = rows.iter().filter(|it| it["plan"] == "weekly").collect();
    assert_eq!(weekly.len(), 2);
    let in_force: Vec<_> = weekly.iter().filter(|it| it["in_force"] == true).collect();
    assert_eq!((in_force.len(), &in_force[0]["amount"]), (1, &"3000".into()), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_shown_given_days_and_made_one_and_all_of_it_is_noted() {
    let (world, bot) = Bot::that_sells(&patient()).await;
    let mtn_id = has_paid(&world, "amina", NUMBER, PAYER).await;
    let code = bot.objects(&["payments", "show", &mtn_id]).remove(0)["code"].as_str().unwrap().to_owned();
    agrees(&world, "new-amina").await;
    let show = |bot: &Bot, name: &str| bot.objects(&["user", "show", name]).remove(0);
    let old = show(&bot, "amina");
    for name in [old["id"].as_str().unwrap(), &code, "0921234567", &mtn_id] {
        assert_eq!(show(&bot, name), old, "{name}");
    }
    let through = |days: i32| json!(iso_date(JubaDay(today().0 + days)));
    assert_eq!(old["paid_through"], through(7));
    assert_eq!(bot.run(&["user", "show", "nobody"]).status.code(), Some(1));

    bot.well(&["user", "grant", "amina", "3", "--why", "she waited"]);
    heard(&world, "amina", "gives you 3 days as a gift").await;
    assert_eq!(show(&bot, "amina")["paid_through"], through(10));
    assert_eq!(bot.run(&["user", "grant", "amina", "0", "--why", "x"]).status.code(), Some(2));

    let merge = |receipt: &str, number: &str| {
        bot.run(&["user", "merge", "amina", "new-amina", "--receipt", receipt, "--number", number])
    };
    assert_eq!(merge("AAAA-AAAA", NUMBER).status.code(), Some(1), "another receipt proves nothing");
    assert_eq!(merge(&code, "0921234568").status.code(), Some(1), "nor does another number");
    assert_eq!(merge(&code, NUMBER).status.code(), Some(0));
    heard(&world, "new-amina", "Our team has joined your two accounts").await;
    world.say("new-amina", "status").await.unwrap();
    heard(&world, "new-amina", "You have 30 of 30").await;
    assert_eq!(show(&bot, "new-amina")["paid_through"], through(10));
    let notes = bot.well(&["user", "audit"]);
    for what in ["prices confirm", "user grant", "she waited", "user merge"] {
        assert!(notes.contains(what), "{what}: {notes}");
    }
    assert!(!notes.contains("921234567"), "{notes}");
    let books = books(&bot);
    assert_eq!((&books["well"], account(&books, "liab:suspense")), (&true.into(), 0), "{books}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_settles_what_mtn_never_told_and_a_second_run_changes_nothing() {
    let (world, bot) = Bot::that_sells(&patient()).await;
    has_paid(&world, "amina", NUMBER, PAYER).await;
    // Paid, and MTN's status never says so.
    world.momo(|knobs| knobs.status_lag = std::time::Duration::from_hours(1));
    let (typed, its) = payer(1);
    let silent = is_prompted(&world, "ben", &typed, &its).await;
    world.momo_approve(&silent.reference).unwrap();
    // Paid without any request.
    world.momo_pay_in("211929999999", "1234", "for the bot").unwrap();
    let file = bot.folder.path().join("statement.csv");
    let run = |options: &StatementOptions| {
        std::fs::write(&file, world.momo_statement(options)).unwrap();
        bot.objects(&["payments", "reconcile", path(&file)])
    };
    let changes = |findings: &[Value]| findings.iter().filter(|it| it["changes"] == true).count();
    let dry = {
        std::fs::write(&file, world.momo_statement(&StatementOptions::default())).unwrap();
        bot.objects(&["payments", "reconcile", path(&file), "--dry-run"])
    };
    assert_eq!((dry.len(), changes(&dry)), (3, 2), "{dry:#?}");
    assert_eq!(times(&world, "ben", "Receipt"), 0);

    assert_eq!(changes(&run(&StatementOptions::default())), 2);
    heard(&world, "ben", "Receipt").await;
    let after = books(&bot);
    assert_eq!(account(&after, "liab:suspense"), -123_400);
    let other = StatementOptions { bom: true, grouped: true, failed: true, ..StatementOptions::default() };
    for options in [StatementOptions::default(), other] {
        let again = run(&options);
        assert_eq!(changes(&again), 0, "{again:#?}");
        assert_eq!(account(&books(&bot), "liab:suspense"), -123_400);
    }
    assert_eq!(account(&books(&bot), "assets:momo:clearing"), 600_000 + 123_400);
    assert_eq!(times(&world, "ben", "Receipt"), 1);
}

/// Three people paid after the copy was made: the copy knows neither them nor their money.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_the_statement_gives_every_shilling_its_plan() {
    let (world, mut bot) = Bot::that_sells(&patient()).await;
    has_paid(&world, "amina", NUMBER, PAYER).await;
    let (typed, its) = payer(9);
    is_prompted(&world, "open", &typed, &its).await;
    let copy = bot.folder.path().join("copy.db");
    bot.well(&["backup", path(&copy)]);
    for number in 1..=3 {
        let (typed, its) = payer(number);
        has_paid(&world, &format!("late{number}"), &typed, &its).await;
    }
    // One that the copy has, open; its money came after the copy.
    world.momo_approve(&its).unwrap();
    heard(&world, "open", "Receipt").await;
    assert_eq!(bot.stop(), Some(0));
    bot.well(&["restore", path(&copy)]);
    bot.start().await;

    let file = bot.folder.path().join("statement.csv");
    std::fs::write(&file, world.momo_statement(&StatementOptions::default())).unwrap();
    for _ in 0..2 {
        bot.well(&["payments", "reconcile", path(&file)]);
    }
    let books = books(&bot);
    assert_eq!(account(&books, "liab:suspense"), 0, "{books}");
    assert_eq!(account(&books, "assets:momo:clearing"), 5 * 300_000, "{books}");
    assert_eq!((&books["balanced"], &books["captures"]), (&true.into(), &5.into()), "{books}");
    for user in ["amina", "open", "late1", "late2", "late3"] {
        let before = times(&world, user, "You have 30 of 30");
        if user.starts_with("late") {
            // The copy does not know them: they are asked to agree again, and have their days.
            world.say(user, "hello").await.unwrap();
            world.postback(user, "I_AGREE", "I agree").await.unwrap();
        }
        world.say(user, "status").await.unwrap();
        let has_plan = |world: &answerbot_sim::World| times(world, user, "You have 30 of 30") > before;
        assert!(world.wait_until(SOON, has_plan).await.is_ok(), "{user}: {:#?}", texts(&world, user));
    }
    let books = self::books(&bot);
    assert_eq!((&books["well"], &books["grants"]), (&true.into(), &5.into()), "{books}");
    // What is ordered now has the name of the order that was lost, and is another one all the same.
    orders(&world, "late1", "0921000001").await;
    let prompt = prompt_of(&world, "211921000001").await;
    world.momo_approve(&prompt.reference).unwrap();
    heard_times(&world, "late1", "Receipt", 3).await;
    std::fs::write(&file, world.momo_statement(&StatementOptions::default())).unwrap();
    let findings = bot.objects(&["payments", "reconcile", path(&file)]);
    assert!(findings.iter().all(|it| it["kind"] == "matched" && it["changes"] == false), "{findings:#?}");
    assert_eq!(findings.len(), 6);
    let names: Vec<String> = world.momo_ledger().into_iter().map(|it| it.external_id).collect();
    assert_eq!(names.iter().filter(|it| **it == prompt.external_id).count(), 2, "{names:?}");
    let books = self::books(&bot);
    assert_eq!((account(&books, "liab:suspense"), &books["grants"]), (0, &6.into()), "{books}");
}
