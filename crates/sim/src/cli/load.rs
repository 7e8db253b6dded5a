//! `sim load`

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use answerbot_sim::load::{self, Amount, Hook, Latency, LoadPlan, LoadProgress, LoadReport, Phase};
use answerbot_sim::{Events, clock};
use clap::{ArgGroup, Args};
use indicatif::{ProgressBar, ProgressStyle};

use super::{WorldArgs, out};

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("amount").required(true).args(["seconds", "messages"]))]
pub(super) struct Load {
    #[command(flatten)]
    world: WorldArgs,
    /// How many people
    #[arg(long, default_value_t = 100)]
    users: u32,
    /// Questions a second, whether the bot keeps up or not
    #[arg(long, default_value_t = 20.0)]
    rate: f64,
    /// Ask for this long
    #[arg(long)]
    seconds: Option<u64>,
    /// Ask this many questions
    #[arg(long)]
    messages: Option<u64>,
    /// How often each webhook is posted; every further one is a duplicate
    #[arg(long, default_value_t = 1)]
    deliveries: u32,
    /// How long to wait for answers at the end, in seconds
    #[arg(long, default_value_t = 60)]
    wait: u64,
    /// Do not agree to the terms first
    #[arg(long)]
    no_agree: bool,
    /// Do not post echoes and receipts
    #[arg(long)]
    no_events: bool,
    /// How often Graph refuses a send with a temporary error, 0 to 1
    #[arg(long, default_value_t = 0.0, value_name = "RATE")]
    graph_errors: f64,
    /// How often the AI answers 503, 0 to 1
    #[arg(long, default_value_t = 0.0, value_name = "RATE")]
    ai_errors: f64,
    /// Report as one JSON line
    #[arg(long)]
    json: bool,
}

impl Load {
    /// True if nothing was lost and nothing out of order.
    pub(super) async fn run(self) -> anyhow::Result<bool> {
        let mut config = self.world.config();
        let seed = config.seed;
        config.record = false;
        config.ai.canned = false;
        config.retry_pause = Duration::from_millis(250);
        config.graph.error_rate = self.graph_errors;
        config.ai.error_rate = self.ai_errors;
        if self.no_events {
            config.events = Events::none();
        }
        let amount = match (self.messages, self.seconds) {
            (Some(messages), _) => Amount::Messages(messages),
            (None, seconds) => Amount::For(Duration::from_secs(seconds.unwrap_or_default())),
        };
        let bar = progress_bar(amount);
        let plan = LoadPlan {
            config,
            users: self.users,
            rate: self.rate,
            amount,
            deliveries: self.deliveries,
            agree: !self.no_agree,
            answer_wait: Duration::from_secs(self.wait),
            seed,
            hook: Some(if out::is_watched() { on_bar(bar.clone()) } else { as_lines() }),
            ..LoadPlan::default()
        };
        let report = load::run(plan).await?;
        bar.finish_and_clear();
        out::line(&if self.json { serde_json::to_string(&report)? } else { in_words(&report, seed) });
        Ok(report.is_sound())
    }
}

fn progress_bar(amount: Amount) -> ProgressBar {
    if !out::is_watched() {
        return ProgressBar::hidden();
    }
    let bar = match amount {
        Amount::Messages(n) => ProgressBar::new(n),
        Amount::For(_) => ProgressBar::no_length(),
    };
    let style = ProgressStyle::with_template("{spinner} {msg} [{wide_bar}] {pos}/{len} answered {elapsed}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn on_bar(bar: ProgressBar) -> Hook {
    Arc::new(move |_, progress| {
        bar.set_length(progress.planned.unwrap_or(progress.asked));
        bar.set_position(progress.answered);
        bar.set_message(doing(progress));
    })
}

/// A line every five seconds, for logs.
fn as_lines() -> Hook {
    const EVERY_MS: u64 = 5_000;
    let next = AtomicU64::new(0);
    Arc::new(move |_, progress| {
        if progress.elapsed_ms >= next.load(Ordering::Relaxed) {
            next.store(progress.elapsed_ms + EVERY_MS, Ordering::Relaxed);
            out::problem(&format!("{:>5} s  {}", progress.elapsed_ms / 1_000, doing(progress)));
        }
    })
}

fn doing(progress: &LoadProgress) -> String {
    match progress.phase {
        Phase::Agreeing => format!("agreeing: {} of {} people", progress.ready, progress.users),
        Phase::Asking => {
            format!(
                "asking: {} sent, {} acknowledged, {} answered",
                progress.asked, progress.acked, progress.answered
            )
        }
        Phase::Waiting => format!("waiting: {} of {} answered", progress.answered, progress.acked),
    }
}

fn in_words(r: &LoadReport, seed: u64) -> String {
    let times =
        |l: &Latency| format!("p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", l.p50_ms, l.p99_ms, l.max_ms);
    let mut lines = vec![
        format!("people        {} ({} did not get through the terms)", r.users, r.not_agreed),
        format!(
            "questions     {} in {:.1} s, {:.1} a second, seed {seed}",
            r.asked, r.asking_seconds, r.asked_per_second
        ),
        format!("acknowledged  {} ({} never, {} posts tried again)", r.acked, r.unacked, r.retried),
        format!("              {}", times(&r.ack)),
        format!(
            "answered      {} ({} met the limit, {} got an apology)",
            r.answered, r.limited, r.apologised
        ),
        format!("              {}", times(&r.answer)),
        format!("lost          {}", r.lost),
        format!("repeated      {}", r.repeated),
        format!("out of order  {}", r.out_of_order),
        format!(
            "AI requests   {} to {} a question; none: {}, more than one: {}",
            r.ai_min, r.ai_max, r.ai_none, r.ai_many
        ),
    ];
    if !r.examples.is_empty() {
        lines.push(format!("for example   {}", r.examples.join(", ")));
    }
    if r.blind {
        lines.push("The load itself could not keep up; do not trust these figures.".to_owned());
    }
    lines.push(if r.is_sound() { "Sound: nothing lost, order kept.".into() } else { "NOT sound.".into() });
    // Names the moment, so that a report can be found in the bot's logs.
    lines.push(format!("ended at      {} (ms since 1970)", clock::now_ms()));
    lines.join("\n")
}
