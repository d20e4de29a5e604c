//! A guest begins, comes back by a code, makes an account and keeps everything; and goes again without a trace that
//! opens.

use windowshop::account::codes;
use windowshop::account::people::{
    self, BeginDraft, Delete, Deletion, Means, SignUp, SignedUp, account_owner, guest_owner, new_id,
};
use windowshop::operator::Opened;
use windowshop::store::audit::{self, Actor};
use windowshop::store::lookup::Sought;
use windowshop::store::{StoreError, columns};
use zeroize::Zeroizing;

use crate::store::engines::on_each_engine;

pub fn means(office: &Opened) -> Means {
    Means { vault: office.vault.clone(), audit: office.audit.clone() }
}

/// Begins a draft; the guest's ID, the draft's, and the printed code.
pub async fn begin(office: &Opened) -> (String, String, Zeroizing<String>) {
    let (guest, draft, code) = (new_id().expect("an ID"), new_id().expect("an ID"), codes::new_code().expect("a code"));
    let code_hash = codes::code_hash(&code).expect("a code");
    let change = BeginDraft {
        means: means(office),
        guest: guest.clone(),
        draft: draft.clone(),
        code_hash,
        session: "5e55".to_string(),
    };
    office.store.begin_write(change).await.expect("begun");
    (guest, draft, code)
}

pub fn sign_up(office: &Opened, account: &str, address: &str, guest: Option<String>) -> SignUp {
    SignUp {
        means: means(office),
        account: account.to_string(),
        email: Sought::email(address).expect("an address"),
        typed_email: Zeroizing::new(address.to_string()),
        password: Zeroizing::new("$argon2id$…".to_string()),
        password_chars: 15,
        lang: "es".to_string(),
        guest,
        session: "5e55".to_string(),
    }
}

#[tokio::test]
async fn a_guests_draft_goes_over_to_the_account_in_one_change() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let (guest, draft, code) = begin(&office).await;
        let mut connection = office.store.read().await.expect("a connection");
        let now = office.store.now().await.expect("a time");
        let resumed = people::resume(&mut connection, &code.to_lowercase(), now).await.expect("asked");
        assert_eq!(resumed, Some(guest_owner(&guest)));
        let late = people::resume(&mut connection, &code, now + people::DRAFT_DAYS).await.expect("asked");
        assert_eq!(late, None, "after its time it opens nothing");
        assert_eq!(
            people::resume(&mut connection, "0000-0000-0000-0000-0000-0000-0000", now).await.expect("asked"),
            None
        );
        drop(connection);

        let change = sign_up(&office, "a1", "Ana@Example.org", Some(guest_owner(&guest)));
        assert_eq!(office.store.begin_write(change).await, Ok(SignedUp::Made));
        let owner = account_owner("a1");
        let mut connection = office.store.read().await.expect("a connection");
        let key = office.vault.open(&mut connection, &owner).await.expect("asked").expect("a key");
        let asked = sqlx::query_scalar("SELECT answers FROM draft WHERE id = $1 AND owner = $2");
        let answers: Vec<u8> =
            asked.bind(draft.as_str()).bind(owner.as_str()).fetch_one(&mut *connection).await.expect("the draft");
        let plain = key.open(columns::DRAFT_ANSWERS.at(&draft, &owner), &answers).expect("it opens");
        assert_eq!(plain.as_slice(), b"{}");
        assert!(office.vault.open(&mut connection, &guest_owner(&guest)).await.expect("asked").is_none());
        assert_eq!(people::resume(&mut connection, &code, now).await.expect("asked"), None, "the code is used up");
        let deeds = audit::of_owner(&mut connection, &owner, 10).await.expect("rows");
        let deeds: Vec<&str> = deeds.iter().map(|row| row.deed.as_str()).collect();
        assert_eq!(deeds, ["account_made", "draft_taken"]);
    })
    .await;
}

#[tokio::test]
async fn one_address_has_one_account_even_if_two_sign_up_at_once() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let both = [("a1", "ana@example.org"), ("a2", "ANA@example.org")].map(|(account, address)| {
            let (store, change) = (office.store.clone(), sign_up(&office, account, address, None));
            tokio::spawn(async move { store.begin_write(change).await })
        });
        let mut made = 0;
        for one in both {
            match one.await.expect("no panic") {
                Ok(SignedUp::Made) => made += 1,
                Ok(SignedUp::Taken { .. }) | Err(StoreError::Taken { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(made, 1);
        assert_eq!((bench.count("account").await, bench.count("lookup").await), (1, 1));
        let mut connection = office.store.read().await.expect("a connection");
        let sought = Sought::email(" Ana@Example.ORG ").expect("an address");
        let found = people::find(&mut connection, &office.vault, &sought).await.expect("asked").expect("an account");
        assert_eq!((found.password.as_str(), found.lang.as_str(), found.has_totp), ("$argon2id$…", "es", false));
        let nobody = Sought::email("ben@example.org").expect("an address");
        assert!(people::find(&mut connection, &office.vault, &nobody).await.expect("asked").is_none());
    })
    .await;
}

#[tokio::test]
async fn who_goes_leaves_nothing_that_opens_and_the_deed_stays_on_record() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let (guest, draft, _) = begin(&office).await;
        let change = sign_up(&office, "a1", "ana@example.org", Some(guest_owner(&guest)));
        office.store.begin_write(change).await.expect("made");
        let delete = || Delete {
            means: means(&office),
            owner: account_owner("a1"),
            today: crate::site::TODAY.date(),
            actor: Actor::Account("a1".to_string()),
            session: "5e55".to_string(),
        };
        assert_eq!(office.store.begin_write(delete()).await, Ok(Deletion::Gone));
        assert_eq!(office.store.begin_write(delete()).await, Ok(Deletion::NotThere), "once");
        for table in ["account", "draft", "lookup", "session", "resume_code", "device", "totp"] {
            assert_eq!(bench.count(table).await, 0, "{table}");
        }
        assert_eq!(bench.count("data_key").await, 1, "the site's own");
        assert!(!draft.is_empty());
        let proof = office.audit.prove(&office.store).await.expect("a proof");
        assert_eq!((proof.rows, proof.faults.len()), (4, 0), "begun, made, taken, deleted");
    })
    .await;
}
