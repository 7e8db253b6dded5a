//! What operators read.

use answerbot_core::contact::event::Envelope;
use answerbot_core::pay::ledger::Entry;
use answerbot_core::pay::money::Currency;
use answerbot_core::pay::payment::Payment;
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::PriceRow;
use answerbot_core::{AggregateId, Contact, ContactId, EffectId, EventId, PaymentId, Time};
use async_trait::async_trait;

use crate::store::{StoreError, Stuck};

/// Counts that show at a glance whether people are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// People known.
    pub contacts: u64,
    /// People who agreed to the terms.
    pub ready: u64,
    /// Envelopes that wait to be decided.
    pub waiting_events: u64,
    /// When the oldest of them was admitted.
    pub oldest_event: Option<Time>,
    /// Effects that are open.
    pub open_effects: u64,
    /// Effects that are dead.
    pub dead_effects: u64,
    /// Events set aside.
    pub set_aside: u64,
}

/// Which payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Find {
    /// All of them.
    All,
    /// Those with this `Status::name`.
    Status(String),
    /// This one.
    Id(PaymentId),
    /// The one with this code on its receipt.
    Code(String),
    /// Those with this external id.
    ExternalId(String),
    /// The one with this number of MTN's.
    MtnId(String),
    /// Those that this number pays.
    Payer(Msisdn),
    /// Those of this person.
    Contact(ContactId),
}

/// What an operator did. It holds no text of a person, and numbers only masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// When.
    pub at: Time,
    /// Who: an account of the dashboard, or the system's user of a command.
    pub who: String,
    /// What, such as `payments assign`.
    pub what: String,
    /// To whom or to what.
    pub subject: String,
    /// With which arguments, and why.
    pub detail: String,
}

/// One account of the books. The deferred accounts of all payments are one here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSum {
    /// Its name, such as `liab:suspense`.
    pub account: String,
    /// Its currency.
    pub currency: Currency,
    /// Hundredths debited less hundredths credited.
    pub minor: i64,
}

/// Whether the chain of the books holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// Entries that are sealed.
    pub sealed: u64,
    /// Entries that wait for the sealing job.
    pub unsealed: u64,
    /// The first number at which the chain is broken: an entry was changed, removed or put in.
    pub broken_at: Option<u64>,
}

/// What dashboards, exports and support commands read, and the little that operators write.
#[async_trait]
pub trait Reports: Send + Sync {
    /// The counts.
    async fn overview(&self) -> Result<Overview, StoreError>;

    /// Dead effects and events set aside, newest first, at most `limit`.
    async fn stuck(&self, limit: usize) -> Result<Vec<Stuck>, StoreError>;

    /// Hands a dead effect back to its aggregate as an event; false when there is none.
    async fn revive_effect(&self, effect: EffectId, now: Time) -> Result<bool, StoreError>;

    /// Puts an event that was set aside back into the inbox; false when there is none.
    async fn revive_event(
        &self,
        aggregate: AggregateId,
        event: EventId,
        now: Time,
    ) -> Result<bool, StoreError>;

    /// Payments, the newest first, at most `limit`.
    async fn payments(&self, find: Find, limit: usize) -> Result<Vec<(PaymentId, Payment)>, StoreError>;

    /// The entries of one payment, in their order.
    async fn entries(&self, payment: PaymentId) -> Result<Vec<Entry>, StoreError>;

    /// The accounts of the books; tests in MTN's sandbox are left out.
    async fn accounts(&self) -> Result<Vec<AccountSum>, StoreError>;

    /// Reads all of the books and checks their chain.
    async fn chain(&self) -> Result<Chain, StoreError>;

    /// People by id from `after` on, at most `limit`; with `paying` only those who ever paid or were given days.
    async fn contacts(
        &self,
        paying: bool,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<(ContactId, Contact)>, StoreError>;

    /// What operators did, newest first, at most `limit`.
    async fn audits(&self, limit: usize) -> Result<Vec<Audit>, StoreError>;

    /// Writes prices and why, in one write. A row that is there keeps its figures and can only become confirmed.
    async fn put_prices(&self, rows: Vec<PriceRow>, audit: Audit) -> Result<(), StoreError>;

    /// Hands events to the inboxes of those whom they concern, and notes why, in one write; a running service takes
    /// them within a sweep. Returns how many were new.
    async fn hand(&self, envelopes: Vec<Envelope>, audit: Audit) -> Result<usize, StoreError>;

    /// Notes what an operator did without an event.
    async fn note(&self, audit: Audit) -> Result<(), StoreError>;
}
