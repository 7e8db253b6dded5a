use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::effect::Retry;
use answerbot_core::route::Tier;
use answerbot_ports::ai::Ai;
use answerbot_remote::ai::{Limits, ProviderKind, Providers};
use serde_json::json;
use tokio::time::Instant;

use super::{
    AGAIN, LIMITS, LONG, LOUD, QUIET, ask, completion, one, plants, prompt, provider, providers, two,
};
use crate::stub::{Reply, Stub, json as answer, text};
use crate::support::{HandClock, client};

#[tokio::test]
async fn each_provider_is_asked_once_until_one_answers() {
    let busy = || Stub::new([text(503, "")]);
    let (first, second) = (busy(), Stub::new([plants()]));
    let found = ask(&two(&first, &second)).await.unwrap();
    assert_eq!((found.spent[0].provider.as_str(), found.text.as_str()), ("second", "Plant in May."));
    assert_eq!((first.asked().len(), second.asked().len()), (1, 1));

    let (first, second) = (Stub::new([plants()]), busy());
    ask(&two(&first, &second)).await.unwrap();
    assert_eq!(second.asked().len(), 0, "nobody is asked without need");

    let (first, second) = (busy(), Stub::new([text(500, "")]));
    let fault = ask(&two(&first, &second)).await.unwrap_err();
    assert_eq!(fault.reason, "first http 503; second http 500");
    assert_eq!((first.asked().len(), second.asked().len()), (1, 1));
}

#[tokio::test]
async fn failures_of_several_come_to_one() {
    let filtered = || answer(200, &completion(&json!("x"), "content_filter"));
    let busy = |seconds| text(503, "").with("retry-after", seconds);
    let table = [
        ("both refused", filtered(), filtered(), Retry::Refused, QUIET),
        ("one refused, the other is away", filtered(), Reply::Hang, Retry::Refused, QUIET),
        ("one is away, the other refused", Reply::Close, filtered(), Retry::Refused, QUIET),
        ("one refused, the other is busy", filtered(), busy("9"), Retry::After(9_000), QUIET),
        ("the first who may be asked again says when", busy("60"), busy("9"), Retry::After(9_000), QUIET),
        ("one of them does not say when", busy("60"), Reply::Hang, AGAIN, QUIET),
        ("one needs a person", text(401, ""), text(503, ""), AGAIN, LOUD),
        ("the other needs a person", text(503, ""), text(404, ""), AGAIN, LOUD),
    ];
    for (label, first, second, retry, alert) in table {
        let fault = ask(&two(&Stub::new([first]), &Stub::new([second]))).await.unwrap_err();
        assert_eq!((fault.retry, fault.alert), (retry, alert), "{label}: {}", fault.reason);
    }
    let fault = ask(&providers(Vec::new())).await.unwrap_err();
    assert_eq!((fault.retry, fault.reason.as_str()), (AGAIN, "no AI provider was asked"));
}

#[tokio::test]
async fn a_silent_provider_leaves_time_for_the_next_one() {
    let within = |from: u64, to: u64| Duration::from_millis(from)..Duration::from_millis(to);
    let (silent, second) = (Stub::new([Reply::Hang]), Stub::new([plants()]));
    let started = Instant::now();
    ask(&two(&silent, &second)).await.unwrap();
    let took = started.elapsed();
    assert!(within(800, 2_000).contains(&took), "one attempt has its own limit: {took:?}");

    let started = Instant::now();
    let deadline = Duration::from_secs(1);
    two(&silent, &second).answer(&prompt(), "p", Tier::Usual, deadline).await.unwrap();
    let took = started.elapsed();
    assert!(within(560, 1_000).contains(&took), "a short deadline is shared: {took:?}");

    let silent_too = Stub::new([Reply::Hang]);
    let started = Instant::now();
    let fault =
        two(&silent, &silent_too).answer(&prompt(), "p", Tier::Usual, deadline).await.unwrap_err().fault;
    let took = started.elapsed();
    assert_eq!(fault.reason, "first timeout; second timeout");
    assert!(within(990, 1_500).contains(&took), "the deadline holds: {took:?}");
}

#[tokio::test]
async fn no_attempt_starts_that_is_too_short_for_an_answer() {
    let (silent, second) = (Stub::new([Reply::Hang]), Stub::new([plants()]));
    let fault = two(&silent, &second)
        .answer(&prompt(), "p", Tier::Usual, Duration::from_millis(600))
        .await
        .unwrap_err()
        .fault;
    assert_eq!(
        (fault.reason.as_str(), second.asked().len()),
        ("first timeout", 0),
        "one attempt gets it all"
    );
    let fault = two(&silent, &second)
        .answer(&prompt(), "p", Tier::Usual, Duration::from_millis(390))
        .await
        .unwrap_err()
        .fault;
    assert_eq!((fault.reason.as_str(), second.asked().len()), ("no AI provider was asked", 0));
}

/// Two providers under a clock, and how often the first was asked after the second question.
async fn asked_again_after(reply: Reply, wait: Duration) -> usize {
    let (first, second) = (Stub::new([reply]), Stub::new([plants()]));
    let configs = vec![
        provider("first", &first.url, ProviderKind::OpenRouter),
        provider("second", &second.url, ProviderKind::OpenAi),
    ];
    let clock = HandClock::new();
    let providers = Providers::new(configs, client(), LIMITS, Arc::<HandClock>::clone(&clock));
    ask(&providers).await.unwrap();
    clock.forward(wait);
    ask(&providers).await.unwrap();
    first.asked().len()
}

#[tokio::test]
async fn a_provider_that_cannot_help_is_left_alone_for_a_while() {
    let quota = || answer(429, &json!({ "error": { "code": "insufficient_quota" } }));
    let flagged = || answer(403, &json!({ "error": { "code": 403, "metadata": { "reasons": ["x"] } } }));
    let busy = || text(429, "").with("retry-after", "20");
    let seconds = Duration::from_secs;
    let table = [
        ("a dead key", text(401, ""), seconds(599), 1),
        ("a dead key, later", text(401, ""), seconds(600), 2),
        ("no rights", text(403, ""), seconds(599), 1),
        ("no credit", text(402, ""), seconds(3_599), 1),
        ("no credit, later", text(402, ""), seconds(3_600), 2),
        ("no quota", quota(), seconds(3_599), 1),
        ("throttled for 20 s", busy(), seconds(19), 1),
        ("throttled for 20 s, later", busy(), seconds(20), 2),
        ("throttled", text(429, ""), seconds(0), 2),
        ("broken", text(500, ""), seconds(0), 2),
        ("one person's words refused", flagged(), seconds(0), 2),
        ("no such model", text(404, ""), seconds(0), 2),
    ];
    for (label, reply, wait, expected) in table {
        assert_eq!(asked_again_after(reply, wait).await, expected, "{label}");
    }
}

#[tokio::test]
async fn when_all_are_left_alone_all_are_asked() {
    let stub = Stub::new([text(401, ""), plants()]);
    let providers = one(&stub.url);
    ask(&providers).await.unwrap_err();
    ask(&providers).await.unwrap();
}

#[tokio::test]
async fn who_said_when_to_come_again_is_not_asked_before_even_if_nobody_else_is_there() {
    let stub = Stub::new([text(429, "").with("retry-after", "20"), plants()]);
    let clock = HandClock::new();
    let configs = vec![provider("first", &stub.url, ProviderKind::OpenRouter)];
    let providers = Providers::new(configs, client(), LIMITS, Arc::<HandClock>::clone(&clock));
    assert_eq!(ask(&providers).await.unwrap_err().retry, Retry::After(20_000));
    clock.forward(Duration::from_secs(15));
    let fault = ask(&providers).await.unwrap_err();
    assert_eq!((fault.retry, fault.alert), (Retry::After(5_000), QUIET));
    assert_eq!(stub.asked().len(), 1);
    clock.forward(Duration::from_secs(5));
    ask(&providers).await.unwrap();
}

/// A provider that takes every question and answers none would get dozens of them before the first one times out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_few_calls_that_say_nothing_send_the_next_ones_elsewhere() {
    // A comment keeps the connection awake and says nothing.
    let waits = Reply::Stall {
        headers: vec![("content-type", "text/event-stream")],
        begin: ": OPENROUTER PROCESSING\n\n".into(),
    };
    let (silent, second) = (Stub::new([waits]), Stub::new([plants()]));
    let clock = HandClock::new();
    let configs = vec![
        provider("first", &silent.url, ProviderKind::OpenRouter),
        provider("second", &second.url, ProviderKind::OpenAi),
    ];
    let patient = Limits { attempt: LONG * 2, first: LONG * 2, ..LIMITS };
    let providers = Arc::new(Providers::new(configs, client(), patient, Arc::<HandClock>::clone(&clock)));
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let providers = Arc::clone(&providers);
        waiting.spawn(async move { ask(&providers).await.map(drop) });
    }
    while silent.asked().len() < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    clock.forward(Duration::from_millis(2_001));
    for _ in 0..20 {
        ask(&providers).await.unwrap();
    }
    assert_eq!((silent.asked().len(), second.asked().len()), (3, 20));
    waiting.abort_all();
    while waiting.join_next().await.is_some() {}
    // Nobody waits for it any more: it gets another chance.
    let providers = Arc::clone(&providers);
    waiting.spawn(async move { ask(&providers).await.map(drop) });
    while silent.asked().len() < 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    waiting.abort_all();
}
