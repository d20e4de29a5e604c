//! A form that arrives while its session is locked waits for the password, for its owner alone, once, and sealed.

use std::time::Duration;

use windowshop::account::pending::{BYTES_MAX, Keep, Pending, Take};
use windowshop::store::{Ahead, Store, StoreAddress};

use crate::store::engines::{Owners, on_each_engine};

#[tokio::test]
async fn a_form_sent_to_a_locked_session_is_kept_sealed_and_given_back_once() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let place = windowshop::config::OfficePlace::read(&bench.args(), &mut Vec::new());
        let ahead = Ahead::default();
        let store = Store::open(&StoreAddress::of(&place), ahead.clone()).await.expect("the store opens");
        let vault = office.vault.clone();
        let owners = vec!["account:a1".to_string(), "account:b2".to_string()];
        store.begin_write(Owners { vault: vault.clone(), owners }).await.expect("done");
        let session = vec![7; 32];
        let keep = |body: &str| Keep {
            vault: vault.clone(),
            session: session.clone(),
            owner: "account:a1".to_string(),
            pending: Pending { address: "/es/apply/income?x=1".to_string(), body: body.to_string() },
        };
        let take = |owner: &str| {
            let take = Take { vault: vault.clone(), session: session.clone(), owner: owner.to_string() };
            store.begin_write(take)
        };
        assert_eq!(store.begin_write(keep("income=11111")).await, Ok(true));
        assert_eq!(store.begin_write(keep("income=37650")).await, Ok(true), "the last one counts");
        assert_eq!(bench.count("pending").await, 1);
        let mut connection = store.read().await.expect("a connection");
        let asked = sqlx::query_scalar("SELECT request FROM pending").fetch_one(&mut *connection);
        let sealed: Vec<u8> = asked.await.expect("a row");
        assert!(!sealed.windows(5).any(|part| part == b"37650" || part == b"apply"));
        drop(connection);
        let given = take("account:a1").await.expect("asked").expect("it is there");
        assert_eq!((given.address.as_str(), given.body.as_str()), ("/es/apply/income?x=1", "income=37650"));
        assert!(take("account:a1").await.expect("asked").is_none(), "once");

        store.begin_write(keep("income=37650")).await.expect("kept");
        assert!(
            take("account:b2").await.expect("asked").is_none(),
            "whoever signs in on the same computer gets nothing"
        );
        assert!(take("account:a1").await.expect("asked").is_none(), "and it is gone");

        store.begin_write(keep("income=37650")).await.expect("kept");
        ahead.add(Duration::from_secs(3600));
        assert!(take("account:a1").await.expect("asked").is_none(), "after an hour");
        assert_eq!(store.begin_write(keep(&"x".repeat(BYTES_MAX))).await, Ok(false), "too large to keep");
    })
    .await;
}
