//! Posting a notice about an application: sealed, once for its kind, with a letter that says that there is a message.
//!
//! Called inside the change of whatever it tells of, here and in rooms below.

use super::case::Case;
use super::id_of;
use crate::account::people::Means;
use crate::application::record::Notice;
use crate::application::sheet::HOUSEHOLD;
use crate::store::{StoreError, Tx, columns};
use crate::work::letters;

/// Posts it; its ID, or `None` if there is one of this kind. `kind`: `dmi_opened`, `redetermined:…`, identifiers only.
///
/// # Errors
///
/// If the store is away, or the owner is gone.
pub async fn post(
    tx: &mut Tx,
    means: &Means,
    case: &Case,
    kind: &str,
    notice: &Notice,
) -> Result<Option<String>, StoreError> {
    let (id, now, owner) = (id(case, kind), tx.now(), case.owner.as_str());
    let key = means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
    let posted = sqlx::query(
        "INSERT INTO notice (id, application, owner, kind, body, posted_at, read_at) \
         VALUES ($1, $2, $3, $4, $5, $6, NULL) ON CONFLICT DO NOTHING",
    )
    .bind(id.as_str())
    .bind(case.id())
    .bind(owner)
    .bind(kind)
    .bind(key.seal_json(columns::NOTICE_BODY.at(&id, owner), notice)?)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if posted.rows_affected() == 0 {
        return Ok(None);
    }
    tell(tx, means, case, &id).await?;
    Ok(Some(id))
}

/// The ID of an application's notice of a kind.
pub fn id(case: &Case, kind: &str) -> String {
    id_of(&["notice", case.id(), kind])
}

/// Whoever asked for e-mail: an account at the address that it has proved, a guest at the one that was typed.
async fn tell(tx: &mut Tx, means: &Means, case: &Case, id: &str) -> Result<(), StoreError> {
    if !case.said("notices_by", HOUSEHOLD, "email") {
        return Ok(());
    }
    let guest = case.owner.starts_with("guest:");
    let at = if guest { (case.text("email", HOUSEHOLD), case.text("written", HOUSEHOLD)) } else { ("", "") };
    letters::tell_at(tx, means, &case.owner, &format!("notice:{id}"), at).await.map(drop)
}
