//! The clock of data-matching issues: reminders at the marks of the rules, and what happens when the last day is over.
//!
//! Carried out once a day by every process of `serve`, and by `windowshop retention`. Two that run at once find less to do:
//! each step says in its `WHERE` that it has not been done. Days are the household's state's own, moments the store's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::case::Case;
use super::dmi::{self, Dmi, NOTHING_CAME};
use super::{Room, notice, redetermine, words};
use crate::account::retention::DAY;
use crate::store::audit::{Actor, Deed};
use crate::store::{Change, Millis, StoreError, Tx};
use crate::work::ring;

/// Issues looked at in one go.
const BATCH: i64 = 200;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Notices that remind of something.
    pub reminders: u64,
    /// Issues whose time was over.
    pub expired: u64,
}

/// Reminds and expires, at this moment of the store.
///
/// # Errors
///
/// If the store is away. What was done before that is done.
pub async fn carry_out(room: &Room) -> Result<Report, StoreError> {
    let now = room.store.now().await?;
    let report = Report { expired: expire(room, now).await?, reminders: remind(room, now).await? };
    if report != Report::default() {
        ring();
    }
    Ok(report)
}

/// An application with its owner, and which of its issues are meant.
type Groups = BTreeMap<(String, String), Vec<String>>;

fn grouped(rows: Vec<(String, String, String)>, failed: &BTreeSet<String>) -> Groups {
    let mut groups = Groups::new();
    for (id, application, owner) in rows.into_iter().filter(|(_, application, _)| !failed.contains(application)) {
        groups.entry((owner, application)).or_default().push(id);
    }
    groups
}

async fn expire(room: &Room, now: Millis) -> Result<u64, StoreError> {
    let (mut expired, mut failed) = (0, BTreeSet::new());
    loop {
        let mut connection = room.store.read().await?;
        let asked = sqlx::query_as(
            "SELECT id, application, owner FROM dmi WHERE state = 'open' AND noticed_at IS NOT NULL AND in_review = 0 \
             AND due_at <= $1 ORDER BY due_at LIMIT $2",
        );
        let rows: Vec<(String, String, String)> = asked.bind(now).bind(BATCH).fetch_all(&mut *connection).await?;
        drop(connection);
        let groups = grouped(rows, &failed);
        if groups.is_empty() {
            return Ok(expired);
        }
        for ((owner, application), ids) in groups {
            let change = Expire { room: room.clone(), owner, application: application.clone(), ids };
            match room.store.begin_long_write(change).await {
                Ok(count) => expired += count,
                Err(StoreError::Away(why)) => return Err(StoreError::Away(why)),
                // One application's trouble is nobody else's.
                Err(error) => {
                    tracing::error!(%error, "an issue whose time is over could not be closed");
                    failed.insert(application);
                }
            }
        }
    }
}

/// All of an application whose time is over: one decision and one notice.
struct Expire {
    room: Room,
    owner: String,
    application: String,
    ids: Vec<String>,
}

impl Change for Expire {
    type Done = u64;

    async fn run(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        dmi::take_run(tx, &self.application).await?;
        let (now, mut first, mut count) = (tx.now(), None, 0);
        for id in &self.ids {
            let closed = sqlx::query_as(
                "UPDATE dmi SET state = 'expired', closed_how = $2, closed_at = $3 WHERE id = $1 AND state = 'open' \
                 AND in_review = 0 AND due_at <= $3 RETURNING person, kind",
            );
            let closed: Option<(i64, String)> =
                closed.bind(id.as_str()).bind(NOTHING_CAME).bind(now).fetch_optional(tx.conn()).await?;
            let Some((person, kind)) = closed else { continue };
            let check = sqlx::query(
                "UPDATE verification SET state = 'expired' WHERE application = $1 AND person = $2 AND subject = $3",
            );
            check.bind(self.application.as_str()).bind(person).bind(kind).execute(tx.conn()).await?;
            dmi::note(tx, &self.room.means, (Deed::DmiExpired, &Actor::Site), (&self.owner, id)).await?;
            first.get_or_insert(id);
            count += 1;
        }
        if let Some(first) = first {
            let of = (self.owner.as_str(), self.application.as_str());
            redetermine::put_down(tx, &self.room.means, of, &format!("dmi_expired:{first}")).await?;
        }
        Ok(count)
    }
}

async fn remind(room: &Room, now: Millis) -> Result<u64, StoreError> {
    let (mut reminded, mut failed) = (0, BTreeSet::new());
    // The rules of the day in the East, where it begins first: a mark is a day and no deadline.
    let day = room.knows.tables.days(None, super::moment(now)).own;
    let marks = room.knows.rules.marks(day);
    // The nearest mark first: who has not been told of an earlier one is told once.
    for mark in marks.iter().rev() {
        let left = mark.days * DAY;
        loop {
            let mut connection = room.store.read().await?;
            let asked = sqlx::query_as(
                "SELECT id, application, owner FROM dmi WHERE state = 'open' AND due_at > $1 AND due_at <= $2 \
                 AND due_at - noticed_at > $3 AND (reminded = 0 OR reminded > $4) ORDER BY due_at LIMIT $5",
            );
            // The notice names a day, which ends hours after the moment at which it was posted: a mark of as many days
            // as there are in all has been told by it.
            let asked = asked.bind(now).bind(now + left).bind(left + DAY).bind(mark.days).bind(BATCH);
            let rows: Vec<(String, String, String)> = asked.fetch_all(&mut *connection).await?;
            drop(connection);
            let groups = grouped(rows, &failed);
            if groups.is_empty() {
                break;
            }
            for ((owner, application), ids) in groups {
                match one(room, (&owner, &application), (ids, mark.days)).await {
                    Ok(done) => reminded += u64::from(done),
                    Err(StoreError::Away(why)) => return Err(StoreError::Away(why)),
                    Err(error) => {
                        tracing::error!(%error, "somebody could not be reminded");
                        failed.insert(application);
                    }
                }
            }
        }
    }
    Ok(reminded)
}

async fn one(
    room: &Room,
    (owner, application): (&str, &str),
    (ids, mark): (Vec<String>, i64),
) -> Result<bool, StoreError> {
    let mut connection = room.store.read().await?;
    let case = Case::open(&mut connection, &room.means.vault, (owner, application)).await?;
    drop(connection);
    let Some(case) = case else { return Err(StoreError::Stale) };
    room.store.begin_long_write(Remind { room: room.clone(), case: Arc::new(case), ids, mark }).await
}

/// One notice about all of an application that is due at a mark.
struct Remind {
    room: Room,
    case: Arc<Case>,
    ids: Vec<String>,
    mark: i64,
}

impl Change for Remind {
    /// Whether anything was told.
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (case, now) = (&*self.case, tx.now());
        dmi::take_run(tx, case.id()).await?;
        let mut due: Vec<Dmi> = Vec::new();
        for id in &self.ids {
            let told = sqlx::query(
                "UPDATE dmi SET reminded = $2 WHERE id = $1 AND state = 'open' AND (reminded = 0 OR reminded > $2)",
            );
            if told.bind(id.as_str()).bind(self.mark).execute(tx.conn()).await?.rows_affected() == 1 {
                due.extend(dmi::one(tx.conn(), id).await?);
            }
        }
        let Some(first) = due.first() else { return Ok(false) };
        let kind = format!("dmi_reminder:{}:{}", first.id, self.mark);
        let letter = words::reminder(&self.room.knows, case, &due, now);
        Ok(notice::post(tx, &self.room.means, case, &kind, &letter).await?.is_some())
    }
}
