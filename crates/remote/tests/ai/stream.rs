//! Answers that come in pieces, and every way in which they do not come whole.

use serde_json::{Value, json};

use super::{AGAIN, ask, one, plants, two};
use crate::stub::{Reply, Stub};

fn event(delta: &Value, finish: Option<&str>) -> String {
    let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
    format!("data: {}\n\n", json!({ "model": "maker/small-2", "choices": [choice] }))
}

fn words(text: &str) -> String {
    event(&json!({ "content": text }), None)
}

fn end(finish: &str) -> String {
    event(&json!({}), Some(finish))
}

fn usage() -> String {
    let usage = json!({ "prompt_tokens": 10, "completion_tokens": 4, "cost": 0.000_14 });
    format!("data: {}\n\n", json!({ "model": "maker/small-2", "choices": [], "usage": usage }))
}

fn stream(events: &[String]) -> Reply {
    Reply::Http { status: 200, headers: vec![("content-type", "text/event-stream")], body: events.concat() }
}

/// The first pieces, then silence with the connection open.
fn stalled(events: &[String]) -> Reply {
    Reply::Stall { headers: vec![("content-type", "text/event-stream")], begin: events.concat() }
}

const DONE: &str = "data: [DONE]\n\n";

#[tokio::test]
async fn pieces_become_one_answer_with_its_cost() {
    let whole = [
        ": OPENROUTER PROCESSING\n\n".to_owned(),
        words("Plant "),
        words("in May."),
        end("stop"),
        usage(),
        DONE.to_owned(),
    ];
    let stub = Stub::new([stream(&whole)]);
    let answer = ask(&one(&stub.url)).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.cut), ("Plant in May.", false));
    assert_eq!((answer.spent[0].cost.0, answer.spent[0].tokens_out), (140, 4));
    assert_eq!(answer.spent[0].model, "maker/small-2");
    assert_eq!(stub.the_request().body["stream"], json!(true));
}

#[tokio::test]
async fn an_answer_that_met_its_length_is_told_as_cut() {
    let stub = Stub::new([stream(&[words("Plant in May. Then"), end("length"), DONE.to_owned()])]);
    assert!(ask(&one(&stub.url)).await.unwrap().cut);
}

#[tokio::test]
async fn whatever_does_not_come_whole_falls_over_to_the_next_provider_unseen() {
    let error = json!({ "error": { "code": 502, "message": "upstream" }, "choices": [] });
    let table = [
        ("cut after some words", stream(&[words("Plant ")])),
        ("done without an end", stream(&[words("Plant "), DONE.to_owned()])),
        ("an error in the middle", stream(&[words("Plant "), format!("data: {error}\n\n")])),
        ("finished with an error", stream(&[words("Plant "), end("error"), DONE.to_owned()])),
        ("no words", stream(&[end("stop"), DONE.to_owned()])),
        ("garbage in the middle", stream(&[words("Plant "), "data: {\"choices\": [\n\n".to_owned()])),
        ("nothing but comments, then silence", stalled(&[": OPENROUTER PROCESSING\n\n".to_owned()])),
        ("half an answer, then silence", stalled(&[words("Plant ")])),
        (
            "a page",
            Reply::Http { status: 200, headers: vec![("content-type", "text/html")], body: "<html>".into() },
        ),
    ];
    for (label, reply) in table {
        let (first, second) = (Stub::new([reply]), Stub::new([plants()]));
        let answer = ask(&two(&first, &second)).await;
        let text = answer.map(|it| it.text);
        assert_eq!(text.as_deref(), Ok("Plant in May."), "{label}");
        assert_eq!(first.asked().len(), 1, "{label}: asked once");
    }
}

#[tokio::test]
async fn a_cut_answer_of_the_only_provider_is_no_answer() {
    let stub = Stub::new([stream(&[words("Plant in May, and never in")])]);
    let fault = ask(&one(&stub.url)).await.unwrap_err();
    assert_eq!((fault.retry, fault.reason.as_str()), (AGAIN, "first a cut stream"));
}

#[tokio::test]
async fn a_provider_that_fails_again_and_again_is_left_out_until_its_probe() {
    let (first, second) = (Stub::new([stream(&[words("Pl")])]), Stub::new([plants()]));
    let providers = two(&first, &second);
    for _ in 0..20 {
        assert_eq!(ask(&providers).await.unwrap().text, "Plant in May.");
    }
    assert_eq!(first.asked().len(), 5, "after five failures it is not asked any more");
    assert_eq!(second.asked().len(), 20);
}
