use answerbot_core::contact::effect::{EffectFault, Retry};
use serde_json::{Value, json};

use super::{AGAIN, LOUD, QUIET, ask, completion, one};
use crate::stub::{Reply, Stub, json as answer, nobody, text};

#[tokio::test]
async fn what_counts_as_an_answer_is_one() {
    let ok = |content: &str, finish: &str| completion(&json!(content), finish);
    let mut with_null_error = ok("Plant in May.", "stop");
    with_null_error["error"] = Value::Null;
    let mut without_finish = ok("Plant in May.", "stop");
    without_finish["choices"][0]["finish_reason"] = Value::Null;
    let table = [
        ("an answer", ok("Plant in May.", "stop").to_string(), false),
        ("white space around the text", ok("\n Plant in May.\n", "stop").to_string(), false),
        ("white space before the body", format!("\n \r\n\t{}", ok("Plant in May.", "stop")), false),
        ("a null error", with_null_error.to_string(), false),
        ("no reason to finish", without_finish.to_string(), false),
        ("cut at the limit", ok("Plant in May.", "length").to_string(), true),
        ("a thought before it", ok("<think>hm</think>\n\nPlant in May.", "stop").to_string(), false),
    ];
    for (label, body, cut) in table {
        let reply = ask(&one(&Stub::new([text(200, &body)]).url)).await.unwrap();
        assert_eq!((reply.text.as_str(), reply.cut), ("Plant in May.", cut), "{label}");
    }
}

fn done(content: Value, finish: &str) -> Reply {
    let mut body = completion(&Value::Null, finish);
    body["choices"][0]["message"]["content"] = content;
    answer(200, &body)
}

fn error(status: u16, error: Value) -> Reply {
    let mut body = json!({});
    body["error"] = error;
    answer(status, &body)
}

/// The only provider answers like this, and that is what it comes to.
async fn assert_fault(label: &str, reply: Reply, retry: Retry, alert: bool, reason: &str) {
    let fault = ask(&one(&Stub::new([reply]).url)).await.unwrap_err();
    assert_eq!(fault, EffectFault { retry, alert, reason: format!("first {reason}") }, "{label}");
}

#[tokio::test]
async fn what_holds_no_text_is_no_answer() {
    let half_a_body = r#"{"choices":[{"message":{"content":"Pl"#;
    let table = [
        ("null content", done(Value::Null, "stop"), "empty answer"),
        ("empty content", done(json!(""), "stop"), "empty answer"),
        ("blank content", done(json!(" \n "), "stop"), "empty answer"),
        ("content that is no text", done(json!({ "a": 1 }), "stop"), "empty answer"),
        ("nothing but thoughts", done(json!("<think>May?</think> "), "stop"), "empty answer"),
        ("thoughts cut at the limit", done(json!("<think>May? Or"), "length"), "empty answer"),
        ("no choices", answer(200, &json!({ "choices": [] })), "no choices"),
        ("another JSON", answer(200, &json!([1, 2])), "no choices"),
        ("a page of a gateway", text(200, "<html><h1>Checking your browser</h1></html>"), "no JSON"),
        ("nothing", text(200, ""), "no JSON"),
        ("a body that breaks off", text(200, half_a_body), "no JSON"),
        ("a body cut off", Reply::Cut { status: 200, half: half_a_body.to_owned() }, "connection broke"),
        ("a connection that breaks", Reply::Close, "connection broke"),
        ("no answer", Reply::Hang, "timeout"),
    ];
    for (label, reply, reason) in table {
        assert_fault(label, reply, AGAIN, QUIET, reason).await;
    }
    let fault = ask(&one(&nobody())).await.unwrap_err();
    assert_eq!(fault, EffectFault { retry: AGAIN, alert: false, reason: "first no connection".to_owned() });
}

#[tokio::test]
async fn an_error_that_passes_is_tried_again_when_the_provider_says() {
    let mut in_choice = completion(&json!("half"), "stop");
    in_choice["choices"][0]["error"] = json!({ "code": 429 });
    let flat = json!({ "object": "error", "message": "no", "code": 503 });
    let capacity = json!({ "http_status": 429, "error_type": "x", "availability": { "retry_after": 40 } });
    let busy = |status| error(status, json!({ "code": status }));
    let table = [
        ("finished with an error", done(json!("half"), "error"), 0, "finished with an error"),
        ("an error inside a 200", error(200, json!({ "code": 502 })), 0, "error 502 in http 200"),
        ("an error in the choice", answer(200, &in_choice), 0, "error 429 in http 200"),
        (
            "an error by its status only",
            error(200, json!({ "http_status": 429 })),
            0,
            "error 429 in http 200",
        ),
        ("an error without a code", error(200, json!({ "message": "x" })), 0, "error in http 200"),
        ("an error that is a text", error(200, json!("x")), 0, "error in http 200"),
        ("an error that is not wrapped", answer(200, &flat), 0, "error 503 in http 200"),
        ("a slow server", busy(408), 0, "http 408"),
        ("throttled", busy(429), 0, "http 429"),
        ("throttled, saying when", busy(429).with("retry-after", "60"), 60_000, "http 429"),
        ("throttled, saying when in the body", error(429, capacity), 40_000, "http 429"),
        ("broken", text(500, "<html>"), 0, "http 500"),
        ("a bad gateway", text(502, ""), 0, "http 502"),
        ("overloaded", busy(503).with("retry-after", "3"), 3_000, "http 503"),
        ("overloaded at Cloudflare", text(529, ""), 0, "http 529"),
        ("a redirect, which nobody follows", text(302, "").with("location", "/v1/"), 0, "http 302"),
    ];
    for (label, reply, wait, reason) in table {
        assert_fault(label, reply, Retry::After(wait), QUIET, reason).await;
    }
}

#[tokio::test]
async fn an_error_that_a_person_must_mend_is_told() {
    let code = |status: u16, code: &str| error(status, json!({ "code": code, "type": "x" }));
    let number = |status: u16, code: u16| error(status, json!({ "code": code }));
    let table = [
        ("a bad request", number(400, 400), "http 400"),
        ("a text too long", code(400, "context_length_exceeded"), "http 400"),
        ("a dead key", number(401, 401), "http 401"),
        ("a dead key at OpenAI", code(401, "invalid_api_key"), "http 401"),
        ("a dead key inside a 200", number(200, 401), "error 401 in http 200"),
        ("no credit", number(402, 402), "http 402"),
        ("no credit at OpenAI", code(429, "insufficient_quota"), "http 429"),
        ("no credit, by its type", error(429, json!({ "type": "insufficient_quota" })), "http 429"),
        ("no rights", number(403, 403), "http 403"),
        ("the wrong country", code(403, "unsupported_country_region_territory"), "http 403"),
        ("no such model", number(404, 404), "http 404"),
    ];
    for (label, reply, reason) in table {
        assert_fault(label, reply, AGAIN, LOUD, reason).await;
    }
}

#[tokio::test]
async fn refused_content_is_never_sent_again() {
    let mut refusal = completion(&Value::Null, "stop");
    refusal["choices"][0]["message"]["refusal"] = json!("I will not.");
    let metadata = |metadata: Value| error(403, json!({ "code": 403, "metadata": metadata }));
    let table = [
        ("filtered", done(json!("half"), "content_filter"), "content filter"),
        ("a refusal", answer(200, &refusal), "refusal"),
        ("against the rules", error(400, json!({ "code": "content_policy_violation" })), "http 400"),
        (
            "a flagged question",
            metadata(json!({ "reasons": ["violence"], "flagged_input": "x" })),
            "http 403",
        ),
        ("a guardrail", metadata(json!({ "patterns": ["ignore all"] })), "http 403"),
        ("by its type inside", metadata(json!({ "error_type": "refusal" })), "http 403"),
    ];
    for (label, reply, reason) in table {
        assert_fault(label, reply, Retry::Refused, QUIET, reason).await;
    }
}
