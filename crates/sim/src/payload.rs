//! What Meta posts to a Messenger webhook, built and signed byte for byte as Meta does it. All pure.
//!
//! The event builders return one entry of `messaging`; [`batch`] wraps any number of them into the body of a post.
//! Times are milliseconds since 1970.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// Value of `X-Hub-Signature-256` for these raw bytes: `sha256=` and 64 lowercase hex digits.
#[must_use]
pub fn sign(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hmac_hex(secret, body))
}

/// `appsecret_proof` of an access token: 64 lowercase hex digits.
#[must_use]
pub fn appsecret_proof(secret: &str, token: &str) -> String {
    hmac_hex(secret, token.as_bytes())
}

fn hmac_hex(secret: &str, message: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        unreachable!("HMAC takes keys of any length")
    };
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}

/// The body of one webhook post with these events, in order. Meta aggregates up to 1,000 of them.
#[must_use]
pub fn batch(page: &str, events: &[Value], time: i64) -> Vec<u8> {
    let body = json!({ "object": "page", "entry": [{ "id": page, "time": time, "messaging": events }] });
    escape_like_meta(&body.to_string()).into_bytes()
}

/// Rewrites JSON text the way Meta sends it: non-ASCII as lowercase `\uXXXX` and `/` as `\/`.
#[must_use]
pub fn escape_like_meta(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            '/' => out.push_str("\\/"),
            _ if c.is_ascii() => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a text cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out
}

fn event(sender: &str, recipient: &str, ts: i64, key: &str, content: Value) -> Value {
    let mut event = json!({ "sender": { "id": sender }, "recipient": { "id": recipient }, "timestamp": ts });
    event[key] = content;
    event
}

/// A person's text message.
#[must_use]
pub fn text(page: &str, user: &str, mid: &str, text: &str, ts: i64) -> Value {
    event(user, page, ts, "message", json!({ "mid": mid, "text": text }))
}

/// A tapped quick reply: a message whose text is the chip's title.
#[must_use]
pub fn quick_reply(page: &str, user: &str, mid: &str, title: &str, payload: &str, ts: i64) -> Value {
    event(
        user,
        page,
        ts,
        "message",
        json!({ "mid": mid, "text": title, "quick_reply": { "payload": payload } }),
    )
}

/// A tapped template button, menu entry or "Get started".
#[must_use]
pub fn postback(page: &str, user: &str, mid: &str, title: &str, payload: &str, ts: i64) -> Value {
    event(user, page, ts, "postback", json!({ "mid": mid, "title": title, "payload": payload }))
}

fn attachment(page: &str, user: &str, mid: &str, ts: i64, kind: &str, payload: &Value) -> Value {
    event(
        user,
        page,
        ts,
        "message",
        json!({ "mid": mid, "attachments": [{ "type": kind, "payload": payload }] }),
    )
}

/// The big thumbs-up, which Messenger delivers as an image with a sticker number.
#[must_use]
pub fn sticker(page: &str, user: &str, mid: &str, ts: i64) -> Value {
    const THUMBS_UP: u64 = 369_239_263_222_822;
    let mut event = image(page, user, mid, ts);
    event["message"]["sticker_id"] = json!(THUMBS_UP);
    event["message"]["attachments"][0]["payload"]["sticker_id"] = json!(THUMBS_UP);
    event
}

/// A photo.
#[must_use]
pub fn image(page: &str, user: &str, mid: &str, ts: i64) -> Value {
    let url = format!("https://scontent.xx.fbcdn.net/v/sim/{mid}.jpg?_nc_cat=1");
    attachment(page, user, mid, ts, "image", &json!({ "url": url }))
}

/// A voice note.
#[must_use]
pub fn voice(page: &str, user: &str, mid: &str, ts: i64) -> Value {
    let url = format!("https://cdn.fbsbx.com/v/sim/audioclip-{mid}.mp4?_nc_cat=1");
    attachment(page, user, mid, ts, "audio", &json!({ "url": url }))
}

/// A shared place: the middle of Juba.
#[must_use]
pub fn location(page: &str, user: &str, mid: &str, ts: i64) -> Value {
    let place = json!({ "coordinates": { "lat": 4.8594, "long": 31.5713 } });
    attachment(page, user, mid, ts, "location", &place)
}

/// The echo of a message that the page sent: the sender is the page and the recipient the person.
#[must_use]
pub fn echo(
    page: &str,
    user: &str,
    mid: &str,
    app_id: u64,
    text: &str,
    metadata: Option<&str>,
    ts: i64,
) -> Value {
    let mut message = json!({ "mid": mid, "is_echo": true, "app_id": app_id, "text": text });
    if let Some(metadata) = metadata {
        message["metadata"] = json!(metadata);
    }
    event(page, user, ts, "message", message)
}

/// The echo of a message that a human wrote in the page inbox: no app and no metadata of ours.
#[must_use]
pub fn inbox_echo(page: &str, user: &str, mid: &str, text: &str, ts: i64) -> Value {
    event(page, user, ts, "message", json!({ "mid": mid, "is_echo": true, "text": text }))
}

/// The receipt "these messages, and all up to `watermark`, reached the phone".
#[must_use]
pub fn delivery(page: &str, user: &str, mids: &[&str], watermark: i64) -> Value {
    event(user, page, watermark, "delivery", json!({ "mids": mids, "watermark": watermark }))
}

/// The receipt "everything up to `watermark` was read".
#[must_use]
pub fn read(page: &str, user: &str, watermark: i64) -> Value {
    event(user, page, watermark, "read", json!({ "watermark": watermark }))
}

#[cfg(test)]
mod tests {
    use super::{batch, escape_like_meta, sign, text};

    #[test]
    fn the_signature_is_the_published_hmac() {
        // RFC 4231, test case 2.
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(sign("Jefe", b"what do ya want for nothing?"), expected);
    }

    #[test]
    fn accents_emoji_and_slashes_are_escaped_and_still_mean_the_same() -> anyhow::Result<()> {
        let plain = serde_json::json!({ "t": "a/b ä 😀 \\/ \"" }).to_string();
        let sent = escape_like_meta(&plain);
        assert!(sent.is_ascii());
        assert!(sent.contains("a\\/b \\u00e4 \\ud83d\\ude00"), "{sent}");
        let (a, b): (serde_json::Value, serde_json::Value) =
            (serde_json::from_str(&plain)?, serde_json::from_str(&sent)?);
        assert_eq!(a, b);
        Ok(())
    }

    #[test]
    fn a_batch_keeps_the_order_of_its_events() -> anyhow::Result<()> {
        let events = [text("p", "u", "m_1", "one", 1), text("p", "u", "m_2", "two", 2)];
        let body: serde_json::Value = serde_json::from_slice(&batch("p", &events, 3))?;
        assert_eq!(body["object"], "page");
        assert_eq!(body["entry"][0]["messaging"][1]["message"]["text"], "two");
        Ok(())
    }
}
