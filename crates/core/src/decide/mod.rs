//! `decide`: what follows from what happened.
//!
//! A decision folds its inputs in, in order, and then *settles the desk*: it starts the next question, sends
//! the next message and sets the burst's timer, if their places are free. So no input has to know whether
//! something is under way, and at most one message of a contact is ever being sent.
//!
//! - `hear`: envelopes and words. `menu`: the menu and its questions. `start`: consent. `burst`: messages that belong together.
//! - `ask`: questions, quota, answers. `send`: the outbox. `options`: region, language, deletion, late questions.
//! - `buy`: the way to a plan. `pay`: what became of a payment. `status`: how things stand. `remind`: the plan ends.
//! - `rate`: whether an answer helped. `support`: what operators do.

mod ask;
mod burst;
mod buy;
mod desk;
mod hear;
mod menu;
mod options;
mod pay;
mod rate;
mod remind;
mod send;
mod start;
mod status;
mod support;

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::contact::effect::{Effect, Hint, Way};
use crate::contact::event::Input;
use crate::contact::{Contact, SCHEMA};
use crate::domain::Domain;
use crate::id::{ContactId, EffectId, PaymentId};
use crate::pay::ledger::Entry;
use crate::pay::price::{PriceBook, Selling};
use crate::policy::Policy;
use crate::reuse::curated::Shelf;
use crate::reuse::{Key, Language};
use crate::spend::Spent;
use crate::time::{JubaDay, Time};

/// What was decided: one atomic write.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<S = Contact> {
    /// The aggregate as it is now.
    pub state: S,
    /// Schema number of `state`.
    pub schema: u32,
    /// Effects to write down, or to write again with a later due time.
    pub open: Vec<Effect>,
    /// Effects that are over.
    pub settled: Vec<EffectId>,
    /// Effects that never succeeded, each with a reason; an operator sees them and can revive them.
    pub dead: Vec<(Effect, String)>,
    /// The person's data goes: every other effect and event of this contact is erased in the same write.
    pub erase: bool,
    /// Worth doing once after the commit.
    pub hints: Vec<Hint>,
    /// What happened, for figures.
    pub records: Vec<Record>,
    /// What is kept for reports.
    pub facts: Vec<Fact>,
    /// For the books.
    pub entries: Vec<Entry>,
    /// Payments that this contact was granted by it.
    pub grants: Vec<PaymentId>,
}

impl<S: Default> Decision<S> {
    /// One that changes nothing yet.
    #[must_use]
    pub fn of(schema: u32) -> Self {
        Self {
            state: S::default(),
            schema,
            open: Vec::new(),
            settled: Vec::new(),
            dead: Vec::new(),
            erase: false,
            hints: Vec::new(),
            records: Vec::new(),
            facts: Vec::new(),
            entries: Vec::new(),
            grants: Vec::new(),
        }
    }
}

impl<S> Decision<S> {
    /// The same decision with its state seen in another way.
    pub fn map<T>(self, see: impl FnOnce(S) -> T) -> Decision<T> {
        let Self { state, schema, open, settled, dead, erase, hints, records, facts, entries, grants } = self;
        let state = see(state);
        Decision { state, schema, open, settled, dead, erase, hints, records, facts, entries, grants }
    }
}

/// What decisions follow: the figures, the prices, and whether anything is sold.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The figures.
    pub policy: &'a Policy,
    /// The prices.
    pub prices: &'a PriceBook,
    /// Whether, and for what money, anything is sold.
    pub selling: Selling,
    /// Channel ids of those who may buy; `None` = everybody.
    pub testers: Option<&'a [String]>,
    /// Answers that a person wrote: some are in the menu.
    pub shelf: &'a Shelf,
}

/// What is kept for reports: written with its decision, and once, however often that is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// What an attempt at a question came to.
    Turn(AiTurn),
    /// A person's word on an answer.
    Rated {
        /// The effect that asked for it.
        ask: EffectId,
        /// It helped.
        good: bool,
    },
    /// A question for everybody that no curated answer was there for.
    Missed {
        /// When.
        day: JubaDay,
        /// Its language.
        language: Language,
        /// Its normal form.
        normal: String,
    },
}

/// What an attempt at a question came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AiTurn {
    /// The effect that asked.
    pub ask: EffectId,
    /// Its attempt.
    pub attempt: u32,
    /// When it ended.
    pub at: Time,
    /// Of a person who paid.
    pub paid: bool,
    /// The subject.
    pub domain: Domain,
    /// Where the answer came from; `None` when there was none.
    pub way: Option<Way>,
    /// The answer that is kept.
    pub key: Option<Key>,
    /// The calls that it took.
    pub spent: Vec<Spent>,
}

/// One thing that happened, for figures; the engine counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A person agreed to the terms.
    Consented,
    /// A question was taken; its unit is reserved.
    QuestionTaken,
    /// An answer was written.
    Answered,
    /// The platform accepted an answer.
    AnswerSent,
    /// A question met the daily limit.
    LimitNotice,
    /// No provider answered; the person was told once.
    Apology,
    /// A question was given up after its reply window.
    GivenUp,
    /// Nothing could be said: a filter or the guard.
    Refused,
    /// The guard changed an answer.
    Guarded,
    /// A reply that cost no unit.
    FreeReply,
    /// Silence, because the free replies of the day are used up.
    Silenced,
    /// An envelope came when the inbox was full.
    Overflow,
    /// A sign of danger was answered.
    Danger,
    /// An answer is kept until the person writes again.
    Parked,
    /// A message was dropped because it could not be said any more.
    Dropped,
    /// A send timed out; its echo may still come.
    UnknownSend,
    /// A message may have reached the person twice.
    PossibleRepeat,
    /// An outcome came for an effect that was already settled.
    LateOutcome,
    /// A person's data was deleted.
    Forgotten,
    /// Two contacts of one person were made one.
    Merged,
    /// A person asked for a human.
    HumanWanted,
    /// A dead effect was tried again.
    Revived,
    /// Reviving was refused.
    ReviveRefused,
    /// A payment was granted.
    Paid,
    /// Money came after the person had been told an end.
    LateSuccess,
    /// Money came that does not fit its order.
    PaymentReview,
    /// An event came to an aggregate that it does not concern.
    Misplaced,
    /// A person said that an answer helped.
    Praised,
    /// A person said that an answer is wrong.
    Blamed,
}

impl Record {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Consented => "consented",
            Self::QuestionTaken => "question_taken",
            Self::Answered => "answered",
            Self::AnswerSent => "answer_sent",
            Self::LimitNotice => "limit_notice",
            Self::Apology => "apology",
            Self::GivenUp => "given_up",
            Self::Refused => "refused",
            Self::Guarded => "guarded",
            Self::FreeReply => "free_reply",
            Self::Silenced => "silenced",
            Self::Overflow => "overflow",
            Self::Danger => "danger",
            Self::Parked => "parked",
            Self::Dropped => "dropped",
            Self::UnknownSend => "unknown_send",
            Self::PossibleRepeat => "possible_repeat",
            Self::LateOutcome => "late_outcome",
            Self::Forgotten => "forgotten",
            Self::Merged => "merged",
            Self::HumanWanted => "human_wanted",
            Self::Revived => "revived",
            Self::ReviveRefused => "revive_refused",
            Self::Paid => "paid",
            Self::LateSuccess => "late_success",
            Self::PaymentReview => "payment_review",
            Self::Misplaced => "misplaced",
            Self::Praised => "praised",
            Self::Blamed => "blamed",
        }
    }
}

/// Decides what follows from `inputs`, all of which are consumed.
///
/// `id` is the contact's own, `seed` 16 bytes drawn by the engine (they spread retries), `now` the engine's
/// clock. The same arguments always give the same decision.
#[must_use]
pub fn decide(
    rules: Rules<'_>,
    id: ContactId,
    contact: Contact,
    inputs: &[Input],
    now: Time,
    seed: [u8; 16],
) -> Decision {
    let mut desk = desk::Desk::new(rules, id, contact, now, seed);
    for input in inputs {
        match input {
            Input::Envelope(numbered) => desk.hear(numbered),
            Input::Outcome { effect, outcome } => desk.learn(effect, outcome),
        }
    }
    desk.tidy();
    desk.into_decision(SCHEMA)
}
