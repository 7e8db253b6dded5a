use core::time::Duration;

use answerbot_core::silence::Silence;

const fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn three_calls_that_say_nothing_for_a_second_and_a_half_are_silence() {
    let mut silence = Silence::default();
    silence.begin(at(0));
    silence.begin(at(0));
    assert!(!silence.is_silent(at(60_000)), "two may be an accident");
    silence.begin(at(100));
    assert!(!silence.is_silent(at(1_600)));
    assert!(silence.is_silent(at(1_601)));
}

#[test]
fn who_is_always_slow_gets_more_patience() {
    let mut silence = Silence::default();
    for number in 0..20 {
        let call = silence.begin(at(number * 10_000));
        silence.words(call, at(number * 10_000 + 1_500));
        silence.end(call, true, at(number * 10_000 + 3_000));
    }
    for _ in 0..5 {
        silence.begin(at(300_000));
    }
    assert!(!silence.is_silent(at(305_900)));
    assert!(silence.is_silent(at(306_100)));
}

#[test]
fn an_answer_that_came_to_its_end_since_they_began_is_a_sign_of_life() {
    let mut silence = Silence::default();
    for _ in 0..3 {
        silence.begin(at(0));
    }
    let lucky = silence.begin(at(0));
    silence.words(lucky, at(200));
    silence.end(lucky, true, at(2_500));
    assert!(!silence.is_silent(at(2_600)));
    // Those that began later and hang as well are another matter.
    for _ in 0..3 {
        silence.begin(at(2_600));
    }
    assert!(silence.is_silent(at(4_200)));
}

#[test]
fn half_a_body_and_then_nothing_is_silence_too() {
    let mut silence = Silence::default();
    for _ in 0..3 {
        let call = silence.begin(at(0));
        silence.words(call, at(100));
    }
    assert!(!silence.is_silent(at(1_600)));
    assert!(silence.is_silent(at(1_700)));
}

#[test]
fn calls_that_ended_badly_wait_no_more() {
    let mut silence = Silence::default();
    let calls: Vec<u64> = (0..4).map(|_| silence.begin(at(0))).collect();
    assert!(silence.is_silent(at(5_000)));
    for call in &calls[..2] {
        silence.end(*call, false, at(5_000));
    }
    assert!(!silence.is_silent(at(5_001)));
    silence.words(99, at(5_001));
    silence.end(99, true, at(1));
}
