//! What became of a transfer, step by step: each once for each person, whatever order they come in; what a step does for the
//! person besides: a notice, a special enrollment period.
//!
//! Called inside the changes of `send` and `inbox`. The step that counts is the furthest one, and of two that are equally far
//! the one that the agency took later.

use time::Date;

use super::record::{self, Line, StepLine};
use super::words;
use crate::application::sheet::{HOUSEHOLD, RowId};
use crate::eligibility::enrollment::{WindowStatus, open_enrollment};
use crate::store::{Millis, StoreError, Tx};
use crate::verify::case::Case;
use crate::verify::{Room, id_of, moment, notice};

pub const MADE: &str = "made";
pub const FAILED: &str = "failed";
pub const SENT: &str = "sent";
pub const ACKNOWLEDGED: &str = "acknowledged";
pub const REFUSED: &str = "refused";
pub const ACCEPTED: &str = "accepted";
pub const REJECTED: &str = "rejected";
pub const DETERMINED: &str = "determined";
pub const DENIED: &str = "denied";

/// The event that a denial is, once open enrollment is over (45 CFR 155.420(d)(11)).
pub const DENIED_EVENT: &str = "medicaid_denied_after_open_enrollment";

/// How far a step is.
fn rank(step: &str) -> u8 {
    match step {
        MADE | FAILED => 0,
        SENT => 1,
        ACKNOWLEDGED | REFUSED => 2,
        ACCEPTED | REJECTED => 3,
        _ => 4,
    }
}

/// The step that counts among these; `None` if there is none.
pub fn counts<'s>(steps: impl IntoIterator<Item = &'s StepLine>) -> Option<&'s StepLine> {
    steps.into_iter().max_by_key(|own| (rank(&own.step), own.said_at, own.at))
}

/// A step that somebody has told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub step: &'static str,
    /// [`HOUSEHOLD`]: all of the transfer.
    pub person: RowId,
    pub said_at: Millis,
    pub program: &'static str,
    pub from_day: String,
    pub code: String,
}

impl Step {
    pub fn of_all(step: &'static str, said_at: Millis, code: &str) -> Step {
        Step { step, person: HOUSEHOLD, said_at, program: "", from_day: String::new(), code: code.to_string() }
    }
}

/// What counts for a person, and why somebody who was denied can still enroll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chance {
    /// Open enrollment goes on, until this day.
    Season(Date),
    /// A special enrollment period opens, with its last day.
    Special(Option<Date>),
    /// Neither, by the rules that we know.
    None,
}

/// Writes steps down, sets what counts, posts notices and opens special enrollment periods for what is new. Returns how many
/// were new.
///
/// # Errors
///
/// If the store is away.
pub async fn put(tx: &mut Tx, room: &Room, (line, case): (&Line, &Case), steps: &[Step]) -> Result<usize, StoreError> {
    // Takes the row: two answers at once come one after the other.
    let taken = sqlx::query("UPDATE transfer SET status = status WHERE id = $1 AND owner = $2");
    if taken.bind(line.id.as_str()).bind(line.owner.as_str()).execute(tx.conn()).await?.rows_affected() == 0 {
        return Err(StoreError::Stale);
    }
    let mut new = Vec::new();
    for step in steps {
        if insert(tx, line, step).await? {
            new.push(step);
        }
    }
    if new.is_empty() {
        return Ok(0);
    }
    let all = record::steps(tx.conn(), &line.id).await?;
    settle(tx, line, &all).await?;
    tell(tx, room, (line, case), (&new, &all)).await?;
    Ok(new.len())
}

async fn insert(tx: &mut Tx, line: &Line, step: &Step) -> Result<bool, StoreError> {
    let now = tx.now();
    let put = sqlx::query(
        "INSERT INTO transfer_step (transfer, step, person, owner, at, said_at, program, from_day, code) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
    )
    .bind(line.id.as_str())
    .bind(step.step)
    .bind(i64::from(step.person))
    .bind(line.owner.as_str())
    .bind(now)
    .bind(step.said_at)
    .bind(step.program)
    .bind(step.from_day.as_str())
    .bind(step.code.as_str())
    .execute(tx.conn())
    .await?;
    Ok(put.rows_affected() == 1)
}

/// The status of the whole, and when each stage was first reached.
async fn settle(tx: &mut Tx, line: &Line, all: &[StepLine]) -> Result<(), StoreError> {
    let Some(own) = counts(all) else { return Ok(()) };
    let first = |least: u8| all.iter().filter(|own| rank(&own.step) >= least).map(|own| own.at).min();
    let of = |least: u8| all.iter().filter(|own| rank(&own.step) == least).map(|own| own.at).min();
    sqlx::query(
        "UPDATE transfer SET status = $2, code = $3, sent_at = $4, acknowledged_at = $5, answered_at = $6 WHERE id = $1",
    )
    .bind(line.id.as_str())
    .bind(own.step.as_str())
    .bind(own.code.as_str())
    .bind(of(1).or_else(|| first(1)))
    .bind(of(2))
    .bind(first(3))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notices and events for what is new and counts.
async fn tell(
    tx: &mut Tx,
    room: &Room,
    (line, case): (&Line, &Case),
    (new, all): (&[&Step], &[StepLine]),
) -> Result<(), StoreError> {
    for step in [SENT, ACCEPTED, REJECTED, DETERMINED, DENIED] {
        let mut people: Vec<&Step> = new.iter().copied().filter(|own| own.step == step).collect();
        // That an agency has read who is not referred any more is no news for them; what it decides is.
        people.retain(|own| !(line.has_ended(own.person) && [ACCEPTED, REJECTED].contains(&step)));
        // What an agency has taken back since, or was past already, is history.
        people.retain(|own| {
            let of =
                |other: &&StepLine| other.person == own.person || other.person == HOUSEHOLD || own.person == HOUSEHOLD;
            counts(all.iter().filter(of)).is_some_and(|other| other.step == step)
        });
        let Some(first) = people.first() else { continue };
        let chance = chance(room, case, first.said_at);
        if step == DENIED {
            for own in &people {
                event(tx, room, (line, case), own, &chance).await?;
            }
        }
        let told = words::Told { line, step, people: &people, chance: &chance, now: tx.now() };
        let mut rows: Vec<String> = people.iter().map(|own| own.person.to_string()).collect();
        rows.sort_unstable();
        // People of one transfer may be decided on different days.
        let kind = match step {
            SENT => format!("transfer:{}:{step}", line.id),
            _ => format!("transfer:{}:{step}:{}", line.id, rows.join("+")),
        };
        notice::post(tx, &room.means, case, &kind, &words::notice(&room.knows, case, &told)).await?;
    }
    Ok(())
}

/// How somebody can still enroll who was denied at a moment (45 CFR 155.410, 155.420(d)(11)).
pub fn chance(room: &Room, case: &Case, denied_at: Millis) -> Chance {
    let tables = &room.knows.tables;
    let Some(state) = case.state() else { return Chance::None };
    let season = open_enrollment(tables, state, case.plan_year(), tables.days(Some(state), moment(denied_at)));
    // The day for the next start of coverage: who waits for the end of the season is covered later.
    let by = season.select_by.or(season.ends);
    if let (WindowStatus::Open | WindowStatus::NotYet, Some(by)) = (season.status, by) {
        return Chance::Season(by);
    }
    let applied = case.day(tables, case.application.submitted_at);
    let in_season = season.opens.zip(season.ends).is_some_and(|(opens, ends)| (opens..=ends).contains(&applied));
    let with_event = !["", "none"].contains(&case.text("events", HOUSEHOLD));
    if !in_season && !with_event {
        return Chance::None;
    }
    let denied = case.day(tables, denied_at);
    let kind = tables.sep_kind(DENIED_EVENT, denied);
    match kind {
        Some(kind) => Chance::Special(kind.days_after.and_then(|days| denied.checked_add(time::Duration::days(days)))),
        None => Chance::None,
    }
}

async fn event(
    tx: &mut Tx,
    room: &Room,
    (line, case): (&Line, &Case),
    own: &Step,
    chance: &Chance,
) -> Result<(), StoreError> {
    if !matches!(chance, Chance::Special(_)) {
        return Ok(());
    }
    let (now, day) = (tx.now(), case.day(&room.knows.tables, own.said_at).to_string());
    let person = own.person.to_string();
    sqlx::query(
        "INSERT INTO enrollment_event (id, owner, application, person, kind, day, source, made_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
    )
    .bind(id_of(&["event", &line.application, &person, DENIED_EVENT, &day]))
    .bind(line.owner.as_str())
    .bind(line.application.as_str())
    .bind(i64::from(own.person))
    .bind(DENIED_EVENT)
    .bind(day.as_str())
    .bind(format!("transfer:{}", line.id))
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
