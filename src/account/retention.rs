//! How long the office keeps what: dated rows, carried out by a job that reports.
//!
//! Called by `windowshop retention`, from a timer or by hand. The record of deeds is never cut by it: its rows are kept
//! for ten years, and no year has come yet in which that ends; cutting a chain is another procedure.

use std::fmt;

use serde::Deserialize;
use time::Date;
use time::macros::format_description;

use super::{owned, pending};
use crate::store::audit::{Actor, Audit, Deed, Entry};
use crate::store::vault::Vault;
use crate::store::{Change, Millis, Store, StoreError, Tx};

pub const DAY: Millis = 24 * 3_600_000;
/// Owners destroyed in one transaction.
const BATCH: i64 = 100;
const TABLE: &str = include_str!("../../data/office/retention.csv");

/// A row of the schedule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Kept {
    pub what: String,
    from: String,
    to: String,
    pub days: i64,
    pub since: String,
    pub basis: String,
    pub citation: String,
}

/// The rows in force on a day.
#[derive(Debug, Clone)]
pub struct Schedule(Vec<Kept>);

/// What there must be a row for.
const ALL: [&str; 17] = [
    "session",
    "pending",
    "mailed_code",
    "guess",
    "device",
    "guest",
    "draft",
    "job_done",
    "letter",
    "application",
    "verification",
    "transfer",
    "aside",
    "document",
    "desk_session",
    "funnel",
    "audit",
];

impl Schedule {
    /// # Errors
    ///
    /// If the table cannot be read, or lacks a row for something on this day, or has two.
    pub fn on(day: Date) -> anyhow::Result<Schedule> {
        Schedule::read(TABLE, day)
    }

    fn read(text: &str, day: Date) -> anyhow::Result<Schedule> {
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
        let date = |text: &str| Date::parse(text, format_description!("[year]-[month]-[day]"));
        let mut rows = Vec::new();
        for row in reader.deserialize() {
            let row: Kept = row?;
            let begun = date(&row.from)? <= day;
            let over = !row.to.is_empty() && date(&row.to)? < day;
            anyhow::ensure!(!row.citation.is_empty(), "data/office/retention.csv: {} has no citation", row.what);
            anyhow::ensure!(row.days >= 0, "data/office/retention.csv: {} has {} days", row.what, row.days);
            if begun && !over {
                rows.push(row);
            }
        }
        for what in ALL {
            let count = rows.iter().filter(|row| row.what == what).count();
            anyhow::ensure!(count == 1, "data/office/retention.csv has {count} rows for {what} on {day}");
        }
        Ok(Schedule(rows))
    }

    /// How long something is kept.
    pub fn time(&self, what: &str) -> Millis {
        self.0.iter().find(|row| row.what == what).map_or(Millis::MAX / 2, |row| row.days * DAY)
    }
}

/// What went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub sessions: u64,
    pub pending: u64,
    pub mailed_codes: u64,
    pub guesses: u64,
    pub devices: u64,
    pub drafts: u64,
    /// What is known of jobs that were done.
    pub jobs: u64,
    /// What became of letters, but of those that tell of a message: these belong to the message.
    pub letters: u64,
    pub guests: u64,
    /// Days of counts of the application's pages, by page and question.
    pub counts: u64,
    /// Answers from outside that could not be read.
    pub asides: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>8} sessions that had ended", self.sessions)?;
        writeln!(f, "{:>8} forms that waited for a password", self.pending)?;
        writeln!(f, "{:>8} mailed codes", self.mailed_codes)?;
        writeln!(f, "{:>8} counters against guessing", self.guesses)?;
        writeln!(f, "{:>8} browsers that were known", self.devices)?;
        writeln!(f, "{:>8} drafts of accounts", self.drafts)?;
        writeln!(f, "{:>8} jobs that were done", self.jobs)?;
        writeln!(f, "{:>8} notes on letters", self.letters)?;
        writeln!(f, "{:>8} guests with all they had begun", self.guests)?;
        writeln!(f, "{:>8} counts of the application's pages", self.counts)?;
        writeln!(f, "{:>8} answers from outside that could not be read", self.asides)
    }
}

/// Carries the schedule out.
///
/// # Errors
///
/// If the store is away. What went before that is gone and reported the next time as nothing.
pub async fn carry_out(store: &Store, audit: &Audit, schedule: &Schedule) -> Result<Report, StoreError> {
    let rows = store.begin_long_write(Rows { schedule: schedule.clone() }).await?;
    let mut report = rows;
    loop {
        let gone = store.begin_long_write(Guests { audit: audit.clone(), schedule: schedule.clone() }).await?;
        report.guests += gone;
        if gone == 0 {
            return Ok(report);
        }
    }
}

/// Rows that go by one statement each.
struct Rows {
    schedule: Schedule,
}

impl Change for Rows {
    type Done = Report;

    async fn run(&self, tx: &mut Tx) -> Result<Report, StoreError> {
        let now = tx.now();
        let before = |what: &str| now.saturating_sub(self.schedule.time(what));
        let mut gone = Vec::new();
        for (statement, at) in [
            ("DELETE FROM session WHERE expires_at <= $1", before("session")),
            ("DELETE FROM pending WHERE made_at <= $1", before("pending") - pending::KEPT),
            ("DELETE FROM sent_code WHERE expires_at <= $1", before("mailed_code")),
            ("DELETE FROM mailed_code WHERE expires_at <= $1", before("mailed_code")),
            ("DELETE FROM guess WHERE window_began_at <= $1 AND closed_until <= $1", before("guess")),
            ("DELETE FROM device WHERE seen_at <= $1", before("device")),
            (
                // What was sent from it is a record of its own; answers that were set aside are nobody's business any more.
                "DELETE FROM draft WHERE changed_at <= $1 AND owner IN (SELECT owner FROM lookup)",
                before("draft"),
            ),
            ("DELETE FROM job_done WHERE done_at <= $1", before("job_done")),
            ("DELETE FROM letter WHERE queued_at <= $1 AND template <> 'message'", before("letter")),
            ("DELETE FROM funnel WHERE day <= $1", before("funnel")),
            ("DELETE FROM aside WHERE at <= $1", before("aside")),
            ("DELETE FROM desk_session WHERE expires_at <= $1", before("desk_session")),
        ] {
            gone.push(sqlx::query(statement).bind(at).execute(tx.conn()).await?.rows_affected());
        }
        Ok(Report {
            sessions: gone[0] + gone[11],
            pending: gone[1],
            mailed_codes: gone[2] + gone[3],
            guesses: gone[4],
            devices: gone[5],
            drafts: gone[6],
            jobs: gone[7],
            letters: gone[8],
            guests: 0,
            counts: gone[9],
            asides: gone[10],
        })
    }
}

/// Guests whose draft has not changed for so long, and who have sent nothing: their key is destroyed.
struct Guests {
    audit: Audit,
    schedule: Schedule,
}

impl Change for Guests {
    type Done = u64;

    async fn run(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let before = tx.now().saturating_sub(self.schedule.time("guest"));
        let asked = sqlx::query_scalar(
            "SELECT owner FROM draft WHERE changed_at <= $1 AND owner NOT IN (SELECT owner FROM lookup) \
             AND owner NOT IN (SELECT owner FROM application) ORDER BY changed_at LIMIT $2",
        );
        let owners: Vec<String> = asked.bind(before).bind(BATCH).fetch_all(tx.conn()).await?;
        let mut gone = 0;
        for owner in owners {
            // A save that came meanwhile keeps the draft.
            let draft = sqlx::query("DELETE FROM draft WHERE owner = $1 AND changed_at <= $2");
            if draft.bind(owner.as_str()).bind(before).execute(tx.conn()).await?.rows_affected() == 0 {
                continue;
            }
            owned::delete(tx, &owner).await?;
            Vault::destroy(tx, &owner).await?;
            let entry =
                Entry { actor: &Actor::Site, deed: Deed::Deleted, owner: &owner, record: "retention", session: "" };
            self.audit.append(tx, &entry).await?;
            gone += 1;
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn the_schedule_is_whole_and_dated() {
        let schedule = Schedule::on(date!(2026 - 11 - 26)).expect("whole");
        assert_eq!((schedule.time("guest"), schedule.time("audit")), (90 * DAY, 3_653 * DAY));
        assert!(
            Schedule::on(date!(2025 - 12 - 31)).expect_err("no rule yet").to_string().contains("0 rows for session")
        );
        let twice = format!("{TABLE}guest,2026-06-01,,30,the last change,x,y\n");
        let fault = Schedule::read(&twice, date!(2026 - 11 - 26)).expect_err("two rows").to_string();
        assert!(fault.contains("2 rows for guest"), "{fault}");
        // The printed code of a guest is good for as long as the draft is kept.
        assert_eq!(schedule.time("guest"), super::super::people::DRAFT_DAYS);
        let uncited = TABLE.replace(",our rule", ",");
        assert!(Schedule::read(&uncited, date!(2026 - 11 - 26)).is_err());
    }
}
