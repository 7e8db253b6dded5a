use answerbot_core::spend::Price;
use answerbot_remote::ai::{ProviderConfig, ProviderKind};
use serde_json::{Value, json};

use super::{ask, completion, plants, provider, providers, two};
use crate::stub::{Stub, json as answer, text};
use crate::support::{assert_metric, measured};

#[tokio::test]
async fn the_cost_is_what_the_provider_says_or_its_price_list() {
    let price = Some(Price { input: 150_000, output: 600_000 });
    let usage = |usage: Value| {
        let mut body = completion(&json!("Plant in May."), "stop");
        body["usage"] = usage;
        body
    };
    let table = [
        (
            "told",
            usage(json!({ "prompt_tokens": 1_000, "completion_tokens": 100, "cost": 0.000_14 })),
            price,
            140,
        ),
        (
            "told as nothing",
            usage(json!({ "prompt_tokens": 1_000, "completion_tokens": 100, "cost": 0 })),
            price,
            0,
        ),
        ("told as less than nothing", usage(json!({ "cost": -3.5 })), price, 0),
        // 1,000 tokens at 0.15 millionths and 100 at 0.6.
        ("by the list", usage(json!({ "prompt_tokens": 1_000, "completion_tokens": 100 })), price, 210),
        (
            "by the list, rounded up",
            usage(json!({ "prompt_tokens": 1, "completion_tokens": 0 })),
            Some(Price { input: 1, output: 1 }),
            1,
        ),
        // Dearer than anything that one would choose: a cap must hold.
        (
            "of a model without a price",
            usage(json!({ "prompt_tokens": 1_000, "completion_tokens": 100 })),
            None,
            3_500,
        ),
        // 28 tokens and 4 by our own guess.
        ("without any figure", usage(Value::Null), price, 7),
    ];
    for (label, body, price, expected) in table {
        let stub = Stub::new([answer(200, &body)]);
        let prices = price.into_iter().map(|price| ("small".to_owned(), price)).collect();
        let config = ProviderConfig { prices, ..provider("first", &stub.url, ProviderKind::OpenAi) };
        let spent = ask(&providers(vec![config])).await.unwrap().spent.remove(0);
        assert_eq!(spent.cost.0, expected, "{label}");
        assert_eq!(spent.model, "maker/small-2", "the price follows the model that answered");
    }
}

#[test]
fn calls_tokens_and_money_are_measured() {
    let (fault, metrics) = measured(async {
        let empty = answer(200, &completion(&Value::Null, "stop"));
        let (first, second) = (Stub::new([empty]), Stub::new([plants(), text(503, "")]));
        let providers = two(&first, &second);
        ask(&providers).await.unwrap();
        ask(&providers).await.unwrap_err()
    });
    assert_eq!(fault.reason, "first empty answer; second http 503");
    assert_metric(&metrics, r#"ai_calls_total{provider="first",outcome="rubbish"} 2"#);
    assert_metric(&metrics, r#"ai_calls_total{provider="second",outcome="answered"} 1"#);
    assert_metric(&metrics, r#"ai_calls_total{provider="second",outcome="busy"} 1"#);
    // An empty answer costs as well.
    assert_metric(&metrics, r#"ai_tokens_total{provider="first",direction="in"} 20"#);
    assert_metric(&metrics, r#"ai_tokens_total{provider="second",direction="out"} 4"#);
    assert_metric(&metrics, r#"ai_micro_usd_total{provider="first",model="maker/small-2"} 280"#);
    assert_metric(&metrics, r#"ai_seconds_count{provider="second"} 2"#);
    assert_metric(&metrics, r#"remote_calls_total{service="second",outcome="http_5xx"} 1"#);
}
