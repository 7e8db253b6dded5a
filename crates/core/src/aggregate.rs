//! What is decided as one: a contact, a payment, or a paying number. All three are machines of one kind.

use alloc::boxed::Box;

use serde::{Deserialize, Serialize};

use crate::contact::event::Input;
use crate::contact::{self, Contact};
use crate::decide::{self, Decision, Rules};
use crate::id::{ContactId, PayerId, PaymentId};
use crate::pay::payer::{self, Payer};
use crate::pay::payment::{self, Payment};
use crate::pay::phone::Msisdn;
use crate::time::Time;

/// Which aggregate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AggregateId {
    /// A person.
    Contact(ContactId),
    /// A payment.
    Payment(PaymentId),
    /// A paying number.
    Payer(PayerId),
}

/// The kinds of aggregates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AggregateKind {
    /// A person.
    Contact,
    /// A payment.
    Payment,
    /// A paying number.
    Payer,
}

impl AggregateKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Contact, Self::Payment, Self::Payer];

    /// The name in seals, subjects and keys of other servers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Payment => "payment",
            Self::Payer => "payer",
        }
    }

    /// The number that stores keep.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Contact => 0,
            Self::Payment => 1,
            Self::Payer => 2,
        }
    }

    /// The kind with this number.
    #[must_use]
    pub fn numbered(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.number() == number)
    }
}

impl AggregateId {
    /// An id that a store kept as a kind and 16 bytes.
    #[must_use]
    pub const fn from_parts(kind: AggregateKind, bytes: [u8; 16]) -> Self {
        match kind {
            AggregateKind::Contact => Self::Contact(ContactId::from_bytes(bytes)),
            AggregateKind::Payment => Self::Payment(PaymentId::from_bytes(bytes)),
            AggregateKind::Payer => Self::Payer(PayerId::from_bytes(bytes)),
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(self) -> AggregateKind {
        match self {
            Self::Contact(_) => AggregateKind::Contact,
            Self::Payment(_) => AggregateKind::Payment,
            Self::Payer(_) => AggregateKind::Payer,
        }
    }

    /// Its bytes, as stores keep them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        match self {
            Self::Contact(id) => id.as_bytes(),
            Self::Payment(id) => id.as_bytes(),
            Self::Payer(id) => id.as_bytes(),
        }
    }

    /// The person, where it is one.
    #[must_use]
    pub const fn contact(self) -> Option<ContactId> {
        match self {
            Self::Contact(id) => Some(id),
            Self::Payment(_) | Self::Payer(_) => None,
        }
    }
}

impl core::fmt::Display for AggregateId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Contact(id) => id.fmt(f),
            Self::Payment(id) => write!(f, "payment {id}"),
            Self::Payer(id) => write!(f, "payer {id}"),
        }
    }
}

impl From<ContactId> for AggregateId {
    fn from(id: ContactId) -> Self {
        Self::Contact(id)
    }
}

impl From<PaymentId> for AggregateId {
    fn from(id: PaymentId) -> Self {
        Self::Payment(id)
    }
}

impl From<PayerId> for AggregateId {
    fn from(id: PayerId) -> Self {
        Self::Payer(id)
    }
}

/// Whom something is told. A payer is named by its number; the engine finds its id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A person.
    Contact(ContactId),
    /// A payment.
    Payment(PaymentId),
    /// Whoever has this number.
    PayerOf(Msisdn),
}

/// The state of an aggregate.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Of a person.
    Contact(Box<Contact>),
    /// Of a payment.
    Payment(Box<Payment>),
    /// Of a paying number.
    Payer(Box<Payer>),
}

impl State {
    /// The state of an aggregate that nothing was decided about.
    #[must_use]
    pub fn empty(kind: AggregateKind) -> Self {
        match kind {
            AggregateKind::Contact => Self::Contact(Box::default()),
            AggregateKind::Payment => Self::Payment(Box::default()),
            AggregateKind::Payer => Self::Payer(Box::default()),
        }
    }

    /// The highest schema number of its kind that this release knows.
    #[must_use]
    pub const fn known_schema(kind: AggregateKind) -> u32 {
        match kind {
            AggregateKind::Contact => contact::SCHEMA,
            AggregateKind::Payment => payment::SCHEMA,
            AggregateKind::Payer => payer::SCHEMA,
        }
    }

    /// The person, where it is one.
    #[must_use]
    pub fn as_contact(&self) -> Option<&Contact> {
        match self {
            Self::Contact(contact) => Some(contact),
            Self::Payment(_) | Self::Payer(_) => None,
        }
    }

    /// The payment, where it is one.
    #[must_use]
    pub fn as_payment(&self) -> Option<&Payment> {
        match self {
            Self::Payment(payment) => Some(payment),
            Self::Contact(_) | Self::Payer(_) => None,
        }
    }
}

impl From<Contact> for State {
    fn from(contact: Contact) -> Self {
        Self::Contact(Box::new(contact))
    }
}

/// Decides what follows from `inputs` for any aggregate; `None` when `state` is not of its kind.
#[must_use]
pub fn decide_any(
    rules: Rules<'_>,
    id: AggregateId,
    state: State,
    inputs: &[Input],
    now: Time,
    seed: [u8; 16],
) -> Option<Decision<State>> {
    Some(match (id, state) {
        (AggregateId::Contact(id), State::Contact(it)) => {
            decide::decide(rules, id, *it, inputs, now, seed).map(|it| State::Contact(Box::new(it)))
        }
        (AggregateId::Payment(id), State::Payment(it)) => {
            payment::decide(rules.policy, id, *it, inputs, now, seed).map(|it| State::Payment(Box::new(it)))
        }
        (AggregateId::Payer(id), State::Payer(it)) => {
            payer::decide(rules.policy, id, *it, inputs, now, seed).map(|it| State::Payer(Box::new(it)))
        }
        _ => return None,
    })
}
