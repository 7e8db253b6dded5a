//! What the world remembers of money: requests, payments, prompts, callbacks, MTN's ledger and its messages.

use serde::Serialize;

/// Payments, ledger entries, requests and callbacks kept, of each; older ones are forgotten.
pub const KEPT_PAYMENTS: usize = 100_000;
/// Money messages kept; older ones are forgotten.
pub const KEPT_MONEY_MESSAGES: usize = 1_000;

/// One call of `requesttopay`, as it came. Calls with a wrong token or key are only counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MomoPost {
    /// `X-Reference-Id`, in lower case, sound or not.
    pub reference: String,
    /// The number asked; empty if the request was refused because it was wrong.
    pub payer: String,
    /// The amount asked, as MTN shows it.
    pub amount: String,
    /// The external id given.
    pub external_id: String,
    /// Whether this call made the payment.
    pub taken: bool,
    /// The HTTP status that the caller got; `None` if the answer did not come for long.
    pub answer: Option<u16>,
    /// When it came, ms since 1970 in the world's time.
    pub at_ms: i64,
}

/// A request to pay that MTN took, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MomoPayment {
    /// The reference, in lower case.
    pub reference: String,
    /// The number asked.
    pub payer: String,
    /// The amount, as MTN shows it: no zeros at the end.
    pub amount: String,
    /// Its currency.
    pub currency: String,
    /// The external id given.
    pub external_id: String,
    /// What the payer reads.
    pub payer_message: String,
    /// What the payee reads.
    pub payee_note: String,
    /// `X-Callback-Url`
    pub callback_url: Option<String>,
    /// How often this reference was posted, taken or not.
    pub posts: u32,
    /// How often its status was read.
    pub status_reads: u32,
    /// Whether a prompt was shown.
    pub prompted: bool,
    /// What the status says, in truth.
    pub status: String,
    /// Why it failed.
    pub reason: Option<String>,
    /// MTN's id of the payment; there is one as soon as money has moved, also if the status still lags.
    pub transaction: Option<String>,
    /// When it was taken, ms since 1970 in the world's time.
    pub at_ms: i64,
    /// When it came to its present end.
    pub ended_ms: Option<i64>,
}

/// A prompt that waits on the second phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MomoPrompt {
    /// The reference of the request.
    pub reference: String,
    /// Whose phone shows it.
    pub payer: String,
    /// What is asked.
    pub amount: String,
    /// Its currency.
    pub currency: String,
    /// Who asks.
    pub payee: String,
    /// The external id given.
    pub external_id: String,
    /// The message for the payer.
    pub message: String,
    /// When it appeared, ms since 1970 in the world's time.
    pub at_ms: i64,
    /// When it runs out.
    pub expires_ms: i64,
}

/// One line of MTN's ledger: money that came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MomoEntry {
    /// The `financialTransactionId`.
    pub transaction: String,
    /// The request it paid; `None` if somebody paid without one.
    pub reference: Option<String>,
    /// The external id given.
    pub external_id: String,
    /// Who paid.
    pub payer: String,
    /// The payer's name.
    pub payer_name: String,
    /// How much, as MTN shows it.
    pub amount: String,
    /// Its currency.
    pub currency: String,
    /// What the account holds then.
    pub balance: String,
    /// When, ms since 1970 in the world's time.
    pub at_ms: i64,
}

/// A text message of MTN to a payer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MoneyMessage {
    /// Whose phone got it.
    pub to: String,
    /// What it says.
    pub text: String,
    /// When, ms since 1970 in the world's time.
    pub at_ms: i64,
}

/// A callback that was tried, a forged one too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MomoCallback {
    /// `POST` or `PUT`.
    pub method: &'static str,
    /// Where it went in truth.
    pub url: String,
    /// What it said.
    pub body: serde_json::Value,
    /// The HTTP status of the answer; `None` if there was none.
    pub answer: Option<u16>,
    /// Whether MTN sent it.
    pub genuine: bool,
}
