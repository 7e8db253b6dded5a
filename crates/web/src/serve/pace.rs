//! Time limits of a connection.
//!
//! hyper's own header time-out also ends idle connections, so it would have to be either too long against
//! clients that send a head byte by byte, or too short for proxies that keep connections.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

const HEAD: u8 = 0;
const BUSY: u8 = 1;
const IDLE: u8 = 2;

/// What a connection is doing; shared by the stream and the service on it.
pub(super) struct Phase {
    now: AtomicU8,
    /// Counts the changes: idle again is not idle still.
    changes: AtomicU32,
}

impl Phase {
    fn set(&self, phase: u8) {
        self.now.store(phase, Relaxed);
        self.changes.fetch_add(1, Relaxed);
    }

    /// A request is being answered: its own limits hold.
    pub(super) fn busy(&self) {
        self.set(BUSY);
    }

    /// The answer is ready to be written; then the next request may come.
    pub(super) fn idle(&self) {
        self.set(IDLE);
    }
}

/// A stream that fails with `TimedOut` when its client takes too long. All is polled by one task, so the
/// phase never changes during a poll.
pub(super) struct Paced {
    stream: TcpStream,
    phase: Arc<Phase>,
    /// [`Phase::changes`] when the timer was set.
    timed: u32,
    timer: Pin<Box<Sleep>>,
    head: Duration,
    idle: Duration,
}

impl Paced {
    /// A new connection counts as one that has begun a head.
    pub(super) fn new(stream: TcpStream, head: Duration, idle: Duration) -> (Self, Arc<Phase>) {
        let phase = Arc::new(Phase { now: AtomicU8::new(HEAD), changes: AtomicU32::new(0) });
        let timer = Box::pin(sleep(head));
        (Self { stream, phase: Arc::clone(&phase), timed: 0, timer, head, idle }, phase)
    }

    /// Called whenever the client makes us wait.
    fn waiting(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let phase = self.phase.now.load(Relaxed);
        if phase == BUSY {
            return Poll::Pending;
        }
        let changes = self.phase.changes.load(Relaxed);
        if self.timed != changes {
            self.timed = changes;
            let limit = if phase == HEAD { self.head } else { self.idle };
            self.timer.as_mut().reset(Instant::now() + limit);
        }
        self.timer.as_mut().poll(cx).map(|()| ErrorKind::TimedOut.into())
    }

    /// A wait that may end with the time-out.
    fn or_timed_out<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_pending() { self.waiting(cx).map(Err) } else { poll }
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before && self.phase.now.load(Relaxed) == IDLE {
            self.phase.set(HEAD);
        }
        self.or_timed_out(cx, poll)
    }
}

impl AsyncWrite for Paced {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.or_timed_out(cx, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.or_timed_out(cx, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
