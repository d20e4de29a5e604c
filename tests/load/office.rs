//! How much the office's store and hashing can do: `cargo bench --bench office`, on SQLite and on each server that
//! `WINDOWSHOP_TEST_POSTGRES` names (docs/testing.md). Prints rates; compare them on one quiet machine only.

use std::net::IpAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use clap::Parser as _;
use time::macros::datetime;
use tower::ServiceExt as _;
use tower_sessions::SessionStore as _;
use tower_sessions::session::{Id, Record};
use windowshop::account::guessing::{Buckets, Counted, Right, Try};
use windowshop::account::office::Office;
use windowshop::account::password::{Hashers, Password};
use windowshop::account::people::{self, BeginDraft, Means, SignUp, new_id};
use windowshop::account::session::{SHAPE, Sessions};
use windowshop::app::App;
use windowshop::cli::Cli;
use windowshop::config::{Config, OfficeArgs};
use windowshop::operator::{self, Opened};
use windowshop::sealing::Secret;
use windowshop::store::Ahead;
use windowshop::store::lookup::Sought;
use windowshop::web::door::Door;
use zeroize::Zeroizing;

/// How long each rate is measured.
const TIME: Duration = Duration::from_secs(5);
const CLIENTS: usize = 32;
/// Accounts that sign in, and wrong passwords of which the median is taken.
const ACCOUNTS: u64 = 200;
const WRONG: usize = 101;
/// Forms posted for each kind of address.
const THROUGH_PAGES: u64 = 200;
const PASSWORD: &str = "cuatro patos verdes";

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
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    let rate = done.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    for task in tasks {
        let _ = task.await;
    }
    rate
}

fn typed(text: &str) -> Password {
    Password::typed(&Secret::new(text.to_string())).expect("a password")
}

async fn hashing(cores: usize) {
    let hashers = Hashers::new(cores).expect("hashers");
    let rate = rate(cores, || {
        let hashers = hashers.clone();
        async move { hashers.verify(typed(PASSWORD), None).await.is_ok() }
    });
    println!("argon2id alone, {cores} at once: {:.1}/s", rate.await);
}

fn address(n: u64) -> String {
    format!("person{n}@example.org")
}

async fn accounts(office: &Opened, hashers: &Hashers) {
    let password = hashers.hash(typed(PASSWORD)).await.expect("not busy").expect("a hash");
    for n in 0..ACCOUNTS {
        let change = SignUp {
            means: Means { vault: office.vault.clone(), audit: office.audit.clone() },
            account: new_id().expect("an ID"),
            email: Sought::email(&address(n)).expect("an address"),
            typed_email: Zeroizing::new(address(n)),
            password: password.clone(),
            password_chars: 15,
            lang: "es".to_string(),
            guest: None,
            session: String::new(),
        };
        office.store.begin_write(change).await.expect("made");
    }
}

/// What a sign-in does below its page: counted, found, hashed, given back, a session made.
async fn sign_in(office: Opened, hashers: Hashers, buckets: Buckets, n: u64) -> bool {
    let sought = Sought::email(&address(n % ACCOUNTS)).expect("an address");
    let network = IpAddr::from(u32::try_from(n % 65_536).expect("small").to_be_bytes());
    let tried = vec![buckets.network(network), buckets.strangers(address(n % ACCOUNTS).as_bytes())];
    let counted = office.store.begin_write(Try { buckets: tried.clone() }).await;
    if counted != Ok(Counted::Allowed) {
        return false;
    }
    let Ok(mut connection) = office.store.read().await else { return false };
    let Ok(Some(found)) = people::find(&mut connection, &office.vault, &sought).await else { return false };
    drop(connection);
    if hashers.verify(typed(PASSWORD), Some(found.password)).await != Ok(true) {
        return false;
    }
    let mut record = record(&found.owner);
    office.store.begin_write(Right { buckets: tried }).await.is_ok()
        && Sessions::new(office.store.clone()).create(&mut record).await.is_ok()
}

async fn sign_ins(name: &str, office: &Opened, cores: usize) {
    let hashers = Hashers::new(cores).expect("hashers");
    let buckets = Buckets::open(&office.store, &office.vault).await.expect("buckets");
    accounts(office, &hashers).await;
    let at = AtomicU64::new(0);
    let rate =
        rate(CLIENTS, || sign_in(office.clone(), hashers.clone(), buckets.clone(), at.fetch_add(1, Ordering::Relaxed)));
    println!("{name}: sign-ins with {cores} hashes at once {:.1}/s", rate.await);
    let mut medians = Vec::new();
    for address in [address(1), "nobody@example.org".to_string()] {
        let mut times = Vec::new();
        for _ in 0..WRONG {
            let begun = Instant::now();
            let sought = Sought::email(&address).expect("an address");
            let mut connection = office.store.read().await.expect("a connection");
            let found = people::find(&mut connection, &office.vault, &sought).await.expect("asked");
            let kept = found.map(|found| found.password);
            assert_eq!(hashers.verify(typed("not the password"), kept).await, Ok(false));
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        medians.push(times[WRONG / 2]);
    }
    println!("{name}: a wrong password, median of {WRONG}: known {:?}, unknown {:?}", medians[0], medians[1]);
}

/// The same through whole pages: a form is posted, and what comes back is read.
async fn pages(name: &str, server: &str, cores: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    windowshop::serve::build_sample_into(&folder.path().join("catalogues")).await.expect("the shipped sample loads");
    let (data, catalogues) = (path("data"), path("catalogues"));
    let mut words = vec!["windowshop", "--data-dir", &data, "--catalogues", &catalogues];
    if !server.is_empty() {
        words.extend(["--database-url", server]);
    }
    let (config, faults) = Config::read(&Cli::try_parse_from(words).expect("settings").serve);
    assert_eq!(faults, []);
    let app = App::build(config, || datetime!(2026-11-26 12:00 UTC)).await.expect("the site starts");
    let ahead = Ahead::default();
    let opened =
        Office::ahead(&app.config.office, (None, false), datetime!(2026-11-26 12:00 UTC).date(), ahead.clone());
    let opened = opened.await.expect("the office opens");
    let office =
        operator::open(&office_args(&app.config.office.data_dir, server), datetime!(2026-11-26 12:00 UTC)).await;
    accounts(&office.expect("the office opens"), &Hashers::new(cores).expect("hashers")).await;
    let pages = windowshop::office::Office::new(&opened, &app.config).expect("its pages");
    let knows = std::sync::Arc::new(windowshop::verify::Knows::load().expect("whole"));
    let router = windowshop::router::with_office(&app, &pages, &knows).expect("routes");
    for (page, form) in
        [("sign-in", "password=not+the+password"), ("reset", ""), ("sign-up", "new_password=cuatro+patos+verdes")]
    {
        let mut medians = Vec::new();
        let mut times = [Vec::new(), Vec::new()];
        for n in 0..THROUGH_PAGES {
            // Counters against guessing begin again.
            ahead.add(Duration::from_secs(2 * 3600));
            // In turn, so that whatever else the machine does meets both.
            for (times, address) in times.iter_mut().zip([address(n % ACCOUNTS), format!("nobody{n}@example.org")]) {
                let body = format!("email={}&{form}", address.replace('@', "%40"));
                let begun = Instant::now();
                let status = post(&router, &format!("/account/{page}"), body).await;
                times.push(begun.elapsed());
                assert!(matches!(status, 303 | 422), "{page}: {status}");
                // What is done beside the answer is done before the next one.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        for mut times in times {
            times.sort_unstable();
            medians.push(times[times.len() / 2]);
        }
        println!(
            "{name}: POST /account/{page}, median of {THROUGH_PAGES}: known {:?}, unknown {:?}",
            medians[0], medians[1]
        );
    }
    opened.store.close().await;
}

async fn post(router: &Door, address: &str, body: String) -> u16 {
    let request = Request::builder().method("POST").uri(address).header("sec-fetch-site", "same-origin");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(Body::from(body));
    let response = router.clone().oneshot(request.expect("a request")).await.expect("an answer");
    let status = response.status().as_u16();
    axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a whole body");
    status
}

fn office_args(data_dir: &std::path::Path, server: &str) -> OfficeArgs {
    OfficeArgs {
        data_dir: data_dir.to_path_buf(),
        key_file: None,
        keys: "".parse().expect("any text"),
        database_url: server.parse().expect("any text"),
    }
}

fn record(owner: &str) -> Record {
    let mut record =
        Record { id: Id::default(), data: Default::default(), expiry_date: time::OffsetDateTime::UNIX_EPOCH };
    record.data.insert(SHAPE.to_string(), serde_json::json!({ "owner": owner }));
    record
}

async fn store(name: &str, office: &Opened) {
    let sessions = Sessions::new(office.store.clone());
    let mut ids = Vec::new();
    for n in 0..1_000 {
        let mut record = record(&format!("account:{n}"));
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
        let args = office_args(folder.path(), server);
        let office = operator::open(&args, datetime!(2026-11-26 12:00 UTC)).await.expect("the office opens");
        let name = if server.is_empty() { "SQLite" } else { server };
        store(name, &office).await;
        sign_ins(name, &office, cores).await;
        office.store.close().await;
        // The servers' database is the one that was just filled: pages need one of their own.
        if server.is_empty() {
            pages(name, server, cores).await;
        }
    }
}
