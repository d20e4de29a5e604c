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
    /// As `windowshop determine` reads it.
    pub household: Value,
    /// The county of the home by name, as the catalogue had it; empty in what was frozen before this was kept.
    #[serde(default)]
    pub county: String,
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

type Row = (String, String, i64, Vec<u8>, Vec<u8>, String, i64);

/// An owner's applications, the newest first.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn of(connection: &mut AnyConnection, vault: &Vault, owner: &str) -> Result<Vec<Application>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(Vec::new()) };
    let asked = sqlx::query_as(
        "SELECT id, reference, plan_year, answers, determination, catalogue, submitted_at FROM application \
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
        "SELECT id, reference, plan_year, answers, determination, catalogue, submitted_at FROM application \
         WHERE owner = $1 AND id = $2",
    );
    let found: Option<Row> = asked.bind(owner).bind(id).fetch_optional(connection).await?;
    found.map(|row| opened(&key, owner, row)).transpose()
}

fn opened(key: &DataKey, owner: &str, row: Row) -> Result<Application, StoreError> {
    let (id, reference, plan_year, answers, determination, catalogue, submitted_at) = row;
    Ok(Application {
        frozen: key.open_json(columns::APPLICATION_ANSWERS.at(&id, owner), &answers)?,
        determination: key.open_json(columns::APPLICATION_DETERMINATION.at(&id, owner), &determination)?,
        id,
        reference,
        plan_year,
        submitted_at,
        catalogue,
    })
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
