//! The one layer around all routes: request ids, panics, slow requests and headers.
//!
//! One layer with a future of its own, because each `from_fn` layer would cost the webhook another allocation.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use answerbot_ports::world::Clock;
use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, REFERRER_POLICY, USER_AGENT, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::state::WebState;

/// Names a request in logs and answers; taken over from the caller when it is sane.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id that is taken over, in bytes.
const LONGEST_ID: usize = 64;
/// Longest user agent in a log line, in bytes.
const LONGEST_AGENT: usize = 120;

struct Shared {
    clock: Arc<dyn Clock>,
    slow: Duration,
    /// Tells this process's ids from those of another one or of the one before.
    process: String,
    requests: AtomicU64,
}

impl Shared {
    fn next_id(&self) -> HeaderValue {
        let number = self.requests.fetch_add(1, Relaxed);
        let id = Bytes::from(format!("{}-{number:x}", self.process));
        HeaderValue::from_maybe_shared(id).unwrap_or(HeaderValue::from_static("unknown"))
    }
}

/// Puts [`Observed`] around a service.
#[derive(Clone)]
pub(crate) struct Observe(Arc<Shared>);

impl Observe {
    pub(crate) fn new(web: &WebState) -> Self {
        Self(Arc::new(Shared {
            clock: Arc::clone(&web.clock),
            slow: web.slow_request,
            process: format!("{:x}-{:x}", web.clock.now().as_millis(), std::process::id()),
            requests: AtomicU64::new(1),
        }))
    }
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed { inner, shared: Arc::clone(&self.0) }
    }
}

/// The service with what is told about it.
#[derive(Clone)]
pub(crate) struct Observed<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Service<Request> for Observed<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Observing<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let taken_over = request.headers().get(REQUEST_ID).filter(|id| is_sane(id)).cloned();
        let id = taken_over.unwrap_or_else(|| {
            let id = self.shared.next_id();
            // Handlers that log find it where a caller would have put it.
            request.headers_mut().insert(REQUEST_ID, id.clone());
            id
        });
        let seen = Seen {
            started: self.shared.clock.monotonic(),
            id,
            method: request.method().clone(),
            route: request.extensions().get().cloned(),
            agent: request.headers().get(USER_AGENT).cloned(),
        };
        Observing { inner: self.inner.call(request), seen, shared: Arc::clone(&self.shared) }
    }
}

/// What is remembered of a request while it is answered.
struct Seen {
    started: Duration,
    id: HeaderValue,
    method: Method,
    route: Option<MatchedPath>,
    agent: Option<HeaderValue>,
}

pin_project! {
    /// Answers, and tells what it saw.
    pub(crate) struct Observing<F> {
        #[pin]
        inner: F,
        seen: Seen,
        shared: Arc<Shared>,
    }
}

impl<F> Future for Observing<F>
where
    F: Future<Output = Result<Response, Infallible>>,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // After a panic the future is never polled again: this one is ready from then on.
        let polled = catch_unwind(AssertUnwindSafe(|| this.inner.poll(cx)));
        let mut response = match polled {
            Ok(poll) => match ready!(poll) {
                Ok(response) => response,
                Err(never) => match never {},
            },
            Err(_) => this.seen.panicked(),
        };
        this.seen.finish(&mut response, this.shared);
        Poll::Ready(Ok(response))
    }
}

impl Seen {
    fn route(&self) -> &str {
        self.route.as_ref().map_or("(none)", MatchedPath::as_str)
    }

    /// The panic's own words stay out: they may hold what a person wrote.
    fn panicked(&self) -> Response {
        metrics::counter!("http_panics_total").increment(1);
        tracing::error!(route = self.route(), method = %self.method, request_id = text(&self.id), "a handler panicked");
        (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here. Please try again.\n").into_response()
    }

    fn finish(&self, response: &mut Response, shared: &Shared) {
        let took = shared.clock.monotonic().saturating_sub(self.started);
        if took > shared.slow {
            metrics::counter!("http_slow_requests_total").increment(1);
            tracing::warn!(
                route = self.route(),
                method = %self.method,
                status = response.status().as_u16(),
                duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                request_id = text(&self.id),
                user_agent = self.agent.as_ref().map(|agent| cut(text(agent))),
                "slow request"
            );
        }
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, self.id.clone());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        // Only the public pages say something else.
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}

fn is_sane(id: &HeaderValue) -> bool {
    let id = id.as_bytes();
    (1..=LONGEST_ID).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
}

/// The value where it is plain ASCII, as `to_str` says.
fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or("(unreadable)")
}

/// ASCII can be cut anywhere.
fn cut(agent: &str) -> &str {
    agent.get(..LONGEST_AGENT).unwrap_or(agent)
}
