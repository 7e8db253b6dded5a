//! One payment as MTN keeps it, and how it is shown: to the caller's `GET`, in callbacks, on the phone, to tests.

use serde_json::{Map, Value, json};

use super::account::{MomoAccount, message_of};
use super::check::Ask;
use super::knobs::MomoBehaviour;
use super::record::{MomoPayment, MomoPrompt};

/// Where a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its prompt is on the phone.
    Waiting { expires_ms: i64 },
    /// It was approved, and the status lags.
    Settling,
    /// It follows a script, or it has ended.
    Apart,
}

#[derive(Debug)]
pub(super) struct Payment {
    pub(super) ask: Ask,
    pub(super) at_ms: i64,
    pub(super) stage: Stage,
    /// `None`: it waits, in whatever word.
    pub(super) status: Option<String>,
    pub(super) reason: Option<String>,
    /// MTN's number for it; shown only when it is successful.
    pub(super) number: u64,
    /// Whether the money has moved.
    pub(super) moved: bool,
    pub(super) ended_ms: Option<i64>,
    pub(super) prompted: bool,
    pub(super) called_back: bool,
    pub(super) status_reads: u32,
}

impl Payment {
    pub(super) fn waits(&self) -> bool {
        matches!(self.stage, Stage::Waiting { .. })
    }

    /// The word that its status has.
    pub(super) fn word<'a>(&'a self, knobs: &'a MomoBehaviour) -> &'a str {
        self.status.as_deref().unwrap_or(&knobs.pending_word)
    }

    /// The status object with its present word.
    pub(super) fn body(&self, knobs: &MomoBehaviour) -> Value {
        self.body_saying(self.word(knobs), self.reason.as_deref(), knobs)
    }

    /// The status object with this word and reason.
    pub(super) fn body_saying(&self, word: &str, reason: Option<&str>, knobs: &MomoBehaviour) -> Value {
        let (ask, shown) = (&self.ask, &knobs.shown);
        let number = |text: &str| scalar(text, knobs.json_numbers);
        let or = |other: &Option<String>, truth: String| other.clone().unwrap_or(truth);
        let mut body = Map::new();
        if word == "SUCCESSFUL" {
            body.insert("financialTransactionId".into(), number(&self.number.to_string()));
        }
        body.insert("externalId".into(), number(&or(&shown.external_id, ask.external_id.clone())));
        body.insert("amount".into(), number(&or(&shown.amount, ask.amount.to_string())));
        body.insert("currency".into(), json!(or(&shown.currency, ask.currency.clone())));
        let payer = number(&or(&shown.payer, ask.payer.clone()));
        body.insert("payer".into(), json!({ "partyIdType": "MSISDN", "partyId": payer }));
        for (key, text) in [("payerMessage", &ask.payer_message), ("payeeNote", &ask.payee_note)] {
            if !text.is_empty() {
                body.insert(key.into(), json!(text));
            }
        }
        body.insert("status".into(), json!(word));
        if let Some(reason) = reason {
            let whole = json!({ "code": reason, "message": message_of(reason) });
            body.insert("reason".into(), if knobs.bare_reason { json!(reason) } else { whole });
        }
        Value::Object(body)
    }

    pub(super) fn snapshot(&self, posts: u32, knobs: &MomoBehaviour) -> MomoPayment {
        let ask = &self.ask;
        MomoPayment {
            reference: ask.reference.clone(),
            payer: ask.payer.clone(),
            amount: ask.amount.to_string(),
            currency: ask.currency.clone(),
            external_id: ask.external_id.clone(),
            payer_message: ask.payer_message.clone(),
            payee_note: ask.payee_note.clone(),
            callback_url: ask.callback_url.clone(),
            posts,
            status_reads: self.status_reads,
            prompted: self.prompted,
            status: self.word(knobs).to_owned(),
            reason: self.reason.clone(),
            transaction: self.moved.then(|| self.number.to_string()),
            at_ms: self.at_ms,
            ended_ms: self.ended_ms,
        }
    }

    /// Its prompt, while there is one.
    pub(super) fn prompt(&self, account: &MomoAccount) -> Option<MomoPrompt> {
        let Stage::Waiting { expires_ms } = self.stage else { return None };
        Some(MomoPrompt {
            reference: self.ask.reference.clone(),
            payer: self.ask.payer.clone(),
            amount: self.ask.amount.to_string(),
            currency: self.ask.currency.clone(),
            payee: account.name.clone(),
            external_id: self.ask.external_id.clone(),
            message: self.ask.payer_message.clone(),
            at_ms: self.at_ms,
            expires_ms,
        })
    }
}

/// The text, or the number it is if numbers are wanted.
fn scalar(text: &str, as_number: bool) -> Value {
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let whole = || text.parse::<u64>().map(Value::from).ok();
    let broken = || text.parse::<f64>().map(Value::from).ok();
    (as_number && is_number).then(|| whole().or_else(broken)).flatten().unwrap_or_else(|| text.into())
}
