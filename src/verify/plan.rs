//! The first job after an application was sent: which checks it needs, a row for each, a job for each question.
//!
//! Put down by sending, in its own transaction ([`first`]); done by a worker at once. What no source can answer is opened
//! here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::carry;
use super::case::Case;
use super::check;
use super::facts::{self, Check, Start};
use super::rules::Subject;
use super::settle::{self, NoLonger, row_id};
use super::{Room, dmi};
use crate::application::sheet::RowId;
use crate::sealing::{DataKey, SealFault};
use crate::store::{Change, Millis, StoreError, Tx, columns};
use crate::types;
use crate::work::queue::Ready;
use crate::work::worker::Job;
use crate::work::{Handler, Hands, Kind, NewJob, Outcome, Repeats, enqueue, ring};

/// Works out what is checked of an application.
pub static VERIFY: Kind = Kind {
    name: "verify",
    max_attempts: 20,
    gives_up_after: None,
    pause: Duration::from_secs(30),
    pause_max: Duration::from_secs(3600),
    repeats: Repeats::AtLeastOnce,
};
/// Posts the notice about what has to be sent, when it has waited long enough for the last answer.
pub static NOTICE: Kind = Kind {
    name: "verify_notice",
    max_attempts: 20,
    gives_up_after: None,
    pause: Duration::from_secs(30),
    pause_max: Duration::from_secs(3600),
    repeats: Repeats::AtLeastOnce,
};
const HOUR: Millis = 3_600_000;
const HOURS: &str = "first_notice_hours";

/// What the jobs of this room carry: identifiers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub application: String,
    /// Of whom, where it is about one person; for income the first filer.
    #[serde(default)]
    pub person: RowId,
    /// How often a pending case was asked about.
    #[serde(default)]
    pub turn: u32,
}

/// The job that sending an application puts down, sealed before its transaction.
///
/// # Errors
///
/// If the system has no randomness.
pub fn first(key: &DataKey, (owner, application): (&str, &str)) -> Result<Ready, SealFault> {
    let about = About { application: application.to_string(), person: 0, turn: 0 };
    let (name, request_id) = (format!("verify:{application}"), types::request_id());
    NewJob { kind: &VERIFY, key: &name, owner, run_at: None, payload: &about, request_id: &request_id }.sealed(key)
}

/// Does `verify` and `verify_notice`.
pub struct Plans {
    pub room: Room,
}

#[async_trait]
impl Handler for Plans {
    async fn work(&self, job: &Job, _: &Hands) -> Outcome {
        let about: About = match job.said() {
            Ok(about) => about,
            Err(outcome) => return outcome,
        };
        let case = match open(&self.room, &job.held.owner, &about.application).await {
            Ok(case) => Arc::new(case),
            Err(outcome) => return outcome,
        };
        let room = self.room.clone();
        match job.held.kind == NOTICE.name {
            true => Outcome::done(NoLonger { room, case }),
            false => Outcome::done(Plan { room, case }),
        }
    }
}

/// The application of a job.
pub(super) async fn open(room: &Room, owner: &str, application: &str) -> Result<Case, Outcome> {
    let away = |error: StoreError| Outcome::Later(format!("the application cannot be read: {error}"));
    let mut connection = room.store.read().await.map_err(away)?;
    let found = Case::open(&mut connection, &room.means.vault, (owner, application)).await.map_err(away)?;
    found.ok_or(Outcome::Gone)
}

/// Writes the checks down, once.
struct Plan {
    room: Room,
    case: Arc<Case>,
}

impl Change for Plan {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (room, case, now) = (&self.room, &*self.case, tx.now());
        let knows = &room.knows;
        // By the rules of the day on which it was sent.
        let day = case.day(&knows.tables, case.application.submitted_at);
        let hours = knows.rules.time(HOURS, day).unwrap_or_default();
        let wait_until = now + hours * HOUR;
        let begun = sqlx::query(
            "INSERT INTO verification_run (application, owner, began_at, wait_until, done_at, version) \
             VALUES ($1, $2, $3, $4, NULL, 1) ON CONFLICT DO NOTHING",
        );
        let begun = begun.bind(case.id()).bind(case.owner.as_str()).bind(now).bind(wait_until);
        if begun.execute(tx.conn()).await?.rows_affected() == 0 {
            return Ok(());
        }
        let key = room.means.vault.open(tx.conn(), &case.owner).await?.ok_or(StoreError::Stale)?;
        let mut checks = facts::checks(case, &knows.tables, &knows.rules, day);
        if let Some(earlier) = &case.application.follows {
            checks = carried(tx, room, (case, &key), (earlier, checks)).await?;
        }
        for check in &checks {
            write(tx, room, (case, &key), check).await?;
        }
        let mut asked: Vec<(&'static Kind, RowId)> = Vec::new();
        for check in checks.iter().filter(|check| check.start == Start::Ask) {
            let job = (check::kind_of(check.subject), check.person);
            // One question to Social Security answers several.
            if !asked.contains(&job) {
                asked.push(job);
            }
        }
        for (kind, person) in asked {
            put_down(tx, room, case, (kind, About { application: case.id().to_string(), person, turn: 0 }, None))
                .await?;
        }
        let about = About { application: case.id().to_string(), person: 0, turn: 0 };
        put_down(tx, room, case, (&NOTICE, about, Some(wait_until))).await?;
        settle::finish(tx, room, case, wait_until).await?;
        ring();
        Ok(())
    }
}

/// The checks of a change that are left when it has taken over what stays as it was.
async fn carried(
    tx: &mut Tx,
    room: &Room,
    (case, key): (&Case, &DataKey),
    (earlier, checks): (&str, Vec<Check>),
) -> Result<Vec<Check>, StoreError> {
    let Some(mut earlier) = carry::take(tx, room, (case, key), earlier).await? else { return Ok(checks) };
    let mut left = Vec::new();
    for check in checks {
        if !earlier.carry(tx, room, (case, key), &check).await? {
            left.push(check);
        }
    }
    earlier.leave(tx, room).await?;
    Ok(left)
}

async fn write(tx: &mut Tx, room: &Room, (case, key): (&Case, &DataKey), check: &Check) -> Result<(), StoreError> {
    let (now, id) = (tx.now(), row_id(case, check.person, check.subject));
    let (state, because, answered) = match check.start {
        Start::Ask => ("waiting", "", None),
        Start::Prove(why) => ("inconsistent", why, Some(now)),
        Start::Accept(why) => ("verified", why, Some(now)),
    };
    let basis = key.seal_json(columns::VERIFICATION_ANSWER.at(&id, &case.owner), &json!({ "because": because }))?;
    sqlx::query(
        "INSERT INTO verification (id, application, owner, person, subject, state, service, answer, asked_at, answered_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(id)
    .bind(case.id())
    .bind(case.owner.as_str())
    .bind(i64::from(check.person))
    .bind(check.subject.word())
    .bind(state)
    .bind(check.service.as_str())
    .bind(basis)
    .bind(now)
    .bind(answered)
    .execute(tx.conn())
    .await?;
    match check.start {
        Start::Prove(_) => dmi::open(tx, room, case, (check.person, check.subject)).await,
        _ => Ok(()),
    }
}

/// A job of this room: its key is its kind, the application, the person and the turn.
pub(super) async fn put_down(
    tx: &mut Tx,
    room: &Room,
    case: &Case,
    (kind, about, run_at): (&'static Kind, About, Option<Millis>),
) -> Result<(), StoreError> {
    let key = format!("{}:{}:{}:{}", kind.name, about.application, about.person, about.turn);
    let (owner, request_id) = (case.owner.as_str(), types::request_id());
    let job = NewJob { kind, key: &key, owner, run_at, payload: &about, request_id: &request_id };
    enqueue(tx, &room.means.vault, &job).await.map(drop)
}

/// The subjects that one question to a service answers, of a person, that still wait.
pub(super) fn same_question(subject: Subject) -> &'static [Subject] {
    match subject {
        Subject::Ssn | Subject::Citizenship | Subject::Incarceration | Subject::Death => {
            &[Subject::Ssn, Subject::Citizenship, Subject::Incarceration, Subject::Death]
        }
        Subject::LawfulPresence => &[Subject::LawfulPresence],
        Subject::Income => &[Subject::Income],
        Subject::EmployerCoverage => &[Subject::EmployerCoverage],
        Subject::OtherCoverage => &[Subject::OtherCoverage],
        Subject::Tribe => &[Subject::Tribe],
    }
}
