//! `payments books`: the accounts, what is earned, and the chain.

use std::collections::BTreeMap;

use answerbot_core::Contact;
use answerbot_core::pay::days;
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::time::JubaDay;
use answerbot_ports::regions::FullStore;
use answerbot_ports::world::Clock as _;
use serde_json::json;

use crate::assemble::World;
use crate::commands::operator::each_contact;
use crate::out;

/// Hundredths of one plan in one currency.
#[derive(Clone, Copy, Default)]
struct Sums {
    paid: i64,
    earned: i64,
}

pub async fn run(world: &World, store: &dyn FullStore, as_json: bool) -> anyhow::Result<bool> {
    let today = world.clock.now().juba_day();
    let accounts = store.accounts().await?;
    let chain = store.chain().await?;
    let counts = store.money_counts(world.clock.now()).await?;
    let mut sums: BTreeMap<(String, &'static str), Sums> = BTreeMap::new();
    each_contact(store, true, |_, contact| add(&mut sums, contact, today)).await?;
    let is_well = chain.broken_at.is_none() && counts.is_balanced && counts.unmatched.is_empty();
    if as_json {
        let accounts: Vec<_> = accounts
            .iter()
            .map(|it| json!({ "account": it.account, "currency": it.currency.code(), "minor": it.minor }))
            .collect();
        let plans: Vec<_> = sums
            .iter()
            .map(|((plan, currency), it)| {
                json!({ "plan": plan, "currency": currency, "paid_minor": it.paid, "earned_minor": it.earned,
                        "unearned_minor": it.paid - it.earned })
            })
            .collect();
        let unmatched: Vec<String> = counts.unmatched.iter().map(answerbot_core::PaymentId::uuid).collect();
        out::line(
            &json!({
                "well": is_well, "accounts": accounts, "plans": plans, "sealed": chain.sealed, "unsealed": chain.unsealed,
                "broken_at": chain.broken_at, "balanced": counts.is_balanced, "successes": counts.successes,
                "grants": counts.grants, "captures": counts.captures, "in_review": counts.in_review, "unmatched": unmatched,
            })
            .to_string(),
        );
        return Ok(is_well);
    }
    for it in &accounts {
        out::line(&format!("{:<24} {:>18}", it.account, shown(it.minor, it.currency)));
    }
    for ((plan, currency), it) in &sums {
        let currency: Currency = currency.parse().unwrap_or(Currency::Ssp);
        let (paid, earned) = (shown(it.paid, currency), shown(it.earned, currency));
        out::line(&format!(
            "{plan}: {paid} paid, {earned} earned until today, {} not yet",
            shown(it.paid - it.earned, currency)
        ));
    }
    out::line(&format!(
        "{} payments granted, {} grants, {} in the books; {} in review.",
        counts.successes, counts.grants, counts.captures, counts.in_review
    ));
    out::line(&match chain.broken_at {
        None => format!(
            "The chain of {} sealed entries holds; {} wait to be sealed.",
            chain.sealed, chain.unsealed
        ),
        Some(no) => {
            format!("THE CHAIN IS BROKEN at entry {no}: somebody changed the file. Compare it with a copy.")
        }
    });
    for id in &counts.unmatched {
        out::line(&format!("Money and grant differ: see `payments show {}`.", id.uuid()));
    }
    Ok(is_well)
}

fn add(sums: &mut BTreeMap<(String, &'static str), Sums>, contact: &Contact, today: JubaDay) {
    for (id, period) in contact.paying.periods() {
        let Some(grant) = contact.paying.grants.get(&id).filter(|it| !it.granted.test) else { continue };
        let granted = &grant.granted;
        let plan = if granted.gift { "given".to_owned() } else { granted.plan.name().to_owned() };
        let it = sums.entry((plan, granted.price.currency().code())).or_default();
        it.paid += granted.price.minor();
        it.earned += days::earned(granted.price, period.first, granted.days, today).minor();
    }
}

fn shown(minor: i64, currency: Currency) -> String {
    Money::from_minor(minor, currency).to_string()
}
