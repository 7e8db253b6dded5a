use answerbot_ports::ai::Ai;
use answerbot_remote::ai::ProviderKind;
use serde_json::{Value, json};

use super::{provider, providers};
use crate::stub::{Reply, Stub, json as answer, text};

#[tokio::test]
async fn the_check_says_whether_the_key_works() {
    let (router, openai) = (ProviderKind::OpenRouter, ProviderKind::OpenAi);
    let models = |id: &str| answer(200, &json!({ "data": [{ "id": "tiny" }, { "id": id }] }));
    let key = |left: Value| answer(200, &json!({ "data": { "limit_remaining": left } }));
    let table = [
        ("a limit", router, key(json!(4.5)), Ok("4.50 USD")),
        ("no limit", router, key(Value::Null), Ok("no spending limit")),
        ("nothing left", router, key(json!(0)), Err("used up")),
        ("a dead key", router, text(401, ""), Err("not accepted")),
        ("no credit", router, text(402, ""), Err("credit")),
        ("a page of a gateway", router, text(200, "<html>"), Err("no JSON")),
        ("broken", router, text(500, ""), Err("http 500")),
        ("the model is there", openai, models("small"), Ok("small is offered")),
        ("the model is not listed", openai, models("large"), Ok("not in the list")),
        ("another path", openai, text(404, ""), Err("base URL")),
        ("a broken connection", openai, Reply::Close, Err("did not answer")),
    ];
    for (label, kind, reply, expected) in table {
        let stub = Stub::new([reply]);
        let found = providers(vec![provider("first", &stub.url, kind)]).check().await;
        let (name, said) = &found[0];
        assert_eq!(name, "first", "{label}");
        match (said, expected) {
            (Ok(said), Ok(part)) | (Err(said), Err(part)) => assert!(said.contains(part), "{label}: {said}"),
            _ => panic!("{label}: {said:?}"),
        }
        let request = stub.the_request();
        let path = if kind == router { "/v1/key" } else { "/v1/models" };
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", path), "{label}");
        assert_eq!(request.headers["authorization"], "Bearer sk-secret", "{label}");
    }
}
