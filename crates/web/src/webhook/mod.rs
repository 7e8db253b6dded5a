//! `/webhook`: where the chat platforms post.
//!
//! The order matters. The raw body comes in under a size limit and a time limit; its signature is checked;
//! only then is anything parsed; and 200 is said only when the store has it.

mod body;
mod judge;

use std::sync::Arc;
use std::time::Duration;

use answerbot_ports::channel::Parsed;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, StatusCode};
use serde::Deserialize;

use crate::observe::REQUEST_ID;
use crate::state::WebState;
use crate::{client, too_many, with_retry_after};

pub(crate) use body::MEMORY_KIB;
use body::{Collected, collect};
use judge::{Verdict, judge};

/// The platform's signature over the raw body.
const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");
/// How long the store may take. With the time for the body (10 s) this ends before Meta gives up, at 20 s.
/// What is stored although we said 503 comes again, and is known.
const STORE_LIMIT: Duration = Duration::from_secs(9);
/// 99.9 % of acknowledgements shall be faster.
const ACK_PROMISE: Duration = Duration::from_millis(200);
/// When the platform may try again after a 503, in seconds. Meta chooses its own time; proxies read it.
const RETRY_SECS: u64 = 2;
/// From this length on, in bytes, checking and parsing leave the thread that serves others.
const LARGE: usize = 256 * 1024;
/// Said to the platform once its events are stored.
const RECEIVED: &str = "EVENT_RECEIVED";

#[derive(Deserialize)]
pub(crate) struct Hub {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.verify_token")]
    verify_token: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

/// `GET /webhook`: the platform asks whether this address is ours. Needs no store.
pub(crate) async fn challenge(
    State(web): State<WebState>,
    hub: Result<Query<Hub>, QueryRejection>,
    request: Request,
) -> Response {
    if let Ok(Query(Hub { mode: Some(mode), verify_token: Some(token), challenge: Some(challenge) })) = hub
        && web.verify_token.matches(&token)
        && mode == "subscribe"
    {
        return ([(CONTENT_TYPE, "text/plain; charset=utf-8")], challenge).into_response();
    }
    // Right ones always pass; guesses do not come for free.
    stranger(&web, request.headers(), request.extensions())
        .await
        .unwrap_or_else(|| (StatusCode::FORBIDDEN, "Forbidden.\n").into_response())
}

/// `POST /webhook`.
pub(crate) async fn receive(State(web): State<WebState>, request: Request) -> Response {
    let started = web.clock.monotonic();
    let (parts, body) = request.into_parts();
    let response = take(&web, &parts, body).await;

    let status = response.status();
    metrics::counter!("webhook_requests_total", "status" => label(status)).increment(1);
    // Only what the platform waits for: forged requests would blur the figure.
    if matches!(status, StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE) {
        let took = web.clock.monotonic().saturating_sub(started);
        metrics::histogram!("webhook_ack_seconds").record(took);
        if took > ACK_PROMISE {
            metrics::counter!("webhook_ack_slow_total").increment(1);
        }
    }
    response
}

async fn take(web: &WebState, parts: &Parts, body: Body) -> Response {
    let signature = parts.headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    if signature.is_none() {
        return unsigned(web, parts, body).await;
    }
    let (body, _memory) = match collect(web, body, signature).await {
        Collected::Whole(body, memory) => (body, memory),
        Collected::TooBig { signed } => return too_big(web, parts, signed),
        Collected::TooSlow => return (StatusCode::REQUEST_TIMEOUT, "Too slow.\n").into_response(),
        Collected::Broken => return (StatusCode::BAD_REQUEST, "The body broke off.\n").into_response(),
        Collected::NoMemory => return try_again("Too many large bodies at once.\n"),
    };
    let verdict = if body.len() < LARGE {
        judge(&web.channels, signature, &body)
    } else {
        let (channels, signature) = (Arc::clone(&web.channels), signature.map(str::to_owned));
        let judging = tokio::task::spawn_blocking(move || judge(&channels, signature.as_deref(), &body));
        match judging.await {
            Ok(verdict) => verdict,
            // It panicked: let it be counted where all panics are.
            Err(error) => std::panic::resume_unwind(Box::new(error)),
        }
    };
    match verdict {
        Verdict::Forged => {
            stranger(web, &parts.headers, &parts.extensions).await.unwrap_or_else(|| refused(web))
        }
        Verdict::NotJson => (StatusCode::BAD_REQUEST, "Not a JSON object.\n").into_response(),
        Verdict::Foreign => {
            metrics::counter!("webhook_ignored_total", "kind" => "object").increment(1);
            RECEIVED.into_response()
        }
        Verdict::Read(parsed) => accept(web, parts, parsed).await,
    }
}

/// Stores what was read. Only after this may the platform forget it.
async fn accept(web: &WebState, parts: &Parts, parsed: Parsed) -> Response {
    for kind in parsed.ignored {
        metrics::counter!("webhook_ignored_total", "kind" => kind).increment(1);
    }
    for alarm in &parsed.alarms {
        tracing::error!(alarm, request_id = request_id(parts), "the platform tells something grave");
        (web.alarm)(alarm);
    }
    // Receipts and the like leave nothing to store, and need no store.
    if parsed.envelopes.is_empty() {
        return RECEIVED.into_response();
    }
    match tokio::time::timeout(STORE_LIMIT, web.intake.accept(parsed.envelopes)).await {
        Ok(Ok(taken)) => {
            metrics::counter!("webhook_envelopes_total", "result" => "new").increment(count(taken.new));
            if taken.passed_over > 0 {
                metrics::counter!("webhook_envelopes_total", "result" => "passed_over")
                    .increment(count(taken.passed_over));
            }
            RECEIVED.into_response()
        }
        Ok(Err(error)) => not_stored(web, parts, &error.to_string()),
        Err(_) => not_stored(web, parts, "the store took too long"),
    }
}

fn not_stored(web: &WebState, parts: &Parts, reason: &str) -> Response {
    if let Some(held_back) = web.store_log.pass(web.clock.monotonic()) {
        tracing::error!(reason, held_back, request_id = request_id(parts), "a webhook was not stored");
    }
    try_again("Not stored. Send it again.\n")
}

/// Counts one against the address of somebody who could not prove who he is; 429 when that was one too many.
async fn stranger(web: &WebState, headers: &HeaderMap, extensions: &Extensions) -> Option<Response> {
    let address = client::address(headers, extensions, web.proxies);
    web.unsigned.check(address).await.err().map(|wait| {
        metrics::counter!("http_limited_total", "tier" => "webhook").increment(1);
        too_many(wait)
    })
}

/// Without a signature nothing is kept. The body is still read, so that the sender gets to see the answer.
async fn unsigned(web: &WebState, parts: &Parts, body: Body) -> Response {
    if let Some(limited) = stranger(web, &parts.headers, &parts.extensions).await {
        return limited;
    }
    match collect(web, body, None).await {
        Collected::TooBig { signed } => too_big(web, parts, signed),
        Collected::TooSlow => (StatusCode::REQUEST_TIMEOUT, "Too slow.\n").into_response(),
        _ => refused(web),
    }
}

fn refused(web: &WebState) -> Response {
    metrics::counter!("webhook_forged_total").increment(1);
    if let Some(held_back) = web.forged_log.pass(web.clock.monotonic()) {
        // Also what a wrong FB_APP_SECRET looks like, so it must be seen.
        tracing::warn!(held_back, "webhooks without a right signature; forged, or FB_APP_SECRET is wrong");
    }
    (StatusCode::FORBIDDEN, "Forbidden.\n").into_response()
}

/// Nothing of it was kept. To the platform it is 200: it would send the same again, for days.
fn too_big(web: &WebState, parts: &Parts, signed: bool) -> Response {
    let label = if signed { "true" } else { "false" };
    metrics::counter!("webhook_oversize_total", "signed" => label).increment(1);
    if signed {
        tracing::error!(request_id = request_id(parts), "a signed webhook beyond 16 MiB was dropped");
        (web.alarm)("A signed webhook beyond 16 MiB was dropped; messages are lost.");
        return RECEIVED.into_response();
    }
    (StatusCode::PAYLOAD_TOO_LARGE, "At most 16 MiB.\n").into_response()
}

fn try_again(text: &'static str) -> Response {
    with_retry_after((StatusCode::SERVICE_UNAVAILABLE, text).into_response(), RETRY_SECS)
}

fn request_id(parts: &Parts) -> &str {
    parts.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The status as a metric's label, without an allocation.
fn label(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200 => "200",
        400 => "400",
        403 => "403",
        408 => "408",
        413 => "413",
        429 => "429",
        503 => "503",
        _ => "other",
    }
}
