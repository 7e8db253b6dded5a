//! Everything that is called over HTTP.
//!
//! [`router`] holds the routes, [`serve()`] carries them over TCP:
//!
//! - `webhook`: `GET` and `POST /webhook`. The one path that has to be fast: body under limits, signature over
//!   the raw bytes, parse, store, 200.
//! - `callback`: `POST` and `PUT /momo/callback`: hints of MTN, answered 200 whatever comes.
//! - `health`: `/livez`, `/health`, `/readyz` and `/metrics`.
//! - `pages`: `/`, `/privacy` and `/terms`, rendered once at start.
//! - `observe`: the one layer around all of it: request ids, panics, slow requests, headers.
//! - `limiter` and `client`: how often an address may call, and what its address is.
//!
//! | metric | labels | counts |
//! |---|---|---|
//! | `webhook_requests_total` | `status` | posts to `/webhook` |
//! | `webhook_ack_seconds` | | histogram: posts answered 200 or 503 |
//! | `webhook_ack_slow_total` | | of those, the ones over 200 ms |
//! | `webhook_envelopes_total` | `result`: `new`, `passed_over` | events by what became of them |
//! | `webhook_ignored_total` | `kind` | events ignored on purpose |
//! | `webhook_forged_total` | | posts without a right signature |
//! | `webhook_oversize_total` | `signed` | posts beyond 16 MiB |
//! | `momo_callbacks_total` | `result`: `nudged`, `again`, `passed_over`, `unknown_reference`, `no_reference`, `wrong_secret`, `foreign_address`, `too_many` (without a secret), `not_set_up`, `not_kept` | callbacks by what became of them |
//! | `http_limited_total` | `tier`: `webhook`, `general` | requests answered 429 |
//! | `http_slow_requests_total` | | requests slower than `SLOW_REQUEST_MS` |
//! | `http_panics_total` | | handlers that panicked |
//!
//! **Architecture invariant:** nothing here knows Messenger's JSON (beyond its key `object`), SQL or the core's
//! decisions. Bodies and texts never reach a log.

mod callback;
mod client;
mod health;
mod limiter;
mod observe;
mod pages;
mod secret;
mod seldom;
mod serve;
mod signature;
mod state;
mod webhook;

use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

pub use pages::PublicPages;
pub use serve::{Limits, serve, serve_with};
pub use signature::{Oversize, SignatureCheck, app_secrets, unchecked};
pub use state::{Alarm, RenderMetrics, WebParts, WebState};

/// How long any route but the webhook and the callback may take; these bound each of their steps.
const GENERAL_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest body that any route but these takes, in bytes.
const GENERAL_BODY: usize = 64 * 1024;

/// All routes.
///
/// Three tiers of rate limits: the webhook (a validly signed request is never refused), the general tier by
/// address, and none for the health checks, which are cheap and which an orchestrator must always reach, nor for
/// callbacks, which MTN says once.
pub fn router(state: WebState) -> Router {
    let observe = observe::Observe::new(&state);
    let webhook = Router::new()
        .route("/webhook", get(webhook::challenge).post(webhook::receive))
        .method_not_allowed_fallback(wrong_method);
    let called_back = || post(callback::receive).put(callback::receive);
    let callback = Router::new()
        .route(callback::ROOT, called_back())
        .route(&format!("{}/", callback::ROOT), called_back())
        .route(&format!("{}/{{*rest}}", callback::ROOT), called_back())
        .method_not_allowed_fallback(wrong_method);
    let health = checks().layer(RequestBodyLimitLayer::new(GENERAL_BODY));
    let general = Router::new()
        .route("/", get(pages::home))
        .route("/privacy", get(pages::privacy))
        .route("/terms", get(pages::terms))
        .route("/metrics", get(health::metrics))
        .method_not_allowed_fallback(wrong_method)
        .fallback(not_found)
        .layer(RequestBodyLimitLayer::new(GENERAL_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, GENERAL_TIMEOUT))
        .layer(middleware::from_fn_with_state(state.clone(), general_limit));
    webhook.merge(callback).merge(health).merge(general).layer(observe).with_state(state)
}

/// The health checks and metrics alone: for a process that takes no webhooks.
pub fn health(state: WebState) -> Router {
    let observe = observe::Observe::new(&state);
    checks()
        .route("/metrics", get(health::metrics))
        .fallback(not_found)
        .layer(RequestBodyLimitLayer::new(GENERAL_BODY))
        .layer(observe)
        .with_state(state)
}

fn checks() -> Router<WebState> {
    Router::new()
        .route("/livez", get(health::livez))
        .route("/health", get(health::health))
        .route("/readyz", get(health::readyz))
        .method_not_allowed_fallback(wrong_method)
}

async fn not_found() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "Not found.\n")
}

async fn wrong_method() -> (StatusCode, &'static str) {
    (StatusCode::METHOD_NOT_ALLOWED, "This address does not take that method.\n")
}

/// The general tier: every address has its own allowance.
async fn general_limit(State(web): State<WebState>, request: Request, next: Next) -> Response {
    let address: IpAddr = client::address(request.headers(), request.extensions(), web.proxies);
    match web.general.check(address).await {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            metrics::counter!("http_limited_total", "tier" => "general").increment(1);
            too_many(wait)
        }
    }
}

/// 429 with the whole seconds to wait.
fn too_many(wait_secs: u64) -> Response {
    let text = (StatusCode::TOO_MANY_REQUESTS, "Too many requests. Please wait.\n");
    with_retry_after(text.into_response(), wait_secs)
}

/// Adds `Retry-After` in seconds.
fn with_retry_after(mut response: Response, secs: u64) -> Response {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(secs));
    response
}
