//! Moves the write-ahead log into the database beside the writer, so that no acknowledgement waits for it.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

/// How often it looks.
const EVERY: Duration = Duration::from_millis(250);
/// Beyond this the log begins anew, for which the writer waits a moment: until what came last is moved.
const LONGEST_LOG: u64 = 64 * 1024 * 1024;

/// Runs as long as the value lives.
pub(super) struct Checkpointer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub fn start(path: &Path) -> Result<Self, rusqlite::Error> {
        let conn = Connection::open(path)?;
        conn.busy_timeout(Duration::from_millis(50))?;
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let log = PathBuf::from(log);
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name("sqlite-checkpoint".into()).spawn(move || {
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                checkpoint(&conn, &log);
            }
        });
        // Without the thread the log would only grow, so its absence is an error.
        let thread = thread.map_err(|_| rusqlite::Error::InvalidQuery)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn checkpoint(conn: &Connection, log: &Path) {
    let length = std::fs::metadata(log).map_or(0, |it| it.len());
    if length == 0 {
        return;
    }
    // Moves nearly everything while the writer goes on.
    let moved = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    // Only then the rest, with the writer held; a reader in the way makes it try again later.
    let begun = match moved {
        Ok(()) if length > LONGEST_LOG => conn.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())),
        other => other,
    };
    if let Err(error) = begun {
        tracing::warn!(error = %error, "checkpoint failed; it is tried again");
    }
}
