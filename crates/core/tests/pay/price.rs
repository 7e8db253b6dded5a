//! The price book.

use answerbot_core::JubaDay;
use answerbot_core::Policy;
use answerbot_core::pay::days::parse_day;
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::price::{Plan, PriceBook, PriceError, PriceRow, Quote, Selling};

fn pounds(units: i32) -> Money {
    Money::whole(units, Currency::Ssp)
}

fn quote(book: &PriceBook, plan: Plan, day: i32, selling: Selling) -> Option<Quote> {
    book.quote(plan, JubaDay(day), selling, &Policy::default().paying)
}

#[test]
fn production_sells_nothing_that_the_owner_has_not_confirmed() {
    let mut book = PriceBook::built_in();
    for plan in Plan::ALL {
        assert_eq!(quote(&book, plan, 20_000, Selling::Production), None);
    }
    let confirmed = book.confirm();
    assert_eq!(confirmed.iter().map(|it| it.plan).collect::<Vec<_>>(), Plan::ALL);
    assert!(confirmed.iter().all(|it| it.confirmed));
    let weekly = Quote { plan: Plan::Weekly, days: 7, price: pounds(3_000), version: 1 };
    let monthly = Quote { plan: Plan::Monthly, days: 30, price: pounds(6_500), version: 1 };
    assert_eq!(quote(&book, Plan::Weekly, 20_000, Selling::Production), Some(weekly));
    assert_eq!(quote(&book, Plan::Monthly, 0, Selling::Production), Some(monthly));
    assert_eq!(quote(&book, Plan::Monthly, -1, Selling::Production), None);
    assert_eq!(book.confirm(), []);
}

#[test]
fn the_sandbox_sells_the_same_figures_in_euros_and_off_sells_nothing() {
    let mut book = PriceBook::built_in();
    let weekly = quote(&book, Plan::Weekly, 20_000, Selling::Sandbox).expect("a quote");
    assert_eq!((weekly.price, weekly.version), (Money::whole(3_000, Currency::Eur), 1));
    book.confirm();
    assert_eq!(quote(&book, Plan::Weekly, 20_000, Selling::Sandbox), Some(weekly));
    assert_eq!(quote(&book, Plan::Weekly, 20_000, Selling::Off), None);
}

#[test]
fn the_days_of_a_plan_are_a_figure_of_the_policy() {
    let mut policy = Policy::default().paying;
    (policy.weekly_days, policy.monthly_days) = (8, 31);
    let book = PriceBook::built_in();
    let days = |plan| book.quote(plan, JubaDay(1), Selling::Sandbox, &policy).map(|it| it.days);
    assert_eq!((days(Plan::Weekly), days(Plan::Monthly)), (Some(8), Some(31)));
}

#[test]
fn a_row_of_the_owners_holds_from_its_day_on() {
    let mut book = PriceBook::built_in();
    let row = book.add(Plan::Weekly, pounds(4_000), JubaDay(110), JubaDay(100)).expect("a row");
    assert_eq!((row.version, row.confirmed, row.from), (2, true, JubaDay(110)));
    let price = |book: &PriceBook, plan, day| book.on(plan, JubaDay(day)).map(|it| (it.amount, it.version));
    assert_eq!(price(&book, Plan::Weekly, 109), Some((pounds(3_000), 1)));
    assert_eq!(price(&book, Plan::Weekly, 110), Some((pounds(4_000), 2)));
    assert_eq!(price(&book, Plan::Monthly, 110), Some((pounds(6_500), 1)));
    // The first row waits for the owner's word still.
    assert_eq!(quote(&book, Plan::Weekly, 109, Selling::Production), None);
    assert_eq!(quote(&book, Plan::Weekly, 110, Selling::Production).map(|it| it.price), Some(pounds(4_000)));
    // Each plan counts its own rows. One that is added later may begin earlier.
    let monthly = book.add(Plan::Monthly, pounds(7_000), JubaDay(200), JubaDay(100)).expect("a row");
    assert_eq!(monthly.version, 2);
    book.add(Plan::Weekly, pounds(3_500), JubaDay(100), JubaDay(100)).expect("a row");
    assert_eq!(price(&book, Plan::Weekly, 109), Some((pounds(3_500), 3)));
    assert_eq!(price(&book, Plan::Weekly, 111), Some((pounds(4_000), 2)));
    assert_eq!(book.version(Plan::Weekly, 1).map(|it| it.amount), Some(pounds(3_000)));
    assert_eq!((book.version(Plan::Monthly, 3), book.rows().len()), (None, 5));
}

#[test]
fn a_row_that_is_likely_a_slip_is_refused_with_a_sentence() {
    let today = parse_day("2026-12-12").expect("a day");
    let yesterday = JubaDay(today.0 - 1);
    let mut book = PriceBook::built_in();
    book.add(Plan::Monthly, pounds(7_000), today, today).expect("a row");
    let before = book.clone();
    let table: &[(&str, Plan, Money, JubaDay, &str)] = &[
        (
            "yesterday",
            Plan::Weekly,
            pounds(3_000),
            yesterday,
            "a price begins today or later, such as 2026-12-12",
        ),
        (
            "the same day twice",
            Plan::Monthly,
            pounds(8_000),
            today,
            "the monthly price from 2026-12-12 is 7,000 SSP already; choose another day, such as 2026-12-13",
        ),
        ("nothing", Plan::Weekly, pounds(0), today, "a price is more than nothing, such as 3000"),
        (
            "less than nothing",
            Plan::Weekly,
            pounds(-3_000),
            today,
            "a price is more than nothing, such as 3000",
        ),
        (
            "piastres",
            Plan::Weekly,
            Money::from_minor(300_050, Currency::Ssp),
            today,
            "a price is in whole pounds, such as 3000",
        ),
        ("euros", Plan::Weekly, Money::whole(3, Currency::Eur), today, "a price is in SSP, such as 3000 SSP"),
        (
            "a digit too many",
            Plan::Weekly,
            pounds(30_000),
            today,
            "the weekly price beside it is 3,000 SSP, and 30,000 SSP is more than five times away; if it is meant, \
             go there in steps, such as 15,000 SSP first",
        ),
        (
            "a digit too few",
            Plan::Monthly,
            pounds(700),
            JubaDay(today.0 + 1),
            "the monthly price beside it is 7,000 SSP, and 700 SSP is more than five times away; if it is meant, \
             go there in steps, such as 1,400 SSP first",
        ),
    ];
    for (label, plan, amount, from, sentence) in table {
        let error = book.add(*plan, *amount, *from, today).expect_err(label);
        assert_eq!(error.to_string(), *sentence, "{label}");
    }
    assert_eq!(book, before);
}

#[test]
fn five_times_is_the_most_and_the_step_that_is_told_is_taken() {
    let add = |amount| PriceBook::built_in().add(Plan::Weekly, amount, JubaDay(9), JubaDay(9));
    assert!(add(pounds(15_000)).is_ok() && add(pounds(600)).is_ok());
    assert!(add(pounds(15_001)).is_err() && add(pounds(599)).is_err());
    let mut book = PriceBook::built_in();
    book.add(Plan::Weekly, pounds(3_001), JubaDay(1), JubaDay(1)).expect("a row");
    let Err(PriceError::Slip { step, .. }) = book.add(Plan::Weekly, pounds(1), JubaDay(2), JubaDay(2)) else {
        panic!("taken")
    };
    assert_eq!(step, pounds(601));
    assert!(book.add(Plan::Weekly, step, JubaDay(2), JubaDay(2)).is_ok());
    // A row between two others must fit the later one too.
    let mut book = PriceBook::built_in();
    book.add(Plan::Weekly, pounds(600), JubaDay(9), JubaDay(1)).expect("a row");
    assert!(matches!(
        book.add(Plan::Weekly, pounds(3_001), JubaDay(5), JubaDay(1)),
        Err(PriceError::Slip { row: PriceRow { version: 2, .. }, .. })
    ));
}

#[test]
fn stored_rows_lie_over_the_built_in_ones() {
    let mut book = PriceBook::built_in();
    let own = book.add(Plan::Weekly, pounds(4_000), JubaDay(110), JubaDay(100)).expect("a row");
    assert_eq!(PriceBook::from(vec![own]), book);
    let confirmed = book.confirm();
    let again = PriceBook::from([confirmed, vec![own]].concat());
    assert_eq!(again, book);
    assert_eq!(again.rows().len(), 3);
    let json = serde_json::to_string(&book).expect("json");
    assert!(json.starts_with(
        r#"[{"plan":"weekly","amount":{"minor":300000,"currency":"SSP"},"from":0,"version":1,"confirmed":true}"#
    ));
    assert_eq!(serde_json::from_str::<PriceBook>(&json).expect("a book"), book);
    assert_eq!(serde_json::from_str::<PriceBook>("[]").expect("a book"), PriceBook::built_in());
}

#[test]
fn a_plan_is_read_by_its_name() {
    for plan in Plan::ALL {
        assert_eq!(plan.name().parse(), Ok(plan));
        assert_eq!(serde_json::to_string(&plan).expect("json"), format!("\"{plan}\""));
    }
    assert_eq!(" Weekly ".parse(), Ok(Plan::Weekly));
    assert!("daily".parse::<Plan>().is_err());
}
