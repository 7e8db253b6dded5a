//! MTN MoMo, called as a bot would call it.

mod callbacks;
mod calls;
mod fates;
mod phone;
mod requests;
mod statement;
mod weather;

use answerbot_sim::{Config, World};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::bot::{Bot, client, world_with};

const PAYER: &str = "211921234567";

/// A caller with credentials and a token.
struct Mtn {
    base: String,
    environment: String,
    key: String,
    token: String,
    client: reqwest::Client,
}

/// A sound reference, always the same for the same number.
fn reference(n: u32) -> String {
    format!("{n:08x}-51a0-4c55-9a0e-0d2f4d0b7c11")
}

fn body(payer: &str, amount: &str, currency: &str) -> Value {
    json!({
        "amount": amount, "currency": currency, "externalId": "ab1.7.weekly.1.1",
        "payer": { "partyIdType": "MSISDN", "partyId": payer },
        "payerMessage": "Answer Bot AI weekly", "payeeNote": "order ab1.7"
    })
}

impl Mtn {
    /// Asks for a token with the right credentials.
    async fn of(world: &World) -> anyhow::Result<Self> {
        let account = &world.config().momo_account;
        let mut mtn = Self {
            base: world.momo_base_url(),
            environment: account.environment.clone(),
            key: account.subscription_key.clone(),
            token: String::new(),
            client: client()?,
        };
        let told: Value = mtn.log_in(&account.api_user, &account.api_key).await?.json().await?;
        told["access_token"].as_str().unwrap_or_default().clone_into(&mut mtn.token);
        Ok(mtn)
    }

    async fn log_in(&self, user: &str, key: &str) -> anyhow::Result<Response> {
        let url = format!("{}/collection/token/", self.base);
        let call = self.client.post(url).basic_auth(user, Some(key));
        Ok(call.header("Ocp-Apim-Subscription-Key", &self.key).send().await?)
    }

    fn signed(&self, call: RequestBuilder) -> RequestBuilder {
        call.bearer_auth(&self.token)
            .header("Ocp-Apim-Subscription-Key", &self.key)
            .header("X-Target-Environment", &self.environment)
    }

    fn asking(&self, reference: &str, body: &Value) -> RequestBuilder {
        let url = format!("{}/collection/v1_0/requesttopay", self.base);
        self.signed(self.client.post(url)).header("X-Reference-Id", reference).json(body)
    }

    /// Asks for money with this body; HTTP status and body.
    async fn post(&self, reference: &str, body: &Value) -> anyhow::Result<(u16, Value)> {
        parts(self.asking(reference, body).send().await?).await
    }

    /// Asks `PAYER` for 3,000 SSP.
    async fn ask(&self, reference: &str) -> anyhow::Result<u16> {
        Ok(self.post(reference, &body(PAYER, "3000", "SSP")).await?.0)
    }

    /// Asks `PAYER` for 3,000 SSP and wants to be called back.
    async fn ask_with_callback(&self, reference: &str, url: &str) -> anyhow::Result<(u16, Value)> {
        let call = self.asking(reference, &body(PAYER, "3000", "SSP"));
        parts(call.header("X-Callback-Url", url).send().await?).await
    }

    async fn get(&self, path: &str) -> anyhow::Result<(u16, Value)> {
        parts(self.signed(self.client.get(format!("{}{path}", self.base))).send().await?).await
    }

    async fn read(&self, reference: &str) -> anyhow::Result<(u16, Value)> {
        self.get(&format!("/collection/v1_0/requesttopay/{reference}")).await
    }

    /// The word of the status and the code of its reason.
    async fn word(&self, reference: &str) -> anyhow::Result<(String, String)> {
        let (_, body) = self.read(reference).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok((text(&body["status"]), text(&body["reason"]["code"])))
    }
}

/// HTTP status and JSON; null if there is none.
async fn parts(answer: Response) -> anyhow::Result<(u16, Value)> {
    let status = answer.status().as_u16();
    Ok((status, serde_json::from_slice(&answer.bytes().await?).unwrap_or_default()))
}

/// A world, the fake bot in it, and a caller who has a token.
async fn mtn_with(change: impl FnOnce(&mut Config)) -> anyhow::Result<(World, Bot, Mtn)> {
    let (world, bot) = world_with(change).await?;
    let mtn = Mtn::of(&world).await?;
    Ok((world, bot, mtn))
}

async fn mtn() -> anyhow::Result<(World, Bot, Mtn)> {
    mtn_with(|_| {}).await
}
