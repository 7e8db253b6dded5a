//! The store is the truth.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::Region;
use answerbot_core::contact::effect::{Effect, Kind};
use answerbot_core::contact::event::{Envelope, Numbered, To};
use answerbot_core::decide::Fact;
use answerbot_core::domain::Domain;
use answerbot_core::pay::ledger;
use answerbot_core::pay::order;
use answerbot_core::pay::payment::{Payment, Status};
use answerbot_core::pay::phone::Msisdn;
use answerbot_core::pay::price::PriceRow;
use answerbot_core::reuse::curated::Entry;
use answerbot_core::spend::{Spent, Sums};
use answerbot_core::{
    AggregateId, Contact, ContactId, EffectId, EventId, JubaDay, PaymentId, Policy, State, Time,
};
use async_trait::async_trait;

/// Most envelopes that wait in one contact's inbox.
pub const INBOX_ENVELOPES: u64 = 200;
/// Most bytes that wait in one contact's inbox.
pub const INBOX_BYTES: u64 = 256 * 1024;
/// How long a redelivered event is known, in milliseconds: ten days.
pub const SEEN_FOR_MS: i64 = 10 * 24 * 3_600_000;
/// An event that fails this often is set aside.
pub const FAILURES: u32 = 5;
/// Most different callbacks that are kept of one reference.
pub const CALLBACKS_OF_ONE: u64 = 50;
/// Most callbacks that are kept in all ...
pub const CALLBACKS: u64 = 50_000;
/// ... and most bytes of them: one of MTN's has less than a kilobyte, a stranger's may have 64.
pub const CALLBACK_BYTES: u64 = 256 * 1024 * 1024;
/// How long each turn of a question is kept in reports, in days; its sums stay.
pub const TURNS_FOR_DAYS: i32 = 60;
/// How long a question is remembered that one person asked in vain ...
pub const MISSED_ONCE_FOR_DAYS: i32 = 2;
/// ... and one that several did.
pub const MISSED_FOR_DAYS: i32 = 90;
/// Most shared answers on disk: about 100 MB.
pub const SHARED_ANSWERS: u64 = 100_000;
/// How long a callback is kept after it came last, in milliseconds: seven days. It names the payer's number, which
/// stays no longer after a person deleted their data.
pub const CALLBACKS_FOR_MS: i64 = 7 * 24 * 3_600_000;

/// The claim that makes the address with this keyed hash an alias of its owner.
#[must_use]
pub fn alias_key(address: ContactId) -> String {
    format!("address:{address}")
}

/// Why the store did not do it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot write or read now (disk full, read-only, busy, away). Nothing was changed; try again later.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// As [`StoreError::Unavailable`], for a reason that is known and told: a person is being moved, or a region's store
    /// is away.
    #[error("not now: {0}")]
    Later(String),
    /// What it holds cannot be read by this release or with these keys. Trying again does not help.
    #[error("the store holds what cannot be read: {0}")]
    Unreadable(String),
    /// The aggregate lives in another store: look at its place again. Nothing was changed.
    #[error("it lives in the store of another region")]
    Moved,
}

/// What became of an envelope that was offered.
#[derive(Clone, Debug, PartialEq)]
pub enum Admission {
    /// Stored, durable and numbered.
    New {
        /// Whose it is.
        aggregate: AggregateId,
        /// Its place. Number 0: it waits in the directory for a store that is away, and nobody need be rung.
        numbered: Numbered,
    },
    /// It had been stored before, and a decision took it.
    Known,
    /// It had been stored before and still waits for this one: who stored it may have died before it rang.
    Waits(AggregateId),
    /// The inbox is full: it is known from now on, but its content is gone. The first one leaves an
    /// [`Event::Overflow`](answerbot_core::contact::event::Event::Overflow) behind, which is this.
    Full(Option<(AggregateId, Numbered)>),
}

/// An aggregate with what waits for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The state; the empty one for an aggregate that has only an inbox yet.
    pub state: State,
    /// Its version, for the commit's guard.
    pub version: u64,
    /// Number of the last envelope consumed.
    pub consumed: u64,
    /// Envelopes that wait, by number.
    pub waiting: Vec<Numbered>,
}

/// What a state is found by.
#[derive(Clone, Debug, PartialEq)]
pub enum Facets {
    /// Of a person.
    Contact(ContactFacets),
    /// Of a payment; boxed for its length.
    Payment(Box<PaymentFacets>),
}

/// What a person is found by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContactFacets {
    /// `Stage::name`.
    pub stage: &'static str,
    /// The last day on which a free question was counted.
    pub reset_day: Option<JubaDay>,
    /// The day by whose end all texts kept in the state are past their time.
    pub texts_until: Option<JubaDay>,
    /// The last paid day.
    pub paid_through: Option<JubaDay>,
    /// Where they say they live, which is where their data should.
    pub region: Option<Region>,
}

/// What a payment is found by.
#[derive(Clone, Debug, PartialEq)]
pub struct PaymentFacets {
    /// Whose it is; `None` for money that fits nobody.
    pub contact: Option<ContactId>,
    /// `Status::name`.
    pub status: &'static str,
    /// Who pays; stores keep its keyed hash. `None` where nobody said.
    pub payer: Option<Msisdn>,
    /// The order's code, which the receipt carries.
    pub code: String,
    /// What MTN was given as external id; `None` for money without an order.
    pub external_id: Option<String>,
    /// MTN's number of the transaction.
    pub mtn_id: Option<String>,
    /// When the person wished it, or when we learnt of money without an order.
    pub wished: Time,
    /// Made in MTN's sandbox.
    pub test: bool,
}

impl Facets {
    /// The facets of a state; `None` where it is found by its id alone.
    #[must_use]
    pub fn of(id: AggregateId, state: &State, policy: &Policy) -> Option<Self> {
        match (id, state) {
            (_, State::Contact(contact)) => Some(Self::Contact(ContactFacets::of(contact, policy))),
            (AggregateId::Payment(id), State::Payment(it)) => {
                PaymentFacets::of(id, it).map(|it| Self::Payment(Box::new(it)))
            }
            _ => None,
        }
    }
}

impl ContactFacets {
    fn of(contact: &Contact, policy: &Policy) -> Self {
        let days = contact.identities.iter().map(|identity| identity.free.day);
        Self {
            stage: contact.stage.name(),
            reset_day: days.max().filter(|day| day.0 > 0),
            texts_until: contact.texts_until(policy),
            paid_through: contact.paying.through(),
            region: contact.region.chosen(),
        }
    }
}

impl PaymentFacets {
    fn of(id: PaymentId, payment: &Payment) -> Option<Self> {
        let (order, paid) = (payment.order.as_ref(), payment.paid.as_ref());
        Some(Self {
            contact: if payment.disowned && payment.assigned.is_none() {
                None
            } else {
                payment.granted_to.or(order.map(|it| it.contact))
            },
            status: Status::name(payment.status),
            payer: order.map(|it| it.payer).or(paid.and_then(|it| it.payer)),
            code: order.map_or_else(|| order::code(id), |it| it.code.clone()),
            external_id: order.map(|it| it.external_id.clone()),
            mtn_id: paid.and_then(|it| it.mtn_id.clone()),
            wished: payment.since()?,
            test: payment.is_test(),
        })
    }
}

/// One decision, to be written in one piece.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Whose.
    pub aggregate: AggregateId,
    /// The version that the decision was made on; the write is refused as stale when it has moved.
    pub version: u64,
    /// Envelopes up to this number are consumed.
    pub consumed: u64,
    /// The ids of those that this decision consumes.
    pub taken: Vec<EventId>,
    /// The new state.
    pub state: Arc<State>,
    /// Its schema number.
    pub schema: u32,
    /// Facets when they changed with this decision, so that their indexes are written only then.
    pub facets: Option<Facets>,
    /// Effects to write; one with a time is leased to the caller from birth for so long.
    pub open: Vec<(Effect, Option<Duration>)>,
    /// Effects that are over.
    pub settled: Vec<EffectId>,
    /// Effects that are dead, with a reason.
    pub dead: Vec<(Effect, String)>,
    /// Erase every other effect and every event set aside of this aggregate.
    pub erase: bool,
    /// Entries for the books, each unique by its payment and event: one that is there already stays as it is.
    pub entries: Vec<ledger::Entry>,
    /// Payments granted to this contact, each unique.
    pub grants: Vec<PaymentId>,
    /// What is kept for reports, each unique: one that is there already stays as it is.
    pub facts: Vec<Fact>,
}

/// A hit on a shared answer that was asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Of the instructions.
    pub version: String,
    /// The subject.
    pub domain: Domain,
    /// It was wrong.
    pub wrong: bool,
}

/// Calls that belong to no turn of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// When.
    pub at: Time,
    /// What they were for: a check, a question in the terminal, one that was cut.
    pub way: &'static str,
    /// For a person who paid.
    pub paid: bool,
    /// The subject.
    pub domain: Domain,
    /// The calls.
    pub spent: Vec<Spent>,
}

/// Of so many hits on shared answers that were asked again, so many were wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks {
    /// The subject.
    pub domain: Domain,
    /// Asked again.
    pub checked: u32,
    /// Wrong.
    pub wrong: u32,
}

/// Whether money and grants agree, in numbers. Tests in MTN's sandbox are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MoneyCounts {
    /// Payments that were granted, as the payments say.
    pub successes: u64,
    /// Payments granted, as the contacts say.
    pub grants: u64,
    /// Payments with money in the books.
    pub captures: u64,
    /// Payments that are granted and whose contact does not say so, that have no money in the books, or that share
    /// one number of MTN's; a few.
    pub unmatched: Vec<PaymentId>,
    /// Payments whose money waits in suspense.
    pub in_review: u64,
    /// Whether debits and credits of the books are equal.
    pub is_balanced: bool,
}

/// What was posted to us in MTN's name, as it came. It proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// The payment that its address named; `None` where it named none, which all share.
    pub reference: Option<PaymentId>,
    /// `HashKey::callback_digest` of the body: one body of one reference is one callback.
    pub digest: [u8; 32],
    /// The body, or its beginning.
    pub body: Vec<u8>,
    /// There was more of it, or it broke off.
    pub cut: bool,
}

/// What became of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptCallback {
    /// Kept.
    New,
    /// Its body had come for this reference before: counted.
    Again,
    /// Not kept: [`CALLBACKS_OF_ONE`], [`CALLBACKS`] or [`CALLBACK_BYTES`] are reached.
    Full,
}

/// How many effects of a kind somebody would perform now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// The kind.
    pub kind: Kind,
    /// At most so many.
    pub most: usize,
    /// So many of them from people who do not pay, as long as those wait: one in four over time. A busy process takes
    /// one as each slot is freed, so it counts over its calls.
    pub others: usize,
    /// How long nobody else performs them. Stores that serve one process alone need not look: its end voids them.
    pub lease: Duration,
}

/// An effect that the caller, and nobody else, may perform now.
#[derive(Clone, Debug, PartialEq)]
pub struct Leased {
    /// Whose.
    pub aggregate: AggregateId,
    /// The effect.
    pub effect: Effect,
    /// How many processes died while it was open: performing it again may repeat it.
    pub lost: u32,
    /// What the lease did to the version of its aggregate; `None` where it leaves the version alone.
    pub raised: Option<Raised>,
}

/// A version that rose although nothing was decided: the state is the same at both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Raised {
    /// Before.
    pub from: u64,
    /// Since.
    pub to: u64,
}

/// What a commit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// Durable, at this new version.
    Done(u64),
    /// Somebody else decided first: open again and decide again.
    Stale,
    /// The aggregate lives elsewhere now: open it there.
    Moved,
}

/// The store.
#[async_trait]
pub trait Store: Send + Sync {
    /// Stores envelopes that are not known yet, numbered within their aggregate. Durable when it returns.
    async fn admit(&self, envelopes: Vec<Envelope>, now: Time) -> Result<Vec<Admission>, StoreError>;

    /// Reads an aggregate and what waits for it; [`StoreError::Moved`] when it lives in another store.
    async fn open(&self, aggregate: AggregateId) -> Result<Opened, StoreError>;

    /// Writes a decision, all of it or nothing. Durable when it returns `Done`.
    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError>;

    /// Leases effects of these kinds that are due and not leased, at most so many of each, paying people first
    /// but one in four from the others.
    async fn lease_due(&self, wanted: &[Want], now: Time) -> Result<Vec<Leased>, StoreError>;

    /// Gives leases back for effects that were not begun.
    async fn release(&self, effects: Vec<(AggregateId, EffectId)>) -> Result<(), StoreError>;

    /// Whether an effect of this one is still open, for an echo that this process knows nothing of.
    async fn is_open(&self, of: &To, effect: EffectId) -> Result<bool, StoreError>;

    /// Aggregates with envelopes that were admitted before `before`, at most `limit`, from `after` on.
    async fn unattended(
        &self,
        before: Time,
        after: Option<AggregateId>,
        limit: usize,
    ) -> Result<Vec<AggregateId>, StoreError>;

    /// Whether there is such an aggregate: what the outside names may be made up.
    async fn knows(&self, aggregate: AggregateId) -> Result<bool, StoreError>;

    /// Contacts all of whose kept texts were past their time before `day`, at most `limit`.
    async fn overdue_texts(&self, day: JubaDay, limit: usize) -> Result<Vec<AggregateId>, StoreError>;

    /// Notes that an envelope failed; returns how often it has. At [`FAILURES`] it is set aside, and the next
    /// ones go on.
    async fn failed(&self, aggregate: AggregateId, number: u64, reason: String) -> Result<u32, StoreError>;

    /// Makes `key` belong to `owner`, if it is free, owned by `owner` already, or owned by `from`.
    async fn claim(&self, key: String, owner: ContactId, from: Option<ContactId>)
    -> Result<bool, StoreError>;

    /// Frees `key` if it belongs to `owner`.
    async fn unclaim(&self, key: String, owner: ContactId) -> Result<(), StoreError>;

    /// Takes a periodic job for `for_ms`, so that it runs once in a fleet.
    async fn take(&self, job: &'static str, for_ms: i64, now: Time) -> Result<bool, StoreError>;

    /// Copies to their places the entries, grants and facts that commits left with their aggregates; returns how many
    /// aggregates had some. A store that writes them with the commit has none. Called at every sweep, by everybody.
    async fn catch_up(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    /// Forgets what may be forgotten: events seen before `before`. Returns how many.
    async fn forget_seen(&self, before: Time) -> Result<u64, StoreError>;

    /// The prices that were added or confirmed.
    async fn prices(&self) -> Result<Vec<PriceRow>, StoreError>;

    /// Numbers and seals entries of the books that are not sealed yet, at most `limit`; returns how many. To be
    /// called by one job at a time.
    async fn seal_entries(&self, limit: usize) -> Result<usize, StoreError>;

    /// Whether money and grants agree; what was captured after `before` may still be on its way and is left out.
    async fn money_counts(&self, before: Time) -> Result<MoneyCounts, StoreError>;

    /// What AI calls cost on a day of Juba, and in its month up to that day.
    async fn spending(&self, day: JubaDay) -> Result<(Sums, Sums), StoreError>;

    /// The curated answers and the number of their last change; `None` when that is still `known`.
    async fn curated(&self, known: u64) -> Result<Option<(u64, Vec<Entry>)>, StoreError>;

    /// Adds calls that belong to no turn to the sums of their day.
    async fn book(&self, booking: Booking) -> Result<(), StoreError>;

    /// Counts a hit that was asked again.
    async fn note_check(&self, check: Check) -> Result<(), StoreError>;

    /// The counts of [`Store::note_check`] under this version of the instructions.
    async fn checks(&self, version: String) -> Result<Vec<Checks>, StoreError>;

    /// Forgets what reports and shared answers need no longer on `day`: single turns, questions missed once, answers
    /// past their time.
    async fn forget_turns(&self, day: JubaDay, now: Time) -> Result<u64, StoreError>;

    /// Keeps a callback, or counts that it came again.
    async fn keep_callback(&self, callback: Callback, now: Time) -> Result<KeptCallback, StoreError>;

    /// Forgets callbacks that came last before `before`. Returns how many.
    async fn forget_callbacks(&self, before: Time) -> Result<u64, StoreError>;

    /// Whether the store can take a write right now.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// Something an operator can see and revive.
#[derive(Clone, Debug, PartialEq)]
pub enum Stuck {
    /// An effect that never succeeded.
    Effect {
        /// Whose.
        aggregate: AggregateId,
        /// The effect.
        effect: Effect,
        /// Why.
        reason: String,
    },
    /// An effect that never succeeded and cannot be read: its key is gone, or its bytes are damaged. It can be revived
    /// once it can be read again.
    Unreadable {
        /// Whose.
        aggregate: AggregateId,
        /// The effect.
        effect: EffectId,
        /// When it was due.
        due: Time,
    },
    /// An event that could not be decided.
    Event {
        /// Whose.
        aggregate: AggregateId,
        /// The event.
        id: EventId,
        /// When it was admitted.
        arrived: Time,
        /// Why.
        reason: String,
    },
}
