//! T17: grants and refunds by many workers at once, each told twice, through the store's version guard.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use answerbot_core::aggregate::{Target, decide_any};
use answerbot_core::contact::effect::Action;
use answerbot_core::contact::event::{Envelope, Event, Input, Numbered, To};
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payment::{self, News, Order, Paid, Payment, Status, What};
use answerbot_core::pay::price::{PriceBook, Selling};
use answerbot_core::reuse::curated::Shelf;
use answerbot_core::{AggregateId, ContactId, EventId, PaymentId, Policy, Rules};
use answerbot_local::SqliteStore;
use answerbot_ports::conformance::{LEASED, nudge, order, payment_commit};
use answerbot_ports::reports::Reports;
use answerbot_ports::store::{Commit, Committed, Facets, Store};
use tokio::task::JoinSet;

use crate::support::{Home, NOON};

const PAYMENTS: u16 = 500;
const WORKERS: usize = 20;
/// Few enough that the workers are in each other's way.
const PEOPLE: u16 = 5;

type Job = (AggregateId, Event);

fn payment_id(number: u16) -> PaymentId {
    let mut seed = [9; 16];
    seed[..2].copy_from_slice(&number.to_be_bytes());
    PaymentId::draw(seed)
}

fn person(number: u16) -> ContactId {
    ContactId::from_bytes([u8::try_from(number % PEOPLE).unwrap() + 1; 16])
}

/// Decides, and decides again when somebody else did first. What it booked and granted, and what it told people.
async fn decide(store: &SqliteStore, (aggregate, event): &Job) -> (usize, Vec<Job>) {
    let (policy, prices) = (Policy::default(), PriceBook::built_in());
    let shelf = Shelf::default();
    let rules = Rules {
        policy: &policy,
        prices: &prices,
        selling: Selling::Production,
        testers: None,
        shelf: &shelf,
    };
    loop {
        let opened = store.open(*aggregate).await.unwrap();
        let to = To::Aggregate(*aggregate);
        let envelope = Envelope { id: EventId::digest("x"), to, event: event.clone(), sent: None };
        let input = Input::Envelope(Numbered { number: 1, arrived: NOON, identity: None, envelope });
        let decision = decide_any(rules, *aggregate, opened.state, &[input], NOON, [3; 16]).unwrap();
        let changed = decision.entries.len().max(decision.grants.len());
        let tells = decision.open.iter().filter_map(|it| match &it.action {
            Action::Tell { target: Target::Contact(to), event } => Some(((*to).into(), (**event).clone())),
            _ => None,
        });
        let told = tells.collect();
        let it = Commit {
            aggregate: *aggregate,
            version: opened.version,
            consumed: opened.consumed,
            taken: Vec::new(),
            facets: Facets::of(*aggregate, &decision.state, &policy),
            state: Arc::new(decision.state),
            schema: decision.schema,
            open: decision.open.into_iter().map(|it| (it, LEASED)).collect(),
            settled: decision.settled,
            dead: decision.dead,
            erase: decision.erase,
            entries: decision.entries,
            grants: decision.grants,
            facts: decision.facts,
        };
        match store.commit(it).await.unwrap() {
            Committed::Done(_) => return (changed, told),
            Committed::Stale => tokio::task::yield_now().await,
            Committed::Moved => panic!("nobody moves here"),
        }
    }
}

/// Twenty workers do each job twice. How many changed something, how many found it done, and what people are told.
async fn twice(store: &Arc<SqliteStore>, jobs: Vec<Job>) -> (usize, usize, Vec<Job>) {
    let jobs: Arc<Vec<Job>> = Arc::new(jobs.iter().cloned().chain(jobs.iter().rev().cloned()).collect());
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let (store, jobs, next) = (Arc::clone(store), Arc::clone(&jobs), Arc::clone(&next));
        workers.spawn(async move {
            let mut all = (0, 0, Vec::new());
            // From both ends, so that the same job is done by two at once in the middle, and by others apart.
            while let Some(job) = jobs.get(next.fetch_add(1, Ordering::SeqCst)) {
                let (changed, told) = decide(&store, job).await;
                all.0 += changed;
                all.1 += usize::from(changed == 0);
                all.2.extend(told);
            }
            all
        });
    }
    let done = workers.join_all().await;
    done.into_iter().fold((0, 0, Vec::new()), |mut sum, it| {
        sum.2.extend(it.2);
        (sum.0 + it.0, sum.1 + it.1, sum.2)
    })
}

async fn sums(store: &SqliteStore) -> Vec<(String, i64)> {
    store.accounts().await.unwrap().into_iter().map(|it| (it.account, it.minor)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_grants_and_refunds_by_twenty_workers_count_once_each() {
    let home = Home::new();
    let store = home.store();
    let all = usize::from(PAYMENTS);
    let ids: Vec<PaymentId> = (0..PAYMENTS).map(payment_id).collect();
    let admit = ids.iter().map(|id| nudge(*id, &id.uuid())).collect();
    store.admit(admit, NOON).await.unwrap();
    for number in 0..PEOPLE {
        let to = To::Aggregate(person(number).into());
        let hello =
            Envelope { id: EventId::digest(&number.to_string()), to, event: Event::Opened, sent: None };
        store.admit(vec![hello], NOON).await.unwrap();
    }
    for (number, id) in (0..).zip(&ids) {
        let order = Order { contact: person(number), ..order(1) };
        let ordered = Payment { order: Some(order), status: Status::Pending, ..Payment::default() };
        store.commit(payment_commit(*id, ordered, 0, Vec::new())).await.unwrap();
    }
    let paid = Paid { money: Money::whole(3_000, Currency::Ssp), payer: None, mtn_id: None, at: NOON };
    let to_all = |event: payment::Event| {
        ids.iter().map(|id| ((*id).into(), Event::Payment(event.clone()))).collect::<Vec<Job>>()
    };

    let (changed, known, told) = twice(&store, to_all(payment::Event::Statement(paid))).await;
    assert_eq!((changed, known), (all, all), "each was paid once");
    assert_eq!(
        sums(&store).await,
        [("assets:momo:clearing".to_owned(), 150_000_000), ("liab:deferred".to_owned(), -150_000_000)]
    );
    let grants: Vec<Job> = told.into_iter().filter(|(_, it)| is_grant(it)).collect();
    assert_eq!(grants.len(), all);

    let (changed, known, _) = twice(&store, grants).await;
    assert_eq!((changed, known), (all, all), "each was granted once");
    let counts = store.money_counts(NOON).await.unwrap();
    assert_eq!((counts.successes, counts.grants, counts.captures), (500, 500, 500));
    assert_eq!((counts.unmatched, counts.is_balanced), (vec![], true));

    let (changed, known, told) = twice(&store, to_all(payment::Event::RefundedByHand("99".into()))).await;
    assert_eq!((changed, known), (all, all), "each was given back once");
    assert!(sums(&store).await.iter().all(|(_, sum)| *sum == 0), "{:?}", sums(&store).await);
    twice(&store, told).await;
    for number in 0..PEOPLE {
        let opened = store.open(person(number).into()).await.unwrap();
        let grants = &opened.state.as_contact().unwrap().paying.grants;
        assert_eq!(grants.len(), all / usize::from(PEOPLE));
        assert!(grants.values().all(|it| it.refunded), "no day is left of it");
    }
    let mut entries = 0;
    for id in ids {
        let events: Vec<_> = store.entries(id).await.unwrap().into_iter().map(|it| it.event).collect();
        assert_eq!(events, ["captured", "refunded"]);
        entries += events.len();
    }
    assert_eq!(store.seal_entries(usize::MAX).await.unwrap(), entries);
    assert_eq!(store.chain().await.unwrap().broken_at, None);
}

fn is_grant(event: &Event) -> bool {
    matches!(event, Event::Paying(News { what: What::Granted(_), .. }))
}
