use answerbot_remote::ai::ProviderKind;
use serde_json::{Value, json};

use super::{ask, one, plants, provider, providers};
use crate::stub::{Stub, json as answer};

#[tokio::test]
async fn a_question_goes_out_as_openrouter_wants_it() {
    let stub = Stub::new([plants()]);
    let mut config = provider("openrouter", &stub.url, ProviderKind::OpenRouter);
    config.fallback_models = ["b", "c", "d", "e"].map(str::to_owned).to_vec();
    ask(&providers(vec![config])).await.unwrap();
    let request = stub.the_request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(request.headers["authorization"], "Bearer sk-secret");
    assert_eq!(
        request.body,
        json!({
            "model": "small",
            "models": ["b", "c", "d"],
            "messages": [
                { "role": "system", "content": "Be short." },
                { "role": "user", "content": "Hi" },
                { "role": "assistant", "content": "Hello!" },
                { "role": "user", "content": "When do I plant maize?" }
            ],
            "max_tokens": 400,
            "stream": true,
            "user": "pseudonym",
            "provider": { "data_collection": "deny" },
            "reasoning": { "enabled": false }
        })
    );
}

#[tokio::test]
async fn others_get_nothing_but_the_common_shape() {
    let stub = Stub::new([plants()]);
    let mut config = provider("local", &stub.url, ProviderKind::OpenAi);
    config.fallback_models = vec!["b".to_owned()];
    ask(&providers(vec![config])).await.unwrap();
    let body = stub.the_request().body;
    let mut names: Vec<&String> = body.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["max_tokens", "messages", "model", "stream", "stream_options", "user"]);
}

#[tokio::test]
async fn a_model_that_must_reason_may_the_next_time() {
    let refused = json!({ "error": { "code": 400, "message": "Reasoning is mandatory for this endpoint and cannot be disabled." } });
    let stub = Stub::new([answer(400, &refused), plants()]);
    let providers = one(&stub.url);
    ask(&providers).await.unwrap_err();
    ask(&providers).await.unwrap();
    let asked: Vec<Value> =
        stub.asked().into_iter().map(|request| request.body["reasoning"].clone()).collect();
    assert_eq!(asked, [json!({ "enabled": false }), json!({ "effort": "low" })]);
}
