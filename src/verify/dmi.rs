//! Data-matching issues: opened when an answer differs from what was told, closed by proof, by a later answer, or by time.
//!
//! Called by `settle` and `clock`, and by the desk when an operator has looked at a document. While one is open, everything
//! stays as the first notice says (45 CFR 155.315(f)(4)).

use sqlx::AnyConnection;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use time::macros::format_description;
use time::{Date, Duration};

use super::carry;
use super::case::Case;
use super::redetermine;
use super::rules::Subject;
use super::{Room, id_of};
use crate::account::people::Means;
use crate::account::retention::DAY;
use crate::application::sheet::RowId;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::{Millis, StoreError, Tx};

pub const OPEN: &str = "open";
pub const EXPIRED: &str = "expired";
/// Of something that is no longer said.
pub const WITHDRAWN: &str = "withdrawn";
/// Nobody sent anything in time.
pub const NOTHING_CAME: &str = "nothing_came";

/// How one was closed well. The words are for good: rows hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum How {
    /// A document was accepted.
    Document,
    /// A statement was accepted, because there are no documents (45 CFR 155.315(g)).
    Statement,
    /// A source answered later that it is so.
    Data,
    /// An appeal was decided so (45 CFR 155.545).
    Appeal,
}

/// A data-matching issue as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dmi {
    pub id: String,
    pub application: String,
    pub owner: String,
    /// The row of the sheet; for income the first filer's.
    pub person: RowId,
    pub kind: Subject,
    /// `open`, `resolved`, `expired`, `withdrawn`.
    pub state: String,
    pub closed_how: String,
    pub opened_at: Millis,
    /// When its notice was posted; until then the last day is not fixed.
    pub noticed_at: Option<Millis>,
    pub due_at: Millis,
    pub due_day: Date,
    /// Documents for it that wait for an operator.
    pub in_review: i64,
    pub reminded: i64,
    pub closed_at: Option<Millis>,
}

impl Dmi {
    pub fn is_open(&self) -> bool {
        self.state == OPEN
    }

    /// Whole days left, the last one included.
    pub fn days_left(&self, now: Millis) -> i64 {
        (self.due_at - now + DAY - 1).div_euclid(DAY).max(0)
    }

    fn of_row(row: &AnyRow) -> Result<Dmi, StoreError> {
        let odd = |what: &str| StoreError::Refused(format!("a row of dmi has {what} that this binary does not know"));
        let (kind, due): (String, String) = (row.try_get("kind")?, row.try_get("due_day")?);
        Ok(Dmi {
            id: row.try_get("id")?,
            application: row.try_get("application")?,
            owner: row.try_get("owner")?,
            person: RowId::try_from(row.try_get::<i64, _>("person")?).map_err(|_| odd("a person"))?,
            kind: kind.parse().map_err(|_| odd("a kind"))?,
            state: row.try_get("state")?,
            closed_how: row.try_get("closed_how")?,
            opened_at: row.try_get("opened_at")?,
            noticed_at: row.try_get("noticed_at")?,
            due_at: row.try_get("due_at")?,
            due_day: Date::parse(&due, format_description!("[year]-[month]-[day]")).map_err(|_| odd("a day"))?,
            in_review: row.try_get("in_review")?,
            reminded: row.try_get("reminded")?,
            closed_at: row.try_get("closed_at")?,
        })
    }
}

/// An owner's, the oldest first.
///
/// # Errors
///
/// If the store is away.
pub async fn of_owner(connection: &mut AnyConnection, owner: &str) -> Result<Vec<Dmi>, StoreError> {
    let asked = sqlx::query(
        "SELECT id, application, owner, person, kind, state, closed_how, opened_at, noticed_at, due_at, due_day, \
         in_review, reminded, closed_at FROM dmi WHERE owner = $1 ORDER BY opened_at, person",
    );
    in_order(&asked.bind(owner).fetch_all(connection).await?)
}

/// The oldest first; those of one moment by person and kind, so that no page shows them in two orders.
fn in_order(rows: &[AnyRow]) -> Result<Vec<Dmi>, StoreError> {
    let mut issues = rows.iter().map(Dmi::of_row).collect::<Result<Vec<_>, _>>()?;
    issues.sort_by_key(|dmi| (dmi.opened_at, dmi.person, dmi.kind));
    Ok(issues)
}

/// Of one application, the oldest first.
///
/// # Errors
///
/// If the store is away.
pub async fn of_application(connection: &mut AnyConnection, application: &str) -> Result<Vec<Dmi>, StoreError> {
    let asked = sqlx::query(
        "SELECT id, application, owner, person, kind, state, closed_how, opened_at, noticed_at, due_at, due_day, \
         in_review, reminded, closed_at FROM dmi WHERE application = $1 ORDER BY opened_at, person",
    );
    in_order(&asked.bind(application).fetch_all(connection).await?)
}

/// One; `None` if there is none of this ID.
///
/// # Errors
///
/// If the store is away.
pub async fn one(connection: &mut AnyConnection, id: &str) -> Result<Option<Dmi>, StoreError> {
    let asked = sqlx::query(
        "SELECT id, application, owner, person, kind, state, closed_how, opened_at, noticed_at, due_at, due_day, \
         in_review, reminded, closed_at FROM dmi WHERE id = $1",
    );
    asked.bind(id).fetch_optional(connection).await?.as_ref().map(Dmi::of_row).transpose()
}

/// The last day, and the moment at which it is over, counted from a moment; `None` if the rules have no such kind then.
pub fn due(room: &Room, case: &Case, kind: Subject, from: Millis) -> Option<(Date, Millis)> {
    let day = case.day(&room.knows.tables, from);
    let last = day.checked_add(Duration::days(room.knows.rules.kind(kind, day)?.all_days()))?;
    Some((last, case.end_of(&room.knows.tables, last)))
}

/// Opens one, in the caller's transaction, which holds the application's run. Its time begins with its notice.
pub(super) async fn open(
    tx: &mut Tx,
    room: &Room,
    case: &Case,
    (person, kind): (RowId, Subject),
) -> Result<(), StoreError> {
    let now = tx.now();
    let no_rule = || StoreError::Refused(format!("no rule says how long a question about {} is open", kind.word()));
    let (last, due_at) = due(room, case, kind, now).ok_or_else(no_rule)?;
    let id = id_of(&["dmi", case.id(), &person.to_string(), kind.word()]);
    let opened = sqlx::query(
        "INSERT INTO dmi (id, application, owner, person, kind, state, closed_how, opened_at, noticed_at, due_at, due_day, \
         added_days, in_review, reminded, closed_at) \
         VALUES ($1, $2, $3, $4, $5, 'open', '', $6, NULL, $7, $8, 0, 0, 0, NULL) ON CONFLICT DO NOTHING",
    )
    .bind(id.as_str())
    .bind(case.id())
    .bind(case.owner.as_str())
    .bind(i64::from(person))
    .bind(kind.word())
    .bind(now)
    .bind(due_at)
    .bind(last.to_string())
    .execute(tx.conn())
    .await?;
    if opened.rows_affected() == 1 {
        carry::adopt(tx, case, (&id, person, kind)).await?;
        note(tx, &room.means, (Deed::DmiOpened, &Actor::Site), (&case.owner, &id)).await?;
    }
    Ok(())
}

pub(super) async fn note(
    tx: &mut Tx,
    means: &Means,
    (deed, actor): (Deed, &Actor),
    (owner, id): (&str, &str),
) -> Result<(), StoreError> {
    let record = format!("dmi:{id}");
    means.audit.append(tx, &Entry { actor, deed, owner, record: &record, session: "" }).await
}

/// Takes the application's run: one writer at a time, and whoever read before finds that something changed.
pub(super) async fn take_run(tx: &mut Tx, application: &str) -> Result<(), StoreError> {
    let taken = sqlx::query("UPDATE verification_run SET version = version + 1 WHERE application = $1");
    match taken.bind(application).execute(tx.conn()).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(StoreError::Stale),
    }
}

/// Closes one that was proved, in the caller's transaction: also one that had expired, for whoever proves it late. Puts
/// down the redetermination, whose notice says what it came to. `false`: it was closed before. After the commit,
/// [`ring`](crate::work::ring).
///
/// # Errors
///
/// If the store is away, or there is no such issue ([`StoreError::Stale`]).
pub async fn resolve(tx: &mut Tx, means: &Means, id: &str, by: (How, &Actor)) -> Result<bool, StoreError> {
    let Some((owner, application)) = close(tx, means, id, by).await? else { return Ok(false) };
    redetermine::put_down(tx, means, (&owner, &application), &format!("dmi_resolved:{id}")).await?;
    Ok(true)
}

/// The same without a redetermination: the caller puts one down for all that it closes. Whose, and of which application;
/// `None`: it was closed before.
pub(super) async fn close(
    tx: &mut Tx,
    means: &Means,
    id: &str,
    (how, actor): (How, &Actor),
) -> Result<Option<(String, String)>, StoreError> {
    let asked = sqlx::query_scalar("SELECT application FROM dmi WHERE id = $1");
    let application: Option<String> = asked.bind(id).fetch_optional(tx.conn()).await?;
    let application = application.ok_or(StoreError::Stale)?;
    take_run(tx, &application).await?;
    let (now, word) = (tx.now(), <&str>::from(how));
    let closed = sqlx::query_as(
        "UPDATE dmi SET state = 'resolved', closed_how = $2, closed_at = $3 WHERE id = $1 \
         AND state IN ('open', 'expired') RETURNING owner, person, kind",
    );
    let closed: Option<(String, i64, String)> = closed.bind(id).bind(word).bind(now).fetch_optional(tx.conn()).await?;
    let Some((owner, person, kind)) = closed else { return Ok(None) };
    sqlx::query("UPDATE verification SET state = 'resolved' WHERE application = $1 AND person = $2 AND subject = $3")
        .bind(application.as_str())
        .bind(person)
        .bind(kind)
        .execute(tx.conn())
        .await?;
    note(tx, means, (Deed::DmiClosed, actor), (&owner, id)).await?;
    Ok(Some((owner, application)))
}

/// A document for it was taken in: while an operator has not looked at it, the issue does not expire.
///
/// # Errors
///
/// If the store is away.
pub async fn received(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    let counted = sqlx::query("UPDATE dmi SET in_review = in_review + 1 WHERE id = $1");
    counted.bind(id).execute(tx.conn()).await?;
    Ok(())
}

/// An operator has looked at one of its documents, whatever came of it.
///
/// # Errors
///
/// If the store is away.
pub async fn reviewed(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    let counted = sqlx::query("UPDATE dmi SET in_review = in_review - 1 WHERE id = $1 AND in_review > 0");
    counted.bind(id).execute(tx.conn()).await?;
    Ok(())
}
