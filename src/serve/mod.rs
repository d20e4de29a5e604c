//! `windowshop serve`: listens, hands connections to the router, watches for newer catalogues, stops gracefully.
//!
//! Called by `main` and by tests with real sockets. The connection's own limits are here: how many at once, how slow a
//! client may be. It must never look into a request.

pub mod connection;
mod health;

use std::future::Future;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::OwnedSemaphorePermit;

use crate::app::{self, App};
use crate::check;
use crate::config::{Config, Fault};
use crate::floor::{Floor, Phase};
use crate::load;
use crate::router::router;

pub use health::health;

/// When a connection cannot be accepted, wait so long for old ones to end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// At the end: no new connection for this long means that the kernel holds none for us.
const QUEUE_IS_EMPTY: Duration = Duration::from_millis(50);
/// At the end: longest time to take the connections that the kernel holds.
const LAST_CONNECTIONS: Duration = Duration::from_secs(2);

/// Runs until SIGTERM or Ctrl-C. Refuses to start on any fault, after telling all of them.
pub async fn serve(config: Config, mut faults: Vec<Fault>) -> anyhow::Result<()> {
    faults.extend(check::validate(&config).await);
    refuse_on(&faults)?;
    if check::wants_sample(&config) {
        build_sample(&config).await.context("the shipped sample could not be built")?;
    }
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
    let app = App::build(config).await?;
    announce(&app, listener.local_addr()?);
    tokio::spawn(watch_catalogues(Arc::clone(&app)));
    let config = app.config.clone();
    let floor = Arc::clone(&app.floor);
    run(listener, router(app), &config, &floor, stop_signal(&config)?).await;
    Ok(())
}

/// An error that lists all faults, if there are any.
pub fn refuse_on(faults: &[Fault]) -> anyhow::Result<()> {
    let list: String = faults.iter().map(|fault| format!("\n  {fault}")).collect();
    match faults.len() {
        0 => Ok(()),
        1 => anyhow::bail!("one thing is wrong:{list}"),
        n => anyhow::bail!("{n} things are wrong:{list}"),
    }
}

/// Builds the shipped sample where `serve` looks for catalogues: a first start has something to show.
async fn build_sample(config: &Config) -> anyhow::Result<()> {
    tracing::info!("no catalogue yet: building the shipped sample (a second or two)");
    build_sample_into(&config.catalogues_dir()).await
}

/// The same, into any folder.
pub async fn build_sample_into(dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let report = load::shipped::load(dir, app::system_clock()).await.context("the shipped sample cannot be loaded")?;
    tracing::info!(catalogues = report.catalogues.len(), "the shipped sample is built");
    Ok(())
}

fn announce(app: &App, address: SocketAddr) {
    let catalogues = app.catalogues.current();
    // 0.0.0.0 cannot be opened in a browser, localhost can.
    let host = if address.ip().is_unspecified() { "localhost".to_string() } else { address.ip().to_string() };
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let url = app.config.public_url.clone().unwrap_or_else(|| format!("http://{host}:{}/", address.port()));
    // A closed standard output is no reason not to serve.
    let _ = writeln!(std::io::stdout(), "Windowshop is ready: open {url} (Ctrl-C stops it)");
    tracing::info!(%address, catalogues = %catalogues.version(), build = app.build, "serving");
}

/// Done at SIGTERM or Ctrl-C, with the time to go on serving: whoever presses Ctrl-C sits in front of it and waits.
fn stop_signal(config: &Config) -> anyhow::Result<impl Future<Output = Duration> + use<>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let drain = Duration::from_secs(config.drain_seconds);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => drain,
            _ = interrupt.recv() => Duration::ZERO,
        }
    })
}

/// Looks for newer catalogues every `--reload-seconds` and whenever SIGHUP comes.
async fn watch_catalogues(app: Arc<App>) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    let seconds = app.config.reload_seconds;
    loop {
        let time_is_up = async {
            match seconds {
                0 => std::future::pending().await,
                seconds => tokio::time::sleep(Duration::from_secs(seconds)).await,
            }
        };
        tokio::select! {
            () = time_is_up => {}
            _ = hangup.recv() => {}
        }
        app.catalogues.look_again().await;
    }
}

/// Serves connections from `listener` until `stop` is done, then goes on for as long as it says (so that a proxy sees
/// `/readyz` refuse before connections do), and finishes running requests for at most `--stop-timeout-seconds`.
pub async fn run(
    listener: TcpListener,
    router: Router,
    config: &Config,
    floor: &Arc<Floor>,
    stop: impl Future<Output = Duration>,
) {
    // Every connection holds one end; all are gone when nobody holds it.
    let (open, mut all_closed) = tokio::sync::mpsc::channel::<()>(1);
    let enter = |stream, place| {
        let connection = connection::serve(stream, router.clone(), config, floor);
        let open = open.clone();
        tokio::spawn(async move {
            connection.await;
            drop((place, open));
        });
    };
    let accepting = accept(&listener, floor, enter);
    let stopping = async {
        let drain = stop.await;
        floor.set_phase(Phase::Draining);
        tracing::info!(seconds = drain.as_secs(), "stopping: not ready any more, still serving");
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        () = accepting => {}
        () = stopping => {}
    }
    take_the_last(&listener, floor, enter).await;
    drop(listener);
    floor.set_phase(Phase::Closing);
    drop(open);
    tracing::info!(running = floor.connections(), "stopping: finishing what is running");
    let time = Duration::from_secs(config.stop_timeout_seconds);
    match tokio::time::timeout(time, all_closed.recv()).await {
        Ok(_) => tracing::info!("stopped"),
        Err(_) => tracing::warn!("stopped with requests unfinished after {} s", time.as_secs()),
    }
}

/// Takes connections for ever. A place first, then a connection: whoever finds none waits in the kernel's queue and
/// costs us nothing.
async fn accept(listener: &TcpListener, floor: &Floor, enter: impl Fn(TcpStream, OwnedSemaphorePermit)) {
    loop {
        let place = floor.place().await;
        match listener.accept().await {
            Ok((stream, _)) => enter(stream, place),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // Most likely no file handle is left: whoever idles longest gives one back.
                floor.make_room();
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Takes the connections that the kernel has completed already: closing the listener would reset them. Later ones are
/// kept out by a queue without places, and find the port closed when they try again.
async fn take_the_last(listener: &TcpListener, floor: &Floor, enter: impl Fn(TcpStream, OwnedSemaphorePermit)) {
    if let Err(error) = rustix::net::listen(listener, 0) {
        tracing::debug!(%error, "the queue of new connections cannot be closed");
    }
    let until = tokio::time::Instant::now() + LAST_CONNECTIONS;
    loop {
        let next = async { (floor.place().await, listener.accept().await) };
        match tokio::time::timeout_at(until, tokio::time::timeout(QUEUE_IS_EMPTY, next)).await {
            Ok(Ok((place, Ok((stream, _))))) => enter(stream, place),
            _ => return,
        }
    }
}
