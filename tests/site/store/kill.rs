//! kill -9 in the middle of writing: what was confirmed is there, nothing is torn, and the next run goes on.
//!
//! The killed process is the program itself, at another moment each time.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use windowshop::operator::keys::{KeysArgs, KeysCommand, command};
use windowshop::store::keys;

use super::engines::{Bench, Owners, on_each_engine};
use crate::account::people::{begin, sign_up};
use crate::site::TODAY;

const OWNERS: usize = 2_500;
const KILLS: u64 = 8;
/// Later each time, so that starting, opening and wrapping are all met.
const STEP: Duration = Duration::from_millis(40);

fn program(bench: &Bench, command: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_windowshop"));
    program.args(command).arg("--data-dir").arg(bench.path(""));
    program.env("WINDOWSHOP_DATABASE_URL", bench.args().database_url.expose());
    program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    program
}

#[tokio::test]
async fn a_rotation_killed_at_any_moment_is_finished_by_the_next() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        for chunk in (0..OWNERS).collect::<Vec<_>>().chunks(500) {
            let owners = chunk.iter().map(|n| format!("account:{n:04}")).collect();
            office.store.begin_long_write(Owners { vault: office.vault.clone(), owners }).await.expect("done");
        }
        let new = KeysArgs { command: KeysCommand::New { office: bench.args() } };
        command(&new, TODAY).await.expect("a new key");
        let rotate = || program(bench, &["keys", "rotate"]);
        let mut halfway = 0;
        for n in 0..KILLS {
            let mut child = rotate().spawn().expect("it starts");
            tokio::time::sleep(STEP * u32::try_from(n).expect("few")).await;
            child.kill().expect("killed, or ended before");
            child.wait().expect("gone");
            let later = bench.open().await;
            let uses = keys::uses(&later.store, &later.vault).await.expect("a list");
            let all: i64 = uses.iter().map(|used| used.wraps).sum();
            assert_eq!(all, i64::try_from(OWNERS).expect("few") + 1, "every key is there: {uses:?}");
            let mut connection = later.store.read().await.expect("a connection");
            keys::open_each(&mut connection, &later.vault).await.expect("keys of each ring key open");
            drop(connection);
            halfway += u32::from(uses.iter().filter(|used| used.wraps > 0).count() > 1);
            later.store.close().await;
        }
        println!("{halfway} of {KILLS} kills left a rotation halfway");
        let later = bench.open().await;
        if keys::uses(&later.store, &later.vault)
            .await
            .expect("a list")
            .iter()
            .any(|used| !used.seals && used.wraps > 0)
            || later.vault.ring().waiting().is_some()
        {
            assert!(rotate().status().expect("it runs").success(), "the next run finishes it");
        }
        let done = bench.open().await;
        let uses = keys::uses(&done.store, &done.vault).await.expect("a list");
        assert!(uses.iter().all(|used| used.seals || used.wraps == 0), "{uses:?}");
        let mut connection = done.store.read().await.expect("a connection");
        for n in (0..OWNERS).step_by(97) {
            let opened = done.vault.open(&mut connection, &format!("account:{n:04}")).await.expect("its key is there");
            assert!(opened.is_some());
        }
        drop(connection);
        let proof = done.audit.prove(&done.store).await.expect("a proof");
        assert!(proof.faults.is_empty() && proof.rows >= 1, "{proof:?}");
    })
    .await;
}

/// Guests whose time is over.
const GUESTS: usize = 250;

/// `retention` destroys a guest's key, draft, code and sessions and notes it, many guests a transaction. Killed in
/// between, each guest is whole or gone and noted.
#[tokio::test]
async fn guests_whose_deletion_was_killed_are_whole_or_gone_and_noted() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        for _ in 0..GUESTS {
            begin(&office).await;
        }
        office.store.close().await;
        bench.run_raw("UPDATE draft SET changed_at = 1").await;
        let guests = i64::try_from(GUESTS).expect("few");
        let mut halfway = 0;
        for n in 0..KILLS {
            let mut child = program(bench, &["retention"]).spawn().expect("it starts");
            tokio::time::sleep(STEP * u32::try_from(n).expect("few")).await;
            child.kill().expect("killed, or ended before");
            child.wait().expect("gone");
            // Opening it is part of what must work.
            let later = bench.open().await;
            let left = bench.count("draft").await;
            assert_eq!(
                bench.count("data_key WHERE owner <> 'site'").await,
                left,
                "a draft without a key, or a key without"
            );
            assert_eq!(bench.count("resume_code").await, left);
            assert_eq!(bench.count("audit WHERE deed = 'deleted'").await, guests - left);
            let proof = later.audit.prove(&later.store).await.expect("a proof");
            assert_eq!((proof.rows, proof.faults), (2 * guests - left, Vec::new()));
            halfway += u32::from(left > 0 && left < guests);
            later.store.close().await;
        }
        println!("{halfway} of {KILLS} kills left some guests");
        assert!(program(bench, &["retention"]).status().expect("it runs").success());
        assert_eq!(bench.count("draft").await, 0, "the next run finishes it");
    })
    .await;
}

/// A command that answers has written its row of audit: it is killed the moment that its answer can be read.
#[tokio::test]
async fn what_was_answered_before_the_kill_is_on_record() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        office.store.begin_write(sign_up(&office, "a1", "ana@example.org", None)).await.expect("made");
        for told in 1..=5 {
            let mut find = program(bench, &["account", "find"]);
            let mut child = find.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
            child.stdin.take().expect("its input").write_all(b"ana@example.org").expect("written");
            let mut said = String::new();
            BufReader::new(child.stdout.take().expect("its output")).read_line(&mut said).expect("a line");
            child.kill().expect("killed, or ended before");
            child.wait().expect("gone");
            assert_eq!(said, "account:a1\n");
            assert_eq!(bench.count("audit WHERE deed = 'found'").await, told);
        }
        let proof = office.audit.prove(&office.store).await.expect("a proof");
        assert_eq!(proof.faults, Vec::<String>::new());
    })
    .await;
}
