//! Reads a chat completion request, borrowing from its body where the JSON has no escapes.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

#[derive(Debug, Deserialize)]
pub(super) struct Asked<'a> {
    #[serde(borrow, default)]
    pub(super) model: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) messages: Vec<Message<'a>>,
    #[serde(default)]
    pub(super) stream: bool,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    max_completion_tokens: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) role: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) content: Content<'a>,
}

/// A text, or the text parts of a list joined; nothing for null.
#[derive(Debug, Default)]
pub(super) struct Content<'a>(pub(super) Cow<'a, str>);

impl Asked<'_> {
    /// The bound of the answer, under its old or its new name.
    pub(super) fn max_tokens(&self) -> Option<u32> {
        self.max_completion_tokens.or(self.max_tokens)
    }

    /// The last thing the person said.
    pub(super) fn question(&self) -> &str {
        self.messages.iter().rev().find(|m| m.role == "user").map_or("", |m| &m.content.0)
    }
}

pub(super) fn read(body: &[u8]) -> Result<Asked<'_>, String> {
    let asked: Asked<'_> = serde_json::from_slice(body).map_err(|e| format!("Invalid JSON: {e}"))?;
    if asked.messages.is_empty() {
        return Err("Input required: specify \"messages\"".into());
    }
    Ok(asked)
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    text: Cow<'a, str>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list of parts, or null")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Content(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Content(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Content::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let mut text = String::new();
        while let Some(part) = parts.next_element::<Part<'de>>()? {
            text.push_str(&part.text);
        }
        Ok(Content(Cow::Owned(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_question_is_the_last_user_message_in_either_shape() -> Result<(), String> {
        let body = br#"{"model":"m","messages":[{"role":"user","content":"old"},{"role":"assistant","content":null},
            {"role":"user","content":[{"type":"text","text":"what is \u00e4?"}]}],"stream":true,"max_tokens":9}"#;
        let asked = read(body)?;
        assert_eq!((asked.question(), asked.stream, asked.max_tokens()), ("what is \u{e4}?", true, Some(9)));
        Ok(())
    }
}
