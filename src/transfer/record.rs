//! Transfers on record: rows of `transfer` and `transfer_step`, for pages, operators and whoever goes on with one.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, FromRow, Row as _};
use zeroize::Zeroizing;

use super::facts::Program;
use crate::application::sheet::RowId;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::vault::Vault;
use crate::store::{Millis, StoreError, Tx, columns};
use crate::verify::Room;

pub const OUT: &str = "out";
pub const IN: &str = "in";

/// A transfer without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub id: String,
    pub direction: String,
    pub owner: String,
    pub application: String,
    pub state: String,
    pub number: i64,
    pub cause: String,
    pub about: String,
    pub people: String,
    pub status: String,
    pub made_at: Millis,
    pub sent_at: Option<Millis>,
    pub acknowledged_at: Option<Millis>,
    pub answered_at: Option<Millis>,
    pub code: String,
}

impl FromRow<'_, AnyRow> for Line {
    fn from_row(row: &AnyRow) -> Result<Line, sqlx::Error> {
        Ok(Line {
            id: row.try_get("id")?,
            direction: row.try_get("direction")?,
            owner: row.try_get("owner")?,
            application: row.try_get("application")?,
            state: row.try_get("state_code")?,
            number: row.try_get("number")?,
            cause: row.try_get("cause")?,
            about: row.try_get("about")?,
            people: row.try_get("people")?,
            status: row.try_get("status")?,
            made_at: row.try_get("made_at")?,
            sent_at: row.try_get("sent_at")?,
            acknowledged_at: row.try_get("acknowledged_at")?,
            answered_at: row.try_get("answered_at")?,
            code: row.try_get("code")?,
        })
    }
}

impl Line {
    /// Rows of the people whom it has a referral for.
    pub fn referrals(&self) -> Vec<RowId> {
        self.people.split(',').filter_map(|part| part.split_once(':')?.0.parse().ok()).collect()
    }

    /// Who is referred, with the program.
    pub fn referred(&self) -> Vec<(RowId, Program)> {
        let one = |part: &str| {
            let (row, program) = part.split_once(':')?;
            Some((row.parse().ok()?, Program::parse(program)?))
        };
        self.people.split(',').filter_map(one).collect()
    }

    /// Whether it says of a person that they are not referred any more.
    pub fn has_ended(&self, person: RowId) -> bool {
        self.referrals().contains(&person) && !self.referred().iter().any(|(own, _)| *own == person)
    }
}

/// What became of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepLine {
    pub transfer: String,
    pub step: String,
    pub person: RowId,
    pub at: Millis,
    pub said_at: Millis,
    pub program: String,
    pub from_day: String,
    pub code: String,
}

impl FromRow<'_, AnyRow> for StepLine {
    fn from_row(row: &AnyRow) -> Result<StepLine, sqlx::Error> {
        Ok(StepLine {
            transfer: row.try_get("transfer")?,
            step: row.try_get("step")?,
            person: RowId::try_from(row.try_get::<i64, _>("person")?).unwrap_or_default(),
            at: row.try_get("at")?,
            said_at: row.try_get("said_at")?,
            program: row.try_get("program")?,
            from_day: row.try_get("from_day")?,
            code: row.try_get("code")?,
        })
    }
}

/// One transfer.
///
/// # Errors
///
/// If the store is away.
pub async fn find(connection: &mut AnyConnection, id: &str) -> Result<Option<Line>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, direction, owner, application, state_code, number, cause, about, people, status, made_at, sent_at, \
         acknowledged_at, answered_at, code FROM transfer WHERE id = $1",
    );
    Ok(asked.bind(id).fetch_optional(connection).await?)
}

/// What was sent for an owner's application, the oldest first.
///
/// # Errors
///
/// If the store is away.
pub async fn of_application(
    connection: &mut AnyConnection,
    (owner, application): (&str, &str),
) -> Result<Vec<Line>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, direction, owner, application, state_code, number, cause, about, people, status, made_at, sent_at, \
         acknowledged_at, answered_at, code FROM transfer \
         WHERE owner = $1 AND application = $2 AND direction = 'out' ORDER BY number",
    );
    Ok(asked.bind(owner).bind(application).fetch_all(connection).await?)
}

/// The latest, of all owners, the newest first. `status`: only these; empty: all.
///
/// # Errors
///
/// If the store is away.
pub async fn latest(connection: &mut AnyConnection, (status, last): (&str, i64)) -> Result<Vec<Line>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, direction, owner, application, state_code, number, cause, about, people, status, made_at, sent_at, \
         acknowledged_at, answered_at, code FROM transfer WHERE status = $1 OR $1 = '' ORDER BY made_at DESC LIMIT $2",
    );
    Ok(asked.bind(status).bind(last).fetch_all(connection).await?)
}

/// The steps of a transfer, as they came.
///
/// # Errors
///
/// If the store is away.
pub async fn steps(connection: &mut AnyConnection, transfer: &str) -> Result<Vec<StepLine>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT transfer, step, person, at, said_at, program, from_day, code FROM transfer_step WHERE transfer = $1 \
         ORDER BY at, person",
    );
    Ok(asked.bind(transfer).fetch_all(connection).await?)
}

/// What opens a special enrollment period for somebody.
pub struct Event {
    pub person: RowId,
    pub kind: String,
    pub day: String,
}

/// What opens special enrollment periods for people of an application.
///
/// # Errors
///
/// If the store is away.
pub async fn events(
    connection: &mut AnyConnection,
    (owner, application): (&str, &str),
) -> Result<Vec<Event>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT person, kind, day FROM enrollment_event WHERE owner = $1 AND application = $2 ORDER BY day, person",
    );
    let found: Vec<(i64, String, String)> = asked.bind(owner).bind(application).fetch_all(connection).await?;
    let event =
        |(person, kind, day): (i64, String, String)| Some(Event { person: RowId::try_from(person).ok()?, kind, day });
    Ok(found.into_iter().filter_map(event).collect())
}

/// The content of a transfer, opened; `None` if it is gone.
///
/// # Errors
///
/// If the store is away, or it does not open.
pub async fn body(
    connection: &mut AnyConnection,
    vault: &Vault,
    (id, owner): (&str, &str),
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(None) };
    let asked = sqlx::query_scalar("SELECT body FROM transfer WHERE id = $1 AND owner = $2");
    let sealed: Option<Vec<u8>> = asked.bind(id).bind(owner).fetch_optional(connection).await?;
    Ok(sealed.map(|sealed| key.open(columns::TRANSFER_BODY.at(id, owner), &sealed)).transpose()?)
}

/// A deed that was done to a transfer.
///
/// # Errors
///
/// If the store is away.
pub async fn note(tx: &mut Tx, room: &Room, (deed, actor): (Deed, &Actor), line: &Line) -> Result<(), StoreError> {
    let record = format!("transfer:{}", line.id);
    let entry = Entry { actor, deed, owner: &line.owner, record: &record, session: "" };
    room.means.audit.append(tx, &entry).await
}

/// A row to be written. `false` from `insert`: there is one of this ID, or of this application and cause.
pub struct NewTransfer<'a> {
    pub id: &'a str,
    pub direction: &'static str,
    pub owner: &'a str,
    pub application: &'a str,
    pub state: &'a str,
    pub number: i64,
    pub cause: &'a str,
    pub about: &'a str,
    pub people: &'a str,
    pub status: &'a str,
    pub body: &'a [u8],
    pub code: &'a str,
}

impl NewTransfer<'_> {
    /// # Errors
    ///
    /// If the store is away, or the owner has no data key any more.
    pub async fn insert(&self, tx: &mut Tx, vault: &Vault) -> Result<bool, StoreError> {
        let now = tx.now();
        let key = vault.open(tx.conn(), self.owner).await?.ok_or(StoreError::Stale)?;
        let put = sqlx::query(
            "INSERT INTO transfer (id, direction, owner, application, state_code, number, cause, about, people, status, \
             body, made_at, sent_at, acknowledged_at, answered_at, code) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, NULL, NULL, $13) ON CONFLICT DO NOTHING",
        )
        .bind(self.id)
        .bind(self.direction)
        .bind(self.owner)
        .bind(self.application)
        .bind(self.state)
        .bind(self.number)
        .bind(self.cause)
        .bind(self.about)
        .bind(self.people)
        .bind(self.status)
        .bind(key.seal(columns::TRANSFER_BODY.at(self.id, self.owner), self.body)?)
        .bind(now)
        .bind(self.code)
        .execute(tx.conn())
        .await?;
        Ok(put.rows_affected() == 1)
    }
}
