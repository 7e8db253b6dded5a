//! From a whole body to what it says. Pure: may run on any thread.

use std::sync::Arc;

use answerbot_core::Channel as Kind;
use answerbot_ports::channel::{Channel, NotJson, Parsed};
use serde::Deserialize;
use serde_json::Value;

/// What a body is.
pub(super) enum Verdict {
    /// No channel knows the signature.
    Forged,
    /// Signed, but no JSON object.
    NotJson,
    /// Signed, for a platform that is not switched on.
    Foreign,
    /// Signed and read.
    Read(Parsed),
}

/// Checks the signature, then finds the channel that the body is for, and has it read.
pub(super) fn judge(channels: &[Arc<dyn Channel>], signature: Option<&str>, body: &[u8]) -> Verdict {
    // One app secret signs for all channels, so it does not matter whose `verify` says yes. Which channel a body
    // is for stands inside it, and nothing inside is looked at before.
    if !channels.iter().any(|channel| channel.verify(signature, body)) {
        return Verdict::Forged;
    }
    let Ok(object) = object_of(body) else {
        return Verdict::NotJson;
    };
    let Some(channel) = channels.iter().find(|channel| object_name(channel.kind()) == object) else {
        return Verdict::Foreign;
    };
    match channel.parse(body) {
        Ok(parsed) => Verdict::Read(parsed),
        Err(NotJson) => Verdict::NotJson,
    }
}

/// The value of `object` in a channel's webhooks.
const fn object_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Messenger => "page",
    }
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    object: Value,
}

/// What the body says it is for; empty when it does not say.
fn object_of(body: &[u8]) -> Result<String, NotJson> {
    // serde would take an array for a struct too.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(NotJson);
    }
    let envelope: Envelope = serde_json::from_slice(body).map_err(|_| NotJson)?;
    Ok(match envelope.object {
        Value::String(object) => object,
        _ => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_is_found_and_only_in_an_object() {
        let cases: [(&[u8], Option<&str>); 10] = [
            (br#"{"object":"page","entry":[]}"#, Some("page")),
            (
                br#"  {"entry":[{"x":[1,{"object":"no"}]}],"object":"whatsapp_business_account"}"#,
                Some("whatsapp_business_account"),
            ),
            (br#"{"object":5}"#, Some("")),
            (b"{}", Some("")),
            (br#"["page"]"#, None),
            (br#""page""#, None),
            (br#"{"object":"page""#, None),
            (br#"{"object":"page"} {"#, None),
            (b"\xff{", None),
            (b"", None),
        ];
        for (body, expected) in cases {
            assert_eq!(object_of(body).ok().as_deref(), expected, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn deep_nesting_does_not_exhaust_the_stack() {
        let deep = "[".repeat(1_000_000);
        assert!(object_of(format!("{{\"entry\":{deep}").as_bytes()).is_err());
        let closed = format!("{{\"entry\":{deep}{}}}", "]".repeat(1_000_000));
        assert_eq!(object_of(closed.as_bytes()).ok().as_deref(), Some(""));
    }
}
