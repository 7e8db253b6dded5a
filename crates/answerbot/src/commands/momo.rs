//! `momo provision`: an API user and key of MTN's sandbox, printed as settings.

use std::time::Duration;

use answerbot_core::PaymentId;
use answerbot_ports::world::Entropy as _;
use answerbot_remote::momo::Provision;
use anyhow::{Context as _, bail};
use secrecy::ExposeSecret as _;

use crate::cli::MomoAction;
use crate::config::Raw;
use crate::out;
use crate::world::OsEntropy;

const CONNECT: Duration = Duration::from_secs(5);
const DEADLINE: Duration = Duration::from_secs(30);

/// Needs none of the other settings: it is what comes before them.
pub async fn run(raw: &Raw, action: MomoAction) -> anyhow::Result<bool> {
    let MomoAction::Provision { host } = action;
    let Some(key) = raw.get("MOMO_SUBSCRIPTION_KEY") else {
        bail!(
            "MOMO_SUBSCRIPTION_KEY is missing: subscribe to Collections on MTN's developer portal and set it"
        );
    };
    let base = raw.effective("MOMO_BASE_URL").0.unwrap_or_default();
    let from_settings = || {
        let url = reqwest::Url::parse(raw.get("CALLBACK_HOST")?).ok()?;
        url.host_str().map(str::to_owned)
    };
    let Some(host) = host.or_else(from_settings) else {
        bail!("which host does MTN call back? Say --host bot.example.org, or set CALLBACK_HOST");
    };
    let client = answerbot_remote::http::client(CONNECT).context("the HTTP client")?;
    let mut seed = [0; 16];
    OsEntropy.fill(&mut seed);
    let user = PaymentId::draw(seed).uuid();
    let desk = Provision::new(base, key.into(), client);
    match desk.create(&user, &host, DEADLINE).await {
        Ok(api_key) => {
            out::line(&format!(
                "# For .env; MTN calls back https://{host} for this user, and no other host."
            ));
            out::line(&format!("MOMO_API_USER_ID={user}"));
            out::line(&format!("MOMO_API_KEY={}", api_key.expose_secret()));
            Ok(true)
        }
        Err(why) => {
            out::fault(&format!("no API user was made: {why}"));
            Ok(false)
        }
    }
}
