//! One store of several: people who move in and out, and what it leaves for the main store.

use answerbot_core::{AggregateId, ContactId, EventId, PaymentId, Time};
use answerbot_ports::regions::{Addressed, Attempt, Landing, Luggage, Member, Record, Region};
use answerbot_ports::reports::Find;
use answerbot_ports::store::{Facets, StoreError};
use async_trait::async_trait;
use mongodb::bson::doc;

use crate::mongo::aggregate::{BURIED, is_here};
use crate::mongo::base::fields::{Fields as _, binary, contact_key, first_of, whole};
use crate::mongo::connect::{Inner, MongoStore, Part};
use crate::mongo::records::pending::Kept;
use crate::mongo::schema::indexes::SAID;

/// Records by their numbers.
type Numbered = Vec<(u64, Record)>;

impl Inner {
    async fn residents(&self, after: Option<ContactId>, most: usize) -> Result<Vec<ContactId>, StoreError> {
        let from = after.map_or_else(|| first_of(0), contact_key);
        let mut ids = doc! { "$lt": first_of(1) };
        ids.insert(if after.is_some() { "$gt" } else { "$gte" }, from);
        let living = doc! { "_id": ids, "away": { "$ne": BURIED } };
        let found = self.ids(living, doc! { "_id": 1 }, most, "_id_").await?;
        Ok(found.into_iter().filter_map(AggregateId::contact).collect())
    }

    async fn said(
        &self,
        region: &Region,
        after: Option<ContactId>,
        most: usize,
    ) -> Result<Vec<ContactId>, StoreError> {
        let mut said = doc! { "region": region.name() };
        if let Some(after) = after {
            said.insert("_id", doc! { "$gt": contact_key(after) });
        }
        is_here(&mut said);
        let found = self.ids(said, doc! { "region": 1, "_id": 1 }, most, SAID).await?;
        Ok(found.into_iter().filter_map(AggregateId::contact).collect())
    }

    async fn records(&self, most: usize) -> Result<Vec<(AggregateId, Numbered)>, StoreError> {
        if self.part == Part::Main {
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        for (of, found) in self.with_records(doc! { "records.at": { "$gt": 0 } }, most).await? {
            let (mut records, mut void) = (Numbered::new(), Vec::new());
            for it in self.readable(of, &found) {
                let record = match it.kept {
                    Kept::Entry(it) => Record::Entry(it),
                    Kept::Grant(it) => Record::Grant(it),
                    Kept::Fact(it) => Record::Fact(it),
                    Kept::Erased => Record::Erased,
                    Kept::Payment => match self.payment_facets(of, &found)? {
                        Some(Facets::Payment(facets)) => {
                            Record::Payment { facets, version: found.count("version")? }
                        }
                        // It lives elsewhere, and what it is found by is told from there.
                        _ => {
                            void.push(it.number);
                            continue;
                        }
                    },
                };
                records.push((u64::try_from(it.number).unwrap_or_default(), record));
            }
            self.forget_records(of, &void).await?;
            if !records.is_empty() {
                all.push((of, records));
            }
        }
        Ok(all)
    }
}

#[async_trait]
impl Member for MongoStore {
    async fn admit_to(&self, envelopes: Vec<Addressed>, arrived: Time) -> Result<Vec<Landing>, StoreError> {
        metrics::counter!("store_writes_total", "kind" => "admit").increment(1);
        self.inner.land(envelopes, arrived).await
    }

    async fn saw(&self, aggregate: AggregateId, events: &[EventId]) -> Result<Vec<bool>, StoreError> {
        self.inner.saw(aggregate, events).await
    }

    async fn payments_of(&self, contact: ContactId) -> Result<Vec<PaymentId>, StoreError> {
        let living = doc! { "home": binary(contact.as_bytes()), "away": { "$ne": BURIED } };
        let found = self.inner.ids(living, doc! { "home": 1 }, usize::MAX, "home").await?;
        Ok(found.iter().map(|it| PaymentId::from_bytes(*it.as_bytes())).collect())
    }

    async fn residents(&self, after: Option<ContactId>, limit: usize) -> Result<Vec<ContactId>, StoreError> {
        self.inner.residents(after, limit).await
    }

    async fn said(
        &self,
        region: &Region,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<ContactId>, StoreError> {
        self.inner.said(region, after, limit).await
    }

    async fn freeze(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError> {
        self.inner.freeze(of, by).await
    }

    async fn thaw(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError> {
        self.inner.thaw(of, by).await
    }

    async fn pack(&self, of: AggregateId, by: Attempt) -> Result<Option<Luggage>, StoreError> {
        self.inner.pack(of, by).await
    }

    async fn unpack(&self, luggage: Luggage, by: Attempt) -> Result<(), StoreError> {
        self.inner.unpack(luggage, by).await
    }

    async fn bury(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError> {
        self.inner.bury(of, by).await
    }

    async fn frozen(
        &self,
        after: Option<AggregateId>,
        limit: usize,
    ) -> Result<Vec<(AggregateId, Attempt)>, StoreError> {
        self.inner.all_frozen(after, limit).await
    }

    async fn frozen_by(&self, of: AggregateId) -> Result<Option<Attempt>, StoreError> {
        self.inner.frozen_by(of).await
    }

    async fn records(&self, limit: usize) -> Result<Vec<(AggregateId, Numbered)>, StoreError> {
        self.inner.records(limit).await
    }

    async fn forget_records(&self, of: AggregateId, numbers: &[u64]) -> Result<(), StoreError> {
        let numbers: Vec<i64> = numbers.iter().map(|it| whole(*it)).collect();
        self.inner.forget_records(of, &numbers).await
    }

    async fn keep_records(&self, of: AggregateId, records: Vec<Record>) -> Result<(), StoreError> {
        self.inner.keep_foreign(of, records).await
    }

    async fn find_payments(&self, find: Find, limit: usize) -> Result<Vec<PaymentId>, StoreError> {
        self.inner.catch_up().await?;
        self.inner.find_payments(find, limit).await
    }
}
