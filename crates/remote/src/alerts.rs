//! Alarms and cases for the owner, posted to `ALERT_URL` as JSON.
//!
//! A case: `{"kind":"case","about":"human","at":1700000000000,"channel":"messenger"}`. An alarm:
//! `{"kind":"alarm","what":"graph_token","at":1700000000000,"detail":"graph 190/463"}`. `at` is milliseconds since
//! 1970-01-01 UTC.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::effect::{Case, EffectFault, Retry};
use answerbot_ports::ai;
use answerbot_ports::world::Clock;
use async_trait::async_trait;
use parking_lot::Mutex;
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::http;

const DEADLINE: Duration = Duration::from_secs(10);
/// The same alarm is posted at most this often.
const REPEAT: Duration = Duration::from_mins(10);
/// After a failed post it is tried again so much later, when it is raised again.
const REPEAT_FAILED: Duration = Duration::from_secs(30);

/// The owner's webhook, or only the log where there is none.
pub struct Alerts {
    /// The address itself may be a secret.
    url: Option<SecretString>,
    client: Client,
    clock: Arc<dyn Clock>,
    /// When each alarm may be posted again, in time of [`Clock::monotonic`]. Bounded: the names are fixed.
    next: Mutex<HashMap<&'static str, Duration>>,
}

impl Alerts {
    /// Posts to `url` (`ALERT_URL`), over the shared client of [`http::client`].
    #[must_use]
    pub fn new(url: Option<SecretString>, client: Client, clock: Arc<dyn Clock>) -> Self {
        Self { url, client, clock, next: Mutex::default() }
    }

    async fn post(&self, url: &SecretString, body: &Value) -> Result<(), EffectFault> {
        let request = self.client.post(url.expose_secret()).json(body);
        let (reason, wait) = match http::call("alerts", request, DEADLINE).await {
            Ok(answer) if answer.is_success() => return Ok(()),
            Ok(answer) => (format!("alert http {}", answer.status), answer.retry_after_ms()),
            Err(why) => (format!("alert {}", why.name()), None),
        };
        // No alarm about the alarm: it would go the same way.
        Err(EffectFault { retry: Retry::After(wait.unwrap_or(0)), alert: false, reason })
    }

    /// Whether this alarm may be posted now; if so, the next one has to wait.
    fn may_post(&self, what: &'static str) -> bool {
        let now = self.clock.monotonic();
        let mut next = self.next.lock();
        if next.get(what).is_some_and(|next| now < *next) {
            return false;
        }
        next.insert(what, now + REPEAT);
        true
    }
}

#[async_trait]
impl ai::Alerts for Alerts {
    async fn file(&self, case: &Case) -> Result<(), EffectFault> {
        let Some(url) = &self.url else {
            tracing::warn!(
                about = case.about,
                channel = case.channel,
                "a case was filed; ALERT_URL is not set"
            );
            return Ok(());
        };
        let body = json!({ "kind": "case", "about": case.about, "at": case.at, "channel": case.channel });
        self.post(url, &body).await
    }

    async fn alarm(&self, what: &'static str, detail: &str) {
        if !self.may_post(what) {
            metrics::counter!("alarms_held_back_total", "what" => what).increment(1);
            return;
        }
        tracing::warn!(what, detail, "alarm");
        let Some(url) = &self.url else { return };
        let body = json!({ "kind": "alarm", "what": what, "at": self.clock.now(), "detail": detail });
        if let Err(fault) = self.post(url, &body).await {
            tracing::warn!(what, reason = fault.reason, "the alarm could not be posted");
            self.next.lock().insert(what, self.clock.monotonic() + REPEAT_FAILED);
        }
    }
}
