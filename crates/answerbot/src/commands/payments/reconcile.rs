//! `payments reconcile`: MTN's statement beside our payments.

use std::collections::BTreeMap;
use std::path::Path;

use answerbot_core::contact::event::Event;
use answerbot_core::pay::price::PriceBook;
use answerbot_core::pay::reconcile::{Finding, Kind, reconcile};
use answerbot_core::pay::statement::{self, Line};
use answerbot_ports::regions::FullStore;
use answerbot_ports::reports::{Audit, Find};
use answerbot_ports::world::Clock as _;
use anyhow::{Context as _, bail};
use serde_json::json;

use crate::assemble::World;
use crate::commands::operator::{HANDED, audit, envelope, payment_becomes};
use crate::out;

pub async fn run(
    world: &World,
    store: &dyn FullStore,
    file: &Path,
    dry_run: bool,
    as_json: bool,
) -> anyhow::Result<bool> {
    let bytes = std::fs::read(file).with_context(|| format!("the statement {}", file.display()))?;
    let read = statement::read(&decode(&bytes))?;
    let (lines, bad): (Vec<_>, Vec<_>) = read.into_iter().partition(Result::is_ok);
    let lines: Vec<Line> = lines.into_iter().flatten().collect();
    let ours = store.payments(Find::All, usize::MAX).await?;
    let book = PriceBook::from(store.prices().await?);
    let findings = reconcile(&lines, &ours, &book, &world.settings.policy.paying, world.clock.now());
    if !dry_run {
        hand(world, store, file, &lines, &findings).await?;
    }
    for it in findings.iter().filter(|it| as_json || it.kind.is_difference()) {
        out::line(&if as_json { as_value(it).to_string() } else { as_line(it) });
    }
    for it in bad.iter().filter_map(|it| it.as_ref().err()) {
        out::fault(&it.to_string());
    }
    if !as_json {
        out::line(&summary(&findings));
    }
    if !bad.is_empty() {
        bail!(
            "{} lines were not understood; mend them and run it again: what is done is not done twice",
            bad.len()
        );
    }
    if dry_run || taken(store, &findings).await? {
        return Ok(true);
    }
    out::line(HANDED);
    Ok(true)
}

/// Text as spreadsheet programs write it: UTF-8, or UTF-16 with its mark.
fn decode(bytes: &[u8]) -> String {
    let wide = |big: bool| {
        let pairs = bytes[2..].chunks_exact(2);
        let units = pairs.map(|it| {
            if big { u16::from_be_bytes([it[0], it[1]]) } else { u16::from_le_bytes([it[0], it[1]]) }
        });
        String::from_utf16_lossy(&units.collect::<Vec<_>>())
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(false),
        [0xfe, 0xff, ..] => wide(true),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Hands each payment what follows for it, with a note of its own that says why.
async fn hand(
    world: &World,
    store: &dyn FullStore,
    file: &Path,
    lines: &[Line],
    findings: &[Finding],
) -> anyhow::Result<()> {
    let name = file.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    let run = world.clock.now().as_millis();
    for finding in findings.iter().filter(|it| it.kind.is_difference() || it.tell.is_some()) {
        let note = note(world, finding);
        let (Some(id), Some(event)) = (finding.payment, &finding.tell) else {
            store.note(note).await?;
            continue;
        };
        // With the run in its name: what an earlier run told in vain, this one tells again.
        let line = finding.mtn_id.as_deref().unwrap_or_default();
        let event = envelope(id, &format!("statement {id} {line} {run}"), Event::Payment(event.clone()));
        store.hand(vec![event], note).await?;
    }
    let detail = format!("{} lines; {}", lines.len(), summary(findings));
    store.note(audit(world, "payments reconcile", &name, detail)).await?;
    Ok(())
}

fn note(world: &World, it: &Finding) -> Audit {
    let subject = it.payment.map_or_else(|| it.mtn_id.clone().unwrap_or_default(), |id| id.uuid());
    let line = it.line.map(|line| format!(" (line {line})")).unwrap_or_default();
    audit(world, "statement line", &subject, format!("{}: {}{line}", it.kind.name(), it.reason))
}

/// Whether everything that was handed over has been taken; waits a while for a running service.
async fn taken(store: &dyn FullStore, findings: &[Finding]) -> anyhow::Result<bool> {
    for it in findings.iter().filter(|it| it.tell.is_some()) {
        let Some(id) = it.payment else { continue };
        if !payment_becomes(store, id, |it| it.status.has_money()).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn as_line(it: &Finding) -> String {
    let line = it.line.map_or_else(|| "     -".to_owned(), |line| format!("{line:>6}"));
    let id = it.mtn_id.as_deref().unwrap_or("-");
    format!("{line}  {:<14}  MTN {id:<14}  {}", it.kind.name(), it.reason)
}

fn as_value(it: &Finding) -> serde_json::Value {
    json!({
        "line": it.line, "mtn_id": it.mtn_id, "payment": it.payment.map(|id| id.uuid()), "kind": it.kind.name(),
        "reason": it.reason, "changes": it.tell.is_some(), "in_suspense": it.in_suspense,
    })
}

fn summary(findings: &[Finding]) -> String {
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for it in findings {
        *counts.entry(it.kind).or_default() += 1;
    }
    let counted: Vec<String> =
        counts.iter().map(|(kind, count)| format!("{count} {}", kind.name())).collect();
    let changed = findings.iter().filter(|it| it.tell.is_some()).count();
    let waiting = findings.iter().filter(|it| it.in_suspense).count();
    format!("{}. Changed: {changed}. In suspense: {waiting}.", counted.join(", "))
}
