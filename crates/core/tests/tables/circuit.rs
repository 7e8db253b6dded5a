use core::time::Duration;

use answerbot_core::circuit::Circuit;

const fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn opened_at(ms: u64) -> Circuit {
    let mut circuit = Circuit::default();
    for _ in 0..5 {
        circuit.note(false, at(ms));
    }
    circuit
}

#[test]
fn five_failures_in_a_row_open_it_and_one_success_between_them_does_not() {
    assert!(opened_at(0).is_open());
    let mut circuit = Circuit::default();
    for worked in [false, false, false, false, true, false, false, false, false] {
        circuit.note(worked, at(0));
    }
    assert!(!circuit.is_open());
}

#[test]
fn half_of_ten_in_half_a_minute_open_it_too() {
    let mut circuit = Circuit::default();
    for number in 0..10 {
        circuit.note(number % 2 == 0, at(number * 1_000));
    }
    assert!(circuit.is_open());
    let mut slow = Circuit::default();
    for number in 0..10 {
        slow.note(number % 2 == 0, at(number * 7_000));
    }
    assert!(!slow.is_open(), "what is longer ago does not count");
}

#[test]
fn after_its_rest_one_call_tries_and_closes_it_or_opens_it_for_twice_as_long() {
    let mut circuit = opened_at(0);
    assert!(!circuit.may_call(at(14_999)));
    assert!(circuit.may_call(at(15_000)) && !circuit.may_call(at(15_001)));
    circuit.note(false, at(16_000));
    assert!(!circuit.may_call(at(45_999)) && circuit.may_call(at(46_000)));
    circuit.note(true, at(46_500));
    assert!(!circuit.is_open());
}

#[test]
fn who_is_the_last_one_left_is_tried_twice_a_second_and_no_more() {
    let mut circuit = opened_at(0);
    assert!(circuit.may_call_anyway(at(100)));
    assert!(!circuit.may_call_anyway(at(599)) && circuit.may_call_anyway(at(600)));
    circuit.note(true, at(700));
    assert!(!circuit.is_open(), "it is back, and nobody waits for the end of its rest");
    assert!(circuit.may_call_anyway(at(701)) && circuit.may_call_anyway(at(702)));
}
