//! Sessions: hashed at rest, ended for good, the same in every process.

use std::time::Duration;

use tower_sessions::SessionStore as _;
use tower_sessions::session::{Id, Record};
use windowshop::account::session::{self, EndOthers, SHAPE, Session, Sessions, State};
use windowshop::store::{Ahead, Store, StoreAddress};

use crate::store::engines::{Bench, on_each_engine};

fn record(owner: &str) -> Record {
    let session = Session {
        owner: owner.to_string(),
        device: "d1".to_string(),
        lang: "es".to_string(),
        shared: false,
        made_at: 0,
        seen_at: 0,
        expires_at: 0,
        authenticated_at: Some(1),
        second_step_at: None,
    };
    let mut record =
        Record { id: Id::default(), data: Default::default(), expiry_date: time::OffsetDateTime::UNIX_EPOCH };
    record.data.insert(SHAPE.to_string(), session::to_value(&session));
    record
}

/// The store with a clock that can be put ahead.
async fn store_with_clock(bench: &Bench) -> (Store, Ahead) {
    let place = windowshop::config::OfficePlace::read(&bench.args(), &mut Vec::new());
    let ahead = Ahead::default();
    let store = Store::open(&StoreAddress::of(&place), ahead.clone()).await.expect("the store opens");
    (store, ahead)
}

#[tokio::test]
async fn a_session_is_the_same_in_two_processes_until_one_of_them_ends_it() {
    on_each_engine(async |bench| {
        let (one, other) = (store_with_clock(bench).await.0, store_with_clock(bench).await.0);
        let (one, other) = (Sessions::new(one), Sessions::new(other));
        let mut record = record("account:a1");
        one.create(&mut record).await.expect("made");
        let seen = other.load(&record.id).await.expect("asked").expect("it is there");
        assert_eq!(seen.data, record.data);
        one.delete(&record.id).await.expect("ended");
        assert_eq!(other.load(&record.id).await.expect("asked"), None);
        // A request that was under way when it ended must not bring it back.
        other.save(&record).await.expect("asked");
        assert_eq!(other.load(&record.id).await.expect("asked"), None);
        assert_eq!(bench.count("session").await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_table_holds_no_session_id() {
    on_each_engine(async |bench| {
        let (store, _) = store_with_clock(bench).await;
        let mut record = record("account:a1");
        Sessions::new(store.clone()).create(&mut record).await.expect("made");
        let mut connection = store.read().await.expect("a connection");
        let asked = sqlx::query_scalar("SELECT id_hash FROM session").fetch_one(&mut *connection);
        let held: Vec<u8> = asked.await.expect("a row");
        assert_eq!(held, session::id_hash(&record.id));
        assert_ne!(held[..16], record.id.0.to_be_bytes());
        assert_ne!(held[..16], record.id.0.to_le_bytes());
    })
    .await;
}

#[tokio::test]
async fn idle_it_locks_and_after_its_time_it_ends() {
    on_each_engine(async |bench| {
        let (store, ahead) = store_with_clock(bench).await;
        let sessions = Sessions::new(store.clone());
        let mut record = record("account:a1");
        sessions.create(&mut record).await.expect("made");
        let hash = session::id_hash(&record.id);
        let state = async || {
            let (session, now) = session::find(&store, &hash).await.expect("asked").expect("a row");
            session.state(now)
        };
        // Used every ten minutes it stays open; the row is written at most once a minute.
        for _ in 0..3 {
            ahead.add(Duration::from_secs(600));
            assert!(sessions.load(&record.id).await.expect("asked").is_some());
        }
        ahead.add(Duration::from_secs(15 * 60 + 1));
        assert_eq!(state().await, State::Locked);
        assert_eq!(sessions.load(&record.id).await.expect("asked"), None, "no page sees a locked session");
        assert_eq!(state().await, State::Locked, "and looking does not open it");
        ahead.add(Duration::from_secs(12 * 3600));
        assert_eq!(state().await, State::Ended);
    })
    .await;
}

#[tokio::test]
async fn all_others_end_at_once() {
    on_each_engine(async |bench| {
        let (store, _) = store_with_clock(bench).await;
        let sessions = Sessions::new(store.clone());
        let mut records = [record("account:a1"), record("account:a1"), record("account:a1"), record("account:b2")];
        for record in &mut records {
            sessions.create(record).await.expect("made");
        }
        let but = session::id_hash(&records[0].id);
        let ended = store.begin_write(EndOthers { owner: "account:a1".to_string(), but }).await.expect("ended");
        assert_eq!(ended, 2);
        let mut left = Vec::new();
        for record in &records {
            left.push(sessions.load(&record.id).await.expect("asked").is_some());
        }
        assert_eq!(left, [true, false, false, true]);
    })
    .await;
}
