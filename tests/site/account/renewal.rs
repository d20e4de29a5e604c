//! After a rotation everybody is found by the newest key, and an old one is retired without waiting for anybody.

use windowshop::account::people::find;
use windowshop::account::renewal::{Renew, carry_out};
use windowshop::config::OfficeArgs;
use windowshop::operator::keys::{KeysArgs, KeysCommand, command};
use windowshop::sealing::value::id_text;
use windowshop::store::lookup::Sought;

use super::people::sign_up;
use crate::site::TODAY;
use crate::store::engines::{Bench, on_each_engine};

const PEOPLE: usize = 7;

async fn run(bench: &Bench, command_of: impl FnOnce(OfficeArgs) -> KeysCommand) -> Result<String, String> {
    let args = KeysArgs { command: command_of(bench.args()) };
    let said = command(&args, TODAY).await;
    said.map(|(text, _)| text).map_err(|error| format!("{error:#}"))
}

fn address(n: usize) -> String {
    format!("Person{n}@Example.org")
}

#[tokio::test]
async fn an_old_key_is_retired_without_anybody_signing_in() {
    on_each_engine(async |bench| {
        let before = bench.open().await;
        for n in 0..PEOPLE {
            let change = sign_up(&before, &format!("a{n}"), &address(n), None);
            before.store.begin_write(change).await.expect("made");
        }
        let old = id_text(before.vault.ring().ids().next().expect("a key"));
        run(bench, |office| KeysCommand::New { office }).await.expect("a new key");
        let said = run(bench, |office| KeysCommand::Rotate { office }).await.expect("rotated");
        assert!(said.contains("7 more accounts are found by it"), "{said}");

        // Somebody signs up by a process that still has the old file.
        before.store.begin_write(sign_up(&before, "late", "late@example.org", None)).await.expect("made");
        let retire = || run(bench, |office| KeysCommand::Retire { office, key: old.clone() });
        let refused = retire().await.expect_err("she is found by the old key alone");
        assert!(refused.contains("keys rotate"), "{refused}");
        let said = run(bench, |office| KeysCommand::Rotate { office }).await.expect("it goes on");
        assert!(said.contains("1 more accounts"), "{said}");
        retire().await.expect("nobody needs it");

        let only = bench.open().await;
        let mut connection = only.store.read().await.expect("a connection");
        for address in (0..PEOPLE).map(address).chain(["late@example.org".to_string()]) {
            let sought = Sought::email(&address).expect("an address");
            assert!(find(&mut connection, &only.vault, &sought).await.expect("asked").is_some(), "{address}");
        }
        assert_eq!(bench.count("lookup").await, 8);
    })
    .await;
}

#[tokio::test]
async fn a_renewal_that_was_killed_goes_on_and_whoever_is_gone_stops_nobody() {
    on_each_engine(async |bench| {
        let before = bench.open().await;
        for n in 0..PEOPLE {
            let change = sign_up(&before, &format!("a{n}"), &address(n), None);
            before.store.begin_write(change).await.expect("made");
        }
        run(bench, |office| KeysCommand::New { office }).await.expect("a new key");
        let file = bench.path("site.key");
        let ring = windowshop::sealing::keys::KeyRing::open(&file).unwrap_or_else(|fault| panic!("{fault}"));
        windowshop::sealing::key_edit::make_first(&file, ring.waiting().expect("it waits")).expect("made first");
        let after = bench.open().await;
        let batch = Renew { vault: after.vault.clone(), batch: 3 };
        assert_eq!(after.store.begin_write(batch).await, Ok(3), "and then it is killed");
        bench.run_raw("DELETE FROM account WHERE id = 'a6'").await;
        bench.run_raw("DELETE FROM data_key WHERE owner = 'account:a6'").await;
        let rest = carry_out(&after.store, &after.vault).await.expect("carried out");
        assert!((3..=4).contains(&rest), "{rest}");
        assert_eq!(carry_out(&after.store, &after.vault).await.expect("carried out"), 0, "once");
    })
    .await;
}
