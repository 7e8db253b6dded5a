//! MTN MoMo Collections, under `/momo` of the world's address: tokens, requests to pay, their status, payers, the
//! balance, the sandbox's API users, and the statement of the partner portal.
//!
//! It follows the published API and what integrators measured. A request waits for somebody to answer its prompt: on
//! the phone page, by [`World::momo_approve`] and [`World::momo_decline`], or by itself after [`Fate`].

mod account;
mod answer;
mod book;
mod callback;
mod check;
mod desk;
mod handle;
mod knobs;
mod ledger;
mod pay;
mod payment;
mod people;
mod record;
mod sandbox;
mod statement;

use std::collections::{HashMap, VecDeque};

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{Response, Uri, header};
use axum::response::IntoResponse;
use axum::routing::{any, get, post};
use parking_lot::{Mutex, RwLock};
use serde::Deserialize;
use tokio::sync::{Notify, watch};

use crate::behaviour::Config;
use crate::world::World;

pub use account::{MomoAccount, MomoFault};
use answer::refusal;
use book::Book;
use desk::Desk;
pub use knobs::{Callbacks, Fate, MomoBehaviour, MomoCall, MomoOutcome, MomoRate, NamedErrors, Scene, Shown};
pub use record::{
    KEPT_MONEY_MESSAGES, KEPT_PAYMENTS, MomoCallback, MomoEntry, MomoPayment, MomoPost, MomoPrompt,
    MoneyMessage,
};
pub use statement::{StatementColumn, StatementOptions};

/// MTN's side of a world.
#[derive(Debug)]
pub(crate) struct Momo {
    knobs: RwLock<MomoBehaviour>,
    book: Mutex<Book>,
    desk: Mutex<Desk>,
    log: Mutex<Log>,
    /// Tells phones that prompts or messages have changed.
    changed: watch::Sender<u64>,
    /// Wakes the task that lets things happen at their time.
    alarm: Notify,
}

#[derive(Debug, Default)]
struct Log {
    posts: VecDeque<MomoPost>,
    posts_of: HashMap<String, u32>,
    callbacks: VecDeque<MomoCallback>,
}

impl Momo {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            knobs: RwLock::new(config.momo.clone()),
            book: Mutex::new(Book::new(&config.momo_account)),
            desk: Mutex::new(Desk::new(&config.momo_account)),
            log: Mutex::default(),
            changed: watch::Sender::new(0),
            alarm: Notify::new(),
        }
    }
}

pub(crate) fn router() -> Router<World> {
    let holder = "/momo/collection/v1_0/accountholder/{kind}/{number}";
    Router::new()
        .route("/momo/collection/token/", post(desk::token))
        .route("/momo/collection/v1_0/requesttopay", post(pay::request))
        .route("/momo/collection/v1_0/requesttopay/{reference}", get(pay::status))
        .route(&format!("{holder}/active"), get(pay::active))
        .route(&format!("{holder}/basicuserinfo"), get(pay::basic_user_info))
        .route("/momo/collection/v1_0/account/balance", get(pay::balance))
        .route("/momo/v1_0/apiuser", post(sandbox::make_user))
        .route("/momo/v1_0/apiuser/{id}", get(sandbox::user))
        .route("/momo/v1_0/apiuser/{id}/apikey", post(sandbox::make_key))
        .route("/momo/statement.csv", get(export))
        // A route and no fallback, or the Graph API would answer for what it takes for a page.
        .route("/momo/{*path}", any(unknown))
}

/// What the gateway says to a path it does not know. Two slashes in a row are a known trap.
async fn unknown(uri: Uri) -> Response<Body> {
    if uri.path().contains("//") {
        return refusal(&MomoFault::gateway(400, "There are two slashes in the path"));
    }
    refusal(&MomoFault::gateway(404, "Resource not found"))
}

/// `?bom=true&grouped=true&reordered=true&failed=true`, all optional.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the query")]
struct Wanted {
    bom: bool,
    grouped: bool,
    reordered: bool,
    failed: bool,
    from_ms: Option<i64>,
    to_ms: Option<i64>,
}

async fn export(State(world): State<World>, Query(wanted): Query<Wanted>) -> impl IntoResponse {
    let Wanted { bom, grouped, reordered, failed, from_ms, to_ms } = wanted;
    let columns = if reordered { StatementColumn::REORDERED } else { StatementColumn::ALL }.to_vec();
    let options = StatementOptions { bom, grouped, columns, failed, from_ms, to_ms };
    let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8");
    let name = (header::CONTENT_DISPOSITION, "attachment; filename=\"statement.csv\"");
    ([kind, name], world.momo_statement(&options))
}
