//! MTN `MoMo` Collections: token, request to pay, status, account check, balance. Facts: MTN's developer portal, its
//! list of common errors and its page on callbacks.

mod provision;
mod read;
mod token;

use std::sync::Arc;
use std::time::Duration;

use answerbot_core::PaymentId;
use answerbot_core::contact::effect::{EffectFault, Retry};
use answerbot_core::pay::breaker::Breaker;
use answerbot_core::pay::money::{Currency, Money};
use answerbot_core::pay::payment::{Charge, Charged, Checked, Failure};
use answerbot_core::pay::phone::Msisdn;
use answerbot_ports::payments::Payments;
use answerbot_ports::world::Clock;
use async_trait::async_trait;
use parking_lot::Mutex;
use reqwest::{Client, Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

pub use self::provision::{Provision, Registered};
use self::token::Tokens;
use crate::http::{self, Answer, NoAnswer};

/// MTN's longest note; what exceeds it is a 400.
const NOTE: usize = 160;

/// Where the money is real.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MomoEnvironment {
    /// MTN's sandbox: it charges euros that nobody has.
    Sandbox,
    /// `mtnsouthsudan`, in South Sudanese pounds.
    Production,
}

impl MomoEnvironment {
    /// What `X-Target-Environment` says.
    #[must_use]
    pub const fn target(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Production => "mtnsouthsudan",
        }
    }

    /// The only currency that it takes.
    #[must_use]
    pub const fn currency(self) -> Currency {
        match self {
            Self::Sandbox => Currency::Eur,
            Self::Production => Currency::Ssp,
        }
    }
}

/// The settings of the Collections product.
#[derive(Clone, Debug)]
pub struct MomoConfig {
    /// `MOMO_BASE_URL`; a slash at its end does not matter.
    pub base_url: String,
    /// `MOMO_ENVIRONMENT`.
    pub environment: MomoEnvironment,
    /// `MOMO_API_USER_ID`: a UUID.
    pub api_user: String,
    /// `MOMO_API_KEY`.
    pub api_key: SecretString,
    /// `MOMO_SUBSCRIPTION_KEY`.
    pub subscription_key: SecretString,
    /// What stands before the reference in the address that MTN calls back; `None` asks for no callback.
    pub callback_prefix: Option<SecretString>,
}

/// The adapter.
pub struct Momo {
    config: MomoConfig,
    client: Client,
    clock: Arc<dyn Clock>,
    tokens: Tokens,
    /// Of requests for money, and of reads.
    breakers: Mutex<[Breaker; 2]>,
}

/// Which breaker.
#[derive(Clone, Copy)]
enum Way {
    Ask = 0,
    Read = 1,
}

impl Momo {
    /// The adapter, over the shared client of [`http::client`].
    #[must_use]
    pub fn new(config: MomoConfig, client: Client, clock: Arc<dyn Clock>) -> Self {
        Self { config, client, clock, tokens: Tokens::default(), breakers: Mutex::default() }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.config.base_url.trim_end_matches('/'))
    }

    fn request(&self, method: Method, path: &str, token: &SecretString) -> RequestBuilder {
        self.client
            .request(method, self.url(path))
            .bearer_auth(token.expose_secret())
            .header("Ocp-Apim-Subscription-Key", self.config.subscription_key.expose_secret())
            .header("X-Target-Environment", self.config.environment.target())
    }

    fn may_call(&self, way: Way) -> bool {
        self.breakers.lock()[way as usize].may_call(self.clock.monotonic())
    }

    fn note(&self, way: Way, worked: bool) {
        self.breakers.lock()[way as usize].note(worked, self.clock.monotonic());
    }

    /// Makes a call; a token that is refused is fetched anew once.
    async fn call(
        &self,
        service: &'static str,
        deadline: Duration,
        build: impl Fn(&SecretString) -> RequestBuilder,
    ) -> Result<Answer, NoAnswer> {
        let token = self.token(deadline, None).await.ok_or(NoAnswer::NotSent)?;
        let answer = http::call(service, build(&token), deadline).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        match self.token(deadline, Some(&token)).await {
            Some(fresh) => http::call(service, build(&fresh), deadline).await,
            None => Ok(answer),
        }
    }

    async fn read(
        &self,
        service: &'static str,
        path: &str,
        deadline: Duration,
    ) -> Result<Answer, EffectFault> {
        let answer = self.call(service, deadline, |token| self.request(Method::GET, path, token)).await;
        let worked = answer.as_ref().is_ok_and(|answer| answer.status < 500 && answer.status != 429);
        self.note(Way::Read, worked);
        answer.map_err(|why| fault(&format!("momo {}", why.name()), false))
    }

    async fn ask(&self, charge: &Charge, deadline: Duration) -> Charged {
        let body = json!({
            "amount": charge.money.to_momo(),
            "currency": charge.money.currency().code(),
            "externalId": charge.external_id,
            "payer": { "partyIdType": "MSISDN", "partyId": charge.payer.digits() },
            "payerMessage": note(&format!("Answer Bot {}", charge.code)),
            "payeeNote": note(&format!("Answer Bot {}", charge.code)),
        });
        let reference = charge.reference.uuid();
        let answer = self
            .call("momo_request", deadline, |token| {
                let request = self
                    .request(Method::POST, "collection/v1_0/requesttopay", token)
                    .header("X-Reference-Id", &reference)
                    .json(&body);
                match &self.config.callback_prefix {
                    Some(prefix) => {
                        let prefix = prefix.expose_secret().trim_end_matches('/');
                        request.header("X-Callback-Url", format!("{prefix}/{reference}"))
                    }
                    None => request,
                }
            })
            .await;
        match answer {
            Ok(answer) => read::charged(&answer),
            Err(NoAnswer::NotSent) => Charged::NotSent,
            Err(NoAnswer::TimedOut | NoAnswer::Broken) => Charged::Unknown,
        }
    }
}

#[async_trait]
impl Payments for Momo {
    async fn request(&self, charge: &Charge, deadline: Duration) -> Charged {
        // Where it cannot be asked how a payment stands, nobody is asked to pay, but for a probe.
        if !self.may_call(Way::Read) || !self.may_call(Way::Ask) {
            metrics::counter!("momo_breaker_total").increment(1);
            return Charged::Rejected(Failure::Trouble);
        }
        let charged = self.ask(charge, deadline).await;
        let outcome = match &charged {
            Charged::Taken => "taken",
            Charged::Rejected(_) => "rejected",
            Charged::NotSent | Charged::TooLate => "not_sent",
            Charged::Unknown => "unknown",
        };
        metrics::counter!("momo_requests_total", "outcome" => outcome).increment(1);
        // What is wrong with us or with the number is no trouble of MTN.
        self.note(Way::Ask, matches!(charged, Charged::Taken | Charged::Rejected(_)));
        charged
    }

    async fn status(&self, payment: PaymentId, deadline: Duration) -> Result<Checked, EffectFault> {
        let path = format!("collection/v1_0/requesttopay/{}", payment.uuid());
        read::checked(&self.read("momo_status", &path, deadline).await?)
    }

    async fn payable(&self, payer: Msisdn, deadline: Duration) -> Result<bool, EffectFault> {
        let path = format!("collection/v1_0/accountholder/msisdn/{}/active", payer.digits());
        // A courtesy: its trouble is none of the payments'.
        let request = |token: &SecretString| self.request(Method::GET, &path, token);
        let answer = self.call("momo_account", deadline, request).await;
        let answer = answer.map_err(|why| fault(&format!("momo {}", why.name()), false))?;
        let result = answer.json().and_then(|body| body.get("result")?.as_bool());
        result
            .filter(|_| answer.is_success())
            .ok_or_else(|| fault(&format!("momo http {}", answer.status), false))
    }

    async fn balance(&self, deadline: Duration) -> Result<Money, String> {
        let answer = self.read("momo_balance", "collection/v1_0/account/balance", deadline).await;
        let answer = answer.map_err(|fault| fault.reason)?;
        read::balance(&answer).ok_or_else(|| format!("http {}", answer.status))
    }

    async fn check(&self) -> Result<String, String> {
        match self.balance(Duration::from_secs(15)).await {
            Ok(balance) => Ok(format!("{}: balance {balance}", self.config.environment.target())),
            Err(why) => Err(format!(
                "MoMo does not answer ({why}): check MOMO_API_USER_ID, MOMO_API_KEY, MOMO_SUBSCRIPTION_KEY and MOMO_ENVIRONMENT"
            )),
        }
    }
}

/// A fault after which it is tried again.
fn fault(reason: &str, alert: bool) -> EffectFault {
    EffectFault { retry: Retry::After(0), alert, reason: reason.to_owned() }
}

/// A note as MTN takes it: an apostrophe makes a 400 of a payment.
fn note(text: &str) -> String {
    let is_taken = |c: &char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | ',' | '-');
    text.chars().filter(is_taken).take(NOTE).collect()
}
