//! Logs: one line an event, to stdout and, with `LOG_DIR`, to files that rotate.
//!
//! Whoever logs never waits: lines pass through a bounded queue to one thread ([`writer`]), and what does not
//! fit is dropped and counted. The files ([`rotate`]) turn over by size and by day, are compressed, and are
//! capped in number and bytes.

mod rotate;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

use answerbot_ports::world::Clock;
use anyhow::{Context, bail};
use jiff::Timestamp;
use tracing::Dispatch;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use rotate::{Files, Limits};
pub use writer::LogGuard;
use writer::Queue;

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object, its fields flat: for machines.
    Json,
    /// Plain text, in colour on a terminal: for people.
    Text,
}

/// What `LOG_LEVEL`, `LOG_DIR` and `LOG_FORMAT` say.
pub struct LogConfig {
    /// A level, or levels by target: `info`, `info,answerbot_web=debug`.
    pub level: String,
    /// Where files go; `None` is stdout only.
    pub dir: Option<PathBuf>,
    /// How a line looks.
    pub format: Format,
    /// The time on the lines; its day in Juba turns the files over.
    pub clock: Arc<dyn Clock>,
}

/// Sends everything that is traced to where `config` says, from now on. Keep the guard until the very end: its
/// drop writes what is still queued.
///
/// Fails when the level cannot be read, the directory cannot be written or logging was set up before.
pub fn init(config: LogConfig) -> anyhow::Result<LogGuard> {
    let (dispatch, guard) = build(config, Box::new(io::stdout()), Limits::default())?;
    tracing::dispatcher::set_global_default(dispatch).context("logging was set up before")?;
    Ok(guard)
}

fn build(
    config: LogConfig,
    stdout: Box<dyn Write + Send>,
    limits: Limits,
) -> anyhow::Result<(Dispatch, LogGuard)> {
    let filter = filter(&config.level)?;
    let LogConfig { dir, format, clock, .. } = config;
    let colour = format == Format::Text && dir.is_none() && io::stdout().is_terminal();
    let files = dir
        .map(|dir| {
            let what =
                format!("LOG_DIR {} cannot be written; example: LOG_DIR=/var/log/answerbot", dir.display());
            Files::open(dir, limits, Arc::clone(&clock)).context(what)
        })
        .transpose()?;
    let (queue, guard) = Queue::start(stdout, files, format)?;

    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_timer(Utc(clock))
        .with_ansi(colour)
        .with_writer(queue);
    let dispatch = match format {
        Format::Json => lines.json().flatten_event(true).with_span_list(false).into(),
        Format::Text => lines.into(),
    };
    Ok((dispatch, guard))
}

/// `EnvFilter` takes an unknown level for the name of a target and then logs nothing else.
fn filter(level: &str) -> anyhow::Result<EnvFilter> {
    let parts: Vec<&str> = level.split(',').map(str::trim).collect();
    let reads =
        |part: &str| part.contains(['=', '[']) || (!part.is_empty() && part.parse::<LevelFilter>().is_ok());
    if let Some(part) = parts.iter().find(|part| !reads(part)) {
        bail!(
            "LOG_LEVEL: \"{part}\" is no level; example: LOG_LEVEL=info or LOG_LEVEL=info,answerbot_web=debug"
        );
    }
    EnvFilter::try_new(parts.join(","))
        .with_context(|| format!("LOG_LEVEL: \"{level}\" cannot be read; example: LOG_LEVEL=info"))
}

/// RFC 3339 in UTC to the millisecond.
struct Utc(Arc<dyn Clock>);

impl FormatTime for Utc {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let ms = self.0.now().as_millis();
        match Timestamp::from_millisecond(ms) {
            Ok(time) => write!(writer, "{time:.3}"),
            Err(_) => write!(writer, "{ms}ms"),
        }
    }
}
