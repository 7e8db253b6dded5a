//! Hints: seen and typing. Tried once, dropped when too many wait; nothing depends on them.

use std::sync::Arc;

use answerbot_core::contact::effect::Hint;
use answerbot_ports::channel::Channel;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

/// Hints that may wait.
const WAITING: usize = 512;
/// Hints given at once.
const AT_ONCE: usize = 16;

pub(crate) struct Hints {
    queue: Mutex<Option<mpsc::Sender<Hint>>>,
}

impl Hints {
    pub fn start(channels: &[Arc<dyn Channel>], tasks: &TaskTracker) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
        for _ in 0..AT_ONCE {
            let (receiver, channels) = (Arc::clone(&receiver), channels.to_vec());
            tasks.spawn(async move {
                loop {
                    let next = receiver.lock().await.recv().await;
                    let Some(hint) = next else { return };
                    let (Hint::Seen(address) | Hint::Typing(address)) = &hint;
                    if let Some(channel) = channels.iter().find(|it| it.kind() == address.channel) {
                        channel.hint(&hint).await;
                    }
                }
            });
        }
        Self { queue: Mutex::new(Some(sender)) }
    }

    pub fn give(&self, hint: Hint) {
        if let Some(queue) = &*self.queue.lock()
            && queue.try_send(hint).is_err()
        {
            metrics::counter!("hints_dropped_total").increment(1);
        }
    }

    pub fn close(&self) {
        self.queue.lock().take();
    }
}
