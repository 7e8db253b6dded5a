//! `serve`: the service, until SIGTERM or SIGINT.

use std::future::Future;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::assemble::{self, Service, World};
use crate::cli::Role;
use crate::config::{LogFormat, Raw, Settings};
use crate::logs::{self, Format, LogConfig, LogGuard};
use crate::world::SystemClock;
use crate::{out, telemetry};

/// Requests under way when stopping begins may take this long.
const WEB_GRACE: Duration = Duration::from_secs(5);
/// AI calls run this much longer before they are cut.
const AI_GRACE: Duration = Duration::from_secs(15);
/// The number of SIGXFSZ on Linux: a file met its size limit.
const FILE_TOO_BIG: i32 = 25;

pub async fn run(raw: &Raw, role: Role, pause_workers: bool) -> anyhow::Result<bool> {
    let world = World::new(Settings::check(raw)?)?;
    if role != Role::All && !world.settings.database.is_shared() {
        bail!(
            "a file is served by one process that does all: use --role all, or name a store that several share, such as \
             DATABASE_URL=mongodb://127.0.0.1:27017/answerbot"
        );
    }
    let logs = start_logs(&world)?;
    for name in &world.settings.unused {
        tracing::warn!(setting = name, "a setting is there that this release does not use yet");
    }
    if world.settings.key.is_none() {
        tracing::warn!("ENCRYPTION_KEY is not set: a key for development lies beside the database");
    }
    let metrics = telemetry::install()?;
    // First the store, whose lock tells a second start why it is refused. Nothing is leased before it serves.
    let service = assemble::service(&world, metrics, role, !pause_workers).await?;
    let listener = listen(&world).await?;
    let address = listener.local_addr().context("the listener")?;
    tracing::info!(address = %address, "serving");
    run_service(service, &world.clock, listener, stop_signal()?).await;
    if logs.dropped() > 0 {
        out::fault(&format!(
            "{} log lines were dropped because they could not be written fast enough",
            logs.dropped()
        ));
    }
    Ok(true)
}

/// Binds the listener.
pub(super) async fn listen(world: &World) -> anyhow::Result<TcpListener> {
    let address = world.settings.listen;
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "PORT {} cannot be listened on; stop what uses it, or choose another: PORT=3001",
            address.port()
        )
    })
}

/// Starts logging as the settings say.
pub(super) fn start_logs(world: &World) -> anyhow::Result<LogGuard> {
    let settings = &world.settings;
    let format = match settings.log_format {
        LogFormat::Text => Format::Text,
        LogFormat::Auto if std::io::stdout().is_terminal() => Format::Text,
        LogFormat::Auto | LogFormat::Json => Format::Json,
    };
    let config = LogConfig {
        level: settings.log_level.clone(),
        dir: settings.log_dir.clone(),
        format,
        clock: Arc::clone(&world.clock) as _,
    };
    let guard = logs::init(config)?;
    std::panic::set_hook(Box::new(|info| {
        // Where, not what: a panic's message may carry a text.
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a panic was caught");
    }));
    Ok(guard)
}

/// Serves until `stop`, then stops as designed: nothing new, sends to their end, AI calls a while longer.
pub(super) async fn run_service(
    service: Service,
    clock: &SystemClock,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) {
    let Service { engine, stores, rings, router, draining, metrics } = service;
    if let Some(regional) = &stores.regional {
        regional.start();
    }
    let time = stores.keep_time(clock);
    engine.start();
    let shutdown = CancellationToken::new();
    let web = answerbot_web::serve(listener, router, shutdown.clone(), WEB_GRACE);
    tokio::pin!(web);
    tokio::select! {
        () = &mut web => tracing::error!("the listener ended by itself"),
        () = metrics.keep_up() => {}
        () = time => {}
        () = stop => {
            tracing::info!("stopping");
            draining.cancel();
            shutdown.cancel();
            web.await;
        }
    }
    // What others could begin at once is theirs; then the last words about what was begun here.
    rings.close().await;
    engine.stop(AI_GRACE).await;
    rings.close().await;
    stores.close().await;
    tracing::info!("stopped");
}

/// Completes at SIGTERM or SIGINT.
pub(super) fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut term = signal(SignalKind::terminate()).context("SIGTERM")?;
    let mut int = signal(SignalKind::interrupt()).context("SIGINT")?;
    // Without a handler a file size limit would kill the process; with one it is an error that a write returns.
    let file_too_big = signal(SignalKind::from_raw(FILE_TOO_BIG)).context("SIGXFSZ")?;
    Ok(async move {
        let _file_too_big = file_too_big;
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => out::line(""),
        }
    })
}
