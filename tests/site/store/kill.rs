//! kill -9 in the middle of writing: what was confirmed is there, nothing is torn, and the next run goes on.

use std::process::{Command, Stdio};
use std::time::Duration;

use windowshop::operator::keys::{KeysArgs, KeysCommand, command};
use windowshop::store::keys;

use super::engines::{Owners, on_each_engine};
use crate::site::TODAY;

const OWNERS: usize = 3_000;
const KILLS: u64 = 12;
/// Later each time, so that starting, opening and wrapping are all met.
const STEP: Duration = Duration::from_millis(25);

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
        let rotate = || {
            let mut rotate = Command::new(env!("CARGO_BIN_EXE_windowshop"));
            rotate.args(["keys", "rotate", "--data-dir"]).arg(bench.path(""));
            rotate.env("WINDOWSHOP_DATABASE_URL", bench.args().database_url.expose());
            rotate.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            rotate
        };
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
            keys::open_each(&later.store, &later.vault).await.expect("keys of each ring key open");
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
