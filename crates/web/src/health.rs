//! What an orchestrator asks: alive, ready, metrics.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use tokio::sync::Mutex;

use crate::client;
use crate::state::{Shared, WebState};

/// How long the store may take to answer a ping.
const PING: Duration = Duration::from_millis(500);
/// How long a ping's result counts, so that probes cost the store nothing.
const FRESH: Duration = Duration::from_secs(2);

/// When the store was pinged last, and whether it answered.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<(Duration, bool)>>);

impl Readiness {
    /// Whether the store answers. Callers that come together wait for one ping.
    async fn store_answers(&self, web: &Shared) -> bool {
        let mut last = self.0.lock().await;
        if let Some((at, answers)) = *last
            && web.clock.monotonic().saturating_sub(at) < FRESH
        {
            return answers;
        }
        let answers = matches!(tokio::time::timeout(PING, web.store.ping()).await, Ok(Ok(())));
        if !answers && last.is_none_or(|(_, before)| before) {
            tracing::warn!("the store does not answer: not ready");
        }
        *last = Some((web.clock.monotonic(), answers));
        answers
    }
}

#[derive(Serialize)]
pub(crate) struct Health {
    status: &'static str,
    service: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    store: &'static str,
    draining: bool,
}

/// The process runs; nothing else is asked.
pub(crate) async fn livez() -> &'static str {
    "ok"
}

/// The old name of `/livez`.
pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok", service: "answerbot", version: env!("CARGO_PKG_VERSION") })
}

/// Whether new work should be sent here.
pub(crate) async fn readyz(State(web): State<WebState>) -> impl IntoResponse {
    let draining = web.draining.is_cancelled();
    let answers = web.readiness.store_answers(&web).await;
    let ready = answers && !draining;
    let body = Ready {
        status: if ready { "ok" } else { "unavailable" },
        store: if answers { "ok" } else { "unavailable" },
        draining,
    };
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}

/// Figures in Prometheus' text format, for whoever asks the process itself; not for the world that comes through a proxy.
pub(crate) async fn metrics(State(web): State<WebState>, headers: HeaderMap) -> Response {
    if web.proxies > 0 && client::is_forwarded(&headers) {
        return crate::not_found().await.into_response();
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (web.metrics)()).into_response()
}
