//! People move.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use answerbot_core::contact::effect::Kind;
use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::pay::payment::{Event as PaymentEvent, Order as Wish, Payment, Status};
use answerbot_core::{ContactId, EventId, PaymentId};
use answerbot_fleet::regions::Regional;
use answerbot_fleet::regions::census::Census;
use answerbot_fleet::regions::drill::{Drilled, Hands};
use answerbot_ports::conformance::{
    LEASED, captured, commit, effect, nudge, order, payment_commit, region, text, want,
};
use answerbot_ports::regions::{Directory as _, Member as _, Progress, Region, Who, payment_key};
use answerbot_ports::reports::{Find, Reports as _};
use answerbot_ports::store::{Admission, Commit, Committed, ContactFacets, Facets, Store as _};
use tokio::task::JoinSet;

use super::support::{JUBA, WAU, World, ids, mid, now, number, order_id, says, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_is_not_performed_again_and_its_outcome_is_decided_where_its_person_lives() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", JUBA).await;
    let asked = effect(ann.into(), 0, Kind::Alert, now());
    let version = regional.open(ann.into()).await.unwrap().version;
    let it = Commit { open: vec![(asked.clone(), LEASED)], ..commit(ann.into(), version, 1) };
    write(&regional, it).await;
    // Another process moves her: this one believes that she lives in Juba.
    let tally = world.regional().move_all(&[ann], &region(JUBA), &region(WAU)).await;
    assert_eq!((tally.moved, tally.note.as_str()), (1, ""));
    assert_eq!(
        regional.lease_due(&[want(Kind::Alert, 9)], now()).await.unwrap(),
        [],
        "it is being performed"
    );
    let outcome = Commit { settled: vec![asked.id], ..commit(ann.into(), version + 1, 1) };
    assert_eq!(regional.commit(outcome.clone()).await.unwrap(), Committed::Moved, "decide it again");
    assert!(regional.is_open(&To::Aggregate(ann.into()), asked.id).await.unwrap());
    assert_eq!(regional.commit(outcome).await.unwrap(), Committed::Done(version + 2));
    assert!(!regional.is_open(&To::Aggregate(ann.into()), asked.id).await.unwrap());
    assert_eq!(world.homes(ann).await, [WAU]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redelivery_is_known_wherever_its_person_lived() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", "main").await;
    says(&regional, "ann", "in-main", "x").await;
    regional.move_all(&[ann], &Region::main(), &region(JUBA)).await;
    says(&regional, "ann", "in-juba", "x").await;
    regional.move_all(&[ann], &region(JUBA), &region(WAU)).await;
    for it in ["ann-first", "in-main", "in-juba"] {
        assert_eq!(says(&regional, "ann", it, "x").await, Admission::Known, "{it}");
    }
    assert_eq!(number(&says(&regional, "ann", "new", "x").await), 4);
    // A store of before that is away has seen nothing: rather twice than never.
    world.take_away(JUBA, true);
    assert_eq!(number(&says(&regional, "ann", "in-juba", "x").await), 5);
    assert_eq!(says(&regional, "ann", "in-main", "x").await, Admission::Known);
}

/// Ann wishes to pay.
fn start(contact: ContactId, number: u8) -> (PaymentId, Envelope) {
    let id = PaymentId::draw([number; 16]);
    let wish = Wish { contact, ..order(number) };
    let event = Event::Payment(PaymentEvent::Start(wish));
    let name = EventId::derive("told", &format!("start {number}"));
    (id, Envelope { id: name, to: To::Aggregate(id.into()), event, sent: None })
}

fn pending(contact: ContactId, number: u8, status: Status) -> Payment {
    Payment { order: Some(Wish { contact, ..order(number) }), status, ..Payment::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_lives_with_its_contact_and_whoever_names_it_finds_it() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", JUBA).await;
    let (id, wish) = start(ann, 1);
    assert!(!regional.knows(id.into()).await.unwrap());
    regional.admit(vec![wish.clone()], now()).await.unwrap();
    assert_eq!(world.main.payers(&[id]).await.unwrap(), [Some(ann)], "claimed before it was stored");
    assert!(world.juba.knows(id.into()).await.unwrap() && !world.main.knows(id.into()).await.unwrap());
    write(&regional, payment_commit(id, pending(ann, 1, Status::Pending), 0, vec![captured(id, 30)])).await;
    assert_eq!(regional.catch_up().await.unwrap(), 1);
    regional.move_all(&[ann], &region(JUBA), &region(WAU)).await;
    assert_eq!(world.wau.payments_of(ann).await.unwrap(), [id]);
    assert_eq!(world.juba.payments_of(ann).await.unwrap(), []);
    // Another process, which never heard of it.
    let other = world.regional();
    assert!(other.knows(id.into()).await.unwrap(), "a callback may name it");
    assert_eq!(number(&other.admit(vec![nudge(id, "called back")], now()).await.unwrap()[0]), 2);
    assert_eq!(other.admit(vec![wish], now()).await.unwrap(), [Admission::Known]);
    assert_eq!(world.wau.open(id.into()).await.unwrap().waiting.len(), 2);
    let found = other.payments(Find::Status("pending".into()), 9).await.unwrap();
    assert_eq!(found, [(id, pending(ann, 1, Status::Pending))]);
    assert_eq!(other.entries(id).await.unwrap(), [captured(id, 30)]);
    // With its region away it is parked behind its contact, and found when that is back.
    world.take_away(WAU, true);
    assert!(other.knows(id.into()).await.unwrap());
    assert_eq!(number(&other.admit(vec![nudge(id, "again")], now()).await.unwrap()[0]), 0);
    assert_eq!(world.place(ann).await.parked, 1);
    assert_eq!(other.payments(Find::All, 9).await.unwrap(), [], "passed over");
    world.take_away(WAU, false);
    other.look_after().await.unwrap();
    assert_eq!(world.wau.open(id.into()).await.unwrap().waiting.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_left_for_the_books_is_copied_before_its_person_leaves() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", WAU).await;
    let (id, wish) = start(ann, 1);
    regional.admit(vec![wish], now()).await.unwrap();
    write(&regional, payment_commit(id, pending(ann, 1, Status::Pending), 0, Vec::new())).await;
    assert_eq!(world.wau.records(9).await.unwrap().len(), 1);
    regional.move_all(&[ann], &region(WAU), &region(JUBA)).await;
    assert_eq!(world.wau.records(9).await.unwrap(), []);
    write(&regional, payment_commit(id, pending(ann, 1, Status::Success), 1, vec![captured(id, 30)])).await;
    regional.catch_up().await.unwrap();
    let found = regional.payments(Find::Status("success".into()), 9).await.unwrap();
    assert_eq!(found.len(), 1, "nothing older came after it");
    assert_eq!(regional.payments(Find::Status("pending".into()), 9).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_of_before_there_were_regions_moves_too() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", "main").await;
    let (id, wish) = start(ann, 1);
    world.main.admit(vec![wish], now()).await.unwrap();
    assert_eq!(world.main.payers(&[id]).await.unwrap(), [None]);
    assert_eq!(number(&regional.admit(vec![nudge(id, "1")], now()).await.unwrap()[0]), 2);
    regional.move_all(&[ann], &Region::main(), &region(JUBA)).await;
    assert_eq!(world.main.payers(&[id]).await.unwrap(), [Some(ann)]);
    assert_eq!(world.juba.open(id.into()).await.unwrap().waiting.len(), 2);
    assert_eq!(number(&regional.admit(vec![nudge(id, "2")], now()).await.unwrap()[0]), 3);
    assert!(world.main.claim(payment_key(id), ann, None).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_during_a_move_waits_and_goes_on_in_order() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", JUBA).await;
    assert_eq!(number(&says(&regional, "ann", "1", "x").await), 2);
    // A process marked and froze her, and is no more.
    let by = world.marks(ann, JUBA, WAU).await.attempt;
    assert!(world.juba.freeze(ann.into(), by).await.unwrap());
    for it in ["2", "3"] {
        assert_eq!(number(&says(&regional, "ann", it, "x").await), 0, "taken all the same");
    }
    assert!(regional.open(ann.into()).await.is_err(), "whoever decides tries again");
    assert!(regional.commit(commit(ann.into(), 1, 1)).await.is_err());
    assert_eq!(regional.unattended(now().plus(5), None, 9).await.unwrap(), []);
    let tally = world.regional().resume().await.unwrap();
    assert_eq!((tally.moved, tally.note.as_str()), (1, ""));
    assert_eq!(ids(&world.waiting(&regional, ann).await), [mid("1"), mid("2"), mid("3")]);
    assert_eq!(number(&says(&regional, "ann", "4", "x").await), 5);
    assert_eq!(world.homes(ann).await, [WAU]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_cannot_arrive_is_taken_back_at_once() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", JUBA).await;
    world.take_away(WAU, true);
    let tally = regional.move_all(&[ann], &region(JUBA), &region(WAU)).await;
    assert_eq!((tally.moved, tally.failed), (0, 1));
    assert_eq!(number(&says(&regional, "ann", "1", "x").await), 2);
    let version = regional.open(ann.into()).await.unwrap().version;
    assert_eq!(write(&regional, commit(ann.into(), version, 2)).await, Committed::Done(version + 1));
    assert_eq!(world.main.moves(None, 9).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_not_what_was_packed_is_not_flipped() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", JUBA).await;
    says(&regional, "ann", "1", "x").await;
    // A store that loses what it is given.
    let lossy =
        "CREATE TRIGGER lossy AFTER INSERT ON inbox BEGIN DELETE FROM inbox WHERE number = NEW.number; END";
    world.raw(WAU).execute_batch(lossy).unwrap();
    let tally = regional.move_all(&[ann], &region(JUBA), &region(WAU)).await;
    assert_eq!((tally.moved, tally.failed), (0, 1), "{}", tally.note);
    assert_eq!(world.homes(ann).await, [JUBA]);
    assert_eq!(ids(&world.waiting(&regional, ann).await), [mid("1")]);
    world.raw(WAU).execute_batch("DROP TRIGGER lossy").unwrap();
    assert_eq!(regional.move_all(&[ann], &region(JUBA), &region(WAU)).await.moved, 1);
    assert_eq!(ids(&world.waiting(&regional, ann).await), [mid("1")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_dies_behind_the_flip_keeps_nobody_and_is_tidied_when_it_is_back() {
    let world = World::new();
    let regional = world.regional();
    let ann = world.settle(&regional, "ann", JUBA).await;
    let mark = world.copies(ann, JUBA, WAU).await;
    world.main.arrive(ann, &mark, None, now()).await.unwrap();
    world.take_away(JUBA, true);
    for _ in 0..6 {
        let _ = regional.forget_seen(now().plus(-1_000_000)).await;
    }
    regional.resume().await.unwrap();
    assert_eq!(number(&says(&regional, "ann", "1", "x").await), 2, "she lives in Wau");
    world.take_away(JUBA, false);
    assert_eq!(world.homes(ann).await, [JUBA, WAU], "a copy is left");
    tokio::time::sleep(Duration::from_millis(600)).await;
    regional.look_after().await.unwrap();
    assert_eq!(world.homes(ann).await, [WAU]);
}

/// So many people in Juba, each with something that waits, every tenth with a payment.
async fn populate(world: &World, regional: &Regional, people: u64) -> Duration {
    let users: Vec<String> = (0..people).map(|it| format!("user{it}")).collect();
    for chunk in users.chunks(500) {
        let envelopes = chunk.iter().map(|user| text(user, &format!("{user}-0"), "x")).collect();
        regional.admit(envelopes, now()).await.unwrap();
        let decided = chunk.iter().map(|user| {
            let of = world.who(user);
            let due = effect(of.into(), 0, Kind::Alert, now().plus(3_600_000));
            let facets = ContactFacets { stage: "ready", ..ContactFacets::default() };
            let it = Commit {
                open: vec![(due, None)],
                facets: Some(Facets::Contact(facets)),
                ..commit(of.into(), 0, 1)
            };
            regional.commit(it)
        });
        for done in futures_util::future::join_all(decided).await {
            assert_eq!(done.unwrap(), Committed::Done(1));
        }
        let envelopes = chunk.iter().map(|user| text(user, &format!("{user}-1"), "x")).collect();
        regional.admit(envelopes, now()).await.unwrap();
    }
    for number in 0..u8::try_from(people / 10).unwrap_or(50).min(50) {
        let of = world.who(&users[usize::from(number) * 10]);
        let (id, wish) = start(of, number);
        regional.admit(vec![wish], now()).await.unwrap();
        let it = payment_commit(id, pending(of, number, Status::Success), 0, vec![captured(id, 3_000)]);
        write(regional, it).await;
        write(regional, Commit { grants: vec![id], ..commit(of.into(), 1, 1) }).await;
    }
    let all: Vec<ContactId> = users.iter().map(|user| world.who(user)).collect();
    let tally = regional.move_all(&all, &Region::main(), &region(JUBA)).await;
    assert_eq!((tally.moved, tally.note.as_str()), (people, ""));
    tally.longest
}

async fn evacuate(people: u64) -> (Drilled, Duration) {
    let world = World::new();
    let regional = world.regional();
    let longest = populate(&world, &regional, people).await;
    let drilled =
        regional.drill(order_id("drill"), region(JUBA), region(WAU), "ann".into(), Hands::Own).await.unwrap();
    assert_eq!(drilled.differences, []);
    assert!(drilled.is_sound(true));
    assert_eq!(drilled.order.moved, people);
    assert_eq!(drilled.before.people(), people);
    assert_eq!(drilled.before.payments(), (people / 10).min(50));
    assert_eq!(drilled.after.grants, drilled.before.payments());
    let lives = |name: &str| drilled.after.residents.iter().find(|(it, _)| it == name).unwrap().1;
    assert_eq!((lives(JUBA), lives(WAU)), (0, people));
    (drilled, longest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_leaves_and_all_is_there_as_before() {
    evacuate(300).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long; says how many people move in a second"]
async fn thirty_thousand_leave() {
    let (drilled, longest) = evacuate(30_000).await;
    let (people, pace) = (drilled.order.moved, drilled.pace());
    println!("{people} people in {:?}: {pace:.0} a second; frozen for {longest:?} at most", drilled.took);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_write_while_their_store_is_emptied_see_no_error_and_lose_nothing() {
    const PEOPLE: u64 = 120;
    let world = Arc::new(World::new());
    let regional = world.regional();
    populate(&world, &regional, PEOPLE).await;
    let before = Census::take(&regional).await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let said = Arc::new(AtomicU64::new(0));
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let (world, regional) = (Arc::clone(&world), Arc::clone(&regional));
        let (over, said) = (Arc::clone(&over), Arc::clone(&said));
        writers.spawn(async move {
            let mut turn = 0;
            while !over.load(Ordering::SeqCst) {
                let user = format!("user{}", (turn * 7 + writer) % PEOPLE);
                let name = format!("{user}/{writer}/{turn}");
                says(&regional, &user, &name, "x").await;
                said.fetch_add(1, Ordering::SeqCst);
                // Now and then somebody decides.
                if turn % 3 == 0 {
                    let of = world.who(&user);
                    if let Ok(opened) = regional.open(of.into()).await {
                        let consumed = opened.waiting.last().map_or(opened.consumed, |it| it.number);
                        let state = Arc::new(opened.state);
                        let it = Commit { state, ..commit(of.into(), opened.version, consumed) };
                        let _ = regional.commit(it).await;
                    }
                }
                turn += 1;
            }
        });
    }
    for (index, (from, to)) in [(JUBA, WAU), (WAU, "main"), ("main", JUBA)].into_iter().enumerate() {
        let id = order_id(&index.to_string());
        regional.order_move(id, Who::All(region(from)), region(to), "ann".into()).await.unwrap();
        let mut looks = 0;
        while regional.order(id).await.unwrap().unwrap().progress == Progress::Open {
            regional.carry_out(now().plus(60_000)).await.unwrap();
            looks += 1;
            assert!(looks < 50, "{:?}", regional.order(id).await.unwrap());
        }
    }
    over.store(true, Ordering::SeqCst);
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    regional.look_after().await.unwrap();
    assert_eq!(world.main.waiting(None, 9).await.unwrap(), []);
    let after = Census::take(&regional).await.unwrap();
    let lost: Vec<_> = before.differences(&after).into_iter().filter(|it| !it.may_be_traffic).collect();
    assert_eq!(lost, []);
    // Each envelope has a number of its own, without a gap.
    let mut numbers = 0;
    for user in 0..PEOPLE {
        let opened = regional.open(world.who(&format!("user{user}")).into()).await.unwrap();
        let mut next = opened.consumed;
        for it in &opened.waiting {
            next += 1;
            assert_eq!(it.number, next);
        }
        numbers += next;
    }
    assert_eq!(numbers, said.load(Ordering::SeqCst) + 2 * PEOPLE);
}
