use answerbot_ports::channel::Channel;
use answerbot_remote::messenger::{Messenger, MessengerConfig};
use serde_json::{Value, json};

use crate::stub::{Reply, Stub, json as answer, nobody, text};
use crate::support::{PAGE, TOKEN, client, config, messenger};

#[tokio::test]
async fn setup_sets_the_button_first_then_greeting_and_menu() {
    let stub = Stub::new([answer(200, &json!({ "result": "success" }))]);
    assert_eq!(messenger(&stub.url).setup().await, Ok(vec!["get_started", "greeting", "persistent_menu"]));
    let asked = stub.asked();
    assert!(
        asked.iter().all(|request| request.path == "/v25.0/me/messenger_profile" && request.method == "POST")
    );
    let bodies: Vec<&Value> = asked.iter().map(|request| &request.body).collect();
    assert_eq!(bodies[0], &json!({ "get_started": { "payload": "GET_STARTED" } }));
    let greeting = bodies[1]["greeting"][0]["text"].as_str().unwrap();
    assert_eq!(bodies[1]["greeting"][0]["locale"], "default");
    assert!(greeting.chars().count() <= 160 && greeting.contains("computer program"), "{greeting}");
    let item = |title: &str, payload: &str| json!({ "type": "postback", "title": title, "payload": payload });
    assert_eq!(
        bodies[2]["persistent_menu"],
        json!([{
            "locale": "default",
            "composer_input_disabled": false,
            "call_to_actions": [item("Menu", "MENU"), item("My status", "STATUS"), item("Help", "HELP")]
        }])
    );
}

#[tokio::test]
async fn setup_stops_at_what_is_refused_and_says_what_and_why() {
    let refused = json!({ "error": { "code": 190, "message": format!("Malformed access token {TOKEN}") } });
    let stub = Stub::new([answer(200, &json!({ "result": "success" })), answer(400, &refused)]);
    let said = messenger(&stub.url).setup().await.unwrap_err();
    assert!(said.contains("greeting was not set") && said.contains("PAGE_ACCESS_TOKEN"), "{said}");
    assert!(!said.contains(TOKEN), "{said}");
    assert_eq!(stub.asked().len(), 2);
}

fn page(id: &str) -> Reply {
    answer(200, &json!({ "id": id, "name": "Ask" }))
}

fn subscribed(fields: &[&str]) -> Reply {
    answer(200, &json!({ "data": [{ "id": "7", "subscribed_fields": fields }] }))
}

const ALL: [&str; 3] = ["messages", "messaging_postbacks", "message_echoes"];

#[tokio::test]
async fn the_check_asks_who_we_are_and_what_comes_to_us() {
    let stub = Stub::new([page(PAGE), subscribed(&ALL)]);
    assert_eq!(
        messenger(&stub.url).check().await.as_deref(),
        Ok("page Ask (1001) sends its events to this app")
    );
    let asked = stub.asked();
    let paths: Vec<&str> = asked.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(paths, ["/v25.0/me", "/v25.0/me/subscribed_apps"]);
    assert!(asked[0].query.contains("fields=id%2Cname") && asked[0].query.contains("appsecret_proof="));
    assert!(asked.iter().all(|request| request.method == "GET"));
}

#[tokio::test]
async fn the_check_says_what_is_wrong_and_what_to_do() {
    let token = answer(400, &json!({ "error": { "code": 190, "error_subcode": 463, "message": TOKEN } }));
    let proof = answer(400, &json!({ "error": { "code": 100 } }));
    let table: [(&str, Vec<Reply>, &[&str]); 8] = [
        ("a dead token", vec![token], &["graph 190/463", "PAGE_ACCESS_TOKEN"]),
        ("another app's secret", vec![proof], &["graph 100", "FB_APP_SECRET"]),
        ("another page's token", vec![page("1009")], &["1009", "1001"]),
        (
            "no subscription",
            vec![page(PAGE), answer(200, &json!({ "data": [] }))],
            &["messages", "messaging_postbacks", "dashboard"],
        ),
        ("no buttons", vec![page(PAGE), subscribed(&["messages"])], &["no messaging_postbacks"]),
        ("a page that is none", vec![text(404, "<html>")], &["http 404", "GRAPH_BASE_URL"]),
        ("no answer", vec![Reply::Hang], &["in time"]),
        ("half an answer", vec![Reply::Close], &["broke"]),
    ];
    for (label, replies, parts) in table {
        let said = messenger(&Stub::new(replies).url).check().await.unwrap_err();
        assert!(parts.iter().all(|part| said.contains(part)), "{label}: {said}");
        assert!(!said.contains(TOKEN), "{label}: {said}");
    }
    let said = messenger(&nobody()).check().await.unwrap_err();
    assert!(said.contains("no connection"), "{said}");
}

#[tokio::test]
async fn missing_echoes_are_mentioned_but_stop_nothing() {
    let stub = Stub::new([page(PAGE), subscribed(&ALL[..2])]);
    let said = messenger(&stub.url).check().await.unwrap();
    assert!(said.contains("message_echoes is not subscribed"), "{said}");
}

#[test]
fn nothing_shows_a_secret() {
    let config =
        MessengerConfig { app_secret_old: Some("an old secret".into()), ..config("http://localhost") };
    let shown = format!(
        "{config:?} {:?}",
        Messenger::new(config.clone(), client(), answerbot_remote::messenger::Deadlines::default())
    );
    for secret in ["an app secret", "an old secret", TOKEN] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
