//! What is chosen and not signed yet: who buys together, which plans, how much of the credit, from which day.
//!
//! Called by the pages of choosing. One row an application; whoever saves says which version they saw, so that two tabs do
//! not write over each other. It must never price anything.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use crate::account::people::Means;
use crate::application::sheet::RowId;
use crate::store::vault::Vault;
use crate::store::{Change, StoreError, Tx, columns};
use crate::types::Cents;

/// How much of the tax credit is used in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Use {
    All,
    None,
    /// At most so much a month.
    Part {
        monthly: Cents,
    },
}

/// What is wrong with an amount that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartFault {
    Missing,
    Over,
    Odd,
}

impl Use {
    /// A part of what can be used, as typed.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn part(typed: &str, most: Cents) -> Result<Use, PartFault> {
        if typed.is_empty() {
            return Err(PartFault::Missing);
        }
        match Cents::read(typed) {
            Ok(monthly) if monthly > most => Err(PartFault::Over),
            Ok(monthly) if monthly < Cents::ZERO => Err(PartFault::Odd),
            Ok(Cents::ZERO) => Ok(Use::None),
            Ok(monthly) => Ok(Use::Part { monthly }),
            Err(_) => Err(PartFault::Odd),
        }
    }
}

/// From which day, where the law gives a choice (45 CFR 155.420(b)(2)(i)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Begin {
    /// The first of the days that [`super::dates::start`] gives.
    #[default]
    First,
    /// Not from the day of a birth or an adoption, but from the first of the next month.
    NextMonth,
}

/// People who buy together, with their plans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChoice {
    /// Rows of the sheet, the subscriber first.
    pub people: Vec<RowId>,
    /// 14 characters; `None`: not chosen yet, or none is wanted.
    #[serde(default)]
    pub medical: Option<String>,
    /// No medical plan is wanted for them: their part of the credit goes to the others.
    #[serde(default)]
    pub no_medical: bool,
    /// The same; whoever of the group the dental plan covers: `dental_people`.
    #[serde(default)]
    pub dental: Option<String>,
    /// Empty: all of the group.
    #[serde(default)]
    pub dental_people: Vec<RowId>,
}

impl GroupChoice {
    pub fn of(people: Vec<RowId>) -> GroupChoice {
        GroupChoice { people, medical: None, no_medical: false, dental: None, dental_people: Vec::new() }
    }

    /// Whom the dental plan covers.
    pub fn with_dental(&self) -> &[RowId] {
        if self.dental_people.is_empty() { &self.people } else { &self.dental_people }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Choice {
    pub groups: Vec<GroupChoice>,
    /// By the first filer of a tax household; nothing said is all of it.
    #[serde(default)]
    pub credit: Vec<(RowId, Use)>,
    #[serde(default)]
    pub begin: Begin,
}

impl Choice {
    /// How much of a tax household's credit is wanted.
    pub fn wants(&self, filer: Option<RowId>) -> Use {
        self.credit.iter().find(|(row, _)| Some(*row) == filer).map_or(Use::All, |(_, wanted)| *wanted)
    }
}

/// A choice with its version; version 0 and nothing chosen: none was saved.
pub struct Saved {
    pub choice: Choice,
    pub version: i64,
}

/// What is chosen of an owner's application.
///
/// # Errors
///
/// If the store is away, or it does not open.
pub async fn load(
    connection: &mut AnyConnection,
    vault: &Vault,
    (owner, application): (&str, &str),
) -> Result<Saved, StoreError> {
    let asked = sqlx::query_as("SELECT body, version FROM plan_choice WHERE application = $1 AND owner = $2");
    let found: Option<(Vec<u8>, i64)> = asked.bind(application).bind(owner).fetch_optional(&mut *connection).await?;
    let Some((sealed, version)) = found else { return Ok(Saved { choice: Choice::default(), version: 0 }) };
    let key = vault.open(connection, owner).await?.ok_or(StoreError::Stale)?;
    let choice = key.open_json(columns::PLAN_CHOICE_BODY.at(application, owner), &sealed)?;
    Ok(Saved { choice, version })
}

/// Saves a choice over the version that its writer saw; the new version. [`StoreError::Stale`]: it has changed meanwhile, or
/// the application is not this owner's.
pub struct Save {
    pub means: Means,
    pub owner: String,
    pub application: String,
    /// 0: none was there.
    pub seen: i64,
    pub choice: Choice,
}

impl Change for Save {
    type Done = i64;

    async fn run(&self, tx: &mut Tx) -> Result<i64, StoreError> {
        let (owner, application, now) = (self.owner.as_str(), self.application.as_str(), tx.now());
        let own = sqlx::query_scalar("SELECT count(*) FROM application WHERE id = $1 AND owner = $2");
        let own: i64 = own.bind(application).bind(owner).fetch_one(tx.conn()).await?;
        if own == 0 {
            return Err(StoreError::Stale);
        }
        let key = self.means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        let sealed = key.seal_json(columns::PLAN_CHOICE_BODY.at(application, owner), &self.choice)?;
        let written = match self.seen {
            0 => {
                let asked = sqlx::query(
                    "INSERT INTO plan_choice (application, owner, body, version, changed_at) \
                     VALUES ($1, $2, $3, 1, $4) ON CONFLICT DO NOTHING",
                );
                asked.bind(application).bind(owner).bind(sealed).bind(now).execute(tx.conn()).await?
            }
            seen => {
                let asked = sqlx::query(
                    "UPDATE plan_choice SET body = $1, version = version + 1, changed_at = $2 \
                     WHERE application = $3 AND owner = $4 AND version = $5",
                );
                asked.bind(sealed).bind(now).bind(application).bind(owner).bind(seen).execute(tx.conn()).await?
            }
        };
        if written.rows_affected() == 0 { Err(StoreError::Stale) } else { Ok(self.seen + 1) }
    }
}
