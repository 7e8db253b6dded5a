//! Tokens: one at a time, fetched ahead of their end, and anew when one is refused.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;

use super::Momo;
use crate::http;

/// A token is not used any more so long before its end ...
const AHEAD: Duration = Duration::from_mins(1);
/// ... and lives so long where MTN does not say.
const USUAL: u64 = 3_600;

/// The token in use. Whoever needs one waits for the one who fetches it.
#[derive(Default)]
pub(super) struct Tokens(Mutex<Option<Token>>);

struct Token {
    value: SecretString,
    /// Monotonic.
    until: Duration,
}

impl Momo {
    /// A token; not `refused`, which MTN said no to. `None` when none can be had.
    pub(super) async fn token(
        &self,
        deadline: Duration,
        refused: Option<&SecretString>,
    ) -> Option<SecretString> {
        let mut held = self.tokens.0.lock().await;
        if let Some(token) = &*held {
            let is_refused = refused.is_some_and(|it| it.expose_secret() == token.value.expose_secret());
            if !is_refused && self.clock.monotonic() < token.until {
                return Some(token.value.clone());
            }
        }
        *held = None;
        let fresh = self.fetch_token(deadline).await?;
        let value = fresh.value.clone();
        *held = Some(fresh);
        Some(value)
    }

    async fn fetch_token(&self, deadline: Duration) -> Option<Token> {
        let config = &self.config;
        // No body: MTN answers 400 to one.
        let request = self
            .client
            .post(self.url("collection/token/"))
            .basic_auth(&config.api_user, Some(config.api_key.expose_secret()))
            .header("Ocp-Apim-Subscription-Key", config.subscription_key.expose_secret())
            .header("Content-Length", "0");
        let answer = http::call("momo_token", request, deadline).await.ok()?;
        let body = answer.json().filter(|_| answer.is_success());
        let value = body.as_ref().and_then(|body| body.get("access_token")?.as_str());
        let Some(value) = value else {
            tracing::error!(status = answer.status, "MTN gave no token; are the MOMO settings right?");
            metrics::counter!("momo_token_refused_total").increment(1);
            return None;
        };
        let life = body.as_ref().and_then(|body| body.get("expires_in")?.as_u64()).unwrap_or(USUAL);
        let life = Duration::from_secs(life);
        // Four fifths of a short life, or all but a minute of a long one.
        let usable = life.saturating_sub(AHEAD).max(life * 4 / 5).min(life);
        Some(Token { value: value.into(), until: self.clock.monotonic() + usable })
    }
}
