use answerbot_sim::{MomoAccount, MomoPost};
use serde_json::{Value, json};

use super::{PAYER, body, mtn, mtn_with, parts, reference};

#[tokio::test]
async fn a_sound_request_is_taken_with_an_empty_202_and_can_be_read() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    let answer = mtn.asking(&reference(1), &body(PAYER, "12.50", "SSP")).send().await?;
    assert_eq!((answer.status().as_u16(), answer.bytes().await?.len()), (202, 0));
    let (status, told) = mtn.read(&reference(1)).await?;
    assert_eq!(status, 200);
    let whole = json!({
        "amount": "12.5", "currency": "SSP", "externalId": "ab1.7.weekly.1.1", "status": "PENDING",
        "payer": { "partyIdType": "MSISDN", "partyId": PAYER },
        "payerMessage": "Answer Bot AI weekly", "payeeNote": "order ab1.7"
    });
    assert_eq!(told, whole, "no reference, no transaction, no reason, and the amount without its last zero");
    let payment = world.momo_payment(&reference(1)).ok_or_else(|| anyhow::anyhow!("no payment"))?;
    assert_eq!((payment.payer.as_str(), payment.amount.as_str()), (PAYER, "12.5"));
    assert_eq!((payment.posts, payment.status_reads, payment.prompted), (1, 1, true));
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_reference_is_used_once() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    assert_eq!(mtn.ask(&reference(1)).await?, 202);
    let (status, told) = mtn.post(&reference(1), &body(PAYER, "9000", "SSP")).await?;
    assert_eq!((status, &told["code"]), (409, &json!("RESOURCE_ALREADY_EXIST")));
    assert_eq!(mtn.ask(&reference(1).to_uppercase()).await?, 409, "in capitals it is the same");
    let payments = world.momo_payments();
    assert_eq!((payments.len(), payments[0].posts, payments[0].amount.as_str()), (1, 3, "3000"));
    assert_eq!(world.momo_prompts().len(), 1);
    let posts: Vec<(bool, Option<u16>)> = world.momo_posts().iter().map(|p| (p.taken, p.answer)).collect();
    assert_eq!(posts, [(true, Some(202)), (false, Some(409)), (false, Some(409))]);
    let (status, told) = mtn.read(&reference(2)).await?;
    assert_eq!((status, &told["code"]), (404, &json!("RESOURCE_NOT_FOUND")));
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn what_mtn_would_refuse_is_refused_and_makes_no_payment() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    let sound = body(PAYER, "3000", "SSP");
    let with = |key: &str, value: Value| {
        let mut body = sound.clone();
        body[key] = value;
        body
    };
    let payer = |kind: &str, id: &str| with("payer", json!({ "partyIdType": kind, "partyId": id }));
    let table = [
        ("an apostrophe in the message", with("payerMessage", json!("Bot's plan")), 400),
        ("an apostrophe in the note", with("payeeNote", json!("Bot's plan")), 400),
        ("161 characters", with("payerMessage", json!("x".repeat(161))), 400),
        ("an accent", with("payeeNote", json!("café")), 400),
        ("a number for an amount", with("amount", json!(3000)), 400),
        ("an amount of nothing", with("amount", json!("0")), 400),
        ("an amount with a comma", with("amount", json!("3,000")), 400),
        ("a number in the national form", payer("MSISDN", "0921234567"), 400),
        ("a number with a plus", payer("MSISDN", "+211921234567"), 400),
        ("an address for a payer", payer("EMAIL", PAYER), 400),
        ("a space in the external id", with("externalId", json!("ab1 7")), 400),
        ("no payer", json!({ "amount": "3000", "currency": "SSP" }), 400),
        ("another currency", with("currency", json!("EUR")), 500),
    ];
    for (what, body, expected) in table {
        assert_eq!(mtn.post(&reference(1), &body).await?.0, expected, "{what}");
    }
    let (_, told) = mtn.post(&reference(1), &with("currency", json!("EUR"))).await?;
    assert_eq!(told["code"], "INVALID_CURRENCY");
    for wrong in ["", "7", "5b0c6f5e-3f0a-1c55-9a0e-0d2f4d0b7c11"] {
        assert_eq!(mtn.ask(wrong).await?, 400, "{wrong} is no UUID of version 4");
    }
    assert_eq!(mtn.post(&reference(2), &with("payerMessage", json!("x".repeat(160)))).await?.0, 202);
    assert_eq!(world.momo_payments().len(), 1);
    assert_eq!(world.counts().momo_refused, 17);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_sandbox_takes_euros_only() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn_with(|config| config.momo_account = MomoAccount::sandbox()).await?;
    assert_eq!(mtn.post(&reference(1), &body(PAYER, "5", "SSP")).await?.1["code"], "INVALID_CURRENCY");
    assert_eq!(mtn.post(&reference(1), &body(PAYER, "5", "EUR")).await?.0, 202);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_callback_address_of_another_host_costs_the_whole_payment() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    for wrong in [
        "https://stranger.example.org/momo/callback/s/1",
        "http://bot.example.org/momo/callback/s/1",
        "https://bot.example.org:8443/momo/callback/s/1",
        "https://bot.example.org/momo/callback?ref=1",
    ] {
        let (status, told) = mtn.ask_with_callback(&reference(1), wrong).await?;
        assert_eq!((status, &told["code"]), (500, &json!("INVALID_CALLBACK_URL_HOST")), "{wrong}");
    }
    assert_eq!(mtn.read(&reference(1)).await?.0, 404, "nothing was created");
    assert!(world.momo_prompts().is_empty());
    let right = "https://bot.example.org/momo/callback/s/1";
    assert_eq!(mtn.ask_with_callback(&reference(1), right).await?.0, 202);
    world.momo(|knobs| knobs.strict_callback_url = false);
    let loose = "http://bot.example.org:3000/momo/callback?ref=1";
    assert_eq!(mtn.ask_with_callback(&reference(2), loose).await?.0, 202, "only the host counts then");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn every_post_is_remembered_until_the_world_is_told_to_forget() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    mtn.ask(&reference(1)).await?;
    mtn.post(&reference(2), &json!({})).await?;
    let posts = world.momo_posts();
    let first = MomoPost {
        reference: reference(1),
        payer: PAYER.into(),
        amount: "3000".into(),
        external_id: "ab1.7.weekly.1.1".into(),
        taken: true,
        answer: Some(202),
        at_ms: posts[0].at_ms,
    };
    assert_eq!(posts[0], first);
    assert_eq!((posts[1].reference.as_str(), posts[1].answer), (reference(2).as_str(), Some(400)));
    assert_eq!((world.momo_posts_of(&reference(1)), world.momo_posts_of(&reference(2))), (1, 1));
    assert_eq!(world.counts().momo_requests, 2);
    world.forget();
    assert!(world.momo_posts().is_empty() && world.momo_posts_of(&reference(1)) == 0);
    assert_eq!(world.momo_payments().len(), 1, "MTN forgets nothing");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_request_is_refused_before_it_is_read_without_a_token() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    world.forget_momo_tokens();
    let (status, told) = parts(mtn.asking(&reference(1), &json!({})).send().await?).await?;
    assert_eq!((status, &told["statusCode"]), (401, &json!(401)));
    assert!(world.momo_posts().is_empty() && world.counts().momo_requests == 1);
    world.stop().await;
    Ok(())
}
