//! `doctor`: what is wrong, why it matters and what to do.

use answerbot_core::pay::price::{Plan, PriceBook};
use answerbot_core::rail;
use answerbot_core::time::MINUTE;
use answerbot_local::{Access, sqlite};
use answerbot_ports::ai::Ai as _;
use answerbot_ports::channel::Channel as _;
use answerbot_ports::keys::{HashKey, Key};
use answerbot_ports::payments::Payments as _;
use answerbot_ports::world::Clock as _;
use answerbot_remote::momo::MomoEnvironment;
use serde_json::json;

use crate::assemble::World;
use crate::config::{Raw, Settings};
use crate::out;

struct Finding {
    part: String,
    is_well: bool,
    says: String,
    /// What to do about it, and why.
    advice: String,
}

pub async fn run(raw: &Raw, as_json: bool) -> anyhow::Result<bool> {
    let mut findings = Vec::new();
    match Settings::check(raw) {
        Ok(settings) => {
            findings.push(well("settings", "complete"));
            for name in &settings.unused {
                findings.push(well("settings", &format!("{name} is set and not used by this release yet")));
            }
            let world = World::new(settings)?;
            check_key(&world, &mut findings);
            check_rail(&mut findings);
            check_store(&world, &mut findings).await;
            for (part, result, advice) in world.servers().await {
                findings.push(match result {
                    Ok(says) => well(part, &says),
                    Err(says) => wrong(part, &says, advice),
                });
            }
            check_outside(&world, &mut findings).await;
            check_momo(&world, &mut findings).await;
        }
        Err(faults) => {
            for fault in faults.0 {
                findings.push(wrong(
                    "settings",
                    &fault,
                    "Without it the service does not start. Set it and run doctor again.",
                ));
            }
        }
    }
    let all_well = findings.iter().all(|it| it.is_well);
    if as_json {
        let list: Vec<_> = findings
            .iter()
            .map(|it| json!({ "part": it.part, "well": it.is_well, "says": it.says, "advice": it.advice }))
            .collect();
        out::line(&json!({ "well": all_well, "findings": list }).to_string());
        return Ok(all_well);
    }
    for it in &findings {
        out::line(&format!("{} {:<11} {}", if it.is_well { "ok   " } else { "WRONG" }, it.part, it.says));
        if !it.advice.is_empty() {
            out::line(&format!("                  {}", it.advice));
        }
    }
    out::line(if all_well { "All is well." } else { "Something is wrong; see above." });
    Ok(all_well)
}

fn well(part: &str, says: &str) -> Finding {
    Finding { part: part.into(), is_well: true, says: says.into(), advice: String::new() }
}

fn wrong(part: &str, says: &str, advice: &str) -> Finding {
    Finding { part: part.into(), is_well: false, says: says.into(), advice: advice.into() }
}

fn check_key(world: &World, findings: &mut Vec<Finding>) {
    findings.push(match &world.settings.key {
        Some(_) => well("key", "ENCRYPTION_KEY is set"),
        None => {
            well("key", "a key for development lies beside the store; set ENCRYPTION_KEY before people write")
        }
    });
}

/// Rules of danger that no nurse signed are heard all the same; their own texts are not said.
fn check_rail(findings: &mut Vec<Finding>) {
    let unsigned = rail::unreviewed();
    if rail::book().is_none() {
        findings.push(wrong(
            "danger",
            "the rules of danger cannot be read",
            "Only the worst signs are heard. Use another build.",
        ));
    } else if unsigned.is_empty() {
        findings.push(well("danger", "every rule is signed"));
    } else {
        let mut finding =
            well("danger", &format!("{} rules are not signed: {}", unsigned.len(), unsigned.join(", ")));
        finding.advice =
            "People in danger get the general text. Have a nurse review them: docs/rail.md.".into();
        findings.push(finding);
    }
}

async fn check_store(world: &World, findings: &mut Vec<Finding>) {
    let name = &world.settings.database;
    if !world.has_store() {
        return findings.push(well("store", &format!("{name} is made at the first start")));
    }
    if let Some(Err(error)) = world.file().map(sqlite::verify) {
        return findings.push(wrong(
            "store",
            &error.to_string(),
            "People's messages are in it. Put the newest copy back: answerbot restore FILE.",
        ));
    }
    let stores = match world.store(Access::Beside).await {
        Ok(stores) => stores,
        Err(error) => {
            return findings.push(wrong("store", &format!("{error:#}"), "The service cannot start on it."));
        }
    };
    let store = &*stores.all;
    match stores.durability().await {
        Ok(says) => findings.push(well("store", &format!("{name} is sound; {says}"))),
        Err(error) => findings.push(wrong(
            "store",
            &error.to_string(),
            "Webhooks are answered 503 until it can be written: free the disk or the lock.",
        )),
    }
    for (region, reached) in stores.reach().await {
        findings.push(match reached {
            Ok(()) => well("region", &format!("the store of {region} is there")),
            Err(error) => wrong(
                "region",
                &format!("{region}: {error}"),
                "What comes for its people waits in the main store meanwhile, in order.",
            ),
        });
    }
    match store.overview().await {
        Ok(it) => {
            let age = it.oldest_event.map_or(0, |oldest| world.clock.now().since(oldest) / 1_000);
            let says = format!(
                "{} people, {} agreed; {} messages wait, the oldest for {age} s; {} effects open",
                it.contacts, it.ready, it.waiting_events, it.open_effects
            );
            findings.push(if it.waiting_events > 0 && age > 60 {
                wrong("work", &says, "Nobody decides what waits. Is `answerbot serve` running?")
            } else {
                well("work", &says)
            });
            if it.dead_effects + it.set_aside > 0 {
                let says =
                    format!("{} effects are dead, {} events are set aside", it.dead_effects, it.set_aside);
                findings.push(wrong("work", &says, "These people were not served. See them with `answerbot effects list`, revive them with `effects retry`."));
            }
        }
        Err(error) => findings.push(wrong("work", &error.to_string(), "The store cannot be read.")),
    }
}

async fn check_outside(world: &World, findings: &mut Vec<Finding>) {
    findings.push(match world.messenger().check().await {
        Ok(says) => well("messenger", &says),
        Err(says) => wrong("messenger", &says, "Nobody can be answered. Check PAGE_ACCESS_TOKEN, FB_APP_SECRET and the page's subscription in Meta's app dashboard."),
    });
    let providers = world.ai().check().await;
    let mut someone_answers = false;
    for (name, result) in providers {
        someone_answers |= result.is_ok();
        findings.push(match result {
            Ok(says) => well("ai", &format!("{name}: {says}")),
            Err(says) => wrong(
                "ai",
                &format!("{name}: {says}"),
                "Questions go to the next provider, if there is one. Check its key and credit.",
            ),
        });
    }
    if !someone_answers {
        findings.push(wrong(
            "ai",
            "no provider works",
            "People get an apology instead of an answer, and are answered once one works.",
        ));
    }
}

async fn check_momo(world: &World, findings: &mut Vec<Finding>) {
    let settings = &world.settings;
    let Some(account) = &settings.momo else {
        return findings.push(well("momo", "not set up: people are told that paying comes soon"));
    };
    // The callback's secret is the store's; the calls made here need none.
    let momo = world.momo(&HashKey::new(Key::from_bytes([0; 32])));
    if let Some(momo) = momo {
        findings.push(match momo.check().await {
            Ok(says) => well("momo", &says),
            Err(says) => wrong(
                "momo",
                &says,
                "Nobody can pay. Credentials and MOMO_ENVIRONMENT must be of one account.",
            ),
        });
    }
    if settings.callback_host.is_none() {
        let says = "CALLBACK_HOST is not set: MTN does not call back, and payments are found by asking";
        findings.push(well("momo", says));
    }
    if let Some(testers) = settings.testers() {
        findings.push(if testers.is_empty() {
            wrong("momo", "the sandbox meets real people, so nobody may buy", "It pays for anyone. Name those who try it in TEST_CONTACTS, or set MOMO_ENVIRONMENT=production.")
        } else {
            well("momo", &format!("the sandbox meets real people: only the {} of TEST_CONTACTS may buy", testers.len()))
        });
    }
    if !world.has_store() {
        return;
    }
    let Ok(stores) = world.store(Access::Beside).await else { return };
    let store = &*stores.all;
    let Ok(prices) = store.prices().await else { return };
    let (book, today) = (PriceBook::from(prices), world.clock.now().juba_day());
    let sold = |plan: &Plan| book.quote(*plan, today, world.selling(), &settings.policy.paying).is_some();
    if account.environment == MomoEnvironment::Production && !Plan::ALL.iter().all(sold) {
        findings.push(wrong(
            "prices",
            "the prices are not confirmed, so nothing is sold",
            "Look at them with `answerbot prices list` and confirm them with `answerbot prices confirm`.",
        ));
    }
    let (Ok(chain), Ok(counts)) =
        (store.chain().await, store.money_counts(world.clock.now().plus(-10 * MINUTE)).await)
    else {
        return;
    };
    let says = format!(
        "{} payments granted, {} grants, {} in the books, {} in review; {} entries sealed",
        counts.successes, counts.grants, counts.captures, counts.in_review, chain.sealed
    );
    let is_well = chain.broken_at.is_none() && counts.is_balanced && counts.unmatched.is_empty();
    findings.push(if is_well {
        well("books", &says)
    } else {
        wrong(
            "books",
            &says,
            "Money and grants do not agree, or the file was changed. See `answerbot payments books`.",
        )
    });
    if counts.in_review > 0 {
        findings.push(wrong(
            "books",
            &format!("{} payments wait in suspense", counts.in_review),
            "Somebody's money. See `answerbot payments list --status review`, then assign or give it back.",
        ));
    }
}
