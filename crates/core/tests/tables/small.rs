//! Time, ids, counts, delays.

use answerbot_core::contact::DayCount;
use answerbot_core::{ContactId, EffectId, EventId, JubaDay, Time, retry};

fn at(text: &str) -> Time {
    let point: jiff::Timestamp = text.parse().expect("a time");
    Time::from_millis(point.as_millisecond())
}

#[test]
fn midnight_in_juba_is_ten_in_the_evening_utc() {
    let before = at("2026-03-04T21:59:59.999Z");
    let after = at("2026-03-04T22:00:00Z");
    assert_eq!(after.juba_day().0, before.juba_day().0 + 1);
    assert_eq!((before.juba_clock().as_str(), after.juba_clock().as_str()), ("23:59", "00:00"));
    assert_eq!(at("1970-01-01T00:00:00Z").juba_day(), JubaDay(0));
    assert_eq!(at("1969-12-31T20:00:00Z").juba_day(), JubaDay(-1));
}

#[test]
fn the_offset_changed_in_2021() {
    assert_eq!(at("2021-01-31T20:59:00Z").juba_clock(), "23:59");
    assert_eq!(at("2021-01-31T21:00:00Z").juba_clock(), "23:00");
    assert_eq!(at("2021-01-31T22:00:00Z").juba_clock(), "00:00");
}

#[test]
fn any_number_is_a_time() {
    for ms in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX] {
        let time = Time::from_millis(ms);
        let _ = (
            time.juba_day(),
            time.juba_clock(),
            format!("{time:?}"),
            time.plus(i64::MAX),
            time.since(Time::from_millis(i64::MIN)),
        );
    }
}

#[test]
fn ids_are_stable_and_read_back() {
    insta::assert_snapshot!(EventId::derive("messenger", "m_1"), @"dc6017cb0c9c013627814e3e6e97e305");
    insta::assert_snapshot!(EffectId::derive(ContactId::from_bytes([1; 16]), 2, 3), @"aa5a5f3ed90ca1ebc9e9fe38ee44405b");
    insta::assert_snapshot!(EventId::digest("hello"), @"4947313096215c45e7ca2a7153f381e4");
    assert_ne!(EventId::derive("ab", "c"), EventId::derive("a", "bc"));
    assert_ne!(EventId::derive("messenger", "hello"), EventId::digest("hello"));
    let id = EventId::derive("messenger", "m_1");
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_eq!(serde_json::to_string(&id).expect("json"), format!("\"{id}\""));
    for bad in [
        "",
        "12",
        "g0000000000000000000000000000000",
        "é0000000000000000000000000000000",
        "000000000000000000000000000000000",
    ] {
        assert!(bad.parse::<EventId>().is_err(), "{bad}");
    }
}

#[test]
fn a_count_never_refills_when_the_clock_jumps_back() {
    let mut count = DayCount::default();
    for _ in 0..3 {
        assert!(count.take(JubaDay(10), 3));
    }
    assert!(!count.take(JubaDay(10), 3));
    assert!(!count.take(JubaDay(9), 3));
    assert_eq!((count.on(JubaDay(9)), count.on(JubaDay(10)), count.on(JubaDay(11))), (3, 3, 0));
    count.give_back(JubaDay(9));
    assert_eq!(count.on(JubaDay(10)), 3);
    count.give_back(JubaDay(10));
    assert!(count.take(JubaDay(10), 3));
    assert!(count.take(JubaDay(11), 3));
    count.give_back(JubaDay(10));
    assert_eq!(count.on(JubaDay(11)), 1);
    for _ in 0..5 {
        count.give_back(JubaDay(11));
    }
    assert_eq!(count.on(JubaDay(11)), 0);
}

#[test]
fn delays_grow_and_are_spread_by_a_fifth() {
    let (none, most) = ([0; 16], [255; 16]);
    assert_eq!((retry::send(1, &none), retry::send(1, &most)), (1_000, 1_200));
    assert_eq!(retry::send(0, &none), 1_000);
    assert_eq!(retry::send(u32::MAX, &none), 15 * 60_000);
    assert_eq!(retry::ask_later(1, &none), 30_000);
    assert_eq!(retry::ask_later(100, &none), 3_600_000);
    assert_eq!([1, 2, 3, 4].map(retry::ask_soon), [Some(1_000), Some(3_000), Some(6_000), None]);
    assert_eq!(retry::alert(1, &none), 5_000);
    for attempt in 1..30 {
        assert!(retry::send(attempt + 1, &none) >= retry::send(attempt, &none));
    }
}
