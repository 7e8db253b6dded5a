//! What operators read.

use answerbot_core::contact::event::Envelope;
use answerbot_core::domain::Domain;
use answerbot_core::pay::ledger::Entry;
use answerbot_core::pay::money::Currency;
use answerbot_core::pay::payment::Payment;
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::PriceRow;
use answerbot_core::reuse::{Key, Language, curated};
use answerbot_core::spend::MicroUsd;
use answerbot_core::{AggregateId, Contact, ContactId, EffectId, EventId, JubaDay, PaymentId, Time};
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

/// What AI calls came to on one day of Juba, by where the answers came from and who wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostRow {
    /// The day.
    pub day: JubaDay,
    /// Of people who paid.
    pub paid: bool,
    /// `Domain::name`.
    pub domain: String,
    /// `Way::name`; `none` where nobody answered.
    pub way: String,
    /// The provider's name; empty where none was asked.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Answers.
    pub answers: u64,
    /// Calls to providers.
    pub calls: u64,
    /// Tokens read.
    pub tokens_in: u64,
    /// Tokens written.
    pub tokens_out: u64,
    /// What they cost.
    pub cost: MicroUsd,
}

/// A question for everybody that no curated answer was there for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// How often it was asked, by different people one after the other.
    pub times: u64,
    /// When last.
    pub last: JubaDay,
    /// Its language.
    pub language: Language,
    /// Its normal form.
    pub question: String,
}

/// What people said of answers from one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratings {
    /// The source, as [`Key::of_entry`] or the key of a shared answer.
    pub source: Key,
    /// How often it was given.
    pub given: u64,
    /// It helped.
    pub good: u64,
    /// It is wrong.
    pub wrong: u64,
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

    /// What AI calls came to from a day on.
    async fn costs(&self, from: JubaDay) -> Result<Vec<CostRow>, StoreError>;

    /// What the AI calls of one person cost on the days that are kept.
    async fn cost_of(&self, contact: ContactId) -> Result<MicroUsd, StoreError>;

    /// Questions that most often met no curated answer, asked at least `times`, at most `limit`.
    async fn missed(&self, times: u64, limit: usize) -> Result<Vec<Missed>, StoreError>;

    /// What people said of the answers that are kept.
    async fn ratings(&self) -> Result<Vec<Ratings>, StoreError>;

    /// Writes curated answers and why, in one write: each in the place of the one with its id.
    async fn put_curated(&self, entries: Vec<curated::Entry>, audit: Audit) -> Result<(), StoreError>;

    /// Takes a curated answer away and notes why; false when there is none.
    async fn remove_curated(&self, id: String, audit: Audit) -> Result<bool, StoreError>;

    /// Counts the checks of a subject anew, so that its answers are shared again.
    async fn forget_checks(&self, domain: Domain, audit: Audit) -> Result<(), StoreError>;

    /// Notes what an operator did without an event.
    async fn note(&self, audit: Audit) -> Result<(), StoreError>;
}
