//! Turns of questions: one row a call.

use answerbot_core::decide::AiTurn;
use answerbot_core::reuse::Key;
use answerbot_core::spend::{MicroUsd, Spent};
use answerbot_core::{AggregateId, ContactId, EffectId, JubaDay, Time};
use answerbot_ports::reports::Ratings;
use answerbot_ports::store::{Booking, StoreError};
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};

use crate::mongo::base::fault::{bounded, unless_there};
use crate::mongo::base::fields::{Fields as _, binary, whole};
use crate::mongo::connect::Inner;
use crate::mongo::schema::{MISSED, TURNS};

/// What the calls of a question's attempt came to. A question that took none has one row all the same.
pub(in crate::mongo) fn turn_documents(of: AggregateId, turn: &AiTurn) -> Vec<Document> {
    let nobody = [Spent::default()];
    let calls = if turn.spent.is_empty() { &nobody[..] } else { &turn.spent[..] };
    let way = turn.way.map_or("none", |way| way.name());
    let row = |(call, spent): (u32, &Spent)| {
        let name =
            [&turn.ask.as_bytes()[..], &turn.attempt.to_be_bytes()[..], &call.to_be_bytes()[..]].concat();
        // The answer counts with the call that brought it: the last one.
        let is_last = call as usize + 1 == calls.len();
        let answers = i64::from(turn.way.is_some() && is_last);
        let mut row = call_document(&name, turn.at, (turn.paid, turn.domain.name(), way), spent, answers);
        row.insert("ask", binary(turn.ask.as_bytes()));
        row.insert("contact", binary(of.as_bytes()));
        if let Some(Key(key)) = turn.key {
            row.insert("source", binary(&key));
        }
        row
    };
    (0..).zip(calls).map(row).collect()
}

/// A call, of which the sums do not know yet.
fn call_document(
    name: &[u8],
    at: Time,
    (paid, domain, way): (bool, &str, &str),
    spent: &Spent,
    answers: i64,
) -> Document {
    doc! {
        "_id": binary(name),
        "at": at.as_millis(),
        "day": at.juba_day().0,
        "paid": paid,
        "domain": domain,
        "way": way,
        "provider": &spent.provider,
        "model": &spent.model,
        "answers": answers,
        "calls": i64::from(!spent.provider.is_empty()),
        "tokens_in": whole(spent.tokens_in),
        "tokens_out": whole(spent.tokens_out),
        "micro_usd": whole(spent.cost.0),
        "estimated": spent.estimated,
        "open": true,
    }
}

impl Inner {
    /// Keeps turns; those that are there stay as they are.
    pub async fn put_turns(&self, turns: Vec<Document>) -> Result<(), StoreError> {
        if turns.is_empty() {
            return Ok(());
        }
        unless_there(self.of(TURNS).insert_many(turns).ordered(false)).await.map(drop)
    }

    /// Keeps calls that belong to no turn.
    pub async fn book(&self, it: &Booking) -> Result<(), StoreError> {
        let seed = self.entropy.seed();
        let row = |(call, spent): (u64, &Spent)| {
            let name = [&seed[..], &call.to_be_bytes()[..]].concat();
            call_document(&name, it.at, (it.paid, it.domain.name(), it.way), spent, 0)
        };
        self.put_turns((0..).zip(&it.spent).map(row).collect()).await
    }

    /// A person's word on an answer.
    pub async fn rate(&self, ask: EffectId, good: bool) -> Result<(), StoreError> {
        let word = doc! { "$set": { "good": i64::from(good), "wrong": i64::from(!good) } };
        bounded(self.of(TURNS).update_many(doc! { "ask": binary(ask.as_bytes()) }, word)).await.map(drop)
    }

    /// Takes a person out of the reports: what they alone asked is gone, and nothing says who asked the rest.
    ///
    /// Rows stay without what tells of the person: whoever copies the same record once more finds them.
    pub async fn erase_reports(&self, of: AggregateId) -> Result<(), StoreError> {
        let id = binary(of.as_bytes());
        let nameless = doc! { "$unset": { "contact": "", "source": "", "good": "", "wrong": "", "ask": "" } };
        bounded(self.of(TURNS).update_many(doc! { "contact": id.clone() }, nameless)).await?;
        let alone = doc! { "last_by": id.clone(), "times": { "$lte": 1 } };
        let emptied = doc! { "$set": { "times": 0_i64 }, "$unset": { "last_by": "", "body": "" } };
        bounded(self.of(MISSED).update_many(alone, emptied)).await?;
        let others = doc! { "last_by": id };
        bounded(self.of(MISSED).update_many(others, doc! { "$unset": { "last_by": "" } })).await.map(drop)
    }

    pub async fn cost_of(&self, contact: ContactId) -> Result<MicroUsd, StoreError> {
        let pipeline = [
            doc! { "$match": { "contact": binary(contact.as_bytes()) } },
            doc! { "$group": { "_id": null, "sum": { "$sum": "$micro_usd" } } },
        ];
        let sums = self.grouped(TURNS, pipeline).await?;
        sums.first().map_or(Ok(MicroUsd::default()), |it| it.count("sum").map(MicroUsd))
    }

    pub async fn ratings(&self) -> Result<Vec<Ratings>, StoreError> {
        let pipeline = [
            doc! { "$match": { "source": { "$exists": true }, "way": { "$ne": "none" } } },
            // A question's answer counts once, however many calls and attempts it took.
            doc! { "$group": {
                "_id": { "source": "$source", "ask": "$ask" },
                "good": { "$max": "$good" },
                "wrong": { "$max": "$wrong" },
            } },
            doc! { "$group": {
                "_id": "$_id.source",
                "given": { "$sum": 1 },
                "good": { "$sum": "$good" },
                "wrong": { "$sum": "$wrong" },
            } },
        ];
        let read = |it: &Document| {
            Ok(Ratings {
                source: Key(it.id("_id")?),
                given: it.count("given")?,
                good: it.count("good")?,
                wrong: it.count("wrong")?,
            })
        };
        self.grouped(TURNS, pipeline).await?.iter().map(read).collect()
    }

    /// What a pipeline comes to.
    pub async fn grouped<const N: usize>(
        &self,
        collection: &str,
        pipeline: [Document; N],
    ) -> Result<Vec<Document>, StoreError> {
        let collection = self.of(collection);
        bounded(async { collection.aggregate(pipeline).await?.try_collect().await }).await
    }

    /// Forgets turns of before a day. Those that the sums do not know stay.
    pub async fn forget_turns_before(&self, day: JubaDay) -> Result<u64, StoreError> {
        let old = doc! { "day": { "$lt": day.0 }, "open": { "$exists": false } };
        Ok(bounded(self.of(TURNS).delete_many(old)).await?.deleted_count)
    }
}
