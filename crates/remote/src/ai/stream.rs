//! An answer as it is written: read as a stream and kept whole, so that one which stalls or breaks off falls over to
//! the next provider unseen. Facts: the streaming pages of OpenRouter and OpenAI; server-sent events of the HTML
//! standard.

use std::time::Duration;

use answerbot_core::spend;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::failure::{Failure, Why};
use crate::http::{self, Answer, NoAnswer};

/// How patient a call is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// All of it.
    pub whole: Duration,
    /// Until the first words.
    pub first: Duration,
    /// Between two pieces.
    pub idle: Duration,
}

/// What a call brought: an answer in one piece, in the shape that is not streamed. `on_words` hears of its first words.
pub(super) async fn call(
    service: &str,
    request: RequestBuilder,
    patience: Patience,
    on_words: impl FnMut() + Send,
) -> Result<Answer, Failure> {
    let started = Instant::now();
    let end = started + patience.whole;
    let first = end.min(started + patience.first);
    let result = match timeout_at(first, http::send(request)).await {
        Ok(Ok(response)) => collect(response, first, end, patience.idle, on_words).await,
        Ok(Err((why, detail))) => {
            tracing::debug!(service, why = why.name(), detail, "a call had no answer");
            Err(Failure::silent(why))
        }
        Err(_) => Err(Failure::silent(NoAnswer::TimedOut).after(0)),
    };
    let outcome = match &result {
        Ok(answer) => http::outcome(answer.status),
        Err(failure) => failure.why.name(),
    };
    http::count(service, outcome, started.elapsed().as_secs_f64());
    result
}

async fn collect(
    mut response: Response,
    first: Instant,
    end: Instant,
    idle: Duration,
    mut on_words: impl FnMut() + Send,
) -> Result<Answer, Failure> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let is_stream = (200..300).contains(&status) && is_events(&headers);
    let mut events = Events::default();
    let mut body = Vec::new();
    let mut read = 0;
    loop {
        // A comment keeps the connection awake and says nothing.
        let has_words = if is_stream { events.has_words() } else { !body.is_empty() };
        let until = if has_words { end.min(Instant::now() + idle) } else { first };
        let chunk = match timeout_at(until, response.chunk()).await {
            Err(_) => return Err(Failure::silent(NoAnswer::TimedOut).after(events.wrote())),
            Ok(Err(error)) => {
                tracing::debug!(detail = http::redacted(error), "an answer broke off");
                return Err(Failure::silent(NoAnswer::Broken).after(events.wrote()));
            }
            Ok(Ok(chunk)) => chunk,
        };
        let Some(chunk) = chunk else { break };
        read += chunk.len();
        if read > http::ANSWER_BYTES {
            return Err(Failure::new(Why::Rubbish, "answer too long"));
        }
        if !is_stream {
            on_words();
            body.extend_from_slice(&chunk);
            continue;
        }
        let before = events.content.len();
        let is_over = events.take(&chunk);
        if events.content.len() > before {
            on_words();
        }
        if is_over {
            break;
        }
    }
    if is_stream {
        body = events.whole()?.to_string().into_bytes();
    }
    Ok(Answer { status, headers, body })
}

fn is_events(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|it| it.to_str().ok())
        .is_some_and(|it| it.trim_start().to_ascii_lowercase().starts_with("text/event-stream"))
}

/// The events of a stream, put together to what the same answer would be in one piece.
#[derive(Default)]
struct Events {
    /// Bytes of a line that has not ended.
    line: Vec<u8>,
    content: String,
    refusal: String,
    finish: Option<String>,
    model: Option<Value>,
    usage: Option<Value>,
    error: Option<Value>,
    done: bool,
    broken: bool,
}

impl Events {
    /// About how many tokens were written.
    fn wrote(&self) -> u64 {
        spend::tokens(&self.content)
    }

    fn has_words(&self) -> bool {
        !self.content.is_empty()
    }

    /// Reads on; true when nothing more is worth waiting for.
    fn take(&mut self, chunk: &[u8]) -> bool {
        for byte in chunk {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                self.read(&line);
            } else if *byte != b'\r' {
                self.line.push(*byte);
            }
        }
        self.done || self.broken || self.error.is_some()
    }

    fn read(&mut self, line: &[u8]) {
        let Some(data) = line.strip_prefix(b"data:") else { return };
        let data = data.trim_ascii();
        if data == b"[DONE]" {
            self.done = true;
            return;
        }
        let Ok(event) = serde_json::from_slice::<Value>(data) else {
            self.broken = true;
            return;
        };
        let told = |value: &Value| value.get("error").filter(|error| !error.is_null()).cloned();
        let choice = event.get("choices").and_then(|choices| choices.get(0));
        if let Some(error) = told(&event).or_else(|| choice.and_then(told)) {
            self.error = Some(error);
        }
        if let Some(usage) = event.get("usage").filter(|usage| usage.is_object()) {
            self.usage = Some(usage.clone());
        }
        if let Some(model) = event.get("model").filter(|model| model.is_string()) {
            self.model = Some(model.clone());
        }
        let Some(choice) = choice else { return };
        // Some send the last event with the whole message instead of its rest.
        let delta = choice.get("delta").or_else(|| choice.get("message"));
        let part = |name: &str| delta.and_then(|delta| delta.get(name)).and_then(Value::as_str);
        self.content.push_str(part("content").unwrap_or_default());
        self.refusal.push_str(part("refusal").unwrap_or_default());
        if let Some(finish) = choice.get("finish_reason").and_then(Value::as_str) {
            self.finish = Some(finish.to_owned());
        }
    }

    /// The answer in one piece. One without its end was cut, however complete it reads.
    fn whole(mut self) -> Result<Value, Failure> {
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.read(&line);
        }
        if let Some(error) = self.error {
            return Ok(json!({ "error": error, "usage": self.usage, "model": self.model }));
        }
        let wrote = self.wrote();
        let rubbish = |reason: &str| Err(Failure::new(Why::Rubbish, reason).after(wrote));
        if self.broken {
            return rubbish("a broken stream");
        }
        let Some(finish) = self.finish else { return rubbish("a cut stream") };
        let mut message = json!({ "role": "assistant", "content": self.content });
        if !self.refusal.is_empty() {
            message["refusal"] = self.refusal.into();
        }
        let mut whole = json!({ "choices": [{ "finish_reason": finish, "message": message }] });
        if let Some(usage) = self.usage {
            whole["usage"] = usage;
        }
        if let Some(model) = self.model {
            whole["model"] = model;
        }
        Ok(whole)
    }
}
