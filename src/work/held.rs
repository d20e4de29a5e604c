//! What may become of a job that is held: done, later, not now, dead; a longer lease; a word before something is done
//! outside. Each is one change, fenced by the token of the claim: who comes too late gets [`StoreError::Stale`], and
//! nothing of it is kept.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{FromRow, Row as _};

use super::queue::{Held, LEASE, millis};
use crate::store::{Change, Millis, StoreError, Tx};

/// Which claim of which job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    pub id: i64,
    pub token: i64,
}

impl Held {
    pub fn ticket(&self) -> Ticket {
        Ticket { id: self.id, token: self.token }
    }
}

/// A change of any type that comes to nothing but its effect: what a handler wants done together with its job.
pub trait Effect: Send + Sync + 'static {
    fn apply<'a>(&'a self, tx: &'a mut Tx) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;
}

impl<C: Change<Done = ()>> Effect for C {
    fn apply<'a>(&'a self, tx: &'a mut Tx) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>> {
        Box::pin(self.run(tx))
    }
}

/// Nothing but the job itself.
pub struct NoEffect;

impl Change for NoEffect {
    type Done = ();

    async fn run(&self, _: &mut Tx) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The job leaves the queue, and its effect is there: both or neither.
pub struct Finish {
    pub ticket: Ticket,
    /// `done` or `gone`.
    pub outcome: &'static str,
    pub effect: Arc<dyn Effect>,
}

impl Change for Finish {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        // First, so that nobody else can claim it while the effect is under way.
        let gone = sqlx::query_as(
            "DELETE FROM job WHERE id = $1 AND state = 1 AND token = $2 \
             RETURNING id, key, kind, owner, attempt, made_at, request_id",
        );
        let gone: Option<Gone> = gone.bind(self.ticket.id).bind(self.ticket.token).fetch_optional(tx.conn()).await?;
        put_down(tx, &gone.ok_or(StoreError::Stale)?, self.outcome).await?;
        self.effect.apply(tx).await
    }
}

/// A job that has just left the queue.
pub(crate) struct Gone {
    pub id: i64,
    pub key: String,
    pub kind: String,
    pub owner: String,
    pub attempts: i64,
    pub made_at: Millis,
    pub request_id: String,
}

impl FromRow<'_, AnyRow> for Gone {
    fn from_row(row: &AnyRow) -> Result<Gone, sqlx::Error> {
        Ok(Gone {
            id: row.try_get("id")?,
            key: row.try_get("key")?,
            kind: row.try_get("kind")?,
            owner: row.try_get("owner")?,
            attempts: row.try_get("attempt")?,
            made_at: row.try_get("made_at")?,
            request_id: row.try_get("request_id")?,
        })
    }
}

/// Writes the row of a job that has left the queue.
pub(crate) async fn put_down(tx: &mut Tx, gone: &Gone, outcome: &str) -> Result<(), StoreError> {
    let now = tx.now();
    sqlx::query(
        "INSERT INTO job_done (key, id, kind, owner, outcome, attempts, made_at, done_at, request_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(gone.key.as_str())
    .bind(gone.id)
    .bind(gone.kind.as_str())
    .bind(gone.owner.as_str())
    .bind(outcome)
    .bind(gone.attempts)
    .bind(gone.made_at)
    .bind(now)
    .bind(gone.request_id.as_str())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// It failed. Ready again after a pause; dead if that was the last attempt, or its time is over.
pub struct Later {
    pub ticket: Ticket,
    /// Drawn before.
    pub pause: Duration,
    pub why: String,
}

impl Change for Later {
    /// It is dead.
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let now = tx.now();
        let dead = sqlx::query(
            "UPDATE job SET state = 2, lease_until = NULL, last_error = $4 WHERE id = $1 AND state = 1 AND token = $2 \
             AND (attempt >= max_attempts OR deadline <= $3)",
        );
        let dead = dead.bind(self.ticket.id).bind(self.ticket.token).bind(now).bind(self.why.as_str());
        if dead.execute(tx.conn()).await?.rows_affected() == 1 {
            return Ok(true);
        }
        // The last attempt is at the deadline, not after it.
        let later = sqlx::query(
            "UPDATE job SET state = 0, lease_until = NULL, began_at = NULL, last_error = $4, \
             run_at = CASE WHEN deadline < $3 THEN deadline ELSE $3 END WHERE id = $1 AND state = 1 AND token = $2",
        );
        let later = later.bind(self.ticket.id).bind(self.ticket.token).bind(now + millis(self.pause));
        one(later.bind(self.why.as_str()).execute(tx.conn()).await?)?;
        Ok(false)
    }
}

/// It could not be tried: what it needs is away. Costs no attempt; dead if its time is over.
pub struct Postpone {
    pub ticket: Ticket,
    pub pause: Duration,
    pub why: String,
}

impl Change for Postpone {
    /// It is dead.
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let now = tx.now();
        let postponed = sqlx::query_scalar(
            "UPDATE job SET state = CASE WHEN deadline <= $4 THEN 2 ELSE 0 END, lease_until = NULL, began_at = NULL, \
             last_error = $5, attempt = attempt - 1, run_at = CASE WHEN deadline < $3 THEN deadline ELSE $3 END \
             WHERE id = $1 AND state = 1 AND token = $2 RETURNING state",
        );
        let postponed = postponed.bind(self.ticket.id).bind(self.ticket.token).bind(now + millis(self.pause)).bind(now);
        let state: Option<i64> = postponed.bind(self.why.as_str()).fetch_optional(tx.conn()).await?;
        Ok(state.ok_or(StoreError::Stale)? == super::queue::DEAD)
    }
}

/// It can never be done: an operator decides.
pub struct Die {
    pub ticket: Ticket,
    pub why: String,
    /// What is done together with that.
    pub effect: Arc<dyn Effect>,
}

impl Change for Die {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let dead = sqlx::query(
            "UPDATE job SET state = 2, lease_until = NULL, last_error = $3 \
             WHERE id = $1 AND state = 1 AND token = $2",
        );
        let dead = dead.bind(self.ticket.id).bind(self.ticket.token).bind(self.why.as_str());
        one(dead.execute(tx.conn()).await?)?;
        self.effect.apply(tx).await
    }
}

/// A longer lease.
pub struct Extend {
    pub ticket: Ticket,
}

impl Change for Extend {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let until = tx.now() + millis(LEASE);
        let longer = sqlx::query("UPDATE job SET lease_until = $3 WHERE id = $1 AND state = 1 AND token = $2");
        one(longer.bind(self.ticket.id).bind(self.ticket.token).bind(until).execute(tx.conn()).await?)
    }
}

/// Something outside of the store is about to be done.
pub struct AboutTo {
    pub ticket: Ticket,
}

impl Change for AboutTo {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let now = tx.now();
        let begun = sqlx::query("UPDATE job SET began_at = $3 WHERE id = $1 AND state = 1 AND token = $2");
        one(begun.bind(self.ticket.id).bind(self.ticket.token).bind(now).execute(tx.conn()).await?)
    }
}

/// Exactly one row, or the claim is not ours any more.
fn one(touched: sqlx::any::AnyQueryResult) -> Result<(), StoreError> {
    if touched.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Stale) }
}
