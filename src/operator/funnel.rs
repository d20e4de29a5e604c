//! `windowshop funnel`: how far people come in the application, without any person in it.

use clap::Args;
use time::{Duration, OffsetDateTime};

use super::{Opened, open};
use crate::application::funnel::{Report, read_day};
use crate::config::OfficeArgs;

/// Without `--since`: a month, so that a count is not small for a short time only.
const DAYS: Duration = Duration::days(30);

#[derive(Debug, Clone, Args)]
pub struct FunnelArgs {
    #[command(flatten)]
    pub office: OfficeArgs,
    /// The first day that counts (2026-11-01); 30 days ago if omitted
    #[arg(long, value_name = "DAY")]
    pub since: Option<String>,
    /// Pages in this language only (en, es)
    #[arg(long, value_name = "CODE", default_value = "")]
    pub lang: String,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// # Errors
///
/// If `--since` is no day, or the office cannot be opened.
pub async fn command(args: &FunnelArgs, now: OffsetDateTime) -> anyhow::Result<(String, u8)> {
    let since = args.since.as_deref().map(read_day).transpose();
    let since = since.map_err(|error| error.context("--since"))?.unwrap_or(now.date() - DAYS);
    let Opened { store, .. } = open(&args.office, now).await?;
    let mut connection = store.read().await?;
    let report = Report::of(&mut connection, since, &args.lang, now.date()).await?;
    drop(connection);
    store.close().await;
    let text = if args.json { serde_json::to_string(&report)? + "\n" } else { report.to_string() };
    Ok((text, 0))
}
