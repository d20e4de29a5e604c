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

use clap::Args;
use time::OffsetDateTime;

use crate::config::{OfficeArgs, OfficePlace, SettingFault};
use crate::store::audit::Actor;
pub use crate::store::opened::Opened;

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
