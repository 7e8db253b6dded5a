//! How often a caller may call, counted for the whole fleet.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use answerbot_ports::keys::HashKey;
use answerbot_ports::limits::{Allowance, Limits, Taken};
use async_trait::async_trait;
use redis::Script;

use super::link::{Away, RedisLink};

/// The moment at which an allowance is full again (GCRA), in microseconds of the server's clock, so that the clocks of
/// processes do not matter. A server whose clock was put back lets nobody wait longer than for one.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local time = redis.call('TIME') \
         local now = time[1] * 1000000 + time[2] \
         local every, room = tonumber(ARGV[1]), tonumber(ARGV[1]) * tonumber(ARGV[2]) \
         local full = tonumber(redis.call('GET', KEYS[1]) or now) \
         if full < now then full = now elseif full > now + room then full = now + room end \
         local next = full + every \
         local wait = next - now - room \
         if wait > 0 then return wait end \
         redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000)) \
         return 0",
    )
});

/// Allowances of the fleet.
pub struct RedisLimits {
    link: Arc<RedisLink>,
    hash_key: HashKey,
}

impl RedisLimits {
    /// Over a connection. Who calls leaves the process hashed under `hash_key` only.
    #[must_use]
    pub const fn new(link: Arc<RedisLink>, hash_key: HashKey) -> Self {
        Self { link, hash_key }
    }
}

#[async_trait]
impl Limits for RedisLimits {
    async fn take(&self, allowance: Allowance, who: &[u8]) -> Taken {
        let Allowance { tier, per_minute, burst } = allowance;
        let name = self.link.name(&format!("limit:{tier}"), &self.hash_key.caller(who));
        let every = 60_000_000 / u64::from(per_minute.max(1));
        match self.link.call::<u64>(TAKE.key(name).arg(every).arg(burst.max(1))).await {
            Ok(0) => Taken::Passed,
            Ok(micros) => Taken::Wait(Duration::from_micros(micros)),
            Err(Away) => Taken::Away,
        }
    }
}
