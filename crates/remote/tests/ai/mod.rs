//! The AI providers, against servers that answer by a script.

mod answers;
mod check;
mod cost;
mod order;
mod request;
mod stream;
mod tiers;

use std::time::Duration;

use answerbot_core::contact::effect::{About, EffectFault, Line, Prompt, Retry, Role};
use answerbot_core::route::Tier;
use answerbot_ports::ai::{Ai, Answer};
use answerbot_remote::ai::{Limits, ProviderConfig, ProviderKind, Providers};
use serde_json::{Value, json};

use crate::stub::{Reply, Stub, json as answer};
use crate::support::{HandClock, client, person};

const KEY: &str = "sk-secret";
const LONG: Duration = Duration::from_secs(5);
/// Short enough to wait for.
pub const LIMITS: Limits = Limits {
    attempt: Duration::from_millis(800),
    least: Duration::from_millis(400),
    first: Duration::from_millis(800),
    idle: Duration::from_millis(400),
    slow: Duration::from_millis(700),
};

/// Tries again at the usual pace.
pub const AGAIN: Retry = Retry::After(0);
/// Nobody has to look.
pub const QUIET: bool = false;
/// An operator hears of it.
pub const LOUD: bool = true;

pub fn provider(name: &str, url: &str, kind: ProviderKind) -> ProviderConfig {
    ProviderConfig {
        name: name.to_owned(),
        base_url: format!("{url}/v1/"),
        api_key: KEY.into(),
        model: "small".to_owned(),
        fallback_models: Vec::new(),
        cheap_model: None,
        better_model: None,
        prices: std::collections::BTreeMap::new(),
        kind,
    }
}

pub fn providers(configs: Vec<ProviderConfig>) -> Providers {
    Providers::new(configs, client(), LIMITS, HandClock::new())
}

pub fn one(url: &str) -> Providers {
    providers(vec![provider("first", url, ProviderKind::OpenRouter)])
}

pub fn two(first: &Stub, second: &Stub) -> Providers {
    let first = provider("first", &first.url, ProviderKind::OpenRouter);
    providers(vec![first, provider("second", &second.url, ProviderKind::OpenAi)])
}

pub fn prompt() -> Prompt {
    let line = |role, content: &str| Line { role, content: content.to_owned() };
    let lines = vec![
        line(Role::System, "Be short."),
        line(Role::User, "Hi"),
        line(Role::Assistant, "Hello!"),
        line(Role::User, "When do I plant maize?"),
    ];
    Prompt { lines, max_tokens: 400, typing: person(), about: About::default() }
}

pub async fn ask(providers: &Providers) -> Result<Answer, EffectFault> {
    providers.answer(&prompt(), "pseudonym", Tier::Usual, LONG).await.map_err(|it| it.fault)
}

pub fn completion(content: &Value, finish: &str) -> Value {
    json!({
        "id": "gen-1",
        "model": "maker/small-2",
        "choices": [{ "index": 0, "finish_reason": finish, "message": { "role": "assistant", "content": content } }],
        "usage": { "prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14, "cost": 0.000_14 }
    })
}

pub fn plants() -> Reply {
    answer(200, &completion(&json!("Plant in May."), "stop"))
}
