//! What holds for all amounts, days, numbers and texts.

use answerbot_core::pay::days::{at_wall, earned, extend, iso_date, long_date, parse_day, short_date};
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::phone::{Found, Msisdn, find, is_only_number};
use answerbot_core::pay::price::{Plan, PriceBook, Selling};
use answerbot_core::pay::statement;
use answerbot_core::{JubaDay, Policy};
use proptest::prelude::*;

fn money() -> impl Strategy<Value = Money> {
    let currency = prop::sample::select(vec![Currency::Ssp, Currency::Eur]);
    let minor = prop_oneof![any::<i64>(), -1_000_000..1_000_000_i64, Just(i64::MIN), Just(i64::MAX)];
    (minor, currency).prop_map(|(minor, currency)| Money::from_minor(minor, currency))
}

/// Ways to write a number of South Sudan; `{}` are its nine digits in groups.
const FORMS: &[&str] =
    &["0{}", "+211{}", "+211 (0){}", "00211{}", "00 211 {}", "send it to 0{}.", "0{} weekly"];

fn written() -> impl Strategy<Value = (Msisdn, String)> {
    let separator = prop::sample::select(vec!["", " ", "-", ".", " - ", "\u{a0}", "\u{200e}"]);
    let digits = prop::sample::select(vec!['0', '\u{660}', '\u{6f0}']);
    let prefix = prop::sample::select(vec!["92", "99"]);
    (prefix, 0_u32..10_000_000, separator, digits, prop::sample::select(FORMS)).prop_map(
        |(prefix, rest, separator, zero, form)| {
            let rest = format!("{rest:07}");
            let groups = [prefix, &rest[..3], &rest[3..]].join(separator);
            let text = form.replace("{}", &groups);
            let text = text.chars().map(|c| match c.to_digit(10) {
                Some(value) => char::from_u32(u32::from(zero) + value).expect("a digit"),
                None => c,
            });
            let number = format!("211{prefix}{rest}").parse().expect("a number");
            (number, text.collect())
        },
    )
}

proptest! {
    #[test]
    fn what_mtn_is_given_is_read_back(money in money()) {
        let text = money.to_momo();
        prop_assert_eq!(Money::parse_signed(&text, money.currency()), Ok(money));
        prop_assert_eq!(Money::parse(&text, money.currency()).ok(), (money.minor() >= 0).then_some(money));
        // What MTN makes of it, and what people read.
        let short = if text.contains('.') { text.trim_end_matches('0') } else { &text };
        prop_assert_eq!(Money::parse_signed(short, money.currency()), Ok(money));
        let people = money.to_string();
        let people = people.strip_suffix(money.currency().code()).expect("a currency");
        prop_assert_eq!(Money::parse_signed(people, money.currency()), Ok(money));
    }

    #[test]
    fn adding_and_taking_away_undo_each_other(a in money(), b in money()) {
        if let Some(sum) = a.checked_add(b) {
            prop_assert_eq!(sum.checked_sub(b), Some(a));
            prop_assert_eq!(Some(sum), b.checked_add(a));
            prop_assert_eq!(a.currency(), b.currency());
        }
    }

    #[test]
    fn the_days_add_up_to_the_amount(money in money(), days in 1_u32..400, first in -20_000..40_000_i32) {
        let until = |n: i64| earned(money, JubaDay(first), days, JubaDay(first + i32::try_from(n).expect("a day")));
        let mut sum: i128 = 0;
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for n in 0..i64::from(days) {
            let day = until(n).checked_sub(until(n - 1)).expect("a day's part").minor();
            sum += i128::from(day);
            if n < i64::from(days) - 1 {
                (least, most) = (least.min(day), most.max(day));
            }
        }
        prop_assert_eq!(sum, i128::from(money.minor()));
        prop_assert!(days == 1 || least == most);
        prop_assert_eq!((until(-1).minor(), until(i64::from(days))), (0, money));
    }

    #[test]
    fn extending_never_shortens_and_never_overlaps(today: i32, through: Option<i32>, days: u32) {
        let through = through.map(JubaDay);
        let period = extend(JubaDay(today), through, days);
        prop_assert!(through.is_none_or(|it| period.through >= it));
        prop_assert!(period.through >= JubaDay(today));
        prop_assert!(period.first > JubaDay(today) || today == i32::MAX);
        prop_assert!(through.is_none_or(|it| period.first > it || it.0 == i32::MAX));
        let length = i64::from(period.through.0) - i64::from(period.first.0) + 1;
        prop_assert!(length == i64::from(days) || period.through.0 == i32::MAX);
    }

    #[test]
    fn weekly_then_monthly_is_monthly_then_weekly(today in -20_000..40_000_i32, a in 0_u32..400, b in 0_u32..400) {
        let twice = |a, b| extend(JubaDay(today), Some(extend(JubaDay(today), None, a).through), b).through;
        prop_assert_eq!(twice(a, b), twice(b, a));
    }

    #[test]
    fn any_day_has_a_date_and_a_midnight(day: i32) {
        let _ = (long_date(JubaDay(day)), short_date(JubaDay(day)));
        prop_assert_eq!(at_wall(JubaDay(day), 0).juba_day(), JubaDay(day));
        let near = day % 1_000_000;
        prop_assert_eq!(parse_day(&iso_date(JubaDay(near))), Some(JubaDay(near)));
    }

    #[test]
    fn a_number_is_found_in_every_form((number, text) in written()) {
        prop_assert_eq!(find(&text, &Policy::default().paying.mtn_prefixes, false), Found::Mtn(number));
        prop_assert_eq!(Msisdn::read(&number.national()), Some(number));
        prop_assert_eq!(number.digits().parse(), Ok(number));
        let shown = [format!("{number:?}"), number.masked()].concat();
        prop_assert!(!shown.contains(&number.national()[3..8]));
    }

    #[test]
    fn any_text_can_be_searched(text in ".{0,200}", digits in "[-0-9+(). ٠-٩]{0,40}", sandbox: bool) {
        for text in [&text, &digits] {
            let _ = (find(text, &Policy::default().paying.mtn_prefixes, sandbox), is_only_number(text));
            let _ = (Msisdn::read(text), Money::parse(text, Currency::Ssp), Money::parse_signed(text, Currency::Ssp));
        }
    }

    #[test]
    fn no_pin_and_no_short_amount_is_a_number(text in "[0-9]([ .-]{0,2}[0-9]){0,7}") {
        prop_assert_eq!(find(&text, &Policy::default().paying.mtn_prefixes, true), Found::None);
    }

    #[test]
    fn a_book_keeps_its_rows_and_quotes_the_latest(
        adds in prop::collection::vec((any::<bool>(), 1..40_000_i32, 0..50_i32, 0..50_i32), 0..12),
        day in 0..60_i32,
    ) {
        let mut book = PriceBook::built_in();
        for (weekly, amount, from, today) in adds {
            let before = book.clone();
            let plan = if weekly { Plan::Weekly } else { Plan::Monthly };
            let amount = Money::whole(amount, Currency::Ssp);
            let added = book.add(plan, amount, JubaDay(from), JubaDay(today));
            prop_assert_eq!(&book.rows()[..before.rows().len()], before.rows());
            prop_assert_eq!(book.rows().len() - before.rows().len(), usize::from(added.is_ok()));
            // What was charged up to yesterday stays.
            for past in 0..today {
                prop_assert_eq!(book.on(plan, JubaDay(past)), before.on(plan, JubaDay(past)));
            }
        }
        for plan in Plan::ALL {
            let row = *book.on(plan, JubaDay(day)).expect("a row");
            let later = book.rows().iter().any(|it| it.plan == plan && it.from > row.from && it.from <= JubaDay(day));
            prop_assert!(!later && row.from <= JubaDay(day));
            let quote = book.quote(plan, JubaDay(day), Selling::Production, &Policy::default().paying);
            prop_assert_eq!(quote.map(|it| it.price), row.confirmed.then_some(row.amount));
        }
    }

    #[test]
    fn any_text_can_be_read_as_a_statement(text in "[ -~\n\r\u{feff}é]{0,300}", rows in "[a-c0-9,;\"\n\r .-]{0,300}") {
        let _ = statement::read(&text);
        let _ = statement::read(&format!("Id,Status,Amount,Date\n{rows}"));
    }

    #[test]
    fn no_line_of_a_statement_is_lost(
        cells in prop::collection::vec(("[0-9]{1,12}", "[ -~\n]{0,12}", 0..1_000_000_i64), 1..20),
    ) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut text = String::from("Amount,Note,Id,Status\r\n");
        for (id, note, minor) in &cells {
            let amount = Money::from_minor(*minor, Currency::Ssp).to_momo();
            text.push_str(&format!("{amount},{},{id},Successful\r\n", quoted(note)));
        }
        let lines = statement::read(&text).expect("a statement");
        prop_assert_eq!(lines.len(), cells.len());
        for (line, (id, _, minor)) in lines.into_iter().zip(cells) {
            let line = line.expect("a line");
            prop_assert_eq!((line.mtn_id, line.amount.minor()), (id, minor));
        }
    }
}
