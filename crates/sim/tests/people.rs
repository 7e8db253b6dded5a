use answerbot_sim::{Delivery, payload};
use serde_json::json;

use crate::bot::{graph_send, world, world_with};

#[tokio::test]
async fn what_a_person_says_arrives_signed_over_its_raw_bytes() -> anyhow::Result<()> {
    let (world, bot) = world().await?;
    assert_eq!(world.say("42", "ما هو 1/2? 😀").await?, 200);
    let post = &bot.posts()[0];
    assert!(post.body.is_ascii(), "Meta escapes everything else");
    assert_eq!(post.signature, payload::sign(&world.config().app_secret, &post.body));
    let event = post.event();
    assert_eq!(
        (event["sender"]["id"].as_str(), event["message"]["text"].as_str()),
        (Some("42"), Some("ما هو 1/2? 😀"))
    );
    assert_eq!(post.json()["entry"][0]["id"], world.config().page_id);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_tap_is_a_postback_for_a_button_and_a_message_for_a_chip() -> anyhow::Result<()> {
    let (world, bot) = world().await?;
    let buttons = json!([{ "type": "postback", "title": "Weekly", "payload": "PLAN_W" }]);
    let template = json!({ "template_type": "button", "text": "Choose", "buttons": buttons });
    let attachment = json!({ "attachment": { "type": "template", "payload": template } });
    graph_send(&world, &json!({ "recipient": { "id": "1" }, "message": attachment })).await?;
    let chips = json!([{ "content_type": "text", "title": "More", "payload": "MORE" }]);
    graph_send(
        &world,
        &json!({ "recipient": { "id": "1" }, "message": { "text": "x", "quick_replies": chips } }),
    )
    .await?;
    world.tap("1", "PLAN_W", "Weekly").await?;
    world.tap("1", "MORE", "More").await?;
    let posts = bot.posts();
    assert_eq!(posts[0].event()["postback"]["payload"], "PLAN_W");
    assert!(posts[0].event()["postback"]["mid"].is_string());
    assert_eq!(posts[1].event()["message"]["quick_reply"]["payload"], "MORE");
    assert_eq!(posts[1].event()["message"]["text"], "More");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn stand_ins_have_the_shapes_of_messenger() -> anyhow::Result<()> {
    let (world, bot) = world().await?;
    world.sticker("1").await?;
    world.image("1").await?;
    world.voice("1").await?;
    world.location("1").await?;
    let kinds: Vec<_> =
        bot.events("message").iter().map(|e| e["message"]["attachments"][0]["type"].clone()).collect();
    assert_eq!(kinds, ["image", "image", "audio", "location"]);
    assert_eq!(
        bot.events("message")[0]["message"]["attachments"][0]["payload"]["sticker_id"],
        369_239_263_222_822_u64
    );
    let mids: std::collections::HashSet<_> =
        bot.events("message").iter().map(|e| e["message"]["mid"].to_string()).collect();
    assert_eq!(mids.len(), 4, "every message has an id of its own");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_post_is_tried_again_until_it_is_acknowledged() -> anyhow::Result<()> {
    let (world, bot) = world().await?;
    bot.will_answer(&[500, 503]);
    let body = payload::batch("page", &[payload::text("page", "1", "m_1", "hi", 1)], 1);
    let delivery = world.deliver(body.clone()).await;
    assert_eq!(delivery, Delivery { acked: true, tries: 3, status: Some(200) });
    assert!(bot.posts().iter().all(|post| post.body == body));
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn an_unreachable_bot_is_an_error_and_a_forged_signature_is_passed_on() -> anyhow::Result<()> {
    let (world, bot) = world().await?;
    world.send_forged(&b"{}"[..], "sha256=00").await?;
    assert_eq!(bot.posts()[0].signature, "sha256=00");
    world.set_bot_url("http://127.0.0.1:1");
    assert!(world.say("1", "hello?").await.is_err());
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_webhook_is_verified_as_meta_does_it() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    world.verify_webhook().await?;
    let (stranger, _bot) = world_with(|config| config.verify_token = "another".into()).await?;
    assert!(stranger.verify_webhook().await.is_err());
    world.stop().await;
    stranger.stop().await;
    Ok(())
}
