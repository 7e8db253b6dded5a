//! A batch of several stores, one of them away.

use std::time::Duration;

use answerbot_core::contact::effect::Kind;
use answerbot_core::contact::event::To;
use answerbot_ports::conformance::{LEASED, commit, effect, text, want};
use answerbot_ports::queue::Queue as _;
use answerbot_ports::regions::{Member as _, Region};
use answerbot_ports::reports::Reports as _;
use answerbot_ports::store::{Admission, Commit, INBOX_ENVELOPES, Store as _, alias_key};

use super::support::{JUBA, WAU, World, ids, mid, now, number, says, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_live_and_a_dead_region_one_is_answered_now_and_the_other_after_its_return_in_order() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", JUBA).await;
    let ben = world.settle(&regional, "ben", WAU).await;
    world.take_away(WAU, true);
    let took = now();
    let batch =
        vec![text("ben", "b1", "1"), text("ann", "a1", "1"), text("ben", "b2", "2"), text("eve", "e1", "1")];
    let admitted = regional.admit(batch.clone(), took).await.unwrap();
    let numbers: Vec<u64> = admitted.iter().map(number).collect();
    assert_eq!(numbers, [0, 2, 0, 1], "taken, all of them");
    assert_eq!(ids(&world.waiting(&regional, ann).await), [mid("a1")]);
    assert!(regional.open(ben.into()).await.is_err());
    let again = regional.admit(batch, now()).await.unwrap();
    let waits = |it| Admission::Waits(it);
    assert_eq!(
        again[..3],
        [Admission::Known, waits(ann.into()), Admission::Known],
        "a redelivery changes nothing"
    );
    assert!(matches!(again[3], Admission::Waits(_)), "{again:?}");
    // Whatever asks all stores goes on, also when the breaker is open.
    for _ in 0..6 {
        regional.unattended(now().plus(1), None, 9).await.unwrap();
        regional.lease_due(&[want(Kind::Ask, 4)], now()).await.unwrap();
        regional.catch_up().await.unwrap();
        regional.overview().await.unwrap();
        regional.forget_seen(now().plus(-1_000_000)).await.unwrap();
    }
    assert_eq!(regional.stores()[2], (WAU.parse().unwrap(), false), "said once, and not asked any more");
    assert_eq!(number(&says(&regional, "ben", "b3", "3").await), 0);
    assert!(
        regional
            .is_open(&To::Aggregate(ben.into()), effect(ben.into(), 1, Kind::Send, now()).id)
            .await
            .unwrap()
    );
    regional.look_after().await.unwrap();
    assert_eq!(world.place(ben).await.parked, 3);
    // Back: those that waited go first, as old as they are, and somebody is rung.
    world.take_away(WAU, false);
    tokio::time::sleep(Duration::from_millis(600)).await;
    regional.look_after().await.unwrap();
    let waiting = world.waiting(&regional, ben).await;
    assert_eq!(ids(&waiting), [mid("b1"), mid("b2"), mid("b3")]);
    assert_eq!((waiting[0].arrived, waiting[0].number), (took, 2));
    let rung = tokio::time::timeout(Duration::from_secs(1), world.queue.next()).await.unwrap();
    assert_eq!(rung.ring.aggregate, ben.into());
    assert_eq!(number(&says(&regional, "ben", "b4", "4").await), 5);
    assert_eq!(world.place(ben).await.parked, 0);
    assert_eq!(says(&regional, "ben", "b2", "2").await, Admission::Waits(ben.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn later_ones_stay_behind_what_is_parked_although_the_store_is_back() {
    let world = World::new();
    let regional = world.regional();
    let ben = world.settle(&regional, "ben", WAU).await;
    world.take_away(WAU, true);
    assert_eq!(number(&says(&regional, "ben", "b1", "1").await), 0);
    world.take_away(WAU, false);
    assert_eq!(number(&says(&regional, "ben", "b2", "2").await), 0, "behind the first one");
    regional.look_after().await.unwrap();
    assert_eq!(ids(&world.waiting(&regional, ben).await), [mid("b1"), mid("b2")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_hangs_keeps_nobody_waiting_long() {
    let world = World::new();
    let regional = world.regional();
    world.settle(&regional, "ann", JUBA).await;
    world.settle(&regional, "ben", WAU).await;
    world.gates[2].hangs_ms.store(60_000, std::sync::atomic::Ordering::SeqCst);
    let began = tokio::time::Instant::now();
    let admitted = regional.admit(vec![text("ben", "b1", "1"), text("ann", "a1", "1")], now()).await.unwrap();
    assert_eq!(admitted.iter().map(number).collect::<Vec<_>>(), [0, 2]);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_parked_for_one_person_is_bounded_and_its_bound_told_once() {
    let world = World::new();
    let regional = world.regional();
    let ben = world.settle(&regional, "ben", WAU).await;
    world.take_away(WAU, true);
    let many = (0..INBOX_ENVELOPES + 3).map(|i| text("ben", &format!("b{i}"), "x")).collect();
    let admitted = regional.admit(many, now()).await.unwrap();
    let full = admitted.iter().filter(|it| **it == Admission::Full(None)).count();
    assert_eq!(full, 3);
    assert_eq!(world.place(ben).await.parked, INBOX_ENVELOPES + 1, "with a note that its person is told of");
    assert_eq!(says(&regional, "ben", "later", "x").await, Admission::Full(None));
    assert_eq!(world.place(ben).await.parked, INBOX_ENVELOPES + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_directory_nothing_is_acknowledged() {
    let world = World::new();
    let regional = world.regional();
    world.settle(&regional, "ann", JUBA).await;
    world.take_away("main", true);
    assert!(regional.admit(vec![text("ann", "a1", "1")], now()).await.is_err());
    world.take_away("main", false);
    assert_eq!(number(&says(&regional, "ann", "a1", "1").await), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_without_a_store_here_parks_too() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", "main").await;
    let malakal: Region = "malakal".parse().unwrap();
    world.arrives(ann, &malakal).await;
    assert_eq!(number(&says(&regional, "ann", "a1", "1").await), 0);
    let refused = regional.open(ann.into()).await.unwrap_err().to_string();
    assert!(refused.contains("REGION_MALAKAL_URL"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alias_leads_to_its_owner_in_another_store() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", JUBA).await;
    let other = world.who("ann2");
    assert!(regional.claim(alias_key(other), ann, None).await.unwrap());
    let admitted = says(&regional, "ann2", "x1", "hello").await;
    let Admission::New { aggregate, numbered } = admitted else { panic!("not new") };
    assert_eq!((aggregate, numbered.identity), (ann.into(), Some(other)));
    assert_eq!(ids(&world.juba.open(ann.into()).await.unwrap().waiting), [mid("x1")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn due_effects_and_those_who_wait_are_found_in_all_stores() {
    let world = World::new();
    let regional = world.regional();
    for (user, home) in [("ann", JUBA), ("ben", WAU), ("eve", "main"), ("fay", "main")] {
        let of = world.settle(&regional, user, home).await;
        says(&regional, user, &format!("{user}-1"), "x").await;
        let open = (0..3).map(|index| (effect(of.into(), index, Kind::Alert, now()), None)).collect();
        let version = regional.open(of.into()).await.unwrap().version;
        write(&regional, Commit { open, ..commit(of.into(), version, 1) }).await;
    }
    let found = regional.unattended(now().plus(5), None, 99).await.unwrap();
    assert_eq!(found.len(), 4);
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = regional.unattended(now().plus(5), after, 1).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(*last);
        paged.extend(page);
    }
    assert_eq!(paged, found, "page by page the same ones");
    let first = regional.lease_due(&[want(Kind::Alert, 5)], now()).await.unwrap();
    assert_eq!(first.len(), 5, "no more than wanted");
    let rest = regional.lease_due(&[want(Kind::Alert, 99)], now()).await.unwrap();
    assert_eq!(rest.len(), 7);
    let given: Vec<_> = first.iter().map(|it| (it.aggregate, it.effect.id)).collect();
    regional.release(given).await.unwrap();
    assert_eq!(regional.lease_due(&[want(Kind::Alert, 99)], now()).await.unwrap().len(), 5);
    let overview = regional.overview().await.unwrap();
    assert_eq!((overview.waiting_events, overview.open_effects), (4, 12));
    assert_eq!(LEASED.unwrap().as_secs(), 60);
    assert_eq!(world.main.records(9).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_region_leased_keeps_no_other_lease_from_being_given_back() {
    let world = World::new();
    let regional = world.regional();
    let mut leased = Vec::new();
    for (user, home) in [("ann", JUBA), ("ben", "main")] {
        let of = world.settle(&regional, user, home).await;
        let due = effect(of.into(), 0, Kind::Alert, now());
        let version = regional.open(of.into()).await.unwrap().version;
        write(&regional, Commit { open: vec![(due.clone(), None)], ..commit(of.into(), version, 1) }).await;
        leased.push((of.into(), due.id));
    }
    assert_eq!(regional.lease_due(&[want(Kind::Alert, 9)], now()).await.unwrap().len(), 2);
    world.take_away(JUBA, true);
    assert!(regional.release(leased).await.is_err());
    let again = regional.lease_due(&[want(Kind::Alert, 9)], now()).await.unwrap();
    assert_eq!(again.len(), 1, "Ben's was given back");
}
