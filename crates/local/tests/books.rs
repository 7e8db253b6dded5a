//! Payments and the books in the file.

use answerbot_core::pay::ledger::Entry;
use answerbot_core::pay::payment::{Payment, Status};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::{AggregateId, ContactId, PaymentId};
use answerbot_local::SqliteStore;
use answerbot_ports::conformance::{captured, nudge, order, payment, payment_commit};
use answerbot_ports::reports::{Audit, Chain, Reports};
use answerbot_ports::store::Store;
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::support::{Home, NOON};

/// Writes a payment with an entry, whatever was there before.
async fn write(store: &SqliteStore, (id, state): (PaymentId, Payment), pounds: i32) {
    write_entry(store, state, captured(id, pounds)).await;
}

async fn write_entry(store: &SqliteStore, state: Payment, entry: Entry) {
    let id = entry.payment;
    store.admit(vec![nudge(id, &id.uuid())], NOON).await.unwrap();
    let version = store.open(id.into()).await.unwrap().version;
    store.commit(payment_commit(id, state, version, vec![entry])).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_books_are_books() {
    let home = Home::new();
    answerbot_ports::conformance::books(home.store()).await;
}

#[tokio::test]
async fn an_entry_stands_once_and_for_ever() {
    let home = Home::new();
    let store = home.store();
    write(&store, payment(7, Status::Success), 3_000).await;
    write(&store, payment(7, Status::Success), 30).await;
    let conn = home.raw();
    let rows: Vec<(i64, String, String)> = conn
        .prepare("SELECT minor, debit, credit FROM ledger")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let deferred = format!("liab:deferred:{}", payment(7, Status::Success).0);
    assert_eq!(rows, [(300_000, "assets:momo:clearing".to_owned(), deferred)]);
    for change in ["UPDATE ledger SET minor = 1", "DELETE FROM ledger"] {
        let refused = conn.execute(change, []).unwrap_err().to_string();
        assert!(refused.contains("only added to"), "{change}: {refused}");
    }
}

#[tokio::test]
async fn what_operators_did_is_only_added_to() {
    let home = Home::new();
    let store = home.store();
    let it = Audit {
        at: NOON,
        who: "ann".into(),
        what: "payments assign".into(),
        subject: "x".into(),
        detail: "as she asked".into(),
    };
    store.note(it.clone()).await.unwrap();
    for change in ["UPDATE audit SET who = 'ben'", "DELETE FROM audit"] {
        let refused = home.raw().execute(change, []).unwrap_err().to_string();
        assert!(refused.contains("only added to"), "{change}: {refused}");
    }
    assert_eq!(store.audits(9).await.unwrap(), [it]);
}

#[tokio::test]
async fn a_payment_is_read_back_found_by_its_codes_and_shows_no_number() {
    let home = Home::new();
    let store = home.store();
    let (id, state) = payment(7, Status::Success);
    assert!(!store.knows(id.into()).await.unwrap());
    write(&store, (id, state.clone()), 3_000).await;
    assert!(store.knows(id.into()).await.unwrap());
    let other_kind = AggregateId::Contact(ContactId::from_bytes(*id.as_bytes()));
    assert!(!store.knows(other_kind).await.unwrap(), "a payment is no person");
    assert_eq!(store.open(id.into()).await.unwrap().state.as_payment(), Some(&state));
    let conn = home.raw();
    let found: (String, Vec<u8>) = conn
        .query_row("SELECT status, payer FROM payment WHERE code = ?1", [order(7).code], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let hash = store.hash_key().payer(Msisdn::read("+211 921 234 007").unwrap());
    assert_eq!(found, ("success".to_owned(), hash.as_bytes().to_vec()));
    drop(store);
    let file = std::fs::read(home.database()).unwrap();
    assert!(!file.windows(9).any(|part| part == b"921234007"), "the number stands in the file");
}

/// Sealed books, and a connection for which nothing in them is forbidden.
async fn sealed(home: &Home, entries: u8) -> (std::sync::Arc<SqliteStore>, Connection) {
    let store = home.store();
    for number in 1..=entries {
        let (id, state) = payment(number, Status::Success);
        let test = number % 3 == 0;
        write_entry(&store, state, Entry { test, ..captured(id, 3_000) }).await;
    }
    assert_eq!(store.seal_entries(usize::MAX).await.unwrap(), usize::from(entries));
    let conn = home.raw();
    conn.execute_batch(
        "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF; \
         DROP TRIGGER ledger_is_not_changed; DROP TRIGGER ledger_is_not_removed;",
    )
    .unwrap();
    (store, conn)
}

/// The same figures in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % limit as u64).unwrap()
    }

    /// The value with one byte of it changed; texts stay texts.
    fn edit(&mut self, value: &Value) -> Value {
        match value {
            Value::Integer(it) => Value::Integer(it ^ (1 << self.below(64))),
            Value::Blob(it) => {
                let mut it = it.clone();
                let at = self.below(it.len());
                it[at] ^= 1 << self.below(8);
                Value::Blob(it)
            }
            Value::Text(it) => {
                let mut bytes = it.clone().into_bytes();
                let at = self.below(bytes.len());
                // In one of three only a letter's case.
                let case = self.below(3) == 0 && bytes[at].is_ascii_alphabetic();
                bytes[at] ^= if case { 0x20 } else { 1 << self.below(7) };
                Value::Text(String::from_utf8(bytes).unwrap())
            }
            other => panic!("no column holds {other:?}"),
        }
    }
}

#[tokio::test]
async fn each_of_a_thousand_changed_bytes_breaks_the_chain_where_it_was_changed() {
    const ENTRIES: u8 = 20;
    const COLUMNS: [(&str, &str); 10] = [
        ("ledger", "payment"),
        ("ledger", "event"),
        ("ledger", "at"),
        ("ledger", "minor"),
        ("ledger", "currency"),
        ("ledger", "debit"),
        ("ledger", "credit"),
        ("ledger", "test"),
        ("ledger_seal", "hash"),
        ("ledger", "no"),
    ];
    let home = Home::new();
    let (store, conn) = sealed(&home, ENTRIES).await;
    let whole = Chain { sealed: 20, unsealed: 0, broken_at: None };
    assert_eq!(store.chain().await.unwrap(), whole);
    let mut dice = Dice(16);
    for edit in 0..1_000 {
        let (table, column) = COLUMNS[edit % COLUMNS.len()];
        let row = 1 + dice.below(usize::from(ENTRIES));
        let find = format!("SELECT {column} FROM {table} WHERE no = ?1");
        let before: Value = conn.query_row(&find, [row], |row| row.get(0)).unwrap();
        let mut after = dice.edit(&before);
        while column == "no" && matches!(after, Value::Integer(1..=20)) {
            after = dice.edit(&before);
        }
        let put = format!("UPDATE {table} SET {column} = ?2 WHERE no = ?1");
        assert_eq!(conn.execute(&put, rusqlite::params![row, after]).unwrap(), 1);
        let chain = store.chain().await.unwrap();
        if column == "no" {
            assert!(chain.broken_at.is_some(), "edit {edit}: {before:?} became {after:?}");
            let back = conn.execute("UPDATE ledger SET no = ?2 WHERE no = ?1", rusqlite::params![after, row]);
            assert_eq!(back.unwrap(), 1);
        } else {
            assert_eq!(
                chain.broken_at,
                Some(row as u64),
                "edit {edit}: {column} {before:?} became {after:?}"
            );
            conn.execute(&put, rusqlite::params![row, before]).unwrap();
        }
    }
    assert_eq!(store.chain().await.unwrap(), whole, "and each was put back");
}

#[tokio::test]
async fn a_row_that_was_removed_put_in_or_swapped_breaks_the_chain() {
    const SWAP: &str = "UPDATE ledger SET no = 1000 WHERE no = 5; UPDATE ledger SET no = 5 WHERE no = 6; \
                        UPDATE ledger SET no = 6 WHERE no = 1000;";
    const COPY: &str = "INSERT INTO ledger SELECT {no}, randomblob(16), event, at, minor, currency, debit, credit, test \
                        FROM ledger WHERE no = 3;";
    let shift =
        "UPDATE ledger SET no = no + 1000 WHERE no >= 5; UPDATE ledger SET no = no - 999 WHERE no > 1000;";
    let put_in = |no: &str| COPY.replace("{no}", no);
    let table = [
        ("the first removed", "DELETE FROM ledger WHERE no = 1".to_owned(), 1),
        ("one removed", "DELETE FROM ledger WHERE no = 5".to_owned(), 5),
        ("the last removed", "DELETE FROM ledger WHERE no = 8".to_owned(), 8),
        (
            "one removed with its seal",
            "DELETE FROM ledger WHERE no = 5; DELETE FROM ledger_seal WHERE no = 5".to_owned(),
            5,
        ),
        ("a seal removed", "DELETE FROM ledger_seal WHERE no = 5".to_owned(), 5),
        ("two swapped", SWAP.to_owned(), 5),
        ("one put in before the first", put_in("0"), 1),
        ("one put in between", format!("{shift} {}", put_in("5")), 5),
        (
            "one put in with a seal",
            format!("{} INSERT INTO ledger_seal VALUES (9, randomblob(32));", put_in("9")),
            9,
        ),
    ];
    for (label, change, at) in table {
        let home = Home::new();
        let (store, conn) = sealed(&home, 8).await;
        conn.execute_batch(&change).unwrap();
        assert_eq!(store.chain().await.unwrap().broken_at, Some(at), "{label}");
    }
}
