//! A process dies at each call of a move, before it is made or before its answer is heard. The next one ends the move.

use std::sync::Arc;

use answerbot_core::contact::effect::{Effect, Kind};
use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::pay::payment::{Event as PaymentEvent, Order, Payment, Status};
use answerbot_core::{ContactId, EventId, PaymentId};
use answerbot_fleet::regions::Regional;
use answerbot_ports::conformance::{
    LEASED, captured, commit, effect, nudge, order, payment_commit, region, want,
};
use answerbot_ports::regions::Member as _;
use answerbot_ports::reports::Reports as _;
use answerbot_ports::store::{Admission, Commit, Committed, Store as _};

use super::support::{Fuse, JUBA, WAU, World, ids, mid, now, number, says, write};

/// Ann in Juba: a message that waits, an effect under way and one that is due, a payment with money.
async fn ann(world: &World, regional: &Regional) -> (ContactId, PaymentId, Effect) {
    let of = world.settle(regional, "ann", JUBA).await;
    let (held, due) = (effect(of.into(), 0, Kind::Alert, now()), effect(of.into(), 1, Kind::Alert, now()));
    let version = regional.open(of.into()).await.unwrap().version;
    let it = Commit { open: vec![(held.clone(), LEASED), (due, None)], ..commit(of.into(), version, 1) };
    write(regional, it).await;
    says(regional, "ann", "a1", "1").await;
    let id = PaymentId::draw([1; 16]);
    let wish = Order { contact: of, ..order(1) };
    let event = Event::Payment(PaymentEvent::Start(wish.clone()));
    let envelope =
        Envelope { id: EventId::derive("told", "1"), to: To::Aggregate(id.into()), event, sent: None };
    regional.admit(vec![envelope], now()).await.unwrap();
    let state = Payment { order: Some(wish), status: Status::Success, ..Payment::default() };
    write(regional, payment_commit(id, state, 0, vec![captured(id, 30)])).await;
    (of, id, held)
}

/// Whatever happened, Ann lives once, with all she had, and goes on.
async fn is_whole(
    world: &World,
    regional: &Regional,
    who: &(ContactId, PaymentId, Effect),
    step: &str,
) -> &'static str {
    let (of, payment, held) = who;
    let (of, payment) = (*of, *payment);
    regional.look_after().await.unwrap();
    let homes = world.homes(of).await;
    assert_eq!(homes.len(), 1, "{step}: lives in {homes:?}");
    let home = homes[0];
    let place = world.place(of).await;
    assert_eq!((place.region.name(), place.moving_to), (home, None), "{step}");
    assert_eq!(world.store(home).payments_of(of).await.unwrap(), [payment], "{step}");
    let opened = regional.open(of.into()).await.unwrap();
    assert_eq!(ids(&opened.waiting), [mid("a1"), mid("a2")], "{step}");
    let due = regional.lease_due(&[want(Kind::Alert, 9)], now()).await.unwrap();
    assert_eq!(due.len(), 1, "{step}: the other one is under way");
    let settled = vec![held.id, due[0].effect.id];
    let it = Commit { settled, ..commit(of.into(), opened.version, 3) };
    assert_eq!(write(regional, it).await, Committed::Done(opened.version + 1), "{step}");
    assert_eq!(number(&says(regional, "ann", "a3", "3").await), 4, "{step}");
    for it in ["a1", "a2", "ann-first"] {
        assert_eq!(says(regional, "ann", it, "x").await, Admission::Known, "{step}: {it}");
    }
    assert_eq!(number(&regional.admit(vec![nudge(payment, "n")], now()).await.unwrap()[0]), 2, "{step}");
    regional.catch_up().await.unwrap();
    assert_eq!(regional.entries(payment).await.unwrap().len(), 1, "{step}");
    home
}

async fn dies_at(calls: i64, after: bool, target_comes_back: bool) -> Option<&'static str> {
    let step = format!("call {calls}, {}", if after { "unheard" } else { "not made" });
    let world = World::new();
    let regional = world.regional();
    let who = ann(&world, &regional).await;
    let fuse = Fuse::new(calls, after);
    let dying = world.regional_until(&fuse);
    dying.move_all(&[who.0], &region(JUBA), &region(WAU)).await;
    if !fuse.is_blown() {
        return None;
    }
    drop(dying);
    // She writes while nobody is there who moves.
    let taken = says(&regional, "ann", "a2", "2").await;
    assert!(matches!(taken, Admission::New { .. }), "{step}: {taken:?}");
    world.take_away(WAU, !target_comes_back);
    let next: Arc<Regional> = world.regional();
    let resumed = next.resume().await.unwrap();
    if !target_comes_back {
        let place = world.place(who.0).await;
        if place.moving_to.is_none() && place.region.name() == JUBA {
            // She does not wait for a store that is away.
            assert!(next.open(who.0.into()).await.is_ok(), "{step}: {resumed:?}");
        }
        world.take_away(WAU, false);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        world.regional().resume().await.unwrap();
    }
    let last = world.regional();
    // A copy that was left at a target that was away is replaced by the next one.
    if world.homes(who.0).await.len() > 1 {
        assert!(!target_comes_back, "{step}");
        assert_eq!(last.move_all(&[who.0], &region(JUBA), &region(WAU)).await.moved, 1, "{step}");
    }
    Some(is_whole(&world, &last, &who, &step).await)
}

/// Dies at each call until one move needs no more of them; where she lived then.
async fn dies_at_each(after: bool, target_comes_back: bool) -> Vec<&'static str> {
    let mut homes = Vec::new();
    for calls in 0..200 {
        match dies_at(calls, after, target_comes_back).await {
            Some(home) => homes.push(home),
            None => return homes,
        }
    }
    panic!("a move needs no more than some dozens of calls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_dies_before_each_call_of_a_move() {
    let homes = dies_at_each(false, true).await;
    assert!(homes.len() > 15, "{homes:?}");
    assert_eq!((homes[0], homes[homes.len() - 1]), (JUBA, WAU));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_dies_after_each_call_of_a_move() {
    let homes = dies_at_each(true, true).await;
    assert!(homes.len() > 15 && homes.contains(&WAU), "{homes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_dies_and_the_target_with_it() {
    let homes = dies_at_each(true, false).await;
    assert!(homes.contains(&JUBA) && homes.contains(&WAU), "{homes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_parked_during_a_move_that_died_is_not_lost() {
    let world = World::new();
    let regional = world.regional();
    let who = ann(&world, &regional).await;
    world.marks(who.0, JUBA, WAU).await;
    assert_eq!(number(&says(&regional, "ann", "a2", "2").await), 0);
    world.regional().resume().await.unwrap();
    assert_eq!(is_whole(&world, &regional, &who, "marked").await, WAU);
}
