//! Load: many people who agree to the terms and then ask, at a rate that does not depend on how fast the bot answers
//! (open loop), with a report that finds every question again.

mod run;
mod tally;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::behaviour::Config;
use crate::world::World;
pub use run::{run, run_in};

/// How much is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// This many questions in all.
    Messages(u64),
    /// Questions for this long.
    For(Duration),
}

/// Called about five times a second while the load runs. Here a caller may watch, kill and restart the bot, or point
/// the world to another one with [`World::set_bot_url`].
pub type Hook = Arc<dyn Fn(&World, &LoadProgress) + Send + Sync>;

/// What a load does.
#[derive(Clone)]
pub struct LoadPlan {
    /// The world of [`run()`]; [`run_in`] does not look at it. Recording is off in the default, to keep memory small.
    pub config: Config,
    /// How many people, 1 to 1,000,000. Questions go round among them.
    pub users: u32,
    /// Questions a second, over 0; the gaps between them are random (Poisson) with this mean.
    pub rate: f64,
    /// How much is asked.
    pub amount: Amount,
    /// How often each webhook is posted, at least 1; every further one is a duplicate with the same bytes.
    pub deliveries: u32,
    /// Whether every user first agrees to the terms ("hello", then "yes").
    pub agree: bool,
    /// How long to wait for answers after the last question was acknowledged.
    pub answer_wait: Duration,
    /// Seed of order and gaps.
    pub seed: u64,
    /// A text without a question's mark that contains one of these (lower case) tells a person of the daily limit.
    pub limit_words: Vec<String>,
    /// A text without a question's mark that contains one of these (lower case) apologises for a failed answer.
    pub apology_words: Vec<String>,
    /// See [`Hook`].
    pub hook: Option<Hook>,
}

impl Default for LoadPlan {
    fn default() -> Self {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        let mut config = Config { record: false, ..Config::default() };
        config.ai.canned = false;
        Self {
            config,
            users: 10,
            rate: 10.0,
            amount: Amount::Messages(30),
            deliveries: 1,
            agree: true,
            answer_wait: Duration::from_mins(1),
            seed: 1,
            limit_words: words(&[
                "limit",
                "free question",
                "questions today",
                "no questions left",
                "waiting questions",
            ]),
            apology_words: words(&["sorry", "could not answer", "try again"]),
            hook: None,
        }
    }
}

impl fmt::Debug for LoadPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadPlan")
            .field("users", &self.users)
            .field("rate", &self.rate)
            .field("amount", &self.amount)
            .field("deliveries", &self.deliveries)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// What a load is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// People agree to the terms.
    Agreeing,
    /// Questions are sent.
    Asking,
    /// Everything is sent; answers are awaited.
    Waiting,
}

/// How far a load is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LoadProgress {
    /// What it is doing.
    pub phase: Phase,
    /// People there are.
    pub users: u32,
    /// People who have agreed.
    pub ready: u32,
    /// Questions that came due so far.
    pub asked: u64,
    /// Questions planned; `None` if the load runs by time.
    pub planned: Option<u64>,
    /// Questions acknowledged.
    pub acked: u64,
    /// Questions answered.
    pub answered: u64,
    /// Time since the start, in ms.
    pub elapsed_ms: u64,
}

/// Latencies in ms, measured from the scheduled time. The schedule's timer ticks in ms, so up to 1 ms is its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Half were at most this.
    pub p50_ms: f64,
    /// 99 of 100 were at most this.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

/// What came of a load.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LoadReport {
    /// People there were.
    pub users: u32,
    /// People from whom no answer to "hello" and "yes" came within a minute.
    pub not_agreed: u32,
    /// Questions sent.
    pub asked: u64,
    /// How many seconds the sending took.
    pub asking_seconds: f64,
    /// Questions a second that were sent.
    pub asked_per_second: f64,
    /// Questions acknowledged (HTTP 200) in the end.
    pub acked: u64,
    /// Questions never acknowledged.
    pub unacked: u64,
    /// Posts that failed and were tried again; duplicates, echoes and receipts included.
    pub retried: u64,
    /// From the scheduled time to the acknowledgement.
    pub ack: Latency,
    /// Questions answered.
    pub answered: u64,
    /// From the scheduled time to the answer's acceptance by Graph.
    pub answer: Latency,
    /// Acknowledged questions that the bot declined because of the daily limit, and said so.
    pub limited: u64,
    /// Acknowledged questions that the bot apologised for.
    pub apologised: u64,
    /// Acknowledged questions that nobody heard of again.
    pub lost: u64,
    /// Messages with an answer that had been sent before, word for word.
    pub repeated: u64,
    /// Answers that came after the answer to a question of the same person that was asked later (after the earlier one
    /// had been acknowledged).
    pub out_of_order: u64,
    /// Fewest AI requests of an answered question.
    pub ai_min: u32,
    /// Most AI requests of an answered question.
    pub ai_max: u32,
    /// Answered questions without an AI request.
    pub ai_none: u64,
    /// Answered questions with more than one AI request.
    pub ai_many: u64,
    /// True if the load fell so far behind that it missed answers; the report is then worthless.
    pub blind: bool,
    /// Marks of the first lost, repeated or disordered questions, at most 20.
    pub examples: Vec<String>,
}

impl LoadReport {
    /// Nothing lost, nothing out of order, and the report can be believed.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.lost == 0 && self.out_of_order == 0 && !self.blind
    }
}
