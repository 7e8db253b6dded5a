use std::time::Duration;

use answerbot_sim::{AiFault, AiOutcome, Provider, World};
use serde_json::{Value, json};

use crate::bot::{client, world};

fn request(question: &str) -> Value {
    let messages =
        json!([{ "role": "system", "content": "Be short." }, { "role": "user", "content": question }]);
    json!({ "model": "small/model", "messages": messages, "max_tokens": 400 })
}

async fn ask(base: &str, body: &Value) -> anyhow::Result<reqwest::Response> {
    Ok(client()?.post(format!("{base}/chat/completions")).bearer_auth("sim").json(body).send().await?)
}

async fn ask_openrouter(world: &World, question: &str) -> anyhow::Result<Value> {
    Ok(ask(&world.openrouter_base_url(), &request(question)).await?.json().await?)
}

#[tokio::test]
async fn openrouter_tells_the_cost_and_openai_does_not() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    let question = "Q-17-3 what is the best way to keep a bicycle in good order?";
    let routed = ask_openrouter(&world, question).await?;
    let direct: Value = ask(&world.openai_base_url(), &request(question)).await?.json().await?;
    for answer in [&routed, &direct] {
        assert_eq!(answer["model"], "small/model");
        assert_eq!(answer["choices"][0]["finish_reason"], "stop");
        let text = answer["choices"][0]["message"]["content"].as_str().unwrap_or_default();
        assert!(text.contains(&question[..60]), "{text}");
    }
    assert!(routed["usage"]["cost"].is_f64() && direct["usage"]["cost"].is_null());
    let asked = world.ai_requests();
    let providers: Vec<_> = asked.iter().map(|request| request.provider).collect();
    assert_eq!(providers, [Provider::OpenRouter, Provider::OpenAi]);
    assert_eq!((asked[0].question(), asked[0].messages.len()), (question, 2));
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_stream_carries_the_same_answer_word_by_word() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    world.ai(|ai| ai.script.push_back(AiOutcome::Answer("One two three.".into())));
    let mut body = request("count");
    body["stream"] = json!(true);
    let answer = ask(&world.openrouter_base_url(), &body).await?;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let text = answer.text().await?;
    assert!(text.starts_with(": OPENROUTER PROCESSING"));
    assert!(text.ends_with("data: [DONE]\n\n"));
    let chunks =
        text.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
    let chunks: Vec<Value> = chunks.collect();
    let words: String = chunks.iter().filter_map(|c| c["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(words, "One two three.");
    let last = chunks.last().cloned().unwrap_or_default();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert!(last["usage"]["total_tokens"].as_u64().is_some_and(|n| n > 0));
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn scripted_answers_come_first_then_those_for_a_word_then_the_default() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    world.ai(|ai| {
        ai.script.push_back(AiOutcome::Answer("scripted".into()));
        ai.when.push(("goat".into(), AiOutcome::Answer("about goats".into())));
    });
    let mut said = Vec::new();
    for question in ["a goat?", "a goat?", "a stone?"] {
        let answer = ask_openrouter(&world, question).await?;
        said.push(answer["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(said[..2], ["scripted", "about goats"]);
    assert!(said[2].starts_with("About \"a stone?\""));
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn every_way_to_fail_within_http_200_looks_as_it_should() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    let outcomes =
        [AiOutcome::Empty, AiOutcome::Null, AiOutcome::ErrorIn200, AiOutcome::Length("cut".into())];
    world.ai(|ai| ai.script.extend(outcomes.clone()));
    let content = |answer: &Value| answer["choices"][0]["message"]["content"].clone();
    assert_eq!(content(&ask_openrouter(&world, "x").await?), "");
    assert_eq!(content(&ask_openrouter(&world, "x").await?), Value::Null);
    assert_eq!(ask_openrouter(&world, "x").await?["error"]["code"], 502);
    assert_eq!(ask_openrouter(&world, "x").await?["choices"][0]["finish_reason"], "length");
    world.ai(|ai| ai.script = [AiOutcome::Malformed].into());
    let malformed = ask(&world.openrouter_base_url(), &request("x")).await?;
    assert_eq!(malformed.status(), 200);
    assert!(malformed.json::<Value>().await.is_err());
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn http_errors_carry_their_body_and_retry_after() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    world.ai_of(Provider::OpenRouter, |ai| ai.script.push_back(AiOutcome::Fault(AiFault::rate_limited(7))));
    let limited = ask(&world.openrouter_base_url(), &request("x")).await?;
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str()?), (429, "7"));
    assert_eq!(
        ask(&world.openai_base_url(), &request("x")).await?.status(),
        200,
        "only one provider is disturbed"
    );
    let url = format!("{}/chat/completions", world.openrouter_base_url());
    assert_eq!(client()?.post(&url).json(&request("x")).send().await?.status(), 401, "a key is needed");
    let nonsense = client()?.post(&url).bearer_auth("sim").body("{").send().await?;
    assert_eq!(nonsense.status(), 400);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn an_answer_can_be_cut_fall_silent_or_never_begin() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    for stream in [false, true] {
        world.ai_of(Provider::OpenRouter, |ai| {
            ai.script = [AiOutcome::Cut, AiOutcome::HalfThenSilence, AiOutcome::Hang].into();
        });
        let mut body = request("x");
        body["stream"] = json!(stream);
        let short = Duration::from_millis(150);
        let base = world.openrouter_base_url();
        let cut = ask(&base, &body).await?;
        assert_eq!(cut.status(), 200);
        assert!(cut.text().await.is_err(), "the connection closes in the middle");
        let mut half = ask(&base, &body).await?;
        assert!(half.chunk().await?.is_some_and(|chunk| !chunk.is_empty()));
        assert!(tokio::time::timeout(short, half.chunk()).await.is_err(), "then silence");
        assert!(tokio::time::timeout(short, ask(&base, &body)).await.is_err(), "a hang has not even headers");
    }
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn max_tokens_cuts_an_answer() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    let mut body = request("How can I avoid malaria?");
    body["max_tokens"] = json!(10);
    let answer: Value = ask(&world.openrouter_base_url(), &body).await?.json().await?;
    assert_eq!(answer["choices"][0]["finish_reason"], "length");
    assert_eq!(answer["choices"][0]["message"]["content"].as_str().map(str::len), Some(40));
    world.stop().await;
    Ok(())
}
