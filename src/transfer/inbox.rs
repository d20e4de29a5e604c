//! Reading what states have laid into the folder: answers to transfers of ours, and people whom an agency sends here.
//!
//! Called once a minute by `serve`, and by `windowshop transfer read`. A file is in the store, or refused, before it leaves
//! the folder; the same file again changes nothing, and whatever order files come in, the outcome is the same. What is
//! refused is kept for an operator, counted, and stops nothing else. Nobody is matched by a name.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::draft::Begin;
use super::folder::{self, Folder, Incoming};
use super::receive::{self, Message, Referral, Request, Status};
use super::record::{self, IN, Line, NewTransfer, note};
use super::steps::{self, ACCEPTED, ACKNOWLEDGED, DENIED, DETERMINED, REFUSED, REJECTED, Step};
use super::xml::Refused;
use super::{of_referral, xml};
use crate::application::sheet::{HOUSEHOLD, RowId};
use crate::store::audit::{Actor, Deed};
use crate::store::vault::SITE;
use crate::store::{Change, Millis, StoreError, Tx};
use crate::verify::aside::Aside;
use crate::verify::case::Case;
use crate::verify::{Room, id_of};
use crate::work::ring;

/// What came of files, since the process started.
#[derive(Debug, Default)]
pub struct Counts {
    taken: AtomicU64,
    doubled: AtomicU64,
    refused: AtomicU64,
}

impl Counts {
    const fn new() -> Counts {
        Counts { taken: AtomicU64::new(0), doubled: AtomicU64::new(0), refused: AtomicU64::new(0) }
    }

    /// `taken`, `doubled`, `refused`, each with its number.
    pub fn all(&self) -> [(&'static str, u64); 3] {
        [("taken", &self.taken), ("doubled", &self.doubled), ("refused", &self.refused)]
            .map(|(name, count)| (name, count.load(Ordering::Relaxed)))
    }
}

/// Of this process.
pub static COUNTS: Counts = Counts::new();

/// What came of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// With what it was, in our own words.
    Taken(String),
    /// It was here before: nothing was changed.
    Doubled,
    /// With the line and the reason.
    Refused(String),
    /// Another process was faster.
    Gone,
}

/// Of a round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    pub taken: u64,
    pub doubled: u64,
    pub refused: u64,
}

/// Reads everything that lies in the folder.
///
/// # Errors
///
/// If the store or the folder is away. What was read before is done.
pub async fn read_all(room: &Room, folder: &Folder) -> anyhow::Result<Report> {
    let mut report = Report::default();
    for path in folder.incoming().await? {
        match read_one(room, folder, (&path, None), true).await? {
            Read::Taken(_) => report.taken += 1,
            Read::Doubled => report.doubled += 1,
            Read::Refused(_) => report.refused += 1,
            Read::Gone => {}
        }
    }
    Ok(report)
}

/// Reads one file. `clear`: it leaves the folder afterwards.
///
/// # Errors
///
/// If the store or the file is away; then nothing has happened to either.
pub async fn read_one(
    room: &Room,
    folder: &Folder,
    (path, state): (&Path, Option<&str>),
    clear: bool,
) -> anyhow::Result<Read> {
    let Some(file) = folder::open(path, state).await? else { return Ok(Read::Gone) };
    let read = judge(room, &file).await?;
    match &read {
        Read::Taken(what) => tracing::info!(state = %file.state, what, "a file of a state was taken"),
        Read::Doubled => tracing::info!(state = %file.state, "a file of a state was here before"),
        Read::Refused(why) => tracing::warn!(state = %file.state, why, "a file of a state was refused and kept aside"),
        Read::Gone => {}
    }
    if clear {
        folder.done(&file, matches!(read, Read::Refused(_))).await?;
    }
    let count = match read {
        Read::Taken(_) => &COUNTS.taken,
        Read::Doubled => &COUNTS.doubled,
        Read::Refused(_) => &COUNTS.refused,
        Read::Gone => return Ok(read),
    };
    count.fetch_add(1, Ordering::Relaxed);
    Ok(read)
}

async fn judge(room: &Room, file: &Incoming) -> Result<Read, StoreError> {
    let came = match receive::read(&file.bytes, (&file.state, &file.name)) {
        Ok(Message::Response { transfer, code, taken }) => {
            let answered = Responded { room: room.clone(), state: file.state.clone(), transfer, code, taken };
            room.store.begin_write(answered).await?
        }
        Ok(Message::Request(request)) => requested(room, file, *request).await?,
        Err(refused) => Came::Refused(refused),
    };
    ring();
    match came {
        Came::Taken(what) => Ok(Read::Taken(what.to_string())),
        Came::Doubled => Ok(Read::Doubled),
        Came::Refused(refused) => {
            let reason = refused.to_string();
            let length = file.length.to_string();
            let bytes = crate::types::hex(&sha2::Digest::finalize(sha2::Digest::chain_update(
                <sha2::Sha256 as sha2::Digest>::new(),
                &file.bytes,
            )));
            let aside = Aside {
                means: room.means.clone(),
                id: id_of(&["state", &file.state, &length, &bytes]),
                source: "state",
                owner: SITE.to_string(),
                reason: format!("{}: {reason}", file.state),
                body: file.bytes.clone(),
            };
            room.store.begin_write(aside).await?;
            Ok(Read::Refused(reason))
        }
    }
}

/// What a change made of a file.
enum Came {
    Taken(&'static str),
    Doubled,
    Refused(Refused),
}

fn refused(why: &str) -> Result<Came, StoreError> {
    Ok(Came::Refused(Refused::whole(why)))
}

/// A system has answered a transfer of ours: it has it, or will not have it.
struct Responded {
    room: Room,
    state: String,
    transfer: String,
    code: String,
    taken: bool,
}

impl Change for Responded {
    type Done = Came;

    async fn run(&self, tx: &mut Tx) -> Result<Came, StoreError> {
        let line = match ours(tx, &self.transfer, &self.state).await? {
            Ok(line) => line,
            Err(why) => return refused(why),
        };
        let Some(case) = Case::open(tx.conn(), &self.room.means.vault, (&line.owner, &line.application)).await? else {
            return refused("about a transfer whose owner is gone");
        };
        let now = tx.now();
        let (step, code) = if self.taken { (ACKNOWLEDGED, "") } else { (REFUSED, self.code.as_str()) };
        if steps::put(tx, &self.room, (&line, &case), &[Step::of_all(step, now, code)]).await? == 0 {
            return Ok(Came::Doubled);
        }
        note(tx, &self.room, (Deed::TransferAnswered, &Actor::Site), &line).await?;
        Ok(Came::Taken(if self.taken { "an acknowledgment" } else { "a refusal by the agency's system" }))
    }
}

/// A transfer that we sent to this state.
async fn ours(tx: &mut Tx, transfer: &str, state: &str) -> Result<Result<Line, &'static str>, StoreError> {
    let Some(line) = record::find(tx.conn(), transfer).await?.filter(|line| line.direction == record::OUT) else {
        return Ok(Err("about a transfer that this site never sent"));
    };
    if line.state != state {
        return Ok(Err("about a transfer that went to another state"));
    }
    Ok(Ok(line))
}

async fn requested(room: &Room, file: &Incoming, request: Request) -> Result<Came, StoreError> {
    let (room, state) = (room.clone(), file.state.clone());
    let known: Vec<Option<(String, RowId)>> =
        request.referrals.iter().map(|own| of_referral(&own.id).map(|(id, row)| (id.to_string(), row))).collect();
    let begun = request.referrals.iter().any(|own| own.status == Status::Initiated);
    let body = xml::write(&request.tree, false).into_bytes();
    if known.iter().any(Option::is_some) {
        let first = known.iter().flatten().next().map(|(id, _)| id.clone()).unwrap_or_default();
        if known.iter().any(|own| own.as_ref().is_none_or(|(id, _)| *id != first)) {
            return refused("its referrals are of more than one transfer");
        }
        let rows = known.into_iter().flatten().map(|(_, row)| row).collect();
        return room.store.clone().begin_write(Answered { room, state, transfer: first, rows, request, body }).await;
    }
    if !begun {
        return refused("about a referral that this site never sent");
    }
    let begin = Begin::new(room.clone(), state, request, body)?;
    match room.store.begin_write(begin).await? {
        super::draft::Begun::Draft => Ok(Came::Taken("people whom an agency sends here")),
        super::draft::Begun::Returned => Ok(Came::Taken("an application of ours that an agency sends back")),
        super::draft::Begun::Doubled => Ok(Came::Doubled),
        super::draft::Begun::Refused(why) => refused(why),
    }
}

/// An agency says what became of our referrals.
struct Answered {
    room: Room,
    state: String,
    transfer: String,
    /// The people of the referrals, in their order.
    rows: Vec<RowId>,
    request: Request,
    body: Vec<u8>,
}

impl Change for Answered {
    type Done = Came;

    async fn run(&self, tx: &mut Tx) -> Result<Came, StoreError> {
        let line = match ours(tx, &self.transfer, &self.state).await? {
            Ok(line) => line,
            Err(why) => return refused(why),
        };
        let vault = &self.room.means.vault;
        let Some(case) = Case::open(tx.conn(), vault, (&line.owner, &line.application)).await? else {
            return refused("about a transfer whose owner is gone");
        };
        if self.request.references.iter().any(|own| *own != case.application.reference) {
            return refused("names another application than its referral");
        }
        let referred = line.referrals();
        let mut told = Vec::new();
        for (row, own) in self.rows.iter().zip(&self.request.referrals) {
            if !referred.contains(row) {
                return refused("about a person who was not referred");
            }
            let born = crate::application::kinds::day(case.text("birth_date", *row));
            if own.birth.is_some_and(|birth| born != Some(birth)) {
                return refused("about a person with another birthday");
            }
            told.push(step(*row, own, self.request.at));
        }
        let id = format!("{}:{}", self.state, self.request.id);
        let row = NewTransfer {
            id: &id,
            direction: IN,
            owner: &line.owner,
            application: &line.application,
            state: &self.state,
            number: 0,
            cause: &format!("in:{id}"),
            about: &line.id,
            people: "",
            status: "answer",
            body: &self.body,
            code: "",
        };
        if !row.insert(tx, vault).await? {
            return same(tx, &self.room, &id, &self.body).await;
        }
        steps::put(tx, &self.room, (&line, &case), &told).await?;
        note(tx, &self.room, (Deed::TransferAnswered, &Actor::Site), &line).await?;
        Ok(Came::Taken("an answer to a transfer of ours"))
    }
}

/// A message with an ID that was here before: the same again, or another one under its name.
async fn same(tx: &mut Tx, room: &Room, id: &str, body: &[u8]) -> Result<Came, StoreError> {
    let Some(line) = record::find(tx.conn(), id).await? else { return Err(StoreError::Stale) };
    let before = record::body(tx.conn(), &room.means.vault, (id, &line.owner)).await?;
    match before {
        Some(before) if *before == body => Ok(Came::Doubled),
        _ => refused("its ID came before with other content"),
    }
}

/// What an agency's word about a person comes to.
fn step(person: RowId, own: &Referral, at: Millis) -> Step {
    let eligible = own.decisions.iter().find(|decision| decision.eligible);
    let decided = eligible.or_else(|| own.decisions.first());
    let (step, said_at) = match (decided, own.status) {
        (Some(decision), _) => (if decision.eligible { DETERMINED } else { DENIED }, decision.at.unwrap_or(at)),
        (None, Status::Rejected) => (REJECTED, at),
        // Ours come back as `Initiated` from some systems, which says no more than that they have it.
        (None, Status::Accepted | Status::Initiated) => (ACCEPTED, at),
    };
    let from_day = eligible.map(|decision| decision.from_day.clone()).unwrap_or_default();
    let code = if step == REJECTED { own.reason.clone() } else { String::new() };
    debug_assert_ne!(person, HOUSEHOLD);
    Step { step, person, said_at, program: decided.map_or("", |decision| decision.program), from_day, code }
}

/// Only for errors that are told as such.
impl From<Refused> for io::Error {
    fn from(refused: Refused) -> io::Error {
        io::Error::other(refused.to_string())
    }
}
