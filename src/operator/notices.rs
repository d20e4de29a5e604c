//! `windowshop notices`: notices for people who want paper. Which wait, one file each to print, and that they were mailed.
//!
//! This site has no printing house: people print, fold and mail, and say so here. The list has identifiers and times; what a
//! notice says leaves as a file that its owner alone can read, with a row in the record of deeds first.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use askama::Template as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::account::private_file;
use super::{Common, Opened, clock_text, open, operator};
use crate::application::paper::{self, Handled, Outcome, Sheet};
use crate::application::record::Letter;

#[derive(Debug, Clone, Args)]
pub struct NoticesArgs {
    #[command(subcommand)]
    pub command: NoticesCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub enum NoticesCommand {
    /// Notices that somebody wants on paper and that were not mailed, the oldest first
    List {
        #[command(flatten)]
        common: Common,
        /// How many to look at
        #[arg(long, value_name = "N", default_value_t = 100)]
        most: i64,
    },
    /// Write notices into a folder, one page each with its address. Noted in the record of deeds
    Print {
        #[command(flatten)]
        common: Common,
        /// An existing folder that nobody else may read
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// As `list` has them
        #[arg(value_name = "NOTICE", required = true)]
        notices: Vec<String>,
    },
    /// Say that notices are in the mail: their owners see it, and they leave the list
    Mailed {
        #[command(flatten)]
        common: Common,
        /// As `list` has them
        #[arg(value_name = "NOTICE", required = true)]
        notices: Vec<String>,
    },
}

/// Ends with 2 if one of the notices is none, or was mailed before.
///
/// # Errors
///
/// If the office cannot be opened, or a file cannot be written.
pub async fn command(args: &NoticesArgs, now: OffsetDateTime) -> anyhow::Result<(String, u8)> {
    let (NoticesCommand::List { common, .. }
    | NoticesCommand::Print { common, .. }
    | NoticesCommand::Mailed { common, .. }) = &args.command;
    let office = open(&common.office, now).await?;
    let (lines, code) = match &args.command {
        NoticesCommand::List { most, .. } => (list(&office, *most).await?, 0),
        NoticesCommand::Print { to, notices, .. } => {
            each(notices, async |notice| print(&office, to, notice).await).await?
        }
        NoticesCommand::Mailed { notices, .. } => {
            each(notices, async |notice| {
                Ok(match handle(&office, notice, true).await? {
                    Outcome::Done => ("mailed", String::new()),
                    Outcome::Before => ("before", String::new()),
                    Outcome::Unknown => ("unknown", String::new()),
                })
            })
            .await?
        }
    };
    office.store.close().await;
    if common.json {
        return Ok((json!({ "notices": lines }).to_string() + "\n", code));
    }
    if lines.is_empty() {
        return Ok(("no notice waits to be mailed\n".to_string(), code));
    }
    let mut text = String::new();
    for line in &lines {
        let of = |name: &str| line[name].as_str().unwrap_or_default();
        match line["posted_at"].as_i64() {
            Some(at) => writeln!(text, "{}  {}  {}", clock_text(at), of("notice"), of("kind"))?,
            None => writeln!(text, "{}: {} {}", of("notice"), told(of("outcome")), of("file"))?,
        }
    }
    Ok((text, code))
}

fn told(outcome: &str) -> &str {
    match outcome {
        "before" => "was mailed before, or an e-mail tells of it",
        "unknown" => "is no notice for paper: `windowshop notices list` says which are",
        "printed" => "is in",
        outcome => outcome,
    }
}

async fn list(office: &Opened, most: i64) -> anyhow::Result<Vec<Value>> {
    let mut connection = office.store.read().await?;
    let waiting = paper::waiting(&mut connection, &office.vault, most).await?;
    let line = |of: paper::Waiting| {
        json!({
            "notice": of.notice, "application": of.application, "owner": of.owner, "kind": of.kind,
            "posted_at": of.posted_at,
        })
    };
    Ok(waiting.into_iter().map(line).collect())
}

/// What became of each, and the command's code.
async fn each(
    notices: &[String],
    does: impl AsyncFn(&str) -> anyhow::Result<(&'static str, String)>,
) -> anyhow::Result<(Vec<Value>, u8)> {
    let (mut lines, mut code) = (Vec::new(), 0);
    for notice in notices {
        let (outcome, file) = does(notice).await?;
        if ["before", "unknown"].contains(&outcome) {
            code = 2;
        }
        lines.push(json!({ "notice": notice, "outcome": outcome, "file": file }));
    }
    Ok((lines, code))
}

async fn handle(office: &Opened, notice: &str, mailed: bool) -> anyhow::Result<Outcome> {
    let handled = Handled { audit: office.audit.clone(), actor: operator(), notice: notice.to_string(), mailed };
    Ok(office.store.begin_write(handled).await?)
}

#[derive(askama::Template)]
#[template(path = "operator/notice.html")]
struct Page {
    address: Vec<String>,
    letter: Letter,
}

async fn print(office: &Opened, to: &Path, notice: &str) -> anyhow::Result<(&'static str, String)> {
    let mut connection = office.store.read().await?;
    let found = paper::sheet(&mut connection, &office.vault, notice).await?;
    drop(connection);
    let Some((_, Sheet { address, letter })) = found else { return Ok(("unknown", String::new())) };
    // Noted first: nothing leaves without a row.
    handle(office, notice, false).await?;
    let file = to.join(format!("{notice}.html"));
    private_file(&file, Page { address, letter }.render()?.as_bytes())
        .with_context(|| format!("{} cannot be written: name an empty folder of yours", file.display()))?;
    Ok(("printed", file.display().to_string()))
}
