//! People's data keys: made, opened, destroyed; wrapped under the key ring, one row a person.
//!
//! Called by whatever reads or writes sealed columns. Destroying the row is the deletion: what was sealed under it
//! never opens again, here or in a backup without its keys file.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sqlx::AnyConnection;
use zeroize::Zeroizing;

use super::{Change, Store, StoreError, Tx};
use crate::sealing::keys::{KEY_BYTES, KeyId, KeyRing};
use crate::sealing::{DataKey, SealFault, value};

/// Whose key seals what belongs to nobody: the chain of the audit.
pub const SITE: &str = "site";
/// The key file is read again when a row names a key that it does not hold, and not more often than this.
const READ_AGAIN: Duration = Duration::from_secs(5);

/// A clone is the same vault. Has no `Debug`.
#[derive(Clone)]
pub struct Vault {
    ring: Arc<RwLock<KeyRing>>,
    source: Arc<Source>,
}

struct Source {
    /// `None`: the keys did not come from a file.
    file: Option<PathBuf>,
    read: Mutex<Option<Instant>>,
}

/// A ring key's ID as it stands in `data_key.ring_key`.
pub fn number_of(id: KeyId) -> i64 {
    i64::from(u32::from_be_bytes(id))
}

pub fn id_of(number: i64) -> Option<KeyId> {
    u32::try_from(number).ok().map(u32::to_be_bytes)
}

impl Vault {
    pub fn new(ring: KeyRing, file: Option<PathBuf>) -> Vault {
        let source = Source { file, read: Mutex::new(None) };
        Vault { ring: Arc::new(RwLock::new(ring)), source: Arc::new(source) }
    }

    /// The ring as last read.
    pub fn ring(&self) -> KeyRing {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes the data key of a new owner.
    ///
    /// # Errors
    ///
    /// [`StoreError::Taken`] if the owner has one.
    pub async fn create(&self, tx: &mut Tx, owner: &str) -> Result<DataKey, StoreError> {
        let ring = self.ring();
        let (key, wrapped) = value::new_data_key(&ring, owner)?;
        let now = tx.now();
        sqlx::query("INSERT INTO data_key (owner, ring_key, wrapped, made_at) VALUES ($1, $2, $3, $4)")
            .bind(owner)
            .bind(ring.ids().next().map(number_of))
            .bind(wrapped)
            .bind(now)
            .execute(tx.conn())
            .await?;
        Ok(key)
    }

    /// The owner's data key; `None` if there is none, or no longer.
    ///
    /// # Errors
    ///
    /// If the key that wrapped it is not in the key file.
    pub async fn open(&self, connection: &mut AnyConnection, owner: &str) -> Result<Option<DataKey>, StoreError> {
        let wrapped = wrapped(connection, owner).await?;
        wrapped.map(|wrapped| self.unwrapped(|ring| value::unwrap_key(ring, owner, &wrapped))).transpose()
    }

    /// A key for a MAC, from the owner's data key.
    ///
    /// # Errors
    ///
    /// As [`open`](Vault::open).
    pub async fn subkey(
        &self,
        connection: &mut AnyConnection,
        owner: &str,
        purpose: &str,
    ) -> Result<Option<Zeroizing<[u8; KEY_BYTES]>>, StoreError> {
        let wrapped = wrapped(connection, owner).await?;
        let bytes = wrapped.map(|wrapped| self.unwrapped(|ring| value::unwrap_bytes(ring, owner, &wrapped)));
        Ok(bytes.transpose()?.map(|bytes| value::subkey(&bytes, purpose)))
    }

    /// Destroys the owner's data key, and with it everything sealed under it. `false` if there was none.
    ///
    /// # Errors
    ///
    /// If the store is away.
    pub async fn destroy(tx: &mut Tx, owner: &str) -> Result<bool, StoreError> {
        let gone = sqlx::query("DELETE FROM data_key WHERE owner = $1").bind(owner).execute(tx.conn()).await?;
        Ok(gone.rows_affected() == 1)
    }

    /// With the ring as it is, then as it stands in the file now: a rotation on another host comes that way.
    pub(super) fn unwrapped<T>(&self, unwrap: impl Fn(&KeyRing) -> Result<T, SealFault>) -> Result<T, StoreError> {
        match unwrap(&self.ring()) {
            Err(SealFault::KeyGone(id)) if self.read_again() => {
                tracing::info!(key = value::id_text(id), "read the key file again");
                Ok(unwrap(&self.ring())?)
            }
            unwrapped => Ok(unwrapped?),
        }
    }

    /// Reads the key file again; `false` if there is none, it is unfit, or it was read a moment ago.
    fn read_again(&self) -> bool {
        let Some(file) = &self.source.file else { return false };
        let mut read = self.source.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.is_some_and(|at| at.elapsed() < READ_AGAIN) {
            return false;
        }
        *read = Some(Instant::now());
        match KeyRing::open(file) {
            Ok(ring) => {
                *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
                true
            }
            Err(fault) => {
                tracing::error!(%fault, "the key file cannot be read again");
                false
            }
        }
    }
}

pub(super) async fn wrapped(connection: &mut AnyConnection, owner: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let asked = sqlx::query_scalar("SELECT wrapped FROM data_key WHERE owner = $1").bind(owner);
    Ok(asked.fetch_optional(connection).await?)
}

/// Makes the site's own data key, once for all processes.
pub struct FoundSite {
    pub vault: Vault,
}

impl Change for FoundSite {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let ring = self.vault.ring();
        let (_, wrapped) = value::new_data_key(&ring, SITE)?;
        let now = tx.now();
        // Another process may have made it first.
        sqlx::query(
            "INSERT INTO data_key (owner, ring_key, wrapped, made_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (owner) DO NOTHING",
        )
        .bind(SITE)
        .bind(ring.ids().next().map(number_of))
        .bind(wrapped)
        .bind(now)
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

impl Vault {
    /// Opens the vault of a store, and makes what the site itself needs.
    ///
    /// # Errors
    ///
    /// If the store is away, or its keys are not in the key file.
    pub async fn found(&self, store: &Store) -> Result<(), StoreError> {
        store.begin_write(FoundSite { vault: self.clone() }).await?;
        let mut connection = store.read().await?;
        self.open(&mut connection, SITE).await.map(drop)
    }
}
