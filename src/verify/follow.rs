//! What follows for plans that were signed from a determination that is another one now: a job, put down in the transaction of
//! whatever changes it; done by `enrollment`, which this room does not know.
//!
//! Called by `redetermine` and by the page that sends a change. Nobody who has no plan gets a job.

use std::time::Duration;

use sqlx::AnyConnection;

use super::plan::About;
use crate::account::people::Means;
use crate::sealing::{DataKey, SealFault};
use crate::store::{StoreError, Tx};
use crate::types;
use crate::work::queue::Ready;
use crate::work::{Kind, NewJob, Repeats, enqueue};

/// Works out again what plans cost that somebody has.
pub static ADJUST: Kind = Kind {
    name: "adjust",
    max_attempts: 20,
    gives_up_after: None,
    pause: Duration::from_secs(30),
    pause_max: Duration::from_secs(3600),
    repeats: Repeats::AtLeastOnce,
};
/// What a job's key begins with; the rest is the cause, then the application.
pub const KEY: &str = "adjust:";
/// The cause of a change that was reported.
pub const REPORTED: &str = "reported";

/// Whether somebody has a plan, or is about to.
///
/// # Errors
///
/// If the store is away.
pub async fn has_plans(connection: &mut AnyConnection, owner: &str) -> Result<bool, StoreError> {
    let asked = sqlx::query_scalar(
        "SELECT count(*) FROM enrollment WHERE owner = $1 AND state <> 'cancelled' AND state <> 'ended'",
    );
    let live: i64 = asked.bind(owner).fetch_one(connection).await?;
    Ok(live > 0)
}

fn key_of(cause: &str, application: &str) -> String {
    format!("{KEY}{cause}:{application}")
}

/// Puts the job down, once for its cause, in the caller's transaction.
pub(super) async fn put_down(
    tx: &mut Tx,
    means: &Means,
    (owner, application): (&str, &str),
    cause: &str,
) -> Result<(), StoreError> {
    if !has_plans(tx.conn(), owner).await? {
        return Ok(());
    }
    let (key, about, request_id) = (key_of(cause, application), About::only(application), types::request_id());
    let job = NewJob { kind: &ADJUST, key: &key, owner, run_at: None, payload: &about, request_id: &request_id };
    enqueue(tx, &means.vault, &job).await.map(drop)
}

/// The job that sending a change puts down, sealed before its transaction.
///
/// # Errors
///
/// If the system has no randomness.
pub fn reported(key: &DataKey, (owner, application): (&str, &str)) -> Result<Ready, SealFault> {
    let (name, about, request_id) = (key_of(REPORTED, application), About::only(application), types::request_id());
    NewJob { kind: &ADJUST, key: &name, owner, run_at: None, payload: &about, request_id: &request_id }.sealed(key)
}
