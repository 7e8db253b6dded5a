//! The settings of MTN `MoMo`.

use std::net::IpAddr;

use answerbot_core::PaymentId;
use answerbot_remote::momo::MomoEnvironment;
use secrecy::SecretString;

use super::raw::Raw;
use super::settings::check_url;

/// MTN's own sandbox; it takes no real money.
const SANDBOX: &str = "sandbox.momodeveloper.mtn.com";

/// The account that people pay to.
pub struct Momo {
    /// `MOMO_BASE_URL`.
    pub base_url: String,
    /// `MOMO_ENVIRONMENT`.
    pub environment: MomoEnvironment,
    /// `MOMO_API_USER_ID`.
    pub api_user: String,
    /// `MOMO_API_KEY`.
    pub api_key: SecretString,
    /// `MOMO_SUBSCRIPTION_KEY`.
    pub subscription_key: SecretString,
}

/// Reads them; all three credentials, or none while paying is not set up.
pub(super) fn read(raw: &Raw, faults: &mut Vec<String>) -> Option<Momo> {
    let base_url = raw.effective("MOMO_BASE_URL").0.unwrap_or_default().trim_end_matches('/').to_owned();
    check_url("MOMO_BASE_URL", &base_url, faults);
    let environment = match raw.effective("MOMO_ENVIRONMENT").0.unwrap_or_default() {
        "sandbox" => MomoEnvironment::Sandbox,
        "production" | "mtnsouthsudan" => MomoEnvironment::Production,
        other => {
            faults.push(format!(
                "MOMO_ENVIRONMENT is \"{other}\", but it is sandbox or production: MOMO_ENVIRONMENT=sandbox."
            ));
            MomoEnvironment::Sandbox
        }
    };
    let user = raw.get("MOMO_API_USER_ID");
    let (key, subscription) = (raw.get("MOMO_API_KEY"), raw.get("MOMO_SUBSCRIPTION_KEY"));
    if user.is_none() && key.is_none() && subscription.is_none() {
        if environment == MomoEnvironment::Production {
            faults.push("MOMO_ENVIRONMENT is production, but MOMO_API_USER_ID, MOMO_API_KEY and MOMO_SUBSCRIPTION_KEY are missing: set them, or leave MOMO_ENVIRONMENT out.".into());
        }
        return None;
    }
    let needed = [
        ("MOMO_API_USER_ID", user, "MOMO_API_USER_ID=0c5f1d5e-8a0b-4c3e-9f3a-2f6d1c7b9e10"),
        ("MOMO_API_KEY", key, "MOMO_API_KEY=f1db798c98df4bcf83b538175893bbf0"),
        ("MOMO_SUBSCRIPTION_KEY", subscription, "MOMO_SUBSCRIPTION_KEY=d484a1f0d34f4301916d0f2c9e9106a2"),
    ];
    for (name, _, example) in needed.iter().filter(|(_, value, _)| value.is_none()) {
        faults.push(format!("{name} is missing, and MoMo needs all three of its credentials: {example}."));
    }
    if user.is_some_and(|it| PaymentId::parse_uuid(it).is_err()) {
        faults.push(
            "MOMO_API_USER_ID is no UUID: MOMO_API_USER_ID=0c5f1d5e-8a0b-4c3e-9f3a-2f6d1c7b9e10.".into(),
        );
    }
    if environment == MomoEnvironment::Production && base_url.contains(SANDBOX) {
        faults.push("MOMO_ENVIRONMENT is production, but MOMO_BASE_URL is MTN's sandbox: MOMO_BASE_URL=https://proxy.momoapi.mtn.com.".into());
    }
    Some(Momo {
        base_url,
        environment,
        api_user: user?.to_owned(),
        api_key: key?.into(),
        subscription_key: subscription?.into(),
    })
}

/// Addresses that MTN calls from.
pub(super) fn callback_ips(raw: &Raw, faults: &mut Vec<String>) -> Vec<IpAddr> {
    let mut ips = Vec::new();
    for text in list(raw, "MOMO_CALLBACK_IPS") {
        match text.parse() {
            Ok(ip) => ips.push(ip),
            Err(_) => faults.push(format!(
                "MOMO_CALLBACK_IPS has \"{text}\", which is no IP address: MOMO_CALLBACK_IPS=196.11.240.222,196.11.240.223."
            )),
        }
    }
    ips
}

/// Channel ids that may buy while the sandbox meets real people.
pub(super) fn test_contacts(raw: &Raw) -> Vec<String> {
    list(raw, "TEST_CONTACTS").map(str::to_owned).collect()
}

fn list<'a>(raw: &'a Raw, name: &str) -> impl Iterator<Item = &'a str> {
    raw.get(name).unwrap_or_default().split([',', ' ']).filter(|it| !it.is_empty())
}
