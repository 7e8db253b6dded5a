//! API users of MTN's sandbox.

use answerbot_remote::momo::{Provision, Registered};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{DEADLINE, REFERENCE as USER};
use crate::stub::{Reply, Stub, json as answer, nobody, text};
use crate::support::client;

const HOST: &str = "bot.example.org";

fn desk(url: &str) -> Provision {
    Provision::new(&format!("{url}/"), "the subscription key".into(), client())
}

fn key() -> Reply {
    answer(201, &json!({ "apiKey": "the new key" }))
}

#[tokio::test]
async fn a_user_is_made_for_a_host_and_then_its_key() {
    let stub = Stub::new([text(201, ""), key()]);
    let made = desk(&stub.url).create(USER, HOST, DEADLINE).await.unwrap();
    assert_eq!(made.expose_secret(), "the new key");
    let [user, key] = &stub.asked()[..] else { panic!("{:?}", stub.asked()) };
    assert_eq!((user.method.as_str(), user.path.as_str()), ("POST", "/v1_0/apiuser"));
    assert_eq!(user.headers["x-reference-id"], USER);
    assert_eq!(user.body, json!({ "providerCallbackHost": HOST }));
    assert_eq!(
        (key.method.as_str(), key.path.as_str()),
        ("POST", format!("/v1_0/apiuser/{USER}/apikey").as_str())
    );
    assert_eq!(key.headers["content-length"], "0");
    for asked in [user, key] {
        assert_eq!(asked.headers["ocp-apim-subscription-key"], "the subscription key");
    }
}

/// Label, reply, and words that the sentence has.
fn refusals() -> [(&'static str, Reply, &'static str); 10] {
    [
        (
            "a wrong key",
            answer(401, &json!({ "statusCode": 401, "message": "the subscription key" })),
            "MOMO_SUBSCRIPTION_KEY",
        ),
        ("a key of nothing", text(403, ""), "subscribe to the Collections product"),
        ("malformed", text(400, ""), "version 4 UUID"),
        ("elsewhere", text(404, ""), "sandbox only"),
        ("twice", answer(409, &json!({ "code": "RESOURCE_ALREADY_EXIST" })), "exists already"),
        ("too often", text(429, ""), "in a minute"),
        ("trouble", text(503, "<html>"), "http 503"),
        ("another site", text(302, ""), "MOMO_BASE_URL"),
        ("silence", Reply::Hang, "in time"),
        ("a broken line", Reply::Close, "broke"),
    ]
}

#[tokio::test]
async fn every_refusal_is_one_sentence_that_says_what_to_do() {
    for (label, reply, words) in refusals() {
        let stub = Stub::new([reply.clone()]);
        let told = desk(&stub.url).create(USER, HOST, DEADLINE).await.unwrap_err();
        assert!(told.starts_with("no API user was made: ") && told.contains(words), "{label}: {told}");
        assert!(!told.contains("the subscription key") && !told.contains(['\n', '<']), "{label}: {told}");
        assert_eq!(stub.asked().len(), 1, "{label}: no key is asked for");

        let stub = Stub::new([text(201, ""), reply.clone()]);
        let told = desk(&stub.url).create(USER, HOST, DEADLINE).await.unwrap_err();
        assert!(told.starts_with(&format!("the API user {USER} was made")), "{label}: {told}");
        assert!(told.contains(words), "{label}: {told}");

        let stub = Stub::new([reply]);
        let told = desk(&stub.url).registered_host(USER, DEADLINE).await.unwrap_err();
        assert!(told.contains(words), "{label}: {told}");
    }
    let told = desk(&nobody()).create(USER, HOST, DEADLINE).await.unwrap_err();
    assert!(told.contains("cannot be reached"), "{told}");
}

#[tokio::test]
async fn what_is_no_host_is_not_even_asked_for() {
    let stub = Stub::new([text(201, ""), key()]);
    for host in ["", "https://bot.example.org", "bot.example.org/", "bot.example.org:443", "a b"] {
        let told = desk(&stub.url).create(USER, host, DEADLINE).await.unwrap_err();
        assert!(told.contains("is no host"), "{host}: {told}");
    }
    assert!(stub.asked().is_empty());
}

#[tokio::test]
async fn the_host_of_a_user_is_read() {
    let body = json!({ "providerCallbackHost": HOST, "targetEnvironment": "sandbox" });
    let stub = Stub::new([answer(200, &body)]);
    let expected = Registered { host: HOST.into(), environment: "sandbox".into() };
    assert_eq!(desk(&stub.url).registered_host(USER, DEADLINE).await, Ok(expected));
    let asked = stub.the_request();
    assert_eq!((asked.method.as_str(), asked.path), ("GET", format!("/v1_0/apiuser/{USER}")));
    assert_eq!(asked.headers["ocp-apim-subscription-key"], "the subscription key");
}

#[tokio::test]
async fn an_answer_that_lacks_what_was_asked_for_is_an_error() {
    for odd in [
        text(200, ""),
        text(200, "<html>"),
        answer(200, &json!({ "apiKey": 5, "providerCallbackHost": null })),
    ] {
        let stub = Stub::new([text(201, ""), odd.clone()]);
        let told = desk(&stub.url).create(USER, HOST, DEADLINE).await.unwrap_err();
        assert!(told.contains("unexpected"), "{told}");
        let stub = Stub::new([odd]);
        let told = desk(&stub.url).registered_host(USER, DEADLINE).await.unwrap_err();
        assert!(told.contains("unexpected"), "{told}");
    }
}
