//! The sandbox's payers with a fixed fate, and its calls that make API users.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::account::MomoFault;
use super::answer::{empty, refusal};
use super::check::{header, is_uuid_v4};
use super::desk::{ApiUser, check_key};
use super::knobs::{Fate, MomoBehaviour, NamedErrors, Scene};
use crate::graph::json as json_answer;
use crate::world::World;

/// The published table: the last two digits of 467331234…, and the code the payer is named after.
const NAMED: [(&str, &str); 10] = [
    ("55", "PAYER_NOT_FOUND"),
    ("56", "PAYEE_NOT_ALLOWED_TO_RECEIVE"),
    ("57", "NOT_ALLOWED"),
    ("58", "NOT_ALLOWED_TARGET_ENVIRONMENT"),
    ("59", "INVALID_CALLBACK_URL_HOST"),
    ("60", "INVALID_CURRENCY"),
    ("61", "INTERNAL_PROCESSING_ERROR"),
    ("62", "SERVICE_UNAVAILABLE"),
    ("63", "COULD_NOT_PERFORM_TRANSACTION"),
    ("64", "TRANSFER_TYPE_UNKNOWN"),
];

/// What the payer's number says about the request itself.
pub(super) struct AtRequest {
    pub(super) fault: MomoFault,
    /// Whether the request is taken all the same, and fails.
    pub(super) taken: bool,
}

fn magic(payer: &str) -> Option<&str> {
    payer.strip_prefix("467331234").filter(|rest| rest.len() == 2)
}

fn named(payer: &str) -> Option<&'static str> {
    let digits = magic(payer)?;
    NAMED.iter().find(|(last, _)| *last == digits).map(|(_, code)| *code)
}

/// The error that this payer's number stands for, if it is met at the request.
pub(super) fn fault_of(payer: &str, knobs: &MomoBehaviour) -> Option<AtRequest> {
    if knobs.fates.contains_key(payer) {
        return None;
    }
    let code = named(payer)?;
    let at_request = match knobs.named_errors {
        NamedErrors::AtRequest => true,
        NamedErrors::InStatus => false,
        NamedErrors::AsDocumented => matches!(&payer[9..], "57" | "58" | "59" | "60" | "61" | "62"),
    };
    let status = if code == "SERVICE_UNAVAILABLE" { 503 } else { 500 };
    let taken = code == "INTERNAL_PROCESSING_ERROR";
    at_request.then(|| AtRequest { fault: MomoFault::wallet(status, code), taken })
}

/// What becomes of a request to this payer.
pub(super) fn fate_of(payer: &str, knobs: &MomoBehaviour) -> Fate {
    let fails = |reason: &str| Fate::Play(vec![Scene::failed(Duration::ZERO, reason)]);
    if knobs.inactive.contains(payer) {
        return fails("PAYER_NOT_FOUND");
    }
    if let Some(fate) = knobs.fates.get(payer) {
        return fate.clone();
    }
    if let Some(code) = named(payer) {
        return fails(code);
    }
    match magic(payer) {
        Some("50") => fails("INTERNAL_PROCESSING_ERROR"),
        Some("51") => fails("APPROVAL_REJECTED"),
        Some("52") => fails("EXPIRED"),
        Some("53") => Fate::Play(Vec::new()),
        Some("54") => Fate::Play(vec![
            Scene::new(Duration::ZERO, "CREATED"),
            Scene::new(Duration::from_secs(25), "SUCCESSFUL"),
        ]),
        _ => knobs.fate.clone(),
    }
}

/// `POST /v1_0/apiuser`
pub(super) async fn make_user(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let made = provisioning(&world, &headers).and_then(|()| {
        let reference = header(&headers, "x-reference-id").unwrap_or_default();
        let host = serde_json::from_slice::<Value>(&body).unwrap_or_default()["providerCallbackHost"]
            .as_str()
            .map(str::to_owned);
        let sound = |host: &String| !host.is_empty() && !host.contains(['/', ':', ' ']);
        let Some(host) = host.filter(sound) else {
            return Err(MomoFault::gateway(400, "providerCallbackHost must be a host name alone"));
        };
        if !is_uuid_v4(reference) {
            return Err(MomoFault::gateway(400, "X-Reference-Id must be a UUID version 4"));
        }
        world.inner.momo.desk.lock().add_user(reference, ApiUser { host, key: None })
    });
    made.map_or_else(|fault| refusal(&fault), |()| empty(201))
}

/// `POST /v1_0/apiuser/{id}/apikey`
pub(super) async fn make_key(
    State(world): State<World>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let made = provisioning(&world, &headers).and_then(|()| {
        let key = format!("{:016x}{:016x}", world.inner.dice.roll(), world.inner.dice.roll());
        world.inner.momo.desk.lock().set_key(&user, &key)?;
        Ok(key)
    });
    made.map_or_else(|fault| refusal(&fault), |key| json_answer(201, &json!({ "apiKey": key })))
}

/// `GET /v1_0/apiuser/{id}`
pub(super) async fn user(
    State(world): State<World>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let found = provisioning(&world, &headers).and_then(|()| {
        let desk = world.inner.momo.desk.lock();
        desk.user(&user).map(|user| user.host.clone()).ok_or_else(not_found)
    });
    let environment = &world.config().momo_account.environment;
    let shown =
        |host| json_answer(200, &json!({ "providerCallbackHost": host, "targetEnvironment": environment }));
    found.map_or_else(|fault| refusal(&fault), shown)
}

/// Only the sandbox makes API users; in production the partner portal does.
fn provisioning(world: &World, headers: &HeaderMap) -> Result<(), MomoFault> {
    let account = &world.config().momo_account;
    check_key(account, headers)?;
    if account.is_sandbox() { Ok(()) } else { Err(MomoFault::gateway(404, "Resource not found")) }
}

pub(super) fn not_found() -> MomoFault {
    MomoFault::wallet(404, "RESOURCE_NOT_FOUND")
}
