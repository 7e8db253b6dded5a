//! The page itself: its profile (greeting, get-started, menu), its name and its subscription.

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Response};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Credentials, Node, authorize, json as answer, refusal};
use crate::behaviour::GraphFault;
use crate::world::World;

const GREETING: usize = 160;
const MENU_TITLE: usize = 30;
const MENU_ITEMS: usize = 20;
const KNOWN: [&str; 5] =
    ["get_started", "greeting", "persistent_menu", "ice_breakers", "whitelisted_domains"];

pub(super) async fn set(
    State(world): State<World>,
    Path(node): Node,
    Query(given): Query<Credentials>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let checked = authorize(&world, &node, &given, &headers).and_then(|()| {
        let fields: Map<String, Value> =
            serde_json::from_slice(&body).map_err(|e| wrong(&format!("Invalid parameter: {e}")))?;
        let mut profile = world.inner.profile.lock();
        check(&fields, profile.contains_key("get_started"))?;
        profile.extend(fields);
        Ok(())
    });
    done(&world, checked)
}

pub(super) async fn delete(
    State(world): State<World>,
    Path(node): Node,
    Query(given): Query<Credentials>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let checked = authorize(&world, &node, &given, &headers).map(|()| {
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let fields = body["fields"].as_array().cloned().unwrap_or_default();
        let mut profile = world.inner.profile.lock();
        fields.iter().filter_map(Value::as_str).for_each(|field| drop(profile.remove(field)));
    });
    done(&world, checked)
}

pub(super) async fn get(
    State(world): State<World>,
    Path(node): Node,
    Query(given): Query<Credentials>,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(fault) = authorize(&world, &node, &given, &headers) {
        return refusal(&world, &fault, None);
    }
    let fields = given.fields.unwrap_or_default();
    let profile = world.inner.profile.lock();
    let asked = |key: &str| fields.split(',').any(|field| field.trim() == key);
    let shown: Map<String, Value> = profile
        .iter()
        .filter(|(key, _)| asked(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let data = if shown.is_empty() { json!([]) } else { json!([shown]) };
    answer(200, &json!({ "data": data }))
}

pub(super) async fn subscribed(
    State(world): State<World>,
    Path(node): Node,
    Query(given): Query<Credentials>,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(fault) = authorize(&world, &node, &given, &headers) {
        return refusal(&world, &fault, None);
    }
    let fields = ["messages", "messaging_postbacks", "message_echoes", "message_deliveries", "message_reads"];
    let app = json!({ "name": "Answer Bot AI", "id": world.config().app_id.to_string(), "subscribed_fields": fields });
    let data = if world.graph(|g| g.subscribed) { json!([app]) } else { json!([]) };
    answer(200, &json!({ "data": data }))
}

pub(super) async fn subscribe(
    State(world): State<World>,
    Path(node): Node,
    Query(given): Query<Credentials>,
    headers: HeaderMap,
) -> Response<Body> {
    let checked = authorize(&world, &node, &given, &headers).map(|()| world.graph(|g| g.subscribed = true));
    done(&world, checked)
}

/// `GET /{version}/me?fields=id,name`
pub(super) async fn page(
    State(world): State<World>,
    Path(node): Node,
    Query(given): Query<Credentials>,
    headers: HeaderMap,
) -> Response<Body> {
    match authorize(&world, &node, &given, &headers) {
        Ok(()) => answer(200, &json!({ "name": world.config().page_name, "id": world.config().page_id })),
        Err(fault) => refusal(&world, &fault, None),
    }
}

fn done(world: &World, checked: Result<(), GraphFault>) -> Response<Body> {
    match checked {
        Ok(()) => answer(200, &json!({ "result": "success", "success": true })),
        Err(fault) => refusal(world, &fault, None),
    }
}

fn check(fields: &Map<String, Value>, started: bool) -> Result<(), GraphFault> {
    let unknown = fields.keys().find(|key| !KNOWN.contains(&key.as_str()));
    if let Some(unknown) = unknown {
        return Err(wrong(&format!("Unknown profile field {unknown}")));
    }
    if fields.get("get_started").is_some_and(|start| !start["payload"].is_string()) {
        return Err(wrong("get_started must have a payload"));
    }
    for greeting in list(fields, "greeting") {
        let text = greeting["text"].as_str().unwrap_or_default();
        if !greeting["locale"].is_string() || text.is_empty() || text.chars().count() > GREETING {
            return Err(wrong("greeting must have a locale and a text of 1 to 160 characters"));
        }
    }
    if fields.contains_key("persistent_menu") && !started && !fields.contains_key("get_started") {
        return Err(wrong("You must set a Get Started button if you also wish to use persistent menu"));
    }
    for menu in list(fields, "persistent_menu") {
        let items = menu["call_to_actions"].as_array().map_or(&[][..], Vec::as_slice);
        let sound = items.iter().all(menu_item);
        if !menu["locale"].is_string() || items.is_empty() || items.len() > MENU_ITEMS || !sound {
            return Err(wrong(
                "persistent_menu must have a locale and 1 to 20 items with type, title (30) and payload",
            ));
        }
    }
    Ok(())
}

fn menu_item(item: &Value) -> bool {
    let title = item["title"].as_str().unwrap_or_default();
    let target = match item["type"].as_str() {
        Some("postback") => item["payload"].is_string(),
        Some("web_url") => item["url"].is_string(),
        _ => false,
    };
    target && !title.is_empty() && title.chars().count() <= MENU_TITLE
}

fn list<'a>(fields: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    fields.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn wrong(message: &str) -> GraphFault {
    GraphFault::new(400, 100, None).saying(format!("(#100) {message}"))
}
