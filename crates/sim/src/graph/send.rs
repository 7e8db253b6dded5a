//! `POST /{version}/{page}/messages`: checks, decides the outcome, records, and posts the echo and the receipts.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Response};
use bytes::Bytes;
use serde::Serialize;

use super::check::{Valid, What, check};
use super::{Credentials, Node, authorize, json, refusal};
use crate::behaviour::{GraphBehaviour, GraphFault, Outcome};
use crate::clock::{self, Dice};
use crate::payload;
use crate::record::{Action, Happening, Sent, count};
use crate::world::World;

#[derive(Serialize)]
struct Accepted<'a> {
    recipient_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
}

/// What the knobs say about one call, taken under one short lock.
struct Weather {
    wait: Duration,
    hang_for: Duration,
    echo_after: Duration,
    rolled: Outcome,
}

pub(super) async fn send(
    State(world): State<World>,
    Path(node): Node,
    Query(given): Query<Credentials>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    count(&world.inner.counters.graph_requests);
    let checked = authorize(&world, &node, &given, &headers).and_then(|()| check(&body));
    let checked = checked.and_then(|valid| {
        let weather = weather(&world.inner.graph.read(), &valid.user, &world.inner.dice)?;
        Ok((valid, weather))
    });
    let (Valid { user, what }, weather) = match checked {
        Ok(checked) => checked,
        Err(fault) => {
            count(&world.inner.counters.refused);
            return refusal(&world, &fault, None);
        }
    };
    let scripted = if matches!(what, What::Action(_)) { None } else { world.inner.record.scripted(&user) };
    let outcome = scripted.unwrap_or(weather.rolled);
    if outcome != Outcome::Accept {
        count(&world.inner.counters.disturbed);
    }
    let user: Arc<str> = Arc::from(user);
    let mid = match &outcome {
        Outcome::Accept | Outcome::AcceptThenHang => accept(&world, &user, what, weather.echo_after),
        Outcome::Refuse(_) | Outcome::Hang => None,
    };
    match outcome {
        Outcome::Accept => {
            world.sleep(weather.wait).await;
            json(200, &Accepted { recipient_id: &user, message_id: mid.as_deref() })
        }
        Outcome::Refuse(fault) => {
            world.sleep(weather.wait).await;
            refusal(&world, &fault, None)
        }
        Outcome::Hang | Outcome::AcceptThenHang => {
            world.sleep(weather.hang_for).await;
            refusal(&world, &GraphFault::temporary(), Some(504))
        }
    }
}

fn weather(knobs: &GraphBehaviour, user: &str, dice: &Dice) -> Result<Weather, GraphFault> {
    if knobs.known.as_ref().is_some_and(|known| !known.contains(user)) {
        return Err(GraphFault::no_such_user());
    }
    if !knobs.window_shut.is_empty() && knobs.window_shut.contains(user) {
        return Err(GraphFault::window_shut());
    }
    let rolled = if dice.chance(knobs.error_rate) {
        Outcome::Refuse(knobs.error.clone())
    } else if dice.chance(knobs.error_in_200_rate) {
        Outcome::Refuse(GraphFault { status: 200, ..knobs.error.clone() })
    } else if dice.chance(knobs.hang_rate) {
        Outcome::Hang
    } else if dice.chance(knobs.accept_then_hang_rate) {
        Outcome::AcceptThenHang
    } else {
        Outcome::Accept
    };
    let wait = knobs.latency + dice.up_to(knobs.jitter);
    Ok(Weather { wait, hang_for: knobs.hang_for, echo_after: knobs.echo_after, rolled })
}

/// Records the message or hint and lets its events follow. The message id, if it is a message.
fn accept(world: &World, user: &Arc<str>, what: What, echo_after: Duration) -> Option<String> {
    let inner = &world.inner;
    let at_ms = clock::now_ms();
    match what {
        What::Action(name) => {
            count(&inner.counters.actions);
            let action = Action { name, at_ms };
            if inner.config.record {
                inner.record.acted(user, action.clone());
            }
            if inner.observers.any() {
                inner.observers.tell(&Happening::Acted(Arc::clone(user), action));
            }
            None
        }
        What::Message { text, quick_replies, buttons, metadata } => {
            count(&inner.counters.sent);
            let mid = world.mid();
            let events = inner.config.events;
            if inner.config.record || inner.observers.any() || events.any() {
                let sent = Arc::new(Sent { mid: mid.clone(), text, quick_replies, buttons, metadata, at_ms });
                if inner.config.record {
                    inner.record.sent(user, Arc::clone(&sent));
                }
                inner.observers.tell(&Happening::Sent(Arc::clone(user), Arc::clone(&sent)));
                if events.any() {
                    post_events(world, user, sent, echo_after);
                }
            }
            Some(mid)
        }
    }
}

/// Echo, delivery and read of one message, each as its own post, in this order.
fn post_events(world: &World, user: &Arc<str>, sent: Arc<Sent>, echo_after: Duration) {
    let Ok(slot) = Arc::clone(&world.inner.events_waiting).try_acquire_owned() else {
        count(&world.inner.counters.events_dropped);
        return;
    };
    let (world, user) = (world.clone(), Arc::clone(user));
    let tracker = world.inner.tracker.clone();
    tracker.spawn(async move {
        let _slot = slot;
        let config = &world.inner.config;
        let (page, events) = (config.page_id.as_str(), config.events);
        world.sleep(echo_after).await;
        let mut posts = Vec::with_capacity(3);
        if events.echo {
            let metadata = sent.metadata.as_deref();
            posts.push(payload::echo(
                page,
                &user,
                &sent.mid,
                config.app_id,
                &sent.text,
                metadata,
                sent.at_ms,
            ));
        }
        if events.delivery {
            posts.push(payload::delivery(page, &user, &[&sent.mid], clock::now_ms()));
        }
        if events.read {
            posts.push(payload::read(page, &user, clock::now_ms()));
        }
        for post in posts {
            world.deliver(world.body_of(post)).await;
        }
    });
}
