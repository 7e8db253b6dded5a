//! An API user and its key in MTN's sandbox, and which host a user may be called back at. In production MTN's
//! portal gives both.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::http::{self, Answer, NoAnswer};

/// The sandbox's desk for API users. Every error is one sentence for the operator, without a key in it.
pub struct Provision {
    base_url: String,
    subscription_key: SecretString,
    client: Client,
}

/// What MTN knows of an API user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The only host that callbacks go to; a request that names another one is refused whole. Cannot be changed.
    pub host: String,
    /// `X-Target-Environment` of this user, such as `sandbox`.
    pub environment: String,
}

impl Provision {
    /// `base_url` is `MOMO_BASE_URL`; a slash at its end does not matter. The client is that of [`http::client`].
    #[must_use]
    pub fn new(base_url: &str, subscription_key: SecretString, client: Client) -> Self {
        let base_url = base_url.trim_end_matches('/').to_owned();
        Self { base_url, subscription_key, client }
    }

    /// Makes the API user `user`, a fresh version 4 UUID, which is called back at `host`, a name alone; gives its
    /// key, which MTN never shows again. Two calls, each within `deadline`.
    pub async fn create(&self, user: &str, host: &str, deadline: Duration) -> Result<SecretString, String> {
        if host.is_empty() || host.contains(['/', ':', '?', ' ']) {
            return Err(format!("\"{host}\" is no host: give its name alone, such as bot.example.org"));
        }
        let body = json!({ "providerCallbackHost": host });
        let make = self.request(Method::POST, "v1_0/apiuser").header("X-Reference-Id", user).json(&body);
        let made = http::call("momo_provision", make, deadline).await;
        understood(made, user).map_err(|why| format!("no API user was made: {why}"))?;

        // No body: MTN answers 400 to one.
        let path = format!("v1_0/apiuser/{user}/apikey");
        let ask = self.request(Method::POST, &path).header("Content-Length", "0");
        let answer = http::call("momo_provision", ask, deadline).await;
        let key = understood(answer, user).and_then(|answer| {
            let key = answer.json().and_then(|body| Some(body.get("apiKey")?.as_str()?.to_owned()));
            key.ok_or_else(|| unreadable(&answer))
        });
        key.map(SecretString::from)
            .map_err(|why| format!("the API user {user} was made, but there is no key of it: {why}"))
    }

    /// What MTN knows of the API user `user`, within `deadline`.
    pub async fn registered_host(&self, user: &str, deadline: Duration) -> Result<Registered, String> {
        let ask = self.request(Method::GET, &format!("v1_0/apiuser/{user}"));
        let answer = understood(http::call("momo_provision", ask, deadline).await, user)?;
        let body = answer.json().unwrap_or_default();
        let text = |field: &str| body.get(field).and_then(Value::as_str).map(str::to_owned);
        let host = text("providerCallbackHost").ok_or_else(|| unreadable(&answer))?;
        Ok(Registered { host, environment: text("targetEnvironment").unwrap_or_default() })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}/{path}", self.base_url))
            .header("Ocp-Apim-Subscription-Key", self.subscription_key.expose_secret())
    }
}

/// A good answer, or what is wrong and what to do.
fn understood(answer: Result<Answer, NoAnswer>, user: &str) -> Result<Answer, String> {
    let answer = answer.map_err(|why| {
        let why = match why {
            NoAnswer::NotSent => "MTN cannot be reached; check MOMO_BASE_URL and the network",
            NoAnswer::TimedOut => "MTN did not answer in time; try again later",
            NoAnswer::Broken => "the connection to MTN broke; try again later",
        };
        why.to_owned()
    })?;
    Err(match answer.status {
        200..=299 => return Ok(answer),
        400 => format!(
            "MTN finds the request malformed; the user must be a version 4 UUID and the host a name, and it got {user}"
        ),
        401 => "MTN does not know this MOMO_SUBSCRIPTION_KEY; copy the primary key of the Collections product from MTN's developer portal".to_owned(),
        403 => "MOMO_SUBSCRIPTION_KEY may not do this; subscribe to the Collections product in MTN's developer portal".to_owned(),
        404 => format!(
            "there is no API user {user} at MOMO_BASE_URL; users are made in the sandbox only, those of production in MTN's portal"
        ),
        409 => format!("the API user {user} exists already; run it again, it draws another id"),
        429 => "MTN was asked too often; try again in a minute".to_owned(),
        500..=599 => format!("MTN has trouble (http {}); try again later", answer.status),
        other => format!("MTN answered http {other}; check MOMO_BASE_URL"),
    })
}

fn unreadable(answer: &Answer) -> String {
    format!("MTN answered http {} with something unexpected; check MOMO_BASE_URL", answer.status)
}
