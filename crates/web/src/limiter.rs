//! How often an address may call.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use answerbot_ports::world::Clock;
use governor::clock::Clock as TimeSource;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::seldom::Seldom;

/// Addresses remembered; beyond it all new ones share one allowance until old ones are forgotten.
const ADDRESSES: usize = 50_000;
/// After so many checks, addresses with a full allowance are forgotten.
const TIDY_EVERY: u32 = 4_096;
/// Stands for every address that there is no room for.
const CROWD: IpAddr = IpAddr::V4(Ipv4Addr::BROADCAST);

/// Time for the limiter, from the port.
#[derive(Clone)]
struct Monotonic(Arc<dyn Clock>);

impl TimeSource for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

type Limiter = RateLimiter<IpAddr, DashMapStateStore<IpAddr>, Monotonic, NoOpMiddleware<Duration>>;

/// An allowance for each address.
pub(crate) struct ByAddress {
    limiter: Limiter,
    clock: Monotonic,
    checks: AtomicU32,
    crowded: AtomicBool,
    tidy_crowd: Seldom,
}

impl ByAddress {
    /// The general tier: 30 at once, then 60 a minute. A person who reads all pages uses five.
    pub(crate) fn general(clock: Arc<dyn Clock>) -> Self {
        Self::new(clock, 60, 30)
    }

    /// For webhooks that are not signed: 20 at once, then 30 a minute. A platform sends none.
    pub(crate) fn unsigned(clock: Arc<dyn Clock>) -> Self {
        Self::new(clock, 30, 20)
    }

    fn new(clock: Arc<dyn Clock>, per_minute: u32, burst: u32) -> Self {
        let clock = Monotonic(clock);
        let at_least_one = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(at_least_one(per_minute)).allow_burst(at_least_one(burst));
        let limiter = RateLimiter::new(quota, DashMapStateStore::default(), clock.clone());
        let tidy_crowd = Seldom::new(Duration::from_secs(1));
        Self { limiter, clock, checks: AtomicU32::new(0), crowded: AtomicBool::new(false), tidy_crowd }
    }

    /// Takes one from the address's allowance; else the whole seconds (at least one) until there is one.
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), u64> {
        let crowded = self.crowded.load(Relaxed);
        // By count, since only checks make it grow; in a crowd by time too, so that it ends soon after the attack.
        if self.checks.fetch_add(1, Relaxed) % TIDY_EVERY == TIDY_EVERY - 1
            || (crowded && self.tidy_crowd.pass(self.clock.now()).is_some())
        {
            self.tidy();
        }
        self.limiter.check_key(if crowded { &CROWD } else { &address }).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
        })
    }

    fn tidy(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
        self.crowded.store(self.limiter.len() >= ADDRESSES, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use answerbot_core::Time;

    use super::*;

    #[derive(Default)]
    struct Manual(AtomicU64);

    impl Clock for Manual {
        fn now(&self) -> Time {
            Time::default()
        }

        fn monotonic(&self) -> Duration {
            Duration::from_secs(self.0.load(Relaxed))
        }
    }

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(number))
    }

    #[test]
    fn a_crowd_of_addresses_is_forgotten_once_it_has_gone() {
        let clock = Arc::new(Manual::default());
        let limiter = ByAddress::unsigned(Arc::clone(&clock) as _);
        let passed = (0..200_000).filter(|&number| limiter.check(address(number)).is_ok()).count();
        assert!(limiter.limiter.len() < ADDRESSES + 2 * TIDY_EVERY as usize, "{}", limiter.limiter.len());
        assert!(passed < ADDRESSES + 2 * TIDY_EVERY as usize, "the crowd shares one allowance: {passed}");

        clock.0.store(60, Relaxed);
        let _ = limiter.check(address(1));
        assert_eq!(limiter.check(address(2)), Ok(()));
        assert!(limiter.limiter.len() < 3, "{}", limiter.limiter.len());
    }

    #[test]
    fn the_wait_is_told_in_whole_seconds() {
        let clock = Arc::new(Manual::default());
        let limiter = ByAddress::unsigned(Arc::clone(&clock) as _);
        assert!((0..20).all(|_| limiter.check(address(1)).is_ok()));
        assert_eq!(limiter.check(address(1)), Err(2));
        assert_eq!(limiter.check(address(2)), Ok(()));
        clock.0.store(2, Relaxed);
        assert_eq!(limiter.check(address(1)), Ok(()));
        assert_eq!(limiter.check(address(1)), Err(2));
    }
}
