//! Everything of Answer Bot AI that calls out, over one HTTP client.
//!
//! - [`messenger`]: the Messenger channel: signatures, webhook bodies, sends, hints, the page's profile.
//! - [`ai`]: OpenAI-compatible AI providers, tried in order.
//! - [`momo`]: MTN MoMo Collections, which people pay with.
//! - [`alerts`]: alarms and cases for the owner, posted to a webhook.
//! - [`http`]: the client, and the one way to make a call: a deadline, a bounded answer, metrics.
//!
//! Adapters try once: the retry loop is the engine's, its delays are the core's.
//!
//! **Architecture invariant:** no token, address with a token, message text or platform id of a person is
//! logged or put into a metric here.

pub mod ai;
pub mod alerts;
pub mod http;
pub mod messenger;
pub mod momo;
