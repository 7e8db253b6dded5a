//! The pure heart of Answer Bot AI.
//!
//! Everything a person meets is decided here, by one function:
//! [`decide`](decide::decide) takes the policy, a contact, what happened, the time and a seed, and gives
//! the new contact and the effects to perform. It reads no clock, draws no randomness and does no I/O, and
//! the crate is `no_std`, so the compiler keeps files, environment and hash-map order out.
//!
//! - [`contact`]: the state of one person and everything that can happen to it (events) or be done (effects).
//! - [`mod@decide`]: the decisions, one file a subject (start, words, bursts, quota, answers, sends).
//! - [`words`]: what a message alone means: a command, a greeting, a question.
//! - [`prompt`]: what the AI is given. [`shape`] and [`guard`]: what may leave of what it said.
//! - [`rail`]: danger heard in any spelling, before consent, quota and AI.
//! - [`texts`]: every fixed sentence a person reads, one file a language.
//! - [`pay`]: money, phone numbers, prices, paid days, statements.
//! - [`policy`]: every figure, overlaid by `POLICY_FILE`.
//! - [`circuit`], [`silence`]: whether a provider is worth asking.
//! - [`reuse`]: when one answer may serve everyone who asks the same.
//! - [`domain`], [`route`], [`spend`]: what a question is about, which model answers it, what that costs.
//! - [`retry`]: the delays of the one retry loop, written out.
//!
//! **Architecture invariant:** nothing here knows Messenger's JSON, SQL, HTTP or a clock.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod address;
pub mod aggregate;
pub mod circuit;
pub mod contact;
pub mod decide;
pub mod domain;
pub mod guard;
pub mod id;
pub mod pay;
pub mod policy;
pub mod prompt;
pub mod rail;
pub mod retry;
pub mod reuse;
pub mod route;
pub mod shape;
pub mod silence;
pub mod spend;
pub mod texts;
pub mod time;
pub mod words;

pub use address::{Address, Channel};
pub use aggregate::{AggregateId, AggregateKind, State, Target, decide_any};
pub use contact::Contact;
pub use decide::{Decision, Rules, decide};
pub use id::{ContactId, EffectId, EventId, PayerId, PaymentId};
pub use policy::Policy;
pub use time::{JubaDay, Time};
