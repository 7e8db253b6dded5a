//! The state of one person: everything `decide` knows about them, and nothing else.
//!
//! Stores keep it as JSON, sealed, with [`SCHEMA`] in plain sight. Fields that this release does not know
//! survive in `extra`, so two releases can serve one person in turn.

mod count;
pub mod effect;
pub mod event;
pub mod message;
mod paying;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::id::{ContactId, EffectId, EventId};
use crate::policy::Policy;
use crate::reuse::Key;
use crate::time::{JubaDay, Time};
pub use count::{DayCount, DaySum};
use message::{Message, Purpose};
pub use paying::{Grant, Paying, Reminded, Request, Standing, Step};

/// Schema number of [`Contact`]. A process neither leases nor commits a higher one than it knows.
pub const SCHEMA: u32 = 1;

/// Fields of a newer release, kept as they came.
pub type Extra = BTreeMap<String, serde_json::Value>;

/// One person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Decisions committed so far; effect ids derive from it.
    pub decisions: u64,
    /// Where the person stands.
    pub stage: Stage,
    /// What was agreed to, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// The start text on its way; a typed yes counts once it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub welcomed: Option<Welcome>,
    /// What was written before consent, unseen by the AI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Question>,
    /// The channel identities of the person; never empty after the first event.
    pub identities: Vec<Identity>,
    /// Where the person lives.
    #[serde(skip_serializing_if = "RegionChoice::is_unasked")]
    pub region: RegionChoice,
    /// The language answers are wanted in; `None` follows the question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_language: Option<AnswerLanguage>,
    /// `stop`: nothing unasked any more.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub quiet: bool,
    /// A person of ours speaks in the page's inbox until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub human_until: Option<Time>,
    /// Messages that still wait for their rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<Burst>,
    /// The timer that closes the burst.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst_timer: Option<BurstTimer>,
    /// Questions that wait for their turn, oldest first.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub waiting: VecDeque<Question>,
    /// The question at the AI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asking: Option<Asking>,
    /// Questions that were apologised for and are tried again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retrying: Vec<Asking>,
    /// Messages that wait for the one that is being sent.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub outbox: VecDeque<Outgoing>,
    /// The one message that is being sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sending: Option<Sending>,
    /// Answers whose window shut, for the next message.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub parked: VecDeque<Outgoing>,
    /// The rest of a long answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more: Option<More>,
    /// Conversation memory, oldest first.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub memory: VecDeque<Turn>,
    /// The last questions that met the limit, oldest first.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub limited: VecDeque<Question>,
    /// A question that came too late to be answered unasked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<Question>,
    /// Whether "Still want this?" was asked about it.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub stale_asked: bool,
    /// Whether the person was told that too many questions wait.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub told_full: bool,
    /// What we asked last, so that the answer can be typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// Since when "Delete my data?" stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forget_asked: Option<Time>,
    /// Replies today that cost no unit.
    pub free_replies: DayCount,
    /// Calls to the AI today.
    pub ai_calls: DayCount,
    /// What they cost.
    #[serde(skip_serializing_if = "DaySum::is_empty")]
    pub ai_spent: DaySum,
    /// Questions today whose answers may have been kept for others.
    #[serde(skip_serializing_if = "DayCount::is_empty")]
    pub kept_today: DayCount,
    /// Shared answers that they called wrong today.
    #[serde(skip_serializing_if = "DayCount::is_empty")]
    pub withdrawn_today: DayCount,
    /// Answers so far: now and then one is asked about.
    #[serde(skip_serializing_if = "is_nought")]
    pub answers: u32,
    /// The last answer, as long as it can be praised or blamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rated: Option<Rated>,
    /// What the person paid for.
    #[serde(skip_serializing_if = "Paying::is_empty")]
    pub paying: Paying,
    /// The contact that this one was merged into: what still comes for it is handed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<ContactId>,
    /// Contacts that were merged into this one: each is taken over once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged_from: Vec<ContactId>,
    /// Platform ids of what we sent last, so that an echo is known as ours.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub sent_ids: VecDeque<EventId>,
    /// Sends that were given up, so that reviving one knows what it is.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub buried: VecDeque<Buried>,
    /// What a newer release wrote.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Contact {
    /// The day by whose end every text that is kept here is past its time; `None` when none is kept.
    #[must_use]
    pub fn texts_until(&self, policy: &Policy) -> Option<JubaDay> {
        let (times, keep) = (&policy.time, policy.memory.keep_ms);
        let ends = self
            .memory
            .iter()
            .map(|turn| turn.at.plus(keep))
            .chain(self.kept.iter().map(|it| it.arrived.plus(times.kept_question_ms)))
            .chain(self.limited.iter().map(|it| it.arrived.plus(times.limited_question_ms)))
            .chain(self.stale.iter().map(|it| it.arrived.plus(times.too_old_ms)))
            .chain(self.more.iter().map(|it| it.until))
            .chain(
                self.parked
                    .iter()
                    .filter(|it| it.purpose != Purpose::Money)
                    .map(|it| self.heard_from(it.identity).plus(times.too_old_ms)),
            );
        ends.max().map(Time::juba_day)
    }

    /// Platform time of the last message from an identity.
    #[must_use]
    pub fn heard_from(&self, identity: usize) -> Time {
        self.identities.get(identity).map_or(Time::default(), |it| it.heard)
    }
}

/// Where a person stands. Paying adds its own steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Has not agreed to the terms.
    #[default]
    New,
    /// May ask.
    Ready,
}

impl Stage {
    /// The name in stores and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ready => "ready",
        }
    }
}

/// Agreement to the terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Version of the terms.
    pub terms: u32,
    /// When.
    pub at: Time,
}

/// The start text on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The decision that queued it last.
    pub decision: u64,
    /// When.
    pub at: Time,
    /// Whether the platform took it, or may have taken it.
    #[serde(default)]
    pub sent: bool,
    /// The identity that typed yes while it was on its way: the platform's answer can come after the person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yes: Option<usize>,
}

/// One channel identity of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// The keyed hash of its address.
    pub key: ContactId,
    /// Where it is reached. Erased with the person's data; the row's keyed hash finds the count again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Free questions taken. Survives deletion: nothing a person can type refills it.
    #[serde(default)]
    pub free: DayCount,
    /// Platform time of the last message from it; the reply window counts from here.
    #[serde(default)]
    pub heard: Time,
    /// What a newer release wrote.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Identity {
    /// What stays of it without its person: the keyed hash with its count, so that nothing is refilled.
    #[must_use]
    pub fn nameless(self) -> Self {
        Self { address: None, extra: Extra::new(), ..self }
    }
}

/// An answer that its person can praise or blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rated {
    /// The effect that asked for it.
    pub ask: EffectId,
    /// The shared answer that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// When it was given.
    pub at: Time,
    /// Whether it was asked about, so that a typed word can mean it.
    #[serde(default)]
    pub asked: bool,
}

/// A place people live in; answers are given with it in mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// Juba and around it.
    Juba,
    /// Wau and around it.
    Wau,
    /// Malakal and around it.
    Malakal,
    /// Another place.
    Elsewhere,
}

/// What is known of a person's region; asked once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionChoice {
    /// Not asked yet.
    #[default]
    Unasked,
    /// Asked, not answered.
    Asked,
    /// "Skip".
    Skipped,
    /// Chosen.
    Chosen(Region),
}

impl Region {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Juba, Self::Wau, Self::Malakal, Self::Elsewhere];

    /// Its name in settings, commands and stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Juba => "juba",
            Self::Wau => "wau",
            Self::Malakal => "malakal",
            Self::Elsewhere => "elsewhere",
        }
    }
}

impl RegionChoice {
    /// The region that was chosen.
    #[must_use]
    pub const fn chosen(self) -> Option<Region> {
        match self {
            Self::Chosen(region) => Some(region),
            Self::Unasked | Self::Asked | Self::Skipped => None,
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_unasked(&self) -> bool {
        *self == Self::Unasked
    }
}

/// A language that answers can be wanted in; fixed texts have their own list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerLanguage {
    /// Short simple English.
    English,
    /// Arabic in Arabic script.
    Arabic,
    /// Juba Arabic in Latin letters.
    JubaArabic,
}

/// A question of ours that typed words can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// Where do you live?
    Region,
    /// In which language?
    Language,
    /// Delete all your data?
    Forget,
    /// Still want this?
    Stale,
    /// Which plan?
    Plan,
    /// Pay now?
    Pay,
}

/// What a question took from the quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A free question of the identity with this index, on this day.
    Free {
        /// Index into [`Contact::identities`].
        identity: usize,
        /// The day it was taken on.
        day: JubaDay,
    },
    /// A paid question of this day.
    Paid {
        /// The day it was taken on.
        day: JubaDay,
    },
}

/// One question: one burst, one unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The text, the lines of a burst joined.
    pub text: String,
    /// The messages it was made of, so that an unsent one can be dropped.
    pub events: Vec<EventId>,
    /// Index of the identity that asked, into [`Contact::identities`].
    pub identity: usize,
    /// When its last part reached us.
    pub arrived: Time,
    /// What it holds of the quota; `None` while it holds nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// What a newer release wrote.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A burst that is still open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Burst {
    /// What came so far.
    pub question: Question,
    /// When its first part came.
    pub opened: Time,
    /// When it closes.
    pub closes: Time,
    /// The wait that is running: arrivals and platform times must lie within it.
    pub wait_ms: i64,
    /// Platform time of the last part.
    pub said: Time,
}

/// The timer of an open burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BurstTimer {
    /// The effect.
    pub effect: EffectId,
    /// When it is due.
    pub due: Time,
}

/// A question at the AI, or waiting to be tried again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asking {
    /// The effect that asks.
    pub effect: EffectId,
    /// The question.
    pub question: Question,
    /// When it was first asked.
    pub since: Time,
    /// Attempts that failed.
    pub failed: u32,
    /// Of these, attempts that failed after the apology, the one that led to it included; 0 before it.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub apologised: u32,
}

/// A message that waits in the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Index of the identity it goes to.
    pub identity: usize,
    /// The message.
    pub message: Message,
    /// What it is for: what happens when it cannot be sent.
    pub purpose: Purpose,
    /// The unit that is settled when the platform accepts it, given back when it never does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
}

/// The message that is being sent; its text is in the effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sending {
    /// The effect that sends.
    pub effect: EffectId,
    /// Index of the identity it goes to.
    pub identity: usize,
    /// What it is for.
    pub purpose: Purpose,
    /// The unit that its acceptance settles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Digest of its text: an echo without our metadata is known by it.
    pub digest: EventId,
    /// Refusals so far.
    pub refused: u32,
    /// Attempts that found the whole channel down; they do not count.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub down: u32,
    /// Time-outs so far: their fate is unknown.
    pub unknown: u32,
}

/// A send that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buried {
    /// The effect.
    pub effect: EffectId,
    /// What it was for.
    pub purpose: Purpose,
    /// Whether it held a unit, so that reviving it takes one anew.
    pub unit: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_nought(count: &u32) -> bool {
    *count == 0
}

/// The rest of a long answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct More {
    /// The text that is left.
    pub text: String,
    /// Until when it is kept.
    pub until: Time,
}

/// One turn of the talk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// What the person asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
    /// When.
    pub at: Time,
}
