//! The clock of proofs of events: a reminder some days before the last day, and what happens when it is over.
//!
//! Carried out once a day by every process of `serve`, and by `windowshop retention`. Two that run at once find less to do: each step
//! says in its `WHERE` that it has not been done. What waits for an operator never expires.

use time::OffsetDateTime;

use super::end_rules::EndRules;
use super::event_proof;
use crate::account::retention::DAY;
use crate::store::{Change, Millis, StoreError, Tx};
use crate::verify::Room;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    pub reminders: u64,
    /// Proofs that did not come.
    pub expired: u64,
}

/// Reminds and expires, at this moment of the store.
///
/// # Errors
///
/// If the store is away. What was done before that is done.
pub async fn carry_out(room: &Room, rules: &EndRules, now: OffsetDateTime) -> Result<Report, StoreError> {
    let at = room.store.now().await?;
    let mut report = Report::default();
    let over = ids(
        room,
        ("SELECT id FROM event_proof WHERE state = 'open' AND in_review = 0 AND due_at <= $1 AND due_at > $2", at, 0),
    );
    for id in over.await? {
        report.expired += u64::from(done(room, Clock { room: room.clone(), id, over: true }).await?);
    }
    // The rules of the day in the East, where it begins first: a reminder is a day and no deadline.
    let Some(days) = rules.proof_reminder(room.knows.tables.days(None, now).own) else { return Ok(report) };
    let near = ids(
        room,
        (
            "SELECT id FROM event_proof WHERE state = 'open' AND in_review = 0 AND reminded = 0 AND due_at <= $1 \
             AND due_at > $2",
            at + days * DAY,
            at,
        ),
    );
    for id in near.await? {
        report.reminders += u64::from(done(room, Clock { room: room.clone(), id, over: false }).await?);
    }
    Ok(report)
}

async fn ids(
    room: &Room,
    (statement, until, after): (&'static str, Millis, Millis),
) -> Result<Vec<String>, StoreError> {
    let mut connection = room.store.read().await?;
    Ok(sqlx::query_scalar(statement).bind(until).bind(after).fetch_all(&mut *connection).await?)
}

/// One person's trouble is nobody else's.
async fn done(room: &Room, change: Clock) -> Result<bool, StoreError> {
    match room.store.begin_long_write(change).await {
        Err(StoreError::Away(why)) => Err(StoreError::Away(why)),
        Err(error) => {
            tracing::error!(%error, "a proof of an event could not be reminded of or closed");
            Ok(false)
        }
        done => done,
    }
}

/// One proof whose last day is over, or near.
pub struct Clock {
    pub room: Room,
    pub id: String,
    pub over: bool,
}

impl Change for Clock {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        match self.over {
            true => event_proof::expire(tx, &self.room, &self.id).await,
            false => event_proof::remind(tx, &self.room, &self.id).await,
        }
    }
}
