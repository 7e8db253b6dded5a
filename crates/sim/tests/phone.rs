use serde_json::{Value, json};

use crate::bot::{client, graph_send, text_to, world};

#[tokio::test]
async fn the_page_is_there_with_and_without_a_slash_and_loads_nothing_from_outside() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    for path in ["/sim", "/sim/"] {
        let page = client()?.get(format!("{}{path}", world.graph_base_url())).send().await?;
        assert_eq!(page.status(), 200);
        let policy = page.headers()["content-security-policy"].to_str()?.to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let html = page.text().await?;
        for id in ["composer", "send", "log", "typing", "quick-replies"] {
            assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
        }
        assert!(!html.contains("<script>") && !html.contains("style=\"") && !html.contains("onclick"));
        let outside = html.matches("http").count() - html.matches("http://www.w3.org/2000/svg").count();
        assert_eq!(outside, 0, "no outside resource");
    }
    for (file, kind) in [("phone.css", "text/css"), ("phone.js", "text/javascript")] {
        let answer = client()?.get(format!("{}/sim/{file}", world.graph_base_url())).send().await?;
        assert!(answer.headers()["content-type"].to_str()?.starts_with(kind));
    }
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_conversation_makes_the_round_trip() -> anyhow::Result<()> {
    let (world, bot) = world().await?;
    let base = format!("{}/sim/api", world.graph_base_url());
    let mut events = client()?.get(format!("{base}/events?user=8001")).send().await?;

    let message = json!({ "user": "8001", "id": "p1", "kind": "text", "text": "Hello" });
    let sent: Value = client()?.post(format!("{base}/send")).json(&message).send().await?.json().await?;
    assert_eq!(sent["delivered"], true);
    assert_eq!(bot.events("message")[0]["message"]["text"], "Hello");

    graph_send(&world, &json!({ "recipient": { "id": "8001" }, "sender_action": "typing_on" })).await?;
    let chips = json!([{ "content_type": "text", "title": "I agree", "payload": "AGREE" }]);
    let answer = json!({ "text": "Do you agree?", "quick_replies": chips });
    graph_send(&world, &text_to("someone-else", "not for this phone")).await?;
    graph_send(&world, &json!({ "recipient": { "id": "8001" }, "message": answer })).await?;
    let mut heard = String::new();
    while !heard.contains("Do you agree?") {
        let chunk = events.chunk().await?;
        let chunk = chunk.ok_or_else(|| anyhow::anyhow!("the stream ended after {heard}"))?;
        heard.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(
        heard.contains("event: typing")
            && heard.contains("event: line")
            && !heard.contains("not for this phone")
    );

    let tap = json!({ "user": "8001", "id": "p2", "kind": "tap", "text": "I agree", "payload": "AGREE" });
    client()?.post(format!("{base}/send")).json(&tap).send().await?;
    assert_eq!(bot.events("message")[1]["message"]["quick_reply"]["payload"], "AGREE");

    let history: Value = client()?.get(format!("{base}/history?user=8001")).send().await?.json().await?;
    let lines: Vec<_> = history["lines"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|l| (l["who"].as_str(), l["text"].as_str()))
        .collect();
    assert_eq!(
        lines,
        [(Some("me"), Some("Hello")), (Some("bot"), Some("Do you agree?")), (Some("me"), Some("I agree"))]
    );
    assert_eq!(history["typing"], false, "an answer ends the typing");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn what_was_not_delivered_is_sent_again_with_the_same_bytes() -> anyhow::Result<()> {
    let (world, bot) = world().await?;
    bot.will_answer(&[503]);
    let url = format!("{}/sim/api/send", world.graph_base_url());
    let message = json!({ "user": "8002", "id": "p1", "kind": "text", "text": "Hello" });
    let first: Value = client()?.post(&url).json(&message).send().await?.json().await?;
    assert_eq!(first["delivered"], false);
    assert!(first["reason"].as_str().is_some_and(|reason| reason.contains("503")));
    let again: Value = client()?.post(&url).json(&message).send().await?.json().await?;
    assert_eq!(again["delivered"], true);
    assert_eq!(bot.posts()[0].body, bot.posts()[1].body);
    world.set_bot_url("http://127.0.0.1:1");
    let other = json!({ "user": "8002", "id": "p2", "kind": "voice" });
    let gone: Value = client()?.post(&url).json(&other).send().await?.json().await?;
    assert!(gone["reason"].as_str().is_some_and(|reason| reason.contains("cannot be reached")));
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn bad_input_gets_a_reason_and_changes_nothing() -> anyhow::Result<()> {
    let (world, bot) = world().await?;
    let url = format!("{}/sim/api/send", world.graph_base_url());
    for wrong in [
        json!({ "user": "a b", "id": "1", "kind": "text", "text": "x" }),
        json!({ "user": "a", "id": "", "kind": "text", "text": "x" }),
        json!({ "user": "a", "id": "1", "kind": "text", "text": "  " }),
        json!({ "user": "a", "id": "1", "kind": "dance" }),
    ] {
        let answer = client()?.post(&url).json(&wrong).send().await?;
        assert!(answer.status().is_client_error(), "{wrong}");
    }
    assert!(bot.posts().is_empty());
    world.stop().await;
    Ok(())
}
