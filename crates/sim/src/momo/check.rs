//! What a request to pay must look like to be taken. Pure.

use std::fmt;
use std::net::IpAddr;

use axum::http::HeaderMap;
use serde::Deserialize;

use super::account::{MomoAccount, MomoFault};

const LONGEST_NOTE: usize = 160;

/// Money in hundredths of its unit. Shown as MTN echoes it: without zeros at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Amount(pub(super) i64);

impl Amount {
    pub(super) fn whole(units: u32) -> Self {
        Self(i64::from(units) * 100)
    }

    /// Reads a positive decimal with at most two places.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (units, places) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(units) || !digits(places) || places.len() > 2 || units.len() > 12 {
            return None;
        }
        let hundredths = units.parse::<i64>().ok()? * 100 + format!("{places:0<2}").parse::<i64>().ok()?;
        (hundredths > 0).then_some(Self(hundredths))
    }

    /// With two places and commas between thousands.
    pub(super) fn grouped(self) -> String {
        let plain = format!("{}.{:02}", self.0 / 100, self.0 % 100);
        let units = plain.len() - 3;
        let mut out = String::with_capacity(plain.len() + units / 3);
        for (at, c) in plain.chars().enumerate() {
            if at > 0 && at < units && (units - at) % 3 == 0 {
                out.push(',');
            }
            out.push(c);
        }
        out
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (units, places) = (self.0 / 100, self.0 % 100);
        match places {
            0 => write!(f, "{units}"),
            _ if places % 10 == 0 => write!(f, "{units}.{}", places / 10),
            _ => write!(f, "{units}.{places:02}"),
        }
    }
}

/// A request to pay that MTN would take.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// In lower case.
    pub(super) reference: String,
    pub(super) payer: String,
    pub(super) amount: Amount,
    pub(super) currency: String,
    pub(super) external_id: String,
    pub(super) payer_message: String,
    pub(super) payee_note: String,
    pub(super) callback_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    amount: String,
    currency: String,
    #[serde(default)]
    external_id: String,
    payer: Payer,
    #[serde(default)]
    payer_message: String,
    #[serde(default)]
    payee_note: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payer {
    party_id_type: String,
    party_id: String,
}

/// Reads and checks a request to pay of a caller whose registered host is `host`.
pub(super) fn check(
    account: &MomoAccount,
    host: &str,
    strict_callback_url: bool,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Ask, MomoFault> {
    let reference = header(headers, "x-reference-id").unwrap_or_default();
    ensure(is_uuid_v4(reference), "X-Reference-Id must be a UUID version 4")?;
    let body: Body = serde_json::from_slice(body).map_err(|error| wrong(&error.to_string()))?;
    let amount = Amount::parse(&body.amount);
    let amount = amount.ok_or_else(|| wrong("amount must be a positive decimal in a string"))?;
    ensure(body.payer.party_id_type == "MSISDN", "partyIdType must be MSISDN")?;
    ensure(is_msisdn(&body.payer.party_id), "partyId must be an international number without +")?;
    ensure(is_plain(&body.payer_message), "payerMessage is too long or has special characters")?;
    ensure(is_plain(&body.payee_note), "payeeNote is too long or has special characters")?;
    ensure(!body.external_id.contains(char::is_whitespace), "externalId must not contain spaces")?;
    if body.currency != account.currency {
        return Err(MomoFault::wallet(500, "INVALID_CURRENCY"));
    }
    let callback_url = header(headers, "x-callback-url").map(str::to_owned);
    if let Some(url) = &callback_url
        && !may_call_back(url, host, strict_callback_url)
    {
        return Err(MomoFault::wallet(500, "INVALID_CALLBACK_URL_HOST"));
    }
    Ok(Ask {
        reference: reference.to_ascii_lowercase(),
        payer: body.payer.party_id,
        amount,
        currency: body.currency,
        external_id: body.external_id,
        payer_message: body.payer_message,
        payee_note: body.payee_note,
        callback_url,
    })
}

/// A header that is there and text.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

pub(super) fn is_uuid_v4(text: &str) -> bool {
    let shape = |(at, c): (usize, char)| match at {
        8 | 13 | 18 | 23 => c == '-',
        14 => c == '4',
        19 => matches!(c.to_ascii_lowercase(), '8' | '9' | 'a' | 'b'),
        _ => c.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.char_indices().all(shape)
}

/// Digits in international form: no plus, no leading zero.
pub(super) fn is_msisdn(text: &str) -> bool {
    (6..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0')
}

/// The signs that MTN surely takes. An apostrophe is what it surely does not.
fn is_plain(note: &str) -> bool {
    let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | ',' | '-');
    note.len() <= LONGEST_NOTE && note.chars().all(sound)
}

fn may_call_back(url: &str, registered: &str, strict: bool) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default();
    let is_name = host.trim_matches(['[', ']']).parse::<IpAddr>().is_err();
    let sound = url.scheme() == "https"
        && url.port_or_known_default() == Some(443)
        && is_name
        && url.query().is_none();
    host.eq_ignore_ascii_case(registered) && (sound || !strict)
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), MomoFault> {
    if holds { Ok(()) } else { Err(wrong(otherwise)) }
}

fn wrong(message: &str) -> MomoFault {
    MomoFault::gateway(400, message)
}

#[cfg(test)]
mod tests {
    use super::{Amount, is_uuid_v4, may_call_back};

    #[test]
    fn amounts_are_read_and_shown_as_mtn_echoes_them() {
        let table = [
            ("3000", Some("3000")),
            ("12.50", Some("12.5")),
            ("12.05", Some("12.05")),
            ("007.00", Some("7")),
            ("0", None),
            ("-5", None),
            ("1e3", None),
            ("1.234", None),
            ("", None),
            (".5", None),
        ];
        for (given, shown) in table {
            assert_eq!(Amount::parse(given).map(|a| a.to_string()).as_deref(), shown, "{given}");
        }
        let grouped = |hundredths| Amount(hundredths).grouped();
        assert_eq!(
            [grouped(300_000), grouped(99_905), grouped(123_456_789)],
            ["3,000.00", "999.05", "1,234,567.89"]
        );
    }

    #[test]
    fn only_version_four_is_a_reference() {
        assert!(is_uuid_v4("5b0c6f5e-3f0a-4c55-9a0e-0d2f4d0b7c11"));
        assert!(is_uuid_v4("5B0C6F5E-3F0A-4C55-BA0E-0D2F4D0B7C11"));
        for wrong in [
            "5b0c6f5e-3f0a-1c55-9a0e-0d2f4d0b7c11",
            "5b0c6f5e-3f0a-4c55-7a0e-0d2f4d0b7c11",
            "5b0c6f5e3f0a4c559a0e0d2f4d0b7c11",
            "5b0c6f5e-3f0a-4c55-9a0e-0d2f4d0b7c1g",
            "",
        ] {
            assert!(!is_uuid_v4(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_callback_goes_to_the_registered_name_only() {
        let table = [
            ("https://bot.example.org/momo/callback/s/r", true, true),
            ("https://bot.example.org:443/x", true, true),
            ("https://other.example.org/x", true, false),
            ("https://bot.example.org:8443/x", true, false),
            ("https://bot.example.org/x?ref=1", true, false),
            ("http://bot.example.org/x", true, false),
            ("http://bot.example.org:3000/x?ref=1", false, true),
            ("https://other.example.org/x", false, false),
            ("no url", false, false),
        ];
        for (url, strict, may) in table {
            assert_eq!(may_call_back(url, "bot.example.org", strict), may, "{url} strict {strict}");
        }
        assert!(!may_call_back("https://127.0.0.1/x", "127.0.0.1", true), "an address is no name");
        assert!(may_call_back("http://127.0.0.1:3000/x", "127.0.0.1", false));
    }
}
