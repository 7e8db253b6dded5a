use std::time::Duration;

use answerbot_core::EventId;
use answerbot_core::contact::effect::Hint;
use answerbot_core::contact::event::Outcome;
use answerbot_core::contact::message::{Button, Message, Tap};
use answerbot_ports::channel::Channel;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{EFFECT, send, sent, taken};
use crate::stub::{Reply, Stub, json as answer, nobody, text};
use crate::support::{USER, assert_metric, measured, messenger, person};

/// HMAC-SHA256 of the page token under the app secret, computed elsewhere.
const PROOF: &str = "91def2c237fe4e895b5d13e7ab3dcb3ab4aa89c595dc2fb404494c8b8af901f0";

#[tokio::test]
async fn a_message_goes_out_with_token_proof_and_effect() {
    let stub = Stub::new([taken()]);
    let outcome = send(&stub.url, &Message::plain("Plant in May.")).await;
    assert_eq!(outcome, Outcome::Sent(EventId::derive("messenger", "m_9")));
    let request = stub.the_request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v25.0/me/messages"));
    assert_eq!(request.query, format!("appsecret_proof={PROOF}"));
    assert_eq!(request.headers["authorization"], "Bearer a page token");
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(
        request.body,
        json!({
            "recipient": { "id": USER },
            "messaging_type": "RESPONSE",
            "message": { "text": "Plant in May.", "metadata": EFFECT }
        })
    );
}

#[tokio::test]
async fn quick_replies_go_with_the_text() {
    let buttons = [Button::new("More", Tap::More), Button::new("Skip", Tap::RegionSkip)];
    assert_eq!(
        sent(&Message::with_quick_replies("Which?", &buttons)).await,
        json!({
            "text": "Which?",
            "quick_replies": [
                { "content_type": "text", "title": "More", "payload": "MORE" },
                { "content_type": "text", "title": "Skip", "payload": "REGION_SKIP" }
            ],
            "metadata": EFFECT
        })
    );
}

#[tokio::test]
async fn buttons_that_stay_make_a_template() {
    let mut message = Message::with_buttons("The terms ...", &[Button::new("I agree", Tap::Agree)]);
    message.quick_replies = vec![Button::new("Help", Tap::Help)];
    assert_eq!(
        sent(&message).await,
        json!({
            "attachment": { "type": "template", "payload": {
                "template_type": "button",
                "text": "The terms ...",
                "buttons": [{ "type": "postback", "title": "I agree", "payload": "I_AGREE" }]
            } },
            "quick_replies": [{ "content_type": "text", "title": "Help", "payload": "HELP" }],
            "metadata": EFFECT
        })
    );
}

#[tokio::test]
async fn buttons_that_do_not_fit_a_template_become_quick_replies() {
    let button = || Button::new("Help", Tap::Help);
    let chip = json!({ "content_type": "text", "title": "Help", "payload": "HELP" });
    // An emoji has two units.
    let longest = "\u{1f33d}".repeat(320);
    assert!(sent(&Message::with_buttons(longest.clone(), &[button()])).await["attachment"].is_object());
    let longer = format!("{longest}.");
    let message = sent(&Message::with_buttons(longer.clone(), &[button()])).await;
    assert_eq!((&message["text"], &message["quick_replies"]), (&json!(longer), &json!([chip])));

    let four = [button(), button(), button(), button()];
    assert!(sent(&Message::with_buttons("Which?", &four[..3])).await["attachment"].is_object());
    let message = sent(&Message::with_buttons("Which?", &four)).await;
    assert_eq!(
        (&message["text"], &message["quick_replies"]),
        (&json!("Which?"), &json!([chip, chip, chip, chip]))
    );
}

#[test]
fn what_exceeds_a_limit_is_cut_and_counted() {
    let (message, metrics) = measured(async {
        let long = "\u{1f33d}".repeat(951);
        let title = "\u{e4}".repeat(21);
        sent(&Message::with_quick_replies(long, &vec![Button::new(title, Tap::Help); 14])).await
    });
    assert_eq!(message["text"], json!("\u{1f33d}".repeat(950)), "1,900 UTF-16 units");
    assert_eq!(message["quick_replies"].as_array().unwrap().len(), 13);
    assert_eq!(message["quick_replies"][0]["title"], json!("\u{e4}".repeat(20)));
    assert_metric(&metrics, r#"messenger_cut_total{what="text"} 1"#);
    assert_metric(&metrics, r#"messenger_cut_total{what="quick_replies"} 1"#);
    assert_metric(&metrics, r#"messenger_cut_total{what="title"} 13"#);

    let (_, metrics) = measured(async {
        let full = Button::new("b".repeat(20), Tap::Help);
        sent(&Message::with_quick_replies("a".repeat(1_900), &vec![full; 13])).await
    });
    assert!(!metrics.contains("messenger_cut_total"), "{metrics}");
}

#[tokio::test]
async fn hints_are_shown_alone() {
    let stub = Stub::new([taken()]);
    let channel = messenger(&stub.url);
    channel.hint(&Hint::Typing(person())).await;
    channel.hint(&Hint::Seen(person())).await;
    let bodies: Vec<Value> = stub.asked().into_iter().map(|request| request.body).collect();
    let action = |name: &str| json!({ "recipient": { "id": USER }, "sender_action": name });
    assert_eq!(bodies, [action("typing_on"), action("mark_seen")]);
}

#[test]
fn a_failed_hint_is_only_counted() {
    let ((), metrics) = measured(async {
        let error = json!({ "error": { "code": 551 } });
        let stub = Stub::new([taken(), answer(200, &error), text(500, ""), Reply::Hang]);
        let channel = messenger(&stub.url);
        let started = Instant::now();
        for _ in 0..4 {
            channel.hint(&Hint::Typing(person())).await;
        }
        assert!(started.elapsed() < Duration::from_millis(900), "a hint has a deadline of its own");
    });
    assert_metric(&metrics, r#"messenger_hints_total{action="typing_on",outcome="taken"} 1"#);
    assert_metric(&metrics, r#"messenger_hints_total{action="typing_on",outcome="failed"} 3"#);
}

#[test]
fn calls_and_used_up_limits_are_measured() {
    let ((), metrics) = measured(async {
        let used = taken()
            .with("X-App-Usage", r#"{"call_count":12,"total_time":40,"total_cputime":7}"#)
            .with(
                "X-Business-Use-Case-Usage",
                r#"{"1001":[{"type":"messenger","call_count":63,"total_time":1}]}"#,
            )
            .with("X-Page-Usage", "nonsense");
        let stub = Stub::new([used, text(400, ""), text(503, ""), Reply::Hang, Reply::Close]);
        for _ in 0..5 {
            send(&stub.url, &Message::plain("hi")).await;
        }
        send(&nobody(), &Message::plain("hi")).await;
    });
    assert_metric(&metrics, r#"messenger_usage_percent{limit="app"} 40"#);
    assert_metric(&metrics, r#"messenger_usage_percent{limit="business"} 63"#);
    assert!(!metrics.contains(r#"limit="page""#));
    for outcome in ["ok", "http_4xx", "http_5xx", "timeout", "broken", "not_sent"] {
        let line = format!(r#"remote_calls_total{{service="messenger",outcome="{outcome}"}} 1"#);
        assert_metric(&metrics, &line);
    }
    assert_metric(&metrics, r#"remote_seconds_count{service="messenger"} 6"#);
    assert!(!metrics.contains(USER), "a metric names nobody");
}
