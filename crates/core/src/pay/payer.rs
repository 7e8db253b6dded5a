//! A payer's number: at most one request on it at a time, and peace for who does not want to pay.

use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::payment;
use crate::aggregate::Target;
use crate::contact::effect::{Action, Effect};
use crate::contact::event::{Event as AnyEvent, Input, Outcome};
use crate::contact::{DayCount, Extra};
use crate::decide::{Decision, Record};
use crate::id::{EffectId, PayerId, PaymentId};
use crate::policy::Policy;
use crate::retry;
use crate::time::Time;

/// Schema number of [`Payer`].
pub const SCHEMA: u32 = 1;

/// What is known of a paying number. The number itself is not in it: it is found by its keyed hash.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Payer {
    /// Decisions committed so far; effect ids derive from it.
    pub decisions: u64,
    /// Requests that MTN has not ended, with the time of the wish.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<(PaymentId, Time)>,
    /// Requests allowed on a day.
    pub asked: DayCount,
    /// When requests were declined lately.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub declined: Vec<Time>,
    /// What a newer release wrote.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What can happen to a paying number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A payment wants to prompt it.
    Ask {
        /// Which payment.
        payment: PaymentId,
        /// When the person wished it.
        wished: Time,
    },
    /// A payment on it ended, or is no longer waited for.
    Ended {
        /// Which payment.
        payment: PaymentId,
        /// Whether the payer declined it.
        declined: bool,
        /// No prompt of it reached the phone, so it does not count.
        #[serde(default)]
        unsent: bool,
    },
}

/// Whether the number may be prompted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may.
    Allowed,
    /// It may not.
    Refused(Refusal),
}

/// Why a number may not be prompted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// An earlier request may still be on the phone.
    Open {
        /// From when on a new one is taken.
        until: Time,
    },
    /// The day's requests are used up; midnight in Juba brings new ones.
    Today,
    /// It declined too often.
    Declined {
        /// From when on a new one is taken.
        until: Time,
    },
}

/// Decides for the paying number `id`. Pure; as [`decide`](crate::decide::decide).
#[must_use]
pub fn decide(
    policy: &Policy,
    id: PayerId,
    mut payer: Payer,
    inputs: &[Input],
    now: Time,
    seed: [u8; 16],
) -> Decision<Payer> {
    payer.decisions += 1;
    let mut out = Decision::of(SCHEMA);
    let mut index = 0;
    for input in inputs {
        match input {
            Input::Envelope(numbered) => match &numbered.envelope.event {
                AnyEvent::Payer(Event::Ask { payment, .. }) => {
                    let verdict = payer.ask(policy, *payment, now);
                    let event = AnyEvent::Payment(payment::Event::PayerSays(verdict));
                    let action = Action::Tell { target: Target::Payment(*payment), event: Box::new(event) };
                    let id = EffectId::derive(id, payer.decisions, index);
                    index += 1;
                    out.open.push(Effect { id, due: now, attempt: 1, paid: true, action });
                }
                AnyEvent::Payer(Event::Ended { payment, declined, unsent }) => {
                    payer.end(*payment, *declined, *unsent, now);
                }
                AnyEvent::Revive(effect) => {
                    out.open.push(effect.again(now));
                }
                _ => out.records.push(Record::Misplaced),
            },
            Input::Outcome { effect, outcome } => match outcome {
                Outcome::Failed(_) => {
                    out.open.push(effect.again(now.plus(retry::tell(effect.attempt, &seed))));
                }
                _ => out.settled.push(effect.id),
            },
        }
    }
    out.state = payer;
    out
}

impl Payer {
    fn ask(&mut self, policy: &Policy, payment: PaymentId, now: Time) -> Verdict {
        let rules = &policy.paying;
        self.open.retain(|(_, at)| now.since(*at) < rules.prompt_window_ms);
        self.declined.retain(|at| now.since(*at) < rules.declines_pause_ms);
        if self.open.iter().any(|(it, _)| *it == payment) {
            // Asked twice by the same payment: the same answer.
            return Verdict::Allowed;
        }
        if let Some(until) = self.open.iter().map(|(_, at)| at.plus(rules.prompt_window_ms)).max() {
            return Verdict::Refused(Refusal::Open { until });
        }
        if self.declined.len() >= rules.declines as usize
            && let Some(last) = self.declined.iter().max()
        {
            return Verdict::Refused(Refusal::Declined { until: last.plus(rules.declines_pause_ms) });
        }
        if !self.asked.take(now.juba_day(), rules.requests_per_payer_per_day) {
            return Verdict::Refused(Refusal::Today);
        }
        self.open.push((payment, now));
        Verdict::Allowed
    }

    fn end(&mut self, payment: PaymentId, declined: bool, unsent: bool, now: Time) {
        if let Some((_, at)) = self.open.iter().find(|(it, _)| unsent && *it == payment) {
            self.asked.give_back(at.juba_day());
        }
        self.open.retain(|(it, _)| *it != payment);
        if declined {
            self.declined.push(now);
        }
    }
}
