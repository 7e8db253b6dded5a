//! A hot contact starves nobody.

use std::collections::HashMap;
use std::time::Duration;

use answerbot_ports::queue::{Queue as _, Receipt};
use tokio::time::Instant;

use super::server::{PATIENCE, Server, contact, process, ring};

const RINGS: u64 = 2_000;

/// The engine's way: rings of one contact lie on one desk, and are served together with its commit.
async fn wait_for_the_other(hot_desk_commits: bool) -> Duration {
    let Some(server) = Server::any() else { return Duration::ZERO };
    let settings = server.settings();
    let (web, worker) = (process(&settings).await, process(&settings).await);
    for number in 1..=RINGS {
        web.ring(ring(1, number)).await.unwrap();
    }
    let began = Instant::now();
    web.ring(ring(2, 1)).await.unwrap();
    let mut desk: HashMap<_, Vec<Receipt>> = HashMap::new();
    let mut commit = tokio::time::interval(Duration::from_millis(50));
    loop {
        tokio::select! {
            rung = worker.next() => {
                if rung.ring.aggregate == contact(2).into() {
                    assert_eq!(rung.ring, ring(2, 1), "as it was sent, and not by a second delivery");
                    rung.receipt.served();
                    return began.elapsed();
                }
                desk.entry(rung.ring.aggregate).or_default().push(rung.receipt);
            }
            _ = commit.tick(), if hot_desk_commits => desk.clear_served(),
        }
        assert!(began.elapsed() < PATIENCE, "the other contact starves");
    }
}

trait Desk {
    fn clear_served(&mut self);
}

impl<K> Desk for HashMap<K, Vec<Receipt>> {
    fn clear_served(&mut self) {
        self.drain().flat_map(|(_, receipts)| receipts).for_each(Receipt::served);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_with_thousands_of_rings_does_not_hold_up_another() {
    let waited = wait_for_the_other(true).await;
    println!("behind {RINGS} rings of one contact another waited {waited:?}");
    assert!(waited < Duration::from_secs(5), "{waited:?}");
}

/// Its write hangs, or fails again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_even_when_nothing_of_it_is_committed() {
    let waited = wait_for_the_other(false).await;
    println!("behind {RINGS} rings of a contact that hangs another waited {waited:?}");
    assert!(waited < Duration::from_secs(5), "{waited:?}");
}
