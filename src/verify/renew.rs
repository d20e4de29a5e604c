//! The annual redetermination (45 CFR 155.335): when the plans of the next year are here, each application in force is asked
//! about again with the rules, ages and plans of that year, once, with a notice of before and after if anything differs.
//!
//! Carried out once a day by `serve` and by `windowshop retention`, so many applications at most in one go; the rest comes
//! the day after. A row with its cause says what was done, so two processes do it once. It must never give a credit for a
//! year for which nobody has let us look at tax data.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use time::{Date, Duration, Month};

use super::case::Case;
use super::redetermine::{self, Redone, answer, now_known};
use super::{Room, dmi, notice, words};
use crate::application::record;
use crate::application::renewal::Plans;
use crate::application::sheet::HOUSEHOLD;
use crate::eligibility::State;
use crate::eligibility::enrollment::open_enrollment;
use crate::store::{Change, Millis, StoreError, Tx};

/// Applications looked at in one statement.
const BATCH: usize = 1_000;
/// Applications renewed in one run: the store has other work, too.
pub const MOST: u64 = 20_000;

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Results that differ: their people were told.
    pub told: u64,
    /// Results that are the same.
    pub same: u64,
    /// Those for which no answer could be worked out, each with a line in the log.
    pub failed: u64,
}

/// Redetermines applications of the year before these plans'. `now`: by the store's clock.
///
/// # Errors
///
/// If the store is away. What was done before that is done.
pub async fn carry_out(room: &Room, plans: &Plans, now: Millis) -> Result<Report, StoreError> {
    let (year, cause) = (plans.year(), format!("{}{}", record::RULES, plans.year()));
    let mut report = Report::default();
    if !State::all().any(|state| is_time(room, state, year, now)) {
        return Ok(report);
    }
    // By the moment at which they were sent; of one moment, those that were looked at.
    let (mut after, mut seen) = (Millis::MIN, BTreeSet::new());
    while report.told + report.same < MOST {
        let found = due(room, (year, &cause), after).await?;
        let Some((.., last)) = found.last() else { break };
        let (last, full) = (*last, found.len() == BATCH);
        let new: Vec<_> = found.into_iter().filter(|(id, ..)| !seen.contains(id)).collect();
        if last > after {
            seen.clear();
        }
        // More of one moment than a batch holds were never sent.
        after = if new.is_empty() { last + 1 } else { last };
        seen.extend(new.iter().filter(|(.., at)| *at == last).map(|(id, ..)| id.clone()));
        if new.is_empty() && !full {
            break;
        }
        for (id, owner, _) in new {
            match one(room, (plans, now), (&owner, &id), &cause).await {
                Ok(Some(true)) => report.told += 1,
                Ok(Some(false)) => report.same += 1,
                Ok(None) => {}
                Err(StoreError::Away(why)) => return Err(StoreError::Away(why)),
                // One household's trouble is nobody else's.
                Err(error) => {
                    tracing::error!(%error, "an application could not be redetermined for the next year");
                    report.failed += 1;
                }
            }
        }
    }
    if report.told > 0 {
        crate::work::ring();
    }
    Ok(report)
}

/// Applications in force that have no answer for the year: ID, owner, and when they were sent.
async fn due(
    room: &Room,
    (year, cause): (i32, &str),
    after: Millis,
) -> Result<Vec<(String, String, Millis)>, StoreError> {
    let mut connection = room.store.read().await?;
    let asked = sqlx::query_as(
        "SELECT a.id, a.owner, a.submitted_at FROM application a WHERE a.submitted_at >= $1 AND a.plan_year = $2 \
         AND NOT EXISTS (SELECT 1 FROM redetermination r WHERE r.application = a.id AND r.cause = $3) \
         AND NOT EXISTS (SELECT 1 FROM application n WHERE n.owner = a.owner \
         AND (n.follows = a.id OR n.plan_year = $4)) ORDER BY a.submitted_at LIMIT $5",
    );
    let asked = asked.bind(after).bind(i64::from(year) - 1).bind(cause).bind(i64::from(year));
    let most = i64::try_from(BATCH).unwrap_or(i64::MAX);
    Ok(asked.bind(most).fetch_all(&mut *connection).await?)
}

/// `Some`: it was done, and whether anything differs.
async fn one(
    room: &Room,
    (plans, now): (&Plans, Millis),
    (owner, id): (&str, &str),
    cause: &str,
) -> Result<Option<bool>, StoreError> {
    let mut connection = room.store.read().await?;
    let Some(case) = Case::open(&mut connection, &room.means.vault, (owner, id)).await? else { return Ok(None) };
    drop(connection);
    if !case.state().is_some_and(|state| is_time(room, state, plans.year(), now)) {
        return Ok(None);
    }
    let tables = &room.knows.tables;
    let told = &case.application.frozen.household;
    let (zip, today) = (case.text("zip", HOUSEHOLD).trim(), case.day(tables, now));
    let said = plans.household(tables, told, (zip, today)).await;
    let said = said.map_err(|why| StoreError::Refused(format!("no answer for the next year: {why}")))?;
    let (year, version, cause) = (plans.year(), plans.version().to_string(), cause.to_string());
    let change = Renew { room: room.clone(), case: Arc::new(case), said, year, version, cause };
    room.store.begin_long_write(change).await
}

/// From the first day of the month before open enrollment (45 CFR 155.335(d), 155.410(d)) until it is over, and at least
/// until the year begins.
fn is_time(room: &Room, state: State, year: i32, now: Millis) -> bool {
    let tables = &room.knows.tables;
    let days = tables.days(Some(state), super::moment(now));
    let season = open_enrollment(tables, state, year, days);
    let (Some(opens), Some(ends)) = (season.opens, season.ends) else { return false };
    let month_before = opens.replace_day(1).unwrap_or(opens) - Duration::days(1);
    let from = month_before.replace_day(1).unwrap_or(month_before);
    let new_year = Date::from_calendar_date(year, Month::January, 1).unwrap_or(ends);
    (from..=ends.max(new_year)).contains(&days.own)
}

/// Whether somebody let us look at tax data for a year's renewal (45 CFR 155.335(k)): for so many years after their own.
pub fn consented(case: &Case, year: i32) -> bool {
    let years: i32 = case.text("consent", HOUSEHOLD).parse().unwrap_or_default();
    year - case.plan_year() <= years
}

/// Without that nobody has a credit in the new year until they come back (45 CFR 155.335(l)).
pub(super) fn without_consent(case: &Case, year: i32, mut household: Value) -> Value {
    if consented(case, year) {
        return household;
    }
    let filers: BTreeSet<String> =
        case.tax_households().iter().flat_map(|tax| tax.filers.iter().map(ToString::to_string)).collect();
    for person in household["people"].as_array_mut().into_iter().flatten() {
        if !person["id"].as_str().is_some_and(|id| filers.contains(id)) {
            continue;
        }
        match person["not_proved"].as_array_mut() {
            Some(list) => list.push(json!("income")),
            None => person["not_proved"] = json!(["income"]),
        }
    }
    household
}

/// Writes it down, once.
struct Renew {
    room: Room,
    case: Arc<Case>,
    /// The household of the new year, as it was told.
    said: Value,
    year: i32,
    version: String,
    cause: String,
}

impl Change for Renew {
    type Done = Option<bool>;

    async fn run(&self, tx: &mut Tx) -> Result<Option<bool>, StoreError> {
        let (room, case, now) = (&self.room, &*self.case, tx.now());
        let owner = case.owner.as_str();
        // Somebody was faster: a change was reported, or another process has done it.
        if record::followed_by(tx.conn(), (owner, case.id())).await?.is_some() {
            return Ok(None);
        }
        match dmi::take_run(tx, case.id()).await {
            // Without a hub nothing was ever checked.
            Ok(()) | Err(StoreError::Stale) => {}
            Err(error) => return Err(error),
        }
        let key = room.means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        let all = dmi::of_application(tx.conn(), case.id()).await?;
        let before = record::in_force(tx.conn(), &key, (owner, &case.application), case.plan_year()).await?;
        let before = before.determination;
        let told = without_consent(case, self.year, self.said.clone());
        let household = now_known(tx.conn(), room, (&key, case), (&told, &all)).await?;
        let after = serde_json::to_value(answer(&room.knows, &household)?);
        let after = after.map_err(|_| StoreError::Refused("a determination cannot be written as JSON".to_string()))?;
        let is_same = words::is_same(&room.knows.messages, (&before, &after));
        let kind = format!("redetermined:{}", redetermine::id(case, &self.cause));
        let notice_id = if is_same { String::new() } else { notice::id(case, &kind) };
        let (cause, catalogue, determination) = (self.cause.as_str(), self.version.as_str(), &after);
        let redone = Redone { cause, household: &household, determination, catalogue, notice: &notice_id };
        if !redetermine::write(tx, room, (&key, case), &redone).await? {
            return Ok(None);
        }
        if !is_same {
            let of = (self.year, consented(case, self.year), now);
            let letter = words::renewed(&room.knows, case, of, (&before, &after));
            notice::post(tx, &room.means, case, &kind, &letter).await?;
        }
        Ok(Some(!is_same))
    }
}
