//! Sends: in order, not begun twice before their deadline, settled by their echo.

use std::time::Duration;

use answerbot_core::contact::effect::Kind;
use answerbot_core::contact::event::Event;
use answerbot_core::{EffectId, EventId};
use answerbot_ports::reports::Reports;
use answerbot_ports::world::Clock;

use crate::world::{Delivered, Fate, Machine, Process, Real, address, envelope};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_answered() {
    let machine = Machine::new();
    let process = machine.start();
    process.agrees("ann").await;
    process.says("ann", "q1", "What is malaria?").await;
    process.answered("ann", "What is malaria?").await;
    assert_eq!(machine.outside.questions_asked(), ["What is malaria?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_the_platform_delivers_three_times_is_answered_once() {
    let machine = Machine::new();
    let process = machine.start();
    process.agrees("ann").await;
    for _ in 0..3 {
        process.says("ann", "q1", "What is malaria?").await;
    }
    process.says("ann", "q2", "What is a mosquito?").await;
    process.answered("ann", "What is a mosquito?").await;
    assert_eq!(machine.outside.questions_asked(), ["What is malaria?", "What is a mosquito?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_leave_in_the_order_of_the_questions_whatever_the_platform_refuses() {
    let machine = Machine::new();
    let process = machine.start();
    process.agrees("ann").await;
    machine.outside.next_fates(&[Fate::Accept, Fate::Busy, Fate::Accept, Fate::Busy, Fate::Busy]);
    for i in 0..5 {
        process.says("ann", &format!("q{i}"), &format!("Question number {i}?")).await;
    }
    process.answered("ann", "Question number 4?").await;
    let answers = machine.outside.texts_to("ann");
    let numbers: Vec<&String> = answers.iter().filter(|it| it.starts_with("Answer to Question")).collect();
    let wanted: Vec<String> = (0..5).map(|i| format!("Answer to Question number {i}?.")).collect();
    assert_eq!(numbers, wanted.iter().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_send_is_not_begun_again_before_its_deadline_and_then_only_once_more() {
    let machine = Machine::new();
    let process = machine.start();
    process.agrees("ann").await;
    machine.outside.next_fates(&[Fate::Hang]);
    let began = Real.monotonic();
    process.says("ann", "q1", "What is malaria?").await;
    process.answered("ann", "What is malaria?").await;
    let answer = machine.outside.delivered_to("ann").pop().unwrap();
    let answer = if answer.text.starts_with("Answer") {
        answer
    } else {
        machine.outside.delivered_to("ann")[1].clone()
    };
    let starts = machine.outside.starts_of(answer.effect);
    assert_eq!(starts.len(), 2);
    // A second of deadline, and 600 ms in which its echo could have come.
    assert!(starts[1].saturating_sub(began) >= Duration::from_millis(1_600), "{starts:?}");
}

/// Ann's answer: the platform took it, but the call never hears so.
async fn answer_that_hangs(process: &Process) -> Delivered {
    process.agrees("ann").await;
    let outside = &process.line.outside;
    outside.next_fates(&[Fate::AcceptThenHang]);
    process.says("ann", "q1", "What is malaria?").await;
    process.answered("ann", "What is malaria?").await;
    outside.delivered_to("ann").into_iter().find(|it| it.text.starts_with("Answer")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_whose_echo_came_is_never_sent_again() {
    let machine = Machine::new();
    let process = machine.start();
    let sent = answer_that_hangs(&process).await;
    // The echo comes while the call still hangs; a second one changes nothing.
    for _ in 0..2 {
        let echo = Event::OwnEcho { effect: sent.effect, message: sent.mid };
        process.accept(envelope("ann", "echo-1", echo)).await.unwrap().unwrap();
    }
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    assert_eq!(machine.outside.starts_of(sent.effect).len(), 1);
    process.says("ann", "q2", "And the next question?").await;
    process.answered("ann", "And the next question?").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_echo_that_comes_to_the_next_process_settles_the_send_too() {
    let machine = Machine::new();
    let process = machine.start();
    let sent = answer_that_hangs(&process).await;
    let echo = Event::OwnEcho { effect: sent.effect, message: sent.mid };
    process.accept(envelope("ann", "echo-1", echo)).await.unwrap().unwrap();
    // Killed right after the acknowledgement.
    drop(process);
    let next = machine.start();
    next.says("ann", "q2", "And the next question?").await;
    next.answered("ann", "And the next question?").await;
    assert_eq!(machine.outside.starts_of(sent.effect).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_platform_refuses_for_good_is_dead_seen_and_can_be_revived() {
    let machine = Machine::new();
    let process = machine.start();
    process.agrees("ann").await;
    machine.outside.next_fates(&[Fate::Refuse]);
    process.says("ann", "q1", "What is malaria?").await;
    process.says("ann", "q2", "What is a mosquito?").await;
    process.answered("ann", "What is a mosquito?").await;
    let stuck = process.store.stuck(10).await.unwrap();
    let [answerbot_ports::store::Stuck::Effect { effect, reason, .. }] = &stuck[..] else {
        panic!("{stuck:?}")
    };
    assert_eq!(reason, "scripted");
    assert!(process.store.revive_effect(effect.id, Real.now()).await.unwrap());
    assert!(!process.store.revive_effect(effect.id, Real.now()).await.unwrap(), "once");
    process.answered("ann", "What is malaria?").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_to_the_ai_that_fails_is_made_again_before_anybody_apologises() {
    let machine = Machine::new();
    let process = machine.start();
    process.agrees("ann").await;
    machine.outside.fail_next_ai_calls(1);
    process.says("ann", "q1", "What is malaria?").await;
    process.answered("ann", "What is malaria?").await;
    assert_eq!(machine.outside.questions_asked().len(), 2);
    assert!(!machine.outside.texts_to("ann").iter().any(|it| it.starts_with("Sorry")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adapter_that_panics_silences_nobody() {
    let machine = Machine::new();
    let process = machine.start();
    process.agrees("ann").await;
    machine.outside.panic_at_next_ai_call();
    process.says("ann", "q1", "What is malaria?").await;
    process.answered("ann", "What is malaria?").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_falls_due_while_every_slot_is_taken_leaves_when_one_is_free() {
    let mut machine = Machine::new();
    machine.options.send_slots = 1;
    machine.options.sweep_interval = Duration::from_mins(10);
    let process = machine.start();
    process.agrees("ann").await;
    process.agrees("ben").await;
    // Ann's answer is refused and due again in a second, when Ben's hangs in the only slot until its deadline.
    machine.outside.next_fates(&[Fate::Busy, Fate::Hang]);
    process.says("ann", "q1", "What is malaria?").await;
    process.until(|outside| outside.fates_left() == 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    process.says("ben", "q2", "What is a mosquito?").await;
    let began = Real.monotonic();
    process.answered("ann", "What is malaria?").await;
    assert!(Real.monotonic().saturating_sub(began) < Duration::from_secs(4), "not only at the next sweep");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_settled_while_it_waits_in_line_is_not_sent() {
    let mut machine = Machine::new();
    machine.options.send_slots = 4;
    machine.policy.time.send_deadline_ms = 3_000;
    let process = machine.start();
    let others = ["ben", "carl", "dora", "eve"];
    for user in ["ann"].iter().chain(&others) {
        process.agrees(user).await;
    }
    // All slots are taken, so Ann's answer is leased ahead.
    machine.outside.next_fates(&[Fate::Hang; 4]);
    for user in others {
        process.says(user, &format!("q-{user}"), "What is malaria?").await;
    }
    process.until(|outside| outside.fates_left() == 0).await;
    process.says("ann", "q1", "What is a mosquito?").await;
    let raw = rusqlite::Connection::open(machine.database()).unwrap();
    let ann = process.store.hash_key().contact(&address("ann"));
    let leased_ahead = "SELECT e.id FROM effect e JOIN aggregate a ON a.no = e.aggregate \
                        WHERE a.external_id = ?1 AND e.kind = ?2 AND e.lost = 1";
    let row = rusqlite::params![ann.as_bytes(), Kind::Send.number()];
    let in_line = async {
        loop {
            if let Ok(id) = raw.query_row(leased_ahead, row, |row| row.get(0)) {
                break EffectId::from_bytes(id);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waits = tokio::time::timeout(Duration::from_secs(20), in_line).await.expect("none is leased ahead");
    // A process that died had sent it: its echo comes now.
    let echo = Event::OwnEcho { effect: waits, message: EventId::derive("messenger", "sent before") };
    process.accept(envelope("ann", "echo-1", echo)).await.unwrap().unwrap();
    assert!(machine.outside.starts_of(waits).is_empty());
    for user in others {
        process.answered(user, "What is malaria?").await;
    }
    process.says("ann", "q2", "And the next question?").await;
    process.answered("ann", "And the next question?").await;
    assert!(machine.outside.starts_of(waits).is_empty(), "it was sent again");
}
