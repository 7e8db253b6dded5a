//! What everything that counts calls must do. An adapter's tests run [`limits`] on a fresh one.
//!
//! Allowances here fill slowly, so that a slow machine changes nothing; the one that must fill does so quickly.

use std::time::Duration;

use crate::limits::{Allowance, Limits, Taken};

/// Every case, one after the other. `pass` lets time pass, by the clock that this one counts by.
pub async fn limits<P: Future<Output = ()>>(limits: &dyn Limits, pass: impl Fn(Duration) -> P) {
    what_is_allowed_at_once_passes_and_the_next_one_waits(limits).await;
    one_who_waits_takes_nothing(limits).await;
    callers_and_tiers_have_allowances_of_their_own(limits).await;
    after_the_wait_one_passes(limits, &pass).await;
    it_fills_no_further_than_what_is_allowed_at_once(limits, &pass).await;
}

/// One every ten seconds.
const SLOW: Allowance = Allowance { tier: "slow", per_minute: 6, burst: 3 };
/// One every 200 milliseconds.
const QUICK: Allowance = Allowance { tier: "quick", per_minute: 300, burst: 2 };

async fn what_is_allowed_at_once_passes_and_the_next_one_waits(limits: &dyn Limits) {
    for number in 1..=SLOW.burst {
        assert_eq!(limits.take(SLOW, b"ann").await, Taken::Passed, "number {number}");
    }
    let Taken::Wait(wait) = limits.take(SLOW, b"ann").await else { panic!("the next one must wait") };
    let most = Duration::from_secs(10);
    assert!(wait > Duration::from_secs(5) && wait <= most, "until one is there: {wait:?}");
}

async fn one_who_waits_takes_nothing(limits: &dyn Limits) {
    for _ in 0..20 {
        let taken = limits.take(SLOW, b"ann").await;
        assert!(matches!(taken, Taken::Wait(wait) if wait <= Duration::from_secs(10)), "{taken:?}");
    }
}

async fn callers_and_tiers_have_allowances_of_their_own(limits: &dyn Limits) {
    assert_eq!(limits.take(SLOW, b"bob").await, Taken::Passed);
    assert_eq!(limits.take(Allowance { tier: "other", ..SLOW }, b"ann").await, Taken::Passed);
    assert!(matches!(limits.take(SLOW, b"ann").await, Taken::Wait(_)));
}

/// Takes until nothing is left; how many that were.
async fn drain(limits: &dyn Limits, who: &[u8]) -> (u32, Duration) {
    for taken in 0..100 {
        match limits.take(QUICK, who).await {
            Taken::Passed => {}
            Taken::Wait(wait) => return (taken, wait),
            Taken::Away => panic!("it is away"),
        }
    }
    panic!("it never ends")
}

async fn after_the_wait_one_passes<P: Future<Output = ()>>(
    limits: &dyn Limits,
    pass: impl Fn(Duration) -> P,
) {
    let (_, wait) = drain(limits, b"eve").await;
    pass(wait).await;
    assert_eq!(limits.take(QUICK, b"eve").await, Taken::Passed);
}

async fn it_fills_no_further_than_what_is_allowed_at_once<P: Future<Output = ()>>(
    limits: &dyn Limits,
    pass: impl Fn(Duration) -> P,
) {
    drain(limits, b"joe").await;
    pass(Duration::from_secs(2)).await;
    let (taken, _) = drain(limits, b"joe").await;
    // A slow machine may see one or two come while it takes.
    assert!((QUICK.burst..QUICK.burst + 3).contains(&taken), "{taken} at once after a long time");
}
