//! The phone page: a chat in the browser, at `/sim/`. One embedded file of HTML and CSS each and a script for
//! each of its two phones: the chat, and mobile money. No outside resource and no inline script, so that a strict
//! content security policy holds.

mod api;
mod chats;
mod money;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::world::World;
pub(crate) use chats::Phones;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page and its API, all under `/sim`. The bot mounts it on its own port in `demo`; the world serves it too.
pub fn router(world: World) -> Router {
    let fixed = |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    Router::new()
        .route("/sim", get(page))
        .route("/sim/", get(page))
        .route("/sim/phone.css", get(style))
        .route("/sim/phone.js", get(script))
        .route("/sim/api/profile", get(api::profile))
        .route("/sim/api/history", get(api::history))
        .route("/sim/api/events", get(api::events))
        .route("/sim/api/send", post(api::send))
        .route("/sim/money.js", get(money_script))
        .route("/sim/api/money", get(money::money))
        .route("/sim/api/money/answer", post(money::answer))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::CACHE_CONTROL, "no-store"))
        .layer(fixed(HeaderName::from_static("referrer-policy"), "no-referrer"))
        .with_state(world)
}

async fn page() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], include_str!("phone.html"))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("phone.css"))
}

async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("phone.js"))
}

async fn money_script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("money.js"))
}
