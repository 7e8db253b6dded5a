//! `user move` and `drill evacuate`: people go to the store of a region, and what there is afterwards is compared.

use std::time::Duration;

use answerbot_core::{ContactId, EventId};
use answerbot_fleet::regions::Regional;
use answerbot_fleet::regions::drill::Hands;
use answerbot_local::Access;
use answerbot_ports::regions::{FullStore, Order, Progress, Region, Who};
use answerbot_ports::world::Entropy as _;
use anyhow::Context as _;

use super::operator::audit;
use super::payments::when;
use crate::assemble::World;
use crate::cli::DrillAction;
use crate::out;
use crate::stores::Stores;
use crate::world::OsEntropy;

/// Orders that are shown.
const SHOWN: usize = 20;
/// How long a command waits for a service to carry an order out, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The router over the stores of regions.
pub fn router(stores: &Stores) -> anyhow::Result<&Regional> {
    let regional = stores.regional.as_deref();
    regional
        .context("there are no regions: name a store for each, such as REGION_JUBA_URL=sqlite:data/juba.db")
}

/// Writes an order and waits a while for it to be carried out.
pub async fn order(
    world: &World,
    store: &dyn FullStore,
    regional: &Regional,
    who: Who,
    to: Region,
) -> anyhow::Result<bool> {
    let subject = name(&who);
    store.note(audit(world, "user move", &subject, format!("to {to}"))).await?;
    let id = draw();
    regional.order_move(id, who, to, world.settings.operator.clone()).await?;
    wait_for(regional, id).await
}

/// Undoes somebody's move.
pub async fn undo(
    world: &World,
    store: &dyn FullStore,
    regional: &Regional,
    of: ContactId,
) -> anyhow::Result<bool> {
    store.note(audit(world, "user move", &of.to_string(), "undone".into())).await?;
    let id = draw();
    if regional.undo(id, of, world.settings.operator.clone()).await?.is_none() {
        out::line("There is nothing to undo: no move is under way, and none of the last seven days.");
        return Ok(false);
    }
    wait_for(regional, id).await
}

async fn wait_for(regional: &Regional, id: EventId) -> anyhow::Result<bool> {
    let mut waited = Duration::ZERO;
    loop {
        let order = regional.order(id).await?.context("the order is gone")?;
        if order.progress != Progress::Open {
            out::line(&line(&order));
            return Ok(order.failed == 0);
        }
        if waited >= PATIENCE {
            out::line(&line(&order));
            out::line(&format!(
                "A running `answerbot serve` goes on with it; `user move --orders` shows how far it is, `user move --stop {id}` stops it."
            ));
            return Ok(true);
        }
        tokio::time::sleep(LOOK_EVERY).await;
        waited += LOOK_EVERY;
    }
}

/// Shows the orders.
pub async fn orders(regional: &Regional) -> anyhow::Result<bool> {
    for order in regional.orders(SHOWN).await? {
        out::line(&line(&order));
    }
    for region in regional.closed().await? {
        out::line(&format!(
            "closed     {region} was emptied; `user move --wished --to {region}` opens it again"
        ));
    }
    Ok(true)
}

/// Stops an order.
pub async fn stop(
    world: &World,
    store: &dyn FullStore,
    regional: &Regional,
    id: EventId,
) -> anyhow::Result<bool> {
    store.note(audit(world, "user move", &id.to_string(), "stopped".into())).await?;
    let stopped = regional.stop_order(id).await?;
    out::line(if stopped { "Stopped; whoever was moved stays there." } else { "It is over already." });
    Ok(stopped)
}

/// `drill`.
pub async fn drill(world: &World, action: DrillAction) -> anyhow::Result<bool> {
    let DrillAction::Evacuate { region, to, traffic, patience } = action;
    // Whoever has the stores open carries it out.
    let (stores, hands) = match world.store(Access::Serve).await {
        Ok(stores) if stores.time().is_none() => (stores, Hands::Own),
        _ => (world.store(Access::Beside).await?, Hands::Service(Duration::from_secs(patience))),
    };
    let regional = router(&stores)?;
    stores.open_all().await?;
    stores.all.note(audit(world, "drill evacuate", region.name(), format!("to {to}"))).await?;
    out::line(match hands {
        Hands::Own => "No service runs: this command moves the people.",
        Hands::Service(_) => "A running service moves the people.",
    });
    let drilled = regional.drill(draw(), region, to, world.settings.operator.clone(), hands).await?;
    stores.close().await;
    let (before, after) = (&drilled.before, &drilled.after);
    out::line(&line(&drilled.order));
    out::line(&format!(
        "took       {:.1} s, {:.0} people a second",
        drilled.took.as_secs_f64(),
        drilled.pace()
    ));
    for (label, figure) in [
        ("people", [before.people(), after.people()]),
        ("payments", [before.payments(), after.payments()]),
        ("waiting", [before.waiting, after.waiting]),
        ("to do", [before.open_effects, after.open_effects]),
        ("dead", [before.dead_effects + before.set_aside, after.dead_effects + after.set_aside]),
        ("granted", [before.grants, after.grants]),
        ("captured", [before.captures, after.captures]),
    ] {
        out::line(&format!("{label:<10} {} before, {} after", figure[0], figure[1]));
    }
    out::line(&format!("digest     {} before, {} after", before.digest(), after.digest()));
    for it in &drilled.differences {
        let why = if it.may_be_traffic { " (people who write meanwhile explain it)" } else { "" };
        out::line(&format!("differs    {}: {} before, {} after{why}", it.what, it.before, it.after));
    }
    let is_sound = drilled.is_sound(!traffic);
    out::line(if is_sound {
        "Nothing is lost and nothing is there twice."
    } else {
        "Something is wrong; see above."
    });
    Ok(is_sound)
}

fn draw() -> EventId {
    EventId::from_bytes(OsEntropy.seed())
}

fn name(who: &Who) -> String {
    match who {
        Who::Contact(id) => id.to_string(),
        Who::All(region) => format!("everybody in {region}"),
        Who::Wished => "everybody who wished it".to_owned(),
    }
}

fn line(order: &Order) -> String {
    let progress = match order.progress {
        Progress::Open => "under way",
        Progress::Done => "done",
        Progress::Stopped => "stopped",
    };
    let to = match order.who {
        Who::Wished if order.to.is_main() => "where they wished".to_owned(),
        _ => order.to.to_string(),
    };
    let note = if order.note.is_empty() { String::new() } else { format!("; {}", order.note) };
    format!(
        "{}  {}  {} to {to}: {progress}, {} moved, {} not yet{note}",
        order.id,
        when(order.at),
        name(&order.who),
        order.moved,
        order.failed
    )
}
