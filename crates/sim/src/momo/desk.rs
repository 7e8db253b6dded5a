//! Who may call: API users, subscription keys and tokens.

use std::collections::{HashMap, VecDeque};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::json;

use super::account::{MomoAccount, MomoFault};
use super::answer::{answer, refusal};
use super::check::header;
use super::knobs::MomoCall;
use super::sandbox::not_found;
use crate::graph::json as json_answer;
use crate::record::count;
use crate::world::World;

/// Tokens and users kept; older ones are forgotten.
const MOST_TOKENS: usize = 10_000;
const MOST_USERS: usize = 1_000;

#[derive(Clone, Debug)]
pub(super) struct ApiUser {
    /// Its `providerCallbackHost`. It can never be changed.
    pub(super) host: String,
    pub(super) key: Option<String>,
}

/// A valid caller.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) token: String,
    /// Where this caller may be called back.
    pub(super) host: String,
}

#[derive(Debug)]
pub(super) struct Desk {
    users: HashMap<String, ApiUser>,
    tokens: VecDeque<Token>,
}

#[derive(Debug)]
struct Token {
    text: String,
    user: String,
    until_ms: i64,
}

impl Desk {
    pub(super) fn new(account: &MomoAccount) -> Self {
        let user = ApiUser { host: account.callback_host.clone(), key: Some(account.api_key.clone()) };
        Self {
            users: HashMap::from([(account.api_user.to_ascii_lowercase(), user)]),
            tokens: VecDeque::new(),
        }
    }

    pub(super) fn user(&self, id: &str) -> Option<&ApiUser> {
        self.users.get(&id.to_ascii_lowercase())
    }

    pub(super) fn add_user(&mut self, id: &str, user: ApiUser) -> Result<(), MomoFault> {
        if self.user(id).is_some() {
            return Err(MomoFault::wallet(409, "RESOURCE_ALREADY_EXIST"));
        }
        if self.users.len() >= MOST_USERS {
            return Err(MomoFault::throttled());
        }
        self.users.insert(id.to_ascii_lowercase(), user);
        Ok(())
    }

    pub(super) fn set_key(&mut self, id: &str, key: &str) -> Result<(), MomoFault> {
        let user = self.users.get_mut(&id.to_ascii_lowercase()).ok_or_else(not_found)?;
        user.key = Some(key.to_owned());
        Ok(())
    }

    fn issue(&mut self, text: String, user: &str, until_ms: i64) {
        if self.tokens.len() >= MOST_TOKENS {
            self.tokens.pop_front();
        }
        self.tokens.push_back(Token { text, user: user.to_ascii_lowercase(), until_ms });
    }

    pub(super) fn forget_token(&mut self, text: &str) {
        self.tokens.retain(|token| token.text != text);
    }

    pub(super) fn forget_tokens(&mut self) {
        self.tokens.clear();
    }

    fn caller(&self, text: &str, now_ms: i64) -> Option<Caller> {
        let token = self.tokens.iter().rev().find(|token| token.text == text && now_ms < token.until_ms)?;
        let user = self.user(&token.user)?;
        Some(Caller { token: text.to_owned(), host: user.host.clone() })
    }
}

/// The subscription key, as the gateway in front of everything checks it.
pub(super) fn check_key(account: &MomoAccount, headers: &HeaderMap) -> Result<(), MomoFault> {
    match header(headers, "ocp-apim-subscription-key") {
        None => Err(MomoFault::gateway(
            401,
            "Access denied due to missing subscription key. Make sure to include subscription key when making \
             requests to an API.",
        )),
        Some(key) if key == account.subscription_key || key == account.secondary_key => Ok(()),
        Some(_) => Err(MomoFault::gateway(
            401,
            "Access denied due to invalid subscription key. Make sure to provide a valid key for an active \
             subscription.",
        )),
    }
}

/// Key, token and target environment of a call.
pub(super) fn authorize(world: &World, headers: &HeaderMap) -> Result<Caller, MomoFault> {
    let account = &world.config().momo_account;
    check_key(account, headers)?;
    let bearer = header(headers, "authorization").and_then(|value| value.strip_prefix("Bearer "));
    let caller =
        bearer.and_then(|bearer| world.inner.momo.desk.lock().caller(bearer, world.inner.clock.now_ms()));
    let caller = caller.ok_or_else(MomoFault::unauthorized)?;
    match header(headers, "x-target-environment") {
        None => Err(MomoFault::gateway(400, "X-Target-Environment is missing")),
        Some(environment) if environment == account.environment => Ok(caller),
        Some(_) => Err(MomoFault::wallet(500, "NOT_ALLOWED_TARGET_ENVIRONMENT")),
    }
}

/// `POST /collection/token/`
pub(super) async fn token(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    count(&world.inner.counters.momo_tokens);
    let user = check_key(&world.config().momo_account, &headers).and_then(|()| {
        if !body.is_empty() {
            return Err(MomoFault::gateway(400, "No body is allowed"));
        }
        log_in(&world, &headers).ok_or_else(MomoFault::login_failed)
    });
    let user = match user {
        Ok(user) => user,
        Err(fault) => {
            count(&world.inner.counters.momo_refused);
            return refusal(&fault);
        }
    };
    let weather = world.momo_weather(MomoCall::Token);
    let issued = if weather.outcome.takes() {
        let life = world.momo(|knobs| knobs.token_life);
        let text = format!("sim-{}.{:016x}", world.unique(), world.inner.dice.roll());
        let until_ms = world.inner.clock.now_ms().saturating_add_unsigned(millis(life));
        world.inner.momo.desk.lock().issue(text.clone(), &user, until_ms);
        let life = life.as_secs();
        json_answer(200, &json!({ "access_token": text, "token_type": "access_token", "expires_in": life }))
    } else {
        Response::default()
    };
    world.inner.record.touch();
    answer(&world, weather, issued, None).await
}

/// The API user of right Basic credentials.
fn log_in(world: &World, headers: &HeaderMap) -> Option<String> {
    let basic = header(headers, "authorization")?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(BASE64_STANDARD.decode(basic).ok()?).ok()?;
    let (user, key) = pair.split_once(':')?;
    let desk = world.inner.momo.desk.lock();
    (desk.user(user)?.key.as_deref() == Some(key)).then(|| user.to_owned())
}

pub(super) fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
