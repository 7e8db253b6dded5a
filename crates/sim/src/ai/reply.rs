//! The shapes of an answer: one JSON body, a stream of server-sent events, and the ways both can break.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Response, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;
use serde_json::json;

use super::request::Asked;
use crate::clock;
use crate::graph;
use crate::record::Provider;
use crate::world::World;

const SSE: &str = "text/event-stream";

/// One answer that is about to be written.
pub(super) struct Reply<'a> {
    pub(super) world: &'a World,
    pub(super) provider: Provider,
    pub(super) asked: &'a Asked<'a>,
    pub(super) content: Option<String>,
    pub(super) finish: &'static str,
}

#[derive(Serialize)]
struct Completion<'a> {
    id: String,
    object: &'static str,
    created: i64,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'static str>,
    choices: [Choice<'a>; 1],
    usage: Usage,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u8,
    finish_reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    native_finish_reason: Option<&'a str>,
    message: Answer<'a>,
}

#[derive(Serialize)]
struct Answer<'a> {
    role: &'static str,
    content: Option<&'a str>,
    refusal: Option<&'a str>,
}

#[derive(Clone, Copy, Serialize)]
struct Usage {
    prompt_tokens: u32,
    completion_tokens: u32,
    total_tokens: u32,
    /// US dollars. `OpenRouter` tells it, `OpenAI` does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
}

impl Reply<'_> {
    fn is_openrouter(&self) -> bool {
        self.provider == Provider::OpenRouter
    }

    fn id(&self) -> String {
        format!("{}-{}", if self.is_openrouter() { "gen" } else { "chatcmpl" }, self.world.unique())
    }

    fn usage(&self) -> Usage {
        let tokens = |bytes: usize| u32::try_from(bytes.div_ceil(4)).unwrap_or(u32::MAX);
        let prompt_tokens = tokens(self.asked.messages.iter().map(|m| m.content.0.len()).sum());
        let completion_tokens = tokens(self.content.as_ref().map_or(0, String::len));
        // The price of a small model: 0.15 and 0.60 dollars a million tokens.
        let cost = (f64::from(prompt_tokens) * 0.15 + f64::from(completion_tokens) * 0.6) / 1e6;
        let total_tokens = prompt_tokens.saturating_add(completion_tokens);
        Usage { prompt_tokens, completion_tokens, total_tokens, cost: self.is_openrouter().then_some(cost) }
    }

    fn completion(&self) -> Completion<'_> {
        let native_finish_reason = self.is_openrouter().then_some(self.finish);
        let message = Answer { role: "assistant", content: self.content.as_deref(), refusal: None };
        Completion {
            id: self.id(),
            object: "chat.completion",
            created: clock::now_ms() / 1_000,
            model: &self.asked.model,
            provider: self.is_openrouter().then_some("Simulator"),
            choices: [Choice { index: 0, finish_reason: self.finish, native_finish_reason, message }],
            usage: self.usage(),
        }
    }

    pub(super) fn json(&self) -> Response<Body> {
        graph::json(200, &self.completion())
    }

    /// The events of a stream: a comment (`OpenRouter` only), the words, the end with usage, `[DONE]`.
    fn events(&self) -> Vec<String> {
        let (id, created) = (self.id(), clock::now_ms() / 1_000);
        let chunk = |delta: serde_json::Value, finish: Option<&str>, usage: Option<Usage>| {
            let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
            let mut chunk = json!({ "id": id, "object": "chat.completion.chunk", "created": created,
                "model": self.asked.model, "choices": [choice] });
            if let Some(usage) = usage {
                chunk["usage"] = json!(usage);
            }
            format!("data: {chunk}\n\n")
        };
        let mut events = Vec::new();
        if self.is_openrouter() {
            events.push(": OPENROUTER PROCESSING\n\n".to_owned());
        }
        match &self.content {
            None => events.push(chunk(json!({ "role": "assistant", "content": null }), None, None)),
            Some(content) => {
                events.push(chunk(json!({ "role": "assistant", "content": "" }), None, None));
                events.extend(
                    content.split_inclusive(' ').map(|word| chunk(json!({ "content": word }), None, None)),
                );
            }
        }
        events.push(chunk(json!({}), Some(self.finish), Some(self.usage())));
        events.push("data: [DONE]\n\n".to_owned());
        events
    }

    pub(super) fn stream(&self, pause: Duration) -> Response<Body> {
        let world = self.world.clone();
        let events = stream::iter(self.events().into_iter().enumerate()).then(move |(n, event)| {
            let world = world.clone();
            async move {
                if n > 0 {
                    world.sleep(pause).await;
                }
                Ok::<_, std::io::Error>(Bytes::from(event))
            }
        });
        body_of(SSE, events)
    }

    /// Headers and the first half of the body; then silence, or at once the end of the connection.
    pub(super) fn half(&self, silence: Option<Duration>) -> Response<Body> {
        let (kind, whole) = if self.asked.stream {
            (SSE, self.events().concat())
        } else {
            ("application/json", serde_json::to_string(&self.completion()).unwrap_or_default())
        };
        let half = Bytes::copy_from_slice(&whole.as_bytes()[..whole.len() / 2]);
        let world = self.world.clone();
        let first = stream::once(async move { Ok(half) });
        let end = stream::once(async move {
            // A short wait lets the half leave before the connection breaks.
            world.sleep(silence.unwrap_or(Duration::from_millis(5))).await;
            Err(std::io::Error::other("cut on purpose"))
        });
        body_of(kind, first.chain(end))
    }
}

fn body_of(
    kind: &'static str,
    stream: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
) -> Response<Body> {
    ([(header::CONTENT_TYPE, kind)], Body::from_stream(stream)).into_response()
}

/// HTTP 200 and a body that breaks off, yet is complete for HTTP.
pub(super) fn malformed(streamed: bool) -> Response<Body> {
    let body = r#"{"id":"gen-sim","choices":[{"message":{"content":"An ans"#;
    if streamed {
        ([(header::CONTENT_TYPE, SSE)], format!("data: {body}\n\ndata: [DONE]\n\n")).into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], body).into_response()
    }
}

/// HTTP 200 and an error in place of the answer, as `OpenRouter` does once generation has begun.
pub(super) fn error_in_200(streamed: bool) -> Response<Body> {
    let error = json!({ "code": 502, "message": "Provider returned error", "metadata": { "error_type": "provider_unavailable" } });
    if streamed {
        let choice = json!({ "index": 0, "delta": { "content": "" }, "finish_reason": "error" });
        let chunk = json!({ "id": "gen-sim", "object": "chat.completion.chunk", "error": error, "choices": [choice] });
        return ([(header::CONTENT_TYPE, SSE)], format!("data: {chunk}\n\ndata: [DONE]\n\n")).into_response();
    }
    graph::json(200, &json!({ "error": error }))
}
