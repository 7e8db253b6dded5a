use serde_json::{Value, json};

use super::{PAYER, mtn, parts, reference};
use crate::bot::client;

#[tokio::test]
async fn the_page_has_a_second_phone_that_is_hidden_at_first() -> anyhow::Result<()> {
    let (world, _bot, _mtn) = mtn().await?;
    let base = world.graph_base_url();
    let html = client()?.get(format!("{base}/sim/")).send().await?.text().await?;
    for id in
        ["phone-money", "money-title", "prompts", "money-texts", "open-money", "close-money", "money-news"]
    {
        assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(html.contains("aria-labelledby=\"money-title\" hidden>"));
    let script = client()?.get(format!("{base}/sim/money.js")).send().await?;
    assert!(script.headers()["content-type"].to_str()?.starts_with("text/javascript"));
    assert!(html.contains("src=\"/sim/money.js\"") && script.text().await?.contains("showMoney"));
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_page_lists_prompts_and_messages_and_answers_prompts() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    let url = format!("{}/sim/api/money", world.graph_base_url());
    let look = async || -> anyhow::Result<Value> { Ok(client()?.get(&url).send().await?.json().await?) };
    let answer =
        async |body: Value| parts(client()?.post(format!("{url}/answer")).json(&body).send().await?).await;
    assert_eq!(look().await?, json!({ "prompts": [], "messages": [] }));
    mtn.ask(&reference(1)).await?;
    mtn.ask(&reference(2)).await?;
    let seen = look().await?;
    assert_eq!(seen["prompts"][0]["reference"], reference(2), "the newest first");
    let prompt = &seen["prompts"][1];
    assert_eq!(
        (&prompt["payer"], &prompt["amount"], &prompt["currency"]),
        (&json!(PAYER), &json!("3000"), &json!("SSP"))
    );
    assert_eq!(
        (&prompt["payee"], &prompt["external_id"]),
        (&json!("Answer Bot AI"), &json!("ab1.7.weekly.1.1"))
    );

    for wrong in ["", "123", "123456", "12a4"] {
        let told = answer(json!({ "reference": reference(1), "approve": true, "pin": wrong })).await?;
        assert_eq!(told.0, 400, "{wrong:?} is no PIN");
    }
    assert_eq!(world.momo_prompts().len(), 2);
    let yes = json!({ "reference": reference(1), "approve": true, "pin": "12345" });
    assert_eq!(answer(yes.clone()).await?, (200, json!({ "done": true })));
    assert_eq!(mtn.word(&reference(1)).await?.0, "SUCCESSFUL");
    assert_eq!(answer(yes).await?.1["done"], false, "it no longer waits");
    assert_eq!(answer(json!({ "reference": reference(2), "approve": false })).await?.1["done"], true);
    let seen = look().await?;
    assert_eq!(seen["prompts"], json!([]));
    let texts: Vec<_> =
        seen["messages"].as_array().into_iter().flatten().map(|m| m["text"].as_str()).collect();
    assert!(texts[0].is_some_and(|text| text.contains("declined")), "the newest first: {texts:?}");
    assert!(texts[1].is_some_and(|text| text.contains("You have paid")), "{texts:?}");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn every_open_page_hears_that_there_is_a_prompt() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    let url = format!("{}/sim/api/events?user=8001", world.graph_base_url());
    let mut events = client()?.get(url).send().await?;
    let mut heard = String::new();
    mtn.ask(&reference(1)).await?;
    for _ in 0..2 {
        while !heard.contains("event: money") {
            let chunk = events.chunk().await?;
            let chunk = chunk.ok_or_else(|| anyhow::anyhow!("the stream ended after {heard}"))?;
            heard.push_str(&String::from_utf8_lossy(&chunk));
        }
        heard.clear();
        world.momo_approve(PAYER).ok();
    }
    world.stop().await;
    Ok(())
}
