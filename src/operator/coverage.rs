//! `windowshop coverage`: how an enrollment stands, found by the number that a caller says; and bringing one back that has ended.
//!
//! Identifiers, days and our own words: no name, no amount. Bringing back leaves its row in the record of deeds.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use serde_json::json;
use time::OffsetDateTime;

use super::{Common, Opened, clock_text, means, open, operator};
use crate::enrollment::ending::{Back, Reinstate};
use crate::enrollment::step;

#[derive(Debug, Clone, Args)]
pub struct CoverageArgs {
    #[command(subcommand)]
    pub command: CoverageCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub enum CoverageCommand {
    /// How one stands, and what became of it
    Show {
        #[command(flatten)]
        common: Common,
        /// Its ten digits, with or without spaces
        #[arg(value_name = "NUMBER")]
        number: String,
    },
    /// Bring one back that has ended or was cancelled, without a gap, to the end of its year
    Reinstate {
        #[command(flatten)]
        common: Common,
        #[arg(value_name = "NUMBER")]
        number: String,
    },
}

/// Ends with 2 if there is no such enrollment, or it cannot be brought back.
///
/// # Errors
///
/// If the office cannot be opened.
pub async fn command(args: &CoverageArgs, now: OffsetDateTime) -> anyhow::Result<(String, u8)> {
    match &args.command {
        CoverageCommand::Show { common, number } => show(common, now, number).await,
        CoverageCommand::Reinstate { common, number } => reinstate(common, now, number).await,
    }
}

/// ID, owner, state, first day, last day, plan.
type Found = (String, String, String, String, String, String);

async fn find(office: &Opened, number: &str) -> anyhow::Result<Option<Found>> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let mut connection = office.store.read().await?;
    let asked = sqlx::query_as("SELECT id, owner, state, starts, ends, plan FROM enrollment WHERE number = $1");
    Ok(asked.bind(digits).fetch_optional(&mut *connection).await?)
}

fn nothing(number: &str) -> (String, u8) {
    (format!("{number}: there is no such enrollment\n"), 2)
}

async fn show(common: &Common, now: OffsetDateTime, number: &str) -> anyhow::Result<(String, u8)> {
    let office = open(&common.office, now).await?;
    let Some((id, owner, state, starts, ends, plan)) = find(&office, number).await? else { return Ok(nothing(number)) };
    let mut connection = office.store.read().await?;
    let steps = step::of(&mut connection, &id).await?;
    drop(connection);
    office.store.close().await;
    if common.json {
        let steps: Vec<_> = steps
            .iter()
            .map(|line| json!({ "step": line.step, "at": line.at, "from_day": line.from_day, "code": line.code }))
            .collect();
        let all = json!({
            "id": id, "owner": owner, "state": state, "starts": starts, "ends": ends, "plan": plan, "steps": steps,
        });
        return Ok((all.to_string() + "\n", 0));
    }
    let mut text = format!("id: {id}\nowner: {owner}\nstate: {state}\nstarts: {starts}\nends: {ends}\nplan: {plan}\n");
    for line in steps {
        writeln!(text, "{}  {:<12} {} {}", clock_text(line.at), line.step, line.from_day, line.code)?;
    }
    Ok((text, 0))
}

async fn reinstate(common: &Common, now: OffsetDateTime, number: &str) -> anyhow::Result<(String, u8)> {
    let office = open(&common.office, now).await?;
    let Some((id, owner, ..)) = find(&office, number).await? else { return Ok(nothing(number)) };
    let change = Reinstate { means: means(&office), owner, enrollment: id.clone(), actor: operator() };
    let back = office.store.begin_write(change).await?;
    office.store.close().await;
    let (word, code) = match back {
        Back::Now => ("it is in force again, and its insurer will be told", 0),
        Back::Live => ("it has not ended", 2),
        Back::Replaced => ("another plan has taken its place: end that one first", 2),
        Back::Nobody => return Ok(nothing(number)),
    };
    if common.json {
        return Ok((json!({ "id": id, "done": code == 0, "words": word }).to_string() + "\n", code));
    }
    Ok((format!("{number}: {word}\n"), code))
}
