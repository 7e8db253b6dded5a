//! What several tests need.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use answerbot_core::{Address, Channel, Time};
use answerbot_ports::world::Clock;
use answerbot_remote::http;
use answerbot_remote::messenger::{Deadlines, Messenger, MessengerConfig};
use metrics_exporter_prometheus::PrometheusBuilder;

pub const PAGE: &str = "1001";
pub const USER: &str = "2002";
pub const SECRET: &str = "an app secret";
pub const TOKEN: &str = "a page token";

/// A clock that stands still until it is moved.
#[derive(Default)]
pub struct HandClock(AtomicU64);

impl HandClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    pub fn forward(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Time {
        Time::from_millis(1_700_000_000_000)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

pub fn client() -> reqwest::Client {
    http::client(Duration::from_secs(1)).unwrap()
}

pub fn config(graph: &str) -> MessengerConfig {
    MessengerConfig {
        app_secret: SECRET.into(),
        app_secret_old: None,
        page_access_token: TOKEN.into(),
        graph_base_url: graph.to_owned(),
        graph_version: "v25.0".to_owned(),
        page_id: Some(PAGE.to_owned()),
    }
}

/// A channel whose deadlines a test can wait for.
pub fn messenger(graph: &str) -> Messenger {
    let deadlines = Deadlines { send: Duration::from_secs(1), hint: Duration::from_millis(200) };
    Messenger::new(config(graph), client(), deadlines)
}

pub fn person() -> Address {
    Address { channel: Channel::Messenger, page: PAGE.to_owned(), user: USER.to_owned() }
}

/// Runs `work` and gives what it came to, with the metrics that it left.
pub fn measured<T>(work: impl Future<Output = T>) -> (T, String) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let result = metrics::with_local_recorder(&recorder, || runtime.block_on(work));
    (result, recorder.handle().render())
}

/// Asserts that a line of the metrics is there.
pub fn assert_metric(metrics: &str, line: &str) {
    assert!(metrics.lines().any(|found| found == line), "no {line} in\n{metrics}");
}
