//! Several processes at one aggregate.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use answerbot_core::Contact;
use answerbot_core::contact::effect::Kind;
use answerbot_ports::conformance::{address, addressed, attempt, commit, effect, settle, text, want};
use answerbot_ports::regions::{Landing, Member as _};
use answerbot_ports::store::{Admission, Commit, Committed, Store};
use tokio::task::JoinSet;

use super::home::{Home, NOON, admit};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_decisions_on_one_version_one_is_written() {
    const TASKS: u64 = 16;
    const EACH: u64 = 50;
    let Some(home) = Home::new() else { return };
    let stores = [home.store().await, home.store().await];
    let (ann, _) = admit(&stores[0], text("ann", "m1", "hello")).await;
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = Arc::clone(&stores[usize::from(task % 2 == 0)]);
        tasks.spawn(async move {
            let mut stale = 0_u64;
            for _ in 0..EACH {
                loop {
                    let opened = store.open(ann).await.unwrap();
                    let before = opened.state.as_contact().unwrap().decisions;
                    let state = Contact { decisions: before + 1, ..Contact::default() };
                    let it = Commit { state: Arc::new(state.into()), ..commit(ann, opened.version, 0) };
                    if let Committed::Done(_) = store.commit(it).await.unwrap() {
                        break;
                    }
                    stale += 1;
                }
            }
            stale
        });
    }
    let stale: u64 = tasks.join_all().await.into_iter().sum();
    let opened = stores[0].open(ann).await.unwrap();
    println!("{} commits, {stale} stale", TASKS * EACH);
    let decisions = opened.state.as_contact().unwrap().decisions;
    assert_eq!((decisions, opened.version), (TASKS * EACH, TASKS * EACH));
    home.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_batch_whose_person_is_thawed_in_the_middle_none_goes_before_another() {
    const BATCH: usize = 100;
    let Some(home) = Home::new() else { return };
    let (store, mover) = (home.store().await, home.store().await);
    let mut rounds_that_found_them_frozen = 0;
    for (round, pause) in (1..=8).map(|it| (it, Duration::from_millis(it * 3))) {
        let ann = store.hash_key().contact(&address(&format!("ann{round}")));
        admit(&store, text(&format!("ann{round}"), &format!("m{round}"), "hello")).await;
        assert!(store.freeze(ann.into(), attempt(1)).await.unwrap());
        let batch = (0..BATCH).map(|it| addressed(ann, &format!("m{round}-{it}"), "hello")).collect();
        let thawed = async {
            tokio::time::sleep(pause).await;
            assert!(mover.thaw(ann.into(), attempt(1)).await.unwrap());
        };
        let (landings, ()) = tokio::join!(store.admit_to(batch, NOON), thawed);
        let landings = landings.unwrap();
        let moved = landings.iter().take_while(|it| **it == Landing::Moved).count();
        assert!(
            moved == 0 || moved == BATCH,
            "{moved} are to be brought again, and the others went before them"
        );
        rounds_that_found_them_frozen += usize::from(moved > 0);
    }
    assert!(rounds_that_found_them_frozen > 0);
    home.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn envelopes_that_come_at_two_processes_are_numbered_once_without_a_gap() {
    let Some(home) = Home::new() else { return };
    let stores = [home.store().await, home.store().await];
    let mut tasks = JoinSet::new();
    for (place, store) in stores.iter().enumerate() {
        for task in 0..4 {
            let store = Arc::clone(store);
            tasks.spawn(async move {
                let mut numbers = Vec::new();
                for number in 0..10 {
                    // Each is offered at both.
                    let (mine, both) = (format!("{place}/{task}/{number}"), format!("{task}/{number}"));
                    let batch = vec![text("ann", &mine, "x"), text("ann", &both, "y")];
                    for it in store.admit(batch, NOON).await.unwrap() {
                        match it {
                            Admission::New { numbered, .. } => numbers.push(numbered.number),
                            Admission::Known | Admission::Waits(_) => {}
                            Admission::Full(_) => panic!("not full"),
                        }
                    }
                }
                assert!(numbers.is_sorted(), "each caller's come in its order");
                numbers
            });
        }
    }
    let mut numbers: Vec<u64> = tasks.join_all().await.into_iter().flatten().collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=120).collect::<Vec<_>>());
    let (of, _) = admit(&stores[0], text("ann", "last", "z")).await;
    let waiting = stores[1].open(of).await.unwrap().waiting;
    assert_eq!(waiting.iter().map(|it| it.number).collect::<Vec<_>>(), (1..=121).collect::<Vec<_>>());
    home.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_that_lease_and_admit_at_once_lose_nothing_and_perform_nothing_twice() {
    const PEOPLE: u32 = 12;
    const EFFECTS: u32 = 5;
    let Some(home) = Home::new() else { return };
    let stores = [home.store().await, home.store().await];
    let mut people = Vec::new();
    for person in 0..PEOPLE {
        let (of, _) = admit(&stores[0], text(&format!("p{person}"), &format!("{person}/0"), "x")).await;
        let open = (0..EFFECTS).map(|it| (effect(of, it, Kind::Alert, NOON), None)).collect();
        let it = Commit { open, ..commit(of, 0, 0) };
        assert_eq!(stores[0].commit(it).await.unwrap(), Committed::Done(1));
        people.push(of);
    }
    let mut leasing = JoinSet::new();
    for task in 0..4 {
        let store = Arc::clone(&stores[task % 2]);
        leasing.spawn(async move {
            let mut got = Vec::new();
            let mut in_vain = 0;
            while in_vain < 3 {
                let leased = store.lease_due(&[want(Kind::Alert, 4)], NOON).await.unwrap();
                in_vain = if leased.is_empty() { in_vain + 1 } else { 0 };
                got.extend(leased.into_iter().map(|it| (it.aggregate, it.effect.id)));
            }
            got
        });
    }
    let mut admitting = JoinSet::new();
    for (place, store) in stores.iter().enumerate() {
        let store = Arc::clone(store);
        admitting.spawn(async move {
            for number in 1..=10 {
                for person in 0..PEOPLE {
                    let mid = format!("{person}/{place}/{number}");
                    admit(&store, text(&format!("p{person}"), &mid, "x")).await;
                }
            }
        });
    }
    admitting.join_all().await;
    let got: Vec<_> = leasing.join_all().await.into_iter().flatten().collect();
    let once: BTreeSet<_> = got.iter().copied().collect();
    assert_eq!(got.len(), once.len(), "no effect is leased twice");
    assert_eq!(once.len(), (PEOPLE * EFFECTS) as usize, "none is lost");
    for of in people {
        let opened = stores[1].open(of).await.unwrap();
        let numbers: Vec<u64> = opened.waiting.iter().map(|it| it.number).collect();
        assert_eq!(numbers, (1..=21).collect::<Vec<_>>());
        let settled = once.iter().filter(|(it, _)| *it == of).map(|(_, effect)| *effect).collect();
        settle(&*stores[0], of, settled).await;
    }
    assert_eq!(answerbot_ports::reports::Reports::overview(&*stores[0]).await.unwrap().open_effects, 0);
    home.leave().await;
}
