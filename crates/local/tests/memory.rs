//! Queue and cache in the process, through the suites of their ports.

use std::time::Duration;

use answerbot_local::{MemoryCache, MemoryQueue};
use answerbot_ports::conformance;

/// A suite that hangs has found something that waits for what never comes.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn it_is_a_queue() {
    for holds in [3, 8, 200] {
        let queue = MemoryQueue::new(holds);
        let suite = conformance::queue(&queue, holds);
        tokio::time::timeout(PATIENCE, suite).await.expect("a case waits for ever");
    }
}

#[tokio::test]
async fn it_is_a_cache() {
    let cache = MemoryCache::new(10);
    tokio::time::timeout(PATIENCE, conformance::cache(&cache)).await.expect("a case waits for ever");
}
