//! A process that ends between any two steps of sending: no enrollment is missing, none is there twice, no number is skipped.

use std::collections::BTreeMap;

use windowshop::enrollment::record::State;
use windowshop::insurer::inbox::Read;
use windowshop::insurer::record;
use windowshop::insurer::send::{Cause, Made};
use windowshop::store::audit::{Actor, Audit, Deed, Entry};
use windowshop::store::vault::SITE;
use windowshop::store::{Change, StoreError, Tx};

use super::people::{Desk, ELM, person, signed, word};
use crate::store::engines::{Bench, on_each_engine};
use crate::x834::people::from_insurer;

/// The transaction of a process that ends before it is there.
struct Cut(Made);

impl Change for Cut {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        self.0.run(tx).await?;
        Err(StoreError::Stale)
    }
}

/// Each enrollment once, in files without a gap, as everybody who looks finds it.
async fn whole(desk: &Desk, bench: &Bench, enrollments: usize, files: i64) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let delivered = desk.delivered(ELM);
    for own in &delivered {
        *seen.entry(own.policy.clone()).or_default() += 1;
    }
    assert_eq!(seen.len(), enrollments, "none is missing");
    assert!(seen.values().all(|many| *many == 1), "none is there twice: {seen:?}");
    let references: Vec<usize> = delivered.iter().map(|own| own.reference.parse().expect("a number")).collect();
    assert_eq!(references, (1..=enrollments).collect::<Vec<_>>());
    let names: Vec<String> = (1..=files).map(|control| format!("834-{ELM}-{control:09}.834")).collect();
    assert_eq!(desk.files(&format!("out/{ELM}")), names, "numbers without a gap");
    assert_eq!(bench.count("insurer_file WHERE direction = 'out' AND state = 'sent'").await, files);
    assert_eq!(bench.count("insurer_line").await, enrollments as i64);
    assert_eq!(bench.count("enrollment_change WHERE file = ''").await, 0);
    assert_eq!(bench.count("audit WHERE deed = 'insurer_file_sent'").await, files);
    assert_eq!(bench.count("enrollment_step WHERE step = 'sent'").await, enrollments as i64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_at_each_point_and_each_enrollment_is_in_one_file() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let store = &desk.world.office.store;
        for number in 1..=3 {
            desk.enroll(4_000_000_000 + number, signed(ELM, vec![person(1, "Perez"), person(2, "Perez")])).await;
        }
        let draft = async || desk.desk.draft(ELM, Cause::Batch).await.expect("drafted").expect("something waits");

        // After the file was laid beside the folder.
        drop(draft().await);
        assert!(desk.files("out/12345").is_empty(), "nobody sees it");
        // In the transaction.
        assert_eq!(store.begin_write(Cut(draft().await)).await, Err(StoreError::Stale));
        assert_eq!(bench.count("insurer_file").await, 0);
        assert_eq!(bench.count("enrollment_change WHERE file = ''").await, 3);
        // After the transaction: it is on record, and beside the folder.
        assert_eq!(store.begin_write(draft().await).await, Ok(true));
        assert!(desk.files("out/12345").is_empty());
        // After the rename, before anybody said that it was sent.
        let place = desk.desk.folder.place().await.expect("a name");
        let mut connection = store.read().await.expect("a connection");
        let file = record::unsent(&mut connection, &place).await.expect("read").remove(0);
        drop(connection);
        desk.desk.folder.release(ELM, (&file.staged, &file.id)).await.expect("renamed");
        assert_eq!(bench.count("enrollment WHERE state = 'signed'").await, 3);
        // What died beside the folder is nobody's after an hour.
        let left = desk.files("out/12345/.staged");
        assert_eq!(left.len(), 2, "of those that died");
        let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        let path = desk.dir().join("out/12345/.staged").join(&left[0]);
        std::fs::File::options().append(true).open(path).expect("a file").set_modified(old).expect("older");
        desk.round().await;
        assert_eq!(desk.files("out/12345/.staged"), left[1..], "what may still be on its way stays");
        whole(&desk, bench, 3, 1).await;

        // The carrier has taken it; a process that comes again puts nothing there.
        let sent = desk.dir().join(format!("out/{ELM}/{}.834", file.id));
        let kept = std::fs::read(&sent).expect("a file");
        std::fs::remove_file(&sent).expect("taken");
        desk.desk.release(&file).await.expect("again");
        desk.round().await;
        assert!(desk.files("out/12345").is_empty(), "never twice");
        std::fs::write(&sent, kept).expect("back, for counting");

        // What waits since goes out under the next number.
        desk.enroll(4_000_000_004, signed(ELM, vec![person(1, "Perez")])).await;
        desk.round().await;
        whole(&desk, bench, 4, 2).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_at_once_write_one_file() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        for number in 1..=3 {
            desk.enroll(4_000_000_000 + number, signed(ELM, vec![person(1, "Perez")])).await;
        }
        let store = &desk.world.office.store;
        let one = desk.desk.draft(ELM, Cause::Batch).await.expect("drafted").expect("something");
        let two = desk.desk.draft(ELM, Cause::Batch).await.expect("drafted").expect("something");
        assert_eq!(one.id, two.id, "both want the same number");
        assert_eq!(store.begin_write(two).await, Ok(true));
        assert_eq!(store.begin_write(one).await, Ok(false));
        let (a, b) = tokio::join!(desk.round(), desk.round());
        assert!(a.sent + b.sent >= 1);
        whole(&desk, bench, 3, 1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_ended_before_the_file_was_gone_changes_nothing_more() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let id = desk.enroll(4_000_000_001, signed(ELM, vec![person(1, "Perez")])).await;
        desk.round().await;
        let text = from_insurer(1, ("BE", "005010X220A1", "834"), &[word(4_000_000_001, "CONFIRM", "")]);
        let path = desk.drop_in(ELM, "a.txt", text.as_bytes());
        let read = windowshop::insurer::inbox::read_one(&desk.desk, (&path, None), false).await.expect("read");
        assert!(matches!(read, Read::Taken(tally) if tally.moved == 1), "{read:?}");
        assert_eq!(desk.round().await.read.doubled, 1);
        assert!(desk.files("in/12345").is_empty());
        assert_eq!(desk.state(&id).await, State::Confirmed);
        assert_eq!(bench.count("enrollment_step WHERE step = 'confirmed'").await, 1);
    })
    .await;
}

/// What `windowshop restore` puts on record.
struct Restored(Audit);

impl Change for Restored {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let entry = Entry { actor: &Actor::Site, deed: Deed::Restored, owner: SITE, record: "", session: "" };
        self.0.append(tx, &entry).await
    }
}

#[tokio::test]
async fn after_a_restore_numbers_go_on_above_all_that_were_used_and_no_file_is_overwritten() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let store = &desk.world.office.store;
        desk.enroll(4_000_000_001, signed(ELM, vec![person(1, "Perez")])).await;
        desk.round().await;
        assert_eq!(desk.files("out/12345"), ["834-12345-000000001.834"]);
        store.begin_write(Restored(desk.world.office.audit.clone())).await.expect("on record");
        desk.enroll(4_000_000_002, signed(ELM, vec![person(1, "Perez")])).await;
        let draft = desk.desk.draft(ELM, Cause::Batch).await.expect("drafted").expect("something waits");
        // More than the minutes from January to November.
        assert!(draft.id.as_str() > "834-12345-000400000", "{}", draft.id);
        let there = format!("out/12345/{}.834", draft.id.trim_end_matches(".834"));
        std::fs::write(desk.dir().join(&there), "another's").expect("written");
        assert_eq!(store.begin_write(draft).await, Ok(true));
        let place = desk.desk.folder.place().await.expect("a name");
        let mut connection = store.read().await.expect("a connection");
        let file = record::unsent(&mut connection, &place).await.expect("read").remove(0);
        drop(connection);
        for _ in 0..2 {
            let error = desk.desk.release(&file).await.expect_err("the name is taken");
            assert!(format!("{error:#}").contains("another file lies at"), "{error:#}");
            assert_eq!(desk.text(&there), "another's");
        }
        assert_eq!(bench.count("insurer_file WHERE state = 'made'").await, 1, "it waits, and is not said to be sent");
        std::fs::remove_file(desk.dir().join(&there)).expect("an operator takes it away");
        desk.desk.release(&file).await.expect("let in");
        assert!(desk.text(&there).starts_with("ISA"));
    })
    .await;
}
