//! Payments and the books in the file.

use std::sync::Arc;

use answerbot_core::pay::ledger::{Account, Entry};
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payment::{Order, Payment, Status};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::Plan;
use answerbot_core::{AggregateId, ContactId, PaymentId, Policy, State};
use answerbot_ports::conformance::commit;
use answerbot_ports::store::{Commit, Facets, Store};

use crate::support::{Home, NOON};

fn payment() -> (PaymentId, Payment) {
    let order = Order {
        contact: ContactId::from_bytes([1; 16]),
        code: "AB7K-3F9Q".into(),
        external_id: "ab1.x.w.1.1".into(),
        plan: Plan::Weekly,
        days: 7,
        price: Money::whole(3_000, Currency::Ssp),
        version: 1,
        payer: Msisdn::read("0921234567").unwrap(),
        wished: NOON,
        test: false,
    };
    (PaymentId::draw([7; 16]), Payment { order: Some(order), status: Status::Success, ..Payment::default() })
}

fn captured(payment: PaymentId, pounds: i32) -> Entry {
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

/// Admits something for the payment, so that it has a row, and commits it with an entry.
async fn write(store: &dyn Store, version: u64, pounds: i32) {
    let (id, state) = payment();
    let state = State::Payment(Box::new(state));
    let facets = Facets::of(&state, &Policy::default());
    let entries = vec![captured(id, pounds)];
    let it = Commit { state: Arc::new(state), facets, entries, ..commit(id.into(), version, 0) };
    store.commit(it).await.unwrap();
}

async fn admit(store: &dyn Store) {
    use answerbot_core::EventId;
    use answerbot_core::contact::event::{Envelope, Event, To};
    use answerbot_core::pay::payment::Event as PaymentEvent;
    let to = To::Aggregate(payment().0.into());
    let event = Event::Payment(PaymentEvent::Nudge);
    store.admit(vec![Envelope { id: EventId::digest("n"), to, event, sent: None }], NOON).await.unwrap();
}

#[tokio::test]
async fn an_entry_stands_once_and_for_ever() {
    let home = Home::new();
    let store = home.store();
    admit(&*store).await;
    write(&*store, 0, 3_000).await;
    write(&*store, 1, 30).await;
    let conn = home.raw();
    let rows: Vec<(i64, String, String)> = conn
        .prepare("SELECT minor, debit, credit FROM ledger")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let deferred = format!("liab:deferred:{}", payment().0);
    assert_eq!(rows, [(300_000, "assets:momo:clearing".to_owned(), deferred)]);
    for change in ["UPDATE ledger SET minor = 1", "DELETE FROM ledger"] {
        let refused = conn.execute(change, []).unwrap_err().to_string();
        assert!(refused.contains("only added to"), "{change}: {refused}");
    }
}

#[tokio::test]
async fn a_payment_is_read_back_found_by_its_codes_and_shows_no_number() {
    let home = Home::new();
    let store = home.store();
    let (id, state) = payment();
    assert!(!store.knows(id.into()).await.unwrap());
    admit(&*store).await;
    write(&*store, 0, 3_000).await;
    assert!(store.knows(id.into()).await.unwrap());
    let other_kind = AggregateId::Contact(ContactId::from_bytes(*id.as_bytes()));
    assert!(!store.knows(other_kind).await.unwrap(), "a payment is no person");
    assert_eq!(store.open(id.into()).await.unwrap().state.as_payment(), Some(&state));
    let conn = home.raw();
    let found: (String, Vec<u8>) = conn
        .query_row("SELECT status, payer FROM payment WHERE code = 'AB7K-3F9Q'", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let hash = store.hash_key().payer(Msisdn::read("+211 921 234 567").unwrap());
    assert_eq!(found, ("success".to_owned(), hash.as_bytes().to_vec()));
    drop(store);
    let file = std::fs::read(home.database()).unwrap();
    assert!(!file.windows(9).any(|part| part == b"921234567"), "the number stands in the file");
}
