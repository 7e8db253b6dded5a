//! A fake bot: keeps every webhook post, answers with the statuses it is told to, and can send through Graph.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use answerbot_sim::{Config, Events, World, payload};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::routing::get;
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) const SOON: Duration = Duration::from_secs(10);

/// One webhook post as it came.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) signature: String,
    pub(crate) body: Bytes,
}

impl Post {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The first event of the post.
    pub(crate) fn event(&self) -> Value {
        self.json()["entry"][0]["messaging"][0].clone()
    }
}

/// A call of anything but the webhook.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// Called with each post; what it returns is the HTTP status.
type OnPost = Box<dyn Fn(&Post) -> u16 + Send + Sync>;

#[derive(Default)]
struct Inner {
    posts: Mutex<Vec<Post>>,
    calls: Mutex<Vec<Call>>,
    statuses: Mutex<VecDeque<u16>>,
    on_post: Mutex<Option<OnPost>>,
}

#[derive(Clone)]
pub(crate) struct Bot {
    inner: Arc<Inner>,
    pub(crate) url: String,
    stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Bot {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let inner = Arc::new(Inner::default());
        let app = Router::new().route("/webhook", get(verify).post(receive)).fallback(other);
        let app = app.with_state(Arc::clone(&inner));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let stopped = stop.clone().cancelled_owned();
        tasks.spawn(async move { axum::serve(listener, app).with_graceful_shutdown(stopped).await });
        Ok(Self { inner, url, stop, tasks })
    }

    pub(crate) fn posts(&self) -> Vec<Post> {
        self.inner.posts.lock().clone()
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.inner.calls.lock().clone()
    }

    /// The next posts are answered so; after that 200.
    pub(crate) fn will_answer(&self, statuses: &[u16]) {
        self.inner.statuses.lock().extend(statuses);
    }

    pub(crate) fn on_post(&self, react: impl Fn(&Post) -> u16 + Send + Sync + 'static) {
        *self.inner.on_post.lock() = Some(Box::new(react));
    }

    /// Events of this kind that came so far, e.g. `delivery`.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        let events = self.posts().iter().map(Post::event).collect::<Vec<_>>();
        events.into_iter().filter(|event| !event[kind].is_null()).collect()
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn verify(
    Query(query): Query<std::collections::HashMap<String, String>>,
) -> Result<String, StatusCode> {
    let token = query.get("hub.verify_token").map(String::as_str);
    if token != Some(Config::default().verify_token.as_str()) {
        return Err(StatusCode::FORBIDDEN);
    }
    Ok(query.get("hub.challenge").cloned().unwrap_or_default())
}

async fn receive(State(bot): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature =
        headers.get("x-hub-signature-256").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let post = Post { signature, body };
    bot.posts.lock().push(post.clone());
    let told = bot.statuses.lock().pop_front();
    let status = told.or_else(|| bot.on_post.lock().as_ref().map(|react| react(&post))).unwrap_or(200);
    StatusCode::from_u16(status).unwrap_or_default()
}

async fn other(State(bot): State<Arc<Inner>>, method: Method, uri: Uri, body: Bytes) -> StatusCode {
    let body = serde_json::from_slice(&body).unwrap_or_default();
    bot.calls.lock().push(Call { method, path: uri.path().to_owned(), body });
    StatusCode::OK
}

/// A world with quick retries and a fake bot in it.
pub(crate) async fn world_with(change: impl FnOnce(&mut Config)) -> anyhow::Result<(World, Bot)> {
    let bot = Bot::start().await?;
    let mut config = Config {
        bot_url: bot.url.clone(),
        events: Events::none(),
        retry_pause: Duration::from_millis(5),
        ..Config::default()
    };
    change(&mut config);
    Ok((World::start(config).await?, bot))
}

pub(crate) async fn world() -> anyhow::Result<(World, Bot)> {
    world_with(|_| {}).await
}

pub(crate) fn client() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder().no_proxy().timeout(SOON).build()?)
}

/// Posts to the send path with token and proof; HTTP status and body.
pub(crate) async fn graph_send(world: &World, body: &Value) -> anyhow::Result<(u16, Value)> {
    let config = world.config();
    let proof = payload::appsecret_proof(&config.app_secret, &config.page_access_token);
    let url = format!("{}/v25.0/me/messages?appsecret_proof={proof}", world.graph_base_url());
    let answer = client()?.post(url).bearer_auth(&config.page_access_token).json(body).send().await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

/// The body of a plain text send.
pub(crate) fn text_to(user: &str, text: &str) -> Value {
    json!({ "recipient": { "id": user }, "messaging_type": "RESPONSE", "message": { "text": text } })
}

/// Waits until `done` is true; used where the state is the fake bot's.
pub(crate) async fn eventually(what: &str, done: impl Fn() -> bool) -> anyhow::Result<()> {
    let waited = tokio::time::timeout(SOON, async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    waited.await.map_err(|_| anyhow::anyhow!("waited in vain: {what}"))
}
