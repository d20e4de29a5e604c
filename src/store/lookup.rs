//! Finding a person by an e-mail address that the store does not hold: by a MAC over its normal form.
//!
//! Called by whatever signs people up and in. The key of the MAC is derived from the key ring, so it is never where the
//! rows are: whoever held it could try addresses until one fits. There is a row for each key of the ring, so that a rotation neither
//! loses anybody nor lets two people have one address.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use sqlx::AnyConnection;
use zeroize::Zeroizing;

use super::vault::{Vault, number_of};
use super::{Change, StoreError, Tx};
use crate::sealing::keys::{KeyId, KeyRing};
use crate::types;

/// `lookup.kind`: the one thing that people are found by.
pub const EMAIL: &str = "email";
const PURPOSE: &str = "windowshop lookup email v1";

/// An address in its normal form, ready to be looked for. Has no `Debug`.
#[derive(Clone)]
pub struct Sought {
    form: Zeroizing<String>,
}

impl Sought {
    /// The form in which two spellings of one address are equal: spaces around it cut off, NFC, lower case, the domain
    /// in ASCII. Dots and what follows a plus stay, because some providers tell them apart. `None` if it is no address.
    pub fn email(typed: &str) -> Option<Sought> {
        let address = types::email(typed)?;
        let mut form = Zeroizing::new(address.user().to_lowercase());
        form.push('@');
        form.push_str(address.domain());
        Some(Sought { form })
    }

    /// The normal form, to count tries by.
    pub fn as_bytes(&self) -> &[u8] {
        self.form.as_bytes()
    }

    /// A MAC under one key of the ring.
    fn mac(&self, ring: &KeyRing, id: KeyId) -> Option<Vec<u8>> {
        let key = ring.by_id(id, PURPOSE)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).ok()?;
        mac.update(self.form.as_bytes());
        Some(mac.finalize().into_bytes().to_vec())
    }

    fn macs(&self, ring: &KeyRing) -> Vec<(i64, Vec<u8>)> {
        ring.ids().filter_map(|id| Some((number_of(id), self.mac(ring, id)?))).collect()
    }
}

/// Whose it is; `None` if nobody's.
///
/// # Errors
///
/// If the store is away.
pub async fn find(
    connection: &mut AnyConnection,
    vault: &Vault,
    sought: &Sought,
) -> Result<Option<String>, StoreError> {
    for (_, mac) in sought.macs(&vault.ring()) {
        let asked = sqlx::query_scalar("SELECT owner FROM lookup WHERE kind = $1 AND mac = $2");
        let found: Option<String> = asked.bind(EMAIL).bind(mac).fetch_optional(&mut *connection).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Makes it the owner's, under every key of the ring; rows that are there already stay. Called again at each sign-in,
/// it renews what a rotation made old.
///
/// # Errors
///
/// [`StoreError::Taken`] if it is somebody else's.
pub async fn claim(tx: &mut Tx, vault: &Vault, sought: &Sought, owner: &str) -> Result<(), StoreError> {
    for (ring_key, mac) in sought.macs(&vault.ring()) {
        sqlx::query(
            "INSERT INTO lookup (kind, mac, ring_key, owner) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (kind, mac) DO NOTHING",
        )
        .bind(EMAIL)
        .bind(mac.as_slice())
        .bind(ring_key)
        .bind(owner)
        .execute(tx.conn())
        .await?;
        let asked = sqlx::query_scalar("SELECT owner FROM lookup WHERE kind = $1 AND mac = $2");
        let holder: String = asked.bind(EMAIL).bind(mac).fetch_one(tx.conn()).await?;
        if holder != owner {
            return Err(StoreError::Taken { table: "lookup".to_string() });
        }
    }
    Ok(())
}

/// Nobody is found by what was this owner's.
///
/// # Errors
///
/// If the store is away.
pub async fn release(tx: &mut Tx, owner: &str) -> Result<(), StoreError> {
    let gone = sqlx::query("DELETE FROM lookup WHERE owner = $1 AND kind = $2").bind(owner).bind(EMAIL);
    gone.execute(tx.conn()).await?;
    Ok(())
}

/// How many can be found by this key of the ring and by no other.
///
/// # Errors
///
/// If the store is away.
pub async fn found_only_by(connection: &mut AnyConnection, id: KeyId) -> Result<i64, StoreError> {
    let asked = sqlx::query_scalar(
        "SELECT count(*) FROM lookup AS one WHERE one.ring_key = $1 AND NOT EXISTS (\
         SELECT 1 FROM lookup AS other \
         WHERE other.owner = one.owner AND other.kind = one.kind AND other.ring_key <> $1)",
    );
    Ok(asked.bind(number_of(id)).fetch_one(connection).await?)
}

/// Takes away the rows of a key that leaves the ring.
pub struct Forget {
    pub key: KeyId,
}

impl Change for Forget {
    type Done = u64;

    async fn run(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let gone = sqlx::query("DELETE FROM lookup WHERE ring_key = $1").bind(number_of(self.key));
        Ok(gone.execute(tx.conn()).await?.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(typed: &str) -> Option<String> {
        Sought::email(typed).map(|sought| sought.form.to_string())
    }

    #[test]
    fn spellings_of_one_address_are_one() {
        for typed in ["Ana.Ruiz@Example.org", "  ana.ruiz@example.org ", "ANA.RUIZ@EXAMPLE.ORG."] {
            assert_eq!(form(typed).as_deref(), Some("ana.ruiz@example.org"), "{typed}");
        }
        // One letter, and a letter with an accent behind it.
        assert_eq!(form("jos\u{e9}@ma\u{f1}ana.example"), form("jose\u{301}@xn--maana-pta.example"));
        // Invisible, and a full stop as it is typed in Japanese.
        assert_eq!(form("ana@example.org\u{200b}"), form("ana@example.org\u{3002}"));
        assert_ne!(form("ana+plans@example.org"), form("ana@example.org"));
        assert_ne!(form("a.na@example.org"), form("ana@example.org"));
    }

    #[test]
    fn what_is_no_address_is_nobodys() {
        let long = format!("{}@example.org", "a".repeat(254));
        for typed in ["", "ana", "ana@", "@example.org", "a na@example.org", "ana@localhost", "ana@[127.0.0.1]", &long]
        {
            assert_eq!(form(typed), None, "{typed}");
        }
        for slip in ["ana,ruiz", "ana;ruiz", "<ana", "ana\"", "\"ana\"", "ana..ruiz", ".ana", "ana.", "(ana)", "ana:"] {
            assert_eq!(form(&format!("{slip}@example.org")), None, "{slip}");
        }
        for real in ["o'hara", "ana+plans", "ana_ruiz-2", "josé", "a"] {
            assert!(form(&format!("{real}@example.org")).is_some(), "{real}");
        }
    }
}
