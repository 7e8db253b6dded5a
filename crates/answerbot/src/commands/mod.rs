//! The commands. `true` is exit code 0, `false` 1; wrong usage is 2, by clap.

mod answers;
mod ask;
mod backup;
mod config;
#[cfg(feature = "demo")]
mod demo;
mod doctor;
mod effects;
mod health;
mod messenger;
mod migrate;
mod momo;
mod operator;
mod payments;
mod prices;
mod regions;
mod serve;
mod user;

use crate::assemble::World;
use crate::cli::{Cli, Command};
use crate::config::{Raw, Settings};

/// Runs what the command line says.
pub async fn run(cli: Cli) -> anyhow::Result<bool> {
    let raw = Raw::read();
    match cli.command {
        Command::Serve { role, pause_workers } => serve::run(&raw, role, pause_workers).await,
        #[cfg(feature = "demo")]
        Command::Demo => demo::run(raw).await,
        Command::Ask { question, paid, json } => {
            ask::run(&world(&raw)?, &question.join(" "), paid, json).await
        }
        Command::Answers { action } => answers::run(&world(&raw)?, action).await,
        Command::Doctor { json } => doctor::run(&raw, json).await,
        Command::Health => health::run(&raw).await,
        Command::Config { policy } => config::run(&raw, policy),
        Command::Migrate => migrate::run(&world(&raw)?).await,
        Command::Messenger { action } => messenger::run(&world(&raw)?, action).await,
        Command::Backup { to } => backup::backup(&world(&raw)?, &to),
        Command::Restore { from } => backup::restore(&world(&raw)?, &from),
        Command::Prices { action } => prices::run(&world(&raw)?, action).await,
        Command::Payments { action } => payments::run(&world(&raw)?, action).await,
        Command::User { action } => user::run(&world(&raw)?, action).await,
        Command::Drill { action } => regions::drill(&world(&raw)?, action).await,
        Command::Momo { action } => momo::run(&raw, action).await,
        Command::Effects { action } => effects::run(&world(&raw)?, action).await,
    }
}

fn world(raw: &Raw) -> anyhow::Result<World> {
    World::new(Settings::check(raw)?)
}
