//! Prices, dated and never edited.

use answerbot_core::JubaDay;
use answerbot_core::pay::money::Money;
use answerbot_core::pay::price::{Plan, PriceRow};
use answerbot_ports::reports::Audit;
use answerbot_ports::store::StoreError;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};

use super::ledger::currency_of;
use crate::mongo::base::fault::bounded;
use crate::mongo::base::fields::Fields as _;
use crate::mongo::connect::Inner;
use crate::mongo::schema::PRICES;

impl Inner {
    pub async fn prices(&self) -> Result<Vec<PriceRow>, StoreError> {
        let prices = self.of(PRICES);
        let found: Vec<Document> = bounded(async {
            prices.find(doc! {}).sort(doc! { "plan": 1, "version": 1 }).await?.try_collect().await
        })
        .await?;
        found.iter().map(row_of).collect()
    }

    /// Adds prices; of one that is there only the confirmation can change. All are looked at before any is written.
    pub async fn put_prices(&self, rows: Vec<PriceRow>, audit: Audit) -> Result<(), StoreError> {
        let taken = || StoreError::Unavailable("another price has this version already".to_owned());
        let known = self.prices().await?;
        let same = |a: &PriceRow, b: &PriceRow| (a.plan, a.version) == (b.plan, b.version);
        let differs = |row: &PriceRow| {
            let is_other = |it: &&PriceRow| {
                same(it, row) && (it.amount.minor(), it.from) != (row.amount.minor(), row.from)
            };
            known.iter().find(is_other).is_some()
        };
        if rows.iter().any(differs) {
            return Err(taken());
        }
        self.note(audit).await?;
        let prices = self.of(PRICES);
        for row in rows {
            let name = format!("{}/{}", row.plan.name(), row.version);
            let new = doc! {
                "plan": row.plan.name(),
                "version": i64::from(row.version),
                "minor": row.amount.minor(),
                "currency": row.amount.currency().code(),
                "from": row.from.0,
                "confirmed": row.confirmed,
            };
            self.insert_once(PRICES, doc! { "_id": &name }, new).await?;
            // Somebody may have added another one meanwhile.
            let mine = doc! { "_id": &name, "minor": row.amount.minor(), "from": row.from.0 };
            let confirm = doc! { "$max": { "confirmed": row.confirmed } };
            if bounded(prices.update_one(mine, confirm)).await?.matched_count == 0 {
                return Err(taken());
            }
        }
        Ok(())
    }
}

fn row_of(it: &Document) -> Result<PriceRow, StoreError> {
    let odd = || StoreError::Unreadable("a price is odd".to_owned());
    Ok(PriceRow {
        plan: it.text("plan")?.parse::<Plan>().map_err(|_| odd())?,
        version: it.short("version")?,
        amount: Money::from_minor(it.long("minor")?, currency_of(it)?),
        from: JubaDay(i32::try_from(it.long("from")?).map_err(|_| odd())?),
        confirmed: it.flag("confirmed"),
    })
}
