//! The command line.

use std::path::PathBuf;

use answerbot_core::pay::days::parse_day;
use answerbot_core::pay::price::Plan;
use answerbot_core::{EventId, JubaDay};
use answerbot_ports::regions::Region;
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
    /// One question in the terminal: the answer, the way it took, its cost.
    Ask {
        /// The question.
        #[arg(required = true)]
        question: Vec<String>,
        /// As a person who paid.
        #[arg(long)]
        paid: bool,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Answers that people wrote, questions that met none, and what answers cost.
    Answers {
        /// What to do.
        #[command(subcommand)]
        action: AnswersAction,
    },
    /// Checks settings, store, AI and Messenger; says what is wrong, why it matters and what to do.
    Doctor {
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Whether the service on this machine's PORT is alive: exit code 0 or 1. For containers, which have no curl.
    Health,
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
    /// The price book: dated rows that are added and never edited.
    Prices {
        /// What to do with it.
        #[command(subcommand)]
        action: PricesAction,
    },
    /// Payments and the books: what support needs.
    Payments {
        /// What to do.
        #[command(subcommand)]
        action: PaymentsAction,
    },
    /// One person: support actions, each written to the audit log.
    User {
        /// What to do.
        #[command(subcommand)]
        action: UserAction,
    },
    /// Practising what must work on a bad day.
    Drill {
        /// What.
        #[command(subcommand)]
        action: DrillAction,
    },
    /// MTN's sandbox.
    Momo {
        /// What to do.
        #[command(subcommand)]
        action: MomoAction,
    },
    /// Dead or stuck work, and reviving it.
    Effects {
        /// What to do.
        #[command(subcommand)]
        action: EffectsAction,
    },
}

/// What is practised.
#[derive(Debug, Subcommand)]
pub enum DrillAction {
    /// Moves everybody out of a region, and compares all figures before and after. Without a running service it does so
    /// itself.
    Evacuate {
        /// The region.
        region: Region,
        /// Where to; `main` is the main store.
        #[arg(long, default_value = "main", value_name = "REGION")]
        to: Region,
        /// People write meanwhile: what they can explain may differ.
        #[arg(long)]
        traffic: bool,
        /// So long a running service may take, in seconds.
        #[arg(long, default_value_t = 3_600)]
        patience: u64,
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

/// `Status::name` of every way in which a payment stands.
const STATUSES: [&str; 10] = [
    "created",
    "pending",
    "unknown",
    "success",
    "failed",
    "expired",
    "cancelled",
    "abandoned",
    "review",
    "refunded",
];

fn day(text: &str) -> Result<JubaDay, &'static str> {
    parse_day(text).ok_or("a day is written as 2027-01-01")
}

/// What to do with answers.
#[derive(Debug, Subcommand)]
pub enum AnswersAction {
    /// Curated answers, with how often each was given and what people said of it.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Adds a curated answer.
    Add(Box<NewAnswer>),
    /// Approves curated answers: from then on they are given.
    Approve {
        /// Their names.
        #[arg(required = true)]
        ids: Vec<String>,
        /// Who read them.
        #[arg(long)]
        by: String,
    },
    /// Takes a curated answer away.
    Remove {
        /// Its name.
        id: String,
    },
    /// Reads curated answers from a file of JSON lines; one with a name that is there takes its place.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Writes all curated answers as JSON lines.
    Export {
        /// The file; without it they go to the terminal.
        file: Option<PathBuf>,
    },
    /// Questions for everybody that most often met no curated answer.
    Misses {
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Asked at least so often, by different people one after the other.
        #[arg(long, default_value_t = 2)]
        times: u64,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// What answers cost, by where they came from.
    Costs {
        /// The last so many days, today included.
        #[arg(long, default_value_t = 30)]
        days: u32,
        /// One JSON object a line: every day, subject, way and model.
        #[arg(long)]
        json: bool,
    },
    /// Shares answers of a subject again that were found wrong too often, and counts anew.
    Trust {
        /// academic, business, agriculture, health or general.
        #[arg(value_parser = ["academic", "business", "agriculture", "health", "general"])]
        domain: String,
    },
}

/// A new curated answer.
#[derive(Debug, clap::Args)]
pub struct NewAnswer {
    /// Its name, such as malaria-what; never given to another one.
    #[arg(long)]
    pub id: String,
    /// A wording of its question; may be given several times.
    #[arg(long, required = true)]
    pub question: Vec<String>,
    /// The answer, in plain text.
    #[arg(long)]
    pub answer: String,
    /// en, ar, or pga for Juba Arabic in Latin letters.
    #[arg(long, default_value = "en", value_parser = ["en", "ar", "pga"])]
    pub language: String,
    /// Where a reader can check it.
    #[arg(long)]
    pub source: String,
    /// Who read and approved it; without a name it is not given.
    #[arg(long)]
    pub approved_by: Option<String>,
    /// Its title in the menu, at most 20 letters; without one it is not shown there.
    #[arg(long)]
    pub menu: Option<String>,
}

/// What to do with the price book.
#[derive(Debug, Subcommand)]
pub enum PricesAction {
    /// All prices; a star marks those in force today.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Takes the built-in first rows into force for production.
    Confirm,
    /// Adds a price from a day on; what was bought keeps its price.
    Add {
        /// weekly or monthly.
        plan: Plan,
        /// Whole pounds, such as 3000.
        amount: String,
        /// The first day, such as 2027-01-01.
        #[arg(long, value_parser = day)]
        from: JubaDay,
    },
}

/// What to do with payments.
#[derive(Debug, Subcommand)]
pub enum PaymentsAction {
    /// Payments, newest first.
    List {
        /// Only those of a number in any form, of a person, or with this reference, receipt, order code or MTN id.
        search: Option<String>,
        /// Only those that stand so: created, pending, unknown, success, failed, expired, cancelled, abandoned,
        /// review, refunded.
        #[arg(long, value_parser = STATUSES)]
        status: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// One payment with its entries in the books.
    Show {
        /// Its reference, receipt, order code or MTN id.
        payment: String,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Has MTN asked now how it stands.
    Check {
        /// Its reference, receipt, order code or MTN id.
        payment: String,
    },
    /// Lays a MoMo statement (CSV) beside our payments; grants what was paid, leaves the rest in suspense with a
    /// reason. A second run changes nothing.
    Reconcile {
        /// The file.
        file: PathBuf,
        /// Say what would be done, and do nothing.
        #[arg(long)]
        dry_run: bool,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Gives money that waits in suspense to a person.
    Assign {
        /// The line: MTN's id, or the payment's reference or code.
        line: String,
        /// The person: an id from `user show`, a receipt, a number, or a channel id.
        user: String,
        /// Which plan; without it the one that costs this much.
        #[arg(long)]
        plan: Option<Plan>,
    },
    /// Records that money was given back by hand in MTN's portal.
    Refund {
        /// Its reference, receipt, order code or MTN id.
        payment: String,
        /// MTN's id of the refund.
        #[arg(long)]
        by_hand: String,
    },
    /// The accounts, what is earned and not yet earned, and whether the chain of the books holds.
    Books {
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// What to do for a person. A person is named by an id from `user show`, a receipt, a paying number, or a channel id.
#[derive(Debug, Subcommand)]
pub enum UserAction {
    /// What is known, without texts.
    Show {
        /// The person.
        user: String,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Erases the person's data, as `delete my data` does.
    Forget {
        /// The person.
        user: String,
    },
    /// Gives days away; the books call them goodwill.
    Grant {
        /// The person.
        user: String,
        /// How many days.
        #[arg(value_parser = clap::value_parser!(u32).range(1..=366))]
        days: u32,
        /// Why; it stands in the audit log.
        #[arg(long)]
        why: String,
    },
    /// Makes two accounts of one person one; the old one's plan goes to the new one.
    Merge {
        /// The account that ends.
        old: String,
        /// The account that stays.
        new: String,
        /// A receipt of the old account, which the person showed.
        #[arg(long)]
        receipt: String,
        /// The full number that paid it, which the person named.
        #[arg(long)]
        number: String,
    },
    /// Moves people with all they have to the store of a region; `main` is the main store. A running service does it.
    Move {
        /// The person; or --everybody-in or --wished.
        #[arg(required_unless_present_any = ["everybody_in", "wished", "orders", "stop"])]
        user: Option<String>,
        /// Everybody who lives in this region.
        #[arg(long, value_name = "REGION", conflicts_with_all = ["user", "wished"])]
        everybody_in: Option<Region>,
        /// Everybody to the region where they said that they live, also those whom an operator moved elsewhere, and into
        /// regions that were emptied; with --to into that one only. By itself it is done within a minute of their word,
        /// but against no operator's order.
        #[arg(long, conflicts_with_all = ["user"])]
        wished: bool,
        /// Where to.
        #[arg(long, value_name = "REGION", required_unless_present_any = ["wished", "orders", "stop", "undo"])]
        to: Option<Region>,
        /// Takes the person's move back while it is under way, or brings them back to where they lived before, for seven
        /// days. Stop the order that moves everybody first.
        #[arg(long, conflicts_with_all = ["everybody_in", "wished", "to", "orders", "stop"])]
        undo: bool,
        /// Shows the orders to move, newest first, and the regions that are closed to wishes.
        #[arg(long, conflicts_with_all = ["user", "everybody_in", "wished", "to", "stop"])]
        orders: bool,
        /// Stops an order; whoever was moved stays there.
        #[arg(long, value_name = "ORDER", conflicts_with_all = ["user", "everybody_in", "wished", "to"])]
        stop: Option<EventId>,
    },
    /// What operators did, newest first.
    Audit {
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
}

/// What to do with MTN's sandbox.
#[derive(Debug, Subcommand)]
pub enum MomoAction {
    /// Makes an API user and key in the sandbox and prints them as settings.
    Provision {
        /// The host that is called back, such as bot.example.org; the default is that of `CALLBACK_HOST`.
        #[arg(long)]
        host: Option<String>,
    },
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
