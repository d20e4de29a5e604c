//! All that the store holds of one owner, table by table: what goes when they go, and what is sealed again when a guest
//! becomes an account.
//!
//! Called by `people` and `retention`. A new table with an owner gets its line here; a test holds that none is forgotten.

use sqlx::AnyConnection;
use time::Date;

use crate::sealing::{Column, DataKey};
use crate::store::{StoreError, Tx, columns};

/// Rows of an owner, in this order. The account itself and its data key are not among them.
pub const ROWS: [&str; 34] = [
    "DELETE FROM lookup WHERE owner = $1",
    "DELETE FROM session WHERE owner = $1",
    "DELETE FROM pending WHERE owner = $1",
    "DELETE FROM draft WHERE owner = $1",
    "DELETE FROM resume_code WHERE owner = $1",
    "DELETE FROM device WHERE owner = $1",
    "DELETE FROM totp WHERE owner = $1",
    "DELETE FROM recovery_code WHERE owner = $1",
    "DELETE FROM mailed_code WHERE owner = $1",
    "DELETE FROM sent_code WHERE owner = $1",
    "DELETE FROM job WHERE owner = $1",
    "DELETE FROM job_done WHERE owner = $1",
    "DELETE FROM letter WHERE owner = $1",
    "DELETE FROM mail_state WHERE owner = $1",
    "DELETE FROM application WHERE owner = $1",
    "DELETE FROM notice WHERE owner = $1",
    "DELETE FROM verification_run WHERE owner = $1",
    "DELETE FROM verification WHERE owner = $1",
    "DELETE FROM dmi WHERE owner = $1",
    "DELETE FROM redetermination WHERE owner = $1",
    "DELETE FROM appeal WHERE owner = $1",
    "DELETE FROM aside WHERE owner = $1",
    "DELETE FROM document_body WHERE document IN (SELECT id FROM document WHERE owner = $1)",
    "DELETE FROM document WHERE owner = $1",
    "DELETE FROM desk_item WHERE owner = $1",
    "DELETE FROM transfer WHERE owner = $1",
    "DELETE FROM transfer_step WHERE owner = $1",
    "DELETE FROM enrollment_event WHERE owner = $1",
    "DELETE FROM event_proof WHERE owner = $1",
    "DELETE FROM plan_choice WHERE owner = $1",
    "DELETE FROM enrollment WHERE owner = $1",
    "DELETE FROM enrollment_change WHERE owner = $1",
    "DELETE FROM enrollment_step WHERE owner = $1",
    "DELETE FROM tax_record WHERE owner = $1",
];

/// Numbers of plans that somebody has signed for and that are not over on a day, or of whose end an insurer still has to be
/// told: whoever goes would leave a plan and its bills behind that nobody can find any more.
///
/// # Errors
///
/// If the store is away.
pub async fn plans_in_force(
    connection: &mut AnyConnection,
    owner: &str,
    today: Date,
) -> Result<Vec<String>, StoreError> {
    let asked = sqlx::query_scalar(
        "SELECT number FROM enrollment e WHERE owner = $1 AND ((state NOT IN ('ended', 'cancelled') AND ends >= $2) \
         OR (EXISTS (SELECT 1 FROM enrollment_change c WHERE c.enrollment = e.id AND c.file <> '') \
         AND EXISTS (SELECT 1 FROM enrollment_change c WHERE c.enrollment = e.id AND c.file = '' AND c.held = ''))) \
         ORDER BY made_at",
    );
    Ok(asked.bind(owner).bind(today.to_string()).fetch_all(connection).await?)
}

/// Reference numbers of the applications that somebody has sent.
///
/// # Errors
///
/// If the store is away.
pub async fn sent(connection: &mut AnyConnection, owner: &str) -> Result<Vec<String>, StoreError> {
    let asked = sqlx::query_scalar("SELECT reference FROM application WHERE owner = $1 ORDER BY submitted_at");
    Ok(asked.bind(owner).fetch_all(connection).await?)
}

/// Deletes every row of an owner.
///
/// # Errors
///
/// If the store is away.
pub async fn delete(tx: &mut Tx, owner: &str) -> Result<(), StoreError> {
    for statement in ROWS {
        sqlx::query(statement).bind(owner).execute(tx.conn()).await?;
    }
    Ok(())
}

/// Documents that are only sealed again, in whatever state they are. What to read, what to write, which column.
const FROZEN: [(&str, &str, Column); 13] = [
    (
        "SELECT id, answers FROM application WHERE owner = $1 ORDER BY submitted_at",
        "UPDATE application SET answers = $1 WHERE id = $2",
        columns::APPLICATION_ANSWERS,
    ),
    (
        "SELECT id, determination FROM application WHERE owner = $1 ORDER BY submitted_at",
        "UPDATE application SET determination = $1 WHERE id = $2",
        columns::APPLICATION_DETERMINATION,
    ),
    (
        "SELECT id, body FROM notice WHERE owner = $1 ORDER BY posted_at",
        "UPDATE notice SET body = $1 WHERE id = $2",
        columns::NOTICE_BODY,
    ),
    (
        "SELECT id, answer FROM verification WHERE owner = $1",
        "UPDATE verification SET answer = $1 WHERE id = $2",
        columns::VERIFICATION_ANSWER,
    ),
    (
        "SELECT id, household FROM redetermination WHERE owner = $1 ORDER BY made_at",
        "UPDATE redetermination SET household = $1 WHERE id = $2",
        columns::REDETERMINATION_HOUSEHOLD,
    ),
    (
        "SELECT id, determination FROM redetermination WHERE owner = $1 ORDER BY made_at",
        "UPDATE redetermination SET determination = $1 WHERE id = $2",
        columns::REDETERMINATION_DETERMINATION,
    ),
    (
        "SELECT id, body FROM appeal WHERE owner = $1 ORDER BY filed_at",
        "UPDATE appeal SET body = $1 WHERE id = $2",
        columns::APPEAL_BODY,
    ),
    (
        // Name and contents are under this one: they stay as they are.
        "SELECT id, secret FROM document WHERE owner = $1 AND how = 'upload' ORDER BY sent_at",
        "UPDATE document SET secret = $1 WHERE id = $2",
        columns::DOCUMENT_SECRET,
    ),
    (
        "SELECT id, body FROM transfer WHERE owner = $1 ORDER BY made_at",
        "UPDATE transfer SET body = $1 WHERE id = $2",
        columns::TRANSFER_BODY,
    ),
    (
        "SELECT application, body FROM plan_choice WHERE owner = $1",
        "UPDATE plan_choice SET body = $1 WHERE application = $2",
        columns::PLAN_CHOICE_BODY,
    ),
    (
        "SELECT id, signed FROM enrollment WHERE owner = $1 ORDER BY made_at",
        "UPDATE enrollment SET signed = $1 WHERE id = $2",
        columns::ENROLLMENT_SIGNED,
    ),
    (
        "SELECT id, body FROM enrollment_change WHERE owner = $1 ORDER BY made_at",
        "UPDATE enrollment_change SET body = $1 WHERE id = $2",
        columns::ENROLLMENT_CHANGE_BODY,
    ),
    (
        "SELECT id, body FROM tax_record WHERE owner = $1 ORDER BY made_at",
        "UPDATE tax_record SET body = $1 WHERE id = $2",
        columns::TAX_RECORD_BODY,
    ),
];

/// Applications, notices and letters of a guest go over to an account: sealed again under its key.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn take_frozen(
    tx: &mut Tx,
    (guest, old): (&str, &DataKey),
    (owner, key): (&str, &DataKey),
) -> Result<(), StoreError> {
    // Whoever writes the answer to a check takes this row first: either it came before, or it finds the owner changed.
    let locked = sqlx::query("UPDATE verification_run SET version = version + 1 WHERE owner = $1");
    locked.bind(guest).execute(tx.conn()).await?;
    // Whoever signs, or writes what an insurer answered, takes one of these.
    let locked = sqlx::query("UPDATE plan_choice SET version = version + 1 WHERE owner = $1");
    locked.bind(guest).execute(tx.conn()).await?;
    let locked = sqlx::query("UPDATE enrollment SET version = version + 1 WHERE owner = $1");
    locked.bind(guest).execute(tx.conn()).await?;
    for (read, write, column) in FROZEN {
        let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(read).bind(guest).fetch_all(tx.conn()).await?;
        for (id, sealed) in rows {
            let plain = old.open(column.at(&id, guest), &sealed)?;
            let sealed = key.seal(column.at(&id, owner), &plain)?;
            sqlx::query(write).bind(sealed).bind(id).execute(tx.conn()).await?;
        }
    }
    for statement in [
        "UPDATE application SET owner = $1 WHERE owner = $2",
        "UPDATE notice SET owner = $1 WHERE owner = $2",
        "UPDATE verification_run SET owner = $1, version = version + 1 WHERE owner = $2",
        "UPDATE verification SET owner = $1 WHERE owner = $2",
        "UPDATE dmi SET owner = $1 WHERE owner = $2",
        "UPDATE redetermination SET owner = $1 WHERE owner = $2",
        "UPDATE appeal SET owner = $1 WHERE owner = $2",
        // Sealed under the site's key.
        "UPDATE aside SET owner = $1 WHERE owner = $2",
        "UPDATE document SET owner = $1 WHERE owner = $2",
        "UPDATE desk_item SET owner = $1 WHERE owner = $2",
        "UPDATE transfer SET owner = $1 WHERE owner = $2",
        "UPDATE transfer_step SET owner = $1 WHERE owner = $2",
        "UPDATE enrollment_event SET owner = $1 WHERE owner = $2",
        "UPDATE event_proof SET owner = $1 WHERE owner = $2",
        "UPDATE plan_choice SET owner = $1 WHERE owner = $2",
        "UPDATE enrollment SET owner = $1 WHERE owner = $2",
        "UPDATE enrollment_change SET owner = $1 WHERE owner = $2",
        "UPDATE enrollment_step SET owner = $1 WHERE owner = $2",
        "UPDATE tax_record SET owner = $1 WHERE owner = $2",
        // What became of them; whose address they went to is still known by their jobs.
        "UPDATE letter SET owner = $1 WHERE owner = $2",
    ] {
        sqlx::query(statement).bind(owner).bind(guest).execute(tx.conn()).await?;
    }
    take_jobs(tx, (guest, old), (owner, key)).await
}

/// What still has to be done for what a guest sent goes over, too. A worker that holds one of the jobs now comes too late:
/// the token is another, and the job is done again for its new owner. Letters stay behind: they go to the address that the
/// guest typed, under a key that is destroyed.
async fn take_jobs(
    tx: &mut Tx,
    (guest, old): (&str, &DataKey),
    (owner, key): (&str, &DataKey),
) -> Result<(), StoreError> {
    // First, so that nobody claims one or finishes it meanwhile.
    let taken = sqlx::query(
        "UPDATE job SET owner = $1, token = token + 1, state = CASE WHEN state = 1 THEN 0 ELSE state END, \
         lease_until = NULL WHERE owner = $2 AND kind NOT IN ('letter', 'reminder')",
    );
    if taken.bind(owner).bind(guest).execute(tx.conn()).await?.rows_affected() == 0 {
        return Ok(());
    }
    let asked =
        sqlx::query_as("SELECT id, key, payload FROM job WHERE owner = $1 AND kind NOT IN ('letter', 'reminder')");
    let rows: Vec<(i64, String, Vec<u8>)> = asked.bind(owner).fetch_all(tx.conn()).await?;
    for (id, name, sealed) in rows {
        // The account's own are sealed under its key already.
        let Ok(plain) = old.open(columns::JOB_PAYLOAD.at(&name, guest), &sealed) else { continue };
        let sealed = key.seal(columns::JOB_PAYLOAD.at(&name, owner), &plain)?;
        sqlx::query("UPDATE job SET payload = $1 WHERE id = $2").bind(sealed).bind(id).execute(tx.conn()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;

    #[test]
    fn no_table_with_an_owner_is_forgotten() {
        // The record of deeds stays; the data key is destroyed by itself.
        let owned = schema::tables().iter().filter(|table| !["audit", "data_key"].contains(&table.name));
        let owned = owned.filter(|table| table.columns.iter().any(|column| column.name == "owner"));
        for table in owned {
            let statement = format!("DELETE FROM {} WHERE owner = $1", table.name);
            assert!(ROWS.contains(&statement.as_str()), "{} keeps rows of people who are gone", table.name);
        }
        for (read, write, column) in FROZEN {
            assert!(read.contains(column.table) && write.contains(column.column), "{read}; {write}");
        }
    }
}
