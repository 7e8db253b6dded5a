//! How the simulated world behaves: every knob, with the value it has when nobody turns it.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use crate::momo::{MomoAccount, MomoBehaviour};

/// What a world is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The Meta app's secret: signs webhooks and checks `appsecret_proof`.
    pub app_secret: String,
    /// What the bot must know to pass the webhook verification.
    pub verify_token: String,
    /// The page the bot answers for.
    pub page_id: String,
    /// The page's name, shown on the phone page.
    pub page_name: String,
    /// The token the bot must send with.
    pub page_access_token: String,
    /// The Meta app's number, seen in echoes.
    pub app_id: u64,
    /// Where the bot listens, without a path; webhooks go to `{bot_url}/webhook`.
    pub bot_url: String,
    /// How the Graph API behaves.
    pub graph: GraphBehaviour,
    /// How both AI providers behave.
    pub ai: AiBehaviour,
    /// Our account at MTN: its secrets and what it charges in.
    pub momo_account: MomoAccount,
    /// How MTN behaves.
    pub momo: MomoBehaviour,
    /// Which receipts follow a message of the bot.
    pub events: Events,
    /// Makes the rolled faults repeatable.
    pub seed: u64,
    /// Keep what was sent and asked, for `sent_to` and `ai_requests`. Off (with [`Events::none`]) is the lean world
    /// for benches.
    pub record: bool,
    /// How long one webhook post may take; Meta waits 20 s.
    pub webhook_timeout: Duration,
    /// Pause before the second retry of a webhook (the first is immediate). It doubles up to 60 times itself.
    pub retry_pause: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            app_secret: "sim-app-secret".into(),
            verify_token: "sim-verify-token".into(),
            page_id: "100200300400500".into(),
            page_name: "Answer Bot AI".into(),
            page_access_token: "sim-page-token".into(),
            app_id: 900_800_700_600,
            bot_url: "http://127.0.0.1:3000".into(),
            graph: GraphBehaviour::default(),
            ai: AiBehaviour::default(),
            momo_account: MomoAccount::default(),
            momo: MomoBehaviour::default(),
            events: Events::all(),
            seed: 1,
            record: true,
            webhook_timeout: Duration::from_secs(20),
            retry_pause: Duration::from_secs(1),
        }
    }
}

/// Which events the world posts after it accepted a message of the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Events {
    /// The echo of the message itself.
    pub echo: bool,
    /// The receipt that it reached the phone.
    pub delivery: bool,
    /// The receipt that it was read.
    pub read: bool,
}

impl Events {
    /// Echo, delivery and read.
    #[must_use]
    pub const fn all() -> Self {
        Self { echo: true, delivery: true, read: true }
    }

    /// Nothing at all.
    #[must_use]
    pub const fn none() -> Self {
        Self { echo: false, delivery: false, read: false }
    }

    pub(crate) const fn any(self) -> bool {
        self.echo || self.delivery || self.read
    }
}

/// An error as the Graph API words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphFault {
    /// HTTP status; 200 is possible, Meta does that too.
    pub status: u16,
    /// `error.code`
    pub code: u32,
    /// `error.error_subcode`
    pub subcode: Option<u32>,
    /// `error.is_transient`
    pub transient: bool,
    /// `error.message`
    pub message: String,
}

impl GraphFault {
    /// A fault with this status, code and subcode and a message made of them.
    #[must_use]
    pub fn new(status: u16, code: u32, subcode: Option<u32>) -> Self {
        Self { status, code, subcode, transient: false, message: format!("(#{code}) Simulated error") }
    }

    /// The same with another message.
    #[must_use]
    pub fn saying(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Code 2, HTTP 500, `is_transient`: try again later.
    #[must_use]
    pub fn temporary() -> Self {
        let fault = Self::new(500, 2, None)
            .saying("An unexpected error has occurred. Please retry your request later.");
        Self { transient: true, ..fault }
    }

    /// Code 613: too many calls.
    #[must_use]
    pub fn throttled() -> Self {
        Self::new(400, 613, None).saying("(#613) Calls to this API have exceeded the rate limit.")
    }

    /// Code 10/2018278: the 24-hour window is shut.
    #[must_use]
    pub fn window_shut() -> Self {
        Self::new(400, 10, Some(2_018_278)).saying(
            "(#10) This message is sent outside of allowed window. Learn more about the new policy here",
        )
    }

    /// Code 551/1545041: the person blocked the page or left.
    #[must_use]
    pub fn person_unavailable() -> Self {
        Self::new(400, 551, Some(1_545_041)).saying("(#551) This person isn't available right now.")
    }

    /// Code 190: the token is dead.
    #[must_use]
    pub fn token_dead() -> Self {
        Self::new(400, 190, Some(463)).saying("Error validating access token: Session has expired")
    }

    pub(crate) fn no_such_user() -> Self {
        Self::new(400, 100, Some(2_018_001)).saying("(#100) No matching user found")
    }
}

/// What becomes of one valid send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted and answered.
    Accept,
    /// Refused with this error (with HTTP status 200 it is an error inside a 200).
    Refuse(GraphFault),
    /// Not accepted, and no answer for `hang_for`.
    Hang,
    /// Accepted, its echo is sent, but no answer for `hang_for`.
    AcceptThenHang,
}

/// How the Graph API behaves. Rates are probabilities 0..=1, tried in the order of the fields; per-recipient scripts
/// (see `World::script`) win over rates.
#[derive(Clone, Debug)]
pub struct GraphBehaviour {
    /// Time between accepting and answering.
    pub latency: Duration,
    /// Up to this much more, rolled.
    pub jitter: Duration,
    /// How often `error` is answered.
    pub error_rate: f64,
    /// The error of `error_rate`.
    pub error: GraphFault,
    /// How often `error` is answered inside HTTP 200.
    pub error_in_200_rate: f64,
    /// How often nothing is accepted and nothing answered.
    pub hang_rate: f64,
    /// How often a message is accepted but the answer never comes.
    pub accept_then_hang_rate: f64,
    /// How long a hang lasts; then HTTP 504.
    pub hang_for: Duration,
    /// Recipients whose 24-hour window is shut: 10/2018278.
    pub window_shut: HashSet<String>,
    /// The only recipients there are; anybody else is 100/2018001. `None`: everybody exists.
    pub known: Option<HashSet<String>>,
    /// Whether `subscribed_apps` lists the app.
    pub subscribed: bool,
    /// Time between accepting a message and posting its echo.
    pub echo_after: Duration,
}

impl Default for GraphBehaviour {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            error_rate: 0.0,
            error: GraphFault::temporary(),
            error_in_200_rate: 0.0,
            hang_rate: 0.0,
            accept_then_hang_rate: 0.0,
            hang_for: Duration::from_mins(10),
            window_shut: HashSet::new(),
            known: None,
            subscribed: true,
            echo_after: Duration::from_millis(5),
        }
    }
}

/// An error answer of an AI provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AiFault {
    /// HTTP status.
    pub status: u16,
    /// The whole body, JSON or not.
    pub body: String,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
}

impl AiFault {
    /// A fault in the shape both providers are read by: `{"error":{"code","message","metadata":{"error_type"}}}`.
    #[must_use]
    pub fn new(status: u16, error_type: &str, message: &str) -> Self {
        let metadata = serde_json::json!({ "error_type": error_type });
        let error = serde_json::json!({ "code": status, "message": message, "metadata": metadata });
        Self { status, body: serde_json::json!({ "error": error }).to_string(), retry_after: None }
    }

    /// HTTP 503, `provider_overloaded`.
    #[must_use]
    pub fn overloaded() -> Self {
        Self::new(503, "provider_overloaded", "The provider is overloaded")
    }

    /// HTTP 429 with `Retry-After`.
    #[must_use]
    pub fn rate_limited(seconds: u32) -> Self {
        let fault = Self::new(429, "rate_limit_exceeded", "Rate limit exceeded");
        Self { retry_after: Some(seconds), ..fault }
    }

    /// HTTP 402: the credit is gone.
    #[must_use]
    pub fn payment_required() -> Self {
        Self::new(402, "payment_required", "Insufficient credits")
    }
}

/// What becomes of one AI request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AiOutcome {
    /// This answer, word for word.
    Answer(String),
    /// An answer that was cut at the token limit: `finish_reason` is `length`.
    Length(String),
    /// An HTTP error.
    Fault(AiFault),
    /// No answer for `hang_for`, then HTTP 504.
    Hang,
    /// Headers and half of the body, then silence for `hang_for`.
    HalfThenSilence,
    /// Headers and half of the body, then the connection is closed.
    Cut,
    /// HTTP 200 with a body that is not JSON.
    Malformed,
    /// HTTP 200 with an empty answer.
    Empty,
    /// HTTP 200 with `"content": null`.
    Null,
    /// HTTP 200 with an `error` object in place of the answer.
    ErrorIn200,
}

/// How one AI provider behaves. `script` wins over `when`, `when` over the rates, and the rates (probabilities 0..=1,
/// tried in the order of the fields) over the built-in answers.
#[derive(Clone, Debug)]
pub struct AiBehaviour {
    /// Time before the answer begins.
    pub delay: Duration,
    /// Up to this much more, rolled.
    pub jitter: Duration,
    /// Time between two words of a stream.
    pub word_pause: Duration,
    /// How often `error` is answered.
    pub error_rate: f64,
    /// The error of `error_rate`.
    pub error: AiFault,
    /// How often [`AiOutcome::Hang`] happens.
    pub hang_rate: f64,
    /// How often [`AiOutcome::HalfThenSilence`] happens.
    pub half_rate: f64,
    /// How often [`AiOutcome::Cut`] happens.
    pub cut_rate: f64,
    /// How often [`AiOutcome::Malformed`] happens.
    pub malformed_rate: f64,
    /// How often [`AiOutcome::Empty`] happens.
    pub empty_rate: f64,
    /// How often [`AiOutcome::Null`] happens.
    pub null_rate: f64,
    /// How often [`AiOutcome::ErrorIn200`] happens.
    pub error_in_200_rate: f64,
    /// How often the default answer is cut with `finish_reason` `length`.
    pub length_rate: f64,
    /// How long a hang or a silence lasts.
    pub hang_for: Duration,
    /// The next outcomes, in order. Each provider has its own copy.
    pub script: VecDeque<AiOutcome>,
    /// Outcomes for questions that contain a text; the first that fits wins and stays.
    pub when: Vec<(String, AiOutcome)>,
    /// Whether well-known questions (malaria, maize, ...) get the built-in long answers.
    pub canned: bool,
    /// The only bearer token that is accepted; `None`: any, but there must be one.
    pub api_key: Option<String>,
}

impl Default for AiBehaviour {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            word_pause: Duration::ZERO,
            error_rate: 0.0,
            error: AiFault::overloaded(),
            hang_rate: 0.0,
            half_rate: 0.0,
            cut_rate: 0.0,
            malformed_rate: 0.0,
            empty_rate: 0.0,
            null_rate: 0.0,
            error_in_200_rate: 0.0,
            length_rate: 0.0,
            hang_for: Duration::from_mins(10),
            script: VecDeque::new(),
            when: Vec::new(),
            canned: true,
            api_key: None,
        }
    }
}

impl AiBehaviour {
    pub(crate) fn roll(&self, dice: &crate::clock::Dice) -> Option<AiOutcome> {
        let rated = [
            (self.error_rate, AiOutcome::Fault(self.error.clone())),
            (self.hang_rate, AiOutcome::Hang),
            (self.half_rate, AiOutcome::HalfThenSilence),
            (self.cut_rate, AiOutcome::Cut),
            (self.malformed_rate, AiOutcome::Malformed),
            (self.empty_rate, AiOutcome::Empty),
            (self.null_rate, AiOutcome::Null),
            (self.error_in_200_rate, AiOutcome::ErrorIn200),
        ];
        rated.into_iter().find(|(rate, _)| dice.chance(*rate)).map(|(_, outcome)| outcome)
    }

    pub(crate) fn any_rate(&self) -> bool {
        self.error_rate
            + self.hang_rate
            + self.half_rate
            + self.cut_rate
            + self.malformed_rate
            + self.empty_rate
            + self.null_rate
            + self.error_in_200_rate
            > 0.0
    }
}
