//! What a person paid for. Paid days are computed from the grants, never guessed and never counted down.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::DayCount;
use crate::id::PaymentId;
use crate::pay::days::{self, Period};
use crate::pay::payment::Granted;
use crate::time::JubaDay;

/// What a person paid for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Paying {
    /// What each payment granted, for ever: a payment grants once, however often it is told.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub grants: BTreeMap<PaymentId, Grant>,
    /// Paid questions taken.
    pub used: DayCount,
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

    /// Whether a day is paid for. The rest of the day of a payment is a gift, so it counts.
    #[must_use]
    pub fn is_paid_on(&self, day: JubaDay) -> bool {
        self.through().is_some_and(|through| day <= through)
    }
}
