//! The queue as an operator sees it: what there is, and four orders, each on record.
//!
//! Called by `windowshop queue`. It never opens a payload.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, FromRow, Row as _};

use super::held::{Gone, put_down};
use super::queue::{DEAD, HELD, READY};
use crate::store::audit::{Actor, Audit, Deed, Entry};
use crate::store::vault::SITE;
use crate::store::{Change, Millis, StoreError, Tx};

/// Of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfKind {
    pub kind: String,
    pub waiting: i64,
    pub held: i64,
    pub dead: i64,
    pub paused: bool,
    /// When the first that waits was due.
    pub first: Option<Millis>,
}

/// A job without its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub key: String,
    pub kind: String,
    pub state: i64,
    pub owner: String,
    pub attempt: i64,
    pub max_attempts: i64,
    pub made_at: Millis,
    pub run_at: Millis,
    pub deadline: Option<Millis>,
    pub began_at: Option<Millis>,
    pub lease_until: Option<Millis>,
    pub worker: String,
    pub last_error: String,
    pub request_id: String,
}

impl Line {
    pub fn state_word(&self) -> &'static str {
        match self.state {
            READY => "ready",
            HELD => "held",
            _ => "dead",
        }
    }
}

impl FromRow<'_, AnyRow> for Line {
    fn from_row(row: &AnyRow) -> Result<Line, sqlx::Error> {
        Ok(Line {
            key: row.try_get("key")?,
            kind: row.try_get("kind")?,
            state: row.try_get("state")?,
            owner: row.try_get("owner")?,
            attempt: row.try_get("attempt")?,
            max_attempts: row.try_get("max_attempts")?,
            made_at: row.try_get("made_at")?,
            run_at: row.try_get("run_at")?,
            deadline: row.try_get("deadline")?,
            began_at: row.try_get("began_at")?,
            lease_until: row.try_get("lease_until")?,
            worker: row.try_get("worker")?,
            last_error: row.try_get("last_error")?,
            request_id: row.try_get("request_id")?,
        })
    }
}

/// Kinds of which something is there, or that are paused.
///
/// # Errors
///
/// If the store is away.
pub async fn kinds(connection: &mut AnyConnection) -> Result<Vec<OfKind>, StoreError> {
    let mut kinds: Vec<OfKind> = Vec::new();
    let of = |kinds: &mut Vec<OfKind>, kind: String| match kinds.iter().position(|of| of.kind == kind) {
        Some(at) => at,
        None => {
            kinds.push(OfKind { kind, ..OfKind::default() });
            kinds.len() - 1
        }
    };
    let asked = sqlx::query_as("SELECT kind, state, count(*), min(run_at) FROM job GROUP BY kind, state");
    let rows: Vec<(String, i64, i64, Millis)> = asked.fetch_all(&mut *connection).await?;
    for (kind, state, count, first) in rows {
        let at = of(&mut kinds, kind);
        match state {
            READY => (kinds[at].waiting, kinds[at].first) = (count, Some(first)),
            DEAD => kinds[at].dead = count,
            _ => kinds[at].held = count,
        }
    }
    let paused: Vec<String> = sqlx::query_scalar("SELECT kind FROM queue_pause").fetch_all(connection).await?;
    for kind in paused {
        let at = of(&mut kinds, kind);
        kinds[at].paused = true;
    }
    kinds.sort_by(|a, b| a.kind.cmp(&b.kind));
    Ok(kinds)
}

/// The dead first, then in the order in which they are due.
///
/// # Errors
///
/// If the store is away.
pub async fn list(connection: &mut AnyConnection, dead: bool, most: i64) -> Result<Vec<Line>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT key, kind, state, owner, attempt, max_attempts, made_at, run_at, deadline, began_at, lease_until, \
         worker, last_error, request_id FROM job WHERE state >= $1 ORDER BY state DESC, run_at, id LIMIT $2",
    );
    Ok(asked.bind(if dead { DEAD } else { READY }).bind(most).fetch_all(connection).await?)
}

/// # Errors
///
/// If the store is away.
pub async fn find(connection: &mut AnyConnection, key: &str) -> Result<Option<Line>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT key, kind, state, owner, attempt, max_attempts, made_at, run_at, deadline, began_at, lease_until, \
         worker, last_error, request_id FROM job WHERE key = $1",
    );
    Ok(asked.bind(key).fetch_optional(connection).await?)
}

/// A job that has left the queue.
pub struct Done {
    pub outcome: String,
    pub attempts: i64,
    pub done_at: Millis,
    pub owner: String,
}

/// What became of a job that has left the queue.
///
/// # Errors
///
/// If the store is away.
pub async fn done(connection: &mut AnyConnection, key: &str) -> Result<Option<Done>, StoreError> {
    let asked = sqlx::query_as("SELECT outcome, attempts, done_at, owner FROM job_done WHERE key = $1");
    let found: Option<(String, i64, Millis, String)> = asked.bind(key).fetch_optional(connection).await?;
    Ok(found.map(|(outcome, attempts, done_at, owner)| Done { outcome, attempts, done_at, owner }))
}

/// By key, or by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    Retry(String),
    Drop(String),
    Pause(String),
    Resume(String),
}

impl Order {
    /// What, and of which.
    pub fn told(&self) -> (&'static str, &str) {
        match self {
            Order::Retry(key) => ("retry", key),
            Order::Drop(key) => ("drop", key),
            Order::Pause(kind) => ("pause", kind),
            Order::Resume(kind) => ("resume", kind),
        }
    }
}

/// An order, carried out. A job that a worker holds is not touched: its lease runs out, or it ends.
pub struct Ordered {
    pub audit: Audit,
    pub actor: Actor,
    pub order: Order,
}

impl Change for Ordered {
    /// `false`: there was nothing to change.
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let now = tx.now();
        let (deed, owner, record) = match &self.order {
            Order::Retry(key) => {
                let asked = sqlx::query_scalar(
                    "UPDATE job SET state = 0, attempt = 0, run_at = $2, began_at = NULL, \
                     deadline = CASE WHEN deadline <= $2 THEN NULL ELSE deadline END \
                     WHERE key = $1 AND state <> 1 RETURNING owner",
                );
                let owner: Option<String> = asked.bind(key.as_str()).bind(now).fetch_optional(tx.conn()).await?;
                (Deed::JobRetried, owner, format!("job:{key}"))
            }
            Order::Drop(key) => {
                let asked = sqlx::query_as(
                    "DELETE FROM job WHERE key = $1 AND state <> 1 \
                     RETURNING id, key, kind, owner, attempt, made_at, request_id",
                );
                let gone: Option<Gone> = asked.bind(key.as_str()).fetch_optional(tx.conn()).await?;
                if let Some(gone) = &gone {
                    put_down(tx, gone, "dropped").await?;
                }
                (Deed::JobDropped, gone.map(|gone| gone.owner), format!("job:{key}"))
            }
            Order::Pause(kind) => {
                let put =
                    sqlx::query("INSERT INTO queue_pause (kind, paused_at) VALUES ($1, $2) ON CONFLICT DO NOTHING");
                let put = put.bind(kind.as_str()).bind(now).execute(tx.conn()).await?;
                let owner = (put.rows_affected() == 1).then(|| SITE.to_string());
                (Deed::QueuePaused, owner, format!("kind:{kind}"))
            }
            Order::Resume(kind) => {
                let gone = sqlx::query("DELETE FROM queue_pause WHERE kind = $1");
                let gone = gone.bind(kind.as_str()).execute(tx.conn()).await?;
                let owner = (gone.rows_affected() == 1).then(|| SITE.to_string());
                (Deed::QueueResumed, owner, format!("kind:{kind}"))
            }
        };
        let Some(owner) = owner else { return Ok(false) };
        let entry = Entry { actor: &self.actor, deed, owner: &owner, record: &record, session: "" };
        self.audit.append(tx, &entry).await?;
        Ok(true)
    }
}
