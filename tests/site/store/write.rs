//! Writing: all of it or nothing, alone, whoever hangs up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::{AnyConnection, Connection as _};
use windowshop::operator;
use windowshop::store::audit::{Actor, Audit, Deed, Entry};
use windowshop::store::vault::Vault;
use windowshop::store::{Change, StoreError, Tx};

use super::engines::{Bench, Owners, on_each_engine};

/// Makes a data key, waits, makes another; or fails in between.
struct TwoKeys {
    vault: Vault,
    first: &'static str,
    second: &'static str,
    pause: Duration,
    fails: bool,
}

impl Change for TwoKeys {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        self.vault.create(tx, self.first).await?;
        tokio::time::sleep(self.pause).await;
        if self.fails {
            return Err(StoreError::Stale);
        }
        self.vault.create(tx, self.second).await.map(drop)
    }
}

/// Appends one row of audit.
pub struct OneDeed {
    pub audit: Audit,
    pub owner: &'static str,
}

impl Change for OneDeed {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let actor = Actor::Account("a1".to_string());
        let entry =
            Entry { actor: &actor, deed: Deed::Exported, owner: self.owner, record: "draft:1", session: "5e55" };
        self.audit.append(tx, &entry).await
    }
}

#[tokio::test]
async fn a_change_is_done_whole_or_not_at_all() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let vault = office.vault.clone();
        let keys = |first, second, fails| TwoKeys { vault: vault.clone(), first, second, pause: Duration::ZERO, fails };
        office.store.begin_write(keys("a", "b", false)).await.expect("done");
        let failed = office.store.begin_write(keys("c", "d", true)).await;
        assert_eq!(failed, Err(StoreError::Stale));
        let twice = office.store.begin_write(keys("e", "a", false)).await;
        assert_eq!(twice, Err(StoreError::Taken { table: "data_key".to_string() }));
        assert_eq!(bench.count("data_key WHERE owner IN ('a', 'b')").await, 2);
        assert_eq!(bench.count("data_key WHERE owner IN ('c', 'd', 'e')").await, 0);
    })
    .await;
}

#[tokio::test]
async fn who_hangs_up_tears_nothing() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let pause = Duration::from_millis(200);
        let vault = office.vault.clone();
        let slow = TwoKeys { vault, first: "a", second: "b", pause, fails: false };
        let dropped = tokio::time::timeout(pause / 4, office.store.begin_write(slow)).await;
        assert!(dropped.is_err(), "the request is gone before the change is done");
        tokio::time::sleep(pause * 3).await;
        assert_eq!(bench.count("data_key WHERE owner IN ('a', 'b')").await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_connection_for_reading_cannot_write() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let mut reader = office.store.read().await.expect("a reader");
        let written = sqlx::query("DELETE FROM data_key").execute(&mut *reader).await;
        assert!(written.is_err());
        let mut snapshot = office.store.snapshot().await.expect("a snapshot");
        let written = sqlx::query("DELETE FROM data_key").execute(&mut *snapshot).await;
        assert!(written.is_err());
        drop((reader, snapshot));
        assert_eq!(bench.count("data_key").await, 1, "the site's own");
    })
    .await;
}

/// Two processes, as far as the store can tell: two sets of connections. All deeds are of one owner, so each waits for
/// the one before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_two_processes_wait_for_each_other_and_lose_nothing() {
    const DEEDS: u32 = 30;
    on_each_engine(async |bench| {
        let processes = [bench.open().await, bench.open().await];
        let done = Arc::new(AtomicU32::new(0));
        let mut tasks = Vec::new();
        for n in 0..DEEDS {
            let (store, audit) = {
                let process = &processes[n as usize % 2];
                (process.store.clone(), process.audit.clone())
            };
            let done = Arc::clone(&done);
            tasks.push(tokio::spawn(async move {
                match store.begin_write(OneDeed { audit, owner: "account:a1" }).await {
                    Ok(()) => drop(done.fetch_add(1, Ordering::Relaxed)),
                    Err(StoreError::Away(_)) => {}
                    Err(other) => panic!("{other}"),
                }
            }));
        }
        for task in tasks {
            task.await.expect("no panic");
        }
        let done = i64::from(done.load(Ordering::Relaxed));
        assert!(done > i64::from(DEEDS) / 2, "a slow disk may turn some away: {done}");
        let proof = processes[0].audit.prove(&processes[0].store).await.expect("a proof");
        assert_eq!((proof.rows, proof.faults), (done, Vec::new()), "what was confirmed is there, and nothing else");
    })
    .await;
}

#[tokio::test]
async fn the_stores_clock_is_the_engines() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let (first, second) = (office.store.now().await.expect("a time"), office.store.now().await.expect("a time"));
        assert!(second >= first && first > 1_700_000_000_000, "{first} {second}");
        let owners = vec!["a".to_string()];
        office.store.begin_write(Owners { vault: office.vault.clone(), owners }).await.expect("done");
        let after = office.store.now().await.expect("a time");
        let statement = format!("data_key WHERE owner = 'a' AND made_at >= {second} AND made_at <= {after}");
        assert_eq!(bench.count(&statement).await, 1);
    })
    .await;
}

/// Writes more than there is room for.
struct TooMuch;

impl Change for TooMuch {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        // As a disk that is full: no page more than there are.
        sqlx::query("PRAGMA max_page_count = 1").execute(tx.conn()).await?;
        sqlx::query(
            "INSERT INTO data_key (owner, ring_key, wrapped, made_at) VALUES ('much', 1, zeroblob(1000000), 1)",
        )
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

/// SQLite then undoes the transaction by itself, and the driver's own undoing fails.
#[tokio::test]
async fn a_full_disk_is_told_as_such_and_the_store_writes_again_when_there_is_room() {
    let bench = Bench::new(None).await;
    let office = bench.open().await;
    for n in 0..3 {
        let full = office.store.begin_write(TooMuch).await;
        assert!(matches!(&full, Err(StoreError::Away(why)) if why.contains("full")), "{full:?}");
        let owners = vec![format!("account:{n}")];
        let done = office.store.begin_write(Owners { vault: office.vault.clone(), owners }).await;
        assert_eq!(done, Ok(()), "there is room again");
    }
    assert_eq!(bench.count("data_key WHERE owner = 'much'").await, 0);
    assert_eq!(bench.count("data_key WHERE owner LIKE 'account:%'").await, 3);
}

#[tokio::test]
async fn what_is_committed_is_soon_in_the_file_proper_with_nobody_waiting_for_it() {
    // PostgreSQL copies its own log.
    let bench = Bench::new(None).await;
    let office = bench.open().await;
    office
        .store
        .begin_write(Owners { vault: office.vault.clone(), owners: vec!["a".to_string()] })
        .await
        .expect("made");
    let copy = bench.path("copy.db");
    let mut found = 0;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        // The file alone, without its log; while it is being written the copy may not be whole.
        std::fs::copy(bench.path("office.db"), &copy).expect("a copy");
        let mut connection = AnyConnection::connect(&format!("sqlite://{}", copy.display())).await.expect("it opens");
        let asked = sqlx::query_scalar("SELECT count(*) FROM data_key WHERE owner = 'a'").fetch_one(&mut connection);
        found = asked.await.unwrap_or(0_i64);
        connection.close().await.expect("it closes");
        if found == 1 {
            break;
        }
    }
    assert_eq!(found, 1, "still only in the log");
    office.store.close().await;
    bench.end().await;
}

#[tokio::test]
async fn a_file_that_is_taken_away_is_not_written_to_and_no_new_one_takes_its_place() {
    let bench = Bench::new(None).await;
    let office = bench.open().await;
    let vault = office.vault.clone();
    let write = async |owner: &str| {
        office.store.begin_write(Owners { vault: vault.clone(), owners: vec![owner.to_string()] }).await
    };
    assert_eq!(write("a").await, Ok(()));
    let (file, kept) = (bench.path("office.db"), bench.path("kept.db"));
    std::fs::rename(&file, &kept).expect("it moves");
    for _ in 0..2 {
        assert!(matches!(write("b").await, Err(StoreError::Away(_))), "the file is gone");
        assert!(matches!(office.store.now().await, Err(StoreError::Away(_))), "nor is it read");
        // The second time: another one in its place.
        std::fs::copy(&kept, &file).expect("a copy");
    }
    std::fs::remove_file(&file).expect("it goes");
    let Err(fault) = operator::open(&bench.args(), crate::site::TODAY).await else { panic!("an empty store was made") };
    let words = format!("{fault:#}");
    assert!(words.contains("office.db is gone") && words.contains("windowshop restore"), "{words}");
    std::fs::rename(&kept, &file).expect("it moves back");
    assert_eq!(write("b").await, Ok(()), "the same file again");
    assert_eq!(bench.count("data_key WHERE owner IN ('a', 'b')").await, 2);
    office.store.close().await;
    bench.end().await;
}
