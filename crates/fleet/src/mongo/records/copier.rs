//! Copying records to their places.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use answerbot_core::decide::Fact;
use answerbot_core::{AggregateId, PaymentId};
use answerbot_ports::regions::Record;
use answerbot_ports::store::{Facets, StoreError};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::bson::{Bson, Document, doc};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::pending::{Kept, Pending};
use super::turns::turn_documents;
use crate::mongo::aggregate::{AT_ONCE, facets};
use crate::mongo::base::fault::bounded;
use crate::mongo::base::fields::{Fields as _, key_of};
use crate::mongo::connect::{Inner, Part};
use crate::mongo::schema::AGGREGATES;

/// Aggregates that are copied at once.
const PAGE: usize = 100;
/// What comes within this time is copied together: one look and one write of turns for all, and for one aggregate one
/// update, whatever it decided meanwhile.
const TOGETHER: Duration = Duration::from_secs(1);
/// How often one process adds up what turns cost.
const SUMS: Duration = Duration::from_secs(1);

/// An aggregate with its records that were read.
struct Copy {
    of: AggregateId,
    pending: Vec<Pending>,
    /// What a payment is found by, and since which version.
    pay: Option<(Document, u64)>,
}

/// Copies the records of aggregates that are named to it. What it does not copy the next sweep does.
pub(in crate::mongo) async fn run(inner: Arc<Inner>, mut waiting: mpsc::Receiver<AggregateId>) {
    let mut summed: Option<Instant> = None;
    let mut named = BTreeSet::new();
    while let Some(first) = waiting.recv().await {
        named.insert(first);
        let until = Instant::now() + TOGETHER;
        while named.len() < PAGE
            && let Ok(Some(more)) = tokio::time::timeout_at(until, waiting.recv()).await
        {
            named.insert(more);
        }
        let keys: Vec<_> = named.iter().map(|it| key_of(*it)).collect();
        let mut copied = inner.copy_where(doc! { "_id": { "$in": keys } }, PAGE).await.map(drop);
        if copied.is_ok() && summed.is_none_or(|at| at.elapsed() >= SUMS) {
            copied = inner.sum_turns().await;
            summed = Some(Instant::now());
        }
        if let Err(error) = copied {
            tracing::warn!(error = %error, "records could not be copied; the next sweep does it");
        }
        named.clear();
    }
}

/// Whether a command belongs to the copying: it looks for records or takes them off their aggregate.
pub(in crate::mongo) fn is_copying(command: &Document) -> bool {
    let looks = command.get_document("projection").is_ok_and(|it| it.contains_key("records"));
    let takes = |it: &Document| {
        let pull = it.get_document("u").and_then(|it| it.get_document("$pull"));
        pull.is_ok_and(|it| it.contains_key("records"))
    };
    looks || command.get_array("updates").into_iter().flatten().filter_map(Bson::as_document).any(takes)
}

impl Inner {
    /// After a commit: money at once, all else beside. The commit is durable, so nothing that fails here matters to it.
    pub async fn copy_after(
        &self,
        of: AggregateId,
        version: u64,
        facets: Option<&Facets>,
        pending: &[Pending],
    ) {
        let (money, rest): (Vec<Pending>, Vec<Pending>) =
            pending.iter().cloned().partition(|it| it.kept.is_money());
        if !money.is_empty() {
            let pay = match facets {
                Some(Facets::Payment(it)) => Some((facets::payment(it, &self.hash), version)),
                _ => None,
            };
            if let Err(error) = self.copy(Copy { of, pending: money, pay }).await {
                tracing::warn!(error = %error, "records of money could not be copied; the next sweep does it");
            }
        }
        if !rest.is_empty() && self.copies.try_send(of).is_err() {
            metrics::counter!("store_copies_left_total").increment(1);
        }
    }

    /// Copies whatever waits, and adds up what turns cost. Returns how many aggregates had something.
    pub async fn catch_up(&self) -> Result<u64, StoreError> {
        if self.part != Part::Main {
            return Ok(0);
        }
        let (mut total, mut odd) = (0, Vec::new());
        loop {
            let waiting = doc! { "records.at": { "$gt": 0 }, "_id": { "$nin": odd.clone() } };
            let copied = self.copy_where(waiting, PAGE).await?;
            let left = copied.iter().filter(|(_, is_whole)| !is_whole);
            odd.extend(left.map(|(of, _)| key_of(*of)));
            total += copied.len() as u64;
            if copied.len() < PAGE {
                break;
            }
        }
        self.sum_turns().await?;
        Ok(total)
    }

    /// Copies the records of some aggregates, those that wait longest first. Says for each whether all could be read.
    async fn copy_where(
        &self,
        filter: Document,
        most: usize,
    ) -> Result<Vec<(AggregateId, bool)>, StoreError> {
        let (mut all, mut copied, mut turns) = (Vec::new(), Vec::new(), Vec::new());
        for (of, found) in self.with_records(filter, most).await? {
            let count = found.length("records");
            let mut pending = self.readable(of, &found);
            copied.push((of, pending.len() == count));
            // Those that come first need no order among aggregates: one write for all.
            let first = pending.iter().take_while(|it| matches!(it.kept, Kept::Fact(Fact::Turn(_)))).count();
            for it in &pending[..first] {
                if let Kept::Fact(Fact::Turn(turn)) = &it.kept {
                    turns.extend(turn_documents(of, turn));
                }
            }
            let rest = pending.split_off(first);
            let pay = found.get_document("pay").ok().cloned().zip(found.count("version").ok());
            all.push((pending, Copy { of, pending: rest, pay }));
        }
        self.put_turns(turns).await?;
        let keep = |(done, rest): (Vec<Pending>, Copy)| async move {
            let numbers = done.iter().chain(&rest.pending).map(|it| it.number).collect();
            let of = rest.of;
            self.keep(rest).await.map(|()| (of, numbers))
        };
        let results: Vec<_> = stream::iter(all).map(keep).buffer_unordered(AT_ONCE).collect().await;
        let (mut kept, mut outcome) = (Vec::new(), Ok(copied));
        for result in results {
            match result {
                Ok(it) => kept.push(it),
                Err(error) => outcome = Err(error),
            }
        }
        // What was kept is taken off although another failed.
        self.forget_all(kept).await?;
        outcome
    }

    /// Aggregates with their records, those that wait longest first.
    pub async fn with_records(
        &self,
        filter: Document,
        most: usize,
    ) -> Result<Vec<(AggregateId, Document)>, StoreError> {
        let aggregates = self.aggregates();
        let wanted = doc! { "records": 1, "pay": 1, "version": 1, "state": 1 };
        let found: Vec<Document> = bounded(async {
            let find = aggregates.find(filter).projection(wanted).sort(doc! { "records.at": 1 });
            find.limit(crate::mongo::base::fields::limit(most)).await?.try_collect().await
        })
        .await?;
        found.into_iter().map(|it| Ok((it.aggregate("_id")?, it))).collect()
    }

    /// The records of an aggregate, up to the first that cannot be read.
    pub fn readable(&self, of: AggregateId, found: &Document) -> Vec<Pending> {
        let read = |record: &Document| match Pending::open(&self.codec, of, record) {
            Ok(pending) => Some(pending),
            Err(error) => {
                tracing::error!(aggregate = %of, error = %error, "a record cannot be read; it stays with its aggregate");
                None
            }
        };
        found.each("records").map_while(read).collect()
    }

    async fn copy(&self, copy: Copy) -> Result<(), StoreError> {
        let numbers: Vec<i64> = copy.pending.iter().map(|it| it.number).collect();
        let of = copy.of;
        self.keep(copy).await?;
        self.forget_records(of, &numbers).await
    }

    /// Keeps records in their places, in their order.
    async fn keep(&self, copy: Copy) -> Result<(), StoreError> {
        let Copy { of, pending, pay } = copy;
        let mut turns = Vec::new();
        for Pending { number, at, kept } in pending {
            if let Kept::Fact(Fact::Turn(turn)) = &kept {
                turns.extend(turn_documents(of, turn));
                continue;
            }
            self.put_turns(std::mem::take(&mut turns)).await?;
            match kept {
                Kept::Entry(entry) => self.add_entry(&entry, at, number).await?,
                Kept::Grant(payment) => self.add_grant(payment, of).await?,
                Kept::Fact(fact) => self.keep_fact(of, fact, number).await?,
                Kept::Payment => {
                    if let Some((facets, version)) = &pay {
                        let id = PaymentId::from_bytes(*of.as_bytes());
                        self.put_payment(id, facets, *version).await?;
                    }
                }
                Kept::Erased => {
                    self.erase_reports(of).await?;
                    if let Some(contact) = of.contact() {
                        self.forget_parked_aside(contact).await?;
                    }
                }
            }
        }
        self.put_turns(turns).await
    }

    async fn keep_fact(&self, of: AggregateId, fact: Fact, number: i64) -> Result<(), StoreError> {
        match fact {
            Fact::Turn(turn) => self.put_turns(turn_documents(of, &turn)).await,
            Fact::Rated { ask, good } => self.rate(ask, good).await,
            Fact::Missed { day, language, normal } => self.miss(of, number, day, (language, normal)).await,
        }
    }

    /// Keeps records that another store handed over.
    pub async fn keep_foreign(&self, of: AggregateId, records: Vec<Record>) -> Result<(), StoreError> {
        let at = self.time.moment();
        let mut pending = Vec::with_capacity(records.len());
        for (number, record) in (0..).zip(records) {
            let kept = match record {
                Record::Entry(it) => Kept::Entry(it),
                Record::Grant(it) => Kept::Grant(it),
                Record::Fact(it) => Kept::Fact(it),
                Record::Erased => Kept::Erased,
                Record::Payment { facets, version } => {
                    let facets = facets::payment(&facets, &self.hash);
                    self.put_payment(PaymentId::from_bytes(*of.as_bytes()), &facets, version).await?;
                    continue;
                }
            };
            pending.push(Pending { number, at, kept });
        }
        self.keep(Copy { of, pending, pay: None }).await
    }

    /// Takes records off their aggregate.
    pub async fn forget_records(&self, of: AggregateId, numbers: &[i64]) -> Result<(), StoreError> {
        if numbers.is_empty() {
            return Ok(());
        }
        bounded(self.aggregates().update_one(doc! { "_id": key_of(of) }, without(numbers))).await.map(drop)
    }

    /// Takes records off many aggregates in one command. What it leaves is copied once more, which changes nothing.
    async fn forget_all(&self, copied: Vec<(AggregateId, Vec<i64>)>) -> Result<(), StoreError> {
        let updates: Vec<Document> = copied
            .into_iter()
            .filter(|(_, numbers)| !numbers.is_empty())
            .map(|(of, numbers)| doc! { "q": { "_id": key_of(of) }, "u": without(&numbers) })
            .collect();
        if updates.is_empty() {
            return Ok(());
        }
        // The driver's own way to write many needs MongoDB 8.
        let command = doc! { "update": AGGREGATES, "updates": updates, "ordered": false };
        let reply = bounded(self.db.run_command(command)).await?;
        // The driver looks for these only in commands that it wrote itself.
        if reply.get_array("writeErrors").is_ok_and(|it| !it.is_empty()) {
            return Err(StoreError::Unavailable("mongodb refused some of many writes".to_owned()));
        }
        Ok(())
    }
}

/// Takes these off an aggregate.
fn without(numbers: &[i64]) -> Document {
    doc! { "$pull": { "records": { "n": { "$in": numbers } } } }
}
