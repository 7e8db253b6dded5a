use std::time::Duration;

use answerbot_core::pay::breaker::Breaker;

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn after(calls: &[bool]) -> Breaker {
    let mut breaker = Breaker::default();
    for worked in calls {
        assert!(breaker.may_call(at(0)));
        breaker.note(*worked, at(0));
    }
    breaker
}

#[test]
fn five_failures_in_the_last_eight_calls_open_it_and_four_do_not() {
    let (ok, no) = (true, false);
    let table: [(&str, &[bool], bool); 6] = [
        ("nothing yet", &[], false),
        ("four in a row", &[no; 4], false),
        ("five in a row", &[no; 5], true),
        ("five among eight", &[no, ok, no, ok, no, ok, no, no], true),
        ("four among eight", &[no, ok, no, ok, no, ok, no, ok], false),
        ("five among nine, one of them long ago", &[no, ok, ok, no, ok, ok, no, no, no], false),
    ];
    for (label, calls, open) in table {
        assert_eq!(after(calls).is_open(), open, "{label}");
    }
}

#[test]
fn an_open_one_lets_one_call_a_minute_try() {
    let mut breaker = after(&[false; 5]);
    assert!(!breaker.may_call(at(59)));
    assert!(breaker.may_call(at(60)), "the probe");
    assert!(!breaker.may_call(at(60)), "only one");
    breaker.note(false, at(61));
    assert!(!breaker.may_call(at(120)), "a minute from the failed probe on");
    assert!(breaker.may_call(at(121)));
    breaker.note(true, at(122));
    assert!(!breaker.is_open() && breaker.may_call(at(122)));
    breaker.note(false, at(123));
    assert!(!breaker.is_open(), "it begins anew");
}

#[test]
fn a_probe_that_never_ends_does_not_shut_it_for_ever() {
    let mut breaker = after(&[false; 5]);
    assert!(breaker.may_call(at(60)));
    assert!(!breaker.may_call(at(119)));
    assert!(breaker.may_call(at(120)));
}
