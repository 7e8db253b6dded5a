use std::time::Duration;

use answerbot_sim::World;
use axum::http::Method;
use serde_json::{Value, json};

use super::{Mtn, PAYER, mtn, reference};
use crate::bot::{SOON, eventually};

const URL: &str = "https://bot.example.org/momo/callback/secret/1";
const PATH: &str = "/momo/callback/secret/1";
/// Time in which a call that must not come would have come.
const A_WHILE: Duration = Duration::from_millis(60);

async fn ask(mtn: &Mtn, n: u32) -> anyhow::Result<()> {
    assert_eq!(mtn.ask_with_callback(&reference(n), URL).await?.0, 202);
    Ok(())
}

async fn until_called(world: &World, n: usize) -> anyhow::Result<()> {
    world.wait_until(SOON, |world| world.momo_callbacks().len() >= n).await
}

#[tokio::test]
async fn the_end_is_called_back_once_with_the_status_object() -> anyhow::Result<()> {
    let (world, bot, mtn) = mtn().await?;
    ask(&mtn, 1).await?;
    world.momo_approve(PAYER)?;
    until_called(&world, 1).await?;
    let (_, status) = mtn.read(&reference(1)).await?;
    tokio::time::sleep(A_WHILE).await;
    let calls = bot.calls();
    assert_eq!((calls.len(), &calls[0].method, calls[0].path.as_str()), (1, &Method::POST, PATH));
    assert_eq!((&calls[0].body, &calls[0].body["status"]), (&status, &json!("SUCCESSFUL")));
    let kept = &world.momo_callbacks()[0];
    assert_eq!((kept.method, kept.answer, kept.genuine), ("POST", Some(200), true));
    assert_eq!(kept.url, format!("{}{PATH}", bot.url), "the name leads to the bot");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_failure_is_called_back_too_and_a_late_success_after_it_is_not() -> anyhow::Result<()> {
    let (world, bot, mtn) = mtn().await?;
    ask(&mtn, 1).await?;
    world.skip(Duration::from_mins(5));
    until_called(&world, 1).await?;
    assert_eq!(bot.calls()[0].body["reason"]["code"], "COULD_NOT_PERFORM_TRANSACTION");
    world.momo_succeed(&reference(1))?;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(bot.calls().len(), 1, "once is once");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn callbacks_come_by_put_twice_or_never_as_one_wants() -> anyhow::Result<()> {
    let (world, bot, mtn) = mtn().await?;
    world.momo(|knobs| {
        knobs.callbacks.put = true;
        knobs.callbacks.times = 2;
    });
    ask(&mtn, 1).await?;
    world.momo_decline(PAYER)?;
    until_called(&world, 2).await?;
    let calls = bot.calls();
    assert!(calls.iter().all(|call| call.method == Method::PUT && call.body == calls[0].body));
    world.momo(|knobs| knobs.callbacks.times = 0);
    ask(&mtn, 2).await?;
    world.momo_decline(PAYER)?;
    mtn.ask(&reference(3)).await?;
    world.momo_decline(PAYER)?;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!((bot.calls().len(), world.counts().momo_callbacks), (2, 2), "nor without an address");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_callback_may_come_before_the_status_has_changed() -> anyhow::Result<()> {
    let (world, bot, mtn) = mtn().await?;
    world.momo(|knobs| {
        knobs.status_lag = Duration::from_mins(1);
        knobs.callbacks.early = true;
    });
    ask(&mtn, 1).await?;
    world.momo_approve(PAYER)?;
    until_called(&world, 1).await?;
    assert_eq!(bot.calls()[0].body["status"], "SUCCESSFUL");
    assert_eq!(mtn.word(&reference(1)).await?.0, "PENDING");
    world.skip(Duration::from_mins(1));
    assert_eq!(mtn.word(&reference(1)).await?.0, "SUCCESSFUL");
    world.momo(|knobs| knobs.callbacks.early = false);
    ask(&mtn, 2).await?;
    world.momo_approve(PAYER)?;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(bot.calls().len(), 1, "not early");
    world.skip(Duration::from_mins(1));
    until_called(&world, 2).await?;
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn anybody_can_forge_a_callback_and_mtns_own_still_comes() -> anyhow::Result<()> {
    let (world, bot, mtn) = mtn().await?;
    ask(&mtn, 1).await?;
    let lie = |body: &mut Value| body["status"] = json!("SUCCESSFUL");
    assert_eq!(world.forge_momo_status(&reference(1), lie).await?, 200);
    let call = bot.calls().remove(0);
    assert_eq!((call.path.as_str(), &call.body["status"]), (PATH, &json!("SUCCESSFUL")));
    assert_eq!(call.body["externalId"], "ab1.7.weekly.1.1", "it looks like the true one");
    assert_eq!(mtn.word(&reference(1)).await?.0, "PENDING", "and changes nothing at MTN");
    let operator = json!({ "referenceId": { "$ne": null }, "status": "FAILED" });
    world.forge_momo_callback(&format!("{}/momo/callback", bot.url), operator.clone()).await?;
    assert_eq!(bot.calls()[1].body, operator);
    assert!(world.forge_momo_status(&reference(2), |_| {}).await.is_err(), "no such payment");
    world.momo_approve(PAYER)?;
    eventually("MTN's own", || bot.calls().len() == 3).await?;
    let genuine: Vec<_> = world.momo_callbacks().iter().map(|callback| callback.genuine).collect();
    assert_eq!(genuine[..2], [false, false]);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_bot_that_is_gone_is_not_called_again() -> anyhow::Result<()> {
    let (world, bot, mtn) = mtn().await?;
    world.set_bot_url("http://127.0.0.1:1");
    ask(&mtn, 1).await?;
    world.momo_approve(PAYER)?;
    until_called(&world, 1).await?;
    assert_eq!(world.momo_callbacks()[0].answer, None);
    world.set_bot_url(&bot.url);
    tokio::time::sleep(A_WHILE).await;
    assert!(bot.calls().is_empty());
    world.stop().await;
    Ok(())
}
