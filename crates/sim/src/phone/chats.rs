//! What people wrote on phone pages. What the bot wrote is in the world's record.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use parking_lot::Mutex;

/// Messages kept per person; older ones are forgotten.
const KEPT_LINES: usize = 1_000;
/// People kept; when one more comes, the one who was silent longest is forgotten.
const KEPT_CHATS: usize = 2_000;

/// One message that a person wrote on a phone page.
#[derive(Clone, Debug)]
pub(super) struct Mine {
    /// The page's own id of the message.
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) at_ms: i64,
    /// Whether the bot acknowledged it.
    pub(super) delivered: bool,
    /// The webhook body; another try sends the same bytes.
    pub(super) body: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Text,
    Tap,
    Postback,
    Sticker,
    Image,
    Voice,
    Location,
}

/// All phones of a world.
#[derive(Debug, Default)]
pub(crate) struct Phones(Mutex<HashMap<String, VecDeque<Mine>>>);

impl Phones {
    pub(super) fn add(&self, user: &str, mine: Mine) {
        let mut chats = self.0.lock();
        if !chats.contains_key(user) && chats.len() >= KEPT_CHATS {
            let last_word = |lines: &VecDeque<Mine>| lines.back().map_or(0, |line| line.at_ms);
            let silent = chats.iter().min_by_key(|(_, lines)| last_word(lines)).map(|(user, _)| user.clone());
            silent.map(|user| chats.remove(&user));
        }
        let lines = chats.entry(user.to_owned()).or_default();
        if lines.len() >= KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(mine);
    }

    pub(super) fn find(&self, user: &str, id: &str) -> Option<Mine> {
        self.0.lock().get(user)?.iter().find(|line| line.id == id).cloned()
    }

    pub(super) fn delivered(&self, user: &str, id: &str) {
        if let Some(lines) = self.0.lock().get_mut(user) {
            lines.iter_mut().filter(|line| line.id == id).for_each(|line| line.delivered = true);
        }
    }

    pub(super) fn lines(&self, user: &str) -> Vec<Mine> {
        self.0.lock().get(user).map(|lines| lines.iter().cloned().collect()).unwrap_or_default()
    }
}
