//! Orders of operators to move people.

use answerbot_core::{EventId, Time};
use answerbot_ports::regions::{Order, Progress, Which, Who};
use answerbot_ports::store::StoreError;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};

use super::directory::region_of;
use crate::mongo::base::fault::bounded;
use crate::mongo::base::fields::{Fields as _, binary, limit, whole};
use crate::mongo::connect::Inner;
use crate::mongo::schema::ORDERS;

const OPEN: &str = "open";

const fn text_of(it: Progress) -> &'static str {
    match it {
        Progress::Open => OPEN,
        Progress::Done => "done",
        Progress::Stopped => "stopped",
    }
}

fn of_many() -> Document {
    doc! { "who": { "$regex": "^(wished|store:)" } }
}

impl Inner {
    pub async fn put_order(&self, it: Order) -> Result<(), StoreError> {
        let who = match &it.who {
            Who::Contact(id) => id.to_string(),
            Who::All(region) => format!("store:{region}"),
            Who::Wished => "wished".to_owned(),
        };
        let order = doc! {
            "who": who,
            "to": it.to.name(),
            "by": it.by,
            "at": it.at.as_millis(),
            "progress": text_of(it.progress),
            "moved": whole(it.moved),
            "failed": whole(it.failed),
            "note": it.note,
        };
        let name = doc! { "_id": binary(it.id.as_bytes()) };
        let only_new = doc! { "$setOnInsert": order };
        bounded(self.of(ORDERS).update_one(name, only_new).upsert(true)).await.map(drop)
    }

    pub async fn note_order(
        &self,
        id: EventId,
        moved: u64,
        failed: u64,
        note: String,
    ) -> Result<bool, StoreError> {
        let how = doc! {
            "$inc": { "moved": whole(moved) },
            "$set": { "failed": whole(failed), "note": note },
        };
        self.change_open(id, how).await
    }

    pub async fn end_order(&self, id: EventId, progress: Progress) -> Result<bool, StoreError> {
        self.change_open(id, doc! { "$set": { "progress": text_of(progress) } }).await
    }

    async fn change_open(&self, id: EventId, how: Document) -> Result<bool, StoreError> {
        let open = doc! { "_id": binary(id.as_bytes()), "progress": OPEN };
        Ok(bounded(self.of(ORDERS).update_one(open, how)).await?.matched_count > 0)
    }

    pub async fn orders(&self, which: Which, most: usize) -> Result<Vec<Order>, StoreError> {
        let orders = self.of(ORDERS);
        let these = match which {
            Which::All => doc! {},
            Which::One(id) => doc! { "_id": binary(id.as_bytes()) },
            Which::Open => doc! { "progress": OPEN },
            Which::OfMany => of_many(),
        };
        let found: Vec<Document> = bounded(async {
            let find = orders.find(these).sort(doc! { "at": -1, "_id": 1 }).limit(limit(most));
            find.await?.try_collect().await
        })
        .await?;
        found.iter().map(order_of).collect()
    }

    /// Forgets orders about one person of before a time that are over.
    pub async fn forget_orders(&self, before: Time) -> Result<u64, StoreError> {
        let over = doc! {
            "progress": { "$ne": OPEN },
            "at": { "$lt": before.as_millis() },
            "$nor": [of_many()],
        };
        Ok(bounded(self.of(ORDERS).delete_many(over)).await?.deleted_count)
    }
}

fn order_of(it: &Document) -> Result<Order, StoreError> {
    let odd = || StoreError::Unreadable("an order to move is odd".to_owned());
    let who = it.text("who")?;
    Ok(Order {
        id: EventId::from_bytes(it.id("_id")?),
        who: match who.strip_prefix("store:") {
            Some(name) => Who::All(region_of(name)?),
            None if who == "wished" => Who::Wished,
            None => Who::Contact(who.parse().map_err(|_| odd())?),
        },
        to: region_of(it.text("to")?)?,
        by: it.text("by")?.to_owned(),
        at: it.time("at")?,
        progress: match it.text("progress")? {
            "done" => Progress::Done,
            "stopped" => Progress::Stopped,
            _ => Progress::Open,
        },
        moved: it.count("moved")?,
        failed: it.count("failed")?,
        note: it.text("note")?.to_owned(),
    })
}
