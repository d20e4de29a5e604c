//! Putting a job down, claiming it, and what may become of it: each one change of the store.
//!
//! Called by whoever has work that may wait, inside a change of their own, and by `worker`. Every step after the claim
//! is fenced: it names the token of its claim and touches exactly one row, or its result is thrown away.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, FromRow, Row as _};
use tokio::sync::watch;

use crate::sealing::{DataKey, SealFault};
use crate::store::dialect::Engine;
use crate::store::many::{self, Asked};
use crate::store::vault::Vault;
use crate::store::{Change, Millis, StoreError, Tx, columns};

/// Ready, held, dead: `job.state`.
pub const READY: i64 = 0;
pub const HELD: i64 = 1;
pub const DEAD: i64 = 2;
/// How long a worker may be silent before its job is somebody else's. Extended at half.
pub const LEASE: Duration = Duration::from_secs(60);
const SHARDS: i64 = 16;
/// What a job says that ran out while its worker was silent.
const SILENT: &str = "its worker fell silent at the last attempt";

/// A kind of job: a row of the closed list of whoever starts the workers.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// As rows, metrics and commands have it.
    pub name: &'static str,
    pub max_attempts: i64,
    /// From when it was put down; `None`: attempts alone decide.
    pub gives_up_after: Option<Duration>,
    /// The pause before the second attempt is drawn from zero to this; doubles with each attempt.
    pub pause: Duration,
    /// The pause grows no longer than this.
    pub pause_max: Duration,
    pub repeats: Repeats,
}

/// What becomes of a job whose worker died after it had said that it was about to do something outside of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// It is done again: twice does no harm, never would.
    AtLeastOnce,
    /// It is dead, and an operator looks whether it was done.
    AtMostOnce,
}

/// A job to be put down, with what its handler has to know ([`Job::said`](super::worker::Job::said)).
pub struct NewJob<'a, P> {
    pub kind: &'static Kind,
    /// What it is, in identifiers and never in what somebody typed: a second job with this key changes nothing.
    pub key: &'a str,
    /// Whose data key seals the payload.
    pub owner: &'a str,
    /// `None`: at once.
    pub run_at: Option<Millis>,
    pub payload: &'a P,
    /// Of the request that asks for it (`types::request_id`); empty if none does.
    pub request_id: &'a str,
}

/// The ID of the job with this key.
pub fn id_of(key: &str) -> i64 {
    let hash = Sha256::digest(key.as_bytes());
    let bytes = hash.first_chunk().copied().unwrap_or_default();
    i64::from_be_bytes(bytes) & i64::MAX
}

/// A job that is sealed already. Has no `Debug`.
pub struct Ready {
    pub kind: &'static Kind,
    pub key: String,
    pub owner: String,
    /// `None`: at once.
    pub run_at: Option<Millis>,
    payload: Vec<u8>,
    request_id: Arc<str>,
}

impl<P: Serialize> NewJob<'_, P> {
    /// # Errors
    ///
    /// If the payload cannot be written as JSON, or the system has no randomness.
    pub fn sealed(&self, key: &DataKey) -> Result<Ready, SealFault> {
        Ok(Ready {
            kind: self.kind,
            key: self.key.to_string(),
            owner: self.owner.to_string(),
            run_at: self.run_at,
            payload: key.seal_json(columns::JOB_PAYLOAD.at(self.key, self.owner), self.payload)?,
            request_id: self.request_id.into(),
        })
    }
}

/// Puts a job down in the caller's transaction: it is there if, and only if, that is committed. `false`: there is, or was
/// not long ago, a job with this key. After the commit, [`ring`].
///
/// # Errors
///
/// If the store is away, or the owner has no data key.
pub async fn enqueue<P: Serialize + Sync>(tx: &mut Tx, vault: &Vault, job: &NewJob<'_, P>) -> Result<bool, StoreError> {
    let gone = SealFault::Unreadable { table: "job", column: "payload" };
    let key = vault.open(tx.conn(), job.owner).await?.ok_or(gone)?;
    Ok(put(tx, &[&job.sealed(&key)?]).await? == 1)
}

/// The same for several, sealed before; how many of them are new.
///
/// # Errors
///
/// If the store is away.
pub async fn put(tx: &mut Tx, jobs: &[&Ready]) -> Result<u64, StoreError> {
    let now = tx.now();
    let statement = "INSERT INTO job (id, kind, key, shard, state, made_at, run_at, deadline, attempt, max_attempts, token, \
         lease_until, worker, began_at, owner, payload, last_error, request_id) \
         VALUES ($1, $2, $3, $4, 0, $5, $6, $7, 0, $8, 0, NULL, '', NULL, $9, $10, '', $11) \
         ON CONFLICT DO NOTHING";
    let bind = |asked: Asked, job: &&Ready| {
        let id = id_of(&job.key);
        let deadline = job.kind.gives_up_after.map(|after| now + millis(after));
        let asked = asked.bind(id).bind(job.kind.name).bind(job.key.as_str()).bind(id % SHARDS).bind(now);
        let asked = asked.bind(job.run_at.unwrap_or(now)).bind(deadline).bind(job.kind.max_attempts);
        asked.bind(job.owner.as_str()).bind(job.payload.as_slice()).bind(&*job.request_id)
    };
    let new = many::run(tx, statement, many::nothing, (jobs, bind)).await?;
    if new == 0 {
        return Ok(0);
    }
    // A second statement, because on PostgreSQL the first may have waited for the one who finished the same job.
    let statement = "DELETE FROM job WHERE key IN (SELECT key FROM job_done WHERE key IN (VALUES ($1)))";
    let bind = |asked: Asked, job: &&Ready| asked.bind(job.key.as_str());
    let again = many::run(tx, statement, many::nothing, (jobs, bind)).await?;
    Ok(new - again)
}

/// Heard by the workers of this process.
pub(super) static BELL: LazyLock<watch::Sender<u64>> = LazyLock::new(|| watch::Sender::new(0));

/// Wakes the workers of this process; those of others look by themselves within two seconds. For after the commit.
pub fn ring() {
    BELL.send_modify(|rung| *rung = rung.wrapping_add(1));
}

/// A job that a worker holds, still sealed.
pub struct Held {
    pub id: i64,
    pub kind: String,
    pub key: String,
    pub made_at: Millis,
    pub run_at: Millis,
    pub deadline: Option<Millis>,
    pub attempt: i64,
    pub max_attempts: i64,
    pub token: i64,
    pub began_at: Option<Millis>,
    pub owner: String,
    pub(super) payload: Vec<u8>,
    pub request_id: String,
}

impl FromRow<'_, AnyRow> for Held {
    fn from_row(row: &AnyRow) -> Result<Held, sqlx::Error> {
        Ok(Held {
            id: row.try_get("id")?,
            kind: row.try_get("kind")?,
            key: row.try_get("key")?,
            made_at: row.try_get("made_at")?,
            run_at: row.try_get("run_at")?,
            deadline: row.try_get("deadline")?,
            attempt: row.try_get("attempt")?,
            max_attempts: row.try_get("max_attempts")?,
            token: row.try_get("token")?,
            began_at: row.try_get("began_at")?,
            owner: row.try_get("owner")?,
            payload: row.try_get("payload")?,
            request_id: row.try_get("request_id")?,
        })
    }
}

/// Takes jobs, after those of silent workers were put back.
pub struct Claim {
    pub engine: Engine,
    /// In the order in which they are looked at.
    pub kinds: Vec<&'static str>,
    pub most: i64,
    /// Random for each process.
    pub worker: String,
}

impl Change for Claim {
    type Done = Vec<Held>;

    async fn run(&self, tx: &mut Tx) -> Result<Vec<Held>, StoreError> {
        put_back(tx).await?;
        let (now, mut held) = (tx.now(), Vec::new());
        // Half for one kind while others wait; what they leave is anybody's.
        for share in [(self.most + 1) / 2, self.most] {
            for kind in &self.kinds {
                let room = self.most - i64::try_from(held.len()).unwrap_or(i64::MAX);
                if room <= 0 {
                    break;
                }
                let claimed = sqlx::query_as(self.engine.claim())
                    .bind(*kind)
                    .bind(now)
                    .bind(share.min(room))
                    .bind(now + millis(LEASE))
                    .bind(self.worker.as_str());
                let mut claimed: Vec<Held> = claimed.fetch_all(tx.conn()).await?;
                held.append(&mut claimed);
            }
        }
        held.sort_by_key(|job| (job.run_at, job.id));
        Ok(held)
    }
}

/// Jobs whose lease is over: ready again, or dead if that was their last attempt.
async fn put_back(tx: &mut Tx) -> Result<(), StoreError> {
    let now = tx.now();
    sqlx::query(
        "UPDATE job SET state = 2, lease_until = NULL, last_error = $2 \
         WHERE state = 1 AND lease_until <= $1 AND attempt >= max_attempts",
    )
    .bind(now)
    .bind(SILENT)
    .execute(tx.conn())
    .await?;
    sqlx::query("UPDATE job SET state = 0, lease_until = NULL WHERE state = 1 AND lease_until <= $1")
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// When the next job is due and the next lease is over. For workers that would otherwise write to find nothing.
///
/// # Errors
///
/// If the store is away.
pub async fn next(connection: &mut AnyConnection) -> Result<Option<Millis>, StoreError> {
    let due: Option<Millis> =
        sqlx::query_scalar("SELECT min(run_at) FROM job WHERE state = 0").fetch_one(&mut *connection).await?;
    let over: Option<Millis> =
        sqlx::query_scalar("SELECT min(lease_until) FROM job WHERE state = 1").fetch_one(connection).await?;
    Ok(due.into_iter().chain(over).min())
}

pub(super) fn millis(time: Duration) -> Millis {
    Millis::try_from(time.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_positive_and_the_keys_own() {
        let ids: Vec<i64> = (0..100).map(|n| id_of(&format!("letter:{n}"))).collect();
        assert!(ids.iter().all(|id| *id > 0));
        assert_eq!(ids[7], id_of("letter:7"));
        assert_ne!(ids[7], ids[8]);
    }
}
