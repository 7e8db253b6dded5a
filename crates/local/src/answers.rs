//! Shared answers of one machine: those in use in memory, those used twice in the store as well.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use answerbot_core::reuse::{Kept, Key};
use answerbot_ports::answers::{Answers, Recalled, SavedAnswers};
use answerbot_ports::store::StoreError;
use async_trait::async_trait;
use moka::sync::Cache as Moka;
use parking_lot::RwLock;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::OnceCell;

/// What an entry takes besides its texts, measured by `scripts/eval-cache`.
const OVERHEAD: usize = 250;
/// Bytes of a usual entry.
const USUAL: u64 = 850;
/// An answer that was withdrawn so often ...
const WITHDRAWN_MOST: u32 = 2;
/// ... within this time is not taken again: whoever asks gets one of their own.
const WITHDRAWN_FOR: Duration = Duration::from_hours(7 * 24);
/// So many withdrawn ones are remembered.
const WITHDRAWN: u64 = 10_000;

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Arc<Kept>> for Weight {
    fn weight(&self, _: &Key, kept: &Arc<Kept>) -> u64 {
        (kept.text.len() + kept.model.len() + OVERHEAD) as u64
    }
}

/// The shared answers of one process.
pub struct SharedAnswers {
    /// A hundred thousand small things: here what an entry takes besides its text counts.
    entries: Cache<Key, Arc<Kept>, Weight>,
    withdrawn: Moka<Key, u32>,
    /// Names of those in the store, read once: asking for any other one reads nothing.
    saved: OnceCell<RwLock<HashSet<Key>>>,
    store: Arc<dyn SavedAnswers>,
}

impl SharedAnswers {
    /// Keeps at most so many bytes in memory.
    #[must_use]
    pub fn new(store: Arc<dyn SavedAnswers>, bytes: u64) -> Self {
        Self {
            entries: Cache::with_weighter(
                usize::try_from(bytes / USUAL).unwrap_or(usize::MAX),
                bytes,
                Weight,
            ),
            withdrawn: Moka::builder().max_capacity(WITHDRAWN).time_to_live(WITHDRAWN_FOR).build(),
            saved: OnceCell::new(),
            store,
        }
    }

    async fn saved(&self) -> Result<&RwLock<HashSet<Key>>, StoreError> {
        let read = || async { Ok(RwLock::new(self.store.saved_keys().await?.into_iter().collect())) };
        self.saved.get_or_try_init(read).await
    }

    async fn forget(&self, key: Key) -> Result<(), StoreError> {
        self.store.delete_answer(key).await?;
        self.saved().await?.write().remove(&key);
        Ok(())
    }

    async fn read(&self, key: Key) -> Result<Option<Kept>, StoreError> {
        let saved = self.saved().await?;
        if !saved.read().contains(&key) {
            return Ok(None);
        }
        let found = self.store.saved_answer(key).await?;
        if found.is_none() {
            saved.write().remove(&key);
        }
        Ok(found)
    }
}

#[async_trait]
impl Answers for SharedAnswers {
    async fn recall(&self, key: Key) -> Option<Recalled> {
        if let Some(kept) = self.entries.get(&key) {
            let saved = self.saved.get().is_some_and(|saved| saved.read().contains(&key));
            return Some(Recalled { kept, saved });
        }
        match self.read(key).await {
            Ok(found) => {
                let kept = Arc::new(found?);
                self.entries.insert(key, Arc::clone(&kept));
                Some(Recalled { kept, saved: true })
            }
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
        if let Some(saved) = self.saved.get() {
            // The one in the store is older.
            saved.write().remove(&key);
        }
        self.entries.insert(key, Arc::new(kept));
    }

    async fn save(&self, key: Key) -> Result<(), StoreError> {
        let Some(kept) = self.entries.get(&key) else { return Ok(()) };
        // Noted first, so that the hits of one moment write it once.
        if !self.saved().await?.write().insert(key) {
            return Ok(());
        }
        if let Err(error) = self.store.save_answer(key, &kept).await {
            self.saved().await?.write().remove(&key);
            return Err(error);
        }
        if self.entries.get(&key).is_none_or(|now| !Arc::ptr_eq(&now, &kept)) {
            // It was withdrawn meanwhile, or another one took its place.
            self.forget(key).await?;
        }
        Ok(())
    }

    async fn withdraw(&self, key: Key) -> Result<(), StoreError> {
        self.entries.remove(&key);
        let times = self.withdrawn.get(&key).unwrap_or(0);
        self.withdrawn.insert(key, times + 1);
        self.forget(key).await?;
        // Somebody may have read it meanwhile.
        self.entries.remove(&key);
        Ok(())
    }
}
