//! What was sent while its session was locked: kept sealed, and done after the password. Nothing typed is lost to a lock.
//!
//! Called by the lock's page. One for each session, the last one sent; an hour long; never done for anybody but the owner
//! who sent it.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use zeroize::Zeroize as _;

use crate::sealing::{DataKey, SealFault};
use crate::store::vault::Vault;
use crate::store::{Change, Millis, StoreError, Tx, columns};
use crate::types::hex;

/// The largest form that is kept.
pub const BYTES_MAX: usize = 64 * 1024;
/// How long.
pub const KEPT: Millis = 3_600_000;

/// A form on its way. Has no `Debug`; wiped when dropped.
#[derive(Serialize, Deserialize)]
pub struct Pending {
    /// Path and query, as sent.
    pub address: String,
    /// The form's body, as sent.
    pub body: String,
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.address.zeroize();
        self.body.zeroize();
    }
}

/// Keeps a form. `Done` is false if it is too large, or its owner's key is gone.
pub struct Keep {
    pub vault: Vault,
    /// The session's hash.
    pub session: Vec<u8>,
    pub owner: String,
    pub pending: Pending,
}

impl Change for Keep {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let owner = self.owner.as_str();
        if self.pending.address.len() + self.pending.body.len() > BYTES_MAX {
            return Ok(false);
        }
        let Some(key) = self.vault.open(tx.conn(), owner).await? else { return Ok(false) };
        let sealed = key.seal_json(columns::PENDING_REQUEST.at(&hex(&self.session), owner), &self.pending)?;
        let now = tx.now();
        sqlx::query(
            "INSERT INTO pending (session, owner, request, made_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (session) DO UPDATE SET owner = $2, request = $3, made_at = $4",
        )
        .bind(self.session.as_slice())
        .bind(owner)
        .bind(sealed)
        .bind(now)
        .execute(tx.conn())
        .await?;
        Ok(true)
    }
}

/// A form that is kept.
pub struct Kept {
    pub owner: String,
    pub pending: Pending,
    pub made_at: Millis,
}

/// What is kept, left where it is; `None` as for [`Take`].
///
/// # Errors
///
/// If the store is away.
pub async fn look(
    connection: &mut AnyConnection,
    vault: &Vault,
    session: &[u8],
    now: Millis,
) -> Result<Option<Kept>, StoreError> {
    let asked = sqlx::query_as("SELECT owner, request, made_at FROM pending WHERE session = $1").bind(session);
    let found: Option<(String, Vec<u8>, i64)> = asked.fetch_optional(&mut *connection).await?;
    let Some((owner, sealed, made_at)) = found.filter(|(_, _, made_at)| made_at + KEPT > now) else { return Ok(None) };
    let Some(key) = vault.open(connection, &owner).await? else { return Ok(None) };
    Ok(opened(&key, (session, &owner), &sealed)?.map(|pending| Kept { owner, pending, made_at }))
}

/// Takes what is kept, once; `None` if there is nothing, it is another owner's, or too old.
pub struct Take {
    pub vault: Vault,
    pub session: Vec<u8>,
    pub owner: String,
}

impl Change for Take {
    type Done = Option<Pending>;

    async fn run(&self, tx: &mut Tx) -> Result<Option<Pending>, StoreError> {
        let owner = self.owner.as_str();
        let taken = sqlx::query_as("DELETE FROM pending WHERE session = $1 RETURNING owner, request, made_at");
        let taken: Option<(String, Vec<u8>, i64)> =
            taken.bind(self.session.as_slice()).fetch_optional(tx.conn()).await?;
        let Some((of, sealed, made_at)) = taken else { return Ok(None) };
        if of != owner || made_at + KEPT <= tx.now() {
            return Ok(None);
        }
        let Some(key) = self.vault.open(tx.conn(), owner).await? else { return Ok(None) };
        Ok(opened(&key, (&self.session, owner), &sealed)?)
    }
}

/// `None`: another version kept it in another shape; then it is sent again by hand.
fn opened(key: &DataKey, (session, owner): (&[u8], &str), sealed: &[u8]) -> Result<Option<Pending>, SealFault> {
    let plain = key.open(columns::PENDING_REQUEST.at(&hex(session), owner), sealed)?;
    Ok(serde_json::from_slice(&plain).ok())
}
