//! The doubles: a clock moved by hand, an intake, a channel and a store that do as they are told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use answerbot_core::contact::effect::Hint;
use answerbot_core::contact::event::{Envelope, Event, Outcome, To};
use answerbot_core::contact::message::Message;
use answerbot_core::pay::price::PriceRow;
use answerbot_core::reuse::curated::Entry;
use answerbot_core::spend::Sums;
use answerbot_core::{
    Address, AggregateId, Channel as ChannelKind, ContactId, EffectId, EventId, JubaDay, PaymentId, Time,
};
use answerbot_engine::{Callbacks, Hinted, Intake, Taken};
use answerbot_ports::channel::{Channel, NotJson, Parsed};
use answerbot_ports::store::{
    Admission, Booking, Callback, Check, Checks, Commit, Committed, KeptCallback, Leased, MoneyCounts,
    Opened, Store, StoreError, Want,
};
use answerbot_ports::world::Clock;
use answerbot_web::{PublicPages, WebParts, WebState, app_secrets, router};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use serde_json::Value;
use sha2::Sha256;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub const SECRET: &str = "the-app-secret";
pub const OLD_SECRET: &str = "the-app-secret-before";
pub const VERIFY_TOKEN: &str = "the-verify-token";
pub const CALLBACK_SECRET: &str = "0123456789abcdef0123456789abcdef";

#[derive(Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    pub fn pass(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        Time::from_millis(1_790_000_000_000 + i64::try_from(self.0.load(SeqCst)).unwrap())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(SeqCst))
    }
}

/// What the intake does with the next envelopes.
#[derive(Clone, Copy, Default)]
pub enum Mood {
    #[default]
    Takes,
    Down,
    Panics,
    /// Takes them, but after so long.
    Slow(Duration),
    /// Takes them, and moves the manual clock by so much.
    Lets(Duration),
}

#[derive(Default)]
pub struct FakeIntake {
    pub mood: Mutex<Mood>,
    pub taken: Mutex<Vec<Envelope>>,
    clock: Arc<ManualClock>,
}

#[async_trait]
impl Intake for FakeIntake {
    async fn accept(&self, envelopes: Vec<Envelope>) -> Result<Taken, StoreError> {
        let mood = *self.mood.lock();
        match mood {
            Mood::Takes => {}
            Mood::Down => return Err(StoreError::Unavailable("disk full".into())),
            Mood::Panics => panic!("about the text of a person"),
            Mood::Slow(time) => tokio::time::sleep(time).await,
            Mood::Lets(time) => self.clock.pass(time),
        }
        let new = envelopes.len();
        self.taken.lock().extend(envelopes);
        Ok(Taken { new, passed_over: 0 })
    }
}

/// Reference, body, and whether it was cut.
pub type Came = (Option<PaymentId>, Vec<u8>, bool);

/// Takes callbacks: each body of a payment once.
#[derive(Default)]
pub struct FakeCallbacks {
    pub mood: Mutex<Mood>,
    pub came: Mutex<Vec<Came>>,
}

#[async_trait]
impl Callbacks for FakeCallbacks {
    async fn called_back(
        &self,
        reference: Option<PaymentId>,
        body: Vec<u8>,
        cut: bool,
    ) -> Result<Hinted, StoreError> {
        let mood = *self.mood.lock();
        match mood {
            Mood::Down => return Err(StoreError::Unavailable("disk full".into())),
            Mood::Slow(time) => tokio::time::sleep(time).await,
            _ => {}
        }
        let it = (reference, body, cut);
        let mut came = self.came.lock();
        let hinted = match reference {
            _ if came.contains(&it) => Hinted::Again,
            Some(_) => Hinted::Nudged,
            None => Hinted::Unknown,
        };
        came.push(it);
        Ok(hinted)
    }
}

/// Reads `{"object":"page","entry":[{"messaging":[{"mid","text"} | {"delivery"} | {"policy"}]}]}`.
pub struct FakeChannel;

#[async_trait]
impl Channel for FakeChannel {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Messenger
    }

    fn verify(&self, signature: Option<&str>, body: &[u8]) -> bool {
        signature.is_some_and(|signature| {
            [SECRET, OLD_SECRET].iter().any(|secret| signature == sign(secret, body))
        })
    }

    fn parse(&self, body: &[u8]) -> Result<Parsed, NotJson> {
        let value: Value = serde_json::from_slice(body).map_err(|_| NotJson)?;
        let mut parsed = Parsed::default();
        for entry in value["entry"].as_array().into_iter().flatten() {
            for event in entry["messaging"].as_array().into_iter().flatten() {
                if event.get("delivery").is_some() {
                    parsed.ignored.push("delivery");
                } else if event.get("policy").is_some() {
                    parsed.alarms.push("the page was blocked".into());
                } else if let (Some(mid), Some(text)) = (event["mid"].as_str(), event["text"].as_str()) {
                    parsed.envelopes.push(envelope(mid, text));
                }
            }
        }
        Ok(parsed)
    }

    async fn send(&self, _: &Address, _: &Message, _: EffectId) -> Outcome {
        Outcome::Unknown
    }

    async fn hint(&self, _: &Hint) {}

    async fn check(&self) -> Result<String, String> {
        Ok(String::new())
    }
}

fn envelope(mid: &str, text: &str) -> Envelope {
    Envelope {
        id: EventId::derive("messenger", mid),
        to: To::Address(Address { channel: ChannelKind::Messenger, page: "1".into(), user: "2".into() }),
        event: Event::Text(text.into()),
        sent: None,
    }
}

/// Only `ping` is ever called by the web.
#[derive(Default)]
pub struct FakeStore {
    pub down: AtomicBool,
    pub hangs: AtomicBool,
    pub pings: AtomicU64,
}

fn not_asked<T>() -> Result<T, StoreError> {
    Err(StoreError::Unavailable("the web only pings".into()))
}

#[async_trait]
impl Store for FakeStore {
    async fn admit(&self, _: Vec<Envelope>, _: Time) -> Result<Vec<Admission>, StoreError> {
        not_asked()
    }
    async fn open(&self, _: AggregateId) -> Result<Opened, StoreError> {
        not_asked()
    }
    async fn commit(&self, _: Commit) -> Result<Committed, StoreError> {
        not_asked()
    }
    async fn lease_due(&self, _: &[Want], _: Time) -> Result<Vec<Leased>, StoreError> {
        not_asked()
    }
    async fn release(&self, _: Vec<(AggregateId, EffectId)>) -> Result<(), StoreError> {
        not_asked()
    }
    async fn is_open(&self, _: &To, _: EffectId) -> Result<bool, StoreError> {
        not_asked()
    }
    async fn unattended(
        &self,
        _: Time,
        _: Option<AggregateId>,
        _: usize,
    ) -> Result<Vec<AggregateId>, StoreError> {
        not_asked()
    }
    async fn knows(&self, _: AggregateId) -> Result<bool, StoreError> {
        not_asked()
    }
    async fn overdue_texts(&self, _: JubaDay, _: usize) -> Result<Vec<AggregateId>, StoreError> {
        not_asked()
    }
    async fn failed(&self, _: AggregateId, _: u64, _: String) -> Result<u32, StoreError> {
        not_asked()
    }
    async fn claim(&self, _: String, _: ContactId, _: Option<ContactId>) -> Result<bool, StoreError> {
        not_asked()
    }
    async fn unclaim(&self, _: String, _: ContactId) -> Result<(), StoreError> {
        not_asked()
    }
    async fn take(&self, _: &'static str, _: i64, _: Time) -> Result<bool, StoreError> {
        not_asked()
    }
    async fn forget_seen(&self, _: Time) -> Result<u64, StoreError> {
        not_asked()
    }
    async fn keep_callback(&self, _: Callback, _: Time) -> Result<KeptCallback, StoreError> {
        not_asked()
    }
    async fn forget_callbacks(&self, _: Time) -> Result<u64, StoreError> {
        not_asked()
    }
    async fn prices(&self) -> Result<Vec<PriceRow>, StoreError> {
        not_asked()
    }
    async fn seal_entries(&self, _: usize) -> Result<usize, StoreError> {
        not_asked()
    }
    async fn money_counts(&self, _: Time) -> Result<MoneyCounts, StoreError> {
        not_asked()
    }
    async fn spending(&self, _: JubaDay) -> Result<(Sums, Sums), StoreError> {
        not_asked()
    }
    async fn curated(&self, _: u64) -> Result<Option<(u64, Vec<Entry>)>, StoreError> {
        not_asked()
    }
    async fn book(&self, _: Booking) -> Result<(), StoreError> {
        not_asked()
    }
    async fn note_check(&self, _: Check) -> Result<(), StoreError> {
        not_asked()
    }
    async fn checks(&self, _: String) -> Result<Vec<Checks>, StoreError> {
        not_asked()
    }
    async fn forget_turns(&self, _: JubaDay, _: Time) -> Result<u64, StoreError> {
        not_asked()
    }
    async fn ping(&self) -> Result<(), StoreError> {
        self.pings.fetch_add(1, SeqCst);
        if self.hangs.load(SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.down.load(SeqCst) { Err(StoreError::Unavailable("disk full".into())) } else { Ok(()) }
    }
}

/// Everything together.
pub struct World {
    pub clock: Arc<ManualClock>,
    pub intake: Arc<FakeIntake>,
    pub callbacks: Arc<FakeCallbacks>,
    pub store: Arc<FakeStore>,
    pub alarms: Arc<Mutex<Vec<String>>>,
    pub draining: CancellationToken,
    pub router: Router,
}

impl World {
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    pub fn with(change: impl FnOnce(&mut WebParts)) -> Self {
        let clock = Arc::new(ManualClock::default());
        let intake = Arc::new(FakeIntake { clock: Arc::clone(&clock), ..FakeIntake::default() });
        let callbacks = Arc::new(FakeCallbacks::default());
        let store = Arc::new(FakeStore::default());
        let alarms = Arc::new(Mutex::new(Vec::new()));
        let draining = CancellationToken::new();
        let heard = Arc::clone(&alarms);
        let mut parts = WebParts {
            intake: Arc::clone(&intake) as _,
            channels: vec![Arc::new(FakeChannel)],
            store: Arc::clone(&store) as _,
            clock: Arc::clone(&clock) as _,
            verify_token: VERIFY_TOKEN.into(),
            oversize: app_secrets([SECRET, OLD_SECRET]),
            slow_request: Duration::from_secs(1),
            metrics: Arc::new(|| "answers_total 42\n".into()),
            alarm: Arc::new(move |text| heard.lock().push(text.into())),
            draining: draining.clone(),
            proxies: 0,
            limits: None,
            callbacks: Some(Arc::clone(&callbacks) as _),
            callback_secret: CALLBACK_SECRET.into(),
            callback_ips: Vec::new(),
            public: PublicPages {
                service: "Answer Bot AI".into(),
                support: Some("help@example.org".into()),
                terms_version: 1,
                free_per_day: 3,
                paid_per_day: 30,
            },
        };
        change(&mut parts);
        Self { clock, intake, callbacks, store, alarms, draining, router: router(WebState::new(parts)) }
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        Reply::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(from_address(1, Request::get(path), Body::empty())).await
    }

    /// Posts with a right signature.
    pub async fn post(&self, body: impl Into<Vec<u8>>) -> Reply {
        let body = body.into();
        self.post_signed(&sign(SECRET, &body), body).await
    }

    pub async fn post_signed(&self, signature: &str, body: impl Into<Body>) -> Reply {
        self.send(signed(signature, body)).await
    }

    pub fn texts(&self) -> Vec<String> {
        let text = |envelope: &Envelope| match &envelope.event {
            Event::Text(text) => text.clone(),
            other => format!("{other:?}"),
        };
        self.intake.taken.lock().iter().map(text).collect()
    }
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Reply {
    async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status, headers: parts.headers, body: String::from_utf8(body.into()).unwrap() }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A request from `192.0.2.<last>`.
pub fn from_address(last: u8, request: http::request::Builder, body: Body) -> Request<Body> {
    request.extension(ConnectInfo(SocketAddr::from(([192, 0, 2, last], 1234)))).body(body).unwrap()
}

pub fn signed(signature: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/webhook").header("x-hub-signature-256", signature);
    from_address(1, request, body.into())
}

pub fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// A body with one message.
pub fn message(mid: &str, text: &str) -> String {
    format!(r#"{{"object":"page","entry":[{{"id":"1","messaging":[{{"mid":"{mid}","text":"{text}"}}]}}]}}"#)
}

/// Dispatches all metrics and logs of this thread to where the test can read them.
pub struct Telemetry {
    pub metrics: metrics_exporter_prometheus::PrometheusRecorder,
    logs: Arc<Mutex<Vec<u8>>>,
    _log: tracing::subscriber::DefaultGuard,
}

impl Telemetry {
    /// Metrics need `metrics::set_default_local_recorder(&telemetry.metrics)` beside it.
    pub fn new() -> Self {
        let logs = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&logs);
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_writer(move || Sink(Arc::clone(&sink)))
            .finish();
        let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        Self { metrics, logs, _log: tracing::subscriber::set_default(subscriber) }
    }

    pub fn rendered(&self) -> String {
        self.metrics.handle().render()
    }

    pub fn logged(&self) -> String {
        String::from_utf8(self.logs.lock().clone()).unwrap()
    }
}

struct Sink(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
