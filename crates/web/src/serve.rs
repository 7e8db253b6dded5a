//! Carries a router over TCP: HTTP/1.1 with keep-alive, under bounds, stopped in order.

mod pace;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::Service;

use pace::{Paced, Phase};

/// Largest head of a request, in bytes; beyond it 431.
const HEAD_BYTES: usize = 16 * 1024;
/// Largest read buffer of a connection, in bytes: with all connections in use a quarter of a gigabyte.
const BUFFER_BYTES: usize = 64 * 1024;
/// Pause after an error of the listener, such as no file handles left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The bounds of a server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; further ones wait in the kernel's queue.
    pub connections: usize,
    /// How long a request's head may take from its first byte, and a new connection's first byte.
    pub head: Duration,
    /// How long a kept connection may be idle, and how long an answer may be stuck. Longer than the minute for
    /// which proxies keep theirs: else one of them now and then posts into a connection that is just closing.
    pub idle: Duration,
    /// How long requests under way may take to finish once the server stops.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            grace: Duration::from_secs(20),
        }
    }
}

/// Serves until `shutdown` is cancelled; then accepts nothing more, lets requests under way finish within
/// `grace`, closes the rest and returns.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken, grace: Duration) {
    serve_with(listener, router, shutdown, Limits { grace, ..Limits::default() }).await;
}

/// [`serve`] under other bounds.
pub async fn serve_with(listener: TcpListener, router: Router, shutdown: CancellationToken, limits: Limits) {
    let room = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    // Owned here, so that none outlives the server.
    let mut connections = JoinSet::new();
    let mut http = http1::Builder::new();
    // `Paced` has the time limits.
    http.header_read_timeout(None).max_header_size(HEAD_BYTES).max_buf_size(BUFFER_BYTES);

    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let (io, phase) = Paced::new(stream, limits.head, limits.idle);
        let router = router.clone();
        let service = service_fn(move |request| answer(router.clone(), request, peer, Arc::clone(&phase)));
        let connection = graceful.watch(http.serve_connection(TokioIo::new(io), service));
        connections.spawn(async move {
            // A connection that breaks is the client's affair.
            let _ = connection.await;
            drop(permit);
        });
    }

    drop(listener);
    if tokio::time::timeout(limits.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests under way were cut");
    }
    connections.shutdown().await;
}

/// The next connection, once there is room for one.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // An answer is one small packet: it must not wait for another one.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, permit))
        }
        Err(error) => {
            tracing::warn!(%error, "no connection could be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn answer(
    mut router: Router,
    mut request: Request<Incoming>,
    peer: SocketAddr,
    phase: Arc<Phase>,
) -> Result<axum::response::Response, Infallible> {
    phase.busy();
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = router.call(request).await;
    phase.idle();
    response
}
