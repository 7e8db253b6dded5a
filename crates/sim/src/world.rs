//! The world: one listener that plays Meta's Graph API, two AI providers and MTN, and the post that reaches the bot.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use axum::Router;
use axum::serve::ListenerExt;
use parking_lot::{Mutex, RwLock};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::behaviour::{AiBehaviour, Config, GraphBehaviour, Outcome};
use crate::clock::{self, Dice, WorldClock};
use crate::momo::Momo;
use crate::phone::Phones;
use crate::postman::Postman;
use crate::record::{Action, AiRequest, Counters, Counts, Happening, Observers, Provider, Record, Sent};
use crate::{ai, graph, momo, payload, phone};

/// Echoes and receipts that may wait for the bot at once; more are dropped and counted.
const MOST_EVENTS_WAITING: usize = 100_000;

/// A running world. Clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: Config,
    /// The one valid `appsecret_proof`, computed once.
    pub(crate) proof: String,
    pub(crate) graph: RwLock<GraphBehaviour>,
    openrouter: RwLock<AiBehaviour>,
    openai: RwLock<AiBehaviour>,
    pub(crate) record: Record,
    pub(crate) observers: Observers,
    pub(crate) counters: Arc<Counters>,
    pub(crate) postman: Postman,
    pub(crate) dice: Dice,
    /// MTN's time.
    pub(crate) clock: WorldClock,
    pub(crate) momo: Momo,
    pub(crate) profile: Mutex<serde_json::Map<String, serde_json::Value>>,
    pub(crate) phones: Phones,
    pub(crate) stop: CancellationToken,
    pub(crate) tracker: TaskTracker,
    pub(crate) events_waiting: Arc<Semaphore>,
    /// Makes ids that no other world, and no earlier run of this one, gives out.
    id_prefix: String,
    next_id: AtomicU64,
    address: SocketAddr,
}

impl World {
    /// Starts a world on 127.0.0.1 and serves until [`World::stop`].
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await;
        let listener = listener.with_context(|| format!("cannot listen on 127.0.0.1:{}", config.port))?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let counters = Arc::new(Counters::default());
        let inner = Inner {
            proof: payload::appsecret_proof(&config.app_secret, &config.page_access_token),
            graph: RwLock::new(config.graph.clone()),
            openrouter: RwLock::new(config.ai.clone()),
            openai: RwLock::new(config.ai.clone()),
            record: Record::new(),
            observers: Observers::default(),
            postman: Postman::new(&config, stop.clone(), Arc::clone(&counters))?,
            counters,
            dice: Dice::new(config.seed),
            clock: WorldClock::default(),
            momo: Momo::new(&config),
            profile: Mutex::default(),
            phones: Phones::default(),
            stop: stop.clone(),
            tracker: TaskTracker::new(),
            events_waiting: Arc::new(Semaphore::new(MOST_EVENTS_WAITING)),
            id_prefix: format!("{:x}{:x}", clock::now_ms(), clock::fresh_seed() & 0xFFFF_FFFF),
            next_id: AtomicU64::new(0),
            address,
            config,
        };
        let world = Self { inner: Arc::new(inner) };
        let app = graph::router().merge(ai::router()).merge(momo::router()).with_state(world.clone());
        let app: Router = app.merge(phone::router(world.clone()));
        world.inner.tracker.spawn(world.clone().keep_momo_time());
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        world.inner.tracker.spawn(async move {
            let served = axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await;
            if let Err(error) = served {
                tracing::error!(%error, "the simulated world stopped serving");
            }
        });
        Ok(world)
    }

    /// Ends everything: hangs are cut, streams closed, retries given up. Returns when all tasks are done, after 5 s at
    /// the latest.
    pub async fn stop(&self) {
        self.inner.stop.cancel();
        self.inner.observers.close();
        self.inner.tracker.close();
        let _ = tokio::time::timeout(Duration::from_secs(5), self.inner.tracker.wait()).await;
    }

    /// `http://127.0.0.1:PORT`; the Graph paths `/{version}/...` follow directly.
    #[must_use]
    pub fn graph_base_url(&self) -> String {
        format!("http://{}", self.inner.address)
    }

    /// `http://127.0.0.1:PORT/openrouter/api/v1`
    #[must_use]
    pub fn openrouter_base_url(&self) -> String {
        format!("http://{}/openrouter/api/v1", self.inner.address)
    }

    /// `http://127.0.0.1:PORT/openai/v1`
    #[must_use]
    pub fn openai_base_url(&self) -> String {
        format!("http://{}/openai/v1", self.inner.address)
    }

    /// `http://127.0.0.1:PORT/momo`; MTN's paths `/collection/...` and `/v1_0/apiuser` follow directly.
    #[must_use]
    pub fn momo_base_url(&self) -> String {
        format!("http://{}/momo", self.inner.address)
    }

    /// `http://127.0.0.1:PORT/sim/`, the phone page.
    #[must_use]
    pub fn phone_url(&self) -> String {
        format!("http://{}/sim/", self.inner.address)
    }

    /// What the world was started with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// From now on webhooks go to `{url}/webhook`; waiting retries too.
    pub fn set_bot_url(&self, url: &str) {
        self.inner.postman.set_bot_url(url);
    }

    /// Where webhooks go, without the path.
    #[must_use]
    pub fn bot_url(&self) -> String {
        self.inner.postman.bot_url().to_string()
    }

    /// Changes how the Graph API behaves, from the next request on.
    pub fn graph<T>(&self, change: impl FnOnce(&mut GraphBehaviour) -> T) -> T {
        change(&mut self.inner.graph.write())
    }

    /// Changes how both AI providers behave, from the next request on.
    pub fn ai(&self, change: impl Fn(&mut AiBehaviour)) {
        change(&mut self.inner.openrouter.write());
        change(&mut self.inner.openai.write());
    }

    /// Changes how one AI provider behaves, from the next request on.
    pub fn ai_of<T>(&self, provider: Provider, change: impl FnOnce(&mut AiBehaviour) -> T) -> T {
        change(&mut self.ai_knobs(provider).write())
    }

    pub(crate) fn ai_knobs(&self, provider: Provider) -> &RwLock<AiBehaviour> {
        match provider {
            Provider::OpenRouter => &self.inner.openrouter,
            Provider::OpenAi => &self.inner.openai,
        }
    }

    /// The next message to `user` ends so; further calls queue up. Typing and seen hints do not use the script up.
    pub fn script(&self, user: &str, outcome: Outcome) {
        self.inner.record.script(user, outcome);
    }

    /// What the bot sent to `user`, in the order of acceptance (the last 10,000).
    #[must_use]
    pub fn sent_to(&self, user: &str) -> Vec<Sent> {
        self.inner.record.sent_to(user)
    }

    /// The typing and seen hints for `user`, in order (the last 10,000).
    #[must_use]
    pub fn actions_of(&self, user: &str) -> Vec<Action> {
        self.inner.record.actions_of(user)
    }

    /// Everybody the bot ever sent something to, in no order.
    #[must_use]
    pub fn people(&self) -> Vec<String> {
        self.inner.record.people()
    }

    /// The AI requests, in order (the last 100,000).
    #[must_use]
    pub fn ai_requests(&self) -> Vec<AiRequest> {
        self.inner.record.ai_requests()
    }

    /// How often what happened since the start.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.inner.counters.read()
    }

    /// Forgets what was recorded and scripted; the counters go on, and what MTN keeps in its books stays.
    pub fn forget(&self) {
        self.inner.record.forget();
        self.forget_momo_calls();
        self.momo(|knobs| knobs.script.clear());
    }

    /// Waits until the bot has sent at least `n` messages to `user` and returns all of them. After `timeout` an error
    /// that says what did come.
    pub async fn wait_for(&self, user: &str, n: usize, timeout: Duration) -> anyhow::Result<Vec<Sent>> {
        let enough = || Some(self.sent_to(user)).filter(|sent| sent.len() >= n);
        let waited = tokio::time::timeout(timeout, self.inner.record.until(enough)).await;
        waited.map_err(|_| {
            let texts: Vec<String> = self.sent_to(user).into_iter().map(|s| s.text).collect();
            anyhow::anyhow!("waited {timeout:?} for {n} messages to {user}, got {}: {texts:?}", texts.len())
        })
    }

    /// Waits until `done` is true, looking again whenever the bot sent, asked or acknowledged something. An error
    /// after `timeout`.
    pub async fn wait_until(&self, timeout: Duration, done: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        let waited =
            tokio::time::timeout(timeout, self.inner.record.until(|| done(self).then_some(()))).await;
        waited.with_context(|| format!("waited {timeout:?} in vain"))
    }

    /// Everything that happens from now on, to one person or (`None`) to all; AI requests only to `None`. An observer
    /// that leaves more than `capacity` unread is dropped and sees the end of its stream.
    #[must_use]
    pub fn observe(&self, user: Option<&str>, capacity: usize) -> mpsc::Receiver<Happening> {
        self.inner.observers.add(user, capacity)
    }

    /// Does what Meta does when a webhook is configured: asks the bot to echo a challenge. An error says what is wrong.
    pub async fn verify_webhook(&self) -> anyhow::Result<()> {
        let challenge = (self.inner.dice.roll() >> 33).to_string();
        let token = &self.inner.config.verify_token;
        let url = format!("{}/webhook", self.bot_url());
        let query = [("hub.mode", "subscribe"), ("hub.verify_token", token), ("hub.challenge", &challenge)];
        let url = reqwest::Url::parse_with_params(&url, query)?;
        let answer = self.inner.postman.client().get(url).send().await?;
        let (status, body) = (answer.status(), answer.text().await?);
        ensure!(status == 200, "the bot answered the webhook verification with HTTP {status}");
        ensure!(
            body == challenge,
            "the bot answered the webhook verification with {body:?} and not the challenge"
        );
        Ok(())
    }

    /// An id that is never given out twice.
    pub(crate) fn unique(&self) -> String {
        let n = self.inner.next_id.fetch_add(1, Ordering::Relaxed);
        format!("{}{n:08x}", self.inner.id_prefix)
    }

    /// A message id.
    pub(crate) fn mid(&self) -> String {
        format!("m_{}", self.unique())
    }

    /// Waits, but not beyond the end of the world.
    pub(crate) async fn sleep(&self, time: Duration) {
        if !time.is_zero() {
            self.inner.stop.run_until_cancelled(tokio::time::sleep(time)).await;
        }
    }
}
