//! A payment through the whole engine: the paying number is asked, then MTN, then the person is told.

use std::time::Duration;

use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payment::{self, Checked, Order, Status};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::Plan;
use answerbot_core::{EventId, PaymentId};
use answerbot_ports::store::Store;
use answerbot_ports::world::Clock;

use crate::world::{Machine, Process, Real, address};

fn payment() -> PaymentId {
    PaymentId::draw([7; 16])
}

/// Ann wants a week; she pays from her own number.
fn wish(process: &Process) -> Envelope {
    let order = Order {
        contact: process.store.hash_key().contact(&address("ann")),
        code: "AB7K-3F9Q".into(),
        external_id: "ab1.x.w.1.1".into(),
        plan: Plan::Weekly,
        days: 7,
        price: Money::whole(3_000, Currency::Ssp),
        version: 1,
        payer: Msisdn::read("0921234567").unwrap(),
        wished: Real.now(),
        test: false,
    };
    envelope("wish", payment::Event::Start(order))
}

fn envelope(id: &str, event: payment::Event) -> Envelope {
    let to = To::Aggregate(payment().into());
    Envelope { id: EventId::digest(id), to, event: Event::Payment(event), sent: None }
}

fn success() -> Checked {
    Checked::Successful {
        money: Money::whole(3_000, Currency::Ssp),
        payer: Msisdn::read("0921234567"),
        external_id: Some("ab1.x.w.1.1".into()),
        mtn_id: Some("4711".into()),
    }
}

async fn status(process: &Process) -> Status {
    process.store.open(payment().into()).await.unwrap().state.as_payment().unwrap().status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_is_one_request_and_what_mtn_says_is_granted_once_across_a_restart() {
    let mut machine = Machine::new();
    // Not asked again by itself before the callback.
    machine.policy.paying.polls_ms = vec![60_000, 120_000];
    let process = machine.start();
    process.agrees("ann").await;
    for _ in 0..3 {
        process.accept(wish(&process)).await.unwrap().unwrap();
    }
    process.until(|outside| outside.texts_to("ann").iter().any(|it| it.contains("MTN asks for"))).await;
    assert_eq!(machine.outside.momo.lock().0.len(), 1, "one wish, one request");
    assert_eq!(status(&process).await, Status::Pending);
    process.stop(Duration::from_secs(5)).await;

    let process = machine.start();
    machine.outside.momo.lock().1 = Some(success());
    // Callbacks prove nothing; they make us ask.
    for _ in 0..3 {
        process.accept(envelope("callback", payment::Event::Nudge)).await.unwrap().unwrap();
    }
    process.until(|outside| outside.texts_to("ann").iter().any(|it| it.contains("Receipt"))).await;
    assert_eq!(status(&process).await, Status::Success);
    process.says("ann", "q1", "What is malaria?").await;
    process.answered("ann", "What is malaria?").await;
    let receipts = machine.outside.texts_to("ann").iter().filter(|it| it.contains("Receipt")).count();
    assert_eq!(receipts, 1);
    let ann = process.store.hash_key().contact(&address("ann"));
    let state = process.store.open(ann.into()).await.unwrap().state;
    assert_eq!(state.as_contact().unwrap().paying.used.used, 1, "her question is a paid one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_for_nothing_we_know_grants_nothing() {
    let machine = Machine::new();
    machine.outside.momo.lock().1 = Some(success());
    let process = machine.start();
    process.agrees("ann").await;
    process.accept(envelope("callback", payment::Event::Nudge)).await.unwrap().unwrap();
    process.says("ann", "q1", "What is malaria?").await;
    process.answered("ann", "What is malaria?").await;
    assert_eq!(status(&process).await, Status::Created);
    assert!(!machine.outside.texts_to("ann").iter().any(|it| it.contains("Receipt")));
}
