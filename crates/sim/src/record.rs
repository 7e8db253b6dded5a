//! What the world remembers: everything the bot sent, per person and in order, and every AI request.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::{Mutex, RwLock};
use serde::Serialize;
use tokio::sync::{Notify, mpsc};

use crate::behaviour::Outcome;

/// Messages and actions kept per person; older ones are forgotten.
pub const KEPT_PER_PERSON: usize = 10_000;
/// AI requests kept; older ones are forgotten.
pub const KEPT_AI_REQUESTS: usize = 100_000;
/// People remembered; messages to others still count but are not kept.
pub const KEPT_PEOPLE: usize = 1_000_000;

const SHARDS: usize = 64;

/// A chip above the composer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuickReply {
    /// What the chip says, at most 20 characters.
    pub title: String,
    /// What comes back when it is tapped, at most 1,000 characters.
    pub payload: String,
}

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Button {
    /// What the button says, at most 20 characters.
    pub title: String,
    /// What comes back when it is tapped; link buttons have none.
    pub payload: Option<String>,
    /// Where a link button leads.
    pub url: Option<String>,
}

/// A message of the bot that the Graph API accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Its message id.
    pub mid: String,
    /// Its text, or the text of its button template; empty for other attachments.
    pub text: String,
    /// Chips, at most 13.
    pub quick_replies: Vec<QuickReply>,
    /// Buttons, at most 3.
    pub buttons: Vec<Button>,
    /// The bot's own metadata, which the echo carries back.
    pub metadata: Option<String>,
    /// When it was accepted, ms since 1970.
    pub at_ms: i64,
}

/// A hint of the bot that the Graph API accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    /// `typing_on`, `typing_off` or `mark_seen`.
    pub name: &'static str,
    /// When it was accepted, ms since 1970.
    pub at_ms: i64,
}

/// Which of the two AI base URLs was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Provider {
    /// `/openrouter/api/v1`
    OpenRouter,
    /// `/openai/v1`
    OpenAi,
}

/// One message of a chat completion request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChatMessage {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// Its text; the text parts joined where there are several.
    pub content: String,
}

/// A chat completion request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AiRequest {
    /// Who was asked.
    pub provider: Provider,
    /// The model that was asked for.
    pub model: String,
    /// The whole conversation.
    pub messages: Vec<ChatMessage>,
    /// When it came, ms since 1970.
    pub at_ms: i64,
}

impl AiRequest {
    /// The last thing the person said; empty if there is no user message.
    #[must_use]
    pub fn question(&self) -> &str {
        self.messages.iter().rev().find(|m| m.role == "user").map_or("", |m| &m.content)
    }
}

/// Something an observer is told at once.
#[derive(Clone, Debug)]
pub enum Happening {
    /// The Graph API accepted a message for this person.
    Sent(Arc<str>, Arc<Sent>),
    /// The Graph API accepted a hint for this person.
    Acted(Arc<str>, Action),
    /// An AI provider was asked.
    Asked(Arc<AiRequest>),
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Calls of the Graph API's send path.
    pub graph_requests: u64,
    /// Messages accepted.
    pub sent: u64,
    /// Typing and seen hints accepted.
    pub actions: u64,
    /// Sends refused because they were wrong (limits, token, recipient).
    pub refused: u64,
    /// Sends that met a scripted or rolled fault or hang.
    pub disturbed: u64,
    /// AI requests.
    pub ai_requests: u64,
    /// AI requests that got anything but a sound answer.
    pub ai_disturbed: u64,
    /// Webhook posts tried, each retry counted.
    pub posts: u64,
    /// Webhook posts answered 200.
    pub posts_acked: u64,
    /// Webhook posts given up after their last try.
    pub posts_given_up: u64,
    /// Echoes, receipts and callbacks not posted because too many were waiting.
    pub events_dropped: u64,
    /// Tokens that MTN was asked for.
    pub momo_tokens: u64,
    /// Calls of `requesttopay`.
    pub momo_requests: u64,
    /// Reads of a payment's status.
    pub momo_status_reads: u64,
    /// Calls of MTN refused because they were wrong.
    pub momo_refused: u64,
    /// Valid calls of MTN that met a scripted or rolled disturbance.
    pub momo_disturbed: u64,
    /// Prompts shown on the second phone.
    pub momo_prompts: u64,
    /// Callbacks tried, forged ones too.
    pub momo_callbacks: u64,
}

/// The live counters behind [`Counts`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) graph_requests: AtomicU64,
    pub(crate) sent: AtomicU64,
    pub(crate) actions: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) disturbed: AtomicU64,
    pub(crate) ai_requests: AtomicU64,
    pub(crate) ai_disturbed: AtomicU64,
    pub(crate) posts: AtomicU64,
    pub(crate) posts_acked: AtomicU64,
    pub(crate) posts_given_up: AtomicU64,
    pub(crate) events_dropped: AtomicU64,
    pub(crate) momo_tokens: AtomicU64,
    pub(crate) momo_requests: AtomicU64,
    pub(crate) momo_status_reads: AtomicU64,
    pub(crate) momo_refused: AtomicU64,
    pub(crate) momo_disturbed: AtomicU64,
    pub(crate) momo_prompts: AtomicU64,
    pub(crate) momo_callbacks: AtomicU64,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn read(&self) -> Counts {
        let get = |c: &AtomicU64| c.load(Ordering::Relaxed);
        Counts {
            graph_requests: get(&self.graph_requests),
            sent: get(&self.sent),
            actions: get(&self.actions),
            refused: get(&self.refused),
            disturbed: get(&self.disturbed),
            ai_requests: get(&self.ai_requests),
            ai_disturbed: get(&self.ai_disturbed),
            posts: get(&self.posts),
            posts_acked: get(&self.posts_acked),
            posts_given_up: get(&self.posts_given_up),
            events_dropped: get(&self.events_dropped),
            momo_tokens: get(&self.momo_tokens),
            momo_requests: get(&self.momo_requests),
            momo_status_reads: get(&self.momo_status_reads),
            momo_refused: get(&self.momo_refused),
            momo_disturbed: get(&self.momo_disturbed),
            momo_prompts: get(&self.momo_prompts),
            momo_callbacks: get(&self.momo_callbacks),
        }
    }
}

#[derive(Debug, Default)]
struct Person {
    sent: VecDeque<Arc<Sent>>,
    actions: VecDeque<Action>,
    script: VecDeque<Outcome>,
}

/// The memory itself. Sharded by person, so that many sends at once seldom meet.
#[derive(Debug)]
pub(crate) struct Record {
    people: Vec<Mutex<HashMap<Arc<str>, Person>>>,
    asked: Mutex<VecDeque<Arc<AiRequest>>>,
    scripted: AtomicUsize,
    changed: Notify,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            people: (0..SHARDS).map(|_| Mutex::default()).collect(),
            asked: Mutex::default(),
            scripted: AtomicUsize::new(0),
            changed: Notify::new(),
        }
    }

    fn shard(&self, user: &str) -> &Mutex<HashMap<Arc<str>, Person>> {
        // FNV-1a: the ids are short and nobody attacks a simulator.
        let hash = user
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        &self.people[usize::from(hash.to_le_bytes()[3]) % SHARDS]
    }

    fn with<T>(&self, user: &Arc<str>, change: impl FnOnce(&mut Person) -> T) -> Option<T> {
        let mut people = self.shard(user).lock();
        if people.len() >= KEPT_PEOPLE / SHARDS && !people.contains_key(user) {
            return None;
        }
        Some(change(people.entry(Arc::clone(user)).or_default()))
    }

    pub(crate) fn sent(&self, user: &Arc<str>, sent: Arc<Sent>) {
        self.with(user, |person| push_bounded(&mut person.sent, sent, KEPT_PER_PERSON));
        self.changed.notify_waiters();
    }

    pub(crate) fn acted(&self, user: &Arc<str>, action: Action) {
        self.with(user, |person| push_bounded(&mut person.actions, action, KEPT_PER_PERSON));
        self.changed.notify_waiters();
    }

    pub(crate) fn asked(&self, request: Arc<AiRequest>) {
        push_bounded(&mut self.asked.lock(), request, KEPT_AI_REQUESTS);
        self.changed.notify_waiters();
    }

    pub(crate) fn touch(&self) {
        self.changed.notify_waiters();
    }

    pub(crate) fn sent_to(&self, user: &str) -> Vec<Sent> {
        let people = self.shard(user).lock();
        people.get(user).map(|p| p.sent.iter().map(|s| Sent::clone(s)).collect()).unwrap_or_default()
    }

    pub(crate) fn actions_of(&self, user: &str) -> Vec<Action> {
        let people = self.shard(user).lock();
        people.get(user).map(|p| p.actions.iter().cloned().collect()).unwrap_or_default()
    }

    pub(crate) fn people(&self) -> Vec<String> {
        self.people
            .iter()
            .flat_map(|shard| shard.lock().keys().map(ToString::to_string).collect::<Vec<_>>())
            .collect()
    }

    pub(crate) fn ai_requests(&self) -> Vec<AiRequest> {
        self.asked.lock().iter().map(|r| AiRequest::clone(r)).collect()
    }

    pub(crate) fn forget(&self) {
        for shard in &self.people {
            shard.lock().clear();
        }
        self.asked.lock().clear();
        self.scripted.store(0, Ordering::Release);
    }

    pub(crate) fn script(&self, user: &str, outcome: Outcome) {
        if self.with(&Arc::from(user), |person| person.script.push_back(outcome)).is_some() {
            self.scripted.fetch_add(1, Ordering::AcqRel);
        }
    }

    pub(crate) fn scripted(&self, user: &str) -> Option<Outcome> {
        if self.scripted.load(Ordering::Acquire) == 0 {
            return None;
        }
        let next = self.shard(user).lock().get_mut(user)?.script.pop_front()?;
        self.scripted.fetch_sub(1, Ordering::AcqRel);
        Some(next)
    }

    /// Returns as soon as `done` gives something; looks again at every change.
    pub(crate) async fn until<T>(&self, mut done: impl FnMut() -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Enabled before the look, so that a change between look and wait is not missed.
            changed.as_mut().enable();
            if let Some(found) = done() {
                return found;
            }
            changed.await;
        }
    }
}

fn push_bounded<T>(queue: &mut VecDeque<T>, item: T, limit: usize) {
    if queue.len() >= limit {
        queue.pop_front();
    }
    queue.push_back(item);
}

/// Observers. One that falls behind its capacity is dropped, and sees the end of its stream.
#[derive(Debug, Default)]
pub(crate) struct Observers {
    list: RwLock<Vec<Observer>>,
    live: AtomicUsize,
}

#[derive(Debug)]
struct Observer {
    /// `None` sees everything.
    user: Option<Arc<str>>,
    tell: mpsc::Sender<Happening>,
}

impl Observers {
    pub(crate) fn add(&self, user: Option<&str>, capacity: usize) -> mpsc::Receiver<Happening> {
        let (tell, hear) = mpsc::channel(capacity);
        let mut list = self.list.write();
        list.retain(|observer| !observer.tell.is_closed());
        list.push(Observer { user: user.map(Arc::from), tell });
        self.live.store(list.len(), Ordering::Release);
        hear
    }

    pub(crate) fn any(&self) -> bool {
        self.live.load(Ordering::Acquire) > 0
    }

    pub(crate) fn tell(&self, happening: &Happening) {
        if !self.any() {
            return;
        }
        let about = match happening {
            Happening::Sent(user, _) | Happening::Acted(user, _) => Some(user),
            Happening::Asked(_) => None,
        };
        let concerned = |observer: &&Observer| observer.user.is_none() || observer.user.as_ref() == about;
        let deaf: Vec<mpsc::Sender<Happening>> = (self.list.read().iter())
            .filter(concerned)
            .filter(|observer| observer.tell.try_send(happening.clone()).is_err())
            .map(|observer| observer.tell.clone())
            .collect();
        if !deaf.is_empty() {
            let mut list = self.list.write();
            list.retain(|observer| !deaf.iter().any(|d| d.same_channel(&observer.tell)));
            self.live.store(list.len(), Ordering::Release);
        }
    }

    pub(crate) fn close(&self) {
        self.list.write().clear();
        self.live.store(0, Ordering::Release);
    }
}
