//! What a person paid for. Paid days are computed from the grants, never guessed and never counted down.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::DayCount;
use crate::id::PaymentId;
use crate::pay::days::{self, Period};
use crate::pay::money::Money;
use crate::pay::payment::{Failure, Granted, What};
use crate::pay::phone::Msisdn;
use crate::pay::price::{Plan, Quote};
use crate::time::{JubaDay, Time};

/// What a person paid for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Paying {
    /// What each payment granted, for ever: a payment grants once, however often it is told.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub grants: BTreeMap<PaymentId, Grant>,
    /// Paid questions taken.
    pub used: DayCount,
    /// What the person is choosing now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// Payments of the last days, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Request>,
    /// The number that paid last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Msisdn>,
    /// Orders made so far.
    pub orders: u32,
    /// Payments given back before their grant was heard of, or that never had one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub given_back: Vec<PaymentId>,
    /// The reminders of the plan's end that were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminded: Option<Reminded>,
}

/// Reminders that were given of one end of a plan; a renewal moves the end, and all begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminded {
    /// The last paid day that they are about.
    pub through: JubaDay,
    /// How many.
    pub count: u32,
    /// The due time of the latest: none that was due before it is given after it.
    pub due: Time,
}

/// Where the person is on the way to a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A plan is chosen; the paying number is asked for.
    Number(Plan),
    /// All is shown; "pay" is waited for.
    Confirm {
        /// What was shown.
        quote: Quote,
        /// Who pays.
        payer: Msisdn,
        /// When it was shown.
        at: Time,
    },
}

/// A payment that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Which.
    pub payment: PaymentId,
    /// For what.
    pub plan: Plan,
    /// What was shown and asked for; `None` in states of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// Who pays.
    pub payer: Msisdn,
    /// When.
    pub at: Time,
    /// What we heard of it last. Money is in the grants, not here.
    #[serde(default)]
    pub stands: Standing,
    /// No prompt of it can be on a phone any more.
    #[serde(default)]
    pub ended: bool,
}

/// How a payment stands that brought nothing yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing was heard of it.
    #[default]
    Asked,
    /// The prompt is on its way to the phone.
    Prompted,
    /// Nothing happened in time; a late approval counts.
    Expired,
    /// No money, and why.
    Failed(Failure),
    /// The person left it.
    Cancelled {
        /// A prompt may be on the phone all the same.
        prompted: bool,
    },
    /// MTN knows nothing of it.
    Abandoned,
    /// Money came that does not fit; a person of ours looks at it.
    Review,
    /// Such money was given back.
    GivenBack,
}

impl Standing {
    /// What news says of it; `None` for what the grants say.
    #[must_use]
    pub const fn of(what: &What) -> Option<Self> {
        Some(match what {
            What::Prompted => Self::Prompted,
            What::Failed(why) => Self::Failed(*why),
            What::Expired => Self::Expired,
            What::Cancelled { prompted } => Self::Cancelled { prompted: *prompted },
            What::Abandoned => Self::Abandoned,
            What::Review => Self::Review,
            What::Granted(_) | What::Refunded => return None,
        })
    }
}

/// What one payment granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What was paid for, and when we learnt of it.
    #[serde(flatten)]
    pub granted: Granted,
    /// The money was given back: its days are gone.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub refunded: bool,
}

impl Paying {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The days of each grant, in the order in which they were learnt of: each begins where the one before ends,
    /// so weekly then monthly adds up.
    #[must_use]
    pub fn periods(&self) -> Vec<(PaymentId, Period)> {
        let mut grants: Vec<_> = self.grants.iter().filter(|(_, grant)| !grant.refunded).collect();
        grants.sort_by_key(|(id, grant)| (grant.granted.at, **id));
        let mut through = None;
        grants
            .into_iter()
            .map(|(id, grant)| {
                let period = days::extend(grant.granted.at.juba_day(), through, grant.granted.days);
                through = Some(period.through);
                (*id, period)
            })
            .collect()
    }

    /// The last paid day; `None` when nothing was ever paid, or all of it was given back.
    #[must_use]
    pub fn through(&self) -> Option<JubaDay> {
        self.periods().last().map(|(_, period)| period.through)
    }

    /// The payment whose prompt can be on a phone now: not ended, and younger than `window_ms`.
    #[must_use]
    pub fn open_request(&self, now: Time, window_ms: i64) -> Option<&Request> {
        self.requests.iter().find(|it| !it.ended && now.since(it.at) < window_ms)
    }

    /// Whether a day is paid for. The rest of the day of a payment is a gift, so it counts.
    #[must_use]
    pub fn is_paid_on(&self, day: JubaDay) -> bool {
        self.through().is_some_and(|through| day <= through)
    }
}
