//! MTN's calls back: once, unsigned, and never again.

use std::sync::Arc;

use anyhow::Context;
use serde_json::Value;

use super::book::Due;
use super::knobs::Callbacks;
use super::ledger::push_bounded;
use super::record::{KEPT_PAYMENTS, MomoCallback};
use crate::record::count;
use crate::world::World;

impl World {
    /// Sends what the book wants told, each on its own task.
    pub(super) fn send_callbacks(&self, due: Vec<Due>) {
        for Due { url, body } in due {
            let Ok(slot) = Arc::clone(&self.inner.events_waiting).try_acquire_owned() else {
                count(&self.inner.counters.events_dropped);
                continue;
            };
            let world = self.clone();
            self.inner.tracker.spawn(async move {
                let _slot = slot;
                let Callbacks { times, after, .. } = world.momo(|knobs| knobs.callbacks.clone());
                world.sleep(after).await;
                for _ in 0..times {
                    if let Err(error) = world.call_back(&url, body.clone(), true).await {
                        tracing::debug!(%error, "callback not delivered");
                    }
                }
            });
        }
    }

    /// Calls back with any body, as a stranger can. The HTTP status of the answer.
    pub async fn forge_momo_callback(&self, url: &str, body: Value) -> anyhow::Result<u16> {
        self.call_back(url, body, false).await
    }

    /// Calls the callback address of this request with its status object after `change`, as somebody can who knows the
    /// address. MTN's own callback is still to come.
    pub async fn forge_momo_status(
        &self,
        reference: &str,
        change: impl FnOnce(&mut Value),
    ) -> anyhow::Result<u16> {
        let found = self.with_book(|book, rules, _| {
            let payment = book.payment(&reference.to_ascii_lowercase())?;
            Some((payment.ask.callback_url.clone()?, payment.body(rules.knobs)))
        });
        let (url, mut body) =
            found.with_context(|| format!("no payment {reference}, or none with a callback"))?;
        change(&mut body);
        self.call_back(&url, body, false).await
    }

    async fn call_back(&self, url: &str, body: Value, genuine: bool) -> anyhow::Result<u16> {
        let put = self.momo(|knobs| knobs.callbacks.put);
        let url = self.reachable(url)?;
        let client = self.inner.postman.client();
        let (method, request) = if put { ("PUT", client.put(&url)) } else { ("POST", client.post(&url)) };
        count(&self.inner.counters.momo_callbacks);
        let sending = request.json(&body).send();
        let answer = self.inner.stop.run_until_cancelled(sending).await.context("the world has ended")?;
        let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        if self.config().record {
            let callback = MomoCallback { method, url, body, answer: status, genuine };
            push_bounded(&mut self.inner.momo.log.lock().callbacks, callback, KEPT_PAYMENTS);
        }
        self.inner.record.touch();
        // Read to the end, so that the connection can be used again.
        let answer = answer?;
        let status = answer.status().as_u16();
        let _ = answer.bytes().await;
        Ok(status)
    }

    /// Stands in for names and TLS: an https address leads to the bot, wherever that is, with the same path.
    fn reachable(&self, url: &str) -> anyhow::Result<String> {
        let parsed = reqwest::Url::parse(url).with_context(|| format!("{url} is no address"))?;
        if parsed.scheme() != "https" {
            return Ok(url.to_owned());
        }
        let query = parsed.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(format!("{}{}{query}", self.bot_url(), parsed.path()))
    }
}
