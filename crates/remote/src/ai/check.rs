//! Whether a provider's key works, for `answerbot doctor`: one cheap call that costs nothing.

use std::time::Duration;

use reqwest::Client;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{ProviderConfig, ProviderKind};
use crate::http::{self, NoAnswer};

const DEADLINE: Duration = Duration::from_secs(10);

/// A sentence that says that the key works, or what is wrong and what to do.
pub(super) async fn check(config: &ProviderConfig, client: &Client) -> Result<String, String> {
    let path = match config.kind {
        ProviderKind::OpenRouter => "key",
        ProviderKind::OpenAi => "models",
    };
    let request = client.get(config.url(path)).bearer_auth(config.api_key.expose_secret());
    let answer = http::call(&config.name, request, DEADLINE).await.map_err(|why| match why {
        NoAnswer::NotSent => format!("no connection to {}: check its base URL and the network", config.name),
        NoAnswer::TimedOut | NoAnswer::Broken => format!("{} did not answer: try again later", config.name),
    })?;
    match answer.status {
        200..300 => {}
        401 | 403 => {
            return Err(format!("http {}: the API key is not accepted; make a new one", answer.status));
        }
        402 => return Err("http 402: the credit is used up; buy more".to_owned()),
        404 => {
            return Err(format!(
                "http 404 for {path}: the base URL is wrong, or this server has no list of models"
            ));
        }
        status => return Err(format!("http {status}: try again later")),
    }
    let body = answer.json().ok_or_else(|| "the answer is no JSON: check the base URL".to_owned())?;
    let data = body.get("data").unwrap_or(&Value::Null);
    match config.kind {
        ProviderKind::OpenRouter => credit(data),
        ProviderKind::OpenAi => offered(config, data),
    }
}

fn credit(data: &Value) -> Result<String, String> {
    match data.get("limit_remaining").and_then(Value::as_f64) {
        Some(left) if left <= 0.0 => {
            Err("the key's spending limit is used up: raise it, or no one is answered".to_owned())
        }
        Some(left) => Ok(format!("the key works; {left:.2} USD of its limit are left")),
        None => Ok("the key works; it has no spending limit of its own".to_owned()),
    }
}

fn offered(config: &ProviderConfig, data: &Value) -> Result<String, String> {
    let models = data.as_array().map(Vec::as_slice).unwrap_or_default();
    let model = &config.model;
    if models.iter().any(|offered| offered.get("id").and_then(Value::as_str) == Some(model)) {
        return Ok(format!("the key works, and {model} is offered"));
    }
    let missing = format!("the key works, but {model} is not in the list of models");
    // Others answer to more names than they list.
    if config.is_openai_itself() { Err(format!("{missing}: correct AI_MODEL")) } else { Ok(missing) }
}
