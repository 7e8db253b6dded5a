//! What is done for a contact: written down as data before it is done.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::message::Message;
use crate::address::Address;
use crate::aggregate::Target;
use crate::domain::Domain;
use crate::id::{EffectId, PaymentId};
use crate::pay::payment::Charge;
use crate::pay::phone::Msisdn;
use crate::reuse::{Key, Language, Shareable};
use crate::route::Grade;
use crate::spend::{MicroUsd, Spent};
use crate::time::{JubaDay, Time};

/// Something to do. It exists only if its decision was committed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Derived from the decision.
    pub id: EffectId,
    /// Not before this time.
    pub due: Time,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Whether a paying person waits for it.
    pub paid: bool,
    /// What to do.
    pub action: Action,
}

impl Effect {
    /// The same effect with its next attempt, due then.
    #[must_use]
    pub fn again(&self, due: Time) -> Self {
        Self { due, attempt: self.attempt + 1, ..self.clone() }
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Ask the AI.
    Ask(Prompt),
    /// Send one message.
    Send {
        /// To whom.
        to: Address,
        /// What.
        message: Message,
    },
    /// Wake the contact up at `due`: a burst closes.
    Timer,
    /// Post to `ALERT_URL`.
    Alert(Case),
    /// Tell another aggregate: an envelope there, once, however often it is told.
    Tell {
        /// Whom.
        target: Target,
        /// What.
        event: Box<Event>,
    },
    /// Ask MTN whether a number is a live account.
    CheckAccount(Msisdn),
    /// Ask MTN for money.
    Charge(Charge),
    /// Ask MTN how a payment stands.
    CheckPayment(PaymentId),
    /// A shared answer is said to be wrong: nobody gets it any more.
    Withdraw(Key),
}

impl Action {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Ask(_) => Kind::Ask,
            Self::Send { .. } => Kind::Send,
            Self::Timer => Kind::Timer,
            Self::Alert(_) => Kind::Alert,
            Self::Tell { .. } | Self::Withdraw(_) => Kind::Tell,
            Self::CheckAccount(_) | Self::Charge(_) | Self::CheckPayment(_) => Kind::Momo,
        }
    }
}

/// The kinds of effects; each has its own slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Asks the AI.
    Ask,
    /// Sends a message.
    Send,
    /// Wakes a contact.
    Timer,
    /// Posts an alarm.
    Alert,
    /// Tells another aggregate, or the answers that are shared.
    Tell,
    /// Calls MTN.
    Momo,
}

impl Kind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] = [Self::Ask, Self::Send, Self::Timer, Self::Alert, Self::Tell, Self::Momo];

    /// The name in metrics and lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Send => "send",
            Self::Timer => "timer",
            Self::Alert => "alert",
            Self::Tell => "tell",
            Self::Momo => "momo",
        }
    }

    /// The number that stores keep.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Ask => 0,
            Self::Send => 1,
            Self::Timer => 2,
            Self::Alert => 3,
            Self::Tell => 4,
            Self::Momo => 5,
        }
    }
}

/// Who says a line of the talk with the AI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions.
    System,
    /// The person.
    User,
    /// The AI.
    Assistant,
}

/// A line of the talk with the AI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Who.
    pub role: Role,
    /// What.
    pub content: String,
}

/// What the AI is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// System prompt first, the question last.
    pub lines: Vec<Line>,
    /// Longest answer, in tokens.
    pub max_tokens: u32,
    /// Typing is shown here while the AI thinks.
    pub typing: Address,
    /// What decides which way it is answered.
    #[serde(default)]
    pub about: About,
}

/// What decides which way a question is answered, and for how much.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The subject.
    pub domain: Domain,
    /// How hard it looks.
    pub grade: Grade,
    /// It is asked without the talk so far: whoever asks it in the same words gets the same answer.
    pub alone: bool,
    /// The language of question and answer, where it is one: a curated answer may be in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// It may be answered from what is shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shareable>,
    /// What its person may still spend; `None` without a cap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<Left>,
}

/// What a person may still spend on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The day; on another one there is more.
    pub day: JubaDay,
    /// So much.
    pub amount: MicroUsd,
}

/// What a question was answered with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The text as it came: Markdown and all, never empty.
    pub text: String,
    /// The provider stopped at `max_tokens`: the last sentence may be cut.
    pub cut: bool,
    /// Where it came from.
    pub way: Way,
    /// The shared answer that it is, or became.
    pub key: Option<Key>,
    /// What it cost; nothing, when somebody else's call brought it.
    pub spent: Vec<Spent>,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A provider was asked.
    #[default]
    Ai,
    /// Somebody was asking the same just then.
    Joined,
    /// An answer that was kept.
    Shared,
    /// One that is past its time; no provider answered.
    Stale,
    /// A person wrote it and another approved it.
    Curated,
}

impl Way {
    /// The name in stores, metrics and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ai => "ai",
            Self::Joined => "joined",
            Self::Shared => "shared",
            Self::Stale => "stale",
            Self::Curated => "curated",
        }
    }
}

/// A person wants a human, or something else an operator should see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// What it is about, such as `human`.
    pub about: String,
    /// When it was filed.
    pub at: Time,
    /// The channel's name.
    pub channel: String,
}

/// Why an attempt failed, and what follows: the three answers of every fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectFault {
    /// Whether and when to try again.
    pub retry: Retry,
    /// Whether an operator should hear of it.
    pub alert: bool,
    /// A short reason without texts, numbers or secrets, such as `http 503` or `graph 190/463`.
    pub reason: String,
}

/// Whether and when to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Later, at the usual pace, but not before this many milliseconds.
    After(i64),
    /// The whole channel is down (a dead token, a policy block): try again, do not count.
    ChannelDown,
    /// The reply window is shut: keep it for the person's next message.
    WindowShut,
    /// The person cannot be reached any more.
    Gone,
    /// The content was refused: never the same again.
    Refused,
}

/// Something worth doing once, but not worth writing down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Mark the person's messages as seen.
    Seen(Address),
    /// Show that an answer is being written.
    Typing(Address),
}
