//! How fast the whole site is as browsers ask it (brotli, gzip), next to bare axum and nginx sending the same bytes in
//! the same run; what it does under twice the load it can carry; how it starts and stops.
//!
//! `cargo bench --bench serve -- --catalogues DIR [--seconds 4] [--connections 16] [--case WORDS]`, with DIR made by
//! `windowshop load`; without it, the shipped sample. The site, bare axum and nginx are processes of their own, on the
//! two cores that the client shares. Figures are printed, never judged: machines differ and are shared, so the
//! columns to trust are CPU time per request and the ratios.

mod cases;
mod client;
mod overload;
mod server;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use clap::Parser;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use crate::cases::Case;
use crate::server::Server;

#[derive(Parser)]
struct Args {
    /// A folder with a catalogue, made by `windowshop load` [default: the shipped sample]
    #[arg(long)]
    catalogues: Option<PathBuf>,
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Only cases whose name contains this, and those that others are measured against
    #[arg(long, default_value = "")]
    case: String,
    /// Of the site's log; every answer is one line at `info`, which takes some microseconds
    #[arg(long, default_value = "error")]
    log_level: String,
    /// Leave out overload, stop and start
    #[arg(long)]
    only_cases: bool,
    /// Start as the bare server that others are measured against
    #[arg(long, hide = true)]
    bare: Option<SocketAddr>,
    #[arg(long, hide = true)]
    finished: Option<PathBuf>,
    /// Given by cargo; ignored
    #[arg(long, hide = true)]
    bench: bool,
}

/// The three that everything else is compared with.
const BARE: &str = "bare axum";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let (Some(address), Some(finished)) = (args.bare, &args.finished) {
        return bare(address, std::fs::read(finished)?).await;
    }
    let work = tempfile::tempdir()?;
    let data = work.path().join("data");
    let own = data.join("catalogues");
    let quiet = ["--log-level", &args.log_level];
    let mut shop = Server::shop(args.catalogues.as_deref(), &data, &quiet)?;
    shop.ready("/").await?;
    // Without a folder the first start has built the sample in its own.
    let catalogues = args.catalogues.as_deref().unwrap_or(&own);
    let pairs = pairs(catalogues).await?;
    let (year, zip, county) = pairs[0];
    let list = format!("/plans?year={year}&zip={zip:05}&county={county:05}&people=40");
    let (finished, tag) = finished(&shop, &list).await?;
    let page = work.path().join("page");
    std::fs::create_dir(&page)?;
    let page = page.join("list");
    std::fs::write(&page, &finished)?;
    let (mut bare, nginx) = (Server::bare(&page)?, Server::nginx(work.path(), &page)?);
    bare.ready("/small").await?;
    let places = cases::places(shop.address, &pairs).await?;
    println!(
        "{} places; a finished list has {} bytes in brotli; {} connections, {} s a case",
        places.len(),
        finished.len(),
        args.connections,
        args.seconds
    );
    let mut all = vec![
        (&bare, Case::same("bare axum, a small fixed answer", bare.address, "", "/small")),
        (&bare, Case::same("bare axum, the same list", bare.address, "br", "/list")),
    ];
    let Some(mut nginx) = nginx else {
        anyhow::bail!("nginx is missing: install it (Debian: apt-get install nginx-light)")
    };
    nginx.ready("/list").await?;
    all.push((&nginx, Case::same("nginx, the same list from a file", nginx.address, "br", "/list")));
    all.extend(cases::of_the_site(shop.address, &places, &list, &tag).await?.into_iter().map(|case| (&shop, case)));
    let capacity = table(&args, all).await?;
    let (own, mapped) = shop.memory_mb();
    println!("memory after all of these: {own:.0} MB of its own, {mapped:.0} MB of mapped files");
    if args.only_cases {
        return Ok(());
    }
    let seconds = 2 * args.seconds;
    let lists = cases::fresh_lists(&places, overload::lists(capacity, seconds));
    overload::run(&shop, &lists, capacity, seconds).await?;
    overload::stop(shop, &lists).await?;
    start(Some(catalogues), work.path(), &list).await
}

/// (year, ZIP, county) of every place where plans are sold, from the file itself: the site has no list of places.
async fn pairs(catalogues: &Path) -> anyhow::Result<Vec<(i64, i64, i64)>> {
    let files = std::fs::read_dir(catalogues)?.filter_map(|entry| Some(entry.ok()?.path()));
    let newest = files.filter(|path| path.extension().is_some_and(|ending| ending == "db")).max();
    let file = newest.with_context(|| format!("no catalogue in {}", catalogues.display()))?;
    let pool =
        SqlitePool::connect_with(SqliteConnectOptions::new().filename(file).read_only(true).immutable(true)).await?;
    let sql = "SELECT (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'plan_year'), zip, county_fips FROM zip_county \
               WHERE ratio_ppm > 500000 AND county_fips IN (SELECT county_fips FROM sold WHERE by_zip = 0)";
    let pairs: Vec<(i64, i64, i64)> = sqlx::query_as(sql).fetch_all(&pool).await?;
    anyhow::ensure!(!pairs.is_empty(), "this catalogue sells nothing");
    Ok(pairs)
}

/// The list as browsers get it once it has been read so often that it is as small as can be, and its ETag.
async fn finished(shop: &Server, list: &str) -> anyhow::Result<(Vec<u8>, String)> {
    for _ in 0..1_000 {
        let (line, answer) = client::fetch(shop.address, list, cases::BROWSER).await?;
        anyhow::ensure!(answer.status == 200, "{list}: {}", answer.status);
        let tag = line.header(&answer, "etag").context("no ETag")?;
        if tag.ends_with("-br3\"") {
            return Ok((line.body(&answer).to_vec(), tag.to_string()));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    anyhow::bail!("{list} was never squeezed")
}

/// Prints the table. Returns the rate of fresh lists: what the site can carry.
async fn table(args: &Args, cases: Vec<(&Server, Case)>) -> anyhow::Result<f64> {
    println!(
        "{:<34} {:>7} {:>8} {:>8} {:>8} {:>7} {:>9} {:>9} {:>9} {:>7}  goal",
        "", "", "a second", "p50 ms", "p99 ms", "CPU µs", "of small", "of same", "of nginx", "bytes"
    );
    let (_, first) = cases.first().context("no cases")?;
    let of_small = (first.address, Arc::clone(&first.requests), first.status);
    let (mut small, mut same, mut nginx, mut capacity) = (f64::NAN, f64::NAN, f64::NAN, f64::NAN);
    for (server, case) in cases {
        let is_measure = case.name.starts_with(BARE) || case.name.starts_with("nginx");
        let is_capacity = case.name == cases::CAPACITY && case.coding() == "browser";
        if !is_measure && !is_capacity && !case.name.contains(&args.case) {
            continue;
        }
        let time = Duration::from_secs(args.seconds);
        if case.is_a_share_of_small() {
            // Measured again right before: the neighbors on a shared host move everything by a tenth within the minute.
            let (address, requests, status) = &of_small;
            small = client::closed_loop(*address, requests, *status, args.connections, time).await?.rate;
        }
        let before = server.cpu_seconds();
        let run = client::closed_loop(case.address, &case.requests, case.status, args.connections, time).await?;
        let cpu = 1e6 * (server.cpu_seconds() - before) / run.answers as f64;
        match case.name {
            name if name.contains("small") => small = run.rate,
            name if name.starts_with(BARE) => same = run.rate,
            name if name.starts_with("nginx") => nginx = run.rate,
            _ if is_capacity => capacity = run.rate,
            _ => {}
        }
        let of = |whole: f64| format!("{:.1} %", 100.0 * run.rate / whole);
        println!(
            "{:<34} {:>7} {:>8.0} {:>8.2} {:>8.2} {cpu:>7.0} {:>9} {:>9} {:>9} {:>7}  {}",
            case.name,
            case.coding(),
            run.rate,
            run.p50_ms,
            run.p99_ms,
            of(small),
            of(same),
            of(nginx),
            run.bytes,
            case.goal
        );
    }
    Ok(capacity)
}

/// From the start of the process to the first list, without the time that a first start takes to build a sample.
async fn start(catalogues: Option<&Path>, work: &Path, list: &str) -> anyhow::Result<()> {
    for n in 0..3 {
        let mut shop = Server::shop(catalogues, &work.join(format!("start{n}")), &["--log-level", "error"])?;
        let took = shop.ready(list).await?;
        let (own, mapped) = shop.memory_mb();
        println!(
            "start to the first list: {:.0} ms; {own:.0} MB of its own, {mapped:.0} MB mapped",
            1e3 * took.as_secs_f64()
        );
    }
    Ok(())
}

/// A server with nothing of ours: a small fixed answer, and a finished list.
async fn bare(address: SocketAddr, finished: Vec<u8>) -> anyhow::Result<()> {
    let body = Bytes::from(finished);
    let list = get(move || {
        let body = body.clone();
        async move { ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_ENCODING, "br")], body) }
    });
    let router = Router::new().route("/small", get(async || "ok\n")).route("/list", list);
    Ok(axum::serve(tokio::net::TcpListener::bind(address).await?, router).await?)
}
