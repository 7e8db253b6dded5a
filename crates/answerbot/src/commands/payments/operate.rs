//! `payments check`, `assign` and `refund`: each an event for the payment, noted in the audit log.

use answerbot_core::contact::event::Event;
use answerbot_core::pay::payment::{self, Assignment, Status};
use answerbot_core::pay::price::{Plan, PriceBook};
use answerbot_ports::regions::FullStore;
use answerbot_ports::reports::Find;
use answerbot_ports::world::Clock as _;
use anyhow::bail;

use crate::assemble::World;
use crate::commands::operator::{HANDED, audit, code, envelope, find_one, payment_becomes, person};
use crate::out;

pub async fn check(world: &World, store: &dyn FullStore, text: &str) -> anyhow::Result<bool> {
    let (id, payment) = find_one(store, text).await?;
    if payment.status.has_money() {
        out::line(&format!("{} has its money: {}.", code(id, &payment), payment.status.name()));
        return Ok(true);
    }
    if payment.asked.is_none() {
        out::line(&format!("{} was never sent to MTN, so there is nothing to ask.", code(id, &payment)));
        return Ok(true);
    }
    let name = format!("check {} {}", id, world.clock.now().as_millis());
    let event = envelope(id, &name, Event::Payment(payment::Event::Nudge));
    let note = audit(world, "payments check", &id.uuid(), payment.status.name().into());
    store.hand(vec![event], note).await?;
    let before = payment.checked;
    if payment_becomes(store, id, |it| it.checked != before || it.status.has_money()).await? {
        let (_, now) = find_one(store, &id.uuid()).await?;
        out::line(&format!("MTN was asked; {} is {}.", code(id, &now), now.status.name()));
    } else {
        out::line(HANDED);
    }
    Ok(true)
}

pub async fn assign(
    world: &World,
    store: &dyn FullStore,
    line: &str,
    user: &str,
    plan: Option<Plan>,
) -> anyhow::Result<bool> {
    let (id, payment) = find_one(store, line).await?;
    let (to, _) = person(store, user).await?;
    let (Status::Review, Some(paid)) = (payment.status, &payment.paid) else {
        bail!("{} is {}; only money in review can be assigned", code(id, &payment), payment.status.name());
    };
    let book = PriceBook::from(store.prices().await?);
    let today = world.clock.now().juba_day();
    let money = payment.stated.unwrap_or(paid.money);
    let fitting = |plan: &Plan| book.on(*plan, today).is_some_and(|row| row.amount == money);
    let Some(plan) = plan.or_else(|| Plan::ALL.into_iter().find(fitting)) else {
        bail!("{money} is no plan's price today: say --plan weekly or --plan monthly");
    };
    let paying = &world.settings.policy.paying;
    let version = book.on(plan, today).map_or(0, |it| it.version);
    let assignment = Assignment { to, plan, days: plan.days(paying), version };
    let event = Event::Payment(payment::Event::Assign(assignment));
    let detail = format!("{money} as {plan} to {to}");
    let name = format!("assign {id} {to} {}", world.clock.now().as_millis());
    store
        .hand(vec![envelope(id, &name, event)], audit(world, "payments assign", &id.uuid(), detail.clone()))
        .await?;
    if payment_becomes(store, id, |it| it.status == Status::Success).await? {
        out::line(&format!("Assigned {detail}. The person is told."));
    } else {
        out::line(HANDED);
    }
    Ok(true)
}

pub async fn refund(world: &World, store: &dyn FullStore, text: &str, mtn_id: &str) -> anyhow::Result<bool> {
    let (id, payment) = find_one(store, text).await?;
    match payment.status {
        Status::Refunded if payment.refund.as_deref() == Some(mtn_id.trim()) => {
            out::line(&format!("{} was given back before.", code(id, &payment)));
            return Ok(true);
        }
        Status::Refunded => bail!(
            "{} was given back before, under MTN {}: if that is another transfer, it was one too many",
            code(id, &payment),
            payment.refund.as_deref().unwrap_or("unknown")
        ),
        Status::Success | Status::Review => {}
        other => bail!("{} is {}: there is no money to give back", code(id, &payment), other.name()),
    }
    let mtn_id = mtn_id.trim();
    if mtn_id.is_empty() {
        bail!("--by-hand is MTN's id of the refund, such as 1234567890");
    }
    let others = store.payments(Find::Status(Status::Refunded.name().into()), usize::MAX).await?;
    if let Some((other, it)) = others.iter().find(|(_, it)| it.refund.as_deref() == Some(mtn_id)) {
        bail!("MTN {mtn_id} is the refund of {} already", code(*other, it));
    }
    let event = Event::Payment(payment::Event::RefundedByHand(mtn_id.to_owned()));
    let name = format!("refund {id} {mtn_id}");
    let amount = payment.paid.as_ref().map(|it| it.money.to_string()).unwrap_or_default();
    let detail = format!("{amount} by hand, MTN {mtn_id}");
    store.hand(vec![envelope(id, &name, event)], audit(world, "payments refund", &id.uuid(), detail)).await?;
    if payment_becomes(store, id, |it| it.status == Status::Refunded).await? {
        let days = if payment.status == Status::Success { "; its days are gone" } else { "" };
        out::line(&format!("Recorded: {amount} of {} were given back{days}.", code(id, &payment)));
    } else {
        out::line(HANDED);
    }
    Ok(true)
}
