//! People: what they type, tap and send reaches the bot as a signed webhook, once and without retry. The HTTP status
//! comes back; an error means that the bot could not be reached.

use bytes::Bytes;
use serde_json::Value;

use crate::postman::Delivery;
use crate::world::World;
use crate::{clock, payload};

type Attachment = fn(&str, &str, &str, i64) -> Value;

impl World {
    /// `user` writes a text.
    pub async fn say(&self, user: &str, text: &str) -> anyhow::Result<u16> {
        self.post_event(payload::text(self.page(), user, &self.mid(), text, clock::now_ms())).await
    }

    /// `user` taps what carries `payload`: a template button (postback) if the bot's latest message with this payload
    /// has it as a button, else a quick reply.
    pub async fn tap(&self, user: &str, payload: &str, title: &str) -> anyhow::Result<u16> {
        self.post_event(self.tap_event(user, payload, title)).await
    }

    /// `user` taps a template button, a menu entry or "Get started".
    pub async fn postback(&self, user: &str, payload: &str, title: &str) -> anyhow::Result<u16> {
        let event = payload::postback(self.page(), user, &self.mid(), title, payload, clock::now_ms());
        self.post_event(event).await
    }

    /// `user` sends the big thumbs-up.
    pub async fn sticker(&self, user: &str) -> anyhow::Result<u16> {
        self.attach(user, payload::sticker).await
    }

    /// `user` sends a photo.
    pub async fn image(&self, user: &str) -> anyhow::Result<u16> {
        self.attach(user, payload::image).await
    }

    /// `user` sends a voice note.
    pub async fn voice(&self, user: &str) -> anyhow::Result<u16> {
        self.attach(user, payload::voice).await
    }

    /// `user` shares a place.
    pub async fn location(&self, user: &str) -> anyhow::Result<u16> {
        self.attach(user, payload::location).await
    }

    /// Posts these bytes, rightly signed, once.
    pub async fn send_raw(&self, body: impl Into<Bytes>) -> anyhow::Result<u16> {
        let status = self.inner.postman.post(body.into()).await;
        self.inner.record.touch();
        status
    }

    /// Posts these bytes with this `X-Hub-Signature-256`, once.
    pub async fn send_forged(&self, body: impl Into<Bytes>, signature: &str) -> anyhow::Result<u16> {
        self.inner.postman.post_signed(body.into(), signature).await
    }

    /// Posts these bytes, and again until the bot answers 200, as Meta does (36 tries at most).
    pub async fn deliver(&self, body: impl Into<Bytes>) -> Delivery {
        let delivery = self.inner.postman.deliver(body.into()).await;
        self.inner.record.touch();
        delivery
    }

    /// The webhook body with one event.
    pub(crate) fn body_of(&self, event: Value) -> Bytes {
        payload::batch(self.page(), &[event], clock::now_ms()).into()
    }

    pub(crate) fn tap_event(&self, user: &str, payload: &str, title: &str) -> Value {
        let (page, mid, now) = (self.page(), self.mid(), clock::now_ms());
        let is_button = self.sent_to(user).iter().rev().find_map(|sent| {
            let button = sent.buttons.iter().any(|b| b.payload.as_deref() == Some(payload));
            let chip = sent.quick_replies.iter().any(|q| q.payload == payload);
            (button || chip).then_some(button)
        });
        if is_button == Some(true) {
            payload::postback(page, user, &mid, title, payload, now)
        } else {
            payload::quick_reply(page, user, &mid, title, payload, now)
        }
    }

    pub(crate) fn page(&self) -> &str {
        &self.inner.config.page_id
    }

    async fn attach(&self, user: &str, build: Attachment) -> anyhow::Result<u16> {
        self.post_event(build(self.page(), user, &self.mid(), clock::now_ms())).await
    }

    async fn post_event(&self, event: Value) -> anyhow::Result<u16> {
        self.send_raw(self.body_of(event)).await
    }
}
