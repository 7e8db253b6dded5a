//! One process of a fleet asks; the others look for its answer.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::contact::effect::Kind;
use answerbot_core::reuse::{Kept, Key};

use crate::Shared;
use crate::perform::{MARGIN, millis};
use crate::slots::Slot;
use crate::ways::Asked;

/// For so long a process leads without a word: what a dead one costs those who wait for it ...
const LEAD: Duration = Duration::from_secs(5);
/// ... and so often one that lives says that it still does.
const RENEW: Duration = Duration::from_secs(2);
/// So often the others look.
const LOOK: Duration = Duration::from_millis(250);

/// Who asks.
pub(crate) enum Led {
    /// This process.
    Here,
    /// Another one did, and this is its answer.
    Elsewhere(Arc<Kept>),
    /// Another one does still, and no call that begins now ends within the lease.
    TooLate,
}

/// Takes the lead in a question, or waits for the process that has it. `slot` is given back meanwhile.
pub(crate) async fn take(shared: &Shared, asked: Asked<'_>, key: Key, slot: &mut Option<Slot>) -> Led {
    let (ports, clock) = (&shared.ports, &shared.ports.clock);
    if ports.answers.lead(key, LEAD).await {
        return Led::Here;
    }
    slot.take();
    // One call of another process. When it brings no answer to keep, those who wait must not go one after the other.
    let patience = millis(ports.policy.ai.deadline_ms) + MARGIN;
    let began = clock.monotonic();
    loop {
        tokio::time::sleep(LOOK).await;
        // In this order: whoever leads remembers its answer before it lands.
        let leads = ports.answers.lead(key, LEAD).await;
        // Whoever leads now looks once more.
        let recalled =
            if leads || ports.answers.may_have(key).await { ports.answers.recall(key).await } else { None };
        let fresh = recalled.map(|it| it.kept).filter(|kept| kept.is_fresh(shared.now()));
        let now = clock.monotonic();
        let may_begin = asked.lease.lets_begin(Kind::Ask, now);
        let is_over = leads || now.saturating_sub(began) >= patience;
        if may_begin && fresh.is_none() {
            if is_over {
                // Without a free slot it goes all the same: at most one of each question.
                *slot = shared.slots.try_take(Kind::Ask);
                return Led::Here;
            }
            continue;
        }
        if leads {
            ports.answers.land(key).await;
        }
        return fresh.map_or(Led::TooLate, Led::Elsewhere);
    }
}

/// Makes a call, and keeps the lead as long as it takes.
pub(crate) async fn keep<T>(shared: &Shared, key: Option<Key>, call: impl Future<Output = T>) -> T {
    let Some(key) = key else { return call.await };
    let renew = async {
        loop {
            tokio::time::sleep(RENEW).await;
            shared.ports.answers.lead(key, LEAD).await;
        }
    };
    tokio::select! {
        called = call => called,
        () = renew => unreachable!("it never ends"),
    }
}
