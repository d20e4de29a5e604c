//! `windowshop retention`: reminds people of applications that will be deleted, deletes what the schedule says is kept no
//! longer, and says what went.

use std::sync::Arc;

use clap::Args;
use time::OffsetDateTime;

use super::{Opened, open};
use crate::account::people::Means;
use crate::account::retention::{self, Schedule};
use crate::application::reminders;
use crate::config::OfficeArgs;
use crate::eligibility::Tables;
use crate::enrollment::end_rules::EndRules;
use crate::enrollment::proof_clock;
use crate::verify::clock::{self, Report};
use crate::verify::{Knows, Room};

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
    let tables = Tables::load().map_err(|faults| anyhow::anyhow!("the rules are not whole: {faults:?}"))?;
    let Opened { store, audit, vault, .. } = open(&args.office, now).await?;
    let means = Means { vault, audit };
    // Before anything goes.
    let letters = reminders::of_day((&store, &means), (&tables, &schedule), now.date()).await?;
    let room = Room { store: store.clone(), means: means.clone(), knows: Arc::new(Knows::load()?) };
    let Report { reminders, expired } = clock::carry_out(&room).await?;
    let rules = EndRules::load().map_err(|faults| anyhow::anyhow!("the rules are not whole: {faults:?}"))?;
    let proofs = proof_clock::carry_out(&room, &rules, now).await?;
    let report = retention::carry_out(&store, &means.audit, &schedule).await?;
    store.close().await;
    let told = format!(
        "{letters:>8} letters put down about applications that are not sent\n\
         {reminders:>8} reminders of what has to be proved\n\
         {expired:>8} data-matching issues whose time was over\n\
         {:>8} reminders of events that have to be proved\n\
         {:>8} events that were not proved in time\n",
        proofs.reminders, proofs.expired
    );
    Ok((format!("{told}{report}"), 0))
}
