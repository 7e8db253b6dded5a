//! What operators did: only ever added to, and always before what they did is done.

use answerbot_ports::reports::Audit;
use answerbot_ports::store::StoreError;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};

use crate::mongo::base::fault::bounded;
use crate::mongo::base::fields::{Fields as _, limit};
use crate::mongo::connect::Inner;
use crate::mongo::schema::AUDITS;

impl Inner {
    pub async fn note(&self, it: Audit) -> Result<(), StoreError> {
        // The driver names it; those names rise.
        let audit = doc! {
            "at": it.at.as_millis(),
            "who": it.who,
            "what": it.what,
            "subject": it.subject,
            "detail": it.detail,
        };
        bounded(self.of(AUDITS).insert_one(audit)).await.map(drop)
    }

    pub async fn audits(&self, most: usize) -> Result<Vec<Audit>, StoreError> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let audits = self.of(AUDITS);
        let found: Vec<Document> = bounded(async {
            audits.find(doc! {}).sort(doc! { "_id": -1 }).limit(limit(most)).await?.try_collect().await
        })
        .await?;
        let read = |it: &Document| {
            Ok(Audit {
                at: it.time("at")?,
                who: it.text("who")?.to_owned(),
                what: it.text("what")?.to_owned(),
                subject: it.text("subject")?.to_owned(),
                detail: it.text("detail")?.to_owned(),
            })
        };
        found.iter().map(read).collect()
    }
}
