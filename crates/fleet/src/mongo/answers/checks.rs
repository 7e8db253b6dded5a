//! Hits on shared answers that were asked again: how many, and how many of them were wrong.

use answerbot_core::domain::Domain;
use answerbot_ports::reports::Audit;
use answerbot_ports::store::{Check, Checks, StoreError};
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};

use crate::mongo::base::fault::{bounded, unless_there};
use crate::mongo::base::fields::Fields as _;
use crate::mongo::connect::Inner;
use crate::mongo::schema::CHECKS;

impl Inner {
    pub async fn note_check(&self, it: &Check) -> Result<(), StoreError> {
        let name = doc! { "_id": format!("{}/{}", it.version, it.domain.name()) };
        let counted = doc! {
            "$inc": { "checked": 1_i64, "wrong": i64::from(it.wrong) },
            "$setOnInsert": { "version": &it.version, "domain": it.domain.name() },
        };
        let checks = self.of(CHECKS);
        if unless_there(checks.update_one(name.clone(), counted.clone()).upsert(true)).await?.is_none() {
            // Somebody else made it just now.
            bounded(checks.update_one(name, counted)).await?;
        }
        Ok(())
    }

    pub async fn checks(&self, version: &str) -> Result<Vec<Checks>, StoreError> {
        let checks = self.of(CHECKS);
        let found: Vec<Document> =
            bounded(async { checks.find(doc! { "version": version }).await?.try_collect().await }).await?;
        let known = found.iter().filter_map(|it| Some((Domain::named(it.get_str("domain").ok()?)?, it)));
        known
            .map(|(domain, it)| {
                Ok(Checks { domain, checked: it.short("checked")?, wrong: it.short("wrong")? })
            })
            .collect()
    }

    pub async fn forget_checks(&self, domain: Domain, audit: Audit) -> Result<(), StoreError> {
        self.note(audit).await?;
        bounded(self.of(CHECKS).delete_many(doc! { "domain": domain.name() })).await.map(drop)
    }
}
