//! The JSON API of the phone page and its stream of server-sent events.

use std::convert::Infallible;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::chats::{Kind, Mine};
use crate::record::{Action, Button, Happening, QuickReply, Sent};
use crate::world::World;
use crate::{clock, payload};

/// Events that a page may leave unread before its stream ends; it then connects again and reads the history.
const STREAM_CAPACITY: usize = 256;
const LONGEST_TEXT: usize = 20_000;
/// Messenger shows the dots for 20 s at most.
const TYPING_MS: i64 = 20_000;

pub(super) type Refusal = (StatusCode, Json<Value>);

#[derive(Deserialize)]
pub(super) struct Who {
    user: String,
}

impl Who {
    /// The id, if it can be one: 1 to 64 letters, digits, `-` or `_`.
    fn checked(self) -> Result<String, Refusal> {
        let sound = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if (1..=64).contains(&self.user.len()) && self.user.chars().all(sound) {
            return Ok(self.user);
        }
        Err(refuse("user must have 1 to 64 letters, digits, - or _"))
    }
}

pub(super) fn refuse(reason: &str) -> Refusal {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": reason })))
}

/// One bubble.
#[derive(Serialize)]
struct Line {
    id: String,
    who: &'static str,
    kind: Kind,
    text: String,
    at_ms: i64,
    /// Mine only: the bot acknowledged it.
    delivered: bool,
    quick_replies: Vec<QuickReply>,
    buttons: Vec<Button>,
}

impl From<Mine> for Line {
    fn from(mine: Mine) -> Self {
        let Mine { id, kind, text, at_ms, delivered, body: _ } = mine;
        Self { id, who: "me", kind, text, at_ms, delivered, quick_replies: Vec::new(), buttons: Vec::new() }
    }
}

impl From<Sent> for Line {
    fn from(sent: Sent) -> Self {
        let Sent { mid, text, quick_replies, buttons, metadata: _, at_ms } = sent;
        Self { id: mid, who: "bot", kind: Kind::Text, text, at_ms, delivered: true, quick_replies, buttons }
    }
}

/// Name, greeting, get-started payload and menu of the page, as `messenger setup` stored them.
pub(super) async fn profile(State(world): State<World>) -> Json<Value> {
    let profile = world.inner.profile.lock();
    let of_default_locale = |key: &str| {
        let list = profile.get(key).and_then(Value::as_array)?;
        list.iter().find(|entry| entry["locale"] == "default").or_else(|| list.first()).cloned()
    };
    Json(json!({
        "name": world.config().page_name,
        "greeting": of_default_locale("greeting").map(|g| g["text"].clone()),
        "get_started": profile.get("get_started").map(|start| start["payload"].clone()),
        "menu": of_default_locale("persistent_menu").map(|menu| menu["call_to_actions"].clone()),
        "bot_url": world.bot_url(),
    }))
}

/// Everything both sides said, in order, and what the other side is doing.
pub(super) async fn history(
    State(world): State<World>,
    Query(who): Query<Who>,
) -> Result<Json<Value>, Refusal> {
    let user = who.checked()?;
    let (sent, actions) = (world.sent_to(&user), world.actions_of(&user));
    let last_sent = sent.last().map_or(0, |s| s.at_ms);
    let last_typing = actions.iter().rev().find(|a| a.name != "mark_seen");
    let typing = last_typing.is_some_and(|a| {
        a.name == "typing_on" && a.at_ms >= last_sent && clock::now_ms() - a.at_ms < TYPING_MS
    });
    // Whoever answers or types has read what was there.
    let seen_ms = actions.iter().rev().find(|a| a.name != "typing_off").map_or(0, |a| a.at_ms).max(last_sent);
    let mut lines: Vec<Line> = world.inner.phones.lines(&user).into_iter().map(Line::from).collect();
    lines.extend(sent.into_iter().map(Line::from));
    lines.sort_by_key(|line| line.at_ms);
    Ok(Json(json!({ "lines": lines, "typing": typing, "seen_ms": seen_ms })))
}

/// `line`, `typing`, `seen` and `money` events as they happen.
pub(super) async fn events(
    State(world): State<World>,
    Query(who): Query<Who>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let user = who.checked()?;
    let (hear, money) = (world.observe(Some(&user), STREAM_CAPACITY), world.watch_momo());
    let stop = world.inner.stop.clone();
    let stream = stream::unfold((hear, money, stop), |(mut hear, mut money, stop)| async move {
        let event = tokio::select! {
            () = stop.cancelled() => return None,
            happening = hear.recv() => event_of(happening?),
            // Prompts are of any payer: the page looks itself what there is.
            changed = money.changed() => changed.map(|()| Event::default().event("money").data("{}")).ok()?,
        };
        Some((Ok(event), (hear, money, stop)))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

fn event_of(happening: Happening) -> Event {
    let (name, data) = match happening {
        Happening::Sent(_, sent) => ("line", json!(Line::from(Sent::clone(&sent)))),
        Happening::Acted(_, Action { name: "mark_seen", at_ms }) => ("seen", json!({ "at_ms": at_ms })),
        Happening::Acted(_, Action { name, at_ms }) => {
            ("typing", json!({ "on": name == "typing_on", "at_ms": at_ms }))
        }
        Happening::Asked(_) => ("asked", json!({})),
    };
    Event::default().event(name).data(data.to_string())
}

/// What the page sends: a new message, or with the id of an earlier one another try of it.
#[derive(Deserialize)]
pub(super) struct Send {
    user: String,
    id: String,
    kind: Kind,
    #[serde(default)]
    text: String,
    #[serde(default)]
    payload: String,
}

/// Posts a message to the bot and says whether it was acknowledged, and if not, why.
pub(super) async fn send(State(world): State<World>, Json(send): Json<Send>) -> Result<Json<Value>, Refusal> {
    let user = Who { user: send.user.clone() }.checked()?;
    if send.id.is_empty() || send.id.len() > 64 {
        return Err(refuse("id must have 1 to 64 characters"));
    }
    if send.text.len() > LONGEST_TEXT || send.payload.len() > LONGEST_TEXT {
        return Err(refuse("the text is too long: at most 20,000 bytes"));
    }
    if send.kind == Kind::Text && send.text.trim().is_empty() {
        return Err(refuse("text must not be empty"));
    }
    let mine = world.inner.phones.find(&user, &send.id).unwrap_or_else(|| {
        let mine = compose(&world, &user, &send);
        world.inner.phones.add(&user, mine.clone());
        mine
    });
    let reason = match world.send_raw(mine.body).await {
        Ok(200) => {
            world.inner.phones.delivered(&user, &mine.id);
            return Ok(Json(json!({ "delivered": true, "at_ms": mine.at_ms })));
        }
        Ok(status) => format!("The bot at {} answered with HTTP {status}.", world.bot_url()),
        Err(error) => {
            tracing::debug!(%error, "phone message not delivered");
            format!("The bot at {} cannot be reached. Is it running?", world.bot_url())
        }
    };
    Ok(Json(json!({ "delivered": false, "at_ms": mine.at_ms, "reason": reason })))
}

fn compose(world: &World, user: &str, send: &Send) -> Mine {
    let (page, mid, now) = (world.page(), world.mid(), clock::now_ms());
    let event = match send.kind {
        Kind::Text => payload::text(page, user, &mid, &send.text, now),
        Kind::Tap => world.tap_event(user, &send.payload, &send.text),
        Kind::Postback => payload::postback(page, user, &mid, &send.text, &send.payload, now),
        Kind::Sticker => payload::sticker(page, user, &mid, now),
        Kind::Image => payload::image(page, user, &mid, now),
        Kind::Voice => payload::voice(page, user, &mid, now),
        Kind::Location => payload::location(page, user, &mid, now),
    };
    let body = world.body_of(event);
    Mine { id: send.id.clone(), kind: send.kind, text: send.text.clone(), at_ms: now, delivered: false, body }
}
