//! Carries webhook posts to the bot, and again with the same bytes until they are acknowledged, as Meta does.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::RwLock;
use tokio_util::sync::CancellationToken;

use crate::payload;
use crate::record::{Counters, count};

/// Meta tries "a few more times" over 36 hours; the simulator at most this often.
pub const MOST_TRIES: u32 = 36;

/// What became of a webhook post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Whether the bot answered 200 in the end.
    pub acked: bool,
    /// How often it was posted.
    pub tries: u32,
    /// The last HTTP status; `None` if the last try got no answer.
    pub status: Option<u16>,
}

/// A client for plain http on this machine: no proxy, connections kept.
pub(crate) fn plain_http_client(timeout: Duration) -> anyhow::Result<reqwest::Client> {
    // reqwest wants a TLS provider even for plain http. Whoever came first has installed one; that is fine too.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    Ok(reqwest::Client::builder().no_proxy().http1_only().timeout(timeout).build()?)
}

#[derive(Debug)]
pub(crate) struct Postman {
    client: reqwest::Client,
    bot_url: RwLock<Arc<str>>,
    secret: String,
    retry_pause: Duration,
    stop: CancellationToken,
    counters: Arc<Counters>,
}

impl Postman {
    pub(crate) fn new(
        config: &crate::Config,
        stop: CancellationToken,
        counters: Arc<Counters>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            client: plain_http_client(config.webhook_timeout)?,
            bot_url: RwLock::new(trimmed(&config.bot_url)),
            secret: config.app_secret.clone(),
            retry_pause: config.retry_pause,
            stop,
            counters,
        })
    }

    pub(crate) fn set_bot_url(&self, url: &str) {
        *self.bot_url.write() = trimmed(url);
    }

    pub(crate) fn bot_url(&self) -> Arc<str> {
        Arc::clone(&self.bot_url.read())
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// One post with a right signature. The status, or why there was none.
    pub(crate) async fn post(&self, body: Bytes) -> anyhow::Result<u16> {
        let signature = payload::sign(&self.secret, &body);
        self.post_signed(body, &signature).await
    }

    /// One post with this signature, right or wrong.
    pub(crate) async fn post_signed(&self, body: Bytes, signature: &str) -> anyhow::Result<u16> {
        count(&self.counters.posts);
        let url = format!("{}/webhook", self.bot_url());
        let request = self.client.post(url).header("content-type", "application/json");
        let answer = request.header("x-hub-signature-256", signature).body(body).send().await?;
        let status = answer.status().as_u16();
        if status == 200 {
            count(&self.counters.posts_acked);
        }
        // Read to the end, so that the connection can be used again.
        let _ = answer.bytes().await;
        Ok(status)
    }

    /// Posts until the bot answers 200, the tries are used up, or the world stops.
    pub(crate) async fn deliver(&self, body: Bytes) -> Delivery {
        let signature = payload::sign(&self.secret, &body);
        let mut delivery = Delivery { acked: false, tries: 0, status: None };
        while delivery.tries < MOST_TRIES {
            let posted = self.post_signed(body.clone(), &signature);
            let Some(result) = self.stop.run_until_cancelled(posted).await else { return delivery };
            delivery.tries += 1;
            delivery.status = result.ok();
            if delivery.status == Some(200) {
                delivery.acked = true;
                return delivery;
            }
            let pause = pause_after(delivery.tries, self.retry_pause);
            if self.stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return delivery;
            }
        }
        count(&self.counters.posts_given_up);
        tracing::warn!(tries = delivery.tries, status = delivery.status, "webhook post given up");
        delivery
    }
}

fn trimmed(url: &str) -> Arc<str> {
    Arc::from(url.trim_end_matches('/'))
}

/// Nothing after the first try, then the base doubling up to sixty times itself.
fn pause_after(tries: u32, base: Duration) -> Duration {
    if tries <= 1 { Duration::ZERO } else { base * 2_u32.saturating_pow(tries - 2).min(60) }
}

#[cfg(test)]
mod tests {
    use super::pause_after;
    use std::time::Duration;

    #[test]
    fn the_first_retry_is_immediate_and_the_pauses_grow_to_a_bound() {
        let base = Duration::from_secs(1);
        let pauses: Vec<u64> = (1..=10).map(|n| pause_after(n, base).as_secs()).collect();
        assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }
}
