//! A few connections that only read, so that nothing waits for the writer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use answerbot_ports::store::StoreError;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;

pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    free: Arc<Semaphore>,
}

impl Readers {
    pub fn new(connections: Vec<Connection>) -> Self {
        Self { free: Arc::new(Semaphore::new(connections.len())), idle: Mutex::new(connections) }
    }

    /// Runs `work` on an idle connection, off the async threads. Its caller may go away meanwhile: the connection
    /// comes back all the same.
    pub async fn read<T, F>(self: &Arc<Self>, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        metrics::counter!("store_reads_total").increment(1);
        let closed = |_| StoreError::Unavailable("the store is closed".into());
        let permit = Arc::clone(&self.free).acquire_owned().await.map_err(closed)?;
        let conn = self.idle.lock().pop().ok_or_else(|| StoreError::Unavailable("no reader".into()))?;
        let this = Arc::clone(self);
        let read = move || {
            let result = catch_unwind(AssertUnwindSafe(|| work(&conn)));
            this.idle.lock().push(conn);
            drop(permit);
            result.unwrap_or_else(|_| Err(StoreError::Unreadable("a read panicked".into())))
        };
        tokio::task::spawn_blocking(read).await.map_err(|error| StoreError::Unavailable(error.to_string()))?
    }
}
