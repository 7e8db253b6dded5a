use std::time::Duration;

use answerbot_sim::{MomoCall, MomoFault, MomoOutcome, MomoRate, clock};
use serde_json::json;

use super::{Mtn, PAYER, mtn, reference};

const SHORT: Duration = Duration::from_millis(300);

/// Whether no answer comes for a while.
async fn is_silent<T>(call: impl Future<Output = anyhow::Result<T>>) -> bool {
    tokio::time::timeout(SHORT, call).await.is_err()
}

#[tokio::test]
async fn the_next_calls_end_as_they_are_told_and_other_calls_do_not() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    world.script_momo(MomoCall::RequestToPay, MomoOutcome::Fault(MomoFault::internal()), 2);
    world.script_momo(MomoCall::RequestToPay, MomoOutcome::Fault(MomoFault::unavailable()), 1);
    assert_eq!(mtn.read(&reference(1)).await?.0, 404, "another call is not disturbed");
    assert_eq!(mtn.post(&reference(1), &json!({})).await?.0, 400, "a wrong call uses no script up");
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(mtn.ask(&reference(1)).await?);
    }
    assert_eq!(seen, [500, 500, 503, 202]);
    assert_eq!((world.momo_payments().len(), world.momo_posts_of(&reference(1))), (1, 5));
    assert_eq!(world.counts().momo_disturbed, 3);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn every_kind_of_call_can_be_disturbed() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    mtn.ask(&reference(1)).await?;
    let account = world.config().momo_account.clone();
    let bare = || MomoOutcome::Fault(MomoFault::bare(503));
    for call in [
        MomoCall::Token,
        MomoCall::RequestToPay,
        MomoCall::Status,
        MomoCall::Active,
        MomoCall::BasicUserInfo,
        MomoCall::Balance,
    ] {
        world.script_momo(call, bare(), 1);
    }
    let holder = format!("/collection/v1_0/accountholder/msisdn/{PAYER}");
    for expected in [503, 200] {
        assert_eq!(mtn.log_in(&account.api_user, &account.api_key).await?.status(), expected, "token");
        assert_eq!(mtn.read(&reference(1)).await?.0, expected, "status");
        assert_eq!(mtn.get(&format!("{holder}/active")).await?.0, expected, "active");
        assert_eq!(mtn.get(&format!("{holder}/basicuserinfo")).await?.0, expected, "basicuserinfo");
        assert_eq!(mtn.get("/collection/v1_0/account/balance").await?.0, expected, "balance");
    }
    assert_eq!(mtn.ask(&reference(2)).await?, 503);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_request_may_be_taken_although_its_answer_is_lost_late_or_an_error() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    world.script_momo(MomoCall::RequestToPay, MomoOutcome::TakenThenHang, 1);
    assert!(is_silent(mtn.ask(&reference(1))).await);
    assert_eq!(mtn.read(&reference(1)).await?.0, 200, "it was taken");
    assert_eq!(mtn.ask(&reference(1)).await?, 409);
    let outcome = MomoOutcome::TakenThenFault(MomoFault::bare(500));
    world.script_momo(MomoCall::RequestToPay, outcome, 1);
    assert_eq!(mtn.ask(&reference(2)).await?, 500);
    assert_eq!(mtn.read(&reference(2)).await?.0, 200, "it was taken too");
    world.script_momo(MomoCall::RequestToPay, MomoOutcome::Late(SHORT), 1);
    let began = clock::now();
    assert_eq!(mtn.ask(&reference(3)).await?, 202);
    assert!(began.elapsed() >= SHORT);
    let posts: Vec<_> = world.momo_posts().iter().map(|post| (post.taken, post.answer)).collect();
    let expected = [(true, None), (false, Some(409)), (true, Some(500)), (true, Some(202))];
    assert_eq!(posts, expected);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_request_may_be_lost_although_it_was_answered_or_hung() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    world.script_momo(MomoCall::RequestToPay, MomoOutcome::Untaken, 1);
    assert_eq!(mtn.ask(&reference(1)).await?, 202);
    assert_eq!(mtn.read(&reference(1)).await?.0, 404, "nobody took it");
    world.script_momo(MomoCall::Status, MomoOutcome::Untaken, 1);
    assert_eq!(mtn.read(&reference(1)).await?, (202, json!(null)), "a read can be odd in this way too");
    world.script_momo(MomoCall::RequestToPay, MomoOutcome::Hang, 1);
    assert!(is_silent(mtn.ask(&reference(1))).await);
    assert_eq!(mtn.read(&reference(1)).await?.0, 404);
    assert!(world.momo_payments().is_empty() && world.momo_posts_of(&reference(1)) == 2);
    world.momo(|knobs| knobs.hang_for = Duration::from_millis(20));
    world.script_momo(MomoCall::RequestToPay, MomoOutcome::Hang, 1);
    assert_eq!(mtn.ask(&reference(1)).await?, 504, "a hang ends");
    assert_eq!(mtn.ask(&reference(1)).await?, 202, "the reference is still free");
    let stopping = tokio::time::timeout(Duration::from_secs(4), world.stop());
    assert!(stopping.await.is_ok(), "a hang must not hold up the end of the world");
    Ok(())
}

#[tokio::test]
async fn a_token_may_die_in_flight() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    world.script_momo(MomoCall::RequestToPay, MomoOutcome::TokenDies, 1);
    assert_eq!(mtn.ask(&reference(1)).await?, 401);
    assert_eq!(mtn.ask(&reference(1)).await?, 401, "it stays dead");
    let mtn = Mtn::of(&world).await?;
    assert_eq!(mtn.ask(&reference(1)).await?, 202);
    world.script_momo(MomoCall::Status, MomoOutcome::Fault(MomoFault::unauthorized()), 1);
    assert_eq!(mtn.read(&reference(1)).await?.0, 401);
    assert_eq!(mtn.read(&reference(1)).await?.0, 200, "a fault alone does not kill the token");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn rolled_disturbances_come_as_often_as_they_should() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    let outcome = MomoOutcome::Fault(MomoFault::unavailable());
    world.momo(|knobs| knobs.rates.push(MomoRate { call: MomoCall::RequestToPay, chance: 0.3, outcome }));
    let mut refused = 0;
    for n in 0..200 {
        refused += usize::from(mtn.ask(&reference(n)).await? == 503);
        assert_eq!(mtn.get("/collection/v1_0/account/balance").await?.0, 200);
    }
    assert!((35..85).contains(&refused), "{refused}");
    assert_eq!(world.momo_payments().len() + refused, 200);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn answers_can_be_slow_all_of_them_or_one_kind() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    let balance = "/collection/v1_0/account/balance";
    world.momo(|knobs| knobs.slow.insert(MomoCall::Balance, Duration::from_mins(1)));
    assert!(is_silent(mtn.get(balance)).await);
    assert_eq!(mtn.ask(&reference(1)).await?, 202, "only the balance is slow");
    world.momo(|knobs| knobs.latency = SHORT);
    let began = clock::now();
    assert_eq!(mtn.ask(&reference(2)).await?, 202);
    assert!(began.elapsed() >= SHORT);
    world.stop().await;
    Ok(())
}
