//! The queue in the process: a bounded channel over the store.

use answerbot_ports::queue::{Queue, Ring, RingLost, Rung};
use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc};

/// Rings in the process. A full queue loses a ring, and the sweeper finds the contact.
pub struct MemoryQueue {
    rings: mpsc::Sender<Ring>,
    waiting: Mutex<mpsc::Receiver<Ring>>,
}

impl MemoryQueue {
    /// Holds at most `rings` that wait.
    #[must_use]
    pub fn new(rings: usize) -> Self {
        let (sender, receiver) = mpsc::channel(rings.max(1));
        Self { rings: sender, waiting: Mutex::new(receiver) }
    }
}

/// For a process that nobody here or elsewhere takes rings from: the sweepers of others find what it stored.
pub struct NoQueue;

#[async_trait]
impl Queue for NoQueue {
    async fn ring(&self, _: Ring) -> Result<(), RingLost> {
        Ok(())
    }

    async fn next(&self) -> Rung {
        std::future::pending().await
    }

    fn depth(&self) -> usize {
        0
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn ring(&self, ring: Ring) -> Result<(), RingLost> {
        self.rings.try_send(ring).map_err(|_| RingLost)
    }

    async fn next(&self) -> Rung {
        match self.waiting.lock().await.recv().await {
            Some(ring) => ring.into(),
            // Cannot happen while `self` holds a sender.
            None => std::future::pending().await,
        }
    }

    fn depth(&self) -> usize {
        self.rings.max_capacity() - self.rings.capacity()
    }
}
