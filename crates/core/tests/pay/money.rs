//! Amounts: how they are written, read and added.

use answerbot_core::pay::money::{BadMoney, Currency, Money};

fn ssp(minor: i64) -> Money {
    Money::from_minor(minor, Currency::Ssp)
}

#[test]
fn an_amount_is_read_in_the_ways_in_which_it_is_written() {
    let table: &[(&str, &str, i64)] = &[
        ("the largest", "92233720368547758.07", i64::MAX),
        ("spaces that do not break", "3\u{202f}000\u{a0}", 300_000),
        ("zeros that mean nothing", "0003000.0000", 300_000),
        ("plain", "3000", 300_000),
        ("one decimal", "3000.0", 300_000),
        ("commas and decimals", "3,000.00", 300_000),
        ("a space", "3 000", 300_000),
        ("millions", "1,234,567.89", 123_456_789),
        ("space around it", "  12.5\n", 1_250),
        ("as MTN echoes it", "12.5", 1_250),
        ("as we sent it", "12.50", 1_250),
        ("hundredths alone", "0.05", 5),
        ("nothing", "0", 0),
    ];
    for (label, text, minor) in table {
        assert_eq!(Money::parse(text, Currency::Ssp), Ok(ssp(*minor)), "{label}");
        assert_eq!(Money::parse_signed(text, Currency::Ssp), Ok(ssp(*minor)), "{label}, signed");
    }
}

#[test]
fn what_is_no_amount_is_refused_and_says_why() {
    use BadMoney::{Negative, NotAnAmount, TooFine, TooLarge};
    let table: &[(&str, &str, BadMoney)] = &[
        ("a decimal comma is never a thousand", "12,50", NotAnAmount),
        ("points between thousands", "3.000.000", NotAnAmount),
        ("a decimal comma after points", "3.000,00", NotAnAmount),
        ("two separators", "1,000 000", NotAnAmount),
        ("a group of four", "3,0000", NotAnAmount),
        ("a first group of four", "3000,000", NotAnAmount),
        ("a separator first", ",300", NotAnAmount),
        ("a separator last", "3,", NotAnAmount),
        ("empty", "", NotAnAmount),
        ("only space", "  ", NotAnAmount),
        ("only a point", ".", NotAnAmount),
        ("no digit before the point", ".5", NotAnAmount),
        ("no digit behind the point", "5.", NotAnAmount),
        ("an exponent", "3e3", NotAnAmount),
        ("a currency in it", "3000 SSP", NotAnAmount),
        ("Arabic digits", "٣٠٠٠", NotAnAmount),
        ("a plus", "+3000", NotAnAmount),
        ("a thousandth", "3.001", TooFine),
        ("much less than a hundredth", "3.00000000000000000000000000000001", TooFine),
        ("a hundredth too much", "92233720368547758.08", TooLarge),
        ("far too much", "99999999999999999999999999999999999999", TooLarge),
        ("below zero", "-3000", Negative),
        ("a spreadsheet's minus", "\u{2212}3000", Negative),
        ("garbage below zero", "-x", NotAnAmount),
    ];
    for (label, text, error) in table {
        assert_eq!(Money::parse(text, Currency::Ssp), Err(*error), "{label}");
    }
}

#[test]
fn a_sign_is_read_only_where_it_is_asked_for() {
    let table: &[(&str, Result<i64, BadMoney>)] = &[
        ("-92233720368547758.08", Ok(i64::MIN)),
        ("-92233720368547758.09", Err(BadMoney::TooLarge)),
        ("\u{2212}3,000.50", Ok(-300_050)),
        ("-3000", Ok(-300_000)),
        ("+3000", Ok(300_000)),
        ("-0", Ok(0)),
        ("--3", Err(BadMoney::NotAnAmount)),
        ("-+3", Err(BadMoney::NotAnAmount)),
        ("-", Err(BadMoney::NotAnAmount)),
    ];
    for (text, expected) in table {
        assert_eq!(Money::parse_signed(text, Currency::Ssp), expected.map(ssp), "{text}");
    }
}

#[test]
fn mtn_gets_digits_and_people_get_groups_and_a_currency() {
    let table: &[(Money, &str, &str)] = &[
        (ssp(i64::MIN), "-92233720368547758.08", "-92,233,720,368,547,758.08 SSP"),
        (ssp(-5), "-0.05", "-0.05 SSP"),
        (ssp(0), "0", "0 SSP"),
        (Money::whole(999, Currency::Ssp), "999", "999 SSP"),
        (Money::whole(3_000, Currency::Ssp), "3000", "3,000 SSP"),
        (Money::whole(1_000_000, Currency::Ssp), "1000000", "1,000,000 SSP"),
        (Money::whole(i32::MIN, Currency::Eur), "-2147483648", "-2,147,483,648 EUR"),
        (Money::from_minor(1_250, Currency::Eur), "12.50", "12.50 EUR"),
        (Money::from_minor(1_205, Currency::Eur), "12.05", "12.05 EUR"),
    ];
    for (money, momo, people) in table {
        assert_eq!(money.to_momo(), *momo);
        assert_eq!(money.to_string(), *people);
    }
}

#[test]
fn sums_that_do_not_fit_or_mix_currencies_are_none() {
    let euros = Money::from_minor(1, Currency::Eur);
    assert_eq!(ssp(i64::MAX).checked_add(ssp(1)), None);
    assert_eq!(ssp(i64::MIN).checked_sub(ssp(1)), None);
    assert_eq!(ssp(i64::MIN).checked_neg(), None);
    assert_eq!((ssp(1).checked_add(euros), ssp(1).checked_sub(euros)), (None, None));
    assert_ne!(ssp(1), euros);
    assert_eq!(ssp(5).checked_add(ssp(-7)), Some(ssp(-2)));
    assert_eq!(ssp(5).checked_sub(ssp(7)), Some(ssp(-2)));
    assert_eq!(ssp(5).checked_neg(), Some(ssp(-5)));
    assert!(ssp(1).is_positive() && !ssp(0).is_positive() && !ssp(-1).is_positive());
    assert!(ssp(-300).is_whole() && !ssp(301).is_whole());
}

#[test]
fn currencies_are_stored_by_their_code() {
    assert_eq!(" eur ".parse(), Ok(Currency::Eur));
    assert_eq!("SSP".parse(), Ok(Currency::Ssp));
    assert!("SDG".parse::<Currency>().is_err() && "".parse::<Currency>().is_err());
    let json = serde_json::to_string(&Money::whole(3_000, Currency::Ssp)).expect("json");
    assert_eq!(json, r#"{"minor":300000,"currency":"SSP"}"#);
    assert_eq!(serde_json::from_str::<Money>(&json).expect("money"), Money::whole(3_000, Currency::Ssp));
    assert!(serde_json::from_str::<Money>(r#"{"minor":1,"currency":"USD"}"#).is_err());
}
