//! What comes in from Messenger, and what goes out to Messenger, AI providers and the alarm webhook.
#![cfg(test)]

mod ai;
mod alerts;
mod messenger;
mod momo;
mod stub;
mod support;
mod webhook;
