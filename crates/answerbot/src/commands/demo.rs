//! `demo`: the service with a simulated world and a throw-away database. With an AI key set, the AI is real.

use std::net::Ipv4Addr;

use answerbot_core::pay::price::PriceBook;
use answerbot_ports::regions::FullStore;
use answerbot_sim::{Config, World as Outside};
use anyhow::Context as _;
use tokio::net::TcpListener;

use super::operator::audit;
use super::serve;
use crate::assemble::{self, World};
use crate::cli::Role;
use crate::config::{Origin, Raw, Settings};
use crate::{out, telemetry};

pub async fn run(mut raw: Raw) -> anyhow::Result<bool> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let database = folder.path().join("demo.db");
    let mut config = Config::default();
    // The real MTN calls back only https; here it calls this machine.
    config.momo_account.callback_host = "127.0.0.1".into();
    config.momo.strict_callback_url = false;
    let outside = Outside::start(config).await?;
    let config = outside.config();
    let listener = bind(raw.get("PORT")).await?;
    let port = listener.local_addr().context("the listener")?.port();
    let account = &config.momo_account;
    let has_ai = raw.get("OPENROUTER_API_KEY").is_some() || raw.get("OPENAI_API_KEY").is_some();
    let regions: Vec<String> = raw.regions().map(|(setting, ..)| setting.to_owned()).collect();
    let mut set = |name: &str, value: &str| raw.put(name, value.to_owned(), Origin::Command);
    // Nothing of a real fleet takes part.
    for setting in regions.iter().map(String::as_str).chain(["REDIS_URL", "NATS_URL"]) {
        set(setting, "");
    }
    set("PORT", &port.to_string());
    set("HOST", "127.0.0.1");
    set("DATABASE_URL", &format!("sqlite:{}", database.display()));
    set("GRAPH_BASE_URL", &outside.graph_base_url());
    set("PAGE_ACCESS_TOKEN", &config.page_access_token);
    set("FB_APP_SECRET", &config.app_secret);
    set("VERIFY_TOKEN", &config.verify_token);
    set("MOMO_BASE_URL", &outside.momo_base_url());
    set("MOMO_ENVIRONMENT", account.environment_setting());
    set("MOMO_API_USER_ID", &account.api_user);
    set("MOMO_API_KEY", &account.api_key);
    set("MOMO_SUBSCRIPTION_KEY", &account.subscription_key);
    set("CALLBACK_HOST", &format!("http://127.0.0.1:{port}"));
    if raw.get("LOG_LEVEL").is_none() {
        raw.put("LOG_LEVEL", "warn".into(), Origin::Command);
    }
    if !has_ai {
        raw.put("OPENROUTER_BASE_URL", outside.openrouter_base_url(), Origin::Command);
        raw.put("OPENROUTER_API_KEY", "simulated".into(), Origin::Command);
    }
    let world = World::new(Settings::check(&raw)?)?;
    let _logs = serve::start_logs(&world)?;
    let mut service = assemble::service(&world, telemetry::install()?, Role::All, true).await?;
    confirm_prices(&world, &*service.stores.all).await?;
    service.router = service.router.merge(answerbot_sim::phone::router(outside.clone()));
    outside.set_bot_url(&format!("http://127.0.0.1:{port}"));
    out::line("Answer Bot AI, demo. Open the phone page in a browser:");
    out::line(&format!("\n    http://127.0.0.1:{port}/sim/\n"));
    out::line(if has_ai {
        "The AI is real: your key is used."
    } else {
        "The AI is simulated; set OPENROUTER_API_KEY for a real one."
    });
    out::line("Paying is simulated too: the second phone on the page shows MTN's prompt.");
    out::line("Everything is thrown away at the end. Ctrl-C stops it.");
    serve::run_service(service, &world.clock, listener, serve::stop_signal()?).await;
    outside.stop().await;
    Ok(true)
}

/// Nothing is charged before the owner has confirmed the prices; here nobody is asked.
async fn confirm_prices(world: &World, store: &dyn FullStore) -> anyhow::Result<()> {
    let rows = PriceBook::built_in().confirm();
    let note = audit(world, "prices confirm", "prices", "demo".into());
    store.put_prices(rows, note).await.context("the prices")
}

/// The port that is asked for, else 3000, else any that is free.
async fn bind(wanted: Option<&str>) -> anyhow::Result<TcpListener> {
    if let Some(port) = wanted {
        let port: u16 = port.parse().context("PORT is a number from 0 to 65535, such as 3000")?;
        return TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| format!("PORT {port} is in use"));
    }
    match TcpListener::bind((Ipv4Addr::LOCALHOST, 3000)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free port"),
    }
}
