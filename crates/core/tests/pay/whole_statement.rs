//! T18: a statement of 5,000 lines with one in a hundred of each kind of difference, in the dress of a spreadsheet;
//! and what it gives back after a disaster.

use std::collections::BTreeSet;

use answerbot_core::pay::days::{iso_date, long_date};
use answerbot_core::pay::money::Money;
use answerbot_core::pay::payment::{Order, Status};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::Plan;
use answerbot_core::pay::reconcile::{Finding, Kind};
use answerbot_core::{Time, pay};

use super::reconcile::{Books, order_of, person};
use super::{Dice, START};

const LINES: u32 = 5_000;
/// Of each kind of difference: one in a hundred.
const EACH: u32 = LINES / 100;
const MINUTE: i64 = 60_000;

/// A row of the file and what it must turn out to be.
#[derive(Clone)]
struct Row {
    mtn_id: String,
    external_id: String,
    payer: Msisdn,
    amount: Money,
    at: Time,
    kind: Kind,
    in_suspense: bool,
}

impl Row {
    fn of(order: &Order, mtn_id: u32, kind: Kind) -> Self {
        Self {
            mtn_id: mtn_id.to_string(),
            external_id: order.external_id.clone(),
            payer: order.payer,
            amount: order.price,
            at: order.wished.plus(MINUTE),
            kind,
            in_suspense: false,
        }
    }

    /// As a spreadsheet program in another order of columns writes it, in one of several forms.
    fn write(&self, form: usize) -> String {
        let (day, clock) = (self.at.juba_day(), self.at.juba_clock());
        let date = match form % 3 {
            0 => format!("{} {clock}:00", iso_date(day)),
            1 => format!("\"{}, {clock}\"", long_date(day)),
            _ => iso_date(day) + "T" + &clock + ":00+02:00",
        };
        let pounds = self.amount.minor() / 100;
        let amount = match form % 2 {
            0 => format!("\"{},{:03}.00\"", pounds / 1_000, pounds % 1_000),
            _ => pounds.to_string(),
        };
        let payer = match form % 2 {
            0 => format!("FRI:{}/MSISDN", self.payer.digits()),
            _ => format!("'{}", self.payer.digits()),
        };
        format!(
            "Successful,{amount},SSP,0.00,{date},{payer},{},{},\"a note, of MTN\"",
            self.external_id, self.mtn_id
        )
    }
}

fn file(rows: &[Row]) -> String {
    let mut text = String::from(
        "\u{feff}Status,Amount,Currency,Fee,Date and time,From MSISDN,External Transaction ID,Id,Note\r\n",
    );
    for (form, row) in rows.iter().enumerate() {
        text.push_str(&row.write(form));
        text.push_str("\r\n");
    }
    text
}

/// An order every eight minutes, over a month.
fn nth(number: u32) -> Order {
    let plan = if number.is_multiple_of(3) { Plan::Monthly } else { Plan::Weekly };
    Order { wished: START.plus(i64::from(number) * 8 * MINUTE), ..order_of(number, plan, number % 4 + 1) }
}

/// Payments of ours and the rows that MTN has of them.
fn month(books: &mut Books, dice: &mut Dice) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut number = 0;
    let mut next = || {
        number += 1;
        (number, nth(number))
    };
    for at in 0..LINES - 2 * EACH {
        let (number, order) = next();
        let id = books.ordered(number, order.clone());
        // MTN's answer does not always carry its number.
        let mtn_id = number.to_string();
        books.paid(id, (!number.is_multiple_of(5)).then_some(mtn_id.as_str()));
        let mut row = Row::of(&order, number, Kind::Matched);
        if at < EACH {
            (row.kind, row.in_suspense) = (Kind::AmountDiffers, true);
            let more = if dice.below(2) == 0 { 100 } else { -100 };
            row.amount = Money::from_minor(order.price.minor() + more * 100, order.price.currency());
        }
        rows.push(row);
    }
    for _ in 0..EACH {
        let (number, order) = next();
        let id = books.ordered(number, order);
        books.paid(id, Some(&number.to_string()));
    }
    for at in 0..EACH {
        let (number, order) = next();
        let mut row = Row::of(&order, number, Kind::TheirsOnly);
        match at % 3 {
            // Our row is lost: its name is enough.
            0 => {}
            // An open payment of that number and amount, up to two days away.
            1 => {
                books.ordered(number, order);
                row.external_id = "mtn portal".into();
                row.at = row.at.plus(i64::from(at) * 50 * MINUTE);
            }
            _ => {
                row.external_id = String::new();
                row.in_suspense = true;
            }
        }
        rows.push(row);
    }
    // Movements that the file has twice. Any of those above.
    let mut twice: Vec<usize> = (0..rows.len()).collect();
    dice.shuffle(&mut twice);
    for at in &twice[..EACH as usize] {
        rows.push(rows[*at].clone());
    }
    dice.shuffle(&mut rows);
    let mut seen = BTreeSet::new();
    for row in &mut rows {
        if !seen.insert(row.mtn_id.clone()) {
            (row.kind, row.in_suspense) = (Kind::Duplicate, false);
        }
    }
    rows
}

fn count(findings: &[Finding], kind: Kind) -> u32 {
    u32::try_from(findings.iter().filter(|it| it.kind == kind).count()).expect("a count")
}

#[test]
fn every_line_of_a_month_is_classified_right_and_a_second_run_changes_nothing() {
    let (mut books, mut dice) = (Books::new(), Dice(18));
    let rows = month(&mut books, &mut dice);
    books.now = START.plus(40 * 24 * 60 * MINUTE);
    assert_eq!(rows.len(), LINES as usize);
    let text = file(&rows);
    let before: i64 = books.owed("liab:deferred");
    // The run itself looks that a second one tells nothing and finds the same.
    let found = books.run(&text);
    for (row, finding) in rows.iter().zip(&found) {
        assert_eq!(finding.mtn_id.as_ref(), Some(&row.mtn_id));
        assert_eq!((finding.kind, finding.in_suspense), (row.kind, row.in_suspense), "{finding:?}");
    }
    assert_eq!(found.len(), (LINES + EACH) as usize, "and those that only we have");
    for kind in [Kind::OursOnly, Kind::TheirsOnly, Kind::AmountDiffers, Kind::Duplicate] {
        assert_eq!(count(&found, kind), EACH, "{}", kind.name());
    }
    assert!(found[LINES as usize..].iter().all(|it| it.kind == Kind::OursOnly && it.line.is_none()));

    // All of MTN's money is in the books, each movement once.
    let once = rows.iter().filter(|it| it.kind != Kind::Duplicate);
    let theirs: i64 = once.clone().map(|it| it.amount.minor()).sum();
    let ours_only: i64 = found[LINES as usize..]
        .iter()
        .map(|it| books.payments[&it.payment.expect("ours")].paid.as_ref().expect("money").money.minor())
        .sum();
    assert_eq!(-books.owed("assets:momo:clearing"), theirs + ours_only);
    let granted: i64 = once
        .clone()
        .filter(|it| it.kind == Kind::TheirsOnly && !it.in_suspense)
        .map(|it| it.amount.minor())
        .sum();
    assert!(granted > 0);
    assert_eq!(books.owed("liab:deferred"), before + granted);
    assert_eq!(books.owed("liab:suspense"), theirs + ours_only - before - granted);

    let (entries, grants) = (books.entries.len(), books.grants.len());
    books.run(&text);
    assert_eq!(
        (books.entries.len(), books.grants.len()),
        (entries, grants),
        "nothing is booked or granted again"
    );
}

#[test]
fn after_a_copy_that_lacks_the_last_minute_every_shilling_finds_its_person() {
    const INTENTS: u32 = 500;
    let wish = |number: u32| Order {
        wished: START.plus(i64::from(number) * 720),
        ..order_of(number, if number.is_multiple_of(3) { Plan::Monthly } else { Plan::Weekly }, 1)
    };
    // The copy was made five minutes after the first wish; what was wished in the last minute is not in it.
    let mut books = Books::new();
    let mut rows = Vec::new();
    for number in 0..INTENTS {
        let order = wish(number);
        if order.wished < START.plus(5 * MINUTE) {
            let id = books.ordered(number, order.clone());
            // Half of them were paid when it was made, and some of these under a number that we did not learn.
            if number < 250 {
                let mtn_id = number.to_string();
                books.paid(id, number.is_multiple_of(2).then_some(mtn_id.as_str()));
            }
        }
        rows.push(Row::of(&order, number, Kind::Matched));
    }
    let kept = books.payments.len();
    assert!(kept < INTENTS as usize && kept > 400, "{kept}");
    Dice(3).shuffle(&mut rows);
    let found = books.run(&file(&rows));
    assert!(found.iter().all(|it| !it.in_suspense && it.kind <= Kind::TheirsOnly), "{found:?}");
    assert_eq!(books.owed("liab:suspense"), 0);
    let total: i64 = rows.iter().map(|it| it.amount.minor()).sum();
    assert_eq!((books.owed("liab:deferred"), -books.owed("assets:momo:clearing")), (total, total));
    assert!(books.payments.values().all(|it| it.status == Status::Success));
    let mut people: Vec<_> = books.grants.iter().map(|(to, it)| (*to, it.plan, it.price)).collect();
    people.sort_by_key(|(to, ..)| *to);
    let expected: Vec<_> = (0..INTENTS).map(|it| (person(it), wish(it).plan, wish(it).price)).collect();
    assert_eq!(people, expected, "each of them, once, as ordered");
    let names: Vec<_> = (0..INTENTS).map(|it| pay::order::read(&wish(it).external_id)).collect();
    assert!(names.iter().all(Option::is_some));
}
