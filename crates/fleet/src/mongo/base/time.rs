//! The store's time: leases of a fleet are judged by one clock, the server's.

use answerbot_core::Time;
use answerbot_ports::store::StoreError;
use mongodb::Database;
use mongodb::bson::doc;
use parking_lot::RwLock;
use tokio::time::Instant;

use super::fault::bounded;

/// What is known of the server's clock. Between two looks our own elapsed time goes on from the last one, so a jump
/// of our wall clock changes nothing.
pub(in crate::mongo) struct StoreTime(RwLock<Look>);

#[derive(Clone, Copy)]
struct Look {
    /// What the server's clock showed ...
    shown: i64,
    /// ... then.
    at: Instant,
}

impl StoreTime {
    /// Asks for the time.
    pub async fn learn(db: &Database) -> Result<Self, StoreError> {
        look(db).await.map(|it| Self(RwLock::new(it)))
    }

    /// Asks again: clocks drift, and another server may have been elected.
    pub async fn look(&self, db: &Database) -> Result<(), StoreError> {
        let look = look(db).await?;
        *self.0.write() = look;
        Ok(())
    }

    /// What the server's clock shows now.
    pub fn now(&self) -> Time {
        Time::from_millis(self.moment() / 1_000)
    }

    /// The same in microseconds, for what is sorted by it.
    pub fn moment(&self) -> i64 {
        let Look { shown, at } = *self.0.read();
        let elapsed = i64::try_from(at.elapsed().as_micros()).unwrap_or(i64::MAX);
        shown.saturating_mul(1_000).saturating_add(elapsed)
    }
}

async fn look(db: &Database) -> Result<Look, StoreError> {
    let asked = Instant::now();
    let hello = bounded(db.run_command(doc! { "hello": 1 })).await?;
    let shown = hello
        .get_datetime("localTime")
        .map_err(|_| StoreError::Unavailable("mongodb does not tell its time".to_owned()))?;
    // It was read somewhere between question and answer.
    let at = asked + asked.elapsed() / 2;
    Ok(Look { shown: shown.timestamp_millis(), at })
}
