//! Files to and from insurers on record: rows of `insurer_file` and `insurer_line`.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, FromRow, Row as _};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::sealing::SealFault;
use crate::store::audit::{self, Actor, Deed, Entry};
use crate::store::vault::{SITE, Vault};
use crate::store::{Millis, StoreError, Tx, columns};
use crate::verify::Room;

/// Before the first file that was ever sent.
const BEGAN: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

pub const OUT: &str = "out";
pub const IN: &str = "in";
pub const MADE: &str = "made";
pub const SENT: &str = "sent";
pub const TAKEN: &str = "taken";
pub const ACCEPTED: &str = "accepted";
pub const REJECTED: &str = "rejected";

/// A file without what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub id: String,
    pub direction: String,
    pub issuer: String,
    pub control: i64,
    pub kind: String,
    pub cause: String,
    pub state: String,
    pub first_reference: i64,
    pub lines: i64,
    pub place: String,
    pub staged: String,
    pub again: String,
    pub made_at: Millis,
    pub sent_at: Option<Millis>,
}

impl FromRow<'_, AnyRow> for File {
    fn from_row(row: &AnyRow) -> Result<File, sqlx::Error> {
        Ok(File {
            id: row.try_get("id")?,
            direction: row.try_get("direction")?,
            issuer: row.try_get("issuer")?,
            control: row.try_get("control")?,
            kind: row.try_get("kind")?,
            cause: row.try_get("cause")?,
            state: row.try_get("state")?,
            first_reference: row.try_get("first_reference")?,
            lines: row.try_get("lines")?,
            place: row.try_get("place")?,
            staged: row.try_get("staged")?,
            again: row.try_get("again")?,
            made_at: row.try_get("made_at")?,
            sent_at: row.try_get("sent_at")?,
        })
    }
}

/// One transaction of a file of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub number: i64,
    pub reference: i64,
    pub enrollment: String,
    /// Empty in an audit.
    pub change: String,
    pub answer: String,
    pub code: String,
}

impl FromRow<'_, AnyRow> for Line {
    fn from_row(row: &AnyRow) -> Result<Line, sqlx::Error> {
        Ok(Line {
            number: row.try_get("number")?,
            reference: row.try_get("reference")?,
            enrollment: row.try_get("enrollment")?,
            change: row.try_get("change")?,
            answer: row.try_get("answer")?,
            code: row.try_get("code")?,
        })
    }
}

/// One file.
///
/// # Errors
///
/// If the store is away.
pub async fn find(connection: &mut AnyConnection, id: &str) -> Result<Option<File>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, direction, issuer, control, kind, cause, state, first_reference, lines, place, staged, again, made_at, \
         sent_at FROM insurer_file WHERE id = $1",
    );
    Ok(asked.bind(id).fetch_optional(connection).await?)
}

/// The file of ours with a control number.
///
/// # Errors
///
/// If the store is away.
pub async fn of_control(
    connection: &mut AnyConnection,
    (issuer, control): (&str, i64),
) -> Result<Option<File>, StoreError> {
    find(connection, &super::file_id(issuer, control)).await
}

/// The latest of all insurers, or of one (`issuer`; empty: all), the newest first.
///
/// # Errors
///
/// If the store is away.
pub async fn latest(connection: &mut AnyConnection, (issuer, last): (&str, i64)) -> Result<Vec<File>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, direction, issuer, control, kind, cause, state, first_reference, lines, place, staged, again, made_at, \
         sent_at FROM insurer_file WHERE issuer = $1 OR $1 = '' ORDER BY made_at DESC LIMIT $2",
    );
    Ok(asked.bind(issuer).bind(last).fetch_all(connection).await?)
}

/// Files of ours that were made beside a folder and are not said to be out.
///
/// # Errors
///
/// If the store is away.
pub async fn unsent(connection: &mut AnyConnection, place: &str) -> Result<Vec<File>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, direction, issuer, control, kind, cause, state, first_reference, lines, place, staged, again, made_at, \
         sent_at FROM insurer_file WHERE direction = 'out' AND state = 'made' AND place = $1 ORDER BY made_at, control",
    );
    Ok(asked.bind(place).fetch_all(connection).await?)
}

/// Files of ours that an operator wants sent again.
///
/// # Errors
///
/// If the store is away.
pub async fn wanted_again(connection: &mut AnyConnection) -> Result<Vec<File>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, direction, issuer, control, kind, cause, state, first_reference, lines, place, staged, again, made_at, \
         sent_at FROM insurer_file WHERE direction = 'out' AND again <> '' ORDER BY made_at, control",
    );
    Ok(asked.fetch_all(connection).await?)
}

/// The transactions of a file of ours, in their order.
///
/// # Errors
///
/// If the store is away.
pub async fn lines(connection: &mut AnyConnection, file: &str) -> Result<Vec<Line>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT number, reference, enrollment, change, answer, code FROM insurer_line WHERE file = $1 ORDER BY number",
    );
    Ok(asked.bind(file).fetch_all(connection).await?)
}

/// The next control number and the next reference of what we send to an insurer. A store that was restored does not know what was
/// sent after its backup: it goes on above every number that can have been used, with at most a file a minute and, over the
/// years, less than a line a second.
///
/// # Errors
///
/// If the store is away.
pub async fn next(connection: &mut AnyConnection, issuer: &str) -> Result<(i64, i64), StoreError> {
    let asked = sqlx::query_as(
        "SELECT COALESCE(MAX(control), 0), COALESCE(MAX(first_reference + lines), 1) FROM insurer_file \
         WHERE issuer = $1 AND direction = 'out'",
    );
    let (control, reference): (i64, i64) = asked.bind(issuer).fetch_one(&mut *connection).await?;
    let restored = audit::last(connection, SITE, Deed::Restored).await?;
    let seconds = restored.map_or(0, |at| (at / 1000 - BEGAN.unix_timestamp()).max(0));
    Ok((control.max(seconds / 60) + 1, reference.max(seconds + 1)))
}

/// A row to be written.
pub struct NewFile<'a> {
    pub id: &'a str,
    pub direction: &'static str,
    pub issuer: &'a str,
    pub control: i64,
    pub kind: &'a str,
    pub cause: &'a str,
    pub state: &'static str,
    pub first_reference: i64,
    pub lines: usize,
    pub place: &'a str,
    pub staged: &'a str,
    /// JSON.
    pub body: &'a serde_json::Value,
}

impl NewFile<'_> {
    /// Writes it; `false`: another process was faster, or it was here before.
    ///
    /// # Errors
    ///
    /// If the store is away.
    pub async fn insert(&self, tx: &mut Tx, vault: &Vault) -> Result<bool, StoreError> {
        let now = tx.now();
        let gone = SealFault::Unreadable { table: "insurer_file", column: "body" };
        let key = vault.open(tx.conn(), SITE).await?.ok_or(gone)?;
        let put = sqlx::query(
            "INSERT INTO insurer_file (id, direction, issuer, control, kind, cause, state, first_reference, lines, place, \
             staged, again, body, made_at, sent_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', $12, $13, NULL) ON CONFLICT DO NOTHING",
        )
        .bind(self.id)
        .bind(self.direction)
        .bind(self.issuer)
        .bind(self.control)
        .bind(self.kind)
        .bind(self.cause)
        .bind(self.state)
        .bind(self.first_reference)
        .bind(i64::try_from(self.lines).unwrap_or(i64::MAX))
        .bind(self.place)
        .bind(self.staged)
        .bind(key.seal_json(columns::INSURER_FILE_BODY.at(self.id, SITE), self.body)?)
        .bind(now)
        .execute(tx.conn())
        .await?;
        Ok(put.rows_affected() == 1)
    }
}

/// What an insurer's audit came to; `null` of any other file.
///
/// # Errors
///
/// If the store is away, or it does not open.
pub async fn body(
    connection: &mut AnyConnection,
    vault: &Vault,
    id: &str,
) -> Result<Option<serde_json::Value>, StoreError> {
    let asked = sqlx::query_scalar("SELECT body FROM insurer_file WHERE id = $1");
    let Some(sealed): Option<Vec<u8>> = asked.bind(id).fetch_optional(&mut *connection).await? else { return Ok(None) };
    let Some(key) = vault.open(connection, SITE).await? else { return Ok(None) };
    Ok(Some(key.open_json(columns::INSURER_FILE_BODY.at(id, SITE), &sealed)?))
}

/// A row of the audit about a file.
///
/// # Errors
///
/// If the store is away.
pub async fn note(tx: &mut Tx, room: &Room, (deed, actor): (Deed, &Actor), file: &str) -> Result<(), StoreError> {
    let record = format!("insurer_file:{file}");
    let entry = Entry { actor, deed, owner: SITE, record: &record, session: "" };
    room.means.audit.append(tx, &entry).await
}
