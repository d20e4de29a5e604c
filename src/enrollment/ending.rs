//! Giving a plan up before it begins, ending it on a day, and bringing it back.
//!
//! Called by the pages of coverage and by an operator; a plan that another takes the place of is ended by `sign`. Each is one
//! transaction with its row for the insurer, its step and its deed, and doing it twice is doing it once. What was signed stays as
//! it is.

use time::Date;

use super::end_rules::{Last, Reason};
use super::event_proof::{self, HELD, NOT_PROVED};
use super::record::{self, ChangeKind, Enrollment, NewChange, State, day_of};
use super::step::{self, Step, Taken};
use crate::account::people::Means;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::{Change, StoreError, Tx};

/// X12 maintenance reason of one that is brought back.
const REINSTATED_CODE: &str = "41";
/// What the insurer was never told of and need not be told any more: `enrollment_change.held`.
pub const WITHDRAWN: &str = "withdrawn";

/// What became of the wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    Now,
    /// It was so already.
    Before,
    /// It is not as it was when the page was shown.
    Changed,
}

/// Ends an enrollment, or cancels one that nobody was covered by for a day.
pub struct End {
    pub means: Means,
    pub owner: String,
    pub enrollment: String,
    /// As the page showed it.
    pub seen: i64,
    pub reason: Reason,
    /// X12 maintenance reason of the rule.
    pub code: String,
    pub last: Last,
    pub session: String,
}

impl Change for End {
    type Done = Done;

    async fn run(&self, tx: &mut Tx) -> Result<Done, StoreError> {
        let actor = Actor::of_owner(&self.owner);
        let by = By { actor: &actor, session: &self.session, reason: self.reason.word(), code: &self.code };
        let found = record::one(tx.conn(), &self.means.vault, (&self.owner, &self.enrollment)).await?;
        let Some(enrollment) = found else { return Err(StoreError::Stale) };
        let same = match self.last {
            Last::Never => enrollment.state == State::Cancelled,
            Last::Day(day) => enrollment.state == State::Ended && enrollment.ends == day,
        };
        if same {
            return Ok(Done::Before);
        }
        if enrollment.version != self.seen || !enrollment.state.is_live() {
            return Ok(Done::Changed);
        }
        if end(tx, &self.means, (&enrollment, self.last), &by).await? { Ok(Done::Now) } else { Ok(Done::Changed) }
    }
}

/// Who does it, and why.
struct By<'a> {
    actor: &'a Actor,
    session: &'a str,
    reason: &'a str,
    code: &'a str,
}

/// `false`: somebody else has changed the row meanwhile.
async fn end(
    tx: &mut Tx,
    means: &Means,
    (enrollment, last): (&Enrollment, Last),
    by: &By<'_>,
) -> Result<bool, StoreError> {
    let (step, kind, day) = match last {
        // An insurer reads an end on the first day as one that never was.
        Last::Never => (Step::Cancelled, ChangeKind::Cancel, enrollment.starts),
        Last::Day(day) => (Step::Ended, ChangeKind::Terminate, day),
    };
    // Whoever accepts a proof takes its row first, too.
    if let Some(proof) = &enrollment.proof {
        event_proof::take(tx, proof).await?;
    }
    if !take(tx, enrollment, day).await? {
        return Ok(false);
    }
    let held = hold(tx, enrollment, step == Step::Cancelled).await?;
    put(tx, means, enrollment, &Put { step, kind, day, held, by }).await?;
    if let Some(proof) = &enrollment.proof {
        event_proof::let_go(tx, proof).await?;
    }
    Ok(true)
}

/// Why the insurer must not be told of an end. What it was never told of is taken back if nobody was covered for a day; while it
/// waits for proof, its end waits with it.
pub(super) async fn hold(tx: &mut Tx, enrollment: &Enrollment, never: bool) -> Result<&'static str, StoreError> {
    if never && withdraw(tx, enrollment).await? {
        return Ok(WITHDRAWN);
    }
    Ok(if event_proof::is_held(tx, &enrollment.id).await? { HELD } else { "" })
}

/// Cancels what waited for a proof that did not come: also what was ended meanwhile, of which no day counts.
pub(super) async fn never_proved(tx: &mut Tx, means: &Means, enrollment: &Enrollment) -> Result<(), StoreError> {
    let by = By { actor: &Actor::Site, session: "", reason: NOT_PROVED, code: NOT_PROVED };
    if !end(tx, means, (enrollment, Last::Never), &by).await? {
        return Err(StoreError::Stale);
    }
    let over = sqlx::query("UPDATE enrollment SET state = $1 WHERE id = $2");
    over.bind(State::Cancelled.word()).bind(enrollment.id.as_str()).execute(tx.conn()).await?;
    Ok(())
}

/// Takes the row, if it is as it was read, and gives it a last day.
async fn take(tx: &mut Tx, enrollment: &Enrollment, ends: Date) -> Result<bool, StoreError> {
    let taken = sqlx::query(
        "UPDATE enrollment SET ends = $1, version = version + 1 WHERE id = $2 AND owner = $3 AND version = $4",
    )
    .bind(ends.to_string())
    .bind(enrollment.id.as_str())
    .bind(enrollment.owner.as_str())
    .bind(enrollment.version)
    .execute(tx.conn())
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// What the insurer was not told of yet is not told any more; `false`: it was told.
async fn withdraw(tx: &mut Tx, enrollment: &Enrollment) -> Result<bool, StoreError> {
    let asked = sqlx::query(
        "UPDATE enrollment_change SET held = 'withdrawn' WHERE enrollment = $1 AND kind = 'initial' AND file = ''",
    );
    if asked.bind(enrollment.id.as_str()).execute(tx.conn()).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let others = sqlx::query("UPDATE enrollment_change SET held = 'withdrawn' WHERE enrollment = $1 AND file = ''");
    others.bind(enrollment.id.as_str()).execute(tx.conn()).await?;
    Ok(true)
}

struct Put<'a> {
    step: Step,
    kind: ChangeKind,
    day: Date,
    held: &'a str,
    by: &'a By<'a>,
}

/// The row for the insurer, the step, the deed.
async fn put(tx: &mut Tx, means: &Means, enrollment: &Enrollment, put: &Put<'_>) -> Result<(), StoreError> {
    let (owner, by) = (enrollment.owner.as_str(), put.by);
    let key = means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
    let now = record::now(tx.conn(), &means.vault, enrollment).await?;
    let change = NewChange {
        enrollment: &enrollment.id,
        owner,
        kind: put.kind,
        from_day: put.day,
        reason: by.reason,
        body: &now,
        held: put.held,
    };
    record::add_change(tx, &key, &change).await?;
    let taken = Taken { step: put.step, from_day: put.day, code: by.code, actor: by.actor, session: by.session };
    if !step::apply(tx, means, &enrollment.id, &taken).await? {
        again(tx, means, enrollment, put).await?;
    }
    Ok(())
}

/// Ended on this day once before, and brought back since: the step is there, state and deed are new.
async fn again(tx: &mut Tx, means: &Means, enrollment: &Enrollment, put: &Put<'_>) -> Result<(), StoreError> {
    let (state, deed) = match put.step {
        Step::Cancelled => (State::Cancelled, Deed::CoverageCancelled),
        Step::Reinstated => (State::Sent, Deed::CoverageReinstated),
        _ => (State::Ended, Deed::CoverageEnded),
    };
    let changed = sqlx::query("UPDATE enrollment SET state = $1 WHERE id = $2");
    changed.bind(state.word()).bind(enrollment.id.as_str()).execute(tx.conn()).await?;
    let record = format!("enrollment:{}", enrollment.id);
    let owner = enrollment.owner.as_str();
    let entry = Entry { actor: put.by.actor, deed, owner, record: &record, session: put.by.session };
    means.audit.append(tx, &entry).await
}

/// Brings an enrollment back that has ended or was cancelled, to the end of its year.
pub struct Reinstate {
    pub means: Means,
    pub owner: String,
    pub enrollment: String,
    pub actor: Actor,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    Now,
    /// It goes on already.
    Live,
    /// Another plan has taken its place.
    Replaced,
    Nobody,
}

impl Change for Reinstate {
    type Done = Back;

    async fn run(&self, tx: &mut Tx) -> Result<Back, StoreError> {
        let found = record::one(tx.conn(), &self.means.vault, (&self.owner, &self.enrollment)).await?;
        let Some(enrollment) = found else { return Ok(Back::Nobody) };
        if enrollment.state.is_live() {
            return Ok(Back::Live);
        }
        let asked = sqlx::query_scalar(
            "SELECT count(*) FROM enrollment WHERE follows = $1 AND plan_year = $2 AND state <> 'cancelled' \
             AND state <> 'ended'",
        );
        let asked = asked.bind(enrollment.id.as_str()).bind(enrollment.plan_year);
        let replaced: i64 = asked.fetch_one(tx.conn()).await?;
        if replaced > 0 {
            return Ok(Back::Replaced);
        }
        // Without a gap: from the day after the last one, or from the first.
        let from = match enrollment.state {
            State::Cancelled => enrollment.starts,
            _ => enrollment.ends.next_day().unwrap_or(enrollment.ends),
        };
        if !take(tx, &enrollment, last_of_year(enrollment.plan_year, enrollment.ends)).await? {
            return Err(StoreError::Stale);
        }
        let told = sqlx::query(
            "UPDATE enrollment_change SET held = '' WHERE enrollment = $1 AND kind = 'initial' AND held = 'withdrawn'",
        );
        let untold = told.bind(enrollment.id.as_str()).execute(tx.conn()).await?.rows_affected() > 0;
        let by = By { actor: &self.actor, session: "", reason: "reinstated", code: REINSTATED_CODE };
        // An insurer who was never told of it gets it as new.
        let held = if untold { WITHDRAWN } else { "" };
        let kind = ChangeKind::Reinstate;
        put(tx, &self.means, &enrollment, &Put { step: Step::Reinstated, kind, day: from, held, by: &by }).await?;
        Ok(Back::Now)
    }
}

/// The last day of a plan year; as it was, if that is none.
fn last_of_year(year: i64, otherwise: Date) -> Date {
    day_of(&format!("{year}-12-31")).unwrap_or(otherwise)
}
