//! After a rotation of the key ring: everybody is found by the newest key, so that an old one can be retired without
//! waiting for people to sign in.
//!
//! Called by `windowshop keys rotate` and once a day by `serve`. What somebody is found by is computed again from their
//! own sealed address. Killed halfway, it goes on where it was: what is left is who is not found by the newest key.

use zeroize::Zeroizing;

use super::people::{id_of, open_text};
use crate::store::lookup::{self, EMAIL, Sought};
use crate::store::vault::{Vault, number_of};
use crate::store::{Change, Store, StoreError, Tx, columns};

/// People in one transaction: others wait no longer than that takes.
pub const BATCH: i64 = 1_000;

/// Makes all accounts be found by the newest key. Returns how many were not.
///
/// # Errors
///
/// If the store is away; what is done by then stays done.
pub async fn carry_out(store: &Store, vault: &Vault) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        let renewed = store.begin_long_write(Renew { vault: vault.clone(), batch: BATCH }).await?;
        all += renewed;
        if renewed == 0 {
            return Ok(all);
        }
    }
}

/// The next batch. `Done` is how many are found by the newest key now.
pub struct Renew {
    pub vault: Vault,
    pub batch: i64,
}

impl Change for Renew {
    type Done = u64;

    async fn run(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let Some(newest) = self.vault.ring().ids().next().map(number_of) else { return Ok(0) };
        let left = sqlx::query_scalar(
            "SELECT one.owner FROM lookup AS one WHERE one.kind = $1 AND one.ring_key <> $2 AND NOT EXISTS (\
             SELECT 1 FROM lookup AS other \
             WHERE other.owner = one.owner AND other.kind = one.kind AND other.ring_key = $2) \
             ORDER BY one.ring_key LIMIT $3",
        );
        let left = left.bind(EMAIL).bind(newest).bind(self.batch);
        let mut owners: Vec<String> = left.fetch_all(tx.conn()).await?;
        // Found by two old keys.
        owners.sort_unstable();
        owners.dedup();
        let mut renewed = 0;
        for owner in owners {
            if let Some(sought) = address(tx, &self.vault, &owner).await? {
                lookup::claim(tx, &self.vault, &sought, &owner).await?;
                renewed += 1;
            }
        }
        Ok(renewed)
    }
}

/// What an account is found by; `None` for somebody who is gone.
async fn address(tx: &mut Tx, vault: &Vault, owner: &str) -> Result<Option<Sought>, StoreError> {
    let Some(key) = vault.open(tx.conn(), owner).await? else { return Ok(None) };
    let asked = sqlx::query_scalar("SELECT email FROM account WHERE id = $1").bind(id_of(owner));
    let sealed: Option<Vec<u8>> = asked.fetch_optional(tx.conn()).await?;
    let Some(sealed) = sealed else { return Ok(None) };
    let email: Zeroizing<String> = open_text(&key, columns::ACCOUNT_EMAIL, (id_of(owner), owner), &sealed)?;
    Ok(Sought::email(&email))
}
