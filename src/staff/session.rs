//! Sessions of the desk: a cookie of their own, hashed at rest, over after fifteen idle minutes and after a working day.
//!
//! They never lock: whoever was away signs in again, and nothing at the desk is typed that could be lost.

use sha2::{Digest as _, Sha256};
use sqlx::AnyConnection;
use strum::{EnumString, IntoStaticStr};

use super::people::{self, Person, State};
use crate::account::people::new_id;
use crate::sealing::SealFault;
use crate::store::{Change, Millis, StoreError, Tx};

/// NIST SP 800-63B-4, 2.3.3, and CMS ARS AC-11.
pub const IDLE: Millis = 15 * 60_000;
pub const WHOLE: Millis = 10 * 3_600_000;
/// `seen_at` is written when it is older than this.
const SEEN_EVERY: Millis = 60_000;

/// How far somebody has come. The words are for good: rows hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum Stage {
    /// A password was chosen on the first day; the app is not proved yet, and nothing else is open.
    Setup,
    Open,
}

/// Who is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    pub hash: Vec<u8>,
    pub person: Person,
    pub stage: Stage,
    pub ends_at: Millis,
    /// Its row should say that it was used.
    pub stale: bool,
}

/// A new token for the cookie: 256 random bits.
///
/// # Errors
///
/// If the system has no randomness.
pub fn new_token() -> Result<String, SealFault> {
    Ok(new_id()? + &new_id()?)
}

pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Begins a session; those of this account in the same stage that have ended go.
pub struct Begin {
    pub hash: Vec<u8>,
    pub id: String,
    pub stage: Stage,
    /// A session that this one takes the place of.
    pub instead_of: Vec<u8>,
}

impl Change for Begin {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let now = tx.now();
        let before = sqlx::query("DELETE FROM desk_session WHERE id_hash = $1");
        before.bind(self.instead_of.as_slice()).execute(tx.conn()).await?;
        sqlx::query(
            "INSERT INTO desk_session (id_hash, desk_user, stage, made_at, seen_at, expires_at) \
             VALUES ($1, $2, $3, $4, $4, $5)",
        )
        .bind(self.hash.as_slice())
        .bind(self.id.as_str())
        .bind(<&str>::from(self.stage))
        .bind(now)
        .bind(now + WHOLE)
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

/// The session of a token; `None` if it has ended, or its account may not work here.
///
/// # Errors
///
/// If the store is away.
pub async fn seat(connection: &mut AnyConnection, token: &str, now: Millis) -> Result<Option<Seat>, StoreError> {
    let hash = token_hash(token);
    let asked = sqlx::query_as("SELECT desk_user, stage, seen_at, expires_at FROM desk_session WHERE id_hash = $1");
    let row: Option<(String, String, i64, i64)> = asked.bind(hash.as_slice()).fetch_optional(&mut *connection).await?;
    let Some((id, stage, seen_at, expires_at)) = row else { return Ok(None) };
    let ends_at = expires_at.min(seen_at + IDLE);
    let (Ok(stage), true) = (stage.parse::<Stage>(), now < ends_at) else { return Ok(None) };
    let Some(person) = people::of_id(connection, &id).await? else { return Ok(None) };
    let fits = match stage {
        Stage::Setup => person.state == State::Invited,
        Stage::Open => person.state == State::Active,
    };
    Ok(fits.then(|| Seat {
        hash,
        person,
        stage,
        ends_at: expires_at.min(now + IDLE),
        stale: now - seen_at > SEEN_EVERY,
    }))
}

/// It was used.
pub struct Seen {
    pub hash: Vec<u8>,
}

impl Change for Seen {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let now = tx.now();
        let seen = sqlx::query("UPDATE desk_session SET seen_at = $1 WHERE id_hash = $2 AND seen_at < $1");
        seen.bind(now).bind(self.hash.as_slice()).execute(tx.conn()).await?;
        Ok(())
    }
}

/// Signed out.
pub struct End {
    pub hash: Vec<u8>,
}

impl Change for End {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let gone = sqlx::query("DELETE FROM desk_session WHERE id_hash = $1");
        gone.bind(self.hash.as_slice()).execute(tx.conn()).await?;
        Ok(())
    }
}
