//! Everything that the office has of one person, opened: for their own download, and for an operator who answers them.
//!
//! Called by the download page and by `windowshop account export`, which have proved who it is for, and note it.

use serde_json::{Value, json};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Column as _, Row as _};

use super::people::open_text;
use crate::sealing::{Column, DataKey};
use crate::store::audit;
use crate::store::vault::Vault;
use crate::store::{Reading, StoreError, columns};

/// Rows of the record of deeds in an export; far more than one person's.
const DEEDS_MAX: i64 = 100_000;

/// As JSON; `None` if there is no such owner, or no longer.
///
/// # Errors
///
/// If the store is away, or something sealed does not open.
pub async fn of(connection: &mut Reading, vault: &Vault, owner: &str) -> Result<Option<Value>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(None) };
    let account = account(connection, &key, owner).await?;
    let drafts = drafts(connection, &key, owner).await?;
    let with = (&key, owner);
    let applications = (
        "SELECT id, answers, submitted_at FROM application WHERE owner = $1 ORDER BY submitted_at",
        columns::APPLICATION_ANSWERS,
    );
    let applications = frozen(connection, with, applications).await?;
    let determinations = (
        "SELECT id, determination, submitted_at FROM application WHERE owner = $1 ORDER BY submitted_at",
        columns::APPLICATION_DETERMINATION,
    );
    let determinations = frozen(connection, with, determinations).await?;
    let notices = ("SELECT id, body, posted_at FROM notice WHERE owner = $1 ORDER BY posted_at", columns::NOTICE_BODY);
    let notices = frozen(connection, with, notices).await?;
    let changes = "SELECT id AS application, follows FROM application WHERE owner = $1 AND follows IS NOT NULL";
    let changes = rows(connection, changes, owner).await?;
    let checks = checks(connection, &key, owner).await?;
    let documents = documents(connection, &key, owner).await?;
    let transfers = transfers(connection, &key, owner).await?;
    let coverage = coverage(connection, &key, owner).await?;
    let devices = devices(connection, &key, owner).await?;
    let sessions =
        sqlx::query_as("SELECT made_at, seen_at, expires_at, shared FROM session WHERE owner = $1 ORDER BY made_at");
    let sessions: Vec<(i64, i64, i64, i64)> = sessions.bind(owner).fetch_all(&mut **connection).await?;
    let sessions: Vec<Value> = sessions
        .iter()
        .map(|(made, seen, expires, shared)| {
            json!({ "made_at": made, "seen_at": seen, "expires_at": expires, "shared_computer": *shared != 0 })
        })
        .collect();
    let letters = letters(connection, owner).await?;
    let deeds = audit::of_owner(connection, owner, DEEDS_MAX).await?;
    let deeds: Vec<Value> = deeds
        .iter()
        .map(|row| json!({ "at": row.at, "who": row.actor, "what": row.deed, "record": row.record }))
        .collect();
    Ok(Some(json!({
        "owner": owner, "account": account, "drafts": drafts, "applications": applications, "changes": changes,
        "determinations": determinations, "notices": notices, "checks": checks, "transfers": transfers,
        "coverage": coverage, "documents": documents, "devices": devices, "sessions": sessions, "letters": letters,
        "deeds": deeds,
    })))
}

/// An account's row: sealed address, language, and when it was made, last seen and confirmed.
type AccountRow = (Vec<u8>, String, i64, i64, Option<i64>);

/// Null for a guest.
async fn account(connection: &mut AnyConnection, key: &DataKey, owner: &str) -> Result<Value, StoreError> {
    let Some(id) = owner.strip_prefix("account:") else { return Ok(Value::Null) };
    let asked = sqlx::query_as("SELECT email, lang, made_at, seen_at, email_confirmed_at FROM account WHERE id = $1");
    let found: Option<AccountRow> = asked.bind(id).fetch_optional(connection).await?;
    let Some((email, lang, made_at, seen_at, confirmed_at)) = found else { return Ok(Value::Null) };
    let email = open_text(key, columns::ACCOUNT_EMAIL, (id, owner), &email)?;
    Ok(json!({
        "email": email.as_str(), "language": lang, "made_at": made_at, "seen_at": seen_at,
        "email_confirmed_at": confirmed_at,
    }))
}

async fn drafts(connection: &mut AnyConnection, key: &DataKey, owner: &str) -> Result<Vec<Value>, StoreError> {
    let asked =
        sqlx::query_as("SELECT id, answers, state, made_at, changed_at FROM draft WHERE owner = $1 ORDER BY made_at");
    let found: Vec<(String, Vec<u8>, i64, i64, i64)> = asked.bind(owner).fetch_all(connection).await?;
    let mut drafts = Vec::new();
    for (id, answers, state, made_at, changed_at) in found {
        let answers = open_text(key, columns::DRAFT_ANSWERS, (&id, owner), &answers)?;
        let answers: Value = serde_json::from_str(&answers).unwrap_or_default();
        drafts.push(json!({
            "id": id, "answers": answers, "state": state, "made_at": made_at, "changed_at": changed_at,
        }));
    }
    Ok(drafts)
}

/// The rows of a statement about an owner: each column under its name.
async fn rows(connection: &mut AnyConnection, statement: &'static str, owner: &str) -> Result<Vec<Value>, StoreError> {
    let found: Vec<AnyRow> = sqlx::query(statement).bind(owner).fetch_all(connection).await?;
    Ok(found.iter().map(as_json).collect::<Result<Vec<Value>, sqlx::Error>>()?)
}

fn as_json(row: &AnyRow) -> Result<Value, sqlx::Error> {
    let column = |at: usize| -> Result<(String, Value), sqlx::Error> {
        let number = row.try_get::<Option<i64>, _>(at).map(Value::from);
        let value = number.or_else(|_| row.try_get::<Option<String>, _>(at).map(Value::from))?;
        Ok((row.column(at).name().to_string(), value))
    };
    (0..row.len()).map(column).collect()
}

/// Documents that were frozen, opened, with when.
async fn frozen(
    connection: &mut AnyConnection,
    (key, owner): (&DataKey, &str),
    (statement, column): (&'static str, Column),
) -> Result<Vec<Value>, StoreError> {
    let found: Vec<(String, Vec<u8>, i64)> = sqlx::query_as(statement).bind(owner).fetch_all(connection).await?;
    let mut documents = Vec::new();
    for (id, sealed, at) in found {
        let text = open_text(key, column, (&id, owner), &sealed)?;
        let document: Value = serde_json::from_str(&text).unwrap_or_default();
        documents.push(json!({ "id": id, "at": at, "document": document }));
    }
    Ok(documents)
}

/// What was checked of what they sent, what they had to send, what followed from it, and what they said against it. What
/// sources answered is not in it: tax data of one member must not be shown to another (IRS Publication 1075); what followed
/// is in the notices.
async fn checks(connection: &mut AnyConnection, key: &DataKey, owner: &str) -> Result<Value, StoreError> {
    let made = "SELECT id, application, person, subject, state, service, asked_at FROM verification \
                WHERE owner = $1";
    let made = rows(connection, made, owner).await?;
    let issues = "SELECT id, application, person, kind, state, closed_how, opened_at, due_day AS due, closed_at \
                  FROM dmi WHERE owner = $1 ORDER BY opened_at";
    let issues = rows(connection, issues, owner).await?;
    let redetermined =
        "SELECT id, application, cause, notice, made_at FROM redetermination WHERE owner = $1 ORDER BY made_at";
    let redetermined = rows(connection, redetermined, owner).await?;
    let appeals = appeals(connection, key, owner).await?;
    Ok(json!({
        "made": made, "data_matching_issues": issues, "redetermined": redetermined,
        "appeals": appeals,
    }))
}

/// What they said against a notice, and what was decided about it.
async fn appeals(connection: &mut AnyConnection, key: &DataKey, owner: &str) -> Result<Vec<Value>, StoreError> {
    type Row = (String, String, String, String, Vec<u8>, i64, Option<i64>);
    let asked = sqlx::query_as(
        "SELECT id, application, notice, state, body, filed_at, closed_at FROM appeal WHERE owner = $1 ORDER BY filed_at",
    );
    let found: Vec<Row> = asked.bind(owner).fetch_all(connection).await?;
    let mut appeals = Vec::new();
    for (id, application, notice, state, body, filed_at, closed_at) in found {
        let text = open_text(key, columns::APPEAL_BODY, (&id, owner), &body)?;
        let said: Value = serde_json::from_str(&text).unwrap_or_default();
        appeals.push(json!({
            "id": id, "application": application, "notice": notice, "state": state, "filed_at": filed_at,
            "closed_at": closed_at, "document": said,
        }));
    }
    Ok(appeals)
}

/// What they sent to answer an issue, and what became of it. The files themselves are downloaded one by one.
async fn documents(connection: &mut AnyConnection, key: &DataKey, owner: &str) -> Result<Vec<Value>, StoreError> {
    type Row = (String, String, String, String, i64, Vec<u8>, Vec<u8>, String, String, i64, Option<i64>);
    let asked = sqlx::query_as(
        "SELECT id, dmi, how, kind, bytes, secret, name, state, reason, sent_at, reviewed_at FROM document \
         WHERE owner = $1 ORDER BY sent_at",
    );
    let found: Vec<Row> = asked.bind(owner).fetch_all(connection).await?;
    let mut documents = Vec::new();
    for (id, dmi, how, kind, bytes, secret, name, state, reason, sent_at, reviewed_at) in found {
        let name = match how.as_str() {
            "upload" => {
                let secret = key.open(columns::DOCUMENT_SECRET.at(&id, owner), &secret)?;
                let own = DataKey::of_bytes(&secret).ok_or(StoreError::Stale)?;
                Some(open_text(&own, columns::DOCUMENT_NAME, (&id, &id), &name)?.to_string())
            }
            _ => None,
        };
        documents.push(json!({
            "id": id, "issue": dmi, "how": how, "kind": kind, "bytes": bytes, "name": name, "state": state,
            "reason": reason, "sent_at": sent_at, "reviewed_at": reviewed_at,
        }));
    }
    Ok(documents)
}

/// What went to a state's agency, as it stands in the file; what it said; what that opens for them.
async fn transfers(connection: &mut AnyConnection, key: &DataKey, owner: &str) -> Result<Value, StoreError> {
    type Row = (String, String, String, String, String, Vec<u8>, i64);
    let asked = sqlx::query_as(
        "SELECT id, direction, application, state_code, status, body, made_at FROM transfer WHERE owner = $1 \
         ORDER BY made_at",
    );
    let found: Vec<Row> = asked.bind(owner).fetch_all(&mut *connection).await?;
    let mut files = Vec::new();
    for (id, direction, application, state, status, sealed, at) in found {
        let text = open_text(key, columns::TRANSFER_BODY, (&id, owner), &sealed)?;
        files.push(json!({
            "id": id, "direction": direction, "application": application, "state": state, "status": status,
            "at": at, "document": text.as_str(),
        }));
    }
    let steps = "SELECT transfer, step, person, said_at AS at, program, from_day AS \"from\" FROM transfer_step \
                 WHERE owner = $1 ORDER BY transfer_step.at";
    let steps = rows(connection, steps, owner).await?;
    let events = "SELECT application, person, kind, day FROM enrollment_event WHERE owner = $1 ORDER BY made_at";
    let events = rows(connection, events, owner).await?;
    Ok(json!({ "files": files, "steps": steps, "events": events }))
}

/// What they chose and signed, every change of it, and what they were given for their tax returns.
async fn coverage(connection: &mut AnyConnection, key: &DataKey, owner: &str) -> Result<Value, StoreError> {
    let with = (key, owner);
    let chosen = (
        "SELECT application, body, changed_at FROM plan_choice WHERE owner = $1 ORDER BY changed_at",
        columns::PLAN_CHOICE_BODY,
    );
    let chosen = frozen(connection, with, chosen).await?;
    let signed =
        ("SELECT id, signed, made_at FROM enrollment WHERE owner = $1 ORDER BY made_at", columns::ENROLLMENT_SIGNED);
    let signed = frozen(connection, with, signed).await?;
    let changed = (
        "SELECT id, body, made_at FROM enrollment_change WHERE owner = $1 ORDER BY made_at, number",
        columns::ENROLLMENT_CHANGE_BODY,
    );
    let changed = frozen(connection, with, changed).await?;
    let taxes = (
        "SELECT id, body, made_at FROM tax_record WHERE owner = $1 ORDER BY plan_year, number",
        columns::TAX_RECORD_BODY,
    );
    let taxes = frozen(connection, with, taxes).await?;
    let steps =
        "SELECT enrollment, step, from_day AS \"from\", code, at FROM enrollment_step WHERE owner = $1 ORDER BY at";
    let steps = rows(connection, steps, owner).await?;
    let enrollments = "SELECT id, application, number, plan, product, state, starts, ends, proof, no_renewal_at \
                       FROM enrollment WHERE owner = $1 ORDER BY made_at";
    let enrollments = rows(connection, enrollments, owner).await?;
    // What they had to prove before an insurer was told, and what became of it.
    let proofs = "SELECT id, application, kind, event, state, asked_at, due_day AS due, closed_at FROM event_proof \
                  WHERE owner = $1 ORDER BY asked_at";
    let proofs = rows(connection, proofs, owner).await?;
    Ok(json!({
        "chosen": chosen, "enrollments": enrollments, "signed": signed, "changes": changed, "steps": steps,
        "taxes": taxes, "event_proofs": proofs,
    }))
}

/// What became of each letter to them, and whether their address takes any.
async fn letters(connection: &mut AnyConnection, owner: &str) -> Result<Value, StoreError> {
    let sent = "SELECT template, queued_at, mailed_at, accepted_by, bounced_at, code FROM letter WHERE owner = $1 \
                ORDER BY queued_at";
    let sent = rows(connection, sent, owner).await?;
    let address = "SELECT bounced_at, code, soft AS passing_refusals, changed_at FROM mail_state WHERE owner = $1";
    let address = rows(connection, address, owner).await?.pop();
    Ok(json!({ "sent": sent, "address": address }))
}

async fn devices(connection: &mut AnyConnection, key: &DataKey, owner: &str) -> Result<Vec<Value>, StoreError> {
    let asked = sqlx::query_as("SELECT id, name, made_at, seen_at FROM device WHERE owner = $1 ORDER BY made_at");
    let found: Vec<(String, Vec<u8>, i64, i64)> = asked.bind(owner).fetch_all(connection).await?;
    let mut devices = Vec::new();
    for (id, name, made_at, seen_at) in found {
        let name = open_text(key, columns::DEVICE_NAME, (&id, owner), &name)?;
        devices.push(json!({ "name": name.as_str(), "made_at": made_at, "seen_at": seen_at }));
    }
    Ok(devices)
}
