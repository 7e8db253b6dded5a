//! Stopping: nothing new is begun, what runs may end, what is cut is done by the next process.

use std::time::Duration;

use crate::world::Machine;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_under_way_is_sent_before_the_process_ends_or_by_the_next_one() {
    let machine = Machine::new();
    let process = machine.start();
    process.agrees("ann").await;
    machine.outside.slow_ai(300);
    process.says("ann", "q1", "What is malaria?").await;
    process.until(|outside| outside.questions_asked().len() == 1).await;
    process.stop(Duration::from_secs(5)).await;
    let next = machine.start();
    next.answered("ann", "What is malaria?").await;
    assert_eq!(machine.outside.questions_asked().len(), 1, "the AI was asked once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ai_call_that_takes_too_long_is_cut_and_made_again() {
    let machine = Machine::new();
    let process = machine.start();
    process.agrees("ann").await;
    machine.outside.slow_ai(60_000);
    process.says("ann", "q1", "What is malaria?").await;
    process.until(|outside| outside.questions_asked().len() == 1).await;
    process.stop(Duration::from_millis(200)).await;
    machine.outside.slow_ai(0);
    let next = machine.start();
    next.answered("ann", "What is malaria?").await;
    assert_eq!(machine.outside.questions_asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_taken_while_workers_pause_waits_in_the_store() {
    let mut machine = Machine::new();
    machine.options.work = false;
    let process = machine.start();
    process.says("ann", "q1", "Hello").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(machine.outside.texts_to("ann").is_empty());
    process.stop(Duration::from_secs(1)).await;
    machine.options.work = true;
    let next = machine.start();
    next.until(|outside| outside.texts_to("ann").len() == 1).await;
}
