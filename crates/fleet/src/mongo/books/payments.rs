//! Payments found by their names, wherever they live.

use answerbot_core::pay::payment::Payment;
use answerbot_core::{AggregateId, Contact, ContactId, PaymentId, State};
use answerbot_ports::reports::Find;
use answerbot_ports::store::StoreError;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};

use crate::mongo::aggregate::{BURIED, ROUNDS};
use crate::mongo::base::fault::{bounded, pause, unless_there, unreadable};
use crate::mongo::base::fields::{Fields as _, binary, contact_key, first_of, key_of, limit, whole};
use crate::mongo::connect::Inner;
use crate::mongo::schema::PAYMENTS;

impl Inner {
    /// Notes what a payment is found by, unless a later version is known. Versions go on where it moves.
    pub async fn put_payment(
        &self,
        id: PaymentId,
        facets: &Document,
        version: u64,
    ) -> Result<(), StoreError> {
        let payments = self.of(PAYMENTS);
        let id = binary(id.as_bytes());
        let mut facets = facets.clone();
        facets.insert("version", whole(version));
        let update = anew(&facets);
        let earlier = doc! { "_id": id.clone(), "$or": [
            { "version": { "$lt": whole(version) } }, { "version": { "$exists": false } },
        ] };
        for round in 0..ROUNDS {
            pause(round).await;
            let moved = bounded(payments.update_one(earlier.clone(), update.clone())).await?;
            if moved.matched_count > 0
                || bounded(payments.find_one(doc! { "_id": id.clone() })).await?.is_some()
            {
                return Ok(());
            }
            let mut first = facets.clone();
            first.insert("_id", id.clone());
            if unless_there(payments.insert_one(first)).await?.is_some() {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("a payment is fought over".to_owned()))
    }

    /// The ids of payments, the newest first.
    pub async fn find_payments(&self, find: Find, most: usize) -> Result<Vec<PaymentId>, StoreError> {
        let filter = match find {
            Find::All => doc! {},
            Find::Status(status) => doc! { "status": status },
            Find::Id(id) => doc! { "_id": binary(id.as_bytes()) },
            Find::Code(code) => doc! { "code": code },
            Find::ExternalId(id) => doc! { "external_id": id },
            Find::MtnId(id) => doc! { "mtn_id": id },
            Find::Payer(number) => doc! { "payer": binary(self.hash.payer(number).as_bytes()) },
            Find::Contact(id) => doc! { "contact": binary(id.as_bytes()) },
        };
        if most == 0 {
            return Ok(Vec::new());
        }
        let payments = self.of(PAYMENTS);
        let found: Vec<Document> = bounded(async {
            let find = payments.find(filter).projection(doc! { "_id": 1 }).sort(doc! { "wished": -1 });
            find.limit(limit(most)).await?.try_collect().await
        })
        .await?;
        found.iter().map(|it| it.id("_id").map(PaymentId::from_bytes)).collect()
    }

    /// Payments that live here, the newest first.
    pub async fn payments(&self, find: Find, most: usize) -> Result<Vec<(PaymentId, Payment)>, StoreError> {
        let ids = self.find_payments(find, most).await?;
        let keys: Vec<_> = ids.iter().map(|id| key_of((*id).into())).collect();
        let here = doc! { "_id": { "$in": keys }, "state": { "$exists": true }, "away": { "$ne": BURIED } };
        let aggregates = self.aggregates();
        let found: Vec<Document> = bounded(async {
            aggregates.find(here).projection(doc! { "state": 1 }).await?.try_collect().await
        })
        .await?;
        let mut all = Vec::with_capacity(found.len());
        for it in &found {
            let aggregate = it.aggregate("_id")?;
            if let State::Payment(payment) =
                self.codec.open_state(aggregate, it.bytes("state")?).map_err(unreadable)?
            {
                all.push((PaymentId::from_bytes(*aggregate.as_bytes()), *payment));
            }
        }
        all.sort_by_key(|(id, _)| ids.iter().position(|it| it == id));
        Ok(all)
    }

    /// People by id; with `paying` only those who ever paid.
    pub async fn contacts(
        &self,
        paying: bool,
        after: Option<ContactId>,
        most: usize,
    ) -> Result<Vec<(ContactId, Contact)>, StoreError> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let from = after.map_or_else(|| first_of(0), contact_key);
        let mut people = doc! {
            "_id": { "$gt": from, "$lt": first_of(1) },
            "stage": { "$exists": true },
            "state": { "$exists": true },
            "away": { "$ne": BURIED },
        };
        if paying {
            people.insert("subscription_status", doc! { "$exists": true });
        }
        let aggregates = self.aggregates();
        let found: Vec<Document> = bounded(async {
            let find = aggregates.find(people).projection(doc! { "state": 1 }).sort(doc! { "_id": 1 });
            find.limit(limit(most)).await?.try_collect().await
        })
        .await?;
        let mut all = Vec::with_capacity(found.len());
        for it in &found {
            let aggregate = it.aggregate("_id")?;
            let state = self.codec.open_state(aggregate, it.bytes("state")?).map_err(unreadable)?;
            if let (AggregateId::Contact(id), State::Contact(contact)) = (aggregate, state) {
                all.push((id, *contact));
            }
        }
        Ok(all)
    }
}

/// Sets these facets, and takes away those that are none any more.
fn anew(facets: &Document) -> Document {
    let mut gone = Document::new();
    for name in ["contact", "payer", "external_id", "mtn_id"] {
        if !facets.contains_key(name) {
            gone.insert(name, "");
        }
    }
    let mut update = doc! { "$set": facets.clone() };
    if !gone.is_empty() {
        update.insert("$unset", gone);
    }
    update
}
