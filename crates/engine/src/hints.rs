//! Hints: seen and typing. Tried once, dropped when too many wait; nothing depends on them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use answerbot_core::contact::effect::Hint;
use answerbot_ports::channel::Channel;
use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Hints that may wait.
const WAITING: usize = 512;
/// Hints given at once.
const AT_ONCE: usize = 16;

pub(crate) struct Hints {
    queue: mpsc::Sender<Hint>,
}

impl Hints {
    pub fn start(channels: &[Arc<dyn Channel>], tasks: &TaskTracker, stopping: &CancellationToken) -> Self {
        let (queue, receiver) = mpsc::channel(WAITING);
        let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
        for _ in 0..AT_ONCE {
            tasks.spawn(give(Arc::clone(&receiver), channels.to_vec(), stopping.clone()));
        }
        Self { queue }
    }

    pub fn give(&self, hint: Hint) {
        if self.queue.try_send(hint).is_err() {
            metrics::counter!("hints_dropped_total").increment(1);
        }
    }
}

type Waiting = Arc<tokio::sync::Mutex<mpsc::Receiver<Hint>>>;

async fn give(waiting: Waiting, channels: Vec<Arc<dyn Channel>>, stopping: CancellationToken) {
    loop {
        let next = async { waiting.lock().await.recv().await };
        let hint = tokio::select! {
            () = stopping.cancelled() => return,
            hint = next => hint,
        };
        let Some(hint) = hint else { return };
        let (Hint::Seen(address) | Hint::Typing(address)) = &hint;
        if let Some(channel) = channels.iter().find(|it| it.kind() == address.channel) {
            let call = AssertUnwindSafe(channel.hint(&hint)).catch_unwind();
            tokio::select! {
                () = stopping.cancelled() => return,
                done = call => if done.is_err() {
                    metrics::counter!("hints_panicked_total").increment(1);
                }
            }
        }
    }
}
