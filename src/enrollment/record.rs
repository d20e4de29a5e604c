//! Enrollments on record, opened for whoever they belong to; and the rows of which they are made.
//!
//! Called by the pages of coverage, by `sign`, by what changes or ends an enrollment, and by `insurer`. What was signed is
//! written once; whatever is different later is a row of `enrollment_change` with all of it again.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use time::Date;

pub use super::signed::{Mailing, Signed, SignedHousehold, SignedPerson, SignedPlace, SignedPlan, Why, day, day_of};
use crate::sealing::DataKey;
use crate::store::vault::Vault;
use crate::store::{Millis, StoreError, Tx, columns};
use crate::verify::id_of;

/// Where an enrollment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumString, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum State {
    /// On record; the insurer has not been told.
    Signed,
    /// The reason for enrolling now has to be proved before the insurer is told.
    WaitingProof,
    Sent,
    /// The insurer's system has taken the file.
    Accepted,
    /// The insurer says that the first month is paid.
    Confirmed,
    Ended,
    /// The insurer refused it: an operator looks.
    Rejected,
    /// Never began.
    Cancelled,
}

impl State {
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Is there, or is on its way.
    pub fn is_live(self) -> bool {
        !matches!(self, State::Ended | State::Cancelled)
    }
}

/// An enrollment as it stands. Has no `Debug`.
#[derive(Clone)]
pub struct Enrollment {
    pub id: String,
    pub owner: String,
    pub application: String,
    /// Ten digits.
    pub number: String,
    pub choice: i64,
    pub plan_year: i64,
    /// `12345OH0010001-04`.
    pub plan: String,
    pub issuer: String,
    /// `medical`, `dental`.
    pub product: String,
    pub state: State,
    pub starts: Date,
    /// The last day; the year's end unless it was ended.
    pub ends: Date,
    /// As it was signed; how it is now: [`changes`].
    pub signed: Signed,
    pub catalogue: String,
    pub follows: Option<String>,
    /// What has to be, or was, proved before the insurer is told.
    pub proof: Option<String>,
    pub made_at: Millis,
    pub changed_at: Millis,
    pub version: i64,
}

/// Kinds of changes an insurer is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum ChangeKind {
    Initial,
    Change,
    Cancel,
    Terminate,
    Reinstate,
}

impl ChangeKind {
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// A change without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    pub id: String,
    pub enrollment: String,
    pub owner: String,
    pub number: i64,
    pub kind: ChangeKind,
    /// The day from which it holds; of `terminate`, the last day of coverage.
    pub from_day: Date,
    pub reason: String,
    pub made_at: Millis,
    /// Empty: no file has taken it.
    pub file: String,
    /// Why it must not go yet; empty: nothing holds it.
    pub held: String,
    pub answer: String,
    pub code: String,
}

fn odd(what: &str) -> StoreError {
    StoreError::Refused(format!("a row of enrollment has {what} that this binary does not know"))
}

fn opened(key: &DataKey, row: &AnyRow) -> Result<Enrollment, StoreError> {
    let (id, owner): (String, String) = (row.try_get("id")?, row.try_get("owner")?);
    let text = |name: &str| row.try_get::<String, _>(name);
    let a_day = |name: &str| day_of(&text(name)?).ok_or_else(|| odd("a day"));
    let follows = text("follows")?;
    let sealed: Vec<u8> = row.try_get("signed")?;
    Ok(Enrollment {
        signed: key.open_json(columns::ENROLLMENT_SIGNED.at(&id, &owner), &sealed)?,
        application: text("application")?,
        number: text("number")?,
        choice: row.try_get("choice")?,
        plan_year: row.try_get("plan_year")?,
        plan: text("plan")?,
        issuer: text("issuer")?,
        product: text("product")?,
        state: text("state")?.parse().map_err(|_| odd("a state"))?,
        starts: a_day("starts")?,
        ends: a_day("ends")?,
        catalogue: text("catalogue")?,
        follows: (!follows.is_empty()).then_some(follows),
        proof: row.try_get::<Option<String>, _>("proof")?.filter(|proof| !proof.is_empty()),
        made_at: row.try_get("made_at")?,
        changed_at: row.try_get("changed_at")?,
        version: row.try_get("version")?,
        id,
        owner,
    })
}

/// An owner's enrollments, the oldest first.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn of(connection: &mut AnyConnection, vault: &Vault, owner: &str) -> Result<Vec<Enrollment>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(Vec::new()) };
    let asked = sqlx::query(
        "SELECT id, owner, application, number, choice, plan_year, plan, issuer, product, state, starts, ends, signed, \
         catalogue, follows, proof, made_at, changed_at, version FROM enrollment WHERE owner = $1 ORDER BY made_at",
    );
    let rows = asked.bind(owner).fetch_all(connection).await?;
    let mut all = rows.iter().map(|row| opened(&key, row)).collect::<Result<Vec<_>, _>>()?;
    // Those that were signed together have one moment.
    all.sort_by(|one, other| (one.made_at, &one.id).cmp(&(other.made_at, &other.id)));
    Ok(all)
}

/// One of an owner's; `None` if there is none of this ID.
///
/// # Errors
///
/// If the store is away, or it does not open.
pub async fn one(
    connection: &mut AnyConnection,
    vault: &Vault,
    (owner, id): (&str, &str),
) -> Result<Option<Enrollment>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(None) };
    let asked = sqlx::query(
        "SELECT id, owner, application, number, choice, plan_year, plan, issuer, product, state, starts, ends, signed, \
         catalogue, follows, proof, made_at, changed_at, version FROM enrollment WHERE owner = $1 AND id = $2",
    );
    let row = asked.bind(owner).bind(id).fetch_optional(connection).await?;
    row.map(|row| opened(&key, &row)).transpose()
}

fn change_of(row: &AnyRow) -> Result<ChangeRow, StoreError> {
    let text = |name: &str| row.try_get::<String, _>(name);
    Ok(ChangeRow {
        id: text("id")?,
        enrollment: text("enrollment")?,
        owner: text("owner")?,
        number: row.try_get("number")?,
        kind: text("kind")?.parse().map_err(|_| odd("a change"))?,
        from_day: day_of(&text("from_day")?).ok_or_else(|| odd("a day"))?,
        reason: text("reason")?,
        made_at: row.try_get("made_at")?,
        file: text("file")?,
        held: text("held")?,
        answer: text("answer")?,
        code: text("code")?,
    })
}

/// Every change of an enrollment, the first one first.
///
/// # Errors
///
/// If the store is away.
pub async fn changes(connection: &mut AnyConnection, enrollment: &str) -> Result<Vec<ChangeRow>, StoreError> {
    let asked = sqlx::query(
        "SELECT id, enrollment, owner, number, kind, from_day, reason, made_at, file, held, answer, code \
         FROM enrollment_change WHERE enrollment = $1 ORDER BY number",
    );
    let rows = asked.bind(enrollment).fetch_all(connection).await?;
    rows.iter().map(change_of).collect()
}

/// A change with what it says; `None` if there is none, or its owner is gone.
///
/// # Errors
///
/// If the store is away, or it does not open.
pub async fn change_opened(
    connection: &mut AnyConnection,
    vault: &Vault,
    id: &str,
) -> Result<Option<(ChangeRow, Signed)>, StoreError> {
    let asked = sqlx::query(
        "SELECT id, enrollment, owner, number, kind, from_day, reason, made_at, file, held, answer, code \
         FROM enrollment_change WHERE id = $1",
    );
    let row = asked.bind(id).fetch_optional(&mut *connection).await?;
    let Some(change) = row.map(|row| change_of(&row)).transpose()? else { return Ok(None) };
    let Some(key) = vault.open(connection, &change.owner).await? else { return Ok(None) };
    let asked = sqlx::query_scalar("SELECT body FROM enrollment_change WHERE id = $1");
    let sealed: Vec<u8> = asked.bind(id).fetch_one(connection).await?;
    let signed = key.open_json(columns::ENROLLMENT_CHANGE_BODY.at(id, &change.owner), &sealed)?;
    Ok(Some((change, signed)))
}

/// People and amounts as the latest change has them.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn now(connection: &mut AnyConnection, vault: &Vault, enrollment: &Enrollment) -> Result<Signed, StoreError> {
    let asked =
        sqlx::query_scalar("SELECT id FROM enrollment_change WHERE enrollment = $1 ORDER BY number DESC LIMIT 1");
    let latest: Option<String> = asked.bind(enrollment.id.as_str()).fetch_optional(&mut *connection).await?;
    let Some(latest) = latest else { return Ok(enrollment.signed.clone()) };
    let opened = change_opened(connection, vault, &latest).await?;
    Ok(opened.map_or_else(|| enrollment.signed.clone(), |(_, signed)| signed))
}

/// Takes all rows of an owner until the transaction ends: whoever signs and whoever renews come one after the other.
///
/// # Errors
///
/// If the store is away.
pub async fn take_all(tx: &mut Tx, owner: &str) -> Result<(), StoreError> {
    let taken = sqlx::query("UPDATE enrollment SET version = version WHERE owner = $1");
    taken.bind(owner).execute(tx.conn()).await?;
    Ok(())
}

/// What a new row of `enrollment` needs.
pub struct NewEnrollment<'a> {
    pub id: &'a str,
    pub owner: &'a str,
    pub application: &'a str,
    pub number: &'a str,
    pub choice: i64,
    pub plan_year: i64,
    pub state: State,
    pub starts: Date,
    pub ends: Date,
    pub signed: &'a Signed,
    pub catalogue: &'a str,
    pub follows: &'a str,
}

/// Writes an enrollment; `false`: there is one of this ID.
///
/// # Errors
///
/// If the store is away, or another has this number.
pub async fn insert(tx: &mut Tx, key: &DataKey, new: &NewEnrollment<'_>) -> Result<bool, StoreError> {
    let now = tx.now();
    let written = sqlx::query(
        "INSERT INTO enrollment (id, owner, application, number, choice, plan_year, plan, issuer, product, state, starts, \
         ends, signed, catalogue, follows, made_at, changed_at, version) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 1) \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(new.id)
    .bind(new.owner)
    .bind(new.application)
    .bind(new.number)
    .bind(new.choice)
    .bind(new.plan_year)
    .bind(new.signed.plan_id())
    .bind(new.signed.plan.issuer_id.as_str())
    .bind(new.signed.plan.product.as_str())
    .bind(new.state.word())
    .bind(new.starts.to_string())
    .bind(new.ends.to_string())
    .bind(key.seal_json(columns::ENROLLMENT_SIGNED.at(new.id, new.owner), new.signed)?)
    .bind(new.catalogue)
    .bind(new.follows)
    .bind(now)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(written.rows_affected() > 0)
}

/// What a new row of `enrollment_change` needs.
pub struct NewChange<'a> {
    pub enrollment: &'a str,
    pub owner: &'a str,
    pub kind: ChangeKind,
    pub from_day: Date,
    /// A word of a closed list.
    pub reason: &'a str,
    /// People and amounts as they are from that day.
    pub body: &'a Signed,
    /// Why an insurer must not be told yet; empty: nothing.
    pub held: &'a str,
}

/// Writes a change with the next number of its enrollment, whose row the caller has taken (by writing to it); its ID.
///
/// # Errors
///
/// If the store is away.
pub async fn add_change(tx: &mut Tx, key: &DataKey, new: &NewChange<'_>) -> Result<String, StoreError> {
    let counted = sqlx::query_scalar("SELECT count(*) FROM enrollment_change WHERE enrollment = $1");
    let before: i64 = counted.bind(new.enrollment).fetch_one(tx.conn()).await?;
    let number = before + 1;
    let id = id_of(&["enrollment_change", new.enrollment, &number.to_string()]);
    let now = tx.now();
    sqlx::query(
        "INSERT INTO enrollment_change (id, enrollment, owner, number, kind, from_day, reason, body, made_at, file, held, \
         answer, code) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', $10, '', '')",
    )
    .bind(id.as_str())
    .bind(new.enrollment)
    .bind(new.owner)
    .bind(number)
    .bind(new.kind.word())
    .bind(new.from_day.to_string())
    .bind(new.reason)
    .bind(key.seal_json(columns::ENROLLMENT_CHANGE_BODY.at(&id, new.owner), new.body)?)
    .bind(now)
    .bind(new.held)
    .execute(tx.conn())
    .await?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::IntoEnumIterator as _;

    #[test]
    fn a_state_is_known_by_its_word() {
        for state in State::iter() {
            assert_eq!(state.word().parse::<State>(), Ok(state));
        }
    }
}
