//! How much the office's store and hashing can do: `cargo bench --bench office`, on SQLite and on each server that
//! `WINDOWSHOP_TEST_POSTGRES` names (docs/testing.md). Prints rates; compare them on one quiet machine only.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use time::macros::datetime;
use tower_sessions::SessionStore as _;
use tower_sessions::session::{Id, Record};
use windowshop::account::people::{BeginDraft, Means, new_id};
use windowshop::account::session::{SHAPE, Sessions};
use windowshop::config::OfficeArgs;
use windowshop::operator::{self, Opened};
use windowshop::sealing::Secret;

use windowshop::account::password::{Hashers, Password};

/// How long each rate is measured.
const TIME: Duration = Duration::from_secs(5);
const CLIENTS: usize = 32;

/// How often something is done a second by so many at once.
async fn rate<F>(clients: usize, doing: impl Fn() -> F) -> f64
where
    F: Future<Output = bool> + Send + 'static,
{
    let (done, begun) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let mut tasks = Vec::new();
    while begun.elapsed() < TIME {
        tasks.retain(|task: &tokio::task::JoinHandle<()>| !task.is_finished());
        while tasks.len() < clients {
            let (once, done) = (doing(), Arc::clone(&done));
            tasks.push(tokio::spawn(async move {
                if once.await {
                    done.fetch_add(1, Ordering::Relaxed);
                }
            }));
        }
        tokio::task::yield_now().await;
    }
    let rate = done.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    for task in tasks {
        let _ = task.await;
    }
    rate
}

async fn hashing(cores: usize) {
    let hashers = Hashers::new(cores).expect("hashers");
    let rate = rate(cores, || {
        let hashers = hashers.clone();
        let typed = Password::typed(&Secret::new("cuatro patos verdes".to_string())).expect("a password");
        async move { hashers.verify(typed, None).await.is_ok() }
    });
    println!("argon2id, {cores} cores: {:.1}/s", rate.await);
}

async fn store(name: &str, office: &Opened) {
    let sessions = Sessions::new(office.store.clone());
    let mut ids = Vec::new();
    for n in 0..1_000 {
        let mut record =
            Record { id: Id::default(), data: Default::default(), expiry_date: time::OffsetDateTime::UNIX_EPOCH };
        record.data.insert(SHAPE.to_string(), serde_json::json!({ "owner": format!("account:{n}") }));
        sessions.create(&mut record).await.expect("made");
        ids.push(record.id);
    }
    let at = AtomicU64::new(0);
    let looked = rate(CLIENTS, || {
        let id = ids[at.fetch_add(1, Ordering::Relaxed) as usize % ids.len()];
        let sessions = sessions.clone();
        async move { sessions.load(&id).await.is_ok_and(|found| found.is_some()) }
    });
    println!("{name}: session look-ups {:.0}/s", looked.await);
    let begun = rate(CLIENTS, || {
        let change = BeginDraft {
            means: Means { vault: office.vault.clone(), audit: office.audit.clone() },
            guest: new_id().expect("an ID"),
            draft: new_id().expect("an ID"),
            code_hash: new_id().expect("an ID").into_bytes(),
            session: String::new(),
        };
        let store = office.store.clone();
        async move { store.begin_write(change).await.is_ok() }
    });
    println!("{name}: drafts begun (key, draft, code, audit in one transaction) {:.0}/s", begun.await);
}

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "whoever measures names the servers; no setting of the product")]
async fn main() {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    hashing(cores).await;
    let servers = std::env::var("WINDOWSHOP_TEST_POSTGRES").unwrap_or_default();
    for server in std::iter::once("").chain(servers.split_whitespace()) {
        let folder = tempfile::tempdir().expect("a folder");
        let args = OfficeArgs {
            data_dir: folder.path().to_path_buf(),
            key_file: None,
            keys: "".parse().expect("any text"),
            database_url: server.parse().expect("any text"),
        };
        let office = operator::open(&args, datetime!(2026-11-26 12:00 UTC)).await.expect("the office opens");
        store(if server.is_empty() { "SQLite" } else { server }, &office).await;
        office.store.close().await;
    }
}
