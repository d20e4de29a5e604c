//! How many applications a second are frozen for good, next to how often the disk can be asked to flush in the same run.
//!
//! `cargo bench --bench submit [-- --seconds 5 --clients 128]`: SQLite in a folder of its own, and each server of
//! `WINDOWSHOP_TEST_POSTGRES`. One line of JSON a store. Figures are printed, never judged.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Parser;
use serde_json::json;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use time::macros::datetime;
use windowshop::account::people::{Means, guest_owner, new_id};
use windowshop::application::submit::{Sending, Sent, Submitter, new_reference};
use windowshop::config::OfficeArgs;
use windowshop::operator::{self, Opened};
use windowshop::store::{Change, StoreError, Tx};

#[derive(Parser)]
struct Args {
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    #[arg(long, default_value_t = 128)]
    clients: usize,
    /// Drafts to be sent; the run ends when they are used up
    #[arg(long, default_value_t = 60_000)]
    drafts: usize,
    /// Given by cargo; ignored
    #[arg(long, hide = true)]
    bench: bool,
}

/// Owners that the drafts are spread over, so that the record of deeds writes to all of its lanes.
const OWNERS: usize = 64;
/// Of a family's answers and household, and of its determination, sealed.
const ANSWERS_BYTES: usize = 4_000;
const DETERMINATION_BYTES: usize = 6_000;
const NOTICE_BYTES: usize = 9_000;

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "tests/store/servers names the servers; no setting of the product")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    sqlx::any::install_default_drivers();
    let servers = std::env::var("WINDOWSHOP_TEST_POSTGRES").unwrap_or_default();
    let servers = servers.split_whitespace().map(|server| Some(server.to_string()));
    for server in std::iter::once(None).chain(servers) {
        println!("{}", one(&args, server.as_deref()).await?);
    }
    Ok(())
}

async fn one(args: &Args, server: Option<&str>) -> anyhow::Result<serde_json::Value> {
    let folder = tempfile::tempdir()?;
    let database = match server {
        Some(server) => Some(Database::new(server).await?),
        None => None,
    };
    let url = database.as_ref().map(|database| database.url.clone()).unwrap_or_default();
    let place = OfficeArgs {
        data_dir: folder.path().to_path_buf(),
        key_file: None,
        keys: "".parse()?,
        database_url: url.parse()?,
    };
    let office = operator::open(&place, datetime!(2026-11-27 12:00 UTC)).await?;
    let prepared = prepare(&office, args.drafts).await?;
    let (sent, took, mut times) = send_all(&office, args, prepared).await?;
    times.sort_unstable();
    let at = |part: f64| {
        let at = ((times.len() as f64 - 1.0) * part) as usize;
        times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    let rate = sent as f64 / took.as_secs_f64();
    let found = count(&office).await?;
    let said = json!({
        "store": server.map_or("SQLite", |_| "PostgreSQL"),
        "submissions_per_second": rate.round(),
        "flushes_per_second": flushes(folder.path())?.round(),
        "p50_ms": (at(0.5) * 10.0).round() / 10.0,
        "p99_ms": (at(0.99) * 10.0).round() / 10.0,
        "clients": args.clients,
        "acknowledged": sent,
        "found": found,
    });
    office.store.close().await;
    if let Some(database) = database {
        database.end().await?;
    }
    Ok(said)
}

async fn count(office: &Opened) -> anyhow::Result<i64> {
    let mut connection = office.store.read().await?;
    Ok(sqlx::query_scalar("SELECT count(*) FROM application").fetch_one(&mut *connection).await?)
}

/// How often this disk can be asked to keep 4 KB for good, for a second.
fn flushes(folder: &Path) -> anyhow::Result<f64> {
    let mut file = std::fs::File::create(folder.join("flush"))?;
    let (begun, page) = (Instant::now(), [7; 4096]);
    let mut done = 0_u32;
    while begun.elapsed() < Duration::from_secs(1) {
        file.write_all(&page)?;
        file.sync_data()?;
        done += 1;
    }
    Ok(f64::from(done) / begun.elapsed().as_secs_f64())
}

/// Keys of the owners, and open drafts of theirs.
struct Begun {
    means: Means,
    owners: Vec<String>,
    drafts: Vec<(String, usize)>,
}

impl Change for Begun {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for owner in &self.owners {
            self.means.vault.create(tx, owner).await?;
        }
        for (draft, owner) in &self.drafts {
            sqlx::query(
                "INSERT INTO draft (id, owner, answers, answers_version, version, state, made_at, changed_at) \
                 VALUES ($1, $2, $3, 1, 1, 0, 1, 1)",
            )
            .bind(draft.as_str())
            .bind(self.owners[*owner].as_str())
            .bind(vec![7_u8; ANSWERS_BYTES])
            .execute(tx.conn())
            .await?;
        }
        Ok(())
    }
}

async fn prepare(office: &Opened, many: usize) -> anyhow::Result<Vec<Sending>> {
    let mut owners = Vec::new();
    for _ in 0..OWNERS {
        owners.push(guest_owner(&new_id()?));
    }
    let mut drafts = Vec::new();
    let mut sendings = Vec::new();
    for n in 0..many {
        let (draft, owner) = (new_id()?, n % OWNERS);
        sendings.push(Sending {
            id: new_id()?,
            draft: draft.clone(),
            draft_version: 1,
            owner: owners[owner].clone(),
            reference: new_reference()?,
            plan_year: 2027,
            follows: None,
            answers: vec![7; ANSWERS_BYTES],
            answers_version: 1,
            determination: vec![7; DETERMINATION_BYTES],
            catalogue: "catalogue-2027-20261101-0a1b2c3d".to_string(),
            notice: new_id()?,
            notice_body: vec![7; NOTICE_BYTES],
            letter: None,
            jobs: Vec::new(),
            session: String::new(),
        });
        drafts.push((draft, owner));
    }
    let means = Means { vault: office.vault.clone(), audit: office.audit.clone() };
    office.store.begin_long_write(Begun { means, owners, drafts }).await?;
    Ok(sendings)
}

/// All clients at once, each sending one application after another.
async fn send_all(
    office: &Opened,
    args: &Args,
    sendings: Vec<Sending>,
) -> anyhow::Result<(usize, Duration, Vec<Duration>)> {
    let means = Means { vault: office.vault.clone(), audit: office.audit.clone() };
    let way = Submitter::start(office.store.clone(), means);
    let waiting = Arc::new(std::sync::Mutex::new(sendings));
    let sent = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let until = begun + Duration::from_secs(args.seconds);
    let mut clients = Vec::new();
    for _ in 0..args.clients {
        let (way, waiting, sent) = (way.clone(), Arc::clone(&waiting), Arc::clone(&sent));
        clients.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < until {
                let Some(sending) = waiting.lock().ok().and_then(|mut waiting| waiting.pop()) else { break };
                let begun = Instant::now();
                match way.send(sending).await {
                    Ok(Sent::Now { .. }) => drop(sent.fetch_add(1, Ordering::Relaxed)),
                    other => anyhow::bail!("not sent: {other:?}"),
                }
                times.push(begun.elapsed());
            }
            Ok(times)
        }));
    }
    let mut times = Vec::new();
    for client in clients {
        times.extend(client.await.context("a client ended")??);
    }
    Ok((sent.load(Ordering::Relaxed), begun.elapsed(), times))
}

/// A database of our own on a server.
struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    async fn new(server: &str) -> anyhow::Result<Database> {
        let name = format!("windowshop_bench_{}", &new_id()?[..12]);
        run(server, format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")).await?;
        let mut url = url::Url::parse(server)?;
        url.set_path(&name);
        Ok(Database { server: server.to_string(), name, url: url.to_string() })
    }

    async fn end(self) -> anyhow::Result<()> {
        run(&self.server, format!("DROP DATABASE {} WITH (FORCE)", self.name)).await
    }
}

async fn run(server: &str, statement: String) -> anyhow::Result<()> {
    let mut connection = AnyConnection::connect(server).await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
