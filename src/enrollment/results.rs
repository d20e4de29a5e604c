//! What counts now of an application that was sent: who shops, with which help; the latest redetermination, or what was said
//! when it was sent.
//!
//! Called by the pages of choosing and by `sign`. The numbers are those that the notice told; the engine is asked again only
//! for what the notice does not say (with whom a level of cost sharing can be shared). It must never decide anything.

use serde_json::Value;
use sqlx::AnyConnection;
use time::Date;

use super::event_proof;
use super::record::{self as enrollments, Enrollment, State as Standing, day_of};
use crate::application::kinds;
use crate::application::record::{InForce, in_force, year_of};
use crate::application::sheet::{HOUSEHOLD, RowId, YOU};
use crate::eligibility::csr::Choices;
use crate::eligibility::tables::CsrLevel;
use crate::eligibility::{Household, State, Tables, determine};
use crate::store::vault::Vault;
use crate::store::{Millis, StoreError};
use crate::types::Cents;
use crate::verify::case::{Case, cents};
use crate::verify::dmi;

/// What counts for one application. Has no `Debug`: the case holds what people typed.
pub struct Results {
    pub owner: String,
    pub application: String,
    pub case: Case,
    pub state: State,
    pub plan_year: i32,
    /// 0: as it was sent; else the number of the redetermination.
    pub number: i64,
    /// The day that the determination was made for.
    pub assumed_start: Date,
    /// In the order of the household.
    pub people: Vec<PersonResult>,
    pub tax_households: Vec<TaxResult>,
    /// What may open a special enrollment period: as told, and as an office has told us.
    pub events: Vec<Happened>,
    pub submitted_at: Millis,
    /// A data-matching issue is open: everything stays as it is until it is closed.
    pub has_open_issue: bool,
    /// As the engine was given it.
    pub household: Value,
    /// What the owner has signed for so far, whatever became of it.
    pub had: Vec<Enrollment>,
    /// Events that the owner has proved: kind and day.
    pub proved: Vec<(String, Date)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PersonResult {
    pub row: RowId,
    pub born: Option<Date>,
    /// On the day that the determination was made for.
    pub age: u8,
    pub applying: bool,
    /// Buys a plan here: may use the marketplace, applies, and has no public coverage.
    pub shops: bool,
    /// Medicaid, CHIP or the Basic Health Program.
    pub public_coverage: bool,
    pub csr: CsrLevel,
    /// With whom a level can be shared.
    pub choices: Choices,
    pub tobacco: bool,
    pub tribal: bool,
    pub catastrophic: bool,
    /// Place in [`Results::tax_households`].
    pub tax_household: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxResult {
    pub filers: Vec<RowId>,
    pub members: Vec<RowId>,
    /// Whose premiums the credit helps pay, each with the monthly premium in the benchmark plan, by which the credit is
    /// parted; 1 for each where the plan is not known.
    pub eligible: Vec<(RowId, i64)>,
    /// The most that can be used, a month.
    pub credit: Cents,
    pub benchmark: Option<Cents>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// A code of sep_kinds.csv.
    pub kind: String,
    /// `None`: of a kind that is open all the time.
    pub day: Option<Date>,
    /// Whether the one who must have had coverage before had it; `None`: not said.
    pub had_coverage: Option<bool>,
    /// An office has told us (a transfer), rather than the person.
    pub told_by_office: bool,
}

/// What counts of an owner's application; `None` if there is none.
///
/// # Errors
///
/// If the store is away, something does not open, or the engine refuses what it took before.
pub async fn of(
    connection: &mut AnyConnection,
    vault: &Vault,
    tables: &Tables,
    (owner, application): (&str, &str),
) -> Result<Option<Results>, StoreError> {
    let Some(case) = Case::open(connection, vault, (owner, application)).await? else { return Ok(None) };
    let counts = latest(connection, vault, &case).await?;
    let issues = dmi::of_application(connection, application).await?;
    let mut events = told(&case);
    events.extend(told_by_offices(connection, (owner, application)).await?);
    let results = read(tables, case, &counts, (events, issues.iter().any(dmi::Dmi::is_open)))?;
    let had = enrollments::of(connection, vault, owner).await?;
    let proved = event_proof::proved(connection, owner).await?;
    Ok(Some(Results { had, proved, ..results }))
}

/// The same for a plan year: the application's own, or a later one for which it was redetermined (45 CFR 155.335); `None` if it was
/// not.
///
/// # Errors
///
/// As [`of`].
pub async fn of_year(
    connection: &mut AnyConnection,
    vault: &Vault,
    tables: &Tables,
    (owner, application): (&str, &str),
    year: i32,
) -> Result<Option<Results>, StoreError> {
    let Some(case) = Case::open(connection, vault, (owner, application)).await? else { return Ok(None) };
    if case.plan_year() == year {
        return of(connection, vault, tables, (owner, application)).await;
    }
    let key = vault.open(connection, owner).await?.ok_or(StoreError::Stale)?;
    let InForce { number, household, determination } =
        in_force(connection, &key, (owner, &case.application), year).await?;
    if number == 0 {
        return Ok(None);
    }
    let issues = dmi::of_application(connection, application).await?;
    let is_open = issues.iter().any(dmi::Dmi::is_open);
    read(tables, case, &(number, household, determination), (Vec::new(), is_open)).map(Some)
}

/// A determination that counts: 0 or the number of a redetermination, the household that the engine was given, its answer.
pub type Counts = (i64, Value, Value);

/// What counts, from documents. `events`, and whether an issue is open.
///
/// # Errors
///
/// If this binary cannot read them, or the engine refuses what it took before.
pub fn read(
    tables: &Tables,
    case: Case,
    (number, household, determination): &Counts,
    (mut events, has_open_issue): (Vec<Happened>, bool),
) -> Result<Results, StoreError> {
    let read = Reading { case: &case, household, determination };
    let people = read.people(tables)?;
    if people.iter().any(|person| person.tribal && person.applying) {
        let known = events.iter().any(|event| event.kind == TRIBAL);
        let event = Happened { kind: TRIBAL.into(), day: None, had_coverage: None, told_by_office: false };
        events.extend((!known).then_some(event));
    }
    Ok(Results {
        owner: case.owner.clone(),
        application: case.id().to_string(),
        state: case.state().ok_or_else(|| odd("no state"))?,
        plan_year: determination["plan_year"]
            .as_i64()
            .and_then(|year| i32::try_from(year).ok())
            .unwrap_or(case.plan_year()),
        number: *number,
        assumed_start: read.day("coverage_start")?,
        tax_households: read.tax_households(),
        people,
        events,
        submitted_at: case.application.submitted_at,
        has_open_issue,
        household: household.clone(),
        had: Vec::new(),
        proved: Vec::new(),
        case,
    })
}

/// Open to members of tribes all year (45 CFR 155.420(d)(8)).
const TRIBAL: &str = "tribal_member";

fn odd(what: &str) -> StoreError {
    StoreError::Refused(format!("a frozen determination has {what} that this binary cannot read"))
}

/// Whether a later application takes this one's place: a change was reported.
///
/// # Errors
///
/// If the store is away.
pub async fn is_superseded(connection: &mut AnyConnection, application: &str) -> Result<bool, StoreError> {
    let asked = sqlx::query_scalar("SELECT count(*) FROM application WHERE follows = $1");
    let later: i64 = asked.bind(application).fetch_one(connection).await?;
    Ok(later > 0)
}

/// The number of the latest redetermination for an application's own plan year; 0 without one: whoever signs compares.
///
/// # Errors
///
/// If the store is away.
pub async fn number_of(connection: &mut AnyConnection, application: &str) -> Result<i64, StoreError> {
    number_of_year(connection, application, None).await
}

/// The same for another plan year.
///
/// # Errors
///
/// If the store is away.
pub async fn number_of_year(
    connection: &mut AnyConnection,
    application: &str,
    year: Option<i32>,
) -> Result<i64, StoreError> {
    let asked = sqlx::query_as("SELECT number, cause FROM redetermination WHERE application = $1 ORDER BY number DESC");
    let found: Vec<(i64, String)> = asked.bind(application).fetch_all(connection).await?;
    Ok(found.into_iter().find(|(_, cause)| year_of(cause) == year).map_or(0, |(number, _)| number))
}

async fn latest(connection: &mut AnyConnection, vault: &Vault, case: &Case) -> Result<Counts, StoreError> {
    let key = vault.open(connection, &case.owner).await?.ok_or(StoreError::Stale)?;
    // Results of the next year are rows of the same application.
    let about = (case.owner.as_str(), &case.application);
    let InForce { number, household, determination } = in_force(connection, &key, about, case.plan_year()).await?;
    Ok((number, household, determination))
}

/// Events that were ticked in the application, with their days.
pub fn told(case: &Case) -> Vec<Happened> {
    let Some(answers) = case.application.frozen.answers.as_object() else { return Vec::new() };
    let mut found = Vec::new();
    for picked in kinds::parts(case.text("events", HOUSEHOLD)).filter(|kind| *kind != kinds::NONE) {
        let is_row = |(name, said): (&String, &Value)| {
            let row = name.strip_prefix("kind.")?.parse::<RowId>().ok()?;
            (said.as_str() == Some(picked)).then_some(row)
        };
        let row = answers.iter().find_map(is_row);
        let had_coverage = row.and_then(|row| match case.text("event_covered_before", row) {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        });
        let day = row.and_then(|row| kinds::day(case.text("event_day", row)));
        found.push(Happened { kind: picked.to_string(), day, had_coverage, told_by_office: false });
    }
    found
}

async fn told_by_offices(
    connection: &mut AnyConnection,
    (owner, application): (&str, &str),
) -> Result<Vec<Happened>, StoreError> {
    let asked =
        sqlx::query_as("SELECT kind, day FROM enrollment_event WHERE owner = $1 AND application = $2 ORDER BY made_at");
    let found: Vec<(String, String)> = asked.bind(owner).bind(application).fetch_all(connection).await?;
    let mut events: Vec<Happened> = Vec::new();
    for (kind, day) in found {
        let event = Happened { day: day_of(&day), kind, had_coverage: None, told_by_office: true };
        // Several people may have been told the same.
        if !events.contains(&event) {
            events.push(event);
        }
    }
    Ok(events)
}

/// Documents of a determination, read.
struct Reading<'a> {
    case: &'a Case,
    household: &'a Value,
    determination: &'a Value,
}

impl Reading<'_> {
    fn day(&self, name: &str) -> Result<Date, StoreError> {
        self.determination[name].as_str().and_then(day_of).ok_or_else(|| odd("no day"))
    }

    fn people(&self, tables: &Tables) -> Result<Vec<PersonResult>, StoreError> {
        let choices = self.choices(tables)?;
        let answers = self.determination["people"].as_array().ok_or_else(|| odd("no people"))?;
        let mut people = Vec::with_capacity(answers.len());
        for (at, answer) in answers.iter().enumerate() {
            let row = row(&answer["id"]).ok_or_else(|| odd("a person"))?;
            let said = &self.household["people"][at];
            let yes = |of: &Value, name: &str| of[name].as_bool().unwrap_or_default();
            let chip = answer["chip"].as_str().is_some_and(|kind| kind != "unborn");
            let public = !answer["medicaid"].is_null() || chip || yes(answer, "basic_health");
            let taxes = self.determination["tax_households"].as_array();
            let tax_household = taxes.and_then(|all| all.iter().position(|tax| rows(&tax["members"]).contains(&row)));
            let csr = serde_json::from_value(answer["csr"].clone()).map_err(|_| odd("a level"))?;
            people.push(PersonResult {
                row,
                born: kinds::day(self.case.text("birth_date", row))
                    .or_else(|| said["date_of_birth"].as_str().and_then(day_of)),
                age: answer["age"].as_u64().and_then(|age| u8::try_from(age).ok()).ok_or_else(|| odd("an age"))?,
                applying: yes(answer, "applying"),
                shops: yes(answer, "applying") && yes(answer, "marketplace") && !public,
                public_coverage: public,
                csr,
                choices: choices.get(at).copied().unwrap_or_default(),
                tobacco: yes(said, "uses_tobacco"),
                tribal: yes(said, "tribal_member"),
                catastrophic: yes(answer, "catastrophic"),
                tax_household,
            });
        }
        Ok(people)
    }

    /// By the engine, over the same household with the rules of its plan year.
    fn choices(&self, tables: &Tables) -> Result<Vec<Choices>, StoreError> {
        let household = Household::from_json(&self.household.to_string()).map_err(|_| odd("a household"))?;
        let day = self.day("as_of")?;
        let answer = determine(&household, tables, day).map_err(|_| odd("a household"))?;
        Ok(answer.people.iter().map(|person| person.csr_choices).collect())
    }

    fn tax_households(&self) -> Vec<TaxResult> {
        let all = self.determination["tax_households"].as_array();
        all.into_iter().flatten().map(|tax| self.tax_household(tax)).collect()
    }

    fn tax_household(&self, tax: &Value) -> TaxResult {
        let amount = |name: &str| (!tax[name].is_null()).then(|| Cents(cents(&tax[name])));
        let plan = tax["benchmark_plans"][0].as_str();
        let premiums = self.household["silver_plans"].as_array().into_iter().flatten();
        let premiums = premiums.filter(|row| row["plan_id"].as_str() == plan && plan.is_some());
        let premiums = premiums.map(|row| &row["member_premiums"]).next();
        let ids = self.household["people"].as_array();
        let weight = |row: RowId| {
            let at = ids?.iter().position(|person| self::row(&person["id"]) == Some(row))?;
            Cents::parse(premiums?[at].as_str()?).map(|premium| premium.0).filter(|premium| *premium > 0)
        };
        let eligible = rows(&tax["credit_eligible"]);
        let weights: Option<Vec<i64>> = eligible.iter().map(|row| weight(*row)).collect();
        let weights = weights.unwrap_or_else(|| vec![1; eligible.len()]);
        TaxResult {
            filers: rows(&tax["filers"]),
            members: rows(&tax["members"]),
            eligible: eligible.into_iter().zip(weights).collect(),
            credit: amount("credit_monthly").unwrap_or(Cents::ZERO),
            benchmark: amount("benchmark_monthly"),
        }
    }
}

fn row(id: &Value) -> Option<RowId> {
    id.as_str()?.parse().ok()
}

fn rows(ids: &Value) -> Vec<RowId> {
    ids.as_array().into_iter().flatten().filter_map(row).collect()
}

impl Results {
    pub fn person(&self, row: RowId) -> Option<&PersonResult> {
        self.people.iter().find(|person| person.row == row)
    }

    /// The benchmark of each tax household while these people are on no plan here, by the engine over the plans that it was given
    /// then (26 CFR 1.36B-3(b)(1), (d)(1): the coverage family of a month). In the order of [`Results::tax_households`].
    ///
    /// # Errors
    ///
    /// If the engine refuses what it took before.
    pub fn benchmarks_without(&self, tables: &Tables, rows: &[RowId]) -> Result<Vec<Option<Cents>>, StoreError> {
        let mut household = self.household.clone();
        for person in household["people"].as_array_mut().into_iter().flatten() {
            if row(&person["id"]).is_some_and(|own| rows.contains(&own)) {
                person["applying"] = Value::Bool(false);
            }
        }
        let day = household["as_of"].as_str().and_then(day_of).ok_or_else(|| odd("no day"))?;
        let household = Household::from_json(&household.to_string()).map_err(|_| odd("a household"))?;
        let answer = determine(&household, tables, day).map_err(|_| odd("a household"))?;
        Ok(answer.tax_households.iter().map(|tax| tax.benchmark_monthly).collect())
    }

    /// Somebody of the household is enrolled in that year, and does not only wait for it.
    pub fn is_enrolled(&self) -> bool {
        let is = |own: &Enrollment| own.state.is_live() && own.state != Standing::WaitingProof;
        self.had.iter().any(|own| own.plan_year == i64::from(self.plan_year) && is(own))
    }

    /// The day on which they last signed in a month because of an event that is open all the time.
    pub fn used(&self, kind: &str, today: Date) -> Option<Date> {
        let of = |own: &&Enrollment| own.plan_year == i64::from(self.plan_year) && own.signed.why_now.code() == kind;
        let days = self.had.iter().filter(of).map(|own| own.signed.signed_on);
        days.filter(|day| (day.year(), day.month()) == (today.year(), today.month())).max()
    }

    /// Who buys a plan here, in the order of the household.
    pub fn shoppers(&self) -> Vec<RowId> {
        self.people.iter().filter(|person| person.shops).map(|person| person.row).collect()
    }

    /// The word for how a person is related to another: as told if the other is the contact person, else by what both are to
    /// the contact person, else `other_relative`.
    pub fn relation(&self, person: RowId, to: RowId) -> String {
        let told = |row: RowId| if row == YOU { "self" } else { self.case.text("relation", row) };
        let word = match (told(person), told(to)) {
            _ if person == to => "self",
            (word, "self") => word,
            ("self", "spouse") => "spouse",
            ("self", "domestic_partner") => "domestic_partner",
            ("self", "child") => "parent",
            ("self", "parent") => "child",
            ("self", "sibling") => "sibling",
            // Of the contact person's spouse: a child of both, or of one.
            ("child", "spouse" | "domestic_partner") => match self.case.text("partners_child", person) {
                "no" => "stepchild",
                _ => "child",
            },
            ("stepchild", "spouse" | "domestic_partner") => "child",
            ("child" | "stepchild", "child" | "stepchild") => "sibling",
            _ => "other_relative",
        };
        word.to_string()
    }
}
