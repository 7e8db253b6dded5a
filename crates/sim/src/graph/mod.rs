//! Meta's Graph API, as far as a Messenger bot calls it.

mod check;
mod profile;
mod send;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use crate::behaviour::GraphFault;
use crate::world::World;

pub(crate) fn router() -> Router<World> {
    Router::new()
        .route("/{version}/{page}/messages", post(send::send))
        .route(
            "/{version}/{page}/messenger_profile",
            post(profile::set).get(profile::get).delete(profile::delete),
        )
        .route("/{version}/{page}/subscribed_apps", get(profile::subscribed).post(profile::subscribe))
        .route("/{version}/{page}", get(profile::page))
}

/// What every call may carry in its query.
#[derive(Debug, Default, Deserialize)]
struct Credentials {
    access_token: Option<String>,
    appsecret_proof: Option<String>,
    /// Comma-separated names, for reads.
    fields: Option<String>,
}

/// `/{version}/{page}` of the path.
type Node = Path<(String, String)>;

/// Token, proof, version and page of a call; the page may be called `me`.
fn authorize(
    world: &World,
    (version, page): &(String, String),
    given: &Credentials,
    headers: &HeaderMap,
) -> Result<(), GraphFault> {
    let config = &world.inner.config;
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
    let Some(token) = bearer.or(given.access_token.as_deref()) else {
        return Err(GraphFault::new(400, 2500, None)
            .saying("An active access token must be used to query information about the current user."));
    };
    if token != config.page_access_token {
        return Err(GraphFault::new(400, 190, Some(467))
            .saying("Invalid OAuth access token - Cannot parse access token"));
    }
    if given.appsecret_proof.as_ref().is_some_and(|proof| *proof != world.inner.proof) {
        return Err(
            GraphFault::new(400, 100, None).saying("Invalid appsecret_proof provided in the API argument")
        );
    }
    if !version.starts_with('v') {
        return Err(GraphFault::new(400, 2500, None).saying(format!("Unknown path components: /{version}")));
    }
    if page != "me" && *page != config.page_id {
        return Err(GraphFault::new(400, 100, Some(33)).saying(format!(
            "Unsupported request. Object with ID '{page}' does not exist, cannot be loaded due to missing permissions"
        )));
    }
    Ok(())
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: ErrorFields<'a>,
}

#[derive(Serialize)]
struct ErrorFields<'a> {
    message: &'a str,
    r#type: &'static str,
    code: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_subcode: Option<u32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_transient: bool,
    fbtrace_id: String,
}

/// The error as Graph words it, with this HTTP status instead of the fault's own if given.
fn refusal(world: &World, fault: &GraphFault, status: Option<u16>) -> Response<Body> {
    let error = ErrorFields {
        message: &fault.message,
        r#type: "OAuthException",
        code: fault.code,
        error_subcode: fault.subcode,
        is_transient: fault.transient,
        fbtrace_id: format!("A{}", world.unique()),
    };
    json(status.unwrap_or(fault.status), &ErrorBody { error })
}

/// A JSON answer.
pub(crate) fn json(status: u16, body: &impl Serialize) -> Response<Body> {
    let bytes = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json; charset=UTF-8"));
    response
}
