//! Each adapter against the suite of its port, and what its port cannot say.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::Turn;
use answerbot_core::reuse::Key;
use answerbot_core::time::DAY;
use answerbot_core::{AggregateId, Contact, ContactId, EffectId};
use answerbot_fleet::redis::{RedisCache, RedisLimits, RedisLink, RedisSettings};
use answerbot_ports::answers::Answers;
use answerbot_ports::cache::{Cache, Warm};
use answerbot_ports::conformance;
use answerbot_ports::keys::{HashKey, Key as SecretKey};
use answerbot_ports::limits::{Allowance, Limits, Taken};
use answerbot_ports::world::{Clock, Entropy};
use redis::aio::MultiplexedConnection;
use redis::{Client, cmd};

use super::server::{Real, Saved, Server, codec, dead_link, kept, link_to};

/// The server of `TEST_REDIS_URL`, else one of our own.
struct Any {
    url: String,
    /// Nobody else uses these names.
    prefix: String,
    _server: Option<Server>,
}

impl Any {
    #[expect(clippy::disallowed_methods, reason = "where a test's server is, only the environment knows")]
    fn server() -> Option<Self> {
        let prefix = format!("test:{}:", u128::from_be_bytes(Real.seed()));
        if let Ok(url) = std::env::var("TEST_REDIS_URL") {
            return Some(Self { url, prefix, _server: None });
        }
        let server = Server::start()?;
        Some(Self { url: server.url(), prefix, _server: Some(server) })
    }

    async fn link(&self) -> Arc<RedisLink> {
        link_to(&self.url, &self.prefix).await
    }

    async fn raw(&self) -> MultiplexedConnection {
        Client::open(self.url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap()
    }

    /// All names that begin so.
    async fn names(&self, part: &str) -> Vec<String> {
        cmd("KEYS").arg(format!("{}{part}*", self.prefix)).query_async(&mut self.raw().await).await.unwrap()
    }
}

async fn within_a_minute(suite: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_mins(1), suite).await.expect("a case waits for ever");
}

fn ann() -> AggregateId {
    ContactId::from_bytes([1; 16]).into()
}

fn warm(decisions: u64) -> Warm {
    let state = Contact { decisions, ..Contact::default() };
    Warm { state: Arc::new(state.into()), version: decisions, consumed: decisions }
}

fn hash_key() -> HashKey {
    HashKey::new(SecretKey::from_bytes([3; 32]))
}

#[tokio::test]
async fn the_cache_keeps_its_port() {
    let Some(any) = Any::server() else { return };
    within_a_minute(conformance::cache(&RedisCache::new(any.link().await, codec(1)))).await;
}

#[tokio::test]
async fn the_answers_keep_their_port() {
    let Some(any) = Any::server() else { return };
    let (link, saved) = (any.link().await, Saved::new());
    within_a_minute(conformance::answers(saved.answers(&link), || saved.answers(&link))).await;
}

#[tokio::test]
async fn the_answers_keep_their_port_without_redis_too() {
    let saved = Saved::new();
    let link = dead_link();
    within_a_minute(conformance::answers(saved.answers(&link), || saved.answers(&link))).await;
}

#[tokio::test]
async fn the_limits_keep_their_port() {
    let Some(any) = Any::server() else { return };
    let limits = RedisLimits::new(any.link().await, hash_key());
    within_a_minute(conformance::limits(&limits, tokio::time::sleep)).await;
}

#[tokio::test]
async fn two_processes_count_one_caller_together() {
    let Some(any) = Any::server() else { return };
    let allowance = Allowance { tier: "t", per_minute: 6, burst: 4 };
    let mut passed = 0;
    let (one, two) = (any.link().await, any.link().await);
    let (one, two) = (RedisLimits::new(one, hash_key()), RedisLimits::new(two, hash_key()));
    for _ in 0..4 {
        passed += u32::from(one.take(allowance, b"eve").await == Taken::Passed);
        passed += u32::from(two.take(allowance, b"eve").await == Taken::Passed);
    }
    assert_eq!(passed, 4);
}

#[tokio::test]
async fn what_another_process_remembers_is_recalled_and_what_cannot_be_read_is_none() {
    let Some(any) = Any::server() else { return };
    let link = any.link().await;
    let (one, two) = (RedisCache::new(Arc::clone(&link), codec(1)), RedisCache::new(link, codec(1)));
    one.remember(ann(), warm(7)).await;
    assert_eq!(two.recall(ann()).await, Some(warm(7)));
}

#[tokio::test]
async fn what_one_process_settled_the_other_knows() {
    let Some(any) = Any::server() else { return };
    let (one, two) = (any.link().await, any.link().await);
    let (one, two) = (RedisCache::new(one, codec(1)), RedisCache::new(two, codec(1)));
    let [sent, open] = [1, 2].map(|number| EffectId::from_bytes([number; 16]));
    assert!(!two.is_settled(sent).await);
    one.note_settled(&[]).await;
    one.note_settled(&[sent]).await;
    assert!(two.is_settled(sent).await && !two.is_settled(open).await);
    let mut raw = any.raw().await;
    let names = any.names("").await;
    assert_eq!(names.len(), 1);
    let left: i64 = cmd("TTL").arg(&names[0]).query_async(&mut raw).await.unwrap();
    assert!((100..=120).contains(&left), "{left}");
}

#[tokio::test]
async fn what_cannot_be_read_is_none() {
    let Some(any) = Any::server() else { return };
    let (link, saved) = (any.link().await, Saved::new());
    RedisCache::new(Arc::clone(&link), codec(2)).remember(ann(), warm(7)).await;
    let cache = RedisCache::new(Arc::clone(&link), codec(1));
    assert_eq!(cache.recall(ann()).await, None, "sealed under another key");
    cache.remember(ann(), warm(8)).await;
    assert_eq!(cache.recall(ann()).await, Some(warm(8)), "and it can be replaced");

    let (key, answers) = (Key([5; 16]), saved.answers(&link));
    answers.remember(key, kept("An answer.")).await;
    let mut raw = any.raw().await;
    for name in any.names("").await {
        // Schema 65535: a much newer release.
        let set: i64 =
            cmd("SETRANGE").arg(&name).arg(0).arg(&b"\xff\xff"[..]).query_async(&mut raw).await.unwrap();
        assert!(set > 30);
    }
    assert_eq!(cache.recall(ann()).await, None, "a newer release's");
    assert!(answers.recall(key).await.is_none(), "a newer release's");
}

async fn ttl(raw: &mut MultiplexedConnection, name: &str) -> i64 {
    cmd("PTTL").arg(name).query_async(raw).await.unwrap()
}

#[tokio::test]
async fn states_that_were_remembered_together_do_not_end_together_and_answers_outlive_their_time() {
    let Some(any) = Any::server() else { return };
    let (link, saved) = (any.link().await, Saved::new());
    let (cache, answers) = (RedisCache::new(Arc::clone(&link), codec(1)), saved.answers(&link));
    for number in 0..40 {
        cache.remember(ContactId::from_bytes([number; 16]).into(), warm(1)).await;
    }
    let mut raw = any.raw().await;
    let mut ends = Vec::new();
    for name in any.names("contact").await {
        ends.push(ttl(&mut raw, &name).await);
    }
    ends.sort_unstable();
    assert_eq!(ends.len(), 40);
    assert!(ends[0] > 235_000 && ends[39] <= 360_000, "{ends:?}");
    assert!(ends[39] - ends[0] > 60_000, "{ends:?}");

    answers.remember(Key([5; 16]), kept("An answer.")).await;
    let name = any.names("answer").await.remove(0);
    let (whole, left) = (37 * DAY, ttl(&mut raw, &name).await);
    assert!((whole * 9 / 10 - 60_000..=whole * 11 / 10).contains(&left), "{left}");
    answers.save(Key([5; 16])).await.unwrap();
    assert!(answers.recall(Key([5; 16])).await.unwrap().saved);
    assert!(
        (left - 60_000..=left).contains(&ttl(&mut raw, &name).await),
        "saving does not change when it ends"
    );
}

#[tokio::test]
async fn nothing_that_a_person_wrote_or_is_called_by_can_be_read_in_redis() {
    const SECRET: &str = "why does my goat cough";
    let Some(any) = Any::server() else { return };
    let (link, saved) = (any.link().await, Saved::new());
    let turn = Turn { at: Real.now(), question: SECRET.into(), answer: "Dust.".into() };
    let state = Contact { memory: [turn].into(), ..Contact::default() };
    let cache = RedisCache::new(Arc::clone(&link), codec(1));
    cache.remember(ann(), Warm { state: Arc::new(state.into()), version: 1, consumed: 1 }).await;
    assert!(format!("{:?}", cache.recall(ann()).await).contains(SECRET), "else this test proves nothing");
    saved.answers(&link).remember(Key([5; 16]), kept("Because of the dust, goats cough.")).await;
    let limits = RedisLimits::new(Arc::clone(&link), hash_key());
    let address = [192, 0, 2, 77];
    limits.take(Allowance { tier: "t", per_minute: 6, burst: 3 }, &address).await;
    let mut raw = any.raw().await;
    let names = any.names("").await;
    assert_eq!(names.len(), 3, "{names:?}");
    for name in names {
        let value: Vec<u8> = cmd("GET").arg(&name).query_async(&mut raw).await.unwrap();
        let both = [name.as_bytes(), &value].concat();
        let text = String::from_utf8_lossy(&both).to_lowercase();
        for part in ["goat", "dust", "decisions", "192.0.2.77", "c000024d"] {
            assert!(!text.contains(part), "{part} in {text}");
        }
        assert!(!both.windows(4).any(|it| it == address));
    }
}

#[tokio::test]
async fn one_process_leads_until_it_lands_or_says_nothing_more() {
    let Some(any) = Any::server() else { return };
    let (link, saved) = (any.link().await, Saved::new());
    let (one, two) = (saved.answers(&link), saved.answers(&link));
    let (key, long, short) = (Key([5; 16]), Duration::from_secs(5), Duration::from_millis(300));
    assert!(one.lead(key, long).await);
    assert!(!two.lead(key, long).await);
    assert!(two.lead(Key([6; 16]), long).await, "another question");
    two.land(key).await;
    assert!(!two.lead(key, long).await, "only who has it gives it back");
    one.land(key).await;
    assert!(two.lead(key, short).await);
    // Who says so again and again keeps it.
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(two.lead(key, short).await);
        assert!(!one.lead(key, short).await);
    }
    let began = Real.monotonic();
    while !one.lead(key, short).await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let waited = Real.monotonic().saturating_sub(began);
    assert!(waited > Duration::from_millis(200) && waited < Duration::from_secs(1), "{waited:?}");
}

#[tokio::test]
async fn an_address_that_is_none_is_said_to_be_none_and_no_password_is_shown() {
    for url in ["", "redis", "http://127.0.0.1/", "redis://127.0.0.1:port/"] {
        let fault = RedisLink::open(&RedisSettings::new(url), Arc::new(Real)).err();
        assert!(fault.is_some_and(|it| it.to_string().contains("REDIS_URL")), "{url}");
    }
    let settings = RedisSettings::new("rediss://me:secret@127.0.0.1:6380/");
    assert!(!format!("{settings:?}").contains("secret"));
}
