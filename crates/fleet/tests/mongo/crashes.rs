//! What a crash may do between a decision and the copies of its records.

use std::sync::Arc;

use answerbot_core::contact::effect::Way;
use answerbot_core::pay::payment::Status;
use answerbot_core::spend::{MicroUsd, Sums};
use answerbot_core::{AggregateId, JubaDay, PaymentId};
use answerbot_ports::conformance::{captured, commit, nudge, payment, payment_commit, text};
use answerbot_ports::reports::{Chain, Find, Reports};
use answerbot_ports::store::{Commit, Committed, Store};
use mongodb::bson::doc;

use super::answers::turn;
use super::home::{Home, NOON, admit};

#[tokio::test]
async fn what_was_committed_before_a_crash_is_in_the_books_and_reports_after_it() {
    let Some(home) = Home::new() else { return };
    let hash = home.store().await.hash_key();
    let (id, state) = payment(1, Status::Success);
    let of = AggregateId::from(id);
    {
        let dies = home.member(&hash).await.unwrap();
        let (ann, _) = admit(&dies, text("ann", "m1", "hello")).await;
        admit(&dies, nudge(id, "n")).await;
        let paid = payment_commit(id, state.clone(), 0, vec![captured(id, 3_000)]);
        assert_eq!(dies.commit(paid).await.unwrap(), Committed::Done(1));
        let facts = vec![turn(ann, 1, false, Some(Way::Ai), &[40])];
        let granted = Commit { grants: vec![id], facts, ..commit(ann, 0, 0) };
        assert_eq!(dies.commit(granted).await.unwrap(), Committed::Done(1));
        assert_eq!(dies.entries(id).await.unwrap(), [], "not copied yet");
    }
    let store = home.store().await;
    assert_eq!(store.catch_up().await.unwrap(), 2, "two had something");
    assert_eq!(store.catch_up().await.unwrap(), 0);
    assert_eq!(store.entries(id).await.unwrap(), [captured(id, 3_000)]);
    assert_eq!(store.payments(Find::Status("success".into()), 9).await.unwrap(), [(id, state)]);
    let counts = store.money_counts(NOON.plus(1)).await.unwrap();
    assert_eq!((counts.successes, counts.grants, counts.captures, counts.unmatched), (1, 1, 1, vec![]));
    let sums = Sums { free: MicroUsd(40), paid: MicroUsd(0) };
    assert_eq!(store.spending(NOON.juba_day()).await.unwrap(), (sums, sums));
    let raw = home.raw("ab_aggregates").await;
    assert_eq!(raw.count_documents(doc! { "records.at": { "$gt": 0 } }).await.unwrap(), 0);
    assert_eq!(store.open(of).await.unwrap().version, 1);
    home.leave().await;
}

#[tokio::test]
async fn a_record_that_is_copied_again_changes_nothing() {
    let Some(home) = Home::new() else { return };
    let hash = home.store().await.hash_key();
    let member = home.member(&hash).await.unwrap();
    let (ann, _) = admit(&member, text("ann", "m1", "hello")).await;
    let facts = vec![turn(ann, 1, false, Some(Way::Ai), &[40])];
    member.commit(Commit { facts, ..commit(ann, 0, 0) }).await.unwrap();
    let raw = home.raw("ab_aggregates").await;
    let before = raw.find_one(doc! { "records.at": { "$gt": 0 } }).await.unwrap().unwrap();
    let store = home.store().await;
    for _ in 0..3 {
        store.catch_up().await.unwrap();
        // As if it had died before it took the record away.
        let put_back = doc! { "$set": { "records": before.get("records").unwrap().clone() } };
        raw.update_one(doc! { "_id": before.get("_id").unwrap().clone() }, put_back).await.unwrap();
    }
    store.catch_up().await.unwrap();
    assert_eq!(store.costs(JubaDay(0)).await.unwrap()[0].cost, MicroUsd(40));
    home.leave().await;
}

#[tokio::test]
async fn a_batch_of_sums_that_was_left_in_the_middle_is_finished_once() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    let (ann, _) = admit(&store, text("ann", "m1", "hello")).await;
    let add = |version: u64| {
        let facts = vec![turn(
            ann,
            u32::try_from(version).unwrap(),
            version.is_multiple_of(2),
            Some(Way::Ai),
            &[10, 1],
        )];
        let store = Arc::clone(&store);
        async move {
            store.commit(Commit { facts, ..commit(ann, version, 0) }).await.unwrap();
            store.catch_up().await.unwrap();
        }
    };
    let (meta, turns) = (home.raw("ab_meta").await, home.raw("ab_turns").await);
    add(0).await;
    // Whoever summed died at each of three places: after the batch was written, after its sums, after its turns were
    // marked. The document of the batch is what it was then.
    for (version, died_before_marking) in [(1, true), (2, false)] {
        add(version).await;
        let state = meta.find_one(doc! { "_id": "sums" }).await.unwrap().unwrap();
        let number = state.get_i64("number").unwrap();
        let mut batch = doc! { "turns": [], "days": [], "totals": [] };
        let mut rows = home.raw("ab_ai_days").await.find(doc! { "batch": number }).await.unwrap();
        while rows.advance().await.unwrap() {
            let row = rows.deserialize_current().unwrap();
            batch.get_array_mut("days").unwrap().push(row.into());
        }
        if died_before_marking {
            turns.update_many(doc! {}, doc! { "$set": { "open": true } }).await.unwrap();
            let mut all = turns.find(doc! {}).await.unwrap();
            while all.advance().await.unwrap() {
                let id = all.deserialize_current().unwrap().get("_id").cloned().unwrap();
                batch.get_array_mut("turns").unwrap().push(id);
            }
        }
        let left = doc! { "$set": { "batch": batch } };
        meta.update_one(doc! { "_id": "sums" }, left).await.unwrap();
        store.catch_up().await.unwrap();
        let cost: u64 = store.costs(JubaDay(0)).await.unwrap().iter().map(|it| it.cost.0).sum();
        assert_eq!(cost, 11 * (version + 1));
    }
    let (day, _) = store.spending(NOON.juba_day()).await.unwrap();
    assert_eq!(day, Sums { free: MicroUsd(11), paid: MicroUsd(22) });
    home.leave().await;
}

#[tokio::test]
async fn many_who_catch_up_at_once_count_every_turn_once() {
    let Some(home) = Home::new() else { return };
    let hash = home.store().await.hash_key();
    let member = home.member(&hash).await.unwrap();
    let mut people = Vec::new();
    for number in 0..20 {
        people.push(admit(&member, text(&format!("p{number}"), &format!("m{number}"), "hello")).await.0);
    }
    for version in 0..5 {
        for of in &people {
            let facts = vec![turn(*of, u32::try_from(version).unwrap(), false, Some(Way::Ai), &[3])];
            member.commit(Commit { facts, ..commit(*of, version, 0) }).await.unwrap();
        }
    }
    let stores = [home.store().await, home.store().await, home.store().await];
    let work = stores.iter().cloned().flat_map(|store| [Arc::clone(&store), store]);
    let mut tasks = tokio::task::JoinSet::new();
    for store in work {
        tasks.spawn(async move { store.catch_up().await.unwrap() });
    }
    tasks.join_all().await;
    stores[0].catch_up().await.unwrap();
    assert_eq!(stores[0].costs(JubaDay(0)).await.unwrap()[0].cost, MicroUsd(300));
    let (day, _) = stores[0].spending(NOON.juba_day()).await.unwrap();
    assert_eq!(day.free, MicroUsd(300));
    home.leave().await;
}

#[tokio::test]
async fn a_sealer_that_died_between_a_seal_and_its_mark_is_mended_and_a_changed_entry_is_told() {
    let Some(home) = Home::new() else { return };
    let store = home.store().await;
    for number in 1..=4 {
        let (id, state) = payment(number, Status::Success);
        admit(&store, nudge(id, &format!("n{number}"))).await;
        let paid = payment_commit(id, state, 0, vec![captured(id, 3_000)]);
        store.commit(paid).await.unwrap();
    }
    assert_eq!(store.seal_entries(2).await.unwrap(), 2);
    let ledger = home.raw("ab_ledger").await;
    let second = ledger.find_one(doc! { "no": 2 }).await.unwrap().unwrap();
    let name = doc! { "_id": second.get("_id").unwrap().clone() };
    let unmarked = doc! { "$set": { "open": true }, "$unset": { "no": "" } };
    ledger.update_one(name.clone(), unmarked).await.unwrap();
    assert_eq!(store.chain().await.unwrap(), Chain { sealed: 2, unsealed: 2, broken_at: None });
    assert_eq!(store.seal_entries(9).await.unwrap(), 2, "it is not sealed twice");
    assert_eq!(store.chain().await.unwrap(), Chain { sealed: 4, unsealed: 0, broken_at: None });
    ledger.update_one(name.clone(), doc! { "$set": { "minor": 1_i64 } }).await.unwrap();
    assert_eq!(store.chain().await.unwrap().broken_at, Some(2), "changed");
    ledger.update_one(name.clone(), doc! { "$set": { "minor": 300_000_i64 } }).await.unwrap();
    assert_eq!(store.chain().await.unwrap().broken_at, None);
    let mut forged = second.clone();
    forged.insert("_id", format!("{}/forged", PaymentId::draw([9; 16])));
    forged.insert("no", 5_i64);
    ledger.insert_one(forged).await.unwrap();
    assert_eq!(store.chain().await.unwrap().broken_at, Some(5), "put in");
    ledger.delete_one(name).await.unwrap();
    assert_eq!(store.chain().await.unwrap().broken_at, Some(2), "removed");
    home.leave().await;
}
