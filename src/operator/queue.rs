//! `windowshop queue`: what waits, what is dead and why; bring it back, give it up, let a kind stand still.
//!
//! Identifiers, times and our own words; never a payload. Each change is on record.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Common, Opened, clock_text, lines_of, open, operator};
use crate::work::desk::{self, Line, Order, Ordered};

#[derive(Debug, Clone, Args)]
pub struct QueueArgs {
    #[command(subcommand)]
    pub command: QueueCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub enum QueueCommand {
    /// What waits by kind, then the jobs: the dead first, then in the order in which they are due
    List {
        #[command(flatten)]
        common: Common,
        /// Only the dead
        #[arg(long)]
        dead: bool,
        /// How many jobs to list
        #[arg(long, value_name = "N", default_value_t = 20)]
        last: i64,
    },
    /// Everything that is known of a job but its payload
    Show {
        #[command(flatten)]
        common: Common,
        /// As `list` has it
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Bring a job back: its attempts are counted from zero
    Retry {
        #[command(flatten)]
        common: Common,
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Give a job up for good
    Drop {
        #[command(flatten)]
        common: Common,
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Let a kind stand still, on every host, until it is resumed
    Pause {
        #[command(flatten)]
        common: Common,
        #[arg(value_name = "KIND")]
        kind: String,
    },
    /// Let it go on
    Resume {
        #[command(flatten)]
        common: Common,
        #[arg(value_name = "KIND")]
        kind: String,
    },
}

/// Ends with 2 if there is no such job, or nothing to change.
///
/// # Errors
///
/// If the office cannot be opened.
pub async fn command(args: &QueueArgs, now: OffsetDateTime) -> anyhow::Result<(String, u8)> {
    let (common, order) = match &args.command {
        QueueCommand::List { common, dead, last } => return list(common, now, (*dead, *last)).await,
        QueueCommand::Show { common, key } => return show(common, now, key).await,
        QueueCommand::Retry { common, key } => (common, Order::Retry(key.clone())),
        QueueCommand::Drop { common, key } => (common, Order::Drop(key.clone())),
        QueueCommand::Pause { common, kind } => (common, Order::Pause(kind.clone())),
        QueueCommand::Resume { common, kind } => (common, Order::Resume(kind.clone())),
    };
    let Opened { store, audit, .. } = open(&common.office, now).await?;
    let (what, name) = order.told();
    let done = store.begin_long_write(Ordered { audit, actor: operator(), order: order.clone() }).await?;
    store.close().await;
    let text = match (common.json, done) {
        (true, _) => json!({ "order": what, "of": name, "done": done }).to_string() + "\n",
        (false, true) => format!("{name}: {what}\n"),
        (false, false) => format!("{name}: nothing to {what}: `windowshop queue list` says what there is\n"),
    };
    Ok((text, if done { 0 } else { 2 }))
}

async fn list(common: &Common, now: OffsetDateTime, (dead, last): (bool, i64)) -> anyhow::Result<(String, u8)> {
    let Opened { store, .. } = open(&common.office, now).await?;
    let at = store.now().await?;
    let mut connection = store.read().await?;
    let kinds = desk::kinds(&mut connection).await?;
    let lines = desk::list(&mut connection, dead, last).await?;
    drop(connection);
    store.close().await;
    if common.json {
        let kinds: Vec<Value> = kinds
            .iter()
            .map(|of| {
                json!({
                    "kind": of.kind, "waiting": of.waiting, "held": of.held, "dead": of.dead, "paused": of.paused,
                    "oldest_seconds": of.first.map(|first| (at - first).max(0) / 1000),
                })
            })
            .collect();
        let jobs: Vec<Value> = lines.iter().map(as_json).collect();
        return Ok((json!({ "kinds": kinds, "jobs": jobs }).to_string() + "\n", 0));
    }
    let mut text = String::new();
    if kinds.is_empty() {
        text += "nothing waits\n";
    }
    for of in kinds {
        let paused = if of.paused { ", PAUSED" } else { "" };
        let oldest = of.first.map_or(0, |first| (at - first).max(0) / 1000);
        writeln!(
            text,
            "{}: {} wait (the oldest for {oldest} s), {} held, {} dead{paused}",
            of.kind, of.waiting, of.held, of.dead
        )?;
    }
    for line in lines {
        let why = if line.last_error.is_empty() { String::new() } else { format!("  ({})", line.last_error) };
        let (due, state) = (clock_text(line.run_at), line.state_word());
        writeln!(text, "{due}  {state:<5} {:<12} {} attempt {}{why}", line.kind, line.key, line.attempt)?;
    }
    Ok((text, 0))
}

async fn show(common: &Common, now: OffsetDateTime, key: &str) -> anyhow::Result<(String, u8)> {
    let Opened { store, .. } = open(&common.office, now).await?;
    let mut connection = store.read().await?;
    let found = desk::find(&mut connection, key).await?;
    let done = desk::done(&mut connection, key).await?;
    drop(connection);
    store.close().await;
    let value = match (found, done) {
        (Some(line), _) => as_json(&line),
        (None, Some(done)) => json!({
            "key": key, "state": done.outcome, "attempt": done.attempts, "done_at": done.done_at, "owner": done.owner,
        }),
        (None, None) if common.json => json!({ "key": key, "state": null }),
        (None, None) => return Ok((format!("{key}: there is no such job\n"), 2)),
    };
    let code = if value["state"].is_null() { 2 } else { 0 };
    if common.json {
        return Ok((value.to_string() + "\n", code));
    }
    Ok((lines_of(&value)?, code))
}

fn as_json(line: &Line) -> Value {
    json!({
        "key": line.key, "kind": line.kind, "state": line.state_word(), "owner": line.owner,
        "attempt": line.attempt, "max_attempts": line.max_attempts, "made_at": line.made_at, "run_at": line.run_at,
        "deadline": line.deadline, "began_at": line.began_at, "lease_until": line.lease_until, "worker": line.worker,
        "last_error": line.last_error, "request_id": line.request_id,
    })
}
