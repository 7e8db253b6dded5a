//! Sealing anew what is not sealed under the current key.

use answerbot_ports::store::StoreError;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, doc};

use super::{AGGREGATES, ANSWERS, CALLBACKS, MISSED, PLACES};
use crate::mongo::base::fault::{bounded, pause, unreadable};
use crate::mongo::base::fields::{Fields as _, binary};
use crate::mongo::connect::{Inner, MongoStore};
use crate::mongo::records::pending;

/// Documents that are read at once.
const PAGE: i64 = 100;
/// Times that everything is looked through.
const ROUNDS: usize = 10;

impl MongoStore {
    /// Seals anew whatever is not sealed under the current key, beside the running service; returns how many blobs.
    /// After it the old key is needed only for backups, if no process seals under it any more. What is written in the
    /// same moment is looked at again.
    pub async fn reseal(&self) -> Result<u64, StoreError> {
        let mut total = 0;
        for round in 0..ROUNDS {
            pause(round).await;
            let (sealed, missed) = self.inner.reseal_once().await?;
            total += sealed;
            if missed == 0 {
                return Ok(total);
            }
        }
        Err(StoreError::Unavailable("some people write all the time; try again in a quieter hour".to_owned()))
    }
}

impl Inner {
    /// How many blobs were sealed, and how many aggregates were written in the same moment.
    async fn reseal_once(&self) -> Result<(u64, u64), StoreError> {
        let (mut total, mut missed) = (0, 0);
        for collection in [AGGREGATES, ANSWERS, MISSED, CALLBACKS, PLACES] {
            let mut after = Bson::MinKey;
            loop {
                let rows = self.of(collection);
                let page: Vec<Document> = bounded(async {
                    let find = rows.find(doc! { "_id": { "$gt": after.clone() } });
                    find.sort(doc! { "_id": 1 }).limit(PAGE).await?.try_collect().await
                })
                .await?;
                let Some(last) = page.last() else { break };
                after = last.get("_id").cloned().unwrap_or_default();
                for it in &page {
                    total += match collection {
                        AGGREGATES => {
                            let (sealed, is_missed) = self.reseal_aggregate(it).await?;
                            missed += u64::from(is_missed);
                            sealed
                        }
                        PLACES => self.reseal_list(PLACES, "parked", "id", it, envelope_row).await?,
                        _ => self.reseal_row(collection, it).await?,
                    };
                }
            }
        }
        Ok((total, missed))
    }

    /// The blob under the current key; `None` where it is already.
    fn anew(&self, row: &[u8], blob: &[u8]) -> Result<Option<Bson>, StoreError> {
        if self.codec.is_current(blob) {
            return Ok(None);
        }
        let schema = blob.first_chunk().map_or(0, |head: &[u8; 2]| u32::from(u16::from_be_bytes(*head)));
        let plain = self.codec.open_bytes(schema, row, blob).map_err(unreadable)?;
        let sealed = self.codec.seal_bytes(schema, row, &plain).map_err(unreadable)?;
        Ok(Some(binary(&sealed).into()))
    }

    async fn reseal_row(&self, collection: &str, it: &Document) -> Result<u64, StoreError> {
        let Ok(blob) = it.bytes("body") else { return Ok(0) };
        let Some(sealed) = self.anew(it.bytes("_id")?, blob)? else { return Ok(0) };
        let same = doc! { "_id": it.get("_id"), "body": binary(blob) };
        let done = bounded(self.of(collection).update_one(same, doc! { "$set": { "body": sealed } })).await?;
        Ok(done.matched_count)
    }

    /// What the version guards in one write; what `admit` and the copier own each by its id.
    /// Also says whether somebody decided meanwhile.
    async fn reseal_aggregate(&self, it: &Document) -> Result<(u64, bool), StoreError> {
        let of = it.aggregate("_id")?;
        let mut set = Document::new();
        if let Ok(state) = it.bytes("state")
            && let Some(sealed) = self.anew(of.as_bytes(), state)?
        {
            set.insert("state", sealed);
        }
        for (map, inner) in [("bodies", ""), ("dead", ".body")] {
            for (id, held) in it.get_document(map).into_iter().flatten() {
                let body = held.as_document().map_or(Some(held), |it| it.get("body"));
                let Some(Bson::Binary(body)) = body else { continue };
                if let Some(sealed) = self.anew(&hex_bytes(id)?, &body.bytes)? {
                    set.insert(format!("{map}.{id}{inner}"), sealed);
                }
            }
        }
        let (mut total, mut is_missed) = (set.len() as u64, false);
        if !set.is_empty() {
            let same = doc! { "_id": it.get("_id"), "version": it.get("version") };
            let done = bounded(self.aggregates().update_one(same, doc! { "$set": set })).await?;
            if done.matched_count == 0 {
                (total, is_missed) = (0, true);
            }
        }
        for list in ["inbox", "aside"] {
            total += self.reseal_list(AGGREGATES, list, "id", it, envelope_row).await?;
        }
        let record_row = |held: &Document| Ok(pending::row(of, held.long("n")?));
        total += self.reseal_list(AGGREGATES, "records", "n", it, record_row).await?;
        Ok((total, is_missed))
    }

    /// What stands in a list, each by its name in it; `row` says what its blob is bound to.
    async fn reseal_list(
        &self,
        collection: &str,
        list: &str,
        name: &str,
        it: &Document,
        row: impl Fn(&Document) -> Result<Vec<u8>, StoreError> + Send,
    ) -> Result<u64, StoreError> {
        let mut total = 0;
        for held in it.each(list) {
            let Some(sealed) = self.anew(&row(held)?, held.bytes("body")?)? else { continue };
            let which = held.get(name).cloned().unwrap_or_default();
            let update = doc! { "$set": { format!("{list}.$[it].body"): sealed } };
            let filter = doc! { "_id": it.get("_id"), format!("{list}.{name}"): which.clone() };
            let (rows, one) = (self.of(collection), doc! { format!("it.{name}"): which });
            let done = bounded(rows.update_one(filter, update).array_filters([one])).await?;
            total += done.matched_count;
        }
        Ok(total)
    }
}

/// An envelope's blob is bound to its id.
fn envelope_row(held: &Document) -> Result<Vec<u8>, StoreError> {
    Ok(held.bytes("id")?.to_vec())
}

/// The bytes of an id that stands as a name.
fn hex_bytes(id: &str) -> Result<[u8; 16], StoreError> {
    let odd = |_| StoreError::Unreadable("an effect has no fitting name".to_owned());
    id.parse::<answerbot_core::EffectId>().map(|it| *it.as_bytes()).map_err(odd)
}
