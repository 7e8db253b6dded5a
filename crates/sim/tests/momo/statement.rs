use std::time::Duration;

use answerbot_sim::{StatementColumn, StatementOptions};

use super::{PAYER, body, mtn, reference};
use crate::bot::client;

/// 2026-11-24 13:10 UTC, which is 15:10 in Juba.
const AFTERNOON: i64 = 1_795_525_800_000;

#[tokio::test]
async fn the_statement_shows_what_came_in() -> anyhow::Result<()> {
    let (world, _bot, _mtn) = mtn().await?;
    world.set_time_ms(AFTERNOON);
    world.momo(|knobs| knobs.names.insert(PAYER.into(), ("Achol".into(), "Deng".into())));
    let mtn = super::Mtn::of(&world).await?;
    mtn.ask(&reference(1)).await?;
    mtn.ask(&reference(2)).await?;
    world.momo_decline(&reference(2))?;
    world.skip(Duration::from_mins(1));
    world.momo_approve(&reference(1))?;
    let id = world.momo_ledger()[0].transaction.clone();
    let statement = world.momo_statement(&StatementOptions::default());
    let lines: Vec<&str> = statement.lines().collect();
    assert_eq!(lines[0], "Id,External id,Date,Status,Type,From,From name,To,Amount,Currency,Balance");
    let (when, rest) = lines[1].split_once(":11:").unwrap_or_default();
    assert_eq!(when, format!("{id},ab1.7.weekly.1.1,2026-11-24 15"), "the time of Juba");
    assert_eq!(&rest[2..], format!(",Successful,Payment,{PAYER},Achol Deng,211920000001,3000,SSP,3000"));
    assert_eq!(lines.len(), 2, "what failed is not on it");

    let failed = StatementOptions { failed: true, ..StatementOptions::default() };
    let statement = world.momo_statement(&failed);
    let lines: Vec<&str> = statement.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[1].contains(",Failed,") && lines[1].ends_with(",3000,SSP,"),
        "the oldest first: {statement}"
    );
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_statement_can_look_as_odd_as_exports_do() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    mtn.post(&reference(1), &body(PAYER, "1234567.50", "SSP")).await?;
    world.momo_approve(PAYER)?;
    let odd = StatementOptions {
        bom: true,
        grouped: true,
        columns: StatementColumn::REORDERED.to_vec(),
        ..StatementOptions::default()
    };
    let statement = world.momo_statement(&odd);
    let heads = "\u{feff}Date,Type,Amount,Currency,From,From name,To,Status,Balance,External id,Id\r\n";
    assert!(statement.starts_with(heads), "{statement}");
    assert!(statement.contains(",Payment,\"1,234,567.50\",SSP,"), "{statement}");
    let few = StatementOptions { columns: vec![StatementColumn::Amount], ..StatementOptions::default() };
    assert_eq!(world.momo_statement(&few), "Amount\r\n1234567.5\r\n");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn money_without_a_request_and_days_apart_are_told_from_each_other() -> anyhow::Result<()> {
    let (world, _bot, _mtn) = mtn().await?;
    world.set_time_ms(AFTERNOON);
    let first = world.momo_pay_in("211990000000", "700", "a gift, thanks")?;
    world.skip(Duration::from_hours(24));
    let second = world.momo_pay_in(PAYER, "800.00", "")?;
    assert!(world.momo_pay_in("0921234567", "1", "").is_err() && world.momo_pay_in(PAYER, "-1", "").is_err());
    let ids = |options: StatementOptions| {
        let options = StatementOptions { columns: vec![StatementColumn::Id], ..options };
        world.momo_statement(&options).lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ids(StatementOptions::default()), [first.clone(), second.clone()]);
    let day = Some(AFTERNOON + 1_000_000);
    assert_eq!(ids(StatementOptions { to_ms: day, ..StatementOptions::default() }), [first]);
    assert_eq!(ids(StatementOptions { from_ms: day, ..StatementOptions::default() }), [second]);
    assert!(world.momo_statement(&StatementOptions::default()).contains(",\"a gift, thanks\","));
    assert_eq!(world.momo_ledger()[0].reference, None);
    assert!(world.momo_payments().is_empty());
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_statement_can_be_fetched() -> anyhow::Result<()> {
    let (world, _bot, _mtn) = mtn().await?;
    world.momo_pay_in(PAYER, "3000", "x")?;
    let url = format!("{}/statement.csv", world.momo_base_url());
    let answer = client()?.get(&url).send().await?;
    assert!(answer.headers()["content-type"].to_str()?.starts_with("text/csv"));
    assert_eq!(answer.text().await?, world.momo_statement(&StatementOptions::default()));
    let odd = client()?.get(format!("{url}?bom=true&grouped=true&reordered=true")).send().await?;
    // The mark itself is eaten by the client's decoding of text.
    let odd = odd.bytes().await?;
    assert!(odd.starts_with("\u{feff}Date,Type,".as_bytes()));
    assert!(String::from_utf8_lossy(&odd).contains("\"3,000.00\""));
    world.stop().await;
    Ok(())
}
