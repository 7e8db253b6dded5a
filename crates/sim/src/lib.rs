//! The outside world of Answer Bot AI, simulated on one machine for demo, tests and load: Meta's Graph API, two AI
//! providers, MTN's mobile money, people with phones, and traffic.
//!
//! Start with [`World::start`], point the bot at its base URLs, and let people [`World::say`] things.

pub mod behaviour;
pub mod clock;
pub mod load;
pub mod momo;
pub mod payload;
pub mod phone;

mod ai;
mod graph;
mod people;
mod postman;
mod record;
mod world;

pub use behaviour::{AiBehaviour, AiFault, AiOutcome, Config, Events, GraphBehaviour, GraphFault, Outcome};
pub use momo::{
    Callbacks, Fate, MomoAccount, MomoBehaviour, MomoCall, MomoCallback, MomoEntry, MomoFault, MomoOutcome,
    MomoPayment, MomoPost, MomoPrompt, MomoRate, MoneyMessage, NamedErrors, Scene, Shown, StatementColumn,
    StatementOptions,
};
pub use postman::{Delivery, MOST_TRIES};
pub use record::{
    Action, AiRequest, Button, ChatMessage, Counts, Happening, KEPT_AI_REQUESTS, KEPT_PEOPLE,
    KEPT_PER_PERSON, Provider, QuickReply, Sent,
};
pub use world::World;
