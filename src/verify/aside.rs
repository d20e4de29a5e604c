//! What came from outside and could not be read: kept for an operator under the site's own key, counted, stops nothing.
//!
//! Called by whatever talks to others. It keeps the beginning only, and a reason in our own words.

use crate::account::people::Means;
use crate::sealing::SealFault;
use crate::store::vault::SITE;
use crate::store::{Change, StoreError, Tx, columns};

/// Bytes that are kept.
pub const KEPT: usize = 64 * 1024;

/// One answer to be kept.
pub struct Aside {
    pub means: Means,
    /// The same again changes nothing.
    pub id: String,
    /// `hub`, `state`, `upload`.
    pub source: &'static str,
    pub owner: String,
    pub reason: String,
    pub body: Vec<u8>,
}

impl Change for Aside {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let now = tx.now();
        let gone = SealFault::Unreadable { table: "aside", column: "body" };
        let key = self.means.vault.open(tx.conn(), SITE).await?.ok_or(gone)?;
        let body = &self.body[..self.body.len().min(KEPT)];
        sqlx::query(
            "INSERT INTO aside (id, source, owner, reason, body, bytes, at, seen_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, '') ON CONFLICT DO NOTHING",
        )
        .bind(self.id.as_str())
        .bind(self.source)
        .bind(self.owner.as_str())
        .bind(self.reason.as_str())
        .bind(key.seal(columns::ASIDE_BODY.at(&self.id, SITE), body)?)
        .bind(i64::try_from(self.body.len()).unwrap_or(i64::MAX))
        .bind(now)
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}
