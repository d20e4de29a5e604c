//! What becomes of an enrollment, a step at a time.
//!
//! Called by `sign` and whatever ends an enrollment, and by `insurer` when files come back. Each step once for its day; a step
//! that comes late or twice changes nothing.

use time::Date;

use super::record::State;
use crate::account::people::Means;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::{StoreError, Tx};

/// Steps that people see. The words are for good: rows hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumString, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Step {
    Signed,
    WaitingProof,
    /// The reason for enrolling now was proved.
    Proved,
    Sent,
    Accepted,
    Rejected,
    /// The insurer says that the first month is paid.
    Confirmed,
    Changed,
    Cancelled,
    Ended,
    Reinstated,
    /// Goes on from the plan of the year before; nobody has signed.
    Renewed,
    /// No plan takes its place in the next year: people were told to choose one.
    NotRenewed,
}

impl Step {
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The state that an enrollment has after it; `None`: it stays as it is, or goes there from another only.
    fn after(self, before: State) -> Option<State> {
        use State as S;
        match (self, before) {
            (Step::Signed | Step::Changed | Step::Renewed | Step::NotRenewed, _) => None,
            (Step::WaitingProof, S::Signed) => Some(S::WaitingProof),
            (Step::Proved, S::WaitingProof) => Some(S::Signed),
            // What the insurer has confirmed already stays so when another file goes out.
            (Step::Sent, S::Signed | S::Rejected) => Some(S::Sent),
            (Step::Accepted, S::Sent) => Some(S::Accepted),
            // Signed: it cannot be written for the insurer.
            (Step::Rejected, S::Signed | S::Sent | S::Accepted) => Some(S::Rejected),
            (Step::Confirmed, S::Sent | S::Accepted) => Some(S::Confirmed),
            (Step::Cancelled, before) if before.is_live() => Some(S::Cancelled),
            (Step::Ended, before) if before.is_live() => Some(S::Ended),
            (Step::Reinstated, S::Cancelled | S::Ended) => Some(S::Sent),
            _ => None,
        }
    }

    fn deed(self) -> Deed {
        match self {
            Step::Signed => Deed::Enrolled,
            Step::Cancelled => Deed::CoverageCancelled,
            Step::Ended => Deed::CoverageEnded,
            Step::Reinstated => Deed::CoverageReinstated,
            Step::Renewed => Deed::CoverageRenewed,
            _ => Deed::CoverageChanged,
        }
    }
}

/// The code of a rejection that was ours: it could not be put into a file, so the insurer was never told.
pub const UNWRITTEN: &str = "unwritten";

/// A step as it is to be written.
pub struct Taken<'a> {
    pub step: Step,
    /// The day from which it holds.
    pub from_day: Date,
    /// A code of the insurer's or ours; empty: none.
    pub code: &'a str,
    pub actor: &'a Actor,
    pub session: &'a str,
}

/// Takes an enrollment's row until the transaction ends: its owner and state; `None`: there is none.
///
/// # Errors
///
/// If the store is away.
pub async fn take(tx: &mut Tx, id: &str) -> Result<Option<(String, State)>, StoreError> {
    let now = tx.now();
    let asked = sqlx::query_as(
        "UPDATE enrollment SET version = version + 1, changed_at = $1 WHERE id = $2 RETURNING owner, state",
    );
    let found: Option<(String, String)> = asked.bind(now).bind(id).fetch_optional(tx.conn()).await?;
    let Some((owner, state)) = found else { return Ok(None) };
    let state = state.parse().map_err(|_| StoreError::Refused("an enrollment in a state unknown here".to_string()))?;
    Ok(Some((owner, state)))
}

/// Writes a step, and the state that follows from it, in the caller's transaction; `false`: it was there already, or there is
/// no such enrollment.
///
/// # Errors
///
/// If the store is away.
pub async fn apply(tx: &mut Tx, means: &Means, id: &str, taken: &Taken<'_>) -> Result<bool, StoreError> {
    let Some((owner, state)) = take(tx, id).await? else { return Ok(false) };
    let now = tx.now();
    let written = sqlx::query(
        "INSERT INTO enrollment_step (enrollment, owner, step, at, from_day, code) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT DO NOTHING",
    )
    .bind(id)
    .bind(owner.as_str())
    .bind(taken.step.word())
    .bind(now)
    .bind(taken.from_day.to_string())
    .bind(taken.code)
    .execute(tx.conn())
    .await?;
    if written.rows_affected() == 0 {
        return Ok(false);
    }
    if let Some(after) = taken.step.after(state) {
        let changed = sqlx::query("UPDATE enrollment SET state = $1 WHERE id = $2");
        changed.bind(after.word()).bind(id).execute(tx.conn()).await?;
    }
    let record = format!("enrollment:{id}");
    let (actor, deed, session) = (taken.actor, taken.step.deed(), taken.session);
    let entry = Entry { actor, deed, owner: &owner, record: &record, session };
    means.audit.append(tx, &entry).await?;
    Ok(true)
}

/// What became of an enrollment, the oldest step first.
pub struct StepLine {
    pub step: String,
    pub at: i64,
    pub from_day: String,
    pub code: String,
}

/// When the insurer was first told; `None`: not yet.
pub fn told_at(steps: &[StepLine]) -> Option<i64> {
    steps.iter().find(|line| line.step == Step::Sent.word()).map(|line| line.at)
}

/// Steps of one enrollment.
///
/// # Errors
///
/// If the store is away.
pub async fn of(connection: &mut sqlx::AnyConnection, enrollment: &str) -> Result<Vec<StepLine>, StoreError> {
    let asked =
        sqlx::query_as("SELECT step, at, from_day, code FROM enrollment_step WHERE enrollment = $1 ORDER BY at");
    let found: Vec<(String, i64, String, String)> = asked.bind(enrollment).fetch_all(connection).await?;
    Ok(found.into_iter().map(|(step, at, from_day, code)| StepLine { step, at, from_day, code }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::IntoEnumIterator as _;

    #[test]
    fn what_is_over_stays_over_whatever_comes_late() {
        for step in Step::iter().filter(|step| *step != Step::Reinstated) {
            for over in [State::Cancelled, State::Ended] {
                assert_eq!(step.after(over), None, "{step:?} after {over:?}");
            }
        }
        assert_eq!(Step::Sent.after(State::Confirmed), None);
        assert_eq!(Step::Sent.after(State::WaitingProof), None, "it must not go out");
    }
}
