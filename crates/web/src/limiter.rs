//! How often an address may call.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use answerbot_ports::limits::{Allowance, Limits, Taken};
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

/// 30 at once, then 60 a minute. A person who reads all pages uses five.
const GENERAL: Allowance = Allowance { tier: "general", per_minute: 60, burst: 30 };
/// For webhooks that are not signed: 20 at once, then 30 a minute. A platform sends none.
const UNSIGNED: Allowance = Allowance { tier: "unsigned", per_minute: 30, burst: 20 };

/// An allowance for each address: the process's own, and behind it, in a fleet, the one that all processes share.
pub(crate) struct ByAddress {
    allowance: Allowance,
    common: Option<Arc<dyn Limits>>,
    limiter: Limiter,
    clock: Monotonic,
    checks: AtomicU32,
    crowded: AtomicBool,
    tidy_crowd: Seldom,
}

impl ByAddress {
    /// The general tier.
    pub(crate) fn general(clock: Arc<dyn Clock>, common: Option<Arc<dyn Limits>>) -> Self {
        Self::new(clock, GENERAL, common)
    }

    /// The tier of those who prove nothing.
    pub(crate) fn unsigned(clock: Arc<dyn Clock>, common: Option<Arc<dyn Limits>>) -> Self {
        Self::new(clock, UNSIGNED, common)
    }

    fn new(clock: Arc<dyn Clock>, allowance: Allowance, common: Option<Arc<dyn Limits>>) -> Self {
        let clock = Monotonic(clock);
        let at_least_one = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let quota =
            Quota::per_minute(at_least_one(allowance.per_minute)).allow_burst(at_least_one(allowance.burst));
        let limiter = RateLimiter::new(quota, DashMapStateStore::default(), clock.clone());
        let tidy_crowd = Seldom::new(Duration::from_secs(1));
        let (checks, crowded) = (AtomicU32::new(0), AtomicBool::new(false));
        Self { allowance, common, limiter, clock, checks, crowded, tidy_crowd }
    }

    /// Takes one from the address's allowance; else the whole seconds (at least one) until there is one.
    ///
    /// The process's own is asked first: so a flood from one address costs the fleet no more than the allowance, and
    /// while what is common is away, the own one has counted all along.
    pub(crate) async fn check(&self, address: IpAddr) -> Result<(), u64> {
        self.check_here(address).map_err(whole_seconds)?;
        let Some(common) = &self.common else { return Ok(()) };
        let taken = match address {
            IpAddr::V4(four) => common.take(self.allowance, &four.octets()).await,
            IpAddr::V6(six) => common.take(self.allowance, &six.octets()).await,
        };
        match taken {
            Taken::Passed | Taken::Away => Ok(()),
            Taken::Wait(wait) => Err(whole_seconds(wait)),
        }
    }

    fn check_here(&self, address: IpAddr) -> Result<(), Duration> {
        let crowded = self.crowded.load(Relaxed);
        // By count, since only checks make it grow; in a crowd by time too, so that it ends soon after the attack.
        if self.checks.fetch_add(1, Relaxed) % TIDY_EVERY == TIDY_EVERY - 1
            || (crowded && self.tidy_crowd.pass(self.clock.now()).is_some())
        {
            self.tidy();
        }
        self.limiter
            .check_key(if crowded { &CROWD } else { &address })
            .map_err(|until| until.wait_time_from(self.clock.now()))
    }

    fn tidy(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
        self.crowded.store(self.limiter.len() >= ADDRESSES, Relaxed);
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::AtomicU64;

    use answerbot_core::Time;
    use answerbot_ports::conformance;
    use async_trait::async_trait;
    use parking_lot::Mutex;

    use super::*;

    #[derive(Default)]
    struct Manual(AtomicU64);

    impl Clock for Manual {
        fn now(&self) -> Time {
            Time::default()
        }

        fn monotonic(&self) -> Duration {
            Duration::from_millis(self.0.load(Relaxed))
        }
    }

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(number))
    }

    #[test]
    fn a_crowd_of_addresses_is_forgotten_once_it_has_gone() {
        let clock = Arc::new(Manual::default());
        let limiter = ByAddress::unsigned(Arc::clone(&clock) as _, None);
        let passed = (0..200_000).filter(|&number| limiter.check_here(address(number)).is_ok()).count();
        assert!(limiter.limiter.len() < ADDRESSES + 2 * TIDY_EVERY as usize, "{}", limiter.limiter.len());
        assert!(passed < ADDRESSES + 2 * TIDY_EVERY as usize, "the crowd shares one allowance: {passed}");

        clock.0.store(60_000, Relaxed);
        let _ = limiter.check_here(address(1));
        assert_eq!(limiter.check_here(address(2)), Ok(()));
        assert!(limiter.limiter.len() < 3, "{}", limiter.limiter.len());
    }

    #[test]
    fn the_wait_is_told_in_whole_seconds() {
        let clock = Arc::new(Manual::default());
        let limiter = ByAddress::unsigned(Arc::clone(&clock) as _, None);
        assert!((0..20).all(|_| limiter.check_here(address(1)).is_ok()));
        assert_eq!(limiter.check_here(address(1)).map_err(whole_seconds), Err(2));
        assert_eq!(limiter.check_here(address(2)), Ok(()));
        clock.0.store(2_000, Relaxed);
        assert_eq!(limiter.check_here(address(1)), Ok(()));
        assert_eq!(limiter.check_here(address(1)).map_err(whole_seconds), Err(2));
    }

    /// The process's own allowances behind the port, so that they meet the same suite as common ones.
    struct Own(Arc<Manual>, Mutex<HashMap<&'static str, Arc<ByAddress>>>);

    #[async_trait]
    impl Limits for Own {
        async fn take(&self, allowance: Allowance, who: &[u8]) -> Taken {
            let new = || Arc::new(ByAddress::new(Arc::clone(&self.0) as _, allowance, None));
            let limiter = Arc::clone(self.1.lock().entry(allowance.tier).or_insert_with(new));
            let name = who.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
            limiter.check_here(address(name)).map_or_else(Taken::Wait, |()| Taken::Passed)
        }
    }

    #[tokio::test]
    async fn the_process_counts_as_the_port_says() {
        let clock = Arc::new(Manual::default());
        let own = Own(Arc::clone(&clock), Mutex::default());
        let pass = |time: Duration| {
            clock.0.fetch_add(u64::try_from(time.as_millis()).unwrap() + 1, Relaxed);
            std::future::ready(())
        };
        conformance::limits(&own, pass).await;
    }
}
