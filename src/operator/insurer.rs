//! `windowshop insurer`: what went to insurers and what came back; have a file sent again, have a file read, compare what an
//! insurer has with what we have.
//!
//! Identifiers, amounts, times and our own words: no name leaves here.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Common, Opened, clock_text, lines_of, open, operator, room};
use crate::config::INSURER_FOLDER;
use crate::insurer::folder::{self, Folder};
use crate::insurer::inbox::{self, Read};
use crate::insurer::reconcile::{self, Report};
use crate::insurer::record::{self, ACCEPTED, File, Line, OUT, note};
use crate::insurer::send::Insurers;
use crate::insurer::sweep::{self, Waiting};
use crate::store::audit::Deed;
use crate::store::{Change, StoreError, Tx};
use crate::verify::Room;
use crate::x834::{self, Answer};

#[derive(Debug, Clone, Args)]
pub struct InsurerArgs {
    #[command(subcommand)]
    pub command: InsurerCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub enum InsurerCommand {
    /// The latest files, the newest first
    List {
        #[command(flatten)]
        common: Common,
        /// Only those of this insurer, five digits
        #[arg(long, value_name = "ISSUER", default_value = "")]
        issuer: String,
        /// How many to list
        #[arg(long, value_name = "N", default_value_t = 20)]
        last: i64,
    },
    /// Everything that is known of a file, with what was answered to each of its enrollments
    Show {
        #[command(flatten)]
        common: Common,
        /// As `list` has it
        #[arg(value_name = "FILE")]
        file: String,
    },
    /// Send what a file of ours holds again, in a file of its own: what was not accepted
    Resend {
        #[command(flatten)]
        common: Common,
        /// As `list` has it; `ISSUER-unwritten`: what could not be written
        #[arg(value_name = "FILE")]
        file: String,
        /// What was accepted, too
        #[arg(long)]
        all: bool,
    },
    /// Read files of insurers now; without a FILE, everything that lies in the folder
    Read {
        #[command(flatten)]
        common: Common,
        /// Folder of files to and from insurers [default: DATA_DIR/insurer]
        #[arg(long, env = "WINDOWSHOP_INSURER_DIR", value_name = "DIR")]
        insurer_dir: Option<PathBuf>,
        /// Whose file it is, if it lies in no insurer's folder
        #[arg(long, value_name = "ISSUER")]
        issuer: Option<String>,
        /// Stays where it is
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Compare what an insurer has with what we have: its latest audit, or the FILE
    Reconcile {
        #[command(flatten)]
        common: Common,
        #[arg(value_name = "ISSUER")]
        issuer: String,
        /// An audit of the insurer's that is compared as things are now
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

/// Ends with 2 if there is no such file, a file was refused, or the two sides differ.
///
/// # Errors
///
/// If the office cannot be opened, or a file cannot be read.
pub async fn command(args: &InsurerArgs, now: OffsetDateTime) -> anyhow::Result<(String, u8)> {
    match &args.command {
        InsurerCommand::List { common, issuer, last } => list(common, now, (issuer, *last)).await,
        InsurerCommand::Show { common, file } => show(common, now, file).await,
        InsurerCommand::Resend { common, file, all } => resend(common, now, (file, *all)).await,
        InsurerCommand::Read { common, insurer_dir, issuer, files } => {
            let dir = insurer_dir.clone().unwrap_or_else(|| common.office.data_dir.join(INSURER_FOLDER));
            read(common, now, (Folder::at(dir), issuer.as_deref(), files)).await
        }
        InsurerCommand::Reconcile { common, issuer, file } => compare(common, now, (issuer, file.as_deref())).await,
    }
}

fn nothing(file: &str) -> (String, u8) {
    (format!("{file}: there is no such file: `windowshop insurer list` says what there is\n"), 2)
}

fn as_json(file: &File) -> Value {
    json!({
        "file": file.id, "direction": file.direction, "issuer": file.issuer, "control": file.control,
        "kind": file.kind, "cause": file.cause, "state": file.state, "lines": file.lines, "again": file.again,
        "made_at": file.made_at, "sent_at": file.sent_at,
    })
}

fn line_as_json(line: &Line) -> Value {
    json!({
        "number": line.number, "reference": line.reference, "enrollment": line.enrollment, "change": line.change,
        "answer": line.answer, "code": line.code,
    })
}

async fn list(common: &Common, now: OffsetDateTime, (issuer, last): (&str, i64)) -> anyhow::Result<(String, u8)> {
    let Opened { store, .. } = open(&common.office, now).await?;
    let mut connection = store.read().await?;
    let files = record::latest(&mut connection, (issuer, last)).await?;
    drop(connection);
    let waiting = sweep::waiting(&store).await?;
    store.close().await;
    if common.json {
        let files: Vec<Value> = files.iter().map(as_json).collect();
        let Waiting { many, oldest, unwritten } = waiting;
        let waiting = json!({ "changes": many, "oldest_ms": oldest, "unwritten": unwritten });
        return Ok((json!({ "files": files, "waiting": waiting }).to_string() + "\n", 0));
    }
    let mut text = String::new();
    for file in &files {
        let (at, lines) = (clock_text(file.made_at), file.lines);
        writeln!(text, "{at}  {:<3} {:<7} {:<6} {lines:>5}  {}", file.direction, file.kind, file.state, file.id)?;
    }
    if files.is_empty() {
        text += "no file\n";
    }
    if waiting.many > 0 {
        let Waiting { many, oldest, .. } = waiting;
        writeln!(
            text,
            "waiting: {many} not in the folder of an insurer yet, the oldest for {} minutes",
            oldest / 60_000
        )?;
    }
    if waiting.unwritten > 0 {
        let many = waiting.unwritten;
        writeln!(
            text,
            "unwritten: {many} that cannot be written as signed: windowshop insurer resend ISSUER-unwritten"
        )?;
    }
    Ok((text, 0))
}

async fn show(common: &Common, now: OffsetDateTime, id: &str) -> anyhow::Result<(String, u8)> {
    let office = open(&common.office, now).await?;
    let mut connection = office.store.read().await?;
    let Some(file) = record::find(&mut connection, id).await? else { return Ok(nothing(id)) };
    let lines = record::lines(&mut connection, id).await?;
    drop(connection);
    office.store.close().await;
    let mut value = as_json(&file);
    if common.json {
        value["transactions"] = lines.iter().map(line_as_json).collect();
        return Ok((value.to_string() + "\n", 0));
    }
    let mut text = lines_of(&value)?;
    for line in lines {
        let answer = if line.answer.is_empty() { "waits" } else { &line.answer };
        writeln!(text, "{:>5}  {answer:<8}  {}  {}", line.number, line.enrollment, line.code)?;
    }
    Ok((text, 0))
}

/// What an operator wants sent again; how many transactions that is. Asked for twice while it waits, it is once.
pub struct Again {
    pub room: Room,
    pub file: String,
    pub all: bool,
}

impl Change for Again {
    type Done = i64;

    async fn run(&self, tx: &mut Tx) -> Result<i64, StoreError> {
        let many = match self.file.strip_suffix("-unwritten") {
            Some(_) => {
                let freed =
                    sqlx::query("UPDATE enrollment_change SET file = '', answer = '', code = '' WHERE file = $1");
                let freed = freed.bind(self.file.as_str()).execute(tx.conn()).await?;
                i64::try_from(freed.rows_affected()).unwrap_or(i64::MAX)
            }
            None => {
                let asked = sqlx::query_scalar(
                    "SELECT count(*) FROM insurer_line l JOIN enrollment_change c ON c.id = l.change AND c.file = l.file \
                     WHERE l.file = $1 AND (l.answer <> $2 OR $3 = 'all')",
                );
                let want = if self.all { "all" } else { "rest" };
                let asked = asked.bind(self.file.as_str()).bind(ACCEPTED).bind(want);
                let many: i64 = asked.fetch_one(tx.conn()).await?;
                if many > 0 {
                    let marked = sqlx::query("UPDATE insurer_file SET again = $1 WHERE id = $2");
                    marked.bind(want).bind(self.file.as_str()).execute(tx.conn()).await?;
                }
                many
            }
        };
        if many > 0 {
            note(tx, &self.room, (Deed::InsurerFileAgain, &operator()), &self.file).await?;
        }
        Ok(many)
    }
}

async fn resend(common: &Common, now: OffsetDateTime, (id, all): (&str, bool)) -> anyhow::Result<(String, u8)> {
    let office = open(&common.office, now).await?;
    if !id.ends_with("-unwritten") {
        let mut connection = office.store.read().await?;
        let found = record::find(&mut connection, id).await?;
        if found.filter(|file| file.direction == OUT).is_none() {
            return Ok(nothing(id));
        }
    }
    let again = Again { room: room(&office)?, file: id.to_string(), all };
    let many = office.store.begin_write(again).await?;
    office.store.close().await;
    let text = match (common.json, many) {
        (true, _) => json!({ "file": id, "transactions": many }).to_string() + "\n",
        (false, 0) => format!("{id}: nothing is left of it to send: all of it was accepted, or went out again since\n"),
        (false, _) => format!("{id}: {many} will go out again within a minute of a running `windowshop serve`\n"),
    };
    Ok((text, if many == 0 { 2 } else { 0 }))
}

/// That a file was read by hand.
struct ReadByHand {
    room: Room,
}

impl Change for ReadByHand {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        note(tx, &self.room, (Deed::InsurerFileRead, &operator()), "").await
    }
}

async fn read(
    common: &Common,
    now: OffsetDateTime,
    (folder, issuer, files): (Folder, Option<&str>, &[PathBuf]),
) -> anyhow::Result<(String, u8)> {
    let office = open(&common.office, now).await?;
    let desk = Insurers { room: room(&office)?, folder };
    office.store.begin_write(ReadByHand { room: desk.room.clone() }).await?;
    let of_folder = files.is_empty();
    let files = if of_folder { desk.folder.incoming().await? } else { files.to_vec() };
    let (mut text, mut all, mut code) = (String::new(), Vec::new(), 0);
    for file in files {
        let (outcome, what) = match inbox::read_one(&desk, (&file, issuer), of_folder).await? {
            Read::Taken(own) => (
                "taken",
                format!(
                    "{} accepted, {} rejected, {} moved, {} known, {} kept aside, {} compared",
                    own.accepted, own.rejected, own.moved, own.known, own.aside, own.audited
                ),
            ),
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

async fn compare(
    common: &Common,
    now: OffsetDateTime,
    (issuer, file): (&str, Option<&std::path::Path>),
) -> anyhow::Result<(String, u8)> {
    let office = open(&common.office, now).await?;
    let report = match file {
        Some(path) => live(&office, issuer, path).await?,
        None => {
            let mut connection = office.store.read().await?;
            let asked = sqlx::query_scalar(
                "SELECT id FROM insurer_file WHERE issuer = $1 AND direction = 'in' AND kind = 'audit' \
                 ORDER BY made_at DESC LIMIT 1",
            );
            let last: Option<String> = asked.bind(issuer).fetch_optional(&mut *connection).await?;
            let Some(last) = last else {
                return Ok((format!("{issuer}: no audit of this insurer has come\n"), 2));
            };
            let body = record::body(&mut connection, &office.vault, &last).await?;
            serde_json::from_value(body.unwrap_or_default())?
        }
    };
    office.store.close().await;
    let code = if report.differ.is_empty() && report.unclear == 0 { 0 } else { 2 };
    if common.json {
        let mut value = serde_json::to_value(&report)?;
        value["adds_up"] = json!(report.adds_up());
        return Ok((value.to_string() + "\n", code));
    }
    Ok((said(&report)?, code))
}

async fn live(office: &Opened, issuer: &str, path: &std::path::Path) -> anyhow::Result<Report> {
    let Some(file) = folder::open(path, Some(issuer)).await? else {
        anyhow::bail!("{}: it is not there", path.display())
    };
    let received = x834::read(&file.bytes).map_err(|fault| anyhow::anyhow!("{}: {fault}", path.display()))?;
    let said = received.answers.iter().filter_map(|answer| match answer {
        Answer::Coverage { said, .. } => Some(&**said),
        _ => None,
    });
    let (theirs, unclear) = reconcile::theirs(said);
    let today = reconcile::today(office.store.now().await?);
    let mut connection = office.store.read().await?;
    let ours = reconcile::ours(&mut connection, &office.vault, (issuer, today)).await?;
    Ok(reconcile::compare(issuer, &ours, (&theirs, unclear)))
}

fn said(report: &Report) -> anyhow::Result<String> {
    let mut text = String::new();
    for (who, total) in [("we have", report.ours), ("they have", report.theirs)] {
        writeln!(
            text,
            "{who:<9} {:>6} enrollments, {:>6} people, premium {}, credit {}",
            total.enrollments,
            total.people,
            total.premium.dollars_cents(),
            total.credit.dollars_cents()
        )?;
    }
    writeln!(text, "alike     {:>6}; differ {}; unclear {}", report.alike, report.differ.len(), report.unclear)?;
    for own in &report.differ {
        let what: Vec<String> = own.what.iter().map(|what| format!("{what:?}").to_lowercase()).collect();
        let amount = |side: Option<&reconcile::Side>| side.map_or("-".to_string(), |side| side.premium.dollars_cents());
        writeln!(
            text,
            "{}  {}  {} / {}",
            own.number,
            what.join(" "),
            amount(own.ours.as_ref()),
            amount(own.theirs.as_ref())
        )?;
    }
    if !report.adds_up() {
        writeln!(text, "the totals do not add up with these differences: look for a fault of this program")?;
    }
    Ok(text)
}
