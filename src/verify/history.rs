//! What a person sees of all this: what was checked and how it stands, what is still needed, and what was decided since.
//!
//! Called by the page after sending and by the pages of proof. It changes nothing, and shows nothing that a source has told.

use sqlx::AnyConnection;

use super::dmi::{self, Dmi};
use super::rules::Subject;
use crate::application::sheet::RowId;
use crate::store::{Millis, StoreError};

/// One check as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub person: RowId,
    pub subject: Subject,
    /// `waiting`, `verified`, `inconsistent`, `pending`, `resolved`, `expired`, `withdrawn`.
    pub state: String,
    pub asked_at: Option<Millis>,
    pub answered_at: Option<Millis>,
}

/// Something that was decided after the application was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    pub number: i64,
    /// The first word of its cause: `dmi_resolved`, `dmi_expired`, `rules`.
    pub why: String,
    /// The notice that says it; empty if nothing came out otherwise.
    pub notice: String,
    pub made_at: Millis,
}

/// All of one application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The first job has run.
    pub begun: bool,
    pub checks: Vec<Shown>,
    pub dmis: Vec<Dmi>,
    /// The newest first.
    pub decided: Vec<Decided>,
}

impl Standing {
    /// What has to be sent.
    pub fn open(&self) -> impl Iterator<Item = &Dmi> {
        self.dmis.iter().filter(|dmi| dmi.is_open())
    }
}

/// How it stands with an application of an owner.
///
/// # Errors
///
/// If the store is away.
pub async fn of(connection: &mut AnyConnection, (owner, application): (&str, &str)) -> Result<Standing, StoreError> {
    let asked = sqlx::query_as(
        "SELECT person, subject, state, asked_at, answered_at FROM verification WHERE owner = $1 AND application = $2 \
         ORDER BY person",
    );
    type Row = (i64, String, String, Option<Millis>, Option<Millis>);
    let rows: Vec<Row> = asked.bind(owner).bind(application).fetch_all(&mut *connection).await?;
    let shown = |(person, subject, state, asked_at, answered_at): Row| {
        let (person, subject) = (RowId::try_from(person).ok()?, subject.parse().ok()?);
        Some(Shown { person, subject, state, asked_at, answered_at })
    };
    let mut checks: Vec<Shown> = rows.into_iter().filter_map(shown).collect();
    checks.sort_by_key(|check| (check.person, check.subject));
    let dmis = dmi::of_owner(&mut *connection, owner).await?;
    let asked = sqlx::query_as(
        "SELECT number, cause, notice, made_at FROM redetermination WHERE owner = $1 AND application = $2 \
         ORDER BY number DESC",
    );
    let rows: Vec<(i64, String, String, Millis)> =
        asked.bind(owner).bind(application).fetch_all(&mut *connection).await?;
    let decided = |(number, cause, notice, made_at): (i64, String, String, Millis)| {
        let why = cause.split(':').next().unwrap_or_default().to_string();
        Decided { number, why, notice, made_at }
    };
    let asked = sqlx::query_scalar("SELECT count(*) FROM verification_run WHERE application = $1");
    let runs: i64 = asked.bind(application).fetch_one(&mut *connection).await?;
    Ok(Standing {
        begun: runs > 0,
        checks,
        dmis: dmis.into_iter().filter(|dmi| dmi.application == application).collect(),
        decided: rows.into_iter().map(decided).collect(),
    })
}
