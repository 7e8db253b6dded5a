//! `payments list` and `payments show`.

use answerbot_core::PaymentId;
use answerbot_core::Time;
use answerbot_core::pay::days::iso_date;
use answerbot_core::pay::money::Money;
use answerbot_core::pay::payment::{Payment, Status};
use answerbot_ports::regions::FullStore;
use answerbot_ports::reports::Find;
use serde_json::json;

use crate::commands::operator::{code, find, find_one, owner};
use crate::out;

pub async fn list(
    store: &dyn FullStore,
    search: Option<&str>,
    status: Option<String>,
    limit: usize,
    as_json: bool,
) -> anyhow::Result<bool> {
    let mut found = match (search, &status) {
        (Some(text), _) => match find(store, text, limit).await? {
            found if found.is_empty() => of_person(store, text, limit).await,
            found => found,
        },
        (None, Some(status)) => store.payments(Find::Status(status.clone()), limit).await?,
        (None, None) => store.payments(Find::All, limit).await?,
    };
    if let Some(status) = &status {
        found.retain(|(_, it)| it.status.name() == status);
    }
    if found.is_empty() && !as_json {
        out::line("No payments.");
    }
    for (id, payment) in &found {
        out::line(&if as_json { as_value(*id, payment).to_string() } else { as_line(*id, payment) });
    }
    Ok(true)
}

async fn of_person(store: &dyn FullStore, text: &str, limit: usize) -> Vec<(PaymentId, Payment)> {
    let Ok((id, _)) = crate::commands::operator::person(store, text).await else { return Vec::new() };
    store.payments(Find::Contact(id), limit).await.unwrap_or_default()
}

pub async fn one(store: &dyn FullStore, text: &str, as_json: bool) -> anyhow::Result<bool> {
    let (id, payment) = find_one(store, text).await?;
    let entries = store.entries(id).await?;
    if as_json {
        let mut it = as_value(id, &payment);
        it["entries"] = entries
            .iter()
            .map(|it| {
                json!({
                    "event": it.event, "at_ms": it.at.as_millis(), "amount": it.money.to_momo(),
                    "currency": it.money.currency().code(), "debit": it.debit.name(), "credit": it.credit.name(),
                })
            })
            .collect();
        out::line(&it.to_string());
        return Ok(true);
    }
    out::line(&as_line(id, &payment));
    if let Some(order) = &payment.order {
        out::line(&format!("  ordered    {} for {}, {} days", order.plan, order.price, order.days));
        out::line(&format!("  payer      {}", order.payer.masked()));
        out::line(&format!("  external   {}", order.external_id));
    }
    if let Some(contact) = owner(&payment) {
        out::line(&format!("  person     {contact}"));
    }
    if let Some(paid) = &payment.paid {
        let by = paid.payer.map(|it| format!(" by {}", it.masked())).unwrap_or_default();
        let mtn = paid.mtn_id.as_deref().unwrap_or("unknown");
        out::line(&format!("  paid       {}{by}, MTN {mtn}, {}", paid.money, when(paid.at)));
    }
    if let Some(refund) = &payment.refund {
        out::line(&format!("  refunded   by hand, MTN {refund}"));
    }
    if let Some(poll) = &payment.poll {
        out::line(&format!("  next look  {}", when(poll.due)));
    }
    out::line(&format!("  advice     {}", advice(&payment)));
    for it in &entries {
        out::line(&format!(
            "  books      {} {:<9} {} from {} to {}",
            when(it.at),
            it.event,
            it.money,
            it.credit.name(),
            it.debit.name()
        ));
    }
    Ok(true)
}

/// What an operator can do with a payment that stands so.
fn advice(payment: &Payment) -> &'static str {
    match payment.status {
        Status::Review => {
            "give it to a person with `payments assign`, or back in MTN's portal and `payments refund`"
        }
        Status::Success => {
            "nothing to do; money given back in MTN's portal is recorded with `payments refund`"
        }
        Status::Refunded => "nothing to do",
        _ => "`payments check` asks MTN now; a statement settles it with `payments reconcile`",
    }
}

fn as_line(id: PaymentId, payment: &Payment) -> String {
    let at = payment.since().unwrap_or_default();
    let amount = payment.paid.as_ref().map(|it| it.money).or(payment.price());
    let amount = amount.map(|it| it.to_string()).unwrap_or_default();
    let test = if payment.is_test() { "  (test)" } else { "" };
    format!(
        "{}  {}  {}  {amount:>12}  {}{test}",
        when(at),
        id.uuid(),
        code(id, payment),
        payment.status.name()
    )
}

pub fn as_value(id: PaymentId, payment: &Payment) -> serde_json::Value {
    let order = payment.order.as_ref();
    let paid = payment.paid.as_ref();
    json!({
        "reference": id.uuid(),
        "code": code(id, payment),
        "status": payment.status.name(),
        "contact": owner(payment).map(|it| it.to_string()),
        "plan": order.map(|it| it.plan.name()).or(payment.assigned.map(|it| it.plan.name())),
        "price": payment.price().map(Money::to_momo),
        "currency": payment.price().or(paid.map(|it| it.money)).map(|it| it.currency().code()),
        "external_id": order.map(|it| it.external_id.clone()),
        "payer": order.map(|it| it.payer.masked()),
        "since_ms": payment.since().map(answerbot_core::Time::as_millis),
        "paid": paid.map(|it| it.money.to_momo()),
        "paid_ms": paid.map(|it| it.at.as_millis()),
        "mtn_id": paid.and_then(|it| it.mtn_id.clone()),
        "refund": payment.refund,
        "test": payment.is_test(),
    })
}

/// "2026-12-12 14:05", in Juba.
pub fn when(at: Time) -> String {
    format!("{} {}", iso_date(at.juba_day()), at.juba_clock())
}
