//! The one connection to Redis: kept by a task of its own, bounded in time, and not asked while it is away.
//!
//! Nobody who calls pays for a server that is gone: the task alone tries it, and calls return at once until it answers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use answerbot_ports::world::Entropy;
use parking_lot::{Mutex, RwLock};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult,
    ScriptInvocation, ServerErrorKind, TlsCertificates,
};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Name lookup, TCP, TLS and the greeting together.
const CONNECT: Duration = Duration::from_secs(2);
/// Between two tries, and up to a quarter more, so that a fleet does not come back in one moment.
const PAUSE: Duration = Duration::from_millis(500);
/// A connection that lived shorter is not replaced at once: a server that greets and then hangs is not tried in a circle.
const SHORT_LIVED: Duration = Duration::from_secs(5);
/// So often a connection is tried that nobody uses.
const LOOK: Duration = Duration::from_secs(5);
/// So many slow calls in a row are no bad luck.
const SLOW_MOST: u32 = 3;
/// Calls that wait to be written, before others wait for a place.
const WAITING: usize = 1_024;
/// So often at most a fault of a single call is logged.
const LOG_EVERY: Duration = Duration::from_mins(1);

/// Where Redis is, and how long it may take.
#[derive(Clone)]
pub struct RedisSettings {
    /// `redis://` or, over TLS, `rediss://`; with user, password and database if there are any.
    pub url: String,
    /// Goes before every name, so that two services may use one server.
    pub prefix: String,
    /// The longest that a call may take: what is slower than this is not worth waiting for.
    pub timeout: Duration,
    /// A certificate (PEM) that the server's must follow from, where no public authority signed it.
    pub root_certificate: Option<Vec<u8>>,
}

impl RedisSettings {
    /// At this address, within 100 ms a call.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        let timeout = Duration::from_millis(100);
        Self { url: url.into(), prefix: "answerbot:".to_owned(), timeout, root_certificate: None }
    }
}

impl fmt::Debug for RedisSettings {
    /// Without the address: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSettings")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The settings are no address of a Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "REDIS_URL is no address of a Redis (or its certificate is none); write for example redis://10.0.0.5:6379/0, or rediss://user:password@redis.example.org:6380"
)]
pub struct BadAddress;

/// Redis brought nothing. Everybody who asks has another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Away;

/// The connection. It comes back by itself when the server does.
pub struct RedisLink {
    inner: Arc<Inner>,
    /// Ends the task.
    _stop: DropGuard,
}

struct Inner {
    client: Client,
    prefix: String,
    timeout: Duration,
    entropy: Arc<dyn Entropy>,
    line: RwLock<Option<Line>>,
    is_up: watch::Sender<bool>,
    broken: Notify,
    /// Slow calls in a row.
    slow: AtomicU32,
    logged: Mutex<Option<Instant>>,
}

/// A connection that works, and its number: what happens on an earlier one says nothing about it.
#[derive(Clone)]
struct Line {
    connection: MultiplexedConnection,
    number: u64,
}

impl RedisLink {
    /// Begins to connect and returns at once, also where the server is away. Needs the runtime's context.
    pub fn open(settings: &RedisSettings, entropy: Arc<dyn Entropy>) -> Result<Self, BadAddress> {
        if settings.url.starts_with("rediss:") {
            // It fails only when a provider is installed already, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = match &settings.root_certificate {
            None => Client::open(settings.url.as_str()),
            Some(pem) => {
                let certificates = TlsCertificates { client_tls: None, root_cert: Some(pem.clone()) };
                Client::build_with_tls(settings.url.as_str(), certificates)
            }
        };
        let inner = Arc::new(Inner {
            client: client.map_err(|_| BadAddress)?,
            prefix: settings.prefix.clone(),
            timeout: settings.timeout,
            entropy,
            line: RwLock::default(),
            is_up: watch::Sender::new(false),
            broken: Notify::new(),
            slow: AtomicU32::new(0),
            logged: Mutex::default(),
        });
        metrics::gauge!("redis_up").set(0.0);
        let stop = CancellationToken::new();
        let task = keep(Arc::clone(&inner), stop.clone());
        TaskTracker::new().spawn(task);
        Ok(Self { inner, _stop: stop.drop_guard() })
    }

    /// Whether it answered last.
    #[must_use]
    pub fn is_up(&self) -> bool {
        *self.inner.is_up.borrow()
    }

    /// Waits until Redis answers, at most so long; whether it does.
    pub async fn wait_until_up(&self, most: Duration) -> bool {
        let mut is_up = self.inner.is_up.subscribe();
        timeout(most, is_up.wait_for(|is_up| *is_up)).await.is_ok_and(|it| it.is_ok())
    }

    /// How long Redis takes to answer; else why it does not, in words for an operator.
    pub async fn ping(&self) -> Result<Duration, String> {
        let started = Instant::now();
        if self.run::<()>(&redis::cmd("PING")).await.is_ok() {
            return Ok(started.elapsed());
        }
        // Over a connection of its own, since the kept one cannot say why.
        let mut connection = self.inner.connect().await?;
        let started = Instant::now();
        greet(&mut connection, CONNECT).await.map(|()| started.elapsed())
    }

    /// Runs a command.
    pub(super) async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Away> {
        self.inner.run(command).await
    }

    /// Runs several commands whose answers do not matter.
    pub(super) async fn run_all(&self, commands: &Pipeline) -> Result<(), Away> {
        let mut line = self.inner.line().ok_or(Away)?;
        let number = line.number;
        self.inner.bounded(number, commands.query_async(&mut line.connection)).await
    }

    /// Runs a script; it is loaded where the server does not know it.
    pub(super) async fn call<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Away> {
        let mut line = self.inner.line().ok_or(Away)?;
        let number = line.number;
        self.inner.bounded(number, script.invoke_async(&mut line.connection)).await
    }

    /// The name of something here.
    pub(super) fn name(&self, kind: &str, id: &[u8]) -> String {
        format!("{}{kind}:{}", self.inner.prefix, hex::encode(id))
    }

    /// So many milliseconds, up to `share` of it more or less, so that what was made together does not end together.
    pub(super) fn around(&self, whole: Duration, share: f64) -> u64 {
        let mut drawn = [0; 2];
        self.inner.entropy.fill(&mut drawn);
        let part = f64::from(u16::from_be_bytes(drawn)) / f64::from(u16::MAX);
        let ms = whole.mul_f64(1.0 - share + 2.0 * share * part).as_millis();
        u64::try_from(ms).unwrap_or(u64::MAX).max(1)
    }

    pub(super) fn entropy(&self) -> &dyn Entropy {
        &*self.inner.entropy
    }
}

impl Inner {
    fn line(&self) -> Option<Line> {
        self.line.read().clone()
    }

    async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Away> {
        let mut line = self.line().ok_or(Away)?;
        let number = line.number;
        self.bounded(number, command.query_async(&mut line.connection)).await
    }

    async fn bounded<T>(&self, number: u64, call: impl Future<Output = RedisResult<T>>) -> Result<T, Away> {
        match timeout(self.timeout, call).await {
            Ok(Ok(value)) => {
                if self.slow.load(Relaxed) > 0 {
                    self.slow.store(0, Relaxed);
                }
                return Ok(value);
            }
            Err(_) => {
                failed("slow");
                if self.slow.fetch_add(1, Relaxed) + 1 >= SLOW_MOST {
                    self.give_up(number);
                }
            }
            Ok(Err(error)) if ends_connection(&error) => {
                failed("broken");
                self.give_up(number);
            }
            Ok(Err(error)) => {
                failed("refused");
                self.log(&error);
            }
        }
        Err(Away)
    }

    /// Nobody asks any more until the task has a connection that answers.
    fn give_up(&self, number: u64) {
        let mut line = self.line.write();
        if line.as_ref().is_some_and(|it| it.number == number) {
            *line = None;
            drop(line);
            self.broken.notify_one();
        }
    }

    async fn connect(&self) -> Result<MultiplexedConnection, String> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(None)
            .set_pipeline_buffer_size(WAITING);
        match timeout(CONNECT, self.client.get_multiplexed_async_connection_with_config(&config)).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no connection within {} s", CONNECT.as_secs())),
        }
    }

    fn log(&self, error: &RedisError) {
        let (mut logged, now) = (self.logged.lock(), Instant::now());
        if logged.is_none_or(|last| now.duration_since(last) >= LOG_EVERY) {
            *logged = Some(now);
            tracing::warn!(error = %error, "Redis refused a call; that costs time only");
        }
    }

    fn tell(&self, is_up: bool) {
        metrics::gauge!("redis_up").set(if is_up { 1.0 } else { 0.0 });
        self.is_up.send_replace(is_up);
    }

    fn pause(&self) -> Duration {
        let mut drawn = [0; 1];
        self.entropy.fill(&mut drawn);
        PAUSE + PAUSE * u32::from(drawn[0]) / 1_024
    }
}

fn failed(why: &'static str) {
    metrics::counter!("redis_failures_total", "why" => why).increment(1);
}

/// A server that is another one now (a replica, still loading, other passwords) is no better than none.
fn ends_connection(error: &RedisError) -> bool {
    use ServerErrorKind::{BusyLoading, ClusterDown, MasterDown, ReadOnly};
    error.is_io_error()
        || error.is_unrecoverable_error()
        || matches!(
            error.kind(),
            ErrorKind::AuthenticationFailed
                | ErrorKind::Server(BusyLoading | ClusterDown | MasterDown | ReadOnly)
        )
}

async fn greet(connection: &mut MultiplexedConnection, most: Duration) -> Result<(), String> {
    match timeout(most, redis::cmd("PING").query_async::<()>(connection)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("it takes connections and does not answer".to_owned()),
    }
}

/// Keeps a connection that answers, as long as anybody may want it.
async fn keep(inner: Arc<Inner>, stop: CancellationToken) {
    let work = async {
        let (mut number, mut was_up) = (0, None);
        loop {
            number += 1;
            let lived = match open_line(&inner, number).await {
                Ok(()) => {
                    if was_up != Some(true) {
                        tracing::info!("Redis is there");
                    }
                    was_up = Some(true);
                    inner.tell(true);
                    let since = Instant::now();
                    while_it_answers(&inner).await;
                    inner.tell(false);
                    since.elapsed()
                }
                Err(reason) => {
                    if was_up != Some(false) {
                        tracing::error!(reason, "Redis is away: slower, nothing is lost; it is tried again");
                    }
                    was_up = Some(false);
                    Duration::ZERO
                }
            };
            if lived < SHORT_LIVED {
                sleep(inner.pause()).await;
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = stop.cancelled() => inner.tell(false),
    }
}

async fn open_line(inner: &Inner, number: u64) -> Result<(), String> {
    let mut connection = inner.connect().await?;
    // A little longer than a call: the first one after a start is slow.
    greet(&mut connection, inner.timeout * 3).await?;
    inner.slow.store(0, Relaxed);
    *inner.line.write() = Some(Line { connection, number });
    Ok(())
}

/// Looks after a connection, so that one that nobody uses is found broken before somebody does.
async fn while_it_answers(inner: &Inner) {
    loop {
        tokio::select! {
            () = inner.broken.notified() => return,
            () = sleep(LOOK) => {
                let _ = inner.run::<()>(&redis::cmd("PING")).await;
            }
        }
    }
}
