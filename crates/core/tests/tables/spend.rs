use answerbot_core::JubaDay;
use answerbot_core::policy::Budget;
use answerbot_core::spend::{Level, MicroUsd, NoRoom, Price, Purse, Sums, first_of_month, tokens};
use proptest::prelude::*;

/// 25 November 2026.
const TODAY: JubaDay = JubaDay(20_782);

fn caps(day: Option<u64>, month: Option<u64>) -> Budget {
    Budget { day_micro_usd: day, month_micro_usd: month, ..Budget::default() }
}

#[test]
fn dollars_become_millionths_and_parts_of_one_are_rounded_up() {
    let table = [
        (0.000_285, 285),
        (0.000_000_1, 1),
        (0.1, 100_000),
        (0.0, 0),
        (-1.0, 0),
        (f64::NAN, 0),
        (0.000_014_04, 15),
    ];
    for (usd, expected) in table {
        assert_eq!(MicroUsd::from_usd(usd).0, expected, "{usd}");
    }
    assert_eq!(MicroUsd(1_234_567).usd(), "1.234567");
    assert_eq!(MicroUsd(85).usd(), "0.000085");
}

#[test]
fn tokens_cost_what_the_list_says_rounded_up() {
    let mini = Price { input: 150_000, output: 600_000 };
    assert_eq!((mini.of(700, 300).0, mini.of(1, 0).0, mini.of(0, 0).0), (285, 1, 0));
    assert_eq!(Price { input: u64::MAX, output: 1 }.of(u64::MAX, 1).0, u64::MAX, "nothing wraps");
    assert_eq!((tokens("abcdefgh"), tokens(""), tokens("ما هي")), (2, 0, 3));
}

#[test]
fn a_month_begins_in_juba() {
    assert_eq!(first_of_month(TODAY), JubaDay(TODAY.0 - 24));
    assert_eq!(first_of_month(JubaDay(0)), JubaDay(0));
    assert_eq!(first_of_month(JubaDay(58)), JubaDay(31), "28 February 1970");
}

#[test]
fn nought_is_nothing_and_none_is_no_cap() {
    let mut purse = Purse::default();
    for paid in [false, true] {
        assert_eq!(purse.reserve(&caps(Some(0), None), TODAY, paid, MicroUsd(0)), Err(NoRoom::Spent));
        assert_eq!(purse.reserve(&caps(None, Some(0)), TODAY, paid, MicroUsd(1)), Err(NoRoom::Spent));
        assert_eq!(purse.reserve(&caps(None, None), TODAY, paid, MicroUsd(u64::MAX)), Ok(Level::Open));
    }
}

#[test]
fn free_questions_have_seventy_of_a_hundred_and_those_who_paid_all_of_it() {
    let caps = caps(Some(1_000), None);
    let mut purse = Purse::default();
    let mut take = |paid| purse.reserve(&caps, TODAY, paid, MicroUsd(100));
    let free: Vec<_> = (0..8).map(|_| take(false)).collect();
    let (open, thrifty, none) = (Ok(Level::Open), Ok(Level::Thrifty), Err(NoRoom::Reserved));
    assert_eq!(free, [open, open, open, open, open, thrifty, thrifty, none]);
    let paid: Vec<_> = (0..4).map(|_| take(true)).collect();
    assert_eq!(paid, [open, thrifty, thrifty, none]);
}

#[test]
fn what_is_reserved_counts_until_it_is_settled() {
    let caps = caps(Some(1_000), None);
    let mut purse = Purse::default();
    assert!(purse.reserve(&caps, TODAY, true, MicroUsd(900)).is_ok());
    assert_eq!(purse.reserve(&caps, TODAY, true, MicroUsd(200)), Err(NoRoom::Reserved));
    purse.settle(TODAY, true, MicroUsd(900), MicroUsd(100));
    assert!(purse.reserve(&caps, TODAY, true, MicroUsd(200)).is_ok());
}

#[test]
fn a_new_day_and_a_new_month_begin_at_nought_and_a_clock_that_jumps_back_does_not() {
    let caps = caps(Some(100), Some(250));
    let mut purse = Purse::default();
    let mut spend = |day: i32| {
        let day = JubaDay(day);
        let taken = purse.reserve(&caps, day, true, MicroUsd(100)).is_ok();
        if taken {
            purse.settle(day, true, MicroUsd(100), MicroUsd(100));
        }
        taken
    };
    let last = first_of_month(TODAY).0 + 29;
    assert_eq!(
        [spend(TODAY.0), spend(TODAY.0), spend(TODAY.0 + 1), spend(TODAY.0), spend(TODAY.0 + 2)],
        [true, false, true, false, false]
    );
    assert_eq!([spend(last), spend(last + 1)], [false, true], "1 December");
}

#[test]
fn a_clock_that_was_ahead_and_is_right_again_leaves_no_day_used_up() {
    let caps = caps(Some(1_000), None);
    let mut purse = Purse::default();
    let tomorrow = JubaDay(TODAY.0 + 1);
    assert!(purse.reserve(&caps, tomorrow, true, MicroUsd(1_000)).is_ok());
    purse.settle(tomorrow, true, MicroUsd(1_000), MicroUsd(1_000));
    purse.learn(TODAY, Sums::default(), Sums::default());
    assert!(purse.reserve(&caps, TODAY, true, MicroUsd(1_000)).is_ok());
}

#[test]
fn what_others_spent_is_learnt_and_what_the_store_does_not_know_yet_is_kept() {
    let caps = caps(Some(1_000), None);
    let mut purse = Purse::default();
    assert!(purse.reserve(&caps, TODAY, true, MicroUsd(500)).is_ok());
    purse.settle(TODAY, true, MicroUsd(500), MicroUsd(500));
    // The store has not heard of it yet ...
    purse.learn(TODAY, Sums::default(), Sums::default());
    assert_eq!(purse.reserve(&caps, TODAY, true, MicroUsd(600)), Err(NoRoom::Spent));
    // ... and now of it and of another process.
    purse.learn(TODAY, Sums { free: MicroUsd(0), paid: MicroUsd(950) }, Sums::default());
    assert_eq!(purse.reserve(&caps, TODAY, true, MicroUsd(100)), Err(NoRoom::Spent));
    assert!(purse.reserve(&caps, TODAY, true, MicroUsd(50)).is_ok());
}

proptest! {
    /// However calls come and go, what was spent and may still be spent stays under the cap.
    #[test]
    fn a_cap_is_never_passed(cap in 0_u64..5_000, calls in prop::collection::vec((any::<bool>(), 1_u64..400, 0_u64..=100, any::<bool>()), 1..60)) {
        let caps = caps(Some(cap), None);
        let mut purse = Purse::default();
        let (mut spent, mut open) = ([0, 0], Vec::new());
        for (paid, most, share, ends) in calls {
            if purse.reserve(&caps, TODAY, paid, MicroUsd(most)).is_ok() {
                open.push((paid, most, most * share / 100));
            }
            if ends && let Some((paid, most, cost)) = open.pop() {
                purse.settle(TODAY, paid, MicroUsd(most), MicroUsd(cost));
                spent[usize::from(paid)] += cost;
            }
            let reserved = |of: bool| open.iter().filter(|it| it.0 == of).map(|it| it.1).sum::<u64>();
            prop_assert!(spent[0] + spent[1] + reserved(false) + reserved(true) <= cap);
            prop_assert!(spent[0] + reserved(false) <= cap * 70 / 100);
        }
    }
}
