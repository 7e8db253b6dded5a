//! The calls of a caller with a token: ask for money, read what became of it, look at a payer or at the account.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response};
use bytes::Bytes;
use serde_json::json;

use super::account::MomoFault;
use super::answer::{answer, empty, refusal};
use super::book::after;
use super::check::{Ask, check, header, is_msisdn};
use super::desk::{Caller, authorize};
use super::knobs::{Fate, MomoCall, MomoOutcome, Scene};
use super::ledger::push_bounded;
use super::people::name_of;
use super::record::{KEPT_PAYMENTS, MomoPost};
use super::sandbox;
use crate::graph::json as json_answer;
use crate::record::count;
use crate::world::World;

/// References whose posts are counted; further ones are not.
const MOST_REFERENCES: usize = 1_000_000;

/// `POST /collection/v1_0/requesttopay`
pub(super) async fn request(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let counters = &world.inner.counters;
    count(&counters.momo_requests);
    let caller = match authorize(&world, &headers) {
        Ok(caller) => caller,
        Err(fault) => {
            count(&counters.momo_refused);
            return refusal(&fault);
        }
    };
    let account = &world.config().momo_account;
    let strict = world.momo(|knobs| knobs.strict_callback_url);
    let ask = match check(account, &caller.host, strict, &headers, &body) {
        Ok(ask) => ask,
        Err(fault) => {
            count(&counters.momo_refused);
            let reference = header(&headers, "x-reference-id").unwrap_or_default().to_ascii_lowercase();
            note(&world, MomoPost { reference, answer: Some(fault.status), ..unread(&world) });
            return refusal(&fault);
        }
    };
    let mut post = MomoPost {
        reference: ask.reference.clone(),
        payer: ask.payer.clone(),
        amount: ask.amount.to_string(),
        external_id: ask.external_id.clone(),
        ..unread(&world)
    };
    let weather = world.momo_weather(MomoCall::RequestToPay);
    let said = if weather.outcome.takes() { take(&world, ask, &mut post) } else { empty(202) };
    post.answer = weather.outcome.seen(said.status().as_u16());
    note(&world, post);
    answer(&world, weather, said, Some(&caller)).await
}

/// What is known of a request before it is read.
fn unread(world: &World) -> MomoPost {
    MomoPost {
        reference: String::new(),
        payer: String::new(),
        amount: String::new(),
        external_id: String::new(),
        taken: false,
        answer: None,
        at_ms: world.inner.clock.now_ms(),
    }
}

fn note(world: &World, post: MomoPost) {
    let mut log = world.inner.momo.log.lock();
    let room = log.posts_of.len() < MOST_REFERENCES || log.posts_of.contains_key(&post.reference);
    if room && !post.reference.is_empty() {
        *log.posts_of.entry(post.reference.clone()).or_default() += 1;
    }
    if world.config().record {
        push_bounded(&mut log.posts, post, KEPT_PAYMENTS);
    }
    drop(log);
    world.inner.record.touch();
}

/// Lets the wallet take a sound request, and says what the wallet says.
fn take(world: &World, ask: Ask, post: &mut MomoPost) -> Response<Body> {
    let (refused, taken) = world.with_book(|book, rules, now_ms| {
        let at_request = sandbox::fault_of(&ask.payer, rules.knobs);
        match at_request {
            Some(sandbox::AtRequest { fault, taken: false }) => (Some(fault), false),
            Some(sandbox::AtRequest { fault, taken: true }) => {
                let failed = Scene::failed(std::time::Duration::ZERO, "INTERNAL_PROCESSING_ERROR");
                (Some(fault), book.take(ask, Fate::Play(vec![failed]), rules, now_ms))
            }
            None => {
                let fate = sandbox::fate_of(&ask.payer, rules.knobs);
                (None, book.take(ask, fate, rules, now_ms))
            }
        }
    });
    post.taken = taken;
    match refused {
        Some(fault) => refusal(&fault),
        None if taken => empty(202),
        None => refusal(&MomoFault::wallet(409, "RESOURCE_ALREADY_EXIST")),
    }
}

/// `GET /collection/v1_0/requesttopay/{reference}`
pub(super) async fn status(
    State(world): State<World>,
    Path(reference): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    count(&world.inner.counters.momo_status_reads);
    let caller = match authorize(&world, &headers) {
        Ok(caller) => caller,
        Err(fault) => return refused(&world, &fault),
    };
    let weather = world.momo_weather(MomoCall::Status);
    let said = world.with_book(|book, rules, now_ms| {
        let payment = book.payment(&reference.to_ascii_lowercase())?;
        payment.status_reads += 1;
        let visible = after(payment.at_ms, rules.knobs.visible_after) <= now_ms;
        visible.then(|| payment.body(rules.knobs))
    });
    let said = said.map_or_else(|| refusal(&sandbox::not_found()), |body| json_answer(200, &body));
    world.inner.record.touch();
    answer(&world, weather, said, Some(&caller)).await
}

/// `GET /collection/v1_0/accountholder/msisdn/{number}/active`
pub(super) async fn active(
    State(world): State<World>,
    Path((kind, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let has_wallet = world.momo(|knobs| !knobs.inactive.contains(&number));
    let said = json_answer(200, &json!({ "result": has_wallet }));
    about_holder(&world, MomoCall::Active, &kind, &number, &headers, said).await
}

/// `GET /collection/v1_0/accountholder/msisdn/{number}/basicuserinfo`
pub(super) async fn basic_user_info(
    State(world): State<World>,
    Path((kind, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let name = world.momo(|knobs| (!knobs.inactive.contains(&number)).then(|| name_of(&number, knobs)));
    let said = match name {
        Some((given, family)) => {
            json_answer(200, &json!({ "given_name": given, "family_name": family, "sub": number }))
        }
        None => refusal(&sandbox::not_found()),
    };
    about_holder(&world, MomoCall::BasicUserInfo, &kind, &number, &headers, said).await
}

async fn about_holder(
    world: &World,
    call: MomoCall,
    kind: &str,
    number: &str,
    headers: &HeaderMap,
    said: Response<Body>,
) -> Response<Body> {
    let caller = authorize(world, headers).and_then(|caller| {
        let sound = kind.eq_ignore_ascii_case("msisdn") && is_msisdn(number);
        if sound { Ok(caller) } else { Err(MomoFault::gateway(400, "This is no MSISDN")) }
    });
    match caller {
        Ok(caller) => read(world, call, &caller, said).await,
        Err(fault) => refused(world, &fault),
    }
}

/// `GET /collection/v1_0/account/balance`
pub(super) async fn balance(State(world): State<World>, headers: HeaderMap) -> Response<Body> {
    let caller = match authorize(&world, &headers) {
        Ok(caller) => caller,
        Err(fault) => return refused(&world, &fault),
    };
    let balance = world.with_book(|book, _, _| book.ledger.balance()).to_string();
    let currency = &world.config().momo_account.currency;
    let said = json_answer(200, &json!({ "availableBalance": balance, "currency": currency }));
    read(&world, MomoCall::Balance, &caller, said).await
}

async fn read(world: &World, call: MomoCall, caller: &Caller, said: Response<Body>) -> Response<Body> {
    let weather = world.momo_weather(call);
    answer(world, weather, said, Some(caller)).await
}

fn refused(world: &World, fault: &MomoFault) -> Response<Body> {
    count(&world.inner.counters.momo_refused);
    refusal(fault)
}

impl World {
    pub(super) fn momo_weather(&self, call: MomoCall) -> super::knobs::Weather {
        let weather = self.momo(|knobs| knobs.weather(call, &self.inner.dice));
        if weather.outcome != MomoOutcome::Accept {
            count(&self.inner.counters.momo_disturbed);
        }
        weather
    }
}
