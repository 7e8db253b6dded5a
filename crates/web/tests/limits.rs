//! Allowances that all processes of a fleet share.

use std::sync::Arc;
use std::time::Duration;

use answerbot_ports::limits::{Allowance, Limits, Taken};
use async_trait::async_trait;
use axum::body::Body;
use http::{Request, StatusCode};
use parking_lot::Mutex;

use crate::world::{VERIFY_TOKEN, World, from_address, message};

/// Says the same to everybody, and remembers whom it was asked about.
struct Common {
    says: Taken,
    asked: Mutex<Vec<(&'static str, Vec<u8>)>>,
}

#[async_trait]
impl Limits for Common {
    async fn take(&self, allowance: Allowance, who: &[u8]) -> Taken {
        self.asked.lock().push((allowance.tier, who.to_vec()));
        self.says
    }
}

fn world(says: Taken) -> (World, Arc<Common>) {
    let common = Arc::new(Common { says, asked: Mutex::default() });
    let limits = Arc::clone(&common);
    (World::with(|parts| parts.limits = Some(limits)), common)
}

#[tokio::test]
async fn who_used_up_the_allowance_at_other_processes_waits_here() {
    let (world, common) = world(Taken::Wait(Duration::from_millis(2_100)));
    let reply = world.get("/").await;
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "3"));
    let guess = format!("/webhook?hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}x&hub.challenge=1");
    assert_eq!(world.get(&guess).await.status, StatusCode::TOO_MANY_REQUESTS);
    let unsigned = from_address(2, Request::post("/webhook"), Body::from(message("m1", "Hello")));
    assert_eq!(world.send(unsigned).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        world.post_signed("sha256=00", message("m1", "Hello")).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    let (one, two) = (vec![192, 0, 2, 1], vec![192, 0, 2, 2]);
    let (general, stranger) = ("general", "unsigned");
    let asked = [(general, one.clone()), (stranger, one.clone()), (stranger, two), (stranger, one)];
    assert_eq!(*common.asked.lock(), asked);
}

#[tokio::test]
async fn a_signed_webhook_and_a_health_check_ask_nobody() {
    let (world, common) = world(Taken::Wait(Duration::from_mins(1)));
    assert_eq!(world.post(message("m1", "Hello")).await.status, StatusCode::OK);
    assert_eq!(world.texts(), ["Hello"]);
    assert_eq!(world.get("/livez").await.status, StatusCode::OK);
    assert!(common.asked.lock().is_empty());
}

#[tokio::test]
async fn while_it_is_away_the_process_counts_by_itself() {
    let (world, common) = world(Taken::Away);
    for number in 0..30 {
        assert_eq!(world.get("/").await.status, StatusCode::OK, "{number}");
    }
    assert_eq!(world.get("/").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(common.asked.lock().len(), 30, "a flood from one address does not reach it");
}
