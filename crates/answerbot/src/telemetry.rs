//! Metrics: one recorder for the process, rendered at `/metrics`.

use std::sync::Arc;

use anyhow::Context as _;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};

/// Buckets of what should be fast, in seconds.
const ACKS: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0];
/// Buckets of calls to others, in seconds.
const CALLS: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 25.0];

/// Gives the metrics as text.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// Installs the recorder.
pub fn install() -> anyhow::Result<Render> {
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
    Ok(Arc::new(move || {
        recorder.run_upkeep();
        recorder.render()
    }))
}
