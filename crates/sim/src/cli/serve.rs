//! `sim serve`

use std::time::Duration;

use answerbot_sim::{Events, World};
use clap::Args;

use super::{WorldArgs, out};

#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    world: WorldArgs,
    /// How often Graph refuses a send with a temporary error, 0 to 1
    #[arg(long, default_value_t = 0.0, value_name = "RATE")]
    graph_errors: f64,
    /// How often Graph accepts a message but never answers, 0 to 1
    #[arg(long, default_value_t = 0.0, value_name = "RATE")]
    graph_hangs: f64,
    /// How often the AI answers 503, 0 to 1
    #[arg(long, default_value_t = 0.0, value_name = "RATE")]
    ai_errors: f64,
    /// Record nothing and post no events: the fastest world, for benches (the phone page stays empty)
    #[arg(long)]
    lean: bool,
}

impl Serve {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let mut config = self.world.config();
        config.graph.error_rate = self.graph_errors;
        config.graph.accept_then_hang_rate = self.graph_hangs;
        config.ai.error_rate = self.ai_errors;
        if self.lean {
            config.record = false;
            config.events = Events::none();
        }
        let world = World::start(config).await?;
        announce(&world);
        tokio::select! {
            stopped = tokio::signal::ctrl_c() => stopped?,
            () = watch_bot(&world) => {}
        }
        world.stop().await;
        Ok(())
    }
}

/// Prints the environment with which the bot finds this world.
pub(super) fn announce(world: &World) {
    let config = world.config();
    out::line("The simulated world is up. Start the bot with these settings:\n");
    for (name, value) in [
        ("GRAPH_BASE_URL", world.graph_base_url().as_str()),
        ("OPENROUTER_BASE_URL", world.openrouter_base_url().as_str()),
        ("OPENROUTER_API_KEY", "sim"),
        ("PAGE_ACCESS_TOKEN", &config.page_access_token),
        ("FB_APP_SECRET", &config.app_secret),
        ("VERIFY_TOKEN", &config.verify_token),
        ("MOMO_BASE_URL", world.momo_base_url().as_str()),
        ("MOMO_ENVIRONMENT", config.momo_account.environment_setting()),
        ("MOMO_API_USER_ID", &config.momo_account.api_user),
        ("MOMO_API_KEY", &config.momo_account.api_key),
        ("MOMO_SUBSCRIPTION_KEY", &config.momo_account.subscription_key),
    ] {
        out::line(&format!("  {name}={value}"));
    }
    out::line(&format!("\nPhone page:  {}", world.phone_url()));
    out::line(&format!("Statement:   {}/statement.csv", world.momo_base_url()));
    out::line(&format!(
        "MTN calls back to https://{}/..., which leads to {}. Other hosts are refused.",
        config.momo_account.callback_host,
        world.bot_url()
    ));
    out::line(&format!("Webhooks go to {}/webhook. Ctrl-C ends.", world.bot_url()));
}

/// Says when the bot comes and goes. Never returns.
async fn watch_bot(world: &World) {
    let mut was = None;
    loop {
        let now = world.verify_webhook().await;
        if was != Some(now.is_ok()) {
            match &now {
                Ok(()) => out::line("The bot is there and knows the verify token."),
                Err(error) => out::line(&format!("The bot is not there yet: {}", error.root_cause())),
            }
            was = Some(now.is_ok());
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}
