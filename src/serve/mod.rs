//! `windowshop serve`: listens, hands connections to the router, watches for newer catalogues, stops gracefully.
//!
//! Called by `main` and by tests with real sockets. Connection limits are enforced here: how many at once, how slow a
//! client may be. It must never look into a request.

mod chores;
pub mod connection;
mod health;
pub mod jobs;
pub mod now;
pub mod private;
pub mod trial;

use std::future::Future;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::OwnedSemaphorePermit;

use crate::account::office::Office;
use crate::app::{self, App};
use crate::catalogue::Shelf;
use crate::check;
use crate::config::{Config, SettingFault};
use crate::desk::Desk;
use crate::floor::{Floor, Phase};
use crate::hub::Hub;
use crate::load;
use crate::office;
use crate::router;
use crate::verify::Knows;
use crate::web::door::Door;

pub use health::health;
pub use jobs::worker;

/// Connections the kernel holds for us until they are accepted. If it has no room for one, its client waits a second
/// before it tries again; Linux allows 4,096 unless told otherwise (`net.core.somaxconn`).
const QUEUE: u32 = 4096;
/// Connections to the desk at once: some dozen people with a browser each.
const DESK_CONNECTIONS: usize = 256;
/// If a connection cannot be accepted, wait this long for old ones to end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// When stopping: no new connection for this long means the kernel holds none for us.
const QUEUE_IS_EMPTY: Duration = Duration::from_millis(50);
/// When stopping: longest time to accept the connections that the kernel holds.
const LAST_CONNECTIONS: Duration = Duration::from_secs(2);

/// Runs until SIGTERM or Ctrl-C. On any fault it refuses to start, after reporting all of them.
pub async fn serve(config: Config, mut faults: Vec<SettingFault>) -> anyhow::Result<()> {
    faults.extend(check::without_catalogues(&config).await);
    let shelf = shelf(&config, faults).await?;
    let listener = listen(config.listen).with_context(|| format!("cannot listen on {}", config.listen))?;
    let today = app::system_clock().date();
    let office = Office::open(&config.office, (config.public_url.as_deref(), config.behind_tls), today).await;
    let office = Arc::new(office.context("the office cannot be opened")?);
    let app = App::of(shelf, config, app::system_clock)?;
    let config = app.config.clone();
    let knows = Arc::new(Knows::load()?);
    let pages = router::with_office(&app, &office::Office::new(&office, &config)?, &knows)?;
    let desk = desk(&office, &app, &knows)?;
    // One for the whole process: its limits and its breakers are.
    let hub = Hub::new(&config.hub);
    let workers = jobs::start(&office, &app, (&knows, &hub)).await?;
    // Whoever reads that we are ready may ask the private port, or stop us, the next moment.
    let stop = stop_signal(&config)?;
    if let Some(private) = config.metrics_listen {
        let address = private::start(&app, (&office, &workers.counts, &hub), private)?;
        tracing::info!(%address, "metrics");
    }
    announce(&app, listener.local_addr()?);
    tokio::spawn(watch_catalogues(Arc::clone(&app)));
    tokio::spawn(chores::keep_looking(office.store.clone()));
    tokio::spawn(chores::keep_receiving(Arc::clone(&app), Arc::clone(&office), Arc::clone(&knows)));
    tokio::spawn(chores::keep_insurers(Arc::clone(&app), Arc::clone(&office), Arc::clone(&knows)));
    tokio::spawn(chores::every_day(Arc::clone(&app), Arc::clone(&office), knows));
    tokio::spawn(chores::keep_flushing(Arc::clone(&app), Arc::clone(&office)));
    tokio::spawn(chores::keep_counting(office.store.clone(), Arc::clone(&workers.counts)));
    let floor = Arc::clone(&app.floor);
    let stopped = Arc::new(tokio::sync::Notify::new());
    let stop = async {
        let drain = stop.await;
        workers.stop_claiming();
        stopped.notify_one();
        drain
    };
    let at_the_desk = async {
        if let Some((listener, pages)) = desk {
            let floor = Floor::new(DESK_CONNECTIONS, config.max_answer_bytes, app::patience(&config));
            let stop = async {
                stopped.notified().await;
                Duration::ZERO
            };
            run(listener, pages, &config, &floor, stop).await;
        }
    };
    tokio::join!(run(listener, pages, &config, &floor, stop), at_the_desk);
    workers.finish(Duration::from_secs(config.stop_timeout_seconds)).await;
    chores::flush(&app, &office).await;
    office.store.close().await;
    Ok(())
}

/// The catalogues, opened; the shipped sample, if there is nothing else. Refuses on any fault, theirs included.
async fn shelf(config: &Config, mut faults: Vec<SettingFault>) -> anyhow::Result<Shelf> {
    if check::wants_sample(config) {
        refuse_on(&faults)?;
        build_sample(config).await.context("the shipped sample could not be built")?;
    }
    let opened = Shelf::open(&config.catalogues_dir(), &config.private_dir()).await;
    let shelf = opened.map_err(|unfit| faults.extend(check::of_catalogues(unfit))).ok();
    refuse_on(&faults)?;
    shelf.context("no catalogue can be served")
}

/// The desk's door, if there is to be one.
fn desk(office: &Office, app: &Arc<App>, knows: &Arc<Knows>) -> anyhow::Result<Option<(TcpListener, Door)>> {
    let Some(address) = app.config.desk_listen else { return Ok(None) };
    let listener = listen(address).with_context(|| format!("cannot listen on {address} for the desk"))?;
    let desk = Desk::new(office, knows, &app.config);
    tracing::info!(address = %listener.local_addr()?, "desk");
    Ok(Some((listener, router::of_desk(app, &desk)?)))
}

/// Like `TcpListener::bind`, with a longer queue.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart need not wait for the last connections of the process before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
}

/// An error listing all faults, if there are any.
pub fn refuse_on(faults: &[SettingFault]) -> anyhow::Result<()> {
    let list: String = faults.iter().map(|fault| format!("\n  {fault}")).collect();
    match faults.len() {
        0 => Ok(()),
        1 => anyhow::bail!("one thing is wrong:{list}"),
        n => anyhow::bail!("{n} things are wrong:{list}"),
    }
}

/// Builds the shipped sample where `serve` looks for catalogues, so a first start has something to show.
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
    // A browser cannot open 0.0.0.0; it can open localhost.
    let host = if address.ip().is_unspecified() { "localhost".to_string() } else { address.ip().to_string() };
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let url = app.config.public_url.clone().unwrap_or_else(|| format!("http://{host}:{}/", address.port()));
    // A closed standard output is no reason not to serve.
    let _ = writeln!(std::io::stdout(), "Windowshop is ready: open {url} (Ctrl-C stops it)");
    tracing::info!(%address, catalogues = %catalogues.version(), build = app.build, "serving");
}

/// Resolves at SIGTERM or Ctrl-C, with the time to keep serving: zero for Ctrl-C, because somebody sits there
/// waiting.
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

/// Looks for newer catalogues every `--reload-seconds` and on each SIGHUP.
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

/// Serves connections from `listener` until `stop` resolves, keeps going for as long as it says (so a proxy sees
/// `/readyz` refuse before connections do), then finishes running requests for at most `--stop-timeout-seconds`.
pub async fn run(
    listener: TcpListener,
    door: Door,
    config: &Config,
    floor: &Arc<Floor>,
    stop: impl Future<Output = Duration>,
) {
    tokio::select! {
        () = until_stopped(listener, door, config, floor, stop) => {}
        () = floor.keep_order() => {}
    }
}

async fn until_stopped(
    listener: TcpListener,
    door: Door,
    config: &Config,
    floor: &Arc<Floor>,
    stop: impl Future<Output = Duration>,
) {
    // Every connection holds one sender; the channel closes when all are gone.
    let (open, mut all_closed) = tokio::sync::mpsc::channel::<()>(1);
    let enter = |(stream, peer): (TcpStream, SocketAddr), place| {
        let connection = connection::serve((stream, peer.ip()), door.clone(), config, floor);
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

/// Accepts connections forever. A place first, then a connection: clients without a place wait in the kernel's queue
/// and cost us nothing.
async fn accept(listener: &TcpListener, floor: &Floor, enter: impl Fn((TcpStream, SocketAddr), OwnedSemaphorePermit)) {
    loop {
        let place = floor.place().await;
        match listener.accept().await {
            Ok(came) => enter(came, place),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // Probably out of file handles: closing the connection idle longest frees one.
                floor.make_room();
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Accepts the connections that the kernel has already completed: closing the listener would reset them.
///
/// The queue is not shortened first: a kernel whose queue is full drops the last step of the handshake, so visitors
/// would believe they are connected and then be reset.
async fn take_the_last(
    listener: &TcpListener,
    floor: &Floor,
    enter: impl Fn((TcpStream, SocketAddr), OwnedSemaphorePermit),
) {
    let until = tokio::time::Instant::now() + LAST_CONNECTIONS;
    loop {
        let next = async { (floor.place().await, listener.accept().await) };
        match tokio::time::timeout_at(until, tokio::time::timeout(QUEUE_IS_EMPTY, next)).await {
            Ok(Ok((place, Ok(came)))) => enter(came, place),
            _ => break,
        }
    }
    // Connections in the queue at this very moment, straight from the kernel: the runtime may not have seen them yet.
    let flags = rustix::net::SocketFlags::NONBLOCK | rustix::net::SocketFlags::CLOEXEC;
    while let Ok(came) = rustix::net::accept_with(listener, flags) {
        let came = std::net::TcpStream::from(came);
        let (Ok(peer), Ok(came)) = (came.peer_addr(), TcpStream::from_std(came)) else { continue };
        enter((came, peer), floor.place().await);
    }
}
