use std::time::Duration;

use answerbot_sim::{Events, GraphFault, Outcome, payload};
use serde_json::{Value, json};

use crate::bot::{SOON, client, eventually, graph_send, text_to, world, world_with};

#[tokio::test]
async fn a_message_is_accepted_recorded_and_can_be_awaited() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    let (status, body) = graph_send(&world, &text_to("42", "Hello")).await?;
    assert_eq!((status, &body["recipient_id"]), (200, &json!("42")));
    let sent = world.wait_for("42", 1, SOON).await?;
    assert_eq!(sent[0].text, "Hello");
    assert_eq!(body["message_id"], sent[0].mid);
    assert!(world.wait_for("42", 2, Duration::from_millis(20)).await.is_err());
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn limits_are_those_of_messenger() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    let chip = |title: &str| json!({ "content_type": "text", "title": title, "payload": "P" });
    let button = |title: &str| json!({ "type": "postback", "title": title, "payload": "P" });
    let message = |message: Value| json!({ "recipient": { "id": "1" }, "message": message });
    let template = |text: &str, buttons: Value| {
        let payload = json!({ "template_type": "button", "text": text, "buttons": buttons });
        message(json!({ "attachment": { "type": "template", "payload": payload } }))
    };
    let table = [
        ("2000 units of text", text_to("1", &"x".repeat(2_000)), true),
        ("2001 units of text", text_to("1", &"x".repeat(2_001)), false),
        ("1000 emoji are 2000 units", text_to("1", &"😀".repeat(1_000)), true),
        ("1001 emoji are too many", text_to("1", &"😀".repeat(1_001)), false),
        ("an empty text", text_to("1", " "), false),
        ("no recipient", json!({ "message": { "text": "x" } }), false),
        ("neither message nor action", json!({ "recipient": { "id": "1" } }), false),
        ("typing", json!({ "recipient": { "id": "1" }, "sender_action": "typing_on" }), true),
        ("an unknown action", json!({ "recipient": { "id": "1" }, "sender_action": "dance" }), false),
        (
            "message and action at once",
            json!({ "recipient": { "id": "1" }, "sender_action": "typing_on", "message": { "text": "x" } }),
            false,
        ),
        ("13 quick replies", message(json!({ "text": "x", "quick_replies": vec![chip("a"); 13] })), true),
        ("14 quick replies", message(json!({ "text": "x", "quick_replies": vec![chip("a"); 14] })), false),
        (
            "a chip of 21 letters",
            message(json!({ "text": "x", "quick_replies": [chip(&"a".repeat(21))] })),
            false,
        ),
        ("a template", template("Choose", json!([button("A"), button("B"), button("C")])), true),
        ("4 buttons", template("Choose", json!(vec![button("A"); 4])), false),
        ("no buttons", template("Choose", json!([])), false),
        ("a template of 641 letters", template(&"x".repeat(641), json!([button("A")])), false),
        ("a button of 21 letters", template("Choose", json!([button(&"a".repeat(21))])), false),
        (
            "a message tag",
            json!({ "recipient": { "id": "1" }, "messaging_type": "MESSAGE_TAG", "message": { "text": "x" } }),
            false,
        ),
    ];
    for (label, body, fits) in table {
        let (status, answer) = graph_send(&world, &body).await?;
        assert_eq!(status == 200, fits, "{label}: {answer}");
        if !fits {
            assert_eq!((status, &answer["error"]["code"]), (400, &json!(100)), "{label}");
            assert_eq!(answer["error"]["type"], "OAuthException", "{label}");
        }
    }
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_wrong_token_and_a_wrong_proof_are_refused() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    let url = format!("{}/v25.0/me/messages", world.graph_base_url());
    let code = |query: String, token: &'static str| {
        let url = format!("{url}{query}");
        async move {
            let answer = client()?.post(url).bearer_auth(token).json(&text_to("1", "x")).send().await?;
            let (status, body) = (answer.status().as_u16(), answer.json::<Value>().await?);
            anyhow::Ok((status, body["error"]["code"].as_u64()))
        }
    };
    assert_eq!(code(String::new(), "wrong").await?, (400, Some(190)));
    assert_eq!(code("?appsecret_proof=00".into(), "sim-page-token").await?, (400, Some(100)));
    assert_eq!(code(String::new(), "sim-page-token").await?, (200, None));
    let by_query =
        client()?.post(format!("{url}?access_token=sim-page-token")).json(&text_to("1", "x")).send().await?;
    assert_eq!(by_query.status(), 200);
    let other_page = format!("{}/v25.0/999/messages", world.graph_base_url());
    let answer =
        client()?.post(other_page).bearer_auth("sim-page-token").json(&text_to("1", "x")).send().await?;
    assert_eq!(answer.status(), 400);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn an_accepted_message_is_echoed_delivered_and_read_with_signed_posts() -> anyhow::Result<()> {
    let (world, bot) = world_with(|config| config.events = Events::all()).await?;
    let message = json!({ "text": "Jambo ä/😀", "metadata": "effect-7" });
    graph_send(&world, &json!({ "recipient": { "id": "42" }, "message": message })).await?;
    eventually("echo, delivery and read", || bot.posts().len() == 3).await?;
    let posts = bot.posts();
    let echo = posts[0].event();
    assert_eq!(echo["sender"]["id"], world.config().page_id);
    assert_eq!(echo["recipient"]["id"], "42");
    assert_eq!(echo["message"]["is_echo"], true);
    assert_eq!(echo["message"]["app_id"], world.config().app_id);
    assert_eq!(echo["message"]["metadata"], "effect-7");
    assert_eq!(echo["message"]["text"], "Jambo ä/😀");
    assert_eq!(echo["message"]["mid"], world.sent_to("42")[0].mid);
    let raw = String::from_utf8_lossy(&posts[0].body).into_owned();
    assert!(raw.contains(r"\u00e4\/\ud83d\ude00"), "{raw}");
    assert_eq!(posts[1].event()["delivery"]["mids"][0], echo["message"]["mid"]);
    assert!(posts[2].event()["read"]["watermark"].is_i64());
    assert_eq!(posts[2].event()["sender"]["id"], "42");
    for post in &posts {
        assert_eq!(post.signature, payload::sign(&world.config().app_secret, &post.body));
    }
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn receipts_can_be_switched_off_one_by_one() -> anyhow::Result<()> {
    let events = Events { echo: true, delivery: false, read: true };
    let (world, bot) = world_with(|config| config.events = events).await?;
    graph_send(&world, &text_to("1", "x")).await?;
    eventually("the read receipt", || !bot.events("read").is_empty()).await?;
    assert_eq!((bot.events("message").len(), bot.events("delivery").len()), (1, 0));
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn an_echo_that_is_not_taken_comes_again_with_the_same_bytes() -> anyhow::Result<()> {
    let (world, bot) = world_with(|config| config.events = Events { echo: true, ..Events::none() }).await?;
    bot.will_answer(&[503, 500, 404]);
    graph_send(&world, &text_to("1", "x")).await?;
    eventually("four tries", || bot.posts().len() == 4).await?;
    let posts = bot.posts();
    assert!(posts.iter().all(|post| post.body == posts[0].body && post.signature == posts[0].signature));
    world.wait_until(SOON, |world| world.counts().posts_acked == 1).await?;
    assert_eq!(world.counts().posts, 4);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn scripted_outcomes_come_in_order_and_typing_does_not_use_them_up() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    world.script("7", Outcome::Refuse(GraphFault::throttled()));
    world.script("7", Outcome::Refuse(GraphFault { status: 200, ..GraphFault::temporary() }));
    let typing = json!({ "recipient": { "id": "7" }, "sender_action": "typing_on" });
    assert_eq!(graph_send(&world, &typing).await?.0, 200);
    assert_eq!(graph_send(&world, &text_to("8", "another person")).await?.0, 200);
    let (status, body) = graph_send(&world, &text_to("7", "x")).await?;
    assert_eq!((status, body["error"]["code"].as_u64()), (400, Some(613)));
    let (status, body) = graph_send(&world, &text_to("7", "x")).await?;
    assert_eq!((status, body["error"]["is_transient"].as_bool()), (200, Some(true)));
    assert_eq!(graph_send(&world, &text_to("7", "x")).await?.0, 200);
    assert_eq!((world.sent_to("7").len(), world.actions_of("7").len()), (1, 1));
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_shut_window_and_an_unknown_person_have_their_own_codes() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    world.graph(|graph| {
        graph.window_shut.insert("late".into());
        graph.known = Some(["late", "here"].map(String::from).into());
    });
    let error = |answer: (u16, Value)| {
        (answer.1["error"]["code"].as_u64(), answer.1["error"]["error_subcode"].as_u64())
    };
    assert_eq!(error(graph_send(&world, &text_to("late", "x")).await?), (Some(10), Some(2_018_278)));
    assert_eq!(error(graph_send(&world, &text_to("nobody", "x")).await?), (Some(100), Some(2_018_001)));
    assert_eq!(error(graph_send(&world, &text_to("here", "x")).await?), (None, None));
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_hang_accepts_nothing_and_an_accepting_hang_sends_its_echo() -> anyhow::Result<()> {
    let (world, bot) = world_with(|config| config.events = Events { echo: true, ..Events::none() }).await?;
    world.script("1", Outcome::Hang);
    world.script("1", Outcome::AcceptThenHang);
    let impatient = |text: &'static str| {
        let world = world.clone();
        async move {
            let sending = tokio::time::timeout(Duration::from_millis(500), async {
                graph_send(&world, &text_to("1", text)).await
            });
            sending.await.is_err()
        }
    };
    assert!(impatient("never").await);
    assert!(impatient("unknown").await);
    eventually("the echo", || !bot.events("message").is_empty()).await?;
    let sent = world.sent_to("1");
    assert_eq!(sent.iter().map(|s| s.text.as_str()).collect::<Vec<_>>(), ["unknown"]);
    assert_eq!(bot.events("message")[0]["message"]["mid"], sent[0].mid);
    let stopping = tokio::time::timeout(Duration::from_secs(4), world.stop());
    assert!(stopping.await.is_ok(), "a hang must not hold up the end of the world");
    Ok(())
}

#[tokio::test]
async fn rolled_faults_come_as_often_as_they_should() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    world.graph(|graph| graph.error_rate = 0.3);
    let mut refused = 0;
    for _ in 0..200 {
        refused += u32::from(graph_send(&world, &text_to("1", "x")).await?.0 == 500);
    }
    assert!((35..85).contains(&refused), "{refused}");
    assert_eq!(world.counts().sent + world.counts().disturbed, 200);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_profile_of_the_page_is_checked_and_kept() -> anyhow::Result<()> {
    let (world, _bot) = world().await?;
    let url = format!("{}/v25.0/me/messenger_profile", world.graph_base_url());
    let set = async |body: Value| -> anyhow::Result<u16> {
        Ok(client()?.post(&url).bearer_auth("sim-page-token").json(&body).send().await?.status().as_u16())
    };
    let menu = json!([{ "locale": "default", "call_to_actions": [{ "type": "postback", "title": "Help", "payload": "HELP" }] }]);
    assert_eq!(set(json!({ "persistent_menu": menu })).await?, 400, "a menu needs a get-started button");
    assert_eq!(set(json!({ "greeting": [{ "locale": "default", "text": "x".repeat(161) }] })).await?, 400);
    let whole = json!({ "get_started": { "payload": "GO" }, "persistent_menu": menu, "greeting": [{ "locale": "default", "text": "Hi" }] });
    assert_eq!(set(whole).await?, 200);
    let kept = client()?
        .get(format!("{url}?fields=greeting,get_started"))
        .bearer_auth("sim-page-token")
        .send()
        .await?;
    assert_eq!(kept.json::<Value>().await?["data"][0]["get_started"]["payload"], "GO");
    let me = client()?.get(format!("{}/v25.0/me?fields=id,name", world.graph_base_url()));
    let me: Value = me.bearer_auth("sim-page-token").send().await?.json().await?;
    assert_eq!(me["id"], world.config().page_id);
    let page = &world.config().page_id;
    let apps = client()?.get(format!("{}/v25.0/{page}/subscribed_apps", world.graph_base_url()));
    let apps: Value = apps.bearer_auth("sim-page-token").send().await?.json().await?;
    assert_eq!(apps["data"][0]["id"], world.config().app_id.to_string());
    world.stop().await;
    Ok(())
}
