//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Answers the questions of people in South Sudan on Messenger.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The service.
    Serve {
        /// Which part of it; one machine does all.
        #[arg(long, value_enum, default_value = "all")]
        role: Role,
        /// Take and store messages, but decide none: for measuring.
        #[arg(long, hide = true)]
        pause_workers: bool,
    },
    /// The service on a throw-away database with a simulated world, and a phone page to try it by hand.
    #[cfg(feature = "demo")]
    Demo,
    /// Checks settings, store, AI and Messenger; says what is wrong, why it matters and what to do.
    Doctor {
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Prints the effective settings with their origin, secrets masked.
    Config {
        /// Print the policy instead, as TOML: every figure that `POLICY_FILE` can change.
        #[arg(long)]
        policy: bool,
    },
    /// Brings the store's schema up to date and seals what is left under the old key anew; safe to run again.
    Migrate,
    /// The Facebook page.
    Messenger {
        /// What to do with it.
        #[command(subcommand)]
        action: MessengerAction,
    },
    /// Writes a consistent copy of the store while it runs, and verifies it.
    Backup {
        /// The new file.
        to: PathBuf,
    },
    /// Puts a copy in the place of the store; what stood there is kept beside it.
    Restore {
        /// The copy.
        from: PathBuf,
    },
    /// Dead or stuck work, and reviving it.
    Effects {
        /// What to do.
        #[command(subcommand)]
        action: EffectsAction,
    },
}

/// Roles of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Everything in one process.
    All,
    /// Webhooks only; needs a store that several processes share.
    Web,
    /// Workers only; needs a store that several processes share.
    Worker,
}

/// What to do with the page.
#[derive(Debug, Subcommand)]
pub enum MessengerAction {
    /// Sets get-started button, greeting and menu.
    Setup,
}

/// What to do with stuck work.
#[derive(Debug, Subcommand)]
pub enum EffectsAction {
    /// Dead effects and events set aside, newest first.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Hands work back to its contact; the running service takes it within a sweep.
    Retry {
        /// Ids from `effects list`.
        ids: Vec<String>,
        /// All of them.
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
}
