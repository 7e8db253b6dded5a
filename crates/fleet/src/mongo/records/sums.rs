//! Adding up what turns cost, exactly, whoever dies in the middle.
//!
//! One batch is under way at a time, and all that there is to know of it stands in one document before anything is
//! added: which turns, and what they come to. Each sum remembers the number of the last batch that went into it. So
//! whoever finds a batch under way can finish it, and finishing it twice changes nothing.

use std::collections::BTreeMap;

use answerbot_core::JubaDay;
use answerbot_core::spend::{MicroUsd, Sums, first_of_month};
use answerbot_ports::reports::CostRow;
use answerbot_ports::store::StoreError;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, doc};

use crate::mongo::base::fault::{bounded, pause, unless_there};
use crate::mongo::base::fields::Fields as _;
use crate::mongo::connect::Inner;
use crate::mongo::schema::{AI_DAYS, AI_TOTALS, META, TURNS};

/// The document of the batch.
const NAME: &str = "sums";
/// Turns of a batch.
const BATCH: i64 = 500;
/// What is added up.
const COUNTS: [&str; 5] = ["answers", "calls", "tokens_in", "tokens_out", "micro_usd"];
/// What is told apart.
const LABELS: [&str; 6] = ["day", "paid", "domain", "way", "provider", "model"];

impl Inner {
    /// Adds up all turns that no sum knows of.
    pub async fn sum_turns(&self) -> Result<(), StoreError> {
        let meta = self.of(META);
        let mut lost = 0;
        loop {
            pause(lost).await;
            let found = bounded(meta.find_one(doc! { "_id": NAME })).await?;
            let Some(found) = found else {
                unless_there(meta.insert_one(doc! { "_id": NAME, "number": 0_i64 })).await?;
                continue;
            };
            let number = found.long("number")?;
            if let Ok(batch) = found.get_document("batch") {
                self.finish(number, batch).await?;
                continue;
            }
            // These are read after no batch was under way: none of them is in an earlier one.
            let turns: Vec<Document> = bounded(async {
                self.of(TURNS).find(doc! { "open": true }).limit(BATCH).await?.try_collect().await
            })
            .await?;
            if turns.is_empty() {
                return Ok(());
            }
            let batch = batch_of(&turns);
            let idle = doc! { "_id": NAME, "number": number, "batch": { "$exists": false } };
            let next = doc! { "$set": { "number": number + 1, "batch": batch.clone() } };
            if bounded(meta.update_one(idle, next)).await?.matched_count > 0 {
                self.finish(number + 1, &batch).await?;
                lost = 0;
            } else {
                // Somebody else began one.
                lost += 1;
            }
        }
    }

    async fn finish(&self, number: i64, batch: &Document) -> Result<(), StoreError> {
        for row in batch.each("days") {
            self.add_sum(AI_DAYS, number, row, &LABELS, &COUNTS).await?;
        }
        for row in batch.each("totals") {
            self.add_sum(AI_TOTALS, number, row, &[], &["free", "paid"]).await?;
        }
        let ids = batch.get_array("turns").cloned().unwrap_or_default();
        let known = doc! { "$unset": { "open": "" } };
        bounded(self.of(TURNS).update_many(doc! { "_id": { "$in": ids } }, known)).await?;
        let over = doc! { "_id": NAME, "number": number };
        bounded(self.of(META).update_one(over, doc! { "$unset": { "batch": "" } })).await.map(drop)
    }

    /// Adds a row of a batch to its sum, once.
    async fn add_sum(
        &self,
        collection: &str,
        number: i64,
        row: &Document,
        labels: &[&str],
        counts: &[&str],
    ) -> Result<(), StoreError> {
        let collection = self.of(collection);
        let id = row.get("_id").cloned().unwrap_or_default();
        let mut add = Document::new();
        for count in counts {
            add.insert(*count, row.long(count)?);
        }
        let earlier = doc! { "_id": id.clone(), "batch": { "$lt": number } };
        let added = doc! { "$inc": add.clone(), "$set": { "batch": number } };
        if bounded(collection.update_one(earlier, added)).await?.matched_count > 0
            || bounded(collection.find_one(doc! { "_id": id.clone() })).await?.is_some()
        {
            return Ok(());
        }
        let mut first = doc! { "_id": id, "batch": number };
        for label in labels {
            first.insert(*label, row.get(label).cloned().unwrap_or_default());
        }
        first.extend(add);
        // Only this batch can have made it meanwhile.
        unless_there(collection.insert_one(first)).await.map(drop)
    }

    /// What calls cost on a day, and in its month up to that day.
    pub async fn spending(&self, day: JubaDay) -> Result<(Sums, Sums), StoreError> {
        let totals = self.of(AI_TOTALS);
        let month = doc! { "_id": { "$gte": first_of_month(day).0, "$lte": day.0 } };
        let found: Vec<Document> = bounded(async { totals.find(month).await?.try_collect().await }).await?;
        let (mut today, mut all) = (Sums::default(), Sums::default());
        for it in &found {
            let sums = Sums { free: MicroUsd(it.count("free")?), paid: MicroUsd(it.count("paid")?) };
            if it.long("_id")? == i64::from(day.0) {
                today = sums;
            }
            all = Sums { free: all.free + sums.free, paid: all.paid + sums.paid };
        }
        Ok((today, all))
    }

    pub async fn costs(&self, from: JubaDay) -> Result<Vec<CostRow>, StoreError> {
        let days = self.of(AI_DAYS);
        let order: Document = LABELS.iter().map(|it| ((*it).to_owned(), Bson::Int32(1))).collect();
        let found: Vec<Document> = bounded(async {
            days.find(doc! { "day": { "$gte": from.0 } }).sort(order).await?.try_collect().await
        })
        .await?;
        let read = |it: &Document| {
            Ok(CostRow {
                day: JubaDay(i32::try_from(it.long("day")?).unwrap_or(i32::MAX)),
                paid: it.flag("paid"),
                domain: it.text("domain")?.to_owned(),
                way: it.text("way")?.to_owned(),
                provider: it.text("provider")?.to_owned(),
                model: it.text("model")?.to_owned(),
                answers: it.count("answers")?,
                calls: it.count("calls")?,
                tokens_in: it.count("tokens_in")?,
                tokens_out: it.count("tokens_out")?,
                cost: MicroUsd(it.count("micro_usd")?),
            })
        };
        found.iter().map(read).collect()
    }
}

/// All that there is to know of a batch.
fn batch_of(turns: &[Document]) -> Document {
    let mut days: BTreeMap<String, Document> = BTreeMap::new();
    let mut totals: BTreeMap<i64, Document> = BTreeMap::new();
    for turn in turns {
        let day = turn.maybe_long("day").unwrap_or(0);
        let paid = turn.flag("paid");
        let text = |label: &str| turn.get_str(label).unwrap_or_default();
        let texts = ["domain", "way", "provider", "model"].map(text);
        let name = format!("{day}/{paid}/{}", texts.join("/"));
        let row = days.entry(name).or_insert_with_key(|name| {
            let mut row = doc! { "_id": name };
            for label in LABELS {
                row.insert(label, turn.get(label).cloned().unwrap_or_default());
            }
            row
        });
        for count in COUNTS {
            add(row, count, turn.maybe_long(count).unwrap_or(0));
        }
        let total = totals.entry(day).or_insert_with(|| {
            doc! { "_id": turn.get("day").cloned().unwrap_or_default(), "free": 0_i64, "paid": 0_i64 }
        });
        let cost = turn.maybe_long("micro_usd").unwrap_or(0);
        add(total, if paid { "paid" } else { "free" }, cost);
    }
    let ids: Vec<Bson> = turns.iter().filter_map(|it| it.get("_id").cloned()).collect();
    doc! {
        "turns": ids,
        "days": days.into_values().map(Bson::from).collect::<Vec<_>>(),
        "totals": totals.into_values().map(Bson::from).collect::<Vec<_>>(),
    }
}

fn add(row: &mut Document, field: &str, amount: i64) {
    let sum = row.maybe_long(field).unwrap_or(0).saturating_add(amount);
    row.insert(field, sum);
}
