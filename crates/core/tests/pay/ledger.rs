//! T16: the books hold whatever happens to a payment, in any order and however often it is told; and no changed byte
//! of an entry keeps its seal.

use answerbot_core::pay::ledger::{Account, Entry};
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payer::Verdict;
use answerbot_core::pay::payment::{Assignment, Event, Paid, Status};
use answerbot_core::pay::price::Plan;
use answerbot_core::{PaymentId, Time};

use super::reconcile::{Books, order_of, payer, person};
use super::{Dice, START};

const SEQUENCES: u32 = 10_000;

fn id() -> PaymentId {
    PaymentId::draw([7; 16])
}

/// What MTN, or its statement, says was paid: mostly as ordered.
fn some_money(dice: &mut Dice) -> Paid {
    let money = match dice.below(10) {
        0 => Money::whole(3_500, Currency::Ssp),
        1 => Money::whole(30, Currency::Ssp),
        2 => Money::whole(0, Currency::Ssp),
        3 => Money::whole(3_000, Currency::Eur),
        _ => Money::whole(3_000, Currency::Ssp),
    };
    let payer = [None, Some(payer(1)), Some(payer(1)), Some(payer(2))][dice.below(4)];
    let mtn_id = [None, Some("4711".into())][dice.below(2)].clone();
    Paid { money, payer, mtn_id, at: START.plus(dice.time(1_000)) }
}

/// Does one thing, often twice.
fn happen(books: &mut Books, dice: &mut Dice) {
    books.now = books.now.plus(dice.time(400_000));
    let days = Assignment { to: person(9), plan: Plan::Weekly, days: 7, version: 1 };
    let event = match dice.below(12) {
        0 | 1 => Event::Start(order_of(1, Plan::Weekly, 1)),
        2 => Event::PayerSays(Verdict::Allowed),
        3 => Event::Cancel,
        4 => Event::Nudge,
        5 | 6 => Event::Statement(some_money(dice)),
        7 => Event::Recover(days, some_money(dice)),
        8 => Event::Unclaimed(some_money(dice)),
        9 => Event::Assign(days),
        10 => Event::RefundedByHand("99".into()),
        _ => {
            let money = some_money(dice);
            let times = 1 + dice.below(2);
            return (0..times).for_each(|_| books.checked(id(), &money));
        }
    };
    for _ in 0..=dice.below(2) {
        books.hears(id(), event.clone());
    }
}

/// Nothing of what an account may never be, and no entry without its grant.
fn holds(books: &Books) {
    let payment = &books.payments[&id()];
    let named = |event: &str| books.entries.iter().filter(|it| it.event == event).collect::<Vec<_>>();
    let sum = |event: &str| named(event).iter().map(|it| it.money.minor()).sum::<i64>();
    for (at, entry) in books.entries.iter().enumerate() {
        assert!(entry.money.is_positive() && entry.debit != entry.credit, "{entry:?}");
        assert!(books.entries[..at].iter().all(|it| it.event != entry.event), "twice: {entry:?}");
        assert_eq!(entry.event == "captured", at == 0, "money comes before all else: {entry:?}");
        assert_eq!(entry.money.currency(), books.entries[0].money.currency(), "{entry:?}");
    }
    let (deferred, suspense) = (books.owed("liab:deferred"), books.owed("liab:suspense"));
    let clearing = -books.owed("assets:momo:clearing");
    assert_eq!(clearing, deferred + suspense, "P6");

    // P1, P2 and P4: one grant at most, with its money, and for each grant one entry into deferred.
    let into = books.entries.iter().filter(|it| it.credit == Account::Deferred(id()));
    let into: Vec<i64> = into.map(|it| it.money.minor()).collect();
    let granted: Vec<i64> = books.grants.iter().map(|(_, it)| it.price.minor()).collect();
    assert_eq!(granted, into, "P4");
    assert!(granted.len() <= 1, "P1");
    assert_eq!(payment.granted_to.is_some(), !granted.is_empty());

    // What is there in each state, and no more.
    let Some(paid) = &payment.paid else {
        return assert!(books.entries.is_empty() && !payment.status.has_money());
    };
    assert!(!books.entries.is_empty(), "money without an entry");
    let more = payment.stated.map_or(0, |it| it.minor() - paid.money.minor());
    match payment.status {
        Status::Success => assert_eq!((deferred, suspense), (paid.money.minor(), more)),
        Status::Review => assert_eq!((deferred, suspense), (0, paid.money.minor() + more)),
        Status::Refunded => assert_eq!((deferred, suspense), (0, more)),
        other => panic!("money, and {other:?}"),
    }
    // Suspense is short only where MTN's statement has less than was granted on MTN's own word.
    assert!(suspense >= 0 || (more < 0 && payment.status != Status::Review));
    let came = books.entries.iter().filter(|it| it.debit == Account::Clearing);
    assert!(sum("refunded") <= came.map(|it| it.money.minor()).sum(), "P9");
    assert_eq!(named("refunded").len(), usize::from(payment.status == Status::Refunded));
}

#[test]
fn whatever_happens_to_a_payment_no_account_is_wrong_and_every_grant_has_its_money() {
    let mut dice = Dice(16);
    let mut ends = std::collections::BTreeMap::new();
    for _ in 0..SEQUENCES {
        let mut books = Books::new();
        books.now = START;
        for _ in 0..2 + dice.below(10) {
            happen(&mut books, &mut dice);
            holds(&books);
        }
        let events: Vec<String> = books.entries.iter().map(|it| it.event.clone()).collect();
        *ends.entry((books.payments[&id()].status.name(), events)).or_insert(0) += 1;
    }
    // The dice reached all that can be: else this proved little.
    let reached =
        |status: &str, events: &[&str]| ends.iter().any(|((it, all), _)| *it == status && all == events);
    for (status, events) in [
        ("success", &["captured"][..]),
        ("success", &["captured", "adjusted"]),
        ("success", &["captured", "assigned"]),
        ("success", &["captured", "adjusted", "assigned"]),
        ("review", &["captured", "adjusted"]),
        ("refunded", &["captured", "refunded"]),
        ("refunded", &["captured", "adjusted", "refunded"]),
        ("refunded", &["captured", "refunded", "adjusted"]),
        ("refunded", &["captured", "adjusted", "assigned", "refunded"]),
    ] {
        assert!(reached(status, events), "never {status} by {events:?}: {ends:#?}");
    }
}

fn entry(number: u8) -> Entry {
    let payment = PaymentId::draw([number; 16]);
    Entry {
        payment,
        event: "captured".into(),
        at: START.plus(i64::from(number)),
        money: Money::whole(3_000, Currency::Ssp),
        debit: Account::Clearing,
        credit: Account::Deferred(payment),
        test: false,
    }
}

/// The seals of a chain.
fn seals(entries: &[Entry]) -> Vec<[u8; 32]> {
    let mut hash = [0; 32];
    let sealed = entries.iter().zip(1..).map(|(it, seq)| {
        hash = it.seal(seq, &hash);
        hash
    });
    sealed.collect()
}

/// The same entry with one bit of one field turned, or as near to it as its type allows.
fn turned(it: &Entry, dice: &mut Dice) -> Entry {
    let mut it = it.clone();
    let bit = dice.below(8);
    let turn = |id: PaymentId, at: usize| {
        let mut bytes = *id.as_bytes();
        bytes[at] ^= 1 << bit;
        PaymentId::from_bytes(bytes)
    };
    match dice.below(8) {
        0 => it.payment = turn(it.payment, dice.below(16)),
        1 => it.event.replace_range(..1, ["C", "b", "k", "\u{1}"][dice.below(4)]),
        2 => it.at = Time::from_millis(it.at.as_millis() ^ (1 << dice.below(63))),
        3 => it.money = Money::from_minor(it.money.minor() ^ (1 << dice.below(63)), Currency::Ssp),
        4 => it.money = Money::from_minor(it.money.minor(), Currency::Eur),
        5 => it.debit = [Account::Bank, Account::Suspense, Account::MomoFee][dice.below(3)],
        6 => it.credit = Account::Deferred(turn(it.payment, dice.below(16))),
        _ => it.test = true,
    }
    it
}

#[test]
fn no_changed_entry_and_no_other_order_keeps_the_chain() {
    let mut dice = Dice(1);
    let entries: Vec<Entry> = (0..50).map(entry).collect();
    let sealed = seals(&entries);
    for edit in 0..1_000 {
        let at = dice.below(entries.len());
        let mut changed = entries.clone();
        changed[at] = turned(&changed[at], &mut dice);
        assert_ne!(changed, entries);
        let after = seals(&changed);
        assert_eq!(after[..at], sealed[..at]);
        assert!((at..entries.len()).all(|it| after[it] != sealed[it]), "edit {edit}: {:?}", changed[at]);
    }
    for (at, seal) in sealed[..sealed.len() - 1].iter().enumerate() {
        let mut removed = entries.clone();
        removed.remove(at);
        assert_ne!(seals(&removed)[at], *seal, "removed {at}");
        let mut swapped = entries.clone();
        swapped.swap(at, at + 1);
        assert_ne!(seals(&swapped)[at], *seal, "swapped {at}");
        let mut inserted = entries.clone();
        inserted.insert(at, entry(200));
        assert_ne!(seals(&inserted)[at], *seal, "inserted {at}");
    }
}

#[test]
fn two_texts_that_read_alike_side_by_side_have_two_seals() {
    let one = Entry { event: "capturedS".into(), ..entry(1) };
    assert_ne!(one.seal(1, &[0; 32]), entry(1).seal(1, &[0; 32]));
    assert_ne!(entry(1).seal(1, &[0; 32]), entry(1).seal(2, &[0; 32]), "its number is sealed, too");
}

#[test]
fn an_account_has_one_name_and_no_other_spelling_is_read() {
    let deferred = Account::Deferred(PaymentId::draw([0xab; 16]));
    let all =
        [Account::Clearing, Account::Bank, deferred, Account::Suspense, Account::MomoFee, Account::Goodwill];
    for account in all {
        assert_eq!(Account::read(&account.name()), Some(account));
        assert_eq!(Account::read(&account.name().to_uppercase()), None, "{}", account.name());
    }
    let upper = deferred.name().replace("abab", "abAb");
    assert_ne!(upper, deferred.name());
    assert_eq!(Account::read(&upper), None, "one changed letter");
    assert_eq!(Account::read("liab:deferred:"), None);
}
