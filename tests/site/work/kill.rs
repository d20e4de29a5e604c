//! kill -9 of `windowshop worker` while it works: no letter is lost, and none is done twice.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::letters::Tell;
use super::queue::until;
use crate::account::people::{means, sign_up};
use crate::store::engines::{Bench, on_each_engine};

const LETTERS: usize = 120;
const KILLS: u32 = 6;
/// Later each time, so that starting, claiming and settling are all met.
const STEP: Duration = Duration::from_millis(120);

fn worker(bench: &Bench) -> std::process::Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_windowshop"));
    program.args(["worker", "--workers", "8", "--data-dir"]).arg(bench.path(""));
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
            let mut child = worker(bench);
            tokio::time::sleep(STEP * n).await;
            child.kill().expect("killed");
            child.wait().expect("gone");
            // A minute later.
            halfway += u32::from(bench.run_raw("UPDATE job SET lease_until = 1 WHERE state = 1").await > 0);
        }
        println!("{halfway} of {KILLS} kills met a worker with jobs in its hands");
        let mut last = worker(bench);
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
