//! The drill: what was backed up on one engine is restored on every other, with the key file from where the operator
//! keeps it, and a sealed value is opened there.

use std::path::Path;

use windowshop::operator::Opened;
use windowshop::operator::backup::{BackupArgs, RestoreArgs, back_up, restore};
use windowshop::sealing::Column;
use windowshop::store::backup::{files, prove};

use super::engines::{Bench, Owners, benches, on_each_engine};
use super::write::OneDeed;
use crate::site::TODAY;

const ANSWERS: Column = Column { table: "draft", column: "answers" };

/// An office with some people and deeds, and a value sealed for one of them.
async fn filled(bench: &Bench) -> (Opened, Vec<u8>) {
    let office = bench.open().await;
    let owners = vec!["account:a1".to_string(), "account:b2".to_string()];
    office.store.begin_write(Owners { vault: office.vault.clone(), owners }).await.expect("done");
    for owner in ["account:a1", "account:b2", "account:a1"] {
        office.store.begin_write(OneDeed { audit: office.audit.clone(), owner }).await.expect("done");
    }
    let mut connection = office.store.read().await.expect("a connection");
    let key = office.vault.open(&mut connection, "account:a1").await.expect("opened").expect("a key");
    let sealed = key.seal(ANSWERS.at("1", "account:a1"), "lo que dijo Ana".as_bytes()).expect("sealed");
    (office, sealed)
}

async fn back_up_to(bench: &Bench, name: &Path) {
    let args = BackupArgs { office: bench.args(), to: name.to_path_buf() };
    let (text, code) = back_up(&args, TODAY).await.expect("a backup");
    assert_eq!(code, 0);
    assert!(text.contains("rows of"), "{text}");
}

async fn restore_from(bench: &Bench, name: &Path) -> Result<String, String> {
    let args = RestoreArgs { office: bench.args(), from: name.to_path_buf(), dry_run: false };
    restore(&args, TODAY).await.map(|(text, _)| text).map_err(|error| format!("{error:#}"))
}

#[tokio::test]
async fn a_backup_of_any_engine_is_restored_on_any_other_and_opens() {
    for from in benches().await {
        let (_office, sealed) = filled(&from).await;
        let name = from.path("monday");
        back_up_to(&from, &name).await;
        for to in benches().await {
            println!("from {} to {}", from.engine, to.engine);
            let refused = restore_from(&to, &name).await.expect_err("no key file");
            assert!(refused.contains("there is no key file"), "{refused}");
            // The copy that the operator keeps elsewhere.
            std::fs::copy(from.path("site.key"), to.path("site.key")).expect("copied");
            let said = restore_from(&to, &name).await.expect("restored");
            assert!(said.contains("opens (1), and 4 rows of audit hold"), "{said}");
            let office = to.open().await;
            let mut connection = office.store.read().await.expect("a connection");
            let key = office.vault.open(&mut connection, "account:a1").await.expect("opened").expect("a key");
            let text = key.open(ANSWERS.at("1", "account:a1"), &sealed).expect("it opens");
            assert_eq!(text.as_slice(), "lo que dijo Ana".as_bytes());
            drop(connection);
            let proof = office.audit.prove(&office.store).await.expect("a proof");
            assert_eq!((proof.rows, proof.faults.len()), (5, 0), "the backup's, its own, and the restore's");
            let again = restore_from(&to, &name).await.expect_err("it is not empty");
            assert!(again.contains("the store is not empty") && again.contains("--data-dir"), "{again}");
            assert!(!again.contains("refused a statement"), "{again}");
            office.store.close().await;
            to.end().await;
        }
        from.end().await;
    }
}

#[tokio::test]
async fn a_damaged_or_halved_backup_is_refused_before_anything_is_touched() {
    let from = Bench::new(None).await;
    let (_office, _) = filled(&from).await;
    let name = from.path("monday");
    back_up_to(&from, &name).await;
    let [office, keys] = files(&name);
    let whole = std::fs::read_to_string(&office).expect("text");
    let refused = |text: &str| {
        std::fs::write(&office, text).expect("written");
        format!("{:#}", prove(&name).expect_err("refused"))
    };
    let without_end = whole.trim_end().rsplit_once('\n').expect("lines").0.to_string() + "\n";
    assert!(refused(&without_end).contains("cut short"));
    assert!(refused(&whole[..whole.len() / 2]).contains("cut short"));
    assert!(refused(&whole.replacen("draft:1", "draft:2", 1)).contains("damaged"));
    assert!(refused("").contains("is empty"));
    assert!(refused("hello\n").contains("is no backup"));
    std::fs::write(&office, &whole).expect("written");
    assert!(prove(&name).is_ok());
    std::fs::remove_file(&keys).expect("removed");
    assert!(format!("{:#}", prove(&name).expect_err("refused")).contains("monday.keys cannot be read"));
    let to = Bench::new(None).await;
    restore_from(&to, &name).await.expect_err("refused");
    assert!(!to.path("office.db").exists(), "no store was made");
}

#[tokio::test]
async fn the_keys_of_another_site_restore_nothing_that_is_believed() {
    on_each_engine(async |to| {
        let from = Bench::new(None).await;
        let (_office, _) = filled(&from).await;
        let name = from.path("monday");
        back_up_to(&from, &name).await;
        let stranger = Bench::new(None).await;
        stranger.open().await;
        std::fs::copy(stranger.path("site.key"), to.path("site.key")).expect("copied");
        let refused = restore_from(to, &name).await.expect_err("other keys");
        assert!(refused.contains("the key file is another") && refused.contains("nothing was restored"), "{refused}");
        assert_eq!(to.count("data_key").await, 0, "the store is as empty as before");
        std::fs::copy(from.path("site.key"), to.path("site.key")).expect("copied");
        restore_from(to, &name).await.expect("the right key file is taken afterwards");
    })
    .await;
}

#[tokio::test]
async fn a_backup_holds_neither_ring_keys_nor_readable_values() {
    on_each_engine(async |bench| {
        let (_office, _) = filled(bench).await;
        let name = bench.path("monday");
        back_up_to(bench, &name).await;
        let [office, keys] = files(&name).map(|file| std::fs::read_to_string(file).expect("text"));
        assert!(office.contains("\"audit\"") && !office.contains("\"data_key\""));
        assert!(keys.contains("\"data_key\"") && !keys.contains("\"audit\""));
        let ring = std::fs::read_to_string(bench.path("site.key")).expect("text");
        let key = ring.split_whitespace().last().expect("a key");
        assert!(!office.contains(key) && !keys.contains(key));
    })
    .await;
}
