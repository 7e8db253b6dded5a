//! The one writer: commits whatever waits as one transaction.
//!
//! Each unit of work is a savepoint. When it fails its caller alone hears of it; when the transaction itself is
//! gone (disk full, I/O error) every waiter does. Nobody hears success before COMMIT returned.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use answerbot_ports::store::StoreError;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::leases::Leases;

/// Most units of one transaction: a bound on how long the first one waits.
const GROUP: usize = 512;

/// What a unit works with.
pub(super) struct Tx<'a> {
    pub conn: &'a Connection,
    pub leases: &'a mut Leases,
}

/// One write.
trait Unit: Send {
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Pending<F, T> {
    work: Option<F>,
    done: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Unit for Pending<F, T>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        if let Some(work) = self.work.take() {
            self.done = Some(work(tx)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { done, reply, .. } = *self;
        let result = outcome.and_then(|()| done.ok_or_else(|| StoreError::Unavailable("not run".into())));
        // A caller that went away has nobody to tell.
        let _ = reply.send(result);
    }
}

/// A handle to the writer's thread.
pub(super) struct Writer {
    units: Mutex<Option<mpsc::UnboundedSender<Box<dyn Unit>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub fn start(conn: Connection) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || Loop { conn, leases: Leases::default(), units: receiver }.run())
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { units: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Does `work` within the next transaction; the answer comes when that is durable.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let unit = Box::new(Pending { work: Some(work), done: None, reply });
        let closed = || StoreError::Unavailable("the store is closed".into());
        self.units.lock().as_ref().ok_or_else(closed)?.send(unit).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Writes what waits and ends the thread.
    pub fn close(&self) {
        self.units.lock().take();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

struct Loop {
    conn: Connection,
    leases: Leases,
    units: mpsc::UnboundedReceiver<Box<dyn Unit>>,
}

impl Loop {
    fn run(mut self) {
        while let Some(first) = self.units.blocking_recv() {
            self.transaction(first);
        }
    }

    fn transaction(&mut self, first: Box<dyn Unit>) {
        if let Err(error) = execute(&self.conn, "BEGIN IMMEDIATE") {
            // Whoever waits behind would only wait as long again.
            let waiting = std::iter::from_fn(|| self.units.try_recv().ok()).take(GROUP);
            let all = std::iter::once(first).chain(waiting).collect();
            return self.gone(all, &error);
        }
        let mut written = Vec::new();
        let mut next = Some(first);
        while let Some(mut unit) = next {
            match self.unit(unit.as_mut()) {
                Ok(Ok(())) => written.push(unit),
                Ok(Err(error)) => unit.answer(Err(error)),
                Err(error) => {
                    // Half a unit may be left in the transaction: none of it may be committed.
                    written.push(unit);
                    return self.roll_back(written, &error);
                }
            }
            next = if written.len() < GROUP { self.units.try_recv().ok() } else { None };
        }
        match execute(&self.conn, "COMMIT") {
            Ok(()) => {
                self.leases.committed();
                let units = u32::try_from(written.len()).unwrap_or(u32::MAX);
                metrics::histogram!("store_group_units").record(f64::from(units));
                for unit in written {
                    unit.answer(Ok(()));
                }
            }
            Err(error) => self.roll_back(written, &error),
        }
    }

    /// Runs one unit in its savepoint. The outer error says that the transaction is not sound any more.
    fn unit(&mut self, unit: &mut dyn Unit) -> Result<Result<(), StoreError>, StoreError> {
        execute(&self.conn, "SAVEPOINT unit")?;
        let mark = self.leases.mark();
        let run = || unit.run(&mut Tx { conn: &self.conn, leases: &mut self.leases });
        let result = catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|_| Err(StoreError::Unavailable("a write panicked".into())));
        if let Err(error) = &result {
            self.leases.undo_to(mark);
            if self.conn.is_autocommit() {
                // SQLite gave the whole transaction up: a full disk, an I/O error.
                return Err(error.clone());
            }
            execute(&self.conn, "ROLLBACK TO unit")?;
        }
        execute(&self.conn, "RELEASE unit")?;
        Ok(result)
    }

    fn roll_back(&mut self, written: Vec<Box<dyn Unit>>, error: &StoreError) {
        if !self.conn.is_autocommit()
            && let Err(error) = execute(&self.conn, "ROLLBACK")
        {
            tracing::error!(error = %error, "a transaction could not be rolled back");
        }
        self.gone(written, error);
    }

    /// The whole transaction failed: everybody in it hears so.
    fn gone(&mut self, written: Vec<Box<dyn Unit>>, error: &StoreError) {
        self.leases.undo_to((0, 0));
        tracing::error!(error = %error, units = written.len(), "a transaction failed");
        for unit in written {
            unit.answer(Err(error.clone()));
        }
    }
}

fn execute(conn: &Connection, statement: &str) -> Result<(), StoreError> {
    conn.prepare_cached(statement).and_then(|mut it| it.execute([])).map(drop).map_err(fault)
}

/// What a fault of SQLite means for the caller: it may try again later.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(super) fn fault(error: rusqlite::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// Shared by everything that writes.
pub(super) type SharedWriter = Arc<Writer>;
