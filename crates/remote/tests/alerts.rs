use std::sync::Arc;
use std::time::Duration;

use answerbot_core::Time;
use answerbot_core::contact::effect::{Case, EffectFault, Retry};
use answerbot_ports::ai::Alerts as _;
use answerbot_remote::alerts::Alerts;
use serde_json::json;

use crate::stub::{Stub, nobody, text};
use crate::support::{HandClock, assert_metric, client, measured};

fn alerts(url: &str, clock: &Arc<HandClock>) -> Alerts {
    Alerts::new(Some(url.into()), client(), Arc::<HandClock>::clone(clock))
}

fn case() -> Case {
    Case {
        about: "human".to_owned(),
        at: Time::from_millis(1_700_000_000_000),
        channel: "messenger".to_owned(),
    }
}

#[tokio::test]
async fn a_case_is_posted_every_time() {
    let stub = Stub::new([text(200, "ok")]);
    let alerts = alerts(&stub.url, &HandClock::new());
    assert_eq!(alerts.file(&case()).await, Ok(()));
    assert_eq!(alerts.file(&case()).await, Ok(()));
    let asked = stub.asked();
    assert_eq!(asked.len(), 2);
    let body =
        json!({ "kind": "case", "about": "human", "at": 1_700_000_000_000_u64, "channel": "messenger" });
    assert_eq!((asked[0].method.as_str(), &asked[0].body), ("POST", &body));
}

#[tokio::test]
async fn a_case_that_was_not_taken_is_tried_again() {
    let fault = |retry, reason: &str| Err(EffectFault { retry, alert: false, reason: reason.to_owned() });
    let table = [
        ("broken", text(500, ""), fault(Retry::After(0), "alert http 500")),
        ("throttled", text(429, "").with("retry-after", "30"), fault(Retry::After(30_000), "alert http 429")),
        ("gone", text(404, ""), fault(Retry::After(0), "alert http 404")),
        ("moved", text(301, "").with("location", "/"), fault(Retry::After(0), "alert http 301")),
    ];
    for (label, reply, expected) in table {
        let found = alerts(&Stub::new([reply]).url, &HandClock::new()).file(&case()).await;
        assert_eq!(found, expected, "{label}");
    }
    let found = alerts(&nobody(), &HandClock::new()).file(&case()).await;
    assert_eq!(found, fault(Retry::After(0), "alert not_sent"), "nobody listens");
}

#[test]
fn the_same_alarm_is_posted_once_in_ten_minutes() {
    let ((), metrics) = measured(async {
        let (stub, clock) = (Stub::new([text(204, "")]), HandClock::new());
        let alerts = alerts(&stub.url, &clock);
        alerts.alarm("graph_token", "graph 190/463").await;
        let body = json!({ "kind": "alarm", "what": "graph_token", "at": 1_700_000_000_000_u64, "detail": "graph 190/463" });
        assert_eq!(stub.the_request().body, body);
        clock.forward(Duration::from_secs(599));
        alerts.alarm("graph_token", "graph 190/463").await;
        assert_eq!(stub.asked().len(), 1);
        alerts.alarm("disk", "full").await;
        assert_eq!(stub.asked().len(), 2, "another alarm does not wait");
        clock.forward(Duration::from_secs(1));
        alerts.alarm("graph_token", "graph 190/463").await;
        assert_eq!(stub.asked().len(), 3);
    });
    assert_metric(&metrics, r#"alarms_held_back_total{what="graph_token"} 1"#);
}

#[tokio::test]
async fn an_alarm_that_was_not_taken_waits_less() {
    let (stub, clock) = (Stub::new([text(500, ""), text(200, "")]), HandClock::new());
    let alerts = alerts(&stub.url, &clock);
    alerts.alarm("disk", "full").await;
    clock.forward(Duration::from_secs(29));
    alerts.alarm("disk", "full").await;
    assert_eq!(stub.asked().len(), 1);
    clock.forward(Duration::from_secs(1));
    alerts.alarm("disk", "full").await;
    assert_eq!(stub.asked().len(), 2);
}

#[tokio::test]
async fn without_an_address_the_log_is_enough() {
    let alerts = Alerts::new(None, client(), HandClock::new());
    assert_eq!(alerts.file(&case()).await, Ok(()));
    alerts.alarm("disk", "full").await;
}
