//! Paid days and dates.

use answerbot_core::pay::days::{at_wall, earned, extend, iso_date, long_date, parse_day, short_date};
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::{JubaDay, Time};

fn day(text: &str) -> JubaDay {
    parse_day(text).expect("a day")
}

fn at(text: &str) -> Time {
    let point: jiff::Timestamp = text.parse().expect("a time");
    Time::from_millis(point.as_millisecond())
}

#[test]
fn paid_days_are_whole_days_and_add_up() {
    let table = [
        ("the end of time", i32::MAX - 1, None, 7, [i32::MAX, i32::MAX]),
        ("more days than there are", 0, Some(5), u32::MAX, [6, i32::MAX]),
        ("long ago", 100, Some(i32::MIN), 7, [101, 107]),
        ("the rest of today is a gift", 100, None, 7, [101, 107]),
        ("a plan that ended", 100, Some(99), 7, [101, 107]),
        ("a plan on its last day", 100, Some(100), 7, [101, 107]),
        ("a plan that goes on", 100, Some(107), 30, [108, 137]),
        ("no days", 100, Some(107), 0, [108, 107]),
    ];
    for (label, today, through, days, expected) in table {
        let period = extend(JubaDay(today), through.map(JubaDay), days);
        assert_eq!([period.first.0, period.through.0], expected, "{label}");
    }
}

#[test]
fn a_minute_before_midnight_in_juba_a_day_more_is_a_gift() {
    let before = extend(at("2028-02-28T21:59:00Z").juba_day(), None, 7);
    let after = extend(at("2028-02-28T22:00:00Z").juba_day(), None, 7);
    // The 29th exists in 2028.
    assert_eq!(
        (iso_date(before.first), iso_date(before.through)),
        ("2028-02-29".into(), "2028-03-06".into())
    );
    assert_eq!((iso_date(after.first), iso_date(after.through)), ("2028-03-01".into(), "2028-03-07".into()));
}

#[test]
fn the_last_day_earns_what_is_left_over() {
    let amount = Money::whole(3_000, Currency::Ssp);
    let until = |today: i32| earned(amount, JubaDay(101), 7, JubaDay(today)).minor();
    assert_eq!([until(i32::MIN), until(100), until(101), until(106)], [0, 0, 42_857, 257_142]);
    assert_eq!([until(107), until(108), until(i32::MAX)], [300_000; 3]);
    assert_eq!(until(107) - until(106), 42_858);
    // In whole units, as payments.md tells it: 428 six times, then 432.
    let units =
        |today| earned(Money::from_minor(3_000, Currency::Ssp), JubaDay(1), 7, JubaDay(today)).minor();
    assert_eq!((units(1), units(6), units(7) - units(6)), (428, 6 * 428, 432));
}

#[test]
fn money_given_back_is_earned_back_in_the_same_parts() {
    let back = Money::from_minor(-3_000, Currency::Eur);
    let until = |today: i32| earned(back, JubaDay(1), 7, JubaDay(today));
    assert_eq!([until(1), until(6), until(7)].map(Money::minor), [-428, -2_568, -3_000]);
    assert_eq!(until(1).currency(), Currency::Eur);
    assert_eq!(earned(back, JubaDay(1), 0, JubaDay(0)).minor(), 0);
    assert_eq!(earned(back, JubaDay(1), 0, JubaDay(1)), back);
}

#[test]
fn dates_are_written_for_people() {
    let table: &[(i32, &str, &str, &str)] = &[
        (0, "1 January 1970", "1 Jan", "1970-01-01"),
        (-1, "31 December 1969", "31 Dec", "1969-12-31"),
        (day("2028-02-29").0, "29 February 2028", "29 Feb", "2028-02-29"),
        (day("2026-12-12").0, "12 December 2026", "12 Dec", "2026-12-12"),
        (day("2026-05-03").0, "3 May 2026", "3 May", "2026-05-03"),
    ];
    for (number, long, short, iso) in table {
        let day = JubaDay(*number);
        assert_eq!((long_date(day).as_str(), short_date(day).as_str()), (*long, *short));
        assert_eq!((iso_date(day).as_str(), parse_day(iso)), (*iso, Some(day)));
    }
    assert_eq!(long_date(JubaDay(i32::MAX)), "31 December 9999");
    assert_eq!(long_date(JubaDay(i32::MIN)), "1 January -9999");
}

#[test]
fn what_is_no_date_is_not_read() {
    for text in ["", "2027-02-29", "2026-13-01", "12/12/2026", "12 December 2026", "tomorrow", "2026-12"] {
        assert_eq!(parse_day(text), None, "{text}");
    }
    assert_eq!(parse_day(" 2026-12-12 "), Some(day("2026-12-12")));
}

#[test]
fn the_clocks_in_juba_give_a_point_in_time() {
    const HOUR: i64 = 3_600_000;
    let table: &[(&str, &str, i64, &str)] = &[
        ("midnight", "2026-12-12", 0, "2026-12-11T22:00:00Z"),
        ("seven in the morning", "2026-12-12", 7 * HOUR, "2026-12-12T05:00:00Z"),
        ("before the offset changed", "2020-06-01", 12 * HOUR, "2020-06-01T09:00:00Z"),
        ("the first day after it", "2021-02-01", 0, "2021-01-31T22:00:00Z"),
        ("the next day's morning", "2026-12-12", 31 * HOUR, "2026-12-13T05:00:00Z"),
    ];
    for (label, date, ms, expected) in table {
        assert_eq!(at_wall(day(date), *ms), at(expected), "{label}");
    }
    for number in [i32::MIN, i32::MAX] {
        assert_eq!(at_wall(JubaDay(number), 0).juba_day(), JubaDay(number));
    }
}
