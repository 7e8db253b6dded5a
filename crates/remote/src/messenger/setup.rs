//! The page's profile (`answerbot messenger setup`) and the check of its settings (`answerbot doctor`).

use answerbot_core::contact::message::Tap;
use reqwest::Method;
use serde_json::{Value, json};

use super::errors::GraphError;
use super::{Messenger, error_of};
use crate::http::{self, Answer, NoAnswer};

/// Shown before the first message; at most 160 characters. Says that a program answers, as the law asks in places.
const GREETING: &str = "Ask me about school, business, farming, health and daily life. \
                        I am a computer program, not a person, and I can be wrong.";

/// The menu beside the text field.
const MENU: [(&str, Tap); 3] = [("Menu", Tap::Menu), ("My status", Tap::Status), ("Help", Tap::Help)];

/// Without these no message and no button reaches us.
const NEEDED: [&str; 2] = ["messages", "messaging_postbacks"];

impl Messenger {
    /// Sets the get-started button, the greeting and the menu of the page; safe to run again.
    ///
    /// Gives the names of what was set, or a sentence that says what was not, and why.
    pub async fn setup(&self) -> Result<Vec<&'static str>, String> {
        let menu: Vec<Value> = MENU
            .iter()
            .map(|(title, tap)| json!({ "type": "postback", "title": title, "payload": tap.payload() }))
            .collect();
        // In this order: Meta refuses a menu on a page without the button.
        let parts = [
            ("get_started", json!({ "payload": Tap::GetStarted.payload() })),
            ("greeting", json!([{ "locale": "default", "text": GREETING }])),
            (
                "persistent_menu",
                json!([{ "locale": "default", "composer_input_disabled": false, "call_to_actions": menu }]),
            ),
        ];
        let mut set = Vec::new();
        for (name, value) in parts {
            let body = json!({ name: value });
            let answer =
                self.post("messenger_setup", "me/messenger_profile", &body, self.deadlines.send).await;
            understood(answer).map_err(|why| format!("{name} was not set: {why}"))?;
            set.push(name);
        }
        Ok(set)
    }

    async fn get(&self, path: &str, fields: &[(&str, &str)]) -> Result<Value, String> {
        let request = self.request(Method::GET, path).query(fields);
        understood(http::call("messenger_check", request, self.deadlines.send).await)
    }
}

/// Asks Graph who we are and whether events come to us.
pub(super) async fn check(messenger: &Messenger) -> Result<String, String> {
    let page = messenger.get("me", &[("fields", "id,name")]).await?;
    let text = |name| page.get(name).and_then(Value::as_str).unwrap_or_default();
    let (id, name) = (text("id"), text("name"));
    if let Some(configured) = &messenger.config.page_id
        && configured != id
    {
        return Err(format!(
            "PAGE_ACCESS_TOKEN belongs to page {id} ({name}), but the configured page is {configured}: every event \
             would be ignored. Use a token of page {configured}, or correct the page's id"
        ));
    }
    let subscribed = messenger.get("me/subscribed_apps", &[]).await?;
    let apps = subscribed.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
    let fields: Vec<&str> = apps
        .iter()
        .filter_map(|app| app.get("subscribed_fields")?.as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let missing: Vec<&str> = NEEDED.into_iter().filter(|needed| !fields.contains(needed)).collect();
    if !missing.is_empty() {
        return Err(format!(
            "page {name} sends us no {}: nobody would be answered. Subscribe the page again under Messenger, \
             Webhooks in the app's dashboard",
            missing.join(" and no ")
        ));
    }
    let echoes = if fields.contains(&"message_echoes") {
        ""
    } else {
        "; message_echoes is not subscribed, so a message whose sending timed out may be sent twice, and the bot \
         does not see when a person of yours answers"
    };
    Ok(format!("page {name} ({id}) sends its events to this app{echoes}"))
}

/// A successful answer's body, or a sentence with what to do. Graph's own words are left out: they may quote the
/// token.
fn understood(answer: Result<Answer, NoAnswer>) -> Result<Value, String> {
    let answer = answer.map_err(|why| match why {
        NoAnswer::NotSent => "no connection to Graph: check GRAPH_BASE_URL and the network".to_owned(),
        NoAnswer::TimedOut => "Graph did not answer in time: try again later".to_owned(),
        NoAnswer::Broken => "the connection to Graph broke: try again later".to_owned(),
    })?;
    if let Some(error) = error_of(&answer) {
        return Err(advice(&error));
    }
    match answer.json() {
        Some(body) if answer.is_success() => Ok(body),
        _ => Err(format!("Graph answered http {} without saying why: check GRAPH_BASE_URL", answer.status)),
    }
}

fn advice(error: &GraphError) -> String {
    let name = error.name();
    if error.is_token() {
        format!("{name}: PAGE_ACCESS_TOKEN is not accepted; make a new one in the app's dashboard")
    } else {
        format!(
            "{name}: look it up in Meta's list of Graph API error codes; FB_APP_SECRET may be of another app"
        )
    }
}
