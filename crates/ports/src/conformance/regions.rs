//! What every store of a region must do, said once. An adapter's tests run [`member`] on a fresh one; it is told the
//! main store too, which keeps what the region leaves.
#![expect(clippy::unwrap_used, reason = "a test suite")]

use std::sync::Arc;

use answerbot_core::contact::effect::Kind;
use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::contact::{Region as Chosen, Stage};
use answerbot_core::pay::payment::{Event as PaymentEvent, Status};
use answerbot_core::{AggregateId, Contact, ContactId, EventId, PaymentId, Policy, State, Time};

use super::books::{captured, order, payment, payment_commit};
use super::store::{LEASED, commit, effect, settle, text, want, write};
use crate::regions::{Addressed, Attempt, Depot, Landing, Luggage, Mark, Record, Region};
use crate::reports::Find;
use crate::store::{Admission, Commit, Committed, ContactFacets, FAILURES, Facets, StoreError};

pub(super) const NOON: Time = Time::from_millis(1_795_514_400_000);

/// A region by its name.
///
/// # Panics
///
/// When it is no name.
#[must_use]
pub fn region(name: &str) -> Region {
    name.parse().unwrap()
}

pub(super) fn who(number: u8) -> ContactId {
    ContactId::from_bytes([number; 16])
}

/// A text for a contact that was found.
#[must_use]
pub fn addressed(of: ContactId, mid: &str, words: &str) -> Addressed {
    Addressed { aggregate: of.into(), identity: Some(of), envelope: text("anybody", mid, words) }
}

/// The number of a try.
#[must_use]
pub const fn attempt(number: u8) -> Attempt {
    Attempt::from_bytes([number; 16])
}

/// A mark of a try.
#[must_use]
pub fn mark(to: &Region, number: u8) -> Mark {
    Mark { to: to.clone(), attempt: attempt(number) }
}

/// The try of those cases that have but one.
const TRY: Attempt = attempt(1);

/// Every case of a region's store, one after the other.
pub async fn member(store: Arc<dyn Depot>, main: Arc<dyn Depot>) {
    let (store, main) = (&*store, &*main);
    whoever_is_frozen_takes_nothing_and_nothing_of_theirs_is_leased(store).await;
    what_another_try_froze_is_not_thawed_packed_or_buried(store, main).await;
    all_of_a_person_moves_but_what_was_seen(store, main).await;
    a_payment_lives_with_its_contact(store, main).await;
    a_payment_is_not_begun_behind_the_back_of_its_contact(store).await;
    one_who_lives_there_is_not_replaced(store, main).await;
    an_older_copy_does_not_replace_a_newer_one(store, main).await;
    people_are_listed_and_those_who_said_where_they_live(store).await;
    records_wait_for_the_main_store_and_are_kept_once(store, main).await;
    what_a_payment_is_found_by_is_what_its_latest_version_says(store, main).await;
}

async fn land(store: &dyn Depot, it: Addressed) -> Landing {
    store.admit_to(vec![it], NOON).await.unwrap().remove(0)
}

fn is_new(landing: &Landing) -> bool {
    matches!(landing, Landing::Here(Admission::New { .. }))
}

async fn leased(store: &dyn Depot) -> usize {
    store.lease_due(&[want(Kind::Alert, 9)], NOON).await.unwrap().len()
}

async fn whoever_is_frozen_takes_nothing_and_nothing_of_theirs_is_leased(store: &dyn Depot) {
    let ann = who(31);
    let of = AggregateId::from(ann);
    assert!(!store.freeze(of, TRY).await.unwrap(), "there is none");
    assert!(store.pack(of, TRY).await.unwrap().is_none());
    assert!(is_new(&land(store, addressed(ann, "f1", "1")).await));
    let it = effect(of, 0, Kind::Alert, NOON);
    write(store, Commit { open: vec![(it.clone(), None)], ..commit(of, 0, 0) }).await;
    assert!(store.pack(of, TRY).await.unwrap().is_none(), "only a frozen one is packed");
    for _ in 0..2 {
        assert!(store.freeze(of, TRY).await.unwrap(), "may be repeated");
    }
    assert_eq!(land(store, addressed(ann, "f2", "2")).await, Landing::Moved);
    assert_eq!(store.commit(commit(of, 1, 1)).await.unwrap(), Committed::Moved);
    assert_eq!(leased(store).await, 0);
    assert!(store.is_open(&To::Aggregate(of), it.id).await.unwrap(), "an echo may still come for it");
    assert_eq!(store.unattended(NOON.plus(1), None, 9).await.unwrap(), []);
    assert!(store.knows(of).await.unwrap());
    for _ in 0..2 {
        assert!(store.thaw(of, TRY).await.unwrap());
    }
    assert!(is_new(&land(store, addressed(ann, "f2", "2")).await), "what was refused is not known");
    assert_eq!(leased(store).await, 1);
    settle(store, of, vec![it.id]).await;
}

async fn what_another_try_froze_is_not_thawed_packed_or_buried(store: &dyn Depot, main: &dyn Depot) {
    let gil = who(30);
    let of = AggregateId::from(gil);
    let (first, second) = (attempt(1), attempt(2));
    assert!(!store.thaw(of, first).await.unwrap(), "there is none");
    land(store, addressed(gil, "g1", "1")).await;
    assert!(store.thaw(of, first).await.unwrap(), "it lives here");
    assert_eq!(store.frozen_by(of).await.unwrap(), None);
    store.freeze(of, first).await.unwrap();
    let copy = store.pack(of, first).await.unwrap().unwrap();
    store.freeze(of, second).await.unwrap();
    assert!(!store.thaw(of, first).await.unwrap());
    assert!(store.pack(of, first).await.unwrap().is_none());
    assert!(!store.bury(of, first).await.unwrap());
    assert_eq!(store.frozen_by(of).await.unwrap(), Some(second));
    assert_eq!(store.frozen(None, 9).await.unwrap(), [(of, second)]);
    assert_eq!(store.frozen(Some(of), 9).await.unwrap(), []);
    assert_eq!(land(store, addressed(gil, "g2", "2")).await, Landing::Moved, "frozen as before");
    // A copy is of the try that unpacked it.
    main.unpack(copy.clone(), first).await.unwrap();
    main.unpack(copy, second).await.unwrap();
    assert!(!main.thaw(of, first).await.unwrap() && !main.bury(of, first).await.unwrap());
    assert!(main.thaw(of, second).await.unwrap());
    assert_eq!(main.frozen_by(of).await.unwrap(), None);
    assert!(store.bury(of, second).await.unwrap());
    assert!(store.bury(of, first).await.unwrap(), "it is buried");
    assert!(!store.thaw(of, second).await.unwrap(), "it does not live here any more");
    assert!(!store.freeze(of, first).await.unwrap());
    assert_eq!(store.frozen(None, 9).await.unwrap(), []);
}

/// The same luggage, whatever is left of leases.
fn still(luggage: Option<Luggage>) -> Luggage {
    let mut it = luggage.unwrap();
    for effect in &mut it.effects {
        effect.lease = effect.lease.map(|_| std::time::Duration::ZERO);
    }
    it
}

async fn all_of_a_person_moves_but_what_was_seen(store: &dyn Depot, main: &dyn Depot) {
    let ben = who(32);
    let of = AggregateId::from(ben);
    for number in 1..=4 {
        land(store, addressed(ben, &format!("b{number}"), "text")).await;
    }
    let state = Contact { stage: Stage::Ready, decisions: 7, ..Contact::default() };
    let facets = ContactFacets { stage: "ready", region: Some(Chosen::Wau), ..ContactFacets::default() };
    let held = effect(of, 0, Kind::Alert, NOON);
    let free = effect(of, 1, Kind::Alert, NOON);
    let dead = effect(of, 2, Kind::Alert, NOON);
    let it = Commit {
        state: Arc::new(state.into()),
        facets: Some(Facets::Contact(facets)),
        open: vec![(held.clone(), LEASED), (free.clone(), None)],
        dead: vec![(dead, "graph 100".into())],
        ..commit(of, 0, 1)
    };
    assert_eq!(write(store, it).await, Committed::Done(1));
    for _ in 0..FAILURES {
        store.failed(of, 2, "it panicked".into()).await.unwrap();
    }
    store.failed(of, 3, "once".into()).await.unwrap();
    store.freeze(of, TRY).await.unwrap();
    let packed = still(store.pack(of, TRY).await.unwrap());
    assert_eq!((packed.consumed, packed.schema), (2, answerbot_core::contact::SCHEMA));
    assert_eq!(packed.effects.iter().filter(|it| it.lease.is_some()).count(), 1);
    for _ in 0..2 {
        main.unpack(store.pack(of, TRY).await.unwrap().unwrap(), TRY).await.unwrap();
        assert_eq!(still(main.pack(of, TRY).await.unwrap()), packed, "a copy may be made anew");
    }
    assert_eq!(
        main.commit(commit(of, packed.version, 4)).await.unwrap(),
        Committed::Moved,
        "frozen there too"
    );
    assert_eq!(leased(main).await, 0);
    main.thaw(of, TRY).await.unwrap();
    for _ in 0..2 {
        store.bury(of, TRY).await.unwrap();
    }
    // Here is a tombstone, that knows what came.
    assert_eq!(land(store, addressed(ben, "b9", "x")).await, Landing::Moved);
    assert_eq!(store.commit(commit(of, packed.version, 4)).await.unwrap(), Committed::Moved);
    assert!(matches!(store.open(of).await, Err(StoreError::Moved)));
    assert!(!store.knows(of).await.unwrap());
    assert_eq!(leased(store).await, 0);
    let [b1, b9] = ["b1", "b9"].map(|it| EventId::derive("messenger", it));
    assert_eq!(store.saw(of, &[b9, b1]).await.unwrap(), [false, true]);
    assert!(!store.contacts(false, None, 99).await.unwrap().iter().any(|(id, _)| *id == ben));
    // There it goes on: in its order, with what was under way.
    let opened = main.open(of).await.unwrap();
    assert_eq!(opened.state.as_contact().unwrap().decisions, 7);
    assert_eq!(opened.waiting.iter().map(|it| it.number).collect::<Vec<_>>(), [3, 4]);
    let Landing::Here(Admission::New { numbered, .. }) = land(main, addressed(ben, "b5", "x")).await else {
        panic!("not new")
    };
    assert_eq!(numbered.number, 5);
    assert_eq!(main.failed(of, 3, "again".into()).await.unwrap(), 2, "failures count on");
    let due = main.lease_due(&[want(Kind::Alert, 9)], NOON).await.unwrap();
    assert_eq!(
        due.iter().map(|it| it.effect.id).collect::<Vec<_>>(),
        [free.id],
        "the other is being performed"
    );
    assert_eq!(main.stuck(9).await.unwrap().len(), 2, "the dead one and what was set aside");
    settle(main, of, vec![held.id, free.id]).await;
    let version = main.open(of).await.unwrap().version;
    // And back, in the place of its own tombstone.
    main.freeze(of, TRY).await.unwrap();
    store.unpack(main.pack(of, TRY).await.unwrap().unwrap(), TRY).await.unwrap();
    store.thaw(of, TRY).await.unwrap();
    main.bury(of, TRY).await.unwrap();
    let known = land(store, addressed(ben, "b1", "x")).await;
    assert_eq!(known, Landing::Here(Admission::Known), "seen here before it left");
    assert_eq!(store.open(of).await.unwrap().version, version);
    assert_eq!(main.stuck(9).await.unwrap().len(), 0);
}

fn start(number: u8) -> Addressed {
    let event = Event::Payment(PaymentEvent::Start(order(number)));
    let id = PaymentId::draw([number; 16]);
    let name = EventId::derive("operator", &format!("start {number}"));
    let envelope = Envelope { id: name, to: To::Aggregate(id.into()), event, sent: None };
    Addressed { aggregate: id.into(), identity: None, envelope }
}

async fn a_payment_lives_with_its_contact(store: &dyn Depot, main: &dyn Depot) {
    let (id, state) = payment(40, Status::Success);
    let contact = order(40).contact;
    assert_eq!(store.payments_of(contact).await.unwrap(), []);
    assert!(is_new(&land(store, start(40)).await));
    assert_eq!(store.payments_of(contact).await.unwrap(), [id], "also before anything was decided");
    // Whoever gets its money, it lives where it began.
    let given = answerbot_core::pay::payment::Payment { granted_to: Some(who(99)), ..state };
    write(store, payment_commit(id, given.clone(), 0, Vec::new())).await;
    assert_eq!(store.payments_of(contact).await.unwrap(), [id]);
    assert_eq!(store.payments_of(who(99)).await.unwrap(), []);
    store.freeze(id.into(), TRY).await.unwrap();
    assert_eq!(store.payments_of(contact).await.unwrap(), [id], "frozen ones too");
    let luggage = store.pack(id.into(), TRY).await.unwrap().unwrap();
    assert_eq!((luggage.home, luggage.facets.is_some()), (Some(contact), true));
    main.unpack(luggage.clone(), TRY).await.unwrap();
    assert_eq!(main.pack(id.into(), TRY).await.unwrap(), Some(luggage));
    main.thaw(id.into(), TRY).await.unwrap();
    store.bury(id.into(), TRY).await.unwrap();
    assert_eq!(store.payments_of(contact).await.unwrap(), []);
    assert_eq!(main.payments_of(contact).await.unwrap(), [id]);
    assert_eq!(main.open(id.into()).await.unwrap().state.as_payment(), Some(&given));
    assert_eq!(main.find_payments(Find::Code(order(40).code), 9).await.unwrap(), [id]);
    // Whoever left is found all the same, in the main store.
    main.freeze(id.into(), TRY).await.unwrap();
    main.bury(id.into(), TRY).await.unwrap();
    assert_eq!(main.find_payments(Find::Code(order(40).code), 9).await.unwrap(), [id]);
    assert_eq!(main.payments(Find::All, 9).await.unwrap(), []);
}

async fn a_payment_is_not_begun_behind_the_back_of_its_contact(store: &dyn Depot) {
    let contact = order(41).contact;
    land(store, addressed(contact, "c1", "subscribe")).await;
    store.freeze(contact.into(), TRY).await.unwrap();
    assert_eq!(land(store, start(41)).await, Landing::Moved, "it would stay behind");
    assert_eq!(store.payments_of(contact).await.unwrap(), []);
    store.bury(contact.into(), TRY).await.unwrap();
    assert_eq!(land(store, start(41)).await, Landing::Moved);
}

async fn one_who_lives_there_is_not_replaced(store: &dyn Depot, main: &dyn Depot) {
    let carl = who(42);
    land(store, addressed(carl, "l1", "1")).await;
    land(main, addressed(carl, "l2", "2")).await;
    store.freeze(carl.into(), TRY).await.unwrap();
    let luggage = store.pack(carl.into(), TRY).await.unwrap().unwrap();
    assert!(main.unpack(luggage, TRY).await.is_err());
    assert_eq!(main.open(carl.into()).await.unwrap().waiting.len(), 1);
    store.thaw(carl.into(), TRY).await.unwrap();
    assert!(store.bury(carl.into(), TRY).await.is_err(), "nor buried alive");
}

async fn an_older_copy_does_not_replace_a_newer_one(store: &dyn Depot, main: &dyn Depot) {
    let dora = who(43);
    land(store, addressed(dora, "o1", "1")).await;
    store.freeze(dora.into(), TRY).await.unwrap();
    let old = store.pack(dora.into(), TRY).await.unwrap().unwrap();
    main.unpack(old.clone(), TRY).await.unwrap();
    main.thaw(dora.into(), TRY).await.unwrap();
    land(main, addressed(dora, "o2", "2")).await;
    main.freeze(dora.into(), TRY).await.unwrap();
    assert!(main.unpack(old.clone(), TRY).await.is_err(), "it has an envelope more");
    main.thaw(dora.into(), TRY).await.unwrap();
    write(main, commit(dora.into(), 0, 2)).await;
    main.freeze(dora.into(), TRY).await.unwrap();
    assert!(main.unpack(old, TRY).await.is_err(), "it was decided since");
    let still = main.pack(dora.into(), TRY).await.unwrap().unwrap();
    assert_eq!((still.version, still.consumed), (1, 2));
    main.unpack(still, TRY).await.unwrap();
    main.bury(dora.into(), TRY).await.unwrap();
    store.bury(dora.into(), TRY).await.unwrap();
}

async fn people_are_listed_and_those_who_said_where_they_live(store: &dyn Depot) {
    let said = |number, region| async move {
        let of = AggregateId::from(who(number));
        land(store, addressed(who(number), &format!("s{number}"), "x")).await;
        let facets = ContactFacets { stage: "ready", region, ..ContactFacets::default() };
        write(store, Commit { facets: Some(Facets::Contact(facets)), ..commit(of, 0, 1) }).await;
    };
    said(51, Some(Chosen::Juba)).await;
    said(52, Some(Chosen::Malakal)).await;
    said(53, Some(Chosen::Elsewhere)).await;
    said(54, None).await;
    said(55, Some(Chosen::Malakal)).await;
    let (juba, malakal) = (region("juba"), region("malakal"));
    let first = store.said(&malakal, None, 1).await.unwrap();
    let mut found = store.said(&malakal, Some(first[0]), 9).await.unwrap();
    assert_eq!(found.len(), 1, "the rest");
    found.extend(first);
    found.sort();
    assert_eq!(found, [who(52), who(55)]);
    assert_eq!(store.said(&juba, None, 9).await.unwrap(), [who(51)]);
    assert_eq!(store.said(&region("yei"), None, 9).await.unwrap(), []);
    store.freeze(who(52).into(), TRY).await.unwrap();
    let all = store.residents(None, 99).await.unwrap();
    assert!(all.is_sorted() && all.contains(&who(52)) && all.contains(&who(54)), "{all:?}");
    assert!(!all.contains(&order(41).contact), "a tombstone does not live here");
    let page = store.residents(Some(who(51)), 2).await.unwrap();
    assert_eq!(page, [who(52), who(53)]);
    store.thaw(who(52).into(), TRY).await.unwrap();
}

async fn records_wait_for_the_main_store_and_are_kept_once(store: &dyn Depot, main: &dyn Depot) {
    while let Some((of, records)) = store.records(1).await.unwrap().pop() {
        let numbers: Vec<u64> = records.iter().map(|(number, _)| *number).collect();
        store.forget_records(of, &numbers).await.unwrap();
    }
    let (id, state) = payment(60, Status::Success);
    let payer = order(60).contact;
    land(store, addressed(payer, "r1", "x")).await;
    land(store, start(60)).await;
    write(store, payment_commit(id, state.clone(), 0, vec![captured(id, 3_000)])).await;
    write(store, Commit { grants: vec![id], ..commit(payer.into(), 0, 1) }).await;
    assert_eq!(store.entries(id).await.unwrap(), [], "not in books of its own");
    let left = store.records(9).await.unwrap();
    assert_eq!(left.iter().map(|(of, _)| *of).collect::<Vec<_>>(), [id.into(), AggregateId::from(payer)]);
    assert_eq!(store.records(1).await.unwrap()[..], left[..1]);
    for _ in 0..2 {
        for (of, records) in left.clone() {
            let records = records.into_iter().map(|(_, record)| record).collect();
            main.keep_records(of, records).await.unwrap();
        }
    }
    for (of, records) in left {
        let numbers: Vec<u64> = records.iter().map(|(number, _)| *number).collect();
        store.forget_records(of, &numbers).await.unwrap();
    }
    assert_eq!(store.records(9).await.unwrap(), []);
    assert_eq!(main.entries(id).await.unwrap(), [captured(id, 3_000)]);
    assert_eq!(main.find_payments(Find::Status("success".into()), 9).await.unwrap()[..1], [id]);
    assert!(!main.knows(id.into()).await.unwrap(), "it lives elsewhere all the same");
    let counts = main.money_counts(NOON.plus(1)).await.unwrap();
    assert_eq!((counts.captures, counts.grants, counts.successes), (1, 1, 1));
}

/// What a payment is found by in the main store, as some version of it says.
async fn says(main: &dyn Depot, version: u64, status: Status) {
    let (id, state) = payment(60, status);
    let state = State::Payment(Box::new(state));
    let Some(Facets::Payment(facets)) = Facets::of(id.into(), &state, &Policy::default()) else {
        panic!("no facets")
    };
    main.keep_records(id.into(), vec![Record::Payment { facets, version }]).await.unwrap();
}

/// Two processes may copy, and one that read early may write late.
async fn what_a_payment_is_found_by_is_what_its_latest_version_says(store: &dyn Depot, main: &dyn Depot) {
    let (id, state) = payment(60, Status::Success);
    let found = |status: &'static str| async move {
        main.find_payments(Find::Status(status.into()), 9).await.unwrap().contains(&id)
    };
    says(main, 0, Status::Pending).await;
    assert!(found("success").await && !found("pending").await, "its first version is known");
    says(main, 3, Status::Refunded).await;
    says(main, 2, Status::Review).await;
    assert!(found("refunded").await && !found("review").await);
    // It goes on where it moves, also while a copy of before is not buried yet.
    for version in 1..4 {
        write(store, payment_commit(id, state.clone(), version, Vec::new())).await;
    }
    store.freeze(id.into(), TRY).await.unwrap();
    let luggage = store.pack(id.into(), TRY).await.unwrap().unwrap();
    assert_eq!(luggage.version, 4);
    main.unpack(luggage, TRY).await.unwrap();
    assert!(found("success").await);
    says(main, 5, Status::Refunded).await;
    assert!(found("refunded").await, "although a frozen copy is here");
    says(main, 4, Status::Success).await;
    assert!(found("refunded").await);
    main.thaw(id.into(), TRY).await.unwrap();
    store.bury(id.into(), TRY).await.unwrap();
    for version in 4..6 {
        write(main, payment_commit(id, state.clone(), version, Vec::new())).await;
    }
    says(main, 5, Status::Pending).await;
    assert!(found("success").await && !found("pending").await, "it lives here, and is later");
}
