//! What an operator does for a person who calls, and that each deed is on record.

use windowshop::account::people::account_owner;
use windowshop::config::OfficeArgs;
use windowshop::operator::account::{AccountArgs, AccountCommand, Of, command};

use super::people::{begin, sign_up};
use crate::site::TODAY;
use crate::store::engines::on_each_engine;

async fn run(command_of: AccountCommand, input: &str) -> (String, u8) {
    let args = AccountArgs { command: command_of };
    command(&args, TODAY, &mut input.as_bytes()).await.expect("it runs")
}

#[tokio::test]
async fn a_person_is_found_exported_and_deleted_and_each_deed_is_on_record() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let (guest, draft, _) = begin(&office).await;
        let change = sign_up(&office, "a1", "Ana@Example.org", Some(format!("guest:{guest}")));
        office.store.begin_write(change).await.expect("made");
        let args: OfficeArgs = bench.args();
        let find = |json| AccountCommand::Find { office: args.clone(), json };
        let of = || Of { office: args.clone(), owner: account_owner("a1") };

        assert_eq!(run(find(false), " ana@example.org\n").await, ("account:a1\n".to_string(), 0));
        assert_eq!(run(find(true), "ben@example.org").await, ("{\"owner\":null}\n".to_string(), 2));
        let (exported, code) = run(AccountCommand::Export { of: of(), documents: None }, "").await;
        assert_eq!(code, 0);
        let exported: serde_json::Value = serde_json::from_str(&exported).expect("JSON");
        assert_eq!(exported["account"]["email"], "Ana@Example.org", "as typed");
        assert_eq!(exported["drafts"][0]["id"], draft.as_str());
        let (said, _) = run(AccountCommand::EndSessions(of()), "").await;
        assert_eq!(said, "0 sessions of account:a1 have ended.\n");
        assert_eq!(run(AccountCommand::Delete(of()), "").await.1, 0);
        for gone in [AccountCommand::Delete(of()), AccountCommand::Export { of: of(), documents: None }] {
            let (said, code) = run(gone, "").await;
            assert!(code == 2 && said.contains("or they are gone"), "{said}");
        }
        assert_eq!(run(find(false), "ana@example.org").await, ("Nobody has this address.\n".to_string(), 2));

        let mut connection = office.store.read().await.expect("a connection");
        let rows = windowshop::store::audit::of_owner(&mut connection, "account:a1", 20).await.expect("rows");
        let deeds: Vec<&str> = rows.iter().map(|row| row.deed.as_str()).collect();
        assert_eq!(
            deeds,
            ["account_made", "draft_taken", "found", "exported", "sessions_ended", "deleted", "exported"]
        );
        assert!(rows[2].actor.starts_with("operator:uid "), "{}", rows[2].actor);
    })
    .await;
}
