//! How many uncached searches per second, against a ceiling measured in the same run.
//!
//! `cargo bench --bench search -- --catalogues DIR [--seconds 5] [--connections 16] [--case WORDS]` starts the real
//! server on a free port of this machine and queries it over real sockets, from the same process and the same cores:
//! half of the time goes to the client. Every address is different (ages, ZIP, filters), so nothing can come from a
//! cache and SQLite sees many statement shapes. Without `sort` a list is ordered by yearly cost, so every plan of the
//! county is estimated; with a credit, the benchmark plan is found too. The ceiling is `/ceiling`, a fixed answer of
//! 8 KB through the same layers. Figures are printed, never judged: machines differ, and the ratio of the two says
//! more than either.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Parser;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use windowshop::app::{App, system_clock};
use windowshop::cli::Cli;
use windowshop::config::Config;
use windowshop::router;

#[derive(Parser)]
struct Args {
    /// A folder with a catalogue, made by `windowshop load`
    #[arg(long)]
    catalogues: std::path::PathBuf,
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Only cases whose name contains this, and the ceiling
    #[arg(long, default_value = "")]
    case: String,
    /// Given by cargo; ignored
    #[arg(long, hide = true)]
    bench: bool,
}

type Path = Box<dyn Fn(u64) -> String + Send + Sync>;
type Places = Arc<Vec<(i64, i64)>>;

/// One thing to measure: how the n-th address is made.
struct Case {
    name: &'static str,
    path: Path,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let dir = args.catalogues.to_str().context("the folder's name is not UTF-8")?;
    let settings = ["windowshop", "--listen", "127.0.0.1:0", "--catalogues", dir, "--log-level", "error"];
    let cli = Cli::try_parse_from(settings)?;
    let (config, faults) = Config::read(&cli.serve);
    anyhow::ensure!(faults.is_empty(), "{faults:?}");
    let app = App::build(config, system_clock).await?;
    let zips = Arc::new(zips(&app).await?);
    println!("{} ZIP codes with plans; {} connections, {} s a case", zips.len(), args.connections, args.seconds);

    let body = "x".repeat(8 * 1024);
    let ceiling = axum::routing::get(move || {
        let body = body.clone();
        async move { body }
    });
    let site = axum::Router::new().route("/ceiling", ceiling);
    let site = router::layers(site, &app).with_state(Arc::clone(&app)).merge(router::router(Arc::clone(&app)));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, site).await });

    let mut ceiling = 0.0;
    for case in
        cases(&zips).into_iter().filter(|case| case.name.starts_with("ceiling") || case.name.contains(&args.case))
    {
        let (rate, middle, slow) = run(address, &args, Arc::new(case.path)).await?;
        if ceiling == 0.0 {
            ceiling = rate;
        }
        println!(
            "{:<46} {rate:>8.0}/s  p50 {middle:>6.2} ms  p99 {slow:>6.2} ms  {:>5.1} % of the ceiling",
            case.name,
            100.0 * rate / ceiling
        );
    }
    Ok(())
}

fn cases(zips: &Places) -> Vec<Case> {
    let place = |n: u64, zips: &Places| {
        let (zip, county) = zips[(n as usize * 7919) % zips.len()];
        format!("year=2026&zip={zip:05}&county={county:05}")
    };
    let [one, credit, two, all, three] = std::array::from_fn(|_| Arc::clone(zips));
    vec![
        Case { name: "ceiling: a fixed answer of 8 KB", path: Box::new(|_| "/ceiling".to_string()) },
        Case {
            name: "one person, no filter",
            path: Box::new(move |n| format!("/plans?{}&people={}", place(n, &one), 18 + n % 47)),
        },
        Case {
            name: "one person, no filter, with a credit",
            path: Box::new(move |n| {
                format!("/plans?{}&people={}&income={}", place(n, &credit), 18 + n % 47, 20_000 + n % 40_000)
            }),
        },
        Case {
            name: "two adults, three children, two filters",
            path: Box::new(move |n| {
                let (a, b, c) = (25 + n % 40, 24 + n % 37, n % 18);
                let who = format!("{a},{b},{c},{},{}", c / 2, c / 3);
                format!("/plans?{}&people={who}&metal=bronze,silver&with=noreferral", place(n, &two))
            }),
        },
        Case {
            name: "two adults, three children, with a credit",
            path: Box::new(move |n| {
                let (a, b, c) = (25 + n % 40, 24 + n % 37, n % 18);
                let who = format!("{a},{b},{c},{},{}", c / 2, c / 3);
                format!("/plans?{}&people={who}&income={}", place(n, &all), 90_000 + n % 60_000)
            }),
        },
        Case {
            name: "one person, six filters, sorted by deductible",
            path: Box::new(move |n| {
                let filters = "metal=expanded_bronze,silver,gold&type=hmo,ppo";
                let (age, most) = (18 + n % 47, 400 + n % 400);
                let place = place(n, &three);
                format!("/plans?{place}&people={age}&{filters}&premium=-{most}&moop=-10000&stars=2&sort=deductible")
            }),
        },
    ]
}

/// ZIP and county pairs where plans are sold.
async fn zips(app: &App) -> anyhow::Result<Vec<(i64, i64)>> {
    let sql = "SELECT zip, county_fips FROM zip_county WHERE ratio_ppm > 500000 \
               AND county_fips IN (SELECT county_fips FROM sold WHERE by_zip = 0)";
    let zips: Vec<(i64, i64)> = sqlx::query_as(sql).fetch_all(&app.catalogues.current().newest().pool).await?;
    anyhow::ensure!(!zips.is_empty(), "this catalogue sells nothing");
    Ok(zips)
}

/// (answers per second, p50 ms, p99 ms) of one case.
async fn run(address: SocketAddr, args: &Args, path: Arc<Path>) -> anyhow::Result<(f64, f64, f64)> {
    let next = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let until = start + Duration::from_secs(args.seconds);
    let mut clients = Vec::new();
    for _ in 0..args.connections {
        let (next, path) = (Arc::clone(&next), Arc::clone(&path));
        clients.push(tokio::spawn(async move { ask(address, until, &next, &path).await }));
    }
    let mut times = Vec::new();
    for client in clients {
        times.extend(client.await??);
    }
    let seconds = start.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
    Ok((times.len() as f64 / seconds, at(0.5), at(0.99)))
}

/// Sends requests one after another over one connection; microseconds of each answer. Anything but 200 is an error.
async fn ask(address: SocketAddr, until: Instant, next: &AtomicU64, path: &Path) -> anyhow::Result<Vec<u64>> {
    let mut stream = BufReader::with_capacity(64 * 1024, TcpStream::connect(address).await?);
    stream.get_ref().set_nodelay(true)?;
    let (mut times, mut line, mut body) = (Vec::new(), String::new(), Vec::new());
    while Instant::now() < until {
        let path = path(next.fetch_add(1, Ordering::Relaxed));
        let asked = Instant::now();
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        stream.get_mut().write_all(request.as_bytes()).await?;
        let mut length = 0;
        line.clear();
        stream.read_line(&mut line).await?;
        anyhow::ensure!(line.starts_with("HTTP/1.1 200"), "{path}: {line}");
        loop {
            line.clear();
            stream.read_line(&mut line).await?;
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        body.resize(length, 0);
        stream.read_exact(&mut body).await?;
        times.push(u64::try_from(asked.elapsed().as_micros())?);
    }
    Ok(times)
}
