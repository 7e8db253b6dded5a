//! What the processes of a fleet have in common besides the store: a queue, warm states, shared answers, limits. Each is
//! in the process where no server is named for it.

use std::sync::Arc;

use answerbot_local::{MemoryCache, MemoryQueue, NoQueue, SharedAnswers};
use answerbot_ports::answers::Answers;
use answerbot_ports::cache::Cache;
use answerbot_ports::limits::Limits;
use answerbot_ports::queue::Queue;

use crate::assemble::World;
use crate::cli::Role;
use crate::stores::Stores;
#[cfg(feature = "redis")]
use crate::world::OsEntropy;

/// Warm contacts in memory: at one to three kilobytes each, some tens of megabytes at most.
const WARM_CONTACTS: u64 = 10_000;
/// Shared answers in memory: about a hundred thousand.
const SHARED_BYTES: u64 = 90_000_000;
/// Rings in memory; what does not fit is found by the sweeper.
const RINGS: usize = 10_000;

/// The queue: in the process, or NATS.
pub struct Rings {
    pub queue: Arc<dyn Queue>,
    #[cfg(feature = "nats")]
    nats: Option<Arc<answerbot_fleet::nats::NatsQueue>>,
}

impl Rings {
    /// Gives back what was taken and not begun.
    #[cfg_attr(not(feature = "nats"), expect(clippy::unused_async, reason = "NATS is told"))]
    pub async fn close(&self) {
        #[cfg(feature = "nats")]
        if let Some(nats) = &self.nats {
            nats.close().await;
        }
    }
}

/// Warm states, shared answers and limits.
pub struct Common {
    pub cache: Arc<dyn Cache>,
    pub answers: Arc<dyn Answers>,
    pub limits: Option<Arc<dyn Limits>>,
}

#[cfg(feature = "nats")]
impl World {
    /// Where NATS is; `None` where the queue is in the process.
    pub fn nats(&self) -> Option<answerbot_fleet::nats::NatsSettings> {
        use secrecy::ExposeSecret as _;
        let url = self.settings.nats.as_ref()?;
        let replicas = usize::from(self.settings.nats_replicas);
        Some(answerbot_fleet::nats::NatsSettings::new(url.expose_secret(), replicas))
    }
}

impl World {
    /// The queue of rings.
    #[cfg_attr(not(feature = "nats"), expect(clippy::unused_async, reason = "NATS is connected to"))]
    pub async fn rings(&self, role: Role) -> anyhow::Result<Rings> {
        #[cfg(feature = "nats")]
        if let Some(settings) = self.nats() {
            let nats = Arc::new(answerbot_fleet::nats::NatsQueue::connect(settings, self.codec()?).await?);
            return Ok(Rings { queue: Arc::clone(&nats) as _, nats: Some(nats) });
        }
        if self.settings.database.is_shared() {
            tracing::warn!(
                "NATS_URL is not set: what one process takes, another one finds by looking, not at once"
            );
        }
        let queue: Arc<dyn Queue> = match role {
            Role::Web => Arc::new(NoQueue),
            Role::All | Role::Worker => Arc::new(MemoryQueue::new(RINGS)),
        };
        Ok(Rings {
            queue,
            #[cfg(feature = "nats")]
            nats: None,
        })
    }

    /// How the servers of a fleet are: each one's part, what it says or what is wrong, and what to do then.
    #[cfg_attr(
        not(any(feature = "nats", feature = "redis")),
        expect(clippy::unused_async, reason = "servers are asked")
    )]
    pub async fn servers(&self) -> Vec<(&'static str, Result<String, String>, &'static str)> {
        #[cfg_attr(
            not(any(feature = "nats", feature = "redis")),
            expect(unused_mut, reason = "servers are asked")
        )]
        let mut all = Vec::new();
        #[cfg(feature = "nats")]
        if let Some(settings) = self.nats() {
            let result = match answerbot_fleet::nats::check(&settings).await {
                Ok(odd) if odd.is_empty() => {
                    Ok("NATS is there, and the stream is as it should be".to_owned())
                }
                Ok(odd) => Err(odd.join("; ")),
                Err(error) => Err(error.to_string()),
            };
            all.push(("queue", result, "Work is found by the sweeper meanwhile, later than it could be. `answerbot migrate` makes the stream."));
        }
        #[cfg(feature = "redis")]
        if let Some(url) = &self.settings.redis {
            use answerbot_fleet::redis::{RedisLink, RedisSettings};
            use secrecy::ExposeSecret as _;
            let link = RedisLink::open(&RedisSettings::new(url.expose_secret()), Arc::new(OsEntropy));
            let result = match link {
                Ok(link) => link.ping().await.map(|took| format!("Redis answers in {} ms", took.as_millis())),
                Err(error) => Err(error.to_string()),
            };
            all.push(("cache", result, "The store is asked more often meanwhile. Check REDIS_URL."));
        }
        all
    }

    /// What processes have in common, over what was opened.
    #[cfg_attr(not(feature = "redis"), expect(clippy::unnecessary_wraps, reason = "with Redis it can fail"))]
    pub fn common(&self, stores: &Stores) -> anyhow::Result<Common> {
        #[cfg(feature = "redis")]
        if let Some(url) = &self.settings.redis {
            use answerbot_fleet::redis::{RedisAnswers, RedisCache, RedisLimits, RedisLink, RedisSettings};
            use secrecy::ExposeSecret as _;
            let settings = RedisSettings::new(url.expose_secret());
            let link = Arc::new(RedisLink::open(&settings, Arc::new(OsEntropy))?);
            let answers = RedisAnswers::new(
                Arc::clone(&link),
                Arc::clone(&stores.all) as _,
                stores.codec.clone(),
                Arc::clone(&self.clock) as _,
                self.settings.policy.reuse.stale_ms,
            );
            return Ok(Common {
                cache: Arc::new(RedisCache::new(Arc::clone(&link), stores.codec.clone())),
                answers: Arc::new(answers),
                limits: Some(Arc::new(RedisLimits::new(link, stores.hash.clone()))),
            });
        }
        let is_shared = self.settings.database.is_shared();
        if is_shared {
            tracing::warn!(
                "REDIS_URL is not set: answers are not shared among people, and each process counts its own callers"
            );
        }
        // Another process would give on what this one withdrew.
        let bytes = if is_shared { 0 } else { SHARED_BYTES };
        Ok(Common {
            cache: Arc::new(MemoryCache::new(WARM_CONTACTS)),
            answers: Arc::new(SharedAnswers::new(Arc::clone(&stores.all) as _, bytes)),
            limits: None,
        })
    }
}
