//! A year's record for the tax return: what Form 1095-A carries, month by month, for each plan that somebody had.
//!
//! Called by the pages of coverage, which show how it stands, and once a day by `serve`, which gives it out in January and again
//! whenever something of it has changed: each is a row, and none is ever changed. It is a record, not the form. It must never count
//! a month that was not in force, or of a plan whose first payment nobody has told us of.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use time::{Date, Month, OffsetDateTime};

use super::amounts::{Happened, MONTHS, MonthLine, months, spans, totals};
use super::end_rules::{EndRules, Partial};
use super::households::shares;
use super::record::{self, Enrollment, Signed, SignedPerson, State, day, day_of};
use super::step::{self, Step, StepLine};
use super::timeline;
use crate::account::people::Means;
use crate::eligibility::tables::MarketplaceKind;
use crate::eligibility::{State as Place, Tables};
use crate::sealing::DataKey;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::vault::Vault;
use crate::store::{Change, Millis, StoreError, Tx, columns};
use crate::types::Cents;
use crate::verify::{Room, id_of};

/// The code with which an insurer ends a plan that nobody pays for (X12 834 of the federal exchange, ADDL MAINT REASON).
const NOT_PAID: &str = "TERM";

/// A year's record. Sealed as JSON. Has no `Debug`: it holds names.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxYear {
    pub year: i32,
    /// In the order in which they began.
    pub policies: Vec<Policy>,
}

/// One plan, as one form has it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Ten digits: the number that the insurer knows.
    pub number: String,
    pub plan: String,
    pub issuer: String,
    /// `medical`, `dental`.
    pub product: String,
    /// Whose it is, where several tax households are on one plan: who files, by name. `None`: it is one household's.
    #[serde(default)]
    pub household: Option<String>,
    pub people: Vec<Covered>,
    #[serde(with = "day")]
    pub starts: Date,
    #[serde(with = "day")]
    pub ends: Date,
    pub months: [MonthLine; MONTHS],
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    pub name: String,
    #[serde(with = "day")]
    pub from: Date,
    #[serde(with = "day")]
    pub to: Date,
}

impl TaxYear {
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }
}

impl Policy {
    pub fn totals(&self) -> MonthLine {
        totals(&self.months)
    }
}

/// How a year stands.
pub struct Standing {
    pub so_far: TaxYear,
    /// Plans that are not counted, because nobody has told us that they were paid.
    pub unpaid: Vec<Enrollment>,
}

/// A record that was given out.
pub struct Given {
    /// The first, the second …: all but the first are corrections.
    pub number: i64,
    pub made_at: Millis,
    pub record: TaxYear,
}

/// By what a year is counted.
#[derive(Clone, Copy)]
pub struct By<'a> {
    pub rules: &'a EndRules,
    pub tables: &'a Tables,
    pub vault: &'a Vault,
}

/// How an owner's year stands on a day: months after that day's are not there yet.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn standing(
    connection: &mut AnyConnection,
    by: By<'_>,
    (owner, year): (&str, i32),
    today: Date,
) -> Result<Standing, StoreError> {
    let through = last_of_month(today);
    let (mut policies, mut unpaid) = (Vec::new(), Vec::new());
    let all = record::of(connection, by.vault, owner).await?;
    for enrollment in all.into_iter().filter(|own| own.plan_year == i64::from(year)) {
        let steps = step::of(connection, &enrollment.id).await?;
        if !was_paid(&enrollment, &steps) {
            unpaid.extend(enrollment.state.is_live().then_some(enrollment));
            continue;
        }
        policies.extend(parted(connection, by, (&enrollment, &steps), (year, through)).await?);
    }
    // Records of one plan stay in the order of its households.
    policies.sort_by(|a: &Policy, b| (a.starts, &a.number).cmp(&(b.starts, &b.number)));
    Ok(Standing { so_far: TaxYear { year, policies }, unpaid })
}

fn last_of_month(day: Date) -> Date {
    day.replace_day(day.month().length(day.year())).unwrap_or(day)
}

/// The insurer has said once that the first month is paid.
fn was_paid(enrollment: &Enrollment, steps: &[StepLine]) -> bool {
    let never = matches!(enrollment.state, State::Cancelled | State::Rejected);
    !never && steps.iter().any(|line| line.step == Step::Confirmed.word())
}

/// The first day of the month that somebody with a credit did not pay and so lost the plan: they are covered to its end.
fn not_paid(enrollment: &Enrollment, steps: &[StepLine], credit: Cents) -> Option<Date> {
    let ends = enrollment.ends.to_string();
    let mut ended = steps.iter().filter(|line| line.step == Step::Ended.word() && line.from_day == ends);
    let lost = enrollment.state == State::Ended && ended.any(|line| line.code == NOT_PAID) && credit > Cents::ZERO;
    lost.then(|| enrollment.ends.replace_day(1).unwrap_or(enrollment.ends))
}

/// A record for each tax household on a plan (26 CFR 1.36B-5); none: no month of it was in force. Its first and last day are the row's own, whoever has set them; a plan that was brought back
/// has no gap. What the changes say is who and how much, and from when.
async fn parted(
    connection: &mut AnyConnection,
    by: By<'_>,
    (enrollment, steps): (&Enrollment, &[StepLine]),
    (year, through): (i32, Date),
) -> Result<Vec<Policy>, StoreError> {
    let Some(last) = day_of(&format!("{year}-12-31")) else { return Ok(Vec::new()) };
    let timeline = timeline::of(connection, by.vault, enrollment, |change| change.answer != "rejected").await?;
    let told: Vec<(Date, Signed)> = timeline.all().iter().map(|since| (since.from, since.signed.clone())).collect();
    let mut filers: Vec<Vec<String>> = Vec::new();
    for share in told.iter().flat_map(|(_, signed)| shares(signed)) {
        if !filers.contains(&share.filers) {
            filers.push(share.filers);
        }
    }
    let several = filers.len() > 1;
    let of = |filers: &Vec<String>| {
        let own = Own { enrollment, steps, filers, told: &told };
        let policy = own.policy((year, last, through), |starts| {
            by.rules.partial(marketplace(by.tables, &enrollment.signed, year), starts)
        })?;
        Some(Policy { household: several.then(|| filers.join(", ")), ..policy })
    };
    Ok(filers.iter().filter_map(of).collect())
}

/// One tax household's part of a plan.
struct Own<'a> {
    enrollment: &'a Enrollment,
    steps: &'a [StepLine],
    filers: &'a Vec<String>,
    /// What it was from which day.
    told: &'a [(Date, Signed)],
}

impl Own<'_> {
    fn policy(&self, (year, last, through): (i32, Date, Date), partial: impl Fn(Date) -> Partial) -> Option<Policy> {
        let (mut happened, mut people, mut credit, mut gone) = (Vec::new(), Vec::new(), Cents::ZERO, false);
        for (day, signed) in self.told {
            let Some(share) = shares(signed).into_iter().find(|share| share.filers == *self.filers) else {
                // Its people have left the plan, or have not come to it yet.
                let before = day.previous_day().unwrap_or(*day);
                if !happened.is_empty() {
                    happened.push(Happened::Ended(before));
                    note_people(&mut people, &[], *day);
                    gone = true;
                }
                continue;
            };
            let here = if gone { Happened::Reinstated } else { Happened::From };
            happened.push(here(*day, share.monthly));
            (credit, gone) = (share.monthly.credit, false);
            let names: Vec<String> =
                signed.people.iter().filter(|own| share.people.contains(&own.row)).map(name).collect();
            note_people(&mut people, &names, *day);
        }
        happened.push(Happened::Ended(through.min(self.enrollment.ends)));
        let in_force = spans(&happened, last);
        let (starts, ends) = (in_force.first()?.from, in_force.last()?.to);
        for person in &mut people {
            person.to = person.to.min(ends);
        }
        Some(Policy {
            number: self.enrollment.number.clone(),
            plan: self.enrollment.signed.plan.name.clone(),
            issuer: self.enrollment.signed.plan.issuer_name.clone(),
            product: self.enrollment.product.clone(),
            household: None,
            people: people.into_iter().filter(|person| person.from <= person.to).collect(),
            starts,
            ends,
            months: months(&in_force, year, partial(starts), not_paid(self.enrollment, self.steps, credit)),
        })
    }
}

fn name(person: &SignedPerson) -> String {
    format!("{} {}", person.first, person.last)
}

/// The kind of marketplace of an enrollment's place; where it is not known, HealthCare.gov's.
pub fn marketplace(tables: &Tables, signed: &Signed, year: i32) -> MarketplaceKind {
    let place = Place::parse(&signed.place.state);
    place.and_then(|place| tables.marketplace(place, year)).map_or(MarketplaceKind::Ffm, |own| own.kind)
}

/// Who is covered from when to when, as the changes have it.
fn note_people(people: &mut Vec<Covered>, names: &[String], day: Date) {
    for person in people.iter_mut().filter(|person| person.to == Date::MAX && !names.contains(&person.name)) {
        person.to = day.previous_day().unwrap_or(day);
    }
    for name in names {
        if !people.iter().any(|person| person.to == Date::MAX && person.name == *name) {
            people.push(Covered { name: name.clone(), from: day, to: Date::MAX });
        }
    }
}

/// Records of an owner's year that were given out, the newest first.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn given(
    connection: &mut AnyConnection,
    vault: &Vault,
    (owner, year): (&str, i32),
) -> Result<Vec<Given>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(Vec::new()) };
    opened(connection, &key, (owner, year)).await
}

async fn opened(
    connection: &mut AnyConnection,
    key: &DataKey,
    (owner, year): (&str, i32),
) -> Result<Vec<Given>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, number, body, made_at FROM tax_record WHERE owner = $1 AND plan_year = $2 ORDER BY number DESC",
    );
    let rows: Vec<(String, i64, Vec<u8>, i64)> = asked.bind(owner).bind(i64::from(year)).fetch_all(connection).await?;
    let one = |(id, number, body, made_at): (String, i64, Vec<u8>, i64)| {
        let record = key.open_json(columns::TAX_RECORD_BODY.at(&id, owner), &body)?;
        Ok(Given { number, made_at, record })
    };
    rows.into_iter().map(one).collect()
}

/// Plan years of which an owner has anything, the newest first.
///
/// # Errors
///
/// If the store is away.
pub async fn years(connection: &mut AnyConnection, owner: &str) -> Result<Vec<i32>, StoreError> {
    let asked =
        sqlx::query_scalar("SELECT DISTINCT plan_year FROM enrollment WHERE owner = $1 ORDER BY plan_year DESC");
    let years: Vec<i64> = asked.bind(owner).fetch_all(connection).await?;
    Ok(years.into_iter().filter_map(|year| i32::try_from(year).ok()).collect())
}

/// Gives out the records of years that are over, and corrections of those that were given out; how many. Carried out once a day;
/// two that run at once find less to do.
///
/// # Errors
///
/// If the store is away. What was done before that is done.
pub async fn give_out(room: &Room, rules: &Arc<EndRules>, now: OffsetDateTime) -> Result<u64, StoreError> {
    // Nobody's year is over before it is over in Hawaii.
    let today = room.knows.tables.days(None, now).last;
    let mut connection = room.store.read().await?;
    let asked =
        sqlx::query_as("SELECT DISTINCT plan_year, owner FROM enrollment WHERE plan_year < $1 ORDER BY plan_year");
    let due: Vec<(i64, String)> = asked.bind(i64::from(today.year())).fetch_all(&mut *connection).await?;
    drop(connection);
    let mut made = 0;
    for (year, owner) in due {
        let Ok(year) = i32::try_from(year) else { continue };
        // A year's record goes out from this month of the next one.
        let month = rules.tax_record_month(today).and_then(|month| Month::try_from(month).ok());
        let begins = month.and_then(|month| Date::from_calendar_date(year + 1, month, 1).ok());
        if begins.is_none_or(|begins| today < begins) {
            continue;
        }
        let change = GiveOut { room: room.clone(), rules: Arc::clone(rules), owner, year, today };
        match room.store.begin_long_write(change).await {
            Ok(now) => made += u64::from(now),
            Err(StoreError::Away(why)) => return Err(StoreError::Away(why)),
            // One person's trouble is nobody else's.
            Err(error) => tracing::error!(%error, "a year's record could not be given out"),
        }
    }
    Ok(made)
}

/// One owner's year, if it differs from what was given out last.
struct GiveOut {
    room: Room,
    rules: Arc<EndRules>,
    owner: String,
    year: i32,
    today: Date,
}

impl Change for GiveOut {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let Means { vault, audit } = &self.room.means;
        let (owner, year) = (self.owner.as_str(), self.year);
        // Takes a row: two at once come one after the other.
        let taken = sqlx::query("UPDATE enrollment SET version = version WHERE owner = $1 AND plan_year = $2");
        taken.bind(owner).bind(i64::from(year)).execute(tx.conn()).await?;
        let by = By { rules: &self.rules, tables: &self.room.knows.tables, vault };
        let record = standing(tx.conn(), by, (owner, year), self.today).await?.so_far;
        let key = vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        let before = opened(tx.conn(), &key, (owner, year)).await?;
        let same = match before.first() {
            Some(newest) => newest.record == record,
            None => record.is_empty(),
        };
        if same {
            return Ok(false);
        }
        let number = before.first().map_or(1, |newest| newest.number + 1);
        let id = id_of(&["tax_record", owner, &year.to_string(), &number.to_string()]);
        let asked = "SELECT application FROM enrollment WHERE owner = $1 AND plan_year = $2 ORDER BY made_at LIMIT 1";
        let asked = sqlx::query_scalar(asked).bind(owner).bind(i64::from(year));
        let application: String = asked.fetch_one(tx.conn()).await?;
        let now = tx.now();
        sqlx::query(
            "INSERT INTO tax_record (id, owner, application, plan_year, number, body, made_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id.as_str())
        .bind(owner)
        .bind(application)
        .bind(i64::from(year))
        .bind(number)
        .bind(key.seal_json(columns::TAX_RECORD_BODY.at(&id, owner), &record)?)
        .bind(now)
        .execute(tx.conn())
        .await?;
        let record = format!("tax_record:{id}");
        let entry = Entry { actor: &Actor::Site, deed: Deed::TaxRecordMade, owner, record: &record, session: "" };
        audit.append(tx, &entry).await?;
        Ok(true)
    }
}
