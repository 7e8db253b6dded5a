//! The command line of `sim`.

mod chat;
mod load;
mod out;
mod serve;

use std::process::ExitCode;

use answerbot_sim::{Config, Fate, MomoAccount, clock};
use clap::{Args, Parser, Subcommand};

/// The outside world of Answer Bot AI: Meta's Graph API, an AI, MTN MoMo, people and traffic, all on this machine.
#[derive(Debug, Parser)]
#[command(name = "sim", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the world and the phone page until Ctrl-C
    Serve(serve::Serve),
    /// Talk to the bot from the terminal
    Chat(chat::Chat),
    /// Send traffic and report what came of it
    Load(load::Load),
}

/// Where the world listens, where the bot is, and the secrets they share.
#[derive(Clone, Debug, Args)]
struct WorldArgs {
    /// Port of the world on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 4000)]
    port: u16,
    /// Where the bot listens
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    bot: String,
    /// Secret that signs webhooks; the bot's `FB_APP_SECRET`
    #[arg(long, default_value = "sim-app-secret")]
    app_secret: String,
    /// The bot's `VERIFY_TOKEN`
    #[arg(long, default_value = "sim-verify-token")]
    verify_token: String,
    /// The bot's `PAGE_ACCESS_TOKEN`
    #[arg(long, default_value = "sim-page-token")]
    page_token: String,
    /// How long the AI thinks, in ms
    #[arg(long, default_value_t = 0)]
    ai_delay_ms: u64,
    /// MTN's sandbox, which charges euros, instead of South Sudan
    #[arg(long)]
    momo_sandbox: bool,
    /// The one host to which MTN calls back; the bot's `CALLBACK_HOST` without https://
    #[arg(long, default_value = "bot.example.org", value_name = "HOST")]
    momo_callback_host: String,
    /// Prompts are approved by themselves after so many seconds; without it somebody answers them on the phone page
    #[arg(long, value_name = "SECONDS")]
    momo_approve_after: Option<u64>,
    /// Random seed; without it every run differs
    #[arg(long)]
    seed: Option<u64>,
}

impl WorldArgs {
    fn config(&self) -> Config {
        let mut config = Config {
            port: self.port,
            bot_url: self.bot.clone(),
            app_secret: self.app_secret.clone(),
            verify_token: self.verify_token.clone(),
            page_access_token: self.page_token.clone(),
            seed: self.seed.unwrap_or_else(clock::fresh_seed),
            ..Config::default()
        };
        let account = if self.momo_sandbox { MomoAccount::sandbox() } else { MomoAccount::default() };
        config.momo_account = MomoAccount { callback_host: self.momo_callback_host.clone(), ..account };
        if let Some(seconds) = self.momo_approve_after {
            config.momo.fate = Fate::ApproveAfter(std::time::Duration::from_secs(seconds));
        }
        config.ai.delay = std::time::Duration::from_millis(self.ai_delay_ms);
        config
    }
}

pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    // Another part of the process may have installed one; either serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(cli.command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            out::problem(&format!("sim: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs one command; false means that it ran, but found a fault.
fn run(command: Command) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Serve(serve) => serve.run().await.map(|()| true),
            Command::Chat(chat) => chat.run().await.map(|()| true),
            Command::Load(load) => load.run().await,
        }
    })
}
