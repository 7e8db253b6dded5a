use std::time::Duration;

use answerbot_sim::{Fate, MomoAccount, NamedErrors, Scene};
use serde_json::json;

use super::{PAYER, body, mtn, mtn_with, reference};
use crate::bot::SOON;

fn word(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn the_sandboxs_numbers_end_as_their_table_says() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn_with(|config| config.momo_account = MomoAccount::sandbox()).await?;
    // The last two digits, the answer to the request, and the status after it.
    let table = [
        (50, 202, Some(("FAILED", "INTERNAL_PROCESSING_ERROR"))),
        (51, 202, Some(("FAILED", "APPROVAL_REJECTED"))),
        (52, 202, Some(("FAILED", "EXPIRED"))),
        (53, 202, Some(("PENDING", ""))),
        (54, 202, Some(("CREATED", ""))),
        (55, 202, Some(("FAILED", "PAYER_NOT_FOUND"))),
        (56, 202, Some(("FAILED", "PAYEE_NOT_ALLOWED_TO_RECEIVE"))),
        (57, 500, None),
        (58, 500, None),
        (59, 500, None),
        (60, 500, None),
        (61, 500, Some(("FAILED", "INTERNAL_PROCESSING_ERROR"))),
        (62, 503, None),
        (63, 202, Some(("FAILED", "COULD_NOT_PERFORM_TRANSACTION"))),
        (64, 202, Some(("FAILED", "TRANSFER_TYPE_UNKNOWN"))),
    ];
    for (last, answer, then) in table {
        let asked = mtn.post(&reference(last), &body(&format!("467331234{last}"), "5", "EUR")).await?;
        assert_eq!(asked.0, answer, "{last}");
        match then {
            Some((status, reason)) => {
                assert_eq!(mtn.word(&reference(last)).await?, word(status, reason), "{last}");
            }
            None => assert_eq!(mtn.read(&reference(last)).await?.0, 404, "{last}"),
        }
    }
    assert!(world.momo_prompts().is_empty(), "nobody is asked");
    world.skip(Duration::from_secs(15));
    assert_eq!(mtn.word(&reference(54)).await?.0, "CREATED");
    world.skip(Duration::from_secs(10));
    assert_eq!(mtn.word(&reference(54)).await?.0, "SUCCESSFUL", "delayed, but paid");
    world.skip(Duration::from_hours(1));
    assert_eq!(super::Mtn::of(&world).await?.word(&reference(53)).await?.0, "PENDING", "for ever");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn named_errors_are_met_where_one_wants_them() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    world.momo(|knobs| knobs.named_errors = NamedErrors::AtRequest);
    let (status, told) = mtn.post(&reference(1), &body("46733123455", "5", "SSP")).await?;
    assert_eq!((status, &told["code"]), (500, &json!("PAYER_NOT_FOUND")));
    world.momo(|knobs| knobs.named_errors = NamedErrors::InStatus);
    assert_eq!(mtn.post(&reference(2), &body("46733123457", "5", "SSP")).await?.0, 202);
    assert_eq!(mtn.word(&reference(2)).await?, word("FAILED", "NOT_ALLOWED"));
    world.momo(|knobs| {
        knobs.named_errors = NamedErrors::AtRequest;
        knobs.fates.insert("46733123457".into(), Fate::Ask);
    });
    assert_eq!(mtn.post(&reference(3), &body("46733123457", "5", "SSP")).await?.0, 202);
    assert_eq!(mtn.word(&reference(3)).await?.0, "PENDING", "a fate of one's own wins");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_request_waits_until_the_person_approves_it() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    mtn.ask(&reference(1)).await?;
    world.skip(Duration::from_secs(290));
    assert_eq!(mtn.word(&reference(1)).await?, word("PENDING", ""));
    let prompts = world.momo_prompts();
    assert_eq!((prompts.len(), prompts[0].payer.as_str(), prompts[0].amount.as_str()), (1, PAYER, "3000"));
    assert_eq!(prompts[0].expires_ms - prompts[0].at_ms, 300_000);
    assert_eq!(world.momo_approve(&reference(1))?, reference(1));
    let (_, told) = mtn.read(&reference(1)).await?;
    assert_eq!(told["status"], "SUCCESSFUL");
    let ledger = world.momo_ledger();
    assert_eq!(told["financialTransactionId"], ledger[0].transaction);
    assert_eq!(
        (ledger[0].reference.as_deref(), ledger[0].payer.as_str()),
        (Some(reference(1).as_str()), PAYER)
    );
    assert!(world.momo_prompts().is_empty());
    assert!(world.momo_approve(&reference(1)).is_err(), "nobody pays twice");
    world.skip(Duration::from_mins(10));
    assert_eq!(mtn.word(&reference(1)).await?.0, "SUCCESSFUL", "what is paid does not run out");
    assert_eq!(world.momo_ledger().len(), 1);
    let sms = world.money_messages();
    assert!(
        sms.len() == 1 && sms[0].to == PAYER && sms[0].text.contains("You have paid SSP 3000"),
        "{sms:?}"
    );
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_declined_request_fails_and_costs_nothing() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    mtn.ask(&reference(1)).await?;
    world.momo_decline(PAYER)?;
    assert_eq!(mtn.word(&reference(1)).await?, word("FAILED", "APPROVAL_REJECTED"));
    assert!(world.momo_ledger().is_empty() && world.momo_balance() == "0");
    assert!(world.money_messages()[0].text.contains("not charged"));
    assert!(world.momo_approve(&reference(1)).is_err());
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_newest_prompt_of_a_payer_is_on_top() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    for n in 1..=3 {
        let payer = if n == 3 { "211999999999" } else { PAYER };
        mtn.post(&reference(n), &body(payer, "3000", "SSP")).await?;
    }
    let order: Vec<_> = world.momo_prompts().into_iter().map(|prompt| prompt.reference).collect();
    assert_eq!(order, [reference(3), reference(2), reference(1)]);
    assert_eq!(world.momo_approve(PAYER)?, reference(2));
    assert_eq!(world.momo_decline(PAYER)?, reference(1));
    assert!(world.momo_approve(PAYER).is_err(), "no further prompt of this payer");
    assert_eq!(world.counts().momo_prompts, 3);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_prompt_runs_out_after_five_minutes() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    mtn.ask(&reference(1)).await?;
    let began = world.momo_payments()[0].at_ms;
    world.skip(Duration::from_hours(1));
    let payment = world.momo_payments().remove(0);
    assert_eq!(
        (payment.status.as_str(), payment.ended_ms),
        ("FAILED", Some(began + 300_000)),
        "at its own time"
    );
    assert_eq!(payment.reason.as_deref(), Some("COULD_NOT_PERFORM_TRANSACTION"));
    world.momo(|knobs| knobs.expiry_reason = "EXPIRED".into());
    super::Mtn::of(&world).await?.ask(&reference(2)).await?;
    world.skip(Duration::from_mins(5));
    assert_eq!(world.momo_payments()[1].reason.as_deref(), Some("EXPIRED"));
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn time_passes_by_itself_too() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    world.momo(|knobs| knobs.prompt_life = Duration::from_millis(80));
    mtn.ask(&reference(1)).await?;
    world.wait_until(SOON, |world| !world.money_messages().is_empty()).await?;
    let ended = world.momo_payments()[0].ended_ms.unwrap_or_default() - world.momo_payments()[0].at_ms;
    assert_eq!((world.momo_payments()[0].status.as_str(), ended), ("FAILED", 80));
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn prompts_can_be_answered_by_themselves() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    world.momo(|knobs| {
        knobs.fate = Fate::ApproveAfter(Duration::from_secs(20));
        knobs.fates.insert("211990000000".into(), Fate::DeclineAfter(Duration::from_secs(10)));
    });
    mtn.ask(&reference(1)).await?;
    mtn.post(&reference(2), &body("211990000000", "3000", "SSP")).await?;
    assert_eq!(world.momo_prompts().len(), 2);
    world.skip(Duration::from_secs(12));
    assert_eq!(mtn.word(&reference(1)).await?.0, "PENDING");
    assert_eq!(mtn.word(&reference(2)).await?, word("FAILED", "APPROVAL_REJECTED"));
    world.skip(Duration::from_secs(8));
    assert_eq!(mtn.word(&reference(1)).await?.0, "SUCCESSFUL");
    world.momo(|knobs| knobs.fate = Fate::ApproveAfter(Duration::ZERO));
    mtn.ask(&reference(3)).await?;
    assert_eq!(mtn.word(&reference(3)).await?.0, "SUCCESSFUL", "at once, as in the sandbox");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_number_without_a_wallet_and_one_without_money_fail() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    let (gone, poor) = ("211927777777", "211928888888");
    world.momo(|knobs| {
        knobs.inactive.insert(gone.into());
        knobs.low_balance.insert(poor.into());
    });
    assert_eq!(mtn.post(&reference(1), &body(gone, "3000", "SSP")).await?.0, 202);
    assert_eq!(mtn.word(&reference(1)).await?, word("FAILED", "PAYER_NOT_FOUND"));
    assert!(world.momo_prompts().is_empty());
    mtn.post(&reference(2), &body(poor, "3000", "SSP")).await?;
    world.momo_approve(poor)?;
    assert_eq!(mtn.word(&reference(2)).await?, word("FAILED", "INTERNAL_PROCESSING_ERROR"));
    assert!(world.momo_ledger().is_empty());
    world.momo(|knobs| knobs.low_balance_reason = "NOT_ENOUGH_FUNDS".into());
    mtn.post(&reference(3), &body(poor, "3000", "SSP")).await?;
    world.momo_approve(poor)?;
    assert_eq!(mtn.word(&reference(3)).await?.1, "NOT_ENOUGH_FUNDS");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn an_approved_request_may_stay_pending_for_long_and_still_be_paid() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    world.momo(|knobs| knobs.status_lag = Duration::from_mins(20));
    mtn.ask(&reference(1)).await?;
    world.momo_approve(PAYER)?;
    assert_eq!(world.momo_ledger().len(), 1, "the money has moved");
    world.skip(Duration::from_mins(19));
    assert_eq!(mtn.read(&reference(1)).await?.1["financialTransactionId"], json!(null));
    assert_eq!(mtn.word(&reference(1)).await?.0, "PENDING");
    world.skip(Duration::from_mins(1));
    assert_eq!(mtn.word(&reference(1)).await?.0, "SUCCESSFUL");
    assert_eq!(world.momo_ledger().len(), 1);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_failed_request_may_become_paid_late() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    world.momo(|knobs| knobs.late_success_after = Some(Duration::from_mins(30)));
    mtn.ask(&reference(1)).await?;
    world.skip(Duration::from_mins(34));
    assert_eq!(mtn.word(&reference(1)).await?, word("FAILED", "COULD_NOT_PERFORM_TRANSACTION"));
    world.skip(Duration::from_mins(1));
    assert_eq!(mtn.word(&reference(1)).await?, word("SUCCESSFUL", ""), "by itself");
    mtn.ask(&reference(2)).await?;
    world.momo_decline(&reference(2))?;
    world.momo_succeed(&reference(2))?;
    assert_eq!(mtn.word(&reference(2)).await?, word("SUCCESSFUL", ""), "by code");
    assert_eq!(world.momo_ledger().len(), 2);
    assert!(world.momo_succeed(&reference(2)).is_err() && world.momo_fail(&reference(2), "EXPIRED").is_err());
    assert!(world.momo_succeed(&reference(3)).is_err(), "there is no such payment");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_payment_can_follow_a_script_of_any_words() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    let minute = Duration::from_mins(1);
    let scenes = vec![
        Scene::new(minute, "ONGOING"),
        Scene::failed(minute, "PAYER_LIMIT_REACHED"),
        Scene::new(minute, "SUCCESSFUL"),
    ];
    world.momo(|knobs| knobs.fate = Fate::Play(scenes));
    mtn.ask(&reference(1)).await?;
    let mut words = vec![mtn.word(&reference(1)).await?];
    for _ in 0..3 {
        world.skip(minute);
        words.push(mtn.word(&reference(1)).await?);
    }
    let expected = [("PENDING", ""), ("ONGOING", ""), ("FAILED", "PAYER_LIMIT_REACHED"), ("SUCCESSFUL", "")];
    assert_eq!(words, expected.map(|(status, reason)| word(status, reason)));
    world.momo(|knobs| {
        knobs.fate = Fate::Ask;
        knobs.pending_word = "CREATED".into();
    });
    mtn.ask(&reference(2)).await?;
    assert_eq!(mtn.word(&reference(2)).await?.0, "CREATED");
    world.momo_show(&reference(2), "UNHEARD_OF")?;
    assert_eq!(mtn.word(&reference(2)).await?.0, "UNHEARD_OF");
    world.momo_approve(&reference(2))?;
    assert_eq!(mtn.word(&reference(2)).await?.0, "SUCCESSFUL");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_status_can_lie_and_speak_in_other_shapes() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    let mut ask = body(PAYER, "12.50", "SSP");
    ask["externalId"] = json!("947354");
    mtn.post(&reference(1), &ask).await?;
    world.momo_approve(PAYER)?;
    world.momo(|knobs| knobs.json_numbers = true);
    let (_, told) = mtn.read(&reference(1)).await?;
    assert_eq!((&told["amount"], &told["externalId"]), (&json!(12.5), &json!(947_354)));
    assert_eq!(told["payer"]["partyId"], json!(211_921_234_567_u64));
    assert!(told["financialTransactionId"].is_u64());
    world.momo(|knobs| {
        knobs.json_numbers = false;
        knobs.shown.amount = Some("1".into());
        knobs.shown.currency = Some("UGX".into());
        knobs.shown.payer = Some("211990000000".into());
        knobs.shown.external_id = Some("another".into());
    });
    let (_, told) = mtn.read(&reference(1)).await?;
    let seen = [&told["amount"], &told["currency"], &told["payer"]["partyId"], &told["externalId"]];
    assert_eq!(seen, ["1", "UGX", "211990000000", "another"]);
    assert_eq!(
        (world.momo_ledger()[0].amount.as_str(), world.momo_payments()[0].payer.as_str()),
        ("12.5", PAYER)
    );
    mtn.ask(&reference(2)).await?;
    world.momo_decline(&reference(2))?;
    world.momo(|knobs| knobs.bare_reason = true);
    assert_eq!(mtn.read(&reference(2)).await?.1["reason"], "APPROVAL_REJECTED");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_request_may_be_unreadable_at_first() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    world.momo(|knobs| knobs.visible_after = Duration::from_secs(30));
    mtn.ask(&reference(1)).await?;
    assert_eq!(mtn.read(&reference(1)).await?.0, 404);
    world.skip(Duration::from_secs(30));
    assert_eq!(mtn.read(&reference(1)).await?.0, 200);
    world.stop().await;
    Ok(())
}
