//! Who has an address, and what else must be unique across contacts.

use answerbot_core::contact::event::To;
use answerbot_core::{AggregateId, ContactId};
use answerbot_ports::store::{StoreError, alias_key};
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};

use super::ROUNDS;
use crate::mongo::base::fault::{bounded, pause, unless_there};
use crate::mongo::base::fields::{Fields as _, binary};
use crate::mongo::connect::Inner;
use crate::mongo::schema::CLAIMS;

impl Inner {
    /// Who has these identities: another contact, where one claimed it. What was looked up lately is not read again.
    pub async fn owners_of(&self, identities: &[ContactId]) -> Result<Vec<ContactId>, StoreError> {
        let unknown: Vec<ContactId> =
            identities.iter().copied().filter(|it| !self.owners.contains_key(it)).collect();
        if !unknown.is_empty() {
            for (identity, owner) in unknown.iter().zip(self.read_owners(&unknown).await?) {
                self.owners.insert(*identity, owner);
            }
        }
        Ok(identities.iter().map(|it| self.owners.get(it).unwrap_or(*it)).collect())
    }

    /// The same, from the server.
    pub async fn read_owners(&self, identities: &[ContactId]) -> Result<Vec<ContactId>, StoreError> {
        let keys: Vec<String> = identities.iter().map(|it| alias_key(*it)).collect();
        let found = self.read_claims(&keys).await?;
        Ok(identities.iter().zip(found).map(|(identity, owner)| owner.unwrap_or(*identity)).collect())
    }

    /// Who owns these keys, in one read.
    pub async fn read_claims(&self, keys: &[String]) -> Result<Vec<Option<ContactId>>, StoreError> {
        let found: Vec<Document> = bounded(async {
            self.of(CLAIMS).find(doc! { "_id": { "$in": keys } }).await?.try_collect().await
        })
        .await?;
        let owner = |key: &String| {
            let claim = found.iter().find(|it| it.get_str("_id").is_ok_and(|it| it == key))?;
            claim.maybe_id("owner").map(ContactId::from_bytes)
        };
        Ok(keys.iter().map(owner).collect())
    }

    /// The aggregates that an effect of `to` may stand with: its own, and its owner's.
    pub async fn places_of(&self, to: &To) -> Result<Vec<AggregateId>, StoreError> {
        match self.hash.whom(to) {
            (AggregateId::Contact(own), Some(_)) => {
                let owner = self.owners_of(&[own]).await?.first().copied().unwrap_or(own);
                let mut places = vec![own.into()];
                if owner != own {
                    places.push(owner.into());
                }
                Ok(places)
            }
            (aggregate, _) => Ok(vec![aggregate]),
        }
    }

    pub async fn claim(
        &self,
        key: String,
        owner: ContactId,
        from: Option<ContactId>,
    ) -> Result<bool, StoreError> {
        let claims = self.of(CLAIMS);
        let mine = binary(owner.as_bytes());
        let mut fitting = vec![mine.clone()];
        fitting.extend(from.map(|it| binary(it.as_bytes())));
        for round in 0..ROUNDS {
            pause(round).await;
            let held = doc! { "_id": &key, "owner": { "$in": fitting.clone() } };
            let taken = bounded(claims.update_one(held, doc! { "$set": { "owner": mine.clone() } }))
                .await?
                .matched_count
                > 0;
            let taken = if taken {
                Some(true)
            } else if bounded(claims.find_one(doc! { "_id": &key })).await?.is_some() {
                // It is somebody else's; or it was handed on just now, and then that was first.
                Some(false)
            } else {
                let new = doc! { "_id": &key, "owner": mine.clone() };
                unless_there(claims.insert_one(new)).await?.map(|_| true)
            };
            if let Some(taken) = taken {
                self.forget_owner(&key);
                return Ok(taken);
            }
        }
        Err(StoreError::Unavailable("a claim is fought over".to_owned()))
    }

    pub async fn unclaim(&self, key: String, owner: ContactId) -> Result<(), StoreError> {
        let mine = doc! { "_id": &key, "owner": binary(owner.as_bytes()) };
        bounded(self.of(CLAIMS).delete_one(mine)).await?;
        self.forget_owner(&key);
        Ok(())
    }

    fn forget_owner(&self, key: &str) {
        if let Some(identity) = key.strip_prefix("address:").and_then(|it| it.parse::<ContactId>().ok()) {
            self.owners.invalidate(&identity);
        }
    }
}
