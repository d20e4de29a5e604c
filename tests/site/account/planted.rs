//! Values planted in every field that a person fills: none can be read in a file of the store, in a backup, in what
//! commands print, or in an error.

use windowshop::account::pending::{Keep, Pending};
use windowshop::account::people::{SignedUp, account_owner, guest_owner};
use windowshop::operator::audit::{AuditArgs, command as audit_command};
use windowshop::operator::backup::{BackupArgs, back_up};
use windowshop::store::{Change, StoreError, Tx, columns};

use super::people::{begin, means, sign_up};
use crate::site::TODAY;
use crate::store::engines::{Bench, on_each_engine};

/// What Ana typed: address, answers, a form, her browser's name. No word of it occurs elsewhere.
const PLANTED: [&str; 4] = ["zanahoria.perez@example.org", "quetzal-37650", "flamboyan=77", "Navegador Guacamaya"];

/// Fills what no page fills yet.
struct Filled {
    means: windowshop::account::people::Means,
    owner: String,
    draft: String,
}

impl Change for Filled {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let owner = self.owner.as_str();
        let key = self.means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        let answers = key.seal(columns::DRAFT_ANSWERS.at(&self.draft, owner), PLANTED[1].as_bytes())?;
        sqlx::query("UPDATE draft SET answers = $1 WHERE id = $2")
            .bind(answers)
            .bind(self.draft.as_str())
            .execute(tx.conn())
            .await?;
        let name = key.seal(columns::DEVICE_NAME.at("d1", owner), PLANTED[3].as_bytes())?;
        sqlx::query(
            "INSERT INTO device (id, owner, token_hash, name, made_at, seen_at) VALUES ('d1', $1, $2, $3, 1, 1)",
        )
        .bind(owner)
        .bind(vec![1_u8])
        .bind(name)
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

/// Every file in the bench's folder that is not a key file, as bytes.
fn files(bench: &Bench) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(bench.path("")).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    paths.map(|path| (path.display().to_string(), std::fs::read(&path).expect("bytes"))).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text.as_bytes()))
}

#[tokio::test]
async fn nothing_that_a_person_typed_can_be_read_where_it_is_kept() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let (guest, draft, code) = begin(&office).await;
        let change = sign_up(&office, "a1", PLANTED[0], Some(guest_owner(&guest)));
        assert_eq!(office.store.begin_write(change).await, Ok(SignedUp::Made));
        let owner = account_owner("a1");
        let filled = Filled { means: means(&office), owner: owner.clone(), draft };
        office.store.begin_write(filled).await.expect("filled");
        let pending = Pending { address: format!("/apply?{}", PLANTED[2]), body: PLANTED[2].to_string() };
        let keep = Keep { vault: office.vault.clone(), session: vec![9; 32], owner, pending };
        assert_eq!(office.store.begin_write(keep).await, Ok(true));

        // Errors and what commands print.
        let again = sign_up(&office, "a1", "other@example.org", None);
        let taken = office.store.begin_write(again).await.expect_err("the ID is taken");
        let mut said = format!("{taken} {taken:?}");
        let backup = BackupArgs { office: bench.args(), to: bench.path("monday") };
        said += &back_up(&backup, TODAY).await.expect("a backup").0;
        let audit = AuditArgs { office: bench.args(), owner: None, last: 50, ends: None, json: true };
        said += &audit_command(&audit, TODAY).await.expect("an audit").0;
        office.store.close().await;

        let mut all = files(bench);
        all.push(("what was said".to_string(), said.into_bytes()));
        assert!(all.iter().any(|(name, _)| name.ends_with("monday.office")), "the backup is looked at");
        let sought = PLANTED.iter().copied().chain([code.as_str(), "zanahoria"]);
        for text in sought {
            for (name, bytes) in &all {
                assert!(!holds(bytes, text), "{name} holds {text}");
            }
        }
        assert!(holds(b"x QUETZAL-37650 y", PLANTED[1]), "the search finds what is there");
    })
    .await;
}
