//! One payment: a machine of its own, from a person's wish to the money's last word.
//!
//! Its id is the reference that MTN knows it by, drawn and committed before the first call; every retry uses it
//! again. Only what MTN says when asked, or MTN's own statement, grants anything. Whatever MTN has not ended is
//! asked about until day seven, also after the person cancelled or we stopped waiting.

mod books;
mod till;

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::money::Money;
use super::payer;
use super::phone::Msisdn;
use super::price::Plan;
use crate::contact::Extra;
use crate::id::{ContactId, EffectId, PaymentId};
use crate::time::Time;

pub use till::decide;

/// Schema number of [`Payment`].
pub const SCHEMA: u32 = 1;

/// One payment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Payment {
    /// Decisions committed so far; effect ids derive from it.
    pub decisions: u64,
    /// What was ordered; `None` before the first event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Where it stands.
    pub status: Status,
    /// The effect of the steps before MTN is asked, and of asking it; `None` when none is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doing: Option<Doing>,
    /// The effect that asks MTN how it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<Poll>,
    /// When MTN was first asked for the money, well or in vain; polls count from here. `None`: it certainly has
    /// nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Time>,
    /// Whether MTN took the request, or knows of it.
    pub accepted: bool,
    /// When MTN was last asked how it stands, with or without an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<Time>,
    /// How often MTN said that it knows nothing of it.
    pub missing: u32,
    /// What MTN says was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid: Option<Paid>,
    /// Whom the person was last told that the money is for; money in suspense may be assigned to somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granted_to: Option<ContactId>,
    /// What an operator, or MTN's statement, said that the money is for, where that is not the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned: Option<Assignment>,
    /// How much came by MTN's statement, where that is not what MTN said when it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated: Option<Money>,
    /// MTN's number of the refund that was made by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund: Option<String>,
    /// The person deleted their data: nobody is told anything, and nothing is granted to them.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub disowned: bool,
    /// What stays of the order of such a person once nothing can come of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remains: Option<Remains>,
    /// What a newer release wrote.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Payment {
    /// Whether it was made in MTN's sandbox, and so stays out of the real books.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.order.as_ref().map(|it| it.test).or(self.remains.map(|it| it.test)).unwrap_or_default()
    }

    /// What was asked for; `None` for money without an order.
    #[must_use]
    pub fn price(&self) -> Option<Money> {
        self.order.as_ref().map(|it| it.price).or(self.remains.map(|it| it.price))
    }

    /// When the person wished it, or else when we learnt of its money.
    #[must_use]
    pub fn since(&self) -> Option<Time> {
        let wished = self.order.as_ref().map(|it| it.wished).or(self.remains.map(|it| it.wished));
        wished.or(self.paid.as_ref().map(|it| it.at))
    }
}

/// What was ordered. Never changes: the prompt asks for exactly what was shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Who wants the plan.
    pub contact: ContactId,
    /// The number that the receipt carries, such as `AB7K-3F9Q`.
    pub code: String,
    /// What MTN is given as external id, and what its statement carries.
    pub external_id: String,
    /// The plan.
    pub plan: Plan,
    /// Its days.
    pub days: u32,
    /// What was shown and is asked for.
    pub price: Money,
    /// The version of the price row.
    pub version: u32,
    /// Who pays.
    pub payer: Msisdn,
    /// When the person said so. A request that was not sent soon after it is not sent at all.
    pub wished: Time,
    /// Made in MTN's sandbox: it stays out of the real books.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub test: bool,
}

/// What money without an order of its own is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Whose plan it pays.
    pub to: ContactId,
    /// Which plan.
    pub plan: Plan,
    /// Its days.
    pub days: u32,
    /// The version of the price row.
    pub version: u32,
}

/// What the books need of an order whose person deleted their data: no person and no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remains {
    /// What was asked for.
    pub price: Money,
    /// When.
    pub wished: Time,
    /// Made in MTN's sandbox.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub test: bool,
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Wished; MTN has not been asked, or has not answered.
    #[default]
    Created,
    /// MTN took it; the prompt is on the phone.
    Pending,
    /// MTN may have taken it.
    Unknown,
    /// Paid, and granted.
    Success,
    /// MTN ended it, or it never reached MTN.
    Failed(Failure),
    /// Nothing happened in time; a late approval still counts.
    Expired,
    /// The person left it; an approval still counts.
    Cancelled,
    /// MTN knows nothing of it.
    Abandoned,
    /// MTN was paid something else than what was ordered: an operator decides.
    Review,
    /// Given back by hand.
    Refunded,
}

impl Status {
    /// The name in stores, lists and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Pending => "pending",
            Self::Unknown => "unknown",
            Self::Success => "success",
            Self::Failed(_) => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
            Self::Review => "review",
            Self::Refunded => "refunded",
        }
    }

    /// Whether money has come: no later word of MTN changes that.
    #[must_use]
    pub const fn has_money(self) -> bool {
        matches!(self, Self::Success | Self::Review | Self::Refunded)
    }

    /// Whether the person still waits for word of it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::Pending | Self::Unknown)
    }
}

/// Why there was no money. Each has its own words and its own advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The person or the payer declined.
    Declined,
    /// The prompt ran out.
    NotApproved,
    /// Not enough money. MTN mostly says it with an internal error, so that means this too.
    NoFunds,
    /// The payer's limit at MTN.
    Limit,
    /// The number has no `MoMo` account.
    NoAccount,
    /// We may not be paid: ours to mend.
    OurFault,
    /// MTN has trouble.
    Trouble,
    /// It never left us in time.
    NotSent,
    /// The payer's number has an open request, or too many today, or declined twice.
    Refused(payer::Refusal),
    /// MTN gave no reason that we know.
    Other,
}

/// What MTN says was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// How much.
    pub money: Money,
    /// By whom; `None` where it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<Msisdn>,
    /// MTN's number of the transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtn_id: Option<String>,
    /// When we learnt of it.
    pub at: Time,
}

/// A step before or at asking MTN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// The payer's number is asked whether it may be prompted.
    AskingPayer,
    /// MTN is asked whether the number is a live account.
    CheckingAccount(EffectId),
    /// MTN is asked for the money.
    Charging(EffectId),
}

/// The next time MTN is asked how it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// The effect.
    pub effect: EffectId,
    /// When.
    pub due: Time,
    /// Its attempt, to tell a late outcome from the one that is waited for.
    pub attempt: u32,
}

/// What can happen to a payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A person wants to pay.
    Start(Order),
    /// The payer's number said whether it may be prompted.
    PayerSays(payer::Verdict),
    /// MTN called back, or somebody says that they paid: ask now. Proves nothing.
    Nudge,
    /// The person leaves it.
    Cancel,
    /// The person deleted their data: money that still comes belongs to nobody we know.
    Disown,
    /// A line of MTN's statement is this payment: as good as MTN's own answer.
    Statement(Paid),
    /// A line of MTN's statement names an order that our books lost.
    Recover(Assignment, Paid),
    /// A line of MTN's statement that fits nobody.
    Unclaimed(Paid),
    /// Seven days after the wish of a person who deleted their data: the paying number goes.
    Scrub,
    /// An operator gives money under review to somebody.
    Assign(Assignment),
    /// An operator gave the money back by hand in MTN's portal; the number MTN gave that.
    RefundedByHand(String),
}

/// How MTN took a request for money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Charged {
    /// It took it, or has it already under this reference.
    Taken,
    /// It certainly did not take it, for this reason, and will not take it again.
    Rejected(Failure),
    /// Nothing reached it; trying again may help.
    NotSent,
    /// It may have taken it.
    Unknown,
    /// The time to send it was over; nothing was sent by this attempt.
    TooLate,
}

/// What MTN says of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Nothing final, in whatever word.
    Pending,
    /// Paid.
    Successful {
        /// How much.
        money: Money,
        /// By whom.
        payer: Option<Msisdn>,
        /// Under which external id.
        external_id: Option<String>,
        /// MTN's number of it.
        mtn_id: Option<String>,
    },
    /// Ended without money.
    Failed(Failure),
    /// It knows of no such payment, or not yet.
    Missing,
}

/// What a contact is told of a payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct News {
    /// Which payment.
    pub payment: PaymentId,
    /// What.
    pub what: What,
}

/// The news.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The prompt is on its way to the phone.
    Prompted,
    /// No money, and why.
    Failed(Failure),
    /// Nothing happened in time.
    Expired,
    /// Cancelled; whether a prompt may be on the phone.
    Cancelled {
        /// It may.
        prompted: bool,
    },
    /// MTN knows nothing of it: not charged.
    Abandoned,
    /// Money came that does not fit: somebody looks at it.
    Review,
    /// Paid.
    Granted(Granted),
    /// Given back.
    Refunded,
}

/// What was paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The receipt's number.
    pub code: String,
    /// The plan.
    pub plan: Plan,
    /// Its days.
    pub days: u32,
    /// How much was paid.
    pub price: Money,
    /// The version of the price.
    pub version: u32,
    /// MTN's number of the transaction.
    pub mtn_id: Option<String>,
    /// When we learnt of it.
    pub at: Time,
    /// The person had been told an end before.
    pub late: bool,
    /// Made in MTN's sandbox.
    #[serde(default)]
    pub test: bool,
    /// Days given away: nothing was paid, and `price` is what they are worth.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub gift: bool,
}

/// What MTN is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// The reference: the same for every attempt.
    pub reference: PaymentId,
    /// How much.
    pub money: Money,
    /// From whom.
    pub payer: Msisdn,
    /// What MTN's statement will carry.
    pub external_id: String,
    /// The order's number, for the note that the payer reads.
    pub code: String,
    /// Not sent after this time: the person has put the phone away.
    pub not_after: Time,
}
