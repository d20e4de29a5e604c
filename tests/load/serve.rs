//! How fast the whole site is for browsers (brotli, gzip), next to a bare server with the same bytes, in the same
//! run.
//!
//! `cargo bench --bench serve -- --catalogues DIR [--seconds 4] [--connections 16] [--case WORDS]` starts, in this
//! process and on its two cores, which the client shares: the site on a real socket; bare axum with a small fixed
//! answer and with a finished list; nginx, if it is installed, with the same finished list. It prints answers per
//! second, p50 and p99, and ratios to the small fixed answer and to bare axum with the same bytes. Figures are
//! printed, never judged: machines differ, and ratios say more than rates.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use clap::Parser;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use windowshop::app::App;
use windowshop::cli::Cli;
use windowshop::config::Config;
use windowshop::router;

#[derive(Parser)]
struct Args {
    /// A folder with a catalogue, made by `windowshop load`
    #[arg(long)]
    catalogues: std::path::PathBuf,
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Only cases whose name contains this, and the two that others are measured against
    #[arg(long, default_value = "")]
    case: String,
    /// Given by cargo; ignored
    #[arg(long, hide = true)]
    bench: bool,
}

/// How the n-th address is made.
type Path = Arc<dyn Fn(u64) -> String + Send + Sync>;

struct Case {
    name: &'static str,
    address: SocketAddr,
    coding: &'static str,
    /// More header lines of the request.
    lines: String,
    status: u16,
    path: Path,
    /// The share of the small fixed answer, or the rate, that is the goal.
    asked_for: &'static str,
}

/// Ends what it started.
struct Nginx {
    process: Child,
    _folder: tempfile::TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let app = app(&args).await?;
    let site = listen(router::router(Arc::clone(&app))).await?;
    let places = Arc::new(places(&app).await?);
    let (zip, county) = places[0];
    let list =
        format!("/plans?year={}&zip={zip:05}&county={county:05}&people=40", app.catalogues.current().newest().year);
    // Requested often enough to be kept: the bare servers send these same bytes.
    let mut finished = fetch(site, &list, "br", "").await?;
    for _ in 0..3 {
        finished = fetch(site, &list, "br", "").await?;
    }
    let body = Bytes::from(finished.body.clone());
    println!(
        "{} places; a finished list is {} bytes in brotli; {} connections, {} s a case",
        places.len(),
        body.len(),
        args.connections,
        args.seconds
    );
    let same = get(move || {
        let body = body.clone();
        async move { ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_ENCODING, "br")], body) }
    });
    let bare = listen(Router::new().route("/small", get(async || "ok\n")).route("/same", same)).await?;
    let nginx = nginx(&finished.body).await?;
    let mut cases = vec![
        case("bare axum, a small fixed answer", bare, "", "/small"),
        case("bare axum, the same list in brotli", bare, "br", "/same"),
    ];
    match &nginx {
        Some((_, address)) => cases.push(case("nginx, the same list in brotli, from a file", *address, "br", "/list")),
        None => println!("nginx is not installed, so it is not measured"),
    }
    cases.extend(site_cases(site, &list, &finished.etag, &places, &app));
    measure(&args, cases).await
}

async fn app(args: &Args) -> anyhow::Result<Arc<App>> {
    let dir = args.catalogues.to_str().context("the folder's name is not UTF-8")?;
    let data = std::env::temp_dir().join(format!("windowshop-bench-{}", std::process::id()));
    let data = data.to_str().context("the temporary folder's name is not UTF-8")?;
    let settings =
        ["windowshop", "--listen", "127.0.0.1:0", "--catalogues", dir, "--data-dir", data, "--log-level", "error"];
    let (config, faults) = Config::read(&Cli::try_parse_from(settings)?.serve);
    anyhow::ensure!(faults.is_empty(), "{faults:?}");
    App::build(config, windowshop::app::system_clock).await
}

async fn listen(router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// nginx with two workers and the finished list as a file; `None` if it is not installed.
async fn nginx(list: &[u8]) -> anyhow::Result<Option<(Nginx, SocketAddr)>> {
    if Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_err() {
        return Ok(None);
    }
    let folder = tempfile::tempdir()?;
    let dir = folder.path().display();
    let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    std::fs::write(folder.path().join("list"), list)?;
    let mut config = std::fs::File::create(folder.path().join("nginx.conf"))?;
    writeln!(
        config,
        "daemon off; user root; worker_processes 2; pid {dir}/pid; error_log {dir}/log; events {{}} http {{ access_log off; \
         client_body_temp_path {dir}/t; proxy_temp_path {dir}/t; fastcgi_temp_path {dir}/t; uwsgi_temp_path {dir}/t; \
         scgi_temp_path {dir}/t; keepalive_requests 100000000; open_file_cache max=10; sendfile on; tcp_nopush on; \
         server {{ listen {address}; root {dir}; default_type text/html; add_header Content-Encoding br; }} }}"
    )?;
    let conf = folder.path().join("nginx.conf");
    let process = Command::new("nginx").arg("-c").arg(conf).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let nginx = Nginx { process, _folder: folder };
    for _ in 0..100 {
        if TcpStream::connect(address).await.is_ok() {
            return Ok(Some((nginx, address)));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("nginx does not listen")
}

fn case(name: &'static str, address: SocketAddr, coding: &'static str, path: &str) -> Case {
    let path = path.to_string();
    let path: Path = Arc::new(move |_| path.clone());
    Case { name, address, coding, lines: String::new(), status: 200, path, asked_for: "" }
}

fn site_cases(site: SocketAddr, list: &str, etag: &str, places: &Arc<Vec<(i64, i64)>>, app: &App) -> Vec<Case> {
    let year = app.catalogues.current().newest().year;
    let fresh = |name, coding, asked_for, rest: fn(u64) -> String| {
        let places = Arc::clone(places);
        let path: Path = Arc::new(move |n| {
            let (zip, county) = places[(n as usize * 7919) % places.len()];
            format!("/plans?year={year}&zip={zip:05}&county={county:05}&{}", rest(n))
        });
        Case { path, asked_for, ..case(name, site, coding, "") }
    };
    let one = |n: u64| format!("people={}", 18 + n % 47);
    let credit = |n: u64| format!("people={}&income={}", 18 + n % 47, 20_000 + n % 40_000);
    let family = |n: u64| {
        let (a, b, c) = (25 + n % 40, 24 + n % 37, n % 18);
        format!("people={a},{b},{c},{},{}&income={}", c / 2, c / 3, 90_000 + n % 60_000)
    };
    let kept = |name, coding, asked_for| Case { asked_for, ..case(name, site, coding, list) };
    vec![
        case("health", site, "", "/healthz"),
        Case { asked_for: "70 %", ..case("home, kept", site, "br", "/") },
        kept("a list, kept", "br", "70 %"),
        kept("the same", "gzip", "70 %"),
        Case {
            lines: format!("if-none-match: {etag}\r\n"),
            status: 304,
            asked_for: "35,000",
            ..case("its 304", site, "br", list)
        },
        fresh("a list, fresh", "br", "5,000", one),
        fresh("the same", "gzip", "", one),
        fresh("the same", "", "", one),
        fresh("a list with a credit", "br", "5,000", credit),
        fresh("the same", "gzip", "", credit),
        fresh("family of five with a credit", "br", "3,000", family),
        fresh("the same", "gzip", "", family),
    ]
}

/// ZIP and county pairs where plans are sold.
async fn places(app: &App) -> anyhow::Result<Vec<(i64, i64)>> {
    let sql = "SELECT zip, county_fips FROM zip_county WHERE ratio_ppm > 500000 \
               AND county_fips IN (SELECT county_fips FROM sold WHERE by_zip = 0)";
    let places: Vec<(i64, i64)> = sqlx::query_as(sql).fetch_all(&app.catalogues.current().newest().pool).await?;
    anyhow::ensure!(!places.is_empty(), "this catalogue sells nothing");
    Ok(places)
}

async fn measure(args: &Args, cases: Vec<Case>) -> anyhow::Result<()> {
    let wanted = cases.iter().filter(|case| case.name.starts_with("bare") || case.name.contains(&args.case));
    println!(
        "{:<46} {:>8} {:>9} {:>9} {:>9} {:>11} {:>12}  asked for",
        "", "a second", "p50 ms", "p99 ms", "of small", "of the same", "bytes"
    );
    let (mut small, mut same) = (0.0, 0.0);
    for case in wanted {
        let (rate, [middle, slow], bytes) = run(case, args).await?;
        match case.name {
            name if name.contains("small") => small = rate,
            name if name.starts_with("bare") => same = rate,
            _ => {}
        }
        let of = |whole: f64| if whole > 0.0 { format!("{:.1} %", 100.0 * rate / whole) } else { String::new() };
        let name = format!("{}{}{}", case.name, if case.coding.is_empty() { "" } else { ", " }, case.coding);
        println!(
            "{name:<46} {rate:>8.0} {middle:>9.2} {slow:>9.2} {:>9} {:>11} {bytes:>12}  {}",
            of(small),
            of(same),
            case.asked_for
        );
    }
    Ok(())
}

/// (answers per second, p50 and p99 in ms, bytes of the last body) of one case.
async fn run(case: &Case, args: &Args) -> anyhow::Result<(f64, [f64; 2], usize)> {
    let next = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let until = start + Duration::from_secs(args.seconds);
    let mut clients = Vec::new();
    for _ in 0..args.connections {
        let (next, path, coding, lines) = (Arc::clone(&next), Arc::clone(&case.path), case.coding, case.lines.clone());
        let (address, status) = (case.address, case.status);
        clients.push(tokio::spawn(async move {
            let mut line = Line::open(address).await?;
            let mut times = Vec::new();
            while Instant::now() < until {
                let path = path(next.fetch_add(1, Ordering::Relaxed));
                let asked = Instant::now();
                let answer = line.ask(&path, coding, &lines).await?;
                anyhow::ensure!(answer == status, "{path}: {answer}");
                times.push(u64::try_from(asked.elapsed().as_micros())?);
            }
            anyhow::Ok((times, line.body.len()))
        }));
    }
    let (mut times, mut bytes) = (Vec::new(), 0);
    for client in clients {
        let (more, length) = client.await??;
        times.extend(more);
        bytes = length;
    }
    let seconds = start.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
    Ok((times.len() as f64 / seconds, [at(0.5), at(0.99)], bytes))
}

/// One kept connection.
struct Line {
    stream: BufReader<TcpStream>,
    text: String,
    body: Vec<u8>,
    etag: String,
}

impl Line {
    async fn open(address: SocketAddr) -> anyhow::Result<Line> {
        let stream = BufReader::with_capacity(64 * 1024, TcpStream::connect(address).await?);
        stream.get_ref().set_nodelay(true)?;
        Ok(Line { stream, text: String::new(), body: Vec::new(), etag: String::new() })
    }

    /// The status; the body stays in `body`.
    async fn ask(&mut self, path: &str, coding: &str, lines: &str) -> anyhow::Result<u16> {
        let coding = if coding.is_empty() { String::new() } else { format!("accept-encoding: {coding}\r\n") };
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{coding}{lines}\r\n");
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let (mut length, mut chunked) = (0, false);
        self.text.clear();
        self.stream.read_line(&mut self.text).await?;
        let status = self.text.split(' ').nth(1).context("no status")?.parse()?;
        loop {
            self.text.clear();
            self.stream.read_line(&mut self.text).await?;
            let Some((name, value)) = self.text.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse()?,
                "transfer-encoding" => chunked = true,
                "etag" => self.etag = value.to_string(),
                _ => {}
            }
        }
        self.body.clear();
        if chunked {
            self.chunks().await?;
        } else if status != 304 {
            self.body.resize(length, 0);
            self.stream.read_exact(&mut self.body).await?;
        }
        Ok(status)
    }

    async fn chunks(&mut self) -> anyhow::Result<()> {
        loop {
            self.text.clear();
            self.stream.read_line(&mut self.text).await?;
            let length = usize::from_str_radix(self.text.trim(), 16)?;
            let start = self.body.len();
            self.body.resize(start + length, 0);
            self.stream.read_exact(&mut self.body[start..]).await?;
            self.text.clear();
            self.stream.read_line(&mut self.text).await?;
            if length == 0 {
                return Ok(());
            }
        }
    }
}

async fn fetch(address: SocketAddr, path: &str, coding: &str, lines: &str) -> anyhow::Result<Line> {
    let mut line = Line::open(address).await?;
    let status = line.ask(path, coding, lines).await?;
    anyhow::ensure!(status == 200, "{path}: {status}");
    Ok(line)
}
