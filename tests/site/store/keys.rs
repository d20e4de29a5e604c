//! The rotation of the key ring: killed halfway, seen by other processes, retired only when nothing needs it.

use time::Date;
use windowshop::config::OfficeArgs;
use windowshop::operator::Opened;
use windowshop::operator::keys::{KeysArgs, KeysCommand, command};
use windowshop::sealing::keys::KeyRing;
use windowshop::sealing::value::id_text;
use windowshop::sealing::{Column, SealFault, key_edit};
use windowshop::store::keys::{self, Rewrap};
use windowshop::store::lookup::{self, Sought};
use windowshop::store::vault::Vault;
use windowshop::store::{Change, StoreError, Tx};

use super::engines::{Bench, Owners, on_each_engine};
use crate::site::TODAY;

const OWNERS: usize = 25;
const ANSWERS: Column = Column { table: "draft", column: "answers" };

fn owner(n: usize) -> String {
    format!("account:{n:02}")
}

async fn run(bench: &Bench, command_of: impl FnOnce(OfficeArgs) -> KeysCommand) -> Result<String, String> {
    let args = KeysArgs { command: command_of(bench.args()) };
    let said = command(&args, TODAY).await;
    said.map(|(text, _)| text).map_err(|error| format!("{error:#}"))
}

/// A person's key, opened by this process, opens what was sealed before.
async fn opens(office: &Opened, n: usize, sealed: &[u8]) -> bool {
    let mut connection = office.store.read().await.expect("a connection");
    let key = office.vault.open(&mut connection, &owner(n)).await.expect("its ring key is there").expect("a key");
    key.open(ANSWERS.at("1", &owner(n)), sealed).is_ok_and(|text| text.as_slice() == b"what Ana said")
}

#[tokio::test]
async fn a_rotation_killed_halfway_is_finished_and_no_value_is_touched() {
    on_each_engine(async |bench| {
        let running = bench.open().await;
        let owners = (0..OWNERS).map(owner).collect();
        running.store.begin_write(Owners { vault: running.vault.clone(), owners }).await.expect("done");
        let mut sealed = Vec::new();
        let mut connection = running.store.read().await.expect("a connection");
        for n in 0..OWNERS {
            let key = running.vault.open(&mut connection, &owner(n)).await.expect("opened").expect("a key");
            sealed.push(key.seal(ANSWERS.at("1", &owner(n)), b"what Ana said").expect("sealed"));
        }
        drop(connection);
        let old = id_text(running.vault.ring().ids().next().expect("a key"));

        let refused = run(bench, |office| KeysCommand::Rotate { office }).await.expect_err("no key waits");
        assert!(refused.contains("windowshop keys new"), "{refused}");
        run(bench, |office| KeysCommand::New { office }).await.expect("a new key");
        let status = run(bench, |office| KeysCommand::Status { office }).await.expect("a status");
        assert!(status.contains(&format!("{old}   seals")) && status.contains("waits"), "{status}");

        // The first batch, and then the command is killed.
        let file = bench.path("site.key");
        let new = KeyRing::open(&file).unwrap_or_else(|fault| panic!("{fault}")).waiting().expect("it waits");
        key_edit::make_first(&file, new).expect("made first");
        let halfway = Vault::new(KeyRing::open(&file).unwrap_or_else(|fault| panic!("{fault}")), Some(file));
        let done = running.store.begin_write(Rewrap { vault: halfway, batch: 10 }).await.expect("a batch");
        assert_eq!(done, 10);
        let later = bench.open().await;
        for (n, sealed) in sealed.iter().enumerate() {
            assert!(opens(&running, n, sealed).await, "the running process reads the file again");
            assert!(opens(&later, n, sealed).await, "a new process reads both");
        }
        let refused = run(bench, |office| KeysCommand::Retire { office, key: old.clone() }).await;
        assert!(refused.expect_err("needed").contains("would never open again"));

        let said = run(bench, |office| KeysCommand::Rotate { office }).await.expect("finished");
        assert!(said.starts_with("16 data keys are now"), "the rest, and the site's own: {said}");
        let uses = keys::uses(&later.store, &later.vault).await.expect("a list");
        assert_eq!(uses.iter().map(|used| (used.seals, used.wraps)).collect::<Vec<_>>(), [(true, 26), (false, 0)]);
        run(bench, |office| KeysCommand::Retire { office, key: old.clone() }).await.expect("nothing needs it");
        let only = bench.open().await;
        for (n, sealed) in sealed.iter().enumerate() {
            assert!(opens(&only, n, sealed).await);
        }
        let proof = only.audit.prove(&only.store).await.expect("a proof");
        assert!(proof.faults.is_empty() && proof.rows >= 1, "the rotation is noted: {proof:?}");
    })
    .await;
}

/// Claims an address for an owner.
struct Claimed {
    vault: Vault,
    sought: Sought,
    owner: &'static str,
}

impl Change for Claimed {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        lookup::claim(tx, &self.vault, &self.sought, self.owner).await
    }
}

#[tokio::test]
async fn an_address_is_one_persons_before_during_and_after_a_rotation() {
    on_each_engine(async |bench| {
        let ana = || Sought::email("Ana@Example.org").expect("an address");
        let before = bench.open().await;
        let claim = |office: &Opened, sought, owner| Claimed { vault: office.vault.clone(), sought, owner };
        before.store.begin_write(claim(&before, ana(), "account:01")).await.expect("hers");
        before.store.begin_write(claim(&before, ana(), "account:01")).await.expect("still hers");
        let taken = Err(StoreError::Taken { table: "lookup".to_string() });
        assert_eq!(before.store.begin_write(claim(&before, ana(), "account:02")).await, taken);
        let cai = Sought::email("cai@example.org").expect("an address");
        before.store.begin_write(claim(&before, cai.clone(), "account:02")).await.expect("another address");

        let old = before.vault.ring().ids().next().expect("a key");
        run(bench, |office| KeysCommand::New { office }).await.expect("a new key");
        run(bench, |office| KeysCommand::Rotate { office }).await.expect("rotated");
        let after = bench.open().await;
        for office in [&before, &after] {
            let mut connection = office.store.read().await.expect("a connection");
            let found = lookup::find(&mut connection, &office.vault, &ana()).await.expect("asked");
            assert_eq!(found.as_deref(), Some("account:01"));
            let nobody = Sought::email("ben@example.org").expect("an address");
            assert_eq!(lookup::find(&mut connection, &office.vault, &nobody).await.expect("asked"), None);
        }
        // A process with the old ring and one with the new share a key, so neither lets somebody else have it.
        assert_eq!(after.store.begin_write(claim(&after, ana(), "account:03")).await, taken);
        assert_eq!(before.store.begin_write(claim(&before, ana(), "account:03")).await, taken);

        let retire = || run(bench, |office| KeysCommand::Retire { office, key: id_text(old) });
        let refused = retire().await.expect_err("two are found by it alone");
        assert!(refused.contains("2 addresses are found by"), "{refused}");
        after.store.begin_write(claim(&after, ana(), "account:01")).await.expect("she signs in");
        after.store.begin_write(claim(&after, cai, "account:02")).await.expect("and the other");
        retire().await.expect("nobody needs it");
        let only = bench.open().await;
        let mut connection = only.store.read().await.expect("a connection");
        let found = lookup::find(&mut connection, &only.vault, &ana()).await.expect("asked");
        assert_eq!(found.as_deref(), Some("account:01"));
        assert_eq!(bench.count("lookup").await, 2, "the old key's rows are gone");
    })
    .await;
}

#[tokio::test]
async fn a_missing_key_is_named_and_a_destroyed_one_opens_nothing() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let owners = vec![owner(1)];
        office.store.begin_write(Owners { vault: office.vault.clone(), owners }).await.expect("done");
        let mut connection = office.store.read().await.expect("a connection");
        let key = office.vault.open(&mut connection, &owner(1)).await.expect("opened").expect("a key");
        let sealed = key.seal(ANSWERS.at("1", &owner(1)), b"x").expect("sealed");
        assert_eq!(
            key.open(ANSWERS.at("2", &owner(1)), &sealed).err(),
            Some(SealFault::Unreadable { table: "draft", column: "answers" })
        );

        let other = bench.path("other.key");
        let today: Date = TODAY.date();
        let ring = KeyRing::create(&other, today).unwrap_or_else(|fault| panic!("{fault}"));
        let stranger = Vault::new(ring, Some(other));
        let fault = stranger.open(&mut connection, &owner(1)).await.err().expect("another key file");
        assert!(matches!(fault, StoreError::Sealed(SealFault::KeyGone(_))), "{fault}");
        let named = id_text(office.vault.ring().ids().next().expect("a key"));
        assert!(fault.to_string().contains(&named), "{fault}");
        drop(connection);

        bench.run_raw("DELETE FROM data_key WHERE owner = 'account:01'").await;
        let mut connection = office.store.read().await.expect("a connection");
        assert!(office.vault.open(&mut connection, &owner(1)).await.expect("asked").is_none());
    })
    .await;
}
