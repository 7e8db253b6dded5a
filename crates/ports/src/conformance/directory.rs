//! What every directory must do, said once. An adapter's tests run [`directory`] on a fresh one.
#![expect(clippy::unwrap_used, reason = "a test suite")]

use std::sync::Arc;

use answerbot_core::{ContactId, EventId, PaymentId};

use super::regions::{NOON, addressed, mark, region, who};
use crate::regions::{
    Attempt, Depot, Mark, Order, Parked, Parking, Place, Progress, Record, Region, ToPark, Which, Who,
    payment_key,
};
use crate::store::{INBOX_ENVELOPES, StoreError, Stuck, alias_key};

fn parked(of: ContactId, mid: &str, words: &str) -> Parked {
    Parked { addressed: addressed(of, mid, words), arrived: NOON }
}

/// From outside; the note is a text here, so that it can be told apart.
fn to_park(of: ContactId, mid: &str, words: &str) -> ToPark {
    let note = Some(parked(of, &format!("note of {mid}"), "full"));
    ToPark { of, parked: parked(of, mid, words), note }
}

/// Every case of a directory, one after the other.
pub async fn directory(store: Arc<dyn Depot>) {
    let store = &*store;
    aliases_and_claims_are_read_together(store).await;
    a_move_is_begun_ended_and_taken_back(store).await;
    a_try_that_was_taken_over_ends_nothing(store).await;
    an_overruled_wish_is_remembered(store).await;
    what_is_parked_keeps_its_order_and_comes_once(store).await;
    what_is_parked_has_bounds_and_the_first_that_finds_no_room_leaves_a_note(store).await;
    an_order_is_written_and_read_again(store).await;
}

async fn aliases_and_claims_are_read_together(store: &dyn Depot) {
    let (ann, ben) = (who(1), who(2));
    assert!(store.claim(alias_key(ben), ann, None).await.unwrap());
    assert_eq!(store.owners(&[ben, ann, who(3)]).await.unwrap(), [ann, ann, who(3)]);
    let (paid, other) = (PaymentId::draw([1; 16]), PaymentId::draw([2; 16]));
    assert!(store.claim(payment_key(paid), ann, None).await.unwrap());
    assert_eq!(store.payers(&[other, paid]).await.unwrap(), [None, Some(ann)]);
}

async fn a_move_is_begun_ended_and_taken_back(store: &dyn Depot) {
    let (ann, ben) = (who(11), who(12));
    let (main, juba, wau) = (Region::main(), region("juba"), region("wau"));
    let (to_juba, to_wau) = (mark(&juba, 1), mark(&wau, 2));
    let place = |of| async move { store.places(&[of]).await.unwrap().remove(0) };
    assert_eq!(store.places(&[ann, ben]).await.unwrap(), [Place::main(), Place::main()]);
    assert!(!store.mark(ann, &juba, None, Some(&to_wau)).await.unwrap(), "it does not live there");
    for _ in 0..2 {
        assert!(store.mark(ann, &main, None, Some(&to_juba)).await.unwrap(), "may be repeated");
    }
    assert!(!store.mark(ann, &main, None, Some(&to_wau)).await.unwrap(), "it moves to another one");
    let moving = Place { moving_to: Some(to_juba.clone()), ..Place::main() };
    assert_eq!(place(ann).await, moving);
    assert_eq!(store.moves(None, 9).await.unwrap(), [(ann, moving)]);
    assert!(!store.arrive(ann, &to_wau, None, NOON).await.unwrap());
    let there = Place { region: juba.clone(), before: vec![(main.clone(), NOON)], ..Place::main() };
    let arrived = Place { moving_to: Some(to_juba.clone()), ..there.clone() };
    for later in [0, 3] {
        assert!(store.arrive(ann, &to_juba, None, NOON.plus(later)).await.unwrap(), "may be repeated");
        assert_eq!(place(ann).await, arrived, "until the rest is done");
    }
    assert_eq!(store.moves(None, 9).await.unwrap(), [(ann, arrived)]);
    for _ in 0..2 {
        assert!(store.mark(ann, &juba, Some(&to_juba), None).await.unwrap());
        assert_eq!(place(ann).await, there);
    }
    assert_eq!(store.moves(None, 9).await.unwrap(), []);
    // Back again, and the first one taken back on the way.
    let back = mark(&main, 1);
    assert!(store.mark(ben, &main, None, Some(&to_juba)).await.unwrap());
    assert!(store.mark(ben, &main, Some(&to_juba), Some(&back)).await.unwrap(), "the rest is to be done");
    assert!(!store.arrive(ben, &to_juba, None, NOON).await.unwrap());
    assert!(!store.mark(ben, &main, None, Some(&to_wau)).await.unwrap(), "not before that");
    assert_eq!(store.moves(None, 9).await.unwrap().len(), 1);
    assert!(store.mark(ben, &main, Some(&back), None).await.unwrap());
    assert_eq!(place(ben).await, Place::main());
    assert!(!store.arrive(ben, &to_juba, None, NOON).await.unwrap(), "it was taken back");
    let to_main = mark(&main, 3);
    assert!(store.mark(ann, &juba, None, Some(&to_main)).await.unwrap());
    assert!(store.arrive(ann, &to_main, None, NOON.plus(5)).await.unwrap());
    assert!(store.mark(ann, &main, Some(&to_main), None).await.unwrap());
    let before = vec![(main.clone(), NOON), (juba, NOON.plus(5))];
    assert_eq!(place(ann).await, Place { before, ..Place::main() });
    assert_eq!(store.forget_places(NOON.plus(1)).await.unwrap(), 1);
    assert_eq!(place(ann).await.before.len(), 1, "what ended before is forgotten");
    store.forget_places(NOON.plus(6)).await.unwrap();
    assert_eq!(place(ann).await, Place::main());
    for number in 13..16 {
        assert!(store.mark(who(number), &main, None, Some(&to_wau)).await.unwrap());
    }
    let pages = |after| async move {
        let found = store.moves(after, 2).await.unwrap();
        found.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!((pages(None).await, pages(Some(who(14))).await), (vec![who(13), who(14)], vec![who(15)]));
}

async fn a_try_that_was_taken_over_ends_nothing(store: &dyn Depot) {
    let eve = who(16);
    let (main, juba) = (Region::main(), region("juba"));
    let (first, second, third) = (mark(&juba, 1), mark(&juba, 2), mark(&juba, 3));
    assert!(store.mark(eve, &main, None, Some(&first)).await.unwrap());
    assert!(store.mark(eve, &main, Some(&first), Some(&second)).await.unwrap());
    assert!(!store.arrive(eve, &first, None, NOON).await.unwrap(), "although it moves to the same region");
    assert!(!store.mark(eve, &main, Some(&first), None).await.unwrap());
    assert!(!store.mark(eve, &main, Some(&first), Some(&third)).await.unwrap());
    assert!(!store.mark(eve, &main, None, Some(&third)).await.unwrap());
    assert_eq!(store.places(&[eve]).await.unwrap()[0].moving_to, Some(second.clone()));
    assert!(store.mark(eve, &main, Some(&second), None).await.unwrap());
    assert!(!store.mark(eve, &main, Some(&first), Some(&third)).await.unwrap(), "there is none any more");
    // A mark of before tries had numbers is taken over like any other.
    let old = Mark { attempt: Attempt::UNNUMBERED, ..first };
    assert!(store.mark(eve, &main, None, Some(&old)).await.unwrap());
    assert!(store.mark(eve, &main, Some(&old), Some(&second)).await.unwrap());
    assert!(store.arrive(eve, &second, None, NOON).await.unwrap());
    assert!(store.mark(eve, &juba, Some(&second), None).await.unwrap());
}

async fn an_overruled_wish_is_remembered(store: &dyn Depot) {
    let fay = who(17);
    let (main, juba, wau) = (Region::main(), region("juba"), region("wau"));
    let overruled = || async { store.places(&[fay]).await.unwrap().remove(0).overruled };
    let moves = |from: Region, to: Region, said: Option<Region>| async move {
        let it = mark(&to, 1);
        assert!(store.mark(fay, &from, None, Some(&it)).await.unwrap());
        assert!(store.arrive(fay, &it, said.as_ref(), NOON).await.unwrap());
        assert!(store.mark(fay, &to, Some(&it), None).await.unwrap());
    };
    moves(main.clone(), wau.clone(), Some(juba.clone())).await;
    assert_eq!(overruled().await, Some(juba.clone()));
    moves(wau.clone(), juba.clone(), None).await;
    assert_eq!(overruled().await, None);
    // Also of somebody who lives in the main store, and stays there.
    moves(juba, main.clone(), Some(wau.clone())).await;
    store.forget_places(NOON.plus(1)).await.unwrap();
    let place = Place { overruled: Some(wau), ..Place::main() };
    assert_eq!(store.places(&[fay]).await.unwrap(), [place]);
    moves(main.clone(), main, None).await;
    assert_eq!(store.places(&[fay]).await.unwrap(), [Place::main()]);
}

async fn what_is_parked_keeps_its_order_and_comes_once(store: &dyn Depot) {
    let (ann, ben) = (who(21), who(22));
    let three = vec![to_park(ann, "p3", "x"), to_park(ben, "q1", "x"), to_park(ann, "p1", "x")];
    assert_eq!(store.park(three).await.unwrap(), [Parking::New; 3]);
    let again = vec![to_park(ann, "p1", "x"), to_park(ann, "p2", "x")];
    assert_eq!(
        store.park(again).await.unwrap(),
        [Parking::Known, Parking::New],
        "the same one is parked once"
    );
    let names = |limit| async move {
        let all = store.parked(ann, limit).await.unwrap();
        all.into_iter().map(|it| it.addressed.envelope.id).collect::<Vec<_>>()
    };
    let [p1, p2, p3] = ["p1", "p2", "p3"].map(|it| EventId::derive("messenger", it));
    assert_eq!(names(9).await, [p3, p1, p2], "as they came");
    assert_eq!(names(2).await, [p3, p1]);
    assert_eq!(store.parked(ben, 9).await.unwrap(), [parked(ben, "q1", "x")]);
    let counts = store.places(&[ann, ben]).await.unwrap();
    assert_eq!((counts[0].parked, counts[1].parked), (3, 1));
    assert_eq!(store.waiting(None, 9).await.unwrap(), [ann, ben]);
    assert_eq!(store.waiting(Some(ann), 9).await.unwrap(), [ben]);
    store.unpark(ann, &[p3, p1]).await.unwrap();
    store.unpark(ann, &[p3]).await.unwrap();
    assert_eq!((names(9).await, store.places(&[ann]).await.unwrap()[0].parked), (vec![p2], 1));
    store.unpark(ann, &[p2]).await.unwrap();
    store.unpark(ben, &[EventId::derive("messenger", "q1")]).await.unwrap();
    assert_eq!(store.waiting(None, 9).await.unwrap(), []);
    assert_eq!(store.places(&[ann]).await.unwrap(), [Place::main()]);
}

async fn what_is_parked_has_bounds_and_the_first_that_finds_no_room_leaves_a_note(store: &dyn Depot) {
    let (ann, ben) = (who(23), who(24));
    let park = |it: ToPark| async move { store.park(vec![it]).await.unwrap().remove(0) };
    let ids = |of| async move {
        let all = store.parked(of, 999).await.unwrap();
        all.into_iter().map(|it| it.addressed.envelope.id).collect::<Vec<_>>()
    };
    // By bytes.
    let long = "x".repeat(100_000);
    assert_eq!(park(to_park(ann, "l1", &long)).await, Parking::New);
    assert_eq!(park(to_park(ann, "l2", &long)).await, Parking::New);
    assert_eq!(park(to_park(ann, "l3", &long)).await, Parking::Full);
    assert_eq!(park(to_park(ann, "l4", &long)).await, Parking::Full);
    assert_eq!(park(to_park(ann, "l1", &long)).await, Parking::Known, "full or not");
    let [l1, l2, note] = ["l1", "l2", "note of l3"].map(|it| EventId::derive("messenger", it));
    assert_eq!(ids(ann).await, [l1, l2, note], "one note");
    let told = ToPark { note: None, ..to_park(ann, "told", &long) };
    assert_eq!(park(told).await, Parking::New, "what is told once finds room");
    store.unpark(ann, &[l1, l2, note]).await.unwrap();
    assert_eq!(park(to_park(ann, "l3", &long)).await, Parking::New, "there is room again");
    let rest = ids(ann).await;
    store.unpark(ann, &rest).await.unwrap();
    // By number, of those that come together too.
    let many = (0..INBOX_ENVELOPES + 3).map(|it| to_park(ben, &format!("m{it}"), "x"));
    let parked = store.park(many.collect()).await.unwrap();
    let room = usize::try_from(INBOX_ENVELOPES).unwrap();
    assert!(parked[..room].iter().all(|it| *it == Parking::New), "{parked:?}");
    assert_eq!(parked[room..], [Parking::Full; 3]);
    let all = ids(ben).await;
    assert_eq!(all.len(), room + 1, "and a note");
    store.unpark(ben, &all).await.unwrap();
}

async fn an_order_is_written_and_read_again(store: &dyn Depot) {
    let order = |name: &str, who, at| Order {
        id: EventId::derive("order", name),
        who,
        to: region("juba"),
        by: "ann".into(),
        at,
        progress: Progress::Open,
        moved: 0,
        failed: 0,
        note: String::new(),
    };
    let first = order("1", Who::All(Region::main()), NOON);
    let second = order("2", Who::Contact(who(1)), NOON.plus(1));
    let third = order("3", Who::Wished, NOON.plus(2));
    for it in [&first, &second, &third] {
        store.put_order(it.clone()).await.unwrap();
    }
    let read = |which| async move { store.orders(which, 9).await.unwrap() };
    assert_eq!(read(Which::All).await, [third.clone(), second.clone(), first.clone()], "newest first");
    assert_eq!(store.orders(Which::All, 1).await.unwrap(), std::slice::from_ref(&third));
    assert_eq!(read(Which::One(second.id)).await, std::slice::from_ref(&second));
    assert_eq!(read(Which::OfMany).await, [third.clone(), first.clone()]);
    assert!(store.note_order(first.id, 3, 2, "juba is away".into()).await.unwrap());
    assert!(store.note_order(first.id, 4, 1, "still".into()).await.unwrap());
    let noted = Order { moved: 7, failed: 1, note: "still".into(), ..first };
    assert_eq!(read(Which::One(noted.id)).await, std::slice::from_ref(&noted), "what moved adds up");
    store.put_order(order("1", Who::Wished, NOON)).await.unwrap();
    assert_eq!(read(Which::One(noted.id)).await, std::slice::from_ref(&noted), "it was written before");
    // Stopped by hand while somebody works on it.
    assert!(store.end_order(noted.id, Progress::Stopped).await.unwrap());
    assert!(!store.note_order(noted.id, 1, 0, String::new()).await.unwrap());
    assert!(!store.end_order(noted.id, Progress::Done).await.unwrap());
    let stopped = Order { progress: Progress::Stopped, ..noted };
    assert!(store.end_order(second.id, Progress::Done).await.unwrap());
    assert_eq!(read(Which::Open).await, std::slice::from_ref(&third));
    store.forget_places(NOON.plus(9)).await.unwrap();
    assert_eq!(read(Which::All).await, [third, stopped], "those about many stay, and an open one");
}

/// Every case of what is parked and cannot be read. `change` changes the sealed body of the one that is parked at a place,
/// the first is 0; one person at a time has something parked.
///
/// # Panics
///
/// When a case does not hold.
pub async fn unreadable<F>(store: Arc<dyn Depot>, change: impl Fn(usize, fn(&mut Vec<u8>)) -> F)
where
    F: Future<Output = ()>,
{
    let store = &*store;
    // A damaged one is set aside and listed, and the next ones go on.
    let (ann, [p1, p2, p3]) = (who(71), park_three(store, who(71)).await);
    change(1, |body| body.truncate(40)).await;
    assert_eq!(ids(store, ann).await, [p1, p3]);
    assert_eq!(store.places(&[ann]).await.unwrap()[0].parked, 2);
    let stuck = store.stuck(9).await.unwrap();
    assert!(
        matches!(&stuck[..], [Stuck::Event { aggregate, id, arrived: NOON, .. }] if *id == p2 && *aggregate == ann.into()),
        "{stuck:?}"
    );
    assert_eq!(store.overview().await.unwrap().set_aside, 1);
    store.unpark(ann, &[p1, p3]).await.unwrap();
    assert_eq!(store.waiting(None, 9).await.unwrap(), []);
    store.forget_places(NOON).await.unwrap();
    assert_eq!(store.stuck(9).await.unwrap(), stuck, "it stays listed");
    store.keep_records(ann.into(), vec![Record::Erased]).await.unwrap();
    assert_eq!(store.stuck(9).await.unwrap(), [], "she asked to be forgotten, wherever she lives");
    // In time it is forgotten.
    let (ben, [p1, _, p3]) = (who(72), park_three(store, who(72)).await);
    change(1, |body| body.truncate(40)).await;
    assert_eq!(ids(store, ben).await, [p1, p3]);
    assert_eq!(store.forget_places(NOON.plus(1)).await.unwrap(), 1);
    assert_eq!(store.stuck(9).await.unwrap(), []);
    store.unpark(ben, &[p1, p3]).await.unwrap();
    assert_eq!(store.places(&[ben]).await.unwrap(), [Place::main()]);
    // One that is sealed under another key waits for it, and nothing overtakes it. The key's id is behind the schema.
    let other_key = |body: &mut Vec<u8>| body[2] ^= 1;
    let (carl, [p1, p2, p3]) = (who(73), park_three(store, who(73)).await);
    change(1, other_key).await;
    assert_eq!(ids(store, carl).await, [p1]);
    store.unpark(carl, &[p1]).await.unwrap();
    assert!(matches!(store.parked(carl, 9).await, Err(StoreError::Unreadable(_))));
    assert_eq!(store.stuck(9).await.unwrap(), []);
    change(0, other_key).await;
    assert_eq!(ids(store, carl).await, [p2, p3]);
    store.unpark(carl, &[p2, p3]).await.unwrap();
}

/// Parks three texts.
async fn park_three(store: &dyn Depot, of: ContactId) -> [EventId; 3] {
    let mids = ["p1", "p2", "p3"].map(|mid| format!("{mid} of {of}"));
    for mid in &mids {
        assert_eq!(store.park(vec![to_park(of, mid, mid)]).await.unwrap(), [Parking::New]);
    }
    mids.map(|mid| EventId::derive("messenger", &mid))
}

/// The ids of what is parked.
async fn ids(store: &dyn Depot, of: ContactId) -> Vec<EventId> {
    store.parked(of, 9).await.unwrap().iter().map(|it| it.addressed.envelope.id).collect()
}
