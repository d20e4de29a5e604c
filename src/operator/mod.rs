//! What an operator does to the office from a terminal: backup, restore, keys, audit,
//! accounts.
//!
//! Called by `main`, one function a command; each returns what to print and the exit code. Everything that touches a
//! person's record or the keys leaves a row in the audit. It must never print what a person typed.

pub mod account;
pub mod audit;
pub mod backup;
pub mod bounce;
pub mod coverage;
pub mod desk;
pub mod funnel;
pub mod insurer;
pub mod keys;
pub mod notices;
pub mod queue;
pub mod retention;
pub mod transfer;

use std::fmt::Write as _;
use std::sync::Arc;

use clap::Args;
use serde_json::Value;
use time::OffsetDateTime;

use crate::account::people::Means;
use crate::config::{OfficeArgs, OfficePlace, SettingFault};
use crate::store::audit::Actor;
pub use crate::store::opened::Opened;
use crate::verify::{Knows, Room};

/// What commands take that can answer as JSON.
#[derive(Debug, Clone, Args)]
pub struct Common {
    #[command(flatten)]
    pub office: OfficeArgs,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Settings as values, or an error that names every fault.
fn place(args: &OfficeArgs) -> anyhow::Result<OfficePlace> {
    let mut faults: Vec<SettingFault> = Vec::new();
    let place = OfficePlace::read(args, &mut faults);
    let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
    anyhow::ensure!(list.is_empty(), "{}", list.join("; "));
    Ok(place)
}

/// Opens store, keys and audit.
///
/// # Errors
///
/// What is wrong and what to do.
pub async fn open(args: &OfficeArgs, now: OffsetDateTime) -> anyhow::Result<Opened> {
    Opened::at(&place(args)?, now.date()).await
}

/// What a change is made with, of an open office.
fn means(office: &Opened) -> Means {
    Means { vault: office.vault.clone(), audit: office.audit.clone() }
}

/// What checks, transfers and files to insurers work with, of an open office.
fn room(office: &Opened) -> anyhow::Result<Room> {
    Ok(Room { store: office.store.clone(), means: means(office), knows: Arc::new(Knows::load()?) })
}

/// What is known of a record, a line each; times as people read them.
fn lines_of(value: &Value) -> anyhow::Result<String> {
    let mut text = String::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let said = match (name.ends_with("_at") || name == "deadline", value.as_i64()) {
            (true, Some(at)) => clock_text(at),
            _ => value.as_str().map_or_else(|| value.to_string(), str::to_string),
        };
        writeln!(text, "{name}: {said}")?;
    }
    Ok(text)
}

/// Who runs the command, for the audit.
fn operator() -> Actor {
    Actor::Operator(format!("uid {}", rustix::process::getuid().as_raw()))
}

/// A time of the store as people read it, UTC.
pub(crate) fn clock_text(millis: i64) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let time = OffsetDateTime::from_unix_timestamp(millis / 1000).ok();
    time.and_then(|time| time.format(format).ok()).unwrap_or_else(|| millis.to_string())
}
