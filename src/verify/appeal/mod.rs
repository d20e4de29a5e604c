//! Appeals: somebody says that a notice about what they can get is wrong (45 CFR 155.505 to 155.555). Which notices that can
//! be said of and until when, what was said, and how it stands.
//!
//! Called by the pages of people and by the desk. Until when is counted from the day of the notice by dated rules, by the
//! clock of the household's state. It must never decide anything: that is a person's, in `change`.

pub mod change;
pub mod places;
pub mod words;

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use strum::{EnumIter, EnumString, IntoStaticStr};
use time::{Date, Duration};

use super::case::Case;
use super::dmi::{self, EXPIRED};
use super::rules::Rules;
use super::{id_of, moment};
use crate::application::record::{ELIGIBILITY, Posted};
use crate::application::sheet::RowId;
use crate::eligibility::tables::Marketplace;
use crate::eligibility::{State, Tables};
use crate::sealing::DataKey;
use crate::store::vault::Vault;
use crate::store::{Millis, StoreError, columns};
use places::AppealPlace;

pub const FILED: &str = "filed";
pub const WITHDRAWN: &str = "withdrawn";
pub const DECIDED: &str = "decided";
/// Letters of each text that somebody types.
pub const TEXT_MAX: usize = 2_000;
/// Letters of a name or a phone number.
pub const LINE_MAX: usize = 200;
/// Of an ID, for people.
const NUMBER_DIGITS: usize = 12;

/// What somebody says is wrong. The words are for good: rows hold them.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumString, EnumIter, strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum What {
    /// Who can have a plan.
    Plan,
    Credit,
    Savings,
    /// Medicaid or CHIP.
    Program,
    /// When somebody can enroll, and when coverage starts.
    Time,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumIter)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// It is not looked into (45 CFR 155.530).
    Dismissed,
    /// The notice is right.
    Upheld,
    /// The notice is wrong.
    Changed,
}

/// Why, as people are told. The words are for good: rows hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumString, EnumIter)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    /// It came after the last day, and no good reason was given.
    Late,
    /// Somebody else decides about this: a state's agency, the insurer, the IRS.
    OtherOffice,
    /// They took it back by phone or in a letter.
    TakenBack,
    /// They did not come to the hearing, without a good reason.
    NoShow,
    /// It does not say what is wrong.
    NotClear,
    RulesKept,
    NotShown,
    Proved,
    OurMistake,
    NewFacts,
}

impl Reason {
    pub fn outcome(self) -> Outcome {
        match self {
            Reason::Late | Reason::OtherOffice | Reason::TakenBack | Reason::NoShow | Reason::NotClear => {
                Outcome::Dismissed
            }
            Reason::RulesKept | Reason::NotShown => Outcome::Upheld,
            Reason::Proved | Reason::OurMistake | Reason::NewFacts => Outcome::Changed,
        }
    }
}

/// What the desk decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub reason: Reason,
    /// The reviewer's own words for the person; empty if there are none.
    pub words: String,
    /// Data-matching issues that the decision takes as proved: what the engine is asked again with.
    pub proved: Vec<String>,
}

/// What somebody said. Sealed; nothing of it is in any other column.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Whose results: rows of the sheet.
    pub people: Vec<RowId>,
    pub what: Vec<What>,
    pub why: String,
    /// Why it cannot wait; empty: it can.
    pub urgent: String,
    /// They want to keep the help that they had before the notice (45 CFR 155.525).
    pub keep: bool,
    /// Why it comes after the last day; empty if it does not.
    pub late: String,
    /// Who speaks for them; empty: nobody.
    pub helper: String,
    pub reach: String,
    /// Data-matching issues whose end does not count meanwhile.
    #[serde(default)]
    pub kept: Vec<String>,
    #[serde(default)]
    pub decision: Option<Decision>,
}

/// An appeal as it stands. Has no `Debug`.
pub struct Appeal {
    pub id: String,
    pub owner: String,
    pub application: String,
    pub notice: String,
    /// `filed`, `withdrawn`, `decided`.
    pub state: String,
    pub said: Said,
    pub filed_at: Millis,
    /// The end of the last day on which it could be filed.
    pub due_at: Millis,
    /// The end of the last day for a decision.
    pub decide_by: Millis,
    pub closed_at: Option<Millis>,
}

impl Appeal {
    pub fn is_open(&self) -> bool {
        self.state == FILED
    }
}

/// A notice that can be appealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Of {
    /// It changed what somebody had: they can keep that meanwhile.
    pub again: bool,
    /// Issues whose end it tells of: without them the engine says what was before. Empty: a person has to set it.
    pub keeps: Vec<String>,
}

/// Until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub last: Date,
    /// The moment at which that day is over.
    pub ends_at: Millis,
}

/// The one appeal that a notice can have.
pub fn id(notice: &str) -> String {
    id_of(&["appeal", notice])
}

/// `4F2A90C177DE`: what people are told.
pub fn number(id: &str) -> String {
    id.chars().take(NUMBER_DIGITS).collect::<String>().to_ascii_uppercase()
}

/// The last day for an appeal, counted from the day of the notice; `None` if no rule is in force on that day.
pub fn window((tables, rules): (&Tables, &Rules), case: &Case, posted_at: Millis) -> Option<Window> {
    counted((tables, rules), case, ("appeal_days", posted_at))
}

/// A day that is so many days of a rule after a moment.
pub fn counted((tables, rules): (&Tables, &Rules), case: &Case, (code, from): (&str, Millis)) -> Option<Window> {
    let day = case.day(tables, from);
    let last = day.checked_add(Duration::days(rules.time(code, day)?))?;
    Some(Window { last, ends_at: case.end_of(tables, last) })
}

/// Who runs the marketplace of an application, and where an appeal goes by mail; `None` if we do not have the address.
pub fn place<'a>(
    (tables, rules): (&'a Tables, &'a Rules),
    (state, plan_year): (Option<State>, i32),
    at: Millis,
) -> (Option<&'a Marketplace>, Option<&'a AppealPlace>) {
    let market = state.and_then(|state| tables.marketplace(state, plan_year));
    let day = tables.days(state, moment(at)).own;
    (market, market.and_then(|market| rules.appeal_place(market.kind, day)))
}

/// Whether a notice of an owner can be appealed, and what it changed.
///
/// # Errors
///
/// If the store is away.
pub async fn of(connection: &mut AnyConnection, owner: &str, notice: &Posted) -> Result<Option<Of>, StoreError> {
    if notice.kind == ELIGIBILITY {
        return Ok(Some(Of { again: false, keeps: Vec::new() }));
    }
    // Plans were cancelled because an event was not proved: a person has to bring them back.
    if notice.kind.starts_with("event_not_proved:") {
        return Ok(Some(Of { again: false, keeps: Vec::new() }));
    }
    let Some(id) = notice.kind.strip_prefix("redetermined:") else { return Ok(None) };
    let asked = sqlx::query_scalar("SELECT cause FROM redetermination WHERE id = $1 AND owner = $2");
    let cause: Option<String> = asked.bind(id).bind(owner).fetch_optional(&mut *connection).await?;
    // What an appeal itself has kept or ended is no new decision.
    let Some(cause) = cause.filter(|cause| !cause.starts_with("appeal_")) else { return Ok(None) };
    let Some(issue) = cause.strip_prefix("dmi_expired:") else {
        return Ok(Some(Of { again: true, keeps: Vec::new() }));
    };
    let all = dmi::of_application(connection, &notice.application).await?;
    let closed_at = all.iter().find(|dmi| dmi.id == issue).and_then(|dmi| dmi.closed_at);
    let with = all.into_iter().filter(|dmi| dmi.state == EXPIRED && dmi.closed_at == closed_at);
    Ok(Some(Of { again: true, keeps: with.map(|dmi| dmi.id).collect() }))
}

type Row = (String, String, String, String, Vec<u8>, i64, i64, Option<i64>, Option<i64>);

fn opened(key: &DataKey, owner: &str, row: Row) -> Result<Appeal, StoreError> {
    let (id, application, notice, state, body, filed_at, due_at, decide_by, closed_at) = row;
    Ok(Appeal {
        said: key.open_json(columns::APPEAL_BODY.at(&id, owner), &body)?,
        owner: owner.to_string(),
        decide_by: decide_by.unwrap_or(due_at),
        id,
        application,
        notice,
        state,
        filed_at,
        due_at,
        closed_at,
    })
}

/// An owner's, the newest first.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn of_owner(connection: &mut AnyConnection, vault: &Vault, owner: &str) -> Result<Vec<Appeal>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, application, notice, state, body, filed_at, due_at, decide_by, closed_at FROM appeal \
         WHERE owner = $1 ORDER BY filed_at DESC",
    );
    let rows: Vec<Row> = asked.bind(owner).fetch_all(&mut *connection).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let Some(key) = vault.open(connection, owner).await? else { return Ok(Vec::new()) };
    rows.into_iter().map(|row| opened(&key, owner, row)).collect()
}

/// One of an owner; `None` if they have none of this ID.
///
/// # Errors
///
/// If the store is away, or it does not open.
pub async fn one(
    connection: &mut AnyConnection,
    vault: &Vault,
    (owner, id): (&str, &str),
) -> Result<Option<Appeal>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, application, notice, state, body, filed_at, due_at, decide_by, closed_at FROM appeal \
         WHERE owner = $1 AND id = $2",
    );
    let row: Option<Row> = asked.bind(owner).bind(id).fetch_optional(&mut *connection).await?;
    let (Some(row), Some(key)) = (row, vault.open(connection, owner).await?) else { return Ok(None) };
    opened(&key, owner, row).map(Some)
}

/// Issues of an owner whose end does not count, also when they are a later application's by now: somebody appeals and keeps what they had, or an appeal has said that
/// the decision was wrong.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn kept(connection: &mut AnyConnection, (key, owner): (&DataKey, &str)) -> Result<Vec<String>, StoreError> {
    let asked = sqlx::query_as("SELECT id, state, body FROM appeal WHERE owner = $1");
    let rows: Vec<(String, String, Vec<u8>)> = asked.bind(owner).fetch_all(connection).await?;
    let mut kept = Vec::new();
    for (id, state, body) in rows {
        let said: Said = key.open_json(columns::APPEAL_BODY.at(&id, owner), &body)?;
        let changed = said.decision.as_ref().is_some_and(|made| made.reason.outcome() == Outcome::Changed);
        if state == FILED || changed {
            kept.extend(said.kept);
        }
    }
    Ok(kept)
}
