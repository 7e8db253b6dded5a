//! What commands for operators share: whom and what a text means, and the note in the audit log.

use std::collections::BTreeSet;
use std::time::Duration;

use answerbot_core::contact::event::{Envelope, Event, To};
use answerbot_core::pay::order;
use answerbot_core::pay::payment::Payment;
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::{AggregateId, Contact, ContactId, EventId, PaymentId, State};
use answerbot_ports::regions::FullStore;
use answerbot_ports::reports::{Audit, Find};
use answerbot_ports::world::Clock as _;
use anyhow::bail;

use crate::assemble::World;

/// People read in one step.
const STEP: usize = 500;
/// A running service takes what is handed to it within a sweep; a command waits this long to show what came of it.
const PATIENCE: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A note for the audit log.
pub fn audit(world: &World, what: &str, subject: &str, detail: String) -> Audit {
    Audit {
        at: world.clock.now(),
        who: world.settings.operator.clone(),
        what: what.to_owned(),
        subject: subject.to_owned(),
        detail,
    }
}

/// An event for an aggregate. `name` names it for ever: the same one changes nothing.
pub fn envelope(to: impl Into<AggregateId>, name: &str, event: Event) -> Envelope {
    Envelope { id: EventId::derive("operator", name), to: To::Aggregate(to.into()), event, sent: None }
}

/// Payments that a text means: a reference, a receipt or order code, an external id, MTN's id, or a number.
pub async fn find(
    store: &dyn FullStore,
    text: &str,
    limit: usize,
) -> anyhow::Result<Vec<(PaymentId, Payment)>> {
    let text = text.trim();
    let mut ways = Vec::new();
    if let Ok(id) = PaymentId::parse_uuid(text) {
        ways.push(Find::Id(id));
    }
    if let Some(code) = order::read_code(text) {
        ways.push(Find::Code(code));
    }
    if order::read(text).is_some() {
        ways.push(Find::ExternalId(text.to_lowercase()));
    }
    ways.push(Find::MtnId(text.to_owned()));
    if let Some(number) = Msisdn::read(text) {
        ways.push(Find::Payer(number));
    }
    for way in ways {
        let found = store.payments(way, limit).await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// The one payment that a text means.
pub async fn find_one(store: &dyn FullStore, text: &str) -> anyhow::Result<(PaymentId, Payment)> {
    let mut found = find(store, text, 20).await?;
    match found.len() {
        0 => bail!("no payment is called \"{text}\"; `answerbot payments list` shows them"),
        1 => Ok(found.remove(0)),
        _ => {
            let codes: Vec<String> = found.iter().map(|(id, it)| code(*id, it)).collect();
            bail!("several payments match: {}; name one of them", codes.join(", "))
        }
    }
}

/// The number on its receipt.
pub fn code(id: PaymentId, payment: &Payment) -> String {
    payment.order.as_ref().map_or_else(|| order::code(id), |it| it.code.clone())
}

/// Whose a payment is.
pub fn owner(payment: &Payment) -> Option<ContactId> {
    payment.granted_to.or(payment.order.as_ref().map(|it| it.contact))
}

/// The person that a text means: an id, a receipt, a paying number, or a channel id.
pub async fn person(store: &dyn FullStore, text: &str) -> anyhow::Result<(ContactId, Contact)> {
    let text = text.trim();
    let mut ids: BTreeSet<ContactId> = BTreeSet::new();
    if let Ok(id) = text.parse::<ContactId>()
        && store.knows(id.into()).await?
    {
        ids.insert(id);
    }
    if ids.is_empty() {
        ids = by_channel_id(store, text).await?;
    }
    if ids.is_empty() {
        ids = find(store, text, 1_000).await?.iter().filter_map(|(_, it)| owner(it)).collect();
    }
    let mut ids = ids.into_iter();
    match (ids.next(), ids.next()) {
        (Some(id), None) => {
            let opened = store.open(id.into()).await?;
            Ok((id, opened.state.as_contact().cloned().unwrap_or_default()))
        }
        (Some(one), Some(two)) => bail!("several people match, such as {one} and {two}; name one of them"),
        (None, _) => {
            bail!("nobody is called \"{text}\": give an id, a receipt, a paying number or a channel id")
        }
    }
}

/// Channel ids stand only in sealed states, so all of them are read.
async fn by_channel_id(store: &dyn FullStore, text: &str) -> anyhow::Result<BTreeSet<ContactId>> {
    let mut found = BTreeSet::new();
    each_contact(store, false, |id, contact| {
        if contact.identities.iter().any(|it| it.address.as_ref().is_some_and(|it| it.user == text)) {
            found.insert(id);
        }
    })
    .await?;
    Ok(found)
}

/// Shows everybody, or with `paying` only those who ever paid, a few at a time.
pub async fn each_contact(
    store: &dyn FullStore,
    paying: bool,
    mut see: impl FnMut(ContactId, &Contact),
) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let people = store.contacts(paying, after, STEP).await?;
        for (id, contact) in &people {
            see(*id, contact);
        }
        match people.last() {
            Some((id, _)) if people.len() == STEP => after = Some(*id),
            _ => return Ok(()),
        }
    }
}

/// Waits a while for a payment to change so; false when it did not, as no service runs.
pub async fn payment_becomes(
    store: &dyn FullStore,
    id: PaymentId,
    is_so: impl Fn(&Payment) -> bool,
) -> anyhow::Result<bool> {
    becomes(store, id.into(), |state| state.as_payment().is_some_and(&is_so)).await
}

/// The same for a person.
pub async fn contact_becomes(
    store: &dyn FullStore,
    id: ContactId,
    is_so: impl Fn(&Contact) -> bool,
) -> anyhow::Result<bool> {
    becomes(store, id.into(), |state| state.as_contact().is_some_and(&is_so)).await
}

async fn becomes(
    store: &dyn FullStore,
    id: AggregateId,
    is_so: impl Fn(&State) -> bool,
) -> anyhow::Result<bool> {
    let mut waited = Duration::ZERO;
    while !is_so(&store.open(id).await?.state) {
        if waited >= PATIENCE {
            return Ok(false);
        }
        tokio::time::sleep(LOOK_EVERY).await;
        waited += LOOK_EVERY;
    }
    Ok(true)
}

/// What is said when nothing took it yet.
pub const HANDED: &str = "Handed over; a running `answerbot serve` takes it within a sweep.";
