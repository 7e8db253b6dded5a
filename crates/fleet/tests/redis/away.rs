//! Redis is killed, hangs, and comes back: slower, never wrong.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::reuse::Key;
use answerbot_core::{AggregateId, Contact, ContactId};
use answerbot_fleet::redis::{RedisCache, RedisLimits, RedisLink};
use answerbot_ports::answers::Answers;
use answerbot_ports::cache::{Cache, Warm};
use answerbot_ports::keys::{HashKey, Key as SecretKey};
use answerbot_ports::limits::{Allowance, Limits, Taken};
use answerbot_ports::world::Clock;

use super::server::{Real, Saved, Server, codec, dead_link, kept, link_to, until};

const KEY: Key = Key([5; 16]);

fn ann() -> AggregateId {
    ContactId::from_bytes([1; 16]).into()
}

fn warm() -> Warm {
    Warm { state: Arc::new(Contact::default().into()), version: 1, consumed: 1 }
}

async fn took(call: impl Future<Output = ()>) -> Duration {
    let began = Real.monotonic();
    call.await;
    Real.monotonic().saturating_sub(began)
}

/// The middle one of many.
async fn usually<F: Future<Output = ()>>(calls: usize, call: impl Fn() -> F) -> Duration {
    let mut all = Vec::new();
    for _ in 0..calls {
        all.push(took(call()).await);
    }
    all.sort_unstable();
    all[calls / 2]
}

async fn recalls(cache: &RedisCache) -> bool {
    cache.remember(ann(), warm()).await;
    cache.recall(ann()).await == Some(warm())
}

#[tokio::test]
async fn a_killed_redis_costs_nothing_and_is_used_again_soon_after_it_is_back() {
    let Some(mut server) = Server::start() else { return };
    let (link, saved) = (link_to(&server.url(), "a:").await, Saved::new());
    let (cache, answers) = (RedisCache::new(Arc::clone(&link), codec(1)), saved.answers(&link));
    let limits = RedisLimits::new(Arc::clone(&link), HashKey::new(SecretKey::from_bytes([3; 32])));
    let allowance = Allowance { tier: "t", per_minute: 60, burst: 30 };
    assert!(recalls(&cache).await);
    let alive = usually(500, || async {
        assert!(cache.recall(ann()).await.is_some());
    })
    .await;

    for round in 1..=2 {
        server.kill();
        let first = took(async { assert_eq!(cache.recall(ann()).await, None) }).await;
        assert!(first < Duration::from_millis(500), "the first one after its end: {first:?}");
        until(Duration::from_secs(1), || async { !link.is_up() }).await;
        let dead = usually(2_000, || async {
            assert_eq!(cache.recall(ann()).await, None);
            cache.remember(ann(), warm()).await;
            cache.forget(ann()).await;
            assert_eq!(limits.take(allowance, b"ann").await, Taken::Away);
            assert!(answers.lead(KEY, Duration::from_secs(5)).await, "each leads by itself");
        })
        .await;
        println!("redis: a recall takes {alive:?}; five calls while it is away {dead:?}");
        assert!(dead < Duration::from_millis(2), "{dead:?}");
        answers.remember(KEY, kept("An answer.")).await;
        assert!(answers.recall(KEY).await.is_some(), "in the process alone");
        assert!(link.ping().await.unwrap_err().contains("refused"));

        tokio::time::sleep(Duration::from_millis(1_300)).await;
        server.revive();
        let back = until(Duration::from_secs(2), || recalls(&cache)).await;
        println!("redis: round {round}: used again after {back:?}");
        assert_eq!(limits.take(allowance, b"ann").await, Taken::Passed);
        assert!(link.ping().await.is_ok());
    }
}

#[tokio::test]
async fn one_that_hangs_is_not_waited_for_more_than_a_few_times() {
    let Some(server) = Server::start() else { return };
    let link = link_to(&server.url(), "a:").await;
    let cache = RedisCache::new(Arc::clone(&link), codec(1));
    assert!(recalls(&cache).await);
    server.signal("STOP");
    let all = took(async {
        for _ in 0..1_000 {
            assert_eq!(cache.recall(ann()).await, None);
        }
    })
    .await;
    println!("redis: a thousand recalls while it hangs take {all:?}");
    assert!(all < Duration::from_secs(1), "three times the bound, and no more: {all:?}");
    server.signal("CONT");
    until(Duration::from_secs(4), || recalls(&cache)).await;
}

#[tokio::test]
async fn one_that_is_not_there_at_the_start_is_found_later() {
    let Some(mut server) = Server::start() else { return };
    server.kill();
    let link = super::server::link_anyway(&server.url(), "a:");
    let cache = RedisCache::new(Arc::clone(&link), codec(1));
    assert_eq!(cache.recall(ann()).await, None);
    assert!(!link.wait_until_up(Duration::from_millis(300)).await);
    server.revive();
    until(Duration::from_secs(2), || recalls(&cache)).await;
}

/// An idle connection that a network drops is replaced before anybody needs it.
#[tokio::test]
async fn a_connection_that_was_cut_is_replaced() {
    let Some(server) = Server::start() else { return };
    let link = link_to(&server.url(), "a:").await;
    let cache = RedisCache::new(Arc::clone(&link), codec(1));
    assert!(recalls(&cache).await);
    let client = redis::Client::open(server.url()).unwrap();
    let mut raw = client.get_multiplexed_async_connection().await.unwrap();
    let cut: i64 = redis::cmd("CLIENT")
        .arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"])
        .query_async(&mut raw)
        .await
        .unwrap();
    assert_eq!(cut, 1);
    until(Duration::from_secs(2), || recalls(&cache)).await;
}

#[tokio::test]
async fn what_was_withdrawn_while_redis_was_away_does_not_come_back_with_it() {
    let Some(mut server) = Server::start() else { return };
    let (one, two) = (link_to(&server.url(), "a:").await, link_to(&server.url(), "a:").await);
    let saved = Saved::new();
    let (here, there) = (saved.answers(&one), saved.answers(&two));
    for key in [KEY, Key([6; 16])] {
        here.remember(key, kept("A wrong answer.")).await;
        assert!(there.recall(key).await.is_some());
        here.save(key).await.unwrap();
    }
    server.kill();
    until(Duration::from_secs(1), || async {
        there.recall(KEY).await;
        !two.is_up()
    })
    .await;
    assert!(there.recall(KEY).await.is_some(), "the store has it");
    here.withdraw(KEY).await.unwrap();
    assert!(here.recall(KEY).await.is_none());
    assert!(there.recall(KEY).await.is_none(), "although it kept it in the process");
    server.revive();
    for link in [&one, &two] {
        assert!(link.wait_until_up(Duration::from_secs(3)).await);
    }
    assert!(there.recall(Key([6; 16])).await.is_some(), "it came back with what it had");
    assert!(holds_something(&server, KEY).await, "else this test proves nothing");
    for answers in [&here, &there, &saved.answers(&one)] {
        assert!(answers.recall(KEY).await.is_none());
    }
    here.remember(KEY, kept("A better answer.")).await;
    assert_eq!(there.recall(KEY).await.unwrap().kept.text, "A better answer.");
}

async fn holds_something(server: &Server, key: Key) -> bool {
    let client = redis::Client::open(server.url()).unwrap();
    let mut raw = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("EXISTS").arg(format!("a:answer:{key}")).query_async(&mut raw).await.unwrap()
}

#[tokio::test]
async fn what_one_withdraws_who_cannot_reach_redis_is_gone_for_those_who_can() {
    let Some(server) = Server::start() else { return };
    let link = link_to(&server.url(), "a:").await;
    let saved = Saved::new();
    let (cut_off, there) = (saved.answers(&dead_link()), saved.answers(&link));
    there.remember(KEY, kept("A wrong answer.")).await;
    cut_off.withdraw(KEY).await.unwrap();
    assert!(holds_something(&server, KEY).await, "else this test proves nothing");
    assert!(there.recall(KEY).await.is_none());
    there.save(KEY).await.unwrap();
    assert!(saved.answers(&dead_link()).recall(KEY).await.is_none(), "nor does it get into the store");
}

/// Who read the answer before it was withdrawn and writes it afterwards changes nothing.
#[tokio::test]
async fn a_copy_that_is_written_late_is_not_found() {
    let Some(server) = Server::start() else { return };
    let link = link_to(&server.url(), "a:").await;
    let saved = Saved::new();
    let answers = saved.answers(&link);
    answers.remember(KEY, kept("A wrong answer.")).await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut raw = client.get_multiplexed_async_connection().await.unwrap();
    let name = format!("a:answer:{KEY}");
    let late: Vec<u8> = redis::cmd("GET").arg(&name).query_async(&mut raw).await.unwrap();
    answers.withdraw(KEY).await.unwrap();
    let () = redis::cmd("SET").arg(&name).arg(late).query_async(&mut raw).await.unwrap();
    assert!(answers.recall(KEY).await.is_none());
}

#[tokio::test]
async fn what_takes_how_long() {
    let Some(server) = Server::start() else { return };
    let link: Arc<RedisLink> = link_to(&server.url(), "a:").await;
    let saved = Saved::new();
    let answers = saved.answers(&link);
    answers.remember(KEY, kept("An answer.")).await;
    let recall = usually(500, || async { assert!(answers.recall(KEY).await.is_some()) }).await;
    let none = usually(500, || async { assert!(answers.recall(Key([9; 16])).await.is_none()) }).await;
    let lead = usually(500, || async { assert!(answers.lead(KEY, Duration::from_secs(5)).await) }).await;
    println!("redis: a shared answer takes {recall:?}, none {none:?}, taking the lead {lead:?}");
    assert!(recall < Duration::from_millis(100), "{recall:?}");
}
