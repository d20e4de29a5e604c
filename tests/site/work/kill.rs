//! `windowshop worker` as a process: killed with -9 while it works it loses no letter and does none twice; its private port
//! says how it is doing.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::letters::Tell;
use super::queue::until;
use crate::account::people::{means, sign_up};
use crate::store::engines::{Bench, on_each_engine};
use crate::web::fire::get;
use crate::web::siege::free_port;

const LETTERS: usize = 120;
const KILLS: u32 = 6;
/// Later each time, so that starting, claiming and settling are all met.
const STEP: Duration = Duration::from_millis(120);

fn worker(bench: &Bench, more: &[&str]) -> std::process::Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_windowshop"));
    program.args(["worker", "--workers", "8", "--data-dir"]).arg(bench.path("")).args(more);
    program.env("WINDOWSHOP_DATABASE_URL", bench.args().database_url.expose());
    program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    program.spawn().expect("it starts")
}

#[tokio::test]
async fn a_worker_killed_at_any_moment_loses_no_letter_and_doubles_none() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        office.store.begin_write(sign_up(&office, "a1", "ana@example.org", None)).await.expect("made");
        let keys: Vec<String> = (0..LETTERS).map(|n| format!("notice:{n}")).collect();
        let tell = Tell { means: means(&office), owner: "account:a1".to_string(), keys };
        assert_eq!(office.store.begin_long_write(tell).await.expect("told"), LETTERS);
        let mut halfway = 0;
        for n in 1..=KILLS {
            let mut child = worker(bench, &[]);
            tokio::time::sleep(STEP * n).await;
            child.kill().expect("killed");
            child.wait().expect("gone");
            // A minute later.
            halfway += u32::from(bench.run_raw("UPDATE job SET lease_until = 1 WHERE state = 1").await > 0);
        }
        println!("{halfway} of {KILLS} kills met a worker with jobs in its hands");
        let mut last = worker(bench, &[]);
        until(bench, "job", 0).await;
        last.kill().expect("killed");
        last.wait().expect("gone");
        let letters = i64::try_from(LETTERS).expect("few");
        assert_eq!(bench.count("job_done WHERE outcome = 'done'").await, letters, "each once");
        assert_eq!(bench.count("letter WHERE mailed_at IS NOT NULL").await, letters);
        let names: BTreeSet<_> = std::fs::read_dir(bench.path("outbox"))
            .expect("the outbox")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".eml"))
            .collect();
        assert_eq!(names.len(), LETTERS, "a letter laid down again is the same file");
    })
    .await;
}

#[tokio::test]
async fn a_workers_private_port_says_that_it_is_ready_and_what_it_has_done() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        office.store.begin_write(sign_up(&office, "a1", "ana@example.org", None)).await.expect("made");
        let keys = vec!["notice:1".to_string(), "notice:2".to_string()];
        let tell = Tell { means: means(&office), owner: "account:a1".to_string(), keys };
        assert_eq!(office.store.begin_write(tell).await.expect("told"), 2);
        let private = free_port();
        let mut child = worker(bench, &["--metrics-listen", &private.to_string()]);
        until(bench, "job_done WHERE outcome = 'done'", 2).await;
        // The second job is counted just after it is written down.
        let mut text = String::new();
        for _ in 0..100 {
            text = get(private, "/metrics").expect("an answer");
            if text.contains("windowshop_jobs_done_total{kind=\"letter\"} 2") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for series in [
            "windowshop_jobs_done_total{kind=\"letter\"} 2",
            "windowshop_jobs_dead{kind=\"letter\"} 0",
            "windowshop_store_up 1",
            "windowshop_hub_breaker{",
            "windowshop_build{build=\"",
        ] {
            assert!(text.contains(series), "{series} is not in:\n{text}");
        }
        // Nobody is in it, and nothing of the shop that is not here.
        assert!(
            !text.contains("ana@") && !text.contains("account:") && !text.contains("windowshop_catalogue"),
            "{text}"
        );
        let ready = get(private, "/readyz").expect("an answer");
        assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("the office's store answers"), "{ready}");
        let health = Command::new(env!("CARGO_BIN_EXE_windowshop"))
            .args(["health", "--metrics-listen", &private.to_string()])
            .status();
        assert!(health.expect("it starts").success());
        child.kill().expect("killed");
        child.wait().expect("gone");
        office.store.close().await;
    })
    .await;
}
