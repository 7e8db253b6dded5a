//! Where a person is reached, and what each channel can carry.

use alloc::string::String;

use serde::{Deserialize, Serialize};

/// A chat platform.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Facebook Messenger.
    Messenger,
}

impl Channel {
    /// The name used in ids, metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messenger => "messenger",
        }
    }

    /// What one message of this channel may hold.
    #[must_use]
    pub const fn limits(self) -> &'static Limits {
        match self {
            Self::Messenger => &MESSENGER,
        }
    }
}

/// A person on one page or number of a channel: not a phone number, and private. Stored sealed only.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Address {
    /// The platform.
    pub channel: Channel,
    /// Our side: the page's id. A page-scoped id means nothing on another page.
    pub page: String,
    /// Their side: the page-scoped id of the person.
    pub user: String,
}

/// The figures of a channel's messages; lengths in UTF-16 units unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest text that we send. Messenger takes 2,000; the margin is for units nobody has documented.
    pub text: usize,
    /// Longest text of a message with buttons.
    pub button_text: usize,
    /// Most buttons of a message.
    pub buttons: usize,
    /// Most quick replies of a message.
    pub quick_replies: usize,
    /// Longest title of a button or quick reply, in characters.
    pub title: usize,
    /// Longest payload of a button or quick reply, in characters.
    pub payload: usize,
    /// How long a shown "typing" lasts, in milliseconds.
    pub typing_ms: u64,
}

/// Meta's pages on the Send API, quick replies and the button template.
const MESSENGER: Limits = Limits {
    text: 1_900,
    button_text: 640,
    buttons: 3,
    quick_replies: 13,
    title: 20,
    payload: 1_000,
    typing_ms: 20_000,
};
