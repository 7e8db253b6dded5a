//! A statement beside our payments, case by case; a whole month of it stands in `whole_statement`.

use std::collections::BTreeMap;

use answerbot_core::contact::effect::{Action, Effect};
use answerbot_core::contact::event::{Envelope, Event as AnyEvent, Input, Numbered, Outcome, To};
use answerbot_core::pay::ledger::Entry;
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::order;
use answerbot_core::pay::payment::{
    self, Assignment, Checked, Event, Granted, News, Order, Paid, Payment, Status, What,
};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::{Plan, PriceBook};
use answerbot_core::pay::reconcile::{Finding, Kind, reconcile};
use answerbot_core::pay::statement;
use answerbot_core::{ContactId, EffectId, EventId, PaymentId, Policy, Time};

use super::START;

/// Payments with all that came of them, and the statement's desk.
pub struct Books {
    pub payments: BTreeMap<PaymentId, Payment>,
    pub entries: Vec<Entry>,
    pub grants: Vec<(ContactId, Granted)>,
    pub prices: PriceBook,
    pub now: Time,
}

impl Books {
    pub fn new() -> Self {
        Self {
            payments: BTreeMap::new(),
            entries: Vec::new(),
            grants: Vec::new(),
            prices: PriceBook::built_in(),
            now: START.plus(24 * 3_600_000),
        }
    }

    fn decide(&mut self, id: PaymentId, input: Input) {
        let before = self.payments.remove(&id).unwrap_or_default();
        let decision = payment::decide(&Policy::default(), id, before, &[input], self.now, [3; 16]);
        for effect in decision.open {
            if let Action::Tell { target, event } = effect.action
                && let AnyEvent::Paying(News { what: What::Granted(granted), .. }) = *event
            {
                let answerbot_core::aggregate::Target::Contact(to) = target else { panic!("{target:?}") };
                self.grants.push((to, granted));
            }
        }
        self.entries.extend(decision.entries);
        self.payments.insert(id, decision.state);
    }

    pub fn hears(&mut self, id: PaymentId, event: Event) {
        let (to, event) = (To::Aggregate(id.into()), AnyEvent::Payment(event));
        let envelope = Envelope { id: EventId::digest("x"), to, event, sent: None };
        let numbered = Numbered { number: 1, arrived: self.now, identity: None, envelope };
        self.decide(id, Input::Envelope(numbered));
    }

    /// A person wishes this.
    pub fn ordered(&mut self, number: u32, order: Order) -> PaymentId {
        let mut seed = [9; 16];
        seed[..4].copy_from_slice(&number.to_be_bytes());
        let id = PaymentId::draw(seed);
        let now = core::mem::replace(&mut self.now, order.wished);
        self.hears(id, Event::Start(order));
        self.now = now;
        id
    }

    /// MTN says, when it is asked, that it was paid as ordered.
    pub fn paid(&mut self, id: PaymentId, mtn_id: Option<&str>) {
        let order = self.payments[&id].order.clone().expect("an order");
        let at = order.wished.plus(60_000);
        let now = core::mem::replace(&mut self.now, at);
        let mtn_id = mtn_id.map(Into::into);
        self.checked(id, &Paid { money: order.price, payer: Some(order.payer), mtn_id, at });
        self.now = now;
    }

    /// MTN says, when it is asked, that this was paid.
    pub fn checked(&mut self, id: PaymentId, paid: &Paid) {
        let outcome = Outcome::Checked(Checked::Successful {
            money: paid.money,
            payer: paid.payer,
            external_id: self.payments.get(&id).and_then(|it| Some(it.order.as_ref()?.external_id.clone())),
            mtn_id: paid.mtn_id.clone(),
        });
        let (check, action) = (EffectId::derive(id, 0, 99), Action::CheckPayment(id));
        let effect = Effect { id: check, due: self.now, attempt: 1, paid: true, action };
        self.decide(id, Input::Outcome { effect, outcome });
    }

    /// What a statement says, without anything done.
    pub fn lay(&self, text: &str) -> Vec<Finding> {
        let read = statement::read(text).expect("a statement");
        let lines: Vec<_> = read.into_iter().map(|it| it.expect("a line")).collect();
        let ours: Vec<_> = self.payments.clone().into_iter().collect();
        reconcile(&lines, &ours, &self.prices, &Policy::default().paying, self.now)
    }

    /// Lays a statement and tells the payments; then a second run finds nothing more to do.
    pub fn run(&mut self, text: &str) -> Vec<Finding> {
        let findings = self.lay(text);
        for it in &findings {
            if let Some(event) = &it.tell {
                self.hears(it.payment.expect("whom to tell"), event.clone());
            }
        }
        let again = self.lay(text);
        for (first, second) in findings.iter().zip(&again) {
            assert_eq!(second.tell, None, "told again: {second:?}");
            assert_eq!(first.in_suspense, second.in_suspense, "{first:?}\n{second:?}");
            let was_granted = first.kind == Kind::TheirsOnly && first.tell.is_some() && !first.in_suspense;
            let kind = if was_granted { Kind::Matched } else { first.kind };
            assert_eq!(second.kind, kind, "{first:?}\n{second:?}");
        }
        assert_eq!(findings.len(), again.len());
        findings
    }

    /// Hundredths in an account, the deferred ones together; what is owed counts as more than nothing.
    pub fn owed(&self, account: &str) -> i64 {
        let of = |name: String| name.starts_with(account);
        let sum = |it: &Entry| {
            let minor = it.money.minor();
            i64::from(of(it.credit.name())) * minor - i64::from(of(it.debit.name())) * minor
        };
        self.entries.iter().map(sum).sum()
    }

    fn events(&self) -> Vec<(&str, i64)> {
        self.entries.iter().map(|it| (it.event.as_str(), it.money.minor())).collect()
    }
}

pub fn person(number: u32) -> ContactId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    ContactId::from_bytes(bytes)
}

/// An order of a person, payable by a number of their own.
pub fn order_of(number: u32, plan: Plan, seq: u32) -> Order {
    let price = if plan == Plan::Weekly { 3_000 } else { 6_500 };
    Order {
        contact: person(number),
        external_id: order::external_id(person(number), plan, 1, seq),
        plan,
        days: plan.days(&Policy::default().paying),
        price: Money::whole(price, Currency::Ssp),
        payer: payer(number),
        ..super::order()
    }
}

pub fn payer(number: u32) -> Msisdn {
    Msisdn::read(&format!("092{number:07}")).expect("a number")
}

/// A week of person 1 under the usual name.
fn week() -> Order {
    order_of(1, Plan::Weekly, 1)
}

fn file(lines: &[&str]) -> String {
    format!("Id,External id,Date,Status,Type,From,Amount,Currency\n{}\n", lines.join("\n"))
}

/// A payment by number 0920000001 at ten past eight, under `external_id`.
fn line(mtn_id: &str, external_id: &str, status: &str, amount: &str) -> String {
    format!("{mtn_id},{external_id},2026-03-04 10:10,{status},Payment,0920000001,{amount},SSP")
}

fn only(findings: &[Finding]) -> &Finding {
    assert_eq!(findings.len(), 1, "{findings:?}");
    &findings[0]
}

#[test]
fn what_both_know_is_matched_and_mtns_number_is_learnt() {
    let mut books = Books::new();
    let known = books.ordered(1, week());
    let unnamed = books.ordered(2, order_of(2, Plan::Weekly, 1));
    books.paid(known, Some("4711"));
    books.paid(unnamed, None);
    let (one, two) = (week().external_id, order_of(2, Plan::Weekly, 1).external_id);
    let text = file(&[&line("4711", &one, "Successful", "3000"), &line("4712", &two, "Successful", "3000")]);
    let found = books.run(&text);
    assert!(found.iter().all(|it| it.kind == Kind::Matched), "{found:?}");
    assert_eq!(found[0].tell, None, "nothing is to be done");
    let paid = books.payments[&unnamed].paid.as_ref().expect("money");
    assert_eq!(paid.mtn_id.as_deref(), Some("4712"));
    assert_eq!((books.entries.len(), books.grants.len()), (2, 2));
}

#[test]
fn what_the_person_was_told_had_failed_is_granted_when_the_statement_shows_the_money() {
    let mut books = Books::new();
    let id = books.ordered(1, week());
    books.hears(id, Event::Cancel);
    let found = books.run(&file(&[&line("4711", &week().external_id, "Successful", "3000")]));
    assert_eq!(only(&found).kind, Kind::TheirsOnly);
    assert_eq!(only(&found).reason, "it was cancelled here and is granted now");
    assert_eq!(books.payments[&id].status, Status::Success);
    assert!(books.grants[0].1.late && books.grants[0].1.at == books.now, "the days begin today");
}

#[test]
fn money_whose_row_is_lost_is_granted_to_whom_its_external_id_names() {
    let mut books = Books::new();
    let month = order_of(7, Plan::Monthly, 3);
    let upper = month.external_id.to_uppercase();
    let found = books
        .run(&file(&[&line("4711", &upper, "Successful", "6,500.00").replace("6,500.00", "\"6,500.00\"")]));
    assert_eq!(only(&found).kind, Kind::TheirsOnly);
    let [(to, granted)] = &books.grants[..] else { panic!("{:?}", books.grants) };
    assert_eq!((*to, granted.plan, granted.days), (person(7), Plan::Monthly, 30));
    assert_eq!(books.owed("liab:suspense"), 0);
    assert_eq!(books.owed("liab:deferred"), 650_000);
}

#[test]
fn after_a_restored_copy_two_orders_of_one_name_are_both_granted() {
    let name = week().external_id;
    // The lost one was paid before the copy was put back, and the other one ordered after it.
    let lost = line("4711", &name, "Successful", "3000").replace("2026-03-04 10:10", "2026-03-04 06:10");
    let text = file(&[&lost, &line("4712", &name, "Successful", "3000")]);
    let table = [
        ("both rows are lost", 0),
        ("one row is here, unpaid", 1),
        ("one row is here, paid by the second", 2),
    ];
    for (label, here) in table {
        let mut books = Books::new();
        if here > 0 {
            let id = books.ordered(1, week());
            if here == 2 {
                books.paid(id, Some("4712"));
            }
        }
        books.run(&text);
        assert_eq!(books.grants.len(), 2, "{label}");
        assert!(books.grants.iter().all(|(to, _)| *to == person(1)), "{label}");
        assert_eq!((books.owed("liab:deferred"), books.owed("liab:suspense")), (600_000, 0), "{label}");
    }
}

#[test]
fn a_statement_that_numbers_a_payment_otherwise_grants_nothing_twice() {
    let mut books = Books::new();
    let id = books.ordered(1, week());
    books.paid(id, Some("4712"));
    let name = week().external_id;
    let text =
        file(&[&line("4711", &name, "Successful", "3000"), &line("4713", &name, "Successful", "3000")]);
    let found = books.run(&text);
    assert_eq!((found[0].kind, found[0].payment), (Kind::Matched, Some(id)));
    assert_eq!((found[1].kind, found[1].in_suspense), (Kind::TheirsOnly, true), "a second one is nobody's");
    assert_eq!((books.grants.len(), books.owed("liab:suspense")), (1, 300_000));
}

#[test]
fn an_open_payment_of_that_number_and_amount_within_two_days_is_the_one() {
    let table =
        [("2026-03-06 09:59", true), ("2026-03-06 10:01", false), ("2026-03-02 10:01", true), ("", false)];
    for (date, is_likely) in table {
        let mut books = Books::new();
        let id = books.ordered(1, week());
        let text = line("4711", "", "Successful", "3000").replace("2026-03-04 10:10", date);
        let found = books.run(&file(&[&text]));
        assert_eq!(only(&found).kind, Kind::TheirsOnly, "{date}");
        assert_eq!(only(&found).payment == Some(id), is_likely, "{date}");
        assert_eq!(only(&found).in_suspense, !is_likely, "{date}");
        assert_eq!(books.grants.len(), usize::from(is_likely), "{date}");
    }
}

#[test]
fn between_two_open_payments_of_one_number_and_amount_nobody_chooses() {
    let mut books = Books::new();
    books.ordered(1, week());
    books.ordered(2, order_of(1, Plan::Weekly, 2));
    let found = books.run(&file(&[&line("4711", "", "Successful", "3000")]));
    assert!(only(&found).in_suspense);
    assert!(books.grants.is_empty());
    assert_eq!(books.owed("liab:suspense"), 300_000);
}

#[test]
fn money_that_fits_nobody_waits_and_is_given_once_by_an_operator() {
    let mut books = Books::new();
    let text = file(&[&line("4711", "rent for June", "Successful", "500")]);
    let found = books.run(&text);
    assert_eq!((only(&found).kind, only(&found).in_suspense), (Kind::TheirsOnly, true));
    let id = only(&found).payment.expect("a payment of its own");
    let to = Assignment { to: person(5), plan: Plan::Weekly, days: 7, version: 1 };
    books.hears(id, Event::Assign(to));
    books.hears(id, Event::Assign(to));
    assert_eq!(books.grants.len(), 1);
    let found = books.run(&text);
    assert_eq!((only(&found).kind, books.owed("liab:suspense")), (Kind::Matched, 0));
}

#[test]
fn an_order_at_a_price_that_the_book_lacks_waits_until_somebody_looks() {
    let mut books = Books::new();
    let name = order::external_id(person(1), Plan::Weekly, 9, 1);
    let text = file(&[&line("4711", &name, "Successful", "3000")]);
    let found = books.run(&text);
    assert_eq!((only(&found).kind, only(&found).in_suspense), (Kind::TheirsOnly, true));
    assert!(only(&found).reason.contains("a price that our book does not have"));
    assert!(books.grants.is_empty());
}

#[test]
fn a_lost_order_that_was_paid_otherwise_than_its_price_waits() {
    let mut books = Books::new();
    let found = books.run(&file(&[&line("4711", &week().external_id, "Successful", "300")]));
    assert_eq!((only(&found).kind, only(&found).in_suspense), (Kind::AmountDiffers, true));
    assert!(only(&found).reason.contains("3,000 SSP and 300 SSP was paid"), "{}", only(&found).reason);
    assert_eq!(books.events(), [("captured", 30_000)]);
}

#[test]
fn another_payer_than_the_one_that_was_asked_is_looked_at() {
    let mut books = Books::new();
    let id = books.ordered(1, week());
    let text = line("4711", &week().external_id, "Successful", "3000").replace("0920000001", "0999999999");
    let found = books.run(&file(&[&text]));
    assert_eq!((only(&found).kind, only(&found).in_suspense), (Kind::TheirsOnly, true));
    assert!(only(&found).reason.starts_with("another number paid"));
    assert_eq!(books.payments[&id].status, Status::Review);
    assert!(books.grants.is_empty());
}

#[test]
fn more_or_less_money_than_we_booked_is_adjusted_once() {
    for (amount, suspense) in [("3500", 50_000_i64), ("2999.99", -1)] {
        let mut books = Books::new();
        let id = books.ordered(1, week());
        books.paid(id, Some("4711"));
        let text = file(&[&line("4711", "", "Successful", amount)]);
        let found = books.run(&text);
        assert_eq!(only(&found).kind, Kind::AmountDiffers, "{amount}");
        assert_eq!(books.events(), [("captured", 300_000), ("adjusted", suspense.abs())]);
        assert_eq!(books.owed("liab:suspense"), suspense);
        assert_eq!(-books.owed("assets:momo:clearing"), 300_000 + suspense, "as MTN has it");
        // A statement that says a third thing is for people, and not for the books.
        let third = books.run(&text.replace(amount, "1"));
        assert_eq!((only(&third).kind, &only(&third).tell), (Kind::AmountDiffers, &None));
        assert!(only(&third).reason.contains("ask MTN"), "{}", only(&third).reason);
        assert_eq!(books.entries.len(), 2);
    }
}

#[test]
fn what_waits_is_given_or_given_back_as_the_statement_has_it() {
    let to = Assignment { to: person(5), plan: Plan::Weekly, days: 7, version: 1 };
    for event in [Event::Assign(to), Event::RefundedByHand("99".into())] {
        let mut books = Books::new();
        let found = books.run(&file(&[&line("4711", "rent", "Successful", "500")]));
        let id = only(&found).payment.expect("a payment");
        books.run(&file(&[&line("4711", "rent", "Successful", "400")]));
        books.hears(id, event);
        assert_eq!(books.owed("liab:suspense"), 0, "{:?}", books.events());
        books.hears(id, Event::RefundedByHand("99".into()));
        assert_eq!((books.owed("liab:deferred"), books.owed("assets")), (0, 0), "{:?}", books.events());
    }
}

#[test]
fn another_currency_than_ordered_waits_and_than_booked_is_asked_about() {
    let euros = line("4711", &week().external_id, "Successful", "3000").replace("SSP", "EUR");
    let mut books = Books::new();
    let id = books.ordered(1, week());
    let found = books.run(&file(&[&euros]));
    assert_eq!((only(&found).kind, only(&found).in_suspense), (Kind::AmountDiffers, true));
    assert_eq!(books.payments[&id].status, Status::Review);

    let mut books = Books::new();
    let id = books.ordered(1, week());
    books.paid(id, Some("4711"));
    let found = books.run(&file(&[&euros]));
    assert_eq!((only(&found).kind, only(&found).in_suspense), (Kind::AmountDiffers, false));
    assert_eq!(books.events(), [("captured", 300_000)], "pounds and euros are not taken from each other");
}

#[test]
fn the_same_movement_twice_in_a_file_counts_once() {
    let mut books = Books::new();
    let one = line("4711", &week().external_id, "Successful", "3000");
    let found = books.run(&file(&[&one, &one]));
    assert_eq!([found[0].kind, found[1].kind], [Kind::TheirsOnly, Kind::Duplicate]);
    assert_eq!((books.grants.len(), books.entries.len()), (1, 1));
    assert_eq!(books.lay(&file(&[&one, &one]))[1].payment, found[0].payment);
}

#[test]
fn a_line_that_failed_while_we_have_its_money_is_ours_only() {
    for status in ["Failed", "Pending"] {
        let mut books = Books::new();
        let id = books.ordered(1, week());
        books.paid(id, Some("4711"));
        let found = books.run(&file(&[&line("4711", "", status, "3000")]));
        assert_eq!((only(&found).kind, only(&found).payment), (Kind::OursOnly, Some(id)), "{status}");
        assert!(only(&found).reason.contains("ask MTN"));
    }
}

#[test]
fn a_movement_that_is_shown_pending_and_then_paid_is_paid_once() {
    for (first, second) in [("Pending", "Successful"), ("Successful", "Pending"), ("Failed", "Successful")] {
        let mut books = Books::new();
        let id = books.ordered(1, week());
        books.paid(id, Some("4711"));
        let name = week().external_id;
        let found =
            books.run(&file(&[&line("4711", &name, first, "3000"), &line("4711", &name, second, "3000")]));
        let mut kinds = [found[0].kind, found[1].kind];
        kinds.sort();
        assert_eq!((kinds, found.len()), ([Kind::Matched, Kind::NoMoney], 2), "{first}, {second}");
        assert_eq!(books.grants.len(), 1, "{first}, {second}");
    }
}

#[test]
fn no_money_is_no_money_and_an_unknown_word_is_no_success() {
    let table = [
        ("Pending", "3000", Kind::NoMoney, "no money moved"),
        ("Failed", "3000", Kind::NoMoney, "no money moved"),
        ("Successful", "0.00", Kind::NoMoney, "no money moved"),
        (
            "Reversed",
            "3000",
            Kind::TheirsOnly,
            "its status \"Reversed\" is not known here; look at it in MTN's portal",
        ),
    ];
    for (status, amount, kind, reason) in table {
        let mut books = Books::new();
        let id = books.ordered(1, week());
        let found = books.run(&file(&[&line("4711", &week().external_id, status, amount)]));
        assert_eq!((only(&found).kind, only(&found).reason.as_str()), (kind, reason));
        assert!(!books.payments[&id].status.has_money() && books.entries.is_empty(), "{status}");
    }
}

#[test]
fn money_out_is_the_refund_made_by_hand_or_is_looked_at() {
    let out = |mtn_id: &str, status: &str, amount: &str| {
        format!("{mtn_id},,2026-03-05 10:00,{status},Refund,0920000001,{amount},SSP")
    };
    let table = [
        ("99", "Successful", "3000", Kind::Matched),
        ("98", "Successful", "3000", Kind::MoneyOut),
        ("99", "Successful", "2000", Kind::AmountDiffers),
        ("99", "Failed", "3000", Kind::OursOnly),
        ("98", "Failed", "3000", Kind::NoMoney),
    ];
    for (mtn_id, status, amount, kind) in table {
        let mut books = Books::new();
        let id = books.ordered(1, week());
        books.paid(id, Some("4711"));
        books.hears(id, Event::RefundedByHand("99".into()));
        let text = file(&[&line("4711", "", "Successful", "3000"), &out(mtn_id, status, amount)]);
        let found = books.run(&text);
        assert_eq!([found[0].kind, found[1].kind], [Kind::Matched, kind], "{mtn_id} {status} {amount}");
        assert_eq!(found[1].payment, (mtn_id == "99").then_some(id));
        assert_eq!(books.entries.len(), 2, "a statement books no money out");
    }
    let twice = file(&[&out("98", "Successful", "5"), &out("98", "Successful", "5")]);
    assert_eq!(Books::new().run(&twice)[1].kind, Kind::Duplicate);
}

#[test]
fn ours_only_is_told_within_the_time_of_the_statement_alone() {
    let edges = |from: &str, to: &str| {
        let at = |id: &str, date: &str| format!("{id},,{date},Failed,Payment,0930000000,1,SSP");
        file(&[&at("1", from), &at("2", to)])
    };
    // Wished at ten in Juba and known to be paid a minute later.
    let table = [
        ("the time holds it", "2026-03-04 10:00", "2026-03-04 10:01", 1),
        ("the statement ends before it was paid", "2026-03-04 09:00", "2026-03-04 10:00", 0),
        ("the statement begins after it was wished", "2026-03-04 10:01", "2026-03-04 12:00", 0),
        ("no line has a date", "", "", 0),
    ];
    for (label, from, to, expected) in table {
        let mut books = Books::new();
        let id = books.ordered(1, week());
        books.paid(id, Some("4711"));
        books.ordered(2, order_of(2, Plan::Weekly, 1));
        let found = books.run(&edges(from, to));
        let ours: Vec<_> = found.iter().filter(|it| it.kind == Kind::OursOnly).collect();
        assert_eq!(ours.len(), expected, "{label}");
        for it in ours {
            assert_eq!((it.payment, it.line, it.mtn_id.as_deref()), (Some(id), None, Some("4711")));
        }
    }
}

#[test]
fn a_payment_of_the_sandbox_is_in_nobodys_way() {
    let mut books = Books::new();
    let test = books.ordered(1, Order { test: true, ..week() });
    books.paid(test, Some("4711"));
    let name = week().external_id;
    let found = books.run(&file(&[&line("4711", &name, "Successful", "3000")]));
    assert_eq!(only(&found).kind, Kind::TheirsOnly, "real money is not the test's");
    assert_eq!(books.grants.len(), 2);
    assert_eq!(books.entries.iter().filter(|it| !it.test).count(), 1);
    let none = books.run(&file(&[&line("5", "x", "Failed", "1"), &line("6", "y", "Failed", "1")]));
    assert!(none.iter().all(|it| it.kind == Kind::NoMoney), "and is missed by nobody: {none:?}");
}
