//! Reading what insurers have laid into the folder: answers to our files, what became of enrollments, all that they have.
//!
//! Called by `sweep`, and by `windowshop insurer read`. A file is in the store, or refused, before it leaves the folder; the
//! same file again changes nothing, and what comes late or out of order changes nothing that is over. What cannot be read or
//! matched is kept for an operator, counted, and stops nothing else. Nobody is matched by a name: an enrollment is found by our
//! number, and must be the insurer's and the subscriber's that the file names.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::effect::{self, Fate};
use super::folder::{self, Incoming};
use super::reconcile::{self, Sides};
use super::record::{self, ACCEPTED, IN, NewFile, REJECTED, TAKEN, note};
use super::send::Insurers;
use super::{SENDER, digest, words};
use crate::enrollment::record::day_of;
use crate::enrollment::step::{self, Step, Taken};
use crate::store::audit::{Actor, Deed};
use crate::store::vault::SITE;
use crate::store::{Change, StoreError, Tx};
use crate::verify::aside::Aside;
use crate::verify::{Room, id_of};
use crate::x834::ack::{GroupAck, InterchangeAck, Outcome, SetAck};
use crate::x834::{self, Answer, Received};

/// What came of files and of what is in them, since the process started.
#[derive(Debug, Default)]
pub struct Counts {
    taken: AtomicU64,
    doubled: AtomicU64,
    refused: AtomicU64,
    /// Answers in files that were taken, that could not be read or matched.
    aside: AtomicU64,
    /// Transactions of ours that an insurer's system has rejected.
    rejected: AtomicU64,
}

impl Counts {
    const fn new() -> Counts {
        Counts {
            taken: AtomicU64::new(0),
            doubled: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            aside: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
        }
    }

    /// Of files: `taken`, `doubled`, `refused`.
    pub fn files(&self) -> [(&'static str, u64); 3] {
        [("taken", &self.taken), ("doubled", &self.doubled), ("refused", &self.refused)]
            .map(|(name, count)| (name, count.load(Ordering::Relaxed)))
    }

    /// Of what was in them: `aside`, `rejected`.
    pub fn answers(&self) -> [(&'static str, u64); 2] {
        [("aside", &self.aside), ("rejected", &self.rejected)]
            .map(|(name, count)| (name, count.load(Ordering::Relaxed)))
    }
}

/// Of this process.
pub static COUNTS: Counts = Counts::new();

/// What was in a file that was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Transactions of ours that were taken, or rejected.
    pub accepted: u64,
    pub rejected: u64,
    /// Enrollments that were confirmed, cancelled, ended or reinstated.
    pub moved: u64,
    /// What we knew already, or what changes nothing.
    pub known: u64,
    /// Kept for an operator.
    pub aside: u64,
    /// Enrollments of an audit.
    pub audited: u64,
}

/// What came of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    Taken(Tally),
    /// It was here before: nothing was changed.
    Doubled,
    /// With segment, element and reason.
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
pub async fn read_all(desk: &Insurers) -> anyhow::Result<Report> {
    let mut report = Report::default();
    for path in desk.folder.incoming().await? {
        match read_one(desk, (&path, None), true).await? {
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
pub async fn read_one(desk: &Insurers, (path, issuer): (&Path, Option<&str>), clear: bool) -> anyhow::Result<Read> {
    let Some(file) = folder::open(path, issuer).await? else { return Ok(Read::Gone) };
    let read = judge(&desk.room, &file).await?;
    match &read {
        Read::Taken(_) => tracing::info!("a file of an insurer was taken"),
        Read::Doubled => tracing::info!("a file of an insurer was here before"),
        Read::Refused(why) => tracing::warn!(why, "a file of an insurer was refused and kept aside"),
        Read::Gone => {}
    }
    if clear {
        desk.folder.done(&file, matches!(read, Read::Refused(_))).await?;
    }
    let count = match &read {
        Read::Taken(tally) => {
            COUNTS.aside.fetch_add(tally.aside, Ordering::Relaxed);
            COUNTS.rejected.fetch_add(tally.rejected, Ordering::Relaxed);
            &COUNTS.taken
        }
        Read::Doubled => &COUNTS.doubled,
        Read::Refused(_) => &COUNTS.refused,
        Read::Gone => return Ok(read),
    };
    count.fetch_add(1, Ordering::Relaxed);
    Ok(read)
}

async fn judge(room: &Room, file: &Incoming) -> anyhow::Result<Read> {
    let refused = match x834::read(&file.bytes) {
        Ok(received) => match addressed(&received, &file.issuer) {
            Ok(()) => {
                let audit = audit(room, file, &received).await?;
                let arrived = Arrived {
                    room: room.clone(),
                    issuer: file.issuer.clone(),
                    digest: digest(&file.bytes),
                    received,
                    audit,
                };
                match room.store.begin_write(arrived).await? {
                    Came::Taken(tally) => return Ok(Read::Taken(tally)),
                    Came::Doubled => return Ok(Read::Doubled),
                    Came::Refused(why) => why.to_string(),
                }
            }
            Err(why) => why.to_string(),
        },
        Err(fault) => fault.to_string(),
    };
    let aside = set_aside(room, &file.issuer, (&digest(&file.bytes), 0), (&refused, &file.bytes));
    room.store.begin_write(aside).await?;
    Ok(Read::Refused(refused))
}

fn addressed(received: &Received, issuer: &str) -> Result<(), &'static str> {
    if received.sender != issuer {
        return Err("segment 1, element 6: sent by another insurer than the folder's");
    }
    if received.receiver != SENDER {
        return Err("segment 1, element 8: not addressed to this Exchange");
    }
    if received.test {
        return Err("segment 1, element 15: a test, not for production");
    }
    Ok(())
}

/// An insurer's audit, compared with what we have; `null`: there is none in the file.
async fn audit(room: &Room, file: &Incoming, received: &Received) -> anyhow::Result<serde_json::Value> {
    let said = received.answers.iter().filter_map(|answer| match answer {
        Answer::Coverage { said, .. } if said.audit => Some(&**said),
        _ => None,
    });
    let (theirs, unclear): (Sides, usize) = reconcile::theirs(said);
    if theirs.is_empty() && unclear == 0 {
        return Ok(serde_json::Value::Null);
    }
    let today = reconcile::today(room.store.now().await?);
    let mut connection = room.store.read().await?;
    let ours = reconcile::ours(&mut connection, &room.means.vault, (&file.issuer, today)).await?;
    Ok(serde_json::to_value(reconcile::compare(&file.issuer, &ours, (&theirs, unclear)))?)
}

/// Kept for an operator; the same again is kept once.
fn set_aside(room: &Room, issuer: &str, (digest, answer): (&str, usize), (why, body): (&str, &[u8])) -> Aside {
    Aside {
        means: room.means.clone(),
        id: id_of(&["insurer", issuer, digest, &answer.to_string()]),
        source: "insurer",
        owner: SITE.to_string(),
        reason: format!("{issuer}: {why}"),
        body: body.to_vec(),
    }
}

enum Came {
    Taken(Tally),
    Doubled,
    Refused(&'static str),
}

/// A whole file, in one transaction.
struct Arrived {
    room: Room,
    issuer: String,
    digest: String,
    received: Received,
    audit: serde_json::Value,
}

impl Change for Arrived {
    type Done = Came;

    async fn run(&self, tx: &mut Tx) -> Result<Came, StoreError> {
        let id = format!("{}-in-{}", self.issuer, &self.digest[..16]);
        if record::find(tx.conn(), &id).await?.is_some() {
            return Ok(Came::Doubled);
        }
        let row = NewFile {
            id: &id,
            direction: IN,
            issuer: &self.issuer,
            control: i64::from(self.received.control),
            kind: if self.audit.is_null() { "answer" } else { "audit" },
            cause: &format!("in:{}", self.digest),
            state: TAKEN,
            first_reference: 0,
            lines: self.received.answers.len(),
            place: "",
            staged: "",
            body: &self.audit,
        };
        if !row.insert(tx, &self.room.means.vault).await? {
            return Ok(Came::Refused("segment 1, element 13: its control number came before with other content"));
        }
        let mut tally = Tally::default();
        for (at, answer) in self.received.answers.iter().enumerate() {
            self.answer(tx, (at + 1, answer), &mut tally).await?;
        }
        note(tx, &self.room, (Deed::InsurerFileTaken, &Actor::Site), &id).await?;
        Ok(Came::Taken(tally))
    }
}

impl Arrived {
    async fn answer(&self, tx: &mut Tx, (at, answer): (usize, &Answer), tally: &mut Tally) -> Result<(), StoreError> {
        let aside = match answer {
            Answer::Interchange(ack) => {
                self.interchange(tx, ack, tally).await?.map(|why| (why.to_string(), format!("{ack:?}")))
            }
            Answer::Group(ack) => self.group(tx, ack, tally).await?.map(|why| (why.to_string(), format!("{ack:?}"))),
            Answer::Coverage { said, .. } if said.audit => {
                tally.audited += 1;
                None
            }
            Answer::Coverage { said, text } => match effect::apply(tx, &self.room, &self.issuer, said).await? {
                Fate::Moved => {
                    tally.moved += 1;
                    None
                }
                Fate::Known => {
                    tally.known += 1;
                    None
                }
                Fate::Aside(why) => Some((why.to_string(), text.clone())),
            },
            Answer::Unread { fault, text } => Some((fault.to_string(), text.clone())),
        };
        let Some((why, body)) = aside else { return Ok(()) };
        tally.aside += 1;
        set_aside(&self.room, &self.issuer, (&self.digest, at), (&why, body.as_bytes())).run(tx).await
    }

    /// TA1: a whole file was refused, or only taken note of. Returns why it is kept for an operator.
    async fn interchange(
        &self,
        tx: &mut Tx,
        ack: &InterchangeAck,
        tally: &mut Tally,
    ) -> Result<Option<&'static str>, StoreError> {
        let of = (self.issuer.as_str(), i64::from(ack.control));
        let Some(file) = record::of_control(tx.conn(), of).await? else {
            return Ok(Some("about a file that this site never sent"));
        };
        if ack.outcome != Outcome::Rejected {
            tally.known += 1;
            return Ok(None);
        }
        let code = format!("TA1:{}", ack.note);
        for line in record::lines(tx.conn(), &file.id).await? {
            self.line(tx, (&file.id, &line), (false, &code), tally).await?;
        }
        Ok(None)
    }

    /// 999: what was taken and what was not. Returns why it is kept for an operator.
    async fn group(&self, tx: &mut Tx, ack: &GroupAck, tally: &mut Tally) -> Result<Option<&'static str>, StoreError> {
        let of = (self.issuer.as_str(), i64::from(ack.control));
        let Some(file) = record::of_control(tx.conn(), of).await? else {
            return Ok(Some("about a file that this site never sent"));
        };
        if i64::from(ack.sent) != file.lines && ack.outcome != Outcome::Rejected {
            return Ok(Some("counts other transactions than the file has"));
        }
        let lines = record::lines(tx.conn(), &file.id).await?;
        let of = |line: &record::Line| x834::write::set_control(usize::try_from(line.number).unwrap_or_default());
        let known = |own: &SetAck| lines.iter().any(|line| of(line) == own.control);
        if !ack.transactions.iter().all(known) {
            return Ok(Some("about a transaction that the file has not"));
        }
        for line in &lines {
            let control = of(line);
            let said = ack.transactions.iter().find(|own| own.control == control);
            // What an answer does not name is as its group.
            let outcome = said.map_or(ack.outcome, |own| own.outcome);
            let taken = outcome != Outcome::Rejected;
            let code = if taken { String::new() } else { code(said, ack) };
            self.line(tx, (&file.id, line), (taken, &code), tally).await?;
        }
        Ok(None)
    }

    /// One transaction of ours was taken, or not.
    async fn line(
        &self,
        tx: &mut Tx,
        (file, line): (&str, &record::Line),
        (taken, code): (bool, &str),
        tally: &mut Tally,
    ) -> Result<(), StoreError> {
        let answer = if taken { ACCEPTED } else { REJECTED };
        let new = sqlx::query(
            "UPDATE insurer_line SET answer = $1, code = $2 WHERE file = $3 AND number = $4 AND answer <> $1",
        );
        let new = new.bind(answer).bind(code).bind(file).bind(line.number).execute(tx.conn()).await?;
        if new.rows_affected() == 0 {
            tally.known += 1;
            return Ok(());
        }
        *(if taken { &mut tally.accepted } else { &mut tally.rejected }) += 1;
        // An audit changes nothing; and what was sent again since waits for the answer to that.
        let changed = sqlx::query(
            "UPDATE enrollment_change SET answer = $1, code = $2 WHERE id = $3 AND file = $4 AND answer <> 'confirmed'",
        );
        let changed = changed.bind(answer).bind(code).bind(line.change.as_str()).bind(file);
        if changed.execute(tx.conn()).await?.rows_affected() == 0 {
            return Ok(());
        }
        let asked = sqlx::query_as(
            "SELECT c.from_day, e.owner, e.application FROM enrollment_change c JOIN enrollment e ON e.id = c.enrollment \
             WHERE c.id = $1",
        );
        let (day, owner, application): (String, String, String) =
            asked.bind(line.change.as_str()).fetch_one(tx.conn()).await?;
        let Some(from_day) = day_of(&day) else { return Ok(()) };
        let step = if taken { Step::Accepted } else { Step::Rejected };
        let says = Taken { step, from_day, code, actor: &Actor::Site, session: "" };
        step::apply(tx, &self.room.means, &line.enrollment, &says).await?;
        if !taken {
            words::rejected(tx, &self.room, (&owner, &application), &line.change).await?;
        }
        Ok(())
    }
}

/// The first code that a rejection gives, with its segment: `IK5:5 NM1:4`.
fn code(said: Option<&SetAck>, ack: &GroupAck) -> String {
    let Some(own) = said else { return format!("AK9:{}", ack.codes.first().map_or("", String::as_str)) };
    let mut code = format!("IK5:{}", own.codes.first().map_or("", String::as_str));
    if let Some(error) = own.errors.last() {
        code += &format!(" {}:{}", error.segment, error.code);
    }
    code
}
