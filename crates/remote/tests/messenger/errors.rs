use std::time::Duration;

use answerbot_core::EventId;
use answerbot_core::contact::effect::{EffectFault, Retry};
use answerbot_core::contact::event::Outcome;
use answerbot_core::contact::message::Message;
use serde_json::json;
use tokio::time::Instant;

use super::{AGAIN, SLOW, outcome_of, send};
use crate::stub::{Reply, json as answer, nobody, text};
use crate::support::USER;

/// Nobody has to look.
const QUIET: bool = false;
/// An operator hears of it.
const LOUD: bool = true;

#[tokio::test]
async fn every_error_of_graph_has_its_consequence() {
    let (shut, gone, down, wrong) = (Retry::WindowShut, Retry::Gone, Retry::ChannelDown, Retry::Refused);
    let table = [
        ("unknown error", 500, "1", AGAIN, QUIET),
        ("service down", 503, "2", AGAIN, QUIET),
        ("temporary send failure", 400, "1200", AGAIN, QUIET),
        ("a 5xx of unknown code", 502, "7777", AGAIN, QUIET),
        ("a code of tomorrow", 400, "7777", AGAIN, LOUD),
        ("app throttled", 400, "4", SLOW, QUIET),
        ("user throttled", 400, "17", SLOW, QUIET),
        ("page throttled", 400, "32", SLOW, QUIET),
        ("send throttled", 400, "613", SLOW, QUIET),
        ("business use case throttled", 400, "80006", SLOW, QUIET),
        ("too many to one thread", 400, "100/2018022", SLOW, QUIET),
        ("a 429 of unknown code", 429, "7777", SLOW, QUIET),
        ("window shut", 400, "10/2018278", shut, QUIET),
        ("window shut on Instagram", 400, "10/2534022", shut, QUIET),
        ("cannot receive", 400, "10/2018108", gone, QUIET),
        ("not available", 400, "551", gone, QUIET),
        ("not available, in full", 400, "551/1545041", gone, QUIET),
        ("not available, under a permission", 400, "200/1545041", gone, QUIET),
        ("not available, as a code", 400, "1545041", gone, QUIET),
        ("no such person", 400, "100/2018001", gone, QUIET),
        ("permission missing", 403, "10", down, LOUD),
        ("feature not allowed", 403, "10/2018065", down, LOUD),
        ("tester only", 403, "10/2018028", down, LOUD),
        ("permission denied", 403, "200", down, LOUD),
        ("no capability", 400, "3", down, LOUD),
        ("no such object", 400, "33", down, LOUD),
        ("no such page for this token", 400, "100/33", down, LOUD),
        ("alias does not exist", 404, "803", down, LOUD),
        ("app removed", 400, "190/458", down, LOUD),
        ("password changed", 400, "190/460", down, LOUD),
        ("token expired", 401, "190/463", down, LOUD),
        ("token invalid", 400, "190/467", down, LOUD),
        ("not an administrator", 400, "190/492", down, LOUD),
        ("token refused", 400, "190", down, LOUD),
        ("token expired, inside a 200", 200, "190/463", down, LOUD),
        ("session expired", 400, "102", down, LOUD),
        ("no token", 400, "2500", down, LOUD),
        ("policy block", 400, "368", down, LOUD),
        ("app limit", 400, "341", down, LOUD),
        ("bad parameter", 400, "100", wrong, LOUD),
        ("bad parameter, named", 400, "100/2018034", wrong, LOUD),
        ("bad template, inside a 200", 200, "36000", wrong, LOUD),
        ("bad attachment", 400, "546", wrong, LOUD),
        ("upload failed", 400, "2018047", wrong, LOUD),
    ];
    for (label, status, name, retry, alert) in table {
        let (code, subcode) = name.split_once('/').map_or((name, None), |(code, sub)| (code, Some(sub)));
        let number = |text: &str| text.parse::<i64>().unwrap();
        let mut error = json!({ "code": number(code), "message": "x", "type": "OAuthException" });
        if let Some(subcode) = subcode {
            error["error_subcode"] = json!(number(subcode));
        }
        let outcome = outcome_of(answer(status, &json!({ "error": error }))).await;
        assert_eq!(outcome, failed(retry, alert, &format!("graph {name}")), "{label}");
    }
}

#[tokio::test]
async fn an_error_is_also_known_by_its_words_and_whether_it_passes() {
    let outside = "(#10) This message is sent Outside the allowed window.";
    let table = [
        ("it passes", json!({ "code": 7777, "is_transient": true }), AGAIN, QUIET, "graph 7777"),
        (
            "it passes, whatever the code",
            json!({ "code": 100, "is_transient": true }),
            AGAIN,
            QUIET,
            "graph 100",
        ),
        ("a throttle passes too", json!({ "code": 613, "is_transient": true }), SLOW, QUIET, "graph 613"),
        (
            "it does not pass",
            json!({ "code": 100, "is_transient": false }),
            Retry::Refused,
            LOUD,
            "graph 100",
        ),
        (
            "the window, by its words",
            json!({ "code": 10, "message": outside }),
            Retry::WindowShut,
            QUIET,
            "graph 10",
        ),
        (
            "another code with those words",
            json!({ "code": 100, "message": outside }),
            Retry::Refused,
            LOUD,
            "graph 100",
        ),
        (
            "codes as texts",
            json!({ "code": "190", "error_subcode": "463" }),
            Retry::ChannelDown,
            LOUD,
            "graph 190/463",
        ),
        ("no code", json!({ "message": "?" }), AGAIN, LOUD, "graph error without a code"),
        ("nothing but a text", json!("?"), AGAIN, LOUD, "graph error without a code"),
    ];
    for (label, error, retry, alert, reason) in table {
        let outcome = outcome_of(answer(400, &json!({ "error": error }))).await;
        assert_eq!(outcome, failed(retry, alert, reason), "{label}");
    }
}

fn failed(retry: Retry, alert: bool, reason: &str) -> Outcome {
    Outcome::Failed(EffectFault { retry, alert, reason: reason.to_owned() })
}

#[tokio::test]
async fn answers_without_an_error_are_read_by_id_and_status() {
    let failed =
        |retry, alert, reason: &str| Outcome::Failed(EffectFault { retry, alert, reason: reason.to_owned() });
    let id = json!({ "recipient_id": USER, "message_id": "m_9" });
    let table = [
        ("an id", answer(200, &id), Outcome::Sent(EventId::derive("messenger", "m_9"))),
        (
            "an id without the person",
            answer(200, &json!({ "message_id": "m_9" })),
            Outcome::Sent(EventId::derive("messenger", "m_9")),
        ),
        (
            "a null error beside it",
            answer(200, &json!({ "error": null, "message_id": "m_9" })),
            Outcome::Sent(EventId::derive("messenger", "m_9")),
        ),
        (
            "an error beside it",
            answer(200, &json!({ "error": { "code": 551 }, "message_id": "m_9" })),
            failed(Retry::Gone, QUIET, "graph 551"),
        ),
        ("no id", answer(200, &json!({ "recipient_id": USER })), Outcome::Unknown),
        ("an empty id", answer(200, &json!({ "message_id": "" })), Outcome::Unknown),
        ("no JSON", text(200, "<html>OK</html>"), Outcome::Unknown),
        ("nothing", text(200, ""), Outcome::Unknown),
        ("a bare 500", text(500, "<html>"), failed(AGAIN, QUIET, "http 500")),
        ("a bare 502", text(502, ""), failed(AGAIN, QUIET, "http 502")),
        (
            "a bare 503 that says when",
            text(503, "").with("retry-after", "7"),
            failed(Retry::After(7_000), QUIET, "http 503"),
        ),
        ("a gateway that gave up waiting", text(504, ""), Outcome::Unknown),
        ("a bare 429", text(429, ""), failed(SLOW, QUIET, "http 429")),
        ("a bare 401", text(401, ""), failed(Retry::ChannelDown, LOUD, "http 401")),
        ("a bare 404", text(404, "no"), failed(AGAIN, LOUD, "http 404")),
        (
            "a redirect, which nobody follows",
            text(302, "").with("location", "/v25.0/me/messages"),
            failed(AGAIN, LOUD, "http 302"),
        ),
    ];
    for (label, reply, expected) in table {
        assert_eq!(outcome_of(reply).await, expected, "{label}");
    }
}

#[tokio::test]
async fn a_throttle_waits_as_long_as_graph_says_but_never_less_than_half_a_minute() {
    for (seconds, ms) in [("5", 30_000), ("90", 90_000), ("99999999", 3_600_000)] {
        let error = json!({ "error": { "code": 613 } });
        let outcome = outcome_of(answer(400, &error).with("retry-after", seconds)).await;
        let Outcome::Failed(fault) = outcome else { panic!("{outcome:?}") };
        assert_eq!(fault.retry, Retry::After(ms), "{seconds}");
    }
}

#[tokio::test]
async fn a_send_that_may_have_arrived_is_unknown_and_ends_at_its_deadline() {
    let started = Instant::now();
    assert_eq!(outcome_of(Reply::Hang).await, Outcome::Unknown, "no answer");
    let took = started.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(3)).contains(&took), "{took:?}");
    assert_eq!(outcome_of(Reply::Close).await, Outcome::Unknown, "the connection broke");
    let half = r#"{"message_id":"m_9"#.to_owned();
    assert_eq!(outcome_of(Reply::Cut { status: 200, half }).await, Outcome::Unknown, "half an answer");
    let endless = json!({ "message_id": "m_9", "x": "x".repeat(2 * 1024 * 1024) });
    assert_eq!(outcome_of(answer(200, &endless)).await, Outcome::Unknown, "more than anybody reads");
}

#[tokio::test]
async fn a_send_that_never_left_failed() {
    let expected = EffectFault { retry: AGAIN, alert: false, reason: "no connection to graph".to_owned() };
    for graph in [nobody(), "http://nobody.invalid".to_owned(), "no address".to_owned()] {
        assert_eq!(send(&graph, &Message::plain("hi")).await, Outcome::Failed(expected.clone()), "{graph}");
    }
}
