//! `/momo/callback`: where MTN posts how a payment went.
//!
//! MTN signs nothing and says it once, so it is a hint and no more: 200 whatever comes, a bounded part of the body
//! kept, and the payment asks MTN itself. Nobody learns here what exists.

use std::time::Duration;

use answerbot_core::PaymentId;
use answerbot_engine::Hinted;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http_body_util::BodyExt;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout, timeout_at};

use crate::client;
use crate::state::{Shared, WebState};

/// What is kept of a body, in bytes.
const KEPT: usize = 64 * 1024;
/// So much of it needs no permit: MTN's own are shorter.
const USUAL: usize = 4 * 1024;
/// Bodies longer than [`USUAL`] that are kept at once, 16 MiB of them; of further ones only the beginning is kept.
/// With every connection of the server in use the usual ones are no more than that either.
pub(crate) const LARGE_BODIES: usize = 256;
/// What lies beyond is read away, so that the client gets to see the answer, but not for ever: in bytes, with what
/// is kept.
const READ: usize = 2 * 1024 * 1024;
/// How long a body may take.
const COLLECT: Duration = Duration::from_secs(10);
/// How long it may take to keep it: the answer is due within two seconds.
const STORE_LIMIT: Duration = Duration::from_millis(1_500);
/// The route; what follows is read here, so that no odd address is answered otherwise.
pub(crate) const ROOT: &str = "/momo/callback";

/// Whose callback it is.
enum Named {
    /// The address named a payment, and knew the secret.
    Payment(PaymentId),
    /// It knew the secret, and named none.
    Nothing,
    /// It is the bare address, which anybody may know.
    Bare,
    /// The secret is wrong.
    Stranger,
}

/// `POST` and `PUT`: MTN's pages say both.
pub(crate) async fn receive(State(web): State<WebState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let result = take(&web, &parts, body).await;
    metrics::counter!("momo_callbacks_total", "result" => result).increment(1);
    "OK\n".into_response()
}

/// Gives what became of it, as a metric's label.
async fn take(web: &Shared, parts: &Parts, body: Body) -> &'static str {
    let address = client::address(&parts.headers, &parts.extensions, web.proxies);
    let refused = if !web.callback_ips.is_empty() && !web.callback_ips.contains(&address) {
        Err("foreign_address")
    } else {
        match named(web, parts.uri.path()) {
            Named::Stranger => Err("wrong_secret"),
            // What cannot be told from a stranger's shall not cost many writes.
            Named::Bare => web.unsigned.check(address).await.map_or(Err("too_many"), |()| Ok(None)),
            // Its body may carry the order's external id, but no reference to look a payment up by: it is kept for
            // a human, and polls find what it hints at.
            Named::Nothing => Ok(None),
            Named::Payment(payment) => Ok(Some(payment)),
        }
    };
    let (reference, callbacks) = match (refused, &web.callbacks) {
        (Ok(reference), Some(callbacks)) => (reference, callbacks),
        (refused, _) => {
            read_away(body, Instant::now() + COLLECT, 0).await;
            return refused.err().unwrap_or("not_set_up");
        }
    };
    let Collected { kept, cut, permit } = collect(web, body).await;
    let hinted = timeout(STORE_LIMIT, callbacks.called_back(reference, kept, cut)).await;
    drop(permit);
    match hinted {
        Ok(Ok(Hinted::Nudged)) => "nudged",
        Ok(Ok(Hinted::Again)) => "again",
        Ok(Ok(Hinted::PassedOver)) => "passed_over",
        Ok(Ok(Hinted::Unknown)) if reference.is_none() => "no_reference",
        Ok(Ok(Hinted::Unknown)) => "unknown_reference",
        Ok(Err(error)) => not_kept(web, &error.to_string()),
        Err(_) => not_kept(web, "the store took too long"),
    }
}

/// MTN does not say it again, but the payment is asked about all the same, so nobody needs to be woken.
fn not_kept(web: &Shared, reason: &str) -> &'static str {
    if let Some(held_back) = web.callback_log.pass(web.clock.monotonic()) {
        tracing::warn!(reason, held_back, "a callback of MTN was not kept; its payment is polled");
    }
    "not_kept"
}

/// Reads `/momo/callback/{secret}/{reference}`.
fn named(web: &Shared, path: &str) -> Named {
    let rest = path.strip_prefix(ROOT).unwrap_or_default().trim_matches('/');
    if rest.is_empty() {
        return Named::Bare;
    }
    let (secret, reference) = rest.split_once('/').unwrap_or((rest, ""));
    if !web.callback_secret.matches(secret) {
        return Named::Stranger;
    }
    PaymentId::parse_uuid(reference).map_or(Named::Nothing, Named::Payment)
}

/// A body as far as it came.
struct Collected<'a> {
    kept: Vec<u8>,
    cut: bool,
    permit: Option<SemaphorePermit<'a>>,
}

async fn collect(web: &Shared, mut body: Body) -> Collected<'_> {
    let deadline = Instant::now() + COLLECT;
    let mut it = Collected { kept: Vec::new(), cut: false, permit: None };
    loop {
        match timeout_at(deadline, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                // Trailers say nothing that we need.
                let Ok(piece) = frame.into_data() else { continue };
                if it.kept.len() + piece.len() > USUAL && it.permit.is_none() {
                    it.permit = web.callback_bodies.try_acquire().ok();
                }
                let most = if it.permit.is_some() { KEPT } else { USUAL };
                let room = most.saturating_sub(it.kept.len());
                if it.kept.capacity() < most {
                    it.kept.reserve_exact(room);
                }
                // Copied: a piece holds on to the buffer that it was read into.
                it.kept.extend_from_slice(&piece[..piece.len().min(room)]);
                if piece.len() > room {
                    it.cut = true;
                    let read = it.kept.len() + piece.len() - room;
                    drop(piece);
                    read_away(body, deadline, read).await;
                    return it;
                }
            }
            Ok(None) => return it,
            // It broke, or takes too long: what came may be enough to know it by.
            Ok(Some(Err(_))) | Err(_) => {
                it.cut = true;
                return it;
            }
        }
    }
}

/// Reads the rest and keeps nothing of it.
async fn read_away(mut body: Body, deadline: Instant, mut read: usize) {
    while read < READ
        && let Ok(Some(Ok(frame))) = timeout_at(deadline, body.frame()).await
    {
        read += frame.data_ref().map_or(0, bytes::Bytes::len);
    }
}
