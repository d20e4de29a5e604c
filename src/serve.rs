//! `windowshop serve`: listens, hands connections to the router, watches for newer catalogues, stops gracefully.
//!
//! Called by `main` and by tests with real sockets. The connection's own limits are here: how many at once, how slow a
//! client may be. It must never look into a request.

use std::future::Future;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::app::{self, App};
use crate::config::{Config, Fault};
use crate::load;
use crate::router::router;
use crate::web::guard::HEADERS_BYTES_MAX;

/// Streams that one HTTP/2 client may have open at once.
const STREAMS_PER_CONNECTION: u32 = 100;
/// After its last request's time is up, a connection may take this long to read the answer, then it is closed.
const READING_TIME: Duration = Duration::from_secs(60);
/// When no file handle is left for a new connection, wait so long for old ones to end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Longest time that `windowshop health` waits for an answer.
const HEALTH_WAIT: Duration = Duration::from_secs(5);

/// Runs until SIGTERM or Ctrl-C. Refuses to start on any fault, after telling all of them.
pub async fn serve(config: Config, mut faults: Vec<Fault>) -> anyhow::Result<()> {
    faults.extend(config.validate().await);
    refuse_on(&faults)?;
    if config.wants_sample() {
        build_sample(&config).await.context("the shipped sample could not be built")?;
    }
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
    let app = App::build(config, app::system_clock).await?;
    announce(&app, listener.local_addr()?);
    tokio::spawn(watch_catalogues(Arc::clone(&app)));
    let config = app.config.clone();
    run(listener, router(app), &config, stop_signal()?).await;
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

fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
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

/// Serves connections from `listener` until `stop` is done, then finishes running requests for at most
/// `--stop-timeout-seconds`.
pub async fn run(listener: TcpListener, router: Router, config: &Config, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(config.max_connections));
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        // A place first, then a connection: whoever finds none waits in the kernel's queue and costs us nothing.
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, router.clone(), config, graceful.watcher());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let running = graceful.count();
    tracing::info!(running, "stopping: finishing what is running");
    let time = Duration::from_secs(config.stop_timeout_seconds);
    match tokio::time::timeout(time, graceful.shutdown()).await {
        Ok(()) => tracing::info!("stopped"),
        Err(_) => tracing::warn!("stopped with requests unfinished after {} s", time.as_secs()),
    }
}

/// Serves one connection, HTTP/1 or HTTP/2 as the client begins it.
fn connection(
    stream: TcpStream,
    router: Router,
    config: &Config,
    watcher: hyper_util::server::graceful::Watcher,
) -> impl Future<Output = ()> + Send + 'static {
    let header_time = Duration::from_secs(config.header_timeout_seconds);
    let idle_time = Duration::from_secs(config.request_timeout_seconds) + READING_TIME;
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_time)
        // Room for the largest address and headers that `guard` would answer with a page; beyond it hyper says 431.
        .max_buf_size(config.max_url_bytes + 2 * HEADERS_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .max_header_list_size(u32::try_from(config.max_url_bytes + 2 * HEADERS_BYTES_MAX).unwrap_or(u32::MAX))
        .keep_alive_interval(header_time)
        .keep_alive_timeout(header_time);
    async move {
        // Small answers go out at once; waiting to fill a packet only adds delay.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "set_nodelay");
        }
        let seen = Arc::new(Seen::new());
        let counting = Arc::clone(&seen);
        let service = router.map_request(move |request: hyper::Request<hyper::body::Incoming>| {
            counting.now();
            request.map(axum::body::Body::new)
        });
        let serving = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).into_owned();
        tokio::select! {
            // Its errors are the client's (gone, or not speaking HTTP): nothing to do, nothing to say.
            result = watcher.watch(serving) => if let Err(error) = result { tracing::debug!(%error, "connection ended") },
            () = seen.silence(header_time, idle_time) => tracing::debug!("a silent connection was closed"),
        }
    }
}

/// When a connection last brought a request. Hyper times the headers of an HTTP/1 request, but not the first bytes (by
/// which it tells HTTP/1 from HTTP/2), nor an idle HTTP/2 connection, nor a client that never reads its answer.
struct Seen {
    born: Instant,
    /// Milliseconds from `born` to the last request, plus one; 0: none yet.
    last_ms: AtomicU64,
}

impl Seen {
    fn new() -> Seen {
        Seen { born: Instant::now(), last_ms: AtomicU64::new(0) }
    }

    fn now(&self) {
        let ms = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.last_ms.store(ms + 1, Ordering::Relaxed);
    }

    /// Done when no first request came in `first`, or none for `idle` since the last.
    async fn silence(&self, first: Duration, idle: Duration) {
        loop {
            let due = match self.last_ms.load(Ordering::Relaxed) {
                0 => first,
                ms => Duration::from_millis(ms) + idle,
            };
            match due.checked_sub(self.born.elapsed()) {
                Some(left) if !left.is_zero() => tokio::time::sleep(left).await,
                _ => return,
            }
        }
    }
}

/// `windowshop health`: asks the server at `--listen` whether it is ready. For containers without curl.
pub async fn health(config: &Config) -> anyhow::Result<()> {
    let mut address = config.listen;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    let asking = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = tokio::time::timeout(HEALTH_WAIT, asking)
        .await
        .with_context(|| format!("{address} did not answer within {} s", HEALTH_WAIT.as_secs()))?
        .with_context(|| format!("{address} cannot be reached"))?;
    let answer = String::from_utf8_lossy(&answer);
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200"), "not ready: {}", answer.lines().last().unwrap_or(""));
    Ok(())
}
