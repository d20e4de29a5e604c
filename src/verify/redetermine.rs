//! Asking the engine again after something was found out: a new row beside what was sent, a notice with before and after.
//!
//! Put down by whatever closes a question, in its own transaction; done by a worker. The same engine, the same rules of the
//! plan year, the same plans as when it was sent: what differs is what was found out. A row is there once for its cause,
//! and none is ever changed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::AnyConnection;
use time::Date;

use super::amend::{Unproved, amended};
use super::case::Case;
use super::dmi::{self, Dmi, EXPIRED};
use super::plan::{self, About};
use super::settle::row_id;
use super::{Knows, Room, appeal, id_of, notice, renew, words};
use crate::account::people::Means;
use crate::application::record;
use crate::application::renewal::of_year;
use crate::eligibility::{Determination, FieldError, Household, determine};
use crate::sealing::DataKey;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::{Change, StoreError, Tx, columns};
use crate::types;
use crate::work::worker::Job;
use crate::work::{Handler, Hands, Kind, NewJob, Outcome, Repeats, enqueue};

pub static REDETERMINE: Kind = Kind {
    name: "redetermine",
    max_attempts: 20,
    gives_up_after: None,
    pause: Duration::from_secs(30),
    pause_max: Duration::from_secs(3600),
    repeats: Repeats::AtLeastOnce,
};
/// What the causes of appeals begin with.
const APPEAL: &str = "appeal";
/// What a job's key begins with; the rest is the cause.
const KEY: &str = "redetermine:";

/// Puts the job down, once for its cause, in the caller's transaction.
///
/// # Errors
///
/// If the store is away.
pub(super) async fn put_down(
    tx: &mut Tx,
    means: &Means,
    (owner, application): (&str, &str),
    cause: &str,
) -> Result<(), StoreError> {
    let about = About { application: application.to_string(), person: 0, turn: 0 };
    let (key, request_id) = (format!("{KEY}{cause}:{application}"), types::request_id());
    let job = NewJob { kind: &REDETERMINE, key: &key, owner, run_at: None, payload: &about, request_id: &request_id };
    enqueue(tx, &means.vault, &job).await.map(drop)
}

/// Does `redetermine`.
pub struct Redeterminations {
    pub room: Room,
}

#[async_trait]
impl Handler for Redeterminations {
    async fn work(&self, job: &Job, _: &Hands) -> Outcome {
        let about: About = match job.said() {
            Ok(about) => about,
            Err(outcome) => return outcome,
        };
        let key = job.held.key.strip_prefix(KEY).and_then(|rest| rest.strip_suffix(&about.application));
        let Some(cause) = key.map(|cause| cause.trim_end_matches(':').to_string()) else {
            return Outcome::dead("its key names no cause");
        };
        match plan::open(&self.room, &job.held.owner, &about.application).await {
            Ok(case) => Outcome::done(Redetermine { room: self.room.clone(), case: Arc::new(case), cause }),
            Err(outcome) => outcome,
        }
    }
}

/// Asks the engine and writes down what it says. The engine takes a few milliseconds and asks nobody: within the
/// transaction nothing can change between what it reads and what is written.
struct Redetermine {
    room: Room,
    case: Arc<Case>,
    cause: String,
}

impl Change for Redetermine {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (room, case, now) = (&self.room, &*self.case, tx.now());
        let owner = case.owner.as_str();
        if let Some(next) = record::followed_by(tx.conn(), (owner, case.id())).await? {
            return self.pass_on(tx, &next).await;
        }
        dmi::take_run(tx, case.id()).await?;
        let key = room.means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        let all = dmi::of_application(tx.conn(), case.id()).await?;
        let (own, this) = (case.plan_year(), case.day(&room.knows.tables, now).year());
        let renewed = renewed(tx.conn(), (&key, case)).await?;
        // Once a year is over and renewed, only what it was renewed for counts.
        if renewed.as_ref().is_none_or(|renewed| own >= this || renewed.year <= own) {
            let base = (own, &case.application.frozen.household, case.application.catalogue.as_str());
            self.of_year(tx, (&key, &all), base, &self.cause).await?;
        }
        if let Some(renewed) = renewed {
            let told = of_year(&case.application.frozen.household, &renewed.household);
            let told = renew::without_consent(case, renewed.year, told);
            let cause = format!("{}@{}", self.cause, renewed.year);
            self.of_year(tx, (&key, &all), (renewed.year, &told, &renewed.catalogue), &cause).await?;
        }
        Ok(())
    }
}

/// What an application was renewed for: plan year, household and catalogue.
struct Renewed {
    year: i32,
    household: Value,
    catalogue: String,
}

async fn renewed(
    connection: &mut AnyConnection,
    (key, case): (&DataKey, &Case),
) -> Result<Option<Renewed>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, cause, household, catalogue FROM redetermination WHERE application = $1 ORDER BY number DESC",
    );
    let found: Vec<(String, String, Vec<u8>, String)> = asked.bind(case.id()).fetch_all(connection).await?;
    let found = found.into_iter().find_map(|(id, cause, household, catalogue)| {
        let year = cause.strip_prefix(record::RULES)?.parse().ok()?;
        Some((id, year, household, catalogue))
    });
    let Some((id, year, household, catalogue)) = found else { return Ok(None) };
    let household = key.open_json(columns::REDETERMINATION_HOUSEHOLD.at(&id, &case.owner), &household)?;
    Ok(Some(Renewed { year, household, catalogue }))
}

/// A redetermination, ready to be written.
pub(super) struct Redone<'a> {
    pub cause: &'a str,
    pub household: &'a Value,
    pub determination: &'a Value,
    pub catalogue: &'a str,
    /// The ID of its notice; empty if there is none.
    pub notice: &'a str,
}

/// Its ID.
pub(super) fn id(case: &Case, cause: &str) -> String {
    id_of(&["redetermination", case.id(), cause])
}

/// Writes a row, once for its cause; whether it is new.
pub(super) async fn write(
    tx: &mut Tx,
    room: &Room,
    (key, case): (&DataKey, &Case),
    redone: &Redone<'_>,
) -> Result<bool, StoreError> {
    let (id, owner, now) = (id(case, redone.cause), case.owner.as_str(), tx.now());
    let counted = sqlx::query_scalar("SELECT count(*) FROM redetermination WHERE application = $1");
    let before_it: i64 = counted.bind(case.id()).fetch_one(tx.conn()).await?;
    let written = sqlx::query(
        "INSERT INTO redetermination (id, application, owner, number, cause, household, determination, catalogue, \
         notice, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
    )
    .bind(id.as_str())
    .bind(case.id())
    .bind(owner)
    .bind(before_it + 1)
    .bind(redone.cause)
    .bind(key.seal_json(columns::REDETERMINATION_HOUSEHOLD.at(&id, owner), redone.household)?)
    .bind(key.seal_json(columns::REDETERMINATION_DETERMINATION.at(&id, owner), redone.determination)?)
    .bind(redone.catalogue)
    .bind(redone.notice)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if written.rows_affected() == 0 {
        return Ok(false);
    }
    let record = format!("redetermination:{id}");
    let entry = Entry { actor: &Actor::Site, deed: Deed::Redetermined, owner, record: &record, session: "" };
    room.means.audit.append(tx, &entry).await?;
    Ok(true)
}

impl Redetermine {
    /// Asks the engine again for one plan year, and tells what it says.
    async fn of_year(
        &self,
        tx: &mut Tx,
        (key, all): (&DataKey, &[Dmi]),
        (year, told, catalogue): (i32, &Value, &str),
        cause: &str,
    ) -> Result<(), StoreError> {
        let (room, case, now) = (&self.room, &*self.case, tx.now());
        let before = record::in_force(tx.conn(), key, (&case.owner, &case.application), year).await?;
        let before = before.determination;
        let household = now_known(tx.conn(), room, (key, case), (told, all)).await?;
        let after = answer(&room.knows, &household)?;
        let after = serde_json::to_value(&after).map_err(|_| odd("a determination cannot be written as JSON"))?;
        let kind = format!("redetermined:{}", id(case, cause));
        let (determination, notice_id) = (&after, notice::id(case, &kind));
        let redone = Redone { cause, household: &household, determination, catalogue, notice: &notice_id };
        if !write(tx, room, (key, case), &redone).await? {
            return Ok(());
        }
        let told = words::Told { cause: &self.cause, dmis: all, now, year };
        let letter = words::redetermined(&room.knows, case, &told, (&before, &after));
        notice::post(tx, &room.means, case, &kind, &letter).await.map(drop)
    }

    /// A change was reported meanwhile: what the cause is about may be an issue of that application now. One that was
    /// withdrawn with the change has no effect any more.
    async fn pass_on(&self, tx: &mut Tx, next: &str) -> Result<(), StoreError> {
        let id = self.cause.split_once(':').map_or("", |(_, id)| id);
        // The change's own first job moves issues; until it has run, this one waits.
        dmi::take_run(tx, next).await.map_err(|error| match error {
            StoreError::Stale => odd("the checks of the change have not begun"),
            other => other,
        })?;
        // What an appeal keeps, or has won, counts for what was sent last.
        if self.cause.starts_with(APPEAL) {
            return put_down(tx, &self.room.means, (&self.case.owner, next), &self.cause).await;
        }
        match dmi::one(tx.conn(), id).await? {
            // It may be further on by now.
            Some(dmi) if dmi.application != self.case.id() => {
                put_down(tx, &self.room.means, (&self.case.owner, &dmi.application), &self.cause).await
            }
            _ => Ok(()),
        }
    }
}

fn odd(what: &str) -> StoreError {
    StoreError::Refused(what.to_string())
}

/// The household with everything that was not proved in time, but for what an appeal keeps.
pub(super) async fn now_known(
    connection: &mut AnyConnection,
    room: &Room,
    (key, case): (&DataKey, &Case),
    (told, all): (&Value, &[Dmi]),
) -> Result<Value, StoreError> {
    let kept = appeal::kept(connection, (key, &case.owner)).await?;
    let mut unproved = Vec::new();
    for dmi in all.iter().filter(|dmi| dmi.state == EXPIRED && !kept.contains(&dmi.id)) {
        let id = row_id(case, dmi.person, dmi.kind);
        let asked = sqlx::query_scalar("SELECT answer FROM verification WHERE id = $1");
        let answer: Option<Vec<u8>> = asked.bind(id.as_str()).fetch_optional(&mut *connection).await?;
        let basis = match answer {
            Some(answer) => key.open_json(columns::VERIFICATION_ANSWER.at(&id, &case.owner), &answer)?,
            None => Value::Null,
        };
        // By the rules of the day on which it was opened.
        let day = case.day(&room.knows.tables, dmi.opened_at);
        let kind = room.knows.rules.kind(dmi.kind, day).ok_or_else(|| odd("no rule says what follows"))?;
        unproved.push(Unproved { person: dmi.person, expiry: kind.expiry, basis });
    }
    amended(&room.knows.tables, told, (&case.tax_households(), &unproved))
}

/// The engine's answer over a household as it stands in JSON.
///
/// # Errors
///
/// If the engine refuses it.
pub fn answer(knows: &Knows, household: &Value) -> Result<Determination, StoreError> {
    let (household, today) = read(household)?;
    determine(&household, &knows.tables, today).map_err(|faults| refused(&faults))
}

/// A frozen household, and the day that it was determined for.
pub(super) fn read(household: &Value) -> Result<(Household, Date), StoreError> {
    let read = Household::from_json(&household.to_string());
    let read = read.map_err(|fault| odd(&format!("the engine cannot read {}", fault.path)))?;
    let today = read.as_of.ok_or_else(|| odd("a frozen household without its day"))?;
    Ok((read, today))
}

pub(super) fn refused(faults: &[FieldError]) -> StoreError {
    let paths: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
    odd(&format!("the engine refused {}", paths.join(", ")))
}
