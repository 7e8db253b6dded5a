//! How long nobody else performs what this process performs.

use std::time::Duration;

use answerbot_core::contact::effect::{Effect, Kind};
use answerbot_core::{Policy, Time};
use answerbot_ports::store::Raised;

use crate::perform::{MARGIN, millis};

/// A lease outlives its call's deadline by this.
const OUTLIVES: Duration = Duration::from_secs(30);
/// What one write of a fleet's store, and what an alarm takes at most.
const WRITE: Duration = Duration::from_secs(45);

/// How an effect came to this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    /// How many processes died while it was open: it may have been performed before.
    pub lost: u32,
    /// When it was asked for, on the monotonic clock: the store counts from a later moment.
    pub since: Duration,
    /// What taking it did to the version of its aggregate.
    pub raised: Option<Raised>,
}

/// The longest that a call for such an effect takes.
fn call(policy: &Policy, kind: Kind) -> Duration {
    match kind {
        Kind::Ask => millis(policy.ai.deadline_ms),
        Kind::Send => millis(policy.time.send_deadline_ms),
        Kind::Momo => millis(policy.paying.call_deadline_ms),
        Kind::Tell | Kind::Alert => WRITE,
        Kind::Timer => Duration::ZERO,
    }
}

/// What may pass before the call begins: half of what the lease has to spare.
const WAIT: Duration = Duration::from_secs(15);

/// The lease of an effect of this kind that is due.
pub(crate) fn of_kind(policy: &Policy, kind: Kind) -> Duration {
    call(policy, kind) + MARGIN + OUTLIVES
}

/// The lease of an effect that is born leased: a timer sleeps here until it is due.
pub(crate) fn of_effect(policy: &Policy, effect: &Effect, now: Time) -> Duration {
    millis(effect.due.since(now)) + of_kind(policy, effect.action.kind())
}

impl Lease {
    /// Whether a call that begins now ends within the lease.
    pub fn lets_begin(self, kind: Kind, now: Duration) -> bool {
        kind == Kind::Timer || now.saturating_sub(self.since) <= WAIT
    }
}
