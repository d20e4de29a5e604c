//! `windowshop retention`: deletes what the schedule says is kept no longer, and says what went.

use clap::Args;
use time::OffsetDateTime;

use super::{Opened, open};
use crate::account::retention::{self, Schedule};
use crate::config::OfficeArgs;

#[derive(Debug, Clone, Args)]
pub struct RetentionArgs {
    #[command(flatten)]
    pub office: OfficeArgs,
}

/// # Errors
///
/// If the office cannot be opened, or its schedule is not whole.
pub async fn command(args: &RetentionArgs, now: OffsetDateTime) -> anyhow::Result<(String, u8)> {
    let schedule = Schedule::on(now.date())?;
    let Opened { store, audit, .. } = open(&args.office, now).await?;
    let report = retention::carry_out(&store, &audit, &schedule).await?;
    store.close().await;
    Ok((report.to_string(), 0))
}
