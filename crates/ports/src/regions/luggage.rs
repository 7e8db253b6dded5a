//! What goes from one store to another: all of an aggregate that moves, and the records that a region leaves for the main
//! store.

use std::time::Duration;

use answerbot_core::decide::Fact;
use answerbot_core::pay::ledger::Entry;
use answerbot_core::{AggregateId, ContactId, EffectId, EventId, PaymentId, Time};

use crate::store::{Facets, PaymentFacets};

/// What a decision leaves for books and reports, which the main store keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// An entry of the books.
    Entry(Entry),
    /// A payment granted to this contact.
    Grant(PaymentId),
    /// Something for reports about this contact.
    Fact(Fact),
    /// What this payment is found by.
    Payment {
        /// It.
        facets: Box<PaymentFacets>,
        /// Since this version of the payment, or an earlier one.
        version: u64,
    },
    /// This contact was erased: nothing says any more what it asked.
    Erased,
}

/// An effect on the way to another store, still sealed.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedEffect {
    /// Its id.
    pub id: EffectId,
    /// `Kind::name`.
    pub kind: String,
    /// For a person who paid.
    pub paid: bool,
    /// When it is due.
    pub due: Time,
    /// Its attempt.
    pub attempt: u32,
    /// Processes that died while it was open.
    pub lost: u32,
    /// Somebody performs it: nobody else may for so long. The outcome is committed where it lives then.
    pub lease: Option<Duration>,
    /// Why it is dead; `None` while it is open.
    pub dead: Option<String>,
    /// Its action, sealed.
    pub body: Vec<u8>,
}

/// An envelope on the way to another store, still sealed.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedEnvelope {
    /// Its id.
    pub id: EventId,
    /// Its place in its aggregate's order.
    pub number: u64,
    /// When it was admitted.
    pub arrived: Time,
    /// How often deciding it failed.
    pub failures: u32,
    /// Why it was set aside; `None` while it waits.
    pub aside: Option<String>,
    /// The envelope, sealed.
    pub body: Vec<u8>,
}

/// All that a store has of an aggregate, but what was seen: that stays behind its tombstone.
#[derive(Clone, Debug, PartialEq)]
pub struct Luggage {
    /// Whose.
    pub aggregate: AggregateId,
    /// Its version.
    pub version: u64,
    /// Number of the last envelope consumed.
    pub consumed: u64,
    /// Schema number of the state.
    pub schema: u32,
    /// When it was first met.
    pub created: Time,
    /// Of a payment: with whom it lives ([`home_of`](super::home_of)).
    pub home: Option<ContactId>,
    /// The state, sealed; `None` where nothing was decided yet.
    pub state: Option<Vec<u8>>,
    /// What it is found by.
    pub facets: Option<Facets>,
    /// Envelopes that wait, by number, and those set aside.
    pub envelopes: Vec<PackedEnvelope>,
    /// Effects, by id.
    pub effects: Vec<PackedEffect>,
}
