//! Sessions: tower-sessions makes the cookie and its life, this is the store behind it, with that crate's faults fenced.
//!
//! * The ID is hashed before it reaches the store: whoever reads the table has no session.
//! * A record has one small, fixed shape, columns and no blob, so that two tabs that save at once lose nothing that
//!   matters. What pages need lies in tables of its own.
//! * Saving never makes a row: a session that was ended elsewhere stays ended.
//! * How long it lives is decided by the store's clock, not by the cookie's.
//!
//! Called by the layer around private pages. After [`Limits::idle`] a session is locked, not ended: the password opens it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row as _};
use tower_sessions::session::{Id, Record};
use tower_sessions::{SessionStore, session_store};

use crate::store::{Change, Millis, Store, StoreError, Tx};

/// A session's `seen_at` is written when it is older than this: reading a page writes nothing most of the time.
const SEEN_EVERY: Millis = 60_000;
/// IDs have 128 random bits; this many collisions in a row are no chance.
const TRIES: u32 = 3;

/// How long a session may do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until it locks (CMS ARS AC-11: 15 minutes).
    pub idle: Duration,
    /// Until it ends, whatever happens (NIST SP 800-63B-4, 2.2.3: 24 hours at most).
    pub whole: Duration,
}

impl Limits {
    pub const OWN_COMPUTER: Limits =
        Limits { idle: Duration::from_secs(15 * 60), whole: Duration::from_secs(12 * 3600) };
    /// Long enough for an application with somebody who helps.
    pub const SHARED_COMPUTER: Limits =
        Limits { idle: Duration::from_secs(5 * 60), whole: Duration::from_secs(4 * 3600) };
    /// Without an account it is a long printed code that opens it again: time enough to look something up on paper.
    pub const SHARED_GUEST: Limits = Limits { idle: Duration::from_secs(15 * 60), ..Limits::SHARED_COMPUTER };

    pub fn of(shared: bool, signed_in: bool) -> Limits {
        match (shared, signed_in) {
            (false, _) => Limits::OWN_COMPUTER,
            (true, true) => Limits::SHARED_COMPUTER,
            (true, false) => Limits::SHARED_GUEST,
        }
    }
}

/// How long after its end it is known whose a session was, so that a page sent too late is not lost.
pub const REMEMBERED: Millis = 24 * 3_600_000;

/// A session as its row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// `account:ID`, `guest:ID`, or empty.
    pub owner: String,
    pub device: String,
    pub lang: String,
    pub shared: bool,
    pub made_at: Millis,
    pub seen_at: Millis,
    pub expires_at: Millis,
    pub authenticated_at: Option<Millis>,
    pub second_step_at: Option<Millis>,
}

/// What a session may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open {
        locks_at: Millis,
    },
    /// The password opens it again; for a guest, the printed code.
    Locked,
    Ended,
}

impl Session {
    pub fn state(&self, now: Millis) -> State {
        let locks_at = self.locks_at(self.seen_at);
        match () {
            () if now >= self.expires_at => State::Ended,
            () if locks_at.is_some_and(|at| now >= at) => State::Locked,
            () => State::Open { locks_at: locks_at.map_or(self.expires_at, |at| at.min(self.expires_at)) },
        }
    }

    /// When it locks if nothing is asked for after this moment; `None`: not before its end. A guest's own computer is left
    /// open: nobody there has a password, and the code may not be written down yet.
    pub fn locks_at(&self, seen_at: Millis) -> Option<Millis> {
        let signed_in = self.authenticated_at.is_some();
        let locks = signed_in || self.shared && self.owner.starts_with("guest:");
        locks.then(|| seen_at + millis(Limits::of(self.shared, signed_in).idle))
    }

    /// Whether the password was typed within this time: some pages ask again.
    pub fn authenticated_within(&self, time: Duration, now: Millis) -> bool {
        self.authenticated_at.is_some_and(|at| now < at + millis(time))
    }
}

fn millis(time: Duration) -> Millis {
    Millis::try_from(time.as_millis()).unwrap_or(Millis::MAX)
}

impl FromRow<'_, AnyRow> for Session {
    fn from_row(row: &AnyRow) -> Result<Session, sqlx::Error> {
        Ok(Session {
            owner: row.try_get("owner")?,
            device: row.try_get("device")?,
            lang: row.try_get("lang")?,
            shared: row.try_get::<i64, _>("shared")? != 0,
            made_at: row.try_get("made_at")?,
            seen_at: row.try_get("seen_at")?,
            expires_at: row.try_get("expires_at")?,
            authenticated_at: row.try_get("authenticated_at")?,
            second_step_at: row.try_get("second_step_at")?,
        })
    }
}

/// What tower-sessions may change, and all that it may.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Shape {
    owner: String,
    device: String,
    lang: String,
    shared: bool,
    authenticated_at: Option<Millis>,
    second_step_at: Option<Millis>,
}

/// The key under which a session's shape stands in tower-sessions' record.
pub const SHAPE: &str = "s";

impl Shape {
    fn of(record: &Record) -> Result<Shape, session_store::Error> {
        let not_ours = |what: &str| session_store::Error::Encode(format!("a session holds {what}"));
        if let Some(other) = record.data.keys().find(|key| *key != SHAPE) {
            return Err(not_ours(&format!("{other}, which has no column")));
        }
        let empty = Map::new();
        let held = record.data.get(SHAPE).and_then(Value::as_object).unwrap_or(&empty);
        let text = |name: &str| held.get(name).and_then(Value::as_str).unwrap_or_default().to_string();
        let shape = Shape {
            owner: text("owner"),
            device: text("device"),
            lang: text("lang"),
            shared: held.get("shared").and_then(Value::as_bool).unwrap_or(false),
            authenticated_at: held.get("authenticated_at").and_then(Value::as_i64),
            second_step_at: held.get("second_step_at").and_then(Value::as_i64),
        };
        Ok(shape)
    }
}

/// The session as tower-sessions carries it through a request.
pub fn to_value(session: &Session) -> Value {
    json!({
        "owner": session.owner, "device": session.device, "lang": session.lang, "shared": session.shared,
        "authenticated_at": session.authenticated_at, "second_step_at": session.second_step_at,
    })
}

/// The store behind tower-sessions.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
}

impl Sessions {
    pub fn new(store: Store) -> Sessions {
        Sessions { store }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

/// What the row is found by.
pub fn id_hash(id: &Id) -> Vec<u8> {
    Sha256::digest(id.0.to_be_bytes()).to_vec()
}

impl From<StoreError> for session_store::Error {
    fn from(error: StoreError) -> session_store::Error {
        session_store::Error::Backend(error.to_string())
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        for _ in 0..TRIES {
            let made = Made { id_hash: id_hash(&record.id), shape: Shape::of(record)? };
            if self.store.begin_write(made).await? {
                return Ok(());
            }
            record.id = Id::default();
        }
        Err(session_store::Error::Backend("no session ID is free".to_string()))
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let saved = Saved { id_hash: id_hash(&record.id), shape: Shape::of(record)? };
        Ok(self.store.begin_write(saved).await?)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let id_hash = id_hash(id);
        let Some((session, now)) = find(&self.store, &id_hash).await? else { return Ok(None) };
        let State::Open { .. } = session.state(now) else {
            // Locked or ended: tower-sessions sees none. The lock's own page reads the row by `find`.
            return Ok(None);
        };
        if now - session.seen_at > SEEN_EVERY {
            self.store.begin_write(Seen { id_hash }).await?;
        }
        let mut record = Record { id: *id, data: Default::default(), expiry_date: far_future() };
        record.data.insert(SHAPE.to_string(), to_value(&session));
        Ok(Some(record))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        Ok(self.store.begin_write(Ended { id_hash: id_hash(id) }).await?)
    }
}

/// The cookie lasts as long as the browser; how long the session does is for its row to say.
fn far_future() -> time::OffsetDateTime {
    time::macros::datetime!(9999-01-01 00:00 UTC)
}

/// The row, and the store's time.
///
/// # Errors
///
/// If the store is away.
pub async fn find(store: &Store, id_hash: &[u8]) -> Result<Option<(Session, Millis)>, StoreError> {
    let now = store.now().await?;
    let mut connection = store.read().await?;
    let asked = sqlx::query_as(
        "SELECT owner, device, lang, shared, made_at, seen_at, expires_at, authenticated_at, second_step_at \
         FROM session WHERE id_hash = $1",
    );
    let found: Option<Session> = asked.bind(id_hash).fetch_optional(&mut *connection).await?;
    Ok(found.map(|session| (session, now)))
}

struct Made {
    id_hash: Vec<u8>,
    shape: Shape,
}

impl Change for Made {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (now, shape) = (tx.now(), &self.shape);
        let made = sqlx::query(
            "INSERT INTO session (id_hash, owner, device, lang, shared, made_at, seen_at, expires_at, \
             authenticated_at, second_step_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9) \
             ON CONFLICT (id_hash) DO NOTHING",
        )
        .bind(self.id_hash.as_slice())
        .bind(shape.owner.as_str())
        .bind(shape.device.as_str())
        .bind(shape.lang.as_str())
        .bind(i64::from(shape.shared))
        .bind(now)
        .bind(now + millis(Limits::of(shape.shared, shape.authenticated_at.is_some()).whole))
        .bind(shape.authenticated_at)
        .bind(shape.second_step_at)
        .execute(tx.conn())
        .await?;
        Ok(made.rows_affected() == 1)
    }
}

struct Saved {
    id_hash: Vec<u8>,
    shape: Shape,
}

impl Change for Saved {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (now, shape) = (tx.now(), &self.shape);
        // A shared computer shortens what is left and never lengthens it; its time counts from when it is said.
        sqlx::query(
            "UPDATE session SET owner = $1, device = $2, lang = $3, shared = $4, seen_at = $5, \
             authenticated_at = $6, second_step_at = $7, \
             expires_at = CASE WHEN expires_at < $8 THEN expires_at ELSE $8 END \
             WHERE id_hash = $9",
        )
        .bind(shape.owner.as_str())
        .bind(shape.device.as_str())
        .bind(shape.lang.as_str())
        .bind(i64::from(shape.shared))
        .bind(now)
        .bind(shape.authenticated_at)
        .bind(shape.second_step_at)
        .bind(now + millis(Limits::of(shape.shared, shape.authenticated_at.is_some()).whole))
        .bind(self.id_hash.as_slice())
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

struct Seen {
    id_hash: Vec<u8>,
}

impl Change for Seen {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let now = tx.now();
        let seen = sqlx::query("UPDATE session SET seen_at = $1 WHERE id_hash = $2 AND seen_at < $1");
        seen.bind(now).bind(self.id_hash.as_slice()).execute(tx.conn()).await?;
        Ok(())
    }
}

struct Ended {
    id_hash: Vec<u8>,
}

impl Change for Ended {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM pending WHERE session = $1").bind(self.id_hash.as_slice()).execute(tx.conn()).await?;
        let gone = sqlx::query("DELETE FROM session WHERE id_hash = $1").bind(self.id_hash.as_slice());
        gone.execute(tx.conn()).await?;
        Ok(())
    }
}

/// Ends all sessions of an owner but one. `Done` is how many.
pub struct EndOthers {
    pub owner: String,
    /// Empty: none stays.
    pub but: Vec<u8>,
}

impl Change for EndOthers {
    type Done = u64;

    async fn run(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let gone = sqlx::query("DELETE FROM session WHERE owner = $1 AND id_hash <> $2");
        let gone = gone.bind(self.owner.as_str()).bind(self.but.as_slice()).execute(tx.conn()).await?;
        Ok(gone.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Millis = 60_000;

    fn session(shared: bool, signed_in: bool) -> Session {
        Session {
            owner: if signed_in { "account:a" } else { "guest:a" }.to_string(),
            device: String::new(),
            lang: "es".to_string(),
            shared,
            made_at: 0,
            seen_at: 0,
            expires_at: millis(Limits::of(shared, signed_in).whole),
            authenticated_at: signed_in.then_some(0),
            second_step_at: None,
        }
    }

    #[test]
    fn a_session_locks_and_then_ends() {
        let own = session(false, true);
        assert_eq!(own.state(14 * MINUTE), State::Open { locks_at: 15 * MINUTE });
        assert_eq!(own.state(15 * MINUTE), State::Locked);
        assert_eq!(own.state(12 * 60 * MINUTE), State::Ended);
        assert_eq!(session(true, true).state(5 * MINUTE), State::Locked);
        assert_eq!(session(true, true).state(4 * 60 * MINUTE), State::Ended);
        let guest = session(true, false);
        assert_eq!(guest.state(14 * MINUTE), State::Open { locks_at: 15 * MINUTE });
        assert_eq!(guest.state(15 * MINUTE), State::Locked, "the code opens it");
        assert_eq!(Session { owner: String::new(), ..guest }.locks_at(0), None, "nobody yet");
        assert!(matches!(session(false, false).state(5 * 60 * MINUTE), State::Open { .. }), "a guest has no password");
        let late = Session { seen_at: 12 * 60 * MINUTE - MINUTE, ..own };
        assert_eq!(late.state(late.seen_at), State::Open { locks_at: late.expires_at }, "the end comes first");
    }

    #[test]
    fn a_fresh_password_is_fresh_for_its_time() {
        let session = session(false, true);
        assert!(session.authenticated_within(Duration::from_secs(600), 9 * MINUTE));
        assert!(!session.authenticated_within(Duration::from_secs(600), 10 * MINUTE));
    }

    #[test]
    fn a_session_holds_nothing_but_its_shape() {
        let mut record = Record { id: Id(1), data: Default::default(), expiry_date: far_future() };
        record.data.insert(SHAPE.to_string(), to_value(&session(false, true)));
        let shape = Shape::of(&record).expect("its shape");
        assert_eq!((shape.owner.as_str(), shape.lang.as_str(), shape.authenticated_at), ("account:a", "es", Some(0)));
        record.data.insert("income".to_string(), json!(37_650));
        assert!(Shape::of(&record).expect_err("no column").to_string().contains("income"));
    }
}
