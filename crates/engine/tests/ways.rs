//! The way of a question: curated, shared, together with others, or asked; and what it may cost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use answerbot_core::contact::event::Event;
use answerbot_core::contact::message::Tap;
use answerbot_core::domain::Domain;
use answerbot_core::prompt;
use answerbot_core::reuse::Language;
use answerbot_core::reuse::curated::Entry;
use answerbot_core::spend::MicroUsd;
use answerbot_core::time::DAY;
use answerbot_core::{ContactId, JubaDay, Time};
use answerbot_ports::reports::{Audit, Reports};
use answerbot_ports::store::{Check, Store};

use crate::world::{Machine, Process, address, envelope};

const OSMOSIS: &str = "What is osmosis?";
const SORGHUM: &str = "How do farmers store sorghum?";

/// Waits until a person got so many messages that begin with `text`.
async fn heard(process: &Process, user: &str, text: &str, times: usize) {
    process
        .until(|outside| outside.texts_to(user).iter().filter(|it| it.starts_with(text)).count() >= times)
        .await;
}

/// Asks; each message of a person has a name of its own.
async fn asks(process: &Process, user: &str, text: &str) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    process.says(user, &format!("{user} {number}"), text).await;
}

async fn people(process: &Process, names: &[String]) {
    for name in names {
        process.agrees(name).await;
    }
}

fn named(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("p{number}")).collect()
}

fn audit() -> Audit {
    let text = || "test".to_owned();
    Audit { at: Time::default(), who: text(), what: text(), subject: text(), detail: text() }
}

fn entry(id: &str, question: &str, approved: bool) -> Entry {
    Entry {
        id: id.into(),
        questions: vec![question.into()],
        answer: "Water moves to where more salt is.".into(),
        language: Language::English,
        source: "a school book".into(),
        checked_on: "2026-11-25".into(),
        approved_by: approved.then(|| "A teacher".to_owned()),
        menu: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_the_same_in_other_words_gets_the_same_answer_and_nobody_is_asked() {
    let machine = Machine::new();
    let process = machine.start();
    people(&process, &named(3)).await;
    asks(&process, "p0", OSMOSIS).await;
    process.answered("p0", OSMOSIS).await;
    asks(&process, "p1", "pls whats OSMOSIS").await;
    process.answered("p1", OSMOSIS).await;
    asks(&process, "p2", "What is diffusion?").await;
    process.answered("p2", "What is diffusion?").await;
    assert_eq!(machine.outside.questions_asked(), [OSMOSIS, "What is diffusion?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_who_ask_the_same_at_once_cost_one_call() {
    let machine = Machine::new();
    let process = machine.start();
    let names = named(200);
    people(&process, &names).await;
    machine.outside.slow_ai(800);
    for name in &names {
        asks(&process, name, OSMOSIS).await;
    }
    for name in &names {
        process.answered(name, OSMOSIS).await;
    }
    assert_eq!(machine.outside.questions_asked(), [OSMOSIS]);
}

/// One that only this day can answer is not kept; those who ask it together still ask once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_kept_is_asked_together_all_the_same() {
    const PRICE: &str = "What is the price of maize in Juba?";
    let machine = Machine::new();
    let process = machine.start();
    let names = named(40);
    people(&process, &names).await;
    machine.outside.slow_ai(1_500);
    for name in &names {
        asks(&process, name, PRICE).await;
    }
    for name in &names {
        process.answered(name, PRICE).await;
    }
    assert_eq!(machine.outside.questions_asked(), [PRICE]);
    asks(&process, "p0", PRICE).await;
    heard(&process, "p0", "Answer to", 2).await;
    assert_eq!(machine.outside.questions_asked().len(), 2, "an hour later it would be wrong");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_somebody_elses_call_keeps_no_place_from_others() {
    let mut machine = Machine::new();
    machine.options.ai_slots = 2;
    let process = machine.start();
    let names = named(30);
    people(&process, &names).await;
    machine.outside.slow_ai(3_000);
    for name in &names[..29] {
        asks(&process, name, OSMOSIS).await;
    }
    asks(&process, "p29", "What is diffusion?").await;
    // It is asked while the first call is under way, although twenty-nine people wait for that one.
    process.until(|outside| outside.questions_asked().len() == 2).await;
    assert!(machine.outside.texts_to("p0").iter().all(|it| !it.starts_with("Answer")));
    process.answered("p29", "What is diffusion?").await;
    for name in &names[..29] {
        process.answered(name, OSMOSIS).await;
    }
    assert_eq!(machine.outside.questions_asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_refers_back_carries_the_talk_and_is_never_shared() {
    let machine = Machine::new();
    let process = machine.start();
    people(&process, &named(2)).await;
    for name in ["p0", "p1"] {
        asks(&process, name, "What is malaria?").await;
        process.answered(name, "What is malaria?").await;
        asks(&process, name, "How is it treated?").await;
        process.answered(name, "How is it treated?").await;
    }
    assert_eq!(
        machine.outside.questions_asked(),
        ["What is malaria?", "How is it treated?", "How is it treated?"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_used_twice_outlives_a_restart_and_one_used_once_does_not() {
    let machine = Machine::new();
    let process = machine.start();
    people(&process, &named(2)).await;
    for (name, text) in [("p0", OSMOSIS), ("p1", OSMOSIS), ("p0", "What is diffusion?")] {
        asks(&process, name, text).await;
        process.answered(name, text).await;
    }
    process.stop(Duration::from_secs(5)).await;
    let process = machine.start();
    process.agrees("p2").await;
    for text in [OSMOSIS, "What is diffusion?"] {
        asks(&process, "p2", text).await;
        process.answered("p2", text).await;
    }
    let asked = machine.outside.questions_asked();
    assert_eq!(asked, [OSMOSIS, "What is diffusion?", "What is diffusion?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_nobody_answers_an_older_answer_is_better_than_none_and_says_so() {
    let machine = Machine::new();
    let process = machine.start();
    people(&process, &named(2)).await;
    for name in ["p0", "p1"] {
        asks(&process, name, SORGHUM).await;
        process.answered(name, SORGHUM).await;
    }
    process.stop(Duration::from_secs(5)).await;
    // What is said of farming is kept for about thirty days.
    machine.outside.clock_ahead_ms.store(35 * DAY, Ordering::SeqCst);
    let process = machine.start();
    process.agrees("p2").await;
    machine.outside.fail_next_ai_calls(1);
    asks(&process, "p2", SORGHUM).await;
    process.answered("p2", SORGHUM).await;
    let told = machine.outside.texts_to("p2");
    assert!(told.iter().any(|it| it.contains("This answer is from some days ago")), "{told:?}");
    process.agrees("p3").await;
    asks(&process, "p3", SORGHUM).await;
    process.answered("p3", SORGHUM).await;
    assert_eq!(machine.outside.questions_asked().len(), 3, "it was asked anew as soon as somebody answered");
    assert!(machine.outside.texts_to("p3").iter().all(|it| !it.contains("some days ago")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_one_person_calls_wrong_is_given_to_nobody_else() {
    let machine = Machine::new();
    let process = machine.start();
    people(&process, &named(4)).await;
    for name in ["p0", "p1"] {
        asks(&process, name, OSMOSIS).await;
        process.answered(name, OSMOSIS).await;
    }
    process.accept(envelope("p1", "t", Event::Tap(Tap::RateWrong))).await.unwrap().unwrap();
    heard(&process, "p1", "Thank you for telling me", 1).await;
    let ratings = process.store.ratings().await.unwrap();
    assert_eq!((ratings[0].given, ratings[0].wrong), (2, 1));
    // The withdrawal is an effect of its own.
    let open = || async { process.store.overview().await.unwrap().open_effects };
    while open().await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    asks(&process, "p2", OSMOSIS).await;
    process.answered("p2", OSMOSIS).await;
    assert_eq!(machine.outside.questions_asked().len(), 2);
    asks(&process, "p3", OSMOSIS).await;
    process.answered("p3", OSMOSIS).await;
    assert_eq!(machine.outside.questions_asked().len(), 2, "the new one is shared again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_approved_is_given_while_the_service_runs_and_what_nobody_approved_is_not() {
    let machine = Machine::new();
    let process = machine.start();
    people(&process, &named(3)).await;
    asks(&process, "p0", OSMOSIS).await;
    process.answered("p0", OSMOSIS).await;
    asks(&process, "p1", OSMOSIS).await;
    process.answered("p1", OSMOSIS).await;
    let entries = vec![entry("osmosis", OSMOSIS, true), entry("diffusion", "What is diffusion?", false)];
    process.store.put_curated(entries, audit()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    asks(&process, "p2", "whats osmosis").await;
    heard(&process, "p2", "Water moves", 1).await;
    asks(&process, "p2", "What is diffusion?").await;
    process.answered("p2", "What is diffusion?").await;
    assert_eq!(machine.outside.questions_asked(), [OSMOSIS, "What is diffusion?"]);
    // What was asked in vain is counted by people.
    let missed = process.store.missed(1, 10).await.unwrap();
    let of = |text: &str| missed.iter().find(|it| it.question == text).map(|it| it.times);
    assert_eq!((of("what is osmosis"), of("what is diffusion")), (Some(2), Some(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_answer_has_its_cost_in_the_store_by_day_and_by_person() {
    let machine = Machine::new();
    machine.outside.price_of_an_answer(285);
    let process = machine.start();
    people(&process, &named(2)).await;
    for name in ["p0", "p1"] {
        asks(&process, name, OSMOSIS).await;
        process.answered(name, OSMOSIS).await;
    }
    asks(&process, "p0", "I am a farmer and my crop died, why?").await;
    heard(&process, "p0", "Answer to", 2).await;
    process.stop(Duration::from_secs(5)).await;
    let process = machine.start();
    let costs = process.store.costs(JubaDay(0)).await.unwrap();
    let of = |way: &str| {
        let rows: Vec<_> = costs.iter().filter(|it| it.way == way).collect();
        let sum = |count: fn(&&&answerbot_ports::reports::CostRow) -> u64| {
            rows.iter().map(|it| count(&it)).sum::<u64>()
        };
        (sum(|it| it.answers), sum(|it| it.calls), sum(|it| it.cost.0))
    };
    assert_eq!((of("ai"), of("shared")), ((2, 2, 570), (1, 0, 0)));
    let cost_of = |name| {
        let id: ContactId = process.store.hash_key().contact(&address(name));
        let store = std::sync::Arc::clone(&process.store);
        async move { store.cost_of(id).await.unwrap() }
    };
    assert_eq!((cost_of("p0").await, cost_of("p1").await), (MicroUsd(570), MicroUsd(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nought_is_nought_and_what_is_kept_is_still_given() {
    let mut machine = Machine::new();
    machine.outside.set_to_noon();
    machine.outside.price_of_an_answer(10);
    let process = machine.start();
    people(&process, &named(2)).await;
    for name in ["p0", "p1"] {
        asks(&process, name, OSMOSIS).await;
        process.answered(name, OSMOSIS).await;
    }
    process.stop(Duration::from_secs(5)).await;
    machine.policy.ai.budget.day_micro_usd = Some(0);
    let process = machine.start();
    process.agrees("p2").await;
    asks(&process, "p2", "What is diffusion?").await;
    heard(&process, "p2", "Sorry, I cannot answer right now", 1).await;
    asks(&process, "p2", OSMOSIS).await;
    process.answered("p2", OSMOSIS).await;
    assert_eq!(machine.outside.questions_asked(), [OSMOSIS]);
}

async fn asks_about_a_goat(process: &Process, name: &str) {
    asks(process, name, &format!("I am {name} and my goat is ill, why?")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn free_questions_use_seventy_of_a_hundred_and_a_restart_forgets_nothing() {
    let mut machine = Machine::new();
    machine.outside.set_to_noon();
    machine.policy.ai.budget.day_micro_usd = Some(1_000);
    machine.outside.price_of_an_answer(100);
    let process = machine.start();
    let names = named(9);
    people(&process, &names).await;
    for name in &names[..4] {
        asks_about_a_goat(&process, name).await;
        heard(&process, name, "Answer to", 1).await;
    }
    process.stop(Duration::from_secs(5)).await;
    let process = machine.start();
    for name in &names[4..7] {
        asks_about_a_goat(&process, name).await;
        heard(&process, name, "Answer to", 1).await;
    }
    for name in &names[7..] {
        asks_about_a_goat(&process, name).await;
        heard(&process, name, "Sorry, I cannot answer right now", 1).await;
    }
    assert_eq!(machine.outside.questions_asked().len(), 7);
}

/// Two calls at their most are all that the cap holds, but they cost far less: nobody is put off until midnight.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_under_way_that_hold_the_rest_of_a_cap_make_others_wait_a_moment() {
    let mut machine = Machine::new();
    machine.outside.set_to_noon();
    machine.policy.ai.budget.day_micro_usd = Some(1_000);
    machine.outside.price_of_an_answer(20);
    machine.outside.ai_most.store(300, Ordering::SeqCst);
    machine.outside.slow_ai(200);
    let process = machine.start();
    let names = named(8);
    people(&process, &names).await;
    for name in &names {
        asks_about_a_goat(&process, name).await;
    }
    for name in &names {
        heard(&process, name, "Answer to", 1).await;
    }
    assert_eq!(machine.outside.questions_asked().len(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_has_a_cap_of_their_own() {
    let mut machine = Machine::new();
    machine.outside.set_to_noon();
    machine.policy.ai.budget.person_day_micro_usd = Some(250);
    machine.outside.price_of_an_answer(100);
    let process = machine.start();
    people(&process, &named(2)).await;
    for number in 0..2 {
        let text = format!("My cow number {number} is ill, why?");
        asks(&process, "p0", &text).await;
        process.answered("p0", &text).await;
    }
    asks(&process, "p0", "My third cow is ill, why?").await;
    heard(&process, "p0", "Sorry, I cannot answer right now", 1).await;
    asks(&process, "p1", "My only cow is ill, why?").await;
    process.answered("p1", "My only cow is ill, why?").await;
    assert_eq!(machine.outside.questions_asked().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_whose_answers_were_wrong_too_often_is_not_shared_any_more() {
    let machine = Machine::new();
    let process = machine.start();
    people(&process, &named(3)).await;
    asks(&process, "p0", OSMOSIS).await;
    process.answered("p0", OSMOSIS).await;
    let check = || Check { version: prompt::version(&machine.policy), domain: Domain::Academic, wrong: true };
    for _ in 0..2 {
        process.store.note_check(check()).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    asks(&process, "p1", OSMOSIS).await;
    process.answered("p1", OSMOSIS).await;
    assert_eq!(machine.outside.questions_asked().len(), 2);
    process.store.forget_checks(Domain::Academic, audit()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    asks(&process, "p2", OSMOSIS).await;
    process.answered("p2", OSMOSIS).await;
    assert_eq!(machine.outside.questions_asked().len(), 2, "an operator trusts it again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_of_health_is_not_given_past_its_day() {
    const CHOLERA: &str = "How does cholera spread?";
    let machine = Machine::new();
    let process = machine.start();
    people(&process, &named(2)).await;
    for name in ["p0", "p1"] {
        asks(&process, name, CHOLERA).await;
        process.answered(name, CHOLERA).await;
    }
    process.stop(Duration::from_secs(5)).await;
    machine.outside.clock_ahead_ms.store(2 * DAY, Ordering::SeqCst);
    let process = machine.start();
    process.agrees("p2").await;
    machine.outside.fail_next_ai_calls(1);
    asks(&process, "p2", CHOLERA).await;
    process.answered("p2", CHOLERA).await;
    assert!(machine.outside.texts_to("p2").iter().all(|it| !it.contains("some days ago")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_a_check_finds_wrong_twice_is_withdrawn_and_counted_and_paid_for() {
    let mut machine = Machine::new();
    machine.policy.reuse.checks_per_mille = 1_000;
    machine.outside.price_of_an_answer(10);
    machine.outside.ai_says("A: Answer to", "WRONG");
    let process = machine.start();
    people(&process, &named(3)).await;
    asks(&process, "p0", OSMOSIS).await;
    process.answered("p0", OSMOSIS).await;
    asks(&process, "p1", "whats osmosis please").await;
    process.answered("p1", OSMOSIS).await;
    let checks = || async { process.store.checks(prompt::version(&machine.policy)).await.unwrap() };
    while checks().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((checks().await[0].checked, checks().await[0].wrong), (1, 1));
    let costs = process.store.costs(JubaDay(0)).await.unwrap();
    let row = costs.iter().find(|it| it.way == "check").unwrap();
    assert_eq!((row.calls, row.cost), (3, MicroUsd(30)), "asked anew, and judged twice");
    asks(&process, "p2", OSMOSIS).await;
    process.answered("p2", OSMOSIS).await;
    assert_eq!(machine.outside.questions_asked().len(), 5, "the one who came next was asked for anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_an_erased_person_asked_in_vain_is_gone_and_nothing_names_them_beside_the_rest() {
    let machine = Machine::new();
    let process = machine.start();
    people(&process, &named(2)).await;
    for (name, text) in [("p0", OSMOSIS), ("p1", OSMOSIS), ("p1", SORGHUM)] {
        asks(&process, name, text).await;
        process.answered(name, text).await;
    }
    asks(&process, "p1", "delete my data").await;
    heard(&process, "p1", "Delete", 1).await;
    process.accept(envelope("p1", "forget", Event::Tap(Tap::Forget))).await.unwrap().unwrap();
    while process.store.missed(1, 10).await.unwrap().len() > 1 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(process.store.missed(1, 10).await.unwrap()[0].question, "what is osmosis");
    let conn = rusqlite::Connection::open(machine.database()).unwrap();
    let count = |statement: &str| conn.query_row(statement, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(
        (count("SELECT last_by FROM missed"), count("SELECT count(DISTINCT contact) FROM ai_turn")),
        (0, 1)
    );
}

/// A curated answer that another release wrote must not keep the service from starting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_curated_answer_that_cannot_be_read_takes_nothing_else_along() {
    let machine = Machine::new();
    let process = machine.start();
    people(&process, &named(1)).await;
    process.store.put_curated(vec![entry("osmosis", OSMOSIS, true)], audit()).await.unwrap();
    process.stop(Duration::from_secs(5)).await;
    let conn = rusqlite::Connection::open(machine.database()).unwrap();
    conn.execute("INSERT INTO curated (id, body) VALUES ('a', '{\"of\": \"another release\"}')", []).unwrap();
    let process = machine.start();
    asks(&process, "p0", OSMOSIS).await;
    heard(&process, "p0", "Water moves", 1).await;
}

/// The AI of this world calls nothing wrong unless its answer says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hit_on_other_words_is_asked_again_and_compared_and_a_hit_on_the_same_words_is_not() {
    let mut machine = Machine::new();
    machine.policy.reuse.checks_per_mille = 1_000;
    let process = machine.start();
    people(&process, &named(4)).await;
    for (name, text) in [("p0", OSMOSIS), ("p1", "what is osmosis"), ("p2", "whats osmosis please")] {
        asks(&process, name, text).await;
        process.answered(name, OSMOSIS).await;
    }
    // Asked anew, then judged once: the answer does not say that it is wrong.
    process.until(|outside| outside.questions_asked().len() == 3).await;
    asks(&process, "p3", "please tell me what is osmosis").await;
    process.answered("p3", OSMOSIS).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let asked = machine.outside.questions_asked();
    assert_eq!(asked.len(), 3, "once a day: {asked:?}");
    assert_eq!(asked[1], "whats osmosis please");
    assert!(asked[2].contains("A: Answer to What is osmosis?"), "{}", asked[2]);
    let checks = process.store.checks(prompt::version(&machine.policy)).await.unwrap();
    assert_eq!((checks[0].domain, checks[0].checked, checks[0].wrong), (Domain::Academic, 1, 0));
}
