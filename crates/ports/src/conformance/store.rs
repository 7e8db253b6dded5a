//! What every store must do, said once. An adapter's tests run [`store`] on a fresh one.
//!
//! Each case uses people of its own, so one store serves them all.
#![expect(clippy::unwrap_used, reason = "a test suite")]

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::effect::{Action, Case, Effect, Kind};
use answerbot_core::contact::event::{Envelope, Event, Numbered, To};
use answerbot_core::contact::message::Message;
use answerbot_core::contact::{SCHEMA, Stage};
use answerbot_core::{Address, AggregateId, Channel, Contact, EffectId, EventId, JubaDay, PaymentId, Time};

use crate::store::{
    Admission, CALLBACKS_OF_ONE, Callback, Commit, Committed, ContactFacets, FAILURES, Facets,
    INBOX_ENVELOPES, KeptCallback, Store, Want, alias_key,
};

const NOON: Time = Time::from_millis(1_795_514_400_000);

/// A person of a case.
#[must_use]
pub fn address(user: &str) -> Address {
    Address { channel: Channel::Messenger, page: "page".into(), user: user.into() }
}

/// A text from a person.
#[must_use]
pub fn text(user: &str, mid: &str, text: &str) -> Envelope {
    Envelope {
        id: EventId::derive("messenger", mid),
        to: To::Address(address(user)),
        event: Event::Text(text.into()),
        sent: Some(NOON),
    }
}

/// A commit that changes nothing but the version.
#[must_use]
pub fn commit(aggregate: AggregateId, version: u64, consumed: u64) -> Commit {
    Commit {
        aggregate,
        version,
        consumed,
        taken: Vec::new(),
        state: Arc::new(Contact::default().into()),
        schema: SCHEMA,
        facets: None,
        open: Vec::new(),
        settled: Vec::new(),
        dead: Vec::new(),
        erase: false,
        facts: Vec::new(),
        entries: Vec::new(),
        grants: Vec::new(),
    }
}

/// How long a lease of a case lasts.
pub const LEASED: Option<Duration> = Some(Duration::from_mins(1));

/// So many effects of a kind.
#[must_use]
pub const fn want(kind: Kind, most: usize) -> Want {
    Want { kind, most, others: most / 4, lease: Duration::from_mins(1) }
}

/// Commits what consumes the envelopes up to its number, by their ids too.
///
/// # Panics
///
/// When the store refuses.
pub async fn write(store: &dyn Store, it: Commit) -> Committed {
    let waiting = store.open(it.aggregate).await.map(|it| it.waiting).unwrap_or_default();
    let taken = waiting.iter().filter(|waits| waits.number <= it.consumed).map(|it| it.envelope.id).collect();
    store.commit(Commit { taken, ..it }).await.unwrap()
}

/// Settles effects, whatever the version is by now: in some stores a lease moves it.
///
/// # Panics
///
/// When the store refuses.
pub async fn settle(store: &dyn Store, aggregate: AggregateId, settled: Vec<EffectId>) {
    let opened = store.open(aggregate).await.unwrap();
    let it = Commit { settled, ..commit(aggregate, opened.version, opened.consumed) };
    assert_eq!(write(store, it).await, Committed::Done(opened.version + 1));
}

/// An effect of an aggregate.
#[must_use]
pub fn effect(aggregate: AggregateId, index: u32, kind: Kind, due: Time) -> Effect {
    let action = match kind {
        Kind::Timer => Action::Timer,
        Kind::Alert => Action::Alert(Case { about: "human".into(), at: due, channel: "messenger".into() }),
        _ => Action::Send { to: address("x"), message: Message::plain("hello") },
    };
    Effect { id: EffectId::derive(aggregate, 1, index), due, attempt: 1, paid: false, action }
}

async fn admit_one(store: &dyn Store, envelope: Envelope) -> (AggregateId, Numbered) {
    match store.admit(vec![envelope], NOON).await.unwrap().remove(0) {
        Admission::New { aggregate, numbered } => (aggregate, numbered),
        other => panic!("not new: {other:?}"),
    }
}

/// Every case, one after the other.
pub async fn store(store: Arc<dyn Store>) {
    envelopes_are_numbered_without_a_gap(&*store).await;
    a_redelivered_event_changes_nothing(&*store).await;
    racing_creators_agree_on_the_contact(Arc::clone(&store)).await;
    a_commit_consumes_what_it_decided_and_nothing_later(&*store).await;
    a_stale_commit_changes_nothing(&*store).await;
    of_two_commits_on_one_version_one_wins(Arc::clone(&store)).await;
    an_effect_is_leased_once(&*store).await;
    an_effect_born_leased_belongs_to_its_process(&*store).await;
    a_settled_effect_is_gone_and_a_later_one_waits(&*store).await;
    a_dead_effect_is_not_leased(&*store).await;
    one_in_four_is_taken_from_free_people(&*store).await;
    a_full_inbox_leaves_one_note(&*store).await;
    an_event_that_fails_five_times_is_set_aside(&*store).await;
    an_alias_leads_to_its_owner(&*store).await;
    a_job_is_taken_once(&*store).await;
    what_is_seen_is_forgotten_after_its_time(&*store).await;
    erasing_leaves_only_the_new_effects(&*store).await;
    a_contact_of_a_newer_release_is_not_overwritten(&*store).await;
    a_callback_is_kept_once_and_of_one_payment_only_so_many(&*store).await;
    a_callback_is_forgotten_when_it_came_last_long_ago(&*store).await;
}

async fn envelopes_are_numbered_without_a_gap(store: &dyn Store) {
    let batch = vec![text("ann", "a1", "one"), text("ben", "b1", "x"), text("ann", "a2", "two")];
    let admitted = store.admit(batch, NOON).await.unwrap();
    let numbers: Vec<u64> = admitted
        .iter()
        .map(|it| match it {
            Admission::New { numbered, .. } => numbered.number,
            other => panic!("not new: {other:?}"),
        })
        .collect();
    assert_eq!(numbers, [1, 1, 2]);
    let (ann, third) = admit_one(store, text("ann", "a3", "three")).await;
    assert_eq!(third.number, 3);
    let waiting = store.open(ann).await.unwrap().waiting;
    let texts: Vec<&Event> = waiting.iter().map(|it| &it.envelope.event).collect();
    assert_eq!(texts, [&Event::Text("one".into()), &Event::Text("two".into()), &Event::Text("three".into())]);
    assert!(waiting.iter().all(|it| it.arrived == NOON && it.identity == ann.contact()));
}

async fn a_redelivered_event_changes_nothing(store: &dyn Store) {
    let (carl, _) = admit_one(store, text("carl", "c1", "hello")).await;
    let again = vec![text("carl", "c1", "hello"), text("carl", "c2", "more"), text("carl", "c1", "hello")];
    let admitted = store.admit(again, NOON).await.unwrap();
    let waits = Admission::Waits(carl);
    assert!(
        admitted[0] == waits && admitted[2] == waits,
        "it came before, and nobody took it yet: {admitted:?}"
    );
    assert!(matches!(admitted[1], Admission::New { .. }));
    assert_eq!(write(store, commit(carl, 0, 2)).await, Committed::Done(1));
    let late = store.admit(vec![text("carl", "c1", "hello")], NOON).await.unwrap();
    assert_eq!(late, [Admission::Known], "known also after it was consumed");
    assert!(store.open(carl).await.unwrap().waiting.is_empty());
}

async fn racing_creators_agree_on_the_contact(store: Arc<dyn Store>) {
    let one = store.admit(vec![text("dora", "d1", "1")], NOON);
    let two = store.admit(vec![text("dora", "d2", "2")], NOON);
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    let owner = |admission: &Admission| match admission {
        Admission::New { aggregate, .. } => *aggregate,
        other => panic!("not new: {other:?}"),
    };
    assert_eq!(owner(&one[0]), owner(&two[0]));
    assert_eq!(store.open(owner(&one[0])).await.unwrap().waiting.len(), 2);
}

async fn a_commit_consumes_what_it_decided_and_nothing_later(store: &dyn Store) {
    let (eve, _) = admit_one(store, text("eve", "e1", "1")).await;
    let opened = store.open(eve).await.unwrap();
    admit_one(store, text("eve", "e2", "2")).await;
    let state = Contact { stage: Stage::Ready, decisions: 7, ..Contact::default() };
    let (reset_day, texts_until) = (Some(JubaDay(20_000)), Some(JubaDay(20_001)));
    let found = ContactFacets { stage: "ready", reset_day, texts_until, ..ContactFacets::default() };
    let facets = Some(Facets::Contact(found));
    let it = Commit { state: Arc::new(state.into()), facets, ..commit(eve, opened.version, 1) };
    assert_eq!(write(store, it).await, Committed::Done(1));
    let opened = store.open(eve).await.unwrap();
    assert_eq!((opened.state.as_contact().unwrap().decisions, opened.version, opened.consumed), (7, 1, 1));
    assert_eq!(store.overdue_texts(JubaDay(20_001), 9).await.unwrap(), [], "their day is not over");
    assert_eq!(store.overdue_texts(JubaDay(20_002), 9).await.unwrap(), [eve]);
    assert_eq!(
        opened.waiting.iter().map(|it| it.number).collect::<Vec<_>>(),
        [2],
        "what came meanwhile stays"
    );
    assert_eq!(write(store, commit(eve, 1, 2)).await, Committed::Done(2));
    let (_, third) = admit_one(store, text("eve", "e3", "3")).await;
    assert_eq!(third.number, 3, "numbers go on after an empty inbox");
}

async fn a_stale_commit_changes_nothing(store: &dyn Store) {
    let (fay, _) = admit_one(store, text("fay", "f1", "1")).await;
    assert_eq!(write(store, commit(fay, 0, 0)).await, Committed::Done(1));
    let state = Arc::new(Contact { decisions: 99, ..Contact::default() }.into());
    let open = vec![(effect(fay, 0, Kind::Send, NOON), None)];
    let stale = Commit { state, open, ..commit(fay, 0, 1) };
    assert_eq!(write(store, stale).await, Committed::Stale);
    let opened = store.open(fay).await.unwrap();
    assert_eq!(
        (opened.state.as_contact().unwrap().decisions, opened.version, opened.waiting.len()),
        (0, 1, 1)
    );
    assert!(!store.is_open(&To::Aggregate(fay), EffectId::derive(fay, 1, 0)).await.unwrap());
}

async fn of_two_commits_on_one_version_one_wins(store: Arc<dyn Store>) {
    let (gil, _) = admit_one(&*store, text("gil", "g1", "1")).await;
    let (one, two) = (write(&*store, commit(gil, 0, 1)), write(&*store, commit(gil, 0, 1)));
    let mut outcomes = [one.await, two.await];
    outcomes.sort_by_key(|it| *it == Committed::Stale);
    assert_eq!(outcomes, [Committed::Done(1), Committed::Stale]);
}

async fn lease(store: &dyn Store, kind: Kind, most: usize, now: Time) -> Vec<EffectId> {
    let leased = store.lease_due(&[want(kind, most)], now).await.unwrap();
    leased.into_iter().map(|it| it.effect.id).collect()
}

async fn an_effect_is_leased_once(store: &dyn Store) {
    let (hal, _) = admit_one(store, text("hal", "h1", "1")).await;
    let wanted = effect(hal, 0, Kind::Alert, NOON);
    let open = vec![(wanted.clone(), None)];
    write(store, Commit { open, ..commit(hal, 0, 1) }).await;
    assert_eq!(lease(store, Kind::Alert, 5, NOON.plus(-1)).await, [], "not before it is due");
    let leased = store.lease_due(&[want(Kind::Alert, 5)], NOON).await.unwrap();
    assert_eq!((leased[0].aggregate, &leased[0].effect, leased[0].lost), (hal, &wanted, 0));
    assert_eq!(lease(store, Kind::Alert, 5, NOON).await, [], "not while it is held");
    let version = leased[0].raised.map_or(1, |it| if it.from == 1 { it.to } else { 0 });
    assert_eq!(store.open(hal).await.unwrap().version, version, "it says what it did to the version");
    store.release(vec![(hal, wanted.id)]).await.unwrap();
    assert_eq!(lease(store, Kind::Alert, 5, NOON).await, [wanted.id], "again once it was given back");
    settle(store, hal, vec![wanted.id]).await;
}

async fn an_effect_born_leased_belongs_to_its_process(store: &dyn Store) {
    let (ida, _) = admit_one(store, text("ida", "i1", "1")).await;
    let mine = effect(ida, 0, Kind::Alert, NOON);
    write(store, Commit { open: vec![(mine.clone(), LEASED)], ..commit(ida, 0, 1) }).await;
    assert_eq!(lease(store, Kind::Alert, 5, NOON).await, []);
    let stale = Commit { open: vec![(effect(ida, 1, Kind::Alert, NOON), LEASED)], ..commit(ida, 0, 1) };
    assert_eq!(write(store, stale).await, Committed::Stale);
    write(store, Commit { settled: vec![mine.id], ..commit(ida, 1, 1) }).await;
    assert!(!store.is_open(&To::Aggregate(ida), mine.id).await.unwrap());
}

async fn a_settled_effect_is_gone_and_a_later_one_waits(store: &dyn Store) {
    let (jon, _) = admit_one(store, text("jon", "j1", "1")).await;
    let first = effect(jon, 0, Kind::Alert, NOON);
    write(store, Commit { open: vec![(first.clone(), LEASED)], ..commit(jon, 0, 1) }).await;
    let later = Effect { due: NOON.plus(60_000), attempt: 2, ..first.clone() };
    write(store, Commit { open: vec![(later.clone(), None)], ..commit(jon, 1, 1) }).await;
    assert!(store.is_open(&To::Aggregate(jon), first.id).await.unwrap());
    assert_eq!(lease(store, Kind::Alert, 5, NOON.plus(59_999)).await, []);
    let leased = store.lease_due(&[want(Kind::Alert, 5)], NOON.plus(60_000)).await.unwrap();
    assert_eq!(leased[0].effect, later);
    settle(store, jon, vec![first.id]).await;
    assert_eq!(lease(store, Kind::Alert, 5, NOON.plus(60_000)).await, []);
}

async fn a_dead_effect_is_not_leased(store: &dyn Store) {
    let (kim, _) = admit_one(store, text("kim", "k1", "1")).await;
    let it = effect(kim, 0, Kind::Alert, NOON);
    write(store, Commit { open: vec![(it.clone(), LEASED)], ..commit(kim, 0, 1) }).await;
    let dead = vec![(it.clone(), "graph 100".to_owned())];
    write(store, Commit { dead, ..commit(kim, 1, 1) }).await;
    assert!(!store.is_open(&To::Aggregate(kim), it.id).await.unwrap());
    assert_eq!(lease(store, Kind::Alert, 5, NOON).await, []);
}

async fn one_in_four_is_taken_from_free_people(store: &dyn Store) {
    let (lea, _) = admit_one(store, text("lea", "l1", "1")).await;
    let paying = (0..8).map(|i| Effect { paid: true, ..effect(lea, i, Kind::Alert, NOON) });
    let others = (8..16).map(|i| effect(lea, i, Kind::Alert, NOON));
    let all: Vec<Effect> = paying.chain(others).collect();
    let open = all.iter().map(|it| (it.clone(), None)).collect();
    write(store, Commit { open, ..commit(lea, 0, 1) }).await;
    let leased = store.lease_due(&[want(Kind::Alert, 4)], NOON).await.unwrap();
    assert_eq!(leased.iter().filter(|it| it.effect.paid).count(), 3);
    assert_eq!(leased.len(), 4);
    // One at a time, as slots are freed.
    let mut taken = Vec::new();
    for others in [0, 0, 1, 0, 0, 0] {
        let one = Want { others, ..want(Kind::Alert, 1) };
        taken.extend(store.lease_due(&[one], NOON).await.unwrap().into_iter().map(|it| it.effect.paid));
    }
    assert_eq!(taken, [true, true, false, true, true, true], "the paying ones, and whose turn it is");
    let left = store.lease_due(&[want(Kind::Alert, 9)], NOON).await.unwrap();
    assert_eq!(left.len(), 6, "whoever waits when nobody else does");
    settle(store, lea, all.iter().map(|it| it.id).collect()).await;
}

async fn a_full_inbox_leaves_one_note(store: &dyn Store) {
    let batch: Vec<Envelope> = (0..INBOX_ENVELOPES).map(|i| text("max", &format!("m{i}"), "hello")).collect();
    let (max, _) = match store.admit(batch, NOON).await.unwrap().remove(0) {
        Admission::New { aggregate, numbered } => (aggregate, numbered),
        other => panic!("not new: {other:?}"),
    };
    let over = vec![text("max", "over1", "x"), text("max", "over2", "y")];
    let admitted = store.admit(over.clone(), NOON).await.unwrap();
    assert!(matches!(&admitted[0], Admission::Full(Some((it, _))) if *it == max), "{admitted:?}");
    assert_eq!(admitted[1], Admission::Full(None), "told once");
    let waiting = store.open(max).await.unwrap().waiting;
    assert_eq!(waiting.len() as u64, INBOX_ENVELOPES + 1);
    assert_eq!(waiting.last().unwrap().envelope.event, Event::Overflow);
    let again = store.admit(over, NOON).await.unwrap();
    assert_eq!(again, [Admission::Known, Admission::Known], "acknowledged, so not taken later");
    // What an operator or another aggregate tells is told once: a grant must not be lost to a talkative person.
    let told = Envelope {
        id: EventId::derive("operator", "max"),
        to: To::Aggregate(max),
        event: Event::Erase,
        sent: None,
    };
    admit_one(store, told).await;
    write(store, commit(max, 0, INBOX_ENVELOPES + 2)).await;
    admit_one(store, text("max", "later", "z")).await;
}

async fn an_event_that_fails_five_times_is_set_aside(store: &dyn Store) {
    let (nia, _) = admit_one(store, text("nia", "n1", "bad")).await;
    admit_one(store, text("nia", "n2", "good")).await;
    for time in 1..=FAILURES {
        assert_eq!(store.failed(nia, 1, "it panicked".into()).await.unwrap(), time);
    }
    let opened = store.open(nia).await.unwrap();
    assert_eq!(opened.waiting.iter().map(|it| it.number).collect::<Vec<_>>(), [2], "the next one goes on");
    assert_eq!(opened.consumed, 1);
}

async fn an_alias_leads_to_its_owner(store: &dyn Store) {
    let (old, _) = admit_one(store, text("ole", "o1", "1")).await;
    let (new, _) = admit_one(store, text("ole2", "o2", "2")).await;
    let (old, new) = (old.contact().unwrap(), new.contact().unwrap());
    assert!(store.claim(alias_key(new), old, None).await.unwrap());
    assert!(store.claim(alias_key(new), old, None).await.unwrap(), "its owner may repeat it");
    assert!(!store.claim(alias_key(new), new, None).await.unwrap(), "nobody else may");
    let (owner, numbered) = admit_one(store, text("ole2", "o3", "3")).await;
    assert_eq!((owner, numbered.number, numbered.identity), (old.into(), 2, Some(new)));
    let to_itself = Envelope {
        id: EventId::derive("operator", "merge"),
        to: To::Aggregate(new.into()),
        event: Event::MergeInto(old),
        sent: None,
    };
    let (owner, numbered) = admit_one(store, to_itself).await;
    assert_eq!((owner, numbered.number), (new.into(), 2), "what is for the contact itself reaches it");
    store.unclaim(alias_key(new), new).await.unwrap();
    assert!(!store.claim(alias_key(new), new, None).await.unwrap(), "only its owner frees it");
    assert!(store.claim(alias_key(new), new, Some(old)).await.unwrap(), "or hands it over");
    store.unclaim(alias_key(new), new).await.unwrap();
    let (owner, _) = admit_one(store, text("ole2", "o4", "4")).await;
    assert_eq!(owner, new.into());
}

async fn a_job_is_taken_once(store: &dyn Store) {
    assert!(store.take("test", 1_000, NOON).await.unwrap());
    assert!(!store.take("test", 1_000, NOON.plus(999)).await.unwrap());
    assert!(store.take("test", 1_000, NOON.plus(1_000)).await.unwrap());
}

async fn what_is_seen_is_forgotten_after_its_time(store: &dyn Store) {
    let (pat, _) = admit_one(store, text("pat", "p1", "1")).await;
    write(store, commit(pat, 0, 1)).await;
    store.forget_seen(NOON).await.unwrap();
    assert_eq!(store.admit(vec![text("pat", "p1", "1")], NOON).await.unwrap(), [Admission::Known]);
    assert!(store.forget_seen(NOON.plus(1)).await.unwrap() > 0);
    admit_one(store, text("pat", "p1", "1")).await;
}

async fn erasing_leaves_only_the_new_effects(store: &dyn Store) {
    let (rob, _) = admit_one(store, text("rob", "r1", "1")).await;
    let old = effect(rob, 0, Kind::Send, NOON);
    let dead = effect(rob, 1, Kind::Send, NOON);
    let it = Commit {
        open: vec![(old.clone(), LEASED)],
        dead: vec![(dead, "graph 100".into())],
        ..commit(rob, 0, 1)
    };
    write(store, it).await;
    let farewell = effect(rob, 2, Kind::Send, NOON);
    let erase = Commit { open: vec![(farewell.clone(), LEASED)], erase: true, ..commit(rob, 1, 1) };
    write(store, erase).await;
    assert!(!store.is_open(&To::Aggregate(rob), old.id).await.unwrap());
    assert!(store.is_open(&To::Address(address("rob")), farewell.id).await.unwrap());
}

async fn a_contact_of_a_newer_release_is_not_overwritten(store: &dyn Store) {
    let (sue, _) = admit_one(store, text("sue", "s1", "1")).await;
    let newer = Commit { schema: SCHEMA + 1, ..commit(sue, 0, 0) };
    write(store, newer).await;
    assert_eq!(write(store, commit(sue, 1, 1)).await, Committed::Stale);
    assert!(store.open(sue).await.is_err(), "and not read as if it were known");
}

/// A callback with a body of its own; `payment` 0 is none.
#[must_use]
pub fn callback(payment: u8, body: u32) -> Callback {
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&body.to_be_bytes());
    let reference = (payment > 0).then(|| PaymentId::draw([payment; 16]));
    let body = format!(r#"{{"status":"SUCCESSFUL","n":{body}}}"#).into_bytes();
    Callback { reference, digest, body, cut: false }
}

async fn a_callback_is_kept_once_and_of_one_payment_only_so_many(store: &dyn Store) {
    let keep =
        |payment, body| async move { store.keep_callback(callback(payment, body), NOON).await.unwrap() };
    assert_eq!(keep(1, 1).await, KeptCallback::New);
    assert_eq!(keep(1, 1).await, KeptCallback::Again);
    assert_eq!(keep(2, 1).await, KeptCallback::New, "the same body of another payment is another one");
    assert_eq!(keep(0, 1).await, KeptCallback::New, "and so is one of none");
    for body in 2..=u32::try_from(CALLBACKS_OF_ONE).unwrap() {
        assert_eq!(keep(1, body).await, KeptCallback::New);
    }
    assert_eq!(keep(1, 1_000).await, KeptCallback::Full);
    assert_eq!(keep(1, 1_000).await, KeptCallback::Full, "so it is not known");
    assert_eq!(keep(1, 7).await, KeptCallback::Again, "what is kept is still known");
    assert_eq!(keep(2, 1_000).await, KeptCallback::New, "one payment does not fill it for the others");
    // Leaves nothing behind for the next case.
    assert_eq!(store.forget_callbacks(NOON.plus(1)).await.unwrap(), CALLBACKS_OF_ONE + 3);
}

async fn a_callback_is_forgotten_when_it_came_last_long_ago(store: &dyn Store) {
    let keep = |body, at| async move { store.keep_callback(callback(3, body), at).await.unwrap() };
    for body in 1..=3 {
        keep(body, NOON).await;
    }
    assert_eq!(keep(2, NOON.plus(1_000)).await, KeptCallback::Again);
    assert_eq!(store.forget_callbacks(NOON).await.unwrap(), 0, "what came right then stays");
    assert_eq!(store.forget_callbacks(NOON.plus(1)).await.unwrap(), 2, "one came again later");
    assert_eq!(keep(2, NOON.plus(1_000)).await, KeptCallback::Again);
    assert_eq!(keep(1, NOON.plus(1_000)).await, KeptCallback::New);
    assert_eq!(store.forget_callbacks(NOON.plus(1_001)).await.unwrap(), 2);
    for body in 0..u32::try_from(CALLBACKS_OF_ONE).unwrap() {
        assert_eq!(keep(body, NOON).await, KeptCallback::New, "what was forgotten leaves room");
    }
    store.forget_callbacks(NOON.plus(1)).await.unwrap();
}
