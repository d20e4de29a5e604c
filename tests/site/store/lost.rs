//! A server that is gone and says nothing: its machine lost power, or a network forgot its connections. A new one is there at
//! once, under the same address; ours must find it without waiting until the system gives the network up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sqlx::{AnyConnection, Connection as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::engines::{Bench, servers};
use crate::office::people::{SEARCH, World, save};

/// Seven seconds until a lost connection is let go (`LOST` of the store), twice for a change, and time to notice.
const BACK_WITHIN: Duration = Duration::from_secs(30);

/// Leads connections to a server, until they are lost: then nothing comes through them, and nobody is told.
struct Wire {
    url: String,
    losses: Arc<AtomicUsize>,
}

impl Wire {
    async fn to(server: &str) -> Wire {
        let mut url = url::Url::parse(server).expect("a URL");
        let far = format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        url.set_port(Some(listener.local_addr().expect("an address").port())).expect("a port");
        let losses = Arc::new(AtomicUsize::new(0));
        let wire = Wire { url: url.to_string(), losses: Arc::clone(&losses) };
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&far).await.expect("the server");
                let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
                tokio::spawn(carry(from_near, to_far, Arc::clone(&losses)));
                tokio::spawn(carry(from_far, to_near, Arc::clone(&losses)));
            }
        });
        wire
    }

    fn lose(&self) {
        self.losses.fetch_add(1, Ordering::Relaxed);
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, losses: Arc<AtomicUsize>) {
    let before = losses.load(Ordering::Relaxed);
    let mut bytes = vec![0; 65_536];
    loop {
        let read = from.read(&mut bytes).await.unwrap_or_default();
        if losses.load(Ordering::Relaxed) != before {
            // Open, and silent.
            std::future::pending::<()>().await;
        }
        if read == 0 || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}

/// How many connections of the store are in the middle of a statement, once it is every one: eight that read, eight that
/// write; fewer on a machine that cannot get there while pages wait.
async fn in_the_middle(database: &str) -> i64 {
    let mut watcher = AnyConnection::connect(database).await.expect("a connection");
    let asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let begun = Instant::now();
    loop {
        let waiting: i64 = sqlx::query_scalar(asked).fetch_one(&mut watcher).await.expect("a count");
        if waiting >= 16 || begun.elapsed() > Duration::from_millis(1_300) {
            watcher.close().await.expect("it closes");
            return waiting;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// SQLite has no server that could be lost.
#[tokio::test]
async fn a_lost_server_holds_nobodys_place() {
    sqlx::any::install_default_drivers();
    for server in servers() {
        println!("on PostgreSQL at {server}");
        let wire = Wire::to(&server).await;
        let bench = Bench::new(Some(wire.url.clone())).await;
        let world = World::open(&bench).await;
        let browser = world.browser();
        save(&browser, SEARCH).await;

        // More of each kind than there are connections.
        let others: Vec<_> = (0..12).map(|_| world.browser()).collect();
        let reads = || join_all((0..12).map(|_| browser.visit("/account")));
        let writes = || join_all(others.iter().map(|other| other.post("/account/save", SEARCH)));
        tokio::join!(reads(), writes());
        let others: Vec<_> = (0..12).map(|_| world.browser()).collect();
        let writes = || join_all(others.iter().map(|other| other.post("/account/save", SEARCH)));

        let mut direct = url::Url::parse(&server).expect("a URL");
        direct.set_path(url::Url::parse(bench.args().database_url.expose()).expect("a URL").path());
        let mut held = AnyConnection::connect(direct.as_str()).await.expect("a connection");
        let lock = "BEGIN; LOCK TABLE session IN ACCESS EXCLUSIVE MODE";
        sqlx::raw_sql(lock).execute(&mut held).await.expect("it is held");
        let loss = async {
            let waiting = in_the_middle(direct.as_str()).await;
            wire.lose();
            held.close().await.expect("it closes");
            (waiting, Instant::now())
        };
        let (reads, writes, (waiting, lost)) = tokio::join!(reads(), writes(), loss);
        assert!(waiting > 8, "only {waiting} connections were in use");
        let away = reads.iter().chain(&writes).filter(|page| page.status == 503).count();
        assert!(i64::try_from(away).expect("few") >= waiting, "{away} of {waiting} were told");

        let newcomer = world.browser();
        loop {
            let read = browser.visit("/account").await;
            let written = newcomer.post("/account/save", SEARCH).await;
            if (read.status, written.status) == (200, 303) {
                break;
            }
            assert!(lost.elapsed() < BACK_WITHIN, "still away after {:?}: {}", lost.elapsed(), read.words());
        }
        println!("{waiting} connections were lost, back after {:?}", lost.elapsed());
        drop(world);
        bench.end().await;
    }
}
