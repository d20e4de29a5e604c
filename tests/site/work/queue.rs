//! The queue: no job is done twice or lost, whoever dies, comes late, panics or is told to stand still.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use windowshop::config::OfficePlace;
use windowshop::operator::Opened;
use windowshop::store::audit::{Actor, Audit, Deed, Entry};
use windowshop::store::vault::{SITE, Vault};
use windowshop::store::{Ahead, Change, StoreError, Tx};
use windowshop::work::held::{Extend, Finish, Later, Postpone};
use windowshop::work::queue::{Claim, Held, LEASE, id_of};
use windowshop::work::worker::{Handled, Job};
use windowshop::work::{Handler, Hands, Kind, NewJob, Outcome, Repeats, Workers, enqueue, ring};

use crate::site::TODAY;
use crate::store::engines::{Bench, on_each_engine};

const fn kind(name: &'static str) -> Kind {
    let (pause, pause_max) = (Duration::ZERO, Duration::ZERO);
    Kind { name, max_attempts: 3, gives_up_after: None, pause, pause_max, repeats: Repeats::AtLeastOnce }
}

pub static WALK: Kind = kind("walk");
static BRIEF: Kind = Kind { gives_up_after: Some(Duration::from_secs(100)), ..kind("brief") };
static READ: Kind = kind("read");
static ONCE: Kind = Kind { repeats: Repeats::AtMostOnce, ..kind("once") };

/// Puts jobs down, and fails afterwards if it is told to.
struct Put {
    vault: Vault,
    kind: &'static Kind,
    keys: Vec<String>,
    fails: bool,
}

impl Change for Put {
    /// How many were new.
    type Done = usize;

    async fn run(&self, tx: &mut Tx) -> Result<usize, StoreError> {
        let mut new = 0;
        for key in &self.keys {
            let job = NewJob {
                kind: self.kind,
                key,
                owner: SITE,
                run_at: None,
                payload: key,
                request_id: "abcdef0123456789",
            };
            new += usize::from(enqueue(tx, &self.vault, &job).await?);
        }
        if self.fails { Err(StoreError::Stale) } else { Ok(new) }
    }
}

pub async fn put(office: &Opened, kind: &'static Kind, keys: &[&str]) -> usize {
    let keys = keys.iter().map(|key| (*key).to_string()).collect();
    let put = Put { vault: office.vault.clone(), kind, keys, fails: false };
    office.store.begin_write(put).await.expect("put down")
}

/// The same store, whose clock can be moved.
async fn with_clock(bench: &Bench) -> (Opened, Ahead) {
    let (place, ahead) = (OfficePlace::read(&bench.args(), &mut Vec::new()), Ahead::default());
    (Opened::ahead(&place, TODAY.date(), ahead.clone()).await.expect("it opens"), ahead)
}

pub async fn claim(office: &Opened, kinds: &[&'static str], most: i64) -> Vec<Held> {
    let claim = Claim { engine: office.store.engine(), kinds: kinds.to_vec(), most, worker: "by hand".to_string() };
    office.store.begin_write(claim).await.expect("claimed")
}

/// What a job does: a row of the record that names it.
struct Noted {
    audit: Audit,
    key: String,
}

impl Change for Noted {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let entry = Entry { actor: &Actor::Site, deed: Deed::Exported, owner: "site", record: &self.key, session: "" };
        self.audit.append(tx, &entry).await
    }
}

/// Notes each job; before that it does what its key says.
struct Walker {
    audit: Audit,
    runs: Arc<AtomicUsize>,
}

#[async_trait]
impl Handler for Walker {
    async fn work(&self, job: &Job, hands: &Hands) -> Outcome {
        self.runs.fetch_add(1, Ordering::Relaxed);
        assert!(job.said::<String>().is_ok_and(|said| said == job.held.key), "the payload opens");
        assert!(!job.held.key.starts_with("poison"), "a poison");
        if job.held.key.starts_with("later") && job.held.attempt < 3 {
            return Outcome::Later("not yet".to_string());
        }
        if hands.about_to().await.is_err() {
            return Outcome::Later("too late".to_string());
        }
        Outcome::done(Noted { audit: self.audit.clone(), key: job.held.key.clone() })
    }
}

fn workers(office: &Opened, runs: &Arc<AtomicUsize>) -> Workers {
    let walker = || -> Arc<dyn Handler> { Arc::new(Walker { audit: office.audit.clone(), runs: Arc::clone(runs) }) };
    let kinds: Vec<Handled> = vec![(&WALK, walker()), (&READ, walker()), (&ONCE, walker())];
    Workers::start(&office.store, &office.vault, kinds, 4).expect("workers")
}

pub async fn until(bench: &Bench, condition: &str, count: i64) {
    for _ in 0..600 {
        if bench.count(condition).await == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{condition} has never been {count}: {}", bench.count(condition).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_do_each_job_once() {
    on_each_engine(async |bench| {
        let (one, other) = (bench.open().await, bench.open().await);
        let runs = Arc::new(AtomicUsize::new(0));
        let both = [workers(&one, &runs), workers(&other, &runs)];
        let names: Vec<String> = (0..40).map(|n| format!("job:{n}")).collect();
        for chunk in names.chunks(8) {
            let keys: Vec<&str> = chunk.iter().map(String::as_str).collect();
            assert_eq!(put(&one, &WALK, &keys).await, keys.len());
            ring();
        }
        assert_eq!(put(&other, &WALK, &["later:1", "job:0"]).await, 1, "what was done is not done again");
        until(bench, "job", 0).await;
        for workers in both {
            workers.finish(Duration::from_secs(5)).await;
        }
        assert_eq!(bench.count("job_done WHERE outcome = 'done'").await, 41);
        assert_eq!(bench.count("audit WHERE deed = 'exported'").await, 41, "each effect once");
        assert_eq!(runs.load(Ordering::Relaxed), 43, "one of them came three times");
        assert_eq!(bench.count("job_done WHERE request_id = 'abcdef0123456789'").await, 41);
    })
    .await;
}

#[tokio::test]
async fn what_is_undone_was_never_put_down_and_a_key_comes_once() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let put_down = Put { vault: office.vault.clone(), kind: &WALK, keys: vec!["a".to_string()], fails: true };
        assert_eq!(office.store.begin_write(put_down).await, Err(StoreError::Stale));
        assert_eq!(bench.count("job").await, 0);
        assert_eq!((put(&office, &WALK, &["a"]).await, put(&office, &READ, &["a", "b"]).await), (1, 1));
        let held = claim(&office, &["walk", "read"], 9).await;
        let kinds: Vec<(&str, &str)> = held.iter().map(|job| (job.key.as_str(), job.kind.as_str())).collect();
        assert_eq!(kinds.len(), 2);
        assert!(kinds.contains(&("a", "walk")), "the second with a key changed nothing: {kinds:?}");
        for job in &held {
            let effect = Arc::new(Noted { audit: office.audit.clone(), key: job.key.clone() });
            let finish = Finish { ticket: job.ticket(), outcome: "done", effect };
            office.store.begin_write(finish).await.expect("finished");
        }
        assert_eq!(put(&office, &WALK, &["a", "c"]).await, 1, "nor after it was done");
        assert_eq!(bench.count(&format!("job WHERE id = {}", id_of("c"))).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_is_over_comes_back_and_who_was_silent_changes_nothing_any_more() {
    on_each_engine(async |bench| {
        let (office, ahead) = with_clock(bench).await;
        put(&office, &WALK, &["a"]).await;
        let first = claim(&office, &["walk"], 4).await.pop().expect("a job");
        assert!(claim(&office, &["walk"], 4).await.is_empty(), "it is held");
        ahead.add(LEASE / 2);
        office.store.begin_write(Extend { ticket: first.ticket() }).await.expect("longer");
        ahead.add(LEASE / 2 + Duration::from_secs(1));
        assert!(claim(&office, &["walk"], 4).await.is_empty(), "the lease was extended");
        ahead.add(LEASE);
        let second = claim(&office, &["walk"], 4).await.pop().expect("it came back");
        assert_eq!((second.attempt, second.token > first.token), (2, true));

        let noted = || Arc::new(Noted { audit: office.audit.clone(), key: "a".to_string() });
        let stale = Err(StoreError::Stale);
        let late = Finish { ticket: first.ticket(), outcome: "done", effect: noted() };
        assert_eq!(office.store.begin_write(late).await, stale);
        assert_eq!(office.store.begin_write(Extend { ticket: first.ticket() }).await, stale);
        let later = Later { ticket: first.ticket(), pause: Duration::ZERO, why: String::new() };
        assert_eq!(office.store.begin_write(later).await, Err(StoreError::Stale));
        assert_eq!(bench.count("audit").await, 0, "its effect is not there");
        let finish = Finish { ticket: second.ticket(), outcome: "done", effect: noted() };
        office.store.begin_write(finish).await.expect("finished");
        let again = Finish { ticket: second.ticket(), outcome: "done", effect: noted() };
        assert_eq!(office.store.begin_write(again).await, stale, "once");
        assert_eq!((bench.count("audit").await, bench.count("job").await), (1, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_panics_or_kills_its_worker_runs_out_and_harms_no_other() {
    on_each_engine(async |bench| {
        let (office, ahead) = with_clock(bench).await;
        put(&office, &READ, &["killer"]).await;
        for _ in 0..3 {
            assert_eq!(claim(&office, &["read"], 4).await.len(), 1);
            ahead.add(LEASE + Duration::from_secs(1));
        }
        assert!(claim(&office, &["read"], 4).await.is_empty());
        assert_eq!(bench.count("job WHERE state = 2 AND attempt = 3 AND last_error LIKE 'its worker fell%'").await, 1);

        put(&office, &WALK, &["poison:1", "job:1", "job:2"]).await;
        let runs = Arc::new(AtomicUsize::new(0));
        let workers = workers(&office, &runs);
        until(bench, "job WHERE state = 2", 2).await;
        until(bench, "job_done", 2).await;
        assert_eq!(bench.count("job WHERE key = 'poison:1' AND attempt = 3 AND last_error LIKE '%panicked%'").await, 1);
        assert_eq!(runs.load(Ordering::Relaxed), 5);
        workers.counts.look(&office.store).await.expect("asked");
        let shown = workers.counts.shown();
        assert_eq!((shown[0].kind, shown[0].done, shown[0].failed, shown[0].now.dead), ("walk", 2, 3, 1));
        workers.finish(Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn a_claim_is_fair_and_passes_by_what_is_paused() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let names: Vec<String> = (0..12).map(|n| format!("walk:{n}")).collect();
        put(&office, &WALK, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        put(&office, &READ, &["read:1", "read:2", "read:3", "read:4"]).await;
        let held = claim(&office, &["walk", "read"], 6).await;
        let of = |held: &[Held], kind: &str| held.iter().filter(|job| job.kind == kind).count();
        assert_eq!((of(&held, "walk"), of(&held, "read")), (3, 3), "half for each");
        bench.run_raw("INSERT INTO queue_pause (kind, paused_at) VALUES ('walk', 1)").await;
        let held = claim(&office, &["walk", "read"], 6).await;
        assert_eq!((of(&held, "walk"), of(&held, "read")), (0, 1), "walks are paused");
        bench.run_raw("DELETE FROM queue_pause").await;
        let held = claim(&office, &["walk", "read"], 6).await;
        assert_eq!((of(&held, "walk"), of(&held, "read")), (6, 0), "nobody else waits");
    })
    .await;
}

#[tokio::test]
async fn a_failure_waits_for_its_pause_and_a_deadline_ends_it() {
    on_each_engine(async |bench| {
        let (office, ahead) = with_clock(bench).await;
        assert_eq!(put(&office, &BRIEF, &["a"]).await, 1);
        let job = claim(&office, &["brief"], 1).await.pop().expect("a job");
        let why = || "not yet".to_string();
        let postpone = Postpone { ticket: job.ticket(), pause: Duration::from_secs(20), why: why() };
        assert_eq!(office.store.begin_write(postpone).await, Ok(false));
        assert!(claim(&office, &["brief"], 1).await.is_empty(), "not before its pause is over");
        ahead.add(Duration::from_secs(21));
        let job = claim(&office, &["brief"], 1).await.pop().expect("a job");
        assert_eq!(job.attempt, 1, "a postponed one is not counted");
        let later = Later { ticket: job.ticket(), pause: Duration::from_secs(1000), why: why() };
        assert_eq!(office.store.begin_write(later).await, Ok(false));
        assert_eq!(bench.count("job WHERE run_at = deadline").await, 1, "the last try is at the deadline");
        ahead.add(Duration::from_secs(100));
        let job = claim(&office, &["brief"], 1).await.pop().expect("a job");
        let later = Later { ticket: job.ticket(), pause: Duration::ZERO, why: why() };
        assert_eq!(office.store.begin_write(later).await, Ok(true), "dead");
        assert_eq!(bench.count("job WHERE state = 2 AND last_error = 'not yet'").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_not_be_done_twice_is_not_after_a_worker_fell_silent() {
    on_each_engine(async |bench| {
        let (office, ahead) = with_clock(bench).await;
        put(&office, &ONCE, &["charge"]).await;
        claim(&office, &["once"], 1).await;
        bench.run_raw("UPDATE job SET began_at = 1").await;
        ahead.add(LEASE + Duration::from_secs(1));
        let runs = Arc::new(AtomicUsize::new(0));
        let workers = workers(&office, &runs);
        until(bench, "job WHERE state = 2 AND last_error LIKE '%look whether%'", 1).await;
        assert_eq!(runs.load(Ordering::Relaxed), 0);
        // What belongs to somebody who is gone, is gone.
        bench.run_raw("INSERT INTO queue_pause (kind, paused_at) VALUES ('walk', 1)").await;
        put(&office, &WALK, &["hers"]).await;
        bench.run_raw("UPDATE job SET owner = 'guest:gone' WHERE key = 'hers'").await;
        bench.run_raw("DELETE FROM queue_pause").await;
        until(bench, "job_done WHERE key = 'hers' AND outcome = 'gone'", 1).await;
        assert_eq!(runs.load(Ordering::Relaxed), 0);
        workers.finish(Duration::from_secs(5)).await;
    })
    .await;
}
