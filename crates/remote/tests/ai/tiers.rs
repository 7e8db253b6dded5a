//! Cheap, usual, better: which model is asked, and what that costs.

use std::collections::BTreeMap;
use std::time::Duration;

use answerbot_core::route::Tier;
use answerbot_core::spend::{MicroUsd, Price};
use answerbot_ports::ai::Ai;
use answerbot_remote::ai::{ProviderConfig, ProviderKind};
use serde_json::{Value, json};

use super::{LONG, completion, plants, prompt, provider, providers};
use crate::stub::{Reply, Stub, json as answer};

fn three_models(url: &str, kind: ProviderKind) -> ProviderConfig {
    let price = |input, output| Price { input, output };
    let prices = [
        ("maker/nano", price(100_000, 400_000)),
        ("maker/mini", price(150_000, 600_000)),
        ("maker/mini-plus", price(400_000, 1_600_000)),
    ];
    ProviderConfig {
        model: "maker/mini".into(),
        cheap_model: Some("maker/nano".into()),
        better_model: Some("maker/mini-plus".into()),
        fallback_models: vec!["other/small".into()],
        prices: prices.map(|(name, price)| (name.to_owned(), price)).into(),
        ..provider("first", url, kind)
    }
}

#[tokio::test]
async fn each_tier_has_its_model_and_falls_back_to_the_usual_one_first() {
    let table = [
        (Tier::Cheap, "maker/nano", json!(["maker/mini", "other/small"])),
        (Tier::Usual, "maker/mini", json!(["other/small"])),
        (Tier::Better, "maker/mini-plus", json!(["maker/mini", "other/small"])),
    ];
    for (tier, model, models) in table {
        let stub = Stub::new([plants()]);
        let asked = providers(vec![three_models(&stub.url, ProviderKind::OpenRouter)]);
        asked.answer(&prompt(), "p", tier, LONG).await.unwrap();
        let body = stub.the_request().body;
        assert_eq!((&body["model"], &body["models"]), (&json!(model), &models), "{tier:?}");
    }
    let stub = Stub::new([plants()]);
    let asked = providers(vec![provider("first", &stub.url, ProviderKind::OpenAi)]);
    asked.answer(&prompt(), "p", Tier::Cheap, LONG).await.unwrap();
    assert_eq!(stub.the_request().body["model"], "small", "a provider with one model uses that one");
}

#[tokio::test]
async fn the_price_is_that_of_the_model_that_answered_whatever_was_asked_for() {
    // 1,000 tokens read and 100 written.
    let table = [
        ("maker/nano", 140),
        ("nano-2026-05-01", 140),
        ("maker/mini-plus-2026-05-01", 560),
        ("mini", 210),
        ("unheard-of", 3_500),
    ];
    for (model, cost) in table {
        let mut body = completion(&json!("Plant in May."), "stop");
        body["model"] = json!(model);
        body["usage"] = json!({ "prompt_tokens": 1_000, "completion_tokens": 100 });
        let stub = Stub::new([answer(200, &body)]);
        let asked = providers(vec![three_models(&stub.url, ProviderKind::OpenAi)]);
        let spent = asked.answer(&prompt(), "p", Tier::Cheap, LONG).await.unwrap().spent.remove(0);
        assert_eq!((spent.model.as_str(), spent.cost, spent.estimated), (model, MicroUsd(cost), false));
    }
}

#[test]
fn what_an_answer_can_cost_at_most_is_a_call_to_each_provider() {
    let dear = ProviderConfig {
        prices: BTreeMap::new(),
        ..three_models("http://127.0.0.1:1", ProviderKind::OpenAi)
    };
    let cheap = || three_models("http://127.0.0.1:1", ProviderKind::OpenAi);
    // 28 tokens of the prompt and 400 of the longest answer.
    assert_eq!(providers(vec![cheap()]).most(&prompt(), Tier::Cheap), MicroUsd(163));
    assert_eq!(providers(vec![cheap(), dear]).most(&prompt(), Tier::Cheap), MicroUsd(4_233));
    assert_eq!(providers(Vec::new()).most(&prompt(), Tier::Usual), MicroUsd(0));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_booked_by_what_was_written_and_one_that_was_refused_is_not() {
    let words = |text: &str| {
        let choice = json!({ "delta": { "content": text } });
        format!("data: {}\n\n", json!({ "choices": [choice] }))
    };
    let event = vec![("content-type", "text/event-stream")];
    let stalled = Reply::Stall { headers: event.clone(), begin: words("Plant it in the month of May") };
    let cut = Reply::Http { status: 200, headers: event, body: words("Plant it in the month of May") };
    let empty = answer(200, &completion(&Value::Null, "stop"));
    let down = answer(503, &json!({ "error": { "message": "down" } }));
    for (label, reply, costs) in [
        // 28 tokens read and 7 written.
        ("stalled", stalled, &[(true, 9), (false, 140)][..]),
        ("cut", cut, &[(true, 9), (false, 140)]),
        ("silent", Reply::Hang, &[(true, 5), (false, 140)]),
        ("empty", empty, &[(false, 140), (false, 140)]),
        ("down", down, &[(false, 140)]),
    ] {
        let (first, second) = (Stub::new([reply]), Stub::new([plants()]));
        let two = providers(vec![
            three_models(&first.url, ProviderKind::OpenRouter),
            three_models(&second.url, ProviderKind::OpenRouter),
        ]);
        let spent = two.answer(&prompt(), "p", Tier::Usual, Duration::from_secs(5)).await.unwrap().spent;
        let found: Vec<(bool, u64)> = spent.iter().map(|it| (it.estimated, it.cost.0)).collect();
        assert_eq!(found, costs, "{label}");
    }
}
