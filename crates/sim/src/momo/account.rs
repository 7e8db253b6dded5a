//! Our account at MTN, and the errors MTN words.

use serde_json::json;

/// What the world knows of the merchant: the three secrets, where it may call back, and what it charges in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MomoAccount {
    /// What `X-Target-Environment` must say. Only `sandbox` has the provisioning calls.
    pub environment: String,
    /// The only currency of the environment.
    pub currency: String,
    /// The API user, a UUID v4.
    pub api_user: String,
    /// The API user's key.
    pub api_key: String,
    /// The primary subscription key of the Collection product.
    pub subscription_key: String,
    /// The secondary subscription key; it opens the same doors.
    pub secondary_key: String,
    /// The API user's `providerCallbackHost`: the host every `X-Callback-Url` must have.
    pub callback_host: String,
    /// Who asks, as the prompt and the money messages name it.
    pub name: String,
    /// The merchant's own number, in the column `To` of the statement.
    pub number: String,
    /// What the account held before the first payment, in whole units.
    pub opening_balance: u32,
}

impl Default for MomoAccount {
    fn default() -> Self {
        Self {
            environment: "mtnsouthsudan".into(),
            currency: "SSP".into(),
            api_user: "5b0c6f5e-3f0a-4c55-9a0e-0d2f4d0b7c11".into(),
            api_key: "51a0000000000000000000000000a91e".into(),
            subscription_key: "51a00000000000000000000000005ab1".into(),
            secondary_key: "51a00000000000000000000000005ab2".into(),
            callback_host: "bot.example.org".into(),
            name: "Answer Bot AI".into(),
            number: "211920000001".into(),
            opening_balance: 0,
        }
    }
}

impl MomoAccount {
    /// The same account in MTN's sandbox, which charges euros only.
    #[must_use]
    pub fn sandbox() -> Self {
        Self { environment: "sandbox".into(), currency: "EUR".into(), ..Self::default() }
    }

    /// What the bot's `MOMO_ENVIRONMENT` must be for this account: `sandbox` or `production`.
    #[must_use]
    pub fn environment_setting(&self) -> &'static str {
        if self.is_sandbox() { "sandbox" } else { "production" }
    }

    pub(super) fn is_sandbox(&self) -> bool {
        self.environment == "sandbox"
    }
}

/// An error answer of MTN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MomoFault {
    /// HTTP status.
    pub status: u16,
    /// The whole body, JSON or not.
    pub body: String,
}

impl MomoFault {
    /// An error of the wallet platform: `{"code","message"}`. MTN answers 500 for many that are final.
    #[must_use]
    pub fn wallet(status: u16, code: &str) -> Self {
        Self { status, body: json!({ "code": code, "message": message_of(code) }).to_string() }
    }

    /// An error of the gateway before the wallet: `{"statusCode","message"}`.
    #[must_use]
    pub fn gateway(status: u16, message: &str) -> Self {
        Self { status, body: json!({ "statusCode": status, "message": message }).to_string() }
    }

    /// A status without any body.
    #[must_use]
    pub fn bare(status: u16) -> Self {
        Self { status, body: String::new() }
    }

    /// HTTP 500 `INTERNAL_PROCESSING_ERROR`: nobody knows what became of the call.
    #[must_use]
    pub fn internal() -> Self {
        Self::wallet(500, "INTERNAL_PROCESSING_ERROR")
    }

    /// HTTP 503 `SERVICE_UNAVAILABLE`.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::wallet(503, "SERVICE_UNAVAILABLE")
    }

    /// HTTP 401 of the gateway: the token is not or no longer known.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::gateway(401, "Unauthorized. Access token is missing, invalid or expired.")
    }

    /// HTTP 429 of the gateway.
    #[must_use]
    pub fn throttled() -> Self {
        Self::gateway(429, "Rate limit is exceeded. Try again in 1 seconds.")
    }

    pub(super) fn login_failed() -> Self {
        Self { status: 500, body: json!({ "error": "login_failed" }).to_string() }
    }

    pub(super) fn timeout() -> Self {
        Self::gateway(504, "The backend did not answer in time.")
    }
}

/// How MTN words a code; codes it does not word say themselves.
pub(super) fn message_of(code: &str) -> &str {
    match code {
        "PAYER_NOT_FOUND" => "Payee does not exist",
        "PAYEE_NOT_ALLOWED_TO_RECEIVE" => "Payee is not allowed to receive.",
        "NOT_ALLOWED" => "Authorization failed. Insufficient permissions.",
        "NOT_ALLOWED_TARGET_ENVIRONMENT" => "Access to target environment is forbidden.",
        "INVALID_CALLBACK_URL_HOST" => "Callback URL does not match the configured value.",
        "INVALID_CURRENCY" => "Currency not supported.",
        "INTERNAL_PROCESSING_ERROR" => "An internal error occurred while processing.",
        "SERVICE_UNAVAILABLE" => "Service temporarily unavailable, try again later.",
        "COULD_NOT_PERFORM_TRANSACTION" => "The transaction could not be performed.",
        "NOT_ENOUGH_FUNDS" => "The payer does not have enough funds.",
        "PAYER_LIMIT_REACHED" => "The payer's limit has been breached.",
        "APPROVAL_REJECTED" => "The approval was rejected by the payer.",
        "EXPIRED" => "The request expired before it was approved.",
        "RESOURCE_NOT_FOUND" => "Requested resource was not found.",
        "RESOURCE_ALREADY_EXIST" => "Duplicated reference id. Creation of resource failed.",
        "TRANSFER_TYPE_UNKNOWN" => "The transfer type is not known.",
        other => other,
    }
}
