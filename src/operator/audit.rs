//! `windowshop audit`: proves the chains and lists the latest rows.

use std::fmt::Write as _;

use clap::Args;
use serde_json::json;
use time::OffsetDateTime;

use super::{Opened, clock_text, open};
use crate::config::OfficeArgs;
use crate::store::audit::{self, Proof, Row};

/// Rows listed unless another number is asked for.
const LAST: i64 = 20;

#[derive(Debug, Clone, Args)]
pub struct AuditArgs {
    #[command(flatten)]
    pub office: OfficeArgs,
    /// Only what was done to this owner's records, e.g. account:0192…
    #[arg(long, value_name = "OWNER")]
    pub owner: Option<String>,
    /// How many rows to list
    #[arg(long, value_name = "N", default_value_t = LAST)]
    pub last: i64,
    /// The word over the ends of the chains that an earlier proof printed: says whether anything came since
    #[arg(long, value_name = "WORD")]
    pub ends: Option<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Ends with 2 if a chain does not hold.
///
/// # Errors
///
/// If the office cannot be opened.
pub async fn command(args: &AuditArgs, now: OffsetDateTime) -> anyhow::Result<(String, u8)> {
    let Opened { store, audit: chains, .. } = open(&args.office, now).await?;
    let proof = chains.prove(&store).await?;
    let mut connection = store.read().await?;
    let rows = match &args.owner {
        Some(owner) => audit::of_owner(&mut connection, owner, args.last).await?,
        None => audit::latest(&mut connection, args.last).await?,
    };
    drop(connection);
    store.close().await;
    let code = if proof.faults.is_empty() { 0 } else { 2 };
    Ok((if args.json { as_json(&proof, &rows) } else { in_words(args, &proof, &rows) }, code))
}

fn in_words(args: &AuditArgs, proof: &Proof, rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let at = clock_text(row.at);
        let what = if row.record.is_empty() { row.owner.clone() } else { format!("{} {}", row.owner, row.record) };
        let _ = writeln!(text, "{at}  {:<16} {:<14} {what}  {}", row.actor, row.deed, row.session);
    }
    for fault in &proof.faults {
        let _ = writeln!(text, "DOES NOT HOLD: {fault}");
    }
    if proof.faults.is_empty() {
        let _ = writeln!(text, "{} rows, every chain holds. Ends: {}", proof.rows, proof.ends);
    }
    match &args.ends {
        Some(ends) if *ends == proof.ends => text += "Nothing came or went since that word was printed.\n",
        Some(ends) if ends.len() != proof.ends.len() => text += "That is no word that a proof prints.\n",
        Some(_) => text += "Rows came since that word was printed.\n",
        None => {}
    }
    text
}

fn as_json(proof: &Proof, rows: &[Row]) -> String {
    let row = |row: &Row| {
        json!({
            "lane": row.lane, "number": row.number, "at": row.at, "actor": row.actor, "deed": row.deed,
            "owner": row.owner, "record": row.record, "session": row.session,
        })
    };
    let rows: Vec<_> = rows.iter().map(row).collect();
    let said = json!({ "rows": proof.rows, "faults": proof.faults, "ends": proof.ends, "latest": rows });
    format!("{said}\n")
}
