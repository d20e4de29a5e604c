//! Sending: the handler of the jobs `transfer`. First a transfer is written, checked and laid beside the folder; then, in a job
//! of its own, it is let in. A worker that dies between any two steps leaves one file and one step each.
//!
//! What breaks a rule is never sent: the job is dead with the rule's name, and an operator sees it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::AnyConnection;

use super::facts::{self, Facts, Program, Verified, referred};
use super::folder::Folder;
use super::record::{self, NewTransfer, OUT, note};
use super::rules::{self, Of};
use super::steps::{self, DENIED, DETERMINED, FAILED, MADE, REFUSED, REJECTED, SENT, Step};
use super::xml;
use super::{RESENT, Said, TRANSFER, codes, json, transfer_id, write};
use crate::application::record::{Application, follows, in_force, last_year};
use crate::application::sheet::{HOUSEHOLD, RowId};
use crate::eligibility::State;
use crate::store::audit::{Actor, Deed};
use crate::store::vault::Vault;
use crate::store::{Change, Millis, StoreError, Tx};
use crate::types::{CountyFips, request_id};
use crate::verify::case::Case;
use crate::verify::{Room, moment};
use crate::work::held::NoEffect;
use crate::work::worker::{Job, words};
use crate::work::{Handler, Hands, NewJob, Outcome, enqueue};

/// While another host has the folder.
const ELSEWHERE: Duration = Duration::from_secs(30);

/// Does the jobs.
pub struct Sends {
    pub room: Room,
    pub folder: Folder,
    /// A county's name by its code, for what was frozen before the name was kept with it.
    pub county_name: fn(CountyFips) -> Option<&'static str>,
}

#[async_trait]
impl Handler for Sends {
    async fn work(&self, job: &Job, _: &Hands) -> Outcome {
        let said = match job.said() {
            Ok(said) => said,
            Err(outcome) => return outcome,
        };
        let done = match said {
            Said::Make { application, cause } => self.make(job, &application, &cause).await,
            Said::Out { transfer, place } => self.out(job, &transfer, &place).await,
        };
        done.unwrap_or_else(|fault| match fault {
            Fault::Store(error) => Outcome::Later(words(&error).to_string()),
            Fault::Folder(error) => {
                Outcome::Later(format!("the folder of transfers cannot be written ({})", error.kind()))
            }
        })
    }
}

enum Fault {
    Store(StoreError),
    Folder(io::Error),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        Fault::Store(error)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Folder(error)
    }
}

/// `1:medicaid,2:chip,3:ended`
fn people(referred: &[(RowId, Program)], ended: &[(RowId, Program)]) -> String {
    let referred = referred.iter().map(|(row, program)| format!("{row}:{}", program.word()));
    referred.chain(ended.iter().map(|(row, _)| format!("{row}:ended"))).collect::<Vec<_>>().join(",")
}

impl Sends {
    async fn make(&self, job: &Job, application: &str, cause: &str) -> Result<Outcome, Fault> {
        let owner = job.held.owner.as_str();
        let mut connection = self.room.store.read().await?;
        let vault = &self.room.means.vault;
        let Some(case) = Case::open(&mut connection, vault, (owner, application)).await? else {
            return Ok(Outcome::Gone);
        };
        let before = record::of_application(&mut connection, (owner, application)).await?;
        let nothing = Ok(Outcome::Done(Arc::new(NoEffect)));
        if before.iter().any(|own| own.cause == cause) {
            return nothing;
        }
        let today = case.day(&self.room.knows.tables, job.held.made_at);
        let of = (&case, today.year());
        let (household, determination) = decided(&mut connection, vault, of).await?;
        let referred = referred(&determination, case.said("full_medicaid", HOUSEHOLD, "yes"));
        let resent = cause.starts_with(RESENT);
        let mut ended = ended(&mut connection, (&before, resent), &referred).await?;
        // In a transfer there are referrals of applicants alone: who does not apply any more cannot be told of.
        ended.retain(|(person, _)| facts::applies(&determination, *person));
        let stuck = |last: &record::Line| [FAILED, REFUSED, REJECTED].contains(&last.status.as_str());
        // Nobody to tell of, or the agency has all of it already.
        let has = before.last().is_some_and(|last| last.referred() == referred && !stuck(last));
        if ended.is_empty() && (referred.is_empty() || (has && !resent)) {
            return nothing;
        }
        let Some(state) = determination["state"].as_str().and_then(State::parse) else {
            return Ok(Outcome::dead("its determination names no state"));
        };
        let earlier = earlier(&mut connection, (owner, &case.application), &referred).await?;
        let number = before.iter().chain(&earlier).map(|own| own.number).max().unwrap_or(0) + 1;
        let facts = Facts {
            transfer: transfer_id(application, cause),
            number,
            made_at: job.held.made_at,
            reference: case.application.reference.clone(),
            created_at: begun_at(&mut connection, &case.application).await?,
            submitted_at: case.application.submitted_at,
            state: state.code().to_string(),
            county: self.county(&case, &household),
            answers: case.application.frozen.answers.clone(),
            household,
            determination,
            verified: verified(&mut connection, application).await?,
            ended,
        };
        drop(connection);
        let manner = codes::manner(state.code(), moment(job.held.made_at).date());
        let tree = write::transfer(&facts, manner);
        let mut made = Made {
            room: self.room.clone(),
            id: facts.transfer.clone(),
            owner: owner.to_string(),
            application: application.to_string(),
            state: state.code().to_string(),
            number,
            cause: cause.to_string(),
            people: people(&referred, &facts.ended),
            status: MADE,
            code: String::new(),
            xml: xml::write(&tree, manner.soap),
            place: String::new(),
        };
        if let Some(first) = rules::faults(&tree, Of::Ours).first() {
            let why = format!("the transfer breaks a rule, {first}: nothing was sent");
            (made.status, made.code) = (FAILED, first.rule.to_string());
            return Ok(Outcome::Dead(why, Arc::new(made)));
        }
        let json = serde_json::to_string_pretty(&json::write(&tree)).map_err(io::Error::from)?;
        made.place = self.folder.place().await?;
        self.folder.stage(state.code(), &name(&facts.transfer, number), (&made.xml, &json)).await?;
        Ok(Outcome::done(made))
    }

    /// The county of the home by name: as it was frozen, or by its code.
    fn county(&self, case: &Case, household: &Value) -> String {
        let frozen = &case.application.frozen.county;
        let by_code = || CountyFips::parse(household["county_fips"].as_str()?).and_then(self.county_name);
        if frozen.is_empty() { by_code().unwrap_or_default().to_string() } else { frozen.clone() }
    }

    async fn out(&self, job: &Job, transfer: &str, place: &str) -> Result<Outcome, Fault> {
        let owner = job.held.owner.as_str();
        let mut connection = self.room.store.read().await?;
        let Some(line) = record::find(&mut connection, transfer).await?.filter(|line| line.owner == owner) else {
            return Ok(Outcome::Gone);
        };
        let vault = &self.room.means.vault;
        let Some(case) = Case::open(&mut connection, vault, (owner, &line.application)).await? else {
            return Ok(Outcome::Gone);
        };
        drop(connection);
        if self.folder.place().await? != place {
            return Ok(Outcome::Postpone(ELSEWHERE, "it lies beside the folder of another host".to_string()));
        }
        self.folder.release(&line.state, &name(transfer, line.number)).await?;
        Ok(Outcome::done(Released { room: self.room.clone(), line, case }))
    }
}

/// Of its two files.
pub fn name(transfer: &str, number: i64) -> String {
    format!("{transfer}-{number:03}")
}

/// Written and checked: on record, with the job that lets it into the folder.
struct Made {
    room: Room,
    id: String,
    owner: String,
    application: String,
    state: String,
    number: i64,
    cause: String,
    people: String,
    status: &'static str,
    code: String,
    xml: String,
    place: String,
}

impl Change for Made {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let vault = &self.room.means.vault;
        let row = NewTransfer {
            id: &self.id,
            direction: OUT,
            owner: &self.owner,
            application: &self.application,
            state: &self.state,
            number: self.number,
            cause: &self.cause,
            about: "",
            people: &self.people,
            status: self.status,
            body: self.xml.as_bytes(),
            code: &self.code,
        };
        if !row.insert(tx, vault).await? {
            return Ok(());
        }
        let now = tx.now();
        let line = record::find(tx.conn(), &self.id).await?.ok_or(StoreError::Stale)?;
        let case = Case::open(tx.conn(), vault, (&self.owner, &self.application)).await?.ok_or(StoreError::Stale)?;
        steps::put(tx, &self.room, (&line, &case), &[Step::of_all(self.status, now, &self.code)]).await?;
        if self.status == FAILED {
            return Ok(());
        }
        let said = Said::Out { transfer: self.id.clone(), place: self.place.clone() };
        let (key, owner, request_id) = (format!("transfer:{}:out", self.id), &self.owner, request_id());
        let job = NewJob { kind: &TRANSFER, key: &key, owner, run_at: None, payload: &said, request_id: &request_id };
        enqueue(tx, vault, &job).await.map(drop)
    }
}

/// It lies in the folder.
struct Released {
    room: Room,
    line: record::Line,
    case: Case,
}

impl Change for Released {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let now = tx.now();
        let new = steps::put(tx, &self.room, (&self.line, &self.case), &[Step::of_all(SENT, now, "")]).await?;
        if new == 0 {
            return Ok(());
        }
        note(tx, &self.room, (Deed::TransferSent, &Actor::Site), &self.line).await
    }
}

/// The household and determination that an agency has to know of: those that hold in the year that it is. What was determined for
/// a year that has not begun counts before if it refers more people and takes nobody back: an agency needs its time, and nobody
/// loses what holds until then.
async fn decided(
    connection: &mut AnyConnection,
    vault: &Vault,
    (case, this_year): (&Case, i32),
) -> Result<(Value, Value), StoreError> {
    let (owner, application) = (case.owner.as_str(), &case.application);
    let key = vault.open(connection, owner).await?.ok_or(StoreError::Stale)?;
    let last = last_year(connection, application).await?;
    let later = in_force(connection, &key, (owner, application), last).await?;
    if last == application.year() || last <= this_year {
        return Ok((later.household, later.determination));
    }
    let own = in_force(connection, &key, (owner, application), application.year()).await?;
    let full = case.said("full_medicaid", HOUSEHOLD, "yes");
    let (now, then) = (referred(&own.determination, full), referred(&later.determination, full));
    let more = then.len() > now.len() && now.iter().all(|one| then.contains(one));
    let counts = if more { later } else { own };
    Ok((counts.household, counts.determination))
}

/// What was sent of the same people for the applications that this one is a change of: what we send now updates it.
async fn earlier(
    connection: &mut AnyConnection,
    (owner, application): (&str, &Application),
    referred: &[(RowId, Program)],
) -> Result<Vec<record::Line>, StoreError> {
    let (mut found, mut next) = (Vec::new(), application.follows.clone());
    while let Some(id) = next {
        let lines = record::of_application(&mut *connection, (owner, &id)).await?;
        let same =
            |line: &record::Line| line.referred().iter().any(|(own, _)| referred.iter().any(|(row, _)| row == own));
        found.extend(lines.into_iter().filter(|line| line.status != FAILED && same(line)));
        next = follows(&mut *connection, (owner, &id)).await?;
    }
    Ok(found)
}

/// When it was begun; a draft that is gone was begun when it was sent, at the latest.
async fn begun_at(connection: &mut AnyConnection, application: &Application) -> Result<Millis, StoreError> {
    let asked =
        sqlx::query_scalar("SELECT made_at FROM draft WHERE id IN (SELECT draft FROM application WHERE id = $1)");
    let found: Option<Millis> = asked.bind(application.id.as_str()).fetch_optional(connection).await?;
    Ok(found.unwrap_or(application.submitted_at))
}

/// Whom an agency has from us, undecided, and who is not referred any more. `before`: what was sent, the oldest first; `resent`:
/// the last of it is written again, so that what counts is what the agency had before that.
async fn ended(
    connection: &mut AnyConnection,
    (before, resent): (&[record::Line], bool),
    referred: &[(RowId, Program)],
) -> Result<Vec<(RowId, Program)>, StoreError> {
    let before = &before[..before.len() - usize::from(resent && !before.is_empty())];
    // What never arrived there needs no taking back.
    let arrived = |line: &&record::Line| ![FAILED, REFUSED].contains(&line.status.as_str());
    let Some(last) = before.iter().rev().find(arrived) else { return Ok(Vec::new()) };
    let steps = record::steps(connection, &last.id).await?;
    // The agency has decided about them, or has sent them back.
    let closed = |person: RowId| {
        let own = steps.iter().filter(|own| own.person == person || own.person == HOUSEHOLD);
        steps::counts(own).is_some_and(|own| [REJECTED, DETERMINED, DENIED].contains(&own.step.as_str()))
    };
    let mut all = last.referred();
    all.retain(|(person, _)| !closed(*person) && !referred.iter().any(|(own, _)| own == person));
    Ok(all)
}

/// How far each check has come.
async fn verified(connection: &mut AnyConnection, application: &str) -> Result<Vec<Verified>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT person, subject, state, answered_at, asked_at FROM verification WHERE application = $1 ORDER BY person",
    );
    type Row = (i64, String, String, Option<Millis>, Option<Millis>);
    let found: Vec<Row> = asked.bind(application).fetch_all(connection).await?;
    let mut all: Vec<Verified> = found
        .into_iter()
        .filter_map(|(person, subject, state, answered, asked)| {
            let at = answered.or(asked)?;
            Some(Verified { person: RowId::try_from(person).ok()?, subject, state, at })
        })
        .collect();
    // The store sorts numbers alone.
    all.sort_by(|one, other| (one.person, &one.subject).cmp(&(other.person, &other.subject)));
    Ok(all)
}
