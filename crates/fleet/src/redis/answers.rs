//! Shared answers of the fleet: those in use in Redis, those used twice in the store as well.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use answerbot_core::reuse::{Kept, Key};
use answerbot_ports::answers::{Answers, Recalled, SavedAnswers};
use answerbot_ports::codec::Codec;
use answerbot_ports::store::StoreError;
use answerbot_ports::world::Clock;
use async_trait::async_trait;
use moka::sync::Cache as Moka;
use parking_lot::Mutex;
use redis::Script;
use serde::{Deserialize, Serialize};

use super::link::{Away, RedisLink};
use super::marks::Mark;

const SCHEMA: u32 = 1;
/// How much earlier or later than the rest an answer leaves Redis.
const SPREAD: f64 = 0.1;
/// An answer stays for at least this long.
const LEAST: Duration = Duration::from_mins(10);
/// For so long, and of so many, it is remembered which tag counted: longer than a call takes.
const MARK_FOR: Duration = Duration::from_mins(2);
const MARKS: u64 = 100_000;
/// For so long it is remembered that the store has no answer.
const NONE_FOR: Duration = Duration::from_secs(30);
/// So many of those.
const NONES: u64 = 10_000;
/// What is kept in the process while Redis is away: so many bytes, for so long.
const NEAR_BYTES: u64 = 4 * 1024 * 1024;
const NEAR_FOR: Duration = Duration::from_mins(30);

/// Puts a value in the place of another one, if that still stands there; its time goes on.
static SWAP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL') end",
    )
});
/// Takes the lead, or keeps it.
static LEAD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local leader = redis.call('GET', KEYS[1]) \
         if leader and leader ~= ARGV[1] then return 0 end \
         redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) \
         return 1",
    )
});
/// Gives the lead back, if it is still one's own.
static LAND: LazyLock<Script> = LazyLock::new(|| {
    Script::new("if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end")
});

/// An answer as it stands in Redis.
#[derive(Clone, Serialize, Deserialize)]
struct Held {
    kept: Kept,
    /// Whether the store has it too.
    saved: bool,
}

/// An answer in the process, and the tag that it stands under.
#[derive(Clone)]
struct Near {
    tag: u64,
    held: Arc<Held>,
}

/// What a look for an answer brought.
enum Found {
    In(Held, Source),
    None,
}

/// Where it was.
enum Source {
    Redis(Vec<u8>),
    Near,
}

/// The shared answers of a fleet.
///
/// Each look reads the tag that counts from the store beside asking Redis (`marks`): so whatever Redis does, what was
/// withdrawn is gone. While Redis is away the process keeps a few itself, under the same tags.
///
/// An answer is not made anew before its time is over (`XFetch`): one process of the fleet asks then, and whoever comes
/// meanwhile waits for it, so that nothing piles up; and answers are kept for weeks.
pub struct RedisAnswers {
    link: Arc<RedisLink>,
    store: Arc<dyn SavedAnswers>,
    codec: Codec,
    clock: Arc<dyn Clock>,
    stale_ms: i64,
    /// Names this process as a leader.
    token: String,
    near: Moka<Key, Near>,
    /// Marks as they were read last: an answer is put under the tag that whoever asked for it had found. Where it was
    /// withdrawn meanwhile, nobody looks there any more.
    marks: Moka<Key, Mark>,
    /// Names of which the store has no answer.
    nones: Moka<Key, ()>,
    /// Those that this process writes into the store just now.
    saving: Mutex<HashSet<Key>>,
}

impl RedisAnswers {
    /// Over a connection, sealed by `codec`. `stale_ms`: for how long past its time an answer is better than none.
    #[must_use]
    pub fn new(
        link: Arc<RedisLink>,
        store: Arc<dyn SavedAnswers>,
        codec: Codec,
        clock: Arc<dyn Clock>,
        stale_ms: i64,
    ) -> Self {
        let token = hex::encode(link.entropy().seed());
        let weight =
            |_: &Key, near: &Near| u32::try_from(near.held.kept.text.len() + 250).unwrap_or(u32::MAX);
        let near = Moka::builder().weigher(weight).max_capacity(NEAR_BYTES).time_to_live(NEAR_FOR).build();
        let nones = Moka::builder().max_capacity(NONES).time_to_live(NONE_FOR).build();
        let marks = Moka::builder().max_capacity(MARKS).time_to_live(MARK_FOR).build();
        Self { link, store, codec, clock, stale_ms, token, near, marks, nones, saving: Mutex::default() }
    }

    fn name(&self, key: Key) -> String {
        self.link.name("answer", &key.0)
    }

    fn lock(&self, key: Key) -> String {
        self.link.name("lead", &key.0)
    }

    /// The tag that counts, what stands under it outside of the store, and what the store has under none.
    async fn look(&self, key: Key) -> Result<(Mark, Found, Option<Kept>), StoreError> {
        let mut get = redis::cmd("GET");
        get.arg(self.name(key));
        let (mark, blob) =
            tokio::join!(Mark::read_with(&*self.store, key), self.link.run::<Option<Vec<u8>>>(&get));
        let (mark, saved) = mark?;
        self.marks.insert(key, mark);
        let found = match blob {
            // What stands under another tag cannot be opened.
            Ok(Some(blob)) => self
                .codec
                .open(SCHEMA, &row(key, mark.tag), &blob)
                .map_or(Found::None, |held| Found::In(held, Source::Redis(blob))),
            Ok(None) => Found::None,
            Err(Away) => match self.near.get(&key).filter(|near| near.tag == mark.tag) {
                Some(near) => Found::In((*near.held).clone(), Source::Near),
                None => Found::None,
            },
        };
        Ok((mark, found, saved))
    }

    async fn put(&self, key: Key, mark: Mark, held: Held) {
        let kept = &held.kept;
        let left = kept.until.plus(self.stale_ms).since(self.clock.now());
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0)).max(LEAST);
        let Ok(blob) = self.codec.seal(SCHEMA, &row(key, mark.tag), &held) else { return };
        let mut set = redis::cmd("SET");
        set.arg(self.name(key)).arg(blob).arg("PX").arg(self.link.around(left, SPREAD));
        match self.link.run::<()>(&set).await {
            Ok(()) => self.near.invalidate(&key),
            Err(Away) => self.keep_near(key, mark, held),
        }
    }

    fn keep_near(&self, key: Key, mark: Mark, held: Held) {
        self.near.insert(key, Near { tag: mark.tag, held: Arc::new(held) });
    }

    async fn find(&self, key: Key) -> Result<Option<Recalled>, StoreError> {
        let (mark, found, saved) = self.look(key).await?;
        if mark.is_barred(self.clock.now()) {
            return Ok(None);
        }
        if let Found::In(Held { kept, saved }, _) = found {
            return Ok(Some(Recalled { kept: Arc::new(kept), saved }));
        }
        let name = mark.saved_name(key);
        let kept = match saved {
            None if mark.tag == 0 || self.nones.contains_key(&name) => return Ok(None),
            None => self.store.saved_answer(name).await?,
            saved => saved,
        };
        let Some(kept) = kept else {
            self.nones.insert(name, ());
            return Ok(None);
        };
        self.put(key, mark, Held { kept: kept.clone(), saved: true }).await;
        Ok(Some(Recalled { kept: Arc::new(kept), saved: true }))
    }

    async fn write_down(&self, key: Key) -> Result<(), StoreError> {
        let (mark, found, _) = self.look(key).await?;
        let Found::In(held, source) = found else { return Ok(()) };
        if held.saved {
            return Ok(());
        }
        let name = mark.saved_name(key);
        self.store.save_answer(name, &held.kept).await?;
        self.nones.invalidate(&name);
        if Mark::read(&*self.store, key).await?.tag != mark.tag {
            // It was withdrawn meanwhile. Nobody looks under this name any more; it need not lie there.
            return self.store.delete_answer(name).await;
        }
        let held = Held { saved: true, ..held };
        match source {
            Source::Near => self.keep_near(key, mark, held),
            Source::Redis(before) => {
                // If another one took its place, that one is not saved.
                let Ok(after) = self.codec.seal(SCHEMA, &row(key, mark.tag), &held) else { return Ok(()) };
                let _ = self.link.call::<()>(SWAP.key(self.name(key)).arg(before).arg(after)).await;
            }
        }
        Ok(())
    }
}

/// What a blob is bound to.
fn row(key: Key, tag: u64) -> Vec<u8> {
    [&b"answer "[..], &key.0, &tag.to_be_bytes()].concat()
}

/// Takes a name off the list, also when its task is cut.
struct Saving<'a>(&'a Mutex<HashSet<Key>>, Key);

impl Drop for Saving<'_> {
    fn drop(&mut self) {
        self.0.lock().remove(&self.1);
    }
}

#[async_trait]
impl Answers for RedisAnswers {
    async fn recall(&self, key: Key) -> Option<Recalled> {
        match self.find(key).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(error = %error, "a shared answer could not be read");
                None
            }
        }
    }

    async fn remember(&self, key: Key, kept: Kept) {
        let mark = match self.marks.get(&key) {
            Some(mark) => Ok(mark),
            None => Mark::read(&*self.store, key).await,
        };
        match mark {
            Ok(mark) if mark.is_barred(self.clock.now()) => {}
            Ok(mark) => self.put(key, mark, Held { kept, saved: false }).await,
            Err(error) => tracing::warn!(error = %error, "a shared answer is not kept: is one withdrawn?"),
        }
    }

    async fn save(&self, key: Key) -> Result<(), StoreError> {
        // The hits of one moment write it once.
        if !self.saving.lock().insert(key) {
            return Ok(());
        }
        let _saving = Saving(&self.saving, key);
        self.write_down(key).await
    }

    async fn withdraw(&self, key: Key) -> Result<(), StoreError> {
        let mark = Mark::read(&*self.store, key).await?;
        // First the row, so that one that failed and is tried again counts once.
        self.store.delete_answer(mark.saved_name(key)).await?;
        mark.next(self.clock.now(), self.link.entropy()).write(&*self.store, key).await?;
        // It is over for everybody; the rest is tidying up.
        self.marks.invalidate(&key);
        self.near.invalidate(&key);
        let _ = self.link.run::<()>(redis::cmd("DEL").arg(self.name(key))).await;
        Ok(())
    }

    async fn may_have(&self, key: Key) -> bool {
        // Where Redis is away each look is worth it: it is answered by the store.
        self.link.run(redis::cmd("EXISTS").arg(self.name(key))).await.unwrap_or(true)
    }

    async fn lead(&self, key: Key, most: Duration) -> bool {
        let ms = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        let lead = self.link.call::<bool>(LEAD.key(self.lock(key)).arg(&self.token).arg(ms)).await;
        // Without Redis each process asks by itself.
        lead.unwrap_or(true)
    }

    async fn land(&self, key: Key) {
        let _ = self.link.call::<()>(LAND.key(self.lock(key)).arg(&self.token)).await;
    }
}
