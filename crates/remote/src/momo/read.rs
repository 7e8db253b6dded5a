//! What MTN's answers mean.

use answerbot_core::contact::effect::EffectFault;
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payment::{Charged, Checked, Failure};
use answerbot_core::pay::phone::Msisdn;
use serde_json::Value;

use super::fault;
use crate::http::Answer;

/// How a request for money was taken. A 500 with a name is MTN's last word; without one nobody knows.
pub(super) fn charged(answer: &Answer) -> Charged {
    let code = code(answer);
    match (answer.status, code.as_deref()) {
        (202 | 409, _) => Charged::Taken,
        (429, _) => Charged::NotSent,
        // A gateway that gave up waiting may have passed it on.
        (408, _) | (499, None) => Charged::Unknown,
        (400..=499, Some("PAYER_NOT_FOUND")) => Charged::Rejected(Failure::NoAccount),
        (400..=499, _) => ours(answer.status, code.as_deref()),
        (500..=599, Some(known)) => match known {
            "PAYER_NOT_FOUND" => Charged::Rejected(Failure::NoAccount),
            "INVALID_CALLBACK_URL_HOST"
            | "NOT_ALLOWED"
            | "NOT_ALLOWED_TARGET_ENVIRONMENT"
            | "INVALID_CURRENCY"
            | "PAYEE_NOT_FOUND"
            | "PAYEE_NOT_ALLOWED_TO_RECEIVE" => ours(answer.status, code.as_deref()),
            _ => Charged::Unknown,
        },
        _ => Charged::Unknown,
    }
}

/// We are wrong, and nobody but us can mend it.
fn ours(status: u16, code: Option<&str>) -> Charged {
    tracing::error!(status, code, "MTN refuses what we ask; payments fail until that is mended");
    metrics::counter!("momo_our_fault_total").increment(1);
    Charged::Rejected(Failure::OurFault)
}

/// How a payment stands. Only MTN's two final words are final.
pub(super) fn checked(answer: &Answer) -> Result<Checked, EffectFault> {
    let code = code(answer);
    if answer.status == 404 && code.as_deref() == Some("RESOURCE_NOT_FOUND") {
        return Ok(Checked::Missing);
    }
    let body = answer.json().filter(|_| answer.is_success());
    let Some(body) = body else { return Err(fault(&format!("momo http {}", answer.status), false)) };
    match body.get("status").and_then(Value::as_str) {
        // Money that we sent, not money that came.
        Some("SUCCESSFUL") if body.get("payee").is_some() => Err(fault("momo names a payee", true)),
        Some("SUCCESSFUL") => {
            let currency = text(&body, "currency").and_then(|it| it.parse::<Currency>().ok());
            let amount = text(&body, "amount").zip(currency);
            let money = amount.and_then(|(amount, currency)| Money::parse(&amount, currency).ok());
            // Money that cannot be read is somebody's all the same: it is asked about until a human looks.
            let money = money.ok_or_else(|| fault("momo paid an amount that cannot be read", true))?;
            Ok(Checked::Successful {
                money,
                payer: body.get("payer").and_then(|payer| Msisdn::read(&text(payer, "partyId")?)),
                external_id: text(&body, "externalId"),
                mtn_id: text(&body, "financialTransactionId"),
            })
        }
        Some("FAILED") => Ok(Checked::Failed(reason(&body))),
        Some(_) => Ok(Checked::Pending),
        None => Err(fault("momo status without a status", false)),
    }
}

/// What stands on our side.
pub(super) fn balance(answer: &Answer) -> Option<Money> {
    let body = answer.json().filter(|_| answer.is_success())?;
    let currency = text(&body, "currency")?.parse::<Currency>().ok()?;
    Money::parse_signed(&text(&body, "availableBalance")?, currency).ok()
}

/// Why a payment failed; `reason` is an object in MTN's documents and a bare text in others' libraries.
fn reason(body: &Value) -> Failure {
    let reason = body.get("reason");
    let code = reason.and_then(|it| it.as_str().or_else(|| it.get("code")?.as_str())).unwrap_or_default();
    match code {
        "APPROVAL_REJECTED" | "TRANSACTION_CANCELED" => Failure::Declined,
        "PAYMENT_NOT_APPROVED" | "EXPIRED" | "COULD_NOT_PERFORM_TRANSACTION" => Failure::NotApproved,
        "NOT_ENOUGH_FUNDS"
        | "LOW_BALANCE_OR_PAYEE_LIMIT_REACHED_OR_NOT_ALLOWED"
        | "INTERNAL_PROCESSING_ERROR" => Failure::NoFunds,
        "PAYER_LIMIT_REACHED" => Failure::Limit,
        "PAYER_NOT_FOUND" => Failure::NoAccount,
        "PAYEE_NOT_FOUND"
        | "PAYEE_NOT_ALLOWED_TO_RECEIVE"
        | "NOT_ALLOWED"
        | "NOT_ALLOWED_TARGET_ENVIRONMENT"
        | "INVALID_CALLBACK_URL_HOST"
        | "INVALID_CURRENCY" => Failure::OurFault,
        "SERVICE_UNAVAILABLE" => Failure::Trouble,
        _ => Failure::Other,
    }
}

/// The name of an error, where the wallet gives one; the gateway's shape has none.
fn code(answer: &Answer) -> Option<String> {
    answer.json().as_ref().and_then(|body| text(body, "code"))
}

/// A field as text; MTN's examples use numbers where its answers use texts.
fn text(body: &Value, field: &str) -> Option<String> {
    match body.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
