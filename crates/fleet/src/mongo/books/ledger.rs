//! Entries of the books, and who was granted what. Only ever added to.

use std::collections::BTreeMap;

use answerbot_core::pay::ledger::{Account, Entry};
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::{AggregateId, PaymentId};
use answerbot_ports::reports::AccountSum;
use answerbot_ports::store::StoreError;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};

use crate::mongo::base::fault::bounded;
use crate::mongo::base::fields::{Fields as _, binary};
use crate::mongo::connect::Inner;
use crate::mongo::schema::{GRANTS, LEDGER};

/// The name of an entry: unique by payment and event.
pub(in crate::mongo) fn entry_name(payment: PaymentId, event: &str) -> String {
    format!("{payment}/{event}")
}

/// Reads an entry. What we did not write cannot be read.
pub(in crate::mongo) fn entry_of(it: &Document) -> Result<Entry, StoreError> {
    let odd = |name: &str| StoreError::Unreadable(format!("an entry of the books has an odd {name}"));
    let account = |name: &str| Account::read(it.text(name)?).ok_or_else(|| odd(name));
    Ok(Entry {
        payment: PaymentId::from_bytes(it.id("payment")?),
        event: it.text("event")?.to_owned(),
        at: it.time("at")?,
        money: Money::from_minor(it.long("minor")?, currency_of(it)?),
        debit: account("debit")?,
        credit: account("credit")?,
        test: it.get_bool("test").map_err(|_| odd("test"))?,
    })
}

/// The currency of a row. A code that people could write in another way was not written by us.
pub(in crate::mongo) fn currency_of(it: &Document) -> Result<Currency, StoreError> {
    let name = it.text("currency")?;
    let known = [Currency::Ssp, Currency::Eur].into_iter().find(|it| it.code() == name);
    known.ok_or_else(|| StoreError::Unreadable("a row has an odd currency".to_owned()))
}

impl Inner {
    /// Adds an entry; one that is there already stays as it is. `booked` and `number` are its place in the order.
    pub async fn add_entry(&self, it: &Entry, booked: i64, number: i64) -> Result<(), StoreError> {
        let entry = doc! {
            "payment": binary(it.payment.as_bytes()),
            "event": &it.event,
            "at": it.at.as_millis(),
            "minor": it.money.minor(),
            "currency": it.money.currency().code(),
            "debit": it.debit.name(),
            "credit": it.credit.name(),
            "test": it.test,
            "booked": booked,
            "n": number,
            "open": true,
        };
        self.insert_once(LEDGER, doc! { "_id": entry_name(it.payment, &it.event) }, entry).await
    }

    /// Notes what was granted to whom, once.
    pub async fn add_grant(&self, payment: PaymentId, to: AggregateId) -> Result<(), StoreError> {
        let grant = doc! { "contact": binary(to.as_bytes()) };
        self.insert_once(GRANTS, doc! { "_id": binary(payment.as_bytes()) }, grant).await
    }

    /// Writes a document where none has its name.
    pub async fn insert_once(
        &self,
        collection: &str,
        name: Document,
        it: Document,
    ) -> Result<(), StoreError> {
        let once = doc! { "$setOnInsert": it };
        // Of two at once the later one may be told that it is there.
        let collection = self.of(collection);
        crate::mongo::base::fault::unless_there(collection.update_one(name, once).upsert(true))
            .await
            .map(drop)
    }

    /// The entries of one payment, in their order.
    pub async fn entries(&self, payment: PaymentId) -> Result<Vec<Entry>, StoreError> {
        let ledger = self.of(LEDGER);
        let of = doc! { "payment": binary(payment.as_bytes()) };
        let mut found: Vec<Document> = bounded(async { ledger.find(of).await?.try_collect().await }).await?;
        found.sort_by_key(|it| (it.maybe_long("booked"), it.maybe_long("n")));
        found.iter().map(entry_of).collect()
    }

    /// The accounts; tests in MTN's sandbox are left out, and the deferred accounts of all payments are one.
    pub async fn accounts(&self) -> Result<Vec<AccountSum>, StoreError> {
        let mut sums: BTreeMap<(String, &'static str), i64> = BTreeMap::new();
        // Both sides of an entry in one look: somebody may write between two.
        let pipeline = [
            doc! { "$match": { "test": false } },
            doc! { "$group": {
                "_id": { "debit": "$debit", "credit": "$credit", "currency": "$currency" },
                "minor": { "$sum": "$minor" },
            } },
        ];
        for it in self.grouped(LEDGER, pipeline).await? {
            let of = it.get_document("_id").cloned().unwrap_or_default();
            for (side, sign) in [("debit", 1), ("credit", -1)] {
                let account = match of.text(side)? {
                    deferred if deferred.starts_with("liab:deferred:") => "liab:deferred",
                    account => account,
                };
                let sum = sums.entry((account.to_owned(), currency_of(&of)?.code())).or_default();
                *sum += sign * it.long("minor")?;
            }
        }
        let currency = |code| if code == Currency::Eur.code() { Currency::Eur } else { Currency::Ssp };
        let sum = |((account, code), minor)| AccountSum { account, currency: currency(code), minor };
        Ok(sums.into_iter().map(sum).collect())
    }
}
