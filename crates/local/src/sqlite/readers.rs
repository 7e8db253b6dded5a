//! A few connections that only read, so that nothing waits for the writer.

use answerbot_ports::store::StoreError;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;

pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    free: Semaphore,
}

impl Readers {
    pub fn new(connections: Vec<Connection>) -> Self {
        Self { free: Semaphore::new(connections.len()), idle: Mutex::new(connections) }
    }

    /// Runs `work` on an idle connection, off the async threads.
    pub async fn read<T, F>(self: &std::sync::Arc<Self>, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        metrics::counter!("store_reads_total").increment(1);
        let closed = |_| StoreError::Unavailable("the store is closed".into());
        let permit = self.free.acquire().await.map_err(closed)?;
        let conn = self.idle.lock().pop().ok_or_else(|| StoreError::Unavailable("no reader".into()))?;
        let (conn, result) = tokio::task::spawn_blocking(move || {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&conn)));
            (conn, result)
        })
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        self.idle.lock().push(conn);
        drop(permit);
        result.unwrap_or_else(|_| Err(StoreError::Unreadable("a read panicked".into())))
    }
}
