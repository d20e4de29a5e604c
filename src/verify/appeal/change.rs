//! What happens to an appeal, each in one transaction with its row of the record and its notice: filed, withdrawn, decided.
//!
//! Called by the pages of people, and by the desk inside its own change. A notice has one appeal, whatever tab it is sent
//! from. After the commit, [`ring`](crate::work::ring).

use super::super::case::Case;
use super::super::dmi::{self, How};
use super::super::{Room, notice, redetermine};
use super::{Appeal, DECIDED, Decision, FILED, Outcome, Said, WITHDRAWN, Window, counted, id, one, words};
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::{Change, Millis, StoreError, Tx, columns};

/// Somebody appeals a notice.
pub struct File {
    pub room: Room,
    pub case: Case,
    pub notice: String,
    pub said: Said,
    pub window: Window,
    /// The start of the session's hash, for the record.
    pub session: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filed {
    Now(String),
    /// The notice was appealed before, from another tab or by a second press.
    Before(String),
    /// The last day has ended, and nothing says why it comes later.
    Late,
}

impl Change for File {
    type Done = Filed;

    async fn run(&self, tx: &mut Tx) -> Result<Filed, StoreError> {
        let (room, case, owner, now) = (&self.room, &self.case, self.case.owner.as_str(), tx.now());
        let id = id(&self.notice);
        if now >= self.window.ends_at && self.said.late.is_empty() {
            return Ok(Filed::Late);
        }
        let key = room.means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        let written = sqlx::query(
            "INSERT INTO appeal (id, owner, application, notice, body, filed_at, due_at, state, urgent, decide_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'filed', $8, $9) ON CONFLICT DO NOTHING",
        )
        .bind(id.as_str())
        .bind(owner)
        .bind(case.id())
        .bind(self.notice.as_str())
        .bind(key.seal_json(columns::APPEAL_BODY.at(&id, owner), &self.said)?)
        .bind(now)
        .bind(self.window.ends_at)
        .bind(i64::from(!self.said.urgent.is_empty()))
        .bind(decide_by(room, case, now)?)
        .execute(tx.conn())
        .await?;
        if written.rows_affected() == 0 {
            return Ok(Filed::Before(id));
        }
        let filed = one(tx.conn(), &room.means.vault, (owner, &id)).await?.ok_or(StoreError::Stale)?;
        let letter = words::filed(&room.knows, case, &filed);
        notice::post(tx, &room.means, case, &format!("appeal_filed:{id}"), &letter).await?;
        note(tx, room, (Deed::AppealFiled, &Actor::of_owner(owner)), (owner, &id, &self.session)).await?;
        if !self.said.kept.is_empty() {
            let cause = format!("appeal_kept:{id}");
            redetermine::put_down(tx, &room.means, (owner, case.id()), &cause).await?;
        }
        Ok(Filed::Now(id))
    }
}

/// The end of the last day for a decision.
fn decide_by(room: &Room, case: &Case, now: Millis) -> Result<Millis, StoreError> {
    let knows = &room.knows;
    let window = counted((&knows.tables, &knows.rules), case, ("appeal_decision_days", now));
    window.map(|window| window.ends_at).ok_or_else(|| StoreError::Refused("no rule says when".to_string()))
}

async fn note(
    tx: &mut Tx,
    room: &Room,
    (deed, actor): (Deed, &Actor),
    (owner, id, session): (&str, &str, &str),
) -> Result<(), StoreError> {
    let record = format!("appeal:{id}");
    room.means.audit.append(tx, &Entry { actor, deed, owner, record: &record, session }).await
}

/// Somebody takes an appeal back.
pub struct Withdraw {
    pub room: Room,
    pub case: Case,
    pub id: String,
    pub session: String,
}

impl Change for Withdraw {
    /// Whether it was still open.
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (room, case, owner, now) = (&self.room, &self.case, self.case.owner.as_str(), tx.now());
        let closed = sqlx::query(
            "UPDATE appeal SET state = $1, closed_at = $2, taken_by = NULL, taken_at = NULL \
             WHERE id = $3 AND owner = $4 AND state = 'filed'",
        );
        let closed = closed.bind(WITHDRAWN).bind(now).bind(self.id.as_str()).bind(owner).execute(tx.conn()).await?;
        if closed.rows_affected() == 0 {
            return Ok(false);
        }
        let appeal = one(tx.conn(), &room.means.vault, (owner, &self.id)).await?.ok_or(StoreError::Stale)?;
        let letter = words::withdrawn(&room.knows, case, &appeal, now);
        notice::post(tx, &room.means, case, &format!("appeal_withdrawn:{}", self.id), &letter).await?;
        note(tx, room, (Deed::AppealWithdrawn, &Actor::of_owner(owner)), (owner, &self.id, &self.session)).await?;
        if !appeal.said.kept.is_empty() {
            let cause = format!("appeal_over:{}", self.id);
            redetermine::put_down(tx, &room.means, (owner, case.id()), &cause).await?;
        }
        Ok(true)
    }
}

/// Decides an open appeal, in the caller's transaction: closes the issues that the decision takes as proved, tells the
/// person, and has the engine asked again if that changes what it is asked with. `false`: it was closed before.
///
/// # Errors
///
/// If the store is away, the owner is another by now, or an issue is not of this application ([`StoreError::Stale`]).
pub async fn decide(
    tx: &mut Tx,
    (room, case): (&Room, &Case),
    (id, decision): (&str, &Decision),
    (actor, session): (&Actor, &str),
) -> Result<bool, StoreError> {
    let (owner, now) = (case.owner.as_str(), tx.now());
    // Taken first, so that of two who decide the second finds it closed.
    let closed = sqlx::query(
        "UPDATE appeal SET state = $1, closed_at = $2, taken_by = NULL, taken_at = NULL \
         WHERE id = $3 AND owner = $4 AND state = $5",
    );
    let closed = closed.bind(DECIDED).bind(now).bind(id).bind(owner).bind(FILED).execute(tx.conn()).await?;
    if closed.rows_affected() == 0 {
        return Ok(false);
    }
    let key = room.means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
    let mut appeal: Appeal = one(tx.conn(), &room.means.vault, (owner, id)).await?.ok_or(StoreError::Stale)?;
    appeal.said.decision = Some(decision.clone());
    let body = key.seal_json(columns::APPEAL_BODY.at(id, owner), &appeal.said)?;
    sqlx::query("UPDATE appeal SET body = $1 WHERE id = $2").bind(body).bind(id).execute(tx.conn()).await?;
    for issue in &decision.proved {
        let of = dmi::one(tx.conn(), issue).await?.filter(|dmi| dmi.application == case.id());
        of.ok_or(StoreError::Stale)?;
        dmi::close(tx, &room.means, issue, (How::Appeal, actor)).await?;
    }
    let letter = words::decided(&room.knows, case, &appeal, now);
    notice::post(tx, &room.means, case, &format!("appeal_decided:{id}"), &letter).await?;
    note(tx, room, (Deed::AppealDecided, actor), (owner, id, session)).await?;
    let ends_what_was_kept = decision.reason.outcome() != Outcome::Changed && !appeal.said.kept.is_empty();
    if !decision.proved.is_empty() || ends_what_was_kept {
        redetermine::put_down(tx, &room.means, (owner, case.id()), &format!("appeal:{id}")).await?;
    }
    Ok(true)
}
