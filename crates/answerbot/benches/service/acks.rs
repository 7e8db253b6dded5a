//! Acknowledged webhooks a second: with the store, without it, and the bare commits of the same rows.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use answerbot_core::Time;
use answerbot_core::contact::event::Envelope;
use answerbot_engine::{Intake, Taken};
use answerbot_local::{Access, SqliteStore};
use answerbot_ports::channel::Channel;
use answerbot_ports::codec::Codec;
use answerbot_ports::keys::Key;
use answerbot_ports::store::{Store, StoreError};
use answerbot_ports::world::{Clock, Entropy};
use answerbot_remote::messenger::{Deadlines, Messenger, MessengerConfig};
use answerbot_sim::{Config, clock};
use answerbot_web::{PublicPages, WebParts, WebState};
use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::child::{Service, free_port, lean_world};
use crate::{figure, generator};

const PEOPLE: usize = 5_000;
const COUNT: usize = 60_000;
const SENDERS: usize = 256;

struct Real;

impl Clock for Real {
    fn now(&self) -> Time {
        Time::from_millis(clock::now_ms())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(clock::now_ms().unsigned_abs())
    }
}

impl Entropy for Real {
    #[expect(clippy::disallowed_methods, reason = "a bench's randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

/// Takes everything and keeps nothing.
struct Null;

#[async_trait]
impl Intake for Null {
    async fn accept(&self, envelopes: Vec<Envelope>) -> Result<Taken, StoreError> {
        Ok(Taken { new: envelopes.len(), passed_over: 0 })
    }
}

fn store(folder: &std::path::Path) -> SqliteStore {
    let codec = Codec::new(&Key::from_bytes([1; 32]), None, Arc::new(Real));
    SqliteStore::open(&folder.join("bench.db"), Access::Serve, codec, &Real).unwrap()
}

fn messenger(config: &Config) -> Messenger {
    let client = answerbot_remote::http::client(Duration::from_secs(1)).unwrap();
    let settings = MessengerConfig {
        app_secret: config.app_secret.clone().into(),
        app_secret_old: None,
        page_access_token: config.page_access_token.clone().into(),
        graph_base_url: "http://127.0.0.1:1".into(),
        graph_version: "v25.0".into(),
        page_id: None,
    };
    Messenger::new(settings, client, Deadlines { send: Duration::from_secs(1), hint: Duration::from_secs(1) })
}

/// The web part alone, as a process of its own: verify, parse, 200.
pub fn null_server() {
    let port: u16 = std::env::args().next_back().unwrap().parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let parts = WebParts {
            intake: Arc::new(Null),
            channels: vec![Arc::new(messenger(&Config::default()))],
            store: Arc::new(store(folder.path())),
            clock: Arc::new(Real),
            verify_token: "x".into(),
            oversize: answerbot_web::unchecked(),
            slow_request: Duration::from_secs(1),
            metrics: Arc::new(String::new),
            alarm: Arc::new(|_| {}),
            draining: CancellationToken::new(),
            proxies: 0,
            limits: None,
            callbacks: None,
            callback_secret: String::new(),
            callback_ips: Vec::new(),
            public: PublicPages {
                service: "bench".into(),
                support: None,
                terms_version: 1,
                free_per_day: 3,
                paid_per_day: 30,
            },
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let router = answerbot_web::router(WebState::new(parts));
        answerbot_web::serve(listener, router, CancellationToken::new(), Duration::from_secs(1)).await;
    });
}

/// How fast it is without a store.
pub async fn floor() {
    let port = free_port();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--null-server", &port.to_string()]).stdin(Stdio::null()).stdout(Stdio::null());
    let (service, _) = Service::spawn(command, port, tempfile::tempdir().unwrap()).await;
    let config = Config::default();
    let requests = generator::questions(&config.app_secret, &config.page_id, "floor", PEOPLE, COUNT);
    let before = service.cpu();
    let seconds = generator::flood(port, Arc::new(requests), SENDERS).await;
    figure("acks_without_store", COUNT as f64 / seconds, "1/s", None);
    figure(
        "cpu_per_ack_without_store",
        service.cpu().saturating_sub(before).as_secs_f64() * 1e6 / COUNT as f64,
        "us",
        None,
    );
}

/// The group commit of the same rows, without HTTP.
pub async fn bare_commits() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(store(folder.path()));
    let config = Config::default();
    let channel = messenger(&config);
    let bodies = generator::questions(&config.app_secret, &config.page_id, "bare", PEOPLE, COUNT);
    let envelopes: Vec<Vec<Envelope>> = bodies
        .iter()
        .map(|request| {
            let start = request.windows(4).position(|it| it == b"\r\n\r\n").unwrap() + 4;
            channel.parse(&request[start..]).unwrap().envelopes
        })
        .collect();
    let queue = Arc::new(parking_lot::Mutex::new(envelopes));
    let began = clock::now();
    let mut tasks = JoinSet::new();
    for _ in 0..SENDERS {
        let (store, queue) = (Arc::clone(&store), Arc::clone(&queue));
        tasks.spawn(async move {
            loop {
                let next = queue.lock().pop();
                let Some(envelopes) = next else { return };
                store.admit(envelopes, Real.now()).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    figure("bare_group_commits", COUNT as f64 / began.elapsed().as_secs_f64(), "1/s", None);
}

/// Durable acknowledgements, workers paused.
pub async fn paused() {
    let world = lean_world(Duration::ZERO).await;
    let (service, _) = Service::start(&world, &["--pause-workers"], &[]).await;
    let config = world.config();
    let flood = generator::questions(&config.app_secret, &config.page_id, "flood", PEOPLE, COUNT);
    let before = service.cpu();
    let seconds = generator::flood(service.port, Arc::new(flood), SENDERS).await;
    let rate = COUNT as f64 / seconds;
    figure("durable_acks_workers_paused", rate, "1/s", Some(10_000.0));
    figure(
        "cpu_per_durable_ack",
        service.cpu().saturating_sub(before).as_secs_f64() * 1e6 / COUNT as f64,
        "us",
        None,
    );
    let paced = generator::questions(&config.app_secret, &config.page_id, "paced", PEOPLE, 25_000);
    let latencies = generator::pace(service.port, Arc::new(paced), 5_000.0).await;
    figure("ack_p50_at_5000_a_second_workers_paused", latencies.percentile(50), "ms", None);
    figure("ack_p99_at_5000_a_second_workers_paused", latencies.percentile(99), "ms", Some(20.0));
}
