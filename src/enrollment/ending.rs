//! Giving a plan up before it begins, ending it on a day, and bringing it back.
//!
//! Called by the pages of coverage, by an operator, and by `insurer` when a file says so; a plan that another takes the place of is
//! ended by `sign`, people are taken off by `leave`. Each is one transaction with its row for the insurer (who needs none if it said so
//! itself), its step, its deed and the notice, and doing it twice is doing it once. What was signed stays as it is.

use std::sync::Arc;

use time::Date;

use super::end_rules::{Last, Reason};
use super::ended::{self, Said, Told};
use super::event_proof::{self, NOT_PROVED};
use super::record::{self, ChangeKind, Enrollment, NewChange, Signed, State, day_of};
use super::step::{self, Step, StepLine, Taken};
use super::timeline;
use crate::account::people::Means;
use crate::sealing::DataKey;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::{Change, StoreError, Tx};
use crate::verify::Knows;

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
    pub knows: Arc<Knows>,
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
        let Some(before) = end(tx, &self.means, (&enrollment, self.last), &by).await? else { return Ok(Done::Changed) };
        tell(tx, (&self.means, &self.knows), (&enrollment, &before), (self.last, Said::Asked(self.reason))).await?;
        Ok(Done::Now)
    }
}

/// Who does it, and why.
pub(super) struct By<'a> {
    pub actor: &'a Actor,
    pub session: &'a str,
    pub reason: &'a str,
    pub code: &'a str,
}

/// Everybody on it is told.
async fn tell(
    tx: &mut Tx,
    with: (&Means, &Knows),
    (enrollment, before): (&Enrollment, &Signed),
    (last, said): (Last, Said<'_>),
) -> Result<(), StoreError> {
    let gone = before.people.iter().collect();
    ended::post(tx, with, &Told { enrollment, before, gone, stay: None, number: None, last, said }).await
}

/// Ends or cancels; how it was on that day. `None`: somebody else has changed the row meanwhile.
async fn end(
    tx: &mut Tx,
    means: &Means,
    (enrollment, last): (&Enrollment, Last),
    by: &By<'_>,
) -> Result<Option<Signed>, StoreError> {
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
        return Ok(None);
    }
    let held = hold(tx, enrollment, step == Step::Cancelled).await?;
    let before = put(tx, means, enrollment, &Put { step, kind, day, held: &held, by }).await?;
    if let Some(proof) = &enrollment.proof {
        event_proof::let_go(tx, proof).await?;
    }
    Ok(Some(before))
}

/// Why the insurer must not be told of an end. What it was never told of is taken back if nobody was covered for a day; while it
/// waits for proof, its end waits with it.
pub(super) async fn hold(tx: &mut Tx, enrollment: &Enrollment, never: bool) -> Result<String, StoreError> {
    if never && withdraw(tx, enrollment).await? {
        return Ok(WITHDRAWN.to_string());
    }
    held(tx, enrollment).await
}

/// Cancels what waited for a proof that did not come: also what was ended meanwhile, of which no day counts.
pub(super) async fn never_proved(tx: &mut Tx, means: &Means, enrollment: &Enrollment) -> Result<(), StoreError> {
    let by = By { actor: &Actor::Site, session: "", reason: NOT_PROVED, code: NOT_PROVED };
    if end(tx, means, (enrollment, Last::Never), &by).await?.is_none() {
        return Err(StoreError::Stale);
    }
    stands(tx, enrollment, State::Cancelled).await
}

/// Takes the row, if it is as it was read, and gives it a last day; `false`: somebody else has changed it meanwhile.
pub(super) async fn take(tx: &mut Tx, enrollment: &Enrollment, ends: Date) -> Result<bool, StoreError> {
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
pub(super) async fn withdraw(tx: &mut Tx, enrollment: &Enrollment) -> Result<bool, StoreError> {
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

/// Why a further change must wait: what the insurer has to be told first waits, too. Empty: nothing holds it.
pub(super) async fn held(tx: &mut Tx, enrollment: &Enrollment) -> Result<String, StoreError> {
    let asked = sqlx::query_scalar(
        "SELECT held FROM enrollment_change WHERE enrollment = $1 AND kind = 'initial' AND file = '' AND held <> 'withdrawn'",
    );
    let held: Option<String> = asked.bind(enrollment.id.as_str()).fetch_optional(tx.conn()).await?;
    Ok(held.unwrap_or_default())
}

pub(super) struct Put<'a> {
    pub step: Step,
    pub kind: ChangeKind,
    pub day: Date,
    pub held: &'a str,
    pub by: &'a By<'a>,
}

/// The row for the insurer, the step, the deed; how it was on that day.
pub(super) async fn put(
    tx: &mut Tx,
    means: &Means,
    enrollment: &Enrollment,
    put: &Put<'_>,
) -> Result<Signed, StoreError> {
    let key = means.vault.open(tx.conn(), &enrollment.owner).await?.ok_or(StoreError::Stale)?;
    let timeline = timeline::of(tx.conn(), &means.vault, enrollment, |_| true).await?;
    let body = timeline.on(put.day).unwrap_or(&enrollment.signed).clone();
    row(tx, &key, enrollment, (put, put.day, &body)).await?;
    if put.kind == ChangeKind::Reinstate {
        // Whoever was to leave later still does.
        let later = Put { kind: ChangeKind::Change, ..*put };
        for since in timeline.after(put.day) {
            row(tx, &key, enrollment, (&later, since.from, &since.signed)).await?;
        }
    }
    let by = put.by;
    let taken = Taken { step: put.step, from_day: put.day, code: by.code, actor: by.actor, session: by.session };
    if !step::apply(tx, means, &enrollment.id, &taken).await? {
        again(tx, means, enrollment, &taken).await?;
    }
    Ok(body)
}

/// A row for the insurer.
pub(super) async fn row(
    tx: &mut Tx,
    key: &DataKey,
    enrollment: &Enrollment,
    (put, from_day, body): (&Put<'_>, Date, &Signed),
) -> Result<(), StoreError> {
    let (kind, reason, held) = (put.kind, put.by.reason, put.held);
    let (owner, enrollment) = (enrollment.owner.as_str(), enrollment.id.as_str());
    record::add_change(tx, key, &NewChange { enrollment, owner, kind, from_day, reason, body, held }).await.map(drop)
}

/// The same step for the same day once before, and something else since: the step is there, state and deed are new.
pub(super) async fn again(
    tx: &mut Tx,
    means: &Means,
    enrollment: &Enrollment,
    taken: &Taken<'_>,
) -> Result<(), StoreError> {
    let (state, deed) = match taken.step {
        Step::Cancelled => (Some(State::Cancelled), Deed::CoverageCancelled),
        Step::Ended => (Some(State::Ended), Deed::CoverageEnded),
        Step::Reinstated => (None, Deed::CoverageReinstated),
        _ => (None, Deed::CoverageChanged),
    };
    if let Some(state) = state {
        stands(tx, enrollment, state).await?;
    }
    let record = format!("enrollment:{}", enrollment.id);
    let entry = Entry { actor: taken.actor, deed, owner: &enrollment.owner, record: &record, session: taken.session };
    means.audit.append(tx, &entry).await
}

async fn stands(tx: &mut Tx, enrollment: &Enrollment, state: State) -> Result<(), StoreError> {
    let changed = sqlx::query("UPDATE enrollment SET state = $1 WHERE id = $2");
    changed.bind(state.word()).bind(enrollment.id.as_str()).execute(tx.conn()).await.map(drop)?;
    Ok(())
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
        if is_replaced(tx, &enrollment).await? {
            return Ok(Back::Replaced);
        }
        // Without a gap: from the day after the last one, or from the first.
        let from = match enrollment.state {
            State::Cancelled => enrollment.starts,
            _ => enrollment.ends.next_day().unwrap_or(enrollment.ends),
        };
        if !take(tx, &enrollment, last_of_year(&enrollment)).await? {
            return Err(StoreError::Stale);
        }
        let told = sqlx::query(
            "UPDATE enrollment_change SET held = '' WHERE enrollment = $1 AND kind = 'initial' AND held = 'withdrawn'",
        );
        let untold = told.bind(enrollment.id.as_str()).execute(tx.conn()).await?.rows_affected() > 0;
        let by = By { actor: &self.actor, session: "", reason: "reinstated", code: REINSTATED_CODE };
        // An insurer who was never told of it gets it as new.
        let held = if untold { WITHDRAWN } else { "" };
        let (step, kind) = (Step::Reinstated, ChangeKind::Reinstate);
        put(tx, &self.means, &enrollment, &Put { step, kind, day: from, held, by: &by }).await?;
        goes_on(tx, &enrollment).await?;
        Ok(Back::Now)
    }
}

/// Whether another plan of the same year has taken an enrollment's place.
///
/// # Errors
///
/// If the store is away.
pub async fn is_replaced(tx: &mut Tx, enrollment: &Enrollment) -> Result<bool, StoreError> {
    let asked = sqlx::query_scalar(
        "SELECT count(*) FROM enrollment WHERE follows = $1 AND plan_year = $2 AND state <> 'cancelled' \
         AND state <> 'ended'",
    );
    let others: i64 = asked.bind(enrollment.id.as_str()).bind(enrollment.plan_year).fetch_one(tx.conn()).await?;
    Ok(others > 0)
}

/// What comes back stands where it stood before it was over: as far as its insurer had come with it.
async fn goes_on(tx: &mut Tx, enrollment: &Enrollment) -> Result<(), StoreError> {
    let steps = step::of(tx.conn(), &enrollment.id).await?;
    stands(tx, enrollment, stood(&steps)).await
}

/// The farthest that an enrollment had come.
fn stood(steps: &[StepLine]) -> State {
    let had = |step: Step| steps.iter().any(|line| line.step == step.word());
    match () {
        () if had(Step::Confirmed) => State::Confirmed,
        () if had(Step::Accepted) => State::Accepted,
        () if had(Step::Rejected) => State::Rejected,
        () if had(Step::Sent) => State::Sent,
        () if had(Step::WaitingProof) && !had(Step::Proved) => State::WaitingProof,
        () => State::Signed,
    }
}

/// The last day of an enrollment's plan year; as it was, if that is none.
fn last_of_year(enrollment: &Enrollment) -> Date {
    day_of(&format!("{}-12-31", enrollment.plan_year)).unwrap_or(enrollment.ends)
}

/// What an insurer's file says of an enrollment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// It never began.
    Cancelled,
    Ended(Date),
    /// From this day on, as if it had not ended.
    Reinstated(Date),
}

/// Writes down what the insurer says, in the transaction of its file: no row for it, as it knows. `false`: it is so already.
///
/// # Errors
///
/// If the store is away.
pub async fn by_insurer(
    tx: &mut Tx,
    (means, knows): (&Means, &Knows),
    enrollment: &Enrollment,
    (word, code): (Word, &str),
) -> Result<bool, StoreError> {
    let (step, day, ends) = match word {
        Word::Cancelled => (Step::Cancelled, enrollment.starts, enrollment.starts),
        Word::Ended(day) => (Step::Ended, day, day),
        Word::Reinstated(day) => (Step::Reinstated, day, last_of_year(enrollment)),
    };
    let back = step == Step::Reinstated;
    if enrollment.state.is_live() == back || !take(tx, enrollment, ends).await? {
        return Ok(false);
    }
    let taken = Taken { step, from_day: day, code, actor: &Actor::Site, session: "" };
    if !step::apply(tx, means, &enrollment.id, &taken).await? {
        again(tx, means, enrollment, &taken).await?;
    }
    if back {
        return goes_on(tx, enrollment).await.map(|()| true);
    }
    let timeline = timeline::of(tx.conn(), &means.vault, enrollment, |_| true).await?;
    let before = timeline.on(day).unwrap_or(&enrollment.signed);
    let last = if step == Step::Cancelled { Last::Never } else { Last::Day(day) };
    tell(tx, (means, knows), (enrollment, before), (last, Said::Insurer(code))).await?;
    Ok(true)
}
