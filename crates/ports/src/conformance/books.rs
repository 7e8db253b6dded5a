//! What every store must do with money, and what its reports must say of it. An adapter's tests run [`books`] on a
//! fresh store of its own: sums and counts are of all that is in it.
#![expect(clippy::unwrap_used, reason = "a test suite")]

use std::sync::Arc;

use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::pay::ledger::{Account, Entry};
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payment::{Event as PaymentEvent, Order, Paid, Payment, Status};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::{Plan, PriceRow};
use answerbot_core::{AggregateId, ContactId, EventId, JubaDay, PaymentId, Policy, State, Time};

use super::store::{commit, text, write};
use crate::reports::{Audit, Chain, Find, Reports};
use crate::store::{Admission, Commit, Committed, ContactFacets, Facets, MoneyCounts, Store};

const NOON: Time = Time::from_millis(1_795_514_400_000);
const HOUR: i64 = 3_600_000;

/// A week for one person, wished so many hours after noon; its names carry its number.
///
/// # Panics
///
/// Never: any number makes a phone number.
#[must_use]
pub fn order(number: u8) -> Order {
    Order {
        contact: ContactId::from_bytes([number; 16]),
        code: format!("AB7K-3F{number:02X}"),
        external_id: format!("ab1.x.w.1.{number}"),
        plan: Plan::Weekly,
        days: 7,
        price: Money::whole(3_000, Currency::Ssp),
        version: 1,
        payer: Msisdn::read(&format!("0921234{number:03}")).unwrap(),
        wished: NOON.plus(i64::from(number) * HOUR),
        test: false,
    }
}

/// The payment of [`order`], as it stands with this status; one with money has it under `mtn-` and its number.
///
/// # Panics
///
/// Never, as [`order`].
#[must_use]
pub fn payment(number: u8, status: Status) -> (PaymentId, Payment) {
    let order = order(number);
    let paid = status.has_money().then(|| Paid {
        money: order.price,
        payer: Some(order.payer),
        mtn_id: Some(format!("mtn-{number}")),
        at: order.wished,
    });
    (PaymentId::draw([number; 16]), Payment { order: Some(order), status, paid, ..Payment::default() })
}

/// The entry that a payment's money makes.
#[must_use]
pub fn captured(payment: PaymentId, pounds: i32) -> Entry {
    Entry {
        payment,
        event: "captured".into(),
        at: NOON,
        money: Money::whole(pounds, Currency::Ssp),
        debit: Account::Clearing,
        credit: Account::Deferred(payment),
        test: false,
    }
}

/// A commit of a payment's state with what it is found by.
#[must_use]
pub fn payment_commit(id: PaymentId, payment: Payment, version: u64, entries: Vec<Entry>) -> Commit {
    let state = State::Payment(Box::new(payment));
    let facets = Facets::of(id.into(), &state, &Policy::default());
    Commit { state: Arc::new(state), facets, entries, ..commit(id.into(), version, 0) }
}

/// An event for a payment.
#[must_use]
pub fn nudge(id: PaymentId, name: &str) -> Envelope {
    let (to, event) = (To::Aggregate(id.into()), Event::Payment(PaymentEvent::Nudge));
    Envelope { id: EventId::derive("operator", name), to, event, sent: None }
}

fn audit(subject: &str) -> Audit {
    Audit {
        at: NOON,
        who: "ann".into(),
        what: "payments assign".into(),
        subject: subject.into(),
        detail: "as she asked".into(),
    }
}

/// Every case, one after the other: what a case writes, the later ones count.
pub async fn books<S: Store + Reports>(store: Arc<S>) {
    let store = &*store;
    an_empty_book_is_whole(store).await;
    payments_are_found_by_each_of_their_names(store).await;
    payments_come_newest_first_and_no_more_than_wanted(store).await;
    an_entry_stands_once_in_the_order_it_came(store).await;
    what_is_stale_books_nothing(store).await;
    entries_are_sealed_a_few_at_a_time_in_their_order(store).await;
    accounts_leave_the_sandbox_out(store).await;
    money_and_grants_are_counted_and_what_does_not_agree_is_named(store).await;
    people_are_read_page_by_page_and_payers_apart(store).await;
    a_price_is_added_and_confirmed_and_never_changed(store).await;
    what_operators_did_is_read_newest_first(store).await;
    an_event_and_its_reason_are_handed_over_in_one_write(store).await;
}

/// Writes a payment with what came of it.
async fn put<S: Store>(store: &S, id: PaymentId, payment: Payment, entries: Vec<Entry>) {
    let aggregate = AggregateId::from(id);
    store.admit(vec![nudge(id, &format!("put {id}"))], NOON).await.unwrap();
    let version = store.open(aggregate).await.unwrap().version;
    let it = payment_commit(id, payment, version, entries);
    assert_eq!(write(store, it).await, Committed::Done(version + 1));
}

/// Grants payments to a person.
async fn grant<S: Store>(store: &S, user: &str, payments: &[PaymentId]) {
    let admitted = store.admit(vec![text(user, &format!("grant {user}"), "hello")], NOON).await.unwrap();
    let Admission::New { aggregate, .. } = &admitted[0] else { panic!("not new: {admitted:?}") };
    let it = Commit { grants: payments.to_vec(), ..commit(*aggregate, 0, 1) };
    assert_eq!(write(store, it).await, Committed::Done(1));
}

async fn found<S: Reports>(store: &S, find: Find, limit: usize) -> Vec<PaymentId> {
    store.payments(find, limit).await.unwrap().into_iter().map(|(id, _)| id).collect()
}

async fn an_empty_book_is_whole<S: Store + Reports>(store: &S) {
    assert_eq!(store.prices().await.unwrap(), []);
    assert_eq!(store.seal_entries(10).await.unwrap(), 0);
    assert_eq!(store.chain().await.unwrap(), Chain::default());
    assert_eq!(store.accounts().await.unwrap(), []);
    let nothing = MoneyCounts { is_balanced: true, ..MoneyCounts::default() };
    assert_eq!(store.money_counts(NOON).await.unwrap(), nothing);
    assert!(store.payments(Find::All, 9).await.unwrap().is_empty());
    assert!(store.audits(9).await.unwrap().is_empty());
}

async fn payments_are_found_by_each_of_their_names<S: Store + Reports>(store: &S) {
    for (number, status) in [(1, Status::Review), (2, Status::Pending), (3, Status::Review)] {
        let (id, payment) = payment(number, status);
        put(store, id, payment, Vec::new()).await;
    }
    let (id, whole) = payment(1, Status::Review);
    let name = |it: &Order| [it.code.clone(), it.external_id.clone()];
    let [code, external_id] = name(&order(1));
    let table = [
        ("id", Find::Id(id)),
        ("code", Find::Code(code)),
        ("external id", Find::ExternalId(external_id)),
        ("MTN's number", Find::MtnId("mtn-1".into())),
        ("payer", Find::Payer(order(1).payer)),
        ("person", Find::Contact(order(1).contact)),
    ];
    for (label, find) in table {
        assert_eq!(store.payments(find, 9).await.unwrap(), [(id, whole.clone())], "{label}");
    }
    let other = PaymentId::draw([99; 16]);
    let table = [
        Find::Id(other),
        Find::Code("ZZZZ-ZZZZ".into()),
        Find::ExternalId("ab1.x.w.1.99".into()),
        Find::MtnId("mtn-2".into()),
        Find::Payer(order(99).payer),
        Find::Contact(order(99).contact),
        Find::Status("success".into()),
    ];
    for find in table {
        assert_eq!(found(store, find.clone(), 9).await, [], "{find:?}");
    }
    // What it is found by moves with it.
    let (id, now_paid) = payment(2, Status::Refunded);
    let friend = ContactId::from_bytes([50; 16]);
    let version = store.open(id.into()).await.unwrap().version;
    let moved = Payment { granted_to: Some(friend), ..now_paid };
    write(store, payment_commit(id, moved, version, Vec::new())).await;
    for find in [Find::MtnId("mtn-2".into()), Find::Status("refunded".into()), Find::Contact(friend)] {
        assert_eq!(found(store, find, 9).await, [id]);
    }
    for find in [Find::Status("pending".into()), Find::Contact(order(2).contact)] {
        assert_eq!(found(store, find, 9).await, []);
    }
}

async fn payments_come_newest_first_and_no_more_than_wanted<S: Store + Reports>(store: &S) {
    let [one, two, three] = [1, 2, 3].map(|it| payment(it, Status::Review).0);
    assert_eq!(found(store, Find::All, 9).await, [three, two, one]);
    assert_eq!(found(store, Find::All, 2).await, [three, two]);
    assert_eq!(found(store, Find::Status("review".into()), 9).await, [three, one]);
    assert_eq!(found(store, Find::Status("review".into()), 1).await, [three]);
}

async fn an_entry_stands_once_in_the_order_it_came<S: Store + Reports>(store: &S) {
    let (id, it) = payment(1, Status::Success);
    let refunded = Entry {
        event: "refunded".into(),
        debit: Account::Deferred(id),
        credit: Account::Clearing,
        at: NOON.plus(HOUR),
        ..captured(id, 3_000)
    };
    put_more(store, id, it.clone(), vec![captured(id, 3_000)]).await;
    put_more(store, id, it, vec![captured(id, 30), refunded.clone()]).await;
    assert_eq!(store.entries(id).await.unwrap(), [captured(id, 3_000), refunded], "the first one stays");
    assert_eq!(store.entries(PaymentId::draw([99; 16])).await.unwrap(), []);
}

async fn put_more<S: Store>(store: &S, id: PaymentId, payment: Payment, entries: Vec<Entry>) {
    let version = store.open(id.into()).await.unwrap().version;
    write(store, payment_commit(id, payment, version, entries)).await;
}

async fn what_is_stale_books_nothing<S: Store + Reports>(store: &S) {
    let (id, it) = payment(2, Status::Success);
    let version = store.open(id.into()).await.unwrap().version;
    let stale = payment_commit(id, it, version - 1, vec![captured(id, 3_000)]);
    assert_eq!(write(store, stale).await, Committed::Stale);
    assert_eq!(store.entries(id).await.unwrap(), []);
    assert_eq!(found(store, Find::Status("success".into()), 9).await, [payment(1, Status::Success).0]);
}

async fn entries_are_sealed_a_few_at_a_time_in_their_order<S: Store + Reports>(store: &S) {
    for number in 10..15 {
        let (id, it) = payment(number, Status::Success);
        put(store, id, it, vec![captured(id, 3_000)]).await;
    }
    let chain = |sealed, unsealed| Chain { sealed, unsealed, broken_at: None };
    assert_eq!(store.chain().await.unwrap(), chain(0, 7));
    assert_eq!(store.seal_entries(3).await.unwrap(), 3);
    assert_eq!(store.chain().await.unwrap(), chain(3, 4));
    assert_eq!(store.seal_entries(3).await.unwrap(), 3);
    assert_eq!(store.seal_entries(3).await.unwrap(), 1);
    assert_eq!(store.seal_entries(3).await.unwrap(), 0);
    assert_eq!(store.chain().await.unwrap(), chain(7, 0));
    let (id, it) = payment(15, Status::Success);
    put(store, id, it, vec![captured(id, 3_000)]).await;
    assert_eq!(store.chain().await.unwrap(), chain(7, 1), "what waits for its seal breaks nothing");
    assert_eq!(store.seal_entries(100).await.unwrap(), 1);
    assert_eq!(store.chain().await.unwrap(), chain(8, 0));
}

async fn accounts_leave_the_sandbox_out<S: Store + Reports>(store: &S) {
    let (id, it) = payment(16, Status::Success);
    let order = Order { test: true, ..order(16) };
    let euros = Money::whole(3_000, Currency::Eur);
    let entry = Entry { test: true, money: euros, ..captured(id, 0) };
    put(store, id, Payment { order: Some(order), ..it }, vec![entry]).await;
    let (id, it) = payment(17, Status::Review);
    put(store, id, it, vec![Entry { credit: Account::Suspense, ..captured(id, 500) }]).await;
    let mut sums: Vec<_> = store.accounts().await.unwrap();
    sums.sort_by(|a, b| a.account.cmp(&b.account));
    let sums: Vec<_> = sums.iter().map(|it| (it.account.as_str(), it.currency, it.minor)).collect();
    let ssp = Currency::Ssp;
    // Six weeks that were paid, one of seven given back, and money that waits.
    let expected = [
        ("assets:momo:clearing", ssp, 1_850_000),
        ("liab:deferred", ssp, -1_800_000),
        ("liab:suspense", ssp, -50_000),
    ];
    assert_eq!(sums, expected);
}

async fn money_and_grants_are_counted_and_what_does_not_agree_is_named<S: Store + Reports>(store: &S) {
    let of = |number| PaymentId::draw([number; 16]);
    // Payments 1 and 10 to 15 are granted as they say, with money in the books; nobody's contact says so yet.
    let counts = store.money_counts(NOON.plus(1)).await.unwrap();
    assert_eq!((counts.successes, counts.grants, counts.captures, counts.in_review), (7, 0, 8, 2));
    let named = |counts: &MoneyCounts| {
        let mut all = counts.unmatched.clone();
        all.sort();
        all
    };
    let paid = [of(1), of(10), of(11), of(12), of(13), of(14), of(15)];
    assert_eq!(named(&counts), paid, "a success without a grant");
    let before = store.money_counts(NOON.plus(-1)).await.unwrap();
    assert_eq!((before.successes, before.captures, before.unmatched), (0, 0, vec![]), "still on its way");

    grant(store, "vic", &paid).await;
    let counts = store.money_counts(NOON.plus(1)).await.unwrap();
    assert_eq!((counts.successes, counts.grants, counts.captures), (7, 7, 8));
    assert_eq!(named(&counts), []);
    assert!(counts.is_balanced);

    // Said twice, and by another person, it is one grant.
    grant(store, "wim", &paid[..2]).await;
    assert_eq!(store.money_counts(NOON.plus(1)).await.unwrap().grants, 7);

    // Given back from suspense: money came and went, and nothing was ever granted.
    let (id, it) = payment(17, Status::Refunded);
    let back = Entry {
        event: "refunded".into(),
        debit: Account::Suspense,
        credit: Account::Clearing,
        ..captured(id, 500)
    };
    put_more(store, id, it, vec![back]).await;
    let counts = store.money_counts(NOON.plus(1)).await.unwrap();
    assert_eq!((counts.successes, counts.grants, counts.in_review), (7, 7, 1));
    assert_eq!(named(&counts), []);

    // A success and a grant without money in the books.
    let (id, it) = payment(18, Status::Success);
    put(store, id, it, Vec::new()).await;
    grant(store, "xia", &[of(19)]).await;
    let counts = store.money_counts(NOON.plus(1)).await.unwrap();
    assert_eq!(named(&counts), [of(18), of(19)]);
    // The sandbox's are nobody's.
    assert!(!named(&counts).contains(&of(16)));
}

async fn people_are_read_page_by_page_and_payers_apart<S: Store + Reports>(store: &S) {
    let mut payers = Vec::new();
    for (user, through) in [("yan", None), ("zoe", Some(JubaDay(20_800))), ("abe", Some(JubaDay(1)))] {
        let admitted = store.admit(vec![text(user, &format!("page {user}"), "hello")], NOON).await.unwrap();
        let Admission::New { aggregate, .. } = &admitted[0] else { panic!("not new: {admitted:?}") };
        let facets = ContactFacets { stage: "ready", paid_through: through, ..ContactFacets::default() };
        store
            .commit(Commit { facets: Some(Facets::Contact(facets)), ..commit(*aggregate, 0, 1) })
            .await
            .unwrap();
        if through.is_some() {
            payers.extend(aggregate.contact());
        }
    }
    payers.sort();
    let paying: Vec<_> = store.contacts(true, None, 9).await.unwrap().into_iter().map(|(id, _)| id).collect();
    assert_eq!(paying, payers, "also those whose plan is over");
    let all: Vec<_> = store.contacts(false, None, 99).await.unwrap().into_iter().map(|(id, _)| id).collect();
    assert!(all.len() >= 3 && all.is_sorted(), "{all:?}");
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = store.contacts(false, after, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        paged.extend(page.into_iter().map(|(id, _)| id));
    }
    assert_eq!(paged, all, "each once");
}

async fn a_price_is_added_and_confirmed_and_never_changed<S: Store + Reports>(store: &S) {
    let row = |version, pounds, confirmed| PriceRow {
        plan: Plan::Weekly,
        amount: Money::whole(pounds, Currency::Ssp),
        from: JubaDay(20_000),
        version,
        confirmed,
    };
    store.put_prices(vec![row(1, 3_000, false), row(2, 3_500, true)], audit("prices")).await.unwrap();
    assert_eq!(store.audits(9).await.unwrap(), [audit("prices")], "in one write with why");
    for other in [row(1, 9_999, true), row(2, 1, false)] {
        let refused = store.put_prices(vec![other], audit("prices")).await;
        assert!(refused.is_err(), "two who add at once: one is told");
    }
    store.put_prices(vec![row(1, 3_000, true), row(2, 3_500, false)], audit("prices")).await.unwrap();
    let mut rows = store.prices().await.unwrap();
    rows.sort_by_key(|it| it.version);
    assert_eq!(rows, [row(1, 3_000, true), row(2, 3_500, true)], "confirmed, with the figures of before");
    let monthly = PriceRow { plan: Plan::Monthly, ..row(1, 6_500, false) };
    store.put_prices(vec![monthly], audit("prices")).await.unwrap();
    assert!(store.prices().await.unwrap().contains(&monthly), "each plan counts for itself");
}

async fn what_operators_did_is_read_newest_first<S: Store + Reports>(store: &S) {
    for subject in ["one", "two", "two"] {
        store.note(audit(subject)).await.unwrap();
    }
    let subjects: Vec<_> = store.audits(3).await.unwrap().into_iter().map(|it| it.subject).collect();
    assert_eq!(subjects, ["two", "two", "one"], "what was done twice stands twice");
    assert_eq!(store.audits(1).await.unwrap(), [audit("two")]);
}

async fn an_event_and_its_reason_are_handed_over_in_one_write<S: Store + Reports>(store: &S) {
    let id = PaymentId::draw([40; 16]);
    let all = vec![nudge(id, "hand 1"), nudge(id, "hand 2"), nudge(id, "hand 1")];
    assert_eq!(store.hand(all, audit("hand")).await.unwrap(), 2, "a repeated name is known");
    let waiting = store.open(id.into()).await.unwrap().waiting;
    let waiting: Vec<_> = waiting.iter().map(|it| (it.number, it.arrived, it.envelope.id)).collect();
    let name = |it: &str| EventId::derive("operator", it);
    assert_eq!(waiting, [(1, NOON, name("hand 1")), (2, NOON, name("hand 2"))]);
    assert_eq!(store.hand(vec![nudge(id, "hand 2")], audit("again")).await.unwrap(), 0);
    assert_eq!(store.open(id.into()).await.unwrap().waiting.len(), 2);
    let subjects: Vec<_> = store.audits(2).await.unwrap().into_iter().map(|it| it.subject).collect();
    assert_eq!(subjects, ["again", "hand"], "both tries are noted");
}
