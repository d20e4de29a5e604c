//! Rotation of the key ring: each data key is wrapped again under the newest key, in batches; no value is touched.
//!
//! Called by `windowshop keys`. Killed halfway, it goes on where it was: what is left is what names another key. An old
//! key may leave the file only when no row names it.

use sqlx::AnyConnection;

use super::vault::{Vault, id_of, number_of};
use super::{Change, Store, StoreError, Tx, lookup};
use crate::sealing::keys::KeyId;
use crate::sealing::value;

/// Rows wrapped in one transaction: others wait no longer than that takes.
pub const BATCH: i64 = 1_000;

/// A key and what still needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUse {
    pub id: KeyId,
    /// It is in the key file.
    pub known: bool,
    /// It is the one that seals.
    pub seals: bool,
    /// It was added and seals from the next rotation on.
    pub waits: bool,
    /// Data keys wrapped under it.
    pub wraps: i64,
    /// People found by it and by no other key.
    pub finds: i64,
}

/// Every key that the file or a row names: the file's in its order, then the missing ones.
///
/// # Errors
///
/// If the store is away.
pub async fn uses(store: &Store, vault: &Vault) -> Result<Vec<KeyUse>, StoreError> {
    let mut connection = store.read().await?;
    let counts =
        sqlx::query_as::<_, (i64, i64)>("SELECT ring_key, count(*) FROM data_key GROUP BY ring_key ORDER BY ring_key");
    let counts = counts.fetch_all(&mut *connection).await?;
    let count = |id: KeyId| counts.iter().find(|(key, _)| *key == number_of(id)).map_or(0, |(_, count)| *count);
    let ring = vault.ring();
    let known = |(at, id)| KeyUse {
        id,
        known: true,
        seals: at == 0,
        waits: ring.waiting() == Some(id),
        wraps: count(id),
        finds: 0,
    };
    let mut uses: Vec<KeyUse> = ring.ids().enumerate().map(known).collect();
    for (key, wraps) in &counts {
        if let Some(id) = id_of(*key).filter(|id| !uses.iter().any(|known| known.id == *id)) {
            uses.push(KeyUse { id, known: false, seals: false, waits: false, wraps: *wraps, finds: 0 });
        }
    }
    for used in &mut uses {
        used.finds = lookup::found_only_by(&mut connection, used.id).await?;
    }
    Ok(uses)
}

/// Wraps the next batch again; `Done` is how many there were.
pub struct Rewrap {
    pub vault: Vault,
    pub batch: i64,
}

impl Change for Rewrap {
    type Done = usize;

    async fn run(&self, tx: &mut Tx) -> Result<usize, StoreError> {
        let ring = self.vault.ring();
        let Some(newest) = ring.ids().next().map(number_of) else { return Ok(0) };
        let left = sqlx::query_as::<_, (String, i64, Vec<u8>)>(
            "SELECT owner, ring_key, wrapped FROM data_key WHERE ring_key <> $1 ORDER BY made_at LIMIT $2",
        );
        let left = left.bind(newest).bind(self.batch).fetch_all(tx.conn()).await?;
        for (owner, from, wrapped) in &left {
            let bytes = self.vault.unwrapped(|ring| value::unwrap_bytes(ring, owner, wrapped))?;
            // Another rotation, or a deletion, may have come first.
            sqlx::query("UPDATE data_key SET wrapped = $1, ring_key = $2 WHERE owner = $3 AND ring_key = $4")
                .bind(value::wrap_key(&ring, owner, &bytes)?)
                .bind(newest)
                .bind(owner)
                .bind(from)
                .execute(tx.conn())
                .await?;
        }
        Ok(left.len())
    }
}

/// Opens one data key of each ring key: proof that keys and store belong together. Returns how many were opened.
///
/// # Errors
///
/// If one does not open.
pub async fn open_each(connection: &mut AnyConnection, vault: &Vault) -> Result<usize, StoreError> {
    let owners: Vec<String> =
        sqlx::query_scalar("SELECT min(owner) FROM data_key GROUP BY ring_key").fetch_all(&mut *connection).await?;
    for owner in &owners {
        vault.open(connection, owner).await?;
    }
    Ok(owners.len())
}
