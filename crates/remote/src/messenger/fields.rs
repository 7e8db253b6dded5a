//! Reads JSON a field at a time, so that only what is looked at can be wrong.
//!
//! A field that nobody reads may be nested without end, hold a number beyond every range or half an emoji: it is
//! skipped as text. A `null` counts as absent.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Longest id that is believed, in bytes.
const ID_BYTES: usize = 512;

/// The fields of a JSON object, unread.
pub(super) struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    /// Reads an object; `None` for any other value.
    pub(super) fn of(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok().map(Self)
    }

    /// A field as it stands.
    pub(super) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied().filter(|raw| raw.get() != "null")
    }

    /// A field that is an object.
    pub(super) fn object(&self, name: &str) -> Option<Fields<'a>> {
        Fields::of(self.raw(name)?)
    }

    /// The items of a field that is a list; `None` when it is absent or something else.
    pub(super) fn list(&self, name: &str) -> Option<Vec<&'a RawValue>> {
        serde_json::from_str(self.raw(name)?.get()).ok()
    }

    /// A field that is a text and not empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        text(self.raw(name)?).filter(|text| !text.is_empty())
    }

    /// An id: a text, or a number written in digits only.
    pub(super) fn id(&self, name: &str) -> Option<String> {
        let raw = self.raw(name)?;
        let is_number = raw.get().bytes().all(|byte| byte.is_ascii_digit());
        let id = if is_number { raw.get().to_owned() } else { text(raw)? };
        (!id.is_empty() && id.len() <= ID_BYTES).then_some(id)
    }

    /// All fields in one text, whatever their order was.
    pub(super) fn joined(&self) -> String {
        self.0.iter().flat_map(|(name, raw)| [name.as_str(), "=", raw.get(), ";"]).collect()
    }

    /// Whether a field is `true`.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|raw| raw.get() == "true")
    }
}

/// A text; half an emoji, which is legal JSON but no text, becomes a replacement character.
fn text(raw: &RawValue) -> Option<String> {
    let json = raw.get();
    if !json.starts_with('"') {
        return None;
    }
    serde_json::from_str(json).or_else(|_| serde_json::from_str(&without_halves(json))).ok()
}

/// Replaces escaped surrogates that are not part of a pair.
fn without_halves(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at..];
        let length = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                out.push_str("\\ufffd");
                rest = &escape[6..];
                continue;
            }
            (Some(_), _) => 6,
            // A backslash and the character that it escapes, which is ASCII in valid JSON.
            (None, _) => escape.len().min(2),
        };
        let Some((kept, behind)) = escape.split_at_checked(length) else { return out };
        out.push_str(kept);
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// The UTF-16 unit of a text that begins with an escape such as `\u00e4`.
fn unit(escape: &str) -> Option<u16> {
    u16::from_str_radix(escape.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::{Fields, text};

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn half_an_emoji_costs_only_itself() {
        let table = [
            (r#""plain""#, "plain"),
            (r#""a whole one \ud83d\ude00""#, "a whole one \u{1f600}"),
            (r#""the first half \ud83d""#, "the first half \u{fffd}"),
            (r#""the second half \ude00 and on""#, "the second half \u{fffd} and on"),
            (
                r#""twice the first, then a whole \ud83d\ud83d\ude00""#,
                "twice the first, then a whole \u{fffd}\u{1f600}",
            ),
            (r#""no escape: \\ud83d \"\n \ud83d""#, "no escape: \\ud83d \"\n \u{fffd}"),
            (r#""half and an umlaut: \ud83d\u00e4""#, "half and an umlaut: \u{fffd}\u{e4}"),
        ];
        for (json, expected) in table {
            assert_eq!(text(&raw(json)).as_deref(), Some(expected), "{json}");
        }
    }

    #[test]
    fn ids_are_texts_or_whole_numbers() {
        let table = [
            (r#"{"id":"abc"}"#, Some("abc")),
            (r#"{"id":12345678901234567890123}"#, Some("12345678901234567890123")),
            (r#"{"id":-1}"#, None),
            (r#"{"id":1.5}"#, None),
            (r#"{"id":1e3}"#, None),
            (r#"{"id":""}"#, None),
            (r#"{"id":null}"#, None),
            (r#"{"id":true}"#, None),
            (r#"{"id":{"id":"abc"}}"#, None),
            ("{}", None),
        ];
        for (json, expected) in table {
            let json = raw(json);
            assert_eq!(Fields::of(&json).unwrap().id("id").as_deref(), expected, "{json}");
        }
        let endless = raw(&format!(r#"{{"id":"{}"}}"#, "1".repeat(513)));
        assert_eq!(Fields::of(&endless).unwrap().id("id"), None);
    }

    #[test]
    fn what_nobody_reads_cannot_be_wrong() {
        let deep = format!(
            r#"{{"x":{}{},"n":1e999999,"half":"\ud83d","id":"abc"}}"#,
            "[".repeat(9_999),
            "]".repeat(9_999)
        );
        let json = raw(&deep);
        assert_eq!(Fields::of(&json).unwrap().id("id").as_deref(), Some("abc"));
    }
}
