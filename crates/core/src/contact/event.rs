//! What can happen to a contact.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::effect::{EffectFault, Reply};
use super::{Identity, Outgoing, Paying, Question};
use crate::address::Address;
use crate::aggregate::AggregateId;
use crate::id::{ContactId, EffectId, EventId, PaymentId};
use crate::pay::money::Money;
use crate::pay::{payer, payment};
use crate::spend::Spent;
use crate::time::Time;

/// Something a channel told us, before it is admitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Derived from the channel and the platform's message id.
    pub id: EventId,
    /// Whom it concerns.
    pub to: To,
    /// What happened.
    pub event: Event,
    /// The platform's time; `None` or the future counts as the arrival.
    pub sent: Option<Time>,
}

impl Envelope {
    /// Where the person is reached, for what a channel told us.
    #[must_use]
    pub const fn address(&self) -> Option<&Address> {
        match &self.to {
            To::Address(address) => Some(address),
            To::Aggregate(_) => None,
        }
    }
}

/// Whom an envelope concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// Whoever is reached here: what a channel tells us.
    Address(Address),
    /// This one: what another aggregate or an operator tells it.
    Aggregate(AggregateId),
}

/// An admitted envelope with its place in its aggregate's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbered {
    /// 1 for the first envelope, and so on without a gap.
    pub number: u64,
    /// When it was admitted.
    pub arrived: Time,
    /// The keyed hash of its address; `None` for what no channel told us.
    pub identity: Option<ContactId>,
    /// The envelope.
    pub envelope: Envelope,
}

impl Numbered {
    /// When the person sent it: the platform's time, or the arrival where that is missing or lies ahead.
    #[must_use]
    pub fn said(&self) -> Time {
        self.envelope.sent.map_or(self.arrived, |sent| sent.min(self.arrived))
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A text, at most 16,000 characters; longer ones are cut by the channel.
    Text(String),
    /// A message of only 4 to 6 digits. The digits were dropped before anything was stored: it may be a PIN.
    Digits,
    /// A button or quick reply; an unknown payload comes as the text of its title.
    Tap(super::message::Tap),
    /// A message that is no text.
    Media(Media),
    /// The talk was opened by a link or an ad.
    Opened,
    /// The person took a message back: its platform id, as an event id.
    Unsent(EventId),
    /// The platform confirms one of our sends: the id it gave it.
    OwnEcho {
        /// The effect that was sent.
        effect: EffectId,
        /// The platform's message id, as an event id.
        message: EventId,
    },
    /// The page wrote without us: a person of ours, unless the message id is one of ours.
    PageEcho {
        /// The platform's message id, as an event id.
        message: EventId,
        /// Digest of its text.
        digest: EventId,
    },
    /// More came than the inbox holds; what followed was acknowledged without its text.
    Overflow,
    /// An operator wants a dead effect tried again.
    Revive(super::effect::Effect),
    /// A payment of this contact went on.
    Paying(payment::News),
    /// An operator gives days away.
    Gift(Gift),
    /// An operator erases the person's data, who asked for it elsewhere.
    Erase,
    /// An operator learnt that this contact and that one are one person; that one stays.
    MergeInto(ContactId),
    /// Another contact was this person too.
    Merged(Box<Estate>),
    /// Something happened to a payment.
    Payment(payment::Event),
    /// Something happened to a paying number.
    Payer(payer::Event),
}

impl Event {
    /// Whether a person did this, so that it opens the reply window; taking a message back does not.
    #[must_use]
    pub fn is_from_person(&self) -> bool {
        !matches!(self, Self::OwnEcho { .. } | Self::PageEcho { .. } | Self::Unsent(_) | Self::Overflow)
            && self.is_chat()
    }

    /// Whether it is a chat event, which can be too old to matter.
    #[must_use]
    pub fn is_chat(&self) -> bool {
        !matches!(
            self,
            Self::Overflow
                | Self::Revive(_)
                | Self::Paying(_)
                | Self::Gift(_)
                | Self::Erase
                | Self::MergeInto(_)
                | Self::Merged(_)
                | Self::Payment(_)
                | Self::Payer(_)
        )
    }
}

/// Days that an operator gives away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    /// Stands where a payment's id stands for paid days.
    pub id: PaymentId,
    /// How many.
    pub days: u32,
    /// What they are worth, for the books.
    pub worth: Money,
}

/// What a contact hands over to the one that it was merged into.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estate {
    /// Whose it was.
    pub from: ContactId,
    /// Where the person is reached too, with the free questions taken there.
    pub identities: Vec<Identity>,
    /// Grants, requests, paid questions of today.
    pub paying: Paying,
    /// Questions that wait, by the identities above.
    pub questions: Vec<Question>,
    /// Messages that wait, by the identities above.
    pub messages: Vec<Outgoing>,
}

/// A message that is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// A thumbs-up or another sticker.
    Sticker,
    /// A picture.
    Image,
    /// A voice note or another sound.
    Voice,
    /// A video or reel.
    Video,
    /// A document.
    File,
    /// A place on the map.
    Location,
    /// Anything else.
    Other,
}

/// What `decide` folds in: an envelope, or what became of an effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// An admitted envelope.
    Envelope(Numbered),
    /// An effect's attempt ended.
    Outcome {
        /// The effect, as it was performed.
        effect: super::effect::Effect,
        /// How it ended.
        outcome: Outcome,
    },
}

/// How an attempt at an effect ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The AI answered.
    Answered(Reply),
    /// The platform took the message and gave it this id.
    Sent(EventId),
    /// The call timed out after it may have been taken.
    Unknown,
    /// A timer's time came, an alarm was delivered, or another aggregate was told.
    Done,
    /// Whether a number is a live `MoMo` account.
    Account(bool),
    /// How MTN took a request for money.
    Charged(payment::Charged),
    /// What MTN says of a payment.
    Checked(payment::Checked),
    /// No provider answered; what that cost all the same.
    Unanswered(EffectFault, Vec<Spent>),
    /// It failed.
    Failed(EffectFault),
}
