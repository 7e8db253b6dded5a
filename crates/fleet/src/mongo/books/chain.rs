//! Numbering and sealing the entries, and checking the chain.
//!
//! A seal is written first, then its entry is marked; a number and an entry can each have one seal only. Who died
//! between is mended by whoever seals next.

use std::collections::BTreeMap;

use answerbot_ports::reports::Chain;
use answerbot_ports::store::StoreError;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};

use super::ledger::entry_of;
use crate::mongo::base::fault::{bounded, unless_there};
use crate::mongo::base::fields::{Fields as _, binary, limit, whole};
use crate::mongo::connect::Inner;
use crate::mongo::schema::{LEDGER, SEALS};

/// Entries that are read at once.
const PAGE: i64 = 500;

impl Inner {
    /// Seals entries behind the last sealed one, at most so many, in the order in which they were booked.
    pub async fn seal_entries(&self, most: usize) -> Result<usize, StoreError> {
        let (ledger, seals) = (self.of(LEDGER), self.of(SEALS));
        let last = bounded(seals.find_one(doc! {}).sort(doc! { "_id": -1 })).await?;
        let (mut number, mut hash) = match &last {
            Some(it) => (it.count("_id")?, hash_of(it)?),
            None => (0, [0; 32]),
        };
        let mut sealed = 0;
        while sealed < most {
            let open: Vec<Document> = bounded(async {
                let order = doc! { "booked": 1, "n": 1, "_id": 1 };
                ledger
                    .find(doc! { "open": true })
                    .sort(order)
                    .limit(limit(most - sealed))
                    .await?
                    .try_collect()
                    .await
            })
            .await?;
            if open.is_empty() {
                break;
            }
            let names: Vec<&str> = open.iter().map(|it| it.text("_id")).collect::<Result<_, _>>()?;
            let done: Vec<Document> =
                bounded(async { seals.find(doc! { "entry": { "$in": names } }).await?.try_collect().await })
                    .await?;
            for it in &done {
                // Its sealer died before it was marked.
                self.mark_sealed(it.text("entry")?, it.long("_id")?).await?;
            }
            for it in &open {
                let name = it.text("_id")?;
                if done.iter().any(|seal| seal.text("entry").is_ok_and(|it| it == name)) {
                    continue;
                }
                number += 1;
                hash = entry_of(it)?.seal(number, &hash);
                let seal = doc! { "_id": whole(number), "entry": name, "hash": binary(&hash) };
                if unless_there(seals.insert_one(seal)).await?.is_none() {
                    // Another job seals too: it goes on.
                    return Ok(sealed);
                }
                self.mark_sealed(name, whole(number)).await?;
                sealed += 1;
            }
        }
        Ok(sealed)
    }

    async fn mark_sealed(&self, entry: &str, number: i64) -> Result<(), StoreError> {
        let mark = doc! { "$set": { "no": number }, "$unset": { "open": "" } };
        bounded(self.of(LEDGER).update_one(doc! { "_id": entry }, mark)).await.map(drop)
    }

    /// Checks the chain from its begin. An entry that was changed, removed or put in breaks it.
    pub async fn chain(&self) -> Result<Chain, StoreError> {
        let (ledger, seals) = (self.of(LEDGER), self.of(SEALS));
        // Before the seals: a mark follows its seal, and somebody may seal meanwhile.
        let numbered = bounded(ledger.count_documents(doc! { "no": { "$exists": true } })).await?;
        let sealed = bounded(seals.count_documents(doc! {})).await?;
        let all = bounded(ledger.count_documents(doc! {})).await?;
        let mut chain = Chain { sealed, unsealed: all.saturating_sub(sealed), broken_at: None };
        let (mut hash, mut next) = ([0; 32], 1_u64);
        while next <= sealed {
            let page: Vec<Document> = bounded(async {
                let from = doc! { "_id": { "$gte": whole(next) } };
                seals.find(from).sort(doc! { "_id": 1 }).limit(PAGE).await?.try_collect().await
            })
            .await?;
            let names: Vec<&str> = page.iter().filter_map(|it| it.get_str("entry").ok()).collect();
            let found: Vec<Document> =
                bounded(async { ledger.find(doc! { "_id": { "$in": names } }).await?.try_collect().await })
                    .await?;
            let by_name: BTreeMap<&str, &Document> =
                found.iter().filter_map(|it| Some((it.get_str("_id").ok()?, it))).collect();
            for seal in &page {
                let expected = seal
                    .get_str("entry")
                    .ok()
                    .and_then(|name| by_name.get(name))
                    .and_then(|it| entry_of(it).ok())
                    .map(|entry| entry.seal(next, &hash));
                let stored = hash_of(seal).ok();
                if expected.is_none() || expected != stored || seal.count("_id").ok() != Some(next) {
                    chain.broken_at = Some(next);
                    return Ok(chain);
                }
                hash = stored.unwrap_or_default();
                next += 1;
            }
            if page.is_empty() {
                chain.broken_at = Some(next);
                return Ok(chain);
            }
        }
        // One that says it was sealed, and no seal knows of it.
        if numbered > sealed {
            chain.broken_at = Some(next);
        }
        Ok(chain)
    }
}

fn hash_of(seal: &Document) -> Result<[u8; 32], StoreError> {
    let odd = |_| StoreError::Unreadable("a seal of the books is odd".to_owned());
    seal.bytes("hash")?.try_into().map_err(odd)
}
