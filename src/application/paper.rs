//! Notices for people who want them on paper: which were not mailed yet, what one says to whom, and that it was mailed.
//!
//! Called by an operator's command: nothing here prints or mails, people do. That a notice was mailed is the row of `letter`
//! that an e-mail would have had, so its page shows it the same way. It must never list what somebody typed.

use serde_json::Value;
use sqlx::AnyConnection;

use super::record::{self, Application, Letter};
use super::sheet::{HOUSEHOLD, RowId, YOU, key};
use crate::store::audit::{Actor, Audit, Deed, Entry};
use crate::store::vault::Vault;
use crate::store::{Change, Millis, StoreError, Tx};
use crate::work::letters::{MESSAGE, PAPER};
use crate::work::queue::id_of;

/// A notice that waits to be mailed. Identifiers and a time only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub notice: String,
    pub application: String,
    pub owner: String,
    /// As [`record::Posted`] has it.
    pub kind: String,
    pub posted_at: Millis,
}

/// What is put into the envelope, and what stands on it.
pub struct Sheet {
    /// Name, street, place: a line each.
    pub address: Vec<String>,
    /// In the language that was asked for.
    pub letter: Letter,
}

type Row = (String, String, String, String, Millis);

/// Notices without a letter of any kind whose application asks for paper, the oldest first, at most `most`.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn waiting(connection: &mut AnyConnection, vault: &Vault, most: i64) -> Result<Vec<Waiting>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT id, application, owner, kind, posted_at FROM notice \
         WHERE NOT EXISTS (SELECT 1 FROM letter WHERE key = concat('notice:', notice.id)) \
         ORDER BY posted_at LIMIT $1",
    );
    let rows: Vec<Row> = asked.bind(most).fetch_all(&mut *connection).await?;
    let mut waiting = Vec::new();
    for (notice, application, owner, kind, posted_at) in rows {
        let found = record::one(connection, vault, (&owner, &application)).await?;
        if found.is_some_and(|application| wants_paper(&application)) {
            waiting.push(Waiting { notice, application, owner, kind, posted_at });
        }
    }
    Ok(waiting)
}

/// One notice as it goes into an envelope, with its owner; `None` if there is none of this ID that is for paper.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn sheet(
    connection: &mut AnyConnection,
    vault: &Vault,
    notice: &str,
) -> Result<Option<(String, Sheet)>, StoreError> {
    let asked = sqlx::query_scalar("SELECT owner FROM notice WHERE id = $1").bind(notice);
    let found: Option<String> = asked.fetch_optional(&mut *connection).await?;
    let Some(owner) = found else { return Ok(None) };
    let Some((posted, written)) = record::notice(connection, vault, (&owner, notice)).await? else { return Ok(None) };
    let application = record::one(connection, vault, (&owner, &posted.application)).await?;
    let Some(application) = application.filter(wants_paper) else { return Ok(None) };
    let lang = text(&application, "written", HOUSEHOLD);
    let mut letters = written.letters;
    let at = letters.iter().position(|letter| letter.lang == lang).unwrap_or_default();
    if letters.is_empty() {
        return Ok(None);
    }
    Ok(Some((owner, Sheet { address: address(&application), letter: letters.swap_remove(at) })))
}

fn text<'a>(application: &'a Application, question: &str, row: RowId) -> &'a str {
    application.frozen.answers.get(key(question, row)).and_then(Value::as_str).unwrap_or_default().trim()
}

fn wants_paper(application: &Application) -> bool {
    text(application, "notices_by", HOUSEHOLD) == "mail"
}

/// Where the contact person gets mail: where they live, unless they said otherwise.
fn address(application: &Application) -> Vec<String> {
    let home = |question: &str| text(application, question, HOUSEHOLD);
    let elsewhere = home("mail_same") == "no" || home("no_home") == "yes" || home("street").is_empty();
    let state = application.determination["state"].as_str().unwrap_or_default();
    let [street, unit, city, state, zip] = match elsewhere {
        true => ["mail_street", "mail_unit", "mail_city", "mail_state", "mail_zip"].map(home),
        false => [home("street"), home("unit"), home("city"), state, home("zip")],
    };
    let name = ["first_name", "middle_name", "last_name"].map(|part| text(application, part, YOU));
    let joined = |parts: &[&str]| parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ");
    let place = if city.is_empty() { String::new() } else { format!("{city}, ") };
    let lines = [joined(&name), joined(&[street, unit]), place + &joined(&[state, zip])];
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

/// A notice was printed, or is in the mail. Either is on record.
pub struct Handled {
    pub audit: Audit,
    pub actor: Actor,
    pub notice: String,
    /// `false`: it was only printed.
    pub mailed: bool,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// It was mailed before, or an e-mail tells of it.
    Before,
    /// There is no such notice.
    Unknown,
}

impl Change for Handled {
    type Done = Outcome;

    async fn run(&self, tx: &mut Tx) -> Result<Outcome, StoreError> {
        let (now, record) = (tx.now(), format!("notice:{}", self.notice));
        let asked = sqlx::query_as("SELECT owner, posted_at FROM notice WHERE id = $1").bind(self.notice.as_str());
        let found: Option<(String, Millis)> = asked.fetch_optional(tx.conn()).await?;
        let Some((owner, posted_at)) = found else { return Ok(Outcome::Unknown) };
        if self.mailed {
            let noted = sqlx::query(
                "INSERT INTO letter (key, job, owner, template, queued_at, mailed_at, accepted_by, bounced_at, code) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, '') ON CONFLICT DO NOTHING",
            )
            .bind(record.as_str())
            .bind(id_of(&record))
            .bind(owner.as_str())
            .bind(MESSAGE)
            .bind(posted_at)
            .bind(now)
            .bind(PAPER)
            .execute(tx.conn())
            .await?;
            if noted.rows_affected() == 0 {
                return Ok(Outcome::Before);
            }
        }
        let deed = if self.mailed { Deed::NoticeMailed } else { Deed::NoticePrinted };
        let entry = Entry { actor: &self.actor, deed, owner: &owner, record: &record, session: "" };
        self.audit.append(tx, &entry).await?;
        Ok(Outcome::Done)
    }
}
