//! Proof of an event: asked for once for all that is signed because of it, and until it is there no insurer is told (45 CFR
//! 155.420(g)). The first day of coverage stays as it was signed, however long proof takes.
//!
//! Called by `sign` and `ending` in their transactions, by the desk when an operator has looked at a document, by `proof_clock`, and by
//! the pages that say what to send. Whoever changes what is held takes the row of the proof first. It must never let a change go out
//! that is held for something else.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use time::{Date, OffsetDateTime};

use super::ending;
use super::proof_words;
use super::record::{self, Enrollment, State, day_of};
use super::results::Results;
use super::special_rules::SpecialRules;
use super::step::{self, Step, Taken};
use super::{Signed, Why};
use crate::eligibility::Tables;
use crate::store::audit::Actor;
use crate::store::{Millis, StoreError, Tx};
use crate::verify::case::Case;
use crate::verify::{Room, id_of, moment, notice};

/// `enrollment_change.held`: not before the event is proved.
pub const HELD: &str = "proof";
/// Why an enrollment was cancelled: nothing came that proves it.
pub const NOT_PROVED: &str = "not_proved";

pub const OPEN: &str = "open";
pub const ACCEPTED: &str = "accepted";
pub const EXPIRED: &str = "expired";
/// Nothing waits for it any more.
pub const WITHDRAWN: &str = "withdrawn";

/// A proof as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventProof {
    pub id: String,
    pub owner: String,
    pub application: String,
    /// A code of sep_kinds.csv.
    pub kind: String,
    pub event: Date,
    /// `open`, `accepted`, `expired`, `withdrawn`.
    pub state: String,
    pub asked_at: Millis,
    pub due_at: Millis,
    pub due_day: Date,
    /// Documents that wait for an operator.
    pub in_review: i64,
    pub closed_at: Option<Millis>,
}

impl EventProof {
    pub fn is_open(&self) -> bool {
        self.state == OPEN
    }

    fn of_row(row: &AnyRow) -> Result<EventProof, StoreError> {
        let odd = || StoreError::Refused("a row of event_proof has a day that this binary does not know".to_string());
        let day = |name: &str| day_of(&row.try_get::<String, _>(name)?).ok_or_else(odd);
        Ok(EventProof {
            id: row.try_get("id")?,
            owner: row.try_get("owner")?,
            application: row.try_get("application")?,
            kind: row.try_get("kind")?,
            event: day("event")?,
            state: row.try_get("state")?,
            asked_at: row.try_get("asked_at")?,
            due_at: row.try_get("due_at")?,
            due_day: day("due_day")?,
            in_review: row.try_get("in_review")?,
            closed_at: row.try_get("closed_at")?,
        })
    }
}

/// What has to be proved of what is about to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToProve {
    pub kind: String,
    pub event: Date,
    /// From the signature, and the last day if it is signed today.
    pub days: i64,
    pub due_day: Date,
}

/// What has to be proved before an insurer is told of what is signed now for this reason; `None`: nothing.
pub fn to_prove(tables: &Tables, results: &Results, why: &Why, now: OffsetDateTime) -> Option<ToProve> {
    let Why::Special { kind, event } = why else { return None };
    let same = |other: &str, day: Option<Date>| other == kind && day == Some(*event);
    let told = results.events.iter().any(|happened| happened.told_by_office && same(&happened.kind, happened.day));
    if told || results.proved.iter().any(|(kind, day)| same(kind, Some(*day))) {
        return None;
    }
    let today = tables.days(Some(results.state), now).own;
    let marketplace = tables.marketplace(results.state, results.plan_year)?.kind;
    let days = SpecialRules::of_build().days_to_prove(kind, marketplace, today, results.is_enrolled())?;
    let due_day = today.checked_add(time::Duration::days(days))?;
    Some(ToProve { kind: kind.clone(), event: *event, days, due_day })
}

const COLUMNS: &str = "SELECT id, owner, application, kind, event, state, asked_at, due_at, due_day, in_review, closed_at \
                       FROM event_proof WHERE owner = $1 ORDER BY asked_at";
const COLUMNS_OF_ONE: &str = "SELECT id, owner, application, kind, event, state, asked_at, due_at, due_day, in_review, \
                              closed_at FROM event_proof WHERE id = $1";

/// An owner's, the oldest first.
///
/// # Errors
///
/// If the store is away.
pub async fn of_owner(connection: &mut AnyConnection, owner: &str) -> Result<Vec<EventProof>, StoreError> {
    let rows = sqlx::query(COLUMNS).bind(owner).fetch_all(connection).await?;
    rows.iter().map(EventProof::of_row).collect()
}

/// One; `None` if there is none of this ID.
///
/// # Errors
///
/// If the store is away.
pub async fn one(connection: &mut AnyConnection, id: &str) -> Result<Option<EventProof>, StoreError> {
    let row = sqlx::query(COLUMNS_OF_ONE).bind(id).fetch_optional(connection).await?;
    row.as_ref().map(EventProof::of_row).transpose()
}

/// Asks for proof, once for an owner's event: its ID and last day; `None`: it is proved. Each plan that is signed for gives the whole
/// time again.
pub(super) async fn ask(
    tx: &mut Tx,
    tables: &Tables,
    (results, asked): (&Results, &ToProve),
) -> Result<Option<(String, Date)>, StoreError> {
    let (owner, now, event) = (results.owner.as_str(), tx.now(), asked.event.to_string());
    let found = sqlx::query_as(
        "SELECT id, state FROM event_proof WHERE owner = $1 AND kind = $2 AND event = $3 ORDER BY asked_at, id",
    );
    let found = found.bind(owner).bind(asked.kind.as_str()).bind(event.as_str());
    let found: Vec<(String, String)> = found.fetch_all(tx.conn()).await?;
    if found.iter().any(|(_, state)| state == ACCEPTED) {
        return Ok(None);
    }
    let last = results.case.day(tables, now) + time::Duration::days(asked.days);
    let new = || id_of(&["event_proof", &results.application, &asked.kind, &event]);
    let id = found.into_iter().next().map_or_else(new, |(id, _)| id);
    sqlx::query(
        "INSERT INTO event_proof (id, owner, application, kind, event, state, asked_at, due_at, due_day, in_review, reminded, \
         closed_at) VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, 0, 0, NULL) \
         ON CONFLICT (id) DO UPDATE SET state = 'open', asked_at = $6, due_at = $7, due_day = $8, reminded = 0, \
         closed_at = NULL",
    )
    .bind(id.as_str())
    .bind(owner)
    .bind(results.application.as_str())
    .bind(asked.kind.as_str())
    .bind(event.as_str())
    .bind(now)
    .bind(results.case.end_of(tables, last))
    .bind(last.to_string())
    .execute(tx.conn())
    .await?;
    Ok(Some((id, last)))
}

/// Takes the row of a proof until the transaction ends, so that nobody accepts it or lets it expire meanwhile.
pub(super) async fn take(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE event_proof SET reminded = reminded WHERE id = $1").bind(id).execute(tx.conn()).await?;
    Ok(())
}

/// An enrollment is given up: if nothing else waits for its proof, and nobody looks at a document, it is not asked for any more.
pub(super) async fn let_go(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    let now = tx.now();
    if waiting(tx.conn(), id).await?.is_empty() {
        let closed = sqlx::query(
            "UPDATE event_proof SET state = 'withdrawn', closed_at = $1 WHERE id = $2 AND state = 'open' AND in_review = 0",
        );
        closed.bind(now).bind(id).execute(tx.conn()).await?;
    }
    Ok(())
}

/// Enrollments whose insurer waits for a proof: owner and ID, the oldest first.
pub(super) async fn waiting(connection: &mut AnyConnection, id: &str) -> Result<Vec<(String, String)>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT e.owner, e.id FROM enrollment e JOIN enrollment_change c ON c.enrollment = e.id \
         WHERE e.proof = $1 AND c.kind = 'initial' AND c.held = 'proof' ORDER BY e.made_at, e.id",
    );
    Ok(asked.bind(id).fetch_all(connection).await?)
}

/// A document for it was looked at, whatever came of it.
///
/// # Errors
///
/// If the store is away.
pub async fn reviewed(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    let counted = sqlx::query("UPDATE event_proof SET in_review = in_review - 1 WHERE id = $1 AND in_review > 0");
    counted.bind(id).execute(tx.conn()).await?;
    Ok(())
}

/// It is proved: everything that was signed because of it goes to the insurers, in the caller's transaction, with a notice. `false`: it
/// was closed before.
///
/// # Errors
///
/// If the store is away.
pub async fn accept(tx: &mut Tx, room: &Room, id: &str, (by, session): (&Actor, &str)) -> Result<bool, StoreError> {
    let now = tx.now();
    let closed =
        sqlx::query("UPDATE event_proof SET state = 'accepted', closed_at = $1 WHERE id = $2 AND state = 'open'");
    if closed.bind(now).bind(id).execute(tx.conn()).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let Some(proof) = one(tx.conn(), id).await? else { return Err(StoreError::Stale) };
    let mut released: Vec<Enrollment> = Vec::new();
    for (owner, enrollment) in waiting(tx.conn(), id).await? {
        let go = sqlx::query("UPDATE enrollment_change SET held = '' WHERE enrollment = $1 AND held = 'proof'");
        go.bind(enrollment.as_str()).execute(tx.conn()).await?;
        let found = record::one(tx.conn(), &room.means.vault, (&owner, &enrollment)).await?;
        let own = found.ok_or(StoreError::Stale)?;
        let taken = Taken { step: Step::Proved, from_day: own.starts, code: "", actor: by, session };
        step::apply(tx, &room.means, &enrollment, &taken).await?;
        released.push(own);
    }
    if released.is_empty() {
        return Ok(true);
    }
    let letter = |room: &Room, case: &Case| proof_words::accepted(&room.knows, case, (&proof, &released), moment(now));
    tell(tx, room, &proof, &format!("event_proved:{id}:{}", proof.due_day), letter).await?;
    Ok(true)
}

/// The last day is over and nobody looks at a document: whatever waited is cancelled, with a notice. `false`: something came
/// in between.
pub(super) async fn expire(tx: &mut Tx, room: &Room, id: &str) -> Result<bool, StoreError> {
    let now = tx.now();
    let closed = sqlx::query(
        "UPDATE event_proof SET state = 'expired', closed_at = $1 WHERE id = $2 AND state = 'open' AND in_review = 0 \
         AND due_at <= $1",
    );
    if closed.bind(now).bind(id).execute(tx.conn()).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let Some(proof) = one(tx.conn(), id).await? else { return Err(StoreError::Stale) };
    let mut cancelled: Vec<Enrollment> = Vec::new();
    for (owner, enrollment) in waiting(tx.conn(), id).await? {
        let found = record::one(tx.conn(), &room.means.vault, (&owner, &enrollment)).await?;
        let own = found.ok_or(StoreError::Stale)?;
        ending::never_proved(tx, &room.means, &own).await?;
        cancelled.push(own);
    }
    if cancelled.is_empty() {
        // Given up while a document was looked at: nobody asks any more.
        let left = sqlx::query("UPDATE event_proof SET state = 'withdrawn' WHERE id = $1");
        left.bind(id).execute(tx.conn()).await?;
        return Ok(true);
    }
    let letter = |room: &Room, case: &Case| proof_words::expired(&room.knows, case, (&proof, &cancelled));
    tell(tx, room, &proof, &format!("event_not_proved:{id}:{}", proof.due_day), letter).await?;
    Ok(true)
}

/// Reminds, once for a last day. `false`: it was done, or nothing waits for the proof.
pub(super) async fn remind(tx: &mut Tx, room: &Room, id: &str) -> Result<bool, StoreError> {
    let told = sqlx::query(
        "UPDATE event_proof SET reminded = 1 WHERE id = $1 AND state = 'open' AND in_review = 0 AND reminded = 0",
    );
    if told.bind(id).execute(tx.conn()).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let Some(proof) = one(tx.conn(), id).await? else { return Err(StoreError::Stale) };
    let mut held: Vec<Enrollment> = Vec::new();
    for (owner, enrollment) in waiting(tx.conn(), id).await? {
        held.extend(record::one(tx.conn(), &room.means.vault, (&owner, &enrollment)).await?);
    }
    if held.is_empty() {
        return Ok(false);
    }
    let letter = |room: &Room, case: &Case| proof_words::reminder(&room.knows, case, (&proof, &held));
    tell(tx, room, &proof, &format!("event_proof_reminder:{id}:{}", proof.due_day), letter).await?;
    Ok(true)
}

async fn tell(
    tx: &mut Tx,
    room: &Room,
    proof: &EventProof,
    kind: &str,
    letter: impl Fn(&Room, &Case) -> crate::application::record::Notice,
) -> Result<(), StoreError> {
    let of = (proof.owner.as_str(), proof.application.as_str());
    let case = Case::open(tx.conn(), &room.means.vault, of).await?.ok_or(StoreError::Stale)?;
    notice::post(tx, &room.means, &case, kind, &letter(room, &case)).await.map(drop)
}

/// Events of an owner that are proved.
///
/// # Errors
///
/// If the store is away.
pub async fn proved(connection: &mut AnyConnection, owner: &str) -> Result<Vec<(String, Date)>, StoreError> {
    let all = of_owner(connection, owner).await?;
    Ok(all.into_iter().filter(|proof| proof.state == ACCEPTED).map(|proof| (proof.kind, proof.event)).collect())
}

/// Months that have begun since coverage started, this one included: what an insurer asks for at once when it is told late.
pub fn months_begun(signed: &Signed, today: Date) -> i64 {
    let count = |day: Date| i64::from(day.year()) * 12 + i64::from(u8::from(day.month()));
    if today < signed.starts { 0 } else { count(today) - count(signed.starts) + 1 }
}

/// Whether an insurer must not be told of an enrollment yet.
pub fn waits(enrollment: &Enrollment) -> bool {
    enrollment.state == State::WaitingProof
}
