//! `user`: one person.

use answerbot_core::contact::event::{Event, Gift};
use answerbot_core::pay::days::iso_date;
use answerbot_core::pay::money::Money;
use answerbot_core::pay::order;
use answerbot_core::pay::payment::Status;
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::{Plan, PriceBook};
use answerbot_core::{Contact, ContactId, EventId, PaymentId};
use answerbot_local::Access;
use answerbot_ports::regions::{FullStore, Region, Who};
use answerbot_ports::store::alias_key;
use answerbot_ports::world::Clock as _;
use anyhow::bail;
use serde_json::json;

use super::operator::{HANDED, audit, contact_becomes, envelope, find_one, owner, person};
use super::regions;
use crate::assemble::World;
use crate::cli::UserAction;
use crate::out;
use crate::stores::Stores;

pub async fn run(world: &World, action: UserAction) -> anyhow::Result<bool> {
    let stores = world.store(Access::Beside).await?;
    let store = &*stores.all;
    match action {
        UserAction::Show { user, json } => show(world, &stores, &user, json).await,
        UserAction::Forget { user } => forget(world, store, &user).await,
        UserAction::Grant { user, days, why } => grant(world, store, &user, days, &why).await,
        UserAction::Merge { old, new, receipt, number } => {
            merge(world, store, &old, &new, &receipt, &number).await
        }
        UserAction::Move { user, everybody_in, wished, to, undo, orders, stop } => {
            let regional = regions::router(&stores)?;
            if orders {
                return regions::orders(regional).await;
            }
            if let Some(order) = stop {
                return regions::stop(world, store, regional, order).await;
            }
            if let (true, Some(user)) = (undo, &user) {
                return regions::undo(world, store, regional, person(store, user).await?.0).await;
            }
            let who = match (user, everybody_in) {
                (Some(user), _) => Who::Contact(person(store, &user).await?.0),
                (None, Some(region)) => Who::All(region),
                (None, None) if wished => Who::Wished,
                (None, None) => bail!("say who is moved"),
            };
            regions::order(world, store, regional, who, to.unwrap_or_else(Region::main)).await
        }
        UserAction::Audit { limit } => {
            for it in store.audits(limit).await? {
                let at = super::payments::when(it.at);
                out::line(&format!("{at}  {:<10} {:<18} {}  {}", it.who, it.what, it.subject, it.detail));
            }
            Ok(true)
        }
    }
}

async fn show(world: &World, stores: &Stores, user: &str, as_json: bool) -> anyhow::Result<bool> {
    let store = &*stores.all;
    let (id, contact) = person(store, user).await?;
    let today = world.clock.now().juba_day();
    let through = contact.paying.through();
    let channels: Vec<String> = contact
        .identities
        .iter()
        .map(|it| {
            it.address
                .as_ref()
                .map_or_else(|| "erased".into(), |to| format!("{} {}", to.channel.name(), to.user))
        })
        .collect();
    let free = contact.identities.iter().map(|it| it.free.on(today)).max().unwrap_or(0);
    let cost = store.cost_of(id).await?;
    let region = match &stores.regional {
        Some(regional) => regional.region_of(id).await?,
        None => Region::main(),
    };
    let waiting = contact.waiting.len() + contact.retrying.len() + usize::from(contact.asking.is_some());
    if as_json {
        let grants: Vec<_> = contact
            .paying
            .grants
            .iter()
            .map(|(payment, it)| {
                json!({
                    "reference": payment.uuid(), "code": it.granted.code, "plan": it.granted.plan.name(), "days": it.granted.days,
                    "price": it.granted.price.to_string(), "mtn_id": it.granted.mtn_id, "at_ms": it.granted.at.as_millis(),
                    "gift": it.granted.gift, "refunded": it.refunded,
                })
            })
            .collect();
        let shown = json!({
            "id": id.to_string(), "stage": contact.stage.name(), "channels": channels, "paid_through": through.map(iso_date),
            "paid_used_today": contact.paying.used.on(today), "free_used_today": free, "waiting_questions": waiting,
            "quiet": contact.quiet, "grants": grants, "merged_into": contact.merged_into.map(|it| it.to_string()),
            "number": contact.paying.number.map(Msisdn::masked),
            "region_store": region.name(), "ai_cost_micro_usd": cost.0, "ai_cost_today_micro_usd": contact.ai_spent.on(today).0,
        });
        out::line(&shown.to_string());
        return Ok(true);
    }
    out::line(&format!("id         {id}"));
    out::line(&format!("stage      {}", contact.stage.name()));
    if stores.regional.is_some() {
        out::line(&format!("region     the store of {region}"));
    }
    for channel in channels {
        out::line(&format!("channel    {channel}"));
    }
    out::line(&match through {
        Some(through) if through >= today => format!("plan       until {}", iso_date(through)),
        Some(through) => format!("plan       ended {}", iso_date(through)),
        None => "plan       none".to_owned(),
    });
    out::line(&format!(
        "today      {} paid and {free} free questions used; {waiting} wait",
        contact.paying.used.on(today)
    ));
    out::line(&format!(
        "AI cost    {} US dollars in the last 60 days, {} today",
        cost.usd(),
        contact.ai_spent.on(today).usd()
    ));
    if let Some(number) = contact.paying.number {
        out::line(&format!("number     {}", number.masked()));
    }
    if let Some(other) = contact.merged_into {
        out::line(&format!("merged     into {other}"));
    }
    for (payment, period) in contact.paying.periods() {
        let Some(grant) = contact.paying.grants.get(&payment) else { continue };
        let what = if grant.granted.gift { "gift" } else { grant.granted.plan.name() };
        let (first, through) = (iso_date(period.first), iso_date(period.through));
        out::line(&format!(
            "grant      {} {what} {} {first} to {through}",
            grant.granted.code, grant.granted.price
        ));
    }
    Ok(true)
}

async fn forget(world: &World, store: &dyn FullStore, user: &str) -> anyhow::Result<bool> {
    let (id, contact) = person(store, user).await?;
    if contact.identities.iter().all(|it| it.address.is_none()) {
        out::line("There is nothing left to erase.");
        return Ok(true);
    }
    let name = format!("erase {id} {}", world.clock.now().as_millis());
    store
        .hand(
            vec![envelope(id, &name, Event::Erase)],
            audit(world, "user forget", &id.to_string(), String::new()),
        )
        .await?;
    let is_gone = |it: &Contact| it.identities.iter().all(|it| it.address.is_none());
    done(
        contact_becomes(store, id, is_gone).await?,
        "Erased. Payments younger than seven days keep reference, amount and sealed payer until then.",
    );
    Ok(true)
}

async fn grant(
    world: &World,
    store: &dyn FullStore,
    user: &str,
    days: u32,
    why: &str,
) -> anyhow::Result<bool> {
    let (id, _) = person(store, user).await?;
    let book = PriceBook::from(store.prices().await?);
    let Some(row) = book.on(Plan::Weekly, world.clock.now().juba_day()) else {
        bail!("there is no weekly price")
    };
    let weekly = i64::from(Plan::Weekly.days(&world.settings.policy.paying).max(1));
    let worth =
        Money::from_minor((row.amount.minor() * i64::from(days) / weekly).max(1), row.amount.currency());
    // The same gift on the same day, given twice by mistake, is one.
    let today = iso_date(world.clock.now().juba_day());
    let name = EventId::derive("gift", &format!("{id} {days} {why} {today}"));
    let gift_id = PaymentId::draw(*name.as_bytes());
    let gift = Gift { id: gift_id, days, worth };
    let detail = format!("{days} days worth {worth}: {why}");
    let event = envelope(id, &format!("gift {}", gift.id), Event::Gift(gift));
    store.hand(vec![event], audit(world, "user grant", &id.to_string(), detail)).await?;
    let has_it = |it: &Contact| it.paying.grants.contains_key(&gift.id);
    done(
        contact_becomes(store, id, has_it).await?,
        &format!("Given: {days} days, booked as goodwill of {worth}."),
    );
    Ok(true)
}

/// Nothing is merged without proof: a receipt of the old account, and the whole number that paid it.
async fn merge(
    world: &World,
    store: &dyn FullStore,
    old: &str,
    new: &str,
    receipt: &str,
    number: &str,
) -> anyhow::Result<bool> {
    let (old, was) = person(store, old).await?;
    let (new, stays) = person(store, new).await?;
    if old == new {
        bail!("these are one account already");
    }
    if stays.merged_into.is_some() {
        bail!("{new} was merged into another account itself");
    }
    prove(store, old, receipt, number).await?;
    if was.merged_into == Some(new) {
        out::line("They were merged before.");
        return Ok(true);
    }
    // A merge the other way, which nothing has decided yet, has made this one an alias of the other.
    if !store.claim(alias_key(new), new, None).await? {
        bail!("{new} is being merged into another account itself");
    }
    // First the addresses, so that whatever is written from now on goes to the account that stays; the old one's
    // inbox is decided before it hands over.
    let keys = was.identities.iter().map(|it| it.key).chain(std::iter::once(old));
    for key in keys {
        if !store.claim(alias_key(key), new, Some(old)).await? {
            bail!("the address {key} belongs to another account already");
        }
    }
    let event = envelope(old, &format!("merge {old} {new}"), Event::MergeInto(new));
    let detail = format!("into {new}; proof: receipt {receipt} and its paying number");
    store.hand(vec![event], audit(world, "user merge", &old.to_string(), detail)).await?;
    let has_it = |it: &Contact| was.paying.grants.keys().all(|id| it.paying.grants.contains_key(id));
    done(contact_becomes(store, new, has_it).await?, &format!("Merged: {old} is {new} now."));
    Ok(true)
}

async fn prove(store: &dyn FullStore, old: ContactId, receipt: &str, number: &str) -> anyhow::Result<()> {
    let Some(code) = order::read_code(receipt) else { bail!("--receipt is a number such as 7K3F-9Q2D") };
    let (_, payment) = find_one(store, &code).await?;
    let paid_by = payment.order.as_ref().map(|it| it.payer).or(payment.paid.as_ref().and_then(|it| it.payer));
    let named = Msisdn::read(number);
    let fits = owner(&payment) == Some(old)
        && payment.status == Status::Success
        && named.is_some()
        && named == paid_by;
    if !fits {
        bail!(
            "the receipt and the number do not prove it: the receipt must be a granted payment of the old account, and the number the one that paid it"
        );
    }
    Ok(())
}

fn done(is_done: bool, text: &str) {
    out::line(if is_done { text } else { HANDED });
}
