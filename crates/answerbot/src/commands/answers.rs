//! `answers`: curated answers, what people ask in vain, and what sharing costs and saves.

use std::collections::BTreeMap;
use std::path::Path;

use answerbot_core::domain::Domain;
use answerbot_core::pay::days::iso_date;
use answerbot_core::reuse::curated::{self, Entry, Shelf};
use answerbot_core::reuse::{Key, Language};
use answerbot_core::spend::MicroUsd;
use answerbot_core::texts::ENGLISH;
use answerbot_core::{JubaDay, guard};
use answerbot_local::Access;
use answerbot_ports::regions::FullStore;
use answerbot_ports::reports::{CostRow, Ratings};
use answerbot_ports::world::Clock as _;
use anyhow::{Context as _, bail};
use serde_json::json;

use super::operator::audit;
use crate::assemble::World;
use crate::cli::{AnswersAction, NewAnswer};
use crate::out;

pub async fn run(world: &World, action: AnswersAction) -> anyhow::Result<bool> {
    let stores = world.store(Access::Beside).await?;
    let store = &*stores.all;
    let entries = store.curated(0).await?.map(|(_, entries)| entries).unwrap_or_default();
    match action {
        AnswersAction::List { json } => list(store, &entries, json).await?,
        AnswersAction::Add(new) => add(world, store, entries, *new).await?,
        AnswersAction::Approve { ids, by } => approve(world, store, entries, &ids, &by).await?,
        AnswersAction::Remove { id } => {
            let note = audit(world, "answers remove", &id, String::new());
            if !store.remove_curated(id.clone(), note).await? {
                bail!("there is no curated answer {id}; `answerbot answers list` shows them");
            }
            out::line(&format!("Removed {id}."));
        }
        AnswersAction::Import { file } => import(world, store, entries, &file).await?,
        AnswersAction::Export { file } => export(&entries, file.as_deref())?,
        AnswersAction::Misses { limit, times, json } => misses(store, limit, times, json).await?,
        AnswersAction::Costs { days, json } => costs(world, store, days, json).await?,
        AnswersAction::Trust { domain } => {
            let domain = Domain::named(&domain).context("the subject")?;
            let note = audit(world, "answers trust", domain.name(), String::new());
            store.forget_checks(domain, note).await?;
            out::line(&format!("Answers about {} are shared again; their checks begin anew.", domain.name()));
        }
    }
    Ok(true)
}

async fn list(store: &dyn FullStore, entries: &[Entry], as_json: bool) -> anyhow::Result<()> {
    let ratings: BTreeMap<Key, Ratings> =
        store.ratings().await?.into_iter().map(|it| (it.source, it)).collect();
    for entry in entries {
        let rated = ratings.get(&Key::of_entry(&entry.id));
        let (given, good, wrong) = rated.map_or((0, 0, 0), |it| (it.given, it.good, it.wrong));
        if as_json {
            let shown = json!({ "entry": entry, "given": given, "good": good, "wrong": wrong });
            out::line(&shown.to_string());
            continue;
        }
        let state =
            entry.approved_by.as_ref().map_or("not approved: not served".to_owned(), |by| format!("by {by}"));
        let question = entry.questions.first().map_or("", String::as_str);
        out::line(&format!(
            "{:<24} {:<3} {given:>6} given {good:>4} good {wrong:>4} wrong  {state:<28} {question}",
            entry.id,
            entry.language.code()
        ));
    }
    if entries.is_empty() && !as_json {
        out::line(
            "There are no curated answers yet: `answerbot answers add` or `answerbot answers import FILE`.",
        );
    }
    Ok(())
}

/// Writes entries that fit together with those that are there.
async fn put(
    world: &World,
    store: &dyn FullStore,
    old: Vec<Entry>,
    new: Vec<Entry>,
    what: &str,
) -> anyhow::Result<()> {
    for entry in &new {
        // What the guard takes out would be missing in the answer that people get.
        if guard::check(&entry.answer, &world.settings.policy.guard, &ENGLISH).changed {
            bail!(
                "the answer of {} has a number, code or link that is not approved, or asks for a secret; approve numbers and \
                 hosts under [guard] in POLICY_FILE first",
                entry.id
            );
        }
    }
    let ids: Vec<&str> = new.iter().map(|it| it.id.as_str()).collect();
    let subject = match ids[..] {
        [id] => id.to_owned(),
        _ => format!("{} answers", ids.len()),
    };
    let note = audit(world, what, &subject, ids.join(" "));
    let kept = old.into_iter().filter(|it| !ids.contains(&it.id.as_str()));
    let all: Vec<Entry> = kept.chain(new.iter().cloned()).collect();
    Shelf::new(all)?;
    store.put_curated(new, note).await?;
    Ok(())
}

async fn add(world: &World, store: &dyn FullStore, old: Vec<Entry>, new: NewAnswer) -> anyhow::Result<()> {
    let language = Language::ALL
        .into_iter()
        .find(|it| it.code() == new.language)
        .context("the language is en, ar or pga")?;
    let entry = Entry {
        id: new.id,
        questions: new.question,
        answer: new.answer,
        language,
        source: new.source,
        checked_on: iso_date(world.clock.now().juba_day()),
        approved_by: new.approved_by,
        menu: new.menu,
    };
    if old.iter().any(|it| it.id == entry.id) {
        bail!(
            "there is a curated answer {} already; remove it first, or import a file to replace it",
            entry.id
        );
    }
    curated::check(&entry)?;
    let (id, served) = (entry.id.clone(), entry.approved_by.is_some());
    put(world, store, old, vec![entry], "answers add").await?;
    out::line(&if served {
        format!("Added {id}. A running service gives it within five seconds.")
    } else {
        format!(
            "Added {id}. It is not given before somebody approves it: answerbot answers approve {id} --by NAME"
        )
    });
    Ok(())
}

async fn approve(
    world: &World,
    store: &dyn FullStore,
    old: Vec<Entry>,
    ids: &[String],
    by: &str,
) -> anyhow::Result<()> {
    if by.trim().is_empty() {
        bail!("--by names the person who read the answer");
    }
    let mut approved = Vec::new();
    for id in ids {
        let Some(entry) = old.iter().find(|it| &it.id == id) else {
            bail!("there is no curated answer {id}")
        };
        approved.push(Entry { approved_by: Some(by.to_owned()), ..entry.clone() });
    }
    let count = approved.len();
    put(world, store, old, approved, "answers approve").await?;
    out::line(&format!("Approved {count} by {by}. A running service gives them within five seconds."));
    Ok(())
}

async fn import(world: &World, store: &dyn FullStore, old: Vec<Entry>, file: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("the file {}", file.display()))?;
    let new = curated::parse(&text).with_context(|| format!("the file {}", file.display()))?;
    // Two of one id in the file are two answers, not the second in the place of the first.
    Shelf::new(new.clone()).with_context(|| format!("the file {}", file.display()))?;
    let (count, approved) = (new.len(), new.iter().filter(|it| it.approved_by.is_some()).count());
    put(world, store, old, new, "answers import").await?;
    out::line(&format!("Imported {count}; {approved} are approved and served."));
    Ok(())
}

fn export(entries: &[Entry], file: Option<&Path>) -> anyhow::Result<()> {
    let lines = entries.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    match file {
        Some(path) => {
            let text: String = lines.join("\n") + "\n";
            std::fs::write(path, text).with_context(|| format!("the file {}", path.display()))?;
            out::line(&format!("Wrote {} to {}.", lines.len(), path.display()));
        }
        None => lines.iter().for_each(|line| out::line(line)),
    }
    Ok(())
}

async fn misses(store: &dyn FullStore, limit: usize, times: u64, as_json: bool) -> anyhow::Result<()> {
    let found = store.missed(times, limit).await?;
    for it in &found {
        let (language, last) = (it.language.code(), iso_date(it.last));
        out::line(&if as_json {
            json!({ "question": it.question, "language": language, "times": it.times, "last": last })
                .to_string()
        } else {
            format!("{:>6} times, last {last}  {language:<3}  {}", it.times, it.question)
        });
    }
    if found.is_empty() && !as_json {
        out::line("No question was asked by several people yet.");
    }
    Ok(())
}

async fn costs(world: &World, store: &dyn FullStore, days: u32, as_json: bool) -> anyhow::Result<()> {
    let today = world.clock.now().juba_day();
    let back = i32::try_from(days.saturating_sub(1)).unwrap_or(i32::MAX);
    let rows = store.costs(JubaDay(today.0.saturating_sub(back))).await?;
    if as_json {
        for it in &rows {
            let shown = json!({
                "day": iso_date(it.day), "paid": it.paid, "domain": it.domain, "way": it.way, "provider": it.provider,
                "model": it.model, "answers": it.answers, "calls": it.calls, "tokens_in": it.tokens_in,
                "tokens_out": it.tokens_out, "cost_micro_usd": it.cost.0,
            });
            out::line(&shown.to_string());
        }
        return Ok(());
    }
    let mut by_way: BTreeMap<(&str, bool), Vec<&CostRow>> = BTreeMap::new();
    for it in &rows {
        by_way.entry((&it.way, it.paid)).or_default().push(it);
    }
    out::line(&format!(
        "{:<8} {:<5} {:>10} {:>10} {:>14} {:>14}",
        "way", "who", "answers", "calls", "dollars", "an answer"
    ));
    let line = |way: &str, who: &str, rows: &[&CostRow]| {
        let (answers, calls): (u64, u64) =
            (rows.iter().map(|it| it.answers).sum(), rows.iter().map(|it| it.calls).sum());
        let cost: MicroUsd = rows.iter().map(|it| it.cost).sum();
        let each = cost.0.checked_div(answers).map_or("-".to_owned(), |it| MicroUsd(it).usd());
        out::line(&format!("{way:<8} {who:<5} {answers:>10} {calls:>10} {:>14} {each:>14}", cost.usd()));
    };
    for ((way, paid), rows) in &by_way {
        line(way, if *paid { "paid" } else { "free" }, rows);
    }
    line("all", "", &rows.iter().collect::<Vec<_>>());
    Ok(())
}
