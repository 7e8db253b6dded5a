//! From whoever logs to stdout and the files, through a bounded queue and one thread.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use tracing_subscriber::fmt::MakeWriter;

use super::Format;
use super::rotate::Files;

/// Lines that may wait.
const QUEUE_LINES: usize = 8_192;
/// Bytes that may wait.
const QUEUE_BYTES: usize = 16 * 1024 * 1024;
/// Lines are written together up to so many bytes.
const BATCH_BYTES: usize = 64 * 1024;
/// How long the end of the process waits for what is queued, in total, if stdout is stuck.
const LAST_WAIT: Duration = Duration::from_secs(5);
/// How often it looks meanwhile.
const LAST_LOOK: Duration = Duration::from_millis(10);

enum Message {
    Line(Vec<u8>),
    Stop,
}

#[derive(Default)]
struct Counts {
    dropped: AtomicU64,
    /// Bytes that wait.
    waiting: AtomicUsize,
}

impl Counts {
    fn drop_lines(&self, lines: u64) {
        self.dropped.fetch_add(lines, Relaxed);
        metrics::counter!("log_dropped_total").increment(lines);
    }
}

/// Where lines are put. Never blocks, never fails.
pub(super) struct Queue {
    lines: SyncSender<Message>,
    counts: Arc<Counts>,
}

impl Queue {
    /// Starts the thread.
    pub(super) fn start(
        stdout: Box<dyn Write + Send>,
        files: Option<Files>,
        format: Format,
    ) -> anyhow::Result<(Self, LogGuard)> {
        let (lines, queued) = sync_channel(QUEUE_LINES);
        let counts = Arc::new(Counts::default());
        let mut sinks = Sinks { stdout, files, format, counts: Arc::clone(&counts), outage: false };
        let thread = thread::Builder::new()
            .name("logs".into())
            .spawn(move || sinks.run(&queued))
            .context("the thread for logs cannot be started")?;
        let guard = LogGuard { lines: lines.clone(), counts: Arc::clone(&counts), thread: Some(thread) };
        Ok((Self { lines, counts }, guard))
    }

    fn put(&self, line: &[u8]) {
        let waiting = self.counts.waiting.fetch_add(line.len(), Relaxed);
        let taken = waiting <= QUEUE_BYTES && self.lines.try_send(Message::Line(line.to_vec())).is_ok();
        if !taken {
            self.counts.waiting.fetch_sub(line.len(), Relaxed);
            self.counts.drop_lines(1);
        }
    }
}

/// The formatter writes each event with one call.
impl Write for &Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

/// Writes what is still queued when it is dropped, and waits for it at most five seconds.
pub struct LogGuard {
    lines: SyncSender<Message>,
    counts: Arc<Counts>,
    thread: Option<thread::JoinHandle<()>>,
}

impl LogGuard {
    /// Lines that were lost so far, in the queue or on the way to stdout or a file: one for each of the two.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.counts.dropped.load(Relaxed)
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        let mut looks = LAST_WAIT.as_millis() / LAST_LOOK.as_millis();
        let mut stop = Some(Message::Stop);
        // A plain `send` and `join` would hang with a stdout that nobody reads.
        while looks > 0 && !thread.is_finished() {
            if let Some(message) = stop.take()
                && let Err(TrySendError::Full(message)) = self.lines.try_send(message)
            {
                stop = Some(message);
            }
            thread::sleep(LAST_LOOK);
            looks -= 1;
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}

/// What the thread owns.
struct Sinks {
    stdout: Box<dyn Write + Send>,
    files: Option<Files>,
    format: Format,
    counts: Arc<Counts>,
    /// Whether files could not be written the last time.
    outage: bool,
}

impl Sinks {
    fn run(&mut self, queued: &Receiver<Message>) {
        let mut batch = Vec::with_capacity(BATCH_BYTES);
        let mut stopping = false;
        while !stopping {
            let Ok(mut message) = queued.recv() else { break };
            let mut lines = 0;
            batch.clear();
            loop {
                match message {
                    Message::Line(line) => {
                        self.counts.waiting.fetch_sub(line.len(), Relaxed);
                        batch.extend_from_slice(&line);
                        lines += 1;
                    }
                    Message::Stop => stopping = true,
                }
                if stopping || batch.len() >= BATCH_BYTES {
                    break;
                }
                match queued.try_recv() {
                    Ok(next) => message = next,
                    Err(_) => break,
                }
            }
            if lines > 0 {
                self.write(&batch, lines);
            }
        }
        if let Some(files) = &mut self.files {
            files.finish();
        }
    }

    fn write(&mut self, batch: &[u8], lines: u64) {
        if self.stdout.write_all(batch).and_then(|()| self.stdout.flush()).is_err() {
            self.counts.drop_lines(lines);
        }
        let Some(files) = &mut self.files else { return };
        match files.write(batch) {
            Ok(()) => self.outage = false,
            Err(error) => {
                self.counts.drop_lines(lines);
                if !std::mem::replace(&mut self.outage, true) {
                    self.tell(&error);
                }
            }
        }
    }

    /// The one thing that the logs say of themselves: it cannot go through the queue, which it would fill.
    fn tell(&mut self, error: &io::Error) {
        // The kind has no characters that JSON would escape.
        let message = format!("the log files cannot be written: {}", error.kind());
        let _ = match self.format {
            Format::Json => writeln!(
                self.stdout,
                r#"{{"level":"ERROR","message":"{message}","target":"answerbot::logs"}}"#
            ),
            Format::Text => writeln!(self.stdout, "ERROR answerbot::logs: {message}"),
        };
    }
}
