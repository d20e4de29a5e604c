//! `windowshop transfer`: what went to states' agencies and what came back; take one out, have it sent again, have a file read.
//!
//! Identifiers, times and our own words. What is in a transfer, and the printed code of somebody whom an agency sent here, leave
//! only on request, with a row in the record of deeds first.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Common, Opened, clock_text, lines_of, open, operator, room};
use crate::account::drafts;
use crate::config::TRANSFER_FOLDER;
use crate::store::audit::{Deed, Entry};
use crate::store::vault::SITE;
use crate::store::{Change, StoreError, Tx};
use crate::transfer::folder::Folder;
use crate::transfer::inbox::{self, Read};
use crate::transfer::record::{self, Line, OUT, StepLine, note};
use crate::transfer::{RESENT, job};
use crate::verify::Room;
use crate::work::enqueue;

#[derive(Debug, Clone, Args)]
pub struct TransferArgs {
    #[command(subcommand)]
    pub command: TransferCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub enum TransferCommand {
    /// The latest, the newest first
    List {
        #[command(flatten)]
        common: Common,
        /// Only those of this status: made, failed, sent, acknowledged, refused, accepted, rejected, determined, denied
        #[arg(long, value_name = "STATUS", default_value = "")]
        status: String,
        /// How many to list
        #[arg(long, value_name = "N", default_value_t = 20)]
        last: i64,
    },
    /// Everything that is known of one but what is in it
    Show {
        #[command(flatten)]
        common: Common,
        /// As `list` has it
        #[arg(value_name = "ID")]
        id: String,
        /// What is in it instead, as XML: somebody's answers. Noted in the record of deeds
        #[arg(long, conflicts_with = "letter")]
        content: bool,
        /// The printed code for somebody whom an agency sent here, for a letter to them. Noted in the record of deeds
        #[arg(long)]
        letter: bool,
    },
    /// Write it again from what is known by now, and send that
    Resend {
        #[command(flatten)]
        common: Common,
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Read files of an agency now; without a FILE, everything that lies in the folder
    Read {
        #[command(flatten)]
        common: Common,
        /// Folder of transfers [default: DATA_DIR/transfer]
        #[arg(long, env = "WINDOWSHOP_TRANSFER_DIR", value_name = "DIR")]
        transfer_dir: Option<PathBuf>,
        /// Whose file it is, by postal code, if it lies in no state's folder
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// Stays where it is
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// Ends with 2 if there is no such transfer, or a file was refused.
///
/// # Errors
///
/// If the office cannot be opened, or a file cannot be read.
pub async fn command(args: &TransferArgs, now: OffsetDateTime) -> anyhow::Result<(String, u8)> {
    match &args.command {
        TransferCommand::List { common, status, last } => list(common, now, (status, *last)).await,
        TransferCommand::Show { common, id, content, letter } => show(common, now, id, (*content, *letter)).await,
        TransferCommand::Resend { common, id } => resend(common, now, id).await,
        TransferCommand::Read { common, transfer_dir, state, files } => {
            let dir = transfer_dir.clone().unwrap_or_else(|| common.office.data_dir.join(TRANSFER_FOLDER));
            read(common, now, (&Folder::at(dir), state.as_deref(), files)).await
        }
    }
}

fn nothing(id: &str) -> (String, u8) {
    (format!("{id}: there is no such transfer: `windowshop transfer list` says what there is\n"), 2)
}

fn as_json(line: &Line) -> Value {
    json!({
        "id": line.id, "direction": line.direction, "owner": line.owner, "application": line.application,
        "state": line.state, "number": line.number, "cause": line.cause, "about": line.about, "people": line.people,
        "status": line.status, "made_at": line.made_at, "sent_at": line.sent_at,
        "acknowledged_at": line.acknowledged_at, "answered_at": line.answered_at, "code": line.code,
    })
}

fn step_as_json(step: &StepLine) -> Value {
    json!({
        "step": step.step, "person": step.person, "at": step.at, "said_at": step.said_at, "program": step.program,
        "from": step.from_day, "code": step.code,
    })
}

async fn list(common: &Common, now: OffsetDateTime, (status, last): (&str, i64)) -> anyhow::Result<(String, u8)> {
    let Opened { store, .. } = open(&common.office, now).await?;
    let mut connection = store.read().await?;
    let lines = record::latest(&mut connection, (status, last)).await?;
    drop(connection);
    store.close().await;
    if common.json {
        let lines: Vec<Value> = lines.iter().map(as_json).collect();
        return Ok((json!({ "transfers": lines }).to_string() + "\n", 0));
    }
    let mut text = String::new();
    for line in &lines {
        let why = if line.code.is_empty() { String::new() } else { format!("  ({})", line.code) };
        let (at, state) = (clock_text(line.made_at), &line.state);
        writeln!(text, "{at}  {:<3} {state}  {:<12} {}{why}", line.direction, line.status, line.id)?;
    }
    if lines.is_empty() {
        text += "no transfer\n";
    }
    Ok((text, 0))
}

async fn show(
    common: &Common,
    now: OffsetDateTime,
    id: &str,
    (content, letter): (bool, bool),
) -> anyhow::Result<(String, u8)> {
    let office = open(&common.office, now).await?;
    let mut connection = office.store.read().await?;
    let Some(line) = record::find(&mut connection, id).await? else { return Ok(nothing(id)) };
    drop(connection);
    if content || letter {
        // Noted first: nothing leaves without a row.
        let noted = Noted { room: room(&office)?, line: line.clone(), deed: Deed::TransferShown };
        office.store.begin_write(noted).await?;
    }
    let mut connection = office.store.read().await?;
    if content {
        let body = record::body(&mut connection, &office.vault, (id, &line.owner)).await?;
        return Ok(body.map_or_else(|| nothing(id), |body| (String::from_utf8_lossy(&body).into_owned() + "\n", 0)));
    }
    if letter {
        let all = drafts::of(&mut connection, &office.vault, &line.owner).await?;
        let code = drafts::code_of(&mut connection, &line.owner, &all).await?;
        let Some((code, _)) = code.filter(|_| line.status == "begun") else {
            return Ok((format!("{id}: nobody was sent here with it who still needs a code\n"), 2));
        };
        return Ok((format!("{code}\n"), 0));
    }
    let steps = record::steps(&mut connection, id).await?;
    drop(connection);
    office.store.close().await;
    let mut value = as_json(&line);
    if common.json {
        value["steps"] = steps.iter().map(step_as_json).collect();
        return Ok((value.to_string() + "\n", 0));
    }
    let mut text = lines_of(&value)?;
    for step in steps {
        let whose = if step.person == 0 { "all".to_string() } else { format!("person {}", step.person) };
        let more: Vec<&str> = [&step.program, &step.from_day, &step.code]
            .into_iter()
            .map(String::as_str)
            .filter(|s| !s.is_empty())
            .collect();
        writeln!(text, "{}  {:<12} {whose}  {}", clock_text(step.at), step.step, more.join(" "))?;
    }
    Ok((text, 0))
}

/// A row of the audit for what changes nothing else.
struct Noted {
    room: Room,
    line: Line,
    deed: Deed,
}

impl Change for Noted {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        note(tx, &self.room, (self.deed, &operator()), &self.line).await
    }
}

async fn resend(common: &Common, now: OffsetDateTime, id: &str) -> anyhow::Result<(String, u8)> {
    let office = open(&common.office, now).await?;
    let mut connection = office.store.read().await?;
    let Some(line) = record::find(&mut connection, id).await?.filter(|line| line.direction == OUT) else {
        return Ok(nothing(id));
    };
    drop(connection);
    let key = office.store.begin_write(Resent { room: room(&office)?, line }).await?;
    office.store.close().await;
    let text = match common.json {
        true => json!({ "id": id, "job": key }).to_string() + "\n",
        false => format!("{id}: will be written again and sent, as job {key}\n"),
    };
    Ok((text, 0))
}

/// The job that sends an application again; its key.
pub struct Resent {
    pub room: Room,
    pub line: Line,
}

impl Change for Resent {
    type Done = String;

    async fn run(&self, tx: &mut Tx) -> Result<String, StoreError> {
        let line = &self.line;
        let of = record::of_application(tx.conn(), (&line.owner, &line.application)).await?;
        // Asked for twice while it waits, it is one job.
        let own = job(&line.application, &format!("{RESENT}{}", of.len()));
        enqueue(tx, &self.room.means.vault, &own.of(&line.owner)).await?;
        note(tx, &self.room, (Deed::TransferResent, &operator()), line).await?;
        Ok(own.key)
    }
}

/// That a file was read by hand: about whom it was is noted by what it did.
struct ReadByHand {
    room: Room,
}

impl Change for ReadByHand {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let entry = Entry { actor: &operator(), deed: Deed::TransferRead, owner: SITE, record: "", session: "" };
        self.room.means.audit.append(tx, &entry).await
    }
}

async fn read(
    common: &Common,
    now: OffsetDateTime,
    (folder, state, files): (&Folder, Option<&str>, &[PathBuf]),
) -> anyhow::Result<(String, u8)> {
    let office = open(&common.office, now).await?;
    let room = room(&office)?;
    office.store.begin_write(ReadByHand { room: room.clone() }).await?;
    let of_folder = files.is_empty();
    let files = if of_folder { folder.incoming().await? } else { files.to_vec() };
    let (mut text, mut all, mut code) = (String::new(), Vec::new(), 0);
    for file in files {
        let (outcome, what) = match inbox::read_one(&room, folder, (&file, state), of_folder).await? {
            Read::Taken(what) => ("taken", what),
            Read::Doubled => ("doubled", "it was here before: nothing was changed".to_string()),
            Read::Refused(why) => {
                code = 2;
                ("refused", why)
            }
            Read::Gone => ("gone", "it is not there any more".to_string()),
        };
        writeln!(text, "{}: {outcome}: {what}", file.display())?;
        all.push(json!({ "file": file.display().to_string(), "outcome": outcome, "what": what }));
    }
    office.store.close().await;
    if text.is_empty() {
        text += "nothing to read\n";
    }
    Ok((if common.json { json!({ "files": all }).to_string() + "\n" } else { text }, code))
}
