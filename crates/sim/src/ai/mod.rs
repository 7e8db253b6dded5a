//! Two AI providers, `OpenRouter` and `OpenAI`, at the path `chat/completions` of their base URLs.

mod answers;
mod reply;
mod request;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::behaviour::{AiBehaviour, AiFault, AiOutcome};
use crate::clock::{self, Dice};
use crate::record::{AiRequest, ChatMessage, Happening, Provider, count};
use crate::world::World;
pub(crate) use answers::question_ids;
use reply::Reply;
use request::Asked;

pub(crate) fn router() -> Router<World> {
    Router::new()
        .route("/openrouter/api/v1/chat/completions", post(openrouter))
        .route("/openai/v1/chat/completions", post(openai))
        .route("/openrouter/api/v1/key", get(key))
        .route("/openai/v1/models", get(models))
}

/// What `OpenRouter` tells of a key.
async fn key() -> Json<Value> {
    Json(
        json!({ "data": { "label": "sim", "limit_remaining": null, "usage_daily": 0, "is_free_tier": false } }),
    )
}

/// The models that `OpenAI` offers.
async fn models() -> Json<Value> {
    Json(json!({ "object": "list", "data": [{ "id": "gpt-4o-mini", "object": "model", "owned_by": "sim" }] }))
}

async fn openrouter(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    complete(world, Provider::OpenRouter, &headers, &body).await
}

async fn openai(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    complete(world, Provider::OpenAi, &headers, &body).await
}

async fn complete(world: World, provider: Provider, headers: &HeaderMap, body: &[u8]) -> Response<Body> {
    count(&world.inner.counters.ai_requests);
    let asked = match request::read(body) {
        Ok(asked) => asked,
        Err(message) => return faulty(&AiFault::new(400, "invalid_request", &message)),
    };
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
    let plan = plan(&world, provider, bearer, &asked);
    record(&world, provider, &asked);
    world.sleep(plan.wait).await;
    let (content, finish) = match plan.outcome {
        AiOutcome::Answer(text) => {
            // Four characters are about one token.
            let most = usize::try_from(asked.max_tokens().unwrap_or(u32::MAX))
                .unwrap_or(usize::MAX)
                .saturating_mul(4);
            match text.char_indices().nth(most) {
                Some((end, _)) => (Some(text[..end].to_owned()), "length"),
                None => (Some(text), "stop"),
            }
        }
        AiOutcome::Length(text) => (Some(text), "length"),
        disturbance => {
            count(&world.inner.counters.ai_disturbed);
            return disturbed(&world, provider, &asked, disturbance, plan.hang_for).await;
        }
    };
    let reply = Reply { world: &world, provider, asked: &asked, content, finish };
    if asked.stream { reply.stream(plan.word_pause) } else { reply.json() }
}

async fn disturbed(
    world: &World,
    provider: Provider,
    asked: &Asked<'_>,
    outcome: AiOutcome,
    hang_for: Duration,
) -> Response<Body> {
    let whole = |content: Option<String>| Reply { world, provider, asked, content, finish: "stop" };
    let either = |reply: Reply<'_>| if asked.stream { reply.stream(Duration::ZERO) } else { reply.json() };
    let half_an_answer = || whole(Some("This answer stops in the middle of".into()));
    match outcome {
        AiOutcome::Fault(fault) => faulty(&fault),
        AiOutcome::Hang => {
            world.sleep(hang_for).await;
            faulty(&AiFault::new(504, "timeout", "The provider timed out"))
        }
        AiOutcome::HalfThenSilence => half_an_answer().half(Some(hang_for)),
        AiOutcome::Cut => half_an_answer().half(None),
        AiOutcome::Malformed => reply::malformed(asked.stream),
        AiOutcome::ErrorIn200 => reply::error_in_200(asked.stream),
        AiOutcome::Null => either(whole(None)),
        AiOutcome::Empty | AiOutcome::Answer(_) | AiOutcome::Length(_) => either(whole(Some(String::new()))),
    }
}

fn faulty(fault: &AiFault) -> Response<Body> {
    let status = axum::http::StatusCode::from_u16(fault.status).unwrap_or_default();
    let is_json = fault.body.trim_start().starts_with('{');
    let kind = if is_json { "application/json" } else { "text/html; charset=utf-8" };
    let mut response = (status, [(header::CONTENT_TYPE, kind)], fault.body.clone()).into_response();
    if let Some(seconds) = fault.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

struct Plan {
    outcome: AiOutcome,
    wait: Duration,
    hang_for: Duration,
    word_pause: Duration,
}

fn plan(world: &World, provider: Provider, bearer: Option<&str>, asked: &Asked<'_>) -> Plan {
    let lock = world.ai_knobs(provider);
    let dice = &world.inner.dice;
    let (scripted, mut plan) = {
        let knobs = lock.read();
        let plan = Plan {
            outcome: outcome(&knobs, bearer, asked, dice),
            wait: knobs.delay + dice.up_to(knobs.jitter),
            hang_for: knobs.hang_for,
            word_pause: knobs.word_pause,
        };
        (!knobs.script.is_empty(), plan)
    };
    if scripted && let Some(next) = lock.write().script.pop_front() {
        plan.outcome = next;
    }
    plan
}

fn outcome(knobs: &AiBehaviour, bearer: Option<&str>, asked: &Asked<'_>, dice: &Dice) -> AiOutcome {
    let refused = match (&knobs.api_key, bearer) {
        (_, None) => true,
        (Some(key), Some(bearer)) => key != bearer,
        (None, Some(bearer)) => bearer.is_empty(),
    };
    if refused {
        return AiOutcome::Fault(AiFault::new(401, "authentication", "No auth credentials found"));
    }
    let question = asked.question();
    if let Some((_, fixed)) = knobs.when.iter().find(|(part, _)| question.contains(part.as_str())) {
        return fixed.clone();
    }
    if knobs.any_rate()
        && let Some(rolled) = knobs.roll(dice)
    {
        return rolled;
    }
    let answer = answers::answer(question, knobs.canned);
    if dice.chance(knobs.length_rate) {
        let middle = answer.char_indices().nth(answer.chars().count() / 2).map_or(0, |(at, _)| at);
        return AiOutcome::Length(answer[..middle].to_owned());
    }
    AiOutcome::Answer(answer)
}

fn record(world: &World, provider: Provider, asked: &Asked<'_>) {
    let inner = &world.inner;
    if !inner.config.record && !inner.observers.any() {
        return;
    }
    let messages = asked.messages.iter();
    let messages = messages
        .map(|m| ChatMessage { role: m.role.to_string(), content: m.content.0.to_string() })
        .collect();
    let request = AiRequest { provider, model: asked.model.to_string(), messages, at_ms: clock::now_ms() };
    let request = Arc::new(request);
    if inner.config.record {
        inner.record.asked(Arc::clone(&request));
    }
    inner.observers.tell(&Happening::Asked(request));
}
