//! Facebook Messenger: the Send API and its webhooks. Facts: Meta's references of both.

mod body;
mod content;
mod errors;
mod fields;
mod parse;
mod setup;
mod signature;
mod usage;

use std::time::Duration;

use answerbot_core::contact::effect::{EffectFault, Hint, Retry};
use answerbot_core::contact::event::Outcome;
use answerbot_core::contact::message::Message;
use answerbot_core::{Address, Channel as Kind, EffectId, EventId};
use answerbot_ports::channel::{Channel, NotJson, Parsed};
use async_trait::async_trait;
use reqwest::{Client, Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use self::errors::GraphError;
pub use self::parse::parse;
use crate::http::{self, Answer, NoAnswer};

/// The settings of one page.
#[derive(Clone, Debug)]
pub struct MessengerConfig {
    /// `FB_APP_SECRET`: signs what comes in and proves our token. Empty, every signature is refused.
    pub app_secret: SecretString,
    /// `FB_APP_SECRET_OLD`: also accepted on what comes in, while the secret is being rotated.
    pub app_secret_old: Option<SecretString>,
    /// `PAGE_ACCESS_TOKEN`.
    pub page_access_token: SecretString,
    /// `GRAPH_BASE_URL`, such as `https://graph.facebook.com`; a slash at its end does not matter.
    pub graph_base_url: String,
    /// `GRAPH_VERSION`, such as `v25.0`.
    pub graph_version: String,
    /// The page's id; events of other pages are ignored. `None` takes every page of the app.
    pub page_id: Option<String>,
}

/// How long calls may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// A send, and every other call that somebody waits for. A send that takes longer has an unknown fate.
    pub send: Duration,
    /// A hint, which nobody waits for.
    pub hint: Duration,
}

impl Default for Deadlines {
    /// 15 s and 3 s.
    fn default() -> Self {
        Self { send: Duration::from_secs(15), hint: Duration::from_secs(3) }
    }
}

/// The Messenger channel of one page.
#[derive(Debug)]
pub struct Messenger {
    config: MessengerConfig,
    proof: SecretString,
    client: Client,
    deadlines: Deadlines,
}

impl Messenger {
    /// The channel, over the shared client of [`http::client`].
    #[must_use]
    pub fn new(config: MessengerConfig, client: Client, deadlines: Deadlines) -> Self {
        let proof = signature::proof(&config.app_secret, &config.page_access_token);
        Self { config, proof, client, deadlines }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let base = self.config.graph_base_url.trim_end_matches('/');
        let url = format!("{base}/{}/{path}", self.config.graph_version);
        self.client
            .request(method, url)
            .bearer_auth(self.config.page_access_token.expose_secret())
            .query(&[("appsecret_proof", self.proof.expose_secret())])
    }

    async fn post(
        &self,
        service: &str,
        path: &str,
        body: &Value,
        deadline: Duration,
    ) -> Result<Answer, NoAnswer> {
        let answer = http::call(service, self.request(Method::POST, path).json(body), deadline).await?;
        usage::measure(&answer.headers);
        Ok(answer)
    }
}

#[async_trait]
impl Channel for Messenger {
    fn kind(&self) -> Kind {
        Kind::Messenger
    }

    fn verify(&self, signature: Option<&str>, body: &[u8]) -> bool {
        let Some(signature) = signature else { return false };
        let old = self.config.app_secret_old.iter();
        std::iter::once(&self.config.app_secret)
            .chain(old)
            .any(|secret| signature::is_valid(secret, signature, body))
    }

    fn parse(&self, body: &[u8]) -> Result<Parsed, NotJson> {
        parse(body, self.config.page_id.as_deref())
    }

    async fn send(&self, to: &Address, message: &Message, effect: EffectId) -> Outcome {
        let body = body::message(&to.user, message, effect);
        match self.post("messenger", "me/messages", &body, self.deadlines.send).await {
            Ok(answer) => sent(&answer),
            Err(NoAnswer::NotSent) => Outcome::Failed(EffectFault {
                retry: Retry::After(0),
                alert: false,
                reason: "no connection to graph".to_owned(),
            }),
            Err(NoAnswer::TimedOut | NoAnswer::Broken) => Outcome::Unknown,
        }
    }

    async fn hint(&self, hint: &Hint) {
        let (to, action) = match hint {
            Hint::Seen(to) => (to, "mark_seen"),
            Hint::Typing(to) => (to, "typing_on"),
        };
        let body = body::action(&to.user, action);
        let answer = self.post("messenger_hint", "me/messages", &body, self.deadlines.hint).await;
        let was_taken = answer.is_ok_and(|answer| answer.is_success() && error_of(&answer).is_none());
        let outcome = if was_taken { "taken" } else { "failed" };
        metrics::counter!("messenger_hints_total", "action" => action, "outcome" => outcome).increment(1);
    }

    async fn check(&self) -> Result<String, String> {
        setup::check(self).await
    }
}

/// What an answer to a send means: an error first, which may come with HTTP 200, then the message's id.
fn sent(answer: &Answer) -> Outcome {
    let body = answer.json().unwrap_or_default();
    if let Some(error) = GraphError::of(&body) {
        return Outcome::Failed(error.fault(answer.status, answer.retry_after_ms()));
    }
    if let Some(id) = body.get("message_id").and_then(Value::as_str).filter(|id| !id.is_empty()) {
        return Outcome::Sent(EventId::derive(Kind::Messenger.name(), id));
    }
    match answer.status {
        // Taken, it seems, but not by what we know; or a gateway that gave up waiting for what may be taken.
        200..300 | 504 => Outcome::Unknown,
        status => Outcome::Failed(errors::bare(status, answer.retry_after_ms())),
    }
}

fn error_of(answer: &Answer) -> Option<GraphError> {
    GraphError::of(&answer.json()?)
}
