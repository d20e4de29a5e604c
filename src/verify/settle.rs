//! Writing down what an answer came to: the check's state, a data-matching issue if it differs, and one notice about all of
//! an application when the last answer is there, or when it has waited long enough.
//!
//! Each change takes the application's run first, so that two workers that write the last two answers know of each other.

use std::sync::Arc;

use serde_json::Value;

use super::case::Case;
use super::dmi::{self, Dmi, How};
use super::rules::Subject;
use super::{Room, notice, words};
use crate::application::sheet::RowId;
use crate::sealing::DataKey;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::{Change, Millis, StoreError, Tx, columns};

/// What an answer means for one person and subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Verified,
    /// It differs, or nobody could say: documents are asked for.
    Inconsistent,
    /// The source is still looking.
    Pending,
    /// There is no answer that could be used, and none is needed.
    Withdrawn,
}

impl Verdict {
    pub(super) fn word(self) -> &'static str {
        match self {
            Verdict::Verified => "verified",
            Verdict::Inconsistent => "inconsistent",
            Verdict::Pending => "pending",
            Verdict::Withdrawn => "withdrawn",
        }
    }
}

/// A verdict and what it rests on. Has no `Debug`.
pub struct Found {
    pub person: RowId,
    pub subject: Subject,
    pub verdict: Verdict,
    /// Sealed: `{"because": …}` and what is needed later.
    pub basis: Value,
}

/// Writes answers down.
pub struct Settle {
    pub room: Room,
    pub case: Arc<Case>,
    pub found: Vec<Found>,
}

impl Change for Settle {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (room, case) = (&self.room, &*self.case);
        let wait_until = take(tx, case).await?;
        let key = room.means.vault.open(tx.conn(), &case.owner).await?.ok_or(StoreError::Stale)?;
        for found in &self.found {
            answered(tx, room, (case, &key), found).await?;
        }
        finish(tx, room, case, wait_until).await
    }
}

/// Takes the run of an application that is still its owner's; until when its notice waits.
pub(super) async fn take(tx: &mut Tx, case: &Case) -> Result<Millis, StoreError> {
    let taken = sqlx::query_scalar(
        "UPDATE verification_run SET version = version + 1 WHERE application = $1 AND owner = $2 RETURNING wait_until",
    );
    let taken: Option<Millis> = taken.bind(case.id()).bind(case.owner.as_str()).fetch_optional(tx.conn()).await?;
    taken.ok_or(StoreError::Stale)
}

pub(super) fn row_id(case: &Case, person: RowId, subject: Subject) -> String {
    super::id_of(&["verification", case.id(), &person.to_string(), subject.word()])
}

async fn answered(tx: &mut Tx, room: &Room, (case, key): (&Case, &DataKey), found: &Found) -> Result<(), StoreError> {
    let (now, id) = (tx.now(), row_id(case, found.person, found.subject));
    let answer = key.seal_json(columns::VERIFICATION_ANSWER.at(&id, &case.owner), &found.basis)?;
    let written = sqlx::query(
        "UPDATE verification SET state = $2, answer = $3, answered_at = $4 \
         WHERE id = $1 AND (state = 'waiting' OR (state = 'pending' AND $2 <> 'pending'))",
    )
    .bind(id.as_str())
    .bind(found.verdict.word())
    .bind(answer.as_slice())
    .bind(now)
    .execute(tx.conn())
    .await?;
    if written.rows_affected() == 0 && found.verdict == Verdict::Pending {
        // Still; by now under a number perhaps.
        let again = sqlx::query("UPDATE verification SET answer = $2 WHERE id = $1 AND state = 'pending'");
        again.bind(id.as_str()).bind(answer).execute(tx.conn()).await?;
        return Ok(());
    }
    if written.rows_affected() == 0 {
        // It was answered before. That it is so closes the question, however late.
        if found.verdict == Verdict::Verified {
            let all = dmi::of_application(tx.conn(), case.id()).await?;
            let open = all.iter().find(|dmi| (dmi.person, dmi.kind) == (found.person, found.subject) && dmi.is_open());
            if let Some(open) = open {
                dmi::resolve(tx, &room.means, &open.id, (How::Data, &Actor::Site)).await?;
            }
        }
        return Ok(());
    }
    let record = format!("verification:{id}");
    let entry = Entry { actor: &Actor::Site, deed: Deed::Checked, owner: &case.owner, record: &record, session: "" };
    room.means.audit.append(tx, &entry).await?;
    if found.verdict == Verdict::Inconsistent {
        dmi::open(tx, room, case, (found.person, found.subject)).await?;
    }
    Ok(())
}

/// When everything was answered, or the notice has waited long enough: one notice about what has to be sent.
pub(super) async fn finish(tx: &mut Tx, room: &Room, case: &Case, wait_until: Millis) -> Result<(), StoreError> {
    let now = tx.now();
    let asked = sqlx::query_scalar("SELECT count(*) FROM verification WHERE application = $1 AND state = 'waiting'");
    let waiting: i64 = asked.bind(case.id()).fetch_one(tx.conn()).await?;
    if waiting == 0 {
        let done = sqlx::query("UPDATE verification_run SET done_at = $2 WHERE application = $1 AND done_at IS NULL");
        done.bind(case.id()).bind(now).execute(tx.conn()).await?;
    }
    if waiting > 0 && now < wait_until {
        return Ok(());
    }
    let open: Vec<Dmi> = dmi::of_application(tx.conn(), case.id())
        .await?
        .into_iter()
        .filter(|dmi| dmi.is_open() && dmi.noticed_at.is_none())
        .collect();
    let Some(first) = open.first() else { return Ok(()) };
    let mut told = Vec::new();
    for dmi in &open {
        // The clock runs from the day of the notice.
        let (day, due_at) = dmi::due(room, case, dmi.kind, now).unwrap_or((dmi.due_day, dmi.due_at));
        let noticed = sqlx::query("UPDATE dmi SET noticed_at = $2, due_at = $3, due_day = $4 WHERE id = $1");
        let noticed = noticed.bind(dmi.id.as_str()).bind(now).bind(due_at).bind(day.to_string());
        noticed.execute(tx.conn()).await?;
        told.push(Dmi { noticed_at: Some(now), due_at, due_day: day, ..dmi.clone() });
    }
    let letter = words::opened(&room.knows, case, &told, now);
    // The first keeps the plain name; whatever turns up later has a notice of its own.
    if notice::post(tx, &room.means, case, "dmi_opened", &letter).await?.is_none() {
        notice::post(tx, &room.means, case, &format!("dmi_opened:{}", first.id), &letter).await?;
    }
    Ok(())
}

/// The notice has waited long enough.
pub struct NoLonger {
    pub room: Room,
    pub case: Arc<Case>,
}

impl Change for NoLonger {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let wait_until = take(tx, &self.case).await?;
        finish(tx, &self.room, &self.case, wait_until).await
    }
}
