//! Applications on record and their notices, opened for whoever they belong to.
//!
//! Called by the pages after sending, by a person's own download, by an operator's export. It changes nothing but when a
//! notice was first read.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::AnyConnection;

use crate::sealing::DataKey;
use crate::store::vault::Vault;
use crate::store::{Change, Millis, StoreError, Tx, columns};

/// What was frozen: answers, the engine's household, what was signed. Sealed as JSON.
#[derive(Serialize, Deserialize)]
pub struct Frozen {
    /// `question.row` → as typed, only what applied.
    pub answers: Value,
    /// As `windowshop determine` reads it, as it was told.
    pub household: Value,
    /// The county of the home by name, as the catalogue had it; empty in what was frozen before this was kept.
    #[serde(default)]
    pub county: String,
    /// The same, amended by what had not been proved in time when a change was reported: what the determination rests on.
    /// `None`: on the household as it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amended: Option<Value>,
}

impl Frozen {
    /// What the determination rests on.
    pub fn determined(&self) -> &Value {
        self.amended.as_ref().unwrap_or(&self.household)
    }
}

/// An application as its owner sees it.
pub struct Application {
    pub id: String,
    pub reference: String,
    pub plan_year: i64,
    pub submitted_at: Millis,
    pub catalogue: String,
    pub frozen: Frozen,
    pub determination: Value,
    /// The application that this one is a change of.
    pub follows: Option<String>,
}

impl Application {
    /// Its plan year, as the rules count years.
    pub fn year(&self) -> i32 {
        i32::try_from(self.plan_year).unwrap_or_default()
    }
}

/// A notice in every language, as it was written.
#[derive(Serialize, Deserialize)]
pub struct Notice {
    pub letters: Vec<Letter>,
}

#[derive(Serialize, Deserialize)]
pub struct Letter {
    pub lang: String,
    pub title: String,
    /// For all of the household.
    pub lead: Vec<String>,
    pub people: Vec<PersonPart>,
    pub parts: Vec<Part>,
}

#[derive(Serialize, Deserialize)]
pub struct PersonPart {
    pub name: String,
    pub results: Vec<String>,
    /// Rule, outcome and law, a line each.
    pub why: Vec<String>,
}

#[derive(Serialize, Deserialize)]
pub struct Part {
    pub heading: String,
    /// Paragraphs; those that begin with [`ITEM`] are items of a list.
    pub lines: Vec<String>,
}

/// What a line begins with that is an item of a list.
pub const ITEM: &str = "• ";

impl Part {
    /// The lines in their order: whether these are items of one list, and their words.
    pub fn groups(&self) -> Vec<(bool, Vec<&str>)> {
        let mut groups: Vec<(bool, Vec<&str>)> = Vec::new();
        for line in &self.lines {
            let (listed, words) = line.strip_prefix(ITEM).map_or((false, line.as_str()), |words| (true, words));
            match groups.last_mut() {
                Some((last, items)) if *last == listed => items.push(words),
                _ => groups.push((listed, vec![words])),
            }
        }
        groups
    }
}

/// A notice in the list.
pub struct Posted {
    pub id: String,
    pub application: String,
    /// `eligibility`, `dmi_opened`, `redetermined:…`: a word of a closed list, then identifiers.
    pub kind: String,
    pub posted_at: Millis,
    pub read_at: Option<Millis>,
}

/// The notice that an application has from the beginning.
pub const ELIGIBILITY: &str = "eligibility";

type Row = (String, String, i64, Vec<u8>, Vec<u8>, String, i64, Option<String>);

/// An owner's applications, the newest first.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn of(connection: &mut AnyConnection, vault: &Vault, owner: &str) -> Result<Vec<Application>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(Vec::new()) };
    let asked = sqlx::query_as(
        "SELECT id, reference, plan_year, answers, determination, catalogue, submitted_at, follows FROM application \
         WHERE owner = $1 ORDER BY submitted_at DESC",
    );
    let rows: Vec<Row> = asked.bind(owner).fetch_all(connection).await?;
    rows.into_iter().map(|row| opened(&key, owner, row)).collect()
}

/// One application of an owner; `None` if there is none of this ID.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn one(
    connection: &mut AnyConnection,
    vault: &Vault,
    (owner, id): (&str, &str),
) -> Result<Option<Application>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(None) };
    let asked = sqlx::query_as(
        "SELECT id, reference, plan_year, answers, determination, catalogue, submitted_at, follows FROM application \
         WHERE owner = $1 AND id = $2",
    );
    let found: Option<Row> = asked.bind(owner).bind(id).fetch_optional(connection).await?;
    found.map(|row| opened(&key, owner, row)).transpose()
}

fn opened(key: &DataKey, owner: &str, row: Row) -> Result<Application, StoreError> {
    let (id, reference, plan_year, answers, determination, catalogue, submitted_at, follows) = row;
    Ok(Application {
        frozen: key.open_json(columns::APPLICATION_ANSWERS.at(&id, owner), &answers)?,
        determination: key.open_json(columns::APPLICATION_DETERMINATION.at(&id, owner), &determination)?,
        id,
        reference,
        plan_year,
        submitted_at,
        catalogue,
        follows,
    })
}

/// The change of an application that was sent last, if one was; the same owner's.
///
/// # Errors
///
/// If the store is away.
pub async fn followed_by(
    connection: &mut AnyConnection,
    (owner, application): (&str, &str),
) -> Result<Option<String>, StoreError> {
    let asked = sqlx::query_scalar("SELECT id FROM application WHERE owner = $1 AND follows = $2");
    Ok(asked.bind(owner).bind(application).fetch_optional(connection).await?)
}

/// The application that this one is a change of.
///
/// # Errors
///
/// If the store is away.
pub async fn follows(
    connection: &mut AnyConnection,
    (owner, application): (&str, &str),
) -> Result<Option<String>, StoreError> {
    let asked = sqlx::query_scalar("SELECT follows FROM application WHERE owner = $1 AND id = $2");
    let found: Option<Option<String>> = asked.bind(owner).bind(application).fetch_optional(connection).await?;
    Ok(found.flatten())
}

/// The first word of the cause of a redetermination for another plan year; the year follows.
pub const RULES: &str = "rules:";

/// The plan year of a redetermination by its cause, where it is not the application's own: `rules:2028`,
/// `dmi_expired:…@2028`.
pub fn year_of(cause: &str) -> Option<i32> {
    let year = cause.strip_prefix(RULES).or_else(|| Some(cause.rsplit_once('@')?.1));
    year?.parse().ok()
}

/// The latest plan year for which there is a determination of an application.
///
/// # Errors
///
/// If the store is away.
pub async fn last_year(connection: &mut AnyConnection, application: &Application) -> Result<i32, StoreError> {
    let asked = sqlx::query_scalar("SELECT cause FROM redetermination WHERE application = $1");
    let causes: Vec<String> = asked.bind(application.id.as_str()).fetch_all(connection).await?;
    let own = application.year();
    Ok(causes.iter().filter_map(|cause| year_of(cause)).fold(own, i32::max))
}

/// What counts of an application: the latest redetermination, or what it was when it was sent.
pub struct InForce {
    /// Of the redetermination; 0: as it was sent.
    pub number: i64,
    pub household: Value,
    pub determination: Value,
}

/// What counts for a plan year.
///
/// # Errors
///
/// If the store is away, or it does not open.
pub async fn in_force(
    connection: &mut AnyConnection,
    key: &DataKey,
    (owner, application): (&str, &Application),
    year: i32,
) -> Result<InForce, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, cause, number, household, determination FROM redetermination WHERE application = $1 AND owner = $2 \
         ORDER BY number DESC",
    );
    type Found = (String, String, i64, Vec<u8>, Vec<u8>);
    let found: Vec<Found> = asked.bind(application.id.as_str()).bind(owner).fetch_all(connection).await?;
    let own = application.year();
    let counts = |cause: &str| year_of(cause).unwrap_or(own) == year;
    match found.into_iter().find(|(_, cause, ..)| counts(cause)) {
        Some((id, _, number, household, determination)) => Ok(InForce {
            number,
            household: key.open_json(columns::REDETERMINATION_HOUSEHOLD.at(&id, owner), &household)?,
            determination: key.open_json(columns::REDETERMINATION_DETERMINATION.at(&id, owner), &determination)?,
        }),
        None => Ok(InForce {
            number: 0,
            household: application.frozen.determined().clone(),
            determination: application.determination.clone(),
        }),
    }
}

/// An owner's notices, the newest first.
///
/// # Errors
///
/// If the store is away.
pub async fn notices(connection: &mut AnyConnection, owner: &str) -> Result<Vec<Posted>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, application, kind, posted_at, read_at FROM notice WHERE owner = $1 ORDER BY posted_at DESC",
    );
    let rows: Vec<(String, String, String, i64, Option<i64>)> = asked.bind(owner).fetch_all(connection).await?;
    let one = |(id, application, kind, posted_at, read_at)| Posted { id, application, kind, posted_at, read_at };
    Ok(rows.into_iter().map(one).collect())
}

/// One notice of an owner; `None` if there is none of this ID.
///
/// # Errors
///
/// If the store is away, or it does not open.
pub async fn notice(
    connection: &mut AnyConnection,
    vault: &Vault,
    (owner, id): (&str, &str),
) -> Result<Option<(Posted, Notice)>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(None) };
    let asked =
        sqlx::query_as("SELECT application, kind, body, posted_at, read_at FROM notice WHERE id = $1 AND owner = $2");
    type Found = (String, String, Vec<u8>, i64, Option<i64>);
    let found: Option<Found> = asked.bind(id).bind(owner).fetch_optional(connection).await?;
    let Some((application, kind, body, posted_at, read_at)) = found else { return Ok(None) };
    let notice = key.open_json(columns::NOTICE_BODY.at(id, owner), &body)?;
    Ok(Some((Posted { id: id.to_string(), application, kind, posted_at, read_at }, notice)))
}

/// Its owner has opened a notice for the first time.
pub struct Read {
    pub owner: String,
    pub notice: String,
}

impl Change for Read {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let now = tx.now();
        let read = sqlx::query("UPDATE notice SET read_at = $1 WHERE id = $2 AND owner = $3 AND read_at IS NULL");
        read.bind(now).bind(self.notice.as_str()).bind(self.owner.as_str()).execute(tx.conn()).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_a_list_stay_together_between_paragraphs() {
        let lines = ["One of these:", "• card", "• passport", "Or:", "• letter", "The end."].map(str::to_string);
        let part = Part { heading: String::new(), lines: lines.to_vec() };
        let expected = [
            (false, vec!["One of these:"]),
            (true, vec!["card", "passport"]),
            (false, vec!["Or:"]),
            (true, vec!["letter"]),
            (false, vec!["The end."]),
        ];
        assert_eq!(part.groups(), expected);
    }
}
