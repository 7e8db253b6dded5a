//! `prices`: the price book.

use answerbot_core::JubaDay;
use answerbot_core::pay::days::iso_date;
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::price::{Plan, PriceBook, PriceRow};
use answerbot_local::Access;
use answerbot_ports::regions::FullStore;
use answerbot_ports::world::Clock as _;
use anyhow::Context as _;
use serde_json::json;

use super::operator::audit;
use crate::assemble::World;
use crate::cli::PricesAction;
use crate::out;

pub async fn run(world: &World, action: PricesAction) -> anyhow::Result<bool> {
    let stores = world.store(Access::Beside).await?;
    let store = &*stores.all;
    let mut book = PriceBook::from(store.prices().await?);
    match action {
        PricesAction::List { json } => list(world, &book, json),
        PricesAction::Confirm => confirm(world, store, &mut book).await?,
        PricesAction::Add { plan, amount, from } => {
            add(world, store, &mut book, plan, &amount, from).await?;
        }
    }
    Ok(true)
}

fn list(world: &World, book: &PriceBook, as_json: bool) {
    let today = world.clock.now().juba_day();
    let mut rows: Vec<&PriceRow> = book.rows().iter().collect();
    rows.sort_by_key(|it| (it.plan, it.from, it.version));
    for row in rows {
        let in_force = book.on(row.plan, today) == Some(row);
        let from = if row.from.0 == 0 { "the start".to_owned() } else { iso_date(row.from) };
        if as_json {
            let it = json!({
                "plan": row.plan.name(), "version": row.version, "amount": row.amount.to_momo(),
                "currency": row.amount.currency().code(), "from": iso_date(row.from), "confirmed": row.confirmed,
                "in_force": in_force,
            });
            out::line(&it.to_string());
            continue;
        }
        let star = if in_force { '*' } else { ' ' };
        let state = if row.confirmed { "confirmed" } else { "not confirmed: production does not charge it" };
        let (plan, version, amount) = (row.plan.name(), row.version, row.amount.to_string());
        out::line(&format!("{star} {plan:<8} {version:>3}  {amount:>12}  from {from:<10}  {state}"));
    }
}

async fn confirm(world: &World, store: &dyn FullStore, book: &mut PriceBook) -> anyhow::Result<()> {
    let rows = book.confirm();
    if rows.is_empty() {
        out::line("All prices are confirmed already.");
        return Ok(());
    }
    let named: Vec<String> = rows.iter().map(|it| format!("{} {}", it.plan, it.amount)).collect();
    let named = named.join(", ");
    store.put_prices(rows, audit(world, "prices confirm", "prices", named.clone())).await?;
    out::line(&format!("Confirmed: {named}. A running service charges them within five seconds."));
    Ok(())
}

async fn add(
    world: &World,
    store: &dyn FullStore,
    book: &mut PriceBook,
    plan: Plan,
    amount: &str,
    from: JubaDay,
) -> anyhow::Result<()> {
    let amount = Money::parse(amount, Currency::Ssp).context("the amount, such as 3000")?;
    let row = book.add(plan, amount, from, world.clock.now().juba_day())?;
    let detail = format!("{plan} {amount} from {}", iso_date(from));
    store.put_prices(vec![row], audit(world, "prices add", "prices", detail.clone())).await?;
    out::line(&format!("Added: {detail}. Paid days keep the price they were bought at."));
    Ok(())
}
