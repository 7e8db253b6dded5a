//! Metrics: one recorder for the process, rendered at `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::MissedTickBehavior;

/// Buckets of what should be fast, in seconds.
const ACKS: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0];
/// Buckets of calls to others, in seconds.
const CALLS: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 25.0];

/// Samples wait this long to be sorted into their buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// Gives the metrics as text.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// The metrics of this process.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Renders them.
    pub fn render(&self) -> Render {
        let handle = self.0.clone();
        Arc::new(move || handle.render())
    }

    /// Sorts samples into their buckets, for ever: those of a histogram pile up in memory until somebody does.
    pub async fn keep_up(&self) {
        let mut every = tokio::time::interval(UPKEEP);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            self.0.run_upkeep();
        }
    }
}

/// Installs the recorder.
pub fn install() -> anyhow::Result<Metrics> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("webhook_ack_seconds".into()), ACKS)
        .and_then(|it| it.set_buckets_for_metric(Matcher::Suffix("_seconds".into()), CALLS))
        .and_then(|it| {
            it.set_buckets_for_metric(
                Matcher::Full("store_group_units".into()),
                &[1.0, 4.0, 16.0, 64.0, 256.0],
            )
        })
        .context("the buckets of the metrics")?
        .install_recorder()
        .context("the recorder of the metrics")?;
    Ok(Metrics(recorder))
}
