//! A sample of shared answers is asked again beside the work and compared: sharing must earn its trust.

use std::collections::BTreeSet;
use std::sync::Arc;

use answerbot_core::contact::effect::Prompt;
use answerbot_core::prompt;
use answerbot_core::reuse::kept::wording;
use answerbot_core::reuse::{Kept, Key};
use answerbot_core::spend::{Level, MicroUsd, Spent};
use answerbot_ports::store::{Booking, Check, StoreError};

use crate::perform::millis;
use crate::{Shared, ways};

/// Checks a hit now and then. Who asks in the same words as the first one cannot get a wrong answer, and an answer is
/// checked once a day at most.
pub(crate) fn perhaps(shared: &Arc<Shared>, question: &Prompt, key: Key, kept: &Arc<Kept>) {
    let asked = question.lines.last().map_or("", |line| &line.content);
    if wording(asked) == kept.wording || shared.stopping.is_cancelled() {
        return;
    }
    let seed = shared.ports.entropy.seed();
    let drawn = u32::from(u16::from_be_bytes([seed[0], seed[1]])) * 1_000 / 65_536;
    if drawn >= shared.ports.policy.reuse.checks_per_mille {
        return;
    }
    let today = shared.now().juba_day();
    {
        let mut checked = shared.ways.checked.lock();
        if checked.0 != today {
            *checked = (today, BTreeSet::new());
        }
        if !checked.1.insert(key) {
            return;
        }
    }
    let (task, question, kept) = (Arc::clone(shared), question.clone(), Arc::clone(kept));
    shared.tasks.spawn(async move {
        tokio::select! {
            () = task.stopping.cancelled() => {}
            result = check(&task, &question, key, &kept) => if let Err(error) = result {
                tracing::warn!(error = %error, "a check of a shared answer could not be noted");
            }
        }
    });
}

async fn check(shared: &Arc<Shared>, question: &Prompt, key: Key, kept: &Kept) -> Result<(), StoreError> {
    let mut spent = Vec::new();
    let verdict = verdict(shared, question, kept, &mut spent).await;
    let domain = question.about.domain;
    let outcome = match verdict {
        Some(true) => "wrong",
        Some(false) => "right",
        None => "none",
    };
    metrics::counter!("shared_answers_checked_total", "domain" => domain.name(), "outcome" => outcome)
        .increment(1);
    if !spent.is_empty() {
        let booking = Booking { at: shared.now(), way: "check", paid: false, domain, spent };
        shared.ports.store.book(booking).await?;
    }
    let Some(wrong) = verdict else { return Ok(()) };
    if wrong {
        tracing::warn!(domain = domain.name(), key = %key, "a shared answer was wrong for another wording; withdrawn");
        shared.ports.answers.withdraw(key).await?;
    }
    shared.ports.store.note_check(Check { version: shared.ways.version.clone(), domain, wrong }).await
}

/// Whether a kept answer is wrong for a question; `None` when nobody could tell.
async fn verdict(
    shared: &Arc<Shared>,
    question: &Prompt,
    kept: &Kept,
    spent: &mut Vec<Spent>,
) -> Option<bool> {
    let full = prompt::complete(&shared.ports.policy, question);
    let fresh = said(shared, &full, spent).await?;
    let judge = prompt::compare(question, &kept.text, &fresh);
    // A single word of a model is weak proof: it must say so twice.
    for _ in 0..2 {
        if !prompt::says_wrong(&said(shared, &judge, spent).await?) {
            return Some(false);
        }
    }
    Some(true)
}

/// What a model says, out of what free questions may spend while there is enough of it.
async fn said(shared: &Arc<Shared>, full: &Prompt, spent: &mut Vec<Spent>) -> Option<String> {
    let reserved = ways::reserve(shared, full, false).ok()?;
    if reserved.level != Level::Open {
        reserved.ticket.settle(MicroUsd::default());
        return None;
    }
    let deadline = millis(shared.ports.policy.ai.deadline_ms);
    let called = shared.ports.ai.answer(full, "check", reserved.tier, deadline).await;
    let (text, calls) = match called {
        Ok(answer) => (Some(answer.text), answer.spent),
        Err(unanswered) => (None, unanswered.spent),
    };
    reserved.ticket.settle(calls.iter().map(|it| it.cost).sum());
    spent.extend(calls);
    text
}
