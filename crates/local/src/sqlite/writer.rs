//! The one writer: commits whatever waits as one transaction.
//!
//! Each unit of work is a savepoint. When it fails its caller alone hears of it; when the transaction itself is
//! gone (disk full, I/O error) every waiter does. Nobody hears success before COMMIT returned.

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
            return first.answer(Err(error));
        }
        let mut written = Vec::new();
        let mut next = Some(first);
        while let Some(mut unit) = next {
            match self.unit(unit.as_mut()) {
                Ok(()) => written.push(unit),
                Err(error) => unit.answer(Err(error)),
            }
            if self.conn.is_autocommit() {
                return self
                    .gone(written, &StoreError::Unavailable("the transaction was rolled back".into()));
            }
            next = if written.len() < GROUP { self.units.try_recv().ok() } else { None };
        }
        match execute(&self.conn, "COMMIT") {
            Ok(()) => {
                self.leases.committed();
                metrics::histogram!("store_group_units")
                    .record(f64::from(u32::try_from(written.len()).unwrap_or(u32::MAX)));
                for unit in written {
                    unit.answer(Ok(()));
                }
            }
            Err(error) => {
                if !self.conn.is_autocommit() {
                    let _ = execute(&self.conn, "ROLLBACK");
                }
                self.gone(written, &error);
            }
        }
    }

    fn unit(&mut self, unit: &mut dyn Unit) -> Result<(), StoreError> {
        execute(&self.conn, "SAVEPOINT unit")?;
        let mark = self.leases.mark();
        let result = unit.run(&mut Tx { conn: &self.conn, leases: &mut self.leases });
        if result.is_err() {
            self.leases.undo_to(mark);
            if !self.conn.is_autocommit() {
                execute(&self.conn, "ROLLBACK TO unit")?;
            }
        }
        if !self.conn.is_autocommit() {
            execute(&self.conn, "RELEASE unit")?;
        }
        result
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
