//! Where people live: a directory person to region to store, and what a store does so that one can move.
//!
//! The directory is the main store. It has aliases and claims, the place of everybody who does not live in it, the
//! envelopes that are parked, the orders to move, and all books and reports; a region has its people and their
//! payments, and hands the records of their decisions over ([`Member::records`]).
//!
//! A payment lives where its contact lives and moves with it. A paying number lives in the main store: people of
//! several regions may name it.

mod luggage;

use std::fmt;
use std::str::FromStr;

use answerbot_core::contact::event::{Envelope, Event};
use answerbot_core::pay::payment;
use answerbot_core::{AggregateId, ContactId, EventId, PaymentId, Time};
use async_trait::async_trait;

pub use self::luggage::{Luggage, PackedEffect, PackedEnvelope, Record};
use crate::answers::SavedAnswers;
use crate::reports::{Find, Reports};
use crate::store::{Admission, Store, StoreError};

/// The name of a store: `main`, or a region's such as `juba`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(String);

/// The text names no region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a region's name has 1 to 20 letters, digits and dashes, such as juba")]
pub struct BadRegion;

impl Region {
    /// The directory's own store.
    #[must_use]
    pub fn main() -> Self {
        Self("main".to_owned())
    }

    /// Whether it is the directory's own store.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.0 == "main"
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The setting that says where its store is.
    #[must_use]
    pub fn setting(&self) -> String {
        format!("REGION_{}_URL", self.name().to_ascii_uppercase().replace('-', "_"))
    }
}

impl FromStr for Region {
    type Err = BadRegion;

    /// Reads a name in either case.
    fn from_str(text: &str) -> Result<Self, BadRegion> {
        let name = text.trim().to_ascii_lowercase();
        let is_fine = (1..=20).contains(&name.len())
            && name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-');
        if is_fine { Ok(Self(name)) } else { Err(BadRegion) }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number of one try to move somebody. What a process does late, for a try that is over, changes nothing: marks and
/// frozen copies bear the number of the try that they are of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt([u8; 16]);

impl Attempt {
    /// Of a mark or a frozen copy from the time before tries had numbers.
    pub const UNNUMBERED: Self = Self([0; 16]);

    /// One from its bytes, which are drawn.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attempt({:032x})", u128::from_be_bytes(self.0))
    }
}

/// That somebody is being moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where to; to where they live when the move was taken back, or has arrived and is being finished.
    pub to: Region,
    /// By which try.
    pub attempt: Attempt,
}

/// Where a contact lives. One that the directory says nothing of lives in the main store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Here.
    pub region: Region,
    /// It is being moved there, or is there already and the move is being finished: what comes for it is parked.
    pub moving_to: Option<Mark>,
    /// Where they had said that they live when an operator moved them elsewhere: as long as they say the same, it is no
    /// wish to be moved.
    pub overruled: Option<Region>,
    /// How many envelopes are parked for it and its payments: later ones go behind them.
    pub parked: u64,
    /// Where it lived before, and until when: what came there is not new here. Kept for ten days.
    pub before: Vec<(Region, Time)>,
}

impl Place {
    /// Of somebody the directory says nothing of.
    #[must_use]
    pub fn main() -> Self {
        Self { region: Region::main(), moving_to: None, overruled: None, parked: 0, before: Vec::new() }
    }
}

/// An envelope for an aggregate that was found already.
#[derive(Clone, Debug, PartialEq)]
pub struct Addressed {
    /// Whose it is, aliases followed.
    pub aggregate: AggregateId,
    /// The identity that spoke, where a channel told us.
    pub identity: Option<ContactId>,
    /// It.
    pub envelope: Envelope,
}

/// An envelope that waits in the directory for a store that is away.
#[derive(Clone, Debug, PartialEq)]
pub struct Parked {
    /// It.
    pub addressed: Addressed,
    /// When it was taken.
    pub arrived: Time,
}

/// What became of an envelope at a store.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are here")]
pub enum Landing {
    /// It was offered to one that lives there.
    Here(Admission),
    /// Its aggregate moves or lives elsewhere: look at its place again. Nothing of it was stored or marked as seen.
    Moved,
}

/// Who is to be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// One person.
    Contact(ContactId),
    /// Everybody who lives in a store.
    All(Region),
    /// Everybody who lives elsewhere than where they said they live.
    Wished,
}

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nobody began, or somebody is at it.
    Open,
    /// Everybody was moved.
    Done,
    /// An operator took it back.
    Stopped,
}

/// An operator's order to move people; the mover of the fleet carries it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its number, drawn by whoever orders.
    pub id: EventId,
    /// Who.
    pub who: Who,
    /// Where to; for [`Who::Wished`] the only region that wishes are fulfilled for, and the main store for all of them.
    pub to: Region,
    /// Who ordered it.
    pub by: String,
    /// When.
    pub at: Time,
    /// How far it is.
    pub progress: Progress,
    /// So many were moved.
    pub moved: u64,
    /// So many could not be moved yet.
    pub failed: u64,
    /// What went wrong last; empty when nothing did.
    pub note: String,
}

/// Which orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// This one.
    One(EventId),
    /// Those that are not over.
    Open,
    /// Those about more than one person, also those that are over: they are never forgotten, because they say which
    /// regions are closed.
    OfMany,
}

/// An envelope that is to be parked.
#[derive(Clone, Debug, PartialEq)]
pub struct ToPark {
    /// Whose place counts it.
    pub of: ContactId,
    /// It.
    pub parked: Parked,
    /// It comes from outside and gets no more room than an inbox has. The first one that finds none leaves this.
    pub note: Option<Parked>,
}

/// What became of an envelope that was to be parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parking {
    /// It waits.
    New,
    /// It waits already.
    Known,
    /// There is no room for it.
    Full,
}

/// What is said of a parked envelope that is damaged.
pub const DAMAGED: &str = "it was parked and is damaged; it is listed for ten days and cannot be handed back";

/// The directory.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Who has these identities now: another contact, where one claimed it. In one read.
    async fn owners(&self, identities: &[ContactId]) -> Result<Vec<ContactId>, StoreError>;

    /// Whose these payments are (by the claims of [`payment_key`]); `None` where nobody claimed one.
    async fn payers(&self, payments: &[PaymentId]) -> Result<Vec<Option<ContactId>>, StoreError>;

    /// The places of contacts, in one read. Those that it says nothing of live in the main store.
    async fn places(&self, of: &[ContactId]) -> Result<Vec<Place>, StoreError>;

    /// The regions besides the main store that places name, and whether somebody lives there: where nobody does,
    /// somebody is on the way.
    async fn regions(&self) -> Result<Vec<(Region, bool)>, StoreError>;

    /// Puts `mark` in the place of `was`, for a contact that lives in `from`: a move begins (`was` is `None`), ends
    /// (`mark` is `None`), or another try takes it over. A mark to `from` itself takes a move back: from then on nobody
    /// can let it arrive. May be repeated. False when it does not live there, or its mark is another one.
    async fn mark(
        &self,
        of: ContactId,
        from: &Region,
        was: Option<&Mark>,
        mark: Option<&Mark>,
    ) -> Result<bool, StoreError>;

    /// Says that the move of this mark is done: it lives there from now on, where it lived is in [`Place::before`], and
    /// `overruled` in [`Place::overruled`]. False when it bears another mark or none. What comes for it is parked, and
    /// [`Directory::moves`] names it, until [`Directory::mark`] takes the mark away: a crash on the way is found and the
    /// rest is done. May be repeated.
    async fn arrive(
        &self,
        of: ContactId,
        mark: &Mark,
        overruled: Option<&Region>,
        now: Time,
    ) -> Result<bool, StoreError>;

    /// Contacts whose move somebody began and nobody ended, from `after` on, by id.
    async fn moves(
        &self,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<(ContactId, Place)>, StoreError>;

    /// Parks envelopes behind those that are parked for their contact; known ones (by id) change nothing. Durable when it
    /// returns.
    async fn park(&self, envelopes: Vec<ToPark>) -> Result<Vec<Parking>, StoreError>;

    /// What is parked for a contact, in its order, up to the first that another key or release must read: nothing may
    /// overtake that, and where it is the first this is an error. One that is damaged is set aside
    /// ([`Stuck::Event`](crate::store::Stuck::Event)).
    async fn parked(&self, of: ContactId, limit: usize) -> Result<Vec<Parked>, StoreError>;

    /// Those were admitted where it lives: they are parked no more.
    async fn unpark(&self, of: ContactId, events: &[EventId]) -> Result<(), StoreError>;

    /// Contacts that envelopes are parked for, from `after` on, by id.
    async fn waiting(&self, after: Option<ContactId>, limit: usize) -> Result<Vec<ContactId>, StoreError>;

    /// Writes an order down; one with its number that is there already stays as it is.
    async fn put_order(&self, order: Order) -> Result<(), StoreError>;

    /// Says that so many more of an order were moved, and what stands in its way. False when it is over.
    async fn note_order(
        &self,
        id: EventId,
        moved: u64,
        failed: u64,
        note: String,
    ) -> Result<bool, StoreError>;

    /// Ends an order. False when it is over already.
    async fn end_order(&self, id: EventId, progress: Progress) -> Result<bool, StoreError>;

    /// Orders, newest first.
    async fn orders(&self, which: Which, limit: usize) -> Result<Vec<Order>, StoreError>;

    /// Forgets former places that ended before `before`, orders about one person that are over since then, and damaged
    /// envelopes that arrived before.
    async fn forget_places(&self, before: Time) -> Result<u64, StoreError>;
}

/// Whose payment it is, where the event that begins it says so. It lives with this contact for good, whoever is granted
/// its money later: stores keep it as [`Luggage::home`].
#[must_use]
pub const fn home_of(event: &Event) -> Option<ContactId> {
    match event {
        Event::Payment(payment::Event::Start(order)) => Some(order.contact),
        Event::Payment(payment::Event::Recover(assignment, _)) => Some(assignment.to),
        _ => None,
    }
}

/// The claim that says whose a payment is, made before its first event is stored.
#[must_use]
pub fn payment_key(payment: PaymentId) -> String {
    format!("payment:{payment}")
}

/// A store as a member of several.
#[async_trait]
pub trait Member: Send + Sync {
    /// Stores envelopes whose aggregates were found, as [`Store::admit`] does. A payment that would be new here while
    /// its contact moves or lives elsewhere has moved too.
    async fn admit_to(&self, envelopes: Vec<Addressed>, arrived: Time) -> Result<Vec<Landing>, StoreError>;

    /// Which of these events were ever admitted for this one, as far as that is remembered.
    async fn saw(&self, aggregate: AggregateId, events: &[EventId]) -> Result<Vec<bool>, StoreError>;

    /// The payments that live with a contact ([`Luggage::home`]) and are here, frozen ones too; also those that wait for
    /// their first decision.
    async fn payments_of(&self, contact: ContactId) -> Result<Vec<PaymentId>, StoreError>;

    /// Contacts that live here, by id, from `after` on; frozen ones too, tombstones not.
    async fn residents(&self, after: Option<ContactId>, limit: usize) -> Result<Vec<ContactId>, StoreError>;

    /// Contacts that live here and said that they live in `region`, from `after` on in an order of the store's own, at
    /// most `limit`.
    async fn said(
        &self,
        region: &Region,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<ContactId>, StoreError>;

    /// From now on `admit_to` and `commit` answer that it moved, and none of its effects is leased. One that is frozen
    /// already is frozen by this try from now on. May be repeated. False when there is no such aggregate.
    async fn freeze(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError>;

    /// What this try froze stays after all, or it arrived here. May be repeated. Says whether it lives here now: not when
    /// another try froze it.
    async fn thaw(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError>;

    /// All of an aggregate that this try froze; `None` when there is none. Leases are told as what is left of them.
    async fn pack(&self, of: AggregateId, by: Attempt) -> Result<Option<Luggage>, StoreError>;

    /// Takes an aggregate, frozen by this try until it is thawed, in the place of a frozen copy or a tombstone of before.
    /// Not where one lives, nor in the place of a copy that knows more (a later version or number): that is an error.
    async fn unpack(&self, luggage: Luggage, by: Attempt) -> Result<(), StoreError>;

    /// Leaves a tombstone of what this try froze: what was seen, and nothing else. `admit_to` and `commit` answer that it
    /// moved until it is unpacked here again. May be repeated. False when another try froze it; one that lives here is an
    /// error.
    async fn bury(&self, of: AggregateId, by: Attempt) -> Result<bool, StoreError>;

    /// What is frozen here and by which try, by id, from `after` on: people and payments.
    async fn frozen(
        &self,
        after: Option<AggregateId>,
        limit: usize,
    ) -> Result<Vec<(AggregateId, Attempt)>, StoreError>;

    /// By which try one is frozen here; `None` when it is not.
    async fn frozen_by(&self, of: AggregateId) -> Result<Option<Attempt>, StoreError>;

    /// Records that decisions left here, the oldest first, with their aggregate, at most `limit` aggregates. A main
    /// store keeps them itself and has none.
    async fn records(&self, limit: usize) -> Result<Vec<(AggregateId, Vec<(u64, Record)>)>, StoreError>;

    /// Those (by the numbers that [`Member::records`] told) are kept in the main store.
    async fn forget_records(&self, of: AggregateId, numbers: &[u64]) -> Result<(), StoreError>;

    /// Keeps records of an aggregate that lives in another store; those that are kept already change nothing. What a
    /// payment is found by is not taken where a later version is known, whoever told it. In the main store.
    async fn keep_records(&self, of: AggregateId, records: Vec<Record>) -> Result<(), StoreError>;

    /// The ids of payments as [`Reports::payments`] finds them, also of those that live in another store. In the main
    /// store.
    async fn find_payments(&self, find: Find, limit: usize) -> Result<Vec<PaymentId>, StoreError>;
}

/// What the engine and the commands see of one store or of several behind a router.
pub trait FullStore: Store + Reports + SavedAnswers {}

impl<T: Store + Reports + SavedAnswers + ?Sized> FullStore for T {}

/// All that a store of ours is.
pub trait Depot: Store + Reports + SavedAnswers + Directory + Member {}

impl<T: Store + Reports + SavedAnswers + Directory + Member + ?Sized> Depot for T {}
