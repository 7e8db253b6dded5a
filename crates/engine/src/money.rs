//! Beside the work: prices, curated answers and what was spent are read again, the books are sealed, and money is counted against grants.

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::pay::price::PriceBook;
use answerbot_core::time::{HOUR, MINUTE};
use answerbot_ports::store::StoreError;

use crate::attend::{LONGEST_PAUSE, PAUSE};
use crate::{Shared, ways};

/// A price that an operator confirmed or added counts within this time.
const EVERY: Duration = Duration::from_secs(2);
/// How often the sealing job may run, in a fleet too. Each look is a write.
const SEAL_EVERY: Duration = Duration::from_secs(10);
/// So long nobody else in a fleet seals.
const SEAL_FOR_MS: i64 = 9_000;
/// Entries sealed in one write.
const SEAL_AT_ONCE: usize = 500;
/// What was captured this lately may still be on its way to its contact.
const ON_ITS_WAY_MS: i64 = 10 * MINUTE;

/// Reads the prices before anything is decided; false when the process stops before the store gives them.
pub(crate) async fn read_first(shared: &Arc<Shared>) -> bool {
    let mut pause = PAUSE;
    while let Err(error) = read(shared).await {
        tracing::error!(error = %error, "nothing is decided before prices and answers are read; trying again");
        tokio::select! {
            () = shared.stopping.cancelled() => return false,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    true
}

/// Runs until the process stops.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let mut failed = false;
    let mut sealed = None;
    loop {
        match once(&shared, &mut sealed).await {
            Ok(()) => failed = false,
            Err(error) if !failed => {
                failed = true;
                tracing::error!(error = %error, "prices and books could not be kept; trying again");
            }
            Err(_) => {}
        }
        tokio::select! {
            () = shared.stopping.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// What operators write while the service runs.
async fn read(shared: &Arc<Shared>) -> Result<(), StoreError> {
    read_prices(shared).await?;
    ways::refresh(shared).await
}

async fn read_prices(shared: &Shared) -> Result<(), StoreError> {
    let prices = PriceBook::from(shared.ports.store.prices().await?);
    if prices != shared.market().prices {
        tracing::info!("the price book changed");
        shared.set_prices(prices);
    }
    Ok(())
}

async fn once(shared: &Arc<Shared>, sealed: &mut Option<Duration>) -> Result<(), StoreError> {
    shared.ports.store.catch_up().await?;
    // Each for itself: money is counted whatever becomes of answers.
    let answers = ways::refresh(shared).await;
    read_prices(shared).await?;
    let store = &shared.ports.store;
    // Without MoMo there is no money to keep books of.
    let now = shared.ports.clock.monotonic();
    let is_early = sealed.is_some_and(|last| now.saturating_sub(last) < SEAL_EVERY);
    if shared.ports.payments.is_none() || is_early {
        return answers;
    }
    *sealed = Some(now);
    // Each for itself: an entry that cannot be sealed must not keep money from being counted.
    let sealing = seal(shared).await;
    if store.take("count_money", HOUR, shared.now()).await? {
        count(shared).await?;
    }
    if let Err(error) = &sealing {
        shared.alarm("books_not_sealed", error.to_string());
    }
    sealing.and(answers)
}

async fn seal(shared: &Arc<Shared>) -> Result<(), StoreError> {
    let store = &shared.ports.store;
    if store.take("seal_entries", SEAL_FOR_MS, shared.now()).await? {
        while store.seal_entries(SEAL_AT_ONCE).await? == SEAL_AT_ONCE {}
    }
    Ok(())
}

/// Every payment that has money is in the books and granted, and nothing else is (payments.md R2).
async fn count(shared: &Arc<Shared>) -> Result<(), StoreError> {
    let now = shared.now();
    let counts = shared.ports.store.money_counts(now.plus(-ON_ITS_WAY_MS)).await?;
    gauge("payments_success", counts.successes);
    gauge("payments_granted", counts.grants);
    gauge("payments_captured", counts.captures);
    gauge("payments_in_review", counts.in_review);
    gauge("ledger_imbalance", u64::from(!counts.is_balanced));
    gauge("payments_unmatched", counts.unmatched.len() as u64);
    if !counts.unmatched.is_empty() || !counts.is_balanced {
        let named: Vec<String> = counts.unmatched.iter().map(answerbot_core::PaymentId::uuid).collect();
        tracing::error!(payments = named.join(" "), "money and grants do not agree");
        shared.alarm("money_and_grants_differ", named.join(" "));
    }
    if counts.in_review > 0 {
        shared.alarm("money_in_suspense", format!("{} payments wait in suspense", counts.in_review));
    }
    Ok(())
}

fn gauge(name: &'static str, value: u64) {
    metrics::gauge!(name).set(f64::from(u32::try_from(value).unwrap_or(u32::MAX)));
}
