use std::time::Duration;

use answerbot_sim::MomoAccount;
use serde_json::{Value, json};

use super::{PAYER, mtn, mtn_with, parts, reference};

#[tokio::test]
async fn a_token_is_given_for_right_credentials_and_nothing_else() -> anyhow::Result<()> {
    let (world, _bot, mut mtn) = mtn().await?;
    let account = world.config().momo_account.clone();
    let (status, told) = parts(mtn.log_in(&account.api_user, &account.api_key).await?).await?;
    assert_eq!(
        (status, &told["token_type"], &told["expires_in"]),
        (200, &json!("access_token"), &json!(3600))
    );
    assert_ne!(told["access_token"], Value::String(mtn.token.clone()), "every token is new");

    let wrong = json!({ "error": "login_failed" });
    assert_eq!(parts(mtn.log_in(&account.api_user, "wrong").await?).await?, (500, wrong.clone()));
    assert_eq!(parts(mtn.log_in(&reference(1), &account.api_key).await?).await?, (500, wrong.clone()));
    let url = format!("{}/collection/token/", mtn.base);
    let bare = mtn.client.post(&url).header("Ocp-Apim-Subscription-Key", &mtn.key);
    assert_eq!(parts(bare.send().await?).await?, (500, wrong), "no credentials at all");
    let with_body = mtn.client.post(&url).basic_auth(&account.api_user, Some(&account.api_key));
    let with_body = with_body.header("Ocp-Apim-Subscription-Key", &mtn.key).body("{}");
    assert_eq!(with_body.send().await?.status(), 400, "a body is not allowed");

    mtn.key = account.secondary_key.clone();
    assert_eq!(mtn.log_in(&account.api_user, &account.api_key).await?.status(), 200, "the second key too");
    mtn.key = "stranger".into();
    let (status, told) = parts(mtn.log_in(&account.api_user, &account.api_key).await?).await?;
    assert_eq!((status, &told["statusCode"]), (401, &json!(401)), "the gateway's shape");
    assert_eq!(world.counts().momo_tokens, 8);
    assert_eq!(world.counts().momo_refused, 5);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_token_dies_when_its_time_is_over_or_when_it_is_forgotten() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn_with(|config| config.momo.token_life = Duration::from_mins(10)).await?;
    let path = "/collection/v1_0/account/balance";
    world.skip(Duration::from_mins(9));
    assert_eq!(mtn.get(path).await?.0, 200);
    world.skip(Duration::from_mins(1));
    let (status, told) = mtn.get(path).await?;
    assert_eq!((status, &told["statusCode"]), (401, &json!(401)));
    let mtn = super::Mtn::of(&world).await?;
    assert_eq!(mtn.get(path).await?.0, 200, "a new one works");
    world.forget_momo_tokens();
    assert_eq!(mtn.get(path).await?.0, 401);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn key_token_and_environment_are_looked_at_by_every_call() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    let url = format!("{}/collection/v1_0/accountholder/msisdn/{PAYER}/active", mtn.base);
    let call = || mtn.client.get(&url).header("X-Target-Environment", "mtnsouthsudan");
    let keyed = || call().header("Ocp-Apim-Subscription-Key", &mtn.key);
    assert_eq!(keyed().bearer_auth(&mtn.token).send().await?.status(), 200);
    assert_eq!(keyed().send().await?.status(), 401, "no token");
    assert_eq!(keyed().bearer_auth("unknown").send().await?.status(), 401);
    assert_eq!(call().bearer_auth(&mtn.token).send().await?.status(), 401, "no key");
    let lost = mtn.client.get(&url).header("Ocp-Apim-Subscription-Key", &mtn.key).bearer_auth(&mtn.token);
    assert_eq!(lost.send().await?.status(), 400, "no environment");
    let elsewhere = mtn.client.get(&url).header("Ocp-Apim-Subscription-Key", &mtn.key);
    let elsewhere = elsewhere.bearer_auth(&mtn.token).header("X-Target-Environment", "mtnuganda");
    let (status, told) = parts(elsewhere.send().await?).await?;
    assert_eq!(
        (status, &told["code"]),
        (500, &json!("NOT_ALLOWED_TARGET_ENVIRONMENT")),
        "the wallet's shape"
    );
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn payers_can_be_looked_up_before_they_are_asked() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    let about = |number: &str, what: &str| format!("/collection/v1_0/accountholder/msisdn/{number}/{what}");
    let gone = "211927777777";
    world.momo(|knobs| {
        knobs.inactive.insert(gone.into());
        knobs.names.insert(PAYER.into(), ("Achol".into(), "Deng".into()));
    });
    assert_eq!(mtn.get(&about(PAYER, "active")).await?, (200, json!({ "result": true })));
    assert_eq!(mtn.get(&about(gone, "active")).await?, (200, json!({ "result": false })));
    let (_, name) = mtn.get(&about(PAYER, "basicuserinfo")).await?;
    assert_eq!((&name["given_name"], &name["family_name"]), (&json!("Achol"), &json!("Deng")));
    let (_, other) = mtn.get(&about("211921111111", "basicuserinfo")).await?;
    assert!(other["given_name"].as_str().is_some_and(|name| !name.is_empty()), "{other}");
    assert_eq!(mtn.get(&about(gone, "basicuserinfo")).await?.0, 404);
    assert_eq!(mtn.get(&about("0921234567", "active")).await?.0, 400, "not international");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_balance_grows_with_what_comes_in() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn_with(|config| config.momo_account.opening_balance = 500).await?;
    let balance = "/collection/v1_0/account/balance";
    assert_eq!(mtn.get(balance).await?.1, json!({ "availableBalance": "500", "currency": "SSP" }));
    mtn.ask(&reference(1)).await?;
    assert_eq!(mtn.get(balance).await?.1["availableBalance"], "500", "asking is not paying");
    world.momo_approve(PAYER)?;
    assert_eq!(mtn.get(balance).await?.1["availableBalance"], "3500");
    assert_eq!(world.momo_balance(), "3500");
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_sandbox_makes_api_users_and_production_does_not() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn_with(|config| config.momo_account = MomoAccount::sandbox()).await?;
    assert_eq!(world.config().momo_account.environment_setting(), "sandbox");
    let (user, url) = (reference(9), format!("{}/v1_0/apiuser", mtn.base));
    let make = |body: Value| {
        let call = mtn.client.post(&url).header("Ocp-Apim-Subscription-Key", &mtn.key);
        call.header("X-Reference-Id", &user).json(&body)
    };
    let host = json!({ "providerCallbackHost": "pay.example.org" });
    let with_scheme = json!({ "providerCallbackHost": "https://pay.example.org" });
    assert_eq!(make(with_scheme).send().await?.status(), 400, "the host alone");
    assert_eq!(make(host.clone()).send().await?.status(), 201);
    let (status, told) = parts(make(host).send().await?).await?;
    assert_eq!((status, &told["code"]), (409, &json!("RESOURCE_ALREADY_EXIST")), "it cannot be changed");
    let (_, shown) = mtn.get(&format!("/v1_0/apiuser/{user}")).await?;
    assert_eq!(shown, json!({ "providerCallbackHost": "pay.example.org", "targetEnvironment": "sandbox" }));
    assert_eq!(mtn.log_in(&user, "").await?.status(), 500, "no key yet");

    let key = mtn.client.post(format!("{url}/{user}/apikey")).header("Ocp-Apim-Subscription-Key", &mtn.key);
    let (status, told) = parts(key.send().await?).await?;
    let key = told["apiKey"].as_str().unwrap_or_default();
    assert_eq!((status, key.len()), (201, 32));
    assert_eq!(mtn.log_in(&user, key).await?.status(), 200);
    assert_eq!(mtn.get(&format!("/v1_0/apiuser/{}", reference(8))).await?.0, 404);
    world.stop().await;

    let (world, _bot, mtn) = super::mtn().await?;
    assert_eq!(world.config().momo_account.environment_setting(), "production");
    let user = &world.config().momo_account.api_user;
    assert_eq!(mtn.get(&format!("/v1_0/apiuser/{user}")).await?.0, 404);
    world.stop().await;
    Ok(())
}

#[tokio::test]
async fn two_slashes_and_unknown_paths_get_the_gateways_errors() -> anyhow::Result<()> {
    let (world, _bot, mtn) = mtn().await?;
    assert_eq!(mtn.get("//collection/v1_0/account/balance").await?.0, 400);
    assert_eq!(mtn.get("/collection//v1_0/account/balance").await?.0, 400);
    for path in ["/collection/v9_0/account/balance", "/collection", "/collection/token"] {
        let (status, told) = mtn.get(path).await?;
        assert_eq!((status, &told["statusCode"]), (404, &json!(404)), "{path}");
    }
    world.stop().await;
    Ok(())
}

#[test]
fn sim_serve_prints_the_settings_that_point_at_it() -> anyhow::Result<()> {
    use std::io::BufRead as _;
    let mut sim = std::process::Command::new(env!("CARGO_BIN_EXE_sim"));
    let mut sim =
        sim.args(["serve", "--port", "0", "--momo-sandbox"]).stdout(std::process::Stdio::piped()).spawn()?;
    let out = sim.stdout.take().ok_or_else(|| anyhow::anyhow!("no output"))?;
    let lines = std::io::BufReader::new(out).lines().map_while(Result::ok);
    let said: Vec<String> = lines.take_while(|line| !line.starts_with("Webhooks go to")).collect();
    sim.kill()?;
    sim.wait()?;
    let value = |name: &str| said.iter().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='));
    let account = MomoAccount::sandbox();
    assert!(
        value("MOMO_BASE_URL")
            .is_some_and(|url| url.starts_with("http://127.0.0.1:") && url.ends_with("/momo"))
    );
    assert_eq!(value("MOMO_ENVIRONMENT"), Some("sandbox"));
    assert_eq!(value("MOMO_API_USER_ID"), Some(account.api_user.as_str()));
    assert_eq!(value("MOMO_API_KEY"), Some(account.api_key.as_str()));
    assert_eq!(value("MOMO_SUBSCRIPTION_KEY"), Some(account.subscription_key.as_str()));
    Ok(())
}
