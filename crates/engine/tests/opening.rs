//! What waits while no process runs is decided under the same rules as everything else.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::event::Event;
use answerbot_core::contact::message::Tap;
use answerbot_core::pay::price::{Plan, PriceBook, Selling};
use answerbot_ports::reports::{Audit, Reports as _};
use answerbot_ports::store::Store;
use answerbot_ports::world::Clock as _;

use answerbot_ports::conformance::hooked::Hooked;

use crate::failpoints::Breaking;
use crate::world::{Machine, Process, Real, envelope};

async fn taps(process: &Process, mid: &str, tap: Tap) {
    process.accept(envelope("ann", mid, Event::Tap(tap))).await.unwrap().unwrap();
}

/// "Pay" was acknowledged, and the process died over it. The next one reads the prices late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_waited_meets_the_confirmed_prices() {
    let mut machine = Machine::new();
    machine.selling = Selling::Production;
    let process = machine.start();
    let (who, what, subject) = ("test".to_owned(), "prices confirm".to_owned(), "prices".to_owned());
    let note = Audit { at: Real.now(), who, what, subject, detail: String::new() };
    process.store.put_prices(PriceBook::built_in().confirm(), note).await.unwrap();
    process.stop(Duration::from_secs(5)).await;

    let process = machine.start();
    process.agrees("ann").await;
    taps(&process, "plan", Tap::PlanIs(Plan::Weekly)).await;
    process.says("ann", "number", "0921234567").await;
    process.until(|outside| outside.texts_to("ann").iter().any(|it| it.contains("Pay now?"))).await;
    process.stop(Duration::from_secs(5)).await;

    machine.options.work = false;
    let process = machine.start();
    taps(&process, "pay", Tap::Pay).await;
    drop(process);

    machine.options.work = true;
    let (database, late_prices) = (machine.database(), Duration::from_millis(500));
    let process = machine.start_with(|inner, line| {
        let hooks = Breaking { line: line.clone(), database, late_prices };
        Arc::new(Hooked { inner, hooks }) as Arc<dyn Store>
    });
    process.until(|outside| outside.momo.lock().0.len() == 1).await;
    process.until(|outside| outside.texts_to("ann").iter().any(|it| it.contains("MTN asks for"))).await;
    let texts = machine.outside.texts_to("ann");
    assert!(!texts.iter().any(|it| it.contains("comes soon")), "{texts:#?}");
}
