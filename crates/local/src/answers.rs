//! Shared answers of one machine: those in use in memory, those used twice in the store as well.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use answerbot_core::reuse::{Kept, Key};
use answerbot_ports::answers::{Answers, Recalled};
use answerbot_ports::store::StoreError;
use async_trait::async_trait;
use moka::sync::Cache as Moka;
use parking_lot::RwLock;
use tokio::sync::OnceCell;

use crate::SqliteStore;

/// What an entry takes besides its text.
const OVERHEAD: usize = 250;
/// An answer that was withdrawn so often ...
const WITHDRAWN_MOST: u32 = 2;
/// ... within this time is not taken again: whoever asks gets one of their own.
const WITHDRAWN_FOR: Duration = Duration::from_hours(7 * 24);
/// So many withdrawn ones are remembered.
const WITHDRAWN: u64 = 10_000;

struct Entry {
    kept: Arc<Kept>,
    saved: AtomicBool,
}

/// The shared answers of one process.
pub struct SharedAnswers {
    entries: Moka<Key, Arc<Entry>>,
    withdrawn: Moka<Key, u32>,
    /// Names of those in the store, read once: asking for any other one reads nothing.
    saved: OnceCell<RwLock<HashSet<Key>>>,
    store: Arc<SqliteStore>,
}

impl SharedAnswers {
    /// Keeps at most so many bytes in memory.
    #[must_use]
    pub fn new(store: Arc<SqliteStore>, bytes: u64) -> Self {
        let weight = |_: &Key, entry: &Arc<Entry>| {
            u32::try_from(entry.kept.text.len() + entry.kept.model.len() + OVERHEAD).unwrap_or(u32::MAX)
        };
        Self {
            entries: Moka::builder().max_capacity(bytes).weigher(weight).build(),
            withdrawn: Moka::builder().max_capacity(WITHDRAWN).time_to_live(WITHDRAWN_FOR).build(),
            saved: OnceCell::new(),
            store,
        }
    }

    async fn saved(&self) -> Result<&RwLock<HashSet<Key>>, StoreError> {
        let read = || async { Ok(RwLock::new(self.store.shared_keys().await?.into_iter().collect())) };
        self.saved.get_or_try_init(read).await
    }

    async fn read(&self, key: Key) -> Result<Option<Kept>, StoreError> {
        let saved = self.saved().await?;
        if !saved.read().contains(&key) {
            return Ok(None);
        }
        let found = self.store.shared_answer(key).await?;
        if found.is_none() {
            saved.write().remove(&key);
        }
        Ok(found)
    }
}

#[async_trait]
impl Answers for SharedAnswers {
    async fn recall(&self, key: Key) -> Option<Recalled> {
        if let Some(entry) = self.entries.get(&key) {
            let saved = entry.saved.load(Ordering::Relaxed);
            return Some(Recalled { kept: Arc::clone(&entry.kept), saved });
        }
        match self.read(key).await {
            Ok(Some(kept)) => {
                let kept = Arc::new(kept);
                let entry = Entry { kept: Arc::clone(&kept), saved: AtomicBool::new(true) };
                self.entries.insert(key, Arc::new(entry));
                Some(Recalled { kept, saved: true })
            }
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(error = %error, "a shared answer could not be read");
                None
            }
        }
    }

    async fn remember(&self, key: Key, kept: Kept) {
        if self.withdrawn.get(&key).is_some_and(|times| times >= WITHDRAWN_MOST) {
            return;
        }
        let entry = Entry { kept: Arc::new(kept), saved: AtomicBool::new(false) };
        self.entries.insert(key, Arc::new(entry));
    }

    async fn save(&self, key: Key) -> Result<(), StoreError> {
        let Some(entry) = self.entries.get(&key) else { return Ok(()) };
        if entry.saved.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        if let Err(error) = self.store.save_answer(key, &entry.kept).await {
            entry.saved.store(false, Ordering::Relaxed);
            return Err(error);
        }
        self.saved().await?.write().insert(key);
        Ok(())
    }

    async fn withdraw(&self, key: Key) -> Result<(), StoreError> {
        self.entries.invalidate(&key);
        let times = self.withdrawn.get(&key).unwrap_or(0);
        self.withdrawn.insert(key, times + 1);
        self.store.withdraw_answer(key).await?;
        // Somebody may have read it meanwhile.
        self.entries.invalidate(&key);
        self.saved().await?.write().remove(&key);
        Ok(())
    }
}
